// An exported trace's text in, a `.vkr` file out: the mirror of trace_export.h.
//
// Lines may have been edited, added and taken away: what follows from them (numbers of items, counts, the
// index) is counted anew, what must hold (orders, names, references) is checked. Memory: one line, one block,
// a hash a bulk item. One thread calls it; blocks are compressed by threads of its own, and the same text
// makes the same bytes. Errors are one sentence: "FILE:LINE: /json/pointer: what was found, what was
// expected".
#pragma once

#include <string>

#include "format/status.h"

namespace reprise {

struct ImportSummary {
  uint64_t lines = 0, records = 0, file_bytes = 0;
};

Result<ImportSummary> importTrace(const std::string& dir, const std::string& file);

}  // namespace reprise

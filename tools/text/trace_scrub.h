// A copy of a trace without what its sender may not wish to give away.
//
// Goes through the file block by block; a record that may hold such a thing is read as text, changed and
// written again, all others stay as they are. What cannot be looked into is left out and said. The copy has
// the same calls in the same order. Memory: one block, a few bulk blocks, a hash a bulk item, each distinct
// text taken. One thread calls it.
#pragma once

#include <cstdint>
#include <string>

#include "format/status.h"
#include "tools/text/pseudonyms.h"

namespace reprise {

struct ScrubOptions {
  bool labels = false;  // debug names, labels, tags; names in shaders
  bool names = false;   // of application, engine, threads
};

struct ScrubSummary {
  Pseudonyms pseudonyms;
  uint64_t records = 0;
  uint64_t changed_records = 0, changed_shaders = 0;
  uint64_t unread_records = 0;  // could not be decoded, or not changed: kept as they are
  uint64_t dropped_blocks = 0;  // of kinds that this program does not know
  uint64_t dropped_bytes = 0;   // of no whole block
  bool complete = false;
};

Result<ScrubSummary> scrubTrace(const std::string& file, const std::string& out, const ScrubOptions& options);

}  // namespace reprise

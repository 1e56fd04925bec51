// A `.vkr` file out as text: DIR/trace.jsonl and DIR/blobs. tools/TEXT.md describes them.
//
// Goes through the file block by block. What import would make of each line is made at once and compared, and
// where it is not the same, the line gets what is missing; what is no text at all stays bytes, so nothing is
// lost. Memory: one block with its text, a few bulk blocks, a hash a bulk item. One thread calls it; a second
// one looks for the compression levels.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/status.h"

namespace reprise {

struct ExportSummary {
  bool complete = false;
  uint64_t blocks = 0, records = 0;
  uint64_t text_bytes = 0, blobs = 0, blob_bytes = 0;
  uint64_t helped_records = 0;  // whose text alone does not give their bytes: they stand beside it
  uint64_t raw_records = 0;     // of which there are only the bytes
  std::vector<std::string> helped_commands;
  uint64_t raw_blocks = 0;      // likewise
  uint64_t raw_bytes = 0;       // of the file that belong to no whole block
  uint64_t foreign_blocks = 0;  // that no level of this zstd makes
};

// `dir` is there and empty.
Result<ExportSummary> exportTrace(const std::string& file, const std::string& dir);

inline constexpr uint32_t kTextVersion = 1;

}  // namespace reprise

// One record of a calls or memory block, as the file has it: parsed out of a block's bytes and appended to
// them.
//
// FORMAT.md, section "Records". Lengths are checked against what is left; a record's spans point into the
// block. Values; no thread rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "format/raw_bytes.h"
#include "format/record.h"
#include "format/trace_format.h"

namespace reprise {

struct FileRecord {
  uint16_t command = 0;  // file command id, or a FileRecordKind
  uint8_t flags = 0;     // FileRecordFlags
  uint64_t order = 0;
  uint64_t number = 0;                // calls: among those of the lane
  std::span<const std::byte> inputs;  // of a special record: its body
  std::span<const std::byte> outputs;
  std::span<const std::byte> bulk_numbers;  // u32 each, input bulks first
  uint32_t input_bulks = 0;

  bool isCall() const { return command < kFileFirstSpecial; }
};

// The record at the start of `left`, but for its number; its size, or 0 if it is longer than what is left.
inline size_t parseFileRecord(std::span<const std::byte> left, uint64_t last_order, FileRecord& r) {
  const std::byte* p = left.data();
  if (left.size() < kRecordHeaderBytes) return 0;
  r.command = loadLe<uint16_t>(p);
  r.flags = loadLe<uint8_t>(p + 2);
  const auto step = loadLe<uint8_t>(p + 3);
  const uint64_t input_size = loadLe<uint32_t>(p + 4);
  const bool has_outputs = r.isCall() && (r.flags & kFileOutputs);
  const bool has_bulks = r.isCall() && (r.flags & kFileBulks);
  size_t at = kRecordHeaderBytes;
  if (left.size() < at + (step == kStepAbsolute ? 8 : 0) + (has_outputs ? 4 : 0) + (has_bulks ? 8 : 0))
    return 0;
  r.order = last_order + step;
  if (step == kStepAbsolute) {
    r.order = loadLe<uint64_t>(p + at);
    at += 8;
  }
  uint64_t output_size = 0;
  if (has_outputs) {
    output_size = loadLe<uint32_t>(p + at);
    at += 4;
  }
  r.input_bulks = 0;
  uint64_t number_bytes = 0;
  if (has_bulks) {
    r.input_bulks = loadLe<uint32_t>(p + at);
    number_bytes = (uint64_t{r.input_bulks} + loadLe<uint32_t>(p + at + 4)) * sizeof(uint32_t);
    at += 8;
  }
  if (number_bytes + input_size + output_size > left.size() - at) return 0;
  r.bulk_numbers = {p + at, number_bytes};
  r.inputs = {p + at + number_bytes, input_size};
  r.outputs = {p + at + number_bytes + input_size, output_size};
  return at + number_bytes + input_size + output_size;
}

// What a writer would append for `record` behind one of order `last_order`.
void appendFileRecord(RawBytes& out, const FileRecord& record, uint64_t last_order);

// A memory record's body. A run's bytes lie in the body, or in bulk.
struct MemoryBody {
  struct Run {
    uint64_t offset = 0;  // in the allocation
    uint32_t size = 0;
    std::optional<uint32_t> bulk;
    std::span<const std::byte> bytes;  // unless in bulk
  };
  MemoryChange change{};  // without its size
  std::vector<Run> runs;
};

// False: `body` is none.
bool parseMemoryBody(std::span<const std::byte> body, MemoryBody& memory);
void appendMemoryBody(RawBytes& out, const MemoryBody& memory);

}  // namespace reprise

// The two FlatBuffers tables of a `.vkr` file, as plain structs: its header and its index.
//
// Decoding verifies first; nullopt: the bytes are no such table. Values; no thread rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "format/trace_format.h"
#include "format/writer.h"

namespace reprise {

struct UnfinishedCall {
  uint32_t lane;
  uint64_t number;  // among the calls of its lane
  bool operator==(const UnfinishedCall&) const = default;
};

struct TraceIndex {
  std::vector<BlockHeader> blocks;      // in file order; without their checksums
  std::vector<uint64_t> frame_ends;     // tickets, ascending; empty: not indexed
  std::vector<uint64_t> command_calls;  // by file command id - 1
  std::vector<UnfinishedCall> unfinished_calls;
  TraceCounts counts;
};

std::vector<std::byte> encodeHeader(const TraceHeaderInfo& info);
std::optional<TraceHeaderInfo> decodeHeader(std::span<const std::byte> bytes);

std::vector<std::byte> encodeIndex(const TraceIndex& index);
std::optional<TraceIndex> decodeIndex(std::span<const std::byte> bytes);

}  // namespace reprise

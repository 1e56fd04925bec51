// One lane's records in the form they have in the file, gathered into a block.
//
// A record's order is written as a step from the one before it and its time only now and then, so that a
// program that does the same in each frame makes the same bytes in each frame. The more lanes have a block
// open, the smaller a new one is, so that a thousand threads do not take a gigabyte. One thread. The sink and
// the tables must outlive this. Orders are tickets, times CLOCK_MONOTONIC nanoseconds (0: none).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "format/block_sink.h"
#include "format/frame_ends.h"
#include "format/memory_reducer.h"
#include "format/record.h"
#include "format/side_tables.h"
#include "format/writer.h"

namespace reprise {

struct CallRecord {
  FileCommand command;
  uint8_t flags = 0;  // FileRecordFlags; all but kFileFrameEnd are for the caller to set
  uint64_t order = 0;
  uint64_t time_ns = 0;
  std::span<const std::byte> inputs, outputs;
  std::span<const uint32_t> input_bulks, output_bulks;
};

struct LaneContext {  // what all lanes of a writer share
  BlockSink& sink;
  SideTables& tables;
  MemoryReducer& reducer;
  TraceCounts& counts;
  FrameEnds& frame_ends;
  const WriterOptions& options;
  uint32_t& open_blocks;  // of all lanes
  uint64_t start_ns;
};

class LaneBlock {
 public:
  LaneBlock(LaneContext context, uint32_t lane) : context_(context), lane_(lane) {}

  void addCall(const CallRecord& call);
  // The same for calls that lie in the lane as they go into the file: of one record, without bulk, outputs,
  // time or ticket, which most are. Takes as many as there are at the start of `records`; their bytes, which
  // may be 0: the first record of a block and what counts for more than itself goes by addCall().
  size_t addPlainCalls(std::span<const std::byte> records);
  void addMemory(const MemoryChange& change, std::span<const std::byte> bytes, uint16_t record_flags,
                 uint64_t order, uint64_t time_ns);
  void addContents(const ContentsRecord& contents, std::span<const std::byte> bytes, uint16_t record_flags,
                   uint64_t order, uint64_t time_ns);
  void addPayload(const PayloadRecord& payload, uint64_t order);
  void addOpaque(const OpaqueRecord& opaque, std::span<const std::byte> values, uint64_t order);
  void addHole(const HoleRecord& hole, std::string_view text, uint64_t order);
  void addMetadata(uint32_t kind, std::span<const std::byte> text, uint64_t order);
  void close();

  bool empty() const { return used_ == 0; }
  uint64_t firstOrder() const { return first_order_; }
  uint64_t lastOrder() const { return last_order_; }
  uint64_t calls() const { return calls_; }
  bool olderThan(std::chrono::steady_clock::duration age, std::chrono::steady_clock::time_point now) const {
    return !empty() && now - opened_ >= age;
  }

 private:
  void grow(size_t bytes);
  template <class T>
  void put(T value) {
    room(sizeof value);
    storeLe(raw_.data() + used_, value);
    used_ += sizeof value;
  }
  void putBytes(std::span<const std::byte> bytes) {
    room(bytes.size());
    if (!bytes.empty()) std::memcpy(raw_.data() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
  }
  void room(size_t bytes) {
    if (raw_.size() - used_ < bytes) grow(bytes);
  }
  void begin(BlockKind kind, uint64_t order, size_t expected);
  void noteTime(uint64_t time_ns);
  void countFrameEnds(const CallRecord& call, bool says_so);
  void head(uint16_t command, uint8_t flags, uint64_t order, size_t size);

  LaneContext context_;
  const uint32_t lane_;
  RawBytes raw_;  // its first used_ bytes count
  size_t used_ = 0;
  size_t limit_ = 0;  // of used_, before the block is closed
  BlockKind kind_ = BlockKind::kCalls;
  uint32_t count_ = 0;
  uint64_t first_order_ = 0;
  uint64_t last_order_ = 0;
  uint64_t first_call_ = 0;
  uint64_t calls_ = 0;    // of this lane so far
  uint64_t time_ms_ = 0;  // last written in this block
  bool timed_ = false;    // a time was written in this block
  std::chrono::steady_clock::time_point opened_;
};

}  // namespace reprise

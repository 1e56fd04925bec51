// Lanes in, one `.vkr` file out. format/FORMAT.md has the bytes.
//
// How a trace survives: each lane's records gather in a raw block of about a megabyte, which is
// compressed by a pool of threads and committed to the file in the order of its closing. Blocks that wait
// longer than a few seconds are closed early. Whatever a block refers to (command names, bulk bytes,
// metadata) is committed before it, and a watermark after it says up to which ticket nothing is missing any
// more. So a file cut at any byte is a file with fewer blocks: it reads up to its last watermark. finish()
// adds the index.
//
// One thread calls a TraceWriter; its compression threads are its own and end with it. Lane bytes are hostile
// input: what does not parse becomes a hole in the trace. I/O errors are sticky: the first one is kept,
// nothing more is written, and everything else goes on. Sizes are bytes, tickets are the capture's ticket
// counter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "format/command_names.h"
#include "format/frame_ends.h"
#include "format/status.h"

namespace reprise {

struct LaneInfo {
  uint32_t id = 0;  // unique in the file
  uint32_t tid = 0;
  std::string name;  // may come later, by nameLane()
};

struct TraceHeaderInfo {
  std::string application, command_line, host, os, tool_version, registry_version;
  uint64_t captured_unix_seconds = 0;  // 0: create() fills in the wall clock
  uint64_t start_ns = 0;               // CLOCK_MONOTONIC at the start; 0: create() fills it in
};

struct TraceCounts {
  uint64_t frames = 0;                      // calls that ended one
  FrameEnd frame_end = FrameEnd::kPresent;  // what ended them
  uint64_t submits = 0;                     // vkQueueSubmit and its successors
  uint64_t calls = 0;
  uint64_t unfinished = 0;
  uint64_t holes = 0;
  uint64_t memory_changes = 0;
  uint64_t memory_bytes = 0;  // of mapped memory, as stored after reduction
  uint64_t contents = 0;      // records of contents that came from outside
  uint64_t contents_bytes = 0;
  uint64_t file_bytes = 0;  // written so far
};

struct WriterOptions {
  CommandNames names = registryCommandNames();
  int level = 0;                                // zstd level; 0: high while idle, low under load
  uint32_t threads = 0;                         // compression threads; 0: up to 8, by the machine
  uint32_t block_bytes = 1 << 20;               // raw size at which a block is closed, or less: LaneBlock
  uint32_t flush_age_ms = 5000;                 // age at which tick() closes a block
  uint64_t reducer_bytes = uint64_t{64} << 20;  // bound on remembered memory contents
};

class BlockSink;
class SideTables;
class MemoryReducer;
class LaneStream;

class TraceWriter {
 public:
  static Result<std::unique_ptr<TraceWriter>> create(const std::string& path, TraceHeaderInfo info,
                                                     WriterOptions options = {});
  ~TraceWriter();  // without finish(): closes all blocks, writes no index
  TraceWriter(const TraceWriter&) = delete;
  TraceWriter& operator=(const TraceWriter&) = delete;

  void openLane(const LaneInfo& lane);
  void nameLane(uint32_t id, const std::string& name);
  void closeLane(uint32_t id);

  // Whole LaneRecords in lane order (format/record.h). A lane that was not opened is opened without a name.
  void append(uint32_t lane, std::span<const std::byte> records);

  // The last announced call of this lane never returned. Before finish().
  void markUnfinished(uint32_t lane);

  // The caller has append()ed every record with a ticket <= `ticket`.
  void watermark(uint64_t ticket);

  void tick();      // about every 100 ms: closes blocks that are older than flush_age_ms
  Status finish();  // open calls become unfinished ones; index and trailer; the first I/O error otherwise

  const TraceCounts& counts() const;
  uint64_t rememberedBytes() const;  // contents of mapped memory, at most reducer_bytes
  Status status() const;

 private:
  TraceWriter(WriterOptions options, TraceHeaderInfo info);

  LaneStream& lane(uint32_t id);
  void closeBlocks(bool only_old);
  void writeWatermark();
  void submitWatermark(uint64_t ticket);

  WriterOptions options_;
  TraceHeaderInfo info_;
  mutable TraceCounts counts_;
  std::unique_ptr<BlockSink> sink_;
  std::unique_ptr<SideTables> tables_;
  std::unique_ptr<MemoryReducer> reducer_;
  std::map<uint32_t, std::unique_ptr<LaneStream>> lanes_;
  std::map<uint32_t, uint32_t> tids_;
  FrameEnds frame_ends_;
  struct LastCall {
    uint32_t lane;
    uint64_t number;
  };
  std::vector<LastCall> last_calls_;  // without outputs, never returned
  uint32_t open_blocks_ = 0;          // of lanes_
  uint64_t appended_ticket_ = 0;      // the caller's last watermark
  uint64_t written_ticket_ = 0;       // the file's last watermark
  uint64_t watermark_bytes_ = 0;      // the file's size when it was written
  bool finished_ = false;
};

}  // namespace reprise

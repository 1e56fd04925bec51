// A `.vkr` file in, its calls out in the order in which they were made. format/FORMAT.md has the bytes.
//
// open() reads the header and the index (or, where a killed writer left none, scans the block markers and, unless
// told otherwise, counts all records).
// next() merges the lanes: ticketed records by (ticket, 0), noted ones by (counter, 1), then by lane
// position. Memory stays bounded: one decompressed block per lane that is being read, and a small cache of
// bulk blocks; with readAhead() a few blocks more, which threads of the reader's own decompress in advance. A
// file is hostile input: every length is checked against what remains, every block against its checksum, and
// an error names the file offset. A TraceReader belongs to one thread, but for summary(), which never
// changes; the spans and views of an Event belong to the reader and are valid until the next call of next()
// or seekFrame(). EventAhead (event_ahead.h) runs a reader on a thread of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <queue>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/arena.h"
#include "format/command_names.h"
#include "format/read_amount.h"
#include "format/record.h"
#include "format/status.h"
#include "format/writer.h"

namespace reprise {

enum class Command : uint16_t;  // format/vk.h

struct ReadOptions {
  // A file without its index ends at its last watermark: up to there nothing is missing. True: also deliver
  // what lies beyond it, and go on behind damaged places of such a file.
  bool beyond_watermark = false;
  // False: open() reads no records, so that the first event of a large file without its index comes at once; its
  // summary() then lacks the counts, and says so.
  bool count_records = true;
  CommandNames names = registryCommandNames();
};

struct Event {
  enum Kind { kCall, kMemory, kHole, kMetadata, kContents, kPayload, kOpaque };
  Kind kind = kCall;
  uint64_t call_number = 0;  // of calls in merged order, 0-based; other kinds: that of the next call
  uint32_t frame = 0;        // frames that ended before this event: frame_ends.h
  uint32_t lane = 0;
  Command command{};              // kUnknown if this build lacks it; command_name then says which it was
  std::string_view command_name;  // as the program called it, aliases included
  uint64_t order = 0;             // ticket, or noted counter (flags tell)
  uint64_t time_ns = 0;           // CLOCK_MONOTONIC, coarse: the last time noted by this lane
  uint16_t flags = 0;             // RecordFlags: kAnnounce, kComplete, kTicketed, kMixed, kUnfinished
  std::span<const std::byte> inputs, outputs;
  bool has_outputs = false;  // the driver returned and had something to return
  bool ends_frame = false;
  std::span<const std::span<const std::byte>> input_bulks, output_bulks;
  MemoryChange memory{};             // kMemory: where
  ContentsRecord contents{};         // kContents: where
  std::span<const std::byte> bytes;  // kMemory, kContents: the bytes that lie there now; kOpaque: the values
  PayloadRecord payload{};           // kPayload
  OpaqueRecord opaque{};             // kOpaque
  HoleRecord hole{};                 // kHole
  MetadataKind metadata_kind{};      // kMetadata
  std::string_view text;             // kHole: why; kMetadata: the JSON
};

struct CommandCount {
  std::string name;
  Command command{};  // kUnknown if this build lacks it
  uint64_t calls = 0;
};

struct KindSize {
  uint16_t kind = 0;  // BlockKind
  std::string name;   // "calls", "memory", "bulk", ...; "unknown kind N"
  uint64_t blocks = 0, raw_bytes = 0, stored_bytes = 0;
};

struct MetadataItem {
  MetadataKind kind{};
  std::string text;
};

struct TraceSummary {
  TraceHeaderInfo info;
  uint16_t version_major = 0, version_minor = 0;
  std::vector<LaneInfo> lanes;
  std::vector<CommandCount> commands;  // most frequent first
  uint64_t frames = 0, submits = 0, calls = 0, unfinished = 0, holes = 0, memory_changes = 0,
           memory_bytes = 0, contents = 0, contents_bytes = 0;
  FrameEnd frame_end = FrameEnd::kPresent;  // what ended the frames
  bool counted = true;  // false: frames to contents_bytes, frame_end and commands are unknown
  std::vector<KindSize> sizes;
  std::vector<MetadataItem> metadata;
  bool complete = false;   // the index was there: the writer finished this file
  uint64_t watermark = 0;  // where it was not: events up to this ticket are delivered
  uint64_t file_bytes = 0;
  std::vector<std::string> notes;  // what was skipped or repaired, one sentence each
};

// An event on its way from one thread to another: one cache line where a call has no byte ranges in bulk,
// which is nearly always.
struct alignas(64) EventEntry {
  const std::byte* arguments = nullptr;  // inputs, then outputs
  uint32_t input_size = 0, output_size = 0;
  uint64_t call_number = 0, order = 0, time_ns = 0;
  const std::string* command_name = nullptr;
  uint32_t frame = 0, lane = 0;
  Command command{};
  uint16_t flags = 0;
  bool has_outputs = false;
  bool ends_frame = false;
  bool is_call = false;  // else EventRun::others[input_size] says it all

  void copyTo(Event& call) const;  // `call` is a new Event, or one that was copied to before
};

static_assert(sizeof(EventEntry) == 64);

// A run of events and what they point into.
struct EventRun {
  static constexpr size_t kMost = 1024;
  std::vector<EventEntry> entries;
  std::vector<Event> others;
  Arena spans;
  std::vector<std::vector<std::byte>> buffers;
};

class BlockAhead;
class BlockSource;
class BulkCache;
class LaneCursor;
struct TraceContents;

class TraceReader {
 public:
  static Result<std::unique_ptr<TraceReader>> open(const std::string& path, ReadOptions options = {});
  ~TraceReader();
  TraceReader(const TraceReader&) = delete;
  TraceReader& operator=(const TraceReader&) = delete;

  const TraceSummary& summary() const { return summary_; }

  Result<bool> next(Event& event);   // merged order; false at the end; after an error: that error again
  // next() then starts at that frame's first event, or at that call and what stands before it. Both end
  // readAhead(); with an index they read no more than the blocks in which the lanes stand there.
  Status seekFrame(uint32_t frame);
  Status seekCall(uint64_t number);

  ReadAmount amountRead() const;
  bool hasLane(uint32_t lane) const;  // named in summary() or not

  // Back to the first event, and from here on without changes of mapped memory: their lanes are not read.
  void leaveOutMemory();

  // Starts threads that read and decompress what next() will need from here on.
  void readAhead();

  // The next run of events, empty at the end; an error comes behind the run that it ends. What they point
  // into stays valid until the run is given to nextRun() again.
  Status nextRun(EventRun& run);

 private:
  // A lane's place in the merge: its next record's key, then the lane.
  struct Place {
    uint64_t order;
    bool noted;
    uint32_t lane_index;
    bool operator>(const Place& other) const {
      if (order != other.order) return order > other.order;
      if (noted != other.noted) return noted;
      return lane_index > other.lane_index;
    }
  };

  // A part of a memory record: one event each.
  struct MemoryRun {
    uint64_t offset;  // in the allocation
    uint32_t size;
    bool in_bulk;
    uint32_t bulk;                     // number of the item that holds the bytes
    std::span<const std::byte> bytes;  // else the bytes
  };

  explicit TraceReader(ReadOptions options);
  void enqueue(uint32_t lane_index);
  bool isLeftOut(size_t lane_index) const { return lane_index < left_out_.size() && left_out_[lane_index]; }
  Status nextEvent(Event& event, bool& more);
  Status nextRecord(bool& more);
  Status nextEntry(EventRun& run, bool& more);
  bool enterCall(EventEntry& entry);
  Status step();  // moves current_ to the next record in merged order; null at the end
  Status deliver(Event& event);
  Status deliverCall(Event& event);
  Status deliverMemory(Event& event);
  Status deliverContents(Event& event);
  Status deliverPayload(Event& event);
  Status deliverOpaque(Event& event);
  Status deliverHole(Event& event);
  Status deliverMetadata(Event& event);
  Status readRuns();
  Status gatherBulks(Event& event);
  Status passRecord(bool& more);
  Status standBefore(const Place& key, size_t block_of_lane);
  void rewind();
  bool endsFrame(uint16_t file_command, uint8_t record_flags);
  bool neverReturned(uint64_t lane_call) const;

  ReadOptions options_;
  TraceSummary summary_;
  std::unique_ptr<BlockSource> source_;
  std::unique_ptr<TraceContents> contents_;
  std::unique_ptr<BlockAhead> ahead_;
  std::unique_ptr<BulkCache> bulks_;
  std::vector<std::unique_ptr<LaneCursor>> lanes_;
  std::vector<bool> left_out_;  // by place in lanes_; empty: none
  std::priority_queue<Place, std::vector<Place>, std::greater<Place>> merge_;
  LaneCursor* current_ = nullptr;  // whose record the last Event described
  uint32_t current_index_ = 0;
  std::vector<MemoryRun> runs_;  // of the current memory record
  size_t next_run_ = 0;
  Arena own_spans_;
  Arena* spans_ = &own_spans_;  // where bulk spans of events go
  uint64_t calls_ = 0;
  uint32_t frame_ = 0;
  bool frame_end_known_ = true;  // false: the first call that could end a frame has to tell
  Status failure_;
};

}  // namespace reprise

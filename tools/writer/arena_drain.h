// The writer's side of one arena: takes what the program has committed, lane by lane, in order.
//
// The arena is hostile: the program may store anything anywhere at any time. Every index and size is checked,
// records are copied out before they are looked at, and what does not parse ends its buffer and is counted as
// damage. One thread uses an ArenaDrain; the mapping outlives it. Lane numbers given to the sink are this
// drain's own, unique, from 1.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "format/lane.h"
#include "format/writer.h"

namespace reprise {

struct LaneSink {
  std::function<void(const LaneInfo&)> open;
  std::function<void(uint32_t lane, const std::string&)> name;
  std::function<void(uint32_t lane, std::span<const std::byte> records)> append;  // whole records, in order
  std::function<void(uint32_t lane)> close;
  // Memory for what append() is given next. None: a buffer of the drain's own, good for that one call.
  std::function<std::byte*(size_t bytes)> room{};
};

struct DrainCounts {
  uint64_t bytes = 0;
  uint64_t records = 0;
  uint64_t calls = 0;
  uint64_t damaged = 0;  // buffers whose records did not parse
  bool device = false;   // the metadata of a created device was seen
};

class ArenaDrain {
 public:
  explicit ArenaDrain(ArenaView arena);

  // Takes full buffers and frees them; part-filled ones too where `all`. True if there was anything.
  bool take(bool all, const LaneSink& sink);

  // take(true), then the ticket up to which all ticketed records have been given to the sink.
  uint64_t takeAll(const LaneSink& sink);

  // Of a program that has ended, after the last takeAll().
  std::vector<uint32_t> lanesInsideCall() const;  // a call without outputs was announced and did not return
  uint64_t unreachableBuffers() const;            // hold bytes, but belong nowhere

  const DrainCounts& counts() const { return counts_; }

 private:
  struct Buffer {
    uint32_t index, slot, sequence;
  };
  struct Reader {  // of the lane that has the slot now
    bool open = false;
    bool announced = false;  // to the sink
    uint32_t header_id = 0;
    uint32_t id = 0;
    uint32_t next = 0;      // sequence of the buffer in hand
    uint32_t consumed = 0;  // bytes of it
    uint64_t singles = 0;   // calls of one record so far
    std::string name;
  };

  void collect(bool all);
  void openReader(uint32_t slot, Reader& reader);
  bool takeBuffer(const Buffer& buffer, Reader& reader, bool all, const LaneSink& sink);
  std::byte* room(size_t bytes, const LaneSink& sink);
  size_t validPrefix(Reader& reader, std::span<const std::byte> bytes);
  size_t copyOut(Reader& reader, std::byte* to, const std::byte* from, size_t size);
  void announce(uint32_t slot, Reader& reader, const LaneSink& sink);
  void release(uint32_t index);
  bool retireLanes(const LaneSink& sink);
  void signalSpace(int waiters);

  ArenaView arena_;
  std::vector<Reader> readers_;
  std::vector<Buffer> buffers_;  // of this pass
  std::vector<bool> mapped_;     // by buffer: its pages are in this process's tables
  std::unique_ptr<std::byte[]> copy_;  // where the sink has no room()
  uint32_t next_id_ = 1;
  uint64_t stated_ = 0;
  DrainCounts counts_;
};

}  // namespace reprise

// Records that were taken out of the arena and are not in the file yet: what lies between the two threads of
// a writer.
//
// One thread empties the arena, and does nothing but copy, so that the program finds free buffers, whose
// pages it has mapped already; the other, the Backlog's own, turns records into the file's and waits for
// compression and disk. What the first passes on arrives in order. Memory comes in chunks from one reserved
// range with huge pages, newest first, so that a quiet program's writer stays on the same few pages; what was
// not needed for a while goes back to the system. It is bounded by `limit()`, at which room() waits. The Step
// functions run on the Backlog's thread. Sizes are bytes.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "tools/writer/arena_drain.h"

namespace reprise {

class Backlog {
 public:
  struct Hooks {
    std::function<size_t()> limit;                  // bytes that may be held right now; at least one chunk is
    std::function<void(size_t resident)> resident;  // after each change of the memory taken; on either thread
    std::function<void()> idle;                     // on its thread, about every 100 ms
  };

  // `sink` is called on the Backlog's thread. `most` bounds limit().
  Backlog(LaneSink sink, size_t most, Hooks hooks);
  ~Backlog();
  Backlog(const Backlog&) = delete;
  Backlog& operator=(const Backlog&) = delete;

  // For the thread that empties the arena: passes everything on. The Backlog outlives it.
  LaneSink sink();
  void then(std::function<void()> step);  // in its place among what is passed on
  void finish();                          // returns when all was passed on; nothing may follow

  static constexpr size_t kChunk = size_t{2} << 20;

 private:
  struct Item {
    uint32_t lane = 0;
    uint32_t chunk = 0;
    std::span<const std::byte> records;
    std::function<void()> step;  // instead of records
  };

  std::byte* room(size_t bytes);
  void append(uint32_t lane, std::span<const std::byte> records);
  void push(Item item);
  void leaveChunk(uint32_t chunk);
  void run();
  void idle();
  void trim();
  size_t resident() const { return (chunks_made_ - cold_.size()) * kChunk; }
  size_t held() const { return resident() - free_.size() * kChunk; }

  LaneSink sink_;
  const Hooks hooks_;
  const size_t most_;
  std::byte* base_ = nullptr;

  std::mutex mutex_;
  std::condition_variable items_waiting_, chunk_free_;
  std::deque<Item> items_;
  std::vector<uint32_t> free_;     // chunks, the newest last
  std::vector<uint32_t> cold_;     // chunks without memory
  size_t least_free_ = 0;          // since the last trim()
  std::vector<uint32_t> pending_;  // by chunk: items that lie in it
  uint32_t chunks_made_ = 0;
  uint32_t current_ = 0;  // chunk that is being filled
  size_t used_ = 0;       // of it
  bool has_current_ = false;
  bool finishing_ = false;
  std::thread thread_;
};

}  // namespace reprise

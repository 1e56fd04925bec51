// Blocks read, checked and decompressed before they are asked for, by threads of their own.
//
// `plan` lists blocks in the order in which they will be needed; start() makes threads (by the machine, at
// most 4) that work along it, at most kAheadBytes of contents ahead. take() hands a block over: a finished
// one, the one that a thread is at, or else one that it reads itself, so that the plan need not be right.
// What is wrong with a block is said when it is taken, never before. Buffers are used again: giveBack()
// returns one; while hold() is on, what is given back is kept as it is until takeHeld(), for events that
// still point into it. take(), giveBack(), hold() and takeHeld() are one thread's; recycle() is any thread's.
// The source and the contents must outlive it; the destructor ends the threads. Sizes in bytes.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "format/block_source.h"
#include "format/trace_contents.h"

namespace reprise {

class BlockAhead {
 public:
  using Buffer = std::vector<std::byte>;
  static constexpr uint64_t kAheadBytes = uint64_t{16} << 20;

  BlockAhead(BlockSource& source, const TraceContents& contents) : source_(source), contents_(contents) {}
  ~BlockAhead();
  BlockAhead(const BlockAhead&) = delete;
  BlockAhead& operator=(const BlockAhead&) = delete;

  void start(std::vector<uint32_t> plan);  // positions in contents.blocks
  void stop();                             // ends the threads and forgets what they read

  // `position`: in contents.blocks.
  Status take(uint32_t position, Buffer& raw);
  void giveBack(Buffer&& buffer);
  void hold(bool on) { holding_ = on; }
  std::vector<Buffer> takeHeld() {
    held_bytes_ = 0;
    return std::exchange(held_, {});
  }
  uint64_t heldBytes() const { return held_bytes_; }
  void recycle(Buffer&& buffer);

 private:
  struct Block {
    bool done = false;
    Status status;
    Buffer raw;
  };

  void work();
  Buffer spareBuffer();  // under mutex_

  BlockSource& source_;
  const TraceContents& contents_;
  bool holding_ = false;
  std::vector<Buffer> held_;
  uint64_t held_bytes_ = 0;

  std::mutex mutex_;
  std::condition_variable room_, finished_;
  std::vector<uint32_t> plan_;
  size_t next_ = 0;          // in plan_
  std::vector<bool> taken_;  // by position: never to be read ahead
  std::unordered_map<uint32_t, Block> blocks_;
  uint64_t ahead_bytes_ = 0;  // in blocks_
  std::vector<Buffer> spare_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace reprise

// Raw blocks in, compressed blocks on disk, in the order of their submission.
//
// Threads with long-lived zstd contexts compress; whichever finishes the oldest outstanding block commits it.
// Threads start as they are needed, and the context used last is used next, so that a quiet program's writer
// has one of each. submit() waits while too much is outstanding, so memory stays bounded: blocks and spare
// buffers together are at most kMaxBuffers. One thread submits. The first I/O error is kept; from then on
// blocks are dropped. Sizes are bytes. Owns the descriptor.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "format/raw_bytes.h"
#include "format/status.h"
#include "format/trace_format.h"

namespace reprise {

class BlockSink {
 public:
  // level 0: chosen by how much is waiting. threads 0: by the machine, at most 8.
  BlockSink(int fd, std::string path, int level, uint32_t threads);
  ~BlockSink();
  BlockSink(const BlockSink&) = delete;
  BlockSink& operator=(const BlockSink&) = delete;

  void writeStart(std::span<const std::byte> bytes);  // before the first submit()
  void writeBytes(std::span<const std::byte> bytes);  // that are no block, behind what was submitted

  // Fills in the sizes and the checksum of `header`. `raw` may be longer than the block, which is its first
  // `used` bytes. level 0: as the constructor was told. Otherwise the block is stored as it is, at that
  // level.
  void submit(BlockHeader header, RawBytes raw, size_t used, int level = 0);
  void submit(BlockHeader header, RawBytes raw) {
    const size_t used = raw.size();
    submit(header, std::move(raw), used);
  }

  // What is submitted from here on is the last: if it is little, it gets the best ratio.
  void finishing();

  RawBytes spareBuffer();  // an earlier block's, if one is free, its old bytes in it

  Status drain();  // returns when all that was submitted is on disk, or failed
  void writeEnd(std::span<const std::byte> bytes);  // after drain()
  std::vector<BlockHeader> committed();             // after drain(): all blocks in file order

  uint64_t fileBytes() const;
  Status status() const;

  static constexpr size_t kMaxBuffers = 16 << 20;

 private:
  struct Job {
    BlockHeader header;
    RawBytes raw;
    size_t used = 0;  // of raw
    int level = 0;    // 0: chosen when its turn comes
    RawBytes stored;  // header and payload as they go to disk
    bool done = false;
  };
  class Compressor;

  void work();
  void startThread();
  std::unique_ptr<Compressor> takeCompressor();
  bool isIdle() const;
  int levelFor(BlockKind kind) const;  // of the next block
  void keepSpare(RawBytes raw);
  void commitReady(std::unique_lock<std::mutex>& lock);
  void write(std::span<const std::byte> bytes, std::unique_lock<std::mutex>& lock);

  const int fd_;
  const std::string path_;
  const int level_;
  const uint32_t thread_count_;

  mutable std::mutex mutex_;
  std::condition_variable work_;           // a job waits, or the end is near
  std::condition_variable room_;           // a job was committed
  std::deque<std::unique_ptr<Job>> jobs_;  // outstanding, oldest first
  std::deque<Job*> waiting_;               // of those: not yet taken
  size_t outstanding_bytes_ = 0;
  size_t waiting_bytes_ = 0;
  size_t ratio_ = 1;  // of the calls block that was compressed last
  std::chrono::steady_clock::time_point last_submit_{};
  std::chrono::steady_clock::duration submit_pause_{};  // between the last two
  bool committing_ = false;
  bool stopping_ = false;
  bool finishing_ = false;
  uint64_t file_bytes_ = 0;
  Status status_;
  std::vector<BlockHeader> committed_;
  std::vector<RawBytes> spare_;  // the newest last, like the next one
  size_t spare_bytes_ = 0;
  std::vector<std::unique_ptr<Compressor>> compressors_;  // that no thread uses
  std::vector<std::thread> threads_;
  size_t resting_threads_ = 0;
  bool no_more_threads_ = false;
};

}  // namespace reprise

#include "format/block_ahead.h"

#include <algorithm>
#include <new>
#include <utility>

namespace reprise {

namespace {
constexpr size_t kSpareBuffers = 8;
constexpr unsigned kMaxThreads = 4;
constexpr size_t kLargestSpare = 8 << 20;
}  // namespace

BlockAhead::~BlockAhead() { stop(); }

void BlockAhead::start(std::vector<uint32_t> plan) {
  stop();
  plan_ = std::move(plan);
  next_ = 0;
  taken_.assign(contents_.blocks.size(), false);
  // One core is the caller's, another one merges the lanes.
  const unsigned cores = std::max(std::thread::hardware_concurrency(), 1u);
  const size_t wanted = std::clamp(cores - 1, 1u, kMaxThreads);
  for (size_t i = 0; i < std::min(wanted, plan_.size()); ++i) threads_.emplace_back([this] { work(); });
}

void BlockAhead::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  room_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  blocks_.clear();
  plan_.clear();
  ahead_bytes_ = 0;
  stopping_ = false;
}

void BlockAhead::work() {
  BlockUnpacker unpacker;
  std::unique_lock lock(mutex_);
  while (true) {
    while (next_ < plan_.size() && taken_[plan_[next_]]) ++next_;
    if (stopping_ || next_ >= plan_.size()) return;
    const uint32_t position = plan_[next_];
    const BlockPlace& place = contents_.blocks[position];
    if (ahead_bytes_ != 0 && ahead_bytes_ + place.header.raw_bytes > kAheadBytes) {
      room_.wait(lock);
      continue;
    }
    ++next_;
    taken_[position] = true;
    ahead_bytes_ += place.header.raw_bytes;
    blocks_.emplace(position, Block());
    Buffer raw = spareBuffer();
    lock.unlock();
    Status status;
    bool read = true;
    try {
      status = source_.unpack(place, raw, unpacker);
    } catch (const std::bad_alloc&) {
      read = false;  // the one who needs it will try again, and may fail
    }
    lock.lock();
    if (read) {
      Block& block = blocks_[position];
      block = {true, std::move(status), std::move(raw)};
    } else {
      blocks_.erase(position);
      ahead_bytes_ -= place.header.raw_bytes;
    }
    finished_.notify_all();
  }
}

Status BlockAhead::take(uint32_t position, Buffer& raw) {
  const BlockPlace& place = contents_.blocks[position];
  {
    std::unique_lock lock(mutex_);
    if (!threads_.empty()) {
      taken_[position] = true;
      finished_.wait(lock, [&] {
        const auto at = blocks_.find(position);
        return at == blocks_.end() || at->second.done;
      });
      if (const auto at = blocks_.find(position); at != blocks_.end()) {
        Status status = std::move(at->second.status);
        raw = std::move(at->second.raw);
        blocks_.erase(at);
        ahead_bytes_ -= place.header.raw_bytes;
        lock.unlock();
        room_.notify_all();
        return status;
      }
    }
    raw = spareBuffer();
  }
  return source_.load(place, raw);
}

void BlockAhead::giveBack(Buffer&& buffer) {
  if (!holding_) return recycle(std::move(buffer));
  if (buffer.empty()) return;
  held_bytes_ += buffer.capacity();
  held_.push_back(std::move(buffer));
}

void BlockAhead::recycle(Buffer&& buffer) {
  Buffer taken = std::move(buffer);  // freed after the lock is gone, if there are spares enough
  if (taken.capacity() == 0 || taken.capacity() > kLargestSpare) return;
  std::lock_guard lock(mutex_);
  if (spare_.size() < kSpareBuffers) spare_.push_back(std::move(taken));
}

BlockAhead::Buffer BlockAhead::spareBuffer() {
  if (spare_.empty()) return {};
  Buffer buffer = std::move(spare_.back());
  spare_.pop_back();
  return buffer;
}

}  // namespace reprise

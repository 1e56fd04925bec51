#include "tools/writer/backlog.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace reprise {
namespace {
constexpr int kNiceness = 5;  // the thread that empties the arena comes first
constexpr auto kIdleEvery = std::chrono::milliseconds(100);

size_t wholeChunks(size_t bytes) {
  return std::max<size_t>(1, (bytes + Backlog::kChunk - 1) / Backlog::kChunk) * Backlog::kChunk;
}
}  // namespace

Backlog::Backlog(LaneSink sink, size_t most, Hooks hooks)
    : sink_(std::move(sink)), hooks_(std::move(hooks)), most_(wholeChunks(most)) {
  // One chunk more, to start at a huge page.
  void* range = mmap(nullptr, most_ + kChunk, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (range == MAP_FAILED) throw std::bad_alloc();
  const auto address = reinterpret_cast<uintptr_t>(range);
  const uintptr_t aligned = (address + kChunk - 1) / kChunk * kChunk;
  if (aligned != address) munmap(range, aligned - address);
  base_ = reinterpret_cast<std::byte*>(aligned);
  if (const size_t tail = address + kChunk - aligned; tail != 0) munmap(base_ + most_, tail);
  madvise(base_, most_, MADV_HUGEPAGE);
  madvise(base_, most_, MADV_DONTFORK);  // where this is a thread of the program
  pending_.resize(most_ / kChunk);
  thread_ = std::thread([this] { run(); });
}

Backlog::~Backlog() {
  finish();
  munmap(base_, most_);
}

LaneSink Backlog::sink() {
  LaneSink sink;
  sink.open = [this](const LaneInfo& lane) { then([this, lane] { sink_.open(lane); }); };
  sink.name = [this](uint32_t lane, const std::string& name) {
    then([this, lane, name] { sink_.name(lane, name); });
  };
  sink.room = [this](size_t bytes) { return room(bytes); };
  sink.append = [this](uint32_t lane, std::span<const std::byte> records) { append(lane, records); };
  sink.close = [this](uint32_t lane) { then([this, lane] { sink_.close(lane); }); };
  return sink;
}

void Backlog::then(std::function<void()> step) { push({0, 0, {}, std::move(step)}); }

void Backlog::push(Item item) {
  {
    std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    if (items_.size() > 1) return;  // it is awake, and looks again before it sleeps
  }
  items_waiting_.notify_one();
}

// Memory for the records of the next append(); waits while as much is held as may be.
std::byte* Backlog::room(size_t bytes) {
  std::unique_lock lock(mutex_);
  if (has_current_ && kChunk - used_ >= bytes) return base_ + current_ * kChunk + used_;
  if (has_current_) {
    has_current_ = false;
    if (pending_[current_] == 0) free_.push_back(current_);
  }
  const auto allowed = [&] {
    const size_t more = free_.empty() ? resident() : held();
    return held() == 0 || more + kChunk <= std::min(hooks_.limit(), most_);
  };
  while (!allowed()) chunk_free_.wait_for(lock, kIdleEvery);
  if (!free_.empty()) {
    current_ = free_.back();
    free_.pop_back();
    least_free_ = std::min(least_free_, free_.size());
  } else if (!cold_.empty()) {
    current_ = cold_.back();
    cold_.pop_back();
    hooks_.resident(resident());
  } else {
    current_ = chunks_made_++;
    hooks_.resident(resident());
  }
  has_current_ = true;
  used_ = 0;
  return base_ + current_ * kChunk;
}

// `records` were copied to what room() returned last.
void Backlog::append(uint32_t lane, std::span<const std::byte> records) {
  {
    std::lock_guard lock(mutex_);
    used_ = size_t(records.data() - base_) - current_ * kChunk + records.size();
    ++pending_[current_];
    items_.push_back({lane, current_, records, {}});
    if (items_.size() > 1) return;
  }
  items_waiting_.notify_one();
}

// Its oldest item was passed on. The caller holds the lock.
void Backlog::leaveChunk(uint32_t chunk) {
  if (--pending_[chunk] != 0) return;
  if (has_current_ && chunk == current_) {
    used_ = 0;
    return;
  }
  free_.push_back(chunk);
  chunk_free_.notify_one();
}

// Chunks that nobody needed since the last time, but for one, go back to the system, the oldest first.
void Backlog::trim() {
  std::vector<uint32_t> given_up;
  {
    std::lock_guard lock(mutex_);
    const auto count = static_cast<ptrdiff_t>(std::max<size_t>(least_free_, 1) - 1);
    given_up.assign(free_.begin(), free_.begin() + count);
    free_.erase(free_.begin(), free_.begin() + count);
    least_free_ = free_.size();
  }
  if (given_up.empty()) return;
  for (uint32_t chunk : given_up) madvise(base_ + chunk * kChunk, kChunk, MADV_DONTNEED);
  std::lock_guard lock(mutex_);
  cold_.insert(cold_.end(), given_up.begin(), given_up.end());
  hooks_.resident(resident());
  chunk_free_.notify_one();
}

void Backlog::idle() {
  trim();
  hooks_.idle();
}

void Backlog::run() {
  (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), kNiceness);
  auto last_idle = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  for (;;) {
    items_waiting_.wait_for(lock, kIdleEvery, [&] { return finishing_ || !items_.empty(); });
    if (items_.empty() && finishing_) return;
    std::deque<Item> taken;
    for (size_t bytes = 0; !items_.empty() && bytes < kChunk;) {  // a lock for many, but never all of a burst
      bytes += items_.front().records.size();
      taken.push_back(std::move(items_.front()));
      items_.pop_front();
    }
    lock.unlock();
    for (Item& item : taken) {
      if (item.step) {
        item.step();
        continue;
      }
      sink_.append(item.lane, item.records);
      lock.lock();
      leaveChunk(item.chunk);
      lock.unlock();
    }
    if (const auto now = std::chrono::steady_clock::now(); now - last_idle >= kIdleEvery) {
      last_idle = now;
      idle();
    }
    lock.lock();
  }
}

void Backlog::finish() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    finishing_ = true;
  }
  items_waiting_.notify_one();
  thread_.join();
}

}  // namespace reprise

#include "capture/memory_tracker.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "capture/memory_differences.h"

namespace reprise {
namespace {

constexpr size_t kRangeBytes = size_t{256} << 30;  // of addresses
constexpr size_t kRunsPerScan = 256;
// A record's worth of whole pages.
constexpr size_t kChangeBytes = (kMaxRecordPayload - sizeof(MemoryChange)) / kShadowPage * kShadowPage;

}  // namespace

MemoryTracker::MemoryTracker(const MemorySink& sink)
    : sink_(sink), views_(kRangeBytes), staging_(std::make_unique<std::byte[]>(kRefreshChunk)) {
  watching_ = views_.size() && watch_.open() && watch_.cover(views_.begin(), views_.size()) && selfTest();
  if (!watching_) watch_.close();
}

void MemoryTracker::trustFlushes() {
  std::lock_guard lock(mutex_);
  trusting_ = true;
  watching_ = false;
  watch_.close();
}

bool MemoryTracker::watches() {
  std::lock_guard lock(mutex_);
  return watching_;
}

bool MemoryTracker::oneRunTaken(const std::byte* begin, size_t bytes) {
  WriteWatch::Run runs[2];
  Result<WriteWatch::Found> found = watch_.take(views_.begin(), views_.usedEnd(), runs);
  if (!found) return false;
  if (bytes == 0) return found->runs == 0;
  return found->runs == 1 && runs[0].begin == begin && runs[0].end == begin + bytes;
}

// Does the kernel tell the program's writes, all of them and no other's?
bool MemoryTracker::selfTest() {
  const size_t page = pageSize();
  std::optional<TwoViews> views = views_.create(4 * page, page);
  if (!views) return false;
  bool works = watch_.watch(views->program, views->bytes).isOk();
  if (works) {
    views->driver[0] = std::byte{1};
    const std::byte seen = *const_cast<volatile std::byte*>(views->program);
    works = seen == std::byte{1} && oneRunTaken(nullptr, 0);
    *const_cast<volatile std::byte*>(views->program + 2 * page) = std::byte{2};
    works = works && views->driver[2 * page] == std::byte{2} &&
            oneRunTaken(views->program + 2 * page, page) && oneRunTaken(nullptr, 0);
  }
  views_.destroy(*views);
  return works && watch_.cover(views->program, views->bytes);
}

// ---- Allocations

std::optional<TwoViews> MemoryTracker::makeViews(size_t bytes, size_t alignment) {
  std::lock_guard lock(mutex_);
  if (!watching_) return std::nullopt;
  std::optional<TwoViews> views = views_.create(bytes, alignment);
  if (!views) return std::nullopt;
  Status status = watch_.watch(views->program, views->bytes);
  if (!status) {
    watchLost(status);
    ticket_ = 0;
    if (watching_) status = watch_.watch(views->program, views->bytes);
  }
  if (!status) {
    views_.destroy(*views);
    if (watching_) static_cast<void>(watch_.cover(views->program, views->bytes));
    views.reset();
  }
  return views;
}

void MemoryTracker::dropViews(const TwoViews& views) {
  std::lock_guard lock(mutex_);
  views_.destroy(views);
  // A failure shows at the next scan, which then takes care of the whole range.
  if (watching_) static_cast<void>(watch_.cover(views.program, views.bytes));
}

MemoryTracker::Allocation* MemoryTracker::find(const MemoryKey& key) {
  auto it = allocations_.find(key);
  return it == allocations_.end() ? nullptr : it->second.get();
}

MemoryTracker::Allocation& MemoryTracker::add(const MemoryKey& key, size_t bytes) {
  if (Allocation* stale = find(key)) forget(*stale);
  auto& allocation = allocations_[key] = std::make_unique<Allocation>();
  allocation->key = key;
  allocation->generation = ++generations_;
  allocation->bytes = bytes;
  allocation->submits_before = submits_;
  return *allocation;
}

void MemoryTracker::addWatched(const MemoryKey& key, size_t bytes, const TwoViews& views) {
  std::lock_guard lock(mutex_);
  Allocation& allocation = add(key, bytes);
  allocation.views = views;
  allocation.watched = watching_;
  allocation.base = views.program;
  allocation.zeroed = true;
  by_address_[views.program] = &allocation;
}

bool MemoryTracker::addBeside(const MemoryKey& key, size_t bytes, const TwoViews& views, bool cached) {
  std::lock_guard lock(mutex_);
  Allocation& allocation = add(key, bytes);
  if (!allocation.shadow.create(views.bytes)) {
    forget(allocation);
    return false;
  }
  allocation.views = views;
  allocation.watched = watching_;
  allocation.beside = true;
  allocation.cached = cached;
  allocation.base = views.program;
  by_address_[views.program] = &allocation;
  beside_.push_back(&allocation);
  return true;
}

void MemoryTracker::addCompared(const MemoryKey& key, size_t bytes, bool zeroed) {
  std::lock_guard lock(mutex_);
  add(key, bytes).zeroed = zeroed;
}

std::optional<TwoViews> MemoryTracker::forget(Allocation& allocation) {
  std::optional<TwoViews> views = allocation.views;
  if (views) by_address_.erase(views->program);
  std::erase(compared_, &allocation);
  std::erase(shared_, &allocation);
  std::erase(beside_, &allocation);
  const MemoryKey key = allocation.key;
  allocations_.erase(key);
  return views;
}

std::optional<TwoViews> MemoryTracker::remove(const MemoryKey& key) {
  std::lock_guard lock(mutex_);
  Allocation* allocation = find(key);
  return allocation ? forget(*allocation) : std::nullopt;
}

std::vector<TwoViews> MemoryTracker::removeAll(uint64_t device) {
  std::lock_guard lock(mutex_);
  std::vector<Allocation*> gone;
  for (auto& [key, allocation] : allocations_)
    if (key.device == device) gone.push_back(allocation.get());
  std::vector<TwoViews> views;
  for (Allocation* allocation : gone)
    if (std::optional<TwoViews> its = forget(*allocation)) views.push_back(*its);
  return views;
}

std::byte* MemoryTracker::mapped(const MemoryKey& key, std::byte* at, size_t offset, size_t bytes) {
  std::lock_guard lock(mutex_);
  Allocation* allocation = find(key);
  if (!allocation || offset > allocation->bytes) return at;
  const Range range{offset, offset + std::min(bytes, allocation->bytes - offset)};
  if (allocation->beside) return mappedBeside(*allocation, at - offset, range) + offset;
  if (allocation->watched) {
    allocation->mapped = range;
    if (!allocation->device.empty() && recording()) refreshShadow(*allocation, range);
    ticket_ = 0;
    return allocation->base + offset;
  }
  if (allocation->always_mapped) return at;
  startComparing(*allocation, allocation->views ? allocation->views->program : at - offset, range);
  return allocation->base + offset;
}

void MemoryTracker::unmapped(const MemoryKey& key) {
  std::lock_guard lock(mutex_);
  Allocation* allocation = find(key);
  if (!allocation || allocation->always_mapped) return;
  if (allocation->beside) {
    allocation->driver = nullptr;
    std::erase(compared_, allocation);
  } else if (!allocation->watched) {
    stopComparing(*allocation);
  }
  allocation->mapped = {};
}

// ---- Scans

uint64_t MemoryTracker::ticket() {
  if (ticket_ == 0) ticket_ = sink_.ticket();
  return ticket_;
}

bool MemoryTracker::recording() {
  ticket_ = 0;
  return recording_ = sink_.ready();
}

void MemoryTracker::scan() {
  std::lock_guard lock(mutex_);
  recording();
  scanAll();
  ticket_ = 0;
  if (!recording_) return;
  ++submits_;
  device_busy_ = true;
}

void MemoryTracker::scanUnsubmitted() {
  std::lock_guard lock(mutex_);
  recording();
  scanAll();
  ticket_ = 0;
}

void MemoryTracker::scanAll() {
  if (!recording_) {  // the driver needs what lies beside its mapping all the same
    for (Allocation* allocation : beside_) compare(*allocation);
    return;
  }
  if (!by_address_.empty() && watching_) scanWatched(views_.begin(), views_.usedEnd());
  for (Allocation* allocation : compared_) compare(*allocation);
}

// False if the watch was lost; the writes have been handed on even then.
bool MemoryTracker::scanWatched(std::byte* begin, std::byte* end) {
  WriteWatch::Run runs[kRunsPerScan];
  while (begin < end) {
    Result<WriteWatch::Found> found = watch_.take(begin, end, runs);
    if (!found) {
      watchLost(found.status());
      return false;
    }
    for (size_t i = 0; i < found->runs; ++i) takeRun(runs[i].begin, runs[i].end);
    begin = found->scanned;
  }
  return true;
}

void MemoryTracker::takeRun(std::byte* begin, std::byte* end) {
  auto it = by_address_.upper_bound(begin);
  if (it != by_address_.begin()) --it;
  for (; it != by_address_.end() && it->first < end; ++it) {
    Allocation& allocation = *it->second;
    std::byte* from = std::max(begin, allocation.base);
    std::byte* to = std::min(end, allocation.base + allocation.bytes);
    if (from < to) takePages(allocation, from - allocation.base, to - allocation.base);
  }
}

void MemoryTracker::takePages(Allocation& allocation, size_t begin, size_t end) {
  if (allocation.beside) return takeBeside(allocation, begin, end);
  auto range = std::lower_bound(allocation.device.begin(), allocation.device.end(), begin,
                                [](const Range& r, size_t offset) { return r.end <= offset; });
  while (begin < end) {
    if (range == allocation.device.end() || range->begin >= end) {
      emit(allocation, allocation.base + begin, begin, end, 0);
      return;
    }
    if (range->begin > begin) {
      emit(allocation, allocation.base + begin, begin, range->begin, 0);
      begin = range->begin;
    }
    for (const size_t shared_end = std::min(end, range->end); begin < shared_end; begin = nextPage(begin))
      takeSharedPage(allocation, begin, std::min(nextPage(begin), shared_end));
    ++range;
  }
}

// A page in which the device's bytes are not to be taken for the program's.
void MemoryTracker::takeSharedPage(Allocation& allocation, size_t begin, size_t end) {
  std::byte now[kShadowPage];
  std::memcpy(now, allocation.base + begin, end - begin);
  const bool device_wrote = device_busy_ && allocation.submits_before != submits_;
  std::byte* before = allocation.shadow ? allocation.shadow.data() + begin : nullptr;
  if (before && allocation.shadow.known(begin)) {
    emitDifferences(allocation, now, before, begin, end, kDeviceWritable | (device_wrote ? kMixed : 0));
  } else {
    const bool may_hold = allocation.submits_before != submits_;
    emit(allocation, now, begin, end, kDeviceWritable | (may_hold ? kMixed : 0));
  }
  if (!before) return;
  std::memcpy(before, now, end - begin);
  allocation.shadow.setKnown(begin);
}

// ---- Records

void MemoryTracker::emit(const Allocation& allocation, const std::byte* bytes, size_t begin, size_t end,
                         uint16_t flags) {
  if (!recording_) return;
  const uint64_t order = ticket();
  while (begin < end) {
    const size_t size = std::min(end - begin, kChangeBytes);
    const LaneRecord record{static_cast<uint32_t>(sizeof(MemoryChange) + size), kRecordMemory,
                            static_cast<uint16_t>(flags | kTicketed), order};
    sink_.change(record, {allocation.key.memory, allocation.key.device, allocation.generation, begin, size},
                 {bytes, size});
    begin += size;
    bytes += size;
  }
}

void MemoryTracker::emitDifferences(const Allocation& allocation, const std::byte* now,
                                    const std::byte* before, size_t begin, size_t end, uint16_t flags) {
  forEachDifference(now, before, end - begin, kWord, [&](size_t from, size_t to) {
    emit(allocation, now + from, begin + from, begin + to, flags);
  });
}

}  // namespace reprise

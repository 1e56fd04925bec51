// What the device writes into watched memory, kept apart from what the program writes.
#include <algorithm>
#include <bitset>
#include <cstring>

#include "capture/memory_tracker.h"

namespace reprise {
namespace {

// Up to here all of an allocation that the device may write is copied when its writes become visible; beyond,
// only the pages that the program has written too.
constexpr size_t kMaxRefreshedWhole = size_t{4} << 20;
constexpr size_t kMaxRefreshedInAll = size_t{16} << 20;  // at one wait

}  // namespace

void MemoryTracker::deviceMayWrite(const MemoryKey& key, size_t offset, size_t bytes) {
  std::lock_guard lock(mutex_);
  Allocation* allocation = find(key);
  if (!allocation || (!allocation->watched && !allocation->beside) || bytes == 0 ||
      offset >= allocation->bytes)
    return;
  Range range{offset / kShadowPage * kShadowPage,
              roundUp(offset + std::min(bytes, allocation->bytes - offset), kShadowPage)};
  std::vector<Range>& device = allocation->device;
  const bool first = device.empty();
  auto from = std::lower_bound(device.begin(), device.end(), range.begin,
                               [](const Range& r, size_t begin) { return r.end < begin; });
  auto to = from;
  for (; to != device.end() && to->begin <= range.end; ++to) {
    if (to->begin <= range.begin && range.end <= to->end) return;
    range = {std::min(range.begin, to->begin), std::max(range.end, to->end)};
  }
  device.insert(device.erase(from, to), range);
  allocation->device_bytes = 0;
  for (const Range& r : device) allocation->device_bytes += r.end - r.begin;
  if (!first) return;
  allocation->submits_before = submits_;
  shared_.push_back(allocation);
  // Without it, whole pages count as mixed.
  if (!allocation->beside) allocation->shadow.create(allocation->views->bytes);
}

void MemoryTracker::deviceWritesVisible() {
  std::lock_guard lock(mutex_);
  refresh_left_ = kMaxRefreshedInAll;
  recording();
  for (Allocation* allocation : shared_) {
    if (allocation->beside) {
      refreshBeside(*allocation);
    } else if (allocation->watched && recording_) {
      refreshShadow(*allocation, allocation->mapped);
    }
  }
  ticket_ = 0;
  device_busy_ = false;
}

void MemoryTracker::invalidated(const MemoryKey& key, size_t offset, size_t bytes) {
  std::lock_guard lock(mutex_);
  Allocation* allocation = find(key);
  if (!allocation || !allocation->shadow) return;
  const size_t begin = std::max(offset, allocation->mapped.begin);
  const size_t end =
      bytes > allocation->bytes ? allocation->mapped.end : std::min(offset + bytes, allocation->mapped.end);
  if (begin >= end) return;
  if (allocation->beside) {
    mergeBeside(*allocation, {begin, end});
  } else if (!allocation->watched) {
    std::memcpy(allocation->shadow.data() + begin, allocation->base + begin, end - begin);
  } else if (recording()) {
    refreshShadow(*allocation, {begin, end});
    ticket_ = 0;
  }
}

void MemoryTracker::refreshShadow(Allocation& allocation, Range range) {
  if (!allocation.shadow || range.begin >= range.end) return;
  for (const Range& shared : allocation.device) {
    size_t begin = std::max(shared.begin, range.begin / kShadowPage * kShadowPage);
    const size_t end = std::min(shared.end, roundUp(range.end, kShadowPage));
    for (; begin < end && allocation.watched; begin += kRefreshChunk)
      refreshChunk(allocation, begin, std::min(begin + kRefreshChunk, end));
  }
}

// Copies first and looks for the program's writes after: what was not written by then holds none of them. A
// page that is as it was known to be needs neither.
void MemoryTracker::refreshChunk(Allocation& allocation, size_t begin, size_t end) {
  const bool whole = allocation.device_bytes <= kMaxRefreshedWhole && refresh_left_ >= end - begin;
  if (whole) refresh_left_ -= end - begin;
  std::byte* base = allocation.base;
  std::bitset<kRefreshChunk / kShadowPage> copied;
  for (size_t page = begin; page < end; page += kShadowPage) {
    const bool known = allocation.shadow.known(page);
    if (known ? std::memcmp(base + page, allocation.shadow.data() + page, kShadowPage) == 0 : !whole)
      continue;
    copied.set((page - begin) / kShadowPage);
    std::memcpy(staging_.get() + (page - begin), base + page, kShadowPage);
  }
  if (copied.none()) return;
  WriteWatch::Run runs[kRefreshChunk / kShadowPage];
  Result<WriteWatch::Found> found =
      watch_.take(base + begin / pageSize() * pageSize(), base + roundUp(end, pageSize()), runs);
  if (!found) {
    watchLost(found.status());
    return;
  }
  const WriteWatch::Run* run = runs;
  const WriteWatch::Run* last = runs + found->runs;
  for (size_t page = begin; page < end; page += kShadowPage) {
    while (run != last && run->end <= base + page) ++run;
    if ((run != last && run->begin <= base + page) || !copied.test((page - begin) / kShadowPage)) continue;
    std::memcpy(allocation.shadow.data() + page, staging_.get() + (page - begin), kShadowPage);
    allocation.shadow.setKnown(page);
  }
  for (run = runs; run != last; ++run) takeRun(run->begin, run->end);
}

}  // namespace reprise

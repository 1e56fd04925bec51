// The parts of MemoryTracker for memory that no watch can cover: compared with a copy, or trusted to be
// flushed.
#include <algorithm>
#include <cstring>

#include "capture/memory_differences.h"
#include "capture/memory_tracker.h"

namespace reprise {

void MemoryTracker::exposed(const MemoryKey& key, std::byte* at) {
  std::lock_guard lock(mutex_);
  Allocation* allocation = find(key);
  if (!allocation) return;
  // Not truly: so that the first scan hands on all that the program had put there. What was submitted since
  // the allocation, by another thread, cannot have known this memory.
  allocation->zeroed = true;
  allocation->submits_before = submits_;
  startComparing(*allocation, at, {0, allocation->bytes});
  allocation->always_mapped = true;
}

void MemoryTracker::startComparing(Allocation& allocation, std::byte* base, Range range) {
  allocation.base = base;
  allocation.mapped = range;
  if (trusting_) return;
  const bool zeros = allocation.zeroed && allocation.submits_before == submits_;
  allocation.zeroed = false;
  if (!allocation.shadow && !allocation.shadow.create(allocation.bytes)) {
    hole(HoleCause::kUntrackedMemory, allocation.key.memory, "no memory for a copy to compare with");
    return;
  }
  if (!zeros)
    std::memcpy(allocation.shadow.data() + range.begin, base + range.begin, range.end - range.begin);
  if (std::find(compared_.begin(), compared_.end(), &allocation) == compared_.end())
    compared_.push_back(&allocation);
}

void MemoryTracker::stopComparing(Allocation& allocation) {
  std::erase(compared_, &allocation);
  allocation.shadow.clear();
  allocation.base = nullptr;
}

void MemoryTracker::compare(Allocation& allocation) {
  if (!allocation.shadow || !allocation.base) return;
  for (size_t at = allocation.mapped.begin; at < allocation.mapped.end; at = nextPage(at)) {
    const size_t end = std::min(nextPage(at), allocation.mapped.end);
    if (std::memcmp(allocation.base + at, allocation.shadow.data() + at, end - at) == 0) continue;
    if (allocation.beside) {
      takeBeside(allocation, at, end);
    } else {
      comparePage(allocation, at, end);
    }
  }
}

// Hands on the lines that differ. The program may write meanwhile: what is compared, handed on and remembered
// is one copy.
void MemoryTracker::comparePage(Allocation& allocation, size_t begin, size_t end) {
  std::byte now[kShadowPage];
  std::byte* before = allocation.shadow.data() + begin;
  const size_t size = end - begin;
  std::memcpy(now, allocation.base + begin, size);
  forEachDifference(now, before, size, kLine, [&](size_t from, size_t to) {
    emit(allocation, now + from, begin + from, begin + to, kMixed);
  });
  std::memcpy(before, now, size);
}

void MemoryTracker::flushed(const MemoryKey& key, size_t offset, size_t bytes) {
  std::lock_guard lock(mutex_);
  if (!trusting_ || !recording()) return;
  Allocation* allocation = find(key);
  if (!allocation || !allocation->base) return;
  const Range& mapped = allocation->mapped;
  const size_t begin = std::max(offset, mapped.begin);
  const size_t end = bytes > allocation->bytes ? mapped.end : std::min(offset + bytes, mapped.end);
  if (begin < end) emit(*allocation, allocation->base + begin, begin, end, kMixed);
  ticket_ = 0;
}

}  // namespace reprise

// Memory beside the driver's mapping: the program writes to pages of ours, which are watched; the driver's
// are written when what the program wrote may be used. For memory that cannot be imported, or whose mapping
// cannot be watched.
//
// Three copies: the program's view, the driver's mapping, and the baseline (the shadow), in which the two
// last agreed. Where the view differs from it the program wrote, where the mapping does, the device did.
// Nothing of ours writes through the watched addresses: the other view of the same pages is for that.
#include <algorithm>
#include <cstring>
#include <utility>

#include "capture/memory_differences.h"
#include "capture/memory_tracker.h"

namespace reprise {
namespace {

// Uncached memory is read at about 100 MB/s.
constexpr size_t kMaxRefreshedUncached = size_t{1} << 20;

// The bytes that differ, and no other: the device may be writing their neighbours.
void copyDifferent(std::byte* to, const std::byte* now, const std::byte* before, size_t size) {
  for (size_t at = 0; at < size;) {
    while (at < size && now[at] == before[at]) ++at;
    const size_t from = at;
    while (at < size && now[at] != before[at]) ++at;
    std::memcpy(to + from, now + from, at - from);
  }
}

// What the device changed in one word, unless the program has changed it meanwhile. The program may be
// writing beside it: a word is stored at once, a byte alone.
void mergeWord(std::byte* view, std::byte* before, const std::byte* device, size_t size) {
  if (size == kWord && sameBytes(view, before, kWord)) {
    std::memcpy(view, device, kWord);
    std::memcpy(before, device, kWord);
    return;
  }
  for (size_t i = 0; i < size; ++i) {
    if (device[i] == before[i] || view[i] != before[i]) continue;
    view[i] = before[i] = device[i];
  }
}

}  // namespace

std::byte* MemoryTracker::mappedBeside(Allocation& allocation, std::byte* driver, Range range) {
  recording();
  allocation.driver = driver;
  allocation.mapped = range;
  refreshBeside(allocation);
  if (!allocation.watched) compared_.push_back(&allocation);
  ticket_ = 0;
  return allocation.base;
}

void MemoryTracker::takeBeside(Allocation& allocation, size_t begin, size_t end) {
  if (!allocation.driver) return;
  begin = std::max(begin, allocation.mapped.begin);
  end = std::min(end, allocation.mapped.end);
  auto range = std::lower_bound(allocation.device.begin(), allocation.device.end(), begin,
                                [](const Range& r, size_t offset) { return r.end <= offset; });
  for (; begin < end; begin = nextPage(begin)) {
    while (range != allocation.device.end() && range->end <= begin) ++range;
    const bool shared = range != allocation.device.end() && range->begin <= begin;
    takeBesidePage(allocation, begin, std::min(nextPage(begin), end), shared);
  }
}

// The program may write meanwhile: what is compared, written, handed on and remembered is one copy.
void MemoryTracker::takeBesidePage(Allocation& allocation, size_t begin, size_t end, bool shared) {
  std::byte now[kShadowPage];
  std::memcpy(now, allocation.base + begin, end - begin);
  std::byte* before = allocation.shadow.data() + begin;
  forEachDifference(now, before, end - begin, shared ? kWord : kLine, [&](size_t from, size_t to) {
    std::byte* driver = allocation.driver + begin + from;
    if (shared) {
      copyDifferent(driver, now + from, before + from, to - from);
    } else {
      std::memcpy(driver, now + from, to - from);
    }
    emit(allocation, now + from, begin + from, begin + to, shared ? kDeviceWritable : 0);
    std::memcpy(before + from, now + from, to - from);
  });
}

// Copies to the program's view what the device wrote. Large uncached memory is left alone, and it is said.
void MemoryTracker::refreshBeside(Allocation& allocation) {
  if (!allocation.driver) return;
  if (!allocation.cached && allocation.device_bytes > kMaxRefreshedUncached) {
    if (!std::exchange(allocation.said_uncached, true))
      hole(HoleCause::kUntrackedMemory, allocation.key.memory,
           "what the device writes to large uncached memory is shown to the program only when it invalidates it; "
           "REPRISE_MEMORY=compare shows all of it");
    return;
  }
  for (const Range& range : allocation.device) mergeBeside(allocation, range);
}

void MemoryTracker::mergeBeside(Allocation& allocation, Range range) {
  if (!allocation.driver) return;
  const size_t end = std::min(range.end, allocation.mapped.end);
  for (size_t at = std::max(range.begin, allocation.mapped.begin); at < end; at = nextPage(at)) {
    const size_t page_end = std::min(nextPage(at), end);
    if (std::memcmp(allocation.driver + at, allocation.shadow.data() + at, page_end - at) != 0)
      mergeBesidePage(allocation, at, page_end);
  }
}

void MemoryTracker::mergeBesidePage(Allocation& allocation, size_t begin, size_t end) {
  std::byte device[kShadowPage];
  std::memcpy(device, allocation.driver + begin, end - begin);
  std::byte* before = allocation.shadow.data() + begin;
  std::byte* view = allocation.views->driver + begin;
  forEachDifference(device, before, end - begin, kWord, [&](size_t from, size_t to) {
    for (size_t at = from; at < to; at += kWord)
      mergeWord(view + at, before + at, device + at, std::min(kWord, to - at));
  });
}

}  // namespace reprise

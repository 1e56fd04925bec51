#include "capture/memory_tracker.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

namespace reprise {
namespace {

constexpr size_t kRangeBytes = size_t{256} << 30;  // of addresses
constexpr size_t kRunsPerScan = 256;
// A record's worth of whole pages.
constexpr size_t kChangeBytes = (kMaxRecordPayload - sizeof(MemoryChange)) / kShadowPage * kShadowPage;
constexpr size_t kStagingBytes = size_t{256} << 10;
// Up to here all of an allocation that the device may write is copied when its writes become visible; beyond,
// only the pages that the program has written too.
constexpr size_t kMaxRefreshedWhole = size_t{4} << 20;
constexpr size_t kMaxRefreshedInAll = size_t{16} << 20;  // at one wait
// A word that the program writes is the program's as a whole: on another device the rest of it may differ.
constexpr size_t kWord = 4;

bool sameWord(const std::byte* a, const std::byte* b, size_t at, size_t end) {
  return std::memcmp(a + at, b + at, std::min(kWord, end - at)) == 0;
}

}  // namespace

MemoryTracker::MemoryTracker(const MemorySink& sink)
    : sink_(sink), views_(kRangeBytes), staging_(std::make_unique<std::byte[]>(kStagingBytes)) {
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

void MemoryTracker::addCompared(const MemoryKey& key, size_t bytes, bool zeroed) {
  std::lock_guard lock(mutex_);
  add(key, bytes).zeroed = zeroed;
}

std::optional<TwoViews> MemoryTracker::forget(Allocation& allocation) {
  std::optional<TwoViews> views = allocation.views;
  if (views) by_address_.erase(views->program);
  std::erase(compared_, &allocation);
  std::erase(shared_, &allocation);
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
  if (!allocation->watched) stopComparing(*allocation);
  allocation->mapped = {};
}

// ---- Scans

uint64_t MemoryTracker::ticket() {
  if (ticket_ == 0) ticket_ = sink_.ticket();
  return ticket_;
}

bool MemoryTracker::recording() {
  ticket_ = 0;
  return sink_.ready();
}

void MemoryTracker::scan() {
  std::lock_guard lock(mutex_);
  if (!recording()) return;
  scanAll();
  ticket_ = 0;
  ++submits_;
  device_busy_ = true;
}

void MemoryTracker::scanUnsubmitted() {
  std::lock_guard lock(mutex_);
  if (recording()) scanAll();
  ticket_ = 0;
}

void MemoryTracker::scanAll() {
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

// ---- What the device writes

void MemoryTracker::deviceMayWrite(const MemoryKey& key, size_t offset, size_t bytes) {
  std::lock_guard lock(mutex_);
  Allocation* allocation = find(key);
  if (!allocation || !allocation->watched || bytes == 0 || offset >= allocation->bytes) return;
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
  if (first) {
    allocation->submits_before = submits_;
    shared_.push_back(allocation);
    allocation->shadow.create(allocation->views->bytes);  // without it, whole pages count as mixed
  }
}

void MemoryTracker::deviceWritesVisible() {
  std::lock_guard lock(mutex_);
  refresh_left_ = kMaxRefreshedInAll;
  if (!shared_.empty() && recording()) {
    for (Allocation* allocation : shared_)
      if (allocation->watched) refreshShadow(*allocation, allocation->mapped);
    ticket_ = 0;
  }
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
  if (!allocation->watched) {
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
    for (; begin < end && allocation.watched; begin += kStagingBytes)
      refreshChunk(allocation, begin, std::min(begin + kStagingBytes, end));
  }
}

// Copies first and looks for the program's writes after: what was not written by then holds none of them.
void MemoryTracker::refreshChunk(Allocation& allocation, size_t begin, size_t end) {
  const bool whole = allocation.device_bytes <= kMaxRefreshedWhole && refresh_left_ >= end - begin;
  if (whole) refresh_left_ -= end - begin;
  auto wanted = [&](size_t page) { return whole || allocation.shadow.known(page); };
  bool any = false;
  for (size_t page = begin; page < end; page += kShadowPage) {
    if (!wanted(page)) continue;
    any = true;
    std::memcpy(staging_.get() + (page - begin), allocation.base + page, kShadowPage);
  }
  if (!any) return;
  WriteWatch::Run runs[kStagingBytes / kShadowPage];
  std::byte* base = allocation.base;
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
    if ((run != last && run->begin <= base + page) || !wanted(page)) continue;
    std::memcpy(allocation.shadow.data() + page, staging_.get() + (page - begin), kShadowPage);
    allocation.shadow.setKnown(page);
  }
  for (run = runs; run != last; ++run) takeRun(run->begin, run->end);
}

// ---- When the kernel's watch fails

void MemoryTracker::hole(HoleCause cause, uint64_t subject, std::string_view text) {
  std::fprintf(stderr, "reprise: mapped memory: %.*s\n", static_cast<int>(text.size()), text.data());
  if (sink_.ready()) sink_.hole(ticket(), cause, subject, text);
}

bool MemoryTracker::watchAgain() {
  if (!watch_.open() || !watch_.cover(views_.begin(), views_.size())) return false;
  for (auto& [address, allocation] : by_address_)
    if (!watch_.watch(address, allocation->views->bytes)) return false;
  return true;
}

// Which pages were written is not known any more: all that is mapped is handed on as it stands now.
void MemoryTracker::watchLost(const Status& status) {
  watching_ = watchAgain();
  const bool some_mapped = std::any_of(by_address_.begin(), by_address_.end(), [](const auto& entry) {
    return entry.second->mapped.begin < entry.second->mapped.end;
  });
  if (some_mapped || !watching_)
    hole(HoleCause::kScanFailed, 0,
         "the write watch was lost (" + status.message() + "); all mapped memory is recorded once more" +
             (watching_ ? "" : " and compared from here on"));
  for (auto& [address, allocation] : by_address_) {
    const Range mapped = allocation->mapped;
    allocation->watched = watching_;
    if (mapped.begin < mapped.end)
      emit(*allocation, allocation->base + mapped.begin, mapped.begin, mapped.end, kMixed);
    if (watching_) continue;
    allocation->zeroed = false;
    if (mapped.begin < mapped.end) startComparing(*allocation, allocation->base, mapped);
  }
}

// ---- Records

void MemoryTracker::emit(const Allocation& allocation, const std::byte* bytes, size_t begin, size_t end,
                         uint16_t flags) {
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
  const size_t size = end - begin;
  if (std::memcmp(now, before, size) == 0) return;
  for (size_t at = 0; at < size;) {
    if (sameWord(now, before, at, size)) {
      at += kWord;
      continue;
    }
    const size_t from = at;
    while (at < size && !sameWord(now, before, at, size)) at += kWord;
    at = std::min(at, size);
    emit(allocation, now + from, begin + from, begin + at, flags);
  }
}

}  // namespace reprise

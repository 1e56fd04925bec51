#include "format/memory_reducer.h"

#include <algorithm>
#include <cstring>

namespace reprise {

namespace {
constexpr uint64_t kWord = 4;       // runs grow to whole words, so that their ends repeat from frame to frame
constexpr uint64_t kMergeGap = 16;  // a run's header costs about as much as this many bytes
}  // namespace

// The handle is another allocation's by now: what was known of the old one is of no more use.
MemoryReducer::Allocation& MemoryReducer::allocationOf(const MemoryChange& change) {
  Allocation& allocation = allocations_[change.memory];
  if (allocation.generation != change.generation) {
    page_count_ -= allocation.pages.size();
    allocation.pages.clear();
    allocation.generation = change.generation;
  }
  return allocation;
}

MemoryReducer::Page& MemoryReducer::pageOf(const MemoryChange& change, uint64_t number) {
  Allocation* allocation = &allocationOf(change);
  const auto found = allocation->pages.find(number);
  if (found != allocation->pages.end()) return *found->second;
  if (page_count_ >= max_pages_) {
    allocations_.clear();
    page_count_ = 0;
    allocation = &allocationOf(change);
  }
  ++page_count_;
  return *allocation->pages.emplace(number, std::make_unique<Page>()).first->second;
}

std::span<const MemoryReducer::Run> MemoryReducer::reduce(const MemoryChange& change,
                                                          std::span<const std::byte> bytes,
                                                          bool device_writes) {
  runs_.clear();
  if (bytes.empty()) return runs_;
  if (device_writes || max_pages_ == 0) {
    forget(change);
    addRun(0, bytes.size());
    return runs_;
  }
  uint64_t at = 0;
  while (at < bytes.size()) {
    uint64_t address = change.offset + at;
    uint64_t in_page = address % kPageBytes;
    uint64_t size = std::min<uint64_t>(kPageBytes - in_page, bytes.size() - at);
    reducePage(pageOf(change, address / kPageBytes), in_page, bytes.subspan(at, size), at);
    at += size;
  }
  return runs_;
}

void MemoryReducer::forget(const MemoryChange& change) {
  const auto allocation = allocations_.find(change.memory);
  if (allocation == allocations_.end() || allocation->second.generation != change.generation) return;
  auto& pages = allocation->second.pages;
  const uint64_t first = change.offset / kPageBytes;
  const uint64_t last = (change.offset + change.size - 1) / kPageBytes;
  const uint64_t before = pages.size();
  if (last - first >= pages.size()) {  // a hostile size must not make a long loop
    std::erase_if(pages, [&](const auto& entry) { return entry.first >= first && entry.first <= last; });
  } else {
    for (uint64_t page = first; page <= last; ++page) pages.erase(page);
  }
  page_count_ -= before - pages.size();
  if (pages.empty()) allocations_.erase(allocation);
}

// `bytes` go to `in_page` of the page; they are the change's bytes from `at` on.
void MemoryReducer::reducePage(Page& page, uint64_t in_page, std::span<const std::byte> bytes, uint64_t at) {
  uint64_t done = 0;
  while (done < bytes.size()) {
    uint64_t place = in_page + done;
    uint64_t granule = place / kGranule;
    uint64_t size = std::min(kGranule - place % kGranule, bytes.size() - done);
    const std::byte* now = bytes.data() + done;
    uint64_t bit = uint64_t{1} << granule;
    if (page.known & bit) {
      compareGranule(page.bytes + place, now, size, at + done);
    } else {
      addRun(at + done, at + done + size);
      if (size == kGranule) page.known |= bit;
    }
    std::memcpy(page.bytes + place, now, size);
    done += size;
  }
}

void MemoryReducer::compareGranule(const std::byte* old, const std::byte* now, uint64_t size, uint64_t at) {
  if (std::memcmp(old, now, size) == 0) return;
  for (uint64_t i = 0; i < size;) {
    uint64_t word = std::min(kWord, size - i);
    if (std::memcmp(old + i, now + i, word) != 0) addRun(at + i, at + i + word);
    i += word;
  }
}

void MemoryReducer::addRun(uint64_t begin, uint64_t end) {
  if (!runs_.empty() && begin < runs_.back().end + kMergeGap) {
    runs_.back().end = end;
  } else {
    runs_.push_back({begin, end});
  }
}

}  // namespace reprise

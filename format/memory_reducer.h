// Reduces a change of mapped memory to the bytes that differ from what the trace already says.
//
// Remembers the last recorded contents of each allocation, page by page, within a bound; what it does not
// remember counts as changed. An allocation is forgotten when another takes its handle; beyond the bound
// everything is. Contents that the device may change as well must not be remembered: the program may write
// the very bytes again that the trace last saw, over something that the device wrote in between. One thread.
// Sizes are bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "format/record.h"

namespace reprise {

class MemoryReducer {
 public:
  struct Run {
    uint64_t begin, end;  // byte range of the change's contents
    bool operator==(const Run&) const = default;
  };

  explicit MemoryReducer(uint64_t max_bytes) : max_pages_(max_bytes / kPageBytes) {}

  // The runs of `bytes` that differ, in order; they start and end on multiples of 4 bytes of the allocation
  // (or at the change's ends). `device_writes`: the whole range, and nothing is remembered of it.
  // Valid until the next call.
  std::span<const Run> reduce(const MemoryChange& change, std::span<const std::byte> bytes,
                              bool device_writes);

  uint64_t rememberedBytes() const { return page_count_ * kPageBytes; }

 private:
  static constexpr uint64_t kPageBytes = 4096;
  static constexpr uint64_t kGranule = 64;  // what is known is known in these

  struct Page {
    uint64_t known = 0;  // a bit a granule
    std::byte bytes[kPageBytes];
  };
  struct Allocation {
    uint64_t generation = 0;
    std::unordered_map<uint64_t, std::unique_ptr<Page>> pages;  // by number
  };

  Allocation& allocationOf(const MemoryChange& change);
  Page& pageOf(const MemoryChange& change, uint64_t number);
  void forget(const MemoryChange& change);
  void reducePage(Page& page, uint64_t in_page, std::span<const std::byte> bytes, uint64_t at);
  void compareGranule(const std::byte* old, const std::byte* now, uint64_t size, uint64_t at);
  void addRun(uint64_t begin, uint64_t end);

  uint64_t max_pages_;
  uint64_t page_count_ = 0;
  std::unordered_map<uint64_t, Allocation> allocations_;  // by VkDeviceMemory
  std::vector<Run> runs_;
};

}  // namespace reprise

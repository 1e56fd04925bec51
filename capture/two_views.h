// Memory with two addresses: the driver gets one view of the pages, the program the other, so that watching
// the program's view tells its writes from those of a GPU that is threads of the same process.
//
// All program views lie in one reserved address range: one scan covers every allocation. The pages start as
// zeros, have no descriptor, and are not inherited by a forked child.
// Not thread-safe. The range outlives its views; sizes in bytes, rounded up to pages inside.
#pragma once

#include <cstddef>
#include <map>
#include <optional>

namespace reprise {

struct TwoViews {
  std::byte* driver = nullptr;
  std::byte* program = nullptr;
  size_t bytes = 0;
};

class ViewRange {
 public:
  // Reserves addresses only. Where `bytes` is more than the process may have, less: see size().
  explicit ViewRange(size_t bytes);
  ~ViewRange();
  ViewRange(const ViewRange&) = delete;
  ViewRange& operator=(const ViewRange&) = delete;

  std::byte* begin() const { return begin_; }
  size_t size() const { return size_; }
  // Every view lies below.
  std::byte* usedEnd() const { return used_end_; }

  // Both views start at a multiple of `alignment`, a power of two. Nothing if memory or addresses ran out.
  std::optional<TwoViews> create(size_t bytes, size_t alignment);
  // The driver must have let go of its view. Its place in the range is reserved afresh, not watched.
  void destroy(const TwoViews& views);

 private:
  std::byte* place(size_t bytes, size_t alignment);
  void reserve(std::byte* address, size_t bytes);
  void giveBack(std::byte* address, size_t bytes);

  std::byte* begin_ = nullptr;
  std::byte* used_end_ = nullptr;
  size_t size_ = 0;
  std::map<std::byte*, size_t> free_;  // below used_end_, neighbours merged
};

size_t pageSize();
constexpr size_t roundUp(size_t value, size_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

}  // namespace reprise

#include "capture/two_views.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <iterator>

namespace reprise {
namespace {

constexpr size_t kSmallestRange = size_t{64} << 20;

std::byte* reserveAnywhere(size_t bytes) {
  void* at = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : static_cast<std::byte*>(at);
}

std::byte* alignUp(std::byte* address, size_t alignment) {
  return reinterpret_cast<std::byte*>(roundUp(reinterpret_cast<uintptr_t>(address), alignment));
}

// Fresh shared pages at a multiple of `alignment`.
std::byte* mapShared(size_t bytes, size_t alignment) {
  const size_t slack = alignment > pageSize() ? alignment : 0;
  std::byte* place = reserveAnywhere(bytes + slack);
  if (!place) return nullptr;
  std::byte* at = alignUp(place, alignment);
  if (at > place) munmap(place, at - place);
  if (at + bytes < place + bytes + slack) munmap(at + bytes, place + slack - at);
  void* shared =
      mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  if (shared == MAP_FAILED) {
    munmap(at, bytes);
    return nullptr;
  }
  return at;
}

}  // namespace

size_t pageSize() {
  static const size_t size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return size;
}

ViewRange::ViewRange(size_t bytes) {
  for (bytes = roundUp(bytes, pageSize()); bytes >= kSmallestRange && !begin_; bytes /= 2) {
    begin_ = reserveAnywhere(bytes);
    size_ = begin_ ? bytes : 0;
  }
  used_end_ = begin_;
  if (begin_) {
    madvise(begin_, size_, MADV_DONTFORK);
    madvise(begin_, size_, MADV_DONTDUMP);
  }
}

ViewRange::~ViewRange() {
  if (begin_) munmap(begin_, size_);
}

// First fit, so that the used part, which each scan walks, stays short.
std::byte* ViewRange::place(size_t bytes, size_t alignment) {
  for (auto it = free_.begin(); it != free_.end(); ++it) {
    auto [start, length] = *it;
    std::byte* at = alignUp(start, alignment);
    if (at + bytes > start + length) continue;
    free_.erase(it);
    if (at > start) free_[start] = at - start;
    if (at + bytes < start + length) free_[at + bytes] = start + length - (at + bytes);
    return at;
  }
  std::byte* at = alignUp(used_end_, alignment);
  if (bytes > size_ || at > begin_ + (size_ - bytes)) return nullptr;
  if (at > used_end_) free_[used_end_] = at - used_end_;
  used_end_ = at + bytes;
  return at;
}

void ViewRange::reserve(std::byte* address, size_t bytes) {
  void* at = mmap(address, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (at == MAP_FAILED) return;
  madvise(address, bytes, MADV_DONTFORK);
  madvise(address, bytes, MADV_DONTDUMP);
}

void ViewRange::giveBack(std::byte* address, size_t bytes) {
  auto next = free_.lower_bound(address);
  if (next != free_.begin()) {
    auto previous = std::prev(next);
    if (previous->first + previous->second == address) {
      address = previous->first;
      bytes += previous->second;
      free_.erase(previous);
    }
  }
  if (next != free_.end() && address + bytes == next->first) {
    bytes += next->second;
    free_.erase(next);
  }
  if (address + bytes == used_end_) {
    used_end_ = address;
  } else {
    free_[address] = bytes;
  }
}

std::optional<TwoViews> ViewRange::create(size_t bytes, size_t alignment) {
  assert(alignment && (alignment & (alignment - 1)) == 0);
  alignment = std::max(alignment, pageSize());
  if (bytes == 0 || bytes > size_) return std::nullopt;
  bytes = roundUp(bytes, pageSize());
  std::byte* driver = mapShared(bytes, alignment);
  if (!driver) return std::nullopt;
  std::byte* program = place(bytes, alignment);
  if (!program) {
    munmap(driver, bytes);
    return std::nullopt;
  }
  // An old size of 0 asks for a second mapping of the same pages.
  if (mremap(driver, 0, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, program) == MAP_FAILED) {
    reserve(program, bytes);
    giveBack(program, bytes);
    munmap(driver, bytes);
    return std::nullopt;
  }
  madvise(driver, bytes, MADV_DONTFORK);
  madvise(program, bytes, MADV_DONTFORK);
  return TwoViews{driver, program, bytes};
}

void ViewRange::destroy(const TwoViews& views) {
  munmap(views.driver, views.bytes);
  reserve(views.program, views.bytes);
  giveBack(views.program, views.bytes);
}

}  // namespace reprise

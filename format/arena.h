// Memory for one decoded call: allocated in a row, given back all at once.
//
// Memory is zeroed. What reset() keeps is at most kKept; larger pieces go back to the system. One thread's.
#pragma once

#include <cstdlib>
#include <cstring>
#include <vector>

namespace reprise {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    reset();
    std::free(first_);
  }

  // Null if the system has no more.
  void* allocate(size_t bytes) {
    bytes = (bytes + 15) & ~size_t{15};
    if (first_ == nullptr) first_ = static_cast<std::byte*>(std::malloc(kKept));
    if (first_ != nullptr && bytes <= kKept - used_) {
      void* p = first_ + used_;
      used_ += bytes;
      return std::memset(p, 0, bytes);
    }
    if (bytes >= kKept / 4) return large(bytes);
    if (bytes > chunk_left_) {
      chunk_ = static_cast<std::byte*>(large(kKept));
      chunk_left_ = chunk_ ? kKept : 0;
      if (chunk_ == nullptr) return nullptr;
    }
    void* p = chunk_;
    chunk_ += bytes;
    chunk_left_ -= bytes;
    return p;
  }
  template <class T>
  T* allocateArray(size_t count) {
    return static_cast<T*>(allocate(count * sizeof(T)));
  }
  void reset() {
    for (void* p : large_) std::free(p);
    large_.clear();
    used_ = chunk_left_ = 0;
  }

 private:
  static constexpr size_t kKept = 256 * 1024;
  void* large(size_t bytes) {
    void* p = std::calloc(1, bytes);  // untouched pages cost nothing
    if (p != nullptr) large_.push_back(p);
    return p;
  }
  std::byte* first_ = nullptr;
  size_t used_ = 0;
  std::byte* chunk_ = nullptr;
  size_t chunk_left_ = 0;
  std::vector<void*> large_;
};

}  // namespace reprise

// Memory for one decoded call: allocated in a row, given back all at once.
//
// Memory is zeroed: what was used, by reset(), in one go. What reset() keeps is at most kKept; larger pieces go back
// to the system. One thread's.
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
    if (bytes <= left_) {
      void* p = first_ + (kKept - left_);
      left_ -= bytes;
      return p;
    }
    return allocateElsewhere(bytes);
  }
  template <class T>
  T* allocateArray(size_t count) {
    return static_cast<T*>(allocate(count * sizeof(T)));
  }
  size_t used() const { return first_ != nullptr ? kKept - left_ : 0; }  // bytes since the last reset(), while few
  void reset() {
    if (left_ != kKept && first_ != nullptr) std::memset(first_, 0, kKept - left_);
    left_ = first_ != nullptr ? kKept : 0;
    if (large_.empty()) return;
    for (void* p : large_) std::free(p);
    large_.clear();
    chunk_left_ = 0;
  }

 private:
  static constexpr size_t kKept = 256 * 1024;
  void* allocateElsewhere(size_t bytes) {
    if (first_ == nullptr) {
      first_ = static_cast<std::byte*>(std::calloc(1, kKept));
      if (first_ != nullptr) {
        left_ = kKept;
        return allocate(bytes);
      }
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
  void* large(size_t bytes) {
    void* p = std::calloc(1, bytes);  // untouched pages cost nothing
    if (p != nullptr) large_.push_back(p);
    return p;
  }
  std::byte* first_ = nullptr;
  size_t left_ = 0;  // of first_
  std::byte* chunk_ = nullptr;
  size_t chunk_left_ = 0;
  std::vector<void*> large_;
};

}  // namespace reprise

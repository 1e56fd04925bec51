// A copy of an allocation's contents, for comparing later. Takes memory only for the pages that were copied.
//
// Owns its mapping. Not thread-safe. Offsets and sizes in bytes.
#pragma once

#include <cstddef>
#include <vector>

namespace reprise {

inline constexpr size_t kShadowPage = 4096;

constexpr size_t nextPage(size_t offset) { return (offset / kShadowPage + 1) * kShadowPage; }

class Shadow {
 public:
  Shadow() = default;
  ~Shadow() { clear(); }
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  // All zeros, no page known. False if there are no addresses left.
  bool create(size_t bytes);
  void clear();

  explicit operator bool() const { return data_ != nullptr; }
  std::byte* data() { return data_; }
  bool known(size_t offset) const { return known_[offset / kShadowPage]; }
  void setKnown(size_t offset) { known_[offset / kShadowPage] = true; }

 private:
  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
  std::vector<bool> known_;
};

}  // namespace reprise

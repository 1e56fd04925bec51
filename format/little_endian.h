// Little-endian, fixed-width integers in byte vectors and spans: the alphabet of the `.vkr` file.
//
// ByteReader checks every length against what remains; after a failure it yields zeros and ok() is false.
// Values; no thread rule.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace reprise {

static_assert(std::endian::native == std::endian::little,
              "big-endian hosts need byte swaps in little_endian.h");

template <class T>
void storeLe(std::byte* to, T value) {
  static_assert(std::is_unsigned_v<T>);
  std::memcpy(to, &value, sizeof value);
}

template <class T>
T loadLe(const std::byte* from) {
  static_assert(std::is_unsigned_v<T>);
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

template <class T, class Allocator>
void appendLe(std::vector<std::byte, Allocator>& to, T value) {
  size_t at = to.size();
  to.resize(at + sizeof value);
  storeLe(to.data() + at, value);
}

template <class Allocator>
void appendBytes(std::vector<std::byte, Allocator>& to, std::span<const std::byte> bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

inline std::span<const std::byte> asBytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline std::string_view asText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <class T>
  T get() {
    if (remaining() < sizeof(T)) {
      fail();
      return 0;
    }
    T value = loadLe<T>(bytes_.data() + at_);
    at_ += sizeof(T);
    return value;
  }

  std::span<const std::byte> take(uint64_t size) {
    if (remaining() < size) {
      fail();
      return {};
    }
    auto taken = bytes_.subspan(at_, size);
    at_ += size;
    return taken;
  }

  bool ok() const { return ok_; }
  size_t position() const { return at_; }
  size_t remaining() const { return bytes_.size() - at_; }
  void fail() {
    ok_ = false;
    at_ = bytes_.size();
  }

 private:
  std::span<const std::byte> bytes_;
  size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace reprise

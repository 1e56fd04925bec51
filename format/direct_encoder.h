// DirectEncoder: an Encoder that a compiler can turn into plain stores, for the calls of every frame.
//
// It writes the bytes that Encoder writes, for packets that are kDirect (gen/direct.h): nearly all vkCmd*,
// creates, submits, waits. Its state is a cursor and a limit, which stay in registers; numbers are stored
// without looking at the room that is left, because a packet's or struct's own members need at most
// kFixedBytes, which are kept back before it is visited. What does not fit, belongs in bulk, or has a struct
// in its chain that is not direct, sets overflowed(): the caller starts again with Encoder. One thread's, on
// the stack; nothing throws.
#pragma once

#include <cstring>

#include "format/arguments.h"
#include "format/record.h"
#include "format/visit.h"
#include "gen/direct.h"

namespace reprise {

// What one T can take but for what its pointers lead to. Bit-fields double, pointers shrink to a byte; the
// end of a chain is 4 bytes.
template <class T>
inline constexpr size_t kFixedBytes = 2 * sizeof(T) + 8;

// Encodes a chain's nodes and its end. Null if it does not fit or has a node that is not direct.
std::byte* encodeChainDirectly(const void* next, std::byte* cursor, std::byte* limit);

class DirectEncoder : public VisitorBase {
 public:
  // Writes at `begin`; up to kFixedBytes of the packet beyond `limit` as well.
  DirectEncoder(std::byte* begin, std::byte* limit) : cursor_(begin), limit_(limit) {}

  bool overflowed() const { return limit_ == nullptr; }
  std::byte* cursor() const { return cursor_; }

  // ---- visitor
  template <class T, class Next>
  void structure(VkStructureType, const char*, T& type, Next& next) {
    if (in_node_) {
      in_node_ = false;
      return;
    }
    put(type);
    if (next == nullptr) [[likely]]
      return put(kChainEnd);
    std::byte* const end = limit_ ? encodeChainDirectly(next, cursor_, limit_) : nullptr;
    if (end == nullptr) return overflow();
    cursor_ = end;
  }
  template <class T>
  void scalar(const Field&, const T& x) {
    put(x);
  }
  template <class T>
  void handle(const Field&, const T& h) {
    put(uint64_t(h));
  }
  void objectHandle(const Field&, const uint64_t& h, VkObjectType) { put(h); }
  template <class T>
  void opaque(const Field&, const T& p) {
    put(uint64_t(p));
  }
  template <class T>
  void fixed(const Field&, T* a, size_t n) {
    for (size_t i = 0; i < n; ++i) member(a[i]);
  }
  template <class T>
  void record(const Field&, T& s) {
    member(s);
  }
  template <class T>
  void pointer(const Field&, T* p) {
    if (present(p)) elements(p, 1);
  }
  template <class T>
  void array(const Field& f, T* p, size_t n) {
    if constexpr (std::is_arithmetic_v<T>)
      bytes(f, p, n * sizeof(T));
    else if (present(p))
      elements(p, n);
  }
  void bytes(const Field&, const void* p, size_t n) {
    if (!present(p)) return;
    if (n >= kBulkThreshold) return overflow();
    raw(p, n);
  }
  template <class T>
  void outPointer(const Field&, T* p) {
    if (present(p) && outputs_) elements(p, 1);
  }
  template <class T>
  void outArray(const Field& f, T* p, size_t n) {
    if (outputs_) return array(f, p, n);
    present(p);
  }
  void ignored(const Field&, size_t size = 1) {
    static_assert(kNull == 0);
    constexpr uint64_t kZeros = 0;
    std::memcpy(cursor_, &kZeros, sizeof kZeros);
    cursor_ += std::min(size, sizeof kZeros);
  }

  // A chain's node, whose sType and length stand before it already.
  template <class T>
  void node(T& s) {
    in_node_ = true;
    nested(s);
  }

 protected:
  template <class T>
  void put(const T& x) {
    std::memcpy(cursor_, &x, sizeof x);
    cursor_ += sizeof x;
  }
  bool outputs_ = false;

 private:
  static constexpr size_t kShort = 64;

  bool hasRoom(size_t n) {
    if (limit_ != nullptr && cursor_ <= limit_ && size_t(limit_ - cursor_) >= n) [[likely]]
      return true;
    overflow();
    return false;
  }
  void overflow() { limit_ = nullptr; }
  // Most ranges are a few words, for which a call to memcpy costs more than the copy.
  void raw(const void* p, size_t n) {
    if (!hasRoom(n)) return;
    auto* from = static_cast<const std::byte*>(p);
    if (n > kShort) [[unlikely]] {
      std::memcpy(cursor_, from, n);
      cursor_ += n;
      return;
    }
    std::byte* const end = cursor_ + n;
    for (; end - cursor_ >= 8; cursor_ += 8, from += 8) std::memcpy(cursor_, from, 8);
    if (n & 4) {
      std::memcpy(cursor_, from, 4);
      cursor_ += 4, from += 4;
    }
    for (; cursor_ != end; ++cursor_, ++from) *cursor_ = *from;
  }
  bool present(const void* p) {
    put(uint8_t(p ? kInline : kNull));
    return p != nullptr;
  }
  // Within what was kept back for the struct around it.
  template <class T>
  void member(T& x) {
    if constexpr (std::is_class_v<T> || std::is_union_v<T>) {
      if constexpr (kPacked<T>)
        put(x);
      else
        visitDirect(*this, x);
    } else if constexpr (std::is_pointer_v<T>) {
      put(uint64_t(x));
    } else {
      put(x);
    }
  }
  // Behind a pointer: room of its own is kept back.
  template <class T>
  void nested(T& s) {
    constexpr size_t kKept = kFixedBytes<T>;
    if (!hasRoom(kKept)) return;
    limit_ -= kKept;
    visitDirect(*this, s);
    if (limit_ != nullptr) limit_ += kKept;
  }
  template <class T>
  void elements(T* p, size_t n) {
    if constexpr (!std::is_class_v<T> && !std::is_union_v<T>) {
      static_assert(!std::is_pointer_v<T> || sizeof(T) == 8);
      raw(p, n * sizeof(T));
    } else if constexpr (kPacked<T>) {
      raw(p, n * sizeof(T));
    } else {
      for (size_t i = 0; i < n; ++i) nested(p[i]);
    }
  }

  bool in_node_ = false;
  std::byte* cursor_;
  std::byte* limit_;  // null: overflowed
};

// The two halves of a call, as visit(v, packet) wants them.
class DirectInputs : public DirectEncoder {
 public:
  static constexpr bool kIn = true;
  using DirectEncoder::DirectEncoder;
  template <class T>
  bool result(const Field&, const T&, bool) {
    return true;
  }
};
class DirectOutputs : public DirectEncoder {
 public:
  static constexpr bool kIn = false;
  DirectOutputs(std::byte* begin, std::byte* limit) : DirectEncoder(begin, limit) { outputs_ = true; }
  // False if the call failed and its outputs are undefined.
  template <class T>
  bool result(const Field&, const T& x, bool outputs_on_error) {
    if constexpr (std::is_pointer_v<T>)
      put(uint64_t(x));
    else
      put(x);
    if constexpr (std::is_same_v<T, VkResult>) return x >= 0 || outputs_on_error;
    return true;
  }
};

}  // namespace reprise

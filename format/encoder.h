// Encoder: writes a call's arguments as bytes; the mirror of Decoder.
//
// The bytes go to memory that the caller owns: the application's lane, where running out of room sets overflowed() and
// the caller starts again into a GrowingBuffer. Reads the application's structs in place and changes nothing.
// One thread's, on the stack; nothing throws. Layout: FORMAT.md, section "Arguments".
#pragma once

#include <cstring>
#include <vector>

#include "format/arguments.h"
#include "format/record.h"
#include "format/visit.h"

namespace reprise {

// Where byte ranges of kBulkThreshold and more, and structs that the registry lacks, are told to.
struct EncoderSink {
  void* self = nullptr;
  void (*bulk)(void* self, const void* data, size_t size) = nullptr;  // null: the range stays in the arguments
  void (*unknownStruct)(void* self, VkStructureType type) = nullptr;
};

// Memory that an Encoder may enlarge.
class GrowingBuffer {
 public:
  GrowingBuffer() = default;
  GrowingBuffer(const GrowingBuffer&) = delete;
  GrowingBuffer& operator=(const GrowingBuffer&) = delete;
  ~GrowingBuffer() { std::free(data_); }
  std::byte* data() const { return data_; }
  size_t capacity() const { return capacity_; }
  bool grow(size_t needed);

 private:
  std::byte* data_ = nullptr;
  size_t capacity_ = 0;
};

class Encoder : public VisitorBase {
 public:
  enum class Phase { kInputs, kOutputs };

  // Into [begin, end): a byte range that belongs in bulk overflows, so that the caller takes the other constructor.
  Encoder(Phase phase, std::byte* begin, std::byte* end) : phase_(phase), begin_(begin), cursor_(begin), end_(end) {}
  // Into `buffer`, which grows.
  Encoder(Phase phase, GrowingBuffer& buffer, const EncoderSink& sink)
      : phase_(phase), begin_(buffer.data()), cursor_(begin_), end_(begin_ + buffer.capacity()), buffer_(&buffer),
        sink_(sink) {}

  bool overflowed() const { return overflowed_; }
  size_t size() const { return size_t(cursor_ - begin_); }
  std::span<const std::byte> bytes() const { return {begin_, size()}; }

  // ---- visitor
  void structure(VkStructureType, const char*, VkStructureType& type, void*& next) {
    if (in_node_) {
      in_node_ = false;
      return;
    }
    put(uint32_t(type));
    chain(next);
  }
  template <class T>
  void node(T& s) {
    if constexpr (kReturnedOnly<T> && !kHasOutputPointers<T>) {
      if (skeleton_) return;
    }
    in_node_ = true;
    visit(*this, s);
  }
  template <class T>
  void scalar(const Field&, const T& x) { put(x); }
  template <class T>
  void handle(const Field&, const T& h) { put(uint64_t(h)); }
  void objectHandle(const Field&, const uint64_t& h, VkObjectType) { put(h); }
  template <class T>
  void opaque(const Field&, const T& p) { put(uint64_t(p)); }
  template <class T>
  void fixed(const Field&, T* a, size_t n) { elements(a, n); }
  void text(const Field&, const char* a, size_t n) { characters(a, strnlen(a, n)); }
  template <class T>
  void record(const Field&, T& s) { visit(*this, s); }
  template <class T>
  void pointer(const Field&, T*& p) {
    if (present(p)) element(*p);
  }
  template <class T>
  void array(const Field& f, T*& p, size_t n) {
    if constexpr (std::is_arithmetic_v<T>)
      bytes(f, static_cast<void*>(p), n * sizeof(T));  // SPIR-V is an array of words
    else if (present(p))
      elements(p, n);
  }
  template <class T>
  void pointers(const Field& f, T**& p, size_t n) {
    if (!present(p)) return;
    for (size_t i = 0; i < n; ++i) pointer(f, p[i]);
  }
  template <class T, class Inner>
  void jagged(const Field& f, T**& p, size_t n, Inner inner) {
    if (!present(p)) return;
    for (size_t i = 0; i < n; ++i) array(f, p[i], inner(i));
  }
  void string(const Field&, const char* s) {
    if (s == nullptr) return put(kNullString);
    characters(s, std::strlen(s));
  }
  void wstring(const Field&, const uint16_t* s) {
    if (s == nullptr) return put(kNullString);
    uint32_t n = 0;
    while (s[n]) ++n;
    put(n);
    raw(s, n * sizeof *s);
  }
  void strings(const Field& f, const char* const* p, size_t n) {
    if (!present(p)) return;
    for (size_t i = 0; i < n; ++i) string(f, p[i]);
  }
  void bytes(const Field&, void* p, size_t n) {
    if (p == nullptr) return put(uint8_t(kNull));
    if (n >= kBulkThreshold && !buffer_) return void(overflowed_ = true);
    if (n < kBulkThreshold || sink_.bulk == nullptr) {
      put(uint8_t(kInline));
      return raw(p, n);
    }
    put(uint8_t(kBulk));
    put(bulk_count_++);
    sink_.bulk(sink_.self, p, n);
  }
  template <class T>
  void bytes(const Field& f, T* p, size_t n) { bytes(f, static_cast<void*>(p), n); }
  // In the place of a pointer, or of a value of `size` bytes: zeros.
  void ignored(const Field&, size_t size = 1) {
    static_assert(kNull == 0);
    constexpr uint64_t kZeros = 0;
    raw(&kZeros, std::min(size, sizeof kZeros));
  }
  template <class T>
  void outPointer(const Field&, T*& p) {
    if (phase_ == Phase::kOutputs) {
      if (present(p)) element(*p);
    } else if (present(p)) {
      skeleton(p, 1);
    }
  }
  template <class T>
  void outArray(const Field& f, T*& p, size_t n) {
    if (phase_ == Phase::kOutputs) {
      array(f, p, n);
    } else if (present(p)) {
      skeleton(p, n);
    }
  }
  void outBytes(const Field& f, void* p, size_t n) {
    if (phase_ == Phase::kOutputs) return bytes(f, p, n);
    present(p);
  }
  // At input time the count means something only when the array that it bounds is there.
  template <class T>
  void countPointer(const Field&, T* p, bool used) {
    if (p == nullptr) return put(uint8_t(kNull));
    const bool valued = phase_ == Phase::kOutputs || used;
    put(uint8_t(valued ? kInline : kWithoutValue));
    if (valued) put(*p);
  }

 protected:
  Phase phase() const { return phase_; }
  template <class T>
  void put(const T& x) { raw(&x, sizeof x); }

 private:
  void raw(const void* p, size_t n) {
    if (size_t(end_ - cursor_) < n && !makeRoom(n)) return;
    std::memcpy(cursor_, p, n);
    cursor_ += n;
  }
  void characters(const char* s, size_t n) {
    put(uint32_t(n));
    raw(s, n);
  }
  bool present(const void* p) {
    put(uint8_t(p ? kInline : kNull));
    return p != nullptr;
  }
  template <class T>
  void element(T& x) {
    if constexpr (std::is_pointer_v<T>)
      put(uint64_t(x));
    else if constexpr (std::is_class_v<T> || std::is_union_v<T>)
      visit(*this, x);
    else
      put(x);
  }
  template <class T>
  void elements(T* p, size_t n) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_pointer_v<T>) {
      static_assert(!std::is_pointer_v<T> || sizeof(T) == 8);
      raw(p, n * sizeof(T));
    } else if constexpr (kPacked<T>) {
      raw(p, n * sizeof(T));
    } else {
      for (size_t i = 0; i < n; ++i) element(p[i]);
    }
  }
  // What is known of an output before the call: its chain, and what the application put into it as capacity.
  template <class T>
  void skeleton(T* p, size_t n) {
    if constexpr (std::is_class_v<T>) {
      const bool outer = skeleton_;
      skeleton_ = true;
      for (size_t i = 0; i < n; ++i) {
        if constexpr (!kReturnedOnly<T> || kHasOutputPointers<T>)
          visit(*this, p[i]);
        else if constexpr (kStructureType<T> != VK_STRUCTURE_TYPE_MAX_ENUM)
          structure(kStructureType<T>, "", p[i].sType, chainRef(p[i].pNext));
      }
      skeleton_ = outer;
    }
  }
  void chain(void* next);
  bool makeRoom(size_t n);

  Phase phase_;
  bool overflowed_ = false;
  bool in_node_ = false;
  bool skeleton_ = false;
  uint32_t bulk_count_ = 0;
  std::byte* begin_;
  std::byte* cursor_;
  std::byte* end_;
  GrowingBuffer* buffer_ = nullptr;
  EncoderSink sink_;
};

// The two halves of a call, as visit(v, packet) wants them.
class InputEncoder : public Encoder {
 public:
  static constexpr bool kIn = true;
  template <class... A>
  explicit InputEncoder(A&&... a) : Encoder(Phase::kInputs, std::forward<A>(a)...) {}
  template <class T>
  bool result(const Field&, const T&, bool) { return true; }
};
class OutputEncoder : public Encoder {
 public:
  static constexpr bool kIn = false;
  template <class... A>
  explicit OutputEncoder(A&&... a) : Encoder(Phase::kOutputs, std::forward<A>(a)...) {}
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

// Whole halves as bytes, for comparison and tests: nothing goes to bulk.
template <class C>
void encodeInputs(const C& call, std::vector<std::byte>& out) {
  GrowingBuffer buffer;
  InputEncoder encoder(buffer, EncoderSink{});
  visit(encoder, const_cast<C&>(call));
  out.assign(encoder.bytes().begin(), encoder.bytes().end());
}
template <class C>
void encodeOutputs(const C& call, std::vector<std::byte>& out) {
  GrowingBuffer buffer;
  OutputEncoder encoder(buffer, EncoderSink{});
  visit(encoder, const_cast<C&>(call));
  out.assign(encoder.bytes().begin(), encoder.bytes().end());
}

}  // namespace reprise

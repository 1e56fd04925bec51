// Decoder: reads a call's arguments from bytes; the mirror of Encoder.
//
// The bytes are hostile: every length is checked against what remains, and nothing larger than they justify is
// allocated, but for outputs' room (bounded by kMaxOutputRoom, untouched until used). Decoded structs live in the Arena
// until its reset(); byte ranges that were bulk point into `bulks`. One thread's. Errors: ok(), error(), offset().
#pragma once

#include <cstring>
#include <string>

#include "format/arena.h"
#include "format/arguments.h"
#include "format/visit.h"

namespace reprise {

using Bulks = std::span<const std::span<const std::byte>>;

// What becomes of pNext nodes that the trace names but does not hold, or that this build does not know.
enum class Holes {
  kKeep,      // a HoleNode at its place, to be shown
  kLeaveOut,  // a chain that a driver may be given
};

// Asked for each pNext node, in order; false leaves it out. Only where holes are left out, too.
struct NodeFilter {
  bool (*keep)(void* self, VkStructureType type);
  void* self;
};

class Decoder : public VisitorBase {
 public:
  enum class Phase { kInputs, kOutputs };
  static constexpr bool kWrites = true;
  static constexpr bool kDecodes = true;
  static constexpr size_t kMaxOutputRoom = size_t{1} << 30;

  Decoder(Phase phase, std::span<const std::byte> bytes, Bulks bulks, Arena& arena, Holes holes = Holes::kKeep,
          const NodeFilter* filter = nullptr)
      : phase_(phase), holes_(holes), filter_(filter), begin_(bytes.data()), cursor_(begin_), end_(begin_ + bytes.size()), bulks_(bulks), arena_(arena) {}

  bool ok() const { return error_ == nullptr; }
  std::string complaint() const;  // what is wrong with the arguments, also that bytes are left over
  const char* error() const { return error_; }
  size_t offset() const { return size_t(cursor_ - begin_); }  // of the error, in the arguments
  size_t remaining() const { return size_t(end_ - cursor_); }

  // ---- visitor
  void structure(VkStructureType, const char*, VkStructureType& type, void*& next) {
    if (in_node_) {
      in_node_ = false;
      return;
    }
    take(type);
    next = chain();
  }
  template <class T>
  void node(T& s) {
    if constexpr (kReturnedOnly<T> && !kHasOutputPointers<T>) {
      if (skeleton_) return;
    }
    in_node_ = true;
    visitStruct(s);
  }
  template <class T>
  void scalar(const Field&, T& x) { take(x); }
  template <class T>
  void handle(const Field&, T& h) { takePointer(h); }
  void objectHandle(const Field&, uint64_t& h, VkObjectType) { take(h); }
  template <class T>
  void opaque(const Field&, T& p) { takePointer(p); }
  template <class T>
  void fixed(const Field&, T* a, size_t n) { elements(a, n); }
  void text(const Field&, char* a, size_t n) {
    uint32_t length = 0;
    take(length);
    if (length >= n && !(length == n)) return fail("a text is longer than its member");
    const std::byte* p = raw(length);
    if (p != nullptr) std::memcpy(a, p, length);
    if (length < n) a[length] = 0;
  }
  template <class T>
  void record(const Field&, T& s) { visitStruct(s); }
  template <class T>
  void pointer(const Field&, T*& p) {
    if (present(p) && allocate(p, 1, true)) element(*p);
  }
  template <class T>
  void array(const Field& f, T*& p, size_t n) {
    if constexpr (std::is_arithmetic_v<T>) {
      void* data = nullptr;
      if (n > SIZE_MAX / sizeof(T)) return fail("an array is longer than the arguments that remain");
      bytes(f, data, n * sizeof(T));
      p = static_cast<T*>(data);
    } else if (present(p) && allocate(p, n, true)) {
      elements(p, n);
    }
  }
  template <class T>
  void pointers(const Field& f, T**& p, size_t n) {
    if (!present(p) || !allocate(p, n, true)) return;
    for (size_t i = 0; i < n && ok(); ++i) pointer(f, p[i]);
  }
  template <class T, class Inner>
  void jagged(const Field& f, T**& p, size_t n, Inner inner) {
    if (!present(p) || !allocate(p, n, true)) return;
    for (size_t i = 0; i < n && ok(); ++i) array(f, p[i], inner(i));
  }
  void string(const Field&, const char*& s);
  void wstring(const Field&, const uint16_t*& s);
  void strings(const Field& f, const char* const*& p, size_t n) {
    char** list = nullptr;
    if (present(list) && allocate(list, n, true))
      for (size_t i = 0; i < n && ok(); ++i) string(f, const_cast<const char*&>(list[i]));
    p = list;
  }
  void bytes(const Field&, void*& p, size_t n);
  void ignored(const Field&, size_t = 0) {}  // never: conditions are not asked while decoding
  template <class T>
  void outPointer(const Field& f, T*& p) {
    if (phase_ == Phase::kOutputs) return pointer(f, p);
    if (present(p) && allocate(p, 1, false)) skeleton(p, 1);
  }
  template <class T>
  void outArray(const Field& f, T*& p, size_t n) {
    if (phase_ == Phase::kOutputs) return array(f, p, n);
    if (present(p) && allocate(p, n, false)) skeleton(p, n);
  }
  void outBytes(const Field& f, void*& p, size_t n) {
    if (phase_ == Phase::kOutputs) return bytes(f, p, n);
    auto* room = static_cast<std::byte*>(p);
    if (present(room)) allocate(room, n, false);
    p = room;
  }
  template <class T>
  void countPointer(const Field&, T*& p, bool) {
    uint8_t presence = kNull;
    take(presence);
    p = nullptr;
    if (presence == kBulk || presence > kWithoutValue) fail("a count is neither null nor there");
    if (ok() && presence != kNull && allocate(p, 1, false) && presence == kInline) take(*p);
  }

 protected:
  template <class T>
  void take(T& x) {
    const std::byte* p = raw(sizeof x);
    if (p != nullptr) std::memcpy(static_cast<void*>(&x), p, sizeof x);
  }
  template <class T>
  void takePointer(T& x) {
    uint64_t value = 0;
    take(value);
    x = (T)value;  // handles and foreign pointers alike: only the value counts
  }

 private:
  void fail(const char* why) {
    if (error_ == nullptr) error_ = why;
    end_ = cursor_;
  }
  const std::byte* raw(size_t n) {
    if (n > remaining()) [[unlikely]] {  // after an error nothing remains
      fail("the arguments end within a value");
      return nullptr;
    }
    const std::byte* p = cursor_;
    cursor_ += n;
    return p;
  }
  template <class T>
  bool present(T*& p) {
    uint8_t presence = kNull;
    take(presence);
    p = nullptr;
    if (presence > kInline) fail("a pointer is neither null nor there");
    return presence == kInline && ok();
  }
  // `stored`: the file holds the elements, at least a byte each; else only the room for outputs is wanted.
  template <class T>
  bool allocate(T*& p, size_t n, bool stored) {
    if (stored ? n > remaining() + 1 : n > kMaxOutputRoom / sizeof(T)) {
      fail(stored ? "an array is longer than the arguments that remain" : "an output array is larger than 1 GiB");
      return false;
    }
    if (!stored && (room_ += n * sizeof(T)) > kMaxOutputRoom) {
      fail("the outputs of one call are larger than 1 GiB");
      return false;
    }
    p = arena_.allocateArray<T>(n ? n : 1);
    if (p == nullptr) fail("out of memory");
    return p != nullptr;
  }
  template <class T>
  void visitStruct(T& s) {
    if (++depth_ > kMaxDepth)
      fail("structs are nested too deeply");
    else if (ok())
      visit(*this, s);
    --depth_;
  }
  template <class T>
  void element(T& x) {
    if constexpr (std::is_pointer_v<T>)
      takePointer(x);
    else if constexpr (std::is_class_v<T> || std::is_union_v<T>)
      visitStruct(x);
    else
      take(x);
  }
  template <class T>
  void elements(T* p, size_t n) {
    if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_pointer_v<T> || kPacked<T>) {
      if (n > remaining() / sizeof(T)) return fail("an array is longer than the arguments that remain");
      const std::byte* from = raw(n * sizeof(T));
      if (from != nullptr && n) std::memcpy(static_cast<void*>(p), from, n * sizeof(T));
    } else {
      for (size_t i = 0; i < n && ok(); ++i) element(p[i]);
    }
  }
  template <class T>
  void skeleton(T* p, size_t n) {
    if constexpr (std::is_class_v<T>) {
      const bool outer = skeleton_;
      skeleton_ = true;
      for (size_t i = 0; i < n && ok(); ++i) {
        if constexpr (!kReturnedOnly<T> || kHasOutputPointers<T>)
          visitStruct(p[i]);
        else if constexpr (kStructureType<T> != VK_STRUCTURE_TYPE_MAX_ENUM)
          structure(kStructureType<T>, "", p[i].sType, chainRef(p[i].pNext));
      }
      skeleton_ = outer;
    }
  }
  void* chain();

  Phase phase_;
  const Holes holes_;
  const NodeFilter* const filter_;
  bool in_node_ = false;
  bool skeleton_ = false;
  int depth_ = 0;
  size_t room_ = 0;
  const char* error_ = nullptr;
  const std::byte* begin_;
  const std::byte* cursor_;
  const std::byte* end_;
  Bulks bulks_;
  Arena& arena_;
};

class InputDecoder : public Decoder {
 public:
  static constexpr bool kIn = true;
  InputDecoder(std::span<const std::byte> bytes, Bulks bulks, Arena& arena, Holes holes = Holes::kKeep,
               const NodeFilter* filter = nullptr)
      : Decoder(Phase::kInputs, bytes, bulks, arena, holes, filter) {}
  template <class T>
  bool result(const Field&, T&, bool) { return true; }
};
class OutputDecoder : public Decoder {
 public:
  static constexpr bool kIn = false;
  OutputDecoder(std::span<const std::byte> bytes, Bulks bulks, Arena& arena, Holes holes = Holes::kKeep)
      : Decoder(Phase::kOutputs, bytes, bulks, arena, holes) {}
  template <class T>
  bool result(const Field&, T& x, bool outputs_on_error) {
    if constexpr (std::is_pointer_v<T>)
      takePointer(x);
    else
      take(x);
    if constexpr (std::is_same_v<T, VkResult>) return x >= 0 || outputs_on_error;
    return true;
  }
};

template <class D, class C>
bool decodeHalf(D&& decoder, C& call, std::string* error) {
  visit(decoder, call);
  if (decoder.ok() && decoder.remaining() == 0) [[likely]]
    return true;
  if (error) *error = decoder.complaint();
  return false;
}

// Inputs: outputs get room and the chains that the application gave them, zeroed.
template <class C>
bool decodeInputs(std::span<const std::byte> bytes, Bulks bulks, Arena& arena, C& call, std::string* error = nullptr,
                  Holes holes = Holes::kKeep, const NodeFilter* filter = nullptr) {
  return decodeHalf(InputDecoder(bytes, bulks, arena, holes, filter), call, error);
}
// Outputs, into `call` as decodeInputs left it or a copy: what the call wrote is allocated anew, inputs stay shared.
template <class C>
bool decodeOutputs(std::span<const std::byte> bytes, Bulks bulks, Arena& arena, C& call, std::string* error = nullptr,
                   Holes holes = Holes::kKeep) {
  return decodeHalf(OutputDecoder(bytes, bulks, arena, holes), call, error);
}

}  // namespace reprise

// Filler: makes a random, deep instance of any struct or call, chains from the registry's structextends included.
#pragma once

#include <random>

#include "format/arena.h"
#include "format/arguments.h"
#include "format/visit.h"

namespace reprise {

class Filler : public VisitorBase {
 public:
  static constexpr bool kWrites = true;
  static constexpr bool kDecodes = true;  // conditions may name members that come later: fill everything

  Filler(uint64_t seed, Arena& arena) : random_(seed), arena_(arena) {}

  void structure(VkStructureType expected, const char* name, VkStructureType& type, void*& next) {
    if (in_node_) {
      in_node_ = false;
      return;
    }
    type = expected;
    next = chain(name);
  }
  template <class T>
  void node(T& s) {
    in_node_ = true;
    visit(*this, s);
  }
  template <class T>
  void scalar(const Field& f, T& x) { x = T(number(f)); }
  template <class T>
  void handle(const Field&, T& h) { h = (T)bits(); }
  void objectHandle(const Field&, uint64_t& h, VkObjectType) { h = bits(); }
  template <class T>
  void opaque(const Field&, T& p) { p = (T)bits(); }
  template <class T>
  void fixed(const Field& f, T* a, size_t n) { elements(f, a, n); }
  void text(const Field&, char* a, size_t n) {
    for (size_t i = 0, length = below(n); i < length; ++i) a[i] = char('a' + below(26));
  }
  template <class T>
  void record(const Field&, T& s) { visit(*this, s); }
  template <class T>
  void pointer(const Field& f, T*& p) { array(f, p, 1); }
  template <class T>
  void array(const Field& f, T*& p, size_t n) {
    if (!present()) return void(p = nullptr);
    p = arena_.allocateArray<T>(n + 1);
    ++depth_;
    elements(f, p, n);
    --depth_;
  }
  template <class T>
  void pointers(const Field& f, T**& p, size_t n) {
    p = present() ? arena_.allocateArray<T*>(n + 1) : nullptr;
    for (size_t i = 0; p && i < n; ++i) pointer(f, p[i]);
  }
  template <class T, class Inner>
  void jagged(const Field& f, T**& p, size_t n, Inner inner) {
    p = present() ? arena_.allocateArray<T*>(n + 1) : nullptr;
    for (size_t i = 0; p && i < n; ++i) array(f, p[i], inner(i));
  }
  void string(const Field&, const char*& s) {
    if (!present()) return void(s = nullptr);
    char* made = arena_.allocateArray<char>(41);
    for (size_t i = 0, n = below(40); i < n; ++i) made[i] = char(1 + below(255));
    s = made;
  }
  void wstring(const Field&, const uint16_t*& s) {
    auto* made = arena_.allocateArray<uint16_t>(9);
    for (size_t i = 0, n = below(8); i < n; ++i) made[i] = uint16_t(1 + below(65535));
    s = present() ? made : nullptr;
  }
  void strings(const Field& f, const char* const*& p, size_t n) {
    auto** list = arena_.allocateArray<const char*>(n + 1);
    for (size_t i = 0; i < n; ++i) string(f, list[i]);
    p = present() ? list : nullptr;
  }
  void bytes(const Field&, void*& p, size_t n) {
    auto* made = arena_.allocateArray<uint8_t>(n + 1);
    for (size_t i = 0; i < n; ++i) made[i] = uint8_t(bits());
    p = present() ? made : nullptr;
  }
  void bytes(const Field& f, const void*& p, size_t n) { bytes(f, const_cast<void*&>(p), n); }
  void ignored(const Field&, size_t = 0) {}
  template <class T>
  void outPointer(const Field& f, T*& p) { pointer(f, p); }
  template <class T>
  void outArray(const Field& f, T*& p, size_t n) { array(f, p, n); }
  void outBytes(const Field& f, void*& p, size_t n) { bytes(f, p, n); }
  template <class T>
  void countPointer(const Field&, T*& p, bool) {
    p = arena_.allocateArray<T>(1);
    *p = T(below(4));
  }
  template <class T>
  bool result(const Field&, T& x, bool) {
    if constexpr (std::is_same_v<T, VkResult>) {
      constexpr VkResult kSome[] = {VK_SUCCESS, VK_INCOMPLETE, VK_ERROR_OUT_OF_DEVICE_MEMORY, VK_NOT_READY};
      x = kSome[below(std::size(kSome))];
    } else {
      x = (T)bits();
    }
    return true;
  }

 private:
  uint64_t bits() { return random_(); }
  size_t below(size_t n) { return n ? random_() % n : 0; }
  bool present() { return depth_ < 5 && below(8) != 0; }

  // Counts are small, so that arrays are; enums and masks mostly have values that the registry names.
  uint64_t number(const Field& f) {
    const std::string_view name = f.name;
    for (std::string_view end : {"Count", "Size", "size", "count", "num_ref_frames_in_pic_order_cnt_cycle"})
      if (name.ends_with(end)) return below(4) * (name == "codeSize" ? 4 : 1);
    // A single bit is an enum; a mask of them may have any bits.
    const bool one = f.kind == Field::kEnum || std::string_view(f.type).find("FlagBits") != std::string_view::npos;
    if (one && f.names && below(8)) return f.names->values[below(f.names->values.size())].value;
    if (one) return below(1000);
    if (f.kind == Field::kFloat) return below(1000);
    return bits();
  }
  template <class T>
  void elements(const Field& f, T* p, size_t n) {
    for (size_t i = 0; i < n; ++i) {
      if constexpr (std::is_class_v<T> || std::is_union_v<T>)
        visit(*this, p[i]);
      else if constexpr (std::is_pointer_v<T>)
        p[i] = (T)bits();
      else
        p[i] = T(number(f));
    }
  }
  void* chain(const char* name);

  std::mt19937_64 random_;
  Arena& arena_;
  int depth_ = 0;
  bool in_node_ = false;
};

class InputFiller : public Filler {
 public:
  using Filler::Filler;
  static constexpr bool kIn = true;
};

}  // namespace reprise

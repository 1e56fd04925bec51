// Which object of one trace is which of the other: two are one once calls that match named them at the same
// place.
//
// So an additional image in one trace shifts no number of the others, and a changed member of its making does
// not make every use of it a difference. Once matched, objects stay so. Plain tables, eight bytes an object;
// the handles are packed() ones. One thread's.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "tools/diff/side.h"

namespace reprise {

class DiffObjects {
 public:
  // Matched with each other, or neither with any.
  bool mayBeSame(uint64_t a, uint64_t b) const {
    if (kindOf(a) != kindOf(b)) return false;
    if (numberOf(a) == 0 || numberOf(b) == 0) return numberOf(a) == numberOf(b);
    const uint32_t partner = lookUp(to_b_, a);
    return partner ? partner == numberOf(b) : lookUp(to_a_, b) == 0;
  }
  bool areSame(uint64_t a, uint64_t b) const {
    return mayBeSame(a, b) && (numberOf(a) == 0 || lookUp(to_b_, a) != 0);
  }

  // The object of B that is this one of A, or 0.
  uint64_t partner(uint64_t a) const {
    const uint64_t number = numberOf(a) ? lookUp(to_b_, a) : 0;
    return number ? uint64_t(kindOf(a)) << 56 | number : 0;
  }

  void match(uint64_t a, uint64_t b) {
    if (numberOf(a) == 0 || numberOf(b) == 0 || !mayBeSame(a, b)) return;
    place(to_b_, a) = static_cast<uint32_t>(numberOf(b));
    place(to_a_, b) = static_cast<uint32_t>(numberOf(a));
  }
  // Of two calls that match: what stands at the same place. Of variants: the n-th of a kind, if both have as
  // many of it.
  void match(std::span<const uint64_t> a, std::span<const uint64_t> b);

 private:
  using Table =
      std::array<std::vector<uint32_t>, kHandleKindCount + 1>;  // by kind, then by number - 1; 0: none

  static uint32_t lookUp(const Table& table, uint64_t handle) {
    const auto& of_kind = table[size_t(kindOf(handle))];
    return numberOf(handle) <= of_kind.size() ? of_kind[numberOf(handle) - 1] : 0;
  }
  static uint32_t& place(Table& table, uint64_t handle) {
    auto& of_kind = table[size_t(kindOf(handle))];
    if (of_kind.size() < numberOf(handle)) of_kind.resize(numberOf(handle));
    return of_kind[numberOf(handle) - 1];
  }
  Table to_b_, to_a_;
};

}  // namespace reprise

// Two lanes side by side: which item of one is which of the other, and what is left over.
//
// step() goes through items that are equal; where two are not, it looks for the place from which they are
// again:
//   1. the fewest calls to leave out on either side or to take for variants of each other (same command), up
//   to
//      kMostEdits, until kSync items more than these are equal: greedy search by furthest diagonals (Myers
//      1986, with the replacements of Landau and Vishkin 1989); or, of so many edits, the path on which at
//      least as much is equal;
//   2. the nearest place where kSync items in a row are equal, in windows that grow to kWidest items;
//   3. the path of 1. again, if it is nearly all variants;
//   4. the start of the next frame, in both: the lanes diverge until there.
// So memory and time are bounded however different the lanes are. Equal: the same hash, and handles that may
// mean the same objects (DiffObjects), which step() then matches. References are kept. One thread's. No
// errors.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tools/diff/objects.h"
#include "tools/diff/side.h"

namespace reprise {

struct Edit {
  enum Kind : uint8_t { kChanged, kOnlyA, kOnlyB, kDiverged };
  Kind kind = kChanged;
  bool at_end = false;    // kOnlyA, kOnlyB: the other lane has ended
  uint64_t a = 0, b = 0;  // the first items, or where they would be
  uint64_t a_count = 0, b_count = 0;
};

// What both traces' lanes are compared with.
struct DiffContext {
  const DiffSide& a;
  const DiffSide& b;
  DiffObjects& objects;
  std::vector<uint32_t> command_of_b;  // the number in `a` of a command of `b`; UINT32_MAX: `a` has none
};
DiffContext makeContext(const DiffSide& a, const DiffSide& b, DiffObjects& objects);

class LaneAligner {
 public:
  static constexpr size_t kSync = 16;
  static constexpr size_t kMostEdits = 192;
  static constexpr uint64_t kWidest = 1 << 18;

  // Either lane may be null: then all of the other is left over.
  LaneAligner(DiffContext& context, const DiffLane* a, const DiffLane* b)
      : context_(context), a_(a), b_(b), a_size_(a ? a->items.size() : 0), b_size_(b ? b->items.size() : 0) {}

  bool done() const { return at_a_ == a_size_ && at_b_ == b_size_; }
  // In the order of `a`'s trace; behind its end: UINT64_MAX.
  uint64_t position() const { return at_a_ < a_size_ ? itemA(at_a_).position : UINT64_MAX; }
  // One pair of equal items, or all that is up to the next equal ones: then appends to `edits`.
  void step(std::vector<Edit>& edits);

  const DiffLane* a() const { return a_; }
  const DiffLane* b() const { return b_; }
  const DiffItem& itemA(uint64_t index) const { return context_.a.store().at(a_->items, index); }
  const DiffItem& itemB(uint64_t index) const { return context_.b.store().at(b_->items, index); }

 private:
  enum class Step : uint8_t { kMatch, kChange, kSkipA, kSkipB };
  using Script = std::vector<Step>;
  class Search;
  struct Region {  // of the search: items before these ends; `whole`: up to both ends, else up to a sync
    uint64_t a_end, b_end;
    bool whole;
  };

  bool mayMatch(uint64_t a, uint64_t b) const;
  bool sameHash(uint64_t a, uint64_t b) const { return itemA(a).hash == itemB(b).hash; }
  bool areVariants(uint64_t a, uint64_t b) const {
    return itemA(a).command == context_.command_of_b[itemB(b).command];
  }
  void resync(std::vector<Edit>& edits);
  int mostEdits() const { return int(kMostEdits >> std::min(fruitless_, 3u)); }
  void follow(const Script& script, std::vector<Edit>& edits);
  bool findRun(uint64_t& a, uint64_t& b) const;
  bool followTo(uint64_t a, uint64_t b, std::vector<Edit>& edits);
  void fillGap(uint64_t a, uint64_t b, std::vector<Edit>& edits);
  void diverge(std::vector<Edit>& edits);
  void match(std::vector<Edit>& edits);
  void add(std::vector<Edit>& edits, Edit::Kind kind, uint64_t a_count, uint64_t b_count);

  DiffContext& context_;
  const DiffLane* a_;
  const DiffLane* b_;
  const uint64_t a_size_, b_size_;
  uint64_t at_a_ = 0, at_b_ = 0;
  uint32_t fruitless_ = 0;  // searches in a row that found nothing: the next ones are shorter
};

}  // namespace reprise

// Compares two traces that were read: which lane goes with which, and where they differ.
//
// Threads are paired by name, those of one name by how long they begin alike, else by the order in which they
// first call (where there are hundreds of them, by that alone); the changes of an allocation with those of
// its partner. The lanes are gone through in the order of trace A, so that objects are matched where they are
// made before calls of other threads use them. Counts all differences, keeps the `most` first ones. One
// thread's. No errors.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "tools/diff/align.h"

namespace reprise {

struct Difference {
  size_t pair = 0;  // of lanes
  Edit edit;
};

struct DiffCounts {
  uint64_t equal = 0, changed = 0, only_a = 0, only_b = 0;
  // What one trace has beyond the other's end, where that was to be no difference.
  uint64_t beyond_a = 0, beyond_b = 0;
  bool same() const { return changed + only_a + only_b == 0; }
};

class DiffComparison {
 public:
  // `prefix`: what lies beyond the other's end is no difference. The sides must outlive it.
  DiffComparison(const DiffSide& a, const DiffSide& b, bool prefix, size_t most);
  void run();

  const DiffCounts& counts() const { return counts_; }
  // By place in trace A; what only B has stands where it would be.
  std::vector<Difference> differences() const;
  const LaneAligner& pair(size_t index) const { return *pairs_[index]; }
  size_t pairCount() const { return pairs_.size(); }
  const DiffObjects& objects() const { return objects_; }

 private:
  void addPair(const DiffLane* a, const DiffLane* b);
  const DiffLane* takeMemoryOf(const DiffLane& a);
  void align(size_t pair, uint64_t until);
  void take(size_t pair, const Edit& edit);
  bool isBeyondEnd(size_t pair, const Edit& edit) const;

  const DiffSide& a_;
  const DiffSide& b_;
  const bool prefix_;
  const size_t most_;
  DiffObjects objects_;
  DiffContext context_;
  std::vector<std::unique_ptr<LaneAligner>> pairs_;
  std::map<uint64_t, const DiffLane*> memory_of_b_;  // lanes without a partner so far, by allocation
  DiffCounts counts_;
  std::multimap<uint64_t, Difference> kept_;  // by position in A
};

// For each lane of `a` the index of its partner in `b`, or SIZE_MAX; lanes of threads only.
std::vector<size_t> pairedLanes(const DiffSide& a, const DiffSide& b);

}  // namespace reprise

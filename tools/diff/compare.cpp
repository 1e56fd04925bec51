#include "tools/diff/compare.h"

#include <algorithm>
#include <functional>
#include <map>
#include <queue>
#include <string_view>
#include <tuple>

namespace reprise {
namespace {

constexpr uint64_t kSlack = 3;               // frames by which threads may be ahead of each other at the end
constexpr uint64_t kCompared = 256;          // items at the start of two threads of one name
constexpr size_t kMostCandidates = 1 << 16;  // pairs of threads that are looked at that closely

// Thread names often end in a number that means nothing: "worker-17", "app:disk$0".
std::string withoutDigits(std::string_view name) {
  std::string out;
  for (const char c : name)
    if (c < '0' || c > '9') out += c;
  return out;
}

uint64_t commonStart(const DiffSide& a, const DiffLane& in_a, const DiffSide& b, const DiffLane& in_b) {
  const uint64_t most = std::min({kCompared, in_a.items.size(), in_b.items.size()});
  uint64_t n = 0;
  while (n < most && a.store().at(in_a.items, n).hash == b.store().at(in_b.items, n).hash) ++n;
  return n;
}

std::vector<size_t> threadsOf(const DiffSide& side) {
  std::vector<size_t> found;
  for (size_t i = 0; i < side.lanes().size(); ++i)
    if (side.lanes()[i].memory == 0) found.push_back(i);
  return found;
}

struct Candidate {
  int name;        // 2: the same, 1: but for digits
  uint64_t start;  // items that are equal at the start
  size_t a, b;

  // Best first.
  auto rank() const { return std::make_tuple(-name, -int64_t(start), a > b ? a - b : b - a, a, b); }
};

// The n-th thread of a name with the n-th: of so many, not each can be held against each.
std::vector<size_t> pairedByTurn(const DiffSide& a, const DiffSide& b) {
  std::map<std::string_view, std::queue<size_t>> left;
  for (const size_t j : threadsOf(b)) left[b.lanes()[j].name].push(j);
  std::vector<size_t> of_a(a.lanes().size(), SIZE_MAX);
  for (const size_t i : threadsOf(a)) {
    const auto alike = left.find(a.lanes()[i].name);
    if (alike == left.end() || alike->second.empty()) continue;
    of_a[i] = alike->second.front();
    alike->second.pop();
  }
  return of_a;
}

}  // namespace

std::vector<size_t> pairedLanes(const DiffSide& a, const DiffSide& b) {
  const std::vector<size_t> of_threads_a = threadsOf(a), of_threads_b = threadsOf(b);
  if (of_threads_a.size() * of_threads_b.size() > kMostCandidates) return pairedByTurn(a, b);
  std::vector<Candidate> candidates;
  for (const size_t i : of_threads_a) {
    for (const size_t j : of_threads_b) {
      const DiffLane& in_a = a.lanes()[i];
      const DiffLane& in_b = b.lanes()[j];
      const bool alike = in_a.name == in_b.name;
      const int name = alike ? 2 : withoutDigits(in_a.name) == withoutDigits(in_b.name);
      candidates.push_back({name, commonStart(a, in_a, b, in_b), i, j});
    }
  }
  std::sort(candidates.begin(), candidates.end(), [](auto& x, auto& y) { return x.rank() < y.rank(); });
  std::vector<size_t> of_a(a.lanes().size(), SIZE_MAX);
  std::vector<bool> taken(b.lanes().size());
  for (const bool last_resort : {false, true}) {  // strangers only where nothing better is left
    for (const Candidate& candidate : candidates) {
      if (of_a[candidate.a] != SIZE_MAX || taken[candidate.b]) continue;
      if (!last_resort && candidate.name == 0 && candidate.start == 0) continue;
      of_a[candidate.a] = candidate.b;
      taken[candidate.b] = true;
    }
  }
  return of_a;
}

DiffComparison::DiffComparison(const DiffSide& a, const DiffSide& b, bool prefix, size_t most)
    : a_(a), b_(b), prefix_(prefix), most_(most), context_(makeContext(a, b, objects_)) {
  const std::vector<size_t> partners = pairedLanes(a_, b_);
  std::vector<bool> taken(b_.lanes().size());
  for (size_t i = 0; i < partners.size(); ++i) {
    const bool has_partner = partners[i] != SIZE_MAX;
    if (has_partner) taken[partners[i]] = true;
    addPair(&a_.lanes()[i], has_partner ? &b_.lanes()[partners[i]] : nullptr);
  }
  for (size_t j = 0; j < taken.size(); ++j) {
    const DiffLane& lane = b_.lanes()[j];
    if (lane.memory != 0) {
      memory_of_b_.emplace(lane.memory, &lane);
    } else if (!taken[j]) {
      addPair(nullptr, &lane);
    }
  }
}

void DiffComparison::addPair(const DiffLane* a, const DiffLane* b) {
  pairs_.push_back(std::make_unique<LaneAligner>(context_, a, b));
}

// The changes of what the allocation is in B, now that the call that made it has been gone through.
const DiffLane* DiffComparison::takeMemoryOf(const DiffLane& a) {
  const uint64_t partner = numberOf(a.memory) ? objects_.partner(a.memory) : a.memory;
  const auto found = memory_of_b_.find(partner);
  if (found == memory_of_b_.end()) return nullptr;
  const DiffLane* lane = found->second;
  memory_of_b_.erase(found);
  return lane;
}

void DiffComparison::align(size_t pair, uint64_t until) {
  std::vector<Edit> edits;
  while (!pairs_[pair]->done() && pairs_[pair]->position() <= until) {
    edits.clear();
    pairs_[pair]->step(edits);
    for (const Edit& edit : edits) take(pair, edit);
  }
}

void DiffComparison::run() {
  using Next = std::pair<uint64_t, size_t>;  // position in A, pair
  std::priority_queue<Next, std::vector<Next>, std::greater<Next>> queue;
  for (size_t i = 0; i < pairs_.size(); ++i) queue.push({pairs_[i]->position(), i});
  std::vector<bool> met(pairs_.size());
  while (!queue.empty()) {
    const size_t index = queue.top().second;
    queue.pop();
    const DiffLane* of_a = pairs_[index]->a();
    if (!met[index] && of_a && of_a->memory != 0)
      pairs_[index] = std::make_unique<LaneAligner>(context_, of_a, takeMemoryOf(*of_a));
    met[index] = true;
    align(index, queue.empty() ? UINT64_MAX : queue.top().first);
    if (!pairs_[index]->done()) queue.push({pairs_[index]->position(), index});
  }
  for (const auto& [memory, lane] : memory_of_b_) {
    addPair(nullptr, lane);
    align(pairs_.size() - 1, UINT64_MAX);
  }
  counts_.equal = a_.items() - counts_.changed - counts_.only_a - counts_.beyond_a;
}

// The shorter trace may have been cut off within its last call. A thread that ended long before its trace was
// not.
bool DiffComparison::isBeyondEnd(size_t pair, const Edit& edit) const {
  if (!prefix_) return false;
  if (edit.at_end) {
    const uint64_t frame =
        edit.a_count > 0 ? pairs_[pair]->itemA(edit.a).frame : pairs_[pair]->itemB(edit.b).frame;
    const DiffSide& ended = edit.a_count > 0 ? b_ : a_;
    return frame + kSlack >= ended.summary().frames;
  }
  if (edit.kind != Edit::kChanged) return false;
  const LaneAligner& lanes = *pairs_[pair];
  return (edit.a + 1 == lanes.a()->items.size() && lanes.itemA(edit.a).unfinished) ||
         (edit.b + 1 == lanes.b()->items.size() && lanes.itemB(edit.b).unfinished);
}

void DiffComparison::take(size_t pair, const Edit& edit) {
  if (isBeyondEnd(pair, edit)) {
    counts_.beyond_a += edit.a_count;
    counts_.beyond_b += edit.b_count;
    return;
  }
  if (edit.kind == Edit::kChanged) {
    ++counts_.changed;
  } else {
    counts_.only_a += edit.a_count;
    counts_.only_b += edit.b_count;
  }
  const DiffLane* of_a = pairs_[pair]->a();
  const bool placed = of_a && edit.a < of_a->items.size();
  kept_.emplace(placed ? pairs_[pair]->itemA(edit.a).position : UINT64_MAX, Difference{pair, edit});
  if (kept_.size() > most_) kept_.erase(std::prev(kept_.end()));
}

std::vector<Difference> DiffComparison::differences() const {
  std::vector<Difference> found;
  for (const auto& [position, difference] : kept_) found.push_back(difference);
  return found;
}

}  // namespace reprise

#include "tools/diff/align.h"

#include <algorithm>
#include <unordered_map>

namespace reprise {
namespace {

// The furthest paths with so many edits, by diagonal (a - b).
class Front {
 public:
  struct Path {
    int64_t a = -1;       // items of A that it has passed; -1: no path
    int64_t matches = 0;  // of them
  };
  explicit Front(int edits) : edits_(edits), paths_(size_t(2 * edits + 1)) {}
  int edits() const { return edits_; }
  Path& at(int diagonal) { return paths_[size_t(diagonal + edits_)]; }
  Path at(int diagonal) const {
    return diagonal < -edits_ || diagonal > edits_ ? Path() : paths_[size_t(diagonal + edits_)];
  }

 private:
  int edits_;
  std::vector<Path> paths_;
};

// 0, -1, 1, -2, 2, ...: near diagonals first, so that of equally good paths the straightest is taken.
int nthDiagonal(int n) { return n % 2 ? -(n + 1) / 2 : n / 2; }

}  // namespace

DiffContext makeContext(const DiffSide& a, const DiffSide& b, DiffObjects& objects) {
  DiffContext context{a, b, objects, {}};
  for (const std::string& command : b.commands()) {
    const auto found = std::find(a.commands().begin(), a.commands().end(), command);
    context.command_of_b.push_back(found == a.commands().end() ? UINT32_MAX
                                                               : uint32_t(found - a.commands().begin()));
  }
  return context;
}

bool LaneAligner::mayMatch(uint64_t a, uint64_t b) const {
  if (!sameHash(a, b)) return false;
  const auto of_a = context_.a.store().handles(itemA(a));
  const auto of_b = context_.b.store().handles(itemB(b));
  return std::equal(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(),
                    [&](uint64_t x, uint64_t y) { return context_.objects.mayBeSame(x, y); });
}

void LaneAligner::step(std::vector<Edit>& edits) {
  if (at_a_ == a_size_ || at_b_ == b_size_) {
    const size_t first = edits.size();
    if (at_a_ < a_size_) add(edits, Edit::kOnlyA, a_size_ - at_a_, 0);
    if (at_b_ < b_size_) add(edits, Edit::kOnlyB, 0, b_size_ - at_b_);
    for (size_t i = first; i < edits.size(); ++i) edits[i].at_end = true;
  } else if (mayMatch(at_a_, at_b_)) {
    match(edits);
  } else {
    resync(edits);
  }
}

// Takes the next two items for one. What was not to be seen before objects were matched is a difference, too.
void LaneAligner::match(std::vector<Edit>& edits) {
  const auto of_a = context_.a.store().handles(itemA(at_a_));
  const auto of_b = context_.b.store().handles(itemB(at_b_));
  const bool equal = mayMatch(at_a_, at_b_);
  context_.objects.match(of_a, of_b);
  if (!equal || !mayMatch(at_a_, at_b_)) return add(edits, Edit::kChanged, 1, 1);
  context_.a.store().release(a_->items, ++at_a_);
  context_.b.store().release(b_->items, ++at_b_);
}

void LaneAligner::add(std::vector<Edit>& edits, Edit::Kind kind, uint64_t a_count, uint64_t b_count) {
  if (a_count + b_count == 0) return;
  const bool continues = !edits.empty() && kind != Edit::kChanged && edits.back().kind == kind &&
                         edits.back().a + edits.back().a_count == at_a_ &&
                         edits.back().b + edits.back().b_count == at_b_;
  if (!continues) edits.push_back({kind, false, at_a_, at_b_, 0, 0});
  edits.back().a_count += a_count;
  edits.back().b_count += b_count;
  at_a_ += a_count;
  at_b_ += b_count;
}

void LaneAligner::follow(const Script& script, std::vector<Edit>& edits) {
  for (const Step step : script) {
    if (step == Step::kSkipA) {
      add(edits, Edit::kOnlyA, 1, 0);
    } else if (step == Step::kSkipB) {
      add(edits, Edit::kOnlyB, 0, 1);
    } else {
      match(edits);
    }
  }
}

// The search for the fewest edits; small enough to be thrown away with all its fronts.
class LaneAligner::Search {
 public:
  Search(const LaneAligner& lanes, const Region& region)
      : lanes_(lanes),
        whole_(region.whole),
        a_left_(int64_t(region.a_end - lanes.at_a_)),
        b_left_(int64_t(region.b_end - lanes.at_b_)) {}

  // Whether a path with at most so many edits is found.
  bool run(int most) {
    for (int edits = 0; edits <= most; ++edits) {
      fronts_.emplace_back(edits);
      for (int n = 0; n <= 2 * edits; ++n) {
        found_ = nthDiagonal(n);
        if (advance(found_)) return true;
      }
    }
    return false;
  }

  // Where none was: the longest of them instead. Its diagonal; `matches` of it.
  int64_t takeLongest() {
    const Front& front = fronts_.back();
    int64_t longest = -1;
    for (int n = 0; n <= 2 * front.edits(); ++n) {
      const Front::Path path = front.at(nthDiagonal(n));
      const int64_t length = 2 * path.a - nthDiagonal(n);
      if (path.a < 0 || length <= longest) continue;
      longest = length;
      found_ = nthDiagonal(n);
    }
    return front.at(found_).matches;
  }
  int edits() const { return fronts_.back().edits(); }
  // What the path that was found leaves out on either side.
  size_t skipped() const {
    const Script steps = script();
    return size_t(std::count(steps.begin(), steps.end(), Step::kSkipA) +
                  std::count(steps.begin(), steps.end(), Step::kSkipB));
  }

  Script script() const {
    Script steps;
    int diagonal = found_;
    for (size_t edits = fronts_.size() - 1;; --edits) {
      Step by{};
      const int64_t from = edits == 0 ? 0 : before(edits, diagonal, by).a;
      steps.insert(steps.end(), size_t(fronts_[edits].at(diagonal).a - from), Step::kMatch);
      if (edits == 0) break;
      steps.push_back(by);
      diagonal += by == Step::kSkipA ? -1 : by == Step::kSkipB ? 1 : 0;
    }
    std::reverse(steps.begin(), steps.end());
    return steps;
  }

 private:
  // The furthest path on a diagonal right behind its last edit, which is `by`.
  Front::Path before(size_t edits, int diagonal, Step& by) const {
    const Front& front = fronts_[edits - 1];
    Front::Path best;
    const auto consider = [&](const Front::Path& from, int64_t a, Step step) {
      const int64_t b = a - diagonal;
      if (from.a < 0 || a <= best.a || a > a_left_ || b < 0 || b > b_left_) return;
      if (step == Step::kChange &&
          !lanes_.areVariants(lanes_.at_a_ + uint64_t(a) - 1, lanes_.at_b_ + uint64_t(b) - 1))
        return;
      best = {a, from.matches};
      by = step;
    };
    const Front::Path straight = front.at(diagonal), left = front.at(diagonal - 1),
                      right = front.at(diagonal + 1);
    consider(straight, straight.a + 1, Step::kChange);
    consider(left, left.a + 1, Step::kSkipA);
    consider(right, right.a, Step::kSkipB);
    return best;
  }

  // Follows the diagonal as far as items are equal. True: this is the path.
  bool advance(int diagonal) {
    const size_t edits = fronts_.size() - 1;
    Step by{};
    Front::Path path = edits == 0 ? Front::Path{0, 0} : before(edits, diagonal, by);
    if (path.a < 0) return false;
    const int64_t enough = int64_t(kSync + edits);
    int64_t b = path.a - diagonal;
    while (path.a < a_left_ && b < b_left_ && (whole_ || path.matches < enough) &&
           lanes_.mayMatch(lanes_.at_a_ + uint64_t(path.a), lanes_.at_b_ + uint64_t(b)))
      ++path.a, ++b, ++path.matches;
    fronts_.back().at(diagonal) = path;
    if (whole_) return path.a == a_left_ && b == b_left_;
    return path.a == a_left_ || b == b_left_ || path.matches >= enough;
  }

  const LaneAligner& lanes_;
  const bool whole_;
  const int64_t a_left_, b_left_;
  std::vector<Front> fronts_;
  int found_ = 0;  // the diagonal on which the path ends
};

void LaneAligner::resync(std::vector<Edit>& edits) {
  Search search(*this, {a_size_, b_size_, false});
  const bool found = search.run(mostEdits());
  // Where every few calls differ, half of them at most, there may be no better place to go on from.
  if (found || search.takeLongest() >= search.edits()) {
    fruitless_ = 0;
    return follow(search.script(), edits);
  }
  uint64_t a = at_a_, b = at_b_;
  if (findRun(a, b)) {
    fruitless_ = 0;
    return fillGap(a, b, edits);
  }
  // The same commands, though with other arguments.
  if (search.skipped() * 4 <= size_t(search.edits())) return follow(search.script(), edits);
  ++fruitless_;
  diverge(edits);
}

// All items up to there, if so few edits do.
bool LaneAligner::followTo(uint64_t a, uint64_t b, std::vector<Edit>& edits) {
  Search search(*this, {a, b, true});
  if (!search.run(mostEdits())) return false;
  follow(search.script(), edits);
  return true;
}

// The nearest places ahead from which kSync items are equal.
bool LaneAligner::findRun(uint64_t& a, uint64_t& b) const {
  const auto hashOfRun = [](auto&& item, uint64_t from) {
    uint64_t hash = 0;
    for (uint64_t i = from; i < from + kSync; ++i) hash = (hash ^ item(i).hash) * 0x9e3779b97f4a7c15ull;
    return hash;
  };
  const auto in_a = [this](uint64_t i) -> const DiffItem& { return itemA(i); };
  const auto in_b = [this](uint64_t i) -> const DiffItem& { return itemB(i); };
  const uint64_t widest = kWidest >> std::min(2 * fruitless_, 8u);
  for (uint64_t width = 1024; width <= widest; width *= 4) {
    const uint64_t a_end = std::min(at_a_ + width, a_size_), b_end = std::min(at_b_ + width, b_size_);
    std::unordered_map<uint64_t, uint64_t> runs;
    for (uint64_t i = at_a_; i + kSync <= a_end; ++i) runs.emplace(hashOfRun(in_a, i), i);
    uint64_t nearest = UINT64_MAX;
    for (uint64_t j = at_b_; j + kSync <= b_end && j - at_b_ < nearest; ++j) {
      const auto found = runs.find(hashOfRun(in_b, j));
      if (found == runs.end()) continue;
      const uint64_t distance = (found->second - at_a_) + (j - at_b_);
      if (distance >= nearest) continue;
      bool same = true;
      for (uint64_t n = 0; n < kSync && same; ++n) same = mayMatch(found->second + n, j + n);
      if (!same) continue;
      nearest = distance;
      a = found->second;
      b = j;
    }
    if (nearest != UINT64_MAX) return true;
    if (a_end == a_size_ && b_end == b_size_) break;
  }
  return false;
}

void LaneAligner::fillGap(uint64_t a, uint64_t b, std::vector<Edit>& edits) {
  if (at_a_ < a && at_b_ < b && followTo(a, b, edits)) return;
  add(edits, Edit::kOnlyA, a - at_a_, 0);
  add(edits, Edit::kOnlyB, 0, b - at_b_);
}

void LaneAligner::diverge(std::vector<Edit>& edits) {
  const uint32_t frame_a = itemA(at_a_).frame, frame_b = itemB(at_b_).frame;
  uint64_t a = at_a_, b = at_b_;
  while (a < a_size_ && itemA(a).frame == frame_a) ++a;
  while (b < b_size_ && itemB(b).frame == frame_b) ++b;
  if (!followTo(a, b, edits)) add(edits, Edit::kDiverged, a - at_a_, b - at_b_);
}

}  // namespace reprise

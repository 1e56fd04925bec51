#include "tools/diff_align.h"

#include <algorithm>
#include <unordered_map>

namespace reprise {
namespace {

// What the furthest path with so many edits has reached, by diagonal (a - b).
class Front {
 public:
  explicit Front(int edits) : edits_(edits), reached_(size_t(2 * edits + 1), kNone) {}
  static constexpr int64_t kNone = -1;
  int64_t& at(int diagonal) { return reached_[size_t(diagonal + edits_)]; }
  int64_t at(int diagonal) const {
    return diagonal < -edits_ || diagonal > edits_ ? kNone : reached_[size_t(diagonal + edits_)];
  }

 private:
  int edits_;
  std::vector<int64_t> reached_;
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

void LaneAligner::resync(std::vector<Edit>& edits) {
  if (const auto script = search({a_size_, b_size_, false})) {
    fruitless_ = 0;
    return follow(*script, edits);
  }
  uint64_t a = at_a_, b = at_b_;
  if (!findRun(a, b)) {
    ++fruitless_;
    return diverge(edits);
  }
  fruitless_ = 0;
  fillGap(a, b, edits);
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

std::optional<LaneAligner::Script> LaneAligner::search(const Region& region) const {
  const auto a_left = int64_t(region.a_end - at_a_), b_left = int64_t(region.b_end - at_b_);
  const int most = int(kMostEdits >> std::min(fruitless_, 3u));
  const auto furthest = [&](const Front& before, int diagonal, Step& by) {
    int64_t best = Front::kNone;
    const auto consider = [&](int64_t x, Step step) {
      const int64_t y = x - diagonal;
      if (x <= best || x > a_left || y < 0 || y > b_left) return;
      if (step == Step::kChange && !areVariants(at_a_ + uint64_t(x) - 1, at_b_ + uint64_t(y) - 1)) return;
      best = x;
      by = step;
    };
    if (before.at(diagonal) >= 0) consider(before.at(diagonal) + 1, Step::kChange);
    if (before.at(diagonal - 1) >= 0) consider(before.at(diagonal - 1) + 1, Step::kSkipA);
    if (before.at(diagonal + 1) >= 0) consider(before.at(diagonal + 1), Step::kSkipB);
    return best;
  };
  std::vector<Front> fronts;
  const auto script = [&](int diagonal) {
    Script steps;
    for (int edits = int(fronts.size()) - 1;; --edits) {
      int64_t x = fronts[size_t(edits)].at(diagonal);
      Step by{};
      const int64_t from = edits == 0 ? 0 : furthest(fronts[size_t(edits) - 1], diagonal, by);
      steps.insert(steps.end(), size_t(x - from), Step::kMatch);
      if (edits == 0) break;
      steps.push_back(by);
      diagonal += by == Step::kSkipA ? -1 : by == Step::kSkipB ? 1 : 0;
    }
    std::reverse(steps.begin(), steps.end());
    return steps;
  };
  for (int edits = 0; edits <= most; ++edits) {
    fronts.emplace_back(edits);
    for (int n = 0; n <= 2 * edits; ++n) {
      const int diagonal = nthDiagonal(n);
      Step by{};
      int64_t x = edits == 0 ? 0 : furthest(fronts[size_t(edits) - 1], diagonal, by);
      if (x < 0) continue;
      const int64_t start = x;
      int64_t y = x - diagonal;
      while (x < a_left && y < b_left && (region.whole || x - start < int64_t(kSync)) &&
             mayMatch(at_a_ + uint64_t(x), at_b_ + uint64_t(y)))
        ++x, ++y;
      fronts.back().at(diagonal) = x;
      const bool ended = region.whole ? x == a_left && y == b_left : x == a_left || y == b_left;
      if (ended || (!region.whole && x - start >= int64_t(kSync))) return script(diagonal);
    }
  }
  return std::nullopt;
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
  if (at_a_ < a && at_b_ < b) {
    if (const auto script = search({a, b, true})) return follow(*script, edits);
  }
  add(edits, Edit::kOnlyA, a - at_a_, 0);
  add(edits, Edit::kOnlyB, 0, b - at_b_);
}

void LaneAligner::diverge(std::vector<Edit>& edits) {
  const uint32_t frame_a = itemA(at_a_).frame, frame_b = itemB(at_b_).frame;
  uint64_t a = at_a_, b = at_b_;
  while (a < a_size_ && itemA(a).frame == frame_a) ++a;
  while (b < b_size_ && itemB(b).frame == frame_b) ++b;
  add(edits, Edit::kDiverged, a - at_a_, b - at_b_);
}

}  // namespace reprise

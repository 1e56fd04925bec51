#include "tools/text/array_counts.h"

#include <algorithm>
#include <iterator>

namespace reprise {

namespace {
// Sorted by owner.
constexpr ArrayCount kCounts[] = {
#define REPRISE_COUNT(owner, array, count, unit) {owner, array, count, unit},
#include "gen/counts.inc"
#undef REPRISE_COUNT
};
}  // namespace

std::span<const ArrayCount> arrayCountsOf(std::string_view owner) {
  const auto before = [](const auto& a, const auto& b) { return a.owner < b.owner; };
  return {
      std::equal_range(std::begin(kCounts), std::end(kCounts), ArrayCount{owner, {}, {}, 1}, before).first,
      std::equal_range(std::begin(kCounts), std::end(kCounts), ArrayCount{owner, {}, {}, 1}, before).second};
}

}  // namespace reprise

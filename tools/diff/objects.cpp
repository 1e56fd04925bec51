#include "tools/diff/objects.h"

#include <algorithm>

namespace reprise {
namespace {

std::vector<uint64_t> byKind(std::span<const uint64_t> handles) {
  std::vector<uint64_t> sorted(handles.begin(), handles.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](uint64_t x, uint64_t y) { return kindOf(x) < kindOf(y); });
  return sorted;
}

}  // namespace

void DiffObjects::match(std::span<const uint64_t> a, std::span<const uint64_t> b) {
  const auto same_kind = [](uint64_t x, uint64_t y) { return kindOf(x) == kindOf(y); };
  if (std::equal(a.begin(), a.end(), b.begin(), b.end(), same_kind)) {
    for (size_t i = 0; i < a.size(); ++i) match(a[i], b[i]);
    return;
  }
  const std::vector<uint64_t> of_a = byKind(a), of_b = byKind(b);
  for (size_t i = 0, j = 0; i < of_a.size() && j < of_b.size();) {
    const auto other_kind = [&](uint64_t handle) { return !same_kind(handle, of_a[i]); };
    const size_t in_a = size_t(std::find_if(of_a.begin() + i, of_a.end(), other_kind) - of_a.begin()) - i;
    while (j < of_b.size() && kindOf(of_b[j]) < kindOf(of_a[i])) ++j;
    const size_t in_b = size_t(std::find_if(of_b.begin() + j, of_b.end(), other_kind) - of_b.begin()) - j;
    for (size_t n = 0; in_a == in_b && n < in_a; ++n) match(of_a[i + n], of_b[j + n]);
    i += in_a;
    j += in_b;
  }
}

}  // namespace reprise

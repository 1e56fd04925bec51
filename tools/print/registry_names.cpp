#include "tools/print/registry_names.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>
#include <vector>

#include "tools/constants.h"

namespace reprise {
namespace {

template <class T>
class NameTable {
 public:
  void add(std::string_view name, T value) {
    if (values_.emplace(name, value).second) names_.push_back(name);
  }
  std::optional<T> find(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::optional<T>() : found->second;
  }
  std::span<const std::string_view> names() const { return names_; }

 private:
  std::unordered_map<std::string_view, T> values_;
  std::vector<std::string_view> names_;
};

const NameTable<std::string_view>& structTable() {
  static const auto table = [] {
    NameTable<std::string_view> made;
#define REPRISE_INSTANTIATE(Struct) made.add(#Struct, #Struct);
#include "gen/instantiate_0.inc"
#include "gen/instantiate_1.inc"
#include "gen/instantiate_2.inc"
#include "gen/instantiate_3.inc"
#include "gen/instantiate_4.inc"
#include "gen/instantiate_5.inc"
#undef REPRISE_INSTANTIATE
#define REPRISE_STRUCT_ALIAS(Alias, Struct) made.add(#Alias, #Struct);
#include "gen/struct_aliases.inc"
#undef REPRISE_STRUCT_ALIAS
    return made;
  }();
  return table;
}

const NameTable<NamedValue>& valueTable() {
  static const auto table = [] {
    NameTable<NamedValue> made;
    const auto add = [&](const EnumInfo& info) {
      for (const EnumName& value : info.values) made.add(value.name, {value.value, !info.flags});
    };
#define REPRISE_ENUM(Enum, names) add(names);
#include "gen/enum_names.inc"
#undef REPRISE_ENUM
    for (const NamedConstant& constant : kNamedConstants) made.add(constant.name, {constant.value, false});
    made.add("VK_TRUE", {VK_TRUE, false});
    made.add("VK_FALSE", {VK_FALSE, false});
    return made;
  }();
  return table;
}

const NameTable<HandleKind>& handleTable() {
  static const auto table = [] {
    NameTable<HandleKind> made;
    for (size_t kind = 1; kind < kHandleKindCount; ++kind)
      made.add(handleKindName(HandleKind(kind)), HandleKind(kind));
    return made;
  }();
  return table;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Letters to add, drop or change; more than `most` counts as most + 1.
size_t editDistance(std::string_view a, std::string_view b, size_t most) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > most) return most + 1;
  std::vector<size_t> row(a.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t j = 1; j <= b.size(); ++j) {
    size_t diagonal = row[0];
    row[0] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
      const size_t changed = diagonal + (lower(a[i - 1]) != lower(b[j - 1]));
      diagonal = row[i];
      row[i] = std::min({row[i] + 1, row[i - 1] + 1, changed});
    }
  }
  return std::min(row.back(), most + 1);
}

}  // namespace

const char* findName(const EnumInfo& names, uint64_t value) {
  for (const EnumName& candidate : names.values) {
    if (candidate.value == value) return candidate.name;
  }
  return nullptr;
}

std::string valueName(const EnumInfo& names, uint64_t value) {
  const char* known = findName(names, value);
  return known ? known : std::to_string(value);
}

std::string_view structNamed(std::string_view name) { return structTable().find(name).value_or(""); }
std::span<const std::string_view> structNames() { return structTable().names(); }

std::optional<NamedValue> valueNamed(std::string_view name) { return valueTable().find(name); }
std::span<const std::string_view> valueNames() { return valueTable().names(); }

HandleKind handleKindNamed(std::string_view name) {
  return handleTable().find(name).value_or(HandleKind::kNone);
}
std::span<const std::string_view> handleNames() { return handleTable().names(); }

std::string_view nearestName(std::string_view name, std::span<const std::string_view> candidates) {
  std::string_view best;
  size_t least = std::max<size_t>(2, name.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    const size_t distance = editDistance(name, candidate, least - 1);
    if (distance >= least) continue;
    least = distance;
    best = candidate;
    if (least == 0) break;
  }
  return best;
}

std::string didYouMean(std::string_view name, std::span<const std::string_view> candidates) {
  const std::string_view nearest = nearestName(name, candidates);
  return nearest.empty() ? "" : "; did you mean " + std::string(nearest) + "?";
}

}  // namespace reprise

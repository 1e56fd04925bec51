#include "tools/text/enum_names.h"

#include <charconv>

#include "tools/print/tree.h"

namespace reprise {

const EnumNames::Table& EnumNames::tableOf(const EnumInfo& names) {
  auto found = tables_.find(&names);
  if (found != tables_.end()) return found->second;
  Table& table = tables_[&names];
  for (const EnumName& one : names.values) {
    table.by_value.emplace(one.value, one.name);  // the first of several names
    table.by_name.emplace(one.name, one.value);
  }
  return table;
}

const char* EnumNames::name(const EnumInfo& names, uint64_t value) {
  const auto& by_value = tableOf(names).by_value;
  auto found = by_value.find(value);
  return found == by_value.end() ? nullptr : found->second;
}

std::optional<uint64_t> EnumNames::value(const EnumInfo& names, std::string_view name) {
  const auto& by_name = tableOf(names).by_name;
  auto found = by_name.find(name);
  if (found == by_name.end()) return std::nullopt;
  return found->second;
}

void EnumNames::appendFlags(const EnumInfo* names, uint64_t mask, std::string& out) {
  auto add = [&, empty = true](std::string_view flag) mutable {
    if (!empty) out += " | ";
    empty = false;
    out += flag;
  };
  if (names == nullptr) return mask != 0 ? appendHex(out, mask) : void();
  if (const char* whole = name(*names, mask)) return add(whole);
  for (uint64_t left = mask; left != 0; left &= left - 1) {
    const uint64_t bit = left & -left;
    if (const char* known = name(*names, bit)) {
      add(known);
      mask &= ~bit;
    }
  }
  if (mask == 0) return;
  std::string rest;
  appendHex(rest, mask);
  add(rest);
}

std::optional<uint64_t> EnumNames::flags(const EnumInfo* names, std::string_view text,
                                         std::string_view& bad) {
  constexpr std::string_view kBetween = " | ";
  uint64_t mask = 0;
  while (true) {
    const size_t end = text.find(kBetween);
    bad = text.substr(0, end);
    auto bits = names != nullptr ? value(*names, bad) : std::nullopt;
    if (!bits) bits = unsignedFrom(bad);
    if (!bits) return std::nullopt;
    mask |= *bits;
    if (end == std::string_view::npos) return mask;
    text.remove_prefix(end + kBetween.size());
  }
}

std::optional<uint64_t> unsignedFrom(std::string_view text) {
  const bool hex = text.starts_with("0x");
  if (hex) text.remove_prefix(2);
  uint64_t value = 0;
  const auto [next, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (error != std::errc() || next != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace reprise

// The names of the registry's enum values, by value and by name, without a search through the list.
//
// Tables are made as they are asked for and kept. One thread's. Views are string literals.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "format/vk.h"

namespace reprise {

class EnumNames {
 public:
  const char* name(const EnumInfo& names, uint64_t value);  // null: it has none
  std::optional<uint64_t> value(const EnumInfo& names, std::string_view name);

  // "A_BIT | B_BIT | 0x80": a name for the whole mask where there is one, else one a bit, the rest in hex.
  // Nothing where `names` is null or the mask has no bit.
  void appendFlags(const EnumInfo* names, uint64_t mask, std::string& out);
  // The same back; nullopt: `bad` is the part that is no name and no number.
  std::optional<uint64_t> flags(const EnumInfo* names, std::string_view text, std::string_view& bad);

 private:
  struct Table {
    std::unordered_map<uint64_t, const char*> by_value;
    std::unordered_map<std::string_view, uint64_t> by_name;
  };
  const Table& tableOf(const EnumInfo& names);

  std::unordered_map<const EnumInfo*, Table> tables_;
};

// "0x1f" or "12"; nullopt: it is neither, or larger than 64 bits.
std::optional<uint64_t> unsignedFrom(std::string_view text);

}  // namespace reprise

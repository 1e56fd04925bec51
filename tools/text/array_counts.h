// Which member counts which array, from the registry. Constant data; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace reprise {

struct ArrayCount {
  std::string_view owner;  // a struct or a command
  std::string_view array;
  std::string_view count;  // a number, or a pointer to one
  uint32_t unit;           // the count rises by this much an element
};

std::span<const ArrayCount> arrayCountsOf(std::string_view owner);

}  // namespace reprise

// Names of Vulkan's registry: of values, and those that a person types: structs, values and bits, handle
// types; and which known name is meant by one that is misspelt.
//
// Constant tables, built at their first use; any thread. No errors: what is unknown is empty.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "format/vk.h"

namespace reprise {

const char* findName(const EnumInfo& names, uint64_t value);   // null: it has none
std::string valueName(const EnumInfo& names, uint64_t value);  // the number if it has no name

// The struct's or union's own name, also of an alias ("VkPhysicalDeviceFeatures2KHR"); empty: there is none.
std::string_view structNamed(std::string_view name);
std::span<const std::string_view> structNames();  // aliases included

struct NamedValue {
  uint64_t value = 0;  // of an enum: its two's complement
  bool is_signed = false;
};
// A value of an enum, a bit, or a constant that some member may hold (VK_WHOLE_SIZE, VK_TRUE, ...).
std::optional<NamedValue> valueNamed(std::string_view name);
std::span<const std::string_view> valueNames();

HandleKind handleKindNamed(std::string_view name);  // kNone if there is none
std::span<const std::string_view> handleNames();

// The candidate that `name` most likely means; empty if none is near.
std::string_view nearestName(std::string_view name, std::span<const std::string_view> candidates);
// "; did you mean X?", or nothing.
std::string didYouMean(std::string_view name, std::span<const std::string_view> candidates);

}  // namespace reprise

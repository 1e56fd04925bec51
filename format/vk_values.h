// What calls hold, and what versions and extensions add to enums and flags that others may use, too: from
// vk.xml.
//
// Constant data and pure functions; any thread. Rests on: Vulkan API Registry (<require><enum extends=...>).
#pragma once

#include <span>
#include <string_view>

#include "format/vk.h"

namespace reprise {

struct ValueProviders {
  const EnumInfo* of;
  uint64_t value;  // one bit or more of a mask, else the value
  const char* name;
  std::string_view providers;  // as in vk_providers.h
};
std::span<const ValueProviders> valueProviders();

// What a call's arguments may hold, all structs that they name included.
struct Holdings {
  bool chains = false;   // inputs: pNext chains
  bool values = false;   // inputs: values of enums that versions and extensions added to
  bool handles = false;  // outputs
};
Holdings holdingsOf(Command canonical);

}  // namespace reprise

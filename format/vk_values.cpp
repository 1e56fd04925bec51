#include "format/vk_values.h"

#include <vector>

namespace reprise {

std::span<const ValueProviders> valueProviders() {
  static const std::vector<ValueProviders> list = {
#define REPRISE_VALUE_PROVIDERS(Enum, value, providers) {&k##Enum##Names, uint64_t(value), #value, providers},
#include "gen/value_providers.inc"
#undef REPRISE_VALUE_PROVIDERS
  };
  return list;
}

Holdings holdingsOf(Command canonical) {
  switch (canonical) {
#define REPRISE_COMMAND_HOLDS(name, chains, values, handles) \
  case Command::name:                                        \
    return {chains, values, handles};
#include "gen/command_holdings.inc"
#undef REPRISE_COMMAND_HOLDS
    default:
      return {};
  }
}

}  // namespace reprise

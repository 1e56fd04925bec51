#include "format/vk_promoted.h"

#include "format/vk_providers.h"

namespace reprise {
namespace {

// The version of Vulkan that has a command; 0: an extension has it, or every version.
uint32_t versionOf(Command command) {
  uint32_t version = 0;
  anyProvider(providersOf(command), [&](std::string_view one) { return (version = versionNamed(one)) != 0; });
  return version;
}

}  // namespace

void preferExtensions(Dispatch& dispatch, uint32_t version) {
  auto* slots = reinterpret_cast<PFN_vkVoidFunction*>(&dispatch);  // one a command, in their order: vk.cpp
  for (size_t i = 1; i < kCommandCount; ++i) {
    const Command alias = Command(i), core = commandInfo(alias).canonical;
    if (alias == core || versionOf(core) <= version) continue;
    if (slots[size_t(alias) - 1]) slots[size_t(core) - 1] = slots[size_t(alias) - 1];
  }
}

}  // namespace reprise

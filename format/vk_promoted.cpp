#include "format/vk_promoted.h"

#include <cstdio>

namespace reprise {
namespace {

// 0 for commands of extensions.
uint32_t coreVersion(const CommandInfo& info) {
  unsigned major = 0, minor = 0;
  const bool core = std::sscanf(info.extension, "VK_VERSION_%u_%u", &major, &minor) == 2;
  return core ? VK_MAKE_API_VERSION(0, major, minor, 0) : 0;
}

}  // namespace

void preferExtensions(Dispatch& dispatch, uint32_t version) {
  auto* slots = reinterpret_cast<PFN_vkVoidFunction*>(&dispatch);  // one a command, in their order: vk.cpp
  for (size_t i = 1; i < kCommandCount; ++i) {
    const Command alias = Command(i), core = commandInfo(alias).canonical;
    if (alias == core || coreVersion(commandInfo(core)) <= version) continue;
    if (slots[size_t(alias) - 1]) slots[size_t(core) - 1] = slots[size_t(alias) - 1];
  }
}

}  // namespace reprise

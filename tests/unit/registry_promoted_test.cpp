// Commands that a later version took over: by which name they are called.
#include <gtest/gtest.h>

#include "format/vk_promoted.h"
#include "format/vk_providers.h"

namespace reprise {
namespace {

PFN_vkVoidFunction fake(uintptr_t at) { return reinterpret_cast<PFN_vkVoidFunction>(at); }

TEST(Promoted, TheVersionInForceDecides) {
  Dispatch dispatch{};
  const auto core = reinterpret_cast<PFN_vkCmdSetCullMode>(fake(1));
  const auto extension = reinterpret_cast<PFN_vkCmdSetCullMode>(fake(2));
  dispatch.CmdSetCullMode = core;
  dispatch.CmdSetCullModeEXT = extension;
  preferExtensions(dispatch, VK_API_VERSION_1_3);
  EXPECT_EQ(dispatch.CmdSetCullMode, core);
  preferExtensions(dispatch, VK_API_VERSION_1_2);
  EXPECT_EQ(dispatch.CmdSetCullMode, extension);
}

// Every command that has an extension's name and one of a version, whatever the registry calls its versions.
TEST(Promoted, NoneIsForgotten) {
  size_t promoted = 0;
  for (size_t i = 1; i < kCommandCount; ++i) {
    const Command core = commandInfo(Command(i)).canonical;
    bool of_version = false;
    anyProvider(providersOf(core),
                [&](std::string_view one) { return (of_version = versionNamed(one) != 0); });
    if (core == Command(i) || !of_version) continue;
    ++promoted;
    Dispatch dispatch{};
    auto* slots = reinterpret_cast<PFN_vkVoidFunction*>(&dispatch);
    slots[size_t(core) - 1] = fake(1);
    slots[i - 1] = fake(2);
    preferExtensions(dispatch, VK_API_VERSION_1_0);
    EXPECT_EQ(slots[size_t(core) - 1], fake(2)) << commandInfo(Command(i)).name;
  }
  EXPECT_GE(promoted, 79u);  // so many has 1.3.239
}

}  // namespace
}  // namespace reprise

// Every command of every extension that is not disabled has a packet, an entry point and a replay call, or stands in
// vkgen/overrides.py with a reason. The registry is read here by other means than the generator's.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "format/vk.h"

namespace reprise {
namespace {

std::set<std::string> namesIn(const char* file, const std::regex& pattern) {
  std::ifstream in(std::string(REPRISE_GENERATED_DIR "/gen/") + file);
  EXPECT_TRUE(in.good()) << file;
  std::stringstream text;
  text << in.rdbuf();
  const std::string s = text.str();
  std::set<std::string> names;
  for (std::sregex_iterator i(s.begin(), s.end(), pattern), end; i != end; ++i) names.insert((*i)[1]);
  return names;
}

// Commands required by a <feature> of Vulkan or by an <extension> whose supported list has it.
std::set<std::string> registryCommands() {
  std::ifstream in(REPRISE_VULKAN_REGISTRY);
  EXPECT_TRUE(in.good());
  std::set<std::string> names;
  std::string line;
  bool wanted = false, require_wanted = true;
  const std::regex block("<(feature|extension) "), api("(?:api|supported)=\"([^\"]*)\""), command("<command +name=\"(\\w+)\"");
  const auto hasVulkan = [](const std::string& list) { return ("," + list + ",").find(",vulkan,") != std::string::npos; };
  while (std::getline(in, line)) {
    std::smatch m;
    // Inside of them, <feature name= struct=> names a member of a struct.
    if (std::regex_search(line, block) && std::regex_search(line, m, api)) {
      wanted = hasVulkan(m[1]);
      require_wanted = true;
    }
    if (line.find("<require") != std::string::npos)
      require_wanted = !(std::regex_search(line, m, std::regex("api=\"([^\"]*)\"")) && !hasVulkan(m[1]));
    if (line.find("<remove") != std::string::npos) require_wanted = false;
    if (wanted && require_wanted && std::regex_search(line, m, command)) names.insert(m[1]);
    if (line.find("</feature>") != std::string::npos || line.find("</extension>") != std::string::npos) wanted = false;
  }
  return names;
}

TEST(Registry, EveryCommandIsCovered) {
  const auto commands = registryCommands();
  const auto entries = namesIn("entrypoints.inc", std::regex("\\{\"(vk\\w+)\""));
  const auto replays = namesIn("calls.inc", std::regex("Command::(vk\\w+)"));
  size_t left_out = 0;
  for (const auto& name : commands) {
    const Command id = findCommand(name);
    ASSERT_NE(id, Command::kUnknown) << name;
    EXPECT_TRUE(entries.count(name)) << name;
    EXPECT_TRUE(replays.count(commandInfo(commandInfo(id).canonical).name)) << name;
    EXPECT_TRUE(withPacket(id, [](auto&) {})) << name;
    left_out += !isRecorded(id);
  }
  printf("registry %u.%u.%u: %zu commands, %zu entry points, %zu replay calls, %zu not recorded (overrides.py)\n",
         VK_VERSION_MAJOR(registryVersion()), VK_VERSION_MINOR(registryVersion()), VK_VERSION_PATCH(registryVersion()),
         commands.size(), entries.size(), replays.size(), left_out);
  EXPECT_EQ(commands.size(), entries.size());
  EXPECT_EQ(commands.size(), kCommandCount - 1);
}

TEST(Registry, HandlesHaveParents) {
  EXPECT_EQ(parentOf(HandleKind::kVkCommandBuffer), HandleKind::kVkCommandPool);
  EXPECT_EQ(parentOf(HandleKind::kVkImage), HandleKind::kVkDevice);
  EXPECT_EQ(parentOf(HandleKind::kVkInstance), HandleKind::kNone);
  EXPECT_TRUE(isDispatchable(HandleKind::kVkQueue));
  EXPECT_FALSE(isDispatchable(HandleKind::kVkImage));
}

TEST(Registry, TicketsAndLifetimes) {
  EXPECT_EQ(commandInfo(Command::vkCmdDraw).ticket, TicketWhen::kNone);
  EXPECT_EQ(commandInfo(Command::vkQueueSubmit).ticket, TicketWhen::kBefore);
  EXPECT_EQ(commandInfo(Command::vkQueueWaitIdle).ticket, TicketWhen::kAfter);
  EXPECT_EQ(commandInfo(Command::vkCreateImage).creates, HandleKind::kVkImage);
  EXPECT_EQ(commandInfo(Command::vkDestroyImage).destroys, HandleKind::kVkImage);
  EXPECT_EQ(commandInfo(Command::vkFreeCommandBuffers).destroys, HandleKind::kVkCommandBuffer);
  EXPECT_EQ(commandInfo(Command::vkGetPhysicalDeviceFeatures2KHR).canonical, Command::vkGetPhysicalDeviceFeatures2);
}

}  // namespace
}  // namespace reprise

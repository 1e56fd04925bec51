// Numbers that have a name in Vulkan although their type is no enum.
//
// The registry has the constants but not which members may hold them; this table does. Constant data: any
// thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace reprise {

struct NamedConstant {
  std::string_view member;  // of any struct or call
  uint64_t value;           // as wide as the member
  const char* name;
};

inline constexpr uint64_t kMax32 = UINT32_MAX;
inline constexpr NamedConstant kNamedConstants[] = {
    {"queueFamilyIndex", kMax32, "VK_QUEUE_FAMILY_IGNORED"},
    {"srcQueueFamilyIndex", kMax32, "VK_QUEUE_FAMILY_IGNORED"},
    {"dstQueueFamilyIndex", kMax32, "VK_QUEUE_FAMILY_IGNORED"},
    {"srcQueueFamilyIndex", kMax32 - 1, "VK_QUEUE_FAMILY_EXTERNAL"},
    {"dstQueueFamilyIndex", kMax32 - 1, "VK_QUEUE_FAMILY_EXTERNAL"},
    {"srcQueueFamilyIndex", kMax32 - 2, "VK_QUEUE_FAMILY_FOREIGN_EXT"},
    {"dstQueueFamilyIndex", kMax32 - 2, "VK_QUEUE_FAMILY_FOREIGN_EXT"},
    {"levelCount", kMax32, "VK_REMAINING_MIP_LEVELS"},
    {"layerCount", kMax32, "VK_REMAINING_ARRAY_LAYERS"},
    {"srcSubpass", kMax32, "VK_SUBPASS_EXTERNAL"},
    {"dstSubpass", kMax32, "VK_SUBPASS_EXTERNAL"},
    {"attachment", kMax32, "VK_ATTACHMENT_UNUSED"},
    {"pColorAttachmentLocations", kMax32, "VK_ATTACHMENT_UNUSED"},
    {"generalShader", kMax32, "VK_SHADER_UNUSED_KHR"},
    {"closestHitShader", kMax32, "VK_SHADER_UNUSED_KHR"},
    {"anyHitShader", kMax32, "VK_SHADER_UNUSED_KHR"},
    {"intersectionShader", kMax32, "VK_SHADER_UNUSED_KHR"},
    {"size", UINT64_MAX, "VK_WHOLE_SIZE"},
    {"range", UINT64_MAX, "VK_WHOLE_SIZE"},
    {"pSizes", UINT64_MAX, "VK_WHOLE_SIZE"},
    {"timeout", UINT64_MAX, "UINT64_MAX"},
};

// Versions are VK_MAKE_API_VERSION numbers in members of this name.
inline constexpr std::string_view kVersionMember = "apiVersion";

// Null if `value` has no name in `member`.
constexpr const char* constantName(std::string_view member, uint64_t value) {
  if (value < kMax32 - 2) return nullptr;  // all of them are large: most numbers are settled here
  for (const NamedConstant& constant : kNamedConstants) {
    if (constant.value == value && constant.member == member) return constant.name;
  }
  return nullptr;
}

}  // namespace reprise

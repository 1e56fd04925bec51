// FormatFallbacks: what stands for a depth or stencil format that a device lacks.
#include <gtest/gtest.h>

#include <set>

#include "replay/format_fallbacks.h"

namespace reprise {
namespace {

FormatFallbacks device(const std::set<VkFormat>& formats) {
  return FormatFallbacks([&](VkFormat format) { return formats.contains(format); });
}

TEST(FormatFallbacks, NothingWhereAllIsThere) {
  EXPECT_FALSE(
      device({VK_FORMAT_X8_D24_UNORM_PACK32, VK_FORMAT_D32_SFLOAT, VK_FORMAT_S8_UINT,
              VK_FORMAT_D16_UNORM_S8_UINT, VK_FORMAT_D24_UNORM_S8_UINT, VK_FORMAT_D32_SFLOAT_S8_UINT})
          .any());
}

TEST(FormatFallbacks, ADeviceWithoutD24) {
  const FormatFallbacks formats =
      device({VK_FORMAT_D16_UNORM, VK_FORMAT_D32_SFLOAT, VK_FORMAT_D32_SFLOAT_S8_UINT});
  EXPECT_EQ(formats.liveOf(VK_FORMAT_D24_UNORM_S8_UINT), VK_FORMAT_D32_SFLOAT_S8_UINT);
  EXPECT_EQ(formats.liveOf(VK_FORMAT_D16_UNORM_S8_UINT), VK_FORMAT_D32_SFLOAT_S8_UINT);
  EXPECT_EQ(formats.liveOf(VK_FORMAT_X8_D24_UNORM_PACK32), VK_FORMAT_D32_SFLOAT);
  EXPECT_EQ(formats.liveOf(VK_FORMAT_D32_SFLOAT), VK_FORMAT_D32_SFLOAT);
  EXPECT_EQ(formats.liveOf(VK_FORMAT_R8G8B8A8_UNORM), VK_FORMAT_R8G8B8A8_UNORM);
}

TEST(FormatFallbacks, ADeviceWithoutD32S8) {
  const FormatFallbacks formats =
      device({VK_FORMAT_D16_UNORM, VK_FORMAT_X8_D24_UNORM_PACK32, VK_FORMAT_D24_UNORM_S8_UINT});
  EXPECT_EQ(formats.liveOf(VK_FORMAT_D32_SFLOAT_S8_UINT), VK_FORMAT_D24_UNORM_S8_UINT);
  EXPECT_EQ(formats.liveOf(VK_FORMAT_D32_SFLOAT), VK_FORMAT_X8_D24_UNORM_PACK32);
}

TEST(FormatFallbacks, ADeviceWithNothingKeepsWhatWasCaptured) { EXPECT_FALSE(device({}).any()); }

}  // namespace
}  // namespace reprise

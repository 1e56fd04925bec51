// Bytes of texels in a buffer, for formats of each kind.
#include <gtest/gtest.h>

#include "format/vk_formats.h"

namespace reprise {
namespace {

uint64_t bytes(VkFormat format, VkImageAspectFlagBits aspect, VkExtent3D extent) {
  const FormatInfo* info = formatInfo(format);
  return info ? sizeOfAspect(*info, aspect, extent).bytes : UINT64_MAX;
}

TEST(Formats, TexelsBlocksPlanesAndAspects) {
  constexpr auto kColour = VK_IMAGE_ASPECT_COLOR_BIT;
  EXPECT_EQ(bytes(VK_FORMAT_R8G8B8A8_UNORM, kColour, {7, 5, 2}), 7u * 5 * 2 * 4);
  EXPECT_EQ(bytes(VK_FORMAT_R32G32B32_SFLOAT, kColour, {3, 1, 1}), 36u);
  EXPECT_EQ(bytes(VK_FORMAT_BC1_RGB_UNORM_BLOCK, kColour, {5, 1, 1}), 2u * 8);
  EXPECT_EQ(bytes(VK_FORMAT_ASTC_6x5_UNORM_BLOCK, kColour, {7, 5, 1}), 2u * 16);
  EXPECT_EQ(bytes(VK_FORMAT_G8B8G8R8_422_UNORM, kColour, {4, 2, 1}), 2u * 2 * 4);
  EXPECT_EQ(bytes(VK_FORMAT_D24_UNORM_S8_UINT, VK_IMAGE_ASPECT_DEPTH_BIT, {4, 4, 1}), 64u);
  EXPECT_EQ(bytes(VK_FORMAT_D32_SFLOAT_S8_UINT, VK_IMAGE_ASPECT_STENCIL_BIT, {4, 4, 1}), 16u);
  EXPECT_EQ(bytes(VK_FORMAT_D16_UNORM, VK_IMAGE_ASPECT_STENCIL_BIT, {4, 4, 1}), 0u);
  EXPECT_EQ(bytes(VK_FORMAT_D16_UNORM, kColour, {4, 4, 1}), 0u);
  EXPECT_EQ(bytes(VK_FORMAT_G8_B8R8_2PLANE_420_UNORM, VK_IMAGE_ASPECT_PLANE_0_BIT, {8, 4, 1}), 32u);
  EXPECT_EQ(bytes(VK_FORMAT_G8_B8R8_2PLANE_420_UNORM, VK_IMAGE_ASPECT_PLANE_1_BIT, {8, 4, 1}), 16u);
  EXPECT_EQ(bytes(VK_FORMAT_G8_B8R8_2PLANE_420_UNORM, VK_IMAGE_ASPECT_PLANE_2_BIT, {8, 4, 1}), 0u);
  EXPECT_EQ(formatInfo(VK_FORMAT_UNDEFINED), nullptr);
  EXPECT_EQ(formatInfo(static_cast<VkFormat>(0x7ffffff0)), nullptr);
}

TEST(Formats, ColourOfPlanesIsAllPlanes) {
  const FormatInfo& planes = *formatInfo(VK_FORMAT_G8_B8_R8_3PLANE_444_UNORM);
  constexpr VkFlags kAll =
      VK_IMAGE_ASPECT_PLANE_0_BIT | VK_IMAGE_ASPECT_PLANE_1_BIT | VK_IMAGE_ASPECT_PLANE_2_BIT;
  EXPECT_EQ(copiedAspects(planes, VK_IMAGE_ASPECT_COLOR_BIT), kAll);
  EXPECT_EQ(copiedAspects(planes, VK_IMAGE_ASPECT_PLANE_1_BIT), VkFlags{VK_IMAGE_ASPECT_PLANE_1_BIT});
  const FormatInfo& depth = *formatInfo(VK_FORMAT_D16_UNORM);
  EXPECT_EQ(copiedAspects(depth, VK_IMAGE_ASPECT_DEPTH_BIT | VK_IMAGE_ASPECT_STENCIL_BIT),
            VkFlags{VK_IMAGE_ASPECT_DEPTH_BIT});
}

}  // namespace
}  // namespace reprise

// Where a host copy's texels lie in memory, and their way into one piece and back.
#include <gtest/gtest.h>

#include <vector>

#include "format/host_copy.h"

namespace reprise {
namespace {

constexpr VkImageSubresourceLayers of(VkImageAspectFlags aspect, uint32_t base = 0, uint32_t layers = 1) {
  return {aspect, 0, base, layers};
}
constexpr auto kColour = of(VK_IMAGE_ASPECT_COLOR_BIT);

TexelRows rows(VkFormat format, const CopiedRegion& region, uint32_t layers = 1) {
  return texelRows({format, layers}, region);
}

TEST(HostCopy, TexelsLieTightlyUnlessToldOtherwise) {
  const TexelRows tight = rows(VK_FORMAT_R8G8B8A8_UNORM, {0, 0, kColour, {7, 5, 2}});
  EXPECT_EQ(tight.packed(), 7u * 5 * 2 * 4);
  EXPECT_TRUE(tight.isPacked());
  const TexelRows wide = rows(VK_FORMAT_R8G8B8A8_UNORM, {10, 6, kColour, {7, 5, 2}});
  EXPECT_EQ(wide.packed(), 7u * 5 * 2 * 4);
  EXPECT_EQ(wide.span(), (10u * 6 + 10 * 4 + 7) * 4);  // nothing after the last texel
  EXPECT_FALSE(wide.isPacked());
  // A row of its own length needs no gap, whatever stands in the struct.
  EXPECT_TRUE(rows(VK_FORMAT_R8_UNORM, {64, 9, kColour, {5, 1, 1}}).isPacked());
}

TEST(HostCopy, BlocksPlanesAndAspects) {
  const TexelRows blocks = rows(VK_FORMAT_BC1_RGB_UNORM_BLOCK, {16, 0, kColour, {9, 6, 1}});
  EXPECT_EQ(blocks.row_bytes, 3u * 8);
  EXPECT_EQ(blocks.rows, 2u);
  EXPECT_EQ(blocks.row_pitch, 4u * 8);
  EXPECT_EQ(rows(VK_FORMAT_D24_UNORM_S8_UINT, {0, 0, of(VK_IMAGE_ASPECT_DEPTH_BIT), {4, 4, 1}}).packed(),
            64u);
  EXPECT_EQ(rows(VK_FORMAT_D24_UNORM_S8_UINT, {0, 0, of(VK_IMAGE_ASPECT_STENCIL_BIT), {4, 4, 1}}).packed(),
            16u);
  // A plane's region counts the plane's texels, not the image's.
  EXPECT_EQ(
      rows(VK_FORMAT_G8_B8R8_2PLANE_420_UNORM, {0, 0, of(VK_IMAGE_ASPECT_PLANE_1_BIT), {4, 2, 1}}).packed(),
      4u * 2 * 2);
  EXPECT_EQ(rows(VK_FORMAT_G8_B8R8_2PLANE_420_UNORM, {0, 0, kColour, {4, 2, 1}}).row_bytes, 0u);
  EXPECT_EQ(rows(VK_FORMAT_UNDEFINED, {0, 0, kColour, {4, 2, 1}}).row_bytes, 0u);
}

TEST(HostCopy, LayersAreSlices) {
  const CopiedRegion all{0, 0, of(VK_IMAGE_ASPECT_COLOR_BIT, 1, VK_REMAINING_ARRAY_LAYERS), {4, 4, 1}};
  EXPECT_EQ(rows(VK_FORMAT_R8_UNORM, all, 3).slices, 2u);
  EXPECT_EQ(rows(VK_FORMAT_R8_UNORM, {0, 0, of(VK_IMAGE_ASPECT_COLOR_BIT, 5, 2), {4, 4, 1}}, 3).packed(), 0u);
}

TEST(HostCopy, RowsComeBackToWhereTheyWere) {
  const TexelRows shape =
      rows(VK_FORMAT_R16_UNORM, {9, 4, of(VK_IMAGE_ASPECT_COLOR_BIT, 0, 2), {5, 3, 1}}, 2);
  std::vector<std::byte> there(shape.span(), std::byte{0xee}), packed(shape.packed());
  for (size_t i = 0; i < packed.size(); ++i) packed[i] = std::byte(i);
  unpackRows(there.data(), packed.data(), shape);
  EXPECT_EQ(there[9 * 2 - 1], std::byte{0xee});
  EXPECT_EQ(there[9 * 2], std::byte{10});      // second row
  EXPECT_EQ(there[9 * 4 * 2], std::byte{30});  // second layer
  EXPECT_EQ(there.back(), std::byte(packed.size() - 1));
  std::vector<std::byte> again(packed.size());
  packRows(again.data(), there.data(), shape);
  EXPECT_EQ(again, packed);
}

TEST(HostCopy, HugeNumbersEndAtTheLimit) {
  const CopiedRegion huge{UINT32_MAX, UINT32_MAX, kColour, {UINT32_MAX, UINT32_MAX, UINT32_MAX}};
  EXPECT_EQ(rows(VK_FORMAT_R32G32B32A32_SFLOAT, huge).packed(), UINT64_MAX);
  EXPECT_EQ(rows(VK_FORMAT_R32G32B32A32_SFLOAT, huge).span(), UINT64_MAX);
  // Nothing to copy: no row is walked.
  packRows(nullptr, nullptr, rows(VK_FORMAT_R8_UNORM, {0, 0, kColour, {0, UINT32_MAX, UINT32_MAX}}));
}

TEST(HostCopy, ImagesAreKnownByTheirUsage) {
  VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO};
  info.usage = VK_IMAGE_USAGE_SAMPLED_BIT;
  EXPECT_FALSE(isForHostCopies(info));
  info.usage |= kHostTransferUsage;
  EXPECT_TRUE(isForHostCopies(info));
  VkImageStencilUsageCreateInfo stencil{VK_STRUCTURE_TYPE_IMAGE_STENCIL_USAGE_CREATE_INFO, nullptr,
                                        kHostTransferUsage};
  info.usage = 0;
  info.pNext = &stencil;
  EXPECT_TRUE(isForHostCopies(info));
}

}  // namespace
}  // namespace reprise

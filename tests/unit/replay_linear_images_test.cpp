// rearrange: what a program wrote into linear images, for a driver that has their rows elsewhere.
#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "replay/linear_images.h"

namespace reprise {
namespace {

VkSubresourceLayout layout(VkDeviceSize offset, VkDeviceSize row, VkDeviceSize slice = 0,
                           VkDeviceSize layer = 0) {
  return {offset, 0, row, layer, slice};
}

// 3 rows of 10 bytes.
LinearPart image(VkDeviceSize captured_pitch, VkDeviceSize live_pitch, VkDeviceSize offset = 0) {
  return {10, 3, 1, 1, layout(offset, captured_pitch), layout(offset, live_pitch)};
}

// Byte by byte, without any shortcut: where each byte of [begin, end) goes.
std::map<VkDeviceSize, VkDeviceSize> byHand(const std::vector<LinearPart>& parts, VkDeviceSize begin,
                                            VkDeviceSize end) {
  std::map<VkDeviceSize, VkDeviceSize> texels, taken, found;
  for (const LinearPart& part : parts)
    for (uint32_t layer = 0; layer < part.layers; ++layer)
      for (uint32_t slice = 0; slice < part.slices; ++slice)
        for (uint32_t row = 0; row < part.rows; ++row)
          for (VkDeviceSize byte = 0; byte < part.row_bytes; ++byte) {
            const auto at = [&](const VkSubresourceLayout& in) {
              return in.offset + layer * in.arrayPitch + slice * in.depthPitch + row * in.rowPitch + byte;
            };
            texels[at(part.captured)] = at(part.live);
            taken[at(part.live)] = 1;
          }
  for (VkDeviceSize at = begin; at < end; ++at) {
    if (texels.contains(at))
      found[at] = texels[at];
    else if (!taken.contains(at))
      found[at] = at;
  }
  return found;
}

void same(const std::vector<LinearPart>& parts, VkDeviceSize begin, VkDeviceSize end) {
  std::map<VkDeviceSize, VkDeviceSize> found;
  for (const ByteMove& move : rearrange(parts, begin, end))
    for (VkDeviceSize i = 0; i < move.size; ++i)
      EXPECT_TRUE(found.try_emplace(move.from + i, move.to + i).second)
          << "byte " << move.from + i << " twice";
  EXPECT_EQ(found, byHand(parts, begin, end)) << "[" << begin << ", " << end << ")";
}

TEST(LinearImages, RowsMoveAndPaddingDoesNotCoverThem) {
  const std::vector<LinearPart> parts{image(16, 12)};
  const std::vector<ByteMove> wanted{{0, 0, 10}, {10, 10, 2}, {16, 12, 10}, {32, 24, 10}, {42, 42, 8}};
  EXPECT_EQ(rearrange(parts, 0, 50), wanted);
}

TEST(LinearImages, ChangesWithinARow) {
  const std::vector<LinearPart> parts{image(16, 32)};
  EXPECT_EQ(rearrange(parts, 18, 21), (std::vector<ByteMove>{{18, 34, 3}}));
  EXPECT_EQ(rearrange(parts, 27, 29), (std::vector<ByteMove>{{27, 27, 2}}));
  EXPECT_EQ(rearrange(parts, 5, 5), (std::vector<ByteMove>{}));
}

TEST(LinearImages, OtherBytesOfTheMemoryStay) {
  const std::vector<LinearPart> parts{image(16, 12, 100), image(12, 20, 200)};
  for (VkDeviceSize begin = 0; begin < 300; begin += 7)
    for (VkDeviceSize end = begin; end < 300; end += 11) same(parts, begin, end);
}

TEST(LinearImages, LayersSlicesAndLevels) {
  const LinearPart layers{10, 3, 1, 3, layout(8, 16, 0, 64), layout(0, 12, 0, 40)};
  const LinearPart slices{10, 3, 4, 1, layout(300, 16, 50), layout(300, 10, 30)};
  const LinearPart level{5, 2, 1, 1, layout(600, 16), layout(580, 8)};
  const std::vector<LinearPart> parts{layers, slices, level};
  same(parts, 0, 700);
  for (VkDeviceSize begin = 0; begin < 700; begin += 13) same(parts, begin, begin + 40);
}

// Some drivers put small levels beside each other, in the padding of the first one's rows.
TEST(LinearImages, LevelsWithinEachOthersRows) {
  const std::vector<LinearPart> parts{{8, 4, 1, 1, layout(0, 16), layout(0, 32)},
                                      {4, 2, 1, 1, layout(10, 16), layout(20, 32)}};
  same(parts, 0, 64);
  for (VkDeviceSize begin = 0; begin < 64; ++begin) same(parts, begin, begin + 9);
}

// -- the images of a device

constexpr VkImageSubresource kColor{VK_IMAGE_ASPECT_COLOR_BIT, 0, 0};
const auto kImage = reinterpret_cast<VkImage>(uintptr_t{1});
const auto kMemory = reinterpret_cast<VkDeviceMemory>(uintptr_t{2});

VkImageCreateInfo linear(uint32_t width, uint32_t height, uint32_t layers = 1) {
  VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO};
  info.imageType = VK_IMAGE_TYPE_2D;
  info.format = VK_FORMAT_R8G8B8A8_UNORM;
  info.extent = {width, height, 1};
  info.mipLevels = 1;
  info.arrayLayers = layers;
  info.tiling = VK_IMAGE_TILING_LINEAR;
  return info;
}

TEST(LinearImages, OnlyWhatDiffersIsMoved) {
  LinearImages images;
  images.created(kImage, linear(8, 4));
  EXPECT_EQ(images.bound(kImage, 0, kMemory, 1000), 0u);
  EXPECT_FALSE(images.learn(kImage, kColor, layout(0, 64), layout(0, 64)));
  EXPECT_TRUE(images.partsIn(kMemory).empty());
  EXPECT_TRUE(images.learn(kImage, kColor, layout(0, 64), layout(0, 32)));
  ASSERT_EQ(images.partsIn(kMemory).size(), 1u);
  EXPECT_EQ(images.partsIn(kMemory)[0].row_bytes, 32u);
  EXPECT_EQ(images.partsIn(kMemory)[0].captured.offset, 1000u);
  images.destroyed(kImage);
  EXPECT_TRUE(images.partsIn(kMemory).empty());
}

TEST(LinearImages, ALaterLayerTellsOfTheFirst) {
  LinearImages images;
  images.created(kImage, linear(8, 4, 3));
  EXPECT_TRUE(images.learn(kImage, {VK_IMAGE_ASPECT_COLOR_BIT, 0, 2}, layout(512, 64, 0, 256),
                           layout(256, 32, 0, 128)));
  (void)images.bound(kImage, 0, kMemory, 0);
  ASSERT_EQ(images.partsIn(kMemory).size(), 1u);
  EXPECT_EQ(images.partsIn(kMemory)[0].captured.offset, 0u);
  EXPECT_EQ(images.partsIn(kMemory)[0].live.offset, 0u);
  images.freed(kMemory);
  EXPECT_TRUE(images.partsIn(kMemory).empty());
}

TEST(LinearImages, ImpossibleLayoutsAreLeftAlone) {
  LinearImages images;
  images.created(kImage, linear(8, 4));
  (void)images.bound(kImage, 0, kMemory, 0);
  for (const VkSubresourceLayout& wrong :
       {layout(0, 0), layout(0, 31), layout(UINT64_MAX, 64), layout(0, UINT64_MAX)})
    EXPECT_FALSE(images.learn(kImage, kColor, wrong, layout(0, 32)));
  EXPECT_FALSE(images.learn(kImage, {VK_IMAGE_ASPECT_COLOR_BIT, 40, 0}, layout(0, 64), layout(0, 32)));
  EXPECT_FALSE(images.learn(kImage, {VK_IMAGE_ASPECT_DEPTH_BIT, 0, 0}, layout(0, 64), layout(0, 32)));
  EXPECT_TRUE(images.partsIn(kMemory).empty());
}

}  // namespace
}  // namespace reprise

// Host image copies: texels go from the program's memory into images and back without a command buffer.
//
// host_copy CASE [FILE]; built for a registry without VK_EXT_host_image_copy it only says so.
#include "drawing.h"

#if defined(VK_EXT_host_image_copy)
namespace {

using app::Scene;

constexpr VkImageUsageFlags kUsage = VK_IMAGE_USAGE_HOST_TRANSFER_BIT_EXT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
constexpr VkExtent3D kExtent{20, 12, 1};

struct Kind {
  VkFormat format;
  VkImageAspectFlagBits aspect;
  uint32_t bytes, block;  // of a block, texels of its sides
};
constexpr Kind kColour{VK_FORMAT_R8G8B8A8_UNORM, VK_IMAGE_ASPECT_COLOR_BIT, 4, 1};

void open(Scene& scene) {
  app::openWith(scene, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_HOST_IMAGE_COPY_FEATURES_EXT,
                &VkPhysicalDeviceHostImageCopyFeaturesEXT::hostImageCopy,
                {VK_EXT_HOST_IMAGE_COPY_EXTENSION_NAME});
}

bool hasFormat(const Scene& scene, VkFormat format) {
  VkFormatProperties3 more{VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_3};
  VkFormatProperties2 properties{VK_STRUCTURE_TYPE_FORMAT_PROPERTIES_2, &more, {}};
  vkGetPhysicalDeviceFormatProperties2(scene.gpu.physical, format, &properties);
  return (more.optimalTilingFeatures & VK_FORMAT_FEATURE_2_HOST_IMAGE_TRANSFER_BIT_EXT) != 0;
}

void transition(Scene& scene, VkImage image, VkImageAspectFlags aspect) {
  const VkHostImageLayoutTransitionInfoEXT info{VK_STRUCTURE_TYPE_HOST_IMAGE_LAYOUT_TRANSITION_INFO_EXT,
                                                nullptr,
                                                image,
                                                VK_IMAGE_LAYOUT_UNDEFINED,
                                                VK_IMAGE_LAYOUT_GENERAL,
                                                app::whole(aspect)};
  CHECK(COMMAND(scene.gpu, vkTransitionImageLayoutEXT)(scene.gpu.device, 1, &info));
}

VkImage makeImage(Scene& scene, const Kind& kind, uint32_t layers = 1, uint32_t mips = 1) {
  VkImageCreateInfo info = app::imageInfo(kind.format, kExtent, kUsage);
  info.arrayLayers = layers;
  info.mipLevels = mips;
  const VkImage image = app::makeImage(scene, info);
  transition(scene, image, kind.aspect);
  return image;
}

std::vector<std::byte> texels(size_t bytes, uint32_t seed) {
  std::vector<std::byte> made(bytes);
  for (size_t i = 0; i < bytes; ++i) made[i] = std::byte((i * 167 + seed * 59 + i / 251) & 0x3f);
  return made;
}

using In = VkMemoryToImageCopyEXT;
void copyIn(Scene& scene, VkImage image, const std::vector<In>& regions, VkHostImageCopyFlagsEXT flags = 0) {
  const VkCopyMemoryToImageInfoEXT info{
      VK_STRUCTURE_TYPE_COPY_MEMORY_TO_IMAGE_INFO_EXT, nullptr,       flags, image, VK_IMAGE_LAYOUT_GENERAL,
      static_cast<uint32_t>(regions.size()),           regions.data()};
  CHECK(COMMAND(scene.gpu, vkCopyMemoryToImageEXT)(scene.gpu.device, &info));
}

// The same regions of the image, into memory that is laid out as theirs was.
std::vector<std::byte> copyOut(Scene& scene, VkImage image, const In& from, size_t bytes,
                               VkHostImageCopyFlagsEXT flags = 0) {
  std::vector<std::byte> found(bytes);
  const VkImageToMemoryCopyEXT region{VK_STRUCTURE_TYPE_IMAGE_TO_MEMORY_COPY_EXT,
                                      nullptr,
                                      found.data(),
                                      from.memoryRowLength,
                                      from.memoryImageHeight,
                                      from.imageSubresource,
                                      from.imageOffset,
                                      from.imageExtent};
  const VkCopyImageToMemoryInfoEXT info{VK_STRUCTURE_TYPE_COPY_IMAGE_TO_MEMORY_INFO_EXT,
                                        nullptr,
                                        flags,
                                        image,
                                        VK_IMAGE_LAYOUT_GENERAL,
                                        1,
                                        &region};
  CHECK(COMMAND(scene.gpu, vkCopyImageToMemoryEXT)(scene.gpu.device, &info));
  return found;
}

In region(const void* texels, const VkImageSubresourceLayers& of, VkExtent3D extent, uint32_t row_length = 0,
          uint32_t image_height = 0) {
  return {
      VK_STRUCTURE_TYPE_MEMORY_TO_IMAGE_COPY_EXT, nullptr, texels, row_length, image_height, of, {}, extent};
}

// What the GPU finds in it.
void read(Scene& scene, VkImage image, VkExtent3D extent, VkDeviceSize bytes,
          const VkImageSubresourceLayers& of) {
  scene.once([&](VkCommandBuffer commands) {
    const VkBufferImageCopy copy{scene.space(bytes), 0, 0, of, {0, 0, 0}, extent};
    vkCmdCopyImageToBuffer(commands, image, VK_IMAGE_LAYOUT_GENERAL, scene.result.handle, 1, &copy);
  });
}

// Rows with and without gaps, slices of an array's layers, several regions in one call.
void rows(Scene& scene) {
  open(scene);
  const VkImage image = makeImage(scene, kColour, 3, 2);
  constexpr uint32_t kLength = 28, kHeight = 15;
  const auto tight = texels(20 * 12 * 4, 1), wide = texels(kLength * kHeight * 4 * 2, 2),
             small = texels(10 * 6 * 4 * 3, 3);
  const VkImageSubresourceLayers first{VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
      others{VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 2},
      level{VK_IMAGE_ASPECT_COLOR_BIT, 1, 0, VK_REMAINING_ARRAY_LAYERS};
  copyIn(scene, image, {region(tight.data(), first, kExtent)});
  copyIn(scene, image,
         {region(wide.data(), others, kExtent, kLength, kHeight), region(small.data(), level, {10, 6, 1})});
  const auto found = copyOut(scene, image, region(nullptr, others, kExtent, kLength, kHeight), wide.size());
  for (uint32_t row = 0; scene.seen && row < 2 * kHeight; ++row)
    if (row % kHeight < kExtent.height)
      REQUIRE(std::memcmp(&found[row * kLength * 4], &wide[row * kLength * 4], kExtent.width * 4) == 0);
  REQUIRE(!scene.seen || copyOut(scene, image, region(nullptr, first, kExtent), tight.size()) == tight);
  for (uint32_t layer = 0; layer < 3; ++layer) {
    read(scene, image, kExtent, 20 * 12 * 4, {VK_IMAGE_ASPECT_COLOR_BIT, 0, layer, 1});
    read(scene, image, {10, 6, 1}, 10 * 6 * 4, {VK_IMAGE_ASPECT_COLOR_BIT, 1, layer, 1});
  }
}

// Formats whose texels are packed in other ways; those that the driver has.
void formats(Scene& scene) {
  open(scene);
  const Kind kinds[] = {kColour,
                        {VK_FORMAT_R16_UINT, VK_IMAGE_ASPECT_COLOR_BIT, 2, 1},
                        {VK_FORMAT_BC1_RGB_UNORM_BLOCK, VK_IMAGE_ASPECT_COLOR_BIT, 8, 4},
                        {VK_FORMAT_ETC2_R8G8B8_UNORM_BLOCK, VK_IMAGE_ASPECT_COLOR_BIT, 8, 4},
                        {VK_FORMAT_D16_UNORM, VK_IMAGE_ASPECT_DEPTH_BIT, 2, 1},
                        {VK_FORMAT_D32_SFLOAT, VK_IMAGE_ASPECT_DEPTH_BIT, 4, 1}};
  for (const Kind& kind : kinds) {
    if (!hasFormat(scene, kind.format)) continue;
    const VkImage image = makeImage(scene, kind);
    const VkImageSubresourceLayers of{VkImageAspectFlags(kind.aspect), 0, 0, 1};
    const uint32_t columns = (kExtent.width + kind.block - 1) / kind.block;
    const uint32_t lines = (kExtent.height + kind.block - 1) / kind.block;
    const auto wanted = texels((columns + 1) * lines * kind.bytes, kind.format);
    const In whole = region(wanted.data(), of, kExtent, (columns + 1) * kind.block);
    copyIn(scene, image, {whole});
    const auto found = copyOut(scene, image, whole, wanted.size());
    for (uint32_t line = 0; scene.seen && line < lines; ++line) {
      const size_t at = line * (columns + 1) * kind.bytes;
      REQUIRE(std::memcmp(&found[at], &wanted[at], columns * kind.bytes) == 0);
    }
    read(scene, image, kExtent, columns * lines * kind.bytes, of);
  }
}

// As the driver itself lays out texels: only what it gave out itself may be put back.
void memcpyFlag(Scene& scene) {
  open(scene);
  const VkImage image = makeImage(scene, kColour), other = makeImage(scene, kColour);
  const VkImageSubresourceLayers of{VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
  const auto wanted = texels(20 * 12 * 4, 4);
  copyIn(scene, image, {region(wanted.data(), of, kExtent)});
  VkSubresourceHostMemcpySizeEXT size{VK_STRUCTURE_TYPE_SUBRESOURCE_HOST_MEMCPY_SIZE_EXT};
  VkSubresourceLayout2EXT layout{VK_STRUCTURE_TYPE_SUBRESOURCE_LAYOUT_2_EXT, &size, {}};
  const VkImageSubresource2EXT which{
      VK_STRUCTURE_TYPE_IMAGE_SUBRESOURCE_2_EXT, nullptr, {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0}};
  COMMAND(scene.gpu, vkGetImageSubresourceLayout2EXT)(scene.gpu.device, image, &which, &layout);
  NEED(size.size > 0);
  const auto bytes =
      copyOut(scene, image, region(nullptr, of, kExtent), size.size, VK_HOST_IMAGE_COPY_MEMCPY_EXT);
  copyIn(scene, other, {region(bytes.data(), of, kExtent)}, VK_HOST_IMAGE_COPY_MEMCPY_EXT);
  REQUIRE(!scene.seen || copyOut(scene, other, region(nullptr, of, kExtent), wanted.size()) == wanted);
  read(scene, other, kExtent, wanted.size(), of);
}

// From image to image, a part of it.
void between(Scene& scene) {
  open(scene);
  const VkImage image = makeImage(scene, kColour), other = makeImage(scene, kColour);
  const VkImageSubresourceLayers of{VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
  const auto first = texels(20 * 12 * 4, 5), second = texels(20 * 12 * 4, 6);
  copyIn(scene, image, {region(first.data(), of, kExtent)});
  copyIn(scene, other, {region(second.data(), of, kExtent)});
  const VkImageCopy2 part{VK_STRUCTURE_TYPE_IMAGE_COPY_2, nullptr, of, {0, 0, 0}, of, {8, 4, 0}, {12, 8, 1}};
  const VkCopyImageToImageInfoEXT info{VK_STRUCTURE_TYPE_COPY_IMAGE_TO_IMAGE_INFO_EXT,
                                       nullptr,
                                       0,
                                       image,
                                       VK_IMAGE_LAYOUT_GENERAL,
                                       other,
                                       VK_IMAGE_LAYOUT_GENERAL,
                                       1,
                                       &part};
  CHECK(COMMAND(scene.gpu, vkCopyImageToImageEXT)(scene.gpu.device, &info));
  const auto found = copyOut(scene, other, region(nullptr, of, kExtent), first.size());
  REQUIRE(!scene.seen || std::memcmp(&found[(4 * 20 + 8) * 4], first.data(), 12 * 4) == 0);
  read(scene, other, kExtent, first.size(), of);
}

const app::Case kCases[] = {
    {"rows", rows}, {"formats", formats}, {"memcpy", memcpyFlag}, {"between", between}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("host_copy", kCases, argc, argv); }
#else
int main() { app::lacks("the headers of VK_EXT_host_image_copy"); }
#endif

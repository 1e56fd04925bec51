#include "format/vk_formats.h"

#include <iterator>

namespace reprise {
namespace {

constexpr FormatInfo kNoFormat{};  // so that the table is never empty
constexpr FormatInfo kFormats[] = {
    kNoFormat,
#include "gen/formats.inc"
};

uint64_t blocks(uint32_t texels, uint32_t block) { return (uint64_t{texels} + block - 1) / block; }

uint32_t planeOf(VkImageAspectFlagBits aspect) {
  switch (aspect) {
    case VK_IMAGE_ASPECT_PLANE_0_BIT:
      return 0;
    case VK_IMAGE_ASPECT_PLANE_1_BIT:
      return 1;
    case VK_IMAGE_ASPECT_PLANE_2_BIT:
      return 2;
    default:
      return UINT32_MAX;
  }
}

}  // namespace

const FormatInfo* formatInfo(VkFormat format) {
  if (format == VK_FORMAT_UNDEFINED) return nullptr;
  const auto* found = std::find_if(std::begin(kFormats), std::end(kFormats),
                                   [&](const FormatInfo& info) { return info.format == format; });
  return found == std::end(kFormats) ? nullptr : found;
}

AspectSize sizeOfAspect(const FormatInfo& format, VkImageAspectFlagBits aspect, VkExtent3D extent) {
  AspectSize size{extent.width, extent.height, 0, 0};
  if (aspect == VK_IMAGE_ASPECT_DEPTH_BIT || aspect == VK_IMAGE_ASPECT_STENCIL_BIT) {
    size.block_bytes = aspect == VK_IMAGE_ASPECT_DEPTH_BIT ? format.depth_bytes : format.stencil_bytes;
    size.bytes = uint64_t{extent.width} * extent.height * extent.depth * size.block_bytes;
  } else if (const uint32_t plane = planeOf(aspect); plane < format.plane_count) {
    const FormatPlane& info = format.planes[plane];
    size.width = extent.width / info.width_divisor;
    size.height = extent.height / info.height_divisor;
    size.block_bytes = info.bytes;
    size.bytes = uint64_t{size.width} * size.height * extent.depth * info.bytes;
  } else if (aspect == VK_IMAGE_ASPECT_COLOR_BIT && format.plane_count == 0 && format.depth_bytes == 0 &&
             format.stencil_bytes == 0) {
    size.block_bytes = format.block_bytes;
    size.bytes = blocks(extent.width, format.block_extent[0]) *
                 blocks(extent.height, format.block_extent[1]) *
                 blocks(extent.depth, format.block_extent[2]) * format.block_bytes;
  }
  return size;
}

VkImageAspectFlags copiedAspects(const FormatInfo& format, VkImageAspectFlags wanted) {
  VkImageAspectFlags there = VK_IMAGE_ASPECT_COLOR_BIT;
  if (format.plane_count != 0) {
    there = VK_IMAGE_ASPECT_PLANE_0_BIT | VK_IMAGE_ASPECT_PLANE_1_BIT;
    if (format.plane_count == 3) there |= VK_IMAGE_ASPECT_PLANE_2_BIT;
    if (wanted & VK_IMAGE_ASPECT_COLOR_BIT) return there;
  } else if (format.depth_bytes != 0 || format.stencil_bytes != 0) {
    there = (format.depth_bytes != 0 ? VK_IMAGE_ASPECT_DEPTH_BIT : 0) |
            (format.stencil_bytes != 0 ? VK_IMAGE_ASPECT_STENCIL_BIT : 0);
  }
  return wanted & there;
}

}  // namespace reprise

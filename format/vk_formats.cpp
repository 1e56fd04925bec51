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

FormatBlock blockOfAspect(const FormatInfo& format, VkImageAspectFlagBits aspect) {
  if (aspect == VK_IMAGE_ASPECT_DEPTH_BIT) return {format.depth_bytes};
  if (aspect == VK_IMAGE_ASPECT_STENCIL_BIT) return {format.stencil_bytes};
  if (const uint32_t plane = planeOf(aspect); plane < format.plane_count)
    return {format.planes[plane].bytes};
  if (aspect != VK_IMAGE_ASPECT_COLOR_BIT || format.plane_count != 0 || format.depth_bytes != 0 ||
      format.stencil_bytes != 0)
    return {};
  return {format.block_bytes, {format.block_extent[0], format.block_extent[1], format.block_extent[2]}};
}

AspectSize sizeOfAspect(const FormatInfo& format, VkImageAspectFlagBits aspect, VkExtent3D extent) {
  const FormatBlock block = blockOfAspect(format, aspect);
  AspectSize size{extent.width, extent.height, 0, block.bytes};
  if (const uint32_t plane = planeOf(aspect); plane < format.plane_count) {
    size.width /= format.planes[plane].width_divisor;
    size.height /= format.planes[plane].height_divisor;
  }
  size.bytes = blocks(size.width, block.extent[0]) * blocks(size.height, block.extent[1]) *
               blocks(extent.depth, block.extent[2]) * block.bytes;
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

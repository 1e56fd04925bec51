// What a format's texels take in a buffer, as vkCmdCopyImageToBuffer and vkCmdCopyBufferToImage pack them.
//
// Constant data from the registry's <formats>; any thread. A registry that lists none (before 1.3.210) makes
// an empty table. Rests on: Vulkan specification "Formats", "Copying Data Between Buffers and Images".
#pragma once

#include "format/vk.h"

namespace reprise {

struct FormatPlane {
  uint32_t bytes;  // of a texel
  uint32_t width_divisor, height_divisor;
};

struct FormatInfo {
  VkFormat format;
  uint32_t block_bytes;
  uint32_t block_extent[3];             // texels of a block: width, height, depth
  uint32_t depth_bytes, stencil_bytes;  // of a texel; 0: no such aspect
  uint32_t plane_count;                 // 0: one, and its aspect is no plane
  FormatPlane planes[3];
};

const FormatInfo* formatInfo(VkFormat format);  // null if unknown

// What the texels of one aspect (one bit) lie in. Of a plane: its own texels.
struct FormatBlock {
  uint32_t bytes = 0;  // 0: the format has no such aspect
  uint32_t extent[3] = {1, 1, 1};
};
FormatBlock blockOfAspect(const FormatInfo& format, VkImageAspectFlagBits aspect);

// Texels of one aspect (one bit) of a subresource.
struct AspectSize {
  uint32_t width = 0, height = 0;  // of the aspect; a plane may be smaller than the image
  uint64_t bytes = 0;              // packed; 0: the format has no such aspect
  uint32_t block_bytes = 0;        // buffer offsets are multiples of this
};
AspectSize sizeOfAspect(const FormatInfo& format, VkImageAspectFlagBits aspect, VkExtent3D extent);

// The aspects of `wanted` to copy one by one: VK_IMAGE_ASPECT_COLOR_BIT of a format with planes means all
// planes.
VkImageAspectFlags copiedAspects(const FormatInfo& format, VkImageAspectFlags wanted);

}  // namespace reprise

// How the texels of a host image copy's region lie in host memory, and the packets of such copies.
//
// A region's rows lie memoryRowLength texels apart and its slices memoryImageHeight rows; a trace holds the
// rows without what is between them, region after region. Sizes that overflow are UINT64_MAX. Pure functions;
// any thread. Rests on: Vulkan specification, VkMemoryToImageCopy, VkHostImageCopyFlagBits, "Buffer and Image
// Addressing".
#pragma once

#include "format/vk_formats.h"

namespace reprise {

// Of an image that host copies may name. Here by value, as the names are younger than some registries.
inline constexpr VkImageUsageFlags kHostTransferUsage = 0x00400000;  // VK_IMAGE_USAGE_HOST_TRANSFER_BIT
bool isForHostCopies(const VkImageCreateInfo& info);

// How an image was made, as far as its regions' sizes follow from that.
struct HostImage {
  VkFormat format = VK_FORMAT_UNDEFINED;
  uint32_t layers = 0;
};

struct TexelRows {
  uint64_t row_bytes = 0;  // of the texels of a row
  uint64_t rows = 0;       // of a slice; of a compressed format, rows of blocks
  uint64_t slices = 0;     // of all layers
  uint64_t row_pitch = 0, slice_pitch = 0;

  uint64_t packed() const;  // bytes without what is between rows
  uint64_t span() const;    // from the first byte to the last
  bool isPacked() const { return packed() == span(); }
};

struct CopiedRegion {
  uint32_t row_length, image_height;  // 0: as the extent
  VkImageSubresourceLayers of;
  VkExtent3D extent;
};

// Nothing (row_bytes 0) if the format is unknown or has no such aspect.
TexelRows texelRows(const HostImage& image, const CopiedRegion& region);

// Bytes whose order is nobody's business.
constexpr TexelRows oneRow(uint64_t bytes) { return {bytes, 1, 1, bytes, bytes}; }

void packRows(std::byte* packed, const std::byte* rows, const TexelRows& shape);
void unpackRows(std::byte* rows, const std::byte* packed, const TexelRows& shape);

#if defined(VK_EXT_host_image_copy)
#define REPRISE_HOST_COPIES 1
// By the names that this build's registry has for them.
#if defined(VK_VERSION_1_4)
using CopyFromHostCall = CopyMemoryToImageCall;
using CopyToHostCall = CopyImageToMemoryCall;
using CopyByHostCall = CopyImageToImageCall;
using TransitionByHostCall = TransitionImageLayoutCall;
#else
using CopyFromHostCall = CopyMemoryToImageEXTCall;
using CopyToHostCall = CopyImageToMemoryEXTCall;
using CopyByHostCall = CopyImageToImageEXTCall;
using TransitionByHostCall = TransitionImageLayoutEXTCall;
#endif

// Texels as only this driver may lay them out, in sizes that it tells.
inline constexpr VkFlags kHostMemcpy = VK_HOST_IMAGE_COPY_MEMCPY_EXT;

template <class Region>
CopiedRegion copiedRegion(const Region& region) {
  return {region.memoryRowLength, region.memoryImageHeight, region.imageSubresource, region.imageExtent};
}

// What a region takes of a copy with kHostMemcpy, as `driver` says; 0 if it cannot say.
uint64_t memcpySize(const Dispatch& driver, VkDevice device, VkImage image, const HostImage& made,
                    const VkImageSubresourceLayers& of);
#endif

}  // namespace reprise

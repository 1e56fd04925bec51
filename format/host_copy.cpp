#include "format/host_copy.h"

namespace reprise {
namespace {

uint64_t times(uint64_t a, uint64_t b) {
  uint64_t product;
  return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}
uint64_t plus(uint64_t a, uint64_t b) {
  uint64_t sum;
  return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}
uint64_t blocks(uint32_t texels, uint32_t block) { return (uint64_t{texels} + block - 1) / block; }

// VK_REMAINING_ARRAY_LAYERS is more than any image has.
uint32_t layersOf(const HostImage& image, const VkImageSubresourceLayers& of) {
  const uint32_t there = image.layers > of.baseArrayLayer ? image.layers - of.baseArrayLayer : 0;
  return std::min(of.layerCount, there);
}

template <class F>
void forEachRow(const TexelRows& shape, F&& f) {
  if (shape.packed() == 0) return;
  size_t packed = 0;
  for (uint64_t slice = 0; slice < shape.slices; ++slice)
    for (uint64_t row = 0; row < shape.rows; ++row, packed += shape.row_bytes)
      f(packed, slice * shape.slice_pitch + row * shape.row_pitch);
}

}  // namespace

bool isForHostCopies(const VkImageCreateInfo& info) {
  VkImageUsageFlags usage = info.usage;
  for (auto* node = static_cast<const VkBaseInStructure*>(info.pNext); node; node = node->pNext) {
    if (node->sType == VK_STRUCTURE_TYPE_IMAGE_STENCIL_USAGE_CREATE_INFO)
      usage |= reinterpret_cast<const VkImageStencilUsageCreateInfo*>(node)->stencilUsage;
#if defined(VK_KHR_extended_flags)
    if (node->sType == VK_STRUCTURE_TYPE_IMAGE_USAGE_FLAGS_2_CREATE_INFO_KHR)
      usage |= VkFlags(reinterpret_cast<const VkImageUsageFlags2CreateInfoKHR*>(node)->usage);
#endif
  }
  return (usage & kHostTransferUsage) != 0;
}

uint64_t TexelRows::packed() const { return times(times(row_bytes, rows), slices); }

uint64_t TexelRows::span() const {
  if (packed() == 0) return 0;
  return plus(plus(times(slices - 1, slice_pitch), times(rows - 1, row_pitch)), row_bytes);
}

TexelRows texelRows(const HostImage& image, const CopiedRegion& region) {
  const FormatInfo* format = formatInfo(image.format);
  if (format == nullptr) return {};
  // Of one texel, or of one block: a plane is addressed in texels of its own.
  const auto aspect = VkImageAspectFlagBits(region.of.aspectMask);
  const FormatBlock block = blockOfAspect(*format, aspect);
  if (block.bytes == 0) return {};
  const VkExtent3D& extent = region.extent;
  const uint32_t row_length = region.row_length ? region.row_length : extent.width;
  const uint32_t image_height = region.image_height ? region.image_height : extent.height;
  TexelRows rows;
  rows.row_bytes = times(blocks(extent.width, block.extent[0]), block.bytes);
  rows.rows = blocks(extent.height, block.extent[1]);
  rows.slices = times(blocks(extent.depth, block.extent[2]), layersOf(image, region.of));
  rows.row_pitch = times(blocks(row_length, block.extent[0]), block.bytes);
  rows.slice_pitch = times(blocks(image_height, block.extent[1]), rows.row_pitch);
  return rows;
}

void packRows(std::byte* packed, const std::byte* rows, const TexelRows& shape) {
  forEachRow(shape, [&](size_t at, size_t from) { std::memcpy(packed + at, rows + from, shape.row_bytes); });
}

void unpackRows(std::byte* rows, const std::byte* packed, const TexelRows& shape) {
  forEachRow(shape, [&](size_t at, size_t to) { std::memcpy(rows + to, packed + at, shape.row_bytes); });
}

#if defined(REPRISE_HOST_COPIES)
uint64_t memcpySize(const Dispatch& driver, VkDevice device, VkImage image, const HostImage& made,
                    const VkImageSubresourceLayers& of) {
  // Under whichever of its names this registry has the command.
  if (driver.GetImageSubresourceLayout2EXT == nullptr) return 0;
  uint64_t total = 0;
  for (uint32_t layer = 0; layer < layersOf(made, of); ++layer) {
    VkSubresourceHostMemcpySizeEXT size{VK_STRUCTURE_TYPE_SUBRESOURCE_HOST_MEMCPY_SIZE_EXT, nullptr, 0};
    VkSubresourceLayout2EXT layout{VK_STRUCTURE_TYPE_SUBRESOURCE_LAYOUT_2_EXT, &size, {}};
    const VkImageSubresource2EXT subresource{VK_STRUCTURE_TYPE_IMAGE_SUBRESOURCE_2_EXT,
                                             nullptr,
                                             {of.aspectMask, of.mipLevel, of.baseArrayLayer + layer}};
    driver.GetImageSubresourceLayout2EXT(device, image, &subresource, &layout);
    if (size.size == 0) return 0;
    total = plus(total, size.size);
  }
  return total;
}
#endif

}  // namespace reprise

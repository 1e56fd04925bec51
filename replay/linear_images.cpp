#include "replay/linear_images.h"

#include <algorithm>
#include <cstring>

#include "format/vk_formats.h"
#include "replay/memory.h"
#include "replay/session.h"

namespace reprise {
namespace {

VkDeviceSize startOf(const VkSubresourceLayout& layout, uint32_t layer, uint32_t slice, uint32_t row) {
  return layout.offset + layer * layout.arrayPitch + slice * layout.depthPitch + row * layout.rowPitch;
}

// f(start, layer, slice, row) for each row of which a texel lies in [begin, end).
template <class F>
void forEachRow(const LinearPart& part, const VkSubresourceLayout& layout, VkDeviceSize begin,
                VkDeviceSize end, const F& f) {
  for (uint32_t layer = 0; layer < part.layers; ++layer) {
    for (uint32_t slice = 0; slice < part.slices; ++slice) {
      const VkDeviceSize first = startOf(layout, layer, slice, 0);
      const VkDeviceSize skipped = begin > first ? (begin - first) / layout.rowPitch : 0;
      for (VkDeviceSize row = skipped; row < part.rows; ++row) {
        const VkDeviceSize start = first + row * layout.rowPitch;
        if (start >= end) break;
        if (start + part.row_bytes > begin) f(start, layer, slice, static_cast<uint32_t>(row));
      }
    }
  }
}

// Bytes that belong to no texel stay where they are, unless that is in a texel here.
void keep(std::span<const LinearPart> parts, VkDeviceSize begin, VkDeviceSize end,
          std::vector<ByteMove>& moves) {
  if (begin >= end) return;
  std::vector<std::pair<VkDeviceSize, VkDeviceSize>> taken;
  for (const LinearPart& part : parts)
    forEachRow(part, part.live, begin, end, [&](VkDeviceSize start, auto...) {
      taken.push_back({start, start + part.row_bytes});
    });
  std::ranges::sort(taken);
  for (const auto& [from, to] : taken) {
    if (from > begin) moves.push_back({begin, begin, from - begin});
    begin = std::max(begin, to);
  }
  if (begin < end) moves.push_back({begin, begin, end - begin});
}

// Texel rows of an aspect; false where the format does not say how they lie in an image.
bool describe(const VkImageCreateInfo& info, const VkImageSubresource& of, LinearPart& part) {
  const FormatInfo* format = formatInfo(info.format);
  if (format == nullptr || of.mipLevel >= info.mipLevels || of.mipLevel > 31) return false;
  const auto level = [&](uint32_t size) { return std::max(size >> of.mipLevel, 1u); };
  const VkExtent3D extent{level(info.extent.width), level(info.extent.height), level(info.extent.depth)};
  const auto aspect = static_cast<VkImageAspectFlagBits>(of.aspectMask);
  const AspectSize size = sizeOfAspect(*format, aspect, extent);
  // How depth and stencil lie side by side is the driver's affair.
  if (size.bytes == 0 || (format->depth_bytes && format->stencil_bytes)) return false;
  const uint32_t* block = format->block_extent;
  const bool plane = format->plane_count != 0;
  const uint64_t columns = plane ? size.width : (uint64_t{size.width} + block[0] - 1) / block[0];
  part.row_bytes = columns * size.block_bytes;
  part.rows = plane ? size.height : (size.height + block[1] - 1) / block[1];
  part.slices = plane ? extent.depth : (extent.depth + block[2] - 1) / block[2];
  part.layers = info.arrayLayers;
  return true;
}

// The layout of the first layer, without members that mean nothing for the image. False if it cannot be true:
// a trace may say anything.
bool normalize(const LinearPart& part, uint32_t layer, VkSubresourceLayout& layout) {
  constexpr VkDeviceSize kMost = VkDeviceSize{1} << 40;
  constexpr uint32_t kMostRows = 1 << 20;  // so that no sum of them overflows
  if (part.slices == 1) layout.depthPitch = 0;
  if (part.layers == 1) layout.arrayPitch = 0;
  for (const VkDeviceSize value : {layout.offset, layout.rowPitch, layout.depthPitch, layout.arrayPitch})
    if (value > kMost) return false;
  if (std::max({part.rows, part.slices, part.layers}) > kMostRows || layer >= part.layers ||
      layout.rowPitch < part.row_bytes || layout.offset < layer * layout.arrayPitch)
    return false;
  layout.offset -= layer * layout.arrayPitch;
  layout.size = 0;
  return true;
}

bool sameRows(const VkSubresourceLayout& a, const VkSubresourceLayout& b) {
  return a.offset == b.offset && a.rowPitch == b.rowPitch && a.depthPitch == b.depthPitch &&
         a.arrayPitch == b.arrayPitch;
}

}  // namespace

std::vector<ByteMove> rearrange(std::span<const LinearPart> parts, VkDeviceSize begin, VkDeviceSize end) {
  std::vector<ByteMove> texels;
  if (begin >= end) return texels;
  for (const LinearPart& part : parts) {
    forEachRow(part, part.captured, begin, end,
               [&](VkDeviceSize start, uint32_t layer, uint32_t slice, uint32_t row) {
                 const VkDeviceSize from = std::max(start, begin);
                 const VkDeviceSize to = std::min(start + part.row_bytes, end);
                 const VkDeviceSize here = startOf(part.live, layer, slice, row);
                 texels.push_back({from, here + (from - start), to - from});
               });
  }
  std::ranges::sort(texels, {}, &ByteMove::from);
  std::vector<ByteMove> moves;
  VkDeviceSize at = begin;
  for (const ByteMove& texel : texels) {
    keep(parts, at, texel.from, moves);
    moves.push_back(texel);
    at = std::max(at, texel.from + texel.size);
  }
  keep(parts, at, end, moves);
  return moves;
}

void LinearImages::created(VkImage image, const VkImageCreateInfo& info) {
  if (info.tiling != VK_IMAGE_TILING_LINEAR) return;
  Image& made = images_[image] = Image();
  made.info = info;
  made.info.pNext = nullptr;
  made.info.pQueueFamilyIndices = nullptr;
}

void LinearImages::destroyed(VkImage image) {
  const auto found = images_.find(image);
  if (found == images_.end()) return;
  const std::vector<Binding> bindings = std::move(found->second.bindings);
  images_.erase(found);
  for (const Binding& binding : bindings) collect(binding.memory);
}

bool LinearImages::learn(VkImage image, const VkImageSubresource& of, const VkSubresourceLayout& captured,
                         const VkSubresourceLayout& live) {
  const auto found = images_.find(image);
  if (found == images_.end()) return false;
  Image& known = found->second;
  Part part{of.aspectMask, of.mipLevel, {}};
  part.rows.captured = captured;
  part.rows.live = live;
  if (!describe(known.info, of, part.rows) || !normalize(part.rows, of.arrayLayer, part.rows.captured) ||
      !normalize(part.rows, of.arrayLayer, part.rows.live) || sameRows(part.rows.captured, part.rows.live))
    return false;
  std::erase_if(known.parts, [&](const Part& other) {
    return other.aspect == part.aspect && other.mip_level == part.mip_level;
  });
  known.parts.push_back(part);
  for (const Binding& binding : known.bindings) collect(binding.memory);
  return true;
}

VkDeviceSize LinearImages::bound(VkImage image, VkImageAspectFlags plane, VkDeviceMemory memory,
                                 VkDeviceSize offset) {
  const auto found = images_.find(image);
  if (found == images_.end()) return 0;
  Image& known = found->second;
  known.bindings.push_back({plane, memory, offset});
  collect(memory);
  VkDeviceSize end = 0;
  if (known.info.initialLayout != VK_IMAGE_LAYOUT_PREINITIALIZED) return end;
  for (const auto& [aspect, mip_level, rows] : known.parts) {
    if (plane && plane != aspect) continue;
    end = std::max(end, offset + rows.row_bytes +
                            startOf(rows.captured, rows.layers - 1, rows.slices - 1, rows.rows - 1));
  }
  return end;
}

void LinearImages::freed(VkDeviceMemory memory) {
  if (images_.empty()) return;
  for (auto& [image, known] : images_)
    std::erase_if(known.bindings, [&](const Binding& binding) { return binding.memory == memory; });
  parts_.erase(memory);
}

void LinearImages::collect(VkDeviceMemory memory) {
  std::vector<LinearPart> parts;
  for (const auto& [image, known] : images_) {
    for (const Binding& binding : known.bindings) {
      if (binding.memory != memory) continue;
      for (const Part& part : known.parts) {
        if (binding.plane && binding.plane != part.aspect) continue;
        parts.push_back(part.rows);
        parts.back().captured.offset += binding.offset;
        parts.back().live.offset += binding.offset;
      }
    }
  }
  if (parts.empty())
    parts_.erase(memory);
  else
    parts_[memory] = std::move(parts);
}

// `at`: where the bytes lay at capture, from the block's beginning.
bool Memory::uploadRows(Device& device, LiveMemory& live, VkDeviceSize at, std::span<const std::byte> bytes) {
  if (!ensureMapped(device, live)) return false;
  std::vector<ByteMove> moves = rearrange(device.linear.partsIn(live.memory), at, at + bytes.size());
  VkDeviceSize first = live.size, last = 0;
  for (ByteMove& move : moves) {
    move.to = std::min(move.to, live.size);
    move.size = std::min(move.size, live.size - move.to);
    first = std::min(first, move.to);
    last = std::max(last, move.to + move.size);
  }
  beforeUpload(device, live, first, last);
  for (const ByteMove& move : moves)
    std::memcpy(live.mapped + move.to, bytes.data() + (move.from - at), move.size);
  flush(device, live, first, last, false);
  return true;
}

// What the program wrote at `begin`, at capture, before it bound an image there; in the block, its texels end
// at `end`.
void Memory::rearrangeEarlier(Allocation& allocation, VkDeviceMemory memory, VkDeviceSize begin,
                              VkDeviceSize end) {
  const LiveMemory& whole = *allocation.blocks[0].live;
  for (LiveBlock& block : allocation.blocks) {
    if (block.live->memory != memory || whole.mapped == nullptr) continue;
    end = std::min(end + block.begin, whole.size);
    if (begin >= end || begin < block.begin) return;
    const std::vector<std::byte> bytes(whole.mapped + begin, whole.mapped + end);
    (void)uploadRows(*allocation.device, *block.live, begin - block.begin, bytes);
    return;
  }
}

}  // namespace reprise

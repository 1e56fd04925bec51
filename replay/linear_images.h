// Linear images that the program fills through mapped memory, on a driver that has their rows elsewhere.
//
// The program learnt from vkGetImageSubresourceLayout where an image's rows begin, and wrote there. The same
// query is played here; where the answers differ, what the program wrote is moved row by row, and all other
// bytes go where they went. Bytes that lie in no texel of the captured image but in one of the live image are
// left out: they are the captured image's padding. One LinearImages a device, one thread. Offsets and sizes
// in bytes; images and memories are live ones.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "format/vk.h"

namespace reprise {

// The rows of one aspect of one mip level. Offsets are from the start of the memory to the first layer.
struct LinearPart {
  VkDeviceSize row_bytes = 0;                 // texels only
  uint32_t rows = 0, slices = 0, layers = 0;  // slices: depth
  VkSubresourceLayout captured{}, live{};
};

struct ByteMove {
  VkDeviceSize from = 0, to = 0, size = 0;
  bool operator==(const ByteMove&) const = default;
};

// Where the bytes that lay in [begin, end) at capture lie here.
std::vector<ByteMove> rearrange(std::span<const LinearPart> parts, VkDeviceSize begin, VkDeviceSize end);

class LinearImages {
 public:
  void created(VkImage image, const VkImageCreateInfo& info);  // of any tiling
  void destroyed(VkImage image);
  // What vkGetImageSubresourceLayout said at capture, and says here. True if the rows lie elsewhere.
  bool learn(VkImage image, const VkImageSubresource& of, const VkSubresourceLayout& captured,
             const VkSubresourceLayout& live);
  // `plane`: the only aspect that was bound, 0 for the whole image. Where what lies there already is the
  // image's (VK_IMAGE_LAYOUT_PREINITIALIZED) and is to be moved: the end of its captured texels in the
  // memory; else 0.
  VkDeviceSize bound(VkImage image, VkImageAspectFlags plane, VkDeviceMemory memory, VkDeviceSize offset);
  void freed(VkDeviceMemory memory);

  // What is to be moved in this memory; mostly nothing.
  std::span<const LinearPart> partsIn(VkDeviceMemory memory) const {
    if (parts_.empty()) return {};
    const auto found = parts_.find(memory);
    return found == parts_.end() ? std::span<const LinearPart>() : found->second;
  }

 private:
  struct Part {
    VkImageAspectFlags aspect = 0;
    uint32_t mip_level = 0;
    LinearPart rows;  // offsets from the start of the image
  };
  struct Binding {
    VkImageAspectFlags plane = 0;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    VkDeviceSize offset = 0;
  };
  struct Image {
    VkImageCreateInfo info{};  // without its pointers
    std::vector<Part> parts;
    std::vector<Binding> bindings;
  };

  void collect(VkDeviceMemory memory);

  std::unordered_map<VkImage, Image> images_;
  std::unordered_map<VkDeviceMemory, std::vector<LinearPart>> parts_;  // of the bound images; none is empty
};

}  // namespace reprise

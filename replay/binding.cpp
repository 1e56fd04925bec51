// Where the program's buffers and images lie in the live memory behind its allocations.
#include <algorithm>
#include <cstring>

#include "replay/chains.h"
#include "replay/memory.h"
#include "replay/session.h"

namespace reprise {

Status Memory::place(HandleMap::Id id, const VkMemoryRequirements& needs, VkDeviceMemory& memory,
                     VkDeviceSize& offset) {
  Allocation* allocation = find(id);
  if (allocation == nullptr)
    return player_.error(Code::kUnreadable, "binds to memory that was never allocated");
  const auto fits = [&](const LiveBlock& block) {
    const VkDeviceSize inside = offset - block.begin;
    return offset >= block.begin && inside <= block.size && needs.size <= block.size - inside &&
           (needs.memoryTypeBits >> block.type & 1) &&
           (needs.alignment == 0 || inside % needs.alignment == 0);
  };
  // Moved blocks first: what aliased a moved resource must go on to alias it.
  for (size_t i = allocation->blocks.size(); i-- > 0;) {
    const LiveBlock& block = allocation->blocks[i];
    if (!fits(block)) continue;
    memory = block.memory;
    offset -= block.begin;
    return Status::ok();
  }
  Device& device = *allocation->device;
  const VkMemoryPropertyFlags host = allocation->wanted & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
  LiveBlock block;
  block.size = needs.size;
  block.begin = offset;
  block.type = chooseMemoryType(device.memory, needs.memoryTypeBits, allocation->wanted, host);
  if (block.type == UINT32_MAX)
    block.type = chooseMemoryType(device.memory, needs.memoryTypeBits, allocation->wanted, 0);
  if (block.type == UINT32_MAX)
    return player_.error(Code::kCannotRun, "no memory type of this device suits a resource of the trace");
  const VkResult result = newBlock(device, block, nullptr);
  if (result != VK_SUCCESS)
    return player_.error(Code::kCannotRun, "memory for a resource that needs more room here: " +
                                               std::string(resultName(result)));
  // What the program had already written there.
  LiveBlock& whole = allocation->blocks[0];
  if (host && whole.mapped && offset < whole.size && ensureMapped(device, block)) {
    const VkDeviceSize size = std::min(block.size, whole.size - offset);
    std::memcpy(block.mapped, whole.mapped + offset, size);
    flush(device, block, 0, size, false);
  }
  player_.note("resources whose memory requirements differ here have allocations of their own");
  allocation->blocks.push_back(block);
  memory = block.memory;
  offset = 0;
  return Status::ok();
}

Status Memory::placeBuffer(HandleMap::Id id, VkBuffer buffer, VkDeviceMemory& memory, VkDeviceSize& offset) {
  VkMemoryRequirements needs{};
  player_.dispatch().GetBufferMemoryRequirements(player_.device()->live, buffer, &needs);
  return place(id, needs, memory, offset);
}

Status Memory::placeImage(HandleMap::Id id, VkBindImageMemoryInfo& info) {
  const VkDevice device = player_.device()->live;
  const Dispatch& d = player_.dispatch();
  const auto* swapchain = findInChain<VkBindImageMemorySwapchainInfoKHR>(
      info.pNext, VK_STRUCTURE_TYPE_BIND_IMAGE_MEMORY_SWAPCHAIN_INFO_KHR);
  if (swapchain && swapchain->swapchain) {
    info.memory = player_.window().imageMemory(*reinterpret_cast<Swapchain*>(swapchain->swapchain),
                                               swapchain->imageIndex);
    info.memoryOffset = 0;
    removeFromChain(info.pNext, VK_STRUCTURE_TYPE_BIND_IMAGE_MEMORY_SWAPCHAIN_INFO_KHR);
    return info.memory ? Status::ok()
                       : player_.error(Code::kUnreadable, "binds to a swapchain image that cannot exist");
  }
  VkMemoryRequirements needs{};
  const auto* plane =
      findInChain<VkBindImagePlaneMemoryInfo>(info.pNext, VK_STRUCTURE_TYPE_BIND_IMAGE_PLANE_MEMORY_INFO);
  if (plane && d.GetImageMemoryRequirements2) {
    VkImagePlaneMemoryRequirementsInfo of_plane{VK_STRUCTURE_TYPE_IMAGE_PLANE_MEMORY_REQUIREMENTS_INFO,
                                                nullptr, plane->planeAspect};
    const VkImageMemoryRequirementsInfo2 of{VK_STRUCTURE_TYPE_IMAGE_MEMORY_REQUIREMENTS_INFO_2, &of_plane,
                                            info.image};
    VkMemoryRequirements2 found{};
    found.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2;
    d.GetImageMemoryRequirements2(device, &of, &found);
    needs = found.memoryRequirements;
  } else {
    d.GetImageMemoryRequirements(device, info.image, &needs);
  }
  return place(id, needs, info.memory, info.memoryOffset);
}

}  // namespace reprise

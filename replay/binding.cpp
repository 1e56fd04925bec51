// Where the program's buffers and images lie in the live memory behind its allocations.
#include <algorithm>
#include <cstring>

#include "replay/chains.h"
#include "replay/memory.h"
#include "replay/session.h"

namespace reprise {

Status Memory::place(HandleMap::Id id, const Resource& resource, VkDeviceMemory& memory,
                     VkDeviceSize& offset) {
  Allocation* allocation = find(id);
  if (allocation == nullptr)
    return player_.error(Code::kUnreadable, "binds to memory that was never allocated");
  const VkMemoryRequirements& needs = resource.needs;
  // What it has more here must not reach into what the program has behind it.
  const bool moves = resource.outgrew() && offset + resource.captured_size < allocation->size;
  Device& device = *allocation->device;
  const VkMemoryPropertyFlags host = allocation->wanted & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
  // The program writes to its buffers where it sees the memory; an image's block may be the device's own.
  const auto isSeen = [&](const LiveMemory& live) {
    return !host || resource.kind != HandleKind::kVkBuffer ||
           (device.memory.memoryTypes[live.type].propertyFlags & host);
  };
  const auto fits = [&](const LiveBlock& block) {
    const LiveMemory& live = *block.live;
    if (&block == allocation->blocks.data() ? moves : offset >= block.end()) return false;
    const VkDeviceSize inside = offset - block.begin;
    return offset >= block.begin && inside <= live.size && needs.size <= live.size - inside &&
           (needs.memoryTypeBits >> live.type & 1) && isSeen(live) &&
           (needs.alignment == 0 || inside % needs.alignment == 0) &&
           (live.dedicated == 0 ? !resource.wants_dedicated : live.dedicated == resource.live) &&
           // VUID-vkBindImageMemory-memory-02728 and -02729, and the buffer's
           (live.types == 0 || (live.types & resource.types));
  };
  // Moved blocks first: what aliased a moved resource must go on to alias it.
  for (size_t i = allocation->blocks.size(); i-- > 0;) {
    const LiveBlock& block = allocation->blocks[i];
    if (!fits(block)) continue;
    if (i > 0) occupy(id, resource, block.live);
    memory = block.live->memory;
    offset -= block.begin;
    return Status::ok();
  }
  if (const LiveBlock* shared = adopt(*allocation, resource, offset)) {
    memory = shared->live->memory;
    offset -= shared->begin;
    return Status::ok();
  }
  LiveBlock block{std::make_shared<LiveMemory>(), offset};
  LiveMemory& live = *block.live;
  live.size = needs.size;
  if (resource.outgrew()) block.captured = resource.captured_size;
  live.type = chooseMemoryType(device.memory, needs.memoryTypeBits, allocation->wanted, host);
  if (live.type == UINT32_MAX)
    live.type = chooseMemoryType(device.memory, needs.memoryTypeBits, allocation->wanted, 0);
  if (live.type == UINT32_MAX)
    return player_.error(Code::kCannotRun, "no memory type of this device suits a resource of the trace");
  live.types = allocation->exported & resource.types;
  VkExportMemoryAllocateInfo exported{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, nullptr, live.types};
  VkMemoryDedicatedAllocateInfo dedicated{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr,
                                          VK_NULL_HANDLE, VK_NULL_HANDLE};
  if (resource.kind == HandleKind::kVkImage) dedicated.image = handleOf<VkImage>(resource.live);
  if (resource.kind == HandleKind::kVkBuffer) dedicated.buffer = handleOf<VkBuffer>(resource.live);
  const void* next = nullptr;
  if (resource.wants_dedicated) {
    addToChain(next, &dedicated);
    live.dedicated = resource.live;
  }
  live.exportable = live.types;
  if (live.types) addToChain(next, &exported);
  VkMemoryAllocateFlagsInfo flags{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO, nullptr, allocation->flags,
                                  0};
  if (allocation->flags) addToChain(next, &flags);
  const VkResult result = newBlock(device, live, next);
  if (result != VK_SUCCESS)
    return player_.error(Code::kCannotRun, "memory for a resource that needs more room here: " +
                                               std::string(resultName(result)));
  // What the program had already written there.
  const LiveMemory& whole = *allocation->blocks[0].live;
  if (host && whole.mapped && offset < whole.size && ensureMapped(device, live)) {
    const VkDeviceSize size = std::min(block.end(), whole.size) - offset;
    std::memcpy(live.mapped, whole.mapped + offset, size);
    flush(device, live, 0, size, false);
  }
  player_.note("resources whose memory requirements differ here have allocations of their own");
  memory = live.memory;
  offset = 0;
  occupy(id, resource, block.live);
  allocation->blocks.push_back(std::move(block));
  if (allocation->payload) offer(*allocation);
  return Status::ok();
}

void Memory::occupy(HandleMap::Id id, const Resource& resource, const std::shared_ptr<LiveMemory>& live) {
  ++live->bound;
  moved_.emplace(std::pair(resource.kind, resource.live), Moved{id, live});
}

void Memory::destroyed(HandleKind kind, uint64_t live) {
  if (moved_.empty()) return;
  const auto [first, last] = moved_.equal_range({kind, live});
  for (auto it = first; it != last; ++it) {
    const std::shared_ptr<LiveMemory> memory = it->second.live.lock();  // null: freed before the resource
    Allocation* allocation = memory && --memory->bound == 0 ? find(it->second.allocation) : nullptr;
    if (allocation) giveUp(*allocation, memory);
  }
  moved_.erase(first, last);
}

// Ends a moved resource's block, or the program's next resource at its place would be put there: programs
// that divide one allocation use its ranges again and again. What is shared stays, others know it by its
// place.
void Memory::giveUp(Allocation& allocation, const std::shared_ptr<LiveMemory>& live) {
  const auto block = std::find_if(allocation.blocks.begin() + 1, allocation.blocks.end(),
                                  [&](const LiveBlock& one) { return one.live == live; });
  if (allocation.payload || block == allocation.blocks.end()) return;
  Device& device = *allocation.device;
  LiveMemory& whole = *allocation.blocks[0].live;
  // What the program could still read there. Memory that is slow to read is left: its contents are not kept.
  if (live->mapped && block->begin < whole.size && ensureMapped(device, whole) &&
      (device.memory.memoryTypes[live->type].propertyFlags & VK_MEMORY_PROPERTY_HOST_CACHED_BIT)) {
    const VkDeviceSize size = std::min(block->end(), whole.size) - block->begin;
    flush(device, *live, 0, size, true);
    std::memcpy(whole.mapped + block->begin, live->mapped, size);
    flush(device, whole, block->begin, block->begin + size, false);
  }
  device.linear.freed(live->memory);
  device.dispatch.FreeMemory(device.live, live->memory, nullptr);
  allocation.blocks.erase(block);
}

Status Memory::placeBuffer(HandleMap::Id id, VkBuffer buffer, VkDeviceMemory& memory, VkDeviceSize& offset) {
  const Dispatch& d = player_.dispatch();
  const ExternalTraits traits = player_.external().traitsOf(HandleKind::kVkBuffer, valueOf(buffer));
  Resource resource{HandleKind::kVkBuffer, valueOf(buffer), {}, traits.dedicated_only, traits.types};
  if (traits.types && d.GetBufferMemoryRequirements2) {
    VkMemoryDedicatedRequirements dedicated{};
    dedicated.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_REQUIREMENTS;
    const VkBufferMemoryRequirementsInfo2 of{VK_STRUCTURE_TYPE_BUFFER_MEMORY_REQUIREMENTS_INFO_2, nullptr,
                                             buffer};
    VkMemoryRequirements2 found{};
    found.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2;
    found.pNext = &dedicated;
    d.GetBufferMemoryRequirements2(player_.device()->live, &of, &found);
    resource.needs = found.memoryRequirements;
    resource.wants_dedicated |= dedicated.requiresDedicatedAllocation && !player_.sameGpu();
  } else {
    d.GetBufferMemoryRequirements(player_.device()->live, buffer, &resource.needs);
  }
  resource.captured_size = player_.device()->capturedSize(resource.kind, resource.live);
  return place(id, resource, memory, offset);
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
  const ExternalTraits traits = player_.external().traitsOf(HandleKind::kVkImage, valueOf(info.image));
  Resource resource{HandleKind::kVkImage, valueOf(info.image), {}, traits.dedicated_only, traits.types};
  const auto* plane =
      findInChain<VkBindImagePlaneMemoryInfo>(info.pNext, VK_STRUCTURE_TYPE_BIND_IMAGE_PLANE_MEMORY_INFO);
  if ((plane || traits.types) && d.GetImageMemoryRequirements2) {
    VkImagePlaneMemoryRequirementsInfo of_plane{VK_STRUCTURE_TYPE_IMAGE_PLANE_MEMORY_REQUIREMENTS_INFO,
                                                nullptr,
                                                plane ? plane->planeAspect : VkImageAspectFlagBits(0)};
    const VkImageMemoryRequirementsInfo2 of{VK_STRUCTURE_TYPE_IMAGE_MEMORY_REQUIREMENTS_INFO_2,
                                            plane ? &of_plane : nullptr, info.image};
    VkMemoryDedicatedRequirements dedicated{};
    dedicated.sType = VK_STRUCTURE_TYPE_MEMORY_DEDICATED_REQUIREMENTS;
    VkMemoryRequirements2 found{};
    found.sType = VK_STRUCTURE_TYPE_MEMORY_REQUIREMENTS_2;
    if (traits.types) found.pNext = &dedicated;
    d.GetImageMemoryRequirements2(device, &of, &found);
    resource.needs = found.memoryRequirements;
    resource.wants_dedicated |= dedicated.requiresDedicatedAllocation && !player_.sameGpu();
  } else {
    d.GetImageMemoryRequirements(device, info.image, &resource.needs);
  }
  if (!plane) resource.captured_size = player_.device()->capturedSize(resource.kind, resource.live);
  const VkDeviceSize captured = info.memoryOffset;
  Status status = place(id, resource, info.memory, info.memoryOffset);
  if (!status) return status;
  const VkDeviceSize end = player_.device()->linear.bound(info.image, plane ? plane->planeAspect : 0,
                                                          info.memory, info.memoryOffset);
  if (end) rearrangeEarlier(*find(id), info.memory, captured, end);
  return Status::ok();
}

}  // namespace reprise

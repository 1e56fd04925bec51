// The calls that need more than mapped handles; every other goes through issue().
//
// hook(player, call, captured): `call` is decoded with captured handles, `captured` is the same with the
// capture's outputs and result. A hook declared here wins over the generic way by its signature (replayCall
// in hooks.cpp); one that is only defined would never be called, hence -Wmissing-declarations. One thread.
#pragma once

#include <algorithm>
#include <utility>

#include "replay/session.h"

namespace reprise {

// hooks_devices.cpp: instances, physical devices, devices and their queues, and what a driver says of itself
Status hook(Player&, CreateDebugReportCallbackEXTCall&, CreateDebugReportCallbackEXTCall&);
Status hook(Player&, CreateDebugUtilsMessengerEXTCall&, CreateDebugUtilsMessengerEXTCall&);
Status hook(Player&, CreateDeviceCall&, CreateDeviceCall&);
Status hook(Player&, CreateInstanceCall&, CreateInstanceCall&);
Status hook(Player&, DestroyDeviceCall&, DestroyDeviceCall&);
Status hook(Player&, DestroyInstanceCall&, DestroyInstanceCall&);
Status hook(Player&, EnumeratePhysicalDeviceGroupsCall&, EnumeratePhysicalDeviceGroupsCall&);
Status hook(Player&, EnumeratePhysicalDevicesCall&, EnumeratePhysicalDevicesCall&);
Status hook(Player&, GetDeviceQueueCall&, GetDeviceQueueCall&);
Status hook(Player&, GetDeviceQueue2Call&, GetDeviceQueue2Call&);
Status hook(Player&, GetPhysicalDeviceExternalImageFormatPropertiesNVCall&,
            GetPhysicalDeviceExternalImageFormatPropertiesNVCall&);
Status hook(Player&, GetPhysicalDeviceMemoryPropertiesCall&, GetPhysicalDeviceMemoryPropertiesCall&);
Status hook(Player&, GetPhysicalDeviceMemoryProperties2Call&, GetPhysicalDeviceMemoryProperties2Call&);
Status hook(Player&, GetPhysicalDevicePropertiesCall&, GetPhysicalDevicePropertiesCall&);
Status hook(Player&, GetPhysicalDeviceProperties2Call&, GetPhysicalDeviceProperties2Call&);
Status hook(Player&, GetPhysicalDeviceQueueFamilyPropertiesCall&,
            GetPhysicalDeviceQueueFamilyPropertiesCall&);
Status hook(Player&, GetPhysicalDeviceQueueFamilyProperties2Call&,
            GetPhysicalDeviceQueueFamilyProperties2Call&);

#if defined(REPRISE_HOST_COPIES)
// hooks_host_copies.cpp: copies between images and the program's memory, by the host
Status hook(Player&, CopyFromHostCall&, CopyFromHostCall&);
Status hook(Player&, CopyToHostCall&, CopyToHostCall&);
#endif

// hooks_memory.cpp: memory: allocated, bound, mapped, exported
Status hook(Player&, AllocateMemoryCall&, AllocateMemoryCall&);
Status hook(Player&, BindBufferMemoryCall&, BindBufferMemoryCall&);
Status hook(Player&, BindBufferMemory2Call&, BindBufferMemory2Call&);
Status hook(Player&, BindImageMemoryCall&, BindImageMemoryCall&);
Status hook(Player&, BindImageMemory2Call&, BindImageMemory2Call&);
Status hook(Player&, FreeMemoryCall&, FreeMemoryCall&);
Status hook(Player&, GetBufferMemoryRequirementsCall&, GetBufferMemoryRequirementsCall&);
Status hook(Player&, GetBufferMemoryRequirements2Call&, GetBufferMemoryRequirements2Call&);
Status hook(Player&, GetMemoryAndroidHardwareBufferANDROIDCall&, GetMemoryAndroidHardwareBufferANDROIDCall&);
Status hook(Player&, GetMemoryFdKHRCall&, GetMemoryFdKHRCall&);
Status hook(Player&, GetMemoryWin32HandleKHRCall&, GetMemoryWin32HandleKHRCall&);
Status hook(Player&, GetMemoryWin32HandleNVCall&, GetMemoryWin32HandleNVCall&);
Status hook(Player&, GetMemoryZirconHandleFUCHSIACall&, GetMemoryZirconHandleFUCHSIACall&);
Status hook(Player&, GetImageMemoryRequirementsCall&, GetImageMemoryRequirementsCall&);
Status hook(Player&, GetImageMemoryRequirements2Call&, GetImageMemoryRequirements2Call&);
Status hook(Player&, InvalidateMappedMemoryRangesCall&, InvalidateMappedMemoryRangesCall&);
Status hook(Player&, MapMemoryCall&, MapMemoryCall&);
Status hook(Player&, UnmapMemoryCall&, UnmapMemoryCall&);

// hooks_resources.cpp: buffers, images, what is made of them, and their addresses
void noteFallback(Player& player, VkFormat format);
Status hook(Player&, CreateAccelerationStructureKHRCall&, CreateAccelerationStructureKHRCall&);
Status hook(Player&, CreateBufferCall&, CreateBufferCall&);
Status hook(Player&, CreateBufferCollectionFUCHSIACall&, CreateBufferCollectionFUCHSIACall&);
Status hook(Player&, CreateImageCall&, CreateImageCall&);
Status hook(Player&, CreateImageViewCall&, CreateImageViewCall&);
Status hook(Player&, CreateSamplerCall&, CreateSamplerCall&);
Status hook(Player&, CreateSamplerYcbcrConversionCall&, CreateSamplerYcbcrConversionCall&);
Status hook(Player&, DestroyAccelerationStructureKHRCall&, DestroyAccelerationStructureKHRCall&);
Status hook(Player&, DestroyBufferCall&, DestroyBufferCall&);
Status hook(Player&, DestroyImageCall&, DestroyImageCall&);
Status hook(Player&, GetAccelerationStructureDeviceAddressKHRCall&,
            GetAccelerationStructureDeviceAddressKHRCall&);
Status hook(Player&, GetBufferDeviceAddressCall&, GetBufferDeviceAddressCall&);
Status hook(Player&, GetImageDrmFormatModifierPropertiesEXTCall&,
            GetImageDrmFormatModifierPropertiesEXTCall&);
Status hook(Player&, GetImageSubresourceLayoutCall&, GetImageSubresourceLayoutCall&);

// hooks_pipelines.cpp: pipelines, descriptors and queries
Status hook(Player&, AllocateDescriptorSetsCall&, AllocateDescriptorSetsCall&);
Status hook(Player&, CreateDescriptorPoolCall&, CreateDescriptorPoolCall&);
Status hook(Player&, CreateDescriptorSetLayoutCall&, CreateDescriptorSetLayoutCall&);
Status hook(Player&, CreatePipelineCacheCall&, CreatePipelineCacheCall&);
Status hook(Player&, CreateQueryPoolCall&, CreateQueryPoolCall&);
Status hook(Player&, CreateRayTracingPipelinesKHRCall&, CreateRayTracingPipelinesKHRCall&);
Status hook(Player&, DestroyDescriptorPoolCall&, DestroyDescriptorPoolCall&);
Status hook(Player&, DestroyDescriptorSetLayoutCall&, DestroyDescriptorSetLayoutCall&);
Status hook(Player&, FreeDescriptorSetsCall&, FreeDescriptorSetsCall&);
Status hook(Player&, GetDescriptorEXTCall&, GetDescriptorEXTCall&);
Status hook(Player&, GetQueryPoolResultsCall&, GetQueryPoolResultsCall&);
Status hook(Player&, GetRayTracingShaderGroupHandlesKHRCall&, GetRayTracingShaderGroupHandlesKHRCall&);
Status hook(Player&, ResetDescriptorPoolCall&, ResetDescriptorPoolCall&);

// hooks_sync.cpp: fences, semaphores and events: made, exported, waited for
Status hook(Player&, CreateEventCall&, CreateEventCall&);
Status hook(Player&, CreateFenceCall&, CreateFenceCall&);
Status hook(Player&, CreateSemaphoreCall&, CreateSemaphoreCall&);
Status hook(Player&, DestroyFenceCall&, DestroyFenceCall&);
Status hook(Player&, DestroySemaphoreCall&, DestroySemaphoreCall&);
Status hook(Player&, DeviceWaitIdleCall&, DeviceWaitIdleCall&);
Status hook(Player&, GetEventStatusCall&, GetEventStatusCall&);
Status hook(Player&, GetFenceFdKHRCall&, GetFenceFdKHRCall&);
Status hook(Player&, GetFenceStatusCall&, GetFenceStatusCall&);
Status hook(Player&, GetFenceWin32HandleKHRCall&, GetFenceWin32HandleKHRCall&);
Status hook(Player&, GetSemaphoreCounterValueCall&, GetSemaphoreCounterValueCall&);
Status hook(Player&, GetSemaphoreFdKHRCall&, GetSemaphoreFdKHRCall&);
Status hook(Player&, GetSemaphoreWin32HandleKHRCall&, GetSemaphoreWin32HandleKHRCall&);
Status hook(Player&, GetSemaphoreZirconHandleFUCHSIACall&, GetSemaphoreZirconHandleFUCHSIACall&);
Status hook(Player&, ImportFenceFdKHRCall&, ImportFenceFdKHRCall&);
Status hook(Player&, ImportFenceWin32HandleKHRCall&, ImportFenceWin32HandleKHRCall&);
Status hook(Player&, ImportSemaphoreFdKHRCall&, ImportSemaphoreFdKHRCall&);
Status hook(Player&, ImportSemaphoreWin32HandleKHRCall&, ImportSemaphoreWin32HandleKHRCall&);
Status hook(Player&, ImportSemaphoreZirconHandleFUCHSIACall&, ImportSemaphoreZirconHandleFUCHSIACall&);
Status hook(Player&, QueueWaitIdleCall&, QueueWaitIdleCall&);
Status hook(Player&, ResetEventCall&, ResetEventCall&);
Status hook(Player&, ResetFencesCall&, ResetFencesCall&);
Status hook(Player&, SetEventCall&, SetEventCall&);
Status hook(Player&, SignalSemaphoreCall&, SignalSemaphoreCall&);
Status hook(Player&, WaitForFencesCall&, WaitForFencesCall&);
Status hook(Player&, WaitSemaphoresCall&, WaitSemaphoresCall&);

// hooks_queues.cpp: what queues and their families decide: submits, and the barriers between families
Status hook(Player&, CmdPipelineBarrierCall&, CmdPipelineBarrierCall&);
Status hook(Player&, CmdPipelineBarrier2Call&, CmdPipelineBarrier2Call&);
Status hook(Player&, CmdSetEvent2Call&, CmdSetEvent2Call&);
Status hook(Player&, CmdWaitEventsCall&, CmdWaitEventsCall&);
Status hook(Player&, CmdWaitEvents2Call&, CmdWaitEvents2Call&);
Status hook(Player&, CreateCommandPoolCall&, CreateCommandPoolCall&);
Status hook(Player&, QueueBindSparseCall&, QueueBindSparseCall&);
Status hook(Player&, QueuePresentKHRCall&, QueuePresentKHRCall&);
Status hook(Player&, QueueSubmitCall&, QueueSubmitCall&);
Status hook(Player&, QueueSubmit2Call&, QueueSubmit2Call&);

// hooks_windows.cpp: surfaces and swapchains: the replay's own
Status hook(Player&, AcquireNextImage2KHRCall&, AcquireNextImage2KHRCall&);
Status hook(Player&, AcquireNextImageKHRCall&, AcquireNextImageKHRCall&);
Status hook(Player&, CreateSharedSwapchainsKHRCall&, CreateSharedSwapchainsKHRCall&);
Status hook(Player&, CreateSwapchainKHRCall&, CreateSwapchainKHRCall&);
Status hook(Player&, DestroySurfaceKHRCall&, DestroySurfaceKHRCall&);
Status hook(Player&, DestroySwapchainKHRCall&, DestroySwapchainKHRCall&);
Status hook(Player&, GetSwapchainImagesKHRCall&, GetSwapchainImagesKHRCall&);

// ---- what several of these files need

inline HandleMap::Id memoryId(Player& player, VkDeviceMemory captured) {
  return captured ? player.find(HandleKind::kVkDeviceMemory, valueOf(captured)) : HandleMap::kNone;
}

// What a destroying call says of a handle that means nothing: null is allowed.
inline Status notAlive(Player& player, Command command, HandleKind kind, uint64_t captured) {
  return captured ? player.refuse(command, player.unknownHandle(kind, captured)) : Status::ok();
}

// The call is not made: the handle only has to be known.
inline Status learnOurs(Player& player, HandleKind kind, uint64_t captured) {
  if (captured) player.learn(kind, captured, 1);
  return Status::ok();
}

// Something has been made here that was made at capture, and on another GPU.
template <class C>
bool madeElsewhere(Player& player, const C& call, const C& captured) {
  return player.event().has_outputs && captured.result == VK_SUCCESS && call.result == VK_SUCCESS &&
         !player.sameGpu();
}

// Concurrent sharing: each family of this device once; of a single one, it is none.
inline void shareAmong(const Player& player, VkSharingMode& mode, uint32_t& count, const uint32_t* captured) {
  if (!player.device() || mode != VK_SHARING_MODE_CONCURRENT || !captured) return;
  const FamilyMap& map = player.device()->numbers.families;
  if (!map.anyMerged()) return;
  auto* families = const_cast<uint32_t*>(captured);
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const auto same = [&](uint32_t other) { return map.liveOf(other) == map.liveOf(families[i]); };
    if (std::none_of(families, families + kept, same)) families[kept++] = families[i];
  }
  count = kept;
  if (kept < 2) mode = VK_SHARING_MODE_EXCLUSIVE;
}

inline void shareAmong(const Player& player, VkSwapchainCreateInfoKHR& info) {
  shareAmong(player, info.imageSharingMode, info.queueFamilyIndexCount, info.pQueueFamilyIndices);
}

template <class T>
std::pair<HandleKind, uint64_t> objectOf(T live) {
  return {kHandleKind<T>, valueOf(live)};
}

// What vkGetImageSubresourceLayout says of a live image.
inline void learnLayout(Player& player, VkImage image, const VkImageSubresource& of,
                        const VkSubresourceLayout& captured, const VkSubresourceLayout& live) {
  if (player.event().has_outputs && player.device()->linear.learn(image, of, captured, live))
    player.note("linear images have their rows elsewhere here: what the program wrote there is moved");
}

}  // namespace reprise

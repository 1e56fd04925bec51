// The calls that need more than mapped handles, in alphabetical order; every other goes through issue().
//
// hook(player, call, captured): `call` is decoded with captured handles, `captured` is the same with the
// capture's outputs and result. A hook here wins over the generic way by its signature (see replayCall).
#include <algorithm>
#include <cstring>

#include "replay/chains.h"
#include "replay/issue.h"
#include "replay/target.h"
#include "replay/waits.h"

namespace reprise {
namespace {

HandleMap::Id memoryId(Player& player, VkDeviceMemory captured) {
  return captured ? player.find(HandleKind::kVkDeviceMemory, valueOf(captured)) : HandleMap::kNone;
}

// What a destroying call says of a handle that means nothing: null is allowed.
Status notAlive(Player& player, Command command, HandleKind kind, uint64_t captured) {
  return captured ? player.refuse(command, player.unknownHandle(kind, captured)) : Status::ok();
}

// The call is not made: the handle only has to be known.
Status learnOurs(Player& player, HandleKind kind, uint64_t captured) {
  if (captured) player.learn(kind, captured, 1);
  return Status::ok();
}

template <class C>
void keepResult(Player& player, C& call, const C& captured) {
  player.noticeLoss(captured.result, call.result);
  if (player.event().has_outputs) (void)player.resultsAgree(captured.result, call.result);
}

// VkBindBufferMemoryInfo or VkBindImageMemoryInfo, one by one, before and after their handles are mapped.
template <class Info>
std::vector<HandleMap::Id> memoryIds(Player& player, const Info* infos, uint32_t count) {
  std::vector<HandleMap::Id> ids;
  for (uint32_t i = 0; infos && i < count; ++i) ids.push_back(memoryId(player, infos[i].memory));
  return ids;
}

Status acquire(Player& player, VkSwapchainKHR swapchain, const uint32_t* captured_index,
               VkSemaphore semaphore, VkFence fence) {
  if (!swapchain || !captured_index) return Status::ok();
  return player.window().acquired(*reinterpret_cast<Swapchain*>(swapchain), *captured_index, semaphore,
                                  fence);
}

template <class C>
Status enumerateGpus(Player& player, C& captured) {
  HandleList list;
  walkHandles(captured, CallHalf::kOutputs, list);
  for (size_t i = 0; i < list.values.size(); ++i) {
    // The index is that of the first enumeration: groups list the same devices again.
    if (player.find(HandleKind::kVkPhysicalDevice, list.values[i].second)) continue;
    Result<VkPhysicalDevice> gpu = player.chooseGpu(i);
    if (!gpu) return gpu.status();
    player.learn(HandleKind::kVkPhysicalDevice, list.values[i].second, valueOf(gpu.value()));
  }
  return Status::ok();
}

// ---- in alphabetical order of the commands

Status hook(Player& player, AcquireNextImage2KHRCall& call, AcquireNextImage2KHRCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !call.pAcquireInfo) return Status::ok();
  Status status = mapInputs(player, call);
  if (!status) return status;
  return acquire(player, call.pAcquireInfo->swapchain, captured.pImageIndex, call.pAcquireInfo->semaphore,
                 call.pAcquireInfo->fence);
}

Status hook(Player& player, AcquireNextImageKHRCall& call, AcquireNextImageKHRCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result)) return Status::ok();
  Status status = mapInputs(player, call);
  if (!status) return status;
  return acquire(player, call.swapchain, captured.pImageIndex, call.semaphore, call.fence);
}

Status hook(Player& player, AllocateMemoryCall& call, AllocateMemoryCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result)) return Status::ok();
  if (!call.pAllocateInfo || !captured.pMemory)
    return player.error(Code::kUnreadable, "has no allocate info");
  if (call.pMemory == nullptr) return player.error(Code::kUnreadable, "has no place for the memory");
  Status status = mapInputs(player, call);
  if (!status) return status;
  const uint64_t memory = valueOf(*captured.pMemory);
  call.result = player.memory().allocate(call, memory);
  player.noticeLoss(captured.result, call.result);
  if (call.result != VK_SUCCESS)
    return player.error(Code::kCannotRun,
                        std::to_string(call.pAllocateInfo->allocationSize) +
                            " bytes of memory are not to be had here: " + resultName(call.result));
  player.memory().remember(player.learn(HandleKind::kVkDeviceMemory, memory, valueOf(*call.pMemory)));
  return Status::ok();
}

Status hook(Player& player, BindBufferMemoryCall& call, BindBufferMemoryCall& captured) {
  const HandleMap::Id id = memoryId(player, captured.memory);
  Status status = mapInputs(player, call);
  if (!status) return status;
  status = player.memory().placeBuffer(id, call.buffer, call.memory, call.memoryOffset);
  if (!status) return status;
  invoke(player.dispatch(), call);
  keepResult(player, call, captured);
  return Status::ok();
}

Status hook(Player& player, BindBufferMemory2Call& call, BindBufferMemory2Call& captured) {
  const std::vector<HandleMap::Id> ids = memoryIds(player, call.pBindInfos, call.bindInfoCount);
  Status status = mapInputs(player, call);
  for (size_t i = 0; status && i < ids.size(); ++i) {
    auto& info = const_cast<VkBindBufferMemoryInfo&>(call.pBindInfos[i]);
    status = player.memory().placeBuffer(ids[i], info.buffer, info.memory, info.memoryOffset);
  }
  if (!status) return status;
  if (!Player::has(player.dispatch(), call.kId)) return player.missing(call.kId);
  invoke(player.dispatch(), call);
  keepResult(player, call, captured);
  return Status::ok();
}

Status hook(Player& player, BindImageMemoryCall& call, BindImageMemoryCall& captured) {
  const HandleMap::Id id = memoryId(player, captured.memory);
  Status status = mapInputs(player, call);
  if (!status) return status;
  VkBindImageMemoryInfo info{VK_STRUCTURE_TYPE_BIND_IMAGE_MEMORY_INFO, nullptr, call.image, call.memory,
                             call.memoryOffset};
  status = player.memory().placeImage(id, info);
  if (!status) return status;
  call.memory = info.memory;
  call.memoryOffset = info.memoryOffset;
  invoke(player.dispatch(), call);
  keepResult(player, call, captured);
  return Status::ok();
}

Status hook(Player& player, BindImageMemory2Call& call, BindImageMemory2Call& captured) {
  const std::vector<HandleMap::Id> ids = memoryIds(player, call.pBindInfos, call.bindInfoCount);
  Status status = mapInputs(player, call);
  for (size_t i = 0; status && i < ids.size(); ++i)
    status = player.memory().placeImage(ids[i], const_cast<VkBindImageMemoryInfo&>(call.pBindInfos[i]));
  if (!status) return status;
  if (!Player::has(player.dispatch(), call.kId)) return player.missing(call.kId);
  invoke(player.dispatch(), call);
  keepResult(player, call, captured);
  return Status::ok();
}

Status hook(Player& player, CreateDebugReportCallbackEXTCall&, CreateDebugReportCallbackEXTCall& captured) {
  return learnOurs(player, HandleKind::kVkDebugReportCallbackEXT,
                   captured.pCallback ? valueOf(*captured.pCallback) : 0);
}

Status hook(Player& player, CreateDebugUtilsMessengerEXTCall&, CreateDebugUtilsMessengerEXTCall& captured) {
  return learnOurs(player, HandleKind::kVkDebugUtilsMessengerEXT,
                   captured.pMessenger ? valueOf(*captured.pMessenger) : 0);
}

Status hook(Player& player, CreateDeviceCall& call, CreateDeviceCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !captured.pDevice) return Status::ok();
  Status status = mapInputs(player, call);
  if (!status) return status;
  return createDevice(player, call, valueOf(captured.physicalDevice), valueOf(*captured.pDevice));
}

Status hook(Player& player, CreateImageCall& call, CreateImageCall& captured) {
  if (call.pCreateInfo) {  // an image that will be bound to a swapchain's memory: ours is ordinary memory
    auto& info = const_cast<VkImageCreateInfo&>(*call.pCreateInfo);
    removeFromChain(info.pNext, VK_STRUCTURE_TYPE_IMAGE_SWAPCHAIN_CREATE_INFO_KHR);
  }
  return issue(player, call, captured);
}

Status hook(Player& player, CreateInstanceCall& call, CreateInstanceCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !captured.pInstance) return Status::ok();
  return createInstance(player, call, valueOf(*captured.pInstance));
}

Status hook(Player& player, CreatePipelineCacheCall& call, CreatePipelineCacheCall& captured) {
  // A cache starts with its length, version, vendor, device and 16 bytes of UUID.
  constexpr size_t kHeader = 16 + VK_UUID_SIZE;
  if (call.pCreateInfo && call.pCreateInfo->pInitialData) {
    auto& info = const_cast<VkPipelineCacheCreateInfo&>(*call.pCreateInfo);
    const auto* data = static_cast<const unsigned char*>(info.pInitialData);
    const VkPhysicalDeviceProperties& here = player.device()->properties;
    if (info.initialDataSize < kHeader || std::memcmp(data + 8, &here.vendorID, 4) != 0 ||
        std::memcmp(data + 12, &here.deviceID, 4) != 0 ||
        std::memcmp(data + 16, here.pipelineCacheUUID, VK_UUID_SIZE) != 0) {
      player.note("pipeline cache contents left out: they are another device's");
      info.initialDataSize = 0;
      info.pInitialData = nullptr;
    }
  }
  return issue(player, call, captured);
}

Status hook(Player& player, CreateQueryPoolCall& call, CreateQueryPoolCall& captured) {
  Status status = issue(player, call, captured);
  if (status && call.pCreateInfo && captured.pQueryPool)
    player.query_types[player.find(HandleKind::kVkQueryPool, valueOf(*captured.pQueryPool))] =
        call.pCreateInfo->queryType;
  return status;
}

Status hook(Player& player, CreateSharedSwapchainsKHRCall& call, CreateSharedSwapchainsKHRCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result)) return Status::ok();
  Status status = mapInputs(player, call);
  for (uint32_t i = 0; status && call.pCreateInfos && captured.pSwapchains && i < call.swapchainCount; ++i)
    status = player.window().createSwapchain(call.pCreateInfos[i], valueOf(captured.pSwapchains[i]));
  return status;
}

Status hook(Player& player, CreateSwapchainKHRCall& call, CreateSwapchainKHRCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !call.pCreateInfo ||
      !captured.pSwapchain)
    return Status::ok();
  Status status = mapInputs(player, call);
  if (!status) return status;
  return player.window().createSwapchain(*call.pCreateInfo, valueOf(*captured.pSwapchain));
}

Status hook(Player& player, DestroyDeviceCall& call, DestroyDeviceCall&) {
  Device* device = player.device();
  if (device == nullptr) return Status::ok();
  if (device->dispatch.DeviceWaitIdle(device->live) == VK_ERROR_DEVICE_LOST) player.failureSeen();
  player.window().deviceGone(device);
  player.memory().freeAll(device);
  call.device = device->live;
  invoke(device->dispatch, call);
  player.removeDevice(device);
  return Status::ok();
}

Status hook(Player& player, DestroyInstanceCall& call, DestroyInstanceCall&) {
  Instance* instance = player.instance();
  if (instance == nullptr) return Status::ok();
  player.window().instanceGone(instance);
  if (instance->messenger)
    instance->dispatch.DestroyDebugUtilsMessengerEXT(instance->live, instance->messenger, nullptr);
  call.instance = instance->live;
  invoke(instance->dispatch, call);
  player.removeInstance(instance);
  return Status::ok();
}

Status hook(Player& player, DestroySurfaceKHRCall&, DestroySurfaceKHRCall& captured) {
  const HandleMap::Id id = player.find(HandleKind::kVkSurfaceKHR, valueOf(captured.surface));
  if (!id) return notAlive(player, captured.kId, HandleKind::kVkSurfaceKHR, valueOf(captured.surface));
  player.window().destroySurface(reinterpret_cast<Surface*>(player.handles().at(id).live));
  player.handles().drop(id);
  return Status::ok();
}

Status hook(Player& player, DestroySwapchainKHRCall&, DestroySwapchainKHRCall& captured) {
  const HandleMap::Id id = player.find(HandleKind::kVkSwapchainKHR, valueOf(captured.swapchain));
  if (!id) return notAlive(player, captured.kId, HandleKind::kVkSwapchainKHR, valueOf(captured.swapchain));
  player.window().destroySwapchain(reinterpret_cast<Swapchain*>(player.handles().at(id).live));
  player.handles().drop(id);
  return Status::ok();
}

Status hook(Player& player, DeviceWaitIdleCall& call, DeviceWaitIdleCall& captured) {
  if (player.event().has_outputs) return issue(player, call, captured);
  (void)player.waitIdle(*player.device());
  return Status::ok();
}

Status hook(Player& player, EnumeratePhysicalDeviceGroupsCall&, EnumeratePhysicalDeviceGroupsCall& captured) {
  return enumerateGpus(player, captured);
}

Status hook(Player& player, EnumeratePhysicalDevicesCall&, EnumeratePhysicalDevicesCall& captured) {
  return enumerateGpus(player, captured);
}

Status hook(Player& player, FreeMemoryCall&, FreeMemoryCall& captured) {
  const HandleMap::Id id = memoryId(player, captured.memory);
  if (!id) return notAlive(player, captured.kId, HandleKind::kVkDeviceMemory, valueOf(captured.memory));
  Status status = player.memory().unmap(id);
  player.memory().free(id);
  player.handles().drop(id);
  return status;
}

Status hook(Player& player, GetEventStatusCall& call, GetEventStatusCall& captured) {
  return repeatUntilAsCaptured(player, call, captured);
}

Status hook(Player& player, GetFenceStatusCall& call, GetFenceStatusCall& captured) {
  return repeatUntilAsCaptured(player, call, captured);
}

Status hook(Player& player, GetPhysicalDeviceMemoryPropertiesCall& call,
            GetPhysicalDeviceMemoryPropertiesCall& captured) {
  if (player.event().has_outputs && captured.pMemoryProperties)
    player.capturedGpu(valueOf(captured.physicalDevice)).memory = *captured.pMemoryProperties;
  return issue(player, call, captured);
}

Status hook(Player& player, GetPhysicalDeviceMemoryProperties2Call& call,
            GetPhysicalDeviceMemoryProperties2Call& captured) {
  if (player.event().has_outputs && captured.pMemoryProperties)
    player.capturedGpu(valueOf(captured.physicalDevice)).memory =
        captured.pMemoryProperties->memoryProperties;
  return issue(player, call, captured);
}

Status hook(Player& player, GetPhysicalDevicePropertiesCall& call,
            GetPhysicalDevicePropertiesCall& captured) {
  if (player.event().has_outputs && captured.pProperties)
    player.capturedGpu(valueOf(captured.physicalDevice)).properties = *captured.pProperties;
  return issue(player, call, captured);
}

Status hook(Player& player, GetPhysicalDeviceProperties2Call& call,
            GetPhysicalDeviceProperties2Call& captured) {
  if (player.event().has_outputs && captured.pProperties)
    player.capturedGpu(valueOf(captured.physicalDevice)).properties = captured.pProperties->properties;
  return issue(player, call, captured);
}

Status hook(Player& player, GetQueryPoolResultsCall& call, GetQueryPoolResultsCall& captured) {
  const auto type =
      player.query_types.find(player.find(HandleKind::kVkQueryPool, valueOf(captured.queryPool)));
  const bool counts = type != player.query_types.end() && (type->second == VK_QUERY_TYPE_OCCLUSION ||
                                                           type->second == VK_QUERY_TYPE_PIPELINE_STATISTICS);
  Status status = repeatUntilAsCaptured(player, call, captured);
  if (!status || !counts || !call.pData || !captured.pData || captured.result != VK_SUCCESS ||
      call.result != VK_SUCCESS || (call.flags & VK_QUERY_RESULT_PARTIAL_BIT) || !player.sameGpu())
    return status;
  if (std::memcmp(call.pData, captured.pData, call.dataSize) != 0) player.difference("query results differ");
  return status;
}

Status hook(Player& player, GetSemaphoreCounterValueCall& call, GetSemaphoreCounterValueCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !captured.pValue) return Status::ok();
  Status status = mapInputs(player, call);
  if (!status) return status;
  const VkSemaphoreWaitInfo info{
      VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO, nullptr, 0, 1, &call.semaphore, captured.pValue};
  if (!Player::has(player.dispatch(), Command::vkWaitSemaphores))
    return player.missing(Command::vkWaitSemaphores);
  const VkResult result = player.dispatch().WaitSemaphores(call.device, &info, Player::kWaitLimitNs);
  player.noticeLoss(captured.result, result);
  if (result == VK_TIMEOUT) return player.waitedInVain();
  (void)player.resultsAgree(captured.result, result);
  return Status::ok();
}

Status hook(Player& player, GetSwapchainImagesKHRCall&, GetSwapchainImagesKHRCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !captured.pSwapchainImageCount)
    return Status::ok();
  const auto address = player.live<VkSwapchainKHR>(valueOf(captured.swapchain));
  if (!address) return player.unknownHandle(HandleKind::kVkSwapchainKHR, valueOf(captured.swapchain));
  return player.window().swapchainImages(*reinterpret_cast<Swapchain*>(address), valueOf(captured.swapchain),
                                         captured.pSwapchainImages, *captured.pSwapchainImageCount);
}

Status hook(Player& player, InvalidateMappedMemoryRangesCall& call, InvalidateMappedMemoryRangesCall&) {
  for (uint32_t i = 0; call.pMemoryRanges && i < call.memoryRangeCount; ++i) {
    Status status = player.memory().dump(memoryId(player, call.pMemoryRanges[i].memory));
    if (!status) return status;
  }
  return Status::ok();
}

Status hook(Player& player, MapMemoryCall&, MapMemoryCall& captured) {
  if (player.event().has_outputs && captured.result == VK_SUCCESS)
    player.memory().map(memoryId(player, captured.memory), captured.offset, captured.size);
  return Status::ok();
}

Status hook(Player& player, QueuePresentKHRCall& call, QueuePresentKHRCall& captured) {
  player.noticeLoss(captured.result, VK_SUCCESS);
  if (!call.pPresentInfo) return Status::ok();
  Status status = mapInputs(player, call);
  if (!status) return status;
  return player.window().present(call.queue, *call.pPresentInfo);
}

Status hook(Player& player, QueueWaitIdleCall& call, QueueWaitIdleCall& captured) {
  if (player.event().has_outputs) return issue(player, call, captured);
  (void)player.waitIdle(*player.device());
  return Status::ok();
}

Status hook(Player& player, ResetDescriptorPoolCall& call, ResetDescriptorPoolCall& captured) {
  const HandleMap::Id pool = player.find(HandleKind::kVkDescriptorPool, valueOf(captured.descriptorPool));
  Status status = issue(player, call, captured);
  if (status && pool) player.handles().dropChildren(pool);
  return status;
}

Status hook(Player& player, UnmapMemoryCall&, UnmapMemoryCall& captured) {
  return player.memory().unmap(memoryId(player, captured.memory));
}

Status hook(Player& player, WaitForFencesCall& call, WaitForFencesCall& captured) {
  return waitAsCaptured(player, call, captured);
}

Status hook(Player& player, WaitSemaphoresCall& call, WaitSemaphoresCall& captured) {
  return waitAsCaptured(player, call, captured);
}

// ---- by shape, for commands of every platform and of younger registries

// vkCreateXcbSurfaceKHR and its like on any platform.
template <class C>
requires requires(C& c) { requires std::is_same_v<decltype(c.pSurface), VkSurfaceKHR*>; }
Status hook(Player& player, C&, C& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !captured.pSurface) return Status::ok();
  return player.window().createSurface(valueOf(*captured.pSurface));
}

// vkMapMemory2
template <class C>
requires requires(C& c) { c.pMemoryMapInfo->memory; }
Status hook(Player& player, C& call, C& captured) {
  if (player.event().has_outputs && captured.result == VK_SUCCESS && call.pMemoryMapInfo)
    player.memory().map(memoryId(player, call.pMemoryMapInfo->memory), call.pMemoryMapInfo->offset,
                        call.pMemoryMapInfo->size);
  return Status::ok();
}

// vkUnmapMemory2
template <class C>
requires requires(C& c) { c.pMemoryUnmapInfo->memory; }
Status hook(Player& player, C& call, C&) {
  return call.pMemoryUnmapInfo ? player.memory().unmap(memoryId(player, call.pMemoryUnmapInfo->memory))
                               : Status::ok();
}

template <class C>
Status replayCall(Player& player, const Event& event) {
  Status status = player.begin(event, HandleKind::kNone, 0);
  const Issue rule = issueRule(C::kId);
  if (rule == Issue::kNotCarried)
    player.note(std::string(event.command_name) +
                " is not played: it names memory or objects of the captured process");
  if (rule != Issue::kYes) return status;
  C call{};
  std::string error;
  if (!decodeInputs(event.inputs, event.input_bulks, player.arena(), call, &error))
    return player.error(Code::kUnreadable, "its arguments cannot be read: " + error);
  C captured = call;
  if constexpr (!kReturnsNothing<C>) {
    if (event.has_outputs &&
        !decodeOutputs(event.outputs, event.output_bulks, player.arena(), captured, &error))
      return player.error(Code::kUnreadable, "its results cannot be read: " + error);
  }
  if constexpr (requires { call.pAllocator; }) call.pAllocator = nullptr;
  uint64_t first = 0;
  std::memcpy(&first, static_cast<const void*>(&call), std::min(sizeof first, sizeof call));
  status = player.begin(event, commandInfo(C::kId).dispatch, first);
  if (!status) return status;
  if constexpr (requires { hook(player, call, captured); }) {
    return hook(player, call, captured);
  } else {
    return issue(player, call, captured);
  }
}

constexpr ReplayCall kReplayCalls[] = {
#include "gen/calls.inc"
};

}  // namespace

const ReplayCall* findReplayCall(Command command) {
  static const std::vector<const ReplayCall*> by_command = [] {
    std::vector<const ReplayCall*> rows(kCommandCount, nullptr);
    for (const ReplayCall& row : kReplayCalls) rows[size_t(row.command)] = &row;
    return rows;
  }();
  return by_command[size_t(commandInfo(command).canonical)];
}

}  // namespace reprise

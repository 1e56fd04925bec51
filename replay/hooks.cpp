// The calls that need more than mapped handles, in alphabetical order; every other goes through issue().
//
// hook(player, call, captured): `call` is decoded with captured handles, `captured` is the same with the
// capture's outputs and result. A hook here wins over the generic way by its signature (see replayCall).
#include <algorithm>
#include <cstring>
#include <tuple>

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

// A device with all that the replay has on it; false if it is busy for good: then it is left as it is.
bool destroyDevice(Player& player, Device* device) {
  if (!player.waitIdle(*device)) return false;
  player.window().deviceGone(device);
  player.contents().deviceGone(device);
  player.sync().deviceGone(*device);
  player.memory().freeAll(device);
  device->dispatch.DestroyDevice(device->live, nullptr);
  player.removeDevice(device);
  return true;
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

// vkGetMemoryFdKHR and its kin on every platform: what was exported is known from here on by that handle.
Status exportedMemory(Player& player, VkResult result, VkDeviceMemory captured, uint64_t handle) {
  if (!player.event().has_outputs || result != VK_SUCCESS) return Status::ok();
  const HandleMap::Id id = memoryId(player, captured);
  if (!id) return player.unknownHandle(HandleKind::kVkDeviceMemory, valueOf(captured));
  player.memory().exported(id, handle);
  return Status::ok();
}

// Something has been made here that was made at capture, and on another GPU.
template <class C>
bool madeElsewhere(Player& player, const C& call, const C& captured) {
  return player.event().has_outputs && captured.result == VK_SUCCESS && call.result == VK_SUCCESS &&
         !player.sameGpu();
}

// A submit has been played, if it had an effect at capture.
template <class C>
void submitted(Player& player, const C& call, const C& captured) {
  if (!player.event().has_outputs || !hadNoEffect(captured.result))
    player.device()->rewrites.submitted(*player.device(), call);
}

const VkTimelineSemaphoreSubmitInfo* timelineValues(const void* next) {
  return findInChain<VkTimelineSemaphoreSubmitInfo>(next, VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO);
}

std::vector<SemaphoreValue> semaphoreValues(const VkSemaphore* semaphores, uint32_t count,
                                            const uint64_t* values, uint32_t value_count) {
  std::vector<SemaphoreValue> list;
  for (uint32_t i = 0; semaphores && i < count; ++i)
    list.push_back({valueOf(semaphores[i]), values && i < value_count ? values[i] : 0});
  return list;
}

std::vector<SemaphoreValue> semaphoreValues(const VkSemaphoreSubmitInfo* infos, uint32_t count) {
  std::vector<SemaphoreValue> list;
  for (uint32_t i = 0; infos && i < count; ++i) list.push_back({valueOf(infos[i].semaphore), infos[i].value});
  return list;
}

// What a batch of any kind waits for and signals; handles are captured.
template <class Batch>
SubmitBatch submitBatch(const Batch& batch) {
  if constexpr (requires { batch.pWaitSemaphoreInfos; }) {
    return {semaphoreValues(batch.pWaitSemaphoreInfos, batch.waitSemaphoreInfoCount),
            semaphoreValues(batch.pSignalSemaphoreInfos, batch.signalSemaphoreInfoCount)};
  } else {
    const VkTimelineSemaphoreSubmitInfo none{};
    const VkTimelineSemaphoreSubmitInfo* values = timelineValues(batch.pNext);
    if (!values) values = &none;
    return {semaphoreValues(batch.pWaitSemaphores, batch.waitSemaphoreCount, values->pWaitSemaphoreValues,
                            values->waitSemaphoreValueCount),
            semaphoreValues(batch.pSignalSemaphores, batch.signalSemaphoreCount,
                            values->pSignalSemaphoreValues, values->signalSemaphoreValueCount)};
  }
}

// Batches [first, first + count) of a call; those after them get its fence.
template <class C, class Batch>
void keepBatches(C& call, uint32_t& batch_count, const Batch*& batches, size_t first, size_t count) {
  if (first + count < batch_count) call.fence = VK_NULL_HANDLE;
  if (batches) batches += first;
  batch_count = static_cast<uint32_t>(count);
}

// Issues, where queues of the program's share one, what may be issued, and holds back the rest. `members`
// names the call's count and array of batches.
template <class C, class Members>
Status submitInTurn(Player& player, C& call, C& captured, const Members& members) {
  HeldSubmits* held = player.device() ? player.device()->held.get() : nullptr;
  if (!held || (player.event().has_outputs && hadNoEffect(captured.result)))
    return issue(player, call, captured);
  std::vector<SubmitBatch> batches;
  auto [count, list] = members(call);
  for (uint32_t i = 0; list && i < count; ++i) batches.push_back(submitBatch(list[i]));
  const uint64_t queue = valueOf(captured.queue);
  Player::Part part;
  if (player.part())
    part = *player.part();
  else if (!held->waits(queue))
    part.count = held->ready(batches);
  const std::vector<SubmitBatch> issued(
      batches.begin() + static_cast<std::ptrdiff_t>(part.first),
      batches.begin() + static_cast<std::ptrdiff_t>(part.first + part.count));
  const bool whole = part.first + part.count == batches.size() && (player.part() || !held->waits(queue));
  if (!whole && !player.part()) held->hold(player.event(), queue, std::move(batches), part.count);
  if (!whole && part.count == 0) return Status::ok();
  keepBatches(call, count, list, part.first, part.count);
  Status status = issue(player, call, captured);
  if (status) held->issued(issued);
  return status ? player.resumeHeld() : status;
}

template <class C>
Status exportedSync(Player& player, const C& captured, const ExternalSync::Handle& handle) {
  if (!player.event().has_outputs || captured.result != VK_SUCCESS) return Status::ok();
  return player.sync().exported(handle);
}

template <class C>
Status importedSync(Player& player, const C& captured, const ExternalSync::Handle& handle) {
  if (!player.event().has_outputs || captured.result != VK_SUCCESS) return Status::ok();
  return player.sync().imported(handle);
}

// Creating and destroying a semaphore or fence.
template <class C, class T>
Status createSync(Player& player, C& call, C& captured, ExternalObject object, const T* made) {
  if (call.pCreateInfo && call.pCreateInfo->pNext) {
    auto& next = const_cast<const void*&>(call.pCreateInfo->pNext);
    player.sync().adapt(object, next, made ? valueOf(*made) : 0);
    const auto* type =
        findInChain<VkSemaphoreTypeCreateInfo>(next, VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO);
    const bool timeline = type && type->semaphoreType == VK_SEMAPHORE_TYPE_TIMELINE;
    const uint64_t value = timeline ? type->initialValue : 0;
    Status status = issue(player, call, captured);
    if (status && made && timeline) {
      player.device()->syncs.timelines[valueOf(player.live<T>(valueOf(*made)))] = true;
      if (player.device()->held) player.device()->held->createdTimeline(valueOf(*made), value);
    }
    return status;
  }
  return issue(player, call, captured);
}

// A semaphore or fence about to be destroyed may have handles out.
template <class T>
void destroying(Player& player, ExternalObject object, T captured) {
  if (!captured || !player.device()) return;
  const T live = player.live<T>(valueOf(captured));
  player.sync().destroying(object, valueOf(live));
  player.device()->rewrites.over(live);
  if (player.device()->held) player.device()->held->destroyed(valueOf(captured));
}

// Ownership transfers from and to queue families that this device does not have: FOREIGN becomes EXTERNAL,
// and where there is no external memory at all, no transfer.
template <class Barrier>
void adaptFamilies(Player& player, const Barrier* barriers, uint32_t count) {
  const Device& device = *player.device();
  const bool foreign = device.extensions.contains(VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME);
  const bool external = device.api_version >= VK_API_VERSION_1_1 ||
                        device.extensions.contains(VK_KHR_EXTERNAL_MEMORY_EXTENSION_NAME);
  for (uint32_t i = 0; barriers && i < count && device.lacks_external_family; ++i) {
    auto& barrier = const_cast<Barrier&>(barriers[i]);
    for (uint32_t* family : {&barrier.srcQueueFamilyIndex, &barrier.dstQueueFamilyIndex})
      if (*family == VK_QUEUE_FAMILY_FOREIGN_EXT && !foreign) *family = VK_QUEUE_FAMILY_EXTERNAL;
    if (!external && (barrier.srcQueueFamilyIndex == VK_QUEUE_FAMILY_EXTERNAL ||
                      barrier.dstQueueFamilyIndex == VK_QUEUE_FAMILY_EXTERNAL))
      barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  }
}

// Two families are one here: the releasing half has done the layout transition, the acquiring half is to keep
// what it did.
template <class Barrier>
void adaptTransfers(const Device& device, uint32_t captured_family, const Barrier* barriers, uint32_t count) {
  for (uint32_t i = 0; barriers && i < count; ++i) {
    auto& barrier = const_cast<Barrier&>(barriers[i]);
    if (barrier.dstQueueFamilyIndex == captured_family &&
        device.numbers.families.merged(barrier.srcQueueFamilyIndex, barrier.dstQueueFamilyIndex))
      barrier.oldLayout = barrier.newLayout;
  }
}

// Whether barriers need a look; the family of a command buffer is that of its pool.
bool adaptsBarriers(const Player& player) {
  const Device* device = player.device();
  return device && (device->lacks_external_family || device->numbers.families.anyMerged());
}

uint32_t capturedFamily(Player& player, VkCommandBuffer captured) {
  const HandleMap::Id id = player.find(HandleKind::kVkCommandBuffer, valueOf(captured));
  const auto found = player.device()->pool_families.find(player.handles().at(id).parent);
  return found == player.device()->pool_families.end() ? VK_QUEUE_FAMILY_IGNORED : found->second;
}

// Barriers of a call, or of one VkDependencyInfo of it.
template <class Barriers>
void adaptBarriers(Player& player, VkCommandBuffer captured, const Barriers& barriers) {
  adaptFamilies(player, barriers.pBufferMemoryBarriers, barriers.bufferMemoryBarrierCount);
  adaptFamilies(player, barriers.pImageMemoryBarriers, barriers.imageMemoryBarrierCount);
  if (player.device()->numbers.families.anyMerged())
    adaptTransfers(*player.device(), capturedFamily(player, captured), barriers.pImageMemoryBarriers,
                   barriers.imageMemoryBarrierCount);
}

template <class C>
Status issueBarriers(Player& player, C& call, C& captured) {
  if (adaptsBarriers(player)) adaptBarriers(player, captured.commandBuffer, call);
  return issue(player, call, captured);
}

template <class C>
Status issueDependencies(Player& player, C& call, C& captured, const VkDependencyInfo* infos,
                         uint32_t count) {
  const bool adapts = adaptsBarriers(player);
  for (uint32_t i = 0; infos && i < count && adapts; ++i)
    adaptBarriers(player, captured.commandBuffer, infos[i]);
  return issue(player, call, captured);
}

// Concurrent sharing: each family of this device once; of a single one, it is none.
void shareAmong(const Player& player, VkSharingMode& mode, uint32_t& count, const uint32_t* captured) {
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

void shareAmong(const Player& player, VkSwapchainCreateInfoKHR& info) {
  shareAmong(player, info.imageSharingMode, info.queueFamilyIndexCount, info.pQueueFamilyIndices);
}

// What the program was told of a physical device's queue families.
template <class Properties>
void learnFamilies(Player& player, VkPhysicalDevice captured, const Properties* list, const uint32_t* count) {
  if (!player.event().has_outputs || !list || !count) return;
  CapturedGpu& gpu = player.capturedGpu(valueOf(captured));
  if (*count <= gpu.families.size()) return;
  gpu.families.clear();
  for (uint32_t i = 0; i < *count; ++i) {
    const VkQueueFamilyProperties* family = nullptr;
    if constexpr (std::is_same_v<Properties, VkQueueFamilyProperties>)
      family = &list[i];
    else
      family = &list[i].queueFamilyProperties;
    gpu.families.push_back({family->queueFlags, family->queueCount, family->timestampValidBits});
  }
  if (const auto live = player.live<VkPhysicalDevice>(valueOf(captured)); live && !player.sameGpu())
    gpu.numbers.families = FamilyMap(gpu.families, queueFamilies(player.dispatch(), live));
}

// The conversion of an external format which this device cannot do is nothing here; nobody may name it.
void dropLostConversion(Player& player, const void*& next) {
  const auto* info =
      findInChain<VkSamplerYcbcrConversionInfo>(next, VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_INFO);
  if (!info) return;
  const HandleMap::Id id = player.find(HandleKind::kVkSamplerYcbcrConversion, valueOf(info->conversion));
  if (id && player.handles().at(id).live == 0 && !player.failed(id))
    removeFromChain(next, VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_INFO);
}

// A wait for a semaphore that may come from outside the trace.
void satisfy(Player& player, VkQueue queue, SemaphoreValue wait) {
  if (player.part()) return;  // it has been looked at when the call came along
  player.sync().satisfy(queue, wait.semaphore, wait.value);
  if (player.device()->held) player.device()->held->signalled(wait);
}

// A wait of a submit for each of its semaphores, where some come from outside the trace.
void satisfy(Player& player, VkQueue captured_queue, const VkSemaphore* semaphores, uint32_t count,
             const VkTimelineSemaphoreSubmitInfo* values) {
  const auto queue = player.live<VkQueue>(valueOf(captured_queue));
  for (uint32_t i = 0; semaphores && i < count; ++i) {
    const bool has_value = values && values->pWaitSemaphoreValues && i < values->waitSemaphoreValueCount;
    satisfy(player, queue, {valueOf(semaphores[i]), has_value ? values->pWaitSemaphoreValues[i] : 0});
  }
}

template <class T>
std::pair<HandleKind, uint64_t> objectOf(T live) {
  return {kHandleKind<T>, valueOf(live)};
}

// How much memory a live buffer or image wanted at capture.
template <class T>
void learnSize(Player& player, T live, const VkMemoryRequirements& captured) {
  if (player.event().has_outputs && live && !player.sameGpu())
    player.device()->captured_sizes[objectOf(live)] = captured.size;
}

// vkGetBufferMemoryRequirements2 and vkGetImageMemoryRequirements2; of a plane it is not the image's.
template <class C, class Of>
Status learnSize2(Player& player, C& call, C& captured, const Of& of) {
  Status status = issue(player, call, captured);
  if (status && captured.pMemoryRequirements && call.pInfo && !call.pInfo->pNext)
    learnSize(player, of(*call.pInfo), captured.pMemoryRequirements->memoryRequirements);
  return status;
}

// The address of a live object, in the trace and here.
template <class C>
Status learnAddress(Player& player, const C& call, const C& captured, Addresses::Object object) {
  if (!player.event().has_outputs || captured.result == 0) return Status::ok();
  if (call.result == 0) return player.error(Code::kCannotRun, "this device gives no address for it");
  player.device()->numbers.addresses.learn(object, captured.result, call.result);
  return Status::ok();
}

// What the program puts into memory itself, in a form that only the driver knows, must be the same here.
Status sameBytes(Player& player, const void* captured, const void* live, size_t size, const char* what) {
  if (!player.event().has_outputs || !captured || !live || std::memcmp(captured, live, size) == 0)
    return Status::ok();
  return player.error(Code::kCannotRun,
                      std::string(what) +
                          " has other bytes on this device, and the program has written the "
                          "captured ones to memory; replay it on the device and driver of the "
                          "capture");
}

// What vkGetImageSubresourceLayout says of a live image.
void learnLayout(Player& player, VkImage image, const VkImageSubresource& of,
                 const VkSubresourceLayout& captured, const VkSubresourceLayout& live) {
  if (player.event().has_outputs && player.device()->linear.learn(image, of, captured, live))
    player.note("linear images have their rows elsewhere here: what the program wrote there is moved");
}

void noteFallback(Player& player, VkFormat format) {
  if (!player.device() || !player.device()->numbers.formats.any()) return;
  const VkFormat live = player.device()->numbers.formats.liveOf(format);
  if (live != format)
    player.note(std::string(formatName(format)) + " is played as " + formatName(live) +
                ": not available here; depth that is copied from or to buffers is not converted");
}

template <class C>
Status enumerateGpus(Player& player, C& captured) {
  HandleValues gpus;
  forEachHandle(captured, CallHalf::kOutputs, HandleList{gpus});
  for (size_t i = 0; i < gpus.size(); ++i) {
    // The index is that of the first enumeration: groups list the same devices again.
    if (player.find(HandleKind::kVkPhysicalDevice, gpus[i].second)) continue;
    Result<VkPhysicalDevice> gpu = player.chooseGpu(i);
    if (!gpu) return gpu.status();
    player.learn(HandleKind::kVkPhysicalDevice, gpus[i].second, valueOf(gpu.value()));
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

Status hook(Player& player, AllocateDescriptorSetsCall& call, AllocateDescriptorSetsCall& captured) {
  return issueBy(player, call, captured, [&] {
    invoke(player.dispatch(), call);
    if (call.result < 0 && captured.result == VK_SUCCESS &&
        player.device()->pools.allocate(player.dispatch(), call))
      player.note(
          "a descriptor pool is full here that had room at capture: further sets come from a pool of the "
          "replay's own");
  });
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

Status hook(Player& player, CmdPipelineBarrierCall& call, CmdPipelineBarrierCall& captured) {
  return issueBarriers(player, call, captured);
}

Status hook(Player& player, CmdPipelineBarrier2Call& call, CmdPipelineBarrier2Call& captured) {
  return issueDependencies(player, call, captured, call.pDependencyInfo, 1);
}

Status hook(Player& player, CmdSetEvent2Call& call, CmdSetEvent2Call& captured) {
  return issueDependencies(player, call, captured, call.pDependencyInfo, 1);
}

Status hook(Player& player, CmdWaitEventsCall& call, CmdWaitEventsCall& captured) {
  return issueBarriers(player, call, captured);
}

Status hook(Player& player, CmdWaitEvents2Call& call, CmdWaitEvents2Call& captured) {
  return issueDependencies(player, call, captured, call.pDependencyInfos, call.eventCount);
}

Status hook(Player& player, CreateAccelerationStructureKHRCall& call,
            CreateAccelerationStructureKHRCall& captured) {
  Status status = issue(player, call, captured);
  if (status && player.usesAddresses() && call.pCreateInfo && call.pAccelerationStructure)
    player.device()->numbers.addresses.created(objectOf(*call.pAccelerationStructure),
                                               call.pCreateInfo->size);
  return status;
}

Status hook(Player& player, CreateBufferCall& call, CreateBufferCall& captured) {
  SharedTraits traits;
  const uint64_t made = captured.pBuffer ? valueOf(*captured.pBuffer) : 0;
  if (call.pCreateInfo) {
    auto& info = const_cast<VkBufferCreateInfo&>(*call.pCreateInfo);
    shareAmong(player, info.sharingMode, info.queueFamilyIndexCount, info.pQueueFamilyIndices);
    player.contents().prepare(info, made);
    if (info.pNext) traits = player.external().adaptBuffer(info, made);
  }
  Status status = issue(player, call, captured);
  if (status && call.pBuffer && made && call.pCreateInfo) {
    player.external().remember(HandleKind::kVkBuffer, valueOf(*call.pBuffer), std::move(traits));
    player.contents().made(*call.pBuffer, *call.pCreateInfo, made);
    if (player.usesAddresses())
      player.device()->numbers.addresses.created(objectOf(*call.pBuffer), call.pCreateInfo->size);
  }
  return status;
}

Status hook(Player& player, CreateBufferCollectionFUCHSIACall&, CreateBufferCollectionFUCHSIACall& captured) {
  const uint64_t made = captured.pCollection ? valueOf(*captured.pCollection) : 0;
  player.external().report("VkBufferCollectionFUCHSIA", made, "VkBufferCollectionCreateInfoFUCHSIA",
                           "a buffer collection", "", ObjectChange::kDropped,
                           "its token is the captured process's: its images and buffers are ordinary ones",
                           "");
  return learnOurs(player, HandleKind::kVkBufferCollectionFUCHSIA, made);
}

Status hook(Player& player, CreateCommandPoolCall& call, CreateCommandPoolCall& captured) {
  const uint32_t family = call.pCreateInfo ? call.pCreateInfo->queueFamilyIndex : VK_QUEUE_FAMILY_IGNORED;
  Status status = issue(player, call, captured);
  if (status && captured.pCommandPool && player.device())
    player.device()->pool_families[player.find(HandleKind::kVkCommandPool, valueOf(*captured.pCommandPool))] =
        family;
  return status;
}

Status hook(Player& player, CreateDebugReportCallbackEXTCall&, CreateDebugReportCallbackEXTCall& captured) {
  return learnOurs(player, HandleKind::kVkDebugReportCallbackEXT,
                   captured.pCallback ? valueOf(*captured.pCallback) : 0);
}

Status hook(Player& player, CreateDebugUtilsMessengerEXTCall&, CreateDebugUtilsMessengerEXTCall& captured) {
  return learnOurs(player, HandleKind::kVkDebugUtilsMessengerEXT,
                   captured.pMessenger ? valueOf(*captured.pMessenger) : 0);
}

Status hook(Player& player, CreateDescriptorPoolCall& call, CreateDescriptorPoolCall& captured) {
  Status status = issue(player, call, captured);
  if (status && madeElsewhere(player, call, captured))
    player.device()->pools.created(*call.pDescriptorPool, player.event());
  return status;
}

Status hook(Player& player, CreateDescriptorSetLayoutCall& call, CreateDescriptorSetLayoutCall& captured) {
  Status status = issue(player, call, captured);
  if (status && call.pSetLayout && call.pCreateInfo && madeElsewhere(player, call, captured))
    player.device()->pools.created(*call.pSetLayout, *call.pCreateInfo);
  return status;
}

Status hook(Player& player, CreateDeviceCall& call, CreateDeviceCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !captured.pDevice) return Status::ok();
  Status status = mapInputs(player, call, nullptr);  // its queues are planned as a whole
  if (!status) return status;
  return createDevice(player, call, valueOf(captured.physicalDevice), valueOf(*captured.pDevice));
}

Status hook(Player& player, CreateFenceCall& call, CreateFenceCall& captured) {
  return createSync(player, call, captured, ExternalObject::kFence, captured.pFence);
}

Status hook(Player& player, CreateImageCall& call, CreateImageCall& captured) {
  SharedTraits traits;
  const uint64_t made = captured.pImage ? valueOf(*captured.pImage) : 0;
  if (call.pCreateInfo) {
    auto& info = const_cast<VkImageCreateInfo&>(*call.pCreateInfo);
    player.contents().prepare(info, made);
    shareAmong(player, info.sharingMode, info.queueFamilyIndexCount, info.pQueueFamilyIndices);
    noteFallback(player, info.format);
  }
  if (call.pCreateInfo && call.pCreateInfo->pNext) {
    auto& info = const_cast<VkImageCreateInfo&>(*call.pCreateInfo);
    // It will be bound to a swapchain's memory: ours is ordinary memory.
    removeFromChain(info.pNext, VK_STRUCTURE_TYPE_IMAGE_SWAPCHAIN_CREATE_INFO_KHR);
    traits = player.external().adaptImage(info, made);
  }
  Status status = issue(player, call, captured);
  if (status && call.pImage && made && call.pCreateInfo) {
    player.external().remember(HandleKind::kVkImage, valueOf(*call.pImage), std::move(traits));
    player.contents().made(*call.pImage, *call.pCreateInfo, made);
    if (call.result == VK_SUCCESS) player.device()->linear.created(*call.pImage, *call.pCreateInfo);
  }
  return status;
}

Status hook(Player& player, CreateImageViewCall& call, CreateImageViewCall& captured) {
  if (call.pCreateInfo) dropLostConversion(player, const_cast<const void*&>(call.pCreateInfo->pNext));
  if (call.pCreateInfo && call.pCreateInfo->format == VK_FORMAT_UNDEFINED && player.device()) {
    auto& info = const_cast<VkImageViewCreateInfo&>(*call.pCreateInfo);
    player.external().adaptFormat("VkImageView", 0, info.pNext, info.format);
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

Status hook(Player& player, CreateRayTracingPipelinesKHRCall& call,
            CreateRayTracingPipelinesKHRCall& captured) {
  return issueBy(player, call, captured, [&] {
    call.deferredOperation =
        VK_NULL_HANDLE;  // the trace says nothing of when a deferred one would have ended
    invoke(player.dispatch(), call);
    if (call.result == VK_SUCCESS && captured.deferredOperation && captured.result > 0)
      call.result = captured.result;
  });
}

Status hook(Player& player, CreateSamplerCall& call, CreateSamplerCall& captured) {
  if (call.pCreateInfo) dropLostConversion(player, const_cast<const void*&>(call.pCreateInfo->pNext));
  return issue(player, call, captured);
}

Status hook(Player& player, CreateSamplerYcbcrConversionCall& call,
            CreateSamplerYcbcrConversionCall& captured) {
  if (!call.pCreateInfo || !call.pCreateInfo->pNext || !captured.pYcbcrConversion)
    return issue(player, call, captured);
  auto& info = const_cast<VkSamplerYcbcrConversionCreateInfo&>(*call.pCreateInfo);
  const uint64_t made = valueOf(*captured.pYcbcrConversion);
  const bool external =
      player.external().adaptFormat("VkSamplerYcbcrConversion", made, info.pNext, info.format);
  if (external) player.external().adaptChroma(info);
  if (!external || player.external().convertsYcbcr()) return issue(player, call, captured);
  player.external().report("VkSamplerYcbcrConversion", made, "VkSamplerYcbcrConversionCreateInfo",
                           "a conversion of an external format", "", ObjectChange::kDropped,
                           "this device has no YCbCr conversion: samplers and views go without", "");
  player.learn(HandleKind::kVkSamplerYcbcrConversion, made, 0);
  return Status::ok();
}

Status hook(Player& player, CreateSemaphoreCall& call, CreateSemaphoreCall& captured) {
  return createSync(player, call, captured, ExternalObject::kSemaphore, captured.pSemaphore);
}

Status hook(Player& player, CreateSharedSwapchainsKHRCall& call, CreateSharedSwapchainsKHRCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result)) return Status::ok();
  for (uint32_t i = 0; call.pCreateInfos && i < call.swapchainCount; ++i)
    shareAmong(player, const_cast<VkSwapchainCreateInfoKHR&>(call.pCreateInfos[i]));
  Status status = mapInputs(player, call);
  for (uint32_t i = 0; status && call.pCreateInfos && captured.pSwapchains && i < call.swapchainCount; ++i)
    status = player.window().createSwapchain(call.pCreateInfos[i], valueOf(captured.pSwapchains[i]));
  return status;
}

Status hook(Player& player, CreateSwapchainKHRCall& call, CreateSwapchainKHRCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !call.pCreateInfo ||
      !captured.pSwapchain)
    return Status::ok();
  shareAmong(player, const_cast<VkSwapchainCreateInfoKHR&>(*call.pCreateInfo));
  Status status = mapInputs(player, call);
  if (!status) return status;
  return player.window().createSwapchain(*call.pCreateInfo, valueOf(*captured.pSwapchain));
}

Status hook(Player& player, DestroyAccelerationStructureKHRCall& call,
            DestroyAccelerationStructureKHRCall& captured) {
  if (player.usesAddresses() && player.device())
    player.device()->numbers.addresses.destroyed(
        objectOf(player.live<VkAccelerationStructureKHR>(valueOf(captured.accelerationStructure))));
  return issue(player, call, captured);
}

Status hook(Player& player, DestroyBufferCall& call, DestroyBufferCall& captured) {
  player.external().forget(HandleKind::kVkBuffer, valueOf(captured.buffer));
  if (Device* device = player.device()) {
    const auto object = objectOf(player.live<VkBuffer>(valueOf(captured.buffer)));
    if (player.usesAddresses()) device->numbers.addresses.destroyed(object);
    device->captured_sizes.erase(object);
  }
  return issue(player, call, captured);
}

Status hook(Player& player, DestroyDescriptorPoolCall& call, DestroyDescriptorPoolCall& captured) {
  player.device()->pools.destroy(player.dispatch(), player.device()->live,
                                 player.live<VkDescriptorPool>(valueOf(captured.descriptorPool)));
  return issue(player, call, captured);
}

Status hook(Player& player, DestroyDescriptorSetLayoutCall& call, DestroyDescriptorSetLayoutCall& captured) {
  player.device()->pools.destroyed(player.live<VkDescriptorSetLayout>(valueOf(captured.descriptorSetLayout)));
  return issue(player, call, captured);
}

Status hook(Player& player, DestroyDeviceCall&, DestroyDeviceCall&) {
  if (player.device() == nullptr || destroyDevice(player, player.device())) return Status::ok();
  return player.waitedInVain();
}

Status hook(Player& player, DestroyFenceCall& call, DestroyFenceCall& captured) {
  destroying(player, ExternalObject::kFence, captured.fence);
  return issue(player, call, captured);
}

Status hook(Player& player, DestroyImageCall& call, DestroyImageCall& captured) {
  player.external().forget(HandleKind::kVkImage, valueOf(captured.image));
  if (Device* device = player.device()) {
    const auto live = player.live<VkImage>(valueOf(captured.image));
    device->linear.destroyed(live);
    device->captured_sizes.erase(objectOf(live));
  }
  return issue(player, call, captured);
}

Status hook(Player& player, DestroyInstanceCall& call, DestroyInstanceCall&) {
  Instance* instance = player.instance();
  if (instance == nullptr) return Status::ok();
  // A program may leave devices alive; nothing of them may outlive their instance here.
  for (Device* device : player.devicesOf(instance))
    if (!destroyDevice(player, device)) return player.waitedInVain();
  player.window().instanceGone(instance);
  if (instance->messenger)
    instance->dispatch.DestroyDebugUtilsMessengerEXT(instance->live, instance->messenger, nullptr);
  call.instance = instance->live;
  invoke(instance->dispatch, call);
  player.removeInstance(instance);
  return Status::ok();
}

Status hook(Player& player, DestroySemaphoreCall& call, DestroySemaphoreCall& captured) {
  destroying(player, ExternalObject::kSemaphore, captured.semaphore);
  return issue(player, call, captured);
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
  // The driver's own call knows no limit.
  const bool idle = player.waitIdle(*player.device());
  if (!player.event().has_outputs) return Status::ok();
  return idle ? issue(player, call, captured) : player.waitedInVain();
}

Status hook(Player& player, EnumeratePhysicalDeviceGroupsCall&, EnumeratePhysicalDeviceGroupsCall& captured) {
  return enumerateGpus(player, captured);
}

Status hook(Player& player, EnumeratePhysicalDevicesCall&, EnumeratePhysicalDevicesCall& captured) {
  return enumerateGpus(player, captured);
}

Status hook(Player& player, FreeDescriptorSetsCall& call, FreeDescriptorSetsCall& captured) {
  return issueBy(player, call, captured, [&] { player.device()->pools.free(player.dispatch(), call); });
}

Status hook(Player& player, FreeMemoryCall&, FreeMemoryCall& captured) {
  const HandleMap::Id id = memoryId(player, captured.memory);
  if (!id) return notAlive(player, captured.kId, HandleKind::kVkDeviceMemory, valueOf(captured.memory));
  Status status = player.memory().unmap(id);
  player.memory().free(id);
  player.handles().drop(id);
  return status;
}

Status hook(Player& player, GetAccelerationStructureDeviceAddressKHRCall& call,
            GetAccelerationStructureDeviceAddressKHRCall& captured) {
  Status status = issue(player, call, captured);
  return status && call.pInfo
             ? learnAddress(player, call, captured, objectOf(call.pInfo->accelerationStructure))
             : status;
}

Status hook(Player& player, GetBufferDeviceAddressCall& call, GetBufferDeviceAddressCall& captured) {
  Status status = issue(player, call, captured);
  return status && call.pInfo ? learnAddress(player, call, captured, objectOf(call.pInfo->buffer)) : status;
}

Status hook(Player& player, GetBufferMemoryRequirementsCall& call,
            GetBufferMemoryRequirementsCall& captured) {
  Status status = issue(player, call, captured);
  if (status && captured.pMemoryRequirements) learnSize(player, call.buffer, *captured.pMemoryRequirements);
  return status;
}

Status hook(Player& player, GetBufferMemoryRequirements2Call& call,
            GetBufferMemoryRequirements2Call& captured) {
  return learnSize2(player, call, captured, [](const auto& info) { return info.buffer; });
}

Status hook(Player& player, GetDescriptorEXTCall& call, GetDescriptorEXTCall& captured) {
  Status status = issue(player, call, captured);
  return status ? sameBytes(player, captured.pDescriptor, call.pDescriptor, call.dataSize, "a descriptor")
                : status;
}

Status hook(Player& player, GetDeviceQueueCall& call, GetDeviceQueueCall& captured) {
  return issueBy(player, call, captured, [&] {
    const QueuePlan::Place place =
        player.device()->queues.placeOf(captured.queueFamilyIndex, 0, captured.queueIndex);
    call.queueFamilyIndex = place.family;
    call.queueIndex = place.index;
    invoke(player.dispatch(), call);
  });
}

Status hook(Player& player, GetDeviceQueue2Call& call, GetDeviceQueue2Call& captured) {
  if (!call.pQueueInfo) return issue(player, call, captured);
  auto& info = const_cast<VkDeviceQueueInfo2&>(*call.pQueueInfo);
  const QueuePlan::Place place =
      player.device()->queues.placeOf(info.queueFamilyIndex, info.flags, info.queueIndex);
  return issueBy(player, call, captured, [&] {
    info.queueFamilyIndex = place.family;
    info.queueIndex = place.index;
    invoke(player.dispatch(), call);
  });
}

Status hook(Player& player, GetEventStatusCall& call, GetEventStatusCall& captured) {
  return repeatUntilAsCaptured(player, call, captured);
}

Status hook(Player& player, GetFenceFdKHRCall& call, GetFenceFdKHRCall& captured) {
  if (!call.pGetFdInfo || !captured.pFd) return Status::ok();
  return exportedSync(player, captured,
                      {ExternalObject::kFence, "VkFenceGetFdInfoKHR", valueOf(call.pGetFdInfo->fence),
                       call.pGetFdInfo->handleType, uint64_t(int64_t(*captured.pFd))});
}

Status hook(Player& player, GetFenceStatusCall& call, GetFenceStatusCall& captured) {
  return repeatUntilAsCaptured(player, call, captured);
}

Status hook(Player& player, GetFenceWin32HandleKHRCall& call, GetFenceWin32HandleKHRCall& captured) {
  if (!call.pGetWin32HandleInfo || !captured.pHandle) return Status::ok();
  return exportedSync(
      player, captured,
      {ExternalObject::kFence, "VkFenceGetWin32HandleInfoKHR", valueOf(call.pGetWin32HandleInfo->fence),
       call.pGetWin32HandleInfo->handleType, valueOf(*captured.pHandle)});
}

Status hook(Player& player, GetMemoryAndroidHardwareBufferANDROIDCall& call,
            GetMemoryAndroidHardwareBufferANDROIDCall& captured) {
  if (!call.pInfo || !captured.pBuffer) return Status::ok();
  return exportedMemory(player, captured.result, call.pInfo->memory, valueOf(*captured.pBuffer));
}

Status hook(Player& player, GetMemoryFdKHRCall& call, GetMemoryFdKHRCall& captured) {
  if (!call.pGetFdInfo || !captured.pFd) return Status::ok();
  return exportedMemory(player, captured.result, call.pGetFdInfo->memory, uint64_t(int64_t(*captured.pFd)));
}

Status hook(Player& player, GetMemoryWin32HandleKHRCall& call, GetMemoryWin32HandleKHRCall& captured) {
  if (!call.pGetWin32HandleInfo || !captured.pHandle) return Status::ok();
  return exportedMemory(player, captured.result, call.pGetWin32HandleInfo->memory,
                        valueOf(*captured.pHandle));
}

Status hook(Player& player, GetMemoryWin32HandleNVCall& call, GetMemoryWin32HandleNVCall& captured) {
  if (!captured.pHandle) return Status::ok();
  return exportedMemory(player, captured.result, call.memory, valueOf(*captured.pHandle));
}

Status hook(Player& player, GetMemoryZirconHandleFUCHSIACall& call,
            GetMemoryZirconHandleFUCHSIACall& captured) {
  if (!call.pGetZirconHandleInfo || !captured.pZirconHandle) return Status::ok();
  return exportedMemory(player, captured.result, call.pGetZirconHandleInfo->memory, *captured.pZirconHandle);
}

Status hook(Player& player, GetImageDrmFormatModifierPropertiesEXTCall& call,
            GetImageDrmFormatModifierPropertiesEXTCall& captured) {
  const bool tiled = player.external().hasModifier(valueOf(player.live<VkImage>(valueOf(captured.image))));
  if (tiled && Player::has(player.dispatch(), call.kId)) return issue(player, call, captured);
  player.external().report("VkImage", valueOf(captured.image), "VkImageDrmFormatModifierPropertiesEXT",
                           "its modifier", "", ObjectChange::kAnswered,
                           "the image has an ordinary tiling here", "not asked");
  return Status::ok();
}

Status hook(Player& player, GetImageMemoryRequirementsCall& call, GetImageMemoryRequirementsCall& captured) {
  Status status = issue(player, call, captured);
  if (status && captured.pMemoryRequirements) learnSize(player, call.image, *captured.pMemoryRequirements);
  return status;
}

Status hook(Player& player, GetImageMemoryRequirements2Call& call,
            GetImageMemoryRequirements2Call& captured) {
  return learnSize2(player, call, captured, [](const auto& info) { return info.image; });
}

Status hook(Player& player, GetImageSubresourceLayoutCall& call, GetImageSubresourceLayoutCall& captured) {
  constexpr VkImageAspectFlags kMemoryPlanes =
      VK_IMAGE_ASPECT_MEMORY_PLANE_0_BIT_EXT | VK_IMAGE_ASPECT_MEMORY_PLANE_1_BIT_EXT |
      VK_IMAGE_ASPECT_MEMORY_PLANE_2_BIT_EXT | VK_IMAGE_ASPECT_MEMORY_PLANE_3_BIT_EXT;
  if (call.pSubresource && (call.pSubresource->aspectMask & kMemoryPlanes) &&
      !player.external().hasModifier(valueOf(player.live<VkImage>(valueOf(captured.image))))) {
    player.external().report("VkImage", valueOf(captured.image), "VkSubresourceLayout",
                             "a memory plane's layout", "", ObjectChange::kAnswered,
                             "the image has an ordinary tiling here", "not asked");
    return Status::ok();
  }
  Status status = issue(player, call, captured);
  if (status && call.pSubresource && call.pLayout && captured.pLayout)
    learnLayout(player, call.image, *call.pSubresource, *captured.pLayout, *call.pLayout);
  return status;
}

Status hook(Player& player, GetPhysicalDeviceExternalImageFormatPropertiesNVCall& call,
            GetPhysicalDeviceExternalImageFormatPropertiesNVCall& captured) {
  if (Player::has(player.dispatch(), call.kId)) return issue(player, call, captured);
  player.external().answerNvQuery(call.externalHandleType);
  return Status::ok();
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

Status hook(Player& player, GetPhysicalDeviceQueueFamilyPropertiesCall& call,
            GetPhysicalDeviceQueueFamilyPropertiesCall& captured) {
  learnFamilies(player, captured.physicalDevice, captured.pQueueFamilyProperties,
                captured.pQueueFamilyPropertyCount);
  return issue(player, call, captured);
}

Status hook(Player& player, GetPhysicalDeviceQueueFamilyProperties2Call& call,
            GetPhysicalDeviceQueueFamilyProperties2Call& captured) {
  learnFamilies(player, captured.physicalDevice, captured.pQueueFamilyProperties,
                captured.pQueueFamilyPropertyCount);
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

Status hook(Player& player, GetRayTracingShaderGroupHandlesKHRCall& call,
            GetRayTracingShaderGroupHandlesKHRCall& captured) {
  Status status = issue(player, call, captured);
  if (!status || captured.result != VK_SUCCESS) return status;
  return sameBytes(player, captured.pData, call.pData, call.dataSize, "a shader group's handle");
}

Status hook(Player& player, GetSemaphoreCounterValueCall& call, GetSemaphoreCounterValueCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !captured.pValue) return Status::ok();
  if (player.sync().waitsForOutside())
    player.sync().satisfy(VK_NULL_HANDLE, valueOf(captured.semaphore), *captured.pValue);
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

Status hook(Player& player, GetSemaphoreFdKHRCall& call, GetSemaphoreFdKHRCall& captured) {
  if (!call.pGetFdInfo || !captured.pFd) return Status::ok();
  return exportedSync(
      player, captured,
      {ExternalObject::kSemaphore, "VkSemaphoreGetFdInfoKHR", valueOf(call.pGetFdInfo->semaphore),
       call.pGetFdInfo->handleType, uint64_t(int64_t(*captured.pFd))});
}

Status hook(Player& player, GetSemaphoreWin32HandleKHRCall& call, GetSemaphoreWin32HandleKHRCall& captured) {
  if (!call.pGetWin32HandleInfo || !captured.pHandle) return Status::ok();
  return exportedSync(player, captured,
                      {ExternalObject::kSemaphore, "VkSemaphoreGetWin32HandleInfoKHR",
                       valueOf(call.pGetWin32HandleInfo->semaphore), call.pGetWin32HandleInfo->handleType,
                       valueOf(*captured.pHandle)});
}

Status hook(Player& player, GetSemaphoreZirconHandleFUCHSIACall& call,
            GetSemaphoreZirconHandleFUCHSIACall& captured) {
  if (!call.pGetZirconHandleInfo || !captured.pZirconHandle) return Status::ok();
  return exportedSync(player, captured,
                      {ExternalObject::kSemaphore, "VkSemaphoreGetZirconHandleInfoFUCHSIA",
                       valueOf(call.pGetZirconHandleInfo->semaphore), call.pGetZirconHandleInfo->handleType,
                       *captured.pZirconHandle});
}

Status hook(Player& player, GetSwapchainImagesKHRCall&, GetSwapchainImagesKHRCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !captured.pSwapchainImageCount)
    return Status::ok();
  const auto address = player.live<VkSwapchainKHR>(valueOf(captured.swapchain));
  if (!address) return player.unknownHandle(HandleKind::kVkSwapchainKHR, valueOf(captured.swapchain));
  return player.window().swapchainImages(*reinterpret_cast<Swapchain*>(address), valueOf(captured.swapchain),
                                         captured.pSwapchainImages, *captured.pSwapchainImageCount);
}

Status hook(Player& player, ImportFenceFdKHRCall& call, ImportFenceFdKHRCall& captured) {
  const auto* info = call.pImportFenceFdInfo;
  if (!info) return Status::ok();
  return importedSync(
      player, captured,
      {ExternalObject::kFence, "VkImportFenceFdInfoKHR", valueOf(info->fence), info->handleType,
       uint64_t(int64_t(info->fd)), (info->flags & VK_FENCE_IMPORT_TEMPORARY_BIT) != 0});
}

Status hook(Player& player, ImportFenceWin32HandleKHRCall& call, ImportFenceWin32HandleKHRCall& captured) {
  const auto* info = call.pImportFenceWin32HandleInfo;
  if (!info) return Status::ok();
  return importedSync(
      player, captured,
      {ExternalObject::kFence, "VkImportFenceWin32HandleInfoKHR", valueOf(info->fence), info->handleType,
       valueOf(info->handle), (info->flags & VK_FENCE_IMPORT_TEMPORARY_BIT) != 0, false});
}

Status hook(Player& player, ImportSemaphoreFdKHRCall& call, ImportSemaphoreFdKHRCall& captured) {
  const auto* info = call.pImportSemaphoreFdInfo;
  if (!info) return Status::ok();
  return importedSync(
      player, captured,
      {ExternalObject::kSemaphore, "VkImportSemaphoreFdInfoKHR", valueOf(info->semaphore), info->handleType,
       uint64_t(int64_t(info->fd)), (info->flags & VK_SEMAPHORE_IMPORT_TEMPORARY_BIT) != 0});
}

Status hook(Player& player, ImportSemaphoreWin32HandleKHRCall& call,
            ImportSemaphoreWin32HandleKHRCall& captured) {
  const auto* info = call.pImportSemaphoreWin32HandleInfo;
  if (!info) return Status::ok();
  return importedSync(player, captured,
                      {ExternalObject::kSemaphore, "VkImportSemaphoreWin32HandleInfoKHR",
                       valueOf(info->semaphore), info->handleType, valueOf(info->handle),
                       (info->flags & VK_SEMAPHORE_IMPORT_TEMPORARY_BIT) != 0, false});
}

Status hook(Player& player, ImportSemaphoreZirconHandleFUCHSIACall& call,
            ImportSemaphoreZirconHandleFUCHSIACall& captured) {
  const auto* info = call.pImportSemaphoreZirconHandleInfo;
  if (!info) return Status::ok();
  return importedSync(
      player, captured,
      {ExternalObject::kSemaphore, "VkImportSemaphoreZirconHandleInfoFUCHSIA", valueOf(info->semaphore),
       info->handleType, info->zirconHandle, (info->flags & VK_SEMAPHORE_IMPORT_TEMPORARY_BIT) != 0});
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

Status hook(Player& player, QueueBindSparseCall& call, QueueBindSparseCall& captured) {
  return submitInTurn(player, call, captured, [](auto& c) { return std::tie(c.bindInfoCount, c.pBindInfo); });
}

Status hook(Player& player, QueuePresentKHRCall& call, QueuePresentKHRCall& captured) {
  player.noticeLoss(captured.result, VK_SUCCESS);
  if (!call.pPresentInfo) return Status::ok();
  if (player.sync().waitsForOutside())
    satisfy(player, call.queue, call.pPresentInfo->pWaitSemaphores, call.pPresentInfo->waitSemaphoreCount,
            nullptr);
  if (HeldSubmits* held = player.device() ? player.device()->held.get() : nullptr; held && !player.part()) {
    const SubmitBatch batch{semaphoreValues(call.pPresentInfo->pWaitSemaphores,
                                            call.pPresentInfo->waitSemaphoreCount, nullptr, 0),
                            {}};
    const uint64_t queue = valueOf(call.queue);
    if (held->waits(queue) || held->ready({&batch, 1}) == 0) {
      held->hold(player.event(), queue, {batch}, 0);
      return Status::ok();
    }
  }
  Status status = mapInputs(player, call);
  if (!status) return status;
  return player.window().present(call.queue, *call.pPresentInfo);
}

Status hook(Player& player, QueueSubmitCall& call, QueueSubmitCall& captured) {
  if (player.sync().waitsForOutside()) {
    for (uint32_t i = 0; call.pSubmits && i < call.submitCount; ++i) {
      const VkSubmitInfo& batch = call.pSubmits[i];
      satisfy(player, call.queue, batch.pWaitSemaphores, batch.waitSemaphoreCount,
              timelineValues(batch.pNext));
    }
  }
  Status status =
      submitInTurn(player, call, captured, [](auto& c) { return std::tie(c.submitCount, c.pSubmits); });
  if (status) submitted(player, call, captured);
  return status;
}

Status hook(Player& player, QueueSubmit2Call& call, QueueSubmit2Call& captured) {
  if (player.sync().waitsForOutside()) {
    const auto queue = player.live<VkQueue>(valueOf(call.queue));
    for (uint32_t i = 0; call.pSubmits && i < call.submitCount; ++i) {
      const VkSubmitInfo2& batch = call.pSubmits[i];
      for (uint32_t k = 0; batch.pWaitSemaphoreInfos && k < batch.waitSemaphoreInfoCount; ++k)
        satisfy(player, queue,
                {valueOf(batch.pWaitSemaphoreInfos[k].semaphore), batch.pWaitSemaphoreInfos[k].value});
    }
  }
  Status status =
      submitInTurn(player, call, captured, [](auto& c) { return std::tie(c.submitCount, c.pSubmits); });
  if (status) submitted(player, call, captured);
  return status;
}

Status hook(Player& player, QueueWaitIdleCall& call, QueueWaitIdleCall& captured) {
  // The driver's own call knows no limit.
  const bool idle = player.waitIdle(*player.device());
  if (!player.event().has_outputs) return Status::ok();
  return idle ? issue(player, call, captured) : player.waitedInVain();
}

Status hook(Player& player, ResetDescriptorPoolCall& call, ResetDescriptorPoolCall& captured) {
  const HandleMap::Id pool = player.find(HandleKind::kVkDescriptorPool, valueOf(captured.descriptorPool));
  Status status = issue(player, call, captured);
  if (status && pool) player.handles().dropChildren(pool);
  if (status && pool && player.device())
    player.device()->pools.reset(player.dispatch(), player.device()->live, call.descriptorPool);
  return status;
}

Status hook(Player& player, ResetFencesCall& call, ResetFencesCall& captured) {
  Status status = issue(player, call, captured);
  for (uint32_t i = 0; status && call.pFences && i < call.fenceCount; ++i)
    player.device()->rewrites.over(call.pFences[i]);
  return status;
}

Status hook(Player& player, SignalSemaphoreCall& call, SignalSemaphoreCall& captured) {
  const VkSemaphoreSignalInfo* info = call.pSignalInfo;
  const SemaphoreValue signal{info ? valueOf(info->semaphore) : 0, info ? info->value : 0};
  Status status = issue(player, call, captured);
  if (!status || !player.device()->held) return status;
  player.device()->held->signalled(signal);
  return player.resumeHeld();
}

Status hook(Player& player, UnmapMemoryCall&, UnmapMemoryCall& captured) {
  return player.memory().unmap(memoryId(player, captured.memory));
}

Status hook(Player& player, WaitForFencesCall& call, WaitForFencesCall& captured) {
  return waitAsCaptured(player, call, captured);
}

Status hook(Player& player, WaitSemaphoresCall& call, WaitSemaphoresCall& captured) {
  if (player.sync().waitsForOutside() && call.pWaitInfo && call.pWaitInfo->pSemaphores &&
      call.pWaitInfo->pValues) {
    for (uint32_t i = 0; i < call.pWaitInfo->semaphoreCount; ++i)
      player.sync().satisfy(VK_NULL_HANDLE, valueOf(call.pWaitInfo->pSemaphores[i]),
                            call.pWaitInfo->pValues[i]);
  }
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

// vkGetImageSubresourceLayout2
template <class C>
requires requires(C& c) {
  c.image;
  c.pSubresource->imageSubresource;
  c.pLayout->subresourceLayout;
}
Status hook(Player& player, C& call, C& captured) {
  Status status = issue(player, call, captured);
  if (status && call.pSubresource && call.pLayout && captured.pLayout)
    learnLayout(player, call.image, call.pSubresource->imageSubresource, captured.pLayout->subresourceLayout,
                call.pLayout->subresourceLayout);
  return status;
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
  player.stepTo(event);
  C call{};
  std::string error;
  if (!decodeInputs(event.inputs, event.input_bulks, player.arena(), call, &error, Holes::kLeaveOut,
                    player.preflight().filter()))
    return player.error(Code::kUnreadable, "its arguments cannot be read: " + error);
  C captured = call;
  if constexpr (!kReturnsNothing<C>) {
    if (event.has_outputs &&
        !decodeOutputs(event.outputs, event.output_bulks, player.arena(), captured, &error, Holes::kLeaveOut))
      return player.error(Code::kUnreadable, "its results cannot be read: " + error);
  }
  if constexpr (requires { call.pAllocator; }) call.pAllocator = nullptr;
  uint64_t first = 0;
  std::memcpy(&first, static_cast<const void*>(&call), std::min(sizeof first, sizeof call));
  if (Status status = player.begin(event, commandInfo(C::kId).dispatch, first); !status) return status;
  if constexpr (requires { hook(player, call, captured); }) {
    return hook(player, call, captured);
  } else {
    return issue(player, call, captured);
  }
}

template <class C>
bool readCall(const Event& event, Arena& arena, const NodeFilter* filter, CapturedCall& read) {
  C* call = arena.allocateArray<C>(1);
  if (call == nullptr) return false;
  read.packet = call;
  if (!decodeInputs(event.inputs, event.input_bulks, arena, *call, nullptr, Holes::kLeaveOut, filter))
    return false;
  if constexpr (!kReturnsNothing<C>) {
    if (event.has_outputs &&
        !decodeOutputs(event.outputs, event.output_bulks, arena, *call, nullptr, Holes::kLeaveOut))
      return false;
  }
  if constexpr (kHasVkResult<C>) read.had_effect = !event.has_outputs || !hadNoEffect(call->result);
  return true;
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

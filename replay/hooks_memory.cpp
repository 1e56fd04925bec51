// Memory: allocated, bound, mapped, exported.
#include <string>
#include <vector>

#include "replay/hooks.h"
#include "replay/issue.h"

namespace reprise {
namespace {

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

// vkGetMemoryFdKHR and its kin on every platform: what was exported is known from here on by that handle.
Status exportedMemory(Player& player, VkResult result, VkDeviceMemory captured, uint64_t handle) {
  if (!player.event().has_outputs || result != VK_SUCCESS) return Status::ok();
  const HandleMap::Id id = memoryId(player, captured);
  if (!id) return player.unknownHandle(HandleKind::kVkDeviceMemory, valueOf(captured));
  player.memory().exported(id, handle);
  return Status::ok();
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

}  // namespace

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

Status hook(Player& player, FreeMemoryCall&, FreeMemoryCall& captured) {
  const HandleMap::Id id = memoryId(player, captured.memory);
  if (!id) return notAlive(player, captured.kId, HandleKind::kVkDeviceMemory, valueOf(captured.memory));
  Status status = player.memory().unmap(id);
  player.memory().free(id);
  player.handles().drop(id);
  return status;
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

Status hook(Player& player, GetImageMemoryRequirementsCall& call, GetImageMemoryRequirementsCall& captured) {
  Status status = issue(player, call, captured);
  if (status && captured.pMemoryRequirements) learnSize(player, call.image, *captured.pMemoryRequirements);
  return status;
}

Status hook(Player& player, GetImageMemoryRequirements2Call& call,
            GetImageMemoryRequirements2Call& captured) {
  return learnSize2(player, call, captured, [](const auto& info) { return info.image; });
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

Status hook(Player& player, UnmapMemoryCall&, UnmapMemoryCall& captured) {
  return player.memory().unmap(memoryId(player, captured.memory));
}

}  // namespace reprise

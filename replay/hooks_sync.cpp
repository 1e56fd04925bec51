// Fences, semaphores and events: made, exported, waited for.
#include "replay/chains.h"
#include "replay/hooks.h"
#include "replay/issue.h"
#include "replay/waits.h"

namespace reprise {
namespace {

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

}  // namespace

Status hook(Player& player, CreateEventCall& call, CreateEventCall& captured) {
  const Status status = issue(player, call, captured);
  if (captured.pEvent) player.set_events.erase(player.find(HandleKind::kVkEvent, valueOf(*captured.pEvent)));
  return status;
}

Status hook(Player& player, CreateFenceCall& call, CreateFenceCall& captured) {
  return createSync(player, call, captured, ExternalObject::kFence, captured.pFence);
}

Status hook(Player& player, CreateSemaphoreCall& call, CreateSemaphoreCall& captured) {
  return createSync(player, call, captured, ExternalObject::kSemaphore, captured.pSemaphore);
}

Status hook(Player& player, DestroyFenceCall& call, DestroyFenceCall& captured) {
  destroying(player, ExternalObject::kFence, captured.fence);
  return issue(player, call, captured);
}

Status hook(Player& player, DestroySemaphoreCall& call, DestroySemaphoreCall& captured) {
  destroying(player, ExternalObject::kSemaphore, captured.semaphore);
  return issue(player, call, captured);
}

Status hook(Player& player, DeviceWaitIdleCall& call, DeviceWaitIdleCall& captured) {
  // The driver's own call knows no limit.
  const bool idle = player.waitIdle(*player.device());
  if (!player.event().has_outputs) return Status::ok();
  return idle ? issue(player, call, captured) : player.waitedInVain();
}

// Only a change is waited for: a program that polls sees the old state as often as its GPU let it, and this
// one may be past it.
Status hook(Player& player, GetEventStatusCall& call, GetEventStatusCall& captured) {
  const HandleMap::Id event = player.find(HandleKind::kVkEvent, valueOf(captured.event));
  const bool known = player.set_events.contains(event);
  if (captured.result == (known ? VK_EVENT_SET : VK_EVENT_RESET) && event) return Status::ok();
  const Status status = repeatUntilAsCaptured(player, call, captured);
  if (captured.result == VK_EVENT_SET) player.set_events.insert(event);
  if (captured.result == VK_EVENT_RESET) player.set_events.erase(event);
  return status;
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

Status hook(Player& player, QueueWaitIdleCall& call, QueueWaitIdleCall& captured) {
  // The driver's own call knows no limit.
  const bool idle = player.waitIdle(*player.device());
  if (!player.event().has_outputs) return Status::ok();
  return idle ? issue(player, call, captured) : player.waitedInVain();
}

Status hook(Player& player, ResetEventCall& call, ResetEventCall& captured) {
  player.set_events.erase(player.find(HandleKind::kVkEvent, valueOf(captured.event)));
  return issue(player, call, captured);
}

Status hook(Player& player, ResetFencesCall& call, ResetFencesCall& captured) {
  Status status = issue(player, call, captured);
  for (uint32_t i = 0; status && call.pFences && i < call.fenceCount; ++i)
    player.device()->rewrites.over(call.pFences[i]);
  return status;
}

Status hook(Player& player, SetEventCall& call, SetEventCall& captured) {
  player.set_events.insert(player.find(HandleKind::kVkEvent, valueOf(captured.event)));
  return issue(player, call, captured);
}

Status hook(Player& player, SignalSemaphoreCall& call, SignalSemaphoreCall& captured) {
  const VkSemaphoreSignalInfo* info = call.pSignalInfo;
  const SemaphoreValue signal{info ? valueOf(info->semaphore) : 0, info ? info->value : 0};
  Status status = issue(player, call, captured);
  if (!status || !player.device()->held) return status;
  player.device()->held->signalled(signal);
  return player.resumeHeld();
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

}  // namespace reprise

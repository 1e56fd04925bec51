#include "capture/external_calls.h"

#include "capture/host_copies.h"
#include "capture/layer.h"
#include "capture/opaque_addresses.h"
#include "capture/outside_contents.h"
#include "capture/payloads.h"
#include "capture/recorder.h"

namespace reprise::capture::external {
namespace {

using payloads::HandleForm;

template <class C>
void pass(C& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  record(call, called, [&] { invoke(driver, call, called); });
}

// `copies`: what is exported is a copy of the payload, not a reference to it.
template <class C, class H>
void exportHandle(C& call, Command called, VkObjectType type, uint64_t object, bool copies, HandleForm form,
                  const H* handle) {
  const uint64_t payload = payloads::exporting(call.device, type, object, copies);
  pass(call, called);
  if (call.result != VK_SUCCESS) return;
  if constexpr (std::is_same_v<H, int>)
    payloads::exported(payload, form, uint64_t(int64_t{*handle}), call.device, type, object);
  else
    payloads::exported(payload, form, uint64_t(*handle), call.device, type, object);
}

template <class C>
void importHandle(C& call, Command called, VkObjectType type, uint64_t object, bool permanent,
                  HandleForm form, uint64_t handle) {
  const uint64_t payload = payloads::importing(form, handle);
  pass(call, called);
  if (call.result == VK_SUCCESS)
    payloads::imported(payload, form, handle, call.device, type, object, permanent);
}

template <class C>
void noted(C& call, Command called) {
  if (outside::active()) [[unlikely]]
    outside::recorded(call);
  pass(call, called);
}

}  // namespace

void hook(GetFenceFdKHRCall& call, Command called) {
  const auto& info = *call.pGetFdInfo;
  const bool copies = info.handleType == VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT;
  exportHandle(call, called, VK_OBJECT_TYPE_FENCE, uint64_t(info.fence), copies, HandleForm::kDescriptor,
               call.pFd);
}

void hook(GetFenceWin32HandleKHRCall& call, Command called) {
  exportHandle(call, called, VK_OBJECT_TYPE_FENCE, uint64_t(call.pGetWin32HandleInfo->fence), false,
               HandleForm::kValue, call.pHandle);
}

void hook(GetMemoryAndroidHardwareBufferANDROIDCall& call, Command called) {
  exportHandle(call, called, VK_OBJECT_TYPE_DEVICE_MEMORY, uint64_t(call.pInfo->memory), false,
               HandleForm::kValue, call.pBuffer);
}

void hook(GetMemoryFdKHRCall& call, Command called) {
  exportHandle(call, called, VK_OBJECT_TYPE_DEVICE_MEMORY, uint64_t(call.pGetFdInfo->memory), false,
               HandleForm::kDescriptor, call.pFd);
}

void hook(GetMemoryWin32HandleKHRCall& call, Command called) {
  exportHandle(call, called, VK_OBJECT_TYPE_DEVICE_MEMORY, uint64_t(call.pGetWin32HandleInfo->memory), false,
               HandleForm::kValue, call.pHandle);
}

void hook(GetMemoryWin32HandleNVCall& call, Command called) {
  exportHandle(call, called, VK_OBJECT_TYPE_DEVICE_MEMORY, uint64_t(call.memory), false, HandleForm::kValue,
               call.pHandle);
}

void hook(GetMemoryZirconHandleFUCHSIACall& call, Command called) {
  exportHandle(call, called, VK_OBJECT_TYPE_DEVICE_MEMORY, uint64_t(call.pGetZirconHandleInfo->memory), false,
               HandleForm::kValue, call.pZirconHandle);
}

void hook(GetSemaphoreFdKHRCall& call, Command called) {
  const auto& info = *call.pGetFdInfo;
  const bool copies = info.handleType == VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT;
  exportHandle(call, called, VK_OBJECT_TYPE_SEMAPHORE, uint64_t(info.semaphore), copies,
               HandleForm::kDescriptor, call.pFd);
}

void hook(GetSemaphoreWin32HandleKHRCall& call, Command called) {
  exportHandle(call, called, VK_OBJECT_TYPE_SEMAPHORE, uint64_t(call.pGetWin32HandleInfo->semaphore), false,
               HandleForm::kValue, call.pHandle);
}

void hook(GetSemaphoreZirconHandleFUCHSIACall& call, Command called) {
  exportHandle(call, called, VK_OBJECT_TYPE_SEMAPHORE, uint64_t(call.pGetZirconHandleInfo->semaphore), false,
               HandleForm::kValue, call.pZirconHandle);
}

void hook(ImportFenceFdKHRCall& call, Command called) {
  const auto& info = *call.pImportFenceFdInfo;
  const bool permanent = !(info.flags & VK_FENCE_IMPORT_TEMPORARY_BIT) &&
                         info.handleType != VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT;
  importHandle(call, called, VK_OBJECT_TYPE_FENCE, uint64_t(info.fence), permanent, HandleForm::kDescriptor,
               uint64_t(int64_t{info.fd}));
}

void hook(ImportFenceWin32HandleKHRCall& call, Command called) {
  const auto& info = *call.pImportFenceWin32HandleInfo;
  importHandle(call, called, VK_OBJECT_TYPE_FENCE, uint64_t(info.fence),
               !(info.flags & VK_FENCE_IMPORT_TEMPORARY_BIT), HandleForm::kValue, uint64_t(info.handle));
}

void hook(ImportSemaphoreFdKHRCall& call, Command called) {
  const auto& info = *call.pImportSemaphoreFdInfo;
  const bool permanent = !(info.flags & VK_SEMAPHORE_IMPORT_TEMPORARY_BIT) &&
                         info.handleType != VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT;
  importHandle(call, called, VK_OBJECT_TYPE_SEMAPHORE, uint64_t(info.semaphore), permanent,
               HandleForm::kDescriptor, uint64_t(int64_t{info.fd}));
}

void hook(ImportSemaphoreWin32HandleKHRCall& call, Command called) {
  const auto& info = *call.pImportSemaphoreWin32HandleInfo;
  importHandle(call, called, VK_OBJECT_TYPE_SEMAPHORE, uint64_t(info.semaphore),
               !(info.flags & VK_SEMAPHORE_IMPORT_TEMPORARY_BIT), HandleForm::kValue, uint64_t(info.handle));
}

void hook(ImportSemaphoreZirconHandleFUCHSIACall& call, Command called) {
  const auto& info = *call.pImportSemaphoreZirconHandleInfo;
  importHandle(call, called, VK_OBJECT_TYPE_SEMAPHORE, uint64_t(info.semaphore),
               !(info.flags & VK_SEMAPHORE_IMPORT_TEMPORARY_BIT), HandleForm::kValue,
               uint64_t(info.zirconHandle));
}

void hook(CmdExecuteCommandsCall& call, Command called) { noted(call, called); }
void hook(CmdPipelineBarrierCall& call, Command called) { noted(call, called); }
void hook(CmdPipelineBarrier2Call& call, Command called) { noted(call, called); }
void hook(CmdWaitEventsCall& call, Command called) { noted(call, called); }
void hook(CmdWaitEvents2Call& call, Command called) { noted(call, called); }

void hook(CreateImageCall& call, Command called) {
  pass(call, called);
  outside::created(call);
  host_copies::created(call);
}

void hook(CreateSemaphoreCall& call, Command called) {
  pass(call, called);
  if (call.result != VK_SUCCESS) return;
  for (auto* node = static_cast<const VkBaseInStructure*>(call.pCreateInfo->pNext); node;
       node = node->pNext) {
    if (node->sType == VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO &&
        reinterpret_cast<const VkSemaphoreTypeCreateInfo*>(node)->semaphoreType == VK_SEMAPHORE_TYPE_TIMELINE)
      outside::semaphoreIsTimeline(call.device, *call.pSemaphore);
  }
}

void hook(DestroyBufferCall& call, Command called) {
  outside::destroying(call.device, VK_OBJECT_TYPE_BUFFER, uint64_t(call.buffer));
  opaque::destroying(*nextOf(call.device), call.buffer);
  pass(call, called);
}

void hook(DestroyFenceCall& call, Command called) {
  payloads::objectGone(call.device, VK_OBJECT_TYPE_FENCE, uint64_t(call.fence));
  pass(call, called);
}

void hook(DestroyImageCall& call, Command called) {
  outside::destroying(call.device, VK_OBJECT_TYPE_IMAGE, uint64_t(call.image));
  host_copies::destroying(call.device, call.image);
  pass(call, called);
}

void hook(DestroySemaphoreCall& call, Command called) {
  payloads::objectGone(call.device, VK_OBJECT_TYPE_SEMAPHORE, uint64_t(call.semaphore));
  outside::destroying(call.device, VK_OBJECT_TYPE_SEMAPHORE, uint64_t(call.semaphore));
  pass(call, called);
}

void hook(FreeCommandBuffersCall& call, Command called) {
  if (outside::active()) [[unlikely]]
    outside::freeing(call);
  pass(call, called);
}

void hook(GetDeviceQueueCall& call, Command called) {
  pass(call, called);
  outside::queueIs(*call.pQueue, call.device, call.queueFamilyIndex);
}

void hook(GetDeviceQueue2Call& call, Command called) {
  pass(call, called);
  if (*call.pQueue != VK_NULL_HANDLE)
    outside::queueIs(*call.pQueue, call.device, call.pQueueInfo->queueFamilyIndex);
}

}  // namespace reprise::capture::external

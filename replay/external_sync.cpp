#include "replay/external_sync.h"

#include "replay/chains.h"
#include "replay/gpu_job.h"
#include "replay/session.h"

namespace reprise {
namespace {

HandleKind kindOf(ExternalObject object) {
  return object == ExternalObject::kFence ? HandleKind::kVkFence : HandleKind::kVkSemaphore;
}

HandleTypeBit syncFd(ExternalObject object) {
  return object == ExternalObject::kFence ? HandleTypeBit(VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT)
                                          : HandleTypeBit(VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT);
}

bool isTimeline(const void* next) {
  const auto* type =
      findInChain<VkSemaphoreTypeCreateInfo>(next, VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO);
  return type && type->semaphoreType == VK_SEMAPHORE_TYPE_TIMELINE;
}

auto& payloadsOf(Device& device, ExternalObject object) {
  return object == ExternalObject::kFence ? device.syncs.fences : device.syncs.semaphores;
}

}  // namespace

std::string ExternalSync::ask(ExternalObject object, HandleTypeBit type, bool timeline, bool& yes) const {
  const Device& device = *player_.device();
  const Dispatch& d = device.dispatch;
  bool out = false, in = false;
  if (object == ExternalObject::kFence) {
    if (!d.GetPhysicalDeviceExternalFenceProperties) return "no external fences";
    const VkPhysicalDeviceExternalFenceInfo wanted{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_FENCE_INFO,
                                                   nullptr, VkExternalFenceHandleTypeFlagBits(type)};
    VkExternalFenceProperties found{};
    found.sType = VK_STRUCTURE_TYPE_EXTERNAL_FENCE_PROPERTIES;
    d.GetPhysicalDeviceExternalFenceProperties(device.gpu, &wanted, &found);
    out = found.externalFenceFeatures & VK_EXTERNAL_FENCE_FEATURE_EXPORTABLE_BIT;
    in = found.externalFenceFeatures & VK_EXTERNAL_FENCE_FEATURE_IMPORTABLE_BIT;
  } else {
    if (!d.GetPhysicalDeviceExternalSemaphoreProperties) return "no external semaphores";
    const VkSemaphoreTypeCreateInfo of_type{VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO, nullptr,
                                            VK_SEMAPHORE_TYPE_TIMELINE, 0};
    const VkPhysicalDeviceExternalSemaphoreInfo wanted{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO, timeline ? &of_type : nullptr,
        VkExternalSemaphoreHandleTypeFlagBits(type)};
    VkExternalSemaphoreProperties found{};
    found.sType = VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES;
    d.GetPhysicalDeviceExternalSemaphoreProperties(device.gpu, &wanted, &found);
    out = found.externalSemaphoreFeatures & VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT;
    in = found.externalSemaphoreFeatures & VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT;
  }
  yes = out && in;
  return out && in ? "exportable|importable" : out ? "exportable" : in ? "importable" : "no features";
}

ExternalSync::Choice ExternalSync::choose(ExternalObject object, HandleTypeBit captured,
                                          bool timeline) const {
  Choice choice;
  std::vector<Preference> ways{{captured, ""}};
  for (const Preference& way : preferences(object, captured)) ways.push_back(way);
  for (const Preference& way : ways) {
    bool yes = false;
    choice.answers += (choice.answers.empty() ? "" : "; ") + handleTypeName(object, way.to) + ": " +
                      ask(object, way.to, timeline, yes);
    if (!yes) continue;
    choice.type = way.to;
    choice.reason = way.reason;
    return choice;
  }
  choice.reason = "this device has nothing that could stand for it";
  return choice;
}

void ExternalSync::report(const Handle& handle, HandleTypeBit to, bool dropped, std::string reason,
                          std::string target) {
  player_.external().report(handleKindName(kindOf(handle.object)), handle.captured, handle.structure,
                            handleTypeName(handle.object, handle.type),
                            dropped ? "" : handleTypeName(handle.object, to),
                            dropped             ? ObjectChange::kDropped
                            : to == handle.type ? ObjectChange::kKept
                                                : ObjectChange::kConverted,
                            std::move(reason), std::move(target));
}

void ExternalSync::adapt(ExternalObject object, const void*& next, uint64_t captured) {
  const bool fence = object == ExternalObject::kFence;
  const VkStructureType type =
      fence ? VK_STRUCTURE_TYPE_EXPORT_FENCE_CREATE_INFO : VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO;
  const char* kind = handleKindName(kindOf(object));
  player_.external().dropUnknownNodes(next, kind, captured);
  player_.external().dropForeignNodes(next, kind, captured);
  // Security attributes and names of the captured system's objects.
  removeFromChain(next, fence ? VK_STRUCTURE_TYPE_EXPORT_FENCE_WIN32_HANDLE_INFO_KHR
                              : VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_WIN32_HANDLE_INFO_KHR);
  // Both export structs have the same members.
  auto* exported = findInChain<VkExportSemaphoreCreateInfo>(next, type);
  if (exported == nullptr) return;
  HandleTypeBits live = 0;
  for (const HandleTypeBit from : bitsOf(exported->handleTypes)) {
    const Choice choice = choose(object, from, !fence && isTimeline(next));
    live |= choice.type;
    report({object, fence ? "VkExportFenceCreateInfo" : "VkExportSemaphoreCreateInfo", captured, from, 0},
           choice.type, choice.type == 0, choice.reason, choice.answers);
  }
  exported->handleTypes = live;
  if (live == 0) removeFromChain(next, type);
}

Descriptor ExternalSync::exportLive(ExternalObject object, const SyncPayload& payload) {
  const Dispatch& d = payload.device->dispatch;
  int fd = -1;
  VkResult result = VK_ERROR_EXTENSION_NOT_PRESENT;
  if (object == ExternalObject::kFence) {
    const VkFenceGetFdInfoKHR info{VK_STRUCTURE_TYPE_FENCE_GET_FD_INFO_KHR, nullptr,
                                   handleOf<VkFence>(payload.source),
                                   VkExternalFenceHandleTypeFlagBits(payload.type)};
    if (d.GetFenceFdKHR) result = d.GetFenceFdKHR(payload.device->live, &info, &fd);
  } else {
    const VkSemaphoreGetFdInfoKHR info{VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR, nullptr,
                                       handleOf<VkSemaphore>(payload.source),
                                       VkExternalSemaphoreHandleTypeFlagBits(payload.type)};
    if (d.GetSemaphoreFdKHR) result = d.GetSemaphoreFdKHR(payload.device->live, &info, &fd);
  }
  return Descriptor(result == VK_SUCCESS ? fd : -1);
}

VkResult ExternalSync::importLive(ExternalObject object, uint64_t live, HandleTypeBit type, bool temporary,
                                  Descriptor descriptor) {
  const Device& device = *player_.device();
  VkResult result = VK_ERROR_EXTENSION_NOT_PRESENT;
  if (object == ExternalObject::kFence) {
    const VkImportFenceFdInfoKHR info{VK_STRUCTURE_TYPE_IMPORT_FENCE_FD_INFO_KHR,
                                      nullptr,
                                      handleOf<VkFence>(live),
                                      temporary ? VkFenceImportFlags(VK_FENCE_IMPORT_TEMPORARY_BIT) : 0,
                                      VkExternalFenceHandleTypeFlagBits(type),
                                      descriptor.get()};
    if (device.dispatch.ImportFenceFdKHR) result = device.dispatch.ImportFenceFdKHR(device.live, &info);
  } else {
    const VkImportSemaphoreFdInfoKHR info{
        VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR,
        nullptr,
        handleOf<VkSemaphore>(live),
        temporary ? VkSemaphoreImportFlags(VK_SEMAPHORE_IMPORT_TEMPORARY_BIT) : 0,
        VkExternalSemaphoreHandleTypeFlagBits(type),
        descriptor.get()};
    if (device.dispatch.ImportSemaphoreFdKHR)
      result = device.dispatch.ImportSemaphoreFdKHR(device.live, &info);
  }
  if (result == VK_SUCCESS) (void)descriptor.release();  // the driver's now
  return result;
}

Status ExternalSync::exported(const Handle& handle) {
  const HandleKind kind = kindOf(handle.object);
  const HandleMap::Id id = player_.find(kind, handle.captured);
  if (!id) return player_.unknownHandle(kind, handle.captured);
  Device& device = *player_.device();
  const uint64_t live = player_.handles().at(id).live;
  auto& known = payloadsOf(device, handle.object);
  const bool copies = handle.type == syncFd(handle.object);
  const Choice choice = choose(handle.object, handle.type, false);
  std::shared_ptr<SyncPayload> payload;
  if (copies && choice.type == handle.type) {
    payload = std::make_shared<SyncPayload>();
  } else if (const auto found = known.find(live); found != known.end()) {
    payload = found->second;
  }
  payload = payloads_.exported(player_.takePayload(), handle.value, payload);
  payload->device = &device;
  payload->source = live;
  payload->type = choice.type;
  ++payload->handles_out;
  if (copies && choice.type == handle.type) {
    // The export itself waits for and resets the payload, so it is made now.
    payload->copied = true;
    payload->kept = std::make_shared<Descriptor>(exportLive(handle.object, *payload));
    payload->source = 0;
    if (*payload->kept) kept_.keep(payload->kept);
  } else {
    known[live] = payload;
  }
  return Status::ok();
}

Status ExternalSync::imported(const Handle& handle) {
  const HandleKind kind = kindOf(handle.object);
  const HandleMap::Id id = player_.find(kind, handle.captured);
  if (!id) return player_.unknownHandle(kind, handle.captured);
  const uint64_t live = player_.handles().at(id).live;
  // The descriptor -1 of a sync file stands for a payload that is signalled already.
  const bool signalled = handle.type == syncFd(handle.object) && int32_t(handle.value) == -1;
  const auto payload = payloads_.imported(player_.takePayload(), handle.value, handle.consumed);
  if (!payload || signalled) {
    comesFromOutside(handle, live);
    report(handle, 0, true,
           signalled ? "signalled when it was imported: signalled here"
                     : "its payload came from outside the trace: signalled by the replay",
           "");
    return Status::ok();
  }
  const bool temporary = handle.temporary || payload->type == syncFd(handle.object);
  Descriptor descriptor;
  if (payload->kept) {
    descriptor = payload->kept->duplicate();
  } else if (payload->source && payload->type) {
    descriptor = exportLive(handle.object, *payload);
  }
  const bool have = descriptor || payload->copied;
  if (!temporary) retire(handle.object, live, payload.get());
  const VkResult result =
      have ? importLive(handle.object, live, payload->type, temporary, std::move(descriptor))
           : VK_ERROR_INVALID_EXTERNAL_HANDLE;
  if (result != VK_SUCCESS) {
    comesFromOutside(handle, live);
    report(handle, 0, true, "it cannot be shared here: signalled by the replay",
           have ? resultName(result) : "");
    return Status::ok();
  }
  Device& device = *player_.device();
  device.syncs.outside.erase(live);
  if (!temporary) payloadsOf(device, handle.object)[live] = payload;
  report(handle, payload->type, false, payload->type == handle.type ? "" : "as it was exported here", "");
  return Status::ok();
}

void ExternalSync::comesFromOutside(const Handle& handle, uint64_t live) {
  Device& device = *player_.device();
  if (handle.object == ExternalObject::kSemaphore) {
    const auto timeline = device.syncs.timelines.find(live);
    device.syncs.outside[live] = {timeline != device.syncs.timelines.end(),
                                  handle.temporary || handle.type == syncFd(handle.object)};
    return;
  }
  const auto fence = handleOf<VkFence>(live);
  if (device.dispatch.GetFenceStatus(device.live, fence) == VK_NOT_READY && device.first_queue)
    (void)submitEmpty(device, device.first_queue, {}, {}, fence);
}

void ExternalSync::destroying(ExternalObject object, uint64_t live) {
  Device& device = *player_.device();
  if (object == ExternalObject::kSemaphore) {
    device.syncs.outside.erase(live);
    device.syncs.timelines.erase(live);
  }
  retire(object, live, nullptr);
}

// The object is about to lose its payload, by being destroyed or by importing `next`.
void ExternalSync::retire(ExternalObject object, uint64_t live, const SyncPayload* next) {
  Device& device = *player_.device();
  auto& known = payloadsOf(device, object);
  const auto found = known.find(live);
  if (found == known.end() || found->second.get() == next) return;
  SyncPayload& payload = *found->second;
  if (payload.source == live && payload.device == &device) {
    if (payload.handles_out > 0 && payload.type) {
      Descriptor descriptor = exportLive(object, payload);
      if (descriptor) {
        payload.kept = std::make_shared<Descriptor>(std::move(descriptor));
        kept_.keep(payload.kept);
      }
    }
    payload.source = 0;
  }
  known.erase(found);
}

void ExternalSync::deviceGone(Device& device) {
  for (auto* known : {&device.syncs.semaphores, &device.syncs.fences})
    for (auto& [live, payload] : *known)
      if (payload->device == &device) payload->source = 0;
}

bool ExternalSync::waitsForOutside() const {
  return player_.device() && !player_.device()->syncs.outside.empty();
}

void ExternalSync::satisfy(VkQueue queue, uint64_t captured_semaphore, uint64_t value) {
  Device& device = *player_.device();
  const auto semaphore = player_.live<VkSemaphore>(captured_semaphore);
  const auto found = device.syncs.outside.find(valueOf(semaphore));
  if (found == device.syncs.outside.end()) return;
  if (found->second.timeline) {
    if (!device.dispatch.GetSemaphoreCounterValue || !device.dispatch.SignalSemaphore) return;
    uint64_t now = 0;
    if (device.dispatch.GetSemaphoreCounterValue(device.live, semaphore, &now) == VK_SUCCESS && now < value) {
      const VkSemaphoreSignalInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, nullptr, semaphore, value};
      (void)device.dispatch.SignalSemaphore(device.live, &info);
    }
    return;
  }
  if (queue) (void)submitEmpty(device, queue, {}, {semaphore}, VK_NULL_HANDLE);
  if (found->second.temporary) device.syncs.outside.erase(found);
}

}  // namespace reprise

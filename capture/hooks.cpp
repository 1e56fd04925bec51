// The calls that need more than to be recorded and passed on, in alphabetical order; all others are
// generated.
//
// A generated entry point calls run(), which takes the hook() of its packet where there is one.
#include <algorithm>
#include <cstdio>
#include <vector>

#include "capture/create.h"
#include "capture/external_calls.h"
#include "capture/host_copies.h"
#include "capture/ignored.h"
#include "capture/layer.h"
#include "capture/memory.h"
#include "capture/metadata.h"
#include "capture/opaque_addresses.h"
#include "capture/options.h"
#include "capture/outside_submit.h"
#include "capture/payloads.h"
#include "capture/recorder.h"
#include "capture/update_templates.h"

namespace reprise::capture {
namespace {

struct EntryPoint {
  const char* name;
  PFN_vkVoidFunction function;
  Command command;
};

template <class C>
void pass(C& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  record(call, called, [&] { invoke(driver, call, called); });
}

// Work that reads mapped memory is handed over: what the program wrote comes before it.
template <class C>
void submit(C& call, Command called) {
  memory::scanBeforeSubmit();
  pass(call, called);
}

// The program learns from a result of `news` that the device is done with something.
template <class C>
void wait(C& call, Command called, VkResult news = VK_SUCCESS) {
  const Dispatch& driver = dispatchOf(call);
  record(call, called, [&] {
    invoke(driver, call, called);
    if (call.result == news) memory::waited();
  });
}

template <class C>
void bind(C& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  record(call, called, [&] {
    invoke(driver, call, called);
    memory::bound(driver, call);
  });
  if constexpr (requires { outside::bound(call); }) outside::bound(call);
}

// What the submit acquires from other processes is captured first.
template <class Submit, class C>
void submitBatches(C& call, Command called) {
  if (!outside::active()) [[likely]]
    return submit(call, called);
  memory::scanBeforeSubmit();
  Submit batches(call, called);
  record(call, called, [&] { batches.call(call, called); });
}

VkDevice deviceOf(VkCommandBuffer command_buffer) { return nextOf(command_buffer)->device; }

void lacksTemplate(Command called) {
  if (currentLane() == nullptr) return;
  char text[128];
  std::snprintf(text, sizeof text, "%s: the update template is not known, the update is not recorded",
                commandInfo(called).name);
  recordHole(HoleCause::kUnknownCommand, uint64_t(called), text);
  warn("%s", text);
}

// Calls f(writes) with what the template makes of `data`; false where that cannot be told.
template <class F>
bool decodeTemplate(VkDevice device, VkDescriptorUpdateTemplate handle, VkDescriptorSet set, const void* data,
                    F f) {
  const UpdateTemplate* found = currentLane() ? findUpdateTemplate(device, handle) : nullptr;
  if (found == nullptr) return false;
  const TemplateWrites writes(*found, set, data);
  if (!writes.complete()) return false;
  f(*found, writes);
  return true;
}

// ---- the hooks

using external::hook;
#if defined(REPRISE_HOST_COPIES)
using host_copies::hook;
#endif

void hook(AllocateCommandBuffersCall& call, Command called) {
  pass(call, called);
  rememberCommandBuffers(call);
}

void hook(AllocateMemoryCall& call, Command called) {
  const payloads::Import import = payloads::importOf(*call.pAllocateInfo);
  const uint64_t payload = import.any ? payloads::importing(import) : 0;
  record(call, called, [&] { opaque::allocate(*nextOf(call.device), call); });
  if (!import.any || import.host_pointer || call.result != VK_SUCCESS) return;
  payloads::imported(payload, import.form, import.handle, call.device, VK_OBJECT_TYPE_DEVICE_MEMORY,
                     uint64_t(*call.pMemory), true);
  outside::imported(call.device, *call.pMemory);
}

void hook(BeginCommandBufferCall& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  VkCommandBufferBeginInfo info = *call.pBeginInfo;
  VkCommandBufferInheritanceInfo inheritance;
  if (!isSecondary(call.commandBuffer)) info.pInheritanceInfo = nullptr;
  if (info.pInheritanceInfo && !(info.flags & VK_COMMAND_BUFFER_USAGE_RENDER_PASS_CONTINUE_BIT)) {
    inheritance = *info.pInheritanceInfo;
    inheritance.renderPass = VK_NULL_HANDLE;
    inheritance.subpass = 0;
    inheritance.framebuffer = VK_NULL_HANDLE;
    info.pInheritanceInfo = &inheritance;
  }
  if (outside::active()) [[unlikely]]
    outside::begun(call.commandBuffer);
  BeginCommandBufferCall shown{call.commandBuffer, &info};
  record(shown, called, [&] {
    invoke(driver, call, called);
    shown.result = call.result;
  });
}

void hook(BindBufferMemoryCall& call, Command called) {
  bind(call, called);
  if (call.result == VK_SUCCESS) opaque::bound(*nextOf(call.device), call.buffer);
}

void hook(BindBufferMemory2Call& call, Command called) {
  bind(call, called);
  for (uint32_t i = 0; call.result == VK_SUCCESS && i < call.bindInfoCount; ++i)
    opaque::bound(*nextOf(call.device), call.pBindInfos[i].buffer);
}

void hook(BindImageMemoryCall& call, Command called) { bind(call, called); }
void hook(BindImageMemory2Call& call, Command called) { bind(call, called); }

void hook(BuildAccelerationStructuresKHRCall& call, Command called) { submit(call, called); }
void hook(BuildMicromapsEXTCall& call, Command called) { submit(call, called); }

void hook(PushWithTemplateCall& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  const auto write = [&](const UpdateTemplate& found, const TemplateWrites& writes) {
    PushCall decoded{call.commandBuffer, found.bind_point, call.layout,
                     call.set,           writes.count(),   writes.data()};
    record(decoded, PushCall::kId, [&] { invoke(driver, call, called); });
  };
  if (decodeTemplate(deviceOf(call.commandBuffer), call.descriptorUpdateTemplate, VK_NULL_HANDLE, call.pData,
                     write))
    return;
  lacksTemplate(called);
  invoke(driver, call, called);
}

#if defined(VK_VERSION_1_4) || defined(VK_KHR_maintenance6)
VkShaderStageFlags stagesOf(VkPipelineBindPoint bind_point) {
  switch (bind_point) {
    case VK_PIPELINE_BIND_POINT_GRAPHICS:
      return VK_SHADER_STAGE_ALL_GRAPHICS;
    case VK_PIPELINE_BIND_POINT_COMPUTE:
      return VK_SHADER_STAGE_COMPUTE_BIT;
    default:
      return VK_SHADER_STAGE_RAYGEN_BIT_KHR;  // any of a bind point's stages stands for it
  }
}

void hook(PushWithTemplate2Call& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  const auto& info = *call.pPushDescriptorSetWithTemplateInfo;
  const auto write = [&](const UpdateTemplate& found, const TemplateWrites& writes) {
    std::remove_cvref_t<decltype(*Push2Call::pPushDescriptorSetInfo)> push{};
    push.sType = kStructureType<decltype(push)>;
    push.pNext = info.pNext;
    push.stageFlags = stagesOf(found.bind_point);
    push.layout = info.layout;
    push.set = info.set;
    push.descriptorWriteCount = writes.count();
    push.pDescriptorWrites = writes.data();
    Push2Call decoded{call.commandBuffer, &push};
    record(decoded, Push2Call::kId, [&] { invoke(driver, call, called); });
  };
  if (decodeTemplate(deviceOf(call.commandBuffer), info.descriptorUpdateTemplate, VK_NULL_HANDLE, info.pData,
                     write))
    return;
  lacksTemplate(called);
  invoke(driver, call, called);
}
#endif

void hook(CopyMemoryToAccelerationStructureKHRCall& call, Command called) { submit(call, called); }
void hook(CopyMemoryToMicromapEXTCall& call, Command called) { submit(call, called); }

void hook(CreateAccelerationStructureKHRCall& call, Command called) {
  record(call, called, [&] { opaque::createAccelerationStructure(*nextOf(call.device), call); });
}

void hook(CreateBufferCall& call, Command called) {
  record(call, called, [&] { opaque::createBuffer(*nextOf(call.device), call); });
  outside::created(call);
}

void hook(CreateDescriptorUpdateTemplateCall& call, Command called) {
  pass(call, called);
  if (call.result == VK_SUCCESS) rememberUpdateTemplate(call);
}

void hook(CreateDeviceCall& call, Command called) { createDevice(call, called); }
void hook(CreateGraphicsPipelinesCall& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  const auto infos = withoutIgnored(call);
  CreateGraphicsPipelinesCall shown = call;
  shown.pCreateInfos = infos.data();
  record(shown, called, [&] {
    invoke(driver, call, called);
    shown.result = call.result;
  });
}

void hook(CreateInstanceCall& call, Command called) { createInstance(call, called); }

// A deferred creation gives its handles when it ends, and no call says when that is. The program is told that
// nothing was deferred, as a driver may.
void hook(CreateRayTracingPipelinesKHRCall& call, Command called) {
  record(call, called, [&] {
    CreateRayTracingPipelinesKHRCall at_once = call;
    at_once.deferredOperation = VK_NULL_HANDLE;
    opaque::createPipelines(*nextOf(call.device), at_once);
    const bool told = call.deferredOperation && at_once.result == VK_SUCCESS;
    call.result = told ? VK_OPERATION_NOT_DEFERRED_KHR : at_once.result;
  });
}

void hook(CreateRenderPassCall& call, Command called) {
  pass(call, called);
  rememberRenderPass(call);
}

void hook(CreateRenderPass2Call& call, Command called) {
  pass(call, called);
  rememberRenderPass(call);
}

void hook(DestroyDescriptorUpdateTemplateCall& call, Command called) {
  forgetUpdateTemplate(call.device, call.descriptorUpdateTemplate);
  pass(call, called);
}

void hook(DestroyDeviceCall& call, Command called) { destroyDevice(call, called); }
void hook(DestroyInstanceCall& call, Command called) { destroyInstance(call, called); }

void hook(DestroyRenderPassCall& call, Command called) {
  forgetRenderPass(call.device, call.renderPass);
  pass(call, called);
}

void hook(DeviceWaitIdleCall& call, Command called) { wait(call, called); }

// Extensions that this build does not know are hidden.
void hook(EnumerateDeviceExtensionPropertiesCall& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  if (call.pLayerName && std::string_view(call.pLayerName) == kLayerName) {
    *call.pPropertyCount = 0;
    call.result = VK_SUCCESS;
    return;
  }
  record(call, called, [&] {
    std::vector<VkExtensionProperties> known;
    if (call.pLayerName == nullptr && optionIs(Option::kUnknownExtensions, "hide"))
      known = driverExtensions(driver, call.physicalDevice);
    const auto unknown = [](const VkExtensionProperties& e) { return !isKnownExtension(e.extensionName); };
    if (std::erase_if(known, unknown) == 0) return invoke(driver, call, called);
    const uint32_t count = uint32_t(known.size());
    const uint32_t room = call.pProperties ? std::min(*call.pPropertyCount, count) : 0;
    if (call.pProperties) std::copy_n(known.begin(), room, call.pProperties);
    *call.pPropertyCount = call.pProperties ? room : count;
    call.result = call.pProperties && room < count ? VK_INCOMPLETE : VK_SUCCESS;
  });
}

void hook(FlushMappedMemoryRangesCall& call, Command called) {
  memory::flushed(call);
  pass(call, called);
}

void hook(FreeMemoryCall& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  payloads::objectGone(call.device, VK_OBJECT_TYPE_DEVICE_MEMORY, uint64_t(call.memory));
  outside::freeing(call.device, call.memory);
  record(call, called, [&] { memory::free(driver, call); });
}

void hook(GetDeviceBufferMemoryRequirementsCall& call, Command called) {
  record(call, called, [&] { opaque::getDeviceBufferMemoryRequirements(*nextOf(call.device), call); });
}

void hook(GetEventStatusCall& call, Command called) { wait(call, called, VK_EVENT_SET); }
void hook(GetFenceStatusCall& call, Command called) { wait(call, called); }

void hook(GetPhysicalDevicePropertiesCall& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  record(call, called, [&] {
    invoke(driver, call, called);
    call.pProperties->apiVersion = shownApiVersion(call.pProperties->apiVersion);
  });
}

void hook(GetPhysicalDeviceProperties2Call& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  record(call, called, [&] {
    invoke(driver, call, called);
    uint32_t& version = call.pProperties->properties.apiVersion;
    version = shownApiVersion(version);
  });
}

void hook(GetQueryPoolResultsCall& call, Command called) { wait(call, called); }
void hook(GetSemaphoreCounterValueCall& call, Command called) { wait(call, called); }

void hook(InvalidateMappedMemoryRangesCall& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  record(call, called, [&] {
    invoke(driver, call, called);
    memory::invalidated(call);
  });
}

void hook(MapMemoryCall& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  record(call, called, [&] { call.result = memory::map(driver, call); });
}

#if defined(VK_VERSION_1_4) || defined(VK_KHR_map_memory2)
#if defined(VK_VERSION_1_4)
using Map2Call = MapMemory2Call;
using Unmap2Call = UnmapMemory2Call;
#else
using Map2Call = MapMemory2KHRCall;
using Unmap2Call = UnmapMemory2KHRCall;
#endif

void hook(Map2Call& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  record(call, called, [&] { call.result = memory::map(driver, call); });
}

void hook(Unmap2Call& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  memory::unmapping();
  record(call, called, [&] { call.result = memory::unmap(driver, call); });
}
#endif

void hook(QueueBindSparseCall& call, Command called) {
  memory::bound(call, nextOf(call.queue)->device);
  submit(call, called);
}

void hook(QueuePresentKHRCall& call, Command called) {
  submit(call, called);
  if (currentLane()) laneFlushHint();
}

void hook(QueueSubmitCall& call, Command called) { submitBatches<outside::Submit1>(call, called); }
void hook(QueueSubmit2Call& call, Command called) { submitBatches<outside::Submit2>(call, called); }
void hook(QueueWaitIdleCall& call, Command called) { wait(call, called); }

void hook(SetEventCall& call, Command called) { submit(call, called); }
void hook(SignalSemaphoreCall& call, Command called) { submit(call, called); }

void hook(UnmapMemoryCall& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  memory::unmapping();
  record(call, called, [&] { memory::unmap(driver, call); });
}

void hook(UpdateDescriptorSetWithTemplateCall& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  const auto write = [&](const UpdateTemplate&, const TemplateWrites& writes) {
    UpdateDescriptorSetsCall decoded{call.device, writes.count(), writes.data(), 0, nullptr};
    record(decoded, UpdateDescriptorSetsCall::kId, [&] { invoke(driver, call, called); });
  };
  if (decodeTemplate(call.device, call.descriptorUpdateTemplate, call.descriptorSet, call.pData, write))
    return;
  lacksTemplate(called);
  invoke(driver, call, called);
}

void hook(WaitForFencesCall& call, Command called) { wait(call, called); }
void hook(WaitSemaphoresCall& call, Command called) { wait(call, called); }

template <class C>
auto run(C& call, Command called) {
  if constexpr (requires { hook(call, called); })
    hook(call, called);
  else
    pass(call, called);
  if constexpr (requires { call.result; }) return call.result;
}

#include "gen/entrypoints.inc"

}  // namespace

PFN_vkVoidFunction entryPoint(Command command) {
  const size_t index = size_t(command) - 1;
  static_assert(std::size(kEntryPoints) == kCommandCount - 1,
                "one a command, in the order of the Command enum");
  return index < std::size(kEntryPoints) ? kEntryPoints[index].function : nullptr;
}

}  // namespace reprise::capture

#include "replay/rules.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace reprise {
namespace {

struct NotIssued {
  std::string_view name;
  bool carried;  // nothing of the program's depends on it
  std::string_view reason;
};
// Some names are younger than the registry that this build may use: hence text.
constexpr NotIssued kNotIssued[] = {
    {"vkEnumerateInstanceVersion", true, "the loader's answer; layers differ between capture and replay"},
    {"vkEnumerateInstanceExtensionProperties", true, "the loader's answer"},
    {"vkEnumerateInstanceLayerProperties", true, "the loader's answer"},
    {"vkEnumerateDeviceLayerProperties", true, "the loader's answer"},
    {"vkEnumerateDeviceExtensionProperties", true, "the capture layer hides what it cannot record"},
    {"vkGetPhysicalDeviceToolProperties", true, "lists layers"},
    {"vkGetInstanceProcAddr", true, "a function pointer of the captured process"},
    {"vkGetDeviceProcAddr", true, "a function pointer of the captured process"},
    {"vkFlushMappedMemoryRanges", true, "memory changes are flushed as they are copied"},
    {"vkDebugReportMessageEXT", true, "a message of the program's to itself"},
    {"vkSubmitDebugUtilsMessageEXT", true, "a message of the program's to itself"},
    {"vkGetPhysicalDeviceXcbPresentationSupportKHR", true, "names a display of the captured process"},
    {"vkGetPhysicalDeviceXlibPresentationSupportKHR", true, "names a display of the captured process"},
    {"vkGetPhysicalDeviceWaylandPresentationSupportKHR", true, "names a display of the captured process"},
    {"vkGetPhysicalDeviceDirectFBPresentationSupportEXT", true, "names a display of the captured process"},
    {"vkGetPhysicalDeviceScreenPresentationSupportQNX", true, "names a display of the captured process"},
    {"vkGetPhysicalDeviceWin32PresentationSupportKHR", true, "another platform's window system"},
    {"vkGetPhysicalDeviceDisplayPropertiesKHR", true, "presents go to a window or nowhere"},
    {"vkGetPhysicalDeviceDisplayProperties2KHR", true, "presents go to a window or nowhere"},
    {"vkGetPhysicalDeviceDisplayPlanePropertiesKHR", true, "presents go to a window or nowhere"},
    {"vkGetPhysicalDeviceDisplayPlaneProperties2KHR", true, "presents go to a window or nowhere"},
    {"vkGetDisplayPlaneSupportedDisplaysKHR", true, "presents go to a window or nowhere"},
    {"vkAcquireXlibDisplayEXT", true, "names a display of the captured process"},
    {"vkGetRandROutputDisplayEXT", true, "names a display of the captured process"},
    {"vkAcquireDrmDisplayEXT", true, "names a descriptor of the captured process"},
    {"vkGetDrmDisplayEXT", true, "names a descriptor of the captured process"},
    {"vkGetDeviceGroupPresentCapabilitiesKHR", true, "presents go to a swapchain of the replay's own"},
    {"vkDeferredOperationJoinKHR", true, "the replay defers nothing"},
    {"vkGetMemoryHostPointerPropertiesEXT", true, "a pointer of the captured process"},
    {"vkGetMemoryFdPropertiesKHR", true, "a descriptor of the captured process"},
    {"vkGetMemoryWin32HandlePropertiesKHR", true, "a handle of the captured process"},
    {"vkSetBufferCollectionImageConstraintsFUCHSIA", true, "another system's buffer collection"},
    {"vkSetBufferCollectionBufferConstraintsFUCHSIA", true, "another system's buffer collection"},
    {"vkGetBufferCollectionPropertiesFUCHSIA", true, "another system's buffer collection"},
    {"vkGetMemoryZirconHandlePropertiesFUCHSIA", true, "a handle of the captured process"},
    {"vkGetMemoryRemoteAddressNV", true, "an address of the captured machine"},
    {"vkGetAndroidHardwareBufferPropertiesANDROID", true, "a buffer of the captured process"},
    {"vkExportMetalObjectsEXT", true, "objects of the captured process"},
    {"vkGetPhysicalDeviceQueueFamilyDataGraphEngineOperationPropertiesARM", true,
     "its answer is a struct that the trace does not hold"},
    {"vkGetQueueCheckpointDataNV", true, "marker addresses of the captured process"},
    {"vkGetQueueCheckpointData2NV", true, "marker addresses of the captured process"},
    {"vkUpdateDescriptorSetWithTemplate", false, "its data is an address of the captured process"},
    {"vkCmdPushDescriptorSetWithTemplateKHR", false, "its data is an address of the captured process"},
    {"vkCmdPushDescriptorSetWithTemplate2KHR", false, "its data is an address of the captured process"},
    {"vkBuildAccelerationStructuresKHR", false, "reads geometry from host memory of the captured process"},
    {"vkCopyAccelerationStructureToMemoryKHR", false, "writes host memory of the captured process"},
    {"vkCopyMemoryToAccelerationStructureKHR", false, "reads host memory of the captured process"},
    {"vkBuildMicromapsEXT", false, "reads host memory of the captured process"},
    {"vkCopyMicromapToMemoryEXT", false, "writes host memory of the captured process"},
    {"vkCopyMemoryToMicromapEXT", false, "reads host memory of the captured process"},
    {"vkCmdCuLaunchKernelNVX", false, "kernel arguments are addresses of the captured process"},
};

struct MayBeStale {
  std::string_view name;
  HandleKind kind;
  std::string_view reason;
};
constexpr MayBeStale kMayBeStale[] = {
    {"vkUpdateDescriptorSets", HandleKind::kVkSampler, "the layout may have an immutable one"},
    {"vkUpdateDescriptorSets", HandleKind::kVkImageView, "a plain sampler's write has none"},
    {"vkCmdPushDescriptorSet", HandleKind::kVkSampler, "the layout may have an immutable one"},
    {"vkCmdPushDescriptorSet", HandleKind::kVkImageView, "a plain sampler's write has none"},
    {"vkBeginCommandBuffer", HandleKind::kVkRenderPass, "ignored outside a render pass"},
    {"vkBeginCommandBuffer", HandleKind::kVkFramebuffer, "ignored outside a render pass"},
    {"vkCreateGraphicsPipelines", HandleKind::kVkPipeline, "the base pipeline counts for derivatives only"},
    {"vkCreateComputePipelines", HandleKind::kVkPipeline, "the base pipeline counts for derivatives only"},
};

// Calls that answer like queries, under other names.
constexpr std::string_view kReads[] = {
    "vkCopyImageToMemoryEXT",  // texels of an image
};

// Queries whose answers may differ between two runs on one device.
constexpr std::string_view kVaries[] = {
    "vkGetPhysicalDeviceProperties",          // the capture layer may have clamped the version
    "vkGetPhysicalDeviceProperties2",         // likewise
    "vkGetPhysicalDeviceMemoryProperties",    // heap sizes and budgets follow the machine
    "vkGetPhysicalDeviceMemoryProperties2",   // likewise
    "vkGetBufferMemoryRequirements",          // capture may have added an external handle type
    "vkGetBufferMemoryRequirements2",         // likewise
    "vkGetImageMemoryRequirements",           // likewise
    "vkGetImageMemoryRequirements2",          // likewise
    "vkGetDeviceBufferMemoryRequirements",    // likewise
    "vkGetDeviceImageMemoryRequirements",     // likewise
    "vkGetDeviceMemoryCommitment",            // follows what was drawn, and when
    "vkGetBufferDeviceAddress",               // addresses
    "vkGetBufferOpaqueCaptureAddress",        // addresses
    "vkGetDeviceMemoryOpaqueCaptureAddress",  // addresses
    "vkGetAccelerationStructureDeviceAddressKHR",
    "vkGetAccelerationStructureHandleNV",
    "vkGetRayTracingShaderGroupHandlesKHR",
    "vkGetRayTracingCaptureReplayShaderGroupHandlesKHR",
    "vkGetImageViewAddressNVX",
    "vkGetImageViewHandleNVX",
    "vkGetDescriptorEXT",  // holds addresses
    "vkGetPipelineIndirectDeviceAddressNV",
    "vkGetCalibratedTimestampsEXT",  // clocks
    "vkGetCalibratedTimestampsKHR",  // clocks
    "vkGetQueryPoolResults",         // compared by its hook, where the query type allows
    "vkGetPipelineCacheData",        // the driver's own, and its order is its own
    "vkGetValidationCacheDataEXT",
    "vkGetPipelineExecutablePropertiesKHR",  // compilers are not always deterministic
    "vkGetPipelineExecutableStatisticsKHR",
    "vkGetPipelineExecutableInternalRepresentationsKHR",
    "vkGetShaderInfoAMD",
    "vkGetDeviceFaultInfoEXT",
    "vkGetPerformanceParameterINTEL",
    "vkGetFenceStatus",            // progress
    "vkGetEventStatus",            // progress
    "vkGetSemaphoreCounterValue",  // progress
    "vkGetDeferredOperationMaxConcurrencyKHR",
    "vkGetDeferredOperationResultKHR",
};

const std::vector<Issue>& issueTable() {
  static const std::vector<Issue> table = [] {
    std::vector<Issue> made(kCommandCount, Issue::kYes);
    for (const NotIssued& row : kNotIssued)
      made[size_t(commandInfo(findCommand(row.name)).canonical)] =
          row.carried ? Issue::kNo : Issue::kNotCarried;
    made[0] = Issue::kYes;  // where names land that this build's registry lacks
    return made;
  }();
  return table;
}

const std::vector<bool>& deterministicTable() {
  static const std::vector<bool> table = [] {
    std::vector<bool> made(kCommandCount, false);
    for (size_t i = 1; i < kCommandCount; ++i) {
      const std::string_view name = commandInfo(Command(i)).name;
      made[i] = name.starts_with("vkGet") || name.starts_with("vkEnumerate");
    }
    for (const std::string_view name : kReads) made[size_t(commandInfo(findCommand(name)).canonical)] = true;
    made[0] = false;  // where names land that this build's registry lacks
    for (const std::string_view name : kVaries)
      made[size_t(commandInfo(findCommand(name)).canonical)] = false;
    return made;
  }();
  return table;
}

}  // namespace

Issue issueRule(Command canonical) {
  return issueTable()[size_t(canonical) < kCommandCount ? size_t(canonical) : 0];
}

bool isDeterministic(Command canonical) {
  return size_t(canonical) < kCommandCount && deterministicTable()[size_t(canonical)];
}

bool mayBeStale(Command canonical, HandleKind kind) {
  const std::string_view name = commandInfo(canonical).name;
  return std::any_of(std::begin(kMayBeStale), std::end(kMayBeStale),
                     [&](const MayBeStale& row) { return row.kind == kind && name.starts_with(row.name); });
}

bool onlyNames(Command canonical) {
  const std::string_view name = commandInfo(canonical).name;
  return name.starts_with("vkSetDebugUtilsObject") || name.starts_with("vkDebugMarkerSetObject");
}

bool hadNoEffect(VkResult captured) {
  if (captured == VK_NOT_READY || captured == VK_TIMEOUT) return true;
  // A lost device is what a trace of a hang is about: that call is issued.
  return captured < 0 && captured != VK_ERROR_DEVICE_LOST;
}

}  // namespace reprise

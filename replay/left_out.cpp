#include "replay/left_out.h"

#include <algorithm>

namespace reprise {
namespace {

struct Hint {
  std::string_view name;
  std::string_view reason;
};
// Some names are younger than the registry that this build may use: hence text.
constexpr Hint kHints[] = {
    {"VkPipelineCreationFeedbackCreateInfo", "only the program reads what it says"},
    {"VkPipelineCompilerControlCreateInfoAMD", "a wish to the compiler"},
    {"VkPipelineRasterizationStateRasterizationOrderAMD", "allows another order, asks for none"},
    {"VkMemoryPriorityAllocateInfoEXT", "a wish where memory should lie"},
    {"VkMemoryDedicatedAllocateInfo", "says what the memory is for"},
    {"VkDedicatedAllocationImageCreateInfoNV", "says that its memory will be its own"},
    {"VkDedicatedAllocationBufferCreateInfoNV", "says that its memory will be its own"},
    {"VkDedicatedAllocationMemoryAllocateInfoNV", "says what the memory is for"},
    {"VkImageFormatListCreateInfo", "narrows what views there will be"},
    {"VkImageCompressionControlEXT", "a wish how memory is used"},
    {"VkImageViewASTCDecodeModeEXT", "allows less precision"},
    {"VkDebugUtilsObjectNameInfoEXT", "a name for people"},
    {"VkShaderModuleValidationCacheCreateInfoEXT", "for validation layers"},
    {"VkDeviceQueueGlobalPriorityCreateInfoKHR", "a wish among programs"},
    {"VkQueueFamilyGlobalPriorityPropertiesKHR", "an answer"},
    {"VkRenderPassCreationControlEXT", "a wish to the driver"},
    {"VkRenderPassCreationFeedbackCreateInfoEXT", "only the program reads what it says"},
    {"VkRenderPassSubpassFeedbackCreateInfoEXT", "only the program reads what it says"},
    {"VkLatencySubmissionPresentIdNV", "for measurements"},
    {"VkFrameBoundaryEXT", "tells tools where frames end"},
    {"VkOpaqueCaptureDescriptorDataCreateInfoEXT", "for the process that it was captured in"},
};

// Presents go to a swapchain of the replay's own, or nowhere.
constexpr std::string_view kWindowSystem[] = {
    "VK_KHR_swapchain",
    "VK_KHR_swapchain_mutable_format",
    "VK_KHR_shared_presentable_image",
    "VK_KHR_present_id",
    "VK_KHR_present_wait",
    "VK_KHR_present_id2",
    "VK_KHR_present_wait2",
    "VK_KHR_incremental_present",
    "VK_KHR_display",
    "VK_KHR_display_swapchain",
    "VK_KHR_get_display_properties2",
    "VK_KHR_get_surface_capabilities2",
    "VK_EXT_swapchain_colorspace",
    "VK_EXT_swapchain_maintenance1",
    "VK_KHR_swapchain_maintenance1",
    "VK_EXT_surface_maintenance1",
    "VK_KHR_surface_maintenance1",
    "VK_KHR_surface_protected_capabilities",
    "VK_EXT_hdr_metadata",
    "VK_AMD_display_native_hdr",
    "VK_EXT_full_screen_exclusive",
    "VK_GOOGLE_display_timing",
    "VK_GOOGLE_surfaceless_query",
    "VK_EXT_display_control",
    "VK_EXT_display_surface_counter",
    "VK_EXT_direct_mode_display",
    "VK_EXT_acquire_xlib_display",
    "VK_EXT_acquire_drm_display",
    "VK_NV_acquire_winrt_display",
    "VK_NV_present_barrier",
    "VK_NV_low_latency2",
    "VK_EXT_present_mode_fifo_latest_ready",
    "VK_KHR_present_mode_fifo_latest_ready",
    "VK_EXT_present_timing",
};

// What external objects bring along is decided for each of them, see external_memory.h and external_sync.h;
// what tools are told does not need the machine.
constexpr std::string_view kRewritten[] = {
    "_external_memory",
    "_external_semaphore",
    "_external_fence",
    "_keyed_mutex",
    "VK_EXT_image_drm_format_modifier",
    "VK_EXT_queue_family_foreign",
    "VK_FUCHSIA_",
    "VK_EXT_metal_objects",
    "VK_EXT_debug_utils",
    "VK_EXT_debug_report",
    "VK_EXT_debug_marker",  // RenderDoc's layer offers it, and no driver
    "VK_EXT_device_memory_report",
    "VK_EXT_validation_",
    "VK_EXT_layer_settings",
    "VK_EXT_tooling_info",
    "VK_NV_device_diagnostic",  // checkpoints and their configuration, for crash dumps
    "VK_KHR_portability_",
};

}  // namespace

std::string_view reasonToLeaveOut(VkStructureType type) {
  const char* name = structName(type);
  const auto hint = std::find_if(std::begin(kHints), std::end(kHints),
                                 [&](const Hint& one) { return name && (one.name == name); });
  return hint == std::end(kHints) ? std::string_view() : hint->reason;
}

bool isReplaysOwn(std::string_view extension) {
  if (extension.ends_with("_surface")) return true;
  return std::find(std::begin(kWindowSystem), std::end(kWindowSystem), extension) !=
             std::end(kWindowSystem) ||
         std::any_of(std::begin(kRewritten), std::end(kRewritten),
                     [&](std::string_view part) { return extension.find(part) != std::string_view::npos; });
}

}  // namespace reprise

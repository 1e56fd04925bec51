// What the layer knows of the layers and drivers below it.
//
// One NextLayer an instance and one a device, found by the pointer that the loader puts into every
// dispatchable handle: all handles of a device, and an instance's physical devices, share it. They live from
// the create call to the destroy call. Finding is lock-free, any thread; adding and removing is for create
// and destroy. Rests on: Vulkan-Loader docs/LoaderLayerInterface.md, "Layer Interface Version 2", "Layer
// Dispatch Initialization".
#pragma once

#include "format/vk.h"  // first: it decides which parts of Vulkan the headers declare

#include <vulkan/vk_layer.h>

#include <atomic>
#include <cstring>
#include <string_view>
#include <vector>

#include "capture/handle_table.h"

namespace reprise::capture {

inline constexpr char kLayerName[] = "VK_LAYER_REPRISE_capture";

// Capture-replay features that are on, whoever asked for them (opaque_addresses.h).
struct CaptureReplay {
  bool addresses = false;          // bufferDeviceAddressCaptureReplay
  bool structures = false;         // accelerationStructureCaptureReplay
  bool groups = false;             // rayTracingPipelineShaderGroupHandleCaptureReplay
  uint32_t group_handle_size = 0;  // bytes
};

struct NextLayer {
  Dispatch dispatch{};
  PFN_vkGetInstanceProcAddr instance_proc = nullptr;
  PFN_GetPhysicalDeviceProcAddr physical_device_proc = nullptr;  // may be null
  PFN_vkGetDeviceProcAddr device_proc = nullptr;                 // of a device
  VkInstance instance = VK_NULL_HANDLE;
  VkPhysicalDevice physical_device = VK_NULL_HANDLE;  // of a device
  VkDevice device = VK_NULL_HANDLE;
  uint32_t api_version = VK_API_VERSION_1_0;  // what the program asked for
  std::vector<const char*> added;             // extensions that we enabled and the program did not
  CaptureReplay capture_replay;               // of a device
  bool external_memory_queries = false;  // of an instance: what device extensions of ours rest on is enabled
};

extern constinit HandleTable<NextLayer> next_layers;

// The one device that most programs have, found without a look-up. Taken by the first device, free again when that
// is destroyed: while a device lives its entry stays as it is, so that a matching key alone is proof.
struct FirstDevice {
  std::atomic<uint64_t> key{0};
  std::atomic<NextLayer*> next{nullptr};
};
extern constinit FirstDevice first_device;

// The loader's dispatch pointer of a dispatchable handle.
template <class T>
uint64_t dispatchKey(T handle) {
  uint64_t key;
  std::memcpy(&key, reinterpret_cast<const void*>(handle), sizeof key);
  return key;
}

// Null only for handles that were not created through this layer.
template <class T>
[[gnu::always_inline]] inline NextLayer* nextOf(T handle) {
  const uint64_t key = dispatchKey(handle);
  if (first_device.key.load(std::memory_order_acquire) == key) [[likely]]
    return first_device.next.load(std::memory_order_relaxed);
  return next_layers.find(key);
}

// What the packet's call goes to: its first parameter is the dispatchable handle.
template <class C>
[[gnu::always_inline]] inline const Dispatch& dispatchOf(const C& call) {
  const void* handle;
  std::memcpy(&handle, &call, sizeof handle);
  return nextOf(handle)->dispatch;
}

// The pointer behind a command by its id.
PFN_vkVoidFunction functionOf(const Dispatch& dispatch, Command command);
void setFunction(Dispatch& dispatch, Command command, PFN_vkVoidFunction function);

// Our entry point for a command of the registry (hooks.cpp).
PFN_vkVoidFunction entryPoint(Command command);

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL getInstanceProcAddr(VkInstance instance, const char* name);
VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL getDeviceProcAddr(VkDevice device, const char* name);
VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL getPhysicalDeviceProcAddr(VkInstance instance, const char* name);

}  // namespace reprise::capture

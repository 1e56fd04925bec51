// What every small layer of the tests needs: loader negotiation, the walk down the chain, and the
// next layer's functions.
//
// A layer is one .cpp that includes this header once and defines hook(). Instances and devices live in two
// maps under one mutex: these layers judge, they need not be fast. Independent of Reprise's own code on
// purpose: a judge shares nothing with what it judges.
#pragma once

#include <vulkan/vk_layer.h>
#include <vulkan/vulkan_core.h>

#include <cstring>
#include <map>
#include <mutex>
#include <string_view>

namespace chain {

// Its functions are looked up once, at creation: later the loader's end of the chain answers with the
// functions of the whole chain, its first layer again.
struct Instance {
  PFN_vkGetInstanceProcAddr next;
  PFN_vkDestroyInstance destroy;
  PFN_vkCreateDevice create_device;
  PFN_vkGetPhysicalDeviceMemoryProperties memory_properties;
  PFN_vkGetPhysicalDeviceFeatures2 features2;
  PFN_vkGetPhysicalDeviceImageFormatProperties2 image_format;
  PFN_vkGetPhysicalDeviceExternalBufferProperties external_buffer;
  PFN_vkGetPhysicalDeviceExternalImageFormatPropertiesNV external_image_nv;
  PFN_vkGetPhysicalDeviceProperties properties;
  PFN_vkGetPhysicalDeviceProperties2 properties2;
};
struct Device {
  VkDevice handle;
  VkPhysicalDevice gpu;
  Instance instance;
  PFN_vkGetDeviceProcAddr next;
};

// Defined by the layer: its own function for this command, or null.
PFN_vkVoidFunction hook(std::string_view name);

inline std::mutex mutex;
inline std::map<void*, Instance> instances;
inline std::map<void*, Device> devices;

// All dispatchable handles of one instance (or one device) start with the same pointer.
template <class Handle>
void* key(Handle handle) {
  return *reinterpret_cast<void**>(handle);
}

template <class Handle>
Instance instanceOf(Handle handle) {
  std::lock_guard lock(mutex);
  return instances.at(key(handle));
}

template <class Handle>
Device deviceOf(Handle handle) {
  std::lock_guard lock(mutex);
  return devices.at(key(handle));
}

template <class Function>
Function next(const Device& device, const char* name) {
  return reinterpret_cast<Function>(device.next(device.handle, name));
}

// NEXT(device, vkFoo)(...): the next layer's vkFoo.
#define NEXT(device, name) chain::next<PFN_##name>(device, #name)

// The loader's link node in a create-info chain; each layer moves it on by one.
template <class Info>
Info* linkInfo(const void* pNext, VkStructureType type) {
  for (auto* node = static_cast<const Info*>(pNext); node; node = static_cast<const Info*>(node->pNext)) {
    if (node->sType == type && node->function == VK_LAYER_LINK_INFO) return const_cast<Info*>(node);
  }
  return nullptr;
}

inline VKAPI_ATTR VkResult VKAPI_CALL createInstance(const VkInstanceCreateInfo* info,
                                                     const VkAllocationCallbacks* allocator,
                                                     VkInstance* instance) {
  auto* link =
      linkInfo<VkLayerInstanceCreateInfo>(info->pNext, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO);
  if (!link) return VK_ERROR_INITIALIZATION_FAILED;
  const auto gipa = link->u.pLayerInfo->pfnNextGetInstanceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  const auto create = reinterpret_cast<PFN_vkCreateInstance>(gipa(nullptr, "vkCreateInstance"));
  const VkResult result = create(info, allocator, instance);
  if (result == VK_SUCCESS) {
    std::lock_guard lock(mutex);
    const auto find = [&](const char* name) { return gipa(*instance, name); };
    instances[key(*instance)] = {
        gipa,
        reinterpret_cast<PFN_vkDestroyInstance>(find("vkDestroyInstance")),
        reinterpret_cast<PFN_vkCreateDevice>(find("vkCreateDevice")),
        reinterpret_cast<PFN_vkGetPhysicalDeviceMemoryProperties>(
            find("vkGetPhysicalDeviceMemoryProperties")),
        reinterpret_cast<PFN_vkGetPhysicalDeviceFeatures2>(find("vkGetPhysicalDeviceFeatures2")),
        reinterpret_cast<PFN_vkGetPhysicalDeviceImageFormatProperties2>(
            find("vkGetPhysicalDeviceImageFormatProperties2")),
        reinterpret_cast<PFN_vkGetPhysicalDeviceExternalBufferProperties>(
            find("vkGetPhysicalDeviceExternalBufferProperties")),
        reinterpret_cast<PFN_vkGetPhysicalDeviceExternalImageFormatPropertiesNV>(
            find("vkGetPhysicalDeviceExternalImageFormatPropertiesNV")),
        reinterpret_cast<PFN_vkGetPhysicalDeviceProperties>(find("vkGetPhysicalDeviceProperties")),
        reinterpret_cast<PFN_vkGetPhysicalDeviceProperties2>(find("vkGetPhysicalDeviceProperties2"))};
  }
  return result;
}

inline VKAPI_ATTR void VKAPI_CALL destroyInstance(VkInstance instance,
                                                  const VkAllocationCallbacks* allocator) {
  if (!instance) return;
  const Instance mine = instanceOf(instance);
  {
    std::lock_guard lock(mutex);
    instances.erase(key(instance));
  }
  mine.destroy(instance, allocator);
}

inline VKAPI_ATTR VkResult VKAPI_CALL createDevice(VkPhysicalDevice gpu, const VkDeviceCreateInfo* info,
                                                   const VkAllocationCallbacks* allocator, VkDevice* device) {
  auto* link = linkInfo<VkLayerDeviceCreateInfo>(info->pNext, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO);
  if (!link) return VK_ERROR_INITIALIZATION_FAILED;
  const auto gdpa = link->u.pLayerInfo->pfnNextGetDeviceProcAddr;
  link->u.pLayerInfo = link->u.pLayerInfo->pNext;
  const Instance instance = instanceOf(gpu);
  const VkResult result = instance.create_device(gpu, info, allocator, device);
  if (result != VK_SUCCESS) return result;
  std::lock_guard lock(mutex);
  devices[key(*device)] = {*device, gpu, instance, gdpa};
  return result;
}

inline VKAPI_ATTR void VKAPI_CALL destroyDevice(VkDevice device, const VkAllocationCallbacks* allocator) {
  if (!device) return;
  const Device mine = deviceOf(device);
  {
    std::lock_guard lock(mutex);
    devices.erase(key(device));
  }
  NEXT(mine, vkDestroyDevice)(device, allocator);
}

inline VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL getInstanceProcAddr(VkInstance instance, const char* name);

inline VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL getDeviceProcAddr(VkDevice device, const char* name) {
  const std::string_view wanted = name;
  if (wanted == "vkGetDeviceProcAddr") return reinterpret_cast<PFN_vkVoidFunction>(getDeviceProcAddr);
  if (wanted == "vkDestroyDevice") return reinterpret_cast<PFN_vkVoidFunction>(destroyDevice);
  const PFN_vkVoidFunction down = deviceOf(device).next(device, name);
  // Labels reach the judge even where the driver has no VK_EXT_debug_utils; all else exists only if it does.
  const auto own = down || wanted == "vkQueueInsertDebugUtilsLabelEXT" ? hook(wanted) : nullptr;
  return own ? own : down;
}

inline VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL getInstanceProcAddr(VkInstance instance, const char* name) {
  const std::string_view wanted = name;
  if (wanted == "vkGetInstanceProcAddr") return reinterpret_cast<PFN_vkVoidFunction>(getInstanceProcAddr);
  if (wanted == "vkCreateInstance") return reinterpret_cast<PFN_vkVoidFunction>(createInstance);
  if (wanted == "vkDestroyInstance") return reinterpret_cast<PFN_vkVoidFunction>(destroyInstance);
  if (wanted == "vkCreateDevice") {
    const auto own = hook(wanted);
    return own ? own : reinterpret_cast<PFN_vkVoidFunction>(createDevice);
  }
  if (wanted == "vkGetDeviceProcAddr") return reinterpret_cast<PFN_vkVoidFunction>(getDeviceProcAddr);
  if (wanted == "vkDestroyDevice") return reinterpret_cast<PFN_vkVoidFunction>(destroyDevice);
  if (const auto own = hook(wanted)) return own;
  return instance ? instanceOf(instance).next(instance, name) : nullptr;
}

}  // namespace chain

extern "C" __attribute__((visibility("default"))) VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface* negotiation) {
  if (negotiation->loaderLayerInterfaceVersion < 2) return VK_ERROR_INITIALIZATION_FAILED;
  negotiation->loaderLayerInterfaceVersion = 2;
  negotiation->pfnGetInstanceProcAddr = chain::getInstanceProcAddr;
  negotiation->pfnGetDeviceProcAddr = chain::getDeviceProcAddr;
  negotiation->pfnGetPhysicalDeviceProcAddr = nullptr;
  return VK_SUCCESS;
}

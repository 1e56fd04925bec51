// The loader's way in: negotiation, and which of our functions stands for which name.
#include "capture/layer.h"

#include <algorithm>
#include <cstdio>

namespace reprise::capture {

constinit HandleTable<NextLayer> next_layers;
constinit FirstDevice first_device;

namespace {

VkResult ownLayerProperties(uint32_t* count, VkLayerProperties* properties) {
  if (properties == nullptr) {
    *count = 1;
    return VK_SUCCESS;
  }
  if (*count == 0) return VK_INCOMPLETE;
  *count = 1;
  *properties = {};
  std::snprintf(properties->layerName, sizeof properties->layerName, "%s", kLayerName);
  std::snprintf(properties->description, sizeof properties->description,
                "Reprise: records Vulkan calls to a file");
  properties->specVersion = registryVersion();
  properties->implementationVersion = 1;
  return VK_SUCCESS;
}

VKAPI_ATTR VkResult VKAPI_CALL enumerateInstanceLayers(uint32_t* count, VkLayerProperties* properties) {
  return ownLayerProperties(count, properties);
}

VKAPI_ATTR VkResult VKAPI_CALL enumerateDeviceLayers(VkPhysicalDevice, uint32_t* count,
                                                     VkLayerProperties* properties) {
  return ownLayerProperties(count, properties);
}

VKAPI_ATTR VkResult VKAPI_CALL enumerateInstanceExtensions(const char* layer, uint32_t* count,
                                                           VkExtensionProperties*) {
  if (layer == nullptr || std::string_view(layer) != kLayerName) return VK_ERROR_LAYER_NOT_PRESENT;
  *count = 0;
  return VK_SUCCESS;
}

template <class F>
PFN_vkVoidFunction erase(F* function) {
  return reinterpret_cast<PFN_vkVoidFunction>(function);
}

// The functions that answer for the layer itself, before there is an instance too. vkCreateDevice, which every
// instance has, is among them because the layers of MangoHud, vkBasalt and RenderDoc ask for it without one.
PFN_vkVoidFunction ownFunction(Command command) {
  switch (command) {
    case Command::vkGetInstanceProcAddr:
      return erase(getInstanceProcAddr);
    case Command::vkGetDeviceProcAddr:
      return erase(getDeviceProcAddr);
    case Command::vkCreateInstance:
    case Command::vkCreateDevice:
      return entryPoint(command);
    case Command::vkEnumerateInstanceLayerProperties:
      return erase(enumerateInstanceLayers);
    case Command::vkEnumerateInstanceExtensionProperties:
      return erase(enumerateInstanceExtensions);
    case Command::vkEnumerateDeviceLayerProperties:
      return erase(enumerateDeviceLayers);
    default:
      return nullptr;
  }
}

// True for a command that exists only because of what we enabled beyond the program's wishes.
bool isAddedByUs(const NextLayer& next, Command command) {
  const std::string_view origin = commandInfo(command).extension;
  return std::any_of(next.added.begin(), next.added.end(), [&](const char* name) { return name == origin; });
}

// What the program gets for a name that the next layer answered with `next_function`: our entry point where
// we have one, so that nothing but what is enabled, and all of it, resolves; the next layer's own for names
// unknown to us.
PFN_vkVoidFunction answer(const NextLayer& next, Command command, PFN_vkVoidFunction next_function) {
  if (next_function == nullptr || !isRecorded(command)) return next_function;
  return isAddedByUs(next, command) ? nullptr : entryPoint(command);
}

}  // namespace

PFN_vkVoidFunction functionOf(const Dispatch& dispatch, Command command) {
  return slot<PFN_vkVoidFunction>(dispatch, command);
}

void setFunction(Dispatch& dispatch, Command command, PFN_vkVoidFunction function) {
  std::memcpy(reinterpret_cast<char*>(&dispatch) + (size_t(command) - 1) * sizeof function, &function,
              sizeof function);
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL getInstanceProcAddr(VkInstance instance, const char* name) {
  const Command command = findCommand(name);
  if (PFN_vkVoidFunction own = ownFunction(command)) return own;
  const NextLayer* next = instance ? nextOf(instance) : nullptr;
  return next ? answer(*next, command, next->instance_proc(instance, name)) : nullptr;
}

VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL getDeviceProcAddr(VkDevice device, const char* name) {
  const Command command = findCommand(name);
  if (command == Command::vkGetDeviceProcAddr) return erase(getDeviceProcAddr);
  const NextLayer* next = device ? nextOf(device) : nullptr;
  return next ? answer(*next, command, next->device_proc(device, name)) : nullptr;
}

// For extension commands on physical devices that the loader itself does not know; null for all others.
VKAPI_ATTR PFN_vkVoidFunction VKAPI_CALL getPhysicalDeviceProcAddr(VkInstance instance, const char* name) {
  const NextLayer* next = instance ? nextOf(instance) : nullptr;
  if (next == nullptr || next->physical_device_proc == nullptr) return nullptr;
  const Command command = findCommand(name);
  if (command != Command::kUnknown && commandInfo(command).dispatch != HandleKind::kVkPhysicalDevice)
    return nullptr;
  return answer(*next, command, next->physical_device_proc(instance, name));
}

}  // namespace reprise::capture

extern "C" __attribute__((visibility("default"))) VKAPI_ATTR VkResult VKAPI_CALL
vkNegotiateLoaderLayerInterfaceVersion(VkNegotiateLayerInterface* interface) {
  using namespace reprise::capture;
  constexpr uint32_t kInterfaceVersion = 2;
  if (interface == nullptr || interface->sType != LAYER_NEGOTIATE_INTERFACE_STRUCT ||
      interface->loaderLayerInterfaceVersion < kInterfaceVersion)
    return VK_ERROR_INITIALIZATION_FAILED;
  interface->loaderLayerInterfaceVersion = kInterfaceVersion;
  interface->pfnGetInstanceProcAddr = getInstanceProcAddr;
  interface->pfnGetDeviceProcAddr = getDeviceProcAddr;
  interface->pfnGetPhysicalDeviceProcAddr = getPhysicalDeviceProcAddr;
  return VK_SUCCESS;
}

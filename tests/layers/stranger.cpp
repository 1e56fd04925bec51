// VK_LAYER_REPRISE_TEST_stranger: the same device, under another driver's version.
//
// What a replay does on a device that is not the capture's can so be seen on one that has all of its
// features.
#include "chain.h"

namespace {

VKAPI_ATTR void VKAPI_CALL getProperties(VkPhysicalDevice gpu, VkPhysicalDeviceProperties* properties) {
  chain::instanceOf(gpu).properties(gpu, properties);
  ++properties->driverVersion;
}

VKAPI_ATTR void VKAPI_CALL getProperties2(VkPhysicalDevice gpu, VkPhysicalDeviceProperties2* properties) {
  chain::instanceOf(gpu).properties2(gpu, properties);
  ++properties->properties.driverVersion;
}

}  // namespace

namespace chain {

PFN_vkVoidFunction hook(std::string_view name) {
  if (name == "vkGetPhysicalDeviceProperties") return reinterpret_cast<PFN_vkVoidFunction>(getProperties);
  if (name == "vkGetPhysicalDeviceProperties2" || name == "vkGetPhysicalDeviceProperties2KHR")
    return reinterpret_cast<PFN_vkVoidFunction>(getProperties2);
  return nullptr;
}

}  // namespace chain

// External memory for the test programs: instances and devices with those of the wanted extensions that
// exist.
#pragma once

#include <algorithm>
#include <string>

#include "app.h"
#include "support/platform_types.h"

namespace app {

using Names = std::vector<const char*>;

// Those of `wanted` that `present` lists.
inline Names existing(const Names& wanted, const std::vector<VkExtensionProperties>& present) {
  Names found;
  for (const char* name : wanted) {
    const bool has = std::ranges::any_of(
        present, [&](const auto& one) { return std::string_view(one.extensionName) == name; });
    if (has) found.push_back(name);
  }
  return found;
}

inline VkInstance createInstanceWith(const char* name, const Names& wanted) {
  uint32_t count = 0;
  CHECK(vkEnumerateInstanceExtensionProperties(nullptr, &count, nullptr));
  std::vector<VkExtensionProperties> present(count);
  CHECK(vkEnumerateInstanceExtensionProperties(nullptr, &count, present.data()));
  const Names extensions = existing(wanted, present);
  const VkApplicationInfo application{
      VK_STRUCTURE_TYPE_APPLICATION_INFO, nullptr, name, 1, "reprise tests", 1, VK_API_VERSION_1_2};
  const VkInstanceCreateInfo info{
      VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,   nullptr,          0, &application, 0, nullptr,
      static_cast<uint32_t>(extensions.size()), extensions.data()};
  VkInstance instance = VK_NULL_HANDLE;
  CHECK(vkCreateInstance(&info, nullptr, &instance));
  return instance;
}

inline Names deviceExtensions(VkPhysicalDevice physical, const Names& wanted) {
  uint32_t count = 0;
  CHECK(vkEnumerateDeviceExtensionProperties(physical, nullptr, &count, nullptr));
  std::vector<VkExtensionProperties> present(count);
  CHECK(vkEnumerateDeviceExtensionProperties(physical, nullptr, &count, present.data()));
  return existing(wanted, present);
}

// The first device of `instance`, with those of the wanted extensions that it has.
inline Gpu createGpuWith(VkInstance instance, const Names& wanted) {
  Gpu gpu;
  gpu.instance = instance;
  uint32_t count = 1;
  const VkResult found = vkEnumeratePhysicalDevices(instance, &count, &gpu.physical);
  REQUIRE((found == VK_SUCCESS || found == VK_INCOMPLETE) && count == 1);
  uint32_t family_count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(gpu.physical, &family_count, nullptr);
  std::vector<VkQueueFamilyProperties> families(family_count);
  vkGetPhysicalDeviceQueueFamilyProperties(gpu.physical, &family_count, families.data());
  while (!(families.at(gpu.family).queueFlags & VK_QUEUE_GRAPHICS_BIT)) ++gpu.family;
  const Names extensions = deviceExtensions(gpu.physical, wanted);
  const float priority = 1;
  const VkDeviceQueueCreateInfo queue{
      VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, nullptr, 0, gpu.family, 1, &priority};
  const VkDeviceCreateInfo info{
      VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,     nullptr,           0,      1, &queue, 0, nullptr,
      static_cast<uint32_t>(extensions.size()), extensions.data(), nullptr};
  CHECK(vkCreateDevice(gpu.physical, &info, nullptr, &gpu.device));
  vkGetDeviceQueue(gpu.device, gpu.family, 0, &gpu.queue);
  const VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr,
                                     VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, gpu.family};
  CHECK(vkCreateCommandPool(gpu.device, &pool, nullptr, &gpu.pool));
  return gpu;
}

// Null where the driver lacks the command.
template <class Function>
Function deviceCommand(const Gpu& gpu, const char* name) {
  return reinterpret_cast<Function>(vkGetDeviceProcAddr(gpu.device, name));
}
#define COMMAND(gpu, name) app::deviceCommand<PFN_##name>(gpu, #name)

inline uint32_t lowestBit(uint32_t mask) {
  uint32_t bit = 0;
  while (!(mask >> bit & 1)) ++bit;
  return bit;
}

}  // namespace app

// What the built layer answers before there is an instance: layers above ask for vkCreateDevice then.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <vulkan/vk_layer.h>
#include <vulkan/vulkan_core.h>

namespace {

// Null if the layer cannot be loaded or does not negotiate.
PFN_vkGetInstanceProcAddr loaded() {
  void* library = dlopen(REPRISE_LAYER, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  const auto negotiate = reinterpret_cast<PFN_vkNegotiateLoaderLayerInterfaceVersion>(
      dlsym(library, "vkNegotiateLoaderLayerInterfaceVersion"));
  VkNegotiateLayerInterface interface{LAYER_NEGOTIATE_INTERFACE_STRUCT, nullptr, 2, nullptr, nullptr, nullptr};
  return negotiate && negotiate(&interface) == VK_SUCCESS ? interface.pfnGetInstanceProcAddr : nullptr;
}

TEST(LayerNames, TheCreateCallsAreFoundWithoutAnInstance) {
  const auto find = loaded();
  ASSERT_NE(find, nullptr) << REPRISE_LAYER;
  for (const char* name : {"vkCreateInstance", "vkCreateDevice", "vkGetInstanceProcAddr"})
    EXPECT_NE(find(VK_NULL_HANDLE, name), nullptr) << name;
}

TEST(LayerNames, WhatAnInstanceDecidesIsNotFoundWithoutOne) {
  const auto find = loaded();
  ASSERT_NE(find, nullptr) << REPRISE_LAYER;
  for (const char* name : {"vkDestroyInstance", "vkQueueSubmit", "vkNoSuchCall"})
    EXPECT_EQ(find(VK_NULL_HANDLE, name), nullptr) << name;
}

}  // namespace

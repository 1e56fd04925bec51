// Objects by themselves: what is attached to them, how they are reset, and calls that make none.
//
// objects CASE [FILE]
#include "kernel.h"

namespace {

using app::Kernel;
using app::Scene;

app::Buffer source(Scene& scene, uint32_t seed) {
  return scene.words(app::kKernelWords, seed, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
}

void runKernel(Scene& scene, const Kernel& kernel, const app::Buffer& from, uint32_t round) {
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) { at = app::dispatch(scene, kernel, commands, round); });
  app::requireKernel(scene, at, from, round);
}

// Numbers of the program's own with objects of three types; what they are is what the next dispatch uses.
void privateData(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v13.privateData);
  scene.open(features);
  const VkDevice device = scene.gpu.device;
  const app::Buffer from = source(scene, 1);
  const Kernel kernel = app::createKernel(scene, from);
  VkPrivateDataSlot slots[2];
  for (VkPrivateDataSlot& slot : slots)
    slot = scene.make(vkCreatePrivateDataSlot, vkDestroyPrivateDataSlot,
                      {VK_STRUCTURE_TYPE_PRIVATE_DATA_SLOT_CREATE_INFO, nullptr, 0});
  const std::pair<VkObjectType, uint64_t> objects[3] = {
      {VK_OBJECT_TYPE_BUFFER, reinterpret_cast<uint64_t>(from.handle)},
      {VK_OBJECT_TYPE_PIPELINE, reinterpret_cast<uint64_t>(kernel.pipeline)},
      {VK_OBJECT_TYPE_DEVICE, reinterpret_cast<uint64_t>(device)}};
  for (uint32_t i = 0; i < 3; ++i)
    for (uint32_t k = 0; k < 2; ++k)
      CHECK(vkSetPrivateData(device, objects[i].first, objects[i].second, slots[k], 10 * i + k + 1));
  for (uint32_t i = 0; i < 3; ++i) {
    for (uint32_t k = 0; k < 2; ++k) {
      uint64_t data = 0;
      vkGetPrivateData(device, objects[i].first, objects[i].second, slots[k], &data);
      REQUIRE(data == 10 * i + k + 1);
      runKernel(scene, kernel, from, static_cast<uint32_t>(data));
    }
  }
}

// Names and labels, which nobody may depend on.
void names(Scene& scene) {
  scene.open();
  const app::Buffer from = source(scene, 2);
  const Kernel kernel = app::createKernel(scene, from);
  const auto name = COMMAND(scene.gpu, vkSetDebugUtilsObjectNameEXT);
  const auto begin_label = COMMAND(scene.gpu, vkCmdBeginDebugUtilsLabelEXT);
  if (!name || !begin_label) app::lacks("VK_EXT_debug_utils");
  const VkDebugUtilsObjectNameInfoEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT, nullptr,
                                           VK_OBJECT_TYPE_BUFFER, reinterpret_cast<uint64_t>(from.handle),
                                           "the source, \"quoted\" \xc3\xa4"};
  CHECK(name(scene.gpu.device, &info));
  const VkDebugUtilsLabelEXT label{VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT, nullptr, "a label", {1, 0.5f, 0, 1}};
  COMMAND(scene.gpu, vkQueueBeginDebugUtilsLabelEXT)(scene.gpu.queue, &label);
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) {
    begin_label(commands, &label);
    at = app::dispatch(scene, kernel, commands, 3);
    COMMAND(scene.gpu, vkCmdEndDebugUtilsLabelEXT)(commands);
  });
  COMMAND(scene.gpu, vkQueueEndDebugUtilsLabelEXT)(scene.gpu.queue);
  app::requireKernel(scene, at, from, 3);
}

// Recordings that are submitted again, reset one by one, with their pool, by a new begin, and freed.
void commandPools(Scene& scene) {
  scene.open();
  const app::Buffer from = source(scene, 3);
  const Kernel kernel = app::createKernel(scene, from);
  const VkDevice device = scene.gpu.device;
  const VkCommandPool pool =
      scene.make(vkCreateCommandPool, vkDestroyCommandPool,
                 {VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr,
                  VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, scene.gpu.family});
  VkCommandBuffer commands[4];
  const VkCommandBufferAllocateInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, nullptr, pool,
                                         VK_COMMAND_BUFFER_LEVEL_PRIMARY, 4};
  const VkFence fence = app::createFence(scene.gpu);
  for (uint32_t round = 0; round < 5; ++round) {
    if (round % 3 == 0) CHECK(vkAllocateCommandBuffers(device, &info, commands));
    VkDeviceSize at[4];
    for (uint32_t i = 0; i < 4; ++i) {
      if (round == 1) CHECK(vkResetCommandBuffer(commands[i], i % 2 ? VK_COMMAND_BUFFER_RESET_RELEASE_RESOURCES_BIT : 0));
      const VkCommandBufferBeginInfo again{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr,
                                           VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT};
      CHECK(vkBeginCommandBuffer(commands[i], &again));
      at[i] = app::dispatch(scene, kernel, commands[i], round + i);
      app::makeVisibleToHost(commands[i]);
      CHECK(vkEndCommandBuffer(commands[i]));
    }
    const VkCommandBuffer order[6] = {commands[2], commands[0], commands[2], commands[3], commands[1], commands[0]};
    const VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO, nullptr, 0, nullptr, nullptr, 6, order};
    for (uint32_t k = 0; k < 2; ++k) {
      reinterpret_cast<uint32_t*>(from.data)[round] += k;
      CHECK(vkQueueSubmit(scene.gpu.queue, 1, &submit, fence));
      app::waitAndReset(scene.gpu, fence);
    }
    for (uint32_t i = 0; i < 4; ++i) app::requireKernel(scene, at[i], from, round + i);
    vkTrimCommandPool(device, pool, 0);
    if (round == 2) vkFreeCommandBuffers(device, pool, 4, commands);
    if (round == 3) CHECK(vkResetCommandPool(device, pool, VK_COMMAND_POOL_RESET_RELEASE_RESOURCES_BIT));
  }
  vkDestroyFence(device, fence, nullptr);
}

// Calls that return no success, with what works between them.
void failures(Scene& scene) {
  const char* unknown = "VK_EXT_that_nobody_has";
  VkInstanceCreateInfo instance_info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
  instance_info.enabledExtensionCount = 1;
  instance_info.ppEnabledExtensionNames = &unknown;
  VkInstance no_instance = VK_NULL_HANDLE;
  REQUIRE(vkCreateInstance(&instance_info, nullptr, &no_instance) == VK_ERROR_EXTENSION_NOT_PRESENT);
  const float priority = 1;
  const VkDeviceQueueCreateInfo queue{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, nullptr, 0, 0, 1, &priority};
  VkDeviceCreateInfo device_info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, nullptr, 0, 1, &queue, 0, nullptr, 1, &unknown};
  VkDevice no_device = VK_NULL_HANDLE;
  REQUIRE(vkCreateDevice(scene.gpu.physical, &device_info, nullptr, &no_device) == VK_ERROR_EXTENSION_NOT_PRESENT);
  device_info.enabledExtensionCount = 0;
  VkPhysicalDeviceFeatures features{};
  vkGetPhysicalDeviceFeatures(scene.gpu.physical, &features);
  features.sparseBinding = !features.sparseBinding;
  device_info.pEnabledFeatures = &features;
  if (features.sparseBinding)
    REQUIRE(vkCreateDevice(scene.gpu.physical, &device_info, nullptr, &no_device) == VK_ERROR_FEATURE_NOT_PRESENT);
  VkImageFormatProperties properties{};
  REQUIRE(vkGetPhysicalDeviceImageFormatProperties(scene.gpu.physical, VK_FORMAT_R8G8B8_SSCALED, VK_IMAGE_TYPE_2D,
                                                   VK_IMAGE_TILING_OPTIMAL, VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT, 0,
                                                   &properties) == VK_ERROR_FORMAT_NOT_SUPPORTED);
  uint32_t count = 1;
  VkExtensionProperties extension{};
  REQUIRE(vkEnumerateDeviceExtensionProperties(scene.gpu.physical, nullptr, &count, &extension) == VK_INCOMPLETE);
  scene.open();
  const VkDevice device = scene.gpu.device;
  const app::Buffer from = source(scene, 4);
  Kernel kernel = app::createKernel(scene, from);
  runKernel(scene, kernel, from, 1);
  const VkMemoryAllocateInfo huge{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, 1ull << 46, 0};
  VkDeviceMemory no_memory = VK_NULL_HANDLE;
  REQUIRE(vkAllocateMemory(device, &huge, nullptr, &no_memory) < 0);
  const VkDescriptorSetLayout layouts[3] = {kernel.set_layout, kernel.set_layout, kernel.set_layout};
  VkDescriptorSet sets[3] = {};
  const VkDescriptorSetAllocateInfo too_many{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, nullptr,
                                             app::createPool(scene, app::twoBuffers(), 2), 3, layouts};
  if (vkAllocateDescriptorSets(device, &too_many, sets) < 0)  // lavapipe has room
    REQUIRE(!sets[0] && !sets[1] && !sets[2]);
  CHECK(vkResetDescriptorPool(device, too_many.descriptorPool, 0));
  const VkDescriptorSetAllocateInfo enough{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, nullptr,
                                           too_many.descriptorPool, 2, layouts};
  CHECK(vkAllocateDescriptorSets(device, &enough, sets));
  for (uint32_t i = 0; i < 2; ++i) {
    app::writeBuffer(scene, sets[i], 0, from.handle);
    app::writeBuffer(scene, sets[i], 1, scene.result.handle);
    kernel.set = sets[i];
    runKernel(scene, kernel, from, 2 + i);
  }
  const VkFence fence = app::createFence(scene.gpu);
  REQUIRE(vkGetFenceStatus(device, fence) == VK_NOT_READY);
  REQUIRE(vkWaitForFences(device, 1, &fence, VK_TRUE, 1000) == VK_TIMEOUT);
  vkDestroyFence(device, fence, nullptr);
  const VkSemaphoreTypeCreateInfo timeline{VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO, nullptr,
                                           VK_SEMAPHORE_TYPE_TIMELINE, 3};
  const VkSemaphore semaphore = scene.make(vkCreateSemaphore, vkDestroySemaphore,
                                           {VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, &timeline, 0});
  const uint64_t value = 4;
  const VkSemaphoreWaitInfo wait{VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO, nullptr, 0, 1, &semaphore, &value};
  REQUIRE(vkWaitSemaphores(device, &wait, 1000) == VK_TIMEOUT);
  REQUIRE(vkGetDeviceProcAddr(device, "vkCmdThatNobodyHas") == nullptr);
  runKernel(scene, kernel, from, 4);
}

// A second instance and device do the same at the same time, made before or after the first ones.
void devices(Scene& scene, bool other_first) {
  Scene other("objects: the other", {});
  Scene* const scenes[2] = {other_first ? &other : &scene, other_first ? &scene : &other};
  app::Buffer sources[2];
  Kernel kernels[2];
  for (uint32_t i = 0; i < 2; ++i) {
    scenes[i]->open();
    sources[i] = source(*scenes[i], i);
    kernels[i] = app::createKernel(*scenes[i], sources[i]);
  }
  for (uint32_t round = 0; round < 3; ++round)
    for (uint32_t i = 0; i < 2; ++i) runKernel(*scenes[i], kernels[i], sources[i], round);
  other.finish(nullptr, "other");
  runKernel(scene, kernels[other_first], sources[other_first], 9);
}

const app::Case kCases[] = {{"private-data", privateData},
                            {"names", names, {VK_EXT_DEBUG_UTILS_EXTENSION_NAME}},
                            {"command-pools", commandPools},
                            {"failures", failures},
                            {"devices", [](Scene& scene) { devices(scene, false); }},
                            {"devices-later", [](Scene& scene) { devices(scene, true); }}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("objects", kCases, argc, argv); }

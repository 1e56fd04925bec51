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
  const VkDebugUtilsLabelEXT label{
      VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT, nullptr, "a label", {1, 0.5f, 0, 1}};
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
  const VkCommandPool pool = scene.make(vkCreateCommandPool, vkDestroyCommandPool,
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
      if (round == 1)
        CHECK(vkResetCommandBuffer(commands[i], i % 2 ? VK_COMMAND_BUFFER_RESET_RELEASE_RESOURCES_BIT : 0));
      const VkCommandBufferBeginInfo again{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr,
                                           VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT};
      CHECK(vkBeginCommandBuffer(commands[i], &again));
      at[i] = app::dispatch(scene, kernel, commands[i], round + i);
      app::makeVisibleToHost(commands[i]);
      CHECK(vkEndCommandBuffer(commands[i]));
    }
    const VkCommandBuffer order[6] = {commands[2], commands[0], commands[2],
                                      commands[3], commands[1], commands[0]};
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
  const VkDeviceQueueCreateInfo queue{
      VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, nullptr, 0, 0, 1, &priority};
  VkDeviceCreateInfo device_info{
      VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, nullptr, 0, 1, &queue, 0, nullptr, 1, &unknown};
  VkDevice no_device = VK_NULL_HANDLE;
  REQUIRE(vkCreateDevice(scene.gpu.physical, &device_info, nullptr, &no_device) ==
          VK_ERROR_EXTENSION_NOT_PRESENT);
  device_info.enabledExtensionCount = 0;
  VkPhysicalDeviceFeatures features{};
  vkGetPhysicalDeviceFeatures(scene.gpu.physical, &features);
  features.sparseBinding = !features.sparseBinding;
  device_info.pEnabledFeatures = &features;
  if (features.sparseBinding)
    REQUIRE(vkCreateDevice(scene.gpu.physical, &device_info, nullptr, &no_device) ==
            VK_ERROR_FEATURE_NOT_PRESENT);
  VkImageFormatProperties properties{};
  REQUIRE(vkGetPhysicalDeviceImageFormatProperties(
              scene.gpu.physical, VK_FORMAT_R8G8B8_SSCALED, VK_IMAGE_TYPE_2D, VK_IMAGE_TILING_OPTIMAL,
              VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT, 0, &properties) == VK_ERROR_FORMAT_NOT_SUPPORTED);
  uint32_t count = 1;
  VkExtensionProperties extension{};
  REQUIRE(vkEnumerateDeviceExtensionProperties(scene.gpu.physical, nullptr, &count, &extension) ==
          VK_INCOMPLETE);
  scene.open();
  const VkDevice device = scene.gpu.device;
  const app::Buffer from = source(scene, 4);
  const Kernel kernel = app::createKernel(scene, from);
  runKernel(scene, kernel, from, 1);
  const VkMemoryAllocateInfo huge{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, 1ull << 46, 0};
  VkDeviceMemory no_memory = VK_NULL_HANDLE;
  REQUIRE(vkAllocateMemory(device, &huge, nullptr, &no_memory) < 0);
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

// More sets than a pool has: lavapipe has room, SwiftShader refuses all of them. Where there was room all are
// used, some freed and had again; then as many as there are.
void tooManySets(Scene& scene) {
  scene.open();
  const VkDevice device = scene.gpu.device;
  const app::Buffer from = source(scene, 4);
  Kernel kernel = app::createKernel(scene, from);
  const VkDescriptorSetLayout layouts[3] = {kernel.set_layout, kernel.set_layout, kernel.set_layout};
  VkDescriptorSet sets[3] = {};
  const auto use = [&](uint32_t count, uint32_t round) {
    for (uint32_t i = 0; i < count; ++i) {
      app::writeBuffer(scene, sets[i], 0, from.handle);
      app::writeBuffer(scene, sets[i], 1, scene.result.handle);
      kernel.set = sets[i];
      runKernel(scene, kernel, from, round + i);
    }
  };
  const VkDescriptorSetAllocateInfo too_many{
      VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, nullptr,
      app::createPool(scene, app::twoBuffers(), 2, VK_DESCRIPTOR_POOL_CREATE_FREE_DESCRIPTOR_SET_BIT), 3,
      layouts};
  if (vkAllocateDescriptorSets(device, &too_many, sets) < 0) {
    REQUIRE(!sets[0] && !sets[1] && !sets[2]);
  } else {
    for (uint32_t round = 0; round < 8; ++round) {
      use(3, 10 + 3 * round);
      VkDescriptorSet more[3];
      CHECK(vkAllocateDescriptorSets(device, &too_many, more));
      CHECK(vkFreeDescriptorSets(device, too_many.descriptorPool, 3, sets));
      std::copy_n(more, 3, sets);
    }
  }
  CHECK(vkResetDescriptorPool(device, too_many.descriptorPool, 0));
  const VkDescriptorSetAllocateInfo enough{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, nullptr,
                                           too_many.descriptorPool, 2, layouts};
  CHECK(vkAllocateDescriptorSets(device, &enough, sets));
  use(2, 2);
}

// All physical devices are looked at, the last one is used.
void lastGpu(Scene& scene) {
  uint32_t count = 0;
  CHECK(vkEnumeratePhysicalDevices(scene.gpu.instance, &count, nullptr));
  if (count < 2) app::lacks("a second physical device");
  std::vector<VkPhysicalDevice> all(count);
  CHECK(vkEnumeratePhysicalDevices(scene.gpu.instance, &count, all.data()));
  for (VkPhysicalDevice physical : all) {
    VkPhysicalDeviceProperties properties{};
    vkGetPhysicalDeviceProperties(physical, &properties);
    std::printf("%s\n", properties.deviceName);
  }
  scene.gpu.physical = all.back();
  scene.open();
  const app::Buffer from = source(scene, 8);
  const Kernel kernel = app::createKernel(scene, from);
  runKernel(scene, kernel, from, 9);
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

// Host memory of the program's own for what the driver keeps; every piece is given back.
struct Counted {
  int alive = 0, made = 0;
  static void* allocate(void* user, size_t size, size_t alignment, VkSystemAllocationScope) {
    auto* counted = static_cast<Counted*>(user);
    ++counted->alive;
    ++counted->made;
    alignment = std::max(alignment, alignof(std::max_align_t));
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
  }
  static void* reallocate(void* user, void* old, size_t size, size_t alignment,
                          VkSystemAllocationScope scope) {
    if (old) return std::realloc(old, size);
    return allocate(user, size, alignment, scope);
  }
  static void release(void* user, void* memory) {
    if (memory) --static_cast<Counted*>(user)->alive;
    std::free(memory);
  }
};
void allocators(Scene& scene) {
  scene.open();
  const app::Buffer from = source(scene, 5);
  const Kernel kernel = app::createKernel(scene, from);
  Counted counted;
  const VkAllocationCallbacks callbacks{&counted, Counted::allocate, Counted::reallocate, Counted::release};
  const VkDevice device = scene.gpu.device;
  for (uint32_t round = 0; round < 3; ++round) {
    const VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, nullptr, 0, 256,
                                  VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT};
    VkBuffer buffer = VK_NULL_HANDLE;
    CHECK(vkCreateBuffer(device, &info, &callbacks, &buffer));
    VkMemoryRequirements needs{};
    vkGetBufferMemoryRequirements(device, buffer, &needs);
    const VkMemoryAllocateInfo allocation{
        VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, needs.size,
        app::memoryType(scene.gpu, needs.memoryTypeBits, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT)};
    VkDeviceMemory memory = VK_NULL_HANDLE;
    CHECK(vkAllocateMemory(device, &allocation, &callbacks, &memory));
    CHECK(vkBindBufferMemory(device, buffer, memory, 0));
    scene.once([&](VkCommandBuffer commands) {
      vkCmdFillBuffer(commands, buffer, 0, 256, 0xa110c + round);
      app::order(commands);
      const VkBufferCopy region{0, scene.space(256), 256};
      vkCmdCopyBuffer(commands, buffer, scene.result.handle, 1, &region);
    });
    vkDestroyBuffer(device, buffer, &callbacks);
    vkFreeMemory(device, memory, &callbacks);
    runKernel(scene, kernel, from, round);
  }
  REQUIRE(counted.alive == 0);
}

// Nothing, where Vulkan allows it: null handles to destroy and free, and counts of zero.
void nothing(Scene& scene) {
  scene.open();
  const VkDevice device = scene.gpu.device;
  vkDestroyInstance(VK_NULL_HANDLE, nullptr);
  vkDestroyDevice(VK_NULL_HANDLE, nullptr);
  vkDestroyBuffer(device, VK_NULL_HANDLE, nullptr);
  vkDestroyBufferView(device, VK_NULL_HANDLE, nullptr);
  vkDestroyCommandPool(device, VK_NULL_HANDLE, nullptr);
  vkDestroyDescriptorPool(device, VK_NULL_HANDLE, nullptr);
  vkDestroyDescriptorSetLayout(device, VK_NULL_HANDLE, nullptr);
  vkDestroyDescriptorUpdateTemplate(device, VK_NULL_HANDLE, nullptr);
  vkDestroyEvent(device, VK_NULL_HANDLE, nullptr);
  vkDestroyFence(device, VK_NULL_HANDLE, nullptr);
  vkDestroyFramebuffer(device, VK_NULL_HANDLE, nullptr);
  vkDestroyImage(device, VK_NULL_HANDLE, nullptr);
  vkDestroyImageView(device, VK_NULL_HANDLE, nullptr);
  vkDestroyPipeline(device, VK_NULL_HANDLE, nullptr);
  vkDestroyPipelineCache(device, VK_NULL_HANDLE, nullptr);
  vkDestroyPipelineLayout(device, VK_NULL_HANDLE, nullptr);
  vkDestroyPrivateDataSlot(device, VK_NULL_HANDLE, nullptr);
  vkDestroyQueryPool(device, VK_NULL_HANDLE, nullptr);
  vkDestroyRenderPass(device, VK_NULL_HANDLE, nullptr);
  vkDestroySampler(device, VK_NULL_HANDLE, nullptr);
  vkDestroySamplerYcbcrConversion(device, VK_NULL_HANDLE, nullptr);
  vkDestroySemaphore(device, VK_NULL_HANDLE, nullptr);
  vkDestroyShaderModule(device, VK_NULL_HANDLE, nullptr);
  vkFreeMemory(device, VK_NULL_HANDLE, nullptr);
  const VkCommandBuffer commands[3] = {VK_NULL_HANDLE, scene.commands(), VK_NULL_HANDLE};
  vkFreeCommandBuffers(device, scene.gpu.pool, 3, commands);
  const app::Buffer from = source(scene, 6);
  const Kernel kernel = app::createKernel(scene, from);
  const VkDescriptorPool pool =
      app::createPool(scene, app::twoBuffers(), 1, VK_DESCRIPTOR_POOL_CREATE_FREE_DESCRIPTOR_SET_BIT);
  const VkDescriptorSet sets[2] = {VK_NULL_HANDLE, app::allocateSet(scene, pool, kernel.set_layout)};
  CHECK(vkFreeDescriptorSets(device, pool, 2, sets));
  vkUpdateDescriptorSets(device, 0, nullptr, 0, nullptr);
  const VkFence fence = app::createFence(scene.gpu);
  CHECK(vkQueueSubmit(scene.gpu.queue, 0, nullptr, fence));
  app::waitAndReset(scene.gpu, fence);
  CHECK(vkQueueSubmit(scene.gpu.queue, 0, nullptr, VK_NULL_HANDLE));
  const VkSubmitInfo empty{VK_STRUCTURE_TYPE_SUBMIT_INFO};
  CHECK(vkQueueSubmit(scene.gpu.queue, 1, &empty, fence));
  app::waitAndReset(scene.gpu, fence);
  vkDestroyFence(device, fence, nullptr);
  scene.once([&](VkCommandBuffer recorded) {
    vkCmdPipelineBarrier(recorded, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, 0,
                         0, nullptr, 0, nullptr, 0, nullptr);
    vkCmdBindPipeline(recorded, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.pipeline);
  });
  runKernel(scene, kernel, from, 7);
}

// The physical device comes from its group, the queue from vkGetDeviceQueue2, capabilities from the second
// forms.
void groups(Scene& scene) {
  uint32_t count = 0;
  CHECK(vkEnumeratePhysicalDeviceGroups(scene.gpu.instance, &count, nullptr));
  std::vector<VkPhysicalDeviceGroupProperties> found(count,
                                                     {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_GROUP_PROPERTIES});
  CHECK(vkEnumeratePhysicalDeviceGroups(scene.gpu.instance, &count, found.data()));
  scene.gpu.physical = found.at(0).physicalDevices[0];
  VkPhysicalDeviceDriverProperties driver{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
  VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &driver};
  vkGetPhysicalDeviceProperties2(scene.gpu.physical, &properties);
  VkPhysicalDeviceMemoryProperties2 memory{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2};
  vkGetPhysicalDeviceMemoryProperties2(scene.gpu.physical, &memory);
  scene.open();
  const VkDeviceQueueInfo2 info{VK_STRUCTURE_TYPE_DEVICE_QUEUE_INFO_2, nullptr, 0, scene.gpu.family, 0};
  VkQueue queue = VK_NULL_HANDLE;
  vkGetDeviceQueue2(scene.gpu.device, &info, &queue);
  REQUIRE(queue == scene.gpu.queue);
  const app::Buffer from = source(scene, 7);
  const Kernel kernel = app::createKernel(scene, from);
  runKernel(scene, kernel, from, 8);
}

const app::Case kCases[] = {{"private-data", privateData},
                            {"names", names, {VK_EXT_DEBUG_UTILS_EXTENSION_NAME}},
                            {"command-pools", commandPools},
                            {"failures", failures},
                            {"too-many-sets", tooManySets},
                            {"allocators", allocators},
                            {"nothing", nothing},
                            {"groups", groups},
                            {"last-gpu", lastGpu},
                            {"devices", [](Scene& scene) { devices(scene, false); }},
                            {"devices-later", [](Scene& scene) { devices(scene, true); }}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("objects", kCases, argc, argv); }

// What the small test programs share: a Vulkan device without a window, host-visible buffers, one submit.
//
// Errors end the program with a sentence and status 1; a program that reaches its end prints `ok NAME ...`.
// Everything is created with plain Vulkan 1.1 calls and freed by hand, so that a trace of it reads like its
// source. Not thread-safe; a program with threads shares a Gpu and guards its queue itself.
#pragma once

#define XXH_INLINE_ALL
#include <vulkan/vulkan_core.h>
#include <xxhash.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace app {

[[noreturn]] inline void fail(const char* what, int code) {
  std::fprintf(stderr, "failed: %s (%d)\n", what, code);
  std::exit(1);
}
inline void check(VkResult result, const char* what) {
  if (result != VK_SUCCESS) fail(what, result);
}
#define CHECK(call) app::check((call), #call)
#define REQUIRE(condition) ((condition) ? void() : app::fail(#condition, 0))

struct Gpu {
  VkInstance instance = VK_NULL_HANDLE;
  VkPhysicalDevice physical = VK_NULL_HANDLE;
  VkDevice device = VK_NULL_HANDLE;
  VkQueue queue = VK_NULL_HANDLE;
  VkCommandPool pool = VK_NULL_HANDLE;
  uint32_t family = 0;
};

// A buffer in an allocation of its own, mapped from creation to the end.
struct Buffer {
  VkBuffer handle = VK_NULL_HANDLE;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  VkDeviceSize size = 0;
  std::byte* data = nullptr;
};

inline VkInstance createInstance(const char* name) {
  const VkApplicationInfo application{
      VK_STRUCTURE_TYPE_APPLICATION_INFO, nullptr, name, 1, "reprise tests", 1, VK_API_VERSION_1_2};
  const VkInstanceCreateInfo info{
      VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, nullptr, 0, &application, 0, nullptr, 0, nullptr};
  VkInstance instance = VK_NULL_HANDLE;
  CHECK(vkCreateInstance(&info, nullptr, &instance));
  return instance;
}

// The first device, its first graphics queue family; `features` is the chain of vkCreateDevice. The instance
// is the caller's, where there is one.
inline Gpu createGpu(const char* name, const void* features = nullptr, VkInstance instance = VK_NULL_HANDLE) {
  Gpu gpu;
  gpu.instance = instance ? instance : createInstance(name);
  uint32_t count = 1;
  const VkResult found = vkEnumeratePhysicalDevices(gpu.instance, &count, &gpu.physical);
  REQUIRE((found == VK_SUCCESS || found == VK_INCOMPLETE) && count == 1);
  uint32_t family_count = 0;
  vkGetPhysicalDeviceQueueFamilyProperties(gpu.physical, &family_count, nullptr);
  std::vector<VkQueueFamilyProperties> families(family_count);
  vkGetPhysicalDeviceQueueFamilyProperties(gpu.physical, &family_count, families.data());
  while (!(families.at(gpu.family).queueFlags & VK_QUEUE_GRAPHICS_BIT)) ++gpu.family;
  const float priority = 1;
  const VkDeviceQueueCreateInfo queue{
      VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, nullptr, 0, gpu.family, 1, &priority};
  const VkDeviceCreateInfo info{
      VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, features, 0, 1, &queue, 0, nullptr, 0, nullptr, nullptr};
  CHECK(vkCreateDevice(gpu.physical, &info, nullptr, &gpu.device));
  vkGetDeviceQueue(gpu.device, gpu.family, 0, &gpu.queue);
  const VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr,
                                     VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, gpu.family};
  CHECK(vkCreateCommandPool(gpu.device, &pool, nullptr, &gpu.pool));
  return gpu;
}

inline void destroyGpu(Gpu& gpu) {
  vkDestroyCommandPool(gpu.device, gpu.pool, nullptr);
  vkDestroyDevice(gpu.device, nullptr);
  vkDestroyInstance(gpu.instance, nullptr);
  gpu = {};
}

inline uint32_t memoryType(const Gpu& gpu, uint32_t allowed, VkMemoryPropertyFlags wanted) {
  VkPhysicalDeviceMemoryProperties properties{};
  vkGetPhysicalDeviceMemoryProperties(gpu.physical, &properties);
  for (uint32_t i = 0; i < properties.memoryTypeCount; ++i) {
    if ((allowed >> i & 1) && (properties.memoryTypes[i].propertyFlags & wanted) == wanted) return i;
  }
  fail("no such memory type", static_cast<int>(wanted));
}

inline VkDeviceMemory allocate(const Gpu& gpu, const VkMemoryRequirements& needs,
                               VkMemoryPropertyFlags wanted) {
  const VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, needs.size,
                                  memoryType(gpu, needs.memoryTypeBits, wanted)};
  VkDeviceMemory memory = VK_NULL_HANDLE;
  CHECK(vkAllocateMemory(gpu.device, &info, nullptr, &memory));
  return memory;
}

inline Buffer createBuffer(const Gpu& gpu, VkDeviceSize size, VkBufferUsageFlags usage) {
  Buffer buffer;
  buffer.size = size;
  const VkBufferCreateInfo info{
      VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, nullptr, 0, size, usage, VK_SHARING_MODE_EXCLUSIVE, 0, nullptr};
  CHECK(vkCreateBuffer(gpu.device, &info, nullptr, &buffer.handle));
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(gpu.device, buffer.handle, &needs);
  buffer.memory =
      allocate(gpu, needs, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
  CHECK(vkBindBufferMemory(gpu.device, buffer.handle, buffer.memory, 0));
  void* data = nullptr;
  CHECK(vkMapMemory(gpu.device, buffer.memory, 0, VK_WHOLE_SIZE, 0, &data));
  buffer.data = static_cast<std::byte*>(data);
  return buffer;
}

inline void destroyBuffer(const Gpu& gpu, Buffer& buffer) {
  vkDestroyBuffer(gpu.device, buffer.handle, nullptr);
  vkFreeMemory(gpu.device, buffer.memory, nullptr);
  buffer = {};
}

inline VkCommandBuffer allocateCommands(const Gpu& gpu, VkCommandPool pool) {
  const VkCommandBufferAllocateInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, nullptr, pool,
                                         VK_COMMAND_BUFFER_LEVEL_PRIMARY, 1};
  VkCommandBuffer commands = VK_NULL_HANDLE;
  CHECK(vkAllocateCommandBuffers(gpu.device, &info, &commands));
  return commands;
}

inline void begin(VkCommandBuffer commands) {
  const VkCommandBufferBeginInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr,
                                      VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, nullptr};
  CHECK(vkBeginCommandBuffer(commands, &info));
}

// A colour image in device-local memory of its own, with a view.
struct Image {
  VkImage handle = VK_NULL_HANDLE;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  VkImageView view = VK_NULL_HANDLE;
};

inline VkImageView createView(const Gpu& gpu, VkImage image, VkFormat format) {
  const VkImageViewCreateInfo info{
      VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO, nullptr, 0, image, VK_IMAGE_VIEW_TYPE_2D, format, {},
      {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};
  VkImageView view = VK_NULL_HANDLE;
  CHECK(vkCreateImageView(gpu.device, &info, nullptr, &view));
  return view;
}

// `info` is the program's own, chain and all; it is passed on as it is.
inline Image createImage(const Gpu& gpu, const VkImageCreateInfo& info) {
  Image image;
  CHECK(vkCreateImage(gpu.device, &info, nullptr, &image.handle));
  VkMemoryRequirements needs{};
  vkGetImageMemoryRequirements(gpu.device, image.handle, &needs);
  image.memory = allocate(gpu, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
  CHECK(vkBindImageMemory(gpu.device, image.handle, image.memory, 0));
  image.view = createView(gpu, image.handle, info.format);
  return image;
}

inline void destroyImage(const Gpu& gpu, Image& image) {
  vkDestroyImageView(gpu.device, image.view, nullptr);
  vkDestroyImage(gpu.device, image.handle, nullptr);
  vkFreeMemory(gpu.device, image.memory, nullptr);
  image = {};
}

// The last command of a recording whose results the program reads from mapped memory.
inline void makeVisibleToHost(VkCommandBuffer commands) {
  const VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, VK_ACCESS_MEMORY_WRITE_BIT,
                                VK_ACCESS_HOST_READ_BIT};
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1,
                       &barrier, 0, nullptr, 0, nullptr);
}

inline void submit(const Gpu& gpu, VkCommandBuffer commands, VkFence fence) {
  const VkSubmitInfo info{
      VK_STRUCTURE_TYPE_SUBMIT_INFO, nullptr, 0, nullptr, nullptr, 1, &commands, 0, nullptr};
  CHECK(vkQueueSubmit(gpu.queue, 1, &info, fence));
}

inline VkFence createFence(const Gpu& gpu, VkFenceCreateFlags flags = 0) {
  const VkFenceCreateInfo info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, nullptr, flags};
  VkFence fence = VK_NULL_HANDLE;
  CHECK(vkCreateFence(gpu.device, &info, nullptr, &fence));
  return fence;
}

inline void waitAndReset(const Gpu& gpu, VkFence fence) {
  CHECK(vkWaitForFences(gpu.device, 1, &fence, VK_TRUE, UINT64_MAX));
  CHECK(vkResetFences(gpu.device, 1, &fence));
}

template <size_t kWords>
VkShaderModule createShader(const Gpu& gpu, const uint32_t (&words)[kWords]) {
  const VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, nullptr, 0, sizeof(words),
                                      words};
  VkShaderModule shader = VK_NULL_HANDLE;
  CHECK(vkCreateShaderModule(gpu.device, &info, nullptr, &shader));
  return shader;
}

// What the program itself read back: the judge of every replay. `path` may be null.
inline void report(const char* what, const Buffer& buffer, const char* path) {
  std::printf("result %s memory=0x%" PRIx64 " size=%" PRIu64 " xxh64=%016" PRIx64 "\n", what,
              reinterpret_cast<uint64_t>(buffer.memory), buffer.size, XXH64(buffer.data, buffer.size, 0));
  if (!path) return;
  std::FILE* file = std::fopen(path, "wb");
  REQUIRE(file && std::fwrite(buffer.data, 1, buffer.size, file) == buffer.size && std::fclose(file) == 0);
}

}  // namespace app

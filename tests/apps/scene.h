// What the programs about single features share: a device with all that the driver has, one result, and
// whatever is made is destroyed at the end in reverse order.
//
// Such a program is called with a case and perhaps a file: PROGRAM CASE [FILE]; CASE@unseen is for drivers
// without a GPU behind them. A case opens the device with
// the features that it needs, has its results written to `result`, and checks what it can foretell. Where the
// driver lacks something, the program says `lacks SOMETHING` and ends with status 0. One thread.
#pragma once

#include <functional>
#include <span>

#include "external.h"

namespace app {

[[noreturn]] inline void lacks(const char* what) {
  std::printf("lacks %s\n", what);
  std::exit(0);
}
#define NEED(condition) ((condition) ? void() : app::lacks(#condition))

// All features of the driver, and of the structs chained behind them.
struct Features {
  VkPhysicalDeviceVulkan13Features v13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
  VkPhysicalDeviceVulkan12Features v12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, &v13};
  VkPhysicalDeviceVulkan11Features v11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, &v12};
  VkPhysicalDeviceFeatures2 core{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &v11};

  explicit Features(const Gpu& gpu, void* next = nullptr) {
    v13.pNext = next;
    vkGetPhysicalDeviceFeatures2(gpu.physical, &core);
  }
  Features(const Features&) = delete;
  Features& operator=(const Features&) = delete;
};

// A queue beside the first one, where there is one; else the first one again.
struct OtherQueue {
  VkQueue queue = VK_NULL_HANDLE;
  uint32_t family = 0;
};

inline constexpr VkDeviceSize kResultBytes = 256 * 1024;

class Scene {
 public:
  Gpu gpu;
  Buffer result;
  OtherQueue other;
  bool seen = true;  // there is a GPU that does what is asked of it

  Scene(const char* name, const Names& extensions) {
    const VkApplicationInfo application{
        VK_STRUCTURE_TYPE_APPLICATION_INFO, nullptr, name, 1, "reprise tests", 1, VK_API_VERSION_1_3};
    const VkInstanceCreateInfo info{
        VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,   nullptr,          0, &application, 0, nullptr,
        static_cast<uint32_t>(extensions.size()), extensions.data()};
    const VkResult made = vkCreateInstance(&info, nullptr, &gpu.instance);
    if (made == VK_ERROR_EXTENSION_NOT_PRESENT) lacks(extensions.empty() ? "" : extensions.back());
    check(made, "vkCreateInstance");
    uint32_t count = 1;
    const VkResult found = vkEnumeratePhysicalDevices(gpu.instance, &count, &gpu.physical);
    REQUIRE((found == VK_SUCCESS || found == VK_INCOMPLETE) && count == 1);
  }
  Scene(const Scene&) = delete;
  Scene& operator=(const Scene&) = delete;

  // The device, up to two queues of each family, and the result.
  void open(const Names& extensions = {}) { open(Features(gpu), extensions); }
  void open(const Features& features, const Names& extensions = {}) {
    const Names found = deviceExtensions(gpu.physical, extensions);
    for (const char* name : extensions)
      if (std::ranges::find(found, name) == found.end()) lacks(name);
    uint32_t count = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(gpu.physical, &count, nullptr);
    std::vector<VkQueueFamilyProperties> families(count);
    vkGetPhysicalDeviceQueueFamilyProperties(gpu.physical, &count, families.data());
    while (!(families.at(gpu.family).queueFlags & VK_QUEUE_GRAPHICS_BIT)) ++gpu.family;
    const float priorities[2] = {1, 1};
    std::vector<VkDeviceQueueCreateInfo> queues;
    for (uint32_t family = 0; family < count; ++family)
      queues.push_back({VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, nullptr, 0, family,
                        std::min(families[family].queueCount, 2u), priorities});
    const VkDeviceCreateInfo info{
        VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,     &features.core,    0,      count, queues.data(), 0, nullptr,
        static_cast<uint32_t>(extensions.size()), extensions.data(), nullptr};
    CHECK(vkCreateDevice(gpu.physical, &info, nullptr, &gpu.device));
    vkGetDeviceQueue(gpu.device, gpu.family, 0, &gpu.queue);
    other.family = count > 1 ? (gpu.family + 1) % count : gpu.family;
    vkGetDeviceQueue(gpu.device, other.family, count == 1 && families[0].queueCount > 1 ? 1 : 0,
                     &other.queue);
    const VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr,
                                       VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, gpu.family};
    CHECK(vkCreateCommandPool(gpu.device, &pool, nullptr, &gpu.pool));
    result = createBuffer(gpu, kResultBytes,
                          VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                              VK_BUFFER_USAGE_STORAGE_BUFFER_BIT,
                          features.v12.bufferDeviceAddress);
    // Zeros by the GPU: nothing in the result is the program's.
    once([&](VkCommandBuffer commands) { vkCmdFillBuffer(commands, result.handle, 0, VK_WHOLE_SIZE, 0); });
  }

  // What comes out of `create` until the end.
  template <class Info, class Handle>
  Handle make(VkResult (*create)(VkDevice, const Info*, const VkAllocationCallbacks*, Handle*),
              void (*destroy)(VkDevice, Handle, const VkAllocationCallbacks*),
              const std::type_identity_t<Info>& info) {
    Handle handle = VK_NULL_HANDLE;
    check(create(gpu.device, &info, nullptr, &handle), "a create");
    return own(handle, destroy);
  }
  template <class Handle>
  Handle own(Handle handle, void (*destroy)(VkDevice, Handle, const VkAllocationCallbacks*)) {
    undo_.push_back([this, handle, destroy] { destroy(gpu.device, handle, nullptr); });
    return handle;
  }
  void atEnd(std::function<void()> undo) { undo_.push_back(std::move(undo)); }

  // Host-visible and mapped, filled with words that follow from `seed`. `addressed`: has a device address.
  Buffer words(uint32_t count, uint32_t seed, VkBufferUsageFlags usage, bool addressed = false) {
    Buffer buffer = createBuffer(gpu, count * 4, usage, addressed);
    for (uint32_t i = 0; i < count; ++i)
      reinterpret_cast<uint32_t*>(buffer.data)[i] = (i + 1) * 2654435761u ^ seed * 40503u;
    atEnd([this, buffer]() mutable { destroyBuffer(gpu, buffer); });
    return buffer;
  }
  Buffer deviceBuffer(VkDeviceSize size, VkBufferUsageFlags usage) {
    Buffer buffer;
    buffer.size = size;
    buffer.handle = make(vkCreateBuffer, vkDestroyBuffer,
                         {VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, nullptr, 0, size, usage});
    VkMemoryRequirements needs{};
    vkGetBufferMemoryRequirements(gpu.device, buffer.handle, &needs);
    buffer.memory = own(allocate(gpu, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT), vkFreeMemory);
    CHECK(vkBindBufferMemory(gpu.device, buffer.handle, buffer.memory, 0));
    return buffer;
  }

  VkCommandBuffer commands(VkCommandBufferLevel level = VK_COMMAND_BUFFER_LEVEL_PRIMARY) {
    const VkCommandBufferAllocateInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, nullptr, gpu.pool,
                                           level, 1};
    VkCommandBuffer made = VK_NULL_HANDLE;
    CHECK(vkAllocateCommandBuffers(gpu.device, &info, &made));
    return made;
  }
  // Records, submits and waits; what was written is visible to the program.
  template <class Record>
  void once(const Record& record) {
    const VkCommandBuffer recorded = commands();
    begin(recorded);
    record(recorded);
    makeVisibleToHost(recorded);
    CHECK(vkEndCommandBuffer(recorded));
    const VkFence fence = createFence(gpu);
    submit(gpu, recorded, fence);
    waitAndReset(gpu, fence);
    vkDestroyFence(gpu.device, fence, nullptr);
    vkFreeCommandBuffers(gpu.device, gpu.pool, 1, &recorded);
  }

  // The next bytes of the result that nobody has yet.
  VkDeviceSize space(VkDeviceSize bytes) {
    const VkDeviceSize at = used_;
    used_ += (bytes + 255) / 256 * 256;
    REQUIRE(used_ <= kResultBytes);
    return at;
  }
  uint32_t* found(VkDeviceSize at) { return reinterpret_cast<uint32_t*>(result.data + at); }

  void finish(const char* path, const char* what = "output") {
    CHECK(vkDeviceWaitIdle(gpu.device));
    REQUIRE(!seen || std::any_of(result.data, result.data + result.size,
                                 [](std::byte b) { return b != std::byte{}; }));
    report(what, result, path);
    for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) (*undo)();
    destroyBuffer(gpu, result);
    destroyGpu(gpu);
  }

 private:
  static Buffer createBuffer(const Gpu& gpu, VkDeviceSize size, VkBufferUsageFlags usage, bool addressed) {
    if (!addressed) return app::createBuffer(gpu, size, usage);
    Buffer buffer;
    buffer.size = size;
    const VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, nullptr, 0, size,
                                  usage | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT};
    CHECK(vkCreateBuffer(gpu.device, &info, nullptr, &buffer.handle));
    VkMemoryRequirements needs{};
    vkGetBufferMemoryRequirements(gpu.device, buffer.handle, &needs);
    const VkMemoryAllocateFlagsInfo flags{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO, nullptr,
                                          VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT};
    const VkMemoryAllocateInfo allocation{
        VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &flags, needs.size,
        memoryType(gpu, needs.memoryTypeBits,
                   VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)};
    CHECK(vkAllocateMemory(gpu.device, &allocation, nullptr, &buffer.memory));
    CHECK(vkBindBufferMemory(gpu.device, buffer.handle, buffer.memory, 0));
    void* data = nullptr;
    CHECK(vkMapMemory(gpu.device, buffer.memory, 0, VK_WHOLE_SIZE, 0, &data));
    buffer.data = static_cast<std::byte*>(data);
    return buffer;
  }

  std::vector<std::function<void()>> undo_;
  VkDeviceSize used_ = 0;
};

// All before it is done, and seen by all after it.
inline void order(VkCommandBuffer commands) {
  const VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, VK_ACCESS_MEMORY_WRITE_BIT,
                                VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT};
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 1,
                       &barrier, 0, nullptr, 0, nullptr);
}

// The device with an extension and what of its features `keep` leaves. A driver without a GPU has the
// commands and says of no feature that it has it: there, without them.
template <class Feature, class Keep>
void openWith(Scene& scene, VkStructureType type, VkBool32 Feature::*needed, const Names& extensions,
              const Keep& keep) {
  if (!scene.seen) return scene.open(extensions);
  Feature feature{type};
  const Features features(scene.gpu, &feature);
  if (!(feature.*needed)) lacks(extensions.front());
  keep(feature);
  scene.open(features, extensions);
}
template <class Feature>
void openWith(Scene& scene, VkStructureType type, VkBool32 Feature::*needed, const Names& extensions) {
  openWith(scene, type, needed, extensions, [](Feature&) {});
}

struct Case {
  const char* name;
  void (*run)(Scene& scene);
  Names extensions = {};  // of the instance
};

inline int runCase(const char* program, std::span<const Case> cases, int argc, char** argv) {
  const std::string_view asked = argc > 1 ? argv[1] : "", wanted = asked.substr(0, asked.find('@'));
  const auto one = std::ranges::find_if(cases, [&](const Case& c) { return wanted == c.name; });
  REQUIRE(one != cases.end());
  Scene scene(program, one->extensions);
  scene.seen = !asked.ends_with("@unseen");
  one->run(scene);
  scene.finish(argc > 2 ? argv[2] : nullptr);
  std::printf("ok %s %s\n", program, one->name);
  return 0;
}

}  // namespace app

#include "tests/foreign/hand_made.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

namespace foreign {

namespace {

// What replay needs to know of the device: memory types as [propertyFlags, heap].
constexpr const char* kDescription = R"({"deviceName":"Hand-made GPU","memoryTypes":[[1,0],[6,1]]})";

}  // namespace

HandMade::HandMade(const std::string& dir, std::string name, std::vector<const char*> instance_extensions,
                   std::vector<const char*> device_extensions, const void* features)
    : trace_(dir + "/" + name + ".vkr"), name_(std::move(name)) {
  const VkApplicationInfo application{
      VK_STRUCTURE_TYPE_APPLICATION_INFO, nullptr, name_.c_str(), 1, "foreign", 1, VK_API_VERSION_1_1};
  const VkInstanceCreateInfo instance_info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
                                           nullptr,
                                           0,
                                           &application,
                                           0,
                                           nullptr,
                                           uint32_t(instance_extensions.size()),
                                           instance_extensions.data()};
  instance_ = handle<VkInstance>();
  call(CreateInstanceCall{&instance_info, nullptr, &instance_, VK_SUCCESS});
  gpu_ = handle<VkPhysicalDevice>();
  uint32_t count = 1;
  call(EnumeratePhysicalDevicesCall{instance_, &count, &gpu_, VK_SUCCESS});
  VkPhysicalDeviceMemoryProperties memory{};
  memory.memoryTypeCount = 2;
  memory.memoryTypes[kDeviceMemory] = {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0};
  memory.memoryTypes[kHostMemory] = {
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, 1};
  memory.memoryHeapCount = 2;
  memory.memoryHeaps[0] = {1u << 30, VK_MEMORY_HEAP_DEVICE_LOCAL_BIT};
  memory.memoryHeaps[1] = {1u << 30, 0};
  call(GetPhysicalDeviceMemoryPropertiesCall{gpu_, &memory});
  const float priority = 1;
  const VkDeviceQueueCreateInfo queue{
      VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, nullptr, 0, 0, 1, &priority};
  const VkDeviceCreateInfo device_info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
                                       features,
                                       0,
                                       1,
                                       &queue,
                                       0,
                                       nullptr,
                                       uint32_t(device_extensions.size()),
                                       device_extensions.data(),
                                       nullptr};
  trace_.metadata(1, kMetadataDevice, kDescription);
  device_ = handle<VkDevice>();
  call(CreateDeviceCall{gpu_, &device_info, nullptr, &device_, VK_SUCCESS});
  queue_ = handle<VkQueue>();
  call(GetDeviceQueueCall{device_, 0, 0, &queue_});
  const VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr, 0, 0};
  pool_ = handle<VkCommandPool>();
  call(CreateCommandPoolCall{device_, &pool, nullptr, &pool_, VK_SUCCESS});
}

HandMade::~HandMade() {
  call(DestroyCommandPoolCall{device_, pool_, nullptr});
  call(DestroyDeviceCall{device_, nullptr});
  call(DestroyInstanceCall{instance_, nullptr});
  const Status written = trace_.finish();
  if (written) return;
  std::fprintf(stderr, "%s: %s\n", name_.c_str(), written.message().c_str());
  std::exit(1);
}

VkImageCreateInfo HandMade::imageInfo(const void* chain) const {
  return {VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
          chain,
          0,
          VK_IMAGE_TYPE_2D,
          VK_FORMAT_R8G8B8A8_UNORM,
          {kSide, kSide, 1},
          1,
          1,
          VK_SAMPLE_COUNT_1_BIT,
          VK_IMAGE_TILING_OPTIMAL,
          VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT,
          VK_SHARING_MODE_EXCLUSIVE,
          0,
          nullptr,
          VK_IMAGE_LAYOUT_UNDEFINED};
}

VkImage HandMade::createImage(const VkImageCreateInfo& info) {
  auto image = handle<VkImage>();
  call(CreateImageCall{device_, &info, nullptr, &image, VK_SUCCESS});
  return image;
}

VkBuffer HandMade::createBuffer(const void* chain, VkDeviceSize size) {
  const VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                chain,
                                0,
                                size,
                                VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                                VK_SHARING_MODE_EXCLUSIVE,
                                0,
                                nullptr};
  auto buffer = handle<VkBuffer>();
  call(CreateBufferCall{device_, &info, nullptr, &buffer, VK_SUCCESS});
  return buffer;
}

VkDeviceMemory HandMade::allocate(const void* chain, VkDeviceSize size, uint32_t type) {
  const VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, chain, size, type};
  auto memory = handle<VkDeviceMemory>();
  call(AllocateMemoryCall{device_, &info, nullptr, &memory, VK_SUCCESS});
  return memory;
}

void HandMade::bind(VkImage image, VkDeviceMemory memory) {
  call(BindImageMemoryCall{device_, image, memory, 0, VK_SUCCESS});
}
void HandMade::bind(VkBuffer buffer, VkDeviceMemory memory) {
  call(BindBufferMemoryCall{device_, buffer, memory, 0, VK_SUCCESS});
}

void HandMade::destroy(VkImage image, VkDeviceMemory memory) {
  call(DestroyImageCall{device_, image, nullptr});
  call(FreeMemoryCall{device_, memory, nullptr});
}

void HandMade::destroy(const End& end) {
  if (end.buffer) call(DestroyBufferCall{device_, end.buffer, nullptr});
  if (end.image) call(DestroyImageCall{device_, end.image, nullptr});
  call(FreeMemoryCall{device_, end.memory, nullptr});
}

HandMade::End HandMade::createImageEnd(const void* image_chain, VkBaseInStructure* memory_node) {
  End end;
  end.image = createImage(imageInfo(image_chain));
  const VkMemoryDedicatedAllocateInfo only{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr,
                                           end.image, VK_NULL_HANDLE};
  VkBaseInStructure* last = memory_node;  // behind the node's own chain, and off again below
  while (last->pNext) last = const_cast<VkBaseInStructure*>(last->pNext);
  last->pNext = reinterpret_cast<const VkBaseInStructure*>(&only);
  end.memory = allocate(memory_node, kAllocationBytes, kDeviceMemory);
  last->pNext = nullptr;
  bind(end.image, end.memory);
  return end;
}

HandMade::End HandMade::createBufferEnd(const void* buffer_chain, VkBaseInStructure* memory_node) {
  End end;
  end.buffer = createBuffer(buffer_chain);
  end.memory = allocate(memory_node, kAllocationBytes, kDeviceMemory);
  bind(end.buffer, end.memory);
  return end;
}

void HandMade::shareImage(const std::string& name, const Nodes& nodes) {
  const End a = createImageEnd(nodes.resource, nodes.exporting);
  nodes.exported(a.memory);
  const End b = createImageEnd(nodes.resource, nodes.importing);
  crossOver(name, a, b);
}

void HandMade::shareBuffer(const std::string& name, const Nodes& nodes) {
  const End a = createBufferEnd(nodes.resource, nodes.exporting);
  nodes.exported(a.memory);
  const End b = createBufferEnd(nodes.resource, nodes.importing);
  crossOver(name, a, b);
}

namespace {

constexpr VkImageSubresourceRange kWhole{VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};

VkImageMemoryBarrier moved(VkImage image, VkImageLayout from, VkAccessFlags before, VkAccessFlags after,
                           uint32_t from_family, uint32_t to_family) {
  return {VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
          nullptr,
          before,
          after,
          from,
          VK_IMAGE_LAYOUT_GENERAL,
          from_family,
          to_family,
          image,
          kWhole};
}

VkBufferMemoryBarrier moved(VkBuffer buffer, VkAccessFlags before, VkAccessFlags after, uint32_t from_family,
                            uint32_t to_family) {
  return {VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER,
          nullptr,
          before,
          after,
          from_family,
          to_family,
          buffer,
          0,
          VK_WHOLE_SIZE};
}

CmdPipelineBarrierCall barrier(VkCommandBuffer commands, const VkImageMemoryBarrier& image) {
  return {
      commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, nullptr, 0, nullptr, 1,
      &image};
}
CmdPipelineBarrierCall barrier(VkCommandBuffer commands, const VkBufferMemoryBarrier& buffer) {
  return {
      commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0, nullptr, 1, &buffer, 0,
      nullptr};
}

}  // namespace

// One recording: the release and the acquire stand between the write and the read.
void HandMade::record(VkCommandBuffer commands, const End& a, const End& b, VkBuffer output) {
  constexpr auto kOut = VK_QUEUE_FAMILY_EXTERNAL;
  constexpr auto kSame = VK_QUEUE_FAMILY_IGNORED;
  if (a.image) {
    const VkClearColorValue color{{0.2f, 0.4f, 0.6f, 0.8f}};
    call(barrier(commands,
                 moved(a.image, VK_IMAGE_LAYOUT_UNDEFINED, 0, VK_ACCESS_TRANSFER_WRITE_BIT, kSame, kSame)));
    call(CmdClearColorImageCall{commands, a.image, VK_IMAGE_LAYOUT_GENERAL, &color, 1, &kWhole});
    call(
        barrier(commands, moved(a.image, VK_IMAGE_LAYOUT_GENERAL, VK_ACCESS_TRANSFER_WRITE_BIT, 0, 0, kOut)));
    call(barrier(commands, moved(b.image, VK_IMAGE_LAYOUT_GENERAL, 0, VK_ACCESS_TRANSFER_READ_BIT, kOut, 0)));
    const VkBufferImageCopy region{
        0, 0, 0, {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1}, {0, 0, 0}, {kSide, kSide, 1}};
    call(CmdCopyImageToBufferCall{commands, b.image, VK_IMAGE_LAYOUT_GENERAL, output, 1, &region});
  } else {
    call(CmdFillBufferCall{commands, a.buffer, 0, kBytes, 0xcc996633});
    call(barrier(commands, moved(a.buffer, VK_ACCESS_TRANSFER_WRITE_BIT, 0, 0, kOut)));
    call(barrier(commands, moved(b.buffer, 0, VK_ACCESS_TRANSFER_READ_BIT, kOut, 0)));
    const VkBufferCopy region{0, 0, kBytes};
    call(CmdCopyBufferCall{commands, b.buffer, output, 1, &region});
  }
  const VkMemoryBarrier visible{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, VK_ACCESS_TRANSFER_WRITE_BIT,
                                VK_ACCESS_HOST_READ_BIT};
  call(CmdPipelineBarrierCall{commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1,
                              &visible, 0, nullptr, 0, nullptr});
}

void HandMade::crossOver(const std::string& name, const End& a, const End& b) {
  const VkBuffer output = createBuffer(nullptr);
  const VkDeviceMemory memory = allocate(nullptr, kBytes, kHostMemory);
  bind(output, memory);
  auto commands = handle<VkCommandBuffer>();
  const VkCommandBufferAllocateInfo allocation{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, nullptr, pool_,
                                               VK_COMMAND_BUFFER_LEVEL_PRIMARY, 1};
  call(AllocateCommandBuffersCall{device_, &allocation, &commands, VK_SUCCESS});
  const VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr,
                                       VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, nullptr};
  call(BeginCommandBufferCall{commands, &begin, VK_SUCCESS});
  record(commands, a, b, output);
  call(EndCommandBufferCall{commands, VK_SUCCESS});
  const VkSubmitInfo submit{
      VK_STRUCTURE_TYPE_SUBMIT_INFO, nullptr, 0, nullptr, nullptr, 1, &commands, 0, nullptr};
  call(QueueSubmitCall{queue_, 1, &submit, VK_NULL_HANDLE, VK_SUCCESS});
  call(QueueWaitIdleCall{queue_, VK_SUCCESS});
  auto* mapped = reinterpret_cast<void*>(uintptr_t{0x7f0000000000} + next_handle_);
  call(MapMemoryCall{device_, memory, 0, VK_WHOLE_SIZE, 0, &mapped, VK_SUCCESS});
  call(UnmapMemoryCall{device_, memory});
  std::printf("result %s %s memory=0x%" PRIx64 " size=%" PRIu64 " rgba=336699cc\n", name_.c_str(),
              name.c_str(), (uint64_t)memory, kBytes);
  call(DestroyBufferCall{device_, output, nullptr});
  call(FreeMemoryCall{device_, memory, nullptr});
  call(FreeCommandBuffersCall{device_, pool_, 1, &commands});
  destroy(b);
  destroy(a);
}

}  // namespace foreign

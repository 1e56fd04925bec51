// Structs that nobody knows, as another process's newer library might hang them on: at the front, in the
// middle and at the end of the chains of images, buffers and allocations. Prints each chain as the chaincheck
// layer does, so that what the driver is given can be compared with it.
#include "app.h"

namespace {

constexpr auto kUnknown = static_cast<VkStructureType>(1999900000);

struct Unknown {
  VkStructureType type;
  const void* next;
  uint64_t words[3];
};

void print(const char* command, const void* info) {
  std::printf("chain %s", command);
  for (auto* node = static_cast<const VkBaseInStructure*>(info); node; node = node->pNext)
    std::printf(" %d@0x%" PRIxPTR, node->sType, reinterpret_cast<uintptr_t>(node));
  std::printf("\n");
}

// The chain `known` (one node, or none) with an unknown node before it, behind it, or both; sTypes count on
// by place.
template <class Known, class Use>
void eachPlace(Known known, Use use) {
  Unknown front{kUnknown, &known, {1, 2, 3}}, back{static_cast<VkStructureType>(kUnknown + 1), nullptr, {}};
  known.pNext = nullptr;
  use(&front);
  known.pNext = &back;
  use(&known);
  use(&front);
}

}  // namespace

int main() {
  app::Gpu gpu = app::createGpu("producer_consumer_unknown");
  eachPlace(VkImageFormatListCreateInfo{VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO},
            [&](const void* chain) {
              VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO, chain};
              info.imageType = VK_IMAGE_TYPE_2D;
              info.format = VK_FORMAT_R8G8B8A8_UNORM;
              info.extent = {16, 16, 1};
              info.mipLevels = info.arrayLayers = 1;
              info.samples = VK_SAMPLE_COUNT_1_BIT;
              info.usage = VK_IMAGE_USAGE_SAMPLED_BIT;
              print("vkCreateImage", &info);
              VkImage image = VK_NULL_HANDLE;
              CHECK(vkCreateImage(gpu.device, &info, nullptr, &image));
              vkDestroyImage(gpu.device, image, nullptr);
            });
  eachPlace(VkExternalMemoryBufferCreateInfo{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO},
            [&](const void* chain) {
              VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, chain};
              info.size = 64;
              info.usage = VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT;
              print("vkCreateBuffer", &info);
              VkBuffer buffer = VK_NULL_HANDLE;
              CHECK(vkCreateBuffer(gpu.device, &info, nullptr, &buffer));
              vkDestroyBuffer(gpu.device, buffer, nullptr);
            });
  eachPlace(VkMemoryAllocateFlagsInfo{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO}, [&](const void* chain) {
    const VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, chain, 4096, 0};
    print("vkAllocateMemory", &info);
    VkDeviceMemory memory = VK_NULL_HANDLE;
    CHECK(vkAllocateMemory(gpu.device, &info, nullptr, &memory));
    vkFreeMemory(gpu.device, memory, nullptr);
  });
  app::destroyGpu(gpu);
  std::printf("ok producer_consumer_unknown\n");
}

// VK_LAYER_REPRISE_TEST_chaincheck: what the driver is really given.
//
// For every vkCreateImage, vkCreateBuffer and vkAllocateMemory one line to $REPRISE_CHAINCHECK_OUT: the
// command, the address of the create info, then `sType@address` of each pNext node in order. Stands below
// the capture layer; the same program without capture gives the lines to compare with.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "chain.h"

namespace {

void writeChain(const char* command, const void* info) {
  static const char* path = std::getenv("REPRISE_CHAINCHECK_OUT");
  static std::FILE* out = path ? std::fopen(path, "a") : nullptr;
  static std::mutex file_mutex;
  if (!out) return;
  std::lock_guard lock(file_mutex);
  std::fprintf(out, "%s", command);
  for (auto* node = static_cast<const VkBaseInStructure*>(info); node; node = node->pNext) {
    std::fprintf(out, " %d@0x%" PRIxPTR, node->sType, reinterpret_cast<uintptr_t>(node));
  }
  std::fprintf(out, "\n");
  std::fflush(out);
}

VKAPI_ATTR VkResult VKAPI_CALL createImage(VkDevice device, const VkImageCreateInfo* info,
                                           const VkAllocationCallbacks* allocator, VkImage* image) {
  writeChain("vkCreateImage", info);
  return NEXT(chain::deviceOf(device), vkCreateImage)(device, info, allocator, image);
}

VKAPI_ATTR VkResult VKAPI_CALL createBuffer(VkDevice device, const VkBufferCreateInfo* info,
                                            const VkAllocationCallbacks* allocator, VkBuffer* buffer) {
  writeChain("vkCreateBuffer", info);
  return NEXT(chain::deviceOf(device), vkCreateBuffer)(device, info, allocator, buffer);
}

VKAPI_ATTR VkResult VKAPI_CALL allocateMemory(VkDevice device, const VkMemoryAllocateInfo* info,
                                              const VkAllocationCallbacks* allocator,
                                              VkDeviceMemory* memory) {
  writeChain("vkAllocateMemory", info);
  return NEXT(chain::deviceOf(device), vkAllocateMemory)(device, info, allocator, memory);
}

}  // namespace

namespace chain {

PFN_vkVoidFunction hook(std::string_view name) {
  if (name == "vkCreateImage") return reinterpret_cast<PFN_vkVoidFunction>(createImage);
  if (name == "vkCreateBuffer") return reinterpret_cast<PFN_vkVoidFunction>(createBuffer);
  if (name == "vkAllocateMemory") return reinterpret_cast<PFN_vkVoidFunction>(allocateMemory);
  return nullptr;
}

}  // namespace chain

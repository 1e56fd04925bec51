// VK_LAYER_REPRISE_TEST_chainlog: the whole content of every create info, and a target that says no.
//
// For every vkCreateImage, vkCreateBuffer and vkAllocateMemory one line of JSON to $REPRISE_CHAINLOG_OUT:
// {"command": .., "chain": [..]}, see chain_text.h. Two runs that gave the driver the same have the same
// lines. $REPRISE_CHAINLOG_REFUSE names external memory handle types ("opaque_win32,d3d11_texture") that
// images and buffers shall not have: the driver's answers to the capability queries are replaced.
// $REPRISE_CHAINLOG_ZERO set: images are refused by features of 0, as some drivers do, not by
// VK_ERROR_FORMAT_NOT_SUPPORTED.
#include <cstdlib>
#include <string_view>

#include "chain.h"
#include "chain_text.h"

namespace {

template <class Info>
void writeChain(const char* command, const Info* info) {
  static const char* path = std::getenv("REPRISE_CHAINLOG_OUT");
  static std::FILE* out = path ? std::fopen(path, "a") : nullptr;
  static std::mutex file_mutex;
  if (!out) return;
  chain_text::Text text;
  text.chain(info);
  std::lock_guard lock(file_mutex);
  std::fprintf(out, "{\"command\": \"%s\", \"chain\": %s}\n", command, text.take().c_str());
  std::fflush(out);
}

// Core bits of the types that $REPRISE_CHAINLOG_REFUSE names.
VkExternalMemoryHandleTypeFlags refusedTypes() {
  constexpr std::pair<std::string_view, VkExternalMemoryHandleTypeFlags> kTypes[] = {
      {"opaque_fd", 0x1},
      {"opaque_win32", 0x2},
      {"opaque_win32_kmt", 0x4},
      {"d3d11_texture", 0x8},
      {"d3d11_texture_kmt", 0x10},
      {"d3d12_heap", 0x20},
      {"d3d12_resource", 0x40},
      {"host_allocation_ext", 0x80},
      {"host_mapped_foreign_memory_ext", 0x100},
      {"dma_buf_ext", 0x200},
      {"android_hardware_buffer_android", 0x400},
      {"zircon_vmo_fuchsia", 0x800},
      {"rdma_address_nv", 0x1000}};
  const char* text = std::getenv("REPRISE_CHAINLOG_REFUSE");
  VkExternalMemoryHandleTypeFlags found = 0;
  for (std::string_view rest = text ? text : ""; !rest.empty();) {
    const std::string_view name = rest.substr(0, rest.find(','));
    for (const auto& [known, bit] : kTypes) found |= known == name ? bit : 0;
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
  }
  return found;
}

bool refused(VkExternalMemoryHandleTypeFlags type) {
  static const VkExternalMemoryHandleTypeFlags types = refusedTypes();
  return (types & type) != 0;
}
bool refusedByZero() {
  static const bool zero = std::getenv("REPRISE_CHAINLOG_ZERO") != nullptr;
  return zero;
}

template <class Struct>
Struct* findNode(const void* chain, VkStructureType type) {
  auto* node = static_cast<const VkBaseInStructure*>(chain);
  while (node && node->sType != type) node = node->pNext;
  return reinterpret_cast<Struct*>(const_cast<VkBaseInStructure*>(node));
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

VKAPI_ATTR VkResult VKAPI_CALL imageFormat(VkPhysicalDevice gpu, const VkPhysicalDeviceImageFormatInfo2* info,
                                           VkImageFormatProperties2* properties) {
  const auto* asked = findNode<const VkPhysicalDeviceExternalImageFormatInfo>(
      info->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO);
  const bool no = asked && refused(asked->handleType);
  if (no && !refusedByZero()) return VK_ERROR_FORMAT_NOT_SUPPORTED;
  const VkResult result = chain::instanceOf(gpu).image_format(gpu, info, properties);
  auto* external = findNode<VkExternalImageFormatProperties>(
      properties->pNext, VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES);
  if (no && external) external->externalMemoryProperties = {};
  return result;
}

VKAPI_ATTR void VKAPI_CALL externalBuffer(VkPhysicalDevice gpu,
                                          const VkPhysicalDeviceExternalBufferInfo* info,
                                          VkExternalBufferProperties* properties) {
  chain::instanceOf(gpu).external_buffer(gpu, info, properties);
  if (refused(info->handleType)) properties->externalMemoryProperties = {};
}

VKAPI_ATTR VkResult VKAPI_CALL externalImageNv(VkPhysicalDevice gpu, VkFormat format, VkImageType type,
                                               VkImageTiling tiling, VkImageUsageFlags usage,
                                               VkImageCreateFlags flags,
                                               VkExternalMemoryHandleTypeFlagsNV handle_type,
                                               VkExternalImageFormatPropertiesNV* properties) {
  if (refused(handle_type << 1))
    return VK_ERROR_FORMAT_NOT_SUPPORTED;  // the core bit of an NV bit is the next
  return chain::instanceOf(gpu).external_image_nv(gpu, format, type, tiling, usage, flags, handle_type,
                                                  properties);
}

}  // namespace

namespace chain {

PFN_vkVoidFunction hook(std::string_view name) {
#define HOOK(command, function) \
  if (name == command) return reinterpret_cast<PFN_vkVoidFunction>(function)
  HOOK("vkCreateImage", createImage);
  HOOK("vkCreateBuffer", createBuffer);
  HOOK("vkAllocateMemory", allocateMemory);
  HOOK("vkGetPhysicalDeviceImageFormatProperties2", imageFormat);
  HOOK("vkGetPhysicalDeviceImageFormatProperties2KHR", imageFormat);
  HOOK("vkGetPhysicalDeviceExternalBufferProperties", externalBuffer);
  HOOK("vkGetPhysicalDeviceExternalBufferPropertiesKHR", externalBuffer);
  HOOK("vkGetPhysicalDeviceExternalImageFormatPropertiesNV", externalImageNv);
#undef HOOK
  return nullptr;
}

}  // namespace chain

#include "capture/import_rules.h"

namespace reprise {
namespace {

// Everything that a device only reads. A usage that is not listed counts as written.
constexpr VkFlags kReadOnlyUsage =
    VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT |
    VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT | VK_BUFFER_USAGE_INDEX_BUFFER_BIT |
    VK_BUFFER_USAGE_VERTEX_BUFFER_BIT | VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT |
    VK_BUFFER_USAGE_CONDITIONAL_RENDERING_BIT_EXT | VK_BUFFER_USAGE_SHADER_BINDING_TABLE_BIT_KHR |
    VK_BUFFER_USAGE_ACCELERATION_STRUCTURE_BUILD_INPUT_READ_ONLY_BIT_KHR;

template <class T>
const T& as(const VkBaseInStructure& node) {
  return reinterpret_cast<const T&>(node);
}

const VkBaseInStructure* first(const void* chain) { return static_cast<const VkBaseInStructure*>(chain); }

bool isUsageFlags2([[maybe_unused]] const VkBaseInStructure& node) {
#if defined(VK_KHR_maintenance5)
  return node.sType == VK_STRUCTURE_TYPE_BUFFER_USAGE_FLAGS_2_CREATE_INFO_KHR;
#else
  return false;
#endif
}

// Imports may have them, as long as no opaque address is asked for (VUID-VkMemoryAllocateInfo-pNext-03332).
constexpr VkFlags kAddressFlags =
    VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT | VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT;

}  // namespace

AllocationChain readChain(const VkMemoryAllocateInfo& info) {
  AllocationChain chain;
  for (const VkBaseInStructure* node = first(info.pNext); node; node = node->pNext) {
    switch (node->sType) {
      case VK_STRUCTURE_TYPE_MEMORY_PRIORITY_ALLOCATE_INFO_EXT:
        break;
      case VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO:
        if (as<VkMemoryAllocateFlagsInfo>(*node).flags & ~kAddressFlags) chain.plain = false;
        break;
      case VK_STRUCTURE_TYPE_MEMORY_OPAQUE_CAPTURE_ADDRESS_ALLOCATE_INFO:
        if (as<VkMemoryOpaqueCaptureAddressAllocateInfo>(*node).opaqueCaptureAddress) chain.plain = false;
        break;
      case VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO: {
        const auto& dedicated = as<VkMemoryDedicatedAllocateInfo>(*node);
        if (dedicated.image != VK_NULL_HANDLE || dedicated.buffer != VK_NULL_HANDLE) chain.plain = false;
        break;
      }
      case VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO:
        chain.exported |= as<VkExportMemoryAllocateInfo>(*node).handleTypes != 0;
        chain.plain &= !chain.exported;
        break;
      case VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO_NV:
        chain.exported = true;
        chain.plain = false;
        break;
      case VK_STRUCTURE_TYPE_DEDICATED_ALLOCATION_MEMORY_ALLOCATE_INFO_NV:
        chain.plain = false;
        break;
      case VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT:
        chain.host_pointer = as<VkImportMemoryHostPointerInfoEXT>(*node).pHostPointer;
        [[fallthrough]];
      default:
        chain.plain = false;
        chain.foreign = true;
    }
  }
  return chain;
}

bool mayAddExternalNode(const VkBufferCreateInfo& info) {
  if (info.flags & VK_BUFFER_CREATE_PROTECTED_BIT) return false;
  for (const VkBaseInStructure* node = first(info.pNext); node; node = node->pNext)
    if (!isUsageFlags2(*node)) return false;
  return true;
}

bool deviceMayWrite(const VkBufferCreateInfo& info) {
  for (const VkBaseInStructure* node = first(info.pNext); node; node = node->pNext) {
#if defined(VK_KHR_maintenance5)
    if (isUsageFlags2(*node))
      return as<VkBufferUsageFlags2CreateInfoKHR>(*node).usage & ~VkFlags64{kReadOnlyUsage};
#endif
  }
  return info.usage & ~kReadOnlyUsage;
}

}  // namespace reprise

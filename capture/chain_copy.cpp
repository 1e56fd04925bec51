#include "capture/chain_copy.h"

#include <vulkan/vk_layer.h>

#include <algorithm>

namespace reprise::capture {
namespace {

// The loader's nodes are in no registry.
size_t sizeOf(VkStructureType type) {
  return type == VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO ? sizeof(VkLayerDeviceCreateInfo)
                                                             : structSize(type);
}

}  // namespace

bool ChainCopy::isCopy(const void* node) const {
  return std::any_of(nodes_.begin(), nodes_.end(), [&](const auto& copy) { return copy.data() == node; });
}

void* ChainCopy::change(const void*& next, VkStructureType type) {
  for (auto* node = static_cast<const VkBaseInStructure*>(next);; node = node->pNext) {
    if (node == nullptr || sizeOf(node->sType) == 0) return nullptr;
    if (node->sType == type) break;
  }
  const void** link = &next;
  for (;;) {
    auto* node = static_cast<const VkBaseInStructure*>(*link);
    if (!isCopy(node)) {
      const auto* bytes = reinterpret_cast<const std::byte*>(node);
      nodes_.emplace_back(bytes, bytes + sizeOf(node->sType));
      *link = nodes_.back().data();
    }
    auto* copy = reinterpret_cast<VkBaseOutStructure*>(const_cast<void*>(*link));
    if (copy->sType == type) return copy;
    link = const_cast<const void**>(reinterpret_cast<void**>(&copy->pNext));
  }
}

}  // namespace reprise::capture

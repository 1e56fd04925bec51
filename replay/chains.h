// Looking for and taking out nodes of a decoded pNext chain. Pure functions on the caller's structs.
#pragma once

#include "format/arguments.h"
#include "format/vk.h"

namespace reprise {

template <class T>
T* findInChain(const void* next, VkStructureType type) {
  for (auto* node = static_cast<const VkBaseInStructure*>(next); node; node = node->pNext)
    if (node->sType == type) return reinterpret_cast<T*>(const_cast<VkBaseInStructure*>(node));
  return nullptr;
}

// True if a node of that type was there.
inline bool removeFromChain(const void*& next, VkStructureType type) {
  bool removed = false;
  const void** link = &next;
  while (*link) {
    auto* node = static_cast<VkBaseInStructure*>(const_cast<void*>(*link));
    if (node->sType == type) {
      *link = node->pNext;
      removed = true;
    } else {
      link = reinterpret_cast<const void**>(&node->pNext);
    }
  }
  return removed;
}

}  // namespace reprise

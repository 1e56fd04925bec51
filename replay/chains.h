// Looking for and taking out nodes of a decoded pNext chain. Pure functions on the caller's structs.
#pragma once

#include <new>

#include "format/arena.h"
#include "format/arguments.h"
#include "format/vk.h"

namespace reprise {

template <class T>
T* findInChain(const void* next, VkStructureType type) {
  for (auto* node = static_cast<const VkBaseInStructure*>(next); node; node = node->pNext)
    if (node->sType == type) return reinterpret_cast<T*>(const_cast<VkBaseInStructure*>(node));
  return nullptr;
}

template <class T>
T* newNode(Arena& arena, VkStructureType type) {
  auto* node = arena.allocateArray<T>(1);
  if (node == nullptr) throw std::bad_alloc();
  node->sType = type;
  return node;
}

template <class T>
void addToChain(const void*& next, T* node) {
  node->pNext = const_cast<void*>(next);
  next = node;
}

// Puts `made` into the place of the node of that type; false if there is none.
template <class T>
bool replaceInChain(const void*& next, VkStructureType type, T* made) {
  auto* node = reinterpret_cast<VkBaseInStructure*>(made);
  for (const void** link = &next; *link;) {
    const auto* old = static_cast<const VkBaseInStructure*>(*link);
    if (old->sType == type) {
      node->pNext = old->pNext;
      *link = node;
      return true;
    }
    link = reinterpret_cast<const void**>(&const_cast<VkBaseInStructure*>(old)->pNext);
  }
  return false;
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

// Copies of a pNext chain's first nodes, for a call of ours that differs from the program's in one of them.
//
// The nodes behind the changed one stay the program's. Owns the copies; one call's, one thread. May throw
// std::bad_alloc.
#pragma once

#include <cstddef>
#include <vector>

#include "format/vk.h"

namespace reprise::capture {

class ChainCopy {
 public:
  ChainCopy() = default;
  ChainCopy(const ChainCopy&) = delete;
  ChainCopy& operator=(const ChainCopy&) = delete;

  // A copy of the first node of that type, hung into the chain with copies of those before it; `next` is a
  // create info's of ours. Null, and nothing changed: there is none, or one of unknown size stands before it.
  void* change(const void*& next, VkStructureType type);

 private:
  bool isCopy(const void* node) const;

  std::vector<std::vector<std::byte>> nodes_;
};

template <class T>
const T* findNode(const void* next, VkStructureType type) {
  for (auto* node = static_cast<const VkBaseInStructure*>(next); node; node = node->pNext)
    if (node->sType == type) return reinterpret_cast<const T*>(node);
  return nullptr;
}

}  // namespace reprise::capture

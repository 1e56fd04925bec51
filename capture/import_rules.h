// Which allocations and buffers may be turned into imported host memory without the program noticing.
//
// Pure functions over create infos and their chains.
#pragma once

#include "format/vk.h"

namespace reprise {

struct AllocationChain {
  bool plain = true;             // nothing that an import would contradict
  bool foreign = false;          // the contents come from elsewhere, or may do
  bool exported = false;         // another device, API or process may write it
  void* host_pointer = nullptr;  // the program imports memory of its own
};
AllocationChain readChain(const VkMemoryAllocateInfo& info);

bool mayAddExternalNode(const VkBufferCreateInfo& info);

// By its usage: can the device change the buffer's contents?
bool deviceMayWrite(const VkBufferCreateInfo& info);

}  // namespace reprise

// Which external payload (VkDeviceMemory, VkSemaphore, VkFence) a handle stands for, as numbers that hold
// where handle values do not: descriptors are duplicated, passed around, closed and given out again.
//
// exporting() and importing() write one PayloadRecord into this thread's lane, directly before the call; they
// look at descriptors before a driver takes them. exported() and imported() come after the driver's call and
// remember. Numbers count from 1 in this process; a forked child counts anew. An object keeps its number, an
// import takes that of what it imports, a copy (SYNC_FD) is a new one each time; 0 came from outside. Any
// thread.
//
// Two descriptors are known as one by their inode where it is the payload's own (memfd, dma-buf). Where it is
// not (character devices such as NVIDIA's, anonymous inodes), the kernel compares files (kcmp) with a
// duplicate of ours. That one is kept as long as the exporting object lives, which keeps the payload alive
// anyway; of the last 64 exports. Limits: without such a duplicate, or where kcmp is not permitted, a number
// that looks as it did is taken for what it was. A forked child inherits the duplicates until it executes
// another program.
#pragma once

#include "format/vk.h"

namespace reprise::capture::payloads {

// What a call exports: a handle's kind tells how it is known again.
enum class HandleForm { kDescriptor, kValue };

// Returns the number that exported() is to be given.
uint64_t exporting(VkDevice device, VkObjectType type, uint64_t object, bool copies);
void exported(uint64_t payload, HandleForm form, uint64_t handle, VkDevice device, VkObjectType type,
              uint64_t object);

uint64_t importing(HandleForm form, uint64_t handle);
// `takes`: the object has this payload from now on (a permanent import). The handle was the driver's to take
// if it is a descriptor.
void imported(uint64_t payload, HandleForm form, uint64_t handle, VkDevice device, VkObjectType type,
              uint64_t object, bool takes);

// Memory imported by what this chain holds. `any`: there is such a node.
struct Import {
  bool any = false;
  bool host_pointer = false;
  HandleForm form = HandleForm::kValue;
  uint64_t handle = 0;
};
Import importOf(const VkMemoryAllocateInfo& info);
uint64_t importing(const Import& import);

// Before the driver's destroy call.
void objectGone(VkDevice device, VkObjectType type, uint64_t object);
void deviceGone(VkDevice device);

}  // namespace reprise::capture::payloads

// Mapped memory, as the layer's hooks see it: each function stands for the driver's call of that name.
//
// Allocations that allow it get two views (see two_views.h): the driver imports one as host memory, the
// program is given the other, and what it writes there is recorded at each scan; other host-visible memory is
// compared. Everything else passes through. What the program changed goes out on the memory lane, ticketed,
// before scanBeforeSubmit() returns. Any thread. A forked child starts with nothing.
//
// MemoryChange::generation counts the successful vkAllocateMemory calls in host-visible memory of this
// process; a change belongs to the allocation of its device and handle that lives at the change's order. A
// change whose memory was freed just before it in that order is the program writing to what it was giving up:
// of no effect.
#pragma once

#include "format/vk.h"

namespace reprise::memory {

// `shows_own_pages`: the program may be shown pages of the layer's in place of the driver's mapping.
void deviceCreated(VkDevice created, const Dispatch& device, VkPhysicalDevice physical,
                   const Dispatch& instance, bool shows_own_pages);
void deviceDestroyed(VkDevice device);  // after the driver's call

VkResult allocate(const Dispatch& driver, AllocateMemoryCall& call);
void free(const Dispatch& driver, FreeMemoryCall& call);
VkResult map(const Dispatch& driver, MapMemoryCall& call);
void unmap(const Dispatch& driver, UnmapMemoryCall& call);
#if defined(VK_VERSION_1_4)
VkResult map(const Dispatch& driver, MapMemory2Call& call);
VkResult unmap(const Dispatch& driver, UnmapMemory2Call& call);
#elif defined(VK_KHR_map_memory2)
VkResult map(const Dispatch& driver, MapMemory2KHRCall& call);
VkResult unmap(const Dispatch& driver, UnmapMemory2KHRCall& call);
#endif

VkResult createBuffer(const Dispatch& driver, CreateBufferCall& call);
// Answers for the buffer that createBuffer() would make.
void getDeviceBufferMemoryRequirements(const Dispatch& driver, GetDeviceBufferMemoryRequirementsCall& call);
// After the driver's call. They tell where the device may write.
void bound(const Dispatch& driver, const BindBufferMemoryCall& call);
void bound(const Dispatch& driver, const BindBufferMemory2Call& call);
void bound(const Dispatch& driver, const BindImageMemoryCall& call);
void bound(const Dispatch& driver, const BindImageMemory2Call& call);
void bound(const QueueBindSparseCall& call, VkDevice device);  // before the driver's call: any of this memory

// Before the driver's call, and before its own ticket is drawn: submits of any kind, vkSetEvent,
// vkSignalSemaphore, host builds and copies. A free of mapped memory needs none.
void scanBeforeSubmit();
void unmapping();                                                // likewise, before unmap()
void flushed(const FlushMappedMemoryRangesCall& call);           // likewise
void invalidated(const InvalidateMappedMemoryRangesCall& call);  // after the driver's call
// After a call that told the program that the device is done with something, before the program knows.
void waited();

const char*
methodName();  // of what this process has now: "two views", "beside", "compare", "assisted" or "none"

}  // namespace reprise::memory

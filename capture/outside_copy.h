// Copies what an object from outside holds into the trace: the layer's only work of its own on the GPU.
//
// One command pool, command buffer, fence and staging buffer a device and queue family, made at first use,
// destroyed with the device. copyOutside() submits to the program's queue, inside the program's own submit to
// it, so the queue is this thread's. Any thread; one copy at a time a family.
#pragma once

#include <span>

#include "capture/layer.h"
#include "capture/outside_contents.h"

namespace reprise::capture::outside {

struct Waits {
  std::span<const VkSemaphore> semaphores;
  std::span<const uint64_t> values;  // as many; empty: the device has no timeline semaphores
};

// Acquires each object from outside, writes its contents as ContentsRecords into this thread's lane, and
// releases it again in the same layout. Whatever cannot be copied becomes a hole. True if the semaphores were
// waited for: by work that is done now, whose dependencies cover all that follows on the queue.
bool copyOutside(const NextLayer& next, VkQueue queue, uint32_t family, std::span<const Acquire> acquires,
                 const Waits& waits);

void destroyCopiers(const NextLayer& next);  // before the driver's vkDestroyDevice

}  // namespace reprise::capture::outside

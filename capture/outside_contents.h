// Which buffers and images another process or API may write, and where a command buffer acquires them from
// there.
//
// External images and buffers are remembered from their creation, buffers in imported memory as never seen,
// and each queue family acquire from VK_QUEUE_FAMILY_EXTERNAL or FOREIGN by the command buffer that it was
// recorded into. outside_submit.h captures what they hold when they are submitted. A program without external
// objects pays active(), a relaxed load, a call. Calls here follow the driver's unless said otherwise. Any
// thread, one mutex; a forked child starts with nothing.
//
// A command buffer's acquires are forgotten when it begins again or is freed; those of a pool that is reset
// or destroyed stay until the handle is used again or the device goes: before a new begin it cannot be
// submitted.
#pragma once

#include <atomic>
#include <span>
#include <string>
#include <vector>

#include "format/vk.h"
#include "format/vk_formats.h"

namespace reprise::capture::outside {

struct Object {
  VkDevice device = VK_NULL_HANDLE;
  uint64_t handle = 0;
  VkObjectType type = VK_OBJECT_TYPE_UNKNOWN;
  bool concurrent = false;         // shared among queue families: no family owns it
  const char* obstacle = nullptr;  // why its contents cannot be copied
  VkDeviceSize size = 0;           // buffers
  const FormatInfo* format = nullptr;
  VkExtent3D extent{};
  uint32_t mips = 0, layers = 0;
};

struct Acquire {
  Object object;
  uint32_t from = VK_QUEUE_FAMILY_EXTERNAL;  // or VK_QUEUE_FAMILY_FOREIGN_EXT
  VkImageLayout layout = VK_IMAGE_LAYOUT_UNDEFINED;
  VkImageSubresourceRange range{};     // images
  VkDeviceSize offset = 0, bytes = 0;  // buffers
};

extern constinit std::atomic<bool> anything;
inline bool active() { return anything.load(std::memory_order_relaxed); }

void deviceCreated(const VkDeviceCreateInfo& info);  // until a device can share memory, nothing is tracked
void created(const CreateBufferCall& call);
void created(const CreateImageCall& call);
void destroying(VkDevice device, VkObjectType type, uint64_t handle);  // before the driver's call
void imported(VkDevice device, VkDeviceMemory memory);  // from a handle, not from a host pointer
void freeing(VkDevice device, VkDeviceMemory memory);   // before the driver's call
void bound(const BindBufferMemoryCall& call);
void bound(const BindBufferMemory2Call& call);

void begun(VkCommandBuffer commands);
void freeing(const FreeCommandBuffersCall& call);  // before the driver's call
void recorded(const CmdPipelineBarrierCall& call);
void recorded(const CmdPipelineBarrier2Call& call);
void recorded(const CmdWaitEventsCall& call);
void recorded(const CmdWaitEvents2Call& call);
void recorded(const CmdExecuteCommandsCall& call);

void queueIs(VkQueue queue, VkDevice device, uint32_t family);
void semaphoreIsTimeline(VkDevice device, VkSemaphore semaphore);
void deviceGone(VkDevice device);

// ---- For the submit

// What a batch of these command buffers acquires, buffers of `device` that were imported and never seen
// included; they count as seen from now on.
std::vector<Acquire> acquiresOf(VkDevice device, std::span<const VkCommandBuffer> commands);
uint32_t familyOf(VkQueue queue);  // VK_QUEUE_FAMILY_IGNORED if unknown
bool isTimeline(VkDevice device, VkSemaphore semaphore);
// Once an object: a hole and a warning that its contents from outside are missing.
void missing(const Object& object, const std::string& why);

}  // namespace reprise::capture::outside

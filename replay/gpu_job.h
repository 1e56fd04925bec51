// Work of the replay's own on a queue: one command buffer, one fence, used again and again.
//
// begin() waits for the previous use. Must be destroyed before its device. One thread.
// Every function returns the driver's VkResult; nothing of it is the program's.
#pragma once

#include <vector>

#include "format/vk.h"

namespace reprise {

struct Device;

class GpuJob {
 public:
  GpuJob() = default;
  ~GpuJob() { destroy(); }
  GpuJob(GpuJob&& other) noexcept { *this = std::move(other); }
  GpuJob& operator=(GpuJob&& other) noexcept;

  VkResult create(Device& device, uint32_t family);
  void destroy();
  VkResult begin();
  VkCommandBuffer commands() const { return commands_; }
  // A layout change that orders all work before it before all work after it.
  void barrier(VkImage image, VkImageLayout from, VkImageLayout to) const;
  VkResult submit(VkQueue queue, const std::vector<VkSemaphore>& waits,
                  const std::vector<VkSemaphore>& signals);
  VkResult wait();

 private:
  Device* device_ = nullptr;
  VkCommandPool pool_ = VK_NULL_HANDLE;
  VkCommandBuffer commands_ = VK_NULL_HANDLE;
  VkFence fence_ = VK_NULL_HANDLE;
  bool pending_ = false;
};

// A submit without commands.
VkResult submitEmpty(Device& device, VkQueue queue, const std::vector<VkSemaphore>& waits,
                     const std::vector<VkSemaphore>& signals, VkFence fence);

}  // namespace reprise

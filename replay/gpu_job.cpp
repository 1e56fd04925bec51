#include "replay/gpu_job.h"

#include <utility>

#include "replay/session.h"

namespace reprise {

GpuJob& GpuJob::operator=(GpuJob&& other) noexcept {
  std::swap(device_, other.device_);
  std::swap(pool_, other.pool_);
  std::swap(commands_, other.commands_);
  std::swap(fence_, other.fence_);
  std::swap(pending_, other.pending_);
  return *this;
}

VkResult GpuJob::create(Device& device, uint32_t family) {
  device_ = &device;
  const Dispatch& d = device.dispatch;
  const VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr,
                                     VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, family};
  VkResult result = d.CreateCommandPool(device.live, &pool, nullptr, &pool_);
  if (result != VK_SUCCESS) return result;
  const VkCommandBufferAllocateInfo buffers{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, nullptr, pool_,
                                            VK_COMMAND_BUFFER_LEVEL_PRIMARY, 1};
  result = d.AllocateCommandBuffers(device.live, &buffers, &commands_);
  if (result != VK_SUCCESS) return result;
  const VkFenceCreateInfo fence{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, nullptr, 0};
  return d.CreateFence(device.live, &fence, nullptr, &fence_);
}

void GpuJob::destroy() {
  if (device_ == nullptr) return;
  (void)wait();
  device_->dispatch.DestroyFence(device_->live, fence_, nullptr);
  device_->dispatch.DestroyCommandPool(device_->live, pool_, nullptr);
  device_ = nullptr;
  fence_ = VK_NULL_HANDLE;
  pool_ = VK_NULL_HANDLE;
}

VkResult GpuJob::begin() {
  const VkResult result = wait();
  if (result != VK_SUCCESS) return result;
  const VkCommandBufferBeginInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr,
                                      VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, nullptr};
  return device_->dispatch.BeginCommandBuffer(commands_, &info);
}

void GpuJob::barrier(VkImage image, VkImageLayout from, VkImageLayout to) const {
  const VkAccessFlags all = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
  const VkImageMemoryBarrier barrier{VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
                                     nullptr,
                                     all,
                                     all,
                                     from,
                                     to,
                                     VK_QUEUE_FAMILY_IGNORED,
                                     VK_QUEUE_FAMILY_IGNORED,
                                     image,
                                     {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, VK_REMAINING_ARRAY_LAYERS}};
  device_->dispatch.CmdPipelineBarrier(commands_, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                                       VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, nullptr, 0, nullptr, 1,
                                       &barrier);
}

VkResult GpuJob::submit(VkQueue queue, const std::vector<VkSemaphore>& waits,
                        const std::vector<VkSemaphore>& signals) {
  VkResult result = device_->dispatch.EndCommandBuffer(commands_);
  if (result != VK_SUCCESS) return result;
  const std::vector<VkPipelineStageFlags> stages(waits.size(), VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
  const VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO,
                          nullptr,
                          static_cast<uint32_t>(waits.size()),
                          waits.data(),
                          stages.data(),
                          1,
                          &commands_,
                          static_cast<uint32_t>(signals.size()),
                          signals.data()};
  result = device_->dispatch.QueueSubmit(queue, 1, &info, fence_);
  pending_ = result == VK_SUCCESS;
  return result;
}

VkResult GpuJob::wait() {
  if (!pending_) return VK_SUCCESS;
  const VkResult result =
      device_->dispatch.WaitForFences(device_->live, 1, &fence_, VK_TRUE, Player::kWaitLimitNs);
  if (result == VK_TIMEOUT) return result;  // still in use
  pending_ = false;
  if (result != VK_SUCCESS) return result;
  return device_->dispatch.ResetFences(device_->live, 1, &fence_);
}

VkResult submitEmpty(Device& device, VkQueue queue, const std::vector<VkSemaphore>& waits,
                     const std::vector<VkSemaphore>& signals, VkFence fence) {
  const std::vector<VkPipelineStageFlags> stages(waits.size(), VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
  const VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO,
                          nullptr,
                          static_cast<uint32_t>(waits.size()),
                          waits.data(),
                          stages.data(),
                          0,
                          nullptr,
                          static_cast<uint32_t>(signals.size()),
                          signals.data()};
  return device.dispatch.QueueSubmit(queue, 1, &info, fence);
}

}  // namespace reprise

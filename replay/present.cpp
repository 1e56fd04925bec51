// What happens to an image of the program's between vkAcquireNextImageKHR and vkQueuePresentKHR.
#include <cinttypes>
#include <cstdio>

#include "replay/chains.h"
#include "replay/session.h"
#include "replay/window.h"

namespace reprise {

// Our images are free as soon as the copy of their last present is done: what the program waits for is
// signalled behind that copy, on the same queue.
Status Window::acquired(Swapchain& swapchain, uint32_t index, VkSemaphore semaphore, VkFence fence) {
  Status status = ensureImages(swapchain, size_t{index} + 1);
  if (!status || (!semaphore && !fence)) return status;
  Device& device = *swapchain.device;
  const VkQueue queue = swapchain.last_queue ? swapchain.last_queue : device.first_queue;
  std::vector<VkSemaphore> signals;
  if (semaphore) signals.push_back(semaphore);
  const VkResult result = submitEmpty(device, queue, {}, signals, fence);
  if (result == VK_ERROR_DEVICE_LOST) player_.failureSeen();
  if (result != VK_SUCCESS)
    player_.difference(Difference::kReplay,
                       "signalling that an image is free returned " + std::string(resultName(result)));
  return Status::ok();
}

void Window::label(VkQueue queue, const Device& device, const Picture& picture) {
  if (!device.instance->has_debug_utils || !device.dispatch.QueueInsertDebugUtilsLabelEXT) return;
  char text[160];
  std::snprintf(text, sizeof text,
                "reprise present frame=%u image=0x%" PRIx64 " width=%u height=%u format=%u layout=%u",
                player_.event().frame, valueOf(picture.image), picture.extent.width, picture.extent.height,
                static_cast<unsigned>(picture.format), static_cast<unsigned>(picture.layout));
  const VkDebugUtilsLabelEXT label{VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT, nullptr, text, {}};
  device.dispatch.QueueInsertDebugUtilsLabelEXT(queue, &label);
}

// Copies the program's image to the next one of the real swapchain, which is then to be presented.
Status Window::copyToReal(VkQueue queue, Swapchain& swapchain, const Picture& picture, RealPresent& present) {
  Device& device = *swapchain.device;
  const Dispatch& d = device.dispatch;
  const auto family = device.families.find(queue);
  const uint32_t family_index = family == device.families.end() ? device.first_family : family->second;
  Swapchain::Slot& slot = swapchain.slots[swapchain.next_slot++ % swapchain.slots.size()];
  if (slot.job.commands() == VK_NULL_HANDLE && slot.job.create(device, family_index) != VK_SUCCESS)
    return player_.error(Code::kCannotRun, "no command buffer for the copy to the window");
  VkResult result = slot.job.begin();
  uint32_t index = 0;
  if (result == VK_SUCCESS)
    result = d.AcquireNextImageKHR(device.live, swapchain.real, Player::kWaitLimitNs, slot.acquired,
                                   VK_NULL_HANDLE, &index);
  if (result == VK_ERROR_DEVICE_LOST) player_.failureSeen();
  if ((result != VK_SUCCESS && result != VK_SUBOPTIMAL_KHR) || index >= swapchain.real_images.size()) {
    player_.note("some frames were not shown in the window: " + std::string(resultName(result)));
    return Status::ok();
  }
  const VkImage real = swapchain.real_images[index];
  slot.job.barrier(picture.image, picture.layout, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
  slot.job.barrier(real, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
  const VkImageSubresourceLayers layers{VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
  const VkImageCopy region{
      layers, {0, 0, 0}, layers, {0, 0, 0}, {picture.extent.width, picture.extent.height, 1}};
  d.CmdCopyImage(slot.job.commands(), picture.image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, real,
                 VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
  slot.job.barrier(real, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, VK_IMAGE_LAYOUT_PRESENT_SRC_KHR);
  slot.job.barrier(picture.image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, picture.layout);
  result = slot.job.submit(queue, {slot.acquired}, {swapchain.copied[index]});
  if (result == VK_ERROR_DEVICE_LOST) player_.failureSeen();
  if (result != VK_SUCCESS) {
    player_.difference(Difference::kReplay,
                       "the copy to the window returned " + std::string(resultName(result)));
    return Status::ok();
  }
  present.copied.push_back(swapchain.copied[index]);
  present.swapchains.push_back(swapchain.real);
  present.indices.push_back(index);
  return Status::ok();
}

// One call for all swapchains of the program's call: what counts frames below takes it for one frame, and
// FIFO waits once.
void Window::presentReal(VkQueue queue, const Device& device, const RealPresent& present) {
  if (present.swapchains.empty()) return;
  std::vector<VkResult> results(present.swapchains.size(), VK_SUCCESS);
  const VkPresentInfoKHR info{VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
                              nullptr,
                              static_cast<uint32_t>(present.copied.size()),
                              present.copied.data(),
                              static_cast<uint32_t>(present.swapchains.size()),
                              present.swapchains.data(),
                              present.indices.data(),
                              results.data()};
  const VkResult result = device.dispatch.QueuePresentKHR(queue, &info);
  if (result == VK_ERROR_DEVICE_LOST) player_.failureSeen();
  results.push_back(result);
  for (const VkResult one : results)
    if (one < 0) player_.note("some frames were not shown in the window: " + std::string(resultName(one)));
}

Status Window::presentOne(VkQueue queue, Swapchain& swapchain, uint32_t image_index, uint32_t position,
                          RealPresent& present) {
  Status status = ensureImages(swapchain, size_t{image_index} + 1);
  if (!status) return status;
  swapchain.last_queue = queue;
  const VkPresentModeKHR mode = swapchain.info.presentMode;
  const bool shared = mode == VK_PRESENT_MODE_SHARED_DEMAND_REFRESH_KHR ||
                      mode == VK_PRESENT_MODE_SHARED_CONTINUOUS_REFRESH_KHR;
  const Picture picture{swapchain.images[image_index], swapchain.info.imageFormat, swapchain.info.imageExtent,
                        shared ? VK_IMAGE_LAYOUT_SHARED_PRESENT_KHR : VK_IMAGE_LAYOUT_PRESENT_SRC_KHR};
  if (player_.screenshots().wanted(player_.event().frame)) {
    if (screenshotTexelSize(picture.format) == 0)
      player_.note("no screenshots of swapchains of format " + std::to_string(picture.format));
    const Result<std::string> name =
        player_.screenshots().save(*swapchain.device, queue, picture, player_.event().frame, position);
    if (!name) return name.status();
    if (!name.value().empty())
      player_.wrotePicture(name.value(), swapchain.captured, swapchain.number, image_index);
  }
  if (swapchain.real) return copyToReal(queue, swapchain, picture, present);
  label(queue, *swapchain.device, picture);
  return Status::ok();
}

Status Window::present(VkQueue queue, const VkPresentInfoKHR& info) {
  if (info.swapchainCount && (!info.pSwapchains || !info.pImageIndices))
    return player_.error(Code::kUnreadable, "presents without naming swapchains and images");
  Device& device = *player_.device();
  if (info.waitSemaphoreCount && info.pWaitSemaphores) {
    const std::vector<VkSemaphore> waits(info.pWaitSemaphores,
                                         info.pWaitSemaphores + info.waitSemaphoreCount);
    const VkResult result = submitEmpty(device, queue, waits, {}, VK_NULL_HANDLE);
    if (result == VK_ERROR_DEVICE_LOST) player_.failureSeen();
    if (result != VK_SUCCESS)
      player_.difference(Difference::kReplay,
                         "the present's waits returned " + std::string(resultName(result)));
  }
  RealPresent present;
  Status status;
  for (uint32_t i = 0; status && i < info.swapchainCount; ++i) {
    auto* swapchain = reinterpret_cast<Swapchain*>(info.pSwapchains[i]);
    status = swapchain ? presentOne(queue, *swapchain, info.pImageIndices[i], i, present)
                       : player_.error(Code::kUnreadable, "presents a swapchain that is null");
  }
  presentReal(queue, device, present);
  if (!status) return status;
#ifdef VK_EXT_swapchain_maintenance1
  const auto* fences = findInChain<VkSwapchainPresentFenceInfoEXT>(
      info.pNext, VK_STRUCTURE_TYPE_SWAPCHAIN_PRESENT_FENCE_INFO_EXT);
  for (uint32_t i = 0; fences && fences->pFences && i < fences->swapchainCount; ++i)
    if (fences->pFences[i]) (void)submitEmpty(device, queue, {}, {}, fences->pFences[i]);
#endif
  return Status::ok();
}

}  // namespace reprise

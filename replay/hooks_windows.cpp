// Surfaces and swapchains: the replay's own.
#include "replay/hooks.h"
#include "replay/issue.h"

namespace reprise {
namespace {

Status acquire(Player& player, VkSwapchainKHR swapchain, const uint32_t* captured_index,
               VkSemaphore semaphore, VkFence fence) {
  if (!swapchain || !captured_index) return Status::ok();
  return player.window().acquired(*reinterpret_cast<Swapchain*>(swapchain), *captured_index, semaphore,
                                  fence);
}

}  // namespace

Status hook(Player& player, AcquireNextImage2KHRCall& call, AcquireNextImage2KHRCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !call.pAcquireInfo) return Status::ok();
  Status status = mapInputs(player, call);
  if (!status) return status;
  return acquire(player, call.pAcquireInfo->swapchain, captured.pImageIndex, call.pAcquireInfo->semaphore,
                 call.pAcquireInfo->fence);
}

Status hook(Player& player, AcquireNextImageKHRCall& call, AcquireNextImageKHRCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result)) return Status::ok();
  Status status = mapInputs(player, call);
  if (!status) return status;
  return acquire(player, call.swapchain, captured.pImageIndex, call.semaphore, call.fence);
}

Status hook(Player& player, CreateSharedSwapchainsKHRCall& call, CreateSharedSwapchainsKHRCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result)) return Status::ok();
  for (uint32_t i = 0; call.pCreateInfos && i < call.swapchainCount; ++i)
    shareAmong(player, const_cast<VkSwapchainCreateInfoKHR&>(call.pCreateInfos[i]));
  Status status = mapInputs(player, call);
  for (uint32_t i = 0; status && call.pCreateInfos && captured.pSwapchains && i < call.swapchainCount; ++i)
    status = player.window().createSwapchain(call.pCreateInfos[i], valueOf(captured.pSwapchains[i]));
  return status;
}

Status hook(Player& player, CreateSwapchainKHRCall& call, CreateSwapchainKHRCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !call.pCreateInfo ||
      !captured.pSwapchain)
    return Status::ok();
  shareAmong(player, const_cast<VkSwapchainCreateInfoKHR&>(*call.pCreateInfo));
  Status status = mapInputs(player, call);
  if (!status) return status;
  return player.window().createSwapchain(*call.pCreateInfo, valueOf(*captured.pSwapchain));
}

Status hook(Player& player, DestroySurfaceKHRCall&, DestroySurfaceKHRCall& captured) {
  const HandleMap::Id id = player.find(HandleKind::kVkSurfaceKHR, valueOf(captured.surface));
  if (!id) return notAlive(player, captured.kId, HandleKind::kVkSurfaceKHR, valueOf(captured.surface));
  player.window().destroySurface(reinterpret_cast<Surface*>(player.handles().at(id).live));
  player.handles().drop(id);
  return Status::ok();
}

Status hook(Player& player, DestroySwapchainKHRCall&, DestroySwapchainKHRCall& captured) {
  const HandleMap::Id id = player.find(HandleKind::kVkSwapchainKHR, valueOf(captured.swapchain));
  if (!id) return notAlive(player, captured.kId, HandleKind::kVkSwapchainKHR, valueOf(captured.swapchain));
  player.window().destroySwapchain(reinterpret_cast<Swapchain*>(player.handles().at(id).live));
  player.handles().drop(id);
  return Status::ok();
}

Status hook(Player& player, GetSwapchainImagesKHRCall&, GetSwapchainImagesKHRCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !captured.pSwapchainImageCount)
    return Status::ok();
  const auto address = player.live<VkSwapchainKHR>(valueOf(captured.swapchain));
  if (!address) return player.unknownHandle(HandleKind::kVkSwapchainKHR, valueOf(captured.swapchain));
  return player.window().swapchainImages(*reinterpret_cast<Swapchain*>(address), valueOf(captured.swapchain),
                                         captured.pSwapchainImages, *captured.pSwapchainImageCount);
}

}  // namespace reprise

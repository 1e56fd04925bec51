#include "replay/window.h"

#include <algorithm>
#include <span>

#include "replay/chains.h"
#include "replay/session.h"

namespace reprise {
namespace {

constexpr uint32_t kMaxImages = 64;  // no driver hands out as many; a hostile trace may ask for more
constexpr uint32_t kMaxExtent = 16384;

}  // namespace

Status Window::open() {
  if (decided_) return Status::ok();
  decided_ = true;
  if (player_.options().wsi == Wsi::kHeadless) return Status::ok();
  display_ = XcbDisplay::open();
  if (display_ || player_.options().wsi == Wsi::kAuto) return Status::ok();
  return Status(Code::kCannotRun,
                "no X server answers at $DISPLAY; start one (Xvfb will do) or replay with --wsi headless");
}

void Window::fallBackToHeadless(const std::string& why) {
  if (!display_) return;
  player_.note("presents are headless: " + why);
  display_.reset();
}

Status Window::createSurface(uint64_t captured) {
  surfaces_.push_back({player_.instance(), VK_NULL_HANDLE, 0});
  Surface& surface = surfaces_.back();
  player_.learn(HandleKind::kVkSurfaceKHR, captured, reinterpret_cast<uint64_t>(&surface));
  if (!isXcb() || !player_.instance()->has_xcb_surface) return Status::ok();
  surface.window = display_->createWindow(64, 64);
  VkXcbSurfaceCreateInfoKHR info{};
  info.sType = VK_STRUCTURE_TYPE_XCB_SURFACE_CREATE_INFO_KHR;
  info.connection = display_->connection();
  info.window = surface.window;
  const VkResult result = player_.instance()->dispatch.CreateXcbSurfaceKHR(player_.instance()->live, &info,
                                                                           nullptr, &surface.real);
  if (result != VK_SUCCESS)
    return player_.error(Code::kCannotRun,
                         "vkCreateXcbSurfaceKHR returned " + std::string(resultName(result)));
  return Status::ok();
}

void Window::destroySurface(Surface* surface) {
  if (surface->real)
    surface->instance->dispatch.DestroySurfaceKHR(surface->instance->live, surface->real, nullptr);
  if (surface->window && display_) display_->destroyWindow(surface->window);
  for (Swapchain& swapchain : swapchains_)
    if (swapchain.surface == surface) swapchain.surface = nullptr;
  surfaces_.remove_if([&](const Surface& s) { return &s == surface; });
}

Status Window::createSwapchain(const VkSwapchainCreateInfoKHR& info, uint64_t captured) {
  if (info.imageExtent.width == 0 || info.imageExtent.width > kMaxExtent || info.imageExtent.height == 0 ||
      info.imageExtent.height > kMaxExtent || info.imageArrayLayers == 0 || info.imageArrayLayers > 2048)
    return player_.error(Code::kUnreadable, "the swapchain's images would have an impossible size");
  swapchains_.emplace_back();
  Swapchain& swapchain = swapchains_.back();
  swapchain.device = player_.device();
  swapchain.captured = captured;
  swapchain.number = ++count_;
  swapchain.surface = reinterpret_cast<Surface*>(info.surface);
  swapchain.info = info;
  if (info.imageSharingMode == VK_SHARING_MODE_CONCURRENT && info.pQueueFamilyIndices)
    swapchain.families.assign(info.pQueueFamilyIndices,
                              info.pQueueFamilyIndices + info.queueFamilyIndexCount);
  const auto* views =
      findInChain<VkImageFormatListCreateInfo>(info.pNext, VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO);
  if (views && views->pViewFormats)
    swapchain.view_formats.assign(views->pViewFormats, views->pViewFormats + views->viewFormatCount);
  swapchain.info.pNext = nullptr;
  swapchain.info.pQueueFamilyIndices = nullptr;
  swapchain.info.oldSwapchain = VK_NULL_HANDLE;
  player_.learn(HandleKind::kVkSwapchainKHR, captured, reinterpret_cast<uint64_t>(&swapchain));
  auto* old = reinterpret_cast<Swapchain*>(info.oldSwapchain);
  if (swapchain.surface && swapchain.surface->real &&
      !createReal(swapchain, old ? old->real : VK_NULL_HANDLE)) {
    player_.note("a swapchain has no counterpart on this X server: its presents are headless");
    destroyReal(swapchain);
  }
  return Status::ok();
}

void Window::destroySwapchain(Swapchain* swapchain) {
  const Dispatch& d = swapchain->device->dispatch;
  destroyReal(*swapchain);
  for (VkImage image : swapchain->images) d.DestroyImage(swapchain->device->live, image, nullptr);
  for (VkDeviceMemory memory : swapchain->memories) d.FreeMemory(swapchain->device->live, memory, nullptr);
  swapchains_.remove_if([&](const Swapchain& s) { return &s == swapchain; });
}

VkResult Window::createImage(Swapchain& swapchain, VkImage& image, VkDeviceMemory& memory) {
  Device& device = *swapchain.device;
  const Dispatch& d = device.dispatch;
  const VkSwapchainCreateInfoKHR& from = swapchain.info;
  VkImageFormatListCreateInfo views{};
  views.sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO;
  views.viewFormatCount = static_cast<uint32_t>(swapchain.view_formats.size());
  views.pViewFormats = swapchain.view_formats.data();
  VkImageCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO;
  if (from.flags & VK_SWAPCHAIN_CREATE_MUTABLE_FORMAT_BIT_KHR) {
    info.flags |= VK_IMAGE_CREATE_MUTABLE_FORMAT_BIT | VK_IMAGE_CREATE_EXTENDED_USAGE_BIT;
    if (!swapchain.view_formats.empty()) info.pNext = &views;
  }
  info.imageType = VK_IMAGE_TYPE_2D;
  info.format = from.imageFormat;
  info.extent = {from.imageExtent.width, from.imageExtent.height, 1};
  info.mipLevels = 1;
  info.arrayLayers = from.imageArrayLayers;
  info.samples = VK_SAMPLE_COUNT_1_BIT;
  info.tiling = VK_IMAGE_TILING_OPTIMAL;
  info.usage =
      from.imageUsage | VK_IMAGE_USAGE_TRANSFER_SRC_BIT;  // for the copy to the window, and read-backs
  info.sharingMode = from.imageSharingMode;
  info.queueFamilyIndexCount = static_cast<uint32_t>(swapchain.families.size());
  info.pQueueFamilyIndices = swapchain.families.data();
  VkResult result = d.CreateImage(device.live, &info, nullptr, &image);
  if (result != VK_SUCCESS) return result;
  if (isForHostCopies(info))
    device.host_images[image] = {{info.format, info.arrayLayers}, info.format};
  VkMemoryRequirements needs{};
  d.GetImageMemoryRequirements(device.live, image, &needs);
  const uint32_t type =
      chooseMemoryType(device.memory, needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0);
  if (type == UINT32_MAX) return VK_ERROR_OUT_OF_DEVICE_MEMORY;
  const VkMemoryAllocateInfo allocate{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, needs.size, type};
  result = d.AllocateMemory(device.live, &allocate, nullptr, &memory);
  return result != VK_SUCCESS ? result : d.BindImageMemory(device.live, image, memory, 0);
}

Status Window::ensureImages(Swapchain& swapchain, size_t count) {
  if (count > kMaxImages)
    return player_.error(Code::kUnreadable, "names image " + std::to_string(count - 1) + " of a swapchain");
  while (swapchain.images.size() < count) {
    VkImage image = VK_NULL_HANDLE;
    VkDeviceMemory memory = VK_NULL_HANDLE;
    const VkResult result = createImage(swapchain, image, memory);
    swapchain.images.push_back(image);
    swapchain.memories.push_back(memory);
    if (result != VK_SUCCESS)
      return player_.error(Code::kCannotRun, "an image like the swapchain's cannot be made on this device: " +
                                                 std::string(resultName(result)));
  }
  return Status::ok();
}

Status Window::swapchainImages(Swapchain& swapchain, uint64_t captured_swapchain, const VkImage* captured,
                               uint32_t count) {
  Status status = ensureImages(swapchain, count);
  if (!status) return status;
  const HandleMap::Id parent = player_.find(HandleKind::kVkSwapchainKHR, captured_swapchain);
  for (uint32_t i = 0; captured && i < count; ++i) {
    const HandleMap::Id known = player_.find(HandleKind::kVkImage, valueOf(captured[i]));
    if (known && player_.handles().at(known).live == valueOf(swapchain.images[i])) continue;
    player_.learn(HandleKind::kVkImage, valueOf(captured[i]), valueOf(swapchain.images[i]), parent);
  }
  return Status::ok();
}

VkDeviceMemory Window::imageMemory(Swapchain& swapchain, uint32_t index) {
  return index < kMaxImages && ensureImages(swapchain, index + 1) ? swapchain.memories[index]
                                                                  : VK_NULL_HANDLE;
}

// Fills in what the surface allows that comes nearest to the capture; false if the format cannot be had.
bool Window::describeReal(Swapchain& swapchain, VkSwapchainCreateInfoKHR& info) {
  Device& device = *swapchain.device;
  const Dispatch& d = device.instance->dispatch;
  const VkSurfaceKHR surface = swapchain.surface->real;
  if (!device.extensions.contains(VK_KHR_SWAPCHAIN_EXTENSION_NAME)) return false;
  VkBool32 supported = VK_FALSE;
  if (d.GetPhysicalDeviceSurfaceSupportKHR(device.gpu, device.first_family, surface, &supported) !=
          VK_SUCCESS ||
      !supported)
    return false;
  display_->resize(swapchain.surface->window, swapchain.info.imageExtent.width,
                   swapchain.info.imageExtent.height);
  VkSurfaceCapabilitiesKHR caps{};
  if (d.GetPhysicalDeviceSurfaceCapabilitiesKHR(device.gpu, surface, &caps) != VK_SUCCESS) return false;
  uint32_t count = 0;
  d.GetPhysicalDeviceSurfaceFormatsKHR(device.gpu, surface, &count, nullptr);
  std::vector<VkSurfaceFormatKHR> formats(count);
  d.GetPhysicalDeviceSurfaceFormatsKHR(device.gpu, surface, &count, formats.data());
  formats.resize(count);
  const auto format = std::find_if(formats.begin(), formats.end(), [&](const VkSurfaceFormatKHR& f) {
    return f.format == swapchain.info.imageFormat;
  });
  if (format == formats.end() || !(caps.supportedUsageFlags & VK_IMAGE_USAGE_TRANSFER_DST_BIT)) return false;
  const bool same_space = std::any_of(formats.begin(), formats.end(), [&](const VkSurfaceFormatKHR& f) {
    return f.format == swapchain.info.imageFormat && f.colorSpace == swapchain.info.imageColorSpace;
  });
  d.GetPhysicalDeviceSurfacePresentModesKHR(device.gpu, surface, &count, nullptr);
  std::vector<VkPresentModeKHR> modes(count);
  d.GetPhysicalDeviceSurfacePresentModesKHR(device.gpu, surface, &count, modes.data());
  info.sType = VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR;
  info.surface = surface;
  info.minImageCount = std::max(caps.minImageCount, swapchain.info.minImageCount);
  if (caps.maxImageCount) info.minImageCount = std::min(info.minImageCount, caps.maxImageCount);
  info.imageFormat = format->format;
  info.imageColorSpace = same_space ? swapchain.info.imageColorSpace : format->colorSpace;
  info.imageExtent = caps.currentExtent.width == UINT32_MAX ? swapchain.info.imageExtent : caps.currentExtent;
  info.imageArrayLayers = 1;
  info.imageUsage = VK_IMAGE_USAGE_TRANSFER_DST_BIT;
  info.imageSharingMode = VK_SHARING_MODE_EXCLUSIVE;
  info.preTransform = caps.currentTransform;
  info.compositeAlpha =
      caps.supportedCompositeAlpha & swapchain.info.compositeAlpha
          ? swapchain.info.compositeAlpha
          : VkCompositeAlphaFlagBitsKHR(caps.supportedCompositeAlpha & -caps.supportedCompositeAlpha);
  const bool same_mode = std::find(modes.begin(), modes.end(), swapchain.info.presentMode) != modes.end();
  info.presentMode = same_mode ? swapchain.info.presentMode : VK_PRESENT_MODE_FIFO_KHR;
  info.clipped = VK_FALSE;
  return info.imageExtent.width == swapchain.info.imageExtent.width &&
         info.imageExtent.height == swapchain.info.imageExtent.height;
}

bool Window::createReal(Swapchain& swapchain, VkSwapchainKHR old) {
  Device& device = *swapchain.device;
  const Dispatch& d = device.dispatch;
  VkSwapchainCreateInfoKHR info{};
  if (!describeReal(swapchain, info)) return false;
  info.oldSwapchain = old;
  if (d.CreateSwapchainKHR(device.live, &info, nullptr, &swapchain.real) != VK_SUCCESS) return false;
  uint32_t count = 0;
  if (d.GetSwapchainImagesKHR(device.live, swapchain.real, &count, nullptr) != VK_SUCCESS) return false;
  swapchain.real_images.resize(count);
  return d.GetSwapchainImagesKHR(device.live, swapchain.real, &count, swapchain.real_images.data()) ==
             VK_SUCCESS &&
         createSlots(swapchain);
}

bool Window::createSlots(Swapchain& swapchain) {
  Device& device = *swapchain.device;
  const VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, nullptr, 0};
  swapchain.copied.resize(swapchain.real_images.size());
  for (VkSemaphore& semaphore : swapchain.copied)
    if (device.dispatch.CreateSemaphore(device.live, &info, nullptr, &semaphore) != VK_SUCCESS) return false;
  swapchain.slots.resize(swapchain.real_images.size() + 1);
  for (Swapchain::Slot& slot : swapchain.slots)
    if (device.dispatch.CreateSemaphore(device.live, &info, nullptr, &slot.acquired) != VK_SUCCESS)
      return false;
  return true;
}

void Window::destroyReal(Swapchain& swapchain) {
  Device& device = *swapchain.device;
  const Dispatch& d = device.dispatch;
  if (swapchain.last_queue) (void)d.QueueWaitIdle(swapchain.last_queue);
  for (Swapchain::Slot& slot : swapchain.slots) {
    slot.job.destroy();
    d.DestroySemaphore(device.live, slot.acquired, nullptr);
  }
  swapchain.slots.clear();
  if (swapchain.real) d.DestroySwapchainKHR(device.live, swapchain.real, nullptr);
  swapchain.real = VK_NULL_HANDLE;
  for (VkSemaphore semaphore : swapchain.copied) d.DestroySemaphore(device.live, semaphore, nullptr);
  swapchain.copied.clear();
  swapchain.real_images.clear();
}

void Window::deviceGone(Device* device) {
  for (auto it = swapchains_.begin(); it != swapchains_.end();) {
    Swapchain& swapchain = *it++;
    if (swapchain.device == device) destroySwapchain(&swapchain);
  }
}

void Window::instanceGone(Instance* instance) {
  for (auto it = surfaces_.begin(); it != surfaces_.end();) {
    Surface& surface = *it++;
    if (surface.instance == instance) destroySurface(&surface);
  }
}

}  // namespace reprise

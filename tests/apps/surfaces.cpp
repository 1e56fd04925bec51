// Swapchains that come and go while the program runs.
//
// surfaces CASE [FILE]: headless: no window (VK_EXT_headless_surface), three swapchains, each from the one
// before; maintenance: VK_EXT_swapchain_maintenance1; xcb: a window that is resized between frames; two: one
// present for two windows, of which one is resized; threads: one loads textures, one records, one presents.
// Each picture has one colour, and a corner of it is in the result.
#include "drawing.h"

#include <xcb/xcb.h>

#include <vulkan/vulkan_xcb.h>

#include <condition_variable>
#include <mutex>
#include <thread>

namespace {

using app::Scene;

struct Surface {
  VkSurfaceKHR handle = VK_NULL_HANDLE;
  xcb_window_t window = 0;
  VkExtent2D extent{};
  VkSwapchainKHR swapchain = VK_NULL_HANDLE;
  std::vector<VkImage> images;
  uint32_t current = 0;
};

struct Display {
  xcb_connection_t* connection = nullptr;
  xcb_screen_t* screen = nullptr;
};

Display openDisplay() {
  Display display;
  display.connection = xcb_connect(nullptr, nullptr);
  REQUIRE(xcb_connection_has_error(display.connection) == 0);
  display.screen = xcb_setup_roots_iterator(xcb_get_setup(display.connection)).data;
  return display;
}

// Returns once the server has done all that came before.
void settle(const Display& display) {
  std::free(xcb_get_input_focus_reply(display.connection, xcb_get_input_focus(display.connection), nullptr));
}

Surface createWindow(Scene& scene, const Display& display, VkExtent2D extent) {
  Surface surface;
  surface.extent = extent;
  surface.window = xcb_generate_id(display.connection);
  xcb_create_window(display.connection, XCB_COPY_FROM_PARENT, surface.window, display.screen->root, 0, 0,
                    uint16_t(extent.width), uint16_t(extent.height), 0, XCB_WINDOW_CLASS_INPUT_OUTPUT,
                    display.screen->root_visual, 0, nullptr);
  xcb_map_window(display.connection, surface.window);
  settle(display);
  const VkXcbSurfaceCreateInfoKHR info{VK_STRUCTURE_TYPE_XCB_SURFACE_CREATE_INFO_KHR, nullptr, 0,
                                       display.connection, surface.window};
  CHECK(vkCreateXcbSurfaceKHR(scene.gpu.instance, &info, nullptr, &surface.handle));
  return surface;
}

void resize(const Display& display, Surface& surface, VkExtent2D extent) {
  surface.extent = extent;
  const uint32_t size[2] = {extent.width, extent.height};
  xcb_configure_window(display.connection, surface.window, XCB_CONFIG_WINDOW_WIDTH | XCB_CONFIG_WINDOW_HEIGHT,
                       size);
  settle(display);
}

void createSwapchain(Scene& scene, Surface& surface) {
  VkBool32 supported = VK_FALSE;
  CHECK(
      vkGetPhysicalDeviceSurfaceSupportKHR(scene.gpu.physical, scene.gpu.family, surface.handle, &supported));
  REQUIRE(supported);
  VkSurfaceCapabilitiesKHR caps{};
  CHECK(vkGetPhysicalDeviceSurfaceCapabilitiesKHR(scene.gpu.physical, surface.handle, &caps));
  if (surface.window) REQUIRE(caps.currentExtent.width == surface.extent.width);
  surface.extent.width =
      std::clamp(surface.extent.width, caps.minImageExtent.width, caps.maxImageExtent.width);
  surface.extent.height =
      std::clamp(surface.extent.height, caps.minImageExtent.height, caps.maxImageExtent.height);
  VkSwapchainCreateInfoKHR info{VK_STRUCTURE_TYPE_SWAPCHAIN_CREATE_INFO_KHR};
  info.surface = surface.handle;
  info.minImageCount = std::max(2u, caps.minImageCount);
  info.imageFormat = VK_FORMAT_B8G8R8A8_UNORM;
  info.imageExtent = surface.extent;
  info.imageArrayLayers = 1;
  info.imageUsage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
  info.preTransform = caps.currentTransform;
  info.compositeAlpha = VK_COMPOSITE_ALPHA_OPAQUE_BIT_KHR;
  info.presentMode = VK_PRESENT_MODE_FIFO_KHR;
  info.oldSwapchain = surface.swapchain;
  VkSwapchainKHR made = VK_NULL_HANDLE;
  CHECK(vkCreateSwapchainKHR(scene.gpu.device, &info, nullptr, &made));
  CHECK(vkDeviceWaitIdle(scene.gpu.device));
  vkDestroySwapchainKHR(scene.gpu.device, surface.swapchain, nullptr);
  surface.swapchain = made;
  uint32_t count = 0;
  CHECK(vkGetSwapchainImagesKHR(scene.gpu.device, made, &count, nullptr));
  surface.images.resize(count);
  CHECK(vkGetSwapchainImagesKHR(scene.gpu.device, made, &count, surface.images.data()));
}

void acquire(Scene& scene, Surface& surface) {
  const VkFence fence = app::createFence(scene.gpu);
  for (;;) {
    const VkResult result = vkAcquireNextImageKHR(scene.gpu.device, surface.swapchain, UINT64_MAX,
                                                  VK_NULL_HANDLE, fence, &surface.current);
    if (result == VK_SUCCESS || result == VK_SUBOPTIMAL_KHR) break;
    REQUIRE(result == VK_ERROR_OUT_OF_DATE_KHR);
    createSwapchain(scene, surface);
  }
  app::waitAndReset(scene.gpu, fence);
  vkDestroyFence(scene.gpu.device, fence, nullptr);
}

// One frame on all of the surfaces, with one present.
void frame(Scene& scene, std::span<Surface> surfaces, uint32_t number, const void* next = nullptr) {
  for (Surface& surface : surfaces) acquire(scene, surface);
  const VkDeviceSize at = scene.space(0);
  scene.once([&](VkCommandBuffer commands) {
    for (uint32_t i = 0; i < surfaces.size(); ++i) {
      const VkImage image = surfaces[i].images[surfaces[i].current];
      app::changeLayout(commands, image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
      const VkClearColorValue color{{float(number + 1) / 16, float(i), 0.5f, 1}};
      const VkImageSubresourceRange all = app::whole();
      vkCmdClearColorImage(commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &color, 1, &all);
      app::changeLayout(commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                        VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
      app::readBack(scene, commands, image, {8, 8, 1}, 256);
      app::changeLayout(commands, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                        VK_IMAGE_LAYOUT_PRESENT_SRC_KHR);
    }
  });
  REQUIRE(scene.found(at)[0] == scene.found(at)[63] && scene.found(at)[0] != 0);
  std::vector<VkSwapchainKHR> swapchains;
  std::vector<uint32_t> indices;
  for (Surface& surface : surfaces) {
    swapchains.push_back(surface.swapchain);
    indices.push_back(surface.current);
  }
  std::vector<VkResult> results(surfaces.size());
  const VkPresentInfoKHR present{VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
                                 next,
                                 0,
                                 nullptr,
                                 static_cast<uint32_t>(surfaces.size()),
                                 swapchains.data(),
                                 indices.data(),
                                 results.data()};
  const VkResult presented = vkQueuePresentKHR(scene.gpu.queue, &present);
  REQUIRE(presented == VK_SUCCESS || presented == VK_SUBOPTIMAL_KHR || presented == VK_ERROR_OUT_OF_DATE_KHR);
  for (uint32_t i = 0; i < surfaces.size(); ++i)
    if (results[i] != VK_SUCCESS) createSwapchain(scene, surfaces[i]);
}

void destroy(Scene& scene, Surface& surface) {
  CHECK(vkDeviceWaitIdle(scene.gpu.device));
  vkDestroySwapchainKHR(scene.gpu.device, surface.swapchain, nullptr);
  vkDestroySurfaceKHR(scene.gpu.instance, surface.handle, nullptr);
}

Surface createHeadless(Scene& scene) {
  const auto create = reinterpret_cast<PFN_vkCreateHeadlessSurfaceEXT>(
      vkGetInstanceProcAddr(scene.gpu.instance, "vkCreateHeadlessSurfaceEXT"));
  const VkHeadlessSurfaceCreateInfoEXT info{VK_STRUCTURE_TYPE_HEADLESS_SURFACE_CREATE_INFO_EXT};
  Surface surface;
  CHECK(create(scene.gpu.instance, &info, nullptr, &surface.handle));
  return surface;
}

void headless(Scene& scene) {
  scene.open({VK_KHR_SWAPCHAIN_EXTENSION_NAME});
  Surface surface = createHeadless(scene);
  uint32_t number = 0;
  for (const VkExtent2D extent : {VkExtent2D{64, 64}, VkExtent2D{100, 40}, VkExtent2D{64, 64}}) {
    surface.extent = extent;
    createSwapchain(scene, surface);
    for (uint32_t i = 0; i < 4; ++i) frame(scene, {&surface, 1}, number++);
  }
  destroy(scene, surface);
}

// Each present signals a fence; an image is acquired before it and given back unseen.
void maintenance(Scene& scene) {
  VkPhysicalDeviceSwapchainMaintenance1FeaturesEXT maintained{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SWAPCHAIN_MAINTENANCE_1_FEATURES_EXT};
  const app::Features features(scene.gpu, &maintained);
  NEED(maintained.swapchainMaintenance1);
  scene.open(features, {VK_KHR_SWAPCHAIN_EXTENSION_NAME, VK_EXT_SWAPCHAIN_MAINTENANCE_1_EXTENSION_NAME});
  Surface surface = createHeadless(scene);
  surface.extent = {64, 64};
  createSwapchain(scene, surface);
  const VkFence fence = app::createFence(scene.gpu);
  const VkSwapchainPresentFenceInfoEXT fences{VK_STRUCTURE_TYPE_SWAPCHAIN_PRESENT_FENCE_INFO_EXT, nullptr, 1,
                                              &fence};
  for (uint32_t number = 0; number < 4; ++number) {
    acquire(scene, surface);
    const VkReleaseSwapchainImagesInfoEXT unseen{VK_STRUCTURE_TYPE_RELEASE_SWAPCHAIN_IMAGES_INFO_EXT, nullptr,
                                                 surface.swapchain, 1, &surface.current};
    CHECK(COMMAND(scene.gpu, vkReleaseSwapchainImagesEXT)(scene.gpu.device, &unseen));
    frame(scene, {&surface, 1}, number, &fences);
    app::waitAndReset(scene.gpu, fence);
  }
  vkDestroyFence(scene.gpu.device, fence, nullptr);
  destroy(scene, surface);
}

// Every third frame the window has another size; once the program learns it from the driver only.
void xcb(Scene& scene) {
  scene.open({VK_KHR_SWAPCHAIN_EXTENSION_NAME});
  const Display display = openDisplay();
  Surface surface = createWindow(scene, display, {64, 64});
  createSwapchain(scene, surface);
  for (uint32_t number = 0; number < 12; ++number) {
    if (number % 3 == 2) {
      resize(display, surface, {64 + number * 8, 64 - number * 2});
      if (number != 5) createSwapchain(scene, surface);
    }
    frame(scene, {&surface, 1}, number);
  }
  destroy(scene, surface);
  xcb_disconnect(display.connection);
}

void two(Scene& scene) {
  scene.open({VK_KHR_SWAPCHAIN_EXTENSION_NAME});
  const Display display = openDisplay();
  Surface surfaces[2] = {createWindow(scene, display, {64, 64}), createWindow(scene, display, {100, 50})};
  for (Surface& surface : surfaces) createSwapchain(scene, surface);
  for (uint32_t number = 0; number < 6; ++number) {
    if (number == 3) {
      resize(display, surfaces[1], {40, 80});
      createSwapchain(scene, surfaces[1]);
    }
    frame(scene, surfaces, number);
  }
  for (Surface& surface : surfaces) destroy(scene, surface);
  xcb_disconnect(display.connection);
}

// Frames of a program whose threads load, record and present at once.
class Studio {
 public:
  static constexpr uint32_t kFrames = 12;

  Studio(Scene& scene, Surface& surface) : scene_(scene), surface_(surface) {
    for (VkDeviceSize& at : places_) at = scene.space(256);
  }

  void run() {
    std::thread loader([this] { load(); }), recorder([this] { record(); });
    for (uint32_t n = 0; n < kFrames; ++n) present(n);
    loader.join();
    recorder.join();
    CHECK(vkDeviceWaitIdle(scene_.gpu.device));
    for (const VkCommandPool pool : pools_) vkDestroyCommandPool(scene_.gpu.device, pool, nullptr);
    for (app::Image& texture : textures_) app::destroyImage(scene_.gpu, texture);
  }

 private:
  VkCommandPool makePool() {
    const VkCommandPoolCreateInfo info{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr, 0,
                                       scene_.gpu.family};
    VkCommandPool pool = VK_NULL_HANDLE;
    CHECK(vkCreateCommandPool(scene_.gpu.device, &info, nullptr, &pool));
    return pool;
  }
  void submit(VkCommandBuffer commands, VkFence fence) {
    const std::lock_guard lock(queue_);
    app::submit(scene_.gpu, commands, fence);
  }
  // Says that `counter` has grown, and waits until one has.
  void count(uint32_t& counter) {
    const std::lock_guard lock(state_);
    ++counter;
    changed_.notify_all();
  }
  void await(const uint32_t& counter, uint32_t value) {
    std::unique_lock lock(state_);
    changed_.wait(lock, [&] { return counter > value; });
  }

  void load() {
    pools_[0] = makePool();
    const VkFence fence = app::createFence(scene_.gpu);
    for (uint32_t n = 0; n < kFrames; ++n) {
      app::Buffer staging = app::createBuffer(scene_.gpu, 64 * 64 * 4, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
      for (uint32_t i = 0; i < 64 * 64; ++i)
        reinterpret_cast<uint32_t*>(staging.data)[i] = 0xff000000 + n * 0x131517;
      textures_[n] = app::createImage(
          scene_.gpu, app::imageInfo(VK_FORMAT_B8G8R8A8_UNORM, {64, 64, 1},
                                     VK_IMAGE_USAGE_TRANSFER_DST_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT |
                                         VK_IMAGE_USAGE_SAMPLED_BIT));
      const VkCommandBuffer commands = app::allocateCommands(scene_.gpu, pools_[0]);
      app::begin(commands);
      app::changeLayout(commands, textures_[n].handle, VK_IMAGE_LAYOUT_UNDEFINED,
                        VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
      const VkBufferImageCopy region{0, 0, 0, {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1}, {}, {64, 64, 1}};
      vkCmdCopyBufferToImage(commands, staging.handle, textures_[n].handle,
                             VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &region);
      app::changeLayout(commands, textures_[n].handle, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                        VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
      CHECK(vkEndCommandBuffer(commands));
      submit(commands, fence);
      app::waitAndReset(scene_.gpu, fence);
      app::destroyBuffer(scene_.gpu, staging);
      count(loaded_);
    }
    vkDestroyFence(scene_.gpu.device, fence, nullptr);
  }

  void record() {
    pools_[1] = makePool();
    for (uint32_t n = 0; n < kFrames; ++n) {
      await(loaded_, n);
      await(acquired_, n);
      const VkImage image = surface_.images[surface_.current];
      const VkCommandBuffer commands = recorded_commands_ = app::allocateCommands(scene_.gpu, pools_[1]);
      app::begin(commands);
      app::changeLayout(commands, image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
      const VkImageSubresourceLayers of{VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
      const VkImageCopy whole{of, {}, of, {}, {64, 64, 1}};
      vkCmdCopyImage(commands, textures_[n].handle, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, image,
                     VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1, &whole);
      app::changeLayout(commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                        VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
      const VkBufferImageCopy corner{places_[n], 0, 0, of, {}, {8, 8, 1}};
      vkCmdCopyImageToBuffer(commands, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, scene_.result.handle, 1,
                             &corner);
      app::changeLayout(commands, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                        VK_IMAGE_LAYOUT_PRESENT_SRC_KHR);
      app::makeVisibleToHost(commands);
      CHECK(vkEndCommandBuffer(commands));
      count(recorded_);
    }
  }

  void present(uint32_t n) {
    acquire(scene_, surface_);
    count(acquired_);
    await(recorded_, n);
    const VkFence fence = app::createFence(scene_.gpu);
    submit(recorded_commands_, fence);
    app::waitAndReset(scene_.gpu, fence);
    vkDestroyFence(scene_.gpu.device, fence, nullptr);
    const VkPresentInfoKHR info{VK_STRUCTURE_TYPE_PRESENT_INFO_KHR,
                                nullptr,
                                0,
                                nullptr,
                                1,
                                &surface_.swapchain,
                                &surface_.current,
                                nullptr};
    {
      const std::lock_guard lock(queue_);
      CHECK(vkQueuePresentKHR(scene_.gpu.queue, &info));
    }
    REQUIRE(scene_.found(places_[n])[63] == 0xff000000 + n * 0x131517);
  }

  Scene& scene_;
  Surface& surface_;
  VkDeviceSize places_[kFrames];
  app::Image textures_[kFrames];
  VkCommandPool pools_[2]{};
  VkCommandBuffer recorded_commands_ = VK_NULL_HANDLE;  // of the frame at hand
  std::mutex queue_, state_;
  std::condition_variable changed_;
  uint32_t loaded_ = 0, acquired_ = 0, recorded_ = 0;
};

void threads(Scene& scene) {
  scene.open({VK_KHR_SWAPCHAIN_EXTENSION_NAME});
  const Display display = openDisplay();
  Surface surface = createWindow(scene, display, {64, 64});
  createSwapchain(scene, surface);
  Studio(scene, surface).run();
  destroy(scene, surface);
  xcb_disconnect(display.connection);
}

const app::Names kXcb = {VK_KHR_SURFACE_EXTENSION_NAME, VK_KHR_XCB_SURFACE_EXTENSION_NAME};
const app::Case kCases[] = {
    {"headless", headless, {VK_KHR_SURFACE_EXTENSION_NAME, VK_EXT_HEADLESS_SURFACE_EXTENSION_NAME}},
    {"maintenance",
     maintenance,
     {VK_KHR_SURFACE_EXTENSION_NAME, VK_KHR_GET_SURFACE_CAPABILITIES_2_EXTENSION_NAME,
      VK_EXT_SURFACE_MAINTENANCE_1_EXTENSION_NAME, VK_EXT_HEADLESS_SURFACE_EXTENSION_NAME}},
    {"xcb", xcb, kXcb},
    {"two", two, kXcb},
    {"threads", threads, kXcb}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("surfaces", kCases, argc, argv); }

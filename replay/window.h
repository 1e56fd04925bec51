// Surfaces and swapchains of a replay.
//
// The program's swapchain images are ordinary images of ours, with the captured count, format, usage and
// extent; which one an acquire returns is what the capture says. Under an X server each present copies the
// image to a swapchain of our own; headless, each present is marked on its queue with the debug-utils label
//   reprise present frame=%u image=0x%llx width=%u height=%u format=%u layout=%u
// (the live VkImage and its layout at that point), so that any layer can read it back.
// In the handle map a surface or swapchain is the address of the struct below: never passed to a driver.
// One a Player, one thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "format/status.h"
#include "format/vk.h"
#include "replay/gpu_job.h"
#include "replay/screenshots.h"
#include "replay/xcb_display.h"

namespace reprise {

class Player;
struct Device;
struct Instance;

struct Surface {
  Instance* instance = nullptr;
  VkSurfaceKHR real = VK_NULL_HANDLE;  // null: headless
  uint32_t window = 0;
};

struct Swapchain {
  // What the copy to one image of the real swapchain needs.
  struct Slot {
    GpuJob job;
    VkSemaphore acquired = VK_NULL_HANDLE;
  };

  Device* device = nullptr;
  uint64_t captured = 0;
  uint64_t number = 0;  // "VkSwapchainKHR:1" of the trace: the first that it made
  Surface* surface = nullptr;
  VkSwapchainCreateInfoKHR info{};  // as captured, without its pointers
  std::vector<uint32_t> families;
  std::vector<VkFormat> view_formats;
  std::vector<VkImage> images;  // ours, the program's
  std::vector<VkDeviceMemory> memories;
  VkQueue last_queue = VK_NULL_HANDLE;  // that presented

  VkSwapchainKHR real = VK_NULL_HANDLE;  // null: headless
  std::vector<VkImage> real_images;
  std::vector<VkSemaphore> copied;  // one a real image
  std::vector<Slot> slots;
  size_t next_slot = 0;
};

class Window {
 public:
  explicit Window(Player& player) : player_(player) {}

  // Decides between xcb and headless, once; a Status if xcb was asked for and no X server answers.
  Status open();
  bool isXcb() const { return display_ != nullptr; }
  void fallBackToHeadless(const std::string& why);

  // -- calls; inputs are live, except surfaces and swapchains, which are addresses as described above
  Status createSurface(uint64_t captured);
  void destroySurface(Surface* surface);
  Status createSwapchain(const VkSwapchainCreateInfoKHR& info, uint64_t captured);
  void destroySwapchain(Swapchain* swapchain);
  Status swapchainImages(Swapchain& swapchain, uint64_t captured_swapchain, const VkImage* captured,
                         uint32_t count);
  Status acquired(Swapchain& swapchain, uint32_t index, VkSemaphore semaphore, VkFence fence);
  Status present(VkQueue queue, const VkPresentInfoKHR& info);
  // The memory of an image, for images that the program binds to it; null if there is no such image.
  VkDeviceMemory imageMemory(Swapchain& swapchain, uint32_t index);
  void deviceGone(Device* device);  // about to be destroyed
  void instanceGone(Instance* instance);

 private:
  // What one vkQueuePresentKHR of ours is given, an entry of each a swapchain.
  struct RealPresent {
    std::vector<VkSemaphore> copied;
    std::vector<VkSwapchainKHR> swapchains;
    std::vector<uint32_t> indices;
  };

  Status ensureImages(Swapchain& swapchain, size_t count);
  VkResult createImage(Swapchain& swapchain, VkImage& image, VkDeviceMemory& memory);
  bool createReal(Swapchain& swapchain, VkSwapchainKHR old);
  bool describeReal(Swapchain& swapchain, VkSwapchainCreateInfoKHR& info);
  bool createSlots(Swapchain& swapchain);
  void destroyReal(Swapchain& swapchain);
  Status presentOne(VkQueue queue, Swapchain& swapchain, uint32_t image_index, uint32_t position,
                    RealPresent& present);
  Status copyToReal(VkQueue queue, Swapchain& swapchain, const Picture& picture, RealPresent& present);
  void presentReal(VkQueue queue, const Device& device, const RealPresent& present);
  void label(VkQueue queue, const Device& device, const Picture& picture);

  Player& player_;
  bool decided_ = false;
  std::list<Surface> surfaces_;
  std::list<Swapchain> swapchains_;
  uint64_t count_ = 0;  // of swapchains so far
  std::unique_ptr<XcbDisplay> display_;
};

}  // namespace reprise

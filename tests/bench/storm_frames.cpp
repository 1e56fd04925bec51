#include <deque>

#include "storm.h"

namespace {

constexpr uint32_t kImagesPerFrame = 12;
constexpr uint32_t kFramesAlive = 3;  // that an image lives
constexpr uint32_t kCopiesPerFrame = 60;
constexpr size_t kNoiseBytes = 5000;  // that change each frame
constexpr VkDeviceSize kBufferBytes = 1 << 20;

// Each image has another size and a chain that may share it, so that no two calls are alike.
VkImage createImage(const app::Gpu& gpu, uint32_t number) {
  const VkExternalMemoryImageCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, nullptr,
                                                 VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT};
  const VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                               number % 4 == 0 ? &external : nullptr,
                               0,
                               VK_IMAGE_TYPE_2D,
                               VK_FORMAT_R8G8B8A8_UNORM,
                               {16 + number % 997, 16 + number % 89, 1},
                               1,
                               1,
                               VK_SAMPLE_COUNT_1_BIT,
                               VK_IMAGE_TILING_OPTIMAL,
                               VK_IMAGE_USAGE_SAMPLED_BIT,
                               VK_SHARING_MODE_EXCLUSIVE,
                               0,
                               nullptr,
                               VK_IMAGE_LAYOUT_UNDEFINED};
  VkImage image = VK_NULL_HANDLE;
  CHECK(vkCreateImage(gpu.device, &info, nullptr, &image));
  return image;
}

}  // namespace

void storm::frames(const Options& options) {
  app::Gpu gpu = app::createGpu("storm frames");
  app::Buffer from = app::createBuffer(gpu, kBufferBytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  app::Buffer to = app::createBuffer(gpu, kBufferBytes, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  const VkCommandBuffer commands = app::allocateCommands(gpu, gpu.pool);
  const VkFence fence = app::createFence(gpu);
  std::deque<VkImage> images;
  Random random(1);
  const auto start = Clock::now();
  for (uint32_t frame = 0; frame < options.frames; ++frame) {
    for (uint32_t i = 0; i < kImagesPerFrame; ++i)
      images.push_back(createImage(gpu, frame * kImagesPerFrame + i));
    while (images.size() > kImagesPerFrame * kFramesAlive) {
      vkDestroyImage(gpu.device, images.front(), nullptr);
      images.pop_front();
    }
    const size_t where = random.next() % (kBufferBytes - kNoiseBytes) / 8 * 8;
    for (size_t at = 0; at + 8 <= kNoiseBytes; at += 8) {
      const uint64_t value = random.next();
      std::memcpy(from.data + where + at, &value, sizeof value);
    }
    app::begin(commands);
    for (uint32_t i = 0; i < kCopiesPerFrame + frame % 40; ++i) {
      const VkBufferCopy region{i * 256, (frame % 1024) * 256, 256};
      vkCmdCopyBuffer(commands, from.handle, to.handle, 1, &region);
    }
    CHECK(vkEndCommandBuffer(commands));
    app::submit(gpu, commands, fence);
    app::waitAndReset(gpu, fence);
  }
  std::printf("storm frames frames=%u us_per_frame=%.2f\n", options.frames,
              secondsSince(start) * 1e6 / options.frames);
  for (const VkImage image : images) vkDestroyImage(gpu.device, image, nullptr);
  vkDestroyFence(gpu.device, fence, nullptr);
  app::destroyBuffer(gpu, to);
  app::destroyBuffer(gpu, from);
  app::destroyGpu(gpu);
}

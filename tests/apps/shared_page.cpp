// One allocation in which program and GPU write the same pages, though never the same bytes.
//
// shared_page [FILE]: the program writes the first half of the buffer, the GPU copies it, word for word, to
// the second half; the halves meet in the middle of a page. Several rounds: the second finds the GPU's bytes
// of the first around its own.
#include "app.h"

namespace {

constexpr VkDeviceSize kHalf = 3 * 4096 + 2048;
constexpr uint32_t kRounds = 4;

void copyHalf(const app::Gpu& gpu, VkCommandBuffer commands, VkFence fence, const app::Buffer& buffer) {
  app::begin(commands);
  const VkBufferCopy region{0, kHalf, kHalf};
  vkCmdCopyBuffer(commands, buffer.handle, buffer.handle, 1, &region);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
  app::submit(gpu, commands, fence);
  app::waitAndReset(gpu, fence);
}

}  // namespace

int main(int argc, char** argv) {
  app::Gpu gpu = app::createGpu("shared_page");
  app::Buffer buffer =
      app::createBuffer(gpu, 2 * kHalf, VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  const VkCommandBuffer commands = app::allocateCommands(gpu, gpu.pool);
  const VkFence fence = app::createFence(gpu);
  for (uint32_t round = 1; round <= kRounds; ++round) {
    auto* words = reinterpret_cast<uint32_t*>(buffer.data);
    for (uint32_t i = 0; i < kHalf / 4; ++i) words[i] = i * 2654435761u + round;
    copyHalf(gpu, commands, fence, buffer);
    REQUIRE(std::memcmp(buffer.data, buffer.data + kHalf, kHalf) == 0);
  }
  std::printf("split %" PRIu64 "\n", kHalf);
  app::report("output", buffer, argc > 1 ? argv[1] : nullptr);
  vkDestroyFence(gpu.device, fence, nullptr);
  app::destroyBuffer(gpu, buffer);
  app::destroyGpu(gpu);
  std::printf("ok shared_page\n");
}

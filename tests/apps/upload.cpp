// One large upload: mapped memory, written once, copied by the GPU to a second buffer.
//
// upload [MIB [FILE]]: 512 MiB unless told otherwise, more than the capture's whole arena holds.
#include "app.h"

int main(int argc, char** argv) {
  const VkDeviceSize size = (argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 512) << 20;
  app::Gpu gpu = app::createGpu("upload");
  app::Buffer source = app::createBuffer(gpu, size, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  app::Buffer copy = app::createBuffer(gpu, size, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  // Every page differs, each compresses well: the bytes must all pass, the file need not hold them raw.
  auto* words = reinterpret_cast<uint64_t*>(source.data);
  for (VkDeviceSize i = 0; i < size / 8; ++i) words[i] = (i / 512) * 0x9e3779b97f4a7c15u + i % 32;

  const VkCommandBuffer commands = app::allocateCommands(gpu, gpu.pool);
  const VkFence fence = app::createFence(gpu);
  app::begin(commands);
  const VkBufferCopy region{0, 0, size};
  vkCmdCopyBuffer(commands, source.handle, copy.handle, 1, &region);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
  app::submit(gpu, commands, fence);
  app::waitAndReset(gpu, fence);
  REQUIRE(std::memcmp(source.data, copy.data, size) == 0);
  app::report("output", copy, argc > 2 ? argv[2] : nullptr);
  vkDestroyFence(gpu.device, fence, nullptr);
  app::destroyBuffer(gpu, copy);
  app::destroyBuffer(gpu, source);
  app::destroyGpu(gpu);
  std::printf("ok upload\n");
}

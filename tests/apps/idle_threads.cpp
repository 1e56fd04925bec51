// A thousand threads each make a call and then idle, while one more works.
//
// idle_threads [THREADS [SUBMITS]]: what the idle ones hold of the capture's arena must leave the worker
// room.
#include <latch>
#include <thread>

#include "app.h"

int main(int argc, char** argv) {
  const int thread_count = argc > 1 ? std::atoi(argv[1]) : 1000;
  const int submits = argc > 2 ? std::atoi(argv[2]) : 1000;
  app::Gpu gpu = app::createGpu("idle_threads");
  std::latch called(thread_count);
  std::latch worked(1);
  std::vector<std::thread> threads;
  for (int i = 0; i < thread_count; ++i) {
    threads.emplace_back([&] {
      const VkFence fence = app::createFence(gpu);
      called.count_down();
      worked.wait();
      vkDestroyFence(gpu.device, fence, nullptr);
    });
  }
  called.wait();

  app::Buffer source = app::createBuffer(gpu, 64 * 1024, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  app::Buffer copy = app::createBuffer(gpu, 64 * 1024, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  const VkCommandBuffer commands = app::allocateCommands(gpu, gpu.pool);
  const VkFence fence = app::createFence(gpu);
  for (int submit = 0; submit < submits; ++submit) {
    std::memset(source.data, submit, source.size);
    app::begin(commands);
    const VkBufferCopy region{0, 0, source.size};
    vkCmdCopyBuffer(commands, source.handle, copy.handle, 1, &region);
    app::makeVisibleToHost(commands);
    CHECK(vkEndCommandBuffer(commands));
    app::submit(gpu, commands, fence);
    app::waitAndReset(gpu, fence);
    REQUIRE(std::memcmp(source.data, copy.data, source.size) == 0);
  }
  worked.count_down();
  for (std::thread& thread : threads) thread.join();
  vkDestroyFence(gpu.device, fence, nullptr);
  app::report("output", copy, nullptr);
  app::destroyBuffer(gpu, copy);
  app::destroyBuffer(gpu, source);
  app::destroyGpu(gpu);
  std::printf("ok idle_threads threads=%d\n", thread_count);
}

// Creates and destroys instances and devices 100 times, across 64 threads that exit.
//
// The loader unloads and loads layers again meanwhile, and what a thread recorded must outlive the thread.
#include <thread>

#include "app.h"

namespace {

constexpr int kThreads = 64;
constexpr int kRounds = 100;
constexpr int kAtOnce = 8;

void oneRound() {
  app::Gpu gpu = app::createGpu("instances");
  app::Buffer buffer = app::createBuffer(gpu, 4096, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  const VkCommandBuffer commands = app::allocateCommands(gpu, gpu.pool);
  const VkFence fence = app::createFence(gpu);
  app::begin(commands);
  vkCmdFillBuffer(commands, buffer.handle, 0, VK_WHOLE_SIZE, 0x600dcafe);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
  app::submit(gpu, commands, fence);
  app::waitAndReset(gpu, fence);
  for (int i = 0; i < 1024; ++i) REQUIRE(reinterpret_cast<uint32_t*>(buffer.data)[i] == 0x600dcafe);
  vkDestroyFence(gpu.device, fence, nullptr);
  app::destroyBuffer(gpu, buffer);
  app::destroyGpu(gpu);
}

}  // namespace

int main() {
  for (int first = 0; first < kThreads; first += kAtOnce) {
    std::vector<std::thread> threads;
    for (int i = first; i < first + kAtOnce; ++i) {
      // 64 threads, 100 rounds: the first 36 threads make two.
      threads.emplace_back([i] {
        for (int round = i; round < kRounds; round += kThreads) oneRound();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  std::printf("ok instances rounds=%d\n", kRounds);
}

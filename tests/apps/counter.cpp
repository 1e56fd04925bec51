// Counts, in a file that outlives it, the calls that have returned: the judge of every kill -9.
//
// counter FILE THREADS [LOOPS]: FILE (THREADS x kCommands 64-bit counters, in the order of the Command enum)
// is mapped shared, so what a counter says has happened survives SIGKILL. Without LOOPS it runs until
// SIGTERM.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <thread>

#include "app.h"

namespace {

enum Command { kCreateBuffer, kDestroyBuffer, kBegin, kFill, kEnd, kSubmit, kWait, kReset, kCommands };

using Counters = std::atomic<uint64_t>[kCommands];

std::mutex queue_mutex;
volatile std::sig_atomic_t stop = 0;

// Each counted call stands between two of these: first the call, then the count.
void count(Counters& counters, Command command) { counters[command].fetch_add(1, std::memory_order_release); }

void loop(const app::Gpu& gpu, const app::Buffer& target, Counters& counters, uint64_t loops) {
  const VkCommandPoolCreateInfo pool_info{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr,
                                          VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, gpu.family};
  VkCommandPool pool = VK_NULL_HANDLE;
  CHECK(vkCreateCommandPool(gpu.device, &pool_info, nullptr, &pool));
  const VkCommandBuffer commands = app::allocateCommands(gpu, pool);
  const VkFence fence = app::createFence(gpu);
  for (uint64_t i = 0; i < loops && !stop; ++i) {
    const VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                  nullptr,
                                  0,
                                  256 + i % 16 * 256,
                                  VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                                  VK_SHARING_MODE_EXCLUSIVE,
                                  0,
                                  nullptr};
    VkBuffer buffer = VK_NULL_HANDLE;
    CHECK(vkCreateBuffer(gpu.device, &info, nullptr, &buffer));
    count(counters, kCreateBuffer);
    vkDestroyBuffer(gpu.device, buffer, nullptr);
    count(counters, kDestroyBuffer);
    app::begin(commands);
    count(counters, kBegin);
    for (uint32_t k = 0; k < 4; ++k) {
      vkCmdFillBuffer(commands, target.handle, k * 64, 64, static_cast<uint32_t>(i));
      count(counters, kFill);
    }
    CHECK(vkEndCommandBuffer(commands));
    count(counters, kEnd);
    {
      std::lock_guard lock(queue_mutex);
      app::submit(gpu, commands, fence);
      count(counters, kSubmit);
    }
    CHECK(vkWaitForFences(gpu.device, 1, &fence, VK_TRUE, UINT64_MAX));
    count(counters, kWait);
    CHECK(vkResetFences(gpu.device, 1, &fence));
    count(counters, kReset);
  }
  vkDestroyFence(gpu.device, fence, nullptr);
  vkDestroyCommandPool(gpu.device, pool, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  REQUIRE(argc >= 3);
  std::signal(SIGTERM, [](int) { stop = 1; });
  const size_t thread_count = std::strtoul(argv[2], nullptr, 10);
  const uint64_t loops = argc > 3 ? std::strtoull(argv[3], nullptr, 10) : UINT64_MAX;
  const int file = open(argv[1], O_RDWR | O_CREAT | O_TRUNC, 0644);
  REQUIRE(file >= 0 && ftruncate(file, static_cast<off_t>(thread_count * sizeof(Counters))) == 0);
  void* page = mmap(nullptr, thread_count * sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  REQUIRE(page != MAP_FAILED);
  auto* counters = static_cast<Counters*>(page);

  app::Gpu gpu = app::createGpu("counter");
  app::Buffer target = app::createBuffer(gpu, 4096, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  count(counters[0], kCreateBuffer);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < thread_count; ++i) {
    threads.emplace_back([&, i] { loop(gpu, target, counters[i], loops); });
  }
  for (std::thread& thread : threads) thread.join();
  app::destroyBuffer(gpu, target);
  count(counters[0], kDestroyBuffer);
  app::destroyGpu(gpu);
  std::printf("ok counter\n");
}

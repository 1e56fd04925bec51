// Two threads that each write mapped memory just before each of thousands of submits.
//
// threads [FILE [SUBMITS]]: every submit copies what its thread has just written to a place of its own in the
// result, which the program checks and writes to FILE. The two threads' slots share pages, so a scan that
// steals the other thread's dirty pages, or files a write after the wrong submit, shows in the result.
#include <mutex>
#include <thread>

#include "app.h"

namespace {

constexpr uint32_t kThreads = 2;
constexpr uint32_t kSlots = 8;  // submits in flight for each thread
constexpr uint32_t kWords = 64;
constexpr VkDeviceSize kSlotBytes = kWords * 4;

std::mutex queue_mutex;

uint32_t wordOf(uint32_t thread, uint32_t submit, uint32_t word) {
  return (submit * kThreads + thread) * 2654435761u + word;
}

void run(const app::Gpu& gpu, const app::Buffer& source, const app::Buffer& result, uint32_t thread,
         uint32_t submits) {
  const VkCommandPoolCreateInfo pool_info{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr,
                                          VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, gpu.family};
  VkCommandPool pool = VK_NULL_HANDLE;
  CHECK(vkCreateCommandPool(gpu.device, &pool_info, nullptr, &pool));
  VkCommandBuffer commands[kSlots];
  VkFence fences[kSlots];
  for (uint32_t slot = 0; slot < kSlots; ++slot) {
    commands[slot] = app::allocateCommands(gpu, pool);
    fences[slot] = app::createFence(gpu, VK_FENCE_CREATE_SIGNALED_BIT);
  }
  for (uint32_t submit = 0; submit < submits; ++submit) {
    const uint32_t slot = submit % kSlots;
    const VkDeviceSize from = (slot * kThreads + thread) * kSlotBytes;
    app::waitAndReset(gpu, fences[slot]);
    auto* words = reinterpret_cast<uint32_t*>(source.data + from);
    for (uint32_t word = 0; word < kWords; ++word) words[word] = wordOf(thread, submit, word);
    app::begin(commands[slot]);
    const VkBufferCopy region{from, (VkDeviceSize{submit} * kThreads + thread) * kSlotBytes, kSlotBytes};
    vkCmdCopyBuffer(commands[slot], source.handle, result.handle, 1, &region);
    app::makeVisibleToHost(commands[slot]);
    CHECK(vkEndCommandBuffer(commands[slot]));
    std::lock_guard lock(queue_mutex);
    app::submit(gpu, commands[slot], fences[slot]);
  }
  CHECK(vkWaitForFences(gpu.device, kSlots, fences, VK_TRUE, UINT64_MAX));
  for (VkFence fence : fences) vkDestroyFence(gpu.device, fence, nullptr);
  vkDestroyCommandPool(gpu.device, pool, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  const uint32_t submits = argc > 2 ? static_cast<uint32_t>(std::atoi(argv[2])) : 2000;
  app::Gpu gpu = app::createGpu("threads");
  app::Buffer source =
      app::createBuffer(gpu, kThreads * kSlots * kSlotBytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  app::Buffer result =
      app::createBuffer(gpu, VkDeviceSize{submits} * kThreads * kSlotBytes, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] { run(gpu, source, result, thread, submits); });
  }
  for (std::thread& thread : threads) thread.join();
  const auto* words = reinterpret_cast<const uint32_t*>(result.data);
  for (uint32_t submit = 0; submit < submits; ++submit) {
    for (uint32_t thread = 0; thread < kThreads; ++thread) {
      for (uint32_t word = 0; word < kWords; ++word) REQUIRE(*words++ == wordOf(thread, submit, word));
    }
  }
  app::report("output", result, argc > 1 ? argv[1] : nullptr);
  app::destroyBuffer(gpu, result);
  app::destroyBuffer(gpu, source);
  app::destroyGpu(gpu);
  std::printf("ok threads submits=%u\n", submits * kThreads);
}

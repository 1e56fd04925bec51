// Threads that do all that programs do from many threads at once, each with what it made itself: objects come
// and go, commands are recorded, mapped memory is written just before each submit, results are read back.
//
// thread_storm [FILE [SECONDS [THREADS]]]: each thread counts up in a slot of its own by the GPU's hand:
// every round copies words that the thread has just written over the slot. What the slots hold at the end
// depends on the number of rounds alone, which differs from run to run; FILE gets it. One result, of all
// threads.
#include <chrono>
#include <mutex>
#include <thread>

#include "app.h"

namespace {

constexpr uint32_t kWords = 256;
constexpr VkDeviceSize kSlotBytes = kWords * 4;
constexpr uint32_t kCopies = 32;  // of each round, in shuffled pieces

std::mutex queue_mutex;

uint32_t wordOf(uint32_t thread, uint32_t round, uint32_t word) {
  return (round * 64 + thread) * 2654435761u + word * 40503u;
}

// Objects that live for one round: their handles are given out again and again, to other threads too.
class Passing {
 public:
  explicit Passing(const app::Gpu& gpu, uint32_t round) : gpu_(gpu) {
    buffer_ = app::createBuffer(gpu, 4096 + round % 7 * 4096, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
    const VkEventCreateInfo event{VK_STRUCTURE_TYPE_EVENT_CREATE_INFO};
    CHECK(vkCreateEvent(gpu.device, &event, nullptr, &event_));
    CHECK(vkSetEvent(gpu.device, event_));
    REQUIRE(vkGetEventStatus(gpu.device, event_) == VK_EVENT_SET);
  }
  ~Passing() {
    vkDestroyEvent(gpu_.device, event_, nullptr);
    app::destroyBuffer(gpu_, buffer_);
  }
  Passing(const Passing&) = delete;
  Passing& operator=(const Passing&) = delete;
  VkBuffer buffer() const { return buffer_.handle; }

 private:
  const app::Gpu& gpu_;
  app::Buffer buffer_;
  VkEvent event_ = VK_NULL_HANDLE;
};

void record(VkCommandBuffer commands, const app::Buffer& source, const app::Buffer& result, VkBuffer passing,
            VkDeviceSize slot, uint32_t round) {
  app::begin(commands);
  constexpr VkDeviceSize kPiece = kSlotBytes / kCopies;
  for (uint32_t i = 0; i < kCopies; ++i) {
    const VkDeviceSize at = (i * 7 + round) % kCopies * kPiece;
    const VkBufferCopy region{at, slot + at, kPiece};
    vkCmdCopyBuffer(commands, source.handle, result.handle, 1, &region);
  }
  vkCmdFillBuffer(commands, passing, 0, 4096, round);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
}

void run(const app::Gpu& gpu, const app::Buffer& result, uint32_t thread, double seconds) {
  const VkCommandPoolCreateInfo pool_info{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr,
                                          VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, gpu.family};
  VkCommandPool pool = VK_NULL_HANDLE;
  CHECK(vkCreateCommandPool(gpu.device, &pool_info, nullptr, &pool));
  const VkCommandBuffer commands = app::allocateCommands(gpu, pool);
  const VkFence fence = app::createFence(gpu);
  app::Buffer source = app::createBuffer(gpu, kSlotBytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  const VkDeviceSize slot = thread * kSlotBytes;
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  for (uint32_t round = 0; round == 0 || std::chrono::steady_clock::now() < end; ++round) {
    const Passing passing(gpu, round);
    auto* words = reinterpret_cast<uint32_t*>(source.data);
    for (uint32_t word = 0; word < kWords; ++word) words[word] = wordOf(thread, round, word);
    record(commands, source, result, passing.buffer(), slot, round);
    {
      const std::lock_guard lock(queue_mutex);
      app::submit(gpu, commands, fence);
    }
    app::waitAndReset(gpu, fence);
    const auto* found = reinterpret_cast<const uint32_t*>(result.data + slot);
    for (uint32_t word = 0; word < kWords; ++word) REQUIRE(found[word] == wordOf(thread, round, word));
  }
  app::destroyBuffer(gpu, source);
  vkDestroyFence(gpu.device, fence, nullptr);
  vkDestroyCommandPool(gpu.device, pool, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 2 ? std::atof(argv[2]) : 2;
  const auto count = argc > 3 ? static_cast<uint32_t>(std::atoi(argv[3])) : 8;
  app::Gpu gpu = app::createGpu("thread storm");
  app::Buffer result = app::createBuffer(gpu, count * kSlotBytes, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < count; ++thread)
    threads.emplace_back([&, thread] { run(gpu, result, thread, seconds); });
  for (std::thread& thread : threads) thread.join();
  app::report("output", result, argc > 1 ? argv[1] : nullptr);
  app::destroyBuffer(gpu, result);
  app::destroyGpu(gpu);
  std::printf("ok thread_storm threads=%u\n", count);
}

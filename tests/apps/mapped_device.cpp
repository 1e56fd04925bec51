// Mapped memory that the GPU writes, too.
//
// mapped_device CASE [FILE]: the program checks what it reads itself; the buffer that both write goes to
// FILE.
#include <sys/wait.h>
#include <unistd.h>

#include "app.h"

namespace {

constexpr uint32_t kWords = 6000;  // not a whole number of pages
constexpr uint32_t kRounds = 4;

struct Scene {
  app::Gpu gpu;
  app::Buffer source, shared;
  uint32_t* words = nullptr;  // of `shared`
};

uint32_t programs(uint32_t round, uint32_t i) { return i * 2654435761u + round * 77; }
uint32_t gpus(uint32_t round, uint32_t i) { return i * 40503u + round * 1234567; }

// The GPU copies every word of odd index from `source` to `shared`: it writes between the program's words.
VkCommandBuffer copyOddWords(const Scene& scene) {
  const VkCommandBuffer commands = app::allocateCommands(scene.gpu, scene.gpu.pool);
  std::vector<VkBufferCopy> regions;
  for (uint32_t i = 1; i < kWords; i += 2) regions.push_back({i * 4, i * 4, 4});
  app::begin(commands);
  vkCmdCopyBuffer(commands, scene.source.handle, scene.shared.handle, uint32_t(regions.size()),
                  regions.data());
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
  return commands;
}

VkCommandBuffer fillAll(const Scene& scene, uint32_t value) {
  const VkCommandBuffer commands = app::allocateCommands(scene.gpu, scene.gpu.pool);
  app::begin(commands);
  vkCmdFillBuffer(commands, scene.shared.handle, 0, VK_WHOLE_SIZE, value);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
  return commands;
}

// Program and GPU write neighbouring words of the same pages. An empty submit in between hands over what the
// program wrote while the GPU was, or had been, at work and the program had not waited for it.
void words(Scene& scene) {
  const VkFence fence = app::createFence(scene.gpu);
  const VkSubmitInfo nothing{VK_STRUCTURE_TYPE_SUBMIT_INFO};
  for (uint32_t round = 0; round < kRounds; ++round) {
    auto* source = reinterpret_cast<uint32_t*>(scene.source.data);
    for (uint32_t i = 0; i < kWords; ++i) source[i] = gpus(round, i);
    for (uint32_t i = 0; i < kWords; i += 4) scene.words[i] = programs(round, i);
    app::submit(scene.gpu, copyOddWords(scene), fence);
    for (uint32_t i = 2; i < kWords; i += 4) {
      scene.words[i] = programs(round, i);
      if (i % 512 == 2) CHECK(vkQueueSubmit(scene.gpu.queue, 1, &nothing, VK_NULL_HANDLE));
    }
    app::waitAndReset(scene.gpu, fence);
    for (uint32_t i = 0; i < kWords; ++i) REQUIRE(scene.words[i] == (i % 2 ? gpus : programs)(round, i));
  }
  vkDestroyFence(scene.gpu.device, fence, nullptr);
}

// After every kind of wait the program reads what the GPU wrote, and computes with it what it writes next.
void reads(Scene& scene) {
  const app::Gpu& gpu = scene.gpu;
  const VkFence fence = app::createFence(gpu);
  for (uint32_t round = 0; round < 3 * kRounds; ++round) {
    app::submit(gpu, fillAll(scene, scene.words[round] + 1000), fence);
    switch (round % 4) {
      case 0:
        CHECK(vkWaitForFences(gpu.device, 1, &fence, VK_TRUE, UINT64_MAX));
        break;
      case 1:
        while (vkGetFenceStatus(gpu.device, fence) != VK_SUCCESS) usleep(100);
        break;
      case 2:
        CHECK(vkQueueWaitIdle(gpu.queue));
        break;
      case 3:
        CHECK(vkDeviceWaitIdle(gpu.device));
        break;
    }
    for (uint32_t i = 0; i < kWords; ++i) REQUIRE(scene.words[i] == 1000 * (round + 1) + round);
    for (uint32_t i = round; i < kWords; i += 3) scene.words[i] += 1;
    CHECK(vkResetFences(gpu.device, 1, &fence));
    for (uint32_t i = round + 1; i < kWords; i += 3) scene.words[i] = scene.words[round];
  }
  vkDestroyFence(gpu.device, fence, nullptr);
}

// What the GPU wrote while the memory was not mapped.
void remapped(Scene& scene) {
  const app::Gpu& gpu = scene.gpu;
  for (uint32_t round = 0; round < kRounds; ++round) {
    scene.words[round] = programs(round, 0);
    vkUnmapMemory(gpu.device, scene.shared.memory);
    app::submit(gpu, fillAll(scene, gpus(round, 0)), VK_NULL_HANDLE);
    CHECK(vkQueueWaitIdle(gpu.queue));
    const VkDeviceSize offset = round % 2 ? 4096 + 256 : 0;
    void* data = nullptr;
    CHECK(vkMapMemory(gpu.device, scene.shared.memory, offset, VK_WHOLE_SIZE, 0, &data));
    scene.words = static_cast<uint32_t*>(data);
    for (uint32_t i = 0; i < kWords - offset / 4; ++i) REQUIRE(scene.words[i] == gpus(round, 0));
  }
  vkUnmapMemory(gpu.device, scene.shared.memory);
  void* data = nullptr;
  CHECK(vkMapMemory(gpu.device, scene.shared.memory, 0, VK_WHOLE_SIZE, 0, &data));
  scene.shared.data = static_cast<std::byte*>(data);
}

// The program forks while memory is mapped; the child lives on, and knows nothing of the parent's memory.
void forked(Scene& scene) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  for (uint32_t i = 0; i < kWords; ++i) scene.words[i] = programs(9, i);
  const pid_t child = fork();
  if (child == 0) {
    char end;
    close(ends[1]);
    _exit(read(ends[0], &end, 1) == 0 ? 0 : 1);
  }
  words(scene);
  close(ends[1]);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view wanted = argc > 1 ? argv[1] : "";
  Scene scene;
  scene.gpu = app::createGpu("mapped_device");
  scene.source = app::createBuffer(scene.gpu, kWords * 4, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  scene.shared = app::createBuffer(scene.gpu, kWords * 4, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  std::memset(scene.shared.data, 0, kWords * 4);
  scene.words = reinterpret_cast<uint32_t*>(scene.shared.data);
  if (wanted == "words") {
    words(scene);
  } else if (wanted == "reads") {
    reads(scene);
  } else if (wanted == "remapped") {
    remapped(scene);
  } else if (wanted == "forked") {
    forked(scene);
  } else {
    app::fail("no such case", 0);
  }
  // What was written last is handed over as well: the replay cannot know of it otherwise.
  const VkSubmitInfo nothing{VK_STRUCTURE_TYPE_SUBMIT_INFO};
  CHECK(vkQueueSubmit(scene.gpu.queue, 1, &nothing, VK_NULL_HANDLE));
  CHECK(vkQueueWaitIdle(scene.gpu.queue));
  app::report("output", scene.shared, argc > 2 ? argv[2] : nullptr);
  app::destroyBuffer(scene.gpu, scene.source);
  app::destroyBuffer(scene.gpu, scene.shared);
  app::destroyGpu(scene.gpu);
  std::printf("ok mapped_device %s\n", argv[1]);
}

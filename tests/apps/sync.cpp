// Work that is ordered by other means than waiting for a fence.
//
// sync CASE [FILE]
#include <thread>

#include "kernel.h"
#include "timeline.h"

namespace {

using app::Kernel;
using app::Scene;

using app::createTimeline;
using app::kAll;
using app::signal;
using app::submitTimed;
using app::waitFor;

VkCommandBuffer recordKernel(Scene& scene, const Kernel& kernel, uint32_t round, VkDeviceSize* at) {
  const VkCommandBuffer commands = scene.commands();
  app::begin(commands);
  *at = app::dispatch(scene, kernel, commands, round);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
  return commands;
}

// What waits is submitted before what signals: on two queues where there are two, else the program signals.
void timeline(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v12.timelineSemaphore);
  scene.open(features);
  const app::Buffer source = scene.words(app::kKernelWords, 1, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  const Kernel kernel = app::createKernel(scene, source);
  const VkSemaphore semaphore = createTimeline(scene);
  const bool two = scene.other.queue != scene.gpu.queue && scene.other.family == scene.gpu.family;
  VkDeviceSize at[3];
  submitTimed(scene.gpu.queue, recordKernel(scene, kernel, 3, &at[2]), semaphore, 2, 3);
  if (two)
    submitTimed(scene.other.queue, recordKernel(scene, kernel, 2, &at[1]), semaphore, 1, 2);
  else
    scene.space(app::kKernelWords * 4);
  uint64_t value = 9;
  CHECK(vkGetSemaphoreCounterValue(scene.gpu.device, semaphore, &value));
  REQUIRE(value == 0);
  signal(scene, semaphore, 1);
  if (!two) signal(scene, semaphore, 2);
  waitFor(scene, semaphore, 3);
  app::requireKernel(scene, at[2], source, 3);
}

// One thread sleeps in vkWaitSemaphores for what another submits and signals later.
void timelineThreads(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v12.timelineSemaphore);
  scene.open(features);
  const app::Buffer source = scene.words(app::kKernelWords, 2, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  const Kernel kernel = app::createKernel(scene, source);
  const VkSemaphore semaphore = createTimeline(scene);
  VkDeviceSize at = 0;
  const VkCommandBuffer commands = recordKernel(scene, kernel, 1, &at);
  std::thread waiter([&] {
    waitFor(scene, semaphore, 2);
    app::requireKernel(scene, at, source, 1);
    signal(scene, semaphore, 3);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  submitTimed(scene.gpu.queue, commands, semaphore, 1, 2);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  signal(scene, semaphore, 1);
  waitFor(scene, semaphore, 3);
  waiter.join();
  uint64_t value = 0;
  CHECK(vkGetSemaphoreCounterValue(scene.gpu.device, semaphore, &value));
  REQUIRE(value == 3);
}

// Never waits: asks again and again, and uses what is there as soon as it is said to be.
void polling(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v12.timelineSemaphore);
  NEED(features.v12.hostQueryReset);
  scene.open(features);
  const VkDevice device = scene.gpu.device;
  const app::Buffer source = scene.words(app::kKernelWords, 3, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  const Kernel kernel = app::createKernel(scene, source);
  const VkSemaphore semaphore = createTimeline(scene);
  const VkFence fence = app::createFence(scene.gpu);
  const VkEvent event =
      scene.make(vkCreateEvent, vkDestroyEvent, {VK_STRUCTURE_TYPE_EVENT_CREATE_INFO, nullptr, 0});
  const VkQueryPool queries =
      scene.make(vkCreateQueryPool, vkDestroyQueryPool,
                 {VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO, nullptr, 0, VK_QUERY_TYPE_TIMESTAMP, 1, 0});
  for (uint32_t round = 1; round <= 4; ++round) {
    const VkCommandBuffer commands = scene.commands();
    app::begin(commands);
    vkResetQueryPool(device, queries, 0, 1);
    const VkDeviceSize at = app::dispatch(scene, kernel, commands, round);
    app::makeVisibleToHost(commands);
    vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, queries, 0);
    vkCmdSetEvent(commands, event, kAll);
    CHECK(vkEndCommandBuffer(commands));
    const uint64_t value = round;
    const VkTimelineSemaphoreSubmitInfo values{
        VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO, nullptr, 0, nullptr, 1, &value};
    const VkSubmitInfo info{
        VK_STRUCTURE_TYPE_SUBMIT_INFO, &values, 0, nullptr, nullptr, 1, &commands, 1, &semaphore};
    CHECK(vkQueueSubmit(scene.gpu.queue, 1, &info, fence));
    uint64_t reached = 0, ticks = 0;
    const auto ended = [&] {
      if (round == 1) return vkGetFenceStatus(device, fence) == VK_SUCCESS;
      if (round == 2) return vkGetEventStatus(device, event) == VK_EVENT_SET;
      if (round == 3)
        return vkGetSemaphoreCounterValue(device, semaphore, &reached) == VK_SUCCESS && reached == 3;
      return vkGetQueryPoolResults(device, queries, 0, 1, 8, &ticks, 8, VK_QUERY_RESULT_64_BIT) == VK_SUCCESS;
    };
    while (!ended()) std::this_thread::yield();
    app::requireKernel(scene, at, source, round);
    // The next round writes the source: a replay that runs ahead computes something else.
    reinterpret_cast<uint32_t*>(source.data)[round] += round;
    while (vkGetFenceStatus(device, fence) == VK_NOT_READY) std::this_thread::yield();
    CHECK(vkResetFences(device, 1, &fence));
    CHECK(vkResetEvent(device, event));
    REQUIRE(vkGetEventStatus(device, event) == VK_EVENT_RESET);
  }
  vkDestroyFence(device, fence, nullptr);
}

// The GPU waits for an event that the program sets after the submit, and for one that it sets itself.
void events(Scene& scene) {
  scene.open();
  const app::Buffer source = scene.words(app::kKernelWords, 4, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  const Kernel kernel = app::createKernel(scene, source);
  VkEvent made[2];
  for (VkEvent& event : made)
    event = scene.make(vkCreateEvent, vkDestroyEvent, {VK_STRUCTURE_TYPE_EVENT_CREATE_INFO, nullptr, 0});
  const VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, VK_ACCESS_HOST_WRITE_BIT,
                                VK_ACCESS_SHADER_READ_BIT};
  const VkCommandBuffer commands = scene.commands();
  app::begin(commands);
  vkCmdWaitEvents(commands, 1, &made[0], VK_PIPELINE_STAGE_HOST_BIT, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, 1,
                  &barrier, 0, nullptr, 0, nullptr);
  const VkDeviceSize at = app::dispatch(scene, kernel, commands, 1);
  vkCmdSetEvent(commands, made[1], kAll);
  vkCmdWaitEvents(commands, 1, &made[1], kAll, kAll, 0, nullptr, 0, nullptr, 0, nullptr);
  vkCmdResetEvent(commands, made[1], kAll);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
  const VkFence fence = app::createFence(scene.gpu);
  app::submit(scene.gpu, commands, fence);
  reinterpret_cast<uint32_t*>(source.data)[5] = 77;
  REQUIRE(vkGetFenceStatus(scene.gpu.device, fence) == VK_NOT_READY);
  CHECK(vkSetEvent(scene.gpu.device, made[0]));
  app::waitAndReset(scene.gpu, fence);
  vkDestroyFence(scene.gpu.device, fence, nullptr);
  app::requireKernel(scene, at, source, 1);
  REQUIRE(vkGetEventStatus(scene.gpu.device, made[1]) == VK_EVENT_RESET);
}

// A thread sleeps in vkQueueWaitIdle, another for one fence of two, until this one sets what the GPU waits
// for.
void idleThreads(Scene& scene) {
  scene.open();
  const VkDevice device = scene.gpu.device;
  const app::Buffer source = scene.words(app::kKernelWords, 8, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  const Kernel kernel = app::createKernel(scene, source);
  const VkEvent event =
      scene.make(vkCreateEvent, vkDestroyEvent, {VK_STRUCTURE_TYPE_EVENT_CREATE_INFO, nullptr, 0});
  const VkFence fences[2] = {app::createFence(scene.gpu), app::createFence(scene.gpu)};
  const VkCommandBuffer commands = scene.commands();
  app::begin(commands);
  vkCmdWaitEvents(commands, 1, &event, VK_PIPELINE_STAGE_HOST_BIT, kAll, 0, nullptr, 0, nullptr, 0, nullptr);
  const VkDeviceSize at = app::dispatch(scene, kernel, commands, 1);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
  app::submit(scene.gpu, commands, fences[1]);
  std::thread idle([&] { CHECK(vkQueueWaitIdle(scene.gpu.queue)); });
  std::thread any([&] {
    CHECK(vkWaitForFences(device, 2, fences, VK_FALSE, UINT64_MAX));
    REQUIRE(vkGetFenceStatus(device, fences[0]) == VK_NOT_READY);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(vkSetEvent(device, event));
  idle.join();
  any.join();
  app::requireKernel(scene, at, source, 1);
  for (VkFence fence : fences) vkDestroyFence(device, fence, nullptr);
}

// Events and submits by VK_KHR_synchronization2, with a submit of two batches.
void events2(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v13.synchronization2);
  scene.open(features);
  const app::Buffer source = scene.words(app::kKernelWords, 5, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  const Kernel kernel = app::createKernel(scene, source);
  const VkEvent event =
      scene.make(vkCreateEvent, vkDestroyEvent,
                 {VK_STRUCTURE_TYPE_EVENT_CREATE_INFO, nullptr, VK_EVENT_CREATE_DEVICE_ONLY_BIT});
  const VkMemoryBarrier2 barrier{
      VK_STRUCTURE_TYPE_MEMORY_BARRIER_2,   nullptr,
      VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, VK_ACCESS_2_MEMORY_WRITE_BIT,
      VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_MEMORY_WRITE_BIT};
  const VkDependencyInfo dependency{VK_STRUCTURE_TYPE_DEPENDENCY_INFO, nullptr, 0, 1, &barrier};
  VkDeviceSize at[2];
  VkCommandBuffer commands[2];
  for (uint32_t i = 0; i < 2; ++i) {
    commands[i] = scene.commands();
    app::begin(commands[i]);
    at[i] = app::dispatch(scene, kernel, commands[i], i);
    vkCmdSetEvent2(commands[i], event, &dependency);
    vkCmdWaitEvents2(commands[i], 1, &event, &dependency);
    vkCmdResetEvent2(commands[i], event, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT);
    vkCmdPipelineBarrier2(commands[i], &dependency);
    app::makeVisibleToHost(commands[i]);
    CHECK(vkEndCommandBuffer(commands[i]));
  }
  const VkSemaphore semaphore = scene.make(vkCreateSemaphore, vkDestroySemaphore,
                                           {VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, nullptr, 0});
  const VkSemaphoreSubmitInfo between{VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO, nullptr, semaphore, 0,
                                      VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,    0};
  VkCommandBufferSubmitInfo infos[2];
  for (uint32_t i = 0; i < 2; ++i)
    infos[i] = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO, nullptr, commands[i], 0};
  const VkSubmitInfo2 batches[2] = {
      {VK_STRUCTURE_TYPE_SUBMIT_INFO_2, nullptr, 0, 0, nullptr, 1, &infos[0], 1, &between},
      {VK_STRUCTURE_TYPE_SUBMIT_INFO_2, nullptr, 0, 1, &between, 1, &infos[1], 0, nullptr}};
  const VkFence fence = app::createFence(scene.gpu);
  CHECK(vkQueueSubmit2(scene.gpu.queue, 2, batches, fence));
  app::waitAndReset(scene.gpu, fence);
  vkDestroyFence(scene.gpu.device, fence, nullptr);
  for (uint32_t i = 0; i < 2; ++i) app::requireKernel(scene, at[i], source, i);
}

// An image that one family fills and hands to another, which copies it out.
struct HandedImage {
  VkImage image = VK_NULL_HANDLE;
  VkImageMemoryBarrier barrier{};  // of both halves
  VkBufferImageCopy copy{};
};

HandedImage createHanded(Scene& scene, uint32_t own, uint32_t other) {
  constexpr uint32_t kSide = 32;
  HandedImage handed;
  handed.image = scene.make(vkCreateImage, vkDestroyImage,
                            {VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                             nullptr,
                             0,
                             VK_IMAGE_TYPE_2D,
                             VK_FORMAT_R8G8B8A8_UNORM,
                             {kSide, kSide, 1},
                             1,
                             1,
                             VK_SAMPLE_COUNT_1_BIT,
                             VK_IMAGE_TILING_OPTIMAL,
                             VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT});
  VkMemoryRequirements needs{};
  vkGetImageMemoryRequirements(scene.gpu.device, handed.image, &needs);
  const VkDeviceMemory memory =
      scene.own(app::allocate(scene.gpu, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT), vkFreeMemory);
  CHECK(vkBindImageMemory(scene.gpu.device, handed.image, memory, 0));
  handed.barrier = {VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
                    nullptr,
                    VK_ACCESS_TRANSFER_WRITE_BIT,
                    VK_ACCESS_TRANSFER_READ_BIT,
                    VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                    VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                    own,
                    other,
                    handed.image,
                    {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};
  handed.copy = {scene.space(kSide * kSide * 4),       0,  0,
                 {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1}, {}, {kSide, kSide, 1}};
  return handed;
}

void barrier(VkCommandBuffer commands, const VkImageMemoryBarrier& one) {
  vkCmdPipelineBarrier(commands, kAll, kAll, 0, 0, nullptr, 0, nullptr, 1, &one);
}

void fillAndRelease(VkCommandBuffer commands, const HandedImage& handed) {
  VkImageMemoryBarrier first = handed.barrier;
  first.srcAccessMask = 0;
  first.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
  first.oldLayout = VK_IMAGE_LAYOUT_UNDEFINED;
  first.newLayout = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
  first.srcQueueFamilyIndex = first.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  barrier(commands, first);
  const VkClearColorValue color{.float32 = {1, 0, 1, 0}};
  vkCmdClearColorImage(commands, handed.image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &color, 1,
                       &handed.barrier.subresourceRange);
  barrier(commands, handed.barrier);
}

// A buffer and an image of one family's are handed to another's and used there; a second buffer is shared by
// both.
void families(Scene& scene) {
  scene.open();
  const uint32_t own = scene.gpu.family, other = scene.other.family;
  std::printf("families=%d\n", own == other ? 1 : 2);
  const uint32_t both[2] = {own, other};
  const VkDeviceSize bytes = 4096;
  const VkDeviceSize at = scene.space(3 * bytes);
  const app::Buffer handed =
      scene.deviceBuffer(bytes, VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  const VkBuffer shared = scene.make(
      vkCreateBuffer, vkDestroyBuffer,
      {VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, nullptr, 0, bytes,
       VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
       own == other ? VK_SHARING_MODE_EXCLUSIVE : VK_SHARING_MODE_CONCURRENT, own == other ? 0u : 2u, both});
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(scene.gpu.device, shared, &needs);
  CHECK(vkBindBufferMemory(
      scene.gpu.device, shared,
      scene.own(app::allocate(scene.gpu, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT), vkFreeMemory), 0));
  const HandedImage image = createHanded(scene, own, other);
  const VkBufferMemoryBarrier hand_over{VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER,
                                        nullptr,
                                        VK_ACCESS_TRANSFER_WRITE_BIT,
                                        VK_ACCESS_TRANSFER_READ_BIT,
                                        own,
                                        other,
                                        handed.handle,
                                        0,
                                        VK_WHOLE_SIZE};
  const auto hand = [&](VkCommandBuffer commands) {
    vkCmdPipelineBarrier(commands, kAll, kAll, 0, 0, nullptr, 1, &hand_over, 0, nullptr);
  };
  const VkCommandBuffer gives = scene.commands();
  app::begin(gives);
  vkCmdFillBuffer(gives, handed.handle, 0, bytes, 0x11223344);
  vkCmdFillBuffer(gives, shared, 0, bytes, 0x55667788);
  hand(gives);
  fillAndRelease(gives, image);
  CHECK(vkEndCommandBuffer(gives));
  const VkCommandPool pool = scene.make(vkCreateCommandPool, vkDestroyCommandPool,
                                        {VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr, 0, other});
  const VkCommandBuffer takes = app::allocateCommands(scene.gpu, pool);
  app::begin(takes);
  if (own != other) hand(takes);
  if (own != other) barrier(takes, image.barrier);
  const VkBufferCopy copies[2] = {{0, at, bytes}, {0, at + bytes, bytes}};
  vkCmdCopyBuffer(takes, handed.handle, scene.result.handle, 1, &copies[0]);
  vkCmdCopyBuffer(takes, shared, scene.result.handle, 1, &copies[1]);
  vkCmdCopyImageToBuffer(takes, image.image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, scene.result.handle, 1,
                         &image.copy);
  app::makeVisibleToHost(takes);
  CHECK(vkEndCommandBuffer(takes));
  const VkSemaphore semaphore = scene.make(vkCreateSemaphore, vkDestroySemaphore,
                                           {VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, nullptr, 0});
  const VkSubmitInfo infos[2] = {
      {VK_STRUCTURE_TYPE_SUBMIT_INFO, nullptr, 0, nullptr, nullptr, 1, &gives, 1, &semaphore},
      {VK_STRUCTURE_TYPE_SUBMIT_INFO, nullptr, 1, &semaphore, &kAll, 1, &takes, 0, nullptr}};
  CHECK(vkQueueSubmit(scene.gpu.queue, 1, &infos[0], VK_NULL_HANDLE));
  CHECK(vkQueueSubmit(scene.other.queue, 1, &infos[1], VK_NULL_HANDLE));
  CHECK(vkQueueWaitIdle(scene.other.queue));
  if (!scene.seen) return;
  REQUIRE(*scene.found(at) == 0x11223344 && *scene.found(at + bytes) == 0x55667788);
  REQUIRE(*scene.found(image.copy.bufferOffset) == 0x00ff00ff);
}

// What waits is submitted before what signals, on queues of two families: a call whose second batch waits for
// the other queue, which waits for the call's first batch, and both for the program. A single queue gets them
// in the order in which they run.
void turns(Scene& scene) {
  app::Features features(scene.gpu);
  if (!scene.seen) features.v12.timelineSemaphore = VK_TRUE;  // that driver denies it and has it
  NEED(features.v12.timelineSemaphore);
  scene.open(features);
  const bool two = scene.other.queue != scene.gpu.queue;
  std::printf("queues=%d\n", two ? 2 : 1);
  const uint32_t both[2] = {scene.gpu.family, scene.other.family};
  const bool shared = both[0] != both[1];
  constexpr VkDeviceSize kBytes = 1024;
  const VkBuffer buffer =
      scene.make(vkCreateBuffer, vkDestroyBuffer,
                 {VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, nullptr, 0, kBytes,
                  VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
                  shared ? VK_SHARING_MODE_CONCURRENT : VK_SHARING_MODE_EXCLUSIVE, shared ? 2u : 0u, both});
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(scene.gpu.device, buffer, &needs);
  CHECK(vkBindBufferMemory(
      scene.gpu.device, buffer,
      scene.own(app::allocate(scene.gpu, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT), vkFreeMemory), 0));
  const VkCommandPool pool = scene.make(vkCreateCommandPool, vkDestroyCommandPool,
                                        {VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr, 0, both[1]});
  VkDeviceSize at[3];
  // Each takes what the one before it left, and leaves its own.
  const auto record = [&](VkCommandBuffer commands, uint32_t turn) {
    at[turn] = scene.space(kBytes);
    const VkBufferCopy region{0, at[turn], kBytes};
    app::begin(commands);
    if (turn == 0) vkCmdFillBuffer(commands, buffer, 0, kBytes, 7);
    app::order(commands);
    vkCmdCopyBuffer(commands, buffer, scene.result.handle, 1, &region);
    app::order(commands);
    vkCmdFillBuffer(commands, buffer, 0, kBytes, 8 + turn);
    app::makeVisibleToHost(commands);
    CHECK(vkEndCommandBuffer(commands));
    return commands;
  };
  const VkCommandBuffer commands[3] = {record(scene.commands(), 0),
                                       record(app::allocateCommands(scene.gpu, pool), 1),
                                       record(scene.commands(), 2)};
  const VkSemaphore semaphore = createTimeline(scene);
  const uint64_t values[4] = {1, 2, 3, 4};
  VkTimelineSemaphoreSubmitInfo timed[3];
  VkSubmitInfo turns[3];
  for (uint32_t turn = 0; turn < 3; ++turn) {
    timed[turn] = {
        VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO, nullptr, 1, &values[turn], 1, &values[turn + 1]};
    turns[turn] = {
        VK_STRUCTURE_TYPE_SUBMIT_INFO, &timed[turn], 1, &semaphore, &kAll, 1, &commands[turn], 1, &semaphore};
  }
  const VkFence fence = app::createFence(scene.gpu);
  if (two) {
    const VkSubmitInfo outer[2] = {turns[0], turns[2]};
    CHECK(vkQueueSubmit(scene.gpu.queue, 2, outer, fence));
    CHECK(vkQueueSubmit(scene.other.queue, 1, &turns[1], VK_NULL_HANDLE));
  } else {
    CHECK(vkQueueSubmit(scene.gpu.queue, 3, turns, fence));
  }
  signal(scene, semaphore, 1);
  waitFor(scene, semaphore, 4);
  app::waitAndReset(scene.gpu, fence);
  vkDestroyFence(scene.gpu.device, fence, nullptr);
  for (uint32_t turn = 0; scene.seen && turn < 3; ++turn) REQUIRE(*scene.found(at[turn]) == 7 + turn);
}

// Never waits, and asks nobody: looks at mapped memory until the GPU has written there, then writes what the
// GPU has read over.
void flag(Scene& scene) {
  scene.open();
  constexpr uint32_t kWords = 4096;
  const app::Buffer source = scene.words(kWords, 6, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  const app::Buffer flags = scene.words(64, 7, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  volatile uint32_t* flag = reinterpret_cast<uint32_t*>(flags.data);
  const app::Buffer slow = scene.deviceBuffer(16 << 20, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  for (uint32_t round = 0; round < 6; ++round) {
    const VkCommandBuffer commands = scene.commands();
    app::begin(commands);
    const VkBufferCopy region{0, scene.space(kWords * 4), kWords * 4};
    vkCmdFillBuffer(commands, slow.handle, 0, VK_WHOLE_SIZE, round);
    app::order(commands);
    vkCmdCopyBuffer(commands, source.handle, scene.result.handle, 1, &region);
    app::order(commands);
    vkCmdFillBuffer(commands, flags.handle, 0, 4, round + 1);
    app::makeVisibleToHost(commands);
    CHECK(vkEndCommandBuffer(commands));
    app::submit(scene.gpu, commands, VK_NULL_HANDLE);
    while (*flag != round + 1) std::this_thread::yield();
    REQUIRE(scene.found(region.dstOffset)[kWords - 1] ==
            reinterpret_cast<uint32_t*>(source.data)[kWords - 1]);
    for (uint32_t i = 0; i < kWords; ++i) reinterpret_cast<uint32_t*>(source.data)[i] += i;
  }
}

// Presents nothing, and says where its frames end: two submits each.
void frames(Scene& scene) {
  scene.open();
  const auto insert_label = COMMAND(scene.gpu, vkQueueInsertDebugUtilsLabelEXT);
  if (!insert_label) app::lacks("VK_EXT_debug_utils");
  const app::Buffer source = scene.words(app::kKernelWords, 1, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  const Kernel kernel = app::createKernel(scene, source);
  const VkDebugUtilsLabelEXT label{
      VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT, nullptr, "vr-marker,frame_end,type,application", {}};
  for (uint32_t round = 0; round < 6; ++round) {
    VkDeviceSize at;
    app::submit(scene.gpu, recordKernel(scene, kernel, round, &at), VK_NULL_HANDLE);
    if (round % 2) insert_label(scene.gpu.queue, &label);
  }
  CHECK(vkDeviceWaitIdle(scene.gpu.device));
}

const app::Case kCases[] = {{"timeline", timeline}, {"timeline-threads", timelineThreads},
                            {"polling", polling},   {"events", events},
                            {"events2", events2},   {"families", families},
                            {"turns", turns},       {"idle-threads", idleThreads},
                            {"flag", flag},         {"frames", frames, {VK_EXT_DEBUG_UTILS_EXTENSION_NAME}}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("sync", kCases, argc, argv); }

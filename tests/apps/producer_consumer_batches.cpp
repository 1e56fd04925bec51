// An exportable buffer that goes out of the process and comes back, in one queue: the batch that acquires it
// waits for a binary and a timeline semaphore which the batch before it, of the same call, signals. The
// acquire stands in a secondary command buffer. Once by vkQueueSubmit, once by vkQueueSubmit2, twice each.
//
// producer_consumer_batches [FILE]: FILE gets what was read back.
#include "external.h"

namespace {

constexpr VkDeviceSize kBytes = 4096;
constexpr uint32_t kRounds = 4;

app::Gpu createGpu() {
  app::Gpu gpu;
  gpu.instance = app::createInstance("producer_consumer_batches");
  uint32_t count = 1;
  const VkResult found = vkEnumeratePhysicalDevices(gpu.instance, &count, &gpu.physical);
  REQUIRE((found == VK_SUCCESS || found == VK_INCOMPLETE) && count == 1);
  VkPhysicalDeviceSynchronization2Features sync2{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SYNCHRONIZATION_2_FEATURES,
                                                 nullptr, VK_TRUE};
  const VkPhysicalDeviceTimelineSemaphoreFeatures timeline{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES, &sync2, VK_TRUE};
  const float priority = 1;
  const VkDeviceQueueCreateInfo queue{
      VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, nullptr, 0, 0, 1, &priority};
  // The second one is not called: that the device has it is what lets memory be shared.
  const char* extensions[2] = {VK_KHR_SYNCHRONIZATION_2_EXTENSION_NAME, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME};
  const VkDeviceCreateInfo info{
      VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, &timeline, 0, 1, &queue, 0, nullptr, 2, extensions, nullptr};
  CHECK(vkCreateDevice(gpu.physical, &info, nullptr, &gpu.device));
  vkGetDeviceQueue(gpu.device, 0, 0, &gpu.queue);
  const VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr,
                                     VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, 0};
  CHECK(vkCreateCommandPool(gpu.device, &pool, nullptr, &gpu.pool));
  return gpu;
}

struct Shared {
  VkBuffer buffer;
  VkDeviceMemory memory;
};

Shared createShared(const app::Gpu& gpu) {
  Shared shared;
  const VkExternalMemoryBufferCreateInfo node{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO, nullptr,
                                              VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT};
  VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, &node};
  info.size = kBytes;
  info.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  CHECK(vkCreateBuffer(gpu.device, &info, nullptr, &shared.buffer));
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(gpu.device, shared.buffer, &needs);
  const VkExportMemoryAllocateInfo exported{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, nullptr,
                                            VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT};
  const VkMemoryAllocateInfo allocation{
      VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &exported, needs.size,
      app::memoryType(gpu, needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT)};
  CHECK(vkAllocateMemory(gpu.device, &allocation, nullptr, &shared.memory));
  CHECK(vkBindBufferMemory(gpu.device, shared.buffer, shared.memory, 0));
  return shared;
}

void transfer(VkCommandBuffer commands, VkBuffer buffer, uint32_t from, uint32_t to) {
  const VkBufferMemoryBarrier barrier{VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER,
                                      nullptr,
                                      VK_ACCESS_TRANSFER_WRITE_BIT,
                                      VK_ACCESS_TRANSFER_READ_BIT,
                                      from,
                                      to,
                                      buffer,
                                      0,
                                      VK_WHOLE_SIZE};
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0,
                       nullptr, 1, &barrier, 0, nullptr);
}

VkSemaphore createSemaphore(const app::Gpu& gpu, VkSemaphoreType type) {
  const VkSemaphoreTypeCreateInfo node{VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO, nullptr, type, 0};
  const VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, &node, 0};
  VkSemaphore semaphore = VK_NULL_HANDLE;
  CHECK(vkCreateSemaphore(gpu.device, &info, nullptr, &semaphore));
  return semaphore;
}

struct Work {
  VkCommandBuffer write, read, secondary;
  VkSemaphore semaphores[2];  // binary, timeline
};

void record(const app::Gpu& gpu, const Work& work, const Shared& shared, const app::Buffer& output,
            uint32_t round) {
  app::begin(work.write);
  vkCmdFillBuffer(work.write, shared.buffer, 0, kBytes, 0x01020304 * (round + 1));
  transfer(work.write, shared.buffer, gpu.family, VK_QUEUE_FAMILY_EXTERNAL);
  CHECK(vkEndCommandBuffer(work.write));
  const VkCommandBufferInheritanceInfo inheritance{VK_STRUCTURE_TYPE_COMMAND_BUFFER_INHERITANCE_INFO};
  const VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr, 0, &inheritance};
  CHECK(vkBeginCommandBuffer(work.secondary, &begin));
  transfer(work.secondary, shared.buffer, VK_QUEUE_FAMILY_EXTERNAL, gpu.family);
  CHECK(vkEndCommandBuffer(work.secondary));
  app::begin(work.read);
  vkCmdExecuteCommands(work.read, 1, &work.secondary);
  const VkBufferCopy copy{0, round * kBytes, kBytes};
  vkCmdCopyBuffer(work.read, shared.buffer, output.handle, 1, &copy);
  app::makeVisibleToHost(work.read);
  CHECK(vkEndCommandBuffer(work.read));
}

void submit1(const app::Gpu& gpu, const Work& work, uint64_t value) {
  const uint64_t values[2] = {0, value};
  const VkTimelineSemaphoreSubmitInfo signal{
      VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO, nullptr, 0, nullptr, 2, values};
  const VkTimelineSemaphoreSubmitInfo wait{
      VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO, nullptr, 2, values, 0, nullptr};
  const uint32_t indices[2] = {0, 0}, mask = 1;
  const VkDeviceGroupSubmitInfo group{
      VK_STRUCTURE_TYPE_DEVICE_GROUP_SUBMIT_INFO, &wait, 2, indices, 1, &mask, 0, nullptr};
  const VkPipelineStageFlags stages[2] = {VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                                          VK_PIPELINE_STAGE_ALL_COMMANDS_BIT};
  const VkSubmitInfo infos[2] = {
      {VK_STRUCTURE_TYPE_SUBMIT_INFO, &signal, 0, nullptr, nullptr, 1, &work.write, 2, work.semaphores},
      {VK_STRUCTURE_TYPE_SUBMIT_INFO, &group, 2, work.semaphores, stages, 1, &work.read, 0, nullptr}};
  CHECK(vkQueueSubmit(gpu.queue, 2, infos, VK_NULL_HANDLE));
}

void submit2(const app::Gpu& gpu, const Work& work, uint64_t value) {
  VkSemaphoreSubmitInfo semaphores[2]{};
  for (int i = 0; i < 2; ++i) {
    semaphores[i] = {VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO, nullptr, work.semaphores[i], i == 0 ? 0 : value,
                     VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,    0};
  }
  const VkCommandBufferSubmitInfo write{VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO, nullptr, work.write, 0};
  const VkCommandBufferSubmitInfo read{VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO, nullptr, work.read, 0};
  const VkSubmitInfo2 infos[2] = {
      {VK_STRUCTURE_TYPE_SUBMIT_INFO_2, nullptr, 0, 0, nullptr, 1, &write, 2, semaphores},
      {VK_STRUCTURE_TYPE_SUBMIT_INFO_2, nullptr, 0, 2, semaphores, 1, &read, 0, nullptr}};
  CHECK(COMMAND(gpu, vkQueueSubmit2KHR)(gpu.queue, 2, infos, VK_NULL_HANDLE));
}

}  // namespace

int main(int argc, char** argv) {
  app::Gpu gpu = createGpu();
  const Shared shared = createShared(gpu);
  app::Buffer output = app::createBuffer(gpu, kRounds * kBytes, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  std::memset(output.data, 0, output.size);
  Work work{};
  work.write = app::allocateCommands(gpu, gpu.pool);
  work.read = app::allocateCommands(gpu, gpu.pool);
  const VkCommandBufferAllocateInfo secondary{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, nullptr,
                                              gpu.pool, VK_COMMAND_BUFFER_LEVEL_SECONDARY, 1};
  CHECK(vkAllocateCommandBuffers(gpu.device, &secondary, &work.secondary));
  work.semaphores[0] = createSemaphore(gpu, VK_SEMAPHORE_TYPE_BINARY);
  work.semaphores[1] = createSemaphore(gpu, VK_SEMAPHORE_TYPE_TIMELINE);
  for (uint32_t round = 0; round < kRounds; ++round) {
    record(gpu, work, shared, output, round);
    (round % 2 == 0 ? submit1 : submit2)(gpu, work, round + 1);
    CHECK(vkQueueWaitIdle(gpu.queue));
  }
  app::report("output", output, argc > 1 ? argv[1] : nullptr);
  for (const VkSemaphore semaphore : work.semaphores) vkDestroySemaphore(gpu.device, semaphore, nullptr);
  vkDestroyBuffer(gpu.device, shared.buffer, nullptr);
  vkFreeMemory(gpu.device, shared.memory, nullptr);
  app::destroyBuffer(gpu, output);
  app::destroyGpu(gpu);
  std::printf("ok producer_consumer_batches\n");
}

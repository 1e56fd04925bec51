#include "storm.h"

namespace {

constexpr uint32_t kBuffers = 4;

void print(const char* mode, uint64_t calls, double seconds) {
  std::printf("storm %s calls=%" PRIu64 " ns_per_call=%.2f\n", mode, calls, seconds * 1e9 / double(calls));
}

struct DescriptorScene {
  VkDescriptorSetLayout layout = VK_NULL_HANDLE;
  VkDescriptorPool pool = VK_NULL_HANDLE;
  VkDescriptorSet set = VK_NULL_HANDLE;
  VkDescriptorUpdateTemplate update = VK_NULL_HANDLE;
};

DescriptorScene createDescriptors(const app::Gpu& gpu) {
  DescriptorScene scene;
  const VkDescriptorSetLayoutBinding binding{0, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, kBuffers,
                                             VK_SHADER_STAGE_COMPUTE_BIT, nullptr};
  const VkDescriptorSetLayoutCreateInfo layout{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, nullptr,
                                               0, 1, &binding};
  CHECK(vkCreateDescriptorSetLayout(gpu.device, &layout, nullptr, &scene.layout));
  const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, kBuffers};
  const VkDescriptorPoolCreateInfo pool{
      VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, nullptr, 0, 1, 1, &size};
  CHECK(vkCreateDescriptorPool(gpu.device, &pool, nullptr, &scene.pool));
  const VkDescriptorSetAllocateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, nullptr, scene.pool,
                                         1, &scene.layout};
  CHECK(vkAllocateDescriptorSets(gpu.device, &info, &scene.set));
  const VkDescriptorUpdateTemplateEntry entry{
      0, 0, kBuffers, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 0, sizeof(VkDescriptorBufferInfo)};
  const VkDescriptorUpdateTemplateCreateInfo update{VK_STRUCTURE_TYPE_DESCRIPTOR_UPDATE_TEMPLATE_CREATE_INFO,
                                                    nullptr,
                                                    0,
                                                    1,
                                                    &entry,
                                                    VK_DESCRIPTOR_UPDATE_TEMPLATE_TYPE_DESCRIPTOR_SET,
                                                    scene.layout,
                                                    VK_PIPELINE_BIND_POINT_COMPUTE,
                                                    VK_NULL_HANDLE,
                                                    0};
  CHECK(vkCreateDescriptorUpdateTemplate(gpu.device, &update, nullptr, &scene.update));
  return scene;
}

}  // namespace

void storm::image(const Options& options) {
  app::Gpu gpu = app::createGpu("storm image");
  FIND(gpu, CreateImage);
  FIND(gpu, DestroyImage);
  const VkFormat formats[2] = {VK_FORMAT_R8G8B8A8_UNORM, VK_FORMAT_R8G8B8A8_SRGB};
  const VkImageFormatListCreateInfo list{VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO, nullptr, 2,
                                         formats};
  const VkExternalMemoryImageCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, &list,
                                                 VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT};
  VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                         &external,
                         VK_IMAGE_CREATE_MUTABLE_FORMAT_BIT,
                         VK_IMAGE_TYPE_2D,
                         formats[0],
                         {64, 64, 1},
                         1,
                         1,
                         VK_SAMPLE_COUNT_1_BIT,
                         VK_IMAGE_TILING_OPTIMAL,
                         VK_IMAGE_USAGE_SAMPLED_BIT,
                         VK_SHARING_MODE_EXCLUSIVE,
                         0,
                         nullptr,
                         VK_IMAGE_LAYOUT_UNDEFINED};
  const auto start = Clock::now();
  for (uint64_t i = 0; i < options.calls / 2; ++i) {
    info.extent.width = 64 + i % 64;
    VkImage made = VK_NULL_HANDLE;
    CHECK(CreateImage(gpu.device, &info, nullptr, &made));
    DestroyImage(gpu.device, made, nullptr);
  }
  const double seconds = secondsSince(start);
  std::printf("storm image calls=%" PRIu64 " ns_per_pair=%.2f\n", options.calls,
              seconds * 2e9 / double(options.calls));
  app::destroyGpu(gpu);
}

void storm::submit(const Options& options) {
  VkPhysicalDeviceTimelineSemaphoreFeatures timelines{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TIMELINE_SEMAPHORE_FEATURES};
  timelines.timelineSemaphore = VK_TRUE;
  app::Gpu gpu = app::createGpu("storm submit", &timelines);
  FIND(gpu, QueueSubmit);
  FIND(gpu, WaitForFences);
  FIND(gpu, ResetFences);
  FIND(gpu, WaitSemaphores);
  const VkSemaphoreTypeCreateInfo type{VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO, nullptr,
                                       VK_SEMAPHORE_TYPE_TIMELINE, 0};
  const VkSemaphoreCreateInfo semaphore_info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, &type, 0};
  VkSemaphore semaphore = VK_NULL_HANDLE;
  CHECK(vkCreateSemaphore(gpu.device, &semaphore_info, nullptr, &semaphore));
  const VkFence fence = app::createFence(gpu);
  const auto start = Clock::now();
  for (uint64_t i = 1; i <= options.calls / 4; ++i) {
    const VkTimelineSemaphoreSubmitInfo values{
        VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO, nullptr, 0, nullptr, 1, &i};
    const VkSubmitInfo info{
        VK_STRUCTURE_TYPE_SUBMIT_INFO, &values, 0, nullptr, nullptr, 0, nullptr, 1, &semaphore};
    CHECK(QueueSubmit(gpu.queue, 1, &info, fence));
    CHECK(WaitForFences(gpu.device, 1, &fence, VK_TRUE, UINT64_MAX));
    CHECK(ResetFences(gpu.device, 1, &fence));
    const VkSemaphoreWaitInfo wait{VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO, nullptr, 0, 1, &semaphore, &i};
    CHECK(WaitSemaphores(gpu.device, &wait, UINT64_MAX));
  }
  print("submit", options.calls / 4 * 4, secondsSince(start));
  vkDestroyFence(gpu.device, fence, nullptr);
  vkDestroySemaphore(gpu.device, semaphore, nullptr);
  app::destroyGpu(gpu);
}

void storm::descriptors(const Options& options) {
  app::Gpu gpu = app::createGpu("storm descriptors");
  FIND(gpu, UpdateDescriptorSets);
  FIND(gpu, UpdateDescriptorSetWithTemplate);
  app::Buffer buffer = app::createBuffer(gpu, 1 << 20, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  DescriptorScene scene = createDescriptors(gpu);
  VkDescriptorBufferInfo ranges[kBuffers];
  const VkWriteDescriptorSet write{
      VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, nullptr, scene.set, 0,      0, kBuffers,
      VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,      nullptr, ranges,    nullptr};
  const auto start = Clock::now();
  for (uint64_t i = 0; i < options.calls / 2; ++i) {
    for (uint32_t at = 0; at < kBuffers; ++at) ranges[at] = {buffer.handle, (i + at) % 1024 * 256, 256};
    UpdateDescriptorSets(gpu.device, 1, &write, 0, nullptr);
    UpdateDescriptorSetWithTemplate(gpu.device, scene.set, scene.update, ranges);
  }
  print("descriptors", options.calls / 2 * 2, secondsSince(start));
  vkDestroyDescriptorUpdateTemplate(gpu.device, scene.update, nullptr);
  vkDestroyDescriptorPool(gpu.device, scene.pool, nullptr);
  vkDestroyDescriptorSetLayout(gpu.device, scene.layout, nullptr);
  app::destroyBuffer(gpu, buffer);
  app::destroyGpu(gpu);
}

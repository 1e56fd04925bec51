#include <atomic>
#include <numeric>
#include <thread>

#include "storm.h"
#include "triangle.h"

namespace {

constexpr VkExtent2D kExtent{64, 64};
constexpr VkFormat kFormat = VK_FORMAT_R8G8B8A8_UNORM;
constexpr uint32_t kSets = 8;
constexpr uint32_t kDrawsPerPass = 64;
constexpr uint32_t kPassesPerBuffer = 8;

// What all threads record with.
struct Scene {
  app::Gpu gpu;
  app::Image target;
  app::Buffer vertices, uniforms;
  VkRenderPass render_pass = VK_NULL_HANDLE;
  VkFramebuffer framebuffer = VK_NULL_HANDLE;
  VkDescriptorSetLayout set_layout = VK_NULL_HANDLE;
  VkDescriptorPool set_pool = VK_NULL_HANDLE;
  VkDescriptorSet sets[kSets] = {};
  VkPipelineLayout layout = VK_NULL_HANDLE;
  VkPipeline pipeline = VK_NULL_HANDLE;
};

void createSets(Scene& scene) {
  const app::Gpu& gpu = scene.gpu;
  const VkDescriptorSetLayoutBinding binding{0, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC, 1,
                                             VK_SHADER_STAGE_VERTEX_BIT, nullptr};
  const VkDescriptorSetLayoutCreateInfo layout{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, nullptr,
                                               0, 1, &binding};
  CHECK(vkCreateDescriptorSetLayout(gpu.device, &layout, nullptr, &scene.set_layout));
  const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC, kSets};
  const VkDescriptorPoolCreateInfo pool{
      VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, nullptr, 0, kSets, 1, &size};
  CHECK(vkCreateDescriptorPool(gpu.device, &pool, nullptr, &scene.set_pool));
  const std::vector<VkDescriptorSetLayout> layouts(kSets, scene.set_layout);
  const VkDescriptorSetAllocateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, nullptr,
                                         scene.set_pool, kSets, layouts.data()};
  CHECK(vkAllocateDescriptorSets(gpu.device, &info, scene.sets));
  const VkDescriptorBufferInfo range{scene.uniforms.handle, 0, 256};
  for (VkDescriptorSet set : scene.sets) {
    const VkWriteDescriptorSet write{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,    nullptr, set,    0,      0, 1,
                                     VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC, nullptr, &range, nullptr};
    vkUpdateDescriptorSets(gpu.device, 1, &write, 0, nullptr);
  }
}

Scene createScene() {
  Scene scene;
  scene.gpu = app::createGpu("storm record");
  const app::Gpu& gpu = scene.gpu;
  const VkImageCreateInfo image{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                                nullptr,
                                0,
                                VK_IMAGE_TYPE_2D,
                                kFormat,
                                {kExtent.width, kExtent.height, 1},
                                1,
                                1,
                                VK_SAMPLE_COUNT_1_BIT,
                                VK_IMAGE_TILING_OPTIMAL,
                                VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT,
                                VK_SHARING_MODE_EXCLUSIVE,
                                0,
                                nullptr,
                                VK_IMAGE_LAYOUT_UNDEFINED};
  scene.target = app::createImage(gpu, image);
  scene.vertices =
      app::createBuffer(gpu, 1 << 20, VK_BUFFER_USAGE_VERTEX_BUFFER_BIT | VK_BUFFER_USAGE_INDEX_BUFFER_BIT);
  scene.uniforms = app::createBuffer(gpu, 1 << 20, VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT);
  createSets(scene);
  scene.render_pass = app::createRenderPass(gpu, kFormat);
  const VkFramebufferCreateInfo framebuffer{VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO,
                                            nullptr,
                                            0,
                                            scene.render_pass,
                                            1,
                                            &scene.target.view,
                                            kExtent.width,
                                            kExtent.height,
                                            1};
  CHECK(vkCreateFramebuffer(gpu.device, &framebuffer, nullptr, &scene.framebuffer));
  const VkPushConstantRange constants{VK_SHADER_STAGE_VERTEX_BIT, 0, 64};
  const VkPipelineLayoutCreateInfo layout{
      VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, nullptr, 0, 1, &scene.set_layout, 1, &constants};
  CHECK(vkCreatePipelineLayout(gpu.device, &layout, nullptr, &scene.layout));
  scene.pipeline = app::createPipeline(gpu, scene.render_pass, scene.layout, kExtent, true);
  return scene;
}

void destroyScene(Scene& scene) {
  const app::Gpu& gpu = scene.gpu;
  vkDestroyPipeline(gpu.device, scene.pipeline, nullptr);
  vkDestroyPipelineLayout(gpu.device, scene.layout, nullptr);
  vkDestroyFramebuffer(gpu.device, scene.framebuffer, nullptr);
  vkDestroyRenderPass(gpu.device, scene.render_pass, nullptr);
  vkDestroyDescriptorPool(gpu.device, scene.set_pool, nullptr);
  vkDestroyDescriptorSetLayout(gpu.device, scene.set_layout, nullptr);
  app::destroyBuffer(gpu, scene.uniforms);
  app::destroyBuffer(gpu, scene.vertices);
  app::destroyImage(gpu, scene.target);
  app::destroyGpu(scene.gpu);
}

// One thread's share. The commands are those of a renderer that draws many small things: constants that
// change with every draw, offsets that walk through buffers, sets that come round again.
class Recorder {
 public:
  explicit Recorder(const Scene& scene) : scene_(scene) {
    const VkCommandPoolCreateInfo info{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr,
                                       VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT, scene.gpu.family};
    CHECK(vkCreateCommandPool(scene.gpu.device, &info, nullptr, &pool_));
    commands_ = app::allocateCommands(scene.gpu, pool_);
  }
  ~Recorder() { vkDestroyCommandPool(scene_.gpu.device, pool_, nullptr); }
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // A command buffer's worth, from begin to end; returns how many calls that was.
  uint64_t fill() {
    uint64_t calls = 2;
    const VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr,
                                         VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, nullptr};
    CHECK(BeginCommandBuffer(commands_, &begin));
    for (uint32_t pass = 0; pass < kPassesPerBuffer; ++pass) calls += fillPass();
    CHECK(EndCommandBuffer(commands_));
    return calls;
  }

 private:
  uint64_t fillPass() {
    const VkImageMemoryBarrier barrier{VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
                                       nullptr,
                                       VK_ACCESS_TRANSFER_READ_BIT,
                                       VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
                                       VK_IMAGE_LAYOUT_UNDEFINED,
                                       VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
                                       VK_QUEUE_FAMILY_IGNORED,
                                       VK_QUEUE_FAMILY_IGNORED,
                                       scene_.target.handle,
                                       {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};
    CmdPipelineBarrier(commands_, VK_PIPELINE_STAGE_TRANSFER_BIT,
                       VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT, 0, 0, nullptr, 0, nullptr, 1, &barrier);
    VkClearValue clear{};
    const VkRenderPassBeginInfo pass{VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
                                     nullptr,
                                     scene_.render_pass,
                                     scene_.framebuffer,
                                     {{0, 0}, kExtent},
                                     1,
                                     &clear};
    CmdBeginRenderPass(commands_, &pass, VK_SUBPASS_CONTENTS_INLINE);
    CmdBindPipeline(commands_, VK_PIPELINE_BIND_POINT_GRAPHICS, scene_.pipeline);
    const VkRect2D scissor{{0, 0}, kExtent};
    CmdSetScissor(commands_, 0, 1, &scissor);
    for (uint32_t draw = 0; draw < kDrawsPerPass; ++draw) fillDraw();
    CmdEndRenderPass(commands_);
    return 5 + kDrawsPerPass * 6;
  }

  void fillDraw() {
    const uint32_t draw = draw_++;
    const VkViewport viewport{0, 0, 64, float(16 + draw % 48), 0, 1};
    CmdSetViewport(commands_, 0, 1, &viewport);
    const float constants[4] = {float(draw % 512) * 0.25f, float(draw % 64), 1, 0};
    CmdPushConstants(commands_, scene_.layout, VK_SHADER_STAGE_VERTEX_BIT, 0, sizeof constants, constants);
    const VkDeviceSize offset = draw % 256 * sizeof(app::Vertex) * 12;
    CmdBindVertexBuffers(commands_, 0, 1, &scene_.vertices.handle, &offset);
    CmdBindIndexBuffer(commands_, scene_.vertices.handle, draw % 16 * 72, VK_INDEX_TYPE_UINT16);
    const uint32_t dynamic_offset = draw % 1024 * 256;
    CmdBindDescriptorSets(commands_, VK_PIPELINE_BIND_POINT_GRAPHICS, scene_.layout, 0, 1,
                          &scene_.sets[draw % kSets], 1, &dynamic_offset);
    CmdDrawIndexed(commands_, 36, 1, 0, 0, 0);
  }

  const Scene& scene_;
  FIND(scene_.gpu, BeginCommandBuffer);
  FIND(scene_.gpu, CmdBeginRenderPass);
  FIND(scene_.gpu, CmdBindDescriptorSets);
  FIND(scene_.gpu, CmdBindIndexBuffer);
  FIND(scene_.gpu, CmdBindPipeline);
  FIND(scene_.gpu, CmdBindVertexBuffers);
  FIND(scene_.gpu, CmdDrawIndexed);
  FIND(scene_.gpu, CmdEndRenderPass);
  FIND(scene_.gpu, CmdPipelineBarrier);
  FIND(scene_.gpu, CmdPushConstants);
  FIND(scene_.gpu, CmdSetScissor);
  FIND(scene_.gpu, CmdSetViewport);
  FIND(scene_.gpu, EndCommandBuffer);
  VkCommandPool pool_ = VK_NULL_HANDLE;
  VkCommandBuffer commands_ = VK_NULL_HANDLE;
  uint32_t draw_ = 0;
};

}  // namespace

void storm::record(const Options& options) {
  Scene scene = createScene();
  struct Share {
    uint64_t calls = 0;
    double seconds = 0;
  };
  std::vector<Share> shares(options.threads);
  std::atomic<uint32_t> ready{0};
  const auto run = [&](Share& share) {
    Recorder recorder(scene);
    ++ready;
    while (ready.load() < options.threads) std::this_thread::yield();
    const auto start = Clock::now();
    do {
      share.calls += recorder.fill();
    } while (options.seconds > 0 ? secondsSince(start) < options.seconds
                                 : share.calls < options.calls / options.threads);
    share.seconds = secondsSince(start);
  };
  const auto start = Clock::now();
  std::vector<std::thread> threads;
  for (Share& share : shares) threads.emplace_back(run, std::ref(share));
  for (std::thread& thread : threads) thread.join();
  const double wall = secondsSince(start);
  uint64_t calls = 0;
  double busy = 0;
  for (const Share& share : shares) {
    calls += share.calls;
    busy += share.seconds;
  }
  std::printf("storm record threads=%u calls=%" PRIu64 " ns_per_call=%.2f calls_per_second=%.0f\n",
              options.threads, calls, busy * 1e9 / double(calls), double(calls) / wall);
  destroyScene(scene);
}

// Every member that Vulkan says is ignored holds 0xdead: whoever reads one crashes, or sees a false handle.
//
// The program draws with what is not ignored and checks the pixel, natively and in every replay.
#include "app.h"
#include "triangle.frag.h"
#include "triangle.vert.h"

namespace {

constexpr VkFormat kFormat = VK_FORMAT_R8G8B8A8_UNORM;
constexpr VkExtent2D kExtent{64, 64};
constexpr VkImageUsageFlags kUsage =
    VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_SAMPLED_BIT;

// 0xdead as whatever pointer or handle is wanted.
struct Dead {
  template <class T>
  operator T*() const {
    return reinterpret_cast<T*>(uintptr_t{0xdead});
  }
};
constexpr Dead kDead;
constexpr uint32_t kDeadCount = 0xdead;

struct Scene {
  app::Gpu gpu;
  app::Image target{};
  VkRenderPass render_pass{};
  VkFramebuffer framebuffer{};
  VkDescriptorSetLayout set_layout{};
  VkDescriptorPool descriptor_pool{};
  VkDescriptorSet set{};
  VkSampler sampler{};
  VkPipelineLayout layout{};
  VkPipeline drawing{};
  VkPipeline discarding{};
};

void createTarget(Scene& scene) {
  const VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                               nullptr,
                               0,
                               VK_IMAGE_TYPE_2D,
                               kFormat,
                               {kExtent.width, kExtent.height, 1},
                               1,
                               1,
                               VK_SAMPLE_COUNT_1_BIT,
                               VK_IMAGE_TILING_OPTIMAL,
                               kUsage,
                               VK_SHARING_MODE_EXCLUSIVE,
                               kDeadCount,
                               kDead,  // pQueueFamilyIndices: exclusive
                               VK_IMAGE_LAYOUT_UNDEFINED};
  scene.target = app::createImage(scene.gpu, info);
}

void createRenderPass(Scene& scene) {
  const VkAttachmentDescription color{0,
                                      kFormat,
                                      VK_SAMPLE_COUNT_1_BIT,
                                      VK_ATTACHMENT_LOAD_OP_CLEAR,
                                      VK_ATTACHMENT_STORE_OP_STORE,
                                      VK_ATTACHMENT_LOAD_OP_DONT_CARE,
                                      VK_ATTACHMENT_STORE_OP_DONT_CARE,
                                      VK_IMAGE_LAYOUT_UNDEFINED,
                                      VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL};
  const VkAttachmentReference reference{0, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL};
  const VkSubpassDescription subpass{
      0, VK_PIPELINE_BIND_POINT_GRAPHICS, 0, kDead, 1, &reference, nullptr, nullptr, 0, kDead};
  const VkRenderPassCreateInfo info{
      VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO, nullptr, 0, 1, &color, 1, &subpass, 0, kDead};
  CHECK(vkCreateRenderPass(scene.gpu.device, &info, nullptr, &scene.render_pass));
  const VkFramebufferAttachmentImageInfo image{VK_STRUCTURE_TYPE_FRAMEBUFFER_ATTACHMENT_IMAGE_INFO,
                                               nullptr,
                                               0,
                                               kUsage,
                                               kExtent.width,
                                               kExtent.height,
                                               1,
                                               1,
                                               &kFormat};
  const VkFramebufferAttachmentsCreateInfo images{VK_STRUCTURE_TYPE_FRAMEBUFFER_ATTACHMENTS_CREATE_INFO,
                                                  nullptr, 1, &image};
  const VkFramebufferCreateInfo framebuffer{VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO,
                                            &images,
                                            VK_FRAMEBUFFER_CREATE_IMAGELESS_BIT,
                                            scene.render_pass,
                                            1,
                                            kDead,  // pAttachments: imageless
                                            kExtent.width,
                                            kExtent.height,
                                            1};
  CHECK(vkCreateFramebuffer(scene.gpu.device, &framebuffer, nullptr, &scene.framebuffer));
}

void createDescriptors(Scene& scene, const app::Buffer& buffer) {
  const VkDevice device = scene.gpu.device;
  VkSamplerCreateInfo sampler{VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO};
  CHECK(vkCreateSampler(device, &sampler, nullptr, &scene.sampler));
  const VkDescriptorSetLayoutBinding bindings[4] = {
      {0, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, 1, VK_SHADER_STAGE_FRAGMENT_BIT, kDead},
      {1, VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, 1, VK_SHADER_STAGE_FRAGMENT_BIT, kDead},
      {2, VK_DESCRIPTOR_TYPE_SAMPLER, 1, VK_SHADER_STAGE_FRAGMENT_BIT, nullptr},
      {3, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1, VK_SHADER_STAGE_FRAGMENT_BIT, &scene.sampler}};
  const VkDescriptorSetLayoutCreateInfo layout{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, nullptr,
                                               0, 4, bindings};
  CHECK(vkCreateDescriptorSetLayout(device, &layout, nullptr, &scene.set_layout));
  VkDescriptorPoolSize sizes[4];
  for (int i = 0; i < 4; ++i) sizes[i] = {bindings[i].descriptorType, 1};
  const VkDescriptorPoolCreateInfo pool{
      VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, nullptr, 0, 1, 4, sizes};
  CHECK(vkCreateDescriptorPool(device, &pool, nullptr, &scene.descriptor_pool));
  const VkDescriptorSetAllocateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, nullptr,
                                         scene.descriptor_pool, 1, &scene.set_layout};
  CHECK(vkAllocateDescriptorSets(device, &info, &scene.set));

  const VkDescriptorBufferInfo uniform{buffer.handle, 0, VK_WHOLE_SIZE};
  const VkDescriptorImageInfo image{kDead, scene.target.view, VK_IMAGE_LAYOUT_GENERAL};
  const VkDescriptorImageInfo plain_sampler{scene.sampler, kDead, static_cast<VkImageLayout>(kDeadCount)};
  const VkDescriptorImageInfo combined{kDead /* immutable */, scene.target.view, VK_IMAGE_LAYOUT_GENERAL};
  const VkStructureType type = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
  const VkWriteDescriptorSet writes[4] = {
      {type, nullptr, scene.set, 0, 0, 1, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, kDead, &uniform, kDead},
      {type, nullptr, scene.set, 1, 0, 1, VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE, &image, kDead, kDead},
      {type, nullptr, scene.set, 2, 0, 1, VK_DESCRIPTOR_TYPE_SAMPLER, &plain_sampler, kDead, kDead},
      {type, nullptr, scene.set, 3, 0, 1, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, &combined, kDead,
       kDead}};
  vkUpdateDescriptorSets(device, 4, writes, 0, kDead);

  const VkDescriptorUpdateTemplateEntry entry{0, 0, 1, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER, 0, 0};
  const VkDescriptorUpdateTemplateCreateInfo by_template{
      VK_STRUCTURE_TYPE_DESCRIPTOR_UPDATE_TEMPLATE_CREATE_INFO, nullptr, 0, 1, &entry,
      VK_DESCRIPTOR_UPDATE_TEMPLATE_TYPE_DESCRIPTOR_SET, scene.set_layout,
      VK_PIPELINE_BIND_POINT_GRAPHICS, kDead, kDeadCount};
  VkDescriptorUpdateTemplate update_template;
  CHECK(vkCreateDescriptorUpdateTemplate(device, &by_template, nullptr, &update_template));
  vkUpdateDescriptorSetWithTemplate(device, scene.set, update_template, &uniform);
  vkDestroyDescriptorUpdateTemplate(device, update_template, nullptr);
}

// One pipeline that draws (viewport and scissor dynamic, no depth attachment, no tessellation) and one that
// discards all primitives, for which four of its states are ignored.
void createPipelines(Scene& scene) {
  const VkPipelineLayoutCreateInfo layout{
      VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, nullptr, 0, 1, &scene.set_layout, 0, kDead};
  CHECK(vkCreatePipelineLayout(scene.gpu.device, &layout, nullptr, &scene.layout));
  const VkStructureType stage_type = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  const VkPipelineShaderStageCreateInfo stages[2] = {
      {stage_type, nullptr, 0, VK_SHADER_STAGE_VERTEX_BIT, app::createShader(scene.gpu, kTriangleVert),
       "main", nullptr},
      {stage_type, nullptr, 0, VK_SHADER_STAGE_FRAGMENT_BIT, app::createShader(scene.gpu, kTriangleFrag),
       "main", nullptr}};
  const VkVertexInputBindingDescription binding{0, 20, VK_VERTEX_INPUT_RATE_VERTEX};
  const VkVertexInputAttributeDescription attributes[2] = {{0, 0, VK_FORMAT_R32G32_SFLOAT, 0},
                                                           {1, 0, VK_FORMAT_R32G32B32_SFLOAT, 8}};
  const VkPipelineVertexInputStateCreateInfo vertices{
      VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO, nullptr, 0, 1, &binding, 2, attributes};
  VkPipelineInputAssemblyStateCreateInfo assembly{
      VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO};
  assembly.topology = VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST;
  const VkPipelineViewportStateCreateInfo view{
      VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO, nullptr, 0, 1, kDead, 1, kDead};
  const VkDynamicState dynamic_states[2] = {VK_DYNAMIC_STATE_VIEWPORT, VK_DYNAMIC_STATE_SCISSOR};
  const VkPipelineDynamicStateCreateInfo dynamic{VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO,
                                                 nullptr, 0, 2, dynamic_states};
  VkPipelineRasterizationStateCreateInfo raster{VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO};
  raster.lineWidth = 1;
  VkPipelineRasterizationStateCreateInfo discard = raster;
  discard.rasterizerDiscardEnable = VK_TRUE;
  VkPipelineMultisampleStateCreateInfo samples{VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO};
  samples.rasterizationSamples = VK_SAMPLE_COUNT_1_BIT;
  VkPipelineColorBlendAttachmentState attachment{};
  attachment.colorWriteMask = 0xf;
  VkPipelineColorBlendStateCreateInfo blend{VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO};
  blend.attachmentCount = 1;
  blend.pAttachments = &attachment;

  const VkStructureType type = VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO;
  const VkGraphicsPipelineCreateInfo drawing{type,
                                             nullptr,
                                             0,
                                             2,
                                             stages,
                                             &vertices,
                                             &assembly,
                                             kDead /* tessellation */,
                                             &view,
                                             &raster,
                                             &samples,
                                             kDead /* depth */,
                                             &blend,
                                             &dynamic,
                                             scene.layout,
                                             scene.render_pass,
                                             0,
                                             kDead /* base */,
                                             0};
  const VkGraphicsPipelineCreateInfo discarding{
      type,  nullptr, 0,     1,       stages,       &vertices,         &assembly, kDead, kDead, &discard,
      kDead, kDead,   kDead, nullptr, scene.layout, scene.render_pass, 0,         kDead, 0};
  CHECK(vkCreateGraphicsPipelines(scene.gpu.device, VK_NULL_HANDLE, 1, &drawing, nullptr, &scene.drawing));
  CHECK(vkCreateGraphicsPipelines(scene.gpu.device, VK_NULL_HANDLE, 1, &discarding, nullptr,
                                  &scene.discarding));
  for (const auto& stage : stages) vkDestroyShaderModule(scene.gpu.device, stage.module, nullptr);
}

// A secondary command buffer outside a render pass: the pass and framebuffer it would inherit are ignored.
VkCommandBuffer recordSecondary(const Scene& scene, const app::Buffer& buffer) {
  const VkCommandBufferAllocateInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, nullptr,
                                         scene.gpu.pool, VK_COMMAND_BUFFER_LEVEL_SECONDARY, 1};
  VkCommandBuffer commands = VK_NULL_HANDLE;
  CHECK(vkAllocateCommandBuffers(scene.gpu.device, &info, &commands));
  VkCommandBufferInheritanceInfo inheritance{VK_STRUCTURE_TYPE_COMMAND_BUFFER_INHERITANCE_INFO};
  inheritance.renderPass = kDead;
  inheritance.subpass = kDeadCount;
  inheritance.framebuffer = kDead;
  const VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr, 0, &inheritance};
  CHECK(vkBeginCommandBuffer(commands, &begin));
  vkCmdFillBuffer(commands, buffer.handle, 0, 256, 0x5ec0da);
  CHECK(vkEndCommandBuffer(commands));
  return commands;
}

void draw(const Scene& scene, VkCommandBuffer commands, const app::Buffer& vertices) {
  VkClearValue clear{};
  const VkRenderPassAttachmentBeginInfo attachments{VK_STRUCTURE_TYPE_RENDER_PASS_ATTACHMENT_BEGIN_INFO,
                                                    nullptr, 1, &scene.target.view};
  const VkRenderPassBeginInfo pass{VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
                                   &attachments,
                                   scene.render_pass,
                                   scene.framebuffer,
                                   {{0, 0}, kExtent},
                                   1,
                                   &clear};
  vkCmdBeginRenderPass(commands, &pass, VK_SUBPASS_CONTENTS_INLINE);
  vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, scene.layout, 0, 1, &scene.set, 0,
                          kDead);
  const VkViewport viewport{0, 0, kExtent.width, kExtent.height, 0, 1};
  const VkRect2D scissor{{0, 0}, kExtent};
  vkCmdSetViewport(commands, 0, 1, &viewport);
  vkCmdSetScissor(commands, 0, 1, &scissor);
  const VkDeviceSize offset = 0;
  vkCmdBindVertexBuffers(commands, 0, 1, &vertices.handle, &offset);
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, scene.discarding);
  vkCmdDraw(commands, 3, 1, 0, 0);
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, scene.drawing);
  vkCmdDraw(commands, 3, 1, 0, 0);
  vkCmdEndRenderPass(commands);
}

void drawAndRead(const Scene& scene, const app::Buffer& vertices, const app::Buffer& pixels,
                 const app::Buffer& filled) {
  const VkCommandBuffer secondary = recordSecondary(scene, filled);
  const VkCommandBuffer commands = app::allocateCommands(scene.gpu, scene.gpu.pool);
  const VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr, 0,
                                       kDead /* pInheritanceInfo of a primary */};
  CHECK(vkBeginCommandBuffer(commands, &begin));
  vkCmdExecuteCommands(commands, 1, &secondary);
  draw(scene, commands, vertices);
  const VkMemoryBarrier drawn{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, VK_ACCESS_COLOR_ATTACHMENT_WRITE_BIT,
                              VK_ACCESS_TRANSFER_READ_BIT};
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT,
                       VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1, &drawn, 0, kDead, 0, kDead);
  const VkBufferImageCopy region{
      0, 0, 0, {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1}, {0, 0, 0}, {kExtent.width, kExtent.height, 1}};
  vkCmdCopyImageToBuffer(commands, scene.target.handle, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, pixels.handle,
                         1, &region);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
  const VkFence fence = app::createFence(scene.gpu);
  const VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO, nullptr, 0, kDead, kDead, 1, &commands, 0, kDead};
  CHECK(vkQueueSubmit(scene.gpu.queue, 1, &submit, fence));
  app::waitAndReset(scene.gpu, fence);
  vkDestroyFence(scene.gpu.device, fence, nullptr);
}

void destroy(Scene& scene) {
  const VkDevice device = scene.gpu.device;
  vkDestroyPipeline(device, scene.drawing, nullptr);
  vkDestroyPipeline(device, scene.discarding, nullptr);
  vkDestroyPipelineLayout(device, scene.layout, nullptr);
  vkDestroyDescriptorPool(device, scene.descriptor_pool, nullptr);
  vkDestroyDescriptorSetLayout(device, scene.set_layout, nullptr);
  vkDestroySampler(device, scene.sampler, nullptr);
  vkDestroyFramebuffer(device, scene.framebuffer, nullptr);
  vkDestroyRenderPass(device, scene.render_pass, nullptr);
  app::destroyImage(scene.gpu, scene.target);
}

}  // namespace

int main(int argc, char** argv) {
  VkPhysicalDeviceImagelessFramebufferFeatures imageless{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGELESS_FRAMEBUFFER_FEATURES, nullptr, VK_TRUE};
  Scene scene;
  scene.gpu = app::createGpu("ignored", &imageless);
  const float triangle[15] = {0, -0.9f, 1, 0, 0, 0.9f, 0.9f, 1, 0, 0, -0.9f, 0.9f, 1, 0, 0};
  app::Buffer vertices = app::createBuffer(scene.gpu, sizeof(triangle), VK_BUFFER_USAGE_VERTEX_BUFFER_BIT);
  std::memcpy(vertices.data, triangle, sizeof(triangle));
  app::Buffer pixels = app::createBuffer(scene.gpu, VkDeviceSize{kExtent.width} * kExtent.height * 4,
                                         VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  app::Buffer filled = app::createBuffer(
      scene.gpu, 256, VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT);
  createTarget(scene);
  createRenderPass(scene);
  createDescriptors(scene, filled);
  createPipelines(scene);
  drawAndRead(scene, vertices, pixels, filled);
  REQUIRE(reinterpret_cast<uint32_t*>(pixels.data)[32 * 64 + 32] == 0xff0000ff);
  REQUIRE(reinterpret_cast<uint32_t*>(filled.data)[63] == 0x5ec0da);
  app::report("output", pixels, argc > 1 ? argv[1] : nullptr);
  destroy(scene);
  app::destroyBuffer(scene.gpu, filled);
  app::destroyBuffer(scene.gpu, pixels);
  app::destroyBuffer(scene.gpu, vertices);
  app::destroyGpu(scene.gpu);
  std::printf("ok ignored\n");
}

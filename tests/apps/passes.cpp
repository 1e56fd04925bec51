// Render passes of more than one colour attachment and one subpass.
//
// passes CASE [FILE]
#include "drawing.h"

#include "input.frag.h"

namespace {

using app::Scene;

constexpr VkFormat kDepth = VK_FORMAT_D32_SFLOAT;
constexpr VkExtent3D kExtent{app::kCanvas.width, app::kCanvas.height, 1};
constexpr VkImageLayout kColorLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
constexpr VkImageLayout kDepthLayout = VK_IMAGE_LAYOUT_DEPTH_STENCIL_ATTACHMENT_OPTIMAL;

VkAttachmentDescription2 attachment(VkFormat format, VkImageLayout last) {
  return {VK_STRUCTURE_TYPE_ATTACHMENT_DESCRIPTION_2,
          nullptr,
          0,
          format,
          VK_SAMPLE_COUNT_1_BIT,
          VK_ATTACHMENT_LOAD_OP_CLEAR,
          VK_ATTACHMENT_STORE_OP_STORE,
          VK_ATTACHMENT_LOAD_OP_DONT_CARE,
          VK_ATTACHMENT_STORE_OP_DONT_CARE,
          VK_IMAGE_LAYOUT_UNDEFINED,
          last};
}
VkAttachmentReference2 reference(uint32_t index, VkImageLayout layout,
                                 VkImageAspectFlags aspect = VK_IMAGE_ASPECT_COLOR_BIT) {
  return {VK_STRUCTURE_TYPE_ATTACHMENT_REFERENCE_2, nullptr, index, layout, aspect};
}
VkSubpassDescription2 subpass(const VkAttachmentReference2& color) {
  VkSubpassDescription2 description{VK_STRUCTURE_TYPE_SUBPASS_DESCRIPTION_2};
  description.pipelineBindPoint = VK_PIPELINE_BIND_POINT_GRAPHICS;
  description.colorAttachmentCount = 1;
  description.pColorAttachments = &color;
  return description;
}
VkSubpassDependency2 dependency(uint32_t from, uint32_t to) {
  VkSubpassDependency2 all{VK_STRUCTURE_TYPE_SUBPASS_DEPENDENCY_2, nullptr, from, to};
  all.srcStageMask = all.dstStageMask = VK_PIPELINE_STAGE_ALL_GRAPHICS_BIT;
  all.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT;
  all.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
  if (to != VK_SUBPASS_EXTERNAL) all.dependencyFlags = VK_DEPENDENCY_BY_REGION_BIT;
  return all;
}

VkImageCreateInfo targetInfo(uint32_t layers, VkImageUsageFlags more) {
  VkImageCreateInfo info =
      app::imageInfo(app::kCanvasFormat, kExtent,
                     VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT | more);
  info.arrayLayers = layers;
  return info;
}

void beginPass2(VkCommandBuffer commands, VkRenderPass pass, VkFramebuffer frame,
                const void* next = nullptr) {
  VkClearValue clears[3] = {{{{0.25f, 0.25f, 0.25f, 1}}}, {{{0.25f, 0.25f, 0.25f, 1}}}, {}};
  clears[2].depthStencil = {0.5f, 0};
  const VkRenderPassBeginInfo info{
      VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO, next, pass, frame, {{0, 0}, app::kCanvas}, 3, clears};
  const VkSubpassBeginInfo begin{VK_STRUCTURE_TYPE_SUBPASS_BEGIN_INFO, nullptr, VK_SUBPASS_CONTENTS_INLINE};
  vkCmdBeginRenderPass2(commands, &info, &begin);
}

VkRenderPass createTwoPasses(Scene& scene) {
  const VkAttachmentDescription2 attachments[3] = {
      attachment(app::kCanvasFormat, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL),
      attachment(app::kCanvasFormat, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL), attachment(kDepth, kDepthLayout)};
  const VkAttachmentReference2 colors[2] = {reference(0, kColorLayout), reference(1, kColorLayout)};
  const VkAttachmentReference2 depth = reference(2, kDepthLayout, VK_IMAGE_ASPECT_DEPTH_BIT);
  const VkAttachmentReference2 input = reference(0, VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL);
  VkSubpassDescription2 parts[2] = {subpass(colors[0]), subpass(colors[1])};
  parts[0].pDepthStencilAttachment = &depth;
  parts[1].inputAttachmentCount = 1;
  parts[1].pInputAttachments = &input;
  const VkSubpassDependency2 dependencies[2] = {dependency(0, 1), dependency(1, VK_SUBPASS_EXTERNAL)};
  return scene.make(
      vkCreateRenderPass2, vkDestroyRenderPass,
      {VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO_2, nullptr, 0, 3, attachments, 2, parts, 2, dependencies});
}

// Two colours and a depth: what each image is, and a view of it.
struct Targets {
  VkImageCreateInfo infos[3] = {targetInfo(1, VK_IMAGE_USAGE_INPUT_ATTACHMENT_BIT), targetInfo(1, 0),
                                app::imageInfo(kDepth, kExtent, VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT)};
  VkImage images[3];
  VkImageView views[3];

  explicit Targets(Scene& scene) {
    for (uint32_t i = 0; i < 3; ++i) {
      images[i] = app::makeImage(scene, infos[i]);
      views[i] = app::makeView(scene, images[i], VK_IMAGE_VIEW_TYPE_2D, infos[i].format,
                               app::whole(i == 2 ? VK_IMAGE_ASPECT_DEPTH_BIT : VK_IMAGE_ASPECT_COLOR_BIT));
    }
  }
};

VkFramebuffer createFrame(Scene& scene, VkRenderPass pass, const Targets& targets, bool imageless) {
  VkFramebufferAttachmentImageInfo images[3];
  for (uint32_t i = 0; i < 3; ++i)
    images[i] = {VK_STRUCTURE_TYPE_FRAMEBUFFER_ATTACHMENT_IMAGE_INFO,
                 nullptr,
                 0,
                 targets.infos[i].usage,
                 kExtent.width,
                 kExtent.height,
                 1,
                 1,
                 &targets.infos[i].format};
  const VkFramebufferAttachmentsCreateInfo later{VK_STRUCTURE_TYPE_FRAMEBUFFER_ATTACHMENTS_CREATE_INFO,
                                                 nullptr, 3, images};
  return scene.make(vkCreateFramebuffer, vkDestroyFramebuffer,
                    {VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO, imageless ? &later : nullptr,
                     imageless ? VkFramebufferCreateFlags(VK_FRAMEBUFFER_CREATE_IMAGELESS_BIT) : 0, pass, 3,
                     imageless ? nullptr : targets.views, kExtent.width, kExtent.height, 1});
}

// The first subpass draws what lies before the depth that was cleared, the second turns its colours. With
// `imageless`, the framebuffer learns its views as the pass begins.
void subpasses(Scene& scene, bool imageless) {
  const app::Features features(scene.gpu);
  NEED(features.v12.imagelessFramebuffer);
  scene.open(features);
  const Targets targets(scene);
  const VkRenderPass pass = createTwoPasses(scene);
  const VkFramebuffer frame = createFrame(scene, pass, targets, imageless);
  app::Bindings bindings = app::bindingsOf({VK_DESCRIPTOR_TYPE_INPUT_ATTACHMENT});
  bindings[0].stageFlags = VK_SHADER_STAGE_FRAGMENT_BIT;
  app::Kernel sets;
  app::createLayouts(scene, sets, bindings, 0);
  const VkDescriptorSet set = app::allocateSet(scene, app::createPool(scene, bindings), sets.set_layout);
  const VkDescriptorImageInfo read{VK_NULL_HANDLE, targets.views[0],
                                   VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL};
  const VkWriteDescriptorSet write = app::writeOf(set, 0, bindings[0].descriptorType, nullptr, &read);
  vkUpdateDescriptorSets(scene.gpu.device, 1, &write, 0, nullptr);
  app::Pipeline draws(scene, sets.layout, pass), turns(scene, sets.layout, pass);
  draws.depth.depthTestEnable = draws.depth.depthWriteEnable = VK_TRUE;
  draws.depth.depthCompareOp = VK_COMPARE_OP_LESS;
  turns.info.subpass = 1;
  turns.stages.pop_back();
  turns.addStage(VK_SHADER_STAGE_FRAGMENT_BIT, kInputFrag);
  const VkPipeline pipelines[2] = {draws.create(), turns.create()};
  const VkRenderPassAttachmentBeginInfo views_now{VK_STRUCTURE_TYPE_RENDER_PASS_ATTACHMENT_BEGIN_INFO,
                                                  nullptr, 3, targets.views};
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) {
    beginPass2(commands, pass, frame, imageless ? &views_now : nullptr);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipelines[0]);
    vkCmdDraw(commands, 3, 64, 0, 0);
    const VkSubpassBeginInfo begin{VK_STRUCTURE_TYPE_SUBPASS_BEGIN_INFO, nullptr, VK_SUBPASS_CONTENTS_INLINE};
    const VkSubpassEndInfo end{VK_STRUCTURE_TYPE_SUBPASS_END_INFO};
    vkCmdNextSubpass2(commands, &begin, &end);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipelines[1]);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, sets.layout, 0, 1, &set, 0, nullptr);
    vkCmdDraw(commands, 3, 40, 0, 0);
    vkCmdEndRenderPass2(commands, &end);
    app::order(commands);
    at = app::readBack(scene, commands, targets.images[1], kExtent, app::kCanvasBytes);
  });
  // Cells from 32 on are too deep for the first subpass; those from 40 on are not drawn by the second.
  const auto corner = [&](uint32_t cell) {
    return scene.found(at)[(cell / 8 * 8 + 1) * 64 + cell % 8 * 8 + 1];
  };
  REQUIRE((corner(3) & 0xffffff) != 0x404040 && (corner(35) & 0xffffff) == 0x404040 &&
          corner(45) == 0xff404040);
}

// Two layers by one draw each, which the second view mask leaves out of one of them.
void multiview(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v11.multiview);
  scene.open(features);
  const VkImage image = app::makeImage(scene, targetInfo(2, 0));
  const VkImageView view =
      app::makeView(scene, image, VK_IMAGE_VIEW_TYPE_2D_ARRAY, app::kCanvasFormat, app::whole());
  const VkAttachmentDescription2 color = attachment(app::kCanvasFormat, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
  const VkAttachmentReference2 to = reference(0, kColorLayout);
  VkSubpassDescription2 parts[2] = {subpass(to), subpass(to)};
  parts[0].viewMask = 3;
  parts[1].viewMask = 2;
  const VkSubpassDependency2 dependencies[2] = {dependency(0, 1), dependency(1, VK_SUBPASS_EXTERNAL)};
  const VkRenderPass pass = scene.make(
      vkCreateRenderPass2, vkDestroyRenderPass,
      {VK_STRUCTURE_TYPE_RENDER_PASS_CREATE_INFO_2, nullptr, 0, 1, &color, 2, parts, 2, dependencies});
  const VkFramebuffer frame = scene.make(vkCreateFramebuffer, vkDestroyFramebuffer,
                                         {VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO, nullptr, 0, pass, 1,
                                          &view, kExtent.width, kExtent.height, 1});
  const VkPipelineLayout layout = scene.make(vkCreatePipelineLayout, vkDestroyPipelineLayout,
                                             {VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO});
  app::Pipeline first(scene, layout, pass), second(scene, layout, pass);
  second.info.subpass = 1;
  const VkPipeline pipelines[2] = {first.create(), second.create()};
  VkDeviceSize at[2];
  scene.once([&](VkCommandBuffer commands) {
    beginPass2(commands, pass, frame);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipelines[0]);
    vkCmdDraw(commands, 3, 8, 0, 0);
    vkCmdNextSubpass(commands, VK_SUBPASS_CONTENTS_INLINE);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipelines[1]);
    vkCmdDraw(commands, 3, 8, 0, 8);
    vkCmdEndRenderPass(commands);
    app::order(commands);
    for (uint32_t i = 0; i < 2; ++i)
      at[i] = app::readBack(scene, commands, image, kExtent, app::kCanvasBytes,
                            {VK_IMAGE_ASPECT_COLOR_BIT, 0, i, 1});
  });
  REQUIRE(app::drawnCells(scene, at[0]) == 0xffu && app::drawnCells(scene, at[1]) == 0xffffu);
}

bool isDepthStencil(const Scene& scene, VkFormat format) {
  VkFormatProperties properties{};
  vkGetPhysicalDeviceFormatProperties(scene.gpu.physical, format, &properties);
  return (properties.optimalTilingFeatures & VK_FORMAT_FEATURE_DEPTH_STENCIL_ATTACHMENT_BIT) != 0;
}

// Depth and stencil in the format that the device has: 24 bits if it can, as many programs prefer. Half of
// the cells are behind what the depth was cleared to.
void depthStencil(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v13.dynamicRendering);
  scene.open(features);
  const VkFormat format = isDepthStencil(scene, VK_FORMAT_D24_UNORM_S8_UINT) ? VK_FORMAT_D24_UNORM_S8_UINT
                                                                             : VK_FORMAT_D32_SFLOAT_S8_UINT;
  std::printf("format=%d\n", format);
  constexpr VkImageAspectFlags kBoth = VK_IMAGE_ASPECT_DEPTH_BIT | VK_IMAGE_ASPECT_STENCIL_BIT;
  const app::Canvas canvas = app::createCanvas(scene);
  const VkImage image = app::makeImage(
      scene, app::imageInfo(format, kExtent,
                            VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT));
  app::Pipeline states(scene, canvas.layout, VK_NULL_HANDLE);
  const VkPipelineRenderingCreateInfo rendering{
      VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO, nullptr, 0, 1, &app::kCanvasFormat, format, format};
  states.info.pNext = &rendering;
  states.depth.depthTestEnable = states.depth.depthWriteEnable = states.depth.stencilTestEnable = VK_TRUE;
  states.depth.depthCompareOp = VK_COMPARE_OP_LESS;
  states.depth.front = states.depth.back = {VK_STENCIL_OP_KEEP,
                                            VK_STENCIL_OP_REPLACE,
                                            VK_STENCIL_OP_INCREMENT_AND_CLAMP,
                                            VK_COMPARE_OP_ALWAYS,
                                            0xff,
                                            0xff,
                                            5};
  const VkPipeline pipeline = states.create();
  VkRenderingAttachmentInfo color{VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO};
  color.imageView = canvas.view;
  color.imageLayout = kColorLayout;
  color.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
  color.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
  color.clearValue = {{{0.25f, 0.25f, 0.25f, 1}}};
  VkRenderingAttachmentInfo depth = color;
  depth.imageView = app::makeView(scene, image, VK_IMAGE_VIEW_TYPE_2D, format, app::whole(kBoth));
  depth.imageLayout = kDepthLayout;
  depth.clearValue.depthStencil = {0.5f, 1};
  VkRenderingInfo info{VK_STRUCTURE_TYPE_RENDERING_INFO};
  info.renderArea = {{0, 0}, app::kCanvas};
  info.layerCount = info.colorAttachmentCount = 1;
  info.pColorAttachments = &color;
  info.pDepthAttachment = info.pStencilAttachment = &depth;
  VkDeviceSize at = 0, stencil = 0;
  scene.once([&](VkCommandBuffer commands) {
    app::changeLayout(commands, canvas.image, VK_IMAGE_LAYOUT_UNDEFINED, kColorLayout);
    app::changeLayout(commands, image, VK_IMAGE_LAYOUT_UNDEFINED, kDepthLayout, kBoth);
    vkCmdBeginRendering(commands, &info);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline);
    vkCmdDraw(commands, 3, 64, 0, 0);
    vkCmdEndRendering(commands);
    app::changeLayout(commands, canvas.image, kColorLayout, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    app::changeLayout(commands, image, kDepthLayout, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, kBoth);
    at = app::readBack(scene, commands, canvas.image, kExtent, app::kCanvasBytes);
    stencil = app::readBack(scene, commands, image, kExtent, kExtent.width * kExtent.height,
                            {VK_IMAGE_ASPECT_STENCIL_BIT, 0, 0, 1});
  });
  REQUIRE(app::drawnCells(scene, at) == 0xffffffffu);
  REQUIRE(scene.result.data[stencil + kExtent.width + 1] == std::byte{5});
}

const app::Case kCases[] = {{"depth-stencil", depthStencil},
                            {"subpasses", [](Scene& scene) { subpasses(scene, false); }},
                            {"imageless", [](Scene& scene) { subpasses(scene, true); }},
                            {"multiview", multiview}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("passes", kCases, argc, argv); }

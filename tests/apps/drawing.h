// A picture of 64 by 64 texels, and pipelines that draw cells.vert's cells into it.
#pragma once

#include <bitset>

#include "kernel.h"
#include "triangle.h"

#include "cells.vert.h"

namespace app {

inline constexpr VkExtent2D kCanvas{64, 64};
inline constexpr VkFormat kCanvasFormat = VK_FORMAT_R8G8B8A8_UNORM;
inline constexpr VkDeviceSize kCanvasBytes = 64 * 64 * 4;

inline VkImageCreateInfo imageInfo(VkFormat format, VkExtent3D extent, VkImageUsageFlags usage) {
  VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO};
  info.imageType = VK_IMAGE_TYPE_2D;
  info.format = format;
  info.extent = extent;
  info.mipLevels = info.arrayLayers = 1;
  info.samples = VK_SAMPLE_COUNT_1_BIT;
  info.usage = usage;
  return info;
}

// With memory of its own.
inline VkImage makeImage(Scene& scene, const VkImageCreateInfo& info) {
  const VkImage image = scene.make(vkCreateImage, vkDestroyImage, info);
  VkMemoryRequirements needs{};
  vkGetImageMemoryRequirements(scene.gpu.device, image, &needs);
  const VkDeviceMemory memory =
      scene.own(allocate(scene.gpu, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT), vkFreeMemory);
  CHECK(vkBindImageMemory(scene.gpu.device, image, memory, 0));
  return image;
}

inline VkImageView makeView(Scene& scene, VkImage image, VkImageViewType type, VkFormat format,
                            const VkImageSubresourceRange& range, const void* next = nullptr) {
  return scene.make(vkCreateImageView, vkDestroyImageView,
                    {VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO, next, 0, image, type, format, {}, range});
}

// All of an image.
inline VkImageSubresourceRange whole(VkImageAspectFlags aspect = VK_IMAGE_ASPECT_COLOR_BIT) {
  return {aspect, 0, VK_REMAINING_MIP_LEVELS, 0, VK_REMAINING_ARRAY_LAYERS};
}

inline void changeLayout(VkCommandBuffer commands, VkImage image, VkImageLayout from, VkImageLayout to,
                         VkImageAspectFlags aspect = VK_IMAGE_ASPECT_COLOR_BIT) {
  const VkImageMemoryBarrier barrier{VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
                                     nullptr,
                                     VK_ACCESS_MEMORY_WRITE_BIT,
                                     VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT,
                                     from,
                                     to,
                                     VK_QUEUE_FAMILY_IGNORED,
                                     VK_QUEUE_FAMILY_IGNORED,
                                     image,
                                     whole(aspect)};
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0,
                       nullptr, 0, nullptr, 1, &barrier);
}

// One level of one layer into the result; `bytes`: how many that is. The image is a transfer source.
inline VkDeviceSize readBack(Scene& scene, VkCommandBuffer commands, VkImage image, VkExtent3D extent,
                             VkDeviceSize bytes,
                             VkImageSubresourceLayers from = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1}) {
  const VkDeviceSize at = scene.space(bytes);
  const VkBufferImageCopy region{at, 0, 0, from, {0, 0, 0}, extent};
  vkCmdCopyImageToBuffer(commands, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, scene.result.handle, 1,
                         &region);
  return at;
}

// Every state of a pipeline that draws cells; a program changes what it is about, then calls create().
struct Pipeline {
  std::vector<VkPipelineShaderStageCreateInfo> stages;
  VkPipelineVertexInputStateCreateInfo vertices{VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_STATE_CREATE_INFO};
  VkPipelineInputAssemblyStateCreateInfo assembly{VK_STRUCTURE_TYPE_PIPELINE_INPUT_ASSEMBLY_STATE_CREATE_INFO,
                                                  nullptr, 0, VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST};
  VkViewport viewport{0, 0, float(kCanvas.width), float(kCanvas.height), 0, 1};
  VkRect2D scissor{{0, 0}, kCanvas};
  VkPipelineViewportStateCreateInfo view{
      VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_STATE_CREATE_INFO, nullptr, 0, 1, &viewport, 1, &scissor};
  VkPipelineRasterizationStateCreateInfo raster{VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_CREATE_INFO};
  VkPipelineMultisampleStateCreateInfo samples{VK_STRUCTURE_TYPE_PIPELINE_MULTISAMPLE_STATE_CREATE_INFO,
                                               nullptr, 0, VK_SAMPLE_COUNT_1_BIT};
  VkPipelineDepthStencilStateCreateInfo depth{VK_STRUCTURE_TYPE_PIPELINE_DEPTH_STENCIL_STATE_CREATE_INFO};
  VkPipelineColorBlendAttachmentState attachment{};
  VkPipelineColorBlendStateCreateInfo blend{VK_STRUCTURE_TYPE_PIPELINE_COLOR_BLEND_STATE_CREATE_INFO,
                                            nullptr,
                                            0,
                                            VK_FALSE,
                                            VK_LOGIC_OP_COPY,
                                            1,
                                            &attachment};
  std::vector<VkDynamicState> dynamic;
  VkPipelineDynamicStateCreateInfo dynamic_info{VK_STRUCTURE_TYPE_PIPELINE_DYNAMIC_STATE_CREATE_INFO};
  VkGraphicsPipelineCreateInfo info{VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO};

  Pipeline(Scene& scene, VkPipelineLayout layout, VkRenderPass pass) : scene_(scene) {
    addStage(VK_SHADER_STAGE_VERTEX_BIT, kCellsVert);
    addStage(VK_SHADER_STAGE_FRAGMENT_BIT, kTriangleFrag);
    raster.lineWidth = 1;
    attachment.colorWriteMask = 0xf;
    info.pVertexInputState = &vertices;
    info.pInputAssemblyState = &assembly;
    info.pViewportState = &view;
    info.pRasterizationState = &raster;
    info.pMultisampleState = &samples;
    info.pDepthStencilState = &depth;
    info.pColorBlendState = &blend;
    info.layout = layout;
    info.renderPass = pass;
    info.basePipelineIndex = -1;
  }
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  template <size_t kWords>
  void addStage(VkShaderStageFlagBits stage, const uint32_t (&shader)[kWords]) {
    stages.push_back({VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO, nullptr, 0, stage,
                      scene_.own(createShader(scene_.gpu, shader), vkDestroyShaderModule), "main"});
  }
  VkPipeline create(VkPipelineCache cache = VK_NULL_HANDLE) {
    info.stageCount = static_cast<uint32_t>(stages.size());
    info.pStages = stages.data();
    dynamic_info.dynamicStateCount = static_cast<uint32_t>(dynamic.size());
    dynamic_info.pDynamicStates = dynamic.data();
    if (!dynamic.empty()) info.pDynamicState = &dynamic_info;
    VkPipeline pipeline = VK_NULL_HANDLE;
    CHECK(vkCreateGraphicsPipelines(scene_.gpu.device, cache, 1, &info, nullptr, &pipeline));
    return scene_.own(pipeline, vkDestroyPipeline);
  }

 private:
  Scene& scene_;
};

// The picture, a render pass that clears it and a layout without anything.
struct Canvas {
  VkImage image = VK_NULL_HANDLE;
  VkImageView view = VK_NULL_HANDLE;
  VkRenderPass pass = VK_NULL_HANDLE;
  VkFramebuffer frame = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;
};

inline Canvas createCanvas(Scene& scene) {
  Canvas canvas;
  canvas.image =
      makeImage(scene, imageInfo(kCanvasFormat, {kCanvas.width, kCanvas.height, 1},
                                 VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT));
  canvas.view = makeView(scene, canvas.image, VK_IMAGE_VIEW_TYPE_2D, kCanvasFormat, whole());
  canvas.pass = scene.own(createRenderPass(scene.gpu, kCanvasFormat), vkDestroyRenderPass);
  canvas.frame = scene.make(vkCreateFramebuffer, vkDestroyFramebuffer,
                            {VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO, nullptr, 0, canvas.pass, 1,
                             &canvas.view, kCanvas.width, kCanvas.height, 1});
  canvas.layout = scene.make(vkCreatePipelineLayout, vkDestroyPipelineLayout,
                             {VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO});
  return canvas;
}

inline void beginPass(const Canvas& canvas, VkCommandBuffer commands,
                      VkSubpassContents contents = VK_SUBPASS_CONTENTS_INLINE) {
  const VkClearValue clear{{{0.25f, 0.25f, 0.25f, 1}}};
  const VkRenderPassBeginInfo info{VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
                                   nullptr,
                                   canvas.pass,
                                   canvas.frame,
                                   {{0, 0}, kCanvas},
                                   1,
                                   &clear};
  vkCmdBeginRenderPass(commands, &info, contents);
}

inline VkDeviceSize readCanvas(Scene& scene, const Canvas& canvas, VkCommandBuffer commands) {
  order(commands);
  return readBack(scene, commands, canvas.image, {kCanvas.width, kCanvas.height, 1}, kCanvasBytes);
}

// Draws in the render pass, then reads the picture.
template <class Draw>
VkDeviceSize paint(Scene& scene, const Canvas& canvas, const Draw& draw) {
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) {
    beginPass(canvas, commands);
    draw(commands);
    vkCmdEndRenderPass(commands);
    at = readCanvas(scene, canvas, commands);
  });
  return at;
}

// Which cells of the picture are not as they were cleared.
inline std::bitset<64> drawnCells(Scene& scene, VkDeviceSize at) {
  std::bitset<64> drawn;
  for (uint32_t cell = 0; cell < 64; ++cell)
    drawn[cell] = scene.found(at)[(cell / 8 * 8 + 1) * kCanvas.width + cell % 8 * 8 + 1] != 0xff404040;
  return drawn;
}

}  // namespace app

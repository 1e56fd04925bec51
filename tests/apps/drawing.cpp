// Ways of drawing: what records the draws, and where their parameters come from.
//
// drawing CASE [FILE]
#include "drawing.h"

#include "feedback.vert.h"

namespace {

using app::Canvas;
using app::Scene;

constexpr auto kGraphics = VK_PIPELINE_BIND_POINT_GRAPHICS;

VkBuffer bufferOf(Scene& scene, const void* data, size_t bytes, VkBufferUsageFlags usage) {
  const app::Buffer buffer = scene.words(static_cast<uint32_t>((bytes + 3) / 4), 0, usage);
  std::memcpy(buffer.data, data, bytes);
  return buffer.handle;
}

// The rest of a secondary's inheritance is for those of render passes.
VkCommandBuffer beginSecondary(Scene& scene, const VkCommandBufferInheritanceInfo& inheritance,
                               VkCommandBufferUsageFlags flags) {
  const VkCommandBuffer commands = scene.commands(VK_COMMAND_BUFFER_LEVEL_SECONDARY);
  const VkCommandBufferBeginInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr, flags,
                                      &inheritance};
  CHECK(vkBeginCommandBuffer(commands, &info));
  return commands;
}

// Two secondaries draw in a render pass, one fills a buffer outside of it; each is executed twice.
void secondary(Scene& scene) {
  scene.open();
  const Canvas canvas = app::createCanvas(scene);
  const VkPipeline pipeline = app::Pipeline(scene, canvas.layout, canvas.pass).create();
  VkCommandBufferInheritanceInfo inheritance{VK_STRUCTURE_TYPE_COMMAND_BUFFER_INHERITANCE_INFO, nullptr,
                                             canvas.pass, 0, canvas.frame};
  VkCommandBuffer draws[2];
  for (uint32_t i = 0; i < 2; ++i) {
    draws[i] = beginSecondary(
        scene, inheritance,
        VK_COMMAND_BUFFER_USAGE_RENDER_PASS_CONTINUE_BIT | VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
    vkCmdBindPipeline(draws[i], kGraphics, pipeline);
    vkCmdDraw(draws[i], 3, 8, 3 * i, 16 * i);
    CHECK(vkEndCommandBuffer(draws[i]));
  }
  const VkCommandBufferInheritanceInfo none{VK_STRUCTURE_TYPE_COMMAND_BUFFER_INHERITANCE_INFO};
  const VkCommandBuffer fill = beginSecondary(scene, none, VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT);
  const VkDeviceSize filled = scene.space(256);
  vkCmdFillBuffer(fill, scene.result.handle, filled, 256, 0xabcdef01);
  CHECK(vkEndCommandBuffer(fill));
  for (uint32_t round = 0; round < 2; ++round) {
    VkDeviceSize at = 0;
    scene.once([&](VkCommandBuffer commands) {
      app::beginPass(canvas, commands, VK_SUBPASS_CONTENTS_SECONDARY_COMMAND_BUFFERS);
      vkCmdExecuteCommands(commands, 2, draws);
      vkCmdEndRenderPass(commands);
      vkCmdExecuteCommands(commands, 1, &fill);
      at = app::readCanvas(scene, canvas, commands);
    });
    REQUIRE(app::drawnCells(scene, at) == 0xff00ffu);
  }
  REQUIRE(*scene.found(filled) == 0xabcdef01);
}

// Without render pass objects; the second half by a secondary, suspended and resumed between.
void dynamicRendering(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v13.dynamicRendering);
  scene.open(features);
  const Canvas canvas = app::createCanvas(scene);
  app::Pipeline states(scene, canvas.layout, VK_NULL_HANDLE);
  const VkPipelineRenderingCreateInfo rendering{VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO, nullptr, 0,
                                                1, &app::kCanvasFormat};
  states.info.pNext = &rendering;
  const VkPipeline pipeline = states.create();
  const VkCommandBufferInheritanceRenderingInfo inherited{
      VK_STRUCTURE_TYPE_COMMAND_BUFFER_INHERITANCE_RENDERING_INFO,
      nullptr,
      0,
      0,
      1,
      &app::kCanvasFormat,
      VK_FORMAT_UNDEFINED,
      VK_FORMAT_UNDEFINED,
      VK_SAMPLE_COUNT_1_BIT};
  const VkCommandBufferInheritanceInfo inheritance{VK_STRUCTURE_TYPE_COMMAND_BUFFER_INHERITANCE_INFO,
                                                   &inherited};
  const VkCommandBuffer draws =
      beginSecondary(scene, inheritance, VK_COMMAND_BUFFER_USAGE_RENDER_PASS_CONTINUE_BIT);
  vkCmdBindPipeline(draws, kGraphics, pipeline);
  vkCmdDraw(draws, 3, 8, 3, 24);
  CHECK(vkEndCommandBuffer(draws));
  VkRenderingAttachmentInfo color{VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO};
  color.imageView = canvas.view;
  color.imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
  color.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
  color.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
  color.clearValue = {{{0.25f, 0.25f, 0.25f, 1}}};
  VkRenderingInfo info{VK_STRUCTURE_TYPE_RENDERING_INFO};
  info.renderArea = {{0, 0}, app::kCanvas};
  info.layerCount = info.colorAttachmentCount = 1;
  info.pColorAttachments = &color;
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) {
    app::changeLayout(commands, canvas.image, VK_IMAGE_LAYOUT_UNDEFINED,
                      VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
    vkCmdBeginRendering(commands, &info);
    vkCmdBindPipeline(commands, kGraphics, pipeline);
    vkCmdDraw(commands, 3, 8, 0, 0);
    vkCmdEndRendering(commands);
    app::order(commands);
    color.loadOp = VK_ATTACHMENT_LOAD_OP_LOAD;
    info.flags = VK_RENDERING_CONTENTS_SECONDARY_COMMAND_BUFFERS_BIT;
    vkCmdBeginRendering(commands, &info);
    vkCmdExecuteCommands(commands, 1, &draws);
    vkCmdEndRendering(commands);
    app::changeLayout(commands, canvas.image, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
                      VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    at = app::readCanvas(scene, canvas, commands);
  });
  REQUIRE(app::drawnCells(scene, at) == 0xff0000ffu);
}

// Draws whose parameters lie in a buffer, some with indices; their number may lie in one, too.
struct IndirectDraws {
  uint16_t indices[6] = {0, 1, 2,
                         2, 1, 0};  // first: lavapipe 22.3 ignores the offset of those of indirect draws
  VkDrawIndirectCommand draws[4] = {{3, 2, 0, 0}, {3, 1, 3, 8}, {3, 3, 6, 16}, {3, 64, 0, 0}};
  VkDrawIndexedIndirectCommand indexed[2] = {{3, 2, 0, 3, 32}, {3, 1, 3, 0, 48}};
  uint32_t count = 3;
};
void paintIndirect(Scene& scene, bool counted) {
  using Draws = IndirectDraws;
  const Canvas canvas = app::createCanvas(scene);
  const VkPipeline pipeline = app::Pipeline(scene, canvas.layout, canvas.pass).create();
  const Draws draws;
  const VkBuffer buffer = bufferOf(scene, &draws, sizeof draws,
                                   VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT | VK_BUFFER_USAGE_INDEX_BUFFER_BIT);
  constexpr uint32_t kStride = sizeof(VkDrawIndirectCommand), kIndexed = sizeof(VkDrawIndexedIndirectCommand);
  const VkDeviceSize at = app::paint(scene, canvas, [&](VkCommandBuffer commands) {
    vkCmdBindPipeline(commands, kGraphics, pipeline);
    vkCmdBindIndexBuffer(commands, buffer, offsetof(Draws, indices), VK_INDEX_TYPE_UINT16);
    const VkDeviceSize plain = offsetof(Draws, draws), indexed = offsetof(Draws, indexed);
    if (counted) {
      vkCmdDrawIndirectCount(commands, buffer, plain, buffer, offsetof(Draws, count), 4, kStride);
      vkCmdDrawIndexedIndirectCount(commands, buffer, indexed, buffer, offsetof(Draws, count), 2, kIndexed);
    } else {
      vkCmdDrawIndirect(commands, buffer, plain, 3, kStride);
      vkCmdDrawIndexedIndirect(commands, buffer, indexed, 2, kIndexed);
    }
  });
  REQUIRE(app::drawnCells(scene, at) == 0x1000300070103u);
}

void indirect(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.core.features.multiDrawIndirect);
  NEED(features.core.features.drawIndirectFirstInstance);
  scene.open(features);
  paintIndirect(scene, false);
}

void indirectCount(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.core.features.drawIndirectFirstInstance);
  NEED(features.v12.drawIndirectCount);
  scene.open(features);
  paintIndirect(scene, true);
}

void multiDraw(Scene& scene) {
  VkPhysicalDeviceMultiDrawFeaturesEXT multi{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MULTI_DRAW_FEATURES_EXT};
  const app::Features features(scene.gpu, &multi);
  NEED(multi.multiDraw);
  scene.open(features, {VK_EXT_MULTI_DRAW_EXTENSION_NAME});
  const Canvas canvas = app::createCanvas(scene);
  const VkPipeline pipeline = app::Pipeline(scene, canvas.layout, canvas.pass).create();
  const uint16_t indices[9] = {0, 1, 2, 2, 1, 0, 3, 4, 5};
  const VkBuffer index_buffer = bufferOf(scene, indices, sizeof indices, VK_BUFFER_USAGE_INDEX_BUFFER_BIT);
  const VkMultiDrawInfoEXT draws[2] = {{0, 3}, {3, 3}};
  // With something of the program's own between the draws.
  const struct {
    VkMultiDrawIndexedInfoEXT draw;
    uint32_t own;
  } indexed[2] = {{{0, 3, 3}, 7}, {{6, 3, 0}, 8}};
  const int32_t offset = 6;
  const VkDeviceSize at = app::paint(scene, canvas, [&](VkCommandBuffer commands) {
    vkCmdBindPipeline(commands, kGraphics, pipeline);
    vkCmdBindIndexBuffer(commands, index_buffer, 0, VK_INDEX_TYPE_UINT16);
    COMMAND(scene.gpu, vkCmdDrawMultiEXT)(commands, 2, draws, 4, 0, sizeof draws[0]);
    const auto multi_indexed = COMMAND(scene.gpu, vkCmdDrawMultiIndexedEXT);
    multi_indexed(commands, 2, &indexed[0].draw, 2, 16, sizeof indexed[0], nullptr);
    multi_indexed(commands, 2, &indexed[0].draw, 2, 32, sizeof indexed[0], &offset);
  });
  REQUIRE(app::drawnCells(scene, at) == 0x30003000fu);
}

// Of eight draws those are seen whose predicate lets them.
void conditional(Scene& scene) {
  VkPhysicalDeviceConditionalRenderingFeaturesEXT conditions{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_CONDITIONAL_RENDERING_FEATURES_EXT};
  const app::Features features(scene.gpu, &conditions);
  NEED(conditions.conditionalRendering);
  scene.open(features, {VK_EXT_CONDITIONAL_RENDERING_EXTENSION_NAME});
  const Canvas canvas = app::createCanvas(scene);
  const VkPipeline pipeline = app::Pipeline(scene, canvas.layout, canvas.pass).create();
  const uint32_t predicates[8] = {1, 0, 0, 1, 5, 0, 1, 0};
  const VkBuffer buffer =
      bufferOf(scene, predicates, sizeof predicates, VK_BUFFER_USAGE_CONDITIONAL_RENDERING_BIT_EXT);
  const VkDeviceSize at = app::paint(scene, canvas, [&](VkCommandBuffer commands) {
    vkCmdBindPipeline(commands, kGraphics, pipeline);
    for (uint32_t i = 0; i < 8; ++i) {
      const VkConditionalRenderingBeginInfoEXT info{
          VK_STRUCTURE_TYPE_CONDITIONAL_RENDERING_BEGIN_INFO_EXT, nullptr, buffer, i * 4,
          i < 6 ? 0 : VkConditionalRenderingFlagsEXT(VK_CONDITIONAL_RENDERING_INVERTED_BIT_EXT)};
      COMMAND(scene.gpu, vkCmdBeginConditionalRenderingEXT)(commands, &info);
      vkCmdDraw(commands, 3, 1, 0, i);
      COMMAND(scene.gpu, vkCmdEndConditionalRenderingEXT)(commands);
    }
  });
  REQUIRE(app::drawnCells(scene, at) == 0b10011001u);
}

// Vertices go to the result; a second part resumes where a counter buffer says, and draws what it counts.
void feedback(Scene& scene) {
  VkPhysicalDeviceTransformFeedbackFeaturesEXT feedback{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_TRANSFORM_FEEDBACK_FEATURES_EXT};
  const app::Features features(scene.gpu, &feedback);
  NEED(feedback.transformFeedback);
  scene.open(features, {VK_EXT_TRANSFORM_FEEDBACK_EXTENSION_NAME});
  const Canvas canvas = app::createCanvas(scene);
  app::Pipeline states(scene, canvas.layout, canvas.pass);
  states.stages.clear();
  states.addStage(VK_SHADER_STAGE_VERTEX_BIT, kFeedbackVert);
  states.addStage(VK_SHADER_STAGE_FRAGMENT_BIT, kTriangleFrag);
  const VkPipeline pipeline = states.create();
  const app::Buffer written =
      scene.deviceBuffer(4096, VK_BUFFER_USAGE_TRANSFORM_FEEDBACK_BUFFER_BIT_EXT |
                                   VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  const app::Buffer counter =
      scene.deviceBuffer(4, VK_BUFFER_USAGE_TRANSFORM_FEEDBACK_COUNTER_BUFFER_BIT_EXT |
                                VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  const auto begin = COMMAND(scene.gpu, vkCmdBeginTransformFeedbackEXT);
  const auto end = COMMAND(scene.gpu, vkCmdEndTransformFeedbackEXT);
  const VkDeviceSize offset = 0, count_at = scene.space(4), at = scene.space(4096);
  scene.once([&](VkCommandBuffer commands) {
    vkCmdFillBuffer(commands, written.handle, 0, VK_WHOLE_SIZE, 0);
    app::order(commands);
  });
  for (uint32_t part = 0; part < 2; ++part) {
    app::paint(scene, canvas, [&](VkCommandBuffer commands) {
      vkCmdBindPipeline(commands, kGraphics, pipeline);
      COMMAND(scene.gpu, vkCmdBindTransformFeedbackBuffersEXT)
      (commands, 0, 1, &written.handle, &offset, &written.size);
      begin(commands, 0, part, part ? &counter.handle : nullptr, part ? &offset : nullptr);
      vkCmdDraw(commands, 3, 4, 0, part * 8);
      end(commands, 0, 1, &counter.handle, &offset);
    });
  }
  app::paint(scene, canvas, [&](VkCommandBuffer commands) {
    vkCmdBindPipeline(commands, kGraphics, pipeline);
    COMMAND(scene.gpu, vkCmdDrawIndirectByteCountEXT)(commands, 1, 3, counter.handle, 0, 0, 128);
  });
  scene.once([&](VkCommandBuffer commands) {
    const VkBufferCopy copies[2] = {{0, count_at, 4}, {0, at, 4096}};
    vkCmdCopyBuffer(commands, counter.handle, scene.result.handle, 1, &copies[0]);
    vkCmdCopyBuffer(commands, written.handle, scene.result.handle, 1, &copies[1]);
  });
  REQUIRE(*scene.found(count_at) == 2 * 4 * 3 * 16);
}

const app::Case kCases[] = {{"secondary", secondary},  {"dynamic-rendering", dynamicRendering},
                            {"indirect", indirect},    {"indirect-count", indirectCount},
                            {"multi-draw", multiDraw}, {"conditional", conditional},
                            {"feedback", feedback}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("drawing", kCases, argc, argv); }

// State of pipelines that is told while recording.
//
// states CASE [FILE]
#include "drawing.h"

namespace {

using app::Canvas;
using app::Scene;

constexpr auto kGraphics = VK_PIPELINE_BIND_POINT_GRAPHICS;

// What Vulkan 1.3 lets a program tell while recording.
void dynamic(Scene& scene) {
  VkPhysicalDeviceExtendedDynamicState2FeaturesEXT two{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTENDED_DYNAMIC_STATE_2_FEATURES_EXT};
  VkPhysicalDeviceExtendedDynamicStateFeaturesEXT one{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTENDED_DYNAMIC_STATE_FEATURES_EXT, &two};
  const app::Features features(scene.gpu, &one);
  NEED(one.extendedDynamicState);
  NEED(two.extendedDynamicState2);
  scene.open(features,
             {VK_EXT_EXTENDED_DYNAMIC_STATE_EXTENSION_NAME, VK_EXT_EXTENDED_DYNAMIC_STATE_2_EXTENSION_NAME});
  const Canvas canvas = app::createCanvas(scene);
  app::Pipeline states(scene, canvas.layout, canvas.pass);
  states.view.viewportCount = states.view.scissorCount = 0;
  states.blend.blendConstants[0] = 1;
  states.attachment.blendEnable = VK_TRUE;
  states.attachment.srcColorBlendFactor = VK_BLEND_FACTOR_CONSTANT_COLOR;
  states.dynamic = {VK_DYNAMIC_STATE_VIEWPORT_WITH_COUNT, VK_DYNAMIC_STATE_SCISSOR_WITH_COUNT,
                    VK_DYNAMIC_STATE_CULL_MODE,           VK_DYNAMIC_STATE_FRONT_FACE,
                    VK_DYNAMIC_STATE_PRIMITIVE_TOPOLOGY,  VK_DYNAMIC_STATE_DEPTH_TEST_ENABLE,
                    VK_DYNAMIC_STATE_BLEND_CONSTANTS,     VK_DYNAMIC_STATE_RASTERIZER_DISCARD_ENABLE,
                    VK_DYNAMIC_STATE_DEPTH_BIAS_ENABLE,   VK_DYNAMIC_STATE_PRIMITIVE_RESTART_ENABLE,
                    VK_DYNAMIC_STATE_DEPTH_BIAS,          VK_DYNAMIC_STATE_STENCIL_TEST_ENABLE,
                    VK_DYNAMIC_STATE_DEPTH_WRITE_ENABLE,  VK_DYNAMIC_STATE_DEPTH_BOUNDS_TEST_ENABLE};
  const VkPipeline pipeline = states.create();
  const VkDeviceSize at = app::paint(scene, canvas, [&](VkCommandBuffer commands) {
    const float constants[4] = {0.5f, 0.25f, 1, 1};
    vkCmdBindPipeline(commands, kGraphics, pipeline);
    vkCmdSetViewportWithCount(commands, 1, &states.viewport);
    vkCmdSetScissorWithCount(commands, 1, &states.scissor);
    vkCmdSetBlendConstants(commands, constants);
    vkCmdSetFrontFace(commands, VK_FRONT_FACE_CLOCKWISE);
    vkCmdSetPrimitiveTopology(commands, VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST);
    vkCmdSetPrimitiveRestartEnable(commands, VK_FALSE);
    vkCmdSetDepthTestEnable(commands, VK_FALSE);
    vkCmdSetDepthWriteEnable(commands, VK_FALSE);
    vkCmdSetDepthBoundsTestEnable(commands, VK_FALSE);
    vkCmdSetStencilTestEnable(commands, VK_FALSE);
    vkCmdSetDepthBiasEnable(commands, VK_TRUE);
    vkCmdSetDepthBias(commands, 1, 0, 1);
    for (uint32_t i = 0; i < 4; ++i) {  // cells 16 to 23 only: clockwise, not culled, not discarded
      vkCmdSetCullMode(commands, i == 0 ? VK_CULL_MODE_FRONT_BIT : VK_CULL_MODE_BACK_BIT);
      vkCmdSetRasterizerDiscardEnable(commands, i == 1);
      const VkRect2D scissor{{0, 0}, {i == 3 ? 1 : app::kCanvas.width, app::kCanvas.height}};
      vkCmdSetScissorWithCount(commands, 1, &scissor);
      vkCmdDraw(commands, 3, 8, 0, i * 8);
    }
  });
  REQUIRE(app::drawnCells(scene, at) == 0xff0000u);
}

// What VK_EXT_extended_dynamic_state3 adds: draws with blending, channels and samples of their own.
void dynamic3(Scene& scene) {
  VkPhysicalDeviceExtendedDynamicState3FeaturesEXT three{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTENDED_DYNAMIC_STATE_3_FEATURES_EXT};
  const app::Features features(scene.gpu, &three);
  NEED(three.extendedDynamicState3ColorBlendEquation);
  NEED(three.extendedDynamicState3ColorBlendEnable);
  NEED(three.extendedDynamicState3ColorWriteMask);
  NEED(three.extendedDynamicState3PolygonMode);
  NEED(three.extendedDynamicState3SampleMask);
  scene.open(features, {VK_EXT_EXTENDED_DYNAMIC_STATE_3_EXTENSION_NAME});
  const Canvas canvas = app::createCanvas(scene);
  app::Pipeline states(scene, canvas.layout, canvas.pass);
  states.dynamic = {VK_DYNAMIC_STATE_COLOR_BLEND_ENABLE_EXT, VK_DYNAMIC_STATE_COLOR_BLEND_EQUATION_EXT,
                    VK_DYNAMIC_STATE_COLOR_WRITE_MASK_EXT, VK_DYNAMIC_STATE_POLYGON_MODE_EXT,
                    VK_DYNAMIC_STATE_SAMPLE_MASK_EXT};
  const VkPipeline pipeline = states.create();
  const VkDeviceSize at = app::paint(scene, canvas, [&](VkCommandBuffer commands) {
    vkCmdBindPipeline(commands, kGraphics, pipeline);
    for (uint32_t i = 0; i < 4; ++i) {
      const VkBool32 blends = i % 2;
      const VkColorBlendEquationEXT equation{VK_BLEND_FACTOR_ONE, VK_BLEND_FACTOR_ONE,  VK_BLEND_OP_ADD,
                                             VK_BLEND_FACTOR_ONE, VK_BLEND_FACTOR_ZERO, VK_BLEND_OP_ADD};
      const VkColorComponentFlags mask = i == 1 ? VK_COLOR_COMPONENT_G_BIT : 0xf;
      const VkSampleMask samples = i == 2 ? 0 : 1;
      COMMAND(scene.gpu, vkCmdSetColorBlendEnableEXT)(commands, 0, 1, &blends);
      COMMAND(scene.gpu, vkCmdSetColorBlendEquationEXT)(commands, 0, 1, &equation);
      COMMAND(scene.gpu, vkCmdSetColorWriteMaskEXT)(commands, 0, 1, &mask);
      COMMAND(scene.gpu, vkCmdSetSampleMaskEXT)(commands, VK_SAMPLE_COUNT_1_BIT, &samples);
      COMMAND(scene.gpu, vkCmdSetPolygonModeEXT)
      (commands, i == 3 ? VK_POLYGON_MODE_LINE : VK_POLYGON_MODE_FILL);
      vkCmdDraw(commands, 3, 8, 0, i * 8);
    }
  });
  REQUIRE((app::drawnCells(scene, at) & std::bitset<64>(0xffffff)) == 0xffffu);
}

// Half of a colour in one channel, rounded as the driver likes.
bool isBetween(uint32_t texel) { return texel >> 8 == 0xff80ff || texel >> 8 == 0xff7fff; }

// Two buffers of vertices, whose layout is told while recording; indices of one byte.
void vertices(Scene& scene) {
  VkPhysicalDeviceIndexTypeUint8FeaturesEXT bytes{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_INDEX_TYPE_UINT8_FEATURES_EXT};
  VkPhysicalDeviceVertexInputDynamicStateFeaturesEXT input{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VERTEX_INPUT_DYNAMIC_STATE_FEATURES_EXT, &bytes};
  const app::Features features(scene.gpu, &input);
  NEED(input.vertexInputDynamicState);
  NEED(bytes.indexTypeUint8);
  scene.open(features,
             {VK_EXT_VERTEX_INPUT_DYNAMIC_STATE_EXTENSION_NAME, VK_EXT_INDEX_TYPE_UINT8_EXTENSION_NAME});
  const Canvas canvas = app::createCanvas(scene);
  app::Pipeline states(scene, canvas.layout, canvas.pass);
  states.stages.clear();
  states.addStage(VK_SHADER_STAGE_VERTEX_BIT, kTriangleVert);
  states.addStage(VK_SHADER_STAGE_FRAGMENT_BIT, kTriangleFrag);
  states.dynamic = {VK_DYNAMIC_STATE_VERTEX_INPUT_EXT};
  states.info.pVertexInputState = nullptr;
  const VkPipeline pipeline = states.create();
  struct Data {
    float position[6][2] = {{-1, -1}, {0, -1}, {-1, 0}, {9, 9}, {0, 0}, {0, 0}};
    float color[2][4] = {{1, 0, 0, 0}, {0, 1, 0.5f, 0}};
    uint8_t index[8] = {9, 0, 1, 2, 4, 1, 2, 9};
  };
  const app::Buffer buffer =
      scene.words(sizeof(Data) / 4, 0, VK_BUFFER_USAGE_VERTEX_BUFFER_BIT | VK_BUFFER_USAGE_INDEX_BUFFER_BIT);
  const Data data;
  std::memcpy(buffer.data, &data, sizeof data);
  const VkDeviceSize at = app::paint(scene, canvas, [&](VkCommandBuffer commands) {
    const VkBuffer buffers[2] = {buffer.handle, buffer.handle};
    const VkDeviceSize offsets[2] = {offsetof(Data, position), offsetof(Data, color)};
    const VkDeviceSize sizes[2] = {sizeof data.position, sizeof data.color};
    const VkVertexInputBindingDescription2EXT bindings[2] = {
        {VK_STRUCTURE_TYPE_VERTEX_INPUT_BINDING_DESCRIPTION_2_EXT, nullptr, 0, 8, VK_VERTEX_INPUT_RATE_VERTEX,
         1},
        {VK_STRUCTURE_TYPE_VERTEX_INPUT_BINDING_DESCRIPTION_2_EXT, nullptr, 1, 16,
         VK_VERTEX_INPUT_RATE_INSTANCE, 1}};
    const VkVertexInputAttributeDescription2EXT attributes[2] = {
        {VK_STRUCTURE_TYPE_VERTEX_INPUT_ATTRIBUTE_DESCRIPTION_2_EXT, nullptr, 0, 0, VK_FORMAT_R32G32_SFLOAT,
         0},
        {VK_STRUCTURE_TYPE_VERTEX_INPUT_ATTRIBUTE_DESCRIPTION_2_EXT, nullptr, 1, 1,
         VK_FORMAT_R32G32B32_SFLOAT, 0}};
    vkCmdBindPipeline(commands, kGraphics, pipeline);
    vkCmdBindVertexBuffers2(commands, 0, 2, buffers, offsets, sizes, nullptr);
    COMMAND(scene.gpu, vkCmdSetVertexInputEXT)(commands, 2, bindings, 2, attributes);
    vkCmdBindIndexBuffer(commands, buffer.handle, offsetof(Data, index), VK_INDEX_TYPE_UINT8_EXT);
    vkCmdDrawIndexed(commands, 3, 1, 1, 0, 0);
    vkCmdDrawIndexed(commands, 3, 1, 4, 0, 1);
  });
  REQUIRE(scene.found(at)[0] == 0xff0000ff && isBetween(scene.found(at)[30 * 64 + 30]));
}

const app::Case kCases[] = {{"dynamic", dynamic}, {"dynamic3", dynamic3}, {"vertices", vertices}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("states", kCases, argc, argv); }

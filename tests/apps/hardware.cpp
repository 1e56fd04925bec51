// What Debian 12's registry knows and only drivers of GPUs have.
//
// hardware CASE [FILE]
#include "drawing.h"

#include "cells.mesh.h"

namespace {

using app::Canvas;
using app::Kernel;
using app::Scene;

// Cells by mesh shaders, without vertices.
void mesh(Scene& scene) {
  using Feature = VkPhysicalDeviceMeshShaderFeaturesEXT;
  app::openWith(scene, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MESH_SHADER_FEATURES_EXT, &Feature::meshShader,
                {VK_EXT_MESH_SHADER_EXTENSION_NAME}, [](Feature& feature) {
                  feature.taskShader = feature.multiviewMeshShader = VK_FALSE;
                  feature.primitiveFragmentShadingRateMeshShader = feature.meshShaderQueries = VK_FALSE;
                });
  const Canvas canvas = app::createCanvas(scene);
  app::Pipeline states(scene, canvas.layout, canvas.pass);
  states.addStage(VK_SHADER_STAGE_MESH_BIT_EXT, kCellsMesh);
  states.stages.erase(states.stages.begin());
  states.info.pVertexInputState = nullptr;
  states.info.pInputAssemblyState = nullptr;
  const VkPipeline pipeline = states.create();
  const VkDeviceSize at = app::paint(scene, canvas, [&](VkCommandBuffer commands) {
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline);
    COMMAND(scene.gpu, vkCmdDrawMeshTasksEXT)(commands, 20, 1, 1);
  });
  REQUIRE(!scene.seen || app::drawnCells(scene, at).count() == 20);
}

// Half of the cells shaded four pixels at a time.
void shadingRate(Scene& scene) {
  app::openWith(scene, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FRAGMENT_SHADING_RATE_FEATURES_KHR,
                &VkPhysicalDeviceFragmentShadingRateFeaturesKHR::pipelineFragmentShadingRate,
                {VK_KHR_FRAGMENT_SHADING_RATE_EXTENSION_NAME});
  const Canvas canvas = app::createCanvas(scene);
  app::Pipeline states(scene, canvas.layout, canvas.pass);
  states.dynamic = {VK_DYNAMIC_STATE_FRAGMENT_SHADING_RATE_KHR};
  const VkPipeline pipeline = states.create();
  const VkFragmentShadingRateCombinerOpKHR keep[2] = {VK_FRAGMENT_SHADING_RATE_COMBINER_OP_KEEP_KHR,
                                                      VK_FRAGMENT_SHADING_RATE_COMBINER_OP_KEEP_KHR};
  const VkDeviceSize at = app::paint(scene, canvas, [&](VkCommandBuffer commands) {
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline);
    for (uint32_t size = 1; size <= 2; ++size) {
      const VkExtent2D rate{size, size};
      COMMAND(scene.gpu, vkCmdSetFragmentShadingRateKHR)(commands, &rate, keep);
      vkCmdDraw(commands, 3, 10, 0, size * 10);
    }
  });
  REQUIRE(!scene.seen || app::drawnCells(scene, at).count() == 20);
}

VkDeviceAddress addressOf(Scene& scene, VkBuffer buffer) {
  const VkBufferDeviceAddressInfo info{VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, nullptr, buffer};
  return vkGetBufferDeviceAddress(scene.gpu.device, &info);
}

// Descriptors as bytes that the program puts where it likes.
void descriptorBuffer(Scene& scene) {
  using Feature = VkPhysicalDeviceDescriptorBufferFeaturesEXT;
  app::openWith(scene, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DESCRIPTOR_BUFFER_FEATURES_EXT,
                &Feature::descriptorBuffer, {VK_EXT_DESCRIPTOR_BUFFER_EXTENSION_NAME}, [](Feature& feature) {
                  feature.descriptorBufferCaptureReplay = feature.descriptorBufferPushDescriptors = VK_FALSE;
                  feature.descriptorBufferImageLayoutIgnored = VK_FALSE;
                });
  VkPhysicalDeviceDescriptorBufferPropertiesEXT known{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DESCRIPTOR_BUFFER_PROPERTIES_EXT};
  VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &known, {}};
  vkGetPhysicalDeviceProperties2(scene.gpu.physical, &properties);
  const app::Buffer source = scene.words(app::kKernelWords, 1, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT, true);
  Kernel kernel;
  app::createLayouts(scene, kernel, app::twoBuffers(), sizeof(app::KernelPush),
                     VK_DESCRIPTOR_SET_LAYOUT_CREATE_DESCRIPTOR_BUFFER_BIT_EXT);
  kernel.pipeline = app::createComputePipeline(
      scene, kernel.layout, kKernelComp, {}, VK_NULL_HANDLE,
      [](VkComputePipelineCreateInfo& info) { info.flags = VK_PIPELINE_CREATE_DESCRIPTOR_BUFFER_BIT_EXT; });
  VkDeviceSize bytes = 0;
  COMMAND(scene.gpu, vkGetDescriptorSetLayoutSizeEXT)(scene.gpu.device, kernel.set_layout, &bytes);
  const app::Buffer descriptors = scene.words(static_cast<uint32_t>(bytes / 4 + 256), 0,
                                              VK_BUFFER_USAGE_RESOURCE_DESCRIPTOR_BUFFER_BIT_EXT, true);
  const VkBuffer buffers[2] = {source.handle, scene.result.handle};
  const VkDeviceSize sizes[2] = {source.size, scene.result.size};
  for (uint32_t i = 0; i < 2; ++i) {
    const VkDescriptorAddressInfoEXT address{VK_STRUCTURE_TYPE_DESCRIPTOR_ADDRESS_INFO_EXT, nullptr,
                                             addressOf(scene, buffers[i]), sizes[i], VK_FORMAT_UNDEFINED};
    VkDescriptorGetInfoEXT info{
        VK_STRUCTURE_TYPE_DESCRIPTOR_GET_INFO_EXT, nullptr, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, {}};
    info.data.pStorageBuffer = &address;
    VkDeviceSize offset = 0;
    COMMAND(scene.gpu, vkGetDescriptorSetLayoutBindingOffsetEXT)
    (scene.gpu.device, kernel.set_layout, i, &offset);
    COMMAND(scene.gpu, vkGetDescriptorEXT)
    (scene.gpu.device, &info, known.storageBufferDescriptorSize, descriptors.data + offset);
  }
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) {
    const VkDescriptorBufferBindingInfoEXT binding{
        VK_STRUCTURE_TYPE_DESCRIPTOR_BUFFER_BINDING_INFO_EXT, nullptr, addressOf(scene, descriptors.handle),
        VK_BUFFER_USAGE_RESOURCE_DESCRIPTOR_BUFFER_BIT_EXT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT};
    COMMAND(scene.gpu, vkCmdBindDescriptorBuffersEXT)(commands, 1, &binding);
    const uint32_t which = 0;
    const VkDeviceSize offset = 0;
    COMMAND(scene.gpu, vkCmdSetDescriptorBufferOffsetsEXT)
    (commands, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.layout, 0, 1, &which, &offset);
    at = app::dispatch(scene, kernel, commands, 2);
  });
  if (scene.seen) app::requireKernel(scene, at, source, 2);
}

const app::Case kCases[] = {
    {"mesh", mesh}, {"shading-rate", shadingRate}, {"descriptor-buffer", descriptorBuffer}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("hardware", kCases, argc, argv); }

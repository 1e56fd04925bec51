// Commands that Debian 12's registry does not know: younger extensions and Vulkan 1.4.
//
// newer CASE [FILE]; built for a registry older than 1.4 it only says so.
#include "drawing.h"

#if defined(VK_VERSION_1_4)
namespace {

using app::Canvas;
using app::Kernel;
using app::Scene;

constexpr auto kCompute = VK_PIPELINE_BIND_POINT_COMPUTE;

app::Buffer source(Scene& scene, uint32_t seed) {
  return scene.words(app::kKernelWords, seed, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
}

// Memory that is mapped and unmapped again by vkMapMemory2 between uses; written at an offset.
void map2(Scene& scene) {
  scene.open({VK_KHR_MAP_MEMORY_2_EXTENSION_NAME});
  const auto map = COMMAND(scene.gpu, vkMapMemory2KHR);
  const auto unmap = COMMAND(scene.gpu, vkUnmapMemory2KHR);
  constexpr VkDeviceSize kBytes = 16384, kPart = 4096;
  const VkBuffer buffer = scene.make(
      vkCreateBuffer, vkDestroyBuffer,
      {VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, nullptr, 0, kBytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT});
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(scene.gpu.device, buffer, &needs);
  const VkDeviceMemory memory =
      scene.own(app::allocate(scene.gpu, needs,
                              VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT),
                vkFreeMemory);
  CHECK(vkBindBufferMemory(scene.gpu.device, buffer, memory, 0));
  for (uint32_t round = 0; round < 3; ++round) {
    const VkMemoryMapInfoKHR info{VK_STRUCTURE_TYPE_MEMORY_MAP_INFO_KHR, nullptr, 0, memory, round * kPart,
                                  round ? kPart : VK_WHOLE_SIZE};
    void* data = nullptr;
    CHECK(map(scene.gpu.device, &info, &data));
    for (uint32_t i = 0; i < kPart / 4; ++i) static_cast<uint32_t*>(data)[i] = (round + 1) * 2654435761u + i;
    if (round == 1) {  // stays mapped while the GPU reads
      scene.once([&](VkCommandBuffer commands) {
        const VkBufferCopy copy{0, scene.space(kBytes), kBytes};
        vkCmdCopyBuffer(commands, buffer, scene.result.handle, 1, &copy);
      });
      static_cast<uint32_t*>(data)[7] = 0x7777;
    }
    const VkMemoryUnmapInfoKHR end{VK_STRUCTURE_TYPE_MEMORY_UNMAP_INFO_KHR, nullptr, 0, memory};
    CHECK(unmap(scene.gpu.device, &end));
  }
  scene.once([&](VkCommandBuffer commands) {
    const VkBufferCopy copy{0, scene.space(kBytes), kBytes};
    vkCmdCopyBuffer(commands, buffer, scene.result.handle, 1, &copy);
  });
  std::printf("written memory=0x%" PRIx64 " size=%u\n", reinterpret_cast<uint64_t>(memory),
              3 * unsigned(kPart));
}

// Two submits a frame, the second of which ends it; nothing is presented.
void frameBoundary(Scene& scene) {
  app::openWith(scene, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FRAME_BOUNDARY_FEATURES_EXT,
                &VkPhysicalDeviceFrameBoundaryFeaturesEXT::frameBoundary,
                {VK_EXT_FRAME_BOUNDARY_EXTENSION_NAME});
  const app::Buffer from = source(scene, 1);
  const Kernel kernel = app::createKernel(scene, from);
  for (uint32_t round = 0; round < 6; ++round) {
    const VkCommandBuffer commands = scene.commands();
    app::begin(commands);
    app::dispatch(scene, kernel, commands, round);
    app::makeVisibleToHost(commands);
    CHECK(vkEndCommandBuffer(commands));
    VkFrameBoundaryEXT frame{VK_STRUCTURE_TYPE_FRAME_BOUNDARY_EXT};
    frame.flags = round % 2 ? VK_FRAME_BOUNDARY_FRAME_END_BIT_EXT : 0;
    frame.frameID = round / 2;
    const VkSubmitInfo submit{
        VK_STRUCTURE_TYPE_SUBMIT_INFO, &frame, 0, nullptr, nullptr, 1, &commands, 0, nullptr};
    CHECK(vkQueueSubmit(scene.gpu.queue, 1, &submit, VK_NULL_HANDLE));
  }
  CHECK(vkDeviceWaitIdle(scene.gpu.device));
}

// All state that drawing with shader objects asks for; the picture is as a pipeline's.
void setStates(Scene& scene, VkCommandBuffer commands) {
  const VkViewport viewport{0, 0, float(app::kCanvas.width), float(app::kCanvas.height), 0, 1};
  const VkRect2D scissor{{0, 0}, app::kCanvas};
  vkCmdSetViewportWithCount(commands, 1, &viewport);
  vkCmdSetScissorWithCount(commands, 1, &scissor);
  vkCmdSetRasterizerDiscardEnable(commands, VK_FALSE);
  vkCmdSetPrimitiveTopology(commands, VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST);
  vkCmdSetPrimitiveRestartEnable(commands, VK_FALSE);
  vkCmdSetCullMode(commands, VK_CULL_MODE_NONE);
  vkCmdSetFrontFace(commands, VK_FRONT_FACE_CLOCKWISE);
  vkCmdSetDepthTestEnable(commands, VK_FALSE);
  vkCmdSetDepthWriteEnable(commands, VK_FALSE);
  vkCmdSetDepthBiasEnable(commands, VK_FALSE);
  vkCmdSetDepthBoundsTestEnable(commands, VK_FALSE);
  vkCmdSetStencilTestEnable(commands, VK_FALSE);
  COMMAND(scene.gpu, vkCmdSetVertexInputEXT)(commands, 0, nullptr, 0, nullptr);
  COMMAND(scene.gpu, vkCmdSetPolygonModeEXT)(commands, VK_POLYGON_MODE_FILL);
  COMMAND(scene.gpu, vkCmdSetRasterizationSamplesEXT)(commands, VK_SAMPLE_COUNT_1_BIT);
  const VkSampleMask mask = 1;
  COMMAND(scene.gpu, vkCmdSetSampleMaskEXT)(commands, VK_SAMPLE_COUNT_1_BIT, &mask);
  COMMAND(scene.gpu, vkCmdSetAlphaToCoverageEnableEXT)(commands, VK_FALSE);
  COMMAND(scene.gpu, vkCmdSetLogicOpEnableEXT)(commands, VK_FALSE);
  const VkBool32 blends = VK_FALSE;
  COMMAND(scene.gpu, vkCmdSetColorBlendEnableEXT)(commands, 0, 1, &blends);
  const VkColorComponentFlags writes = 0xf;
  COMMAND(scene.gpu, vkCmdSetColorWriteMaskEXT)(commands, 0, 1, &writes);
}

// Shaders without a pipeline, linked to each other.
void shaderObject(Scene& scene) {
  app::openWith(scene, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_OBJECT_FEATURES_EXT,
                &VkPhysicalDeviceShaderObjectFeaturesEXT::shaderObject,
                {VK_EXT_SHADER_OBJECT_EXTENSION_NAME});
  const Canvas canvas = app::createCanvas(scene);
  VkShaderCreateInfoEXT infos[2]{};
  for (auto& info : infos) {
    info = {VK_STRUCTURE_TYPE_SHADER_CREATE_INFO_EXT, nullptr, VK_SHADER_CREATE_LINK_STAGE_BIT_EXT};
    info.codeType = VK_SHADER_CODE_TYPE_SPIRV_EXT;
    info.pName = "main";
  }
  infos[0].stage = VK_SHADER_STAGE_VERTEX_BIT;
  infos[0].nextStage = VK_SHADER_STAGE_FRAGMENT_BIT;
  infos[0].codeSize = sizeof kCellsVert;
  infos[0].pCode = kCellsVert;
  infos[1].stage = VK_SHADER_STAGE_FRAGMENT_BIT;
  infos[1].codeSize = sizeof kTriangleFrag;
  infos[1].pCode = kTriangleFrag;
  VkShaderEXT shaders[2]{};
  CHECK(COMMAND(scene.gpu, vkCreateShadersEXT)(scene.gpu.device, 2, infos, nullptr, shaders));
  VkRenderingAttachmentInfo color{VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO};
  color.imageView = canvas.view;
  color.imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
  color.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
  color.clearValue = {{{0.25f, 0.25f, 0.25f, 1}}};
  VkRenderingInfo rendering{VK_STRUCTURE_TYPE_RENDERING_INFO};
  rendering.renderArea = {{0, 0}, app::kCanvas};
  rendering.layerCount = rendering.colorAttachmentCount = 1;
  rendering.pColorAttachments = &color;
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) {
    app::changeLayout(commands, canvas.image, VK_IMAGE_LAYOUT_UNDEFINED,
                      VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL);
    vkCmdBeginRendering(commands, &rendering);
    const VkShaderStageFlagBits stages[2] = {VK_SHADER_STAGE_VERTEX_BIT, VK_SHADER_STAGE_FRAGMENT_BIT};
    COMMAND(scene.gpu, vkCmdBindShadersEXT)(commands, 2, stages, shaders);
    setStates(scene, commands);
    vkCmdDraw(commands, 3, 20, 0, 5);
    vkCmdEndRendering(commands);
    app::changeLayout(commands, canvas.image, VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL,
                      VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    at = app::readCanvas(scene, canvas, commands);
  });
  REQUIRE(!scene.seen || app::drawnCells(scene, at).count() == 20);
  for (const VkShaderEXT shader : shaders)
    COMMAND(scene.gpu, vkDestroyShaderEXT)(scene.gpu.device, shader, nullptr);
}

// Flags that stand in the chain: of a buffer's usage and of a pipeline; sizes asked for without an object.
void maintenance5(Scene& scene) {
  app::openWith(scene, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_5_FEATURES_KHR,
                &VkPhysicalDeviceMaintenance5FeaturesKHR::maintenance5,
                {VK_KHR_MAINTENANCE_5_EXTENSION_NAME, VK_KHR_DYNAMIC_RENDERING_EXTENSION_NAME});
  const VkBufferUsageFlags2CreateInfoKHR usage{
      VK_STRUCTURE_TYPE_BUFFER_USAGE_FLAGS_2_CREATE_INFO_KHR, nullptr,
      VK_BUFFER_USAGE_2_STORAGE_BUFFER_BIT_KHR | VK_BUFFER_USAGE_2_INDEX_BUFFER_BIT_KHR};
  app::Buffer from;
  from.handle = scene.make(vkCreateBuffer, vkDestroyBuffer,
                           {VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, &usage, 0, app::kKernelWords * 4});
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(scene.gpu.device, from.handle, &needs);
  constexpr auto kKind = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  from.memory = scene.own(app::allocate(scene.gpu, needs, kKind), vkFreeMemory);
  CHECK(vkBindBufferMemory(scene.gpu.device, from.handle, from.memory, 0));
  void* data = nullptr;
  CHECK(vkMapMemory(scene.gpu.device, from.memory, 0, VK_WHOLE_SIZE, 0, &data));
  from.data = static_cast<std::byte*>(data);
  for (uint32_t i = 0; i < app::kKernelWords; ++i) static_cast<uint32_t*>(data)[i] = i * 77;
  Kernel kernel = app::createKernel(scene, from);
  const VkPipelineCreateFlags2CreateInfoKHR flags{VK_STRUCTURE_TYPE_PIPELINE_CREATE_FLAGS_2_CREATE_INFO_KHR,
                                                  nullptr, VK_PIPELINE_CREATE_2_ALLOW_DERIVATIVES_BIT_KHR};
  const VkPipelineCreateFlags2CreateInfoKHR derived{VK_STRUCTURE_TYPE_PIPELINE_CREATE_FLAGS_2_CREATE_INFO_KHR,
                                                    nullptr, VK_PIPELINE_CREATE_2_DERIVATIVE_BIT_KHR};
  const VkPipeline base =
      app::createComputePipeline(scene, kernel.layout, kKernelComp, {}, VK_NULL_HANDLE,
                                 [&](VkComputePipelineCreateInfo& info) { info.pNext = &flags; });
  kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kKernelComp, {}, VK_NULL_HANDLE,
                                               [&](VkComputePipelineCreateInfo& info) {
                                                 info.pNext = &derived;
                                                 info.basePipelineHandle = base;
                                               });
  const VkImageCreateInfo image =
      app::imageInfo(app::kCanvasFormat, {16, 16, 1}, VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
  const VkImageSubresource2KHR part{
      VK_STRUCTURE_TYPE_IMAGE_SUBRESOURCE_2_KHR, nullptr, {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0}};
  const VkDeviceImageSubresourceInfoKHR info{VK_STRUCTURE_TYPE_DEVICE_IMAGE_SUBRESOURCE_INFO_KHR, nullptr,
                                             &image, &part};
  VkSubresourceLayout2KHR layout{VK_STRUCTURE_TYPE_SUBRESOURCE_LAYOUT_2_KHR};
  COMMAND(scene.gpu, vkGetDeviceImageSubresourceLayoutKHR)(scene.gpu.device, &info, &layout);
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) {
    COMMAND(scene.gpu, vkCmdBindIndexBuffer2KHR)
    (commands, from.handle, 0, VK_WHOLE_SIZE, VK_INDEX_TYPE_UINT32);
    at = app::dispatch(scene, kernel, commands, 4);
  });
  if (scene.seen) app::requireKernel(scene, at, from, 4);
}

// Descriptors, pushed descriptors and push constants by structs.
void maintenance6(Scene& scene) {
  app::openWith(scene, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAINTENANCE_6_FEATURES_KHR,
                &VkPhysicalDeviceMaintenance6FeaturesKHR::maintenance6,
                {VK_KHR_MAINTENANCE_6_EXTENSION_NAME, VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME});
  const app::Buffer from = source(scene, 1), more = source(scene, 2);
  const Kernel kernel = app::createKernel(scene, from);
  Kernel pushed;
  app::createLayouts(scene, pushed, app::twoBuffers(), sizeof(app::KernelPush),
                     VK_DESCRIPTOR_SET_LAYOUT_CREATE_PUSH_DESCRIPTOR_BIT_KHR);
  pushed.pipeline = app::createComputePipeline(scene, pushed.layout, kKernelComp);
  const VkDescriptorBufferInfo buffers[2] = {{more.handle, 0, VK_WHOLE_SIZE},
                                             {scene.result.handle, 0, VK_WHOLE_SIZE}};
  const VkDescriptorUpdateTemplateEntry entry{
      0, 0, 2, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 0, sizeof(VkDescriptorBufferInfo)};
  const VkDescriptorUpdateTemplate update =
      scene.make(vkCreateDescriptorUpdateTemplate, vkDestroyDescriptorUpdateTemplate,
                 {VK_STRUCTURE_TYPE_DESCRIPTOR_UPDATE_TEMPLATE_CREATE_INFO, nullptr, 0, 1, &entry,
                  VK_DESCRIPTOR_UPDATE_TEMPLATE_TYPE_PUSH_DESCRIPTORS_KHR, pushed.set_layout, kCompute,
                  pushed.layout, 0});
  VkDeviceSize at[3];
  scene.once([&](VkCommandBuffer commands) {
    for (uint32_t i = 0; i < 3; ++i) {
      const Kernel& used = i == 0 ? kernel : pushed;
      vkCmdBindPipeline(commands, kCompute, used.pipeline);
      if (i == 0) {
        const VkBindDescriptorSetsInfoKHR info{VK_STRUCTURE_TYPE_BIND_DESCRIPTOR_SETS_INFO_KHR,
                                               nullptr,
                                               VK_SHADER_STAGE_COMPUTE_BIT,
                                               used.layout,
                                               0,
                                               1,
                                               &used.set,
                                               0,
                                               nullptr};
        COMMAND(scene.gpu, vkCmdBindDescriptorSets2KHR)(commands, &info);
      } else if (i == 1) {
        VkWriteDescriptorSet write =
            app::writeOf(VK_NULL_HANDLE, 0, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, buffers);
        write.descriptorCount = 2;  // goes on with the next binding
        const VkPushDescriptorSetInfoKHR info{VK_STRUCTURE_TYPE_PUSH_DESCRIPTOR_SET_INFO_KHR,
                                              nullptr,
                                              VK_SHADER_STAGE_COMPUTE_BIT,
                                              used.layout,
                                              0,
                                              1,
                                              &write};
        COMMAND(scene.gpu, vkCmdPushDescriptorSet2KHR)(commands, &info);
      } else {
        const VkPushDescriptorSetWithTemplateInfoKHR info{
            VK_STRUCTURE_TYPE_PUSH_DESCRIPTOR_SET_WITH_TEMPLATE_INFO_KHR,
            nullptr,
            update,
            used.layout,
            0,
            buffers};
        COMMAND(scene.gpu, vkCmdPushDescriptorSetWithTemplate2KHR)(commands, &info);
      }
      at[i] = scene.space(app::kKernelWords * 4);
      const app::KernelPush words{static_cast<uint32_t>(at[i] / 4), i};
      const VkPushConstantsInfoKHR push{VK_STRUCTURE_TYPE_PUSH_CONSTANTS_INFO_KHR,
                                        nullptr,
                                        used.layout,
                                        VK_SHADER_STAGE_COMPUTE_BIT,
                                        0,
                                        sizeof words,
                                        &words};
      COMMAND(scene.gpu, vkCmdPushConstants2KHR)(commands, &push);
      vkCmdDispatch(commands, 1, 1, 1);
    }
  });
  for (uint32_t i = 0; scene.seen && i < 3; ++i) app::requireKernel(scene, at[i], i ? more : from, i);
}

const app::Case kCases[] = {{"map2", map2},
                            {"frame-boundary", frameBoundary},
                            {"shader-object", shaderObject},
                            {"maintenance5", maintenance5},
                            {"maintenance6", maintenance6}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("newer", kCases, argc, argv); }
#else
int main() { app::lacks("the headers of Vulkan 1.4"); }
#endif

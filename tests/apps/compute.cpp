// Headless compute: the program writes the input, the GPU writes the output, both in mapped memory.
//
// compute [FILE]: FILE gets the output as the program read it. Two dispatches with a wait between them, so
// that a trace which records GPU writes as the program's has a second chance to be caught.
#include "app.h"
#include "compute.comp.h"

namespace {

constexpr uint32_t kInputWords = 16 * 1024;
constexpr uint32_t kOutputWords = 256 * 1024;

struct Kernel {
  VkDescriptorSetLayout set_layout;
  VkPipelineLayout layout;
  VkPipeline pipeline;
  VkDescriptorPool pool;
  VkDescriptorSet set;
};

void createPipeline(const app::Gpu& gpu, Kernel& kernel) {
  VkDescriptorSetLayoutBinding bindings[2]{};
  for (uint32_t i = 0; i < 2; ++i) {
    bindings[i] = {i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, nullptr};
  }
  const VkDescriptorSetLayoutCreateInfo set_info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, nullptr,
                                                 0, 2, bindings};
  CHECK(vkCreateDescriptorSetLayout(gpu.device, &set_info, nullptr, &kernel.set_layout));
  const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, 4};
  const VkPipelineLayoutCreateInfo layout_info{
      VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, nullptr, 0, 1, &kernel.set_layout, 1, &range};
  CHECK(vkCreatePipelineLayout(gpu.device, &layout_info, nullptr, &kernel.layout));
  const VkShaderModule shader = app::createShader(gpu, kComputeComp);
  const VkPipelineShaderStageCreateInfo stage{VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
                                              nullptr,
                                              0,
                                              VK_SHADER_STAGE_COMPUTE_BIT,
                                              shader,
                                              "main",
                                              nullptr};
  const VkComputePipelineCreateInfo info{
      VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO, nullptr, 0, stage, kernel.layout, VK_NULL_HANDLE, -1};
  CHECK(vkCreateComputePipelines(gpu.device, VK_NULL_HANDLE, 1, &info, nullptr, &kernel.pipeline));
  vkDestroyShaderModule(gpu.device, shader, nullptr);
}

void createSet(const app::Gpu& gpu, Kernel& kernel, const app::Buffer& input, const app::Buffer& output) {
  const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 2};
  const VkDescriptorPoolCreateInfo pool_info{
      VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, nullptr, 0, 1, 1, &size};
  CHECK(vkCreateDescriptorPool(gpu.device, &pool_info, nullptr, &kernel.pool));
  const VkDescriptorSetAllocateInfo set_info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, nullptr,
                                             kernel.pool, 1, &kernel.set_layout};
  CHECK(vkAllocateDescriptorSets(gpu.device, &set_info, &kernel.set));
  const VkDescriptorBufferInfo buffers[2] = {{input.handle, 0, VK_WHOLE_SIZE},
                                             {output.handle, 0, VK_WHOLE_SIZE}};
  const VkWriteDescriptorSet write{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, nullptr, kernel.set, 0,      0, 2,
                                   VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,      nullptr, buffers,    nullptr};
  vkUpdateDescriptorSets(gpu.device, 1, &write, 0, nullptr);
}

void dispatch(const app::Gpu& gpu, const Kernel& kernel, VkCommandBuffer commands, VkFence fence,
              uint32_t round) {
  app::begin(commands);
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.pipeline);
  vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.layout, 0, 1, &kernel.set, 0,
                          nullptr);
  vkCmdPushConstants(commands, kernel.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, 4, &round);
  vkCmdDispatch(commands, kOutputWords / 64, 1, 1);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
  app::submit(gpu, commands, fence);
  app::waitAndReset(gpu, fence);
}

}  // namespace

int main(int argc, char** argv) {
  app::Gpu gpu = app::createGpu("compute");
  app::Buffer input = app::createBuffer(gpu, kInputWords * 4, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  app::Buffer output = app::createBuffer(gpu, kOutputWords * 4, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  Kernel kernel{};
  createPipeline(gpu, kernel);
  createSet(gpu, kernel, input, output);
  const VkCommandBuffer commands = app::allocateCommands(gpu, gpu.pool);
  const VkFence fence = app::createFence(gpu);
  for (uint32_t round = 1; round <= 2; ++round) {
    for (uint32_t i = 0; i < kInputWords; ++i)
      reinterpret_cast<uint32_t*>(input.data)[i] = i * 40503u * round;
    dispatch(gpu, kernel, commands, fence, round);
  }
  std::printf("input memory=0x%" PRIx64 " size=%" PRIu64 "\n", reinterpret_cast<uint64_t>(input.memory),
              input.size);
  app::report("output", output, argc > 1 ? argv[1] : nullptr);
  vkDestroyFence(gpu.device, fence, nullptr);
  vkDestroyDescriptorPool(gpu.device, kernel.pool, nullptr);
  vkDestroyPipeline(gpu.device, kernel.pipeline, nullptr);
  vkDestroyPipelineLayout(gpu.device, kernel.layout, nullptr);
  vkDestroyDescriptorSetLayout(gpu.device, kernel.set_layout, nullptr);
  app::destroyBuffer(gpu, output);
  app::destroyBuffer(gpu, input);
  app::destroyGpu(gpu);
  std::printf("ok compute\n");
}

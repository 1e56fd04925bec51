// Compute pipelines for the feature programs: kernel.comp, which writes source * factor + offset + round for
// 64 words from `at`, and others with bindings of their own.
#pragma once

#include "scene.h"

#include "kernel.comp.h"

namespace app {

inline constexpr uint32_t kKernelWords = 64;

struct KernelPush {
  uint32_t at;  // in words
  uint32_t round;
};
struct KernelConstants {
  uint32_t factor = 3, offset = 7, local_size = kKernelWords;
};

struct Kernel {
  VkDescriptorSetLayout set_layout = VK_NULL_HANDLE;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  VkPipeline pipeline = VK_NULL_HANDLE;
  VkDescriptorPool pool = VK_NULL_HANDLE;
  VkDescriptorSet set = VK_NULL_HANDLE;
};

using Bindings = std::vector<VkDescriptorSetLayoutBinding>;

// One descriptor of each type, from binding 0 on.
inline Bindings bindingsOf(std::initializer_list<VkDescriptorType> types) {
  Bindings bindings;
  for (const VkDescriptorType type : types)
    bindings.push_back({static_cast<uint32_t>(bindings.size()), type, 1, VK_SHADER_STAGE_COMPUTE_BIT});
  return bindings;
}
inline Bindings twoBuffers() {
  return bindingsOf({VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER});
}

inline void createLayouts(Scene& scene, Kernel& kernel, const Bindings& bindings, uint32_t push_bytes,
                          VkDescriptorSetLayoutCreateFlags flags = 0, const void* next = nullptr) {
  kernel.set_layout = scene.make(vkCreateDescriptorSetLayout, vkDestroyDescriptorSetLayout,
                                 {VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, next, flags,
                                  static_cast<uint32_t>(bindings.size()), bindings.data()});
  const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 0, push_bytes};
  kernel.layout = scene.make(vkCreatePipelineLayout, vkDestroyPipelineLayout,
                             {VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, nullptr, 0, 1,
                              &kernel.set_layout, push_bytes ? 1u : 0u, &range});
}

// `more` may change the create info before it is used; null: no pipeline came of it.
template <size_t kWords, class More>
VkPipeline createComputePipeline(Scene& scene, VkPipelineLayout layout, const uint32_t (&shader)[kWords],
                                 const KernelConstants& constants, VkPipelineCache cache, const More& more) {
  constexpr VkSpecializationMapEntry kEntries[3] = {{0, 0, 4}, {1, 4, 4}, {2, 8, 4}};
  const VkSpecializationInfo special{3, kEntries, sizeof constants, &constants};
  const VkShaderModule module = createShader(scene.gpu, shader);
  VkComputePipelineCreateInfo info{VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO,
                                   nullptr,
                                   0,
                                   {VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO, nullptr, 0,
                                    VK_SHADER_STAGE_COMPUTE_BIT, module, "main", &special},
                                   layout,
                                   VK_NULL_HANDLE,
                                   -1};
  more(info);
  VkPipeline pipeline = VK_NULL_HANDLE;
  const VkResult made = vkCreateComputePipelines(scene.gpu.device, cache, 1, &info, nullptr, &pipeline);
  REQUIRE(made == VK_SUCCESS || made == VK_PIPELINE_COMPILE_REQUIRED);
  vkDestroyShaderModule(scene.gpu.device, module, nullptr);
  return pipeline ? scene.own(pipeline, vkDestroyPipeline) : VK_NULL_HANDLE;
}
template <size_t kWords>
VkPipeline createComputePipeline(Scene& scene, VkPipelineLayout layout, const uint32_t (&shader)[kWords],
                                 const KernelConstants& constants = {},
                                 VkPipelineCache cache = VK_NULL_HANDLE) {
  return createComputePipeline(scene, layout, shader, constants, cache, [](VkComputePipelineCreateInfo&) {});
}

// Room for `sets` sets of the bindings.
inline VkDescriptorPool createPool(Scene& scene, const Bindings& bindings, uint32_t sets = 1,
                                   VkDescriptorPoolCreateFlags flags = 0, const void* next = nullptr) {
  std::vector<VkDescriptorPoolSize> sizes;
  for (const auto& binding : bindings)
    sizes.push_back({binding.descriptorType, binding.descriptorCount * sets});
  return scene.make(vkCreateDescriptorPool, vkDestroyDescriptorPool,
                    {VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, next, flags, sets,
                     static_cast<uint32_t>(sizes.size()), sizes.data()});
}
inline VkDescriptorSet allocateSet(Scene& scene, VkDescriptorPool pool, VkDescriptorSetLayout layout,
                                   const void* next = nullptr) {
  const VkDescriptorSetAllocateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, next, pool, 1,
                                         &layout};
  VkDescriptorSet set = VK_NULL_HANDLE;
  CHECK(vkAllocateDescriptorSets(scene.gpu.device, &info, &set));
  return set;
}

inline VkWriteDescriptorSet writeOf(VkDescriptorSet set, uint32_t binding, VkDescriptorType type,
                                    const VkDescriptorBufferInfo* buffer,
                                    const VkDescriptorImageInfo* image = nullptr) {
  return {VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, nullptr, set, binding, 0, 1, type, image, buffer, nullptr};
}
inline void writeBuffer(Scene& scene, VkDescriptorSet set, uint32_t binding, VkBuffer buffer,
                        VkDescriptorType type = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER,
                        VkDeviceSize range = VK_WHOLE_SIZE) {
  const VkDescriptorBufferInfo info{buffer, 0, range};
  const VkWriteDescriptorSet write = writeOf(set, binding, type, &info);
  vkUpdateDescriptorSets(scene.gpu.device, 1, &write, 0, nullptr);
}

// kernel.comp with a set of its own: from `source` to the scene's result.
inline Kernel createKernel(Scene& scene, const Buffer& source, const KernelConstants& constants = {}) {
  Kernel kernel;
  createLayouts(scene, kernel, twoBuffers(), sizeof(KernelPush));
  kernel.pipeline = createComputePipeline(scene, kernel.layout, kKernelComp, constants);
  kernel.pool = createPool(scene, twoBuffers());
  kernel.set = allocateSet(scene, kernel.pool, kernel.set_layout);
  writeBuffer(scene, kernel.set, 0, source.handle);
  writeBuffer(scene, kernel.set, 1, scene.result.handle);
  return kernel;
}

// Binds and dispatches for 64 words; returns where in the result they go. Without a set: one was pushed.
inline VkDeviceSize dispatch(Scene& scene, const Kernel& kernel, VkCommandBuffer commands, uint32_t round,
                             uint32_t local_size = kKernelWords) {
  const VkDeviceSize at = scene.space(kKernelWords * 4);
  const KernelPush push{static_cast<uint32_t>(at / 4), round};
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.pipeline);
  if (kernel.set)
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.layout, 0, 1, &kernel.set, 0,
                            nullptr);
  vkCmdPushConstants(commands, kernel.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof push, &push);
  vkCmdDispatch(commands, kKernelWords / local_size, 1, 1);
  return at;
}

// Whether kernel.comp did what it should.
inline void requireKernel(Scene& scene, VkDeviceSize at, const Buffer& source, uint32_t round,
                          const KernelConstants& constants = {}) {
  const auto* from = reinterpret_cast<const uint32_t*>(source.data);
  for (uint32_t i = 0; i < kKernelWords; ++i)
    REQUIRE(scene.found(at)[i] == from[i] * constants.factor + constants.offset + round);
}

}  // namespace app

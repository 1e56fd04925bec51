// When a member counts, where the specification says that it is otherwise ignored and may dangle.
//
// The conditions behind the rows CONDITIONS of vkgen/overrides.py. Vulkan specification: "Graphics Pipelines"
// (VkGraphicsPipelineCreateInfo, VkGraphicsPipelineLibraryCreateInfoEXT) and "Descriptor Sets" (VkWriteDescriptorSet).
// Pure functions; only members that are always valid are looked at.
#pragma once

#include "format/vk.h"

namespace reprise {

inline bool hasDynamicState(const VkGraphicsPipelineCreateInfo& pipeline, VkDynamicState state) {
  if (pipeline.pDynamicState == nullptr || pipeline.pDynamicState->pDynamicStates == nullptr) return false;
  const std::span states(pipeline.pDynamicState->pDynamicStates, pipeline.pDynamicState->dynamicStateCount);
  return std::find(states.begin(), states.end(), state) != states.end();
}

// Those of the chain stand in the place of the struct's own.
template <class Info>
uint64_t pipelineFlags(const Info& info) {
#if defined(VK_KHR_maintenance5)
  for (auto* node = static_cast<const VkBaseInStructure*>(info.pNext); node; node = node->pNext)
    if (node->sType == VK_STRUCTURE_TYPE_PIPELINE_CREATE_FLAGS_2_CREATE_INFO_KHR)
      return reinterpret_cast<const VkPipelineCreateFlags2CreateInfoKHR*>(node)->flags;
#endif
  return info.flags;
}

// The parts of a pipeline that this create info defines: all, unless it makes a library or links libraries.
inline VkGraphicsPipelineLibraryFlagsEXT pipelineParts(const VkGraphicsPipelineCreateInfo& pipeline) {
  constexpr VkGraphicsPipelineLibraryFlagsEXT kAll = 0xf;
  bool links = false;
  for (auto* node = static_cast<const VkBaseInStructure*>(pipeline.pNext); node; node = node->pNext) {
    if (node->sType == VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_LIBRARY_CREATE_INFO_EXT)
      return reinterpret_cast<const VkGraphicsPipelineLibraryCreateInfoEXT*>(node)->flags;
    if (node->sType == VK_STRUCTURE_TYPE_PIPELINE_LIBRARY_CREATE_INFO_KHR)
      links = reinterpret_cast<const VkPipelineLibraryCreateInfoKHR*>(node)->libraryCount != 0;
  }
  return links ? 0 : kAll;
}

inline bool hasStage(const VkGraphicsPipelineCreateInfo& pipeline, VkShaderStageFlags stages) {
  if (pipeline.pStages == nullptr) return false;
  const std::span list(pipeline.pStages, pipeline.stageCount);
  return std::any_of(list.begin(), list.end(), [&](const auto& stage) { return (stage.stage & stages) != 0; });
}

inline bool usesRasterization(const VkGraphicsPipelineCreateInfo& pipeline) {
  const auto parts = pipelineParts(pipeline);
  if (parts == 0) return false;
  if (!(parts & VK_GRAPHICS_PIPELINE_LIBRARY_PRE_RASTERIZATION_SHADERS_BIT_EXT)) return true;
  return pipeline.pRasterizationState == nullptr || !pipeline.pRasterizationState->rasterizerDiscardEnable ||
         hasDynamicState(pipeline, VK_DYNAMIC_STATE_RASTERIZER_DISCARD_ENABLE);
}

inline bool usesTessellation(const VkGraphicsPipelineCreateInfo& pipeline) {
  return hasStage(pipeline, VK_SHADER_STAGE_TESSELLATION_CONTROL_BIT | VK_SHADER_STAGE_TESSELLATION_EVALUATION_BIT);
}

inline bool usesInputAssembly(const VkGraphicsPipelineCreateInfo& pipeline) {
  constexpr VkShaderStageFlags kMesh = VK_SHADER_STAGE_MESH_BIT_EXT | VK_SHADER_STAGE_TASK_BIT_EXT;
  return (pipelineParts(pipeline) & VK_GRAPHICS_PIPELINE_LIBRARY_VERTEX_INPUT_INTERFACE_BIT_EXT) &&
         !hasStage(pipeline, kMesh);
}

inline bool usesVertexInput(const VkGraphicsPipelineCreateInfo& pipeline) {
  return usesInputAssembly(pipeline) && !hasDynamicState(pipeline, VK_DYNAMIC_STATE_VERTEX_INPUT_EXT);
}

template <class V>
bool usesStaticViewport(const V& v) {
  return v.pipeline == nullptr || !(hasDynamicState(*v.pipeline, VK_DYNAMIC_STATE_VIEWPORT) ||
                                    hasDynamicState(*v.pipeline, VK_DYNAMIC_STATE_VIEWPORT_WITH_COUNT));
}

template <class V>
bool usesStaticScissor(const V& v) {
  return v.pipeline == nullptr || !(hasDynamicState(*v.pipeline, VK_DYNAMIC_STATE_SCISSOR) ||
                                    hasDynamicState(*v.pipeline, VK_DYNAMIC_STATE_SCISSOR_WITH_COUNT));
}

inline bool hasImageInfo(VkDescriptorType type) {
  return type <= VK_DESCRIPTOR_TYPE_STORAGE_IMAGE || type == VK_DESCRIPTOR_TYPE_INPUT_ATTACHMENT ||
         type == VK_DESCRIPTOR_TYPE_SAMPLE_WEIGHT_IMAGE_QCOM || type == VK_DESCRIPTOR_TYPE_BLOCK_MATCH_IMAGE_QCOM;
}
inline bool hasTexelBuffer(VkDescriptorType type) {
  return type == VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER || type == VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER;
}
inline bool hasBufferInfo(VkDescriptorType type) {
  return type >= VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER && type <= VK_DESCRIPTOR_TYPE_STORAGE_BUFFER_DYNAMIC;
}
inline bool hasSampler(VkDescriptorType type) {
  return type == VK_DESCRIPTOR_TYPE_SAMPLER || type == VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;
}

// Puts a pipeline in sight of the visits of its members.
template <class V>
class PipelineScope {
 public:
  PipelineScope(V& v, const VkGraphicsPipelineCreateInfo& pipeline) : v_(v), outer_(v.pipeline) {
    if constexpr (!V::kDecodes) v.pipeline = &pipeline;
  }
  ~PipelineScope() { v_.pipeline = outer_; }
  PipelineScope(const PipelineScope&) = delete;
  PipelineScope& operator=(const PipelineScope&) = delete;

 private:
  V& v_;
  const VkGraphicsPipelineCreateInfo* outer_;
};

// Puts a descriptor write's type in sight of the visits of its image infos.
template <class V>
class DescriptorScope {
 public:
  DescriptorScope(V& v, VkDescriptorType type) : v_(v), outer_(v.descriptor_type) {
    if constexpr (!V::kDecodes) v.descriptor_type = type;
  }
  ~DescriptorScope() { v_.descriptor_type = outer_; }
  DescriptorScope(const DescriptorScope&) = delete;
  DescriptorScope& operator=(const DescriptorScope&) = delete;

 private:
  V& v_;
  VkDescriptorType outer_;
};

}  // namespace reprise

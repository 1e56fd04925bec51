// The SPIR-V that calls bring along: of shader modules, and of stages of pipelines that have none.
//
// Pure functions on decoded calls; any thread. Rests on: Vulkan specification,
// VkPipelineShaderStageCreateInfo.
#pragma once

#include "format/vk.h"
#include "replay/chains.h"

namespace reprise {

constexpr bool bringsShaders(Command canonical) {
  return canonical == Command::vkCreateShaderModule || canonical == Command::vkCreateGraphicsPipelines ||
         canonical == Command::vkCreateComputePipelines ||
         canonical == Command::vkCreateRayTracingPipelinesKHR;
}

template <class T, class F>
void eachStage(const T* stages, uint32_t count, F&& f) {
  for (uint32_t i = 0; stages && i < count; ++i)
    if (const auto* module = findInChain<const VkShaderModuleCreateInfo>(
            stages[i].pNext, VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO))
      f(*module);
}

// f(VkShaderModuleCreateInfo) for the code that a call brings.
template <class F>
void eachModule(Command canonical, const void* packet, F&& f) {
  if (canonical == Command::vkCreateShaderModule) {
    const auto& call = *static_cast<const CreateShaderModuleCall*>(packet);
    if (call.pCreateInfo) f(*call.pCreateInfo);
  } else if (canonical == Command::vkCreateGraphicsPipelines) {
    const auto& call = *static_cast<const CreateGraphicsPipelinesCall*>(packet);
    for (uint32_t i = 0; call.pCreateInfos && i < call.createInfoCount; ++i)
      eachStage(call.pCreateInfos[i].pStages, call.pCreateInfos[i].stageCount, f);
  } else if (canonical == Command::vkCreateComputePipelines) {
    const auto& call = *static_cast<const CreateComputePipelinesCall*>(packet);
    for (uint32_t i = 0; call.pCreateInfos && i < call.createInfoCount; ++i)
      eachStage(&call.pCreateInfos[i].stage, 1, f);
  } else if (canonical == Command::vkCreateRayTracingPipelinesKHR) {
    const auto& call = *static_cast<const CreateRayTracingPipelinesKHRCall*>(packet);
    for (uint32_t i = 0; call.pCreateInfos && i < call.createInfoCount; ++i)
      eachStage(call.pCreateInfos[i].pStages, call.pCreateInfos[i].stageCount, f);
  }
}

}  // namespace reprise

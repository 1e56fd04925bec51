// The rules on graphics pipelines: one a feature, what vkCreateGraphicsPipelines must not be given without
// it.
#include <cstring>

#include "format/custom.h"
#include "replay/chains.h"
#include "replay/feature_rows.h"

namespace reprise {
namespace {

// A rule on VkGraphicsPipelineCreateInfo.
template <class F>
FeatureRule pipeline(std::string_view feature, std::string_view rule, F) {
  return row<CreateGraphicsPipelinesCall>(feature, rule, [](const CreateGraphicsPipelinesCall& call) {
    return any(call.pCreateInfos, call.createInfoCount, F{});
  });
}
using Pipeline = const VkGraphicsPipelineCreateInfo&;

bool isDynamic(Pipeline info, VkDynamicState state) {
  return info.pDynamicState && any(info.pDynamicState->pDynamicStates, info.pDynamicState->dynamicStateCount,
                                   [&](VkDynamicState one) { return one == state; });
}

FeatureRule stage(std::string_view feature, std::string_view rule, auto bits) {
  return pipeline(feature, rule, [](Pipeline info) {
    return any(info.pStages, info.stageCount,
               [](const auto& one) { return (one.stage & decltype(bits)::value) != 0; });
  });
}
template <uint32_t Bits>
using Stages = std::integral_constant<uint32_t, Bits>;

bool isDualSource(VkBlendFactor factor) {
  return factor >= VK_BLEND_FACTOR_SRC1_COLOR && factor <= VK_BLEND_FACTOR_ONE_MINUS_SRC1_ALPHA;
}

bool blendsApart(Pipeline info) {
  const auto* blend = info.pColorBlendState;
  return blend && any(blend->pAttachments, blend->attachmentCount, [&](const auto& one) {
           return std::memcmp(&one, blend->pAttachments, sizeof one) != 0;
         });
}

bool blendsTwoSources(Pipeline info) {
  const auto* blend = info.pColorBlendState;
  return blend && any(blend->pAttachments, blend->attachmentCount, [](const auto& one) {
           return one.blendEnable &&
                  (isDualSource(one.srcColorBlendFactor) || isDualSource(one.dstColorBlendFactor) ||
                   isDualSource(one.srcAlphaBlendFactor) || isDualSource(one.dstAlphaBlendFactor));
         });
}

bool restarts(Pipeline info, bool of_patches) {
  const auto* assembly = info.pInputAssemblyState;
  if (!assembly || !assembly->primitiveRestartEnable) return false;
  if (isDynamic(info, VK_DYNAMIC_STATE_PRIMITIVE_TOPOLOGY) ||
      isDynamic(info, VK_DYNAMIC_STATE_PRIMITIVE_RESTART_ENABLE))
    return false;
  switch (assembly->topology) {
    case VK_PRIMITIVE_TOPOLOGY_POINT_LIST:
    case VK_PRIMITIVE_TOPOLOGY_LINE_LIST:
    case VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST:
    case VK_PRIMITIVE_TOPOLOGY_LINE_LIST_WITH_ADJACENCY:
    case VK_PRIMITIVE_TOPOLOGY_TRIANGLE_LIST_WITH_ADJACENCY:
      return !of_patches;
    case VK_PRIMITIVE_TOPOLOGY_PATCH_LIST:
      return of_patches;
    default:
      return false;
  }
}

// The node of that type in the chain of the pipeline's rasterization state.
template <class T>
const T* rasterization(Pipeline info, VkStructureType type) {
  return info.pRasterizationState ? findInChain<const T>(info.pRasterizationState->pNext, type) : nullptr;
}

const VkPipelineRasterizationLineStateCreateInfoEXT* lines(Pipeline info) {
  return rasterization<VkPipelineRasterizationLineStateCreateInfoEXT>(
      info, VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_LINE_STATE_CREATE_INFO_EXT);
}

void addStateRules(std::vector<FeatureRule>& rules) {
  rules.insert(
      rules.end(),
      {
          stage("geometryShader", "VUID-VkPipelineShaderStageCreateInfo-stage-00704",
                Stages<VK_SHADER_STAGE_GEOMETRY_BIT>{}),
          stage("tessellationShader", "VUID-VkPipelineShaderStageCreateInfo-stage-00705",
                Stages<VK_SHADER_STAGE_TESSELLATION_CONTROL_BIT |
                       VK_SHADER_STAGE_TESSELLATION_EVALUATION_BIT>{}),
          stage("meshShader", "VUID-VkPipelineShaderStageCreateInfo-stage-02091",
                Stages<VK_SHADER_STAGE_MESH_BIT_EXT>{}),
          stage("taskShader", "VUID-VkPipelineShaderStageCreateInfo-stage-02092",
                Stages<VK_SHADER_STAGE_TASK_BIT_EXT>{}),
          pipeline("fillModeNonSolid", "VUID-VkPipelineRasterizationStateCreateInfo-polygonMode-01507",
                   [](Pipeline info) {
                     return info.pRasterizationState &&
                            info.pRasterizationState->polygonMode != VK_POLYGON_MODE_FILL;
                   }),
          pipeline("wideLines", "VUID-VkGraphicsPipelineCreateInfo-pDynamicStates-00749",
                   [](Pipeline info) {
                     return info.pRasterizationState && info.pRasterizationState->lineWidth > 1.0f &&
                            !isDynamic(info, VK_DYNAMIC_STATE_LINE_WIDTH);
                   }),
          pipeline("depthClamp", "VUID-VkPipelineRasterizationStateCreateInfo-depthClampEnable-00782",
                   [](Pipeline info) {
                     return info.pRasterizationState && info.pRasterizationState->depthClampEnable;
                   }),
          pipeline("depthBiasClamp", "VUID-VkGraphicsPipelineCreateInfo-pDynamicStates-00754",
                   [](Pipeline info) {
                     const auto* state = info.pRasterizationState;
                     return state && state->depthBiasEnable && state->depthBiasClamp != 0 &&
                            !isDynamic(info, VK_DYNAMIC_STATE_DEPTH_BIAS);
                   }),
          pipeline("depthBounds", "VUID-VkPipelineDepthStencilStateCreateInfo-depthBoundsTestEnable-00598",
                   [](Pipeline info) {
                     return info.pDepthStencilState && info.pDepthStencilState->depthBoundsTestEnable &&
                            !isDynamic(info, VK_DYNAMIC_STATE_DEPTH_BOUNDS_TEST_ENABLE);
                   }),
      });
}

void addBlendRules(std::vector<FeatureRule>& rules) {
  rules.insert(
      rules.end(),
      {
          pipeline("alphaToOne", "VUID-VkPipelineMultisampleStateCreateInfo-alphaToOneEnable-00785",
                   [](Pipeline info) {
                     return info.pMultisampleState && info.pMultisampleState->alphaToOneEnable;
                   }),
          pipeline("sampleRateShading", "VUID-VkPipelineMultisampleStateCreateInfo-sampleShadingEnable-00784",
                   [](Pipeline info) {
                     return info.pMultisampleState && info.pMultisampleState->sampleShadingEnable;
                   }),
          pipeline(
              "logicOp", "VUID-VkPipelineColorBlendStateCreateInfo-logicOpEnable-00606",
              [](Pipeline info) { return info.pColorBlendState && info.pColorBlendState->logicOpEnable; }),
          pipeline("independentBlend", "VUID-VkPipelineColorBlendStateCreateInfo-pAttachments-00605",
                   [](Pipeline info) { return blendsApart(info); }),
          pipeline("dualSrcBlend", "VUID-VkPipelineColorBlendAttachmentState-srcColorBlendFactor-00608",
                   [](Pipeline info) { return blendsTwoSources(info); }),
          pipeline(
              "multiViewport", "VUID-VkPipelineViewportStateCreateInfo-viewportCount-01216",
              [](Pipeline info) { return info.pViewportState && info.pViewportState->viewportCount > 1; }),
          pipeline("primitiveTopologyListRestart",
                   "VUID-VkPipelineInputAssemblyStateCreateInfo-topology-06252",
                   [](Pipeline info) { return restarts(info, false); }),
          pipeline("primitiveTopologyPatchListRestart",
                   "VUID-VkPipelineInputAssemblyStateCreateInfo-topology-06253",
                   [](Pipeline info) { return restarts(info, true); }),
      });
}

void addRasterizationChainRules(std::vector<FeatureRule>& rules) {
  rules.insert(
      rules.end(),
      {
          pipeline("depthClipEnable",
                   "VkPipelineRasterizationDepthClipStateCreateInfoEXT: other than its default",
                   [](Pipeline info) {
                     const auto* clip = rasterization<VkPipelineRasterizationDepthClipStateCreateInfoEXT>(
                         info, VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_DEPTH_CLIP_STATE_CREATE_INFO_EXT);
                     return clip && !clip->depthClipEnable != !!info.pRasterizationState->depthClampEnable;
                   }),
          pipeline("provokingVertexLast",
                   "VUID-VkPipelineRasterizationProvokingVertexStateCreateInfoEXT-provokingVertexMode-04883",
                   [](Pipeline info) {
                     const auto* vertex =
                         rasterization<VkPipelineRasterizationProvokingVertexStateCreateInfoEXT>(
                             info,
                             VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_PROVOKING_VERTEX_STATE_CREATE_INFO_EXT);
                     return vertex && vertex->provokingVertexMode == VK_PROVOKING_VERTEX_MODE_LAST_VERTEX_EXT;
                   }),
          pipeline("geometryStreams",
                   "VUID-VkPipelineRasterizationStateStreamCreateInfoEXT-geometryStreams-02324",
                   [](Pipeline info) {
                     const auto* stream = rasterization<VkPipelineRasterizationStateStreamCreateInfoEXT>(
                         info, VK_STRUCTURE_TYPE_PIPELINE_RASTERIZATION_STATE_STREAM_CREATE_INFO_EXT);
                     return stream && stream->rasterizationStream != 0;
                   }),
          pipeline("rectangularLines",
                   "VUID-VkPipelineRasterizationLineStateCreateInfoEXT-lineRasterizationMode-02768",
                   [](Pipeline info) {
                     const auto* line = lines(info);
                     return line && line->lineRasterizationMode == VK_LINE_RASTERIZATION_MODE_RECTANGULAR_EXT;
                   }),
          pipeline("bresenhamLines",
                   "VUID-VkPipelineRasterizationLineStateCreateInfoEXT-lineRasterizationMode-02769",
                   [](Pipeline info) {
                     const auto* line = lines(info);
                     return line && line->lineRasterizationMode == VK_LINE_RASTERIZATION_MODE_BRESENHAM_EXT;
                   }),
          pipeline("smoothLines",
                   "VUID-VkPipelineRasterizationLineStateCreateInfoEXT-lineRasterizationMode-02770",
                   [](Pipeline info) {
                     const auto* line = lines(info);
                     return line &&
                            line->lineRasterizationMode == VK_LINE_RASTERIZATION_MODE_RECTANGULAR_SMOOTH_EXT;
                   }),
      });
}

void addOtherChainRules(std::vector<FeatureRule>& rules) {
  rules.insert(
      rules.end(),
      {
          pipeline("vertexAttributeInstanceRateDivisor",
                   "VUID-VkVertexInputBindingDivisorDescriptionEXT-vertexAttributeInstanceRateDivisor-02229",
                   [](Pipeline info) {
                     const auto* divisors =
                         info.pVertexInputState
                             ? findInChain<const VkPipelineVertexInputDivisorStateCreateInfoEXT>(
                                   info.pVertexInputState->pNext,
                                   VK_STRUCTURE_TYPE_PIPELINE_VERTEX_INPUT_DIVISOR_STATE_CREATE_INFO_EXT)
                             : nullptr;
                     return divisors &&
                            any(divisors->pVertexBindingDivisors, divisors->vertexBindingDivisorCount,
                                [](const auto& one) { return one.divisor != 1; });
                   }),
          pipeline("depthClipControl",
                   "VUID-VkPipelineViewportDepthClipControlCreateInfoEXT-negativeOneToOne-06470",
                   [](Pipeline info) {
                     const auto* control =
                         info.pViewportState
                             ? findInChain<const VkPipelineViewportDepthClipControlCreateInfoEXT>(
                                   info.pViewportState->pNext,
                                   VK_STRUCTURE_TYPE_PIPELINE_VIEWPORT_DEPTH_CLIP_CONTROL_CREATE_INFO_EXT)
                             : nullptr;
                     return control && control->negativeOneToOne;
                   }),
          pipeline("graphicsPipelineLibrary",
                   "VUID-VkGraphicsPipelineCreateInfo-graphicsPipelineLibrary-06606",
                   [](Pipeline info) { return (pipelineFlags(info) & VK_PIPELINE_CREATE_LIBRARY_BIT_KHR) != 0; }),
          pipeline("pipelineCreationCacheControl",
                   "VUID-VkGraphicsPipelineCreateInfo-pipelineCreationCacheControl-02878",
                   [](Pipeline info) {
                     return (pipelineFlags(info) & (VK_PIPELINE_CREATE_FAIL_ON_PIPELINE_COMPILE_REQUIRED_BIT |
                                           VK_PIPELINE_CREATE_EARLY_RETURN_ON_FAILURE_BIT)) != 0;
                   }),
      });
}

}  // namespace

void addPipelineRules(std::vector<FeatureRule>& rules) {
  addStateRules(rules);
  addBlendRules(rules);
  addRasterizationChainRules(rules);
  addOtherChainRules(rules);
}

}  // namespace reprise

#include "replay/feature_rules.h"

#include <algorithm>
#include <string>
#include <vector>

#include "replay/chains.h"

namespace reprise {
namespace {

template <class C, class F>
FeatureRule row(std::string_view feature, std::string_view rule, F) {
  return {feature, rule, C::kId, [](const void* packet, const FormatsHere& here) {
            const C& call = *static_cast<const C*>(packet);
            if constexpr (requires { F{}(call, here); })
              return bool(F{}(call, here));
            else
              return bool(F{}(call));
          }};
}

template <class C>
FeatureRule whenCalled(std::string_view feature, std::string_view rule) {
  return row<C>(feature, rule, [](const C&) { return true; });
}

// f(element) of any of them.
template <class T, class F>
bool any(const T* elements, uint32_t count, F&& f) {
  return elements && std::any_of(elements, elements + count, f);
}

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

bool writesNull(const VkWriteDescriptorSet& write) {
  switch (write.descriptorType) {
    case VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER:
    case VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE:
    case VK_DESCRIPTOR_TYPE_STORAGE_IMAGE:
      return any(write.pImageInfo, write.descriptorCount,
                 [](const auto& one) { return one.imageView == VK_NULL_HANDLE; });
    case VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER:
    case VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER:
      return any(write.pTexelBufferView, write.descriptorCount,
                 [](VkBufferView one) { return one == VK_NULL_HANDLE; });
    case VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER:
    case VK_DESCRIPTOR_TYPE_STORAGE_BUFFER:
    case VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC:
    case VK_DESCRIPTOR_TYPE_STORAGE_BUFFER_DYNAMIC:
      return any(write.pBufferInfo, write.descriptorCount,
                 [](const auto& one) { return one.buffer == VK_NULL_HANDLE; });
    default:
      return false;
  }
}

bool hasNull(const VkBuffer* buffers, uint32_t count) {
  return any(buffers, count, [](VkBuffer one) { return one == VK_NULL_HANDLE; });
}

// Rows on the calls that make things.
template <class F>
FeatureRule sampler(std::string_view feature, std::string_view rule, F) {
  return row<CreateSamplerCall>(feature, rule, [](const CreateSamplerCall& call) {
    return call.pCreateInfo && F{}(*call.pCreateInfo);
  });
}
template <class F>
FeatureRule image(std::string_view feature, std::string_view rule, F) {
  return row<CreateImageCall>(
      feature, rule, [](const CreateImageCall& call) { return call.pCreateInfo && F{}(*call.pCreateInfo); });
}
template <class F>
FeatureRule buffer(std::string_view feature, std::string_view rule, F) {
  return row<CreateBufferCall>(
      feature, rule, [](const CreateBufferCall& call) { return call.pCreateInfo && F{}(*call.pCreateInfo); });
}

// Resident images of so many samples.
template <uint32_t Samples>
FeatureRule resident(std::string_view feature, std::string_view rule) {
  return image(feature, rule, [](const VkImageCreateInfo& info) {
    return (info.flags & VK_IMAGE_CREATE_SPARSE_RESIDENCY_BIT) && info.imageType == VK_IMAGE_TYPE_2D &&
           info.samples == Samples;
  });
}

FeatureRule compressed(std::string_view feature, auto of_feature) {
  return row<CreateImageCall>(feature, "VUID-VkImageCreateInfo-imageCreateMaxMipLevels-02251",
                              [](const CreateImageCall& call, const FormatsHere& here) {
                                return call.pCreateInfo &&
                                       compressionFeature(call.pCreateInfo->format) ==
                                           decltype(of_feature)::name &&
                                       !here.usable.contains(call.pCreateInfo->format);
                              });
}
struct Etc2 {
  static constexpr std::string_view name = "textureCompressionETC2";
};
struct Astc {
  static constexpr std::string_view name = "textureCompressionASTC_LDR";
};
struct Bc {
  static constexpr std::string_view name = "textureCompressionBC";
};

// Flags of descriptor bindings, of all or of those of some types.
template <uint32_t Flag, VkDescriptorType... Types>
FeatureRule binding(std::string_view feature, std::string_view rule) {
  return row<CreateDescriptorSetLayoutCall>(feature, rule, [](const CreateDescriptorSetLayoutCall& call) {
    if (!call.pCreateInfo || !call.pCreateInfo->pBindings) return false;
    const auto* flags = findInChain<const VkDescriptorSetLayoutBindingFlagsCreateInfo>(
        call.pCreateInfo->pNext, VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_BINDING_FLAGS_CREATE_INFO);
    for (uint32_t i = 0; flags && flags->pBindingFlags && i < call.pCreateInfo->bindingCount; ++i) {
      const VkDescriptorType type = call.pCreateInfo->pBindings[i].descriptorType;
      const bool meant = sizeof...(Types) == 0 || (... || (type == Types));
      if (i < flags->bindingCount && meant && (flags->pBindingFlags[i] & Flag)) return true;
    }
    return false;
  });
}

void addPipelineRules(std::vector<FeatureRule>& rules) {
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

void addPipelineChainRules(std::vector<FeatureRule>& rules) {
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
                   [](Pipeline info) { return (info.flags & VK_PIPELINE_CREATE_LIBRARY_BIT_KHR) != 0; }),
          pipeline("pipelineCreationCacheControl",
                   "VUID-VkGraphicsPipelineCreateInfo-pipelineCreationCacheControl-02878",
                   [](Pipeline info) {
                     return (info.flags & (VK_PIPELINE_CREATE_FAIL_ON_PIPELINE_COMPILE_REQUIRED_BIT |
                                           VK_PIPELINE_CREATE_EARLY_RETURN_ON_FAILURE_BIT)) != 0;
                   }),
      });
}

void addObjectRules(std::vector<FeatureRule>& rules) {
  rules.insert(
      rules.end(),
      {
          sampler("samplerAnisotropy", "VUID-VkSamplerCreateInfo-anisotropyEnable-01070",
                  [](const VkSamplerCreateInfo& info) { return info.anisotropyEnable; }),
          sampler("customBorderColors", "VUID-VkSamplerCreateInfo-customBorderColors-04085",
                  [](const VkSamplerCreateInfo& info) {
                    return info.borderColor == VK_BORDER_COLOR_FLOAT_CUSTOM_EXT ||
                           info.borderColor == VK_BORDER_COLOR_INT_CUSTOM_EXT;
                  }),
          sampler("samplerMirrorClampToEdge", "VUID-VkSamplerCreateInfo-addressModeU-01079",
                  [](const VkSamplerCreateInfo& info) {
                    constexpr VkSamplerAddressMode kMirror = VK_SAMPLER_ADDRESS_MODE_MIRROR_CLAMP_TO_EDGE;
                    return info.addressModeU == kMirror || info.addressModeV == kMirror ||
                           info.addressModeW == kMirror;
                  }),
          sampler("samplerFilterMinmax", "VUID-VkSamplerCreateInfo-pNext-06726",
                  [](const VkSamplerCreateInfo& info) {
                    const auto* mode = findInChain<const VkSamplerReductionModeCreateInfo>(
                        info.pNext, VK_STRUCTURE_TYPE_SAMPLER_REDUCTION_MODE_CREATE_INFO);
                    return mode && mode->reductionMode != VK_SAMPLER_REDUCTION_MODE_WEIGHTED_AVERAGE;
                  }),
          sampler("nonSeamlessCubeMap", "VUID-VkSamplerCreateInfo-nonSeamlessCubeMap-06788",
                  [](const VkSamplerCreateInfo& info) {
                    return (info.flags & VK_SAMPLER_CREATE_NON_SEAMLESS_CUBE_MAP_BIT_EXT) != 0;
                  }),
          row<CreateSamplerYcbcrConversionCall>(
              "samplerYcbcrConversion", "VUID-vkCreateSamplerYcbcrConversion-None-01648",
              [](const CreateSamplerYcbcrConversionCall& call) {
                // One of an external format is nothing where it cannot be had.
                return call.pCreateInfo &&
                       !findInChain<const VkBaseInStructure>(call.pCreateInfo->pNext,
                                                             VK_STRUCTURE_TYPE_EXTERNAL_FORMAT_ANDROID);
              }),
          row<CreateImageViewCall>("imageCubeArray", "VUID-VkImageViewCreateInfo-viewType-01004",
                                   [](const CreateImageViewCall& call) {
                                     return call.pCreateInfo &&
                                            call.pCreateInfo->viewType == VK_IMAGE_VIEW_TYPE_CUBE_ARRAY;
                                   }),
          row<CreateFramebufferCall>("imagelessFramebuffer", "VUID-VkFramebufferCreateInfo-flags-03189",
                                     [](const CreateFramebufferCall& call) {
                                       return call.pCreateInfo &&
                                              (call.pCreateInfo->flags & VK_FRAMEBUFFER_CREATE_IMAGELESS_BIT);
                                     }),
          row<CreateRenderPassCall>("multiview", "VUID-VkRenderPassMultiviewCreateInfo-multiview-06555",
                                    [](const CreateRenderPassCall& call) {
                                      const auto* views =
                                          call.pCreateInfo
                                              ? findInChain<const VkRenderPassMultiviewCreateInfo>(
                                                    call.pCreateInfo->pNext,
                                                    VK_STRUCTURE_TYPE_RENDER_PASS_MULTIVIEW_CREATE_INFO)
                                              : nullptr;
                                      return views && any(views->pViewMasks, views->subpassCount,
                                                          [](uint32_t mask) { return mask != 0; });
                                    }),
          row<CreateRenderPass2Call>("multiview", "VUID-VkSubpassDescription2-multiview-06558",
                                     [](const CreateRenderPass2Call& call) {
                                       return call.pCreateInfo &&
                                              any(call.pCreateInfo->pSubpasses,
                                                  call.pCreateInfo->subpassCount,
                                                  [](const auto& one) { return one.viewMask != 0; });
                                     }),
          row<CreateSemaphoreCall>(
              "timelineSemaphore", "VUID-VkSemaphoreTypeCreateInfo-timelineSemaphore-03252",
              [](const CreateSemaphoreCall& call) {
                const auto* type = call.pCreateInfo ? findInChain<const VkSemaphoreTypeCreateInfo>(
                                                          call.pCreateInfo->pNext,
                                                          VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO)
                                                    : nullptr;
                return type && type->semaphoreType == VK_SEMAPHORE_TYPE_TIMELINE;
              }),
          row<CreateQueryPoolCall>("pipelineStatisticsQuery", "VUID-VkQueryPoolCreateInfo-queryType-00791",
                                   [](const CreateQueryPoolCall& call) {
                                     return call.pCreateInfo &&
                                            call.pCreateInfo->queryType == VK_QUERY_TYPE_PIPELINE_STATISTICS;
                                   }),
          compressed(Etc2::name, Etc2{}),
          compressed(Astc::name, Astc{}),
          compressed(Bc::name, Bc{}),
      });
}

void addDescriptorRules(std::vector<FeatureRule>& rules) {
  constexpr uint32_t kAfterBind = VK_DESCRIPTOR_BINDING_UPDATE_AFTER_BIND_BIT;
  constexpr auto kRule = "VUID-VkDescriptorSetLayoutBindingFlagsCreateInfo-descriptorBinding";
  static const std::string partially = std::string(kRule) + "PartiallyBound-03013";
  rules.insert(
      rules.end(),
      {
          row<UpdateDescriptorSetsCall>("nullDescriptor", "VUID-VkDescriptorBufferInfo-buffer-02998",
                                        [](const UpdateDescriptorSetsCall& call) {
                                          return any(call.pDescriptorWrites, call.descriptorWriteCount,
                                                     writesNull);
                                        }),
          row<CmdPushDescriptorSetKHRCall>("nullDescriptor", "VUID-VkDescriptorBufferInfo-buffer-02998",
                                           [](const CmdPushDescriptorSetKHRCall& call) {
                                             return any(call.pDescriptorWrites, call.descriptorWriteCount,
                                                        writesNull);
                                           }),
          row<CmdBindVertexBuffersCall>(
              "nullDescriptor", "VUID-vkCmdBindVertexBuffers-pBuffers-04001",
              [](const CmdBindVertexBuffersCall& call) { return hasNull(call.pBuffers, call.bindingCount); }),
          row<CmdBindVertexBuffers2Call>("nullDescriptor", "VUID-vkCmdBindVertexBuffers2-pBuffers-04111",
                                         [](const CmdBindVertexBuffers2Call& call) {
                                           return hasNull(call.pBuffers, call.bindingCount);
                                         }),
          row<CreateDescriptorSetLayoutCall>(
              "inlineUniformBlock", "VUID-VkDescriptorSetLayoutBinding-descriptorType-04604",
              [](const CreateDescriptorSetLayoutCall& call) {
                return call.pCreateInfo &&
                       any(call.pCreateInfo->pBindings, call.pCreateInfo->bindingCount, [](const auto& one) {
                         return one.descriptorType == VK_DESCRIPTOR_TYPE_INLINE_UNIFORM_BLOCK;
                       });
              }),
          binding<VK_DESCRIPTOR_BINDING_PARTIALLY_BOUND_BIT>("descriptorBindingPartiallyBound", partially),
          binding<VK_DESCRIPTOR_BINDING_UPDATE_UNUSED_WHILE_PENDING_BIT>(
              "descriptorBindingUpdateUnusedWhilePending",
              "VUID-VkDescriptorSetLayoutBindingFlagsCreateInfo-descriptorBindingUpdateUnusedWhilePending-"
              "03012"),
          binding<VK_DESCRIPTOR_BINDING_VARIABLE_DESCRIPTOR_COUNT_BIT>(
              "descriptorBindingVariableDescriptorCount",
              "VUID-VkDescriptorSetLayoutBindingFlagsCreateInfo-descriptorBindingVariableDescriptorCount-"
              "03014"),
          binding<kAfterBind, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER>(
              "descriptorBindingUniformBufferUpdateAfterBind",
              "VUID-VkDescriptorSetLayoutBindingFlagsCreateInfo-"
              "descriptorBindingUniformBufferUpdateAfterBind-03005"),
          binding<kAfterBind, VK_DESCRIPTOR_TYPE_SAMPLER, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
                  VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE>("descriptorBindingSampledImageUpdateAfterBind",
                                                    "VUID-VkDescriptorSetLayoutBindingFlagsCreateInfo-"
                                                    "descriptorBindingSampledImageUpdateAfterBind-03006"),
          binding<kAfterBind, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE>(
              "descriptorBindingStorageImageUpdateAfterBind",
              "VUID-VkDescriptorSetLayoutBindingFlagsCreateInfo-descriptorBindingStorageImageUpdateAfterBind-"
              "03007"),
          binding<kAfterBind, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER>(
              "descriptorBindingStorageBufferUpdateAfterBind",
              "VUID-VkDescriptorSetLayoutBindingFlagsCreateInfo-"
              "descriptorBindingStorageBufferUpdateAfterBind-03008"),
          binding<kAfterBind, VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER>(
              "descriptorBindingUniformTexelBufferUpdateAfterBind",
              "VUID-VkDescriptorSetLayoutBindingFlagsCreateInfo-"
              "descriptorBindingUniformTexelBufferUpdateAfterBind-03009"),
          binding<kAfterBind, VK_DESCRIPTOR_TYPE_STORAGE_TEXEL_BUFFER>(
              "descriptorBindingStorageTexelBufferUpdateAfterBind",
              "VUID-VkDescriptorSetLayoutBindingFlagsCreateInfo-"
              "descriptorBindingStorageTexelBufferUpdateAfterBind-03010"),
      });
}

void addSparseRules(std::vector<FeatureRule>& rules) {
  rules.insert(rules.end(),
               {
                   buffer("sparseBinding", "VUID-VkBufferCreateInfo-flags-00915",
                          [](const VkBufferCreateInfo& info) {
                            return info.flags & VK_BUFFER_CREATE_SPARSE_BINDING_BIT;
                          }),
                   buffer("sparseResidencyBuffer", "VUID-VkBufferCreateInfo-flags-00916",
                          [](const VkBufferCreateInfo& info) {
                            return info.flags & VK_BUFFER_CREATE_SPARSE_RESIDENCY_BIT;
                          }),
                   buffer("sparseResidencyAliased", "VUID-VkBufferCreateInfo-flags-00917",
                          [](const VkBufferCreateInfo& info) {
                            return info.flags & VK_BUFFER_CREATE_SPARSE_ALIASED_BIT;
                          }),
                   image("sparseBinding", "VUID-VkImageCreateInfo-flags-00969",
                         [](const VkImageCreateInfo& info) {
                           return info.flags & VK_IMAGE_CREATE_SPARSE_BINDING_BIT;
                         }),
                   image("sparseResidencyAliased", "VUID-VkImageCreateInfo-flags-01924",
                         [](const VkImageCreateInfo& info) {
                           return info.flags & VK_IMAGE_CREATE_SPARSE_ALIASED_BIT;
                         }),
                   image("sparseResidencyImage3D", "VUID-VkImageCreateInfo-imageType-00972",
                         [](const VkImageCreateInfo& info) {
                           return (info.flags & VK_IMAGE_CREATE_SPARSE_RESIDENCY_BIT) &&
                                  info.imageType == VK_IMAGE_TYPE_3D;
                         }),
                   resident<1>("sparseResidencyImage2D", "VUID-VkImageCreateInfo-imageType-00971"),
                   resident<2>("sparseResidency2Samples", "VUID-VkImageCreateInfo-imageType-00973"),
                   resident<4>("sparseResidency4Samples", "VUID-VkImageCreateInfo-imageType-00974"),
                   resident<8>("sparseResidency8Samples", "VUID-VkImageCreateInfo-imageType-00975"),
                   resident<16>("sparseResidency16Samples", "VUID-VkImageCreateInfo-imageType-00976"),
               });
}

void addCommandRules(std::vector<FeatureRule>& rules) {
  rules.insert(
      rules.end(),
      {
          row<CmdDrawIndirectCall>("multiDrawIndirect", "VUID-vkCmdDrawIndirect-drawCount-02718",
                                   [](const CmdDrawIndirectCall& call) { return call.drawCount > 1; }),
          row<CmdDrawIndexedIndirectCall>(
              "multiDrawIndirect", "VUID-vkCmdDrawIndexedIndirect-drawCount-02718",
              [](const CmdDrawIndexedIndirectCall& call) { return call.drawCount > 1; }),
          whenCalled<CmdDrawIndirectCountCall>("drawIndirectCount", "VUID-vkCmdDrawIndirectCount-None-04445"),
          whenCalled<CmdDrawIndexedIndirectCountCall>("drawIndirectCount",
                                                      "VUID-vkCmdDrawIndexedIndirectCount-None-04445"),
          row<CmdSetLineWidthCall>("wideLines", "VUID-vkCmdSetLineWidth-lineWidth-00788",
                                   [](const CmdSetLineWidthCall& call) { return call.lineWidth > 1.0f; }),
          row<CmdSetDepthBiasCall>("depthBiasClamp", "VUID-vkCmdSetDepthBias-depthBiasClamp-00790",
                                   [](const CmdSetDepthBiasCall& call) { return call.depthBiasClamp != 0; }),
          row<CmdSetViewportCall>("multiViewport", "VUID-vkCmdSetViewport-viewportCount-01225",
                                  [](const CmdSetViewportCall& call) {
                                    return call.viewportCount > 1 || call.firstViewport > 0;
                                  }),
          row<CmdSetScissorCall>(
              "multiViewport", "VUID-vkCmdSetScissor-scissorCount-00594",
              [](const CmdSetScissorCall& call) { return call.scissorCount > 1 || call.firstScissor > 0; }),
          row<CmdBeginQueryCall>(
              "occlusionQueryPrecise", "VUID-vkCmdBeginQuery-queryType-00800",
              [](const CmdBeginQueryCall& call) { return (call.flags & VK_QUERY_CONTROL_PRECISE_BIT) != 0; }),
          row<BeginCommandBufferCall>("inheritedQueries",
                                      "VUID-VkCommandBufferInheritanceInfo-occlusionQueryEnable-00056",
                                      [](const BeginCommandBufferCall& call) {
                                        return call.pBeginInfo && call.pBeginInfo->pInheritanceInfo &&
                                               call.pBeginInfo->pInheritanceInfo->occlusionQueryEnable;
                                      }),
          row<CmdBindIndexBufferCall>(
              "indexTypeUint8", "VUID-vkCmdBindIndexBuffer-indexType-02765",
              [](const CmdBindIndexBufferCall& call) { return call.indexType == VK_INDEX_TYPE_UINT8_EXT; }),
          whenCalled<CmdBeginConditionalRenderingEXTCall>("conditionalRendering",
                                                          "the command is the feature's own"),
          whenCalled<CmdBeginTransformFeedbackEXTCall>(
              "transformFeedback", "VUID-vkCmdBeginTransformFeedbackEXT-transformFeedback-02366"),
          whenCalled<CmdBindTransformFeedbackBuffersEXTCall>(
              "transformFeedback", "VUID-vkCmdBindTransformFeedbackBuffersEXT-transformFeedback-02355"),
          whenCalled<GetBufferDeviceAddressCall>("bufferDeviceAddress",
                                                 "VUID-vkGetBufferDeviceAddress-bufferDeviceAddress-03324"),
          whenCalled<CmdSetLogicOpEXTCall>("extendedDynamicState2LogicOp",
                                           "VUID-vkCmdSetLogicOpEXT-None-04867"),
          whenCalled<CmdSetPatchControlPointsEXTCall>("extendedDynamicState2PatchControlPoints",
                                                      "VUID-vkCmdSetPatchControlPointsEXT-None-04873"),
          whenCalled<CreateAccelerationStructureKHRCall>(
              "accelerationStructure", "VUID-vkCreateAccelerationStructureKHR-accelerationStructure-03611"),
          whenCalled<CreateRayTracingPipelinesKHRCall>(
              "rayTracingPipeline", "VUID-vkCreateRayTracingPipelinesKHR-rayTracingPipeline-03586"),
      });
}

struct Hint {
  std::string_view name;
  std::string_view reason;
};
// Some names are younger than the registry that this build may use: hence text.
constexpr Hint kHints[] = {
    {"VkPipelineCreationFeedbackCreateInfo", "only the program reads what it says"},
    {"VkPipelineCompilerControlCreateInfoAMD", "a wish to the compiler"},
    {"VkPipelineRasterizationStateRasterizationOrderAMD", "allows another order, asks for none"},
    {"VkMemoryPriorityAllocateInfoEXT", "a wish where memory should lie"},
    {"VkMemoryDedicatedAllocateInfo", "says what the memory is for"},
    {"VkDedicatedAllocationImageCreateInfoNV", "says that its memory will be its own"},
    {"VkDedicatedAllocationBufferCreateInfoNV", "says that its memory will be its own"},
    {"VkDedicatedAllocationMemoryAllocateInfoNV", "says what the memory is for"},
    {"VkImageFormatListCreateInfo", "narrows what views there will be"},
    {"VkImageCompressionControlEXT", "a wish how memory is used"},
    {"VkImageViewASTCDecodeModeEXT", "allows less precision"},
    {"VkDebugUtilsObjectNameInfoEXT", "a name for people"},
    {"VkShaderModuleValidationCacheCreateInfoEXT", "for validation layers"},
    {"VkDeviceQueueGlobalPriorityCreateInfoKHR", "a wish among programs"},
    {"VkQueueFamilyGlobalPriorityPropertiesKHR", "an answer"},
    {"VkRenderPassCreationControlEXT", "a wish to the driver"},
    {"VkRenderPassCreationFeedbackCreateInfoEXT", "only the program reads what it says"},
    {"VkRenderPassSubpassFeedbackCreateInfoEXT", "only the program reads what it says"},
    {"VkLatencySubmissionPresentIdNV", "for measurements"},
    {"VkFrameBoundaryEXT", "tells tools where frames end"},
    {"VkOpaqueCaptureDescriptorDataCreateInfoEXT", "for the process that it was captured in"},
};

// Presents go to a swapchain of the replay's own, or nowhere.
constexpr std::string_view kWindowSystem[] = {
    "VK_KHR_swapchain",
    "VK_KHR_swapchain_mutable_format",
    "VK_KHR_shared_presentable_image",
    "VK_KHR_present_id",
    "VK_KHR_present_wait",
    "VK_KHR_present_id2",
    "VK_KHR_present_wait2",
    "VK_KHR_incremental_present",
    "VK_KHR_display",
    "VK_KHR_display_swapchain",
    "VK_KHR_get_display_properties2",
    "VK_KHR_get_surface_capabilities2",
    "VK_EXT_swapchain_colorspace",
    "VK_EXT_swapchain_maintenance1",
    "VK_KHR_swapchain_maintenance1",
    "VK_EXT_surface_maintenance1",
    "VK_KHR_surface_maintenance1",
    "VK_KHR_surface_protected_capabilities",
    "VK_EXT_hdr_metadata",
    "VK_AMD_display_native_hdr",
    "VK_EXT_full_screen_exclusive",
    "VK_GOOGLE_display_timing",
    "VK_GOOGLE_surfaceless_query",
    "VK_EXT_display_control",
    "VK_EXT_display_surface_counter",
    "VK_EXT_direct_mode_display",
    "VK_EXT_acquire_xlib_display",
    "VK_EXT_acquire_drm_display",
    "VK_NV_acquire_winrt_display",
    "VK_NV_present_barrier",
    "VK_NV_low_latency2",
    "VK_EXT_present_mode_fifo_latest_ready",
    "VK_KHR_present_mode_fifo_latest_ready",
    "VK_EXT_present_timing",
};

// What external objects bring along is decided for each of them, see external_memory.h and external_sync.h;
// what tools are told does not need the machine.
constexpr std::string_view kRewritten[] = {
    "_external_memory",
    "_external_semaphore",
    "_external_fence",
    "_keyed_mutex",
    "VK_EXT_image_drm_format_modifier",
    "VK_EXT_queue_family_foreign",
    "VK_FUCHSIA_",
    "VK_EXT_metal_objects",
    "VK_EXT_debug_utils",
    "VK_EXT_debug_report",
    "VK_EXT_device_memory_report",
    "VK_EXT_validation_",
    "VK_EXT_layer_settings",
    "VK_EXT_tooling_info",
    "VK_KHR_portability_",
};

}  // namespace

std::span<const FeatureRule> featureRules() {
  static const std::vector<FeatureRule> rules = [] {
    std::vector<FeatureRule> made;
    addPipelineRules(made);
    addPipelineChainRules(made);
    addObjectRules(made);
    addDescriptorRules(made);
    addSparseRules(made);
    addCommandRules(made);
    return made;
  }();
  return rules;
}

Command commandOfFeature(std::string_view feature) {
  constexpr std::string_view kStates = "extendedDynamicState3";
  if (!feature.starts_with(kStates)) return Command::kUnknown;
  const std::string name = "vkCmdSet" + std::string(feature.substr(kStates.size()));
  const Command found = findCommand(name + "EXT");
  return commandInfo(found != Command::kUnknown ? found : findCommand(name + "NV")).canonical;
}

std::string_view compressionFeature(VkFormat format) {
  if (format >= VK_FORMAT_BC1_RGB_UNORM_BLOCK && format <= VK_FORMAT_BC7_SRGB_BLOCK) return Bc::name;
  if (format >= VK_FORMAT_ETC2_R8G8B8_UNORM_BLOCK && format <= VK_FORMAT_EAC_R11G11_SNORM_BLOCK)
    return Etc2::name;
  if (format >= VK_FORMAT_ASTC_4x4_UNORM_BLOCK && format <= VK_FORMAT_ASTC_12x12_SRGB_BLOCK)
    return Astc::name;
  return {};
}

std::string_view reasonToLeaveOut(VkStructureType type) {
  const char* name = structName(type);
  const auto hint = std::find_if(std::begin(kHints), std::end(kHints),
                                 [&](const Hint& one) { return name && (one.name == name); });
  return hint == std::end(kHints) ? std::string_view() : hint->reason;
}

bool isReplaysOwn(std::string_view extension) {
  if (extension.ends_with("_surface")) return true;
  return std::find(std::begin(kWindowSystem), std::end(kWindowSystem), extension) !=
             std::end(kWindowSystem) ||
         std::any_of(std::begin(kRewritten), std::end(kRewritten),
                     [&](std::string_view part) { return extension.find(part) != std::string_view::npos; });
}

}  // namespace reprise

#include "replay/feature_rules.h"

#include <algorithm>
#include <string>
#include <vector>

#include "format/host_copy.h"
#include "replay/chains.h"
#include "replay/feature_rows.h"

namespace reprise {
namespace {

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

void addSamplerRules(std::vector<FeatureRule>& rules) {
  rules.insert(rules.end(),
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
                             constexpr VkSamplerAddressMode kMirror =
                                 VK_SAMPLER_ADDRESS_MODE_MIRROR_CLAMP_TO_EDGE;
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
               });
}

void addObjectRules(std::vector<FeatureRule>& rules) {
  rules.insert(
      rules.end(),
      {
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
          image("hostImageCopy", "VUID-VkImageCreateInfo-usage-10245",
                [](const VkImageCreateInfo& info) { return isForHostCopies(info); }),
          compressed(Etc2::name, Etc2{}),
          compressed(Astc::name, Astc{}),
          compressed(Bc::name, Bc{}),
      });
}

void addDescriptorRules(std::vector<FeatureRule>& rules) {
  rules.insert(
      rules.end(),
      {
          row<UpdateDescriptorSetsCall>("nullDescriptor", "VUID-VkDescriptorBufferInfo-buffer-02998",
                                        [](const UpdateDescriptorSetsCall& call) {
                                          return any(call.pDescriptorWrites, call.descriptorWriteCount,
                                                     writesNull);
                                        }),
          row<PushDescriptorSetCall>("nullDescriptor", "VUID-VkDescriptorBufferInfo-buffer-02998",
                                     [](const PushDescriptorSetCall& call) {
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
      });
}

void addBindingRules(std::vector<FeatureRule>& rules) {
  constexpr uint32_t kAfterBind = VK_DESCRIPTOR_BINDING_UPDATE_AFTER_BIND_BIT;
  rules.insert(
      rules.end(),
      {
          binding<VK_DESCRIPTOR_BINDING_PARTIALLY_BOUND_BIT>(
              "descriptorBindingPartiallyBound",
              "VUID-VkDescriptorSetLayoutBindingFlagsCreateInfo-descriptorBindingPartiallyBound-03013"),
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
#if defined(REPRISE_HOST_COPIES)
          whenCalled<CopyByHostCall>("hostImageCopy", "the command is the feature's own"),
          whenCalled<CopyFromHostCall>("hostImageCopy", "the command is the feature's own"),
          whenCalled<CopyToHostCall>("hostImageCopy", "the command is the feature's own"),
          whenCalled<TransitionByHostCall>("hostImageCopy", "the command is the feature's own"),
#endif
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

}  // namespace

std::span<const FeatureRule> featureRules() {
  static const std::vector<FeatureRule> rules = [] {
    std::vector<FeatureRule> made;
    addPipelineRules(made);
    addSamplerRules(made);
    addObjectRules(made);
    addDescriptorRules(made);
    addBindingRules(made);
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

}  // namespace reprise

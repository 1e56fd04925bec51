#include "replay/limit_survey.h"

#include <algorithm>

namespace reprise {
namespace {

template <class T>
uint64_t valueOf(T handle) {
  return (uint64_t)handle;
}

bool isDynamic(VkDescriptorType type) {
  return type == VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC ||
         type == VK_DESCRIPTOR_TYPE_STORAGE_BUFFER_DYNAMIC;
}

}  // namespace

bool LimitSurvey::looksAt(Command canonical) {
  switch (canonical) {
    case Command::vkCmdBindDescriptorSets:
    case PushDescriptorSetCall::kId:
    case Command::vkCreateBufferView:
    case Command::vkCreateDescriptorSetLayout:
    case Command::vkCreateImage:
    case Command::vkCreatePipelineLayout:
    case Command::vkDestroyDescriptorSetLayout:
    case Command::vkDestroyPipelineLayout:
    case Command::vkUpdateDescriptorSets:
      return true;
    default:
      return false;
  }
}

std::set<std::string_view> LimitSurvey::see(Command canonical, const void* packet) {
  broken_.clear();
  switch (canonical) {
    case Command::vkCmdBindDescriptorSets:
      bind(*static_cast<const CmdBindDescriptorSetsCall*>(packet));
      break;
    case PushDescriptorSetCall::kId: {
      const auto& call = *static_cast<const PushDescriptorSetCall*>(packet);
      write(call.pDescriptorWrites, call.descriptorWriteCount);
      break;
    }
    case Command::vkCreateBufferView:
      if (const auto* info = static_cast<const CreateBufferViewCall*>(packet)->pCreateInfo)
        aligned("minTexelBufferOffsetAlignment", info->offset);
      break;
    case Command::vkCreateDescriptorSetLayout:
      create(*static_cast<const CreateDescriptorSetLayoutCall*>(packet));
      break;
    case Command::vkCreateImage:
      if (const auto* info = static_cast<const CreateImageCall*>(packet)->pCreateInfo;
          info && info->imageType == VK_IMAGE_TYPE_2D)
        atMost("maxImageDimension2D", std::max(info->extent.width, info->extent.height));
      break;
    case Command::vkCreatePipelineLayout:
      create(*static_cast<const CreatePipelineLayoutCall*>(packet));
      break;
    case Command::vkDestroyDescriptorSetLayout:
      dynamic_.erase(
          valueOf(static_cast<const DestroyDescriptorSetLayoutCall*>(packet)->descriptorSetLayout));
      break;
    case Command::vkDestroyPipelineLayout:
      layouts_.erase(valueOf(static_cast<const DestroyPipelineLayoutCall*>(packet)->pipelineLayout));
      break;
    case Command::vkUpdateDescriptorSets: {
      const auto& call = *static_cast<const UpdateDescriptorSetsCall*>(packet);
      write(call.pDescriptorWrites, call.descriptorWriteCount);
      break;
    }
    default:
      break;
  }
  return broken_;
}

// The offsets of a set come by binding number, then by array element.
void LimitSurvey::create(const CreateDescriptorSetLayoutCall& call) {
  if (!call.pCreateInfo || !call.pSetLayout) return;
  std::map<uint32_t, const VkDescriptorSetLayoutBinding*> bindings;
  for (uint32_t i = 0; call.pCreateInfo->pBindings && i < call.pCreateInfo->bindingCount; ++i)
    bindings[call.pCreateInfo->pBindings[i].binding] = &call.pCreateInfo->pBindings[i];
  constexpr uint32_t kMost = 1 << 16;  // more than any device has; of a trace that may be anything
  Types types;
  for (const auto& [number, binding] : bindings)
    if (isDynamic(binding->descriptorType) && binding->descriptorCount < kMost)
      types.insert(types.end(), binding->descriptorCount, binding->descriptorType);
  dynamic_[valueOf(*call.pSetLayout)] = std::make_shared<const Types>(std::move(types));
}

void LimitSurvey::create(const CreatePipelineLayoutCall& call) {
  if (!call.pCreateInfo || !call.pPipelineLayout) return;
  const VkPipelineLayoutCreateInfo& info = *call.pCreateInfo;
  std::vector<SharedTypes>& sets = layouts_[valueOf(*call.pPipelineLayout)];
  sets.clear();
  for (uint32_t i = 0; info.pSetLayouts && i < info.setLayoutCount; ++i) {
    const auto types = dynamic_.find(valueOf(info.pSetLayouts[i]));
    sets.push_back(types == dynamic_.end() ? nullptr : types->second);
  }
  atMost("maxBoundDescriptorSets", sets.size());
  for (uint32_t i = 0; info.pPushConstantRanges && i < info.pushConstantRangeCount; ++i)
    atMost("maxPushConstantsSize",
           uint64_t{info.pPushConstantRanges[i].offset} + info.pPushConstantRanges[i].size);
}

void LimitSurvey::bind(const CmdBindDescriptorSetsCall& call) {
  const auto layout = layouts_.find(valueOf(call.layout));
  if (!call.pDynamicOffsets || layout == layouts_.end()) return;
  uint32_t next = 0;
  for (uint64_t i = call.firstSet; i < uint64_t{call.firstSet} + call.descriptorSetCount; ++i) {
    if (i >= layout->second.size()) return;
    const SharedTypes& types = layout->second[i];
    for (size_t k = 0; types && k < types->size(); ++k) {
      if (next == call.dynamicOffsetCount) return;
      offset((*types)[k], call.pDynamicOffsets[next++]);
    }
  }
}

void LimitSurvey::write(const VkWriteDescriptorSet* writes, uint32_t count) {
  for (uint32_t i = 0; writes && i < count; ++i)
    for (uint32_t k = 0; writes[i].pBufferInfo && k < writes[i].descriptorCount; ++k)
      offset(writes[i].descriptorType, writes[i].pBufferInfo[k].offset);
}

void LimitSurvey::offset(VkDescriptorType type, uint64_t value) {
  const bool uniform =
      type == VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER || type == VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC;
  const bool storage =
      type == VK_DESCRIPTOR_TYPE_STORAGE_BUFFER || type == VK_DESCRIPTOR_TYPE_STORAGE_BUFFER_DYNAMIC;
  if (uniform) aligned("minUniformBufferOffsetAlignment", value);
  if (storage) aligned("minStorageBufferOffsetAlignment", value);
}

void LimitSurvey::need(std::string_view limit, uint64_t value, bool is_least) {
  const auto found = needed_.find(limit);
  if (found == needed_.end())
    needed_.emplace(limit, value);
  else
    found->second = is_least ? std::min(found->second, value) : std::max(found->second, value);
}

void LimitSurvey::aligned(std::string_view limit, uint64_t value) {
  if (value) need(limit, value & (~value + 1), true);
  const auto found = limits_.find(limit);
  if (found != limits_.end() && found->second != 0 && value % found->second != 0)
    broken_.insert(found->first);
}

void LimitSurvey::atMost(std::string_view limit, uint64_t value) {
  need(limit, value, false);
  const auto found = limits_.find(limit);
  if (found != limits_.end() && value > found->second) broken_.insert(found->first);
}

}  // namespace reprise

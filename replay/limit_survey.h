// Finds the calls of a trace that break another device's limits (format/vk_limits.h).
//
// Dynamic offsets say nothing of their descriptor type, so the layouts of descriptor sets and pipelines are
// kept, by captured handle. One a device and survey, one thread. Rests on: Vulkan specification,
// VUID-VkWriteDescriptorSet-descriptorType-00327 and -00328,
// VUID-vkCmdBindDescriptorSets-pDynamicOffsets-01971 and -01972, VUID-VkBufferViewCreateInfo-offset-02749,
// VUID-VkPushConstantRange-offset-00294 and -size-00298,
// VUID-VkPipelineLayoutCreateInfo-setLayoutCount-00286, VUID-VkImageCreateInfo-imageCreateMaxMipLevels-02252.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "replay/feature_rules.h"

namespace reprise {

class LimitSurvey {
 public:
  // The live values of the limits that the captured device did not have so strict, by name.
  explicit LimitSurvey(std::map<std::string, uint64_t, std::less<>> limits = {})
      : limits_(std::move(limits)) {}

  static bool looksAt(Command canonical);
  // The names of the limits that a decoded call breaks.
  std::set<std::string_view> see(Command canonical, const void* packet);
  // What a device needs for the calls so far: the greatest of each value, of alignments the greatest power of
  // two that divides all offsets. Without what no call asked for.
  const std::map<std::string, uint64_t, std::less<>>& needed() const { return needed_; }

 private:
  using Types = std::vector<VkDescriptorType>;
  using SharedTypes = std::shared_ptr<const Types>;

  void create(const CreateDescriptorSetLayoutCall& call);
  void create(const CreatePipelineLayoutCall& call);
  void bind(const CmdBindDescriptorSetsCall& call);
  void write(const VkWriteDescriptorSet* writes, uint32_t count);
  void offset(VkDescriptorType type, uint64_t value);
  // `value` must be a multiple of the limit, or at most it.
  void aligned(std::string_view limit, uint64_t value);
  void atMost(std::string_view limit, uint64_t value);
  void need(std::string_view limit, uint64_t value, bool is_least);

  const std::map<std::string, uint64_t, std::less<>> limits_;
  std::map<std::string, uint64_t, std::less<>> needed_;
  std::unordered_map<uint64_t, SharedTypes> dynamic_;  // of each set layout, in the order of offsets
  std::unordered_map<uint64_t, std::vector<SharedTypes>> layouts_;  // of a pipeline layout's set layouts
  std::set<std::string_view> broken_;                               // by the current call
};

}  // namespace reprise

#include "replay/descriptor_pools.h"

#include <algorithm>

#include "format/arena.h"
#include "format/call_halves.h"
#include "replay/chains.h"

namespace reprise {
namespace {

// A trace may ask for anything: sums stay at what a pool can say.
void addTo(uint32_t& count, uint64_t more) {
  count = static_cast<uint32_t>(std::min<uint64_t>(UINT32_MAX, uint64_t{count} + more));
}

void addTo(std::vector<VkDescriptorPoolSize>& sizes, VkDescriptorType type, uint64_t count) {
  if (count == 0) return;
  const auto same = std::ranges::find(sizes, type, &VkDescriptorPoolSize::type);
  addTo(same == sizes.end() ? sizes.emplace_back(VkDescriptorPoolSize{type, 0}).descriptorCount
                            : same->descriptorCount,
        count);
}

bool isFull(VkResult result) {
  return result == VK_ERROR_OUT_OF_POOL_MEMORY || result == VK_ERROR_FRAGMENTED_POOL;
}

}  // namespace

void DescriptorPools::created(VkDescriptorPool pool, const Event& event) {
  Pool& made = pools_[pool] = Pool();
  made.inputs.assign(event.inputs.begin(), event.inputs.end());
  for (const auto& bulk : event.input_bulks) made.bulks.emplace_back(bulk.begin(), bulk.end());
}

void DescriptorPools::created(VkDescriptorSetLayout layout, const VkDescriptorSetLayoutCreateInfo& info) {
  Needs& needs = layouts_[layout] = Needs();
  const auto* flags = findInChain<VkDescriptorSetLayoutBindingFlagsCreateInfo>(
      info.pNext, VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_BINDING_FLAGS_CREATE_INFO);
  for (uint32_t i = 0; info.pBindings && i < info.bindingCount; ++i) {
    const VkDescriptorSetLayoutBinding& binding = info.pBindings[i];
    const bool variable = flags && flags->pBindingFlags && i < flags->bindingCount &&
                          (flags->pBindingFlags[i] & VK_DESCRIPTOR_BINDING_VARIABLE_DESCRIPTOR_COUNT_BIT);
    if (variable)
      needs.variable = {binding.descriptorType, binding.descriptorCount};
    else
      addTo(needs.sizes, binding.descriptorType, binding.descriptorCount);
    if (binding.descriptorType == VK_DESCRIPTOR_TYPE_INLINE_UNIFORM_BLOCK) ++needs.inline_blocks;
  }
}

DescriptorPools::Needs DescriptorPools::needsOf(const VkDescriptorSetAllocateInfo& info) const {
  const auto* counts = findInChain<VkDescriptorSetVariableDescriptorCountAllocateInfo>(
      info.pNext, VK_STRUCTURE_TYPE_DESCRIPTOR_SET_VARIABLE_DESCRIPTOR_COUNT_ALLOCATE_INFO);
  Needs sum;
  for (uint32_t i = 0; i < info.descriptorSetCount; ++i) {
    const auto layout = layouts_.find(info.pSetLayouts[i]);
    if (layout == layouts_.end()) continue;
    for (const VkDescriptorPoolSize& size : layout->second.sizes)
      addTo(sum.sizes, size.type, size.descriptorCount);
    if (counts && counts->pDescriptorCounts && i < counts->descriptorSetCount)
      addTo(sum.sizes, layout->second.variable.type, counts->pDescriptorCounts[i]);
    addTo(sum.inline_blocks, layout->second.inline_blocks);
  }
  return sum;
}

// Room for as much as the captured one was made for, more each time, and for what is asked for now.
VkDescriptorPool DescriptorPools::create(const Dispatch& d, VkDevice device, const Pool& pool,
                                         const Needs& needs, uint32_t sets) {
  Arena arena;
  CreateDescriptorPoolCall call{};
  const std::vector<std::span<const std::byte>> bulks(pool.bulks.begin(), pool.bulks.end());
  if (!decodeInputs(pool.inputs, bulks, arena, call, nullptr, Holes::kLeaveOut) || !call.pCreateInfo)
    return VK_NULL_HANDLE;
  VkDescriptorPoolCreateInfo info = *call.pCreateInfo;
  const uint32_t times = 1u << std::min<size_t>(pool.more.size(), 8);
  std::vector<VkDescriptorPoolSize> sizes;
  if (info.pPoolSizes) sizes.assign(info.pPoolSizes, info.pPoolSizes + info.poolSizeCount);
  const auto grow = [&](uint32_t& count) { addTo(count, uint64_t{count} * (times - 1)); };
  for (VkDescriptorPoolSize& size : sizes) grow(size.descriptorCount);
  for (const VkDescriptorPoolSize& size : needs.sizes) addTo(sizes, size.type, size.descriptorCount);
  grow(info.maxSets);
  addTo(info.maxSets, sets);
  info.poolSizeCount = static_cast<uint32_t>(sizes.size());
  info.pPoolSizes = sizes.data();
  VkDescriptorPoolInlineUniformBlockCreateInfo blocks{
      VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_INLINE_UNIFORM_BLOCK_CREATE_INFO, nullptr, 0};
  auto* given = findInChain<VkDescriptorPoolInlineUniformBlockCreateInfo>(info.pNext, blocks.sType);
  if (needs.inline_blocks && !given) addToChain(info.pNext, given = &blocks);
  if (given) grow(given->maxInlineUniformBlockBindings);
  if (given) addTo(given->maxInlineUniformBlockBindings, needs.inline_blocks);
  VkDescriptorPool made = VK_NULL_HANDLE;
  return d.CreateDescriptorPool(device, &info, nullptr, &made) == VK_SUCCESS ? made : VK_NULL_HANDLE;
}

bool DescriptorPools::allocate(const Dispatch& d, AllocateDescriptorSetsCall& call) {
  if (!isFull(call.result) || !call.pAllocateInfo || !call.pAllocateInfo->pSetLayouts ||
      !call.pDescriptorSets)
    return false;
  VkDescriptorSetAllocateInfo info = *call.pAllocateInfo;
  const auto found = pools_.find(info.descriptorPool);
  if (found == pools_.end()) return false;
  Pool& pool = found->second;
  VkResult result = call.result;
  if (!pool.more.empty()) {  // the latest is the largest
    info.descriptorPool = pool.more.back();
    result = d.AllocateDescriptorSets(call.device, &info, call.pDescriptorSets);
  }
  if (isFull(result)) {
    info.descriptorPool = create(d, call.device, pool, needsOf(info), info.descriptorSetCount);
    if (!info.descriptorPool) return false;
    pool.more.push_back(info.descriptorPool);
    result = d.AllocateDescriptorSets(call.device, &info, call.pDescriptorSets);
  }
  if (result != VK_SUCCESS) return false;
  call.result = VK_SUCCESS;
  for (uint32_t i = 0; i < info.descriptorSetCount; ++i)
    elsewhere_[call.pDescriptorSets[i]] = info.descriptorPool;
  return true;
}

void DescriptorPools::free(const Dispatch& d, FreeDescriptorSetsCall& call) {
  std::vector<VkDescriptorSet> own;
  for (uint32_t i = 0; call.pDescriptorSets && i < call.descriptorSetCount; ++i) {
    const VkDescriptorSet set = call.pDescriptorSets[i];
    const auto found = elsewhere_.find(set);
    if (found == elsewhere_.end()) {
      own.push_back(set);
      continue;
    }
    (void)d.FreeDescriptorSets(call.device, found->second, 1, &set);
    elsewhere_.erase(found);
  }
  call.result = VK_SUCCESS;
  if (!own.empty())
    call.result =
        d.FreeDescriptorSets(call.device, call.descriptorPool, static_cast<uint32_t>(own.size()), own.data());
}

void DescriptorPools::reset(const Dispatch& d, VkDevice device, VkDescriptorPool pool) {
  const auto found = pools_.find(pool);
  if (found == pools_.end() || found->second.more.empty()) return;
  forgetSets(found->second.more);
  for (const VkDescriptorPool more : found->second.more) (void)d.ResetDescriptorPool(device, more, 0);
}

void DescriptorPools::destroy(const Dispatch& d, VkDevice device, VkDescriptorPool pool) {
  const auto found = pools_.find(pool);
  if (found == pools_.end()) return;
  forgetSets(found->second.more);
  for (const VkDescriptorPool more : found->second.more) d.DestroyDescriptorPool(device, more, nullptr);
  pools_.erase(found);
}

void DescriptorPools::forgetSets(const std::vector<VkDescriptorPool>& of) {
  if (of.empty()) return;
  std::erase_if(elsewhere_, [&](const auto& set) { return std::ranges::find(of, set.second) != of.end(); });
}

}  // namespace reprise

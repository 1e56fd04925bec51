#include "replay/queues.h"

#include <algorithm>
#include <bit>

namespace reprise {
namespace {

// A family that draws or computes copies, too, whether it says so or not.
VkQueueFlags abilities(VkQueueFlags flags) {
  return flags & (VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT) ? flags | VK_QUEUE_TRANSFER_BIT : flags;
}

// Without these nothing that the program did on the family can be played.
constexpr VkQueueFlags kEssential = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT | VK_QUEUE_TRANSFER_BIT;

// The smaller the better, the first difference counts.
struct Fit {
  int lacking = 0;  // abilities
  bool lacks_clock = false;
  int extra = 0;  // abilities
  bool elsewhere = false;
  auto operator<=>(const Fit&) const = default;
};

}  // namespace

std::vector<uint32_t> mapFamilies(std::span<const QueueFamily> captured, std::span<const QueueFamily> live) {
  std::vector<uint32_t> map(captured.size(), kNoFamily);
  for (size_t i = 0; i < captured.size(); ++i) {
    const VkQueueFlags wanted = abilities(captured[i].flags);
    Fit best;
    for (size_t k = 0; k < live.size(); ++k) {
      const VkQueueFlags there = abilities(live[k].flags);
      if (live[k].count == 0 || (wanted & ~there & kEssential)) continue;
      const Fit fit{std::popcount(wanted & ~there), captured[i].timestamp_bits && !live[k].timestamp_bits,
                    std::popcount(there & ~wanted), i != k};
      if (map[i] != kNoFamily && !(fit < best)) continue;
      best = fit;
      map[i] = static_cast<uint32_t>(k);
    }
  }
  return map;
}

FamilyMap::FamilyMap(std::span<const QueueFamily> captured, std::span<const QueueFamily> live)
    : map_(mapFamilies(captured, live)) {
  for (size_t i = 0; i < map_.size(); ++i) {
    changes_ |= map_[i] != i;
    merged_ |= map_[i] != kNoFamily && std::count(map_.begin(), map_.end(), map_[i]) > 1;
  }
}

QueuePlan::Group& QueuePlan::groupOf(uint32_t family, VkDeviceQueueCreateFlags flags, const void* next) {
  const auto found = std::find_if(groups_.begin(), groups_.end(), [&](const Group& group) {
    return group.family == family && group.flags == flags;
  });
  return found != groups_.end() ? *found : groups_.emplace_back(Group{family, flags, next, {}});
}

QueuePlan::QueuePlan(std::span<const VkDeviceQueueCreateInfo> infos, const FamilyMap& map,
                     std::span<const QueueFamily> live) {
  std::vector<uint32_t> left;
  for (const QueueFamily& family : live) left.push_back(family.count);
  for (const VkDeviceQueueCreateInfo& info : infos) {
    const uint32_t family = map.liveOf(info.queueFamilyIndex);
    Group& group = groupOf(family, info.flags, info.pNext);
    rows_.push_back(
        {info.queueFamilyIndex, info.flags, family, static_cast<uint32_t>(group.priorities.size())});
    for (uint32_t i = 0; i < info.queueCount; ++i) {
      if (left[family] == 0) {
        shares_ = true;
        break;
      }
      --left[family];
      group.priorities.push_back(info.pQueuePriorities[i]);
    }
  }
}

QueuePlan::Place QueuePlan::placeOf(uint32_t captured_family, VkDeviceQueueCreateFlags flags,
                                    uint32_t index) const {
  for (const Row& row : rows_) {
    if (row.captured_family != captured_family || row.flags != flags) continue;
    for (const Group& group : groups_)
      if (group.family == row.family && group.flags == flags)
        return {row.family, static_cast<uint32_t>((row.first + index) % group.priorities.size())};
  }
  return {captured_family, index};
}

}  // namespace reprise

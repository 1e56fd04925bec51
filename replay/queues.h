// The queue families and queues of this device that stand for the captured device's.
//
// Pure functions of what the two devices say of themselves, and the table that follows. A captured family
// goes to the live one that can do all that it could and little else; where several end on one, their queues
// are laid side by side, and share when there are too few. One a device, one thread. Rests on: Vulkan
// specification, "Devices and Queues", "Queue Family Ownership Transfer".
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "format/vk.h"

namespace reprise {

struct QueueFamily {
  VkQueueFlags flags = 0;
  uint32_t count = 0;
  uint32_t timestamp_bits = 0;
};

inline constexpr uint32_t kNoFamily = UINT32_MAX - 8;  // not one of VK_QUEUE_FAMILY_*

// For each captured family the index of a live one; kNoFamily where none could do its work.
std::vector<uint32_t> mapFamilies(std::span<const QueueFamily> captured, std::span<const QueueFamily> live);

class FamilyMap {
 public:
  FamilyMap() = default;
  FamilyMap(std::span<const QueueFamily> captured, std::span<const QueueFamily> live);

  // What is no family of the captured device passes as it is.
  uint32_t liveOf(uint32_t captured) const { return captured < map_.size() ? map_[captured] : captured; }
  bool changes() const { return changes_; }
  // Different captured families, one live one: no ownership passes between them.
  bool merged(uint32_t captured, uint32_t other) const {
    return captured != other && captured < map_.size() && other < map_.size() &&
           map_[captured] == map_[other];
  }
  bool anyMerged() const { return merged_; }

 private:
  std::vector<uint32_t> map_;
  bool changes_ = false, merged_ = false;
};

// The queues of one device.
class QueuePlan {
 public:
  // What a captured VkDeviceQueueCreateInfo becomes.
  struct Row {
    uint32_t captured_family = 0;
    VkDeviceQueueCreateFlags flags = 0;
    uint32_t family = 0;
    uint32_t first = 0;  // of its queues among those of `family` and `flags`
  };
  struct Group {  // one live VkDeviceQueueCreateInfo
    uint32_t family = 0;
    VkDeviceQueueCreateFlags flags = 0;
    const void* next = nullptr;
    std::vector<float> priorities;  // one a queue
  };
  struct Place {
    uint32_t family = 0, index = 0;
  };

  QueuePlan() = default;
  // `infos` are captured and well formed; every family of theirs has a live one with at least one queue.
  QueuePlan(std::span<const VkDeviceQueueCreateInfo> infos, const FamilyMap& map,
            std::span<const QueueFamily> live);

  const std::vector<Group>& groups() const { return groups_; }
  Place placeOf(uint32_t captured_family, VkDeviceQueueCreateFlags flags, uint32_t index) const;
  bool sharesQueues() const { return shares_; }
  // False: queues of other flags took all that the family has.
  bool complete() const {
    return std::none_of(groups_.begin(), groups_.end(), [](const Group& g) { return g.priorities.empty(); });
  }

 private:
  Group& groupOf(uint32_t family, VkDeviceQueueCreateFlags flags, const void* next);

  std::vector<Row> rows_;
  std::vector<Group> groups_;
  bool shares_ = false;
};

}  // namespace reprise

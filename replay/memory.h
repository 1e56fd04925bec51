// The live memory behind the program's allocations, and the program's writes to it.
//
// A captured allocation gets one live allocation, of the type whose properties match best. A resource that
// does not fit into it here (its requirements differ) moves to an allocation of its own; resources that
// aliased it follow it. Host-visible live memory stays mapped; what the program wrote is copied there in
// recorded order. One a Player, one thread. Sizes and offsets in bytes, as the program used them.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "format/reader.h"
#include "format/status.h"
#include "format/vk.h"
#include "replay/handles.h"

namespace reprise {

class Player;
struct Device;

// One vkAllocateMemory of ours.
struct LiveBlock {
  VkDeviceMemory memory = VK_NULL_HANDLE;
  VkDeviceSize size = 0;
  uint32_t type = 0;
  std::byte* mapped = nullptr;  // once it was needed; the whole block
  VkDeviceSize begin = 0;       // where it starts in the captured allocation
};

struct Allocation {
  Device* device = nullptr;
  uint64_t captured = 0;
  VkDeviceSize size = 0;  // as captured
  VkMemoryPropertyFlags wanted = 0;
  std::vector<LiveBlock> blocks;  // [0] is the whole allocation, the others moved resources
  uint64_t number = 0;            // counts the replay's allocations, for file names
  bool mapped_by_program = false;
  VkDeviceSize mapped_offset = 0, mapped_size = 0;
};

// The type that comes nearest to `wanted` among the allowed `bits`; what is in `required` must be there.
// UINT32_MAX if there is none.
uint32_t chooseMemoryType(const VkPhysicalDeviceMemoryProperties& types, uint32_t bits,
                          VkMemoryPropertyFlags wanted, VkMemoryPropertyFlags required);

class Memory {
 public:
  explicit Memory(Player& player) : player_(player) {}

  // -- vkAllocateMemory, vkFreeMemory, vkBind*: `call` holds live handles, but the captured memory type
  VkResult allocate(AllocateMemoryCall& call, uint64_t captured_memory);
  void remember(HandleMap::Id id);  // the last allocate() got this place in the handle map
  void free(HandleMap::Id id);
  void freeAll(Device* device);  // the driver has freed, or is about to free, all of them
  // Turn where a live resource was bound at capture into where it is bound here (binding.cpp).
  Status placeBuffer(HandleMap::Id id, VkBuffer buffer, VkDeviceMemory& memory, VkDeviceSize& offset);
  Status placeImage(HandleMap::Id id, VkBindImageMemoryInfo& info);

  // -- mapped memory
  Status upload(const Event& event, HandleMap::Id id);
  void map(HandleMap::Id id, VkDeviceSize offset, VkDeviceSize size);
  Status unmap(HandleMap::Id id);
  Status dump(HandleMap::Id id);  // writes the mapped range if the options ask for it

 private:
  Allocation* find(HandleMap::Id id);
  Status place(HandleMap::Id id, const VkMemoryRequirements& needs, VkDeviceMemory& memory,
               VkDeviceSize& offset);
  VkMemoryPropertyFlags capturedFlags(uint32_t type, bool& known) const;
  VkResult newBlock(Device& device, LiveBlock& block, const void* next);
  bool ensureMapped(Device& device, LiveBlock& block);
  void flush(Device& device, const LiveBlock& block, VkDeviceSize begin, VkDeviceSize end, bool invalidate);
  bool isCoherent(const Device& device, const LiveBlock& block) const;
  void adaptChain(AllocateMemoryCall& call, VkMemoryAllocateInfo& info, uint32_t& bits);

  Player& player_;
  std::unordered_map<HandleMap::Id, std::unique_ptr<Allocation>> allocations_;
  std::unique_ptr<Allocation> pending_;
  uint64_t count_ = 0;
  uint64_t dumps_ = 0;
};

}  // namespace reprise

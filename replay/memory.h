// The live memory behind the program's allocations, and the program's writes to it.
//
// A captured allocation gets one live allocation, of the type whose properties match best. A resource that
// does not fit into it here (its requirements differ, it wants a dedicated allocation, or it shares by other
// handle types) moves to an allocation of its own; resources that aliased it follow it. What was exported and
// imported again within the trace is one payload here too: imported through a descriptor where the device
// can, else the same live memory under both names (sharing.cpp). Host-visible live memory stays mapped; what
// the program wrote is copied there in recorded order. One a Player, one thread. Sizes and offsets in bytes,
// as the program used them.
#pragma once

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "format/handles.h"
#include "format/reader.h"
#include "format/status.h"
#include "format/vk.h"
#include "replay/addresses.h"
#include "replay/external_memory.h"
#include "replay/payloads.h"

namespace reprise {

class Player;
struct Device;

// Host memory of ours in place of what the program imported; one for all imports that overlap.
struct HostRegion {
  uint64_t captured = 0;  // where it began in the captured process
  size_t size = 0;
  std::byte* bytes = nullptr;  // null: there was no memory
  void* mapped = nullptr;
  size_t mapped_size = 0;
  HostRegion(uint64_t from, size_t bytes_wanted, size_t alignment);
  ~HostRegion();
  HostRegion(const HostRegion&) = delete;
  HostRegion& operator=(const HostRegion&) = delete;
};

// One vkAllocateMemory of ours.
struct LiveMemory {
  VkDeviceMemory memory = VK_NULL_HANDLE;
  VkDeviceSize size = 0;
  uint32_t type = 0;
  std::byte* mapped = nullptr;    // once it was needed; the whole of it
  HandleTypeBits types = 0;       // that it may be shared by, or was imported by
  HandleTypeBits exportable = 0;  // that a handle may be made of
  uint64_t dedicated = 0;         // the live image or buffer that it is for
  std::shared_ptr<HostRegion> host;
  Addresses::Words addresses;  // that lie in it
  uint32_t bound = 0;          // resources that live there, of a moved resource's block
};

// A physical device and its driver: opaque handles and memory types mean nothing to another one.
struct DriverId {
  uint32_t vendor = 0, device = 0, version = 0;
  std::array<uint8_t, VK_UUID_SIZE> cache{};
  bool operator==(const DriverId&) const = default;
};

// A part of a payload that one allocation holds.
struct PayloadBlock {
  VkDeviceSize begin = 0, size = 0;
  uint32_t type = 0;
  HandleTypeBits types = 0;
  bool dedicated = false;
  Device* device = nullptr;  // of `source`, while there is one
  DriverId driver;
  std::weak_ptr<LiveMemory> source;
  std::shared_ptr<Descriptor> kept;  // once the source is gone
};
struct MemoryPayload {
  std::vector<PayloadBlock> blocks;
  int64_t handles_out = 0;  // exported and not imported again
};

struct LiveBlock {
  std::shared_ptr<LiveMemory> live;
  VkDeviceSize begin = 0;     // where it starts in the captured allocation
  VkDeviceSize captured = 0;  // bytes there, of a moved resource that is bigger here; 0: as many as here
  VkDeviceSize end() const { return begin + (captured ? captured : live->size); }
};

struct Allocation {
  Device* device = nullptr;
  uint64_t captured = 0;
  VkDeviceSize size = 0;  // as captured
  VkMemoryPropertyFlags wanted = 0;
  VkMemoryAllocateFlags flags = 0;         // of new blocks, too
  HandleTypeBits exported = 0;             // live types of new blocks
  std::vector<LiveBlock> blocks;           // [0] is the whole allocation, the others moved resources
  std::shared_ptr<MemoryPayload> payload;  // once it was exported, or if it was imported
  uint64_t number = 0;                     // "VkDeviceMemory:7" of the trace: the seventh that it made
  bool mapped_by_program = false;
  VkDeviceSize mapped_offset = 0, mapped_size = 0;
};

// A live image or buffer about to be bound.
struct Resource {
  HandleKind kind = HandleKind::kNone;
  uint64_t live = 0;
  VkMemoryRequirements needs{};
  bool wants_dedicated = false;
  HandleTypeBits types = 0;
  VkDeviceSize captured_size = 0;  // that it needed at capture, 0 if unknown
  bool outgrew() const { return captured_size != 0 && needs.size > captured_size; }
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
  // The current device's type among `bits` that stands for a captured one, whose properties become `wanted`;
  // no type at all if there is none.
  uint32_t typeFor(uint32_t captured, uint32_t bits, VkMemoryPropertyFlags& wanted) const;
  static bool isHostPointer(HandleTypeBit type);
  void remember(HandleMap::Id id);  // the last allocate() got this place in the handle map
  void free(HandleMap::Id id);
  void freeAll(Device* device);  // the driver has freed, or is about to free, all of them
  // vkGetMemoryFdKHR and its kin gave the program `handle`.
  void exported(HandleMap::Id id, uint64_t handle);
  // Turn where a live resource was bound at capture into where it is bound here (binding.cpp).
  Status placeBuffer(HandleMap::Id id, VkBuffer buffer, VkDeviceMemory& memory, VkDeviceSize& offset);
  Status placeImage(HandleMap::Id id, VkBindImageMemoryInfo& info);
  // The driver has destroyed a live buffer or image: where it lay is for what the program puts there next.
  void destroyed(HandleKind kind, uint64_t live);

  // -- mapped memory
  Status upload(const Event& event, HandleMap::Id id);
  void map(HandleMap::Id id, VkDeviceSize offset, VkDeviceSize size);
  Status unmap(HandleMap::Id id);
  // Writes the mapped range if the options ask for it: memory-000003-000112-VkDeviceMemory-7.bin is the
  // fourth range that the trace lets one see, at call 112. The names are the same on every device.
  Status dump(HandleMap::Id id);

 private:
  Allocation* find(HandleMap::Id id);
  Status place(HandleMap::Id id, const Resource& resource, VkDeviceMemory& memory, VkDeviceSize& offset);
  VkMemoryPropertyFlags capturedFlags(uint32_t type, bool& known) const;
  VkResult newBlock(Device& device, LiveMemory& live, const void* next);
  VkResult newBlockAt(Device& device, LiveMemory& live, const void* next, uint64_t address);
  void fillWithZeros(Device& device, LiveMemory& live);
  void release(Allocation& allocation, bool driver_frees_first);
  bool ensureMapped(Device& device, LiveMemory& live);
  void flush(Device& device, const LiveMemory& live, VkDeviceSize begin, VkDeviceSize end, bool invalidate);
  bool isCoherent(const Device& device, const LiveMemory& live) const;
  void adaptDedicated(VkDevice device, VkMemoryAllocateInfo& info, uint32_t& bits, LiveMemory& live);

  // linear_images.cpp
  void write(Device& device, LiveMemory& live, VkDeviceSize begin, std::span<const std::byte> bytes);
  bool uploadRows(Device& device, LiveMemory& live, VkDeviceSize at, std::span<const std::byte> bytes);
  void rearrangeEarlier(Allocation& allocation, VkDeviceMemory memory, VkDeviceSize begin, VkDeviceSize end);

  // rewrites.cpp
  void beforeUpload(Device& device, LiveMemory& live, VkDeviceSize begin, VkDeviceSize end);

  // sharing.cpp
  VkResult import(Device& device, const CapturedImport& import, VkMemoryAllocateInfo& info,
                  Allocation& allocation, LiveBlock& block, bool& done);
  VkResult importHost(Device& device, const CapturedImport& import, VkMemoryAllocateInfo& info,
                      Allocation& allocation, LiveBlock& block, bool& done);
  std::shared_ptr<LiveMemory> share(Device& device, PayloadBlock& block, const void* next, uint64_t dedicated,
                                    HandleTypeBit& by);
  Descriptor descriptorOf(PayloadBlock& block, HandleTypeBit& type);
  void offer(Allocation& allocation);
  void keepHandles(Allocation& allocation);
  LiveBlock* adopt(Allocation& allocation, const Resource& resource, VkDeviceSize offset);

  // binding.cpp
  void occupy(HandleMap::Id id, const Resource& resource, const std::shared_ptr<LiveMemory>& live);
  void giveUp(Allocation& allocation, const std::shared_ptr<LiveMemory>& live);

  // A resource in a block of its own, or of another that moved.
  struct Moved {
    HandleMap::Id allocation = HandleMap::kNone;
    std::weak_ptr<LiveMemory> live;
  };

  Player& player_;
  std::unordered_map<HandleMap::Id, std::unique_ptr<Allocation>> allocations_;
  std::unique_ptr<Allocation> pending_;
  std::multimap<std::pair<HandleKind, uint64_t>, Moved> moved_;  // by resource; several planes of an image
  PayloadTable<MemoryPayload> payloads_;
  // Exported under a name (VkExportMemoryWin32HandleInfoKHR), for imports by it.
  std::unordered_map<std::u16string, std::shared_ptr<MemoryPayload>> payloads_by_name_;
  KeptDescriptors kept_;
  std::vector<std::weak_ptr<HostRegion>> host_regions_;
  uint64_t count_ = 0;
  uint64_t dumps_ = 0;
};

}  // namespace reprise

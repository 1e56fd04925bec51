#include "replay/memory.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "replay/chains.h"
#include "replay/session.h"

namespace reprise {

uint32_t chooseMemoryType(const VkPhysicalDeviceMemoryProperties& types, uint32_t bits,
                          VkMemoryPropertyFlags wanted, VkMemoryPropertyFlags required) {
  uint32_t best = UINT32_MAX;
  int best_score = -1;
  for (uint32_t i = 0; i < types.memoryTypeCount && i < VK_MAX_MEMORY_TYPES; ++i) {
    const VkMemoryPropertyFlags flags = types.memoryTypes[i].propertyFlags;
    if (!(bits >> i & 1) || (flags & required) != required) continue;
    // A missing property costs more than one too many; of equals the first, as programs choose.
    int score = 1000;
    for (uint32_t bit = 0; bit < 32; ++bit) {
      const VkMemoryPropertyFlags flag = 1u << bit;
      if ((wanted & flag) && !(flags & flag)) score -= 20;
      if (!(wanted & flag) && (flags & flag)) score -= 1;
      if (!(wanted & flag) &&
          (flags & flag & (VK_MEMORY_PROPERTY_PROTECTED_BIT | VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT)))
        score -= 500;
    }
    if (score > best_score) {
      best_score = score;
      best = i;
    }
  }
  return best;
}

Allocation* Memory::find(HandleMap::Id id) {
  const auto found = allocations_.find(id);
  return found == allocations_.end() ? nullptr : found->second.get();
}

VkMemoryPropertyFlags Memory::capturedFlags(uint32_t type, bool& known) const {
  const CapturedGpu& gpu = player_.instance()->seen[player_.device()->captured_gpu];
  const auto& memory = gpu.memory ? gpu.memory : player_.describedMemory();
  known = memory && type < memory->memoryTypeCount && type < VK_MAX_MEMORY_TYPES;
  return known ? memory->memoryTypes[type].propertyFlags : 0;
}

uint32_t Memory::typeFor(uint32_t captured, uint32_t bits, VkMemoryPropertyFlags& wanted) const {
  const VkPhysicalDeviceMemoryProperties& here = player_.device()->memory;
  bool known = false;
  wanted = capturedFlags(captured, known);
  uint32_t type = captured;
  if (known) {
    const VkMemoryPropertyFlags host = wanted & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
    // The very same type if it is one, so that types that differ only in their heap are kept apart.
    if (type >= here.memoryTypeCount || !(bits >> type & 1) || here.memoryTypes[type].propertyFlags != wanted)
      type = chooseMemoryType(here, bits, wanted, host);
    // A dedicated image may have only types that the host cannot see.
    if (type == UINT32_MAX) type = chooseMemoryType(here, bits, wanted, 0);
  } else if (type < here.memoryTypeCount) {
    wanted = here.memoryTypes[type].propertyFlags;
  }
  return type;
}

// A dedicated allocation must have its resource's size and type here.
void Memory::adaptDedicated(VkDevice device, VkMemoryAllocateInfo& info, uint32_t& bits, LiveMemory& live) {
  const auto* dedicated = findInChain<VkMemoryDedicatedAllocateInfo>(
      info.pNext, VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO);
  const auto* nv = findInChain<VkDedicatedAllocationMemoryAllocateInfoNV>(
      info.pNext, VK_STRUCTURE_TYPE_DEDICATED_ALLOCATION_MEMORY_ALLOCATE_INFO_NV);
  const VkImage image = dedicated ? dedicated->image : nv ? nv->image : VK_NULL_HANDLE;
  const VkBuffer buffer = dedicated ? dedicated->buffer : nv ? nv->buffer : VK_NULL_HANDLE;
  if (!image && !buffer) return;
  const Dispatch& d = player_.device()->dispatch;
  VkMemoryRequirements needs{};
  if (image) {
    d.GetImageMemoryRequirements(device, image, &needs);
  } else {
    d.GetBufferMemoryRequirements(device, buffer, &needs);
  }
  if (needs.size != info.allocationSize)
    player_.note("dedicated allocations have the sizes that this device asks for");
  info.allocationSize = needs.size;
  bits = needs.memoryTypeBits;
  live.dedicated = image ? valueOf(image) : valueOf(buffer);
}

VkResult Memory::allocate(AllocateMemoryCall& call, uint64_t captured_memory) {
  Device& device = *player_.device();
  ExternalMemory& external = player_.external();
  auto allocation = std::make_unique<Allocation>();
  allocation->device = &device;
  allocation->captured = captured_memory;
  allocation->size = call.pAllocateInfo->allocationSize;
  allocation->number = ++count_;
  VkMemoryAllocateInfo info = *call.pAllocateInfo;
  uint32_t bits = ~0u;
  LiveBlock block{std::make_shared<LiveMemory>(), 0};
  const CapturedImport import = external.takeImport(info.pNext);
  const std::u16string name = external.takeExportName(info.pNext);
  external.dropUnknownNodes(info.pNext, "VkDeviceMemory", captured_memory);
  external.dropForeignNodes(info.pNext, "VkDeviceMemory", captured_memory);
  const uint64_t address = player_.opaque().memoryAddress(info.pNext, captured_memory);
  const auto* flags =
      findInChain<VkMemoryAllocateFlagsInfo>(info.pNext, VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO);
  constexpr VkMemoryAllocateFlags kAddressed =
      VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT | VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT;
  if (flags) allocation->flags = flags->flags & kAddressed;
  adaptDedicated(call.device, info, bits, *block.live);
  ExternalTraits traits;
  if (block.live->dedicated) {
    traits = external.traitsOf(HandleKind::kVkImage, block.live->dedicated);
    if (!traits.types && traits.became.empty())
      traits = external.traitsOf(HandleKind::kVkBuffer, block.live->dedicated);
  }
  const HandleTypeBits exported =
      external.adaptExport(info.pNext, block.live->dedicated ? &traits : nullptr, captured_memory);
  allocation->exported = exported;
  const uint32_t type = typeFor(info.memoryTypeIndex, bits, allocation->wanted);
  if (type >= device.memory.memoryTypeCount) return VK_ERROR_FEATURE_NOT_PRESENT;
  if (type != info.memoryTypeIndex) player_.note("memory types are chosen by their properties");
  info.memoryTypeIndex = type;
  bool done = false;
  VkResult result = VK_SUCCESS;
  if (import.type) result = this->import(device, import, info, *allocation, block, done);
  if (!done) {
    block.live->size = info.allocationSize;
    block.live->type = type;
    block.live->types = block.live->exportable = exported;
    result = newBlockAt(device, *block.live, info.pNext, address);
  }
  if (result != VK_SUCCESS) return result;
  *call.pMemory = block.live->memory;
  allocation->blocks.push_back(std::move(block));
  if (!name.empty() && exported)
    payloads_by_name_[name] = allocation->payload =
        allocation->payload ? allocation->payload : std::make_shared<MemoryPayload>();
  pending_ = std::move(allocation);
  return VK_SUCCESS;
}

// With its opaque address, or where the driver refuses that anywhere.
VkResult Memory::newBlockAt(Device& device, LiveMemory& live, const void* next, uint64_t address) {
  if (address == 0) return newBlock(device, live, next);
  const VkMemoryOpaqueCaptureAddressAllocateInfo there{
      VK_STRUCTURE_TYPE_MEMORY_OPAQUE_CAPTURE_ADDRESS_ALLOCATE_INFO, next, address};
  const VkResult result = newBlock(device, live, &there);
  player_.opaque().memoryMade(result != VK_SUCCESS);
  return result == VK_SUCCESS ? result : newBlock(device, live, next);
}

VkResult Memory::newBlock(Device& device, LiveMemory& live, const void* next) {
  const VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, next, live.size, live.type};
  const VkResult result = device.dispatch.AllocateMemory(device.live, &info, nullptr, &live.memory);
  if (result == VK_SUCCESS && ensureMapped(device, live)) fillWithZeros(device, live);
  return result;
}

// What the trace's memory changes start from (FORMAT.md), and what a replay must not inherit from whoever had
// the memory before. Where reading is cheap, pages that are zero already are not touched.
void Memory::fillWithZeros(Device& device, LiveMemory& live) {
  constexpr VkDeviceSize kPage = 4096;
  static constexpr std::byte kZeros[kPage]{};
  const VkMemoryPropertyFlags flags = device.memory.memoryTypes[live.type].propertyFlags;
  for (VkDeviceSize at = 0; at < live.size; at += kPage) {
    const VkDeviceSize size = std::min(kPage, live.size - at);
    const bool readable = flags & VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
    if (!readable || std::memcmp(live.mapped + at, kZeros, size) != 0) std::memset(live.mapped + at, 0, size);
  }
  flush(device, live, 0, live.size, false);
}

void Memory::remember(HandleMap::Id id) {
  if (pending_->payload) offer(*pending_);
  allocations_[id] = std::move(pending_);
}

void Memory::free(HandleMap::Id id) {
  Allocation* allocation = find(id);
  if (allocation == nullptr) return;
  release(*allocation, false);
  allocations_.erase(id);
}

// `driver_frees_first`: the program never freed the first block, and the device goes with it.
void Memory::release(Allocation& allocation, bool driver_frees_first) {
  keepHandles(allocation);
  const Device& device = *allocation.device;
  for (size_t i = 0; i < allocation.blocks.size(); ++i) {
    const std::shared_ptr<LiveMemory>& live = allocation.blocks[i].live;
    if (live.use_count() > 1 || (driver_frees_first && i == 0)) continue;  // another allocation has it, too
    allocation.device->linear.freed(live->memory);
    device.dispatch.FreeMemory(device.live, live->memory, nullptr);
  }
  allocation.blocks.clear();
}

void Memory::freeAll(Device* device) {
  std::erase_if(allocations_, [&](auto& entry) {
    if (entry.second->device != device) return false;
    release(*entry.second, true);
    return true;
  });
}

bool Memory::isCoherent(const Device& device, const LiveMemory& live) const {
  return device.memory.memoryTypes[live.type].propertyFlags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
}

bool Memory::ensureMapped(Device& device, LiveMemory& live) {
  if (live.mapped) return true;
  if (!(device.memory.memoryTypes[live.type].propertyFlags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT))
    return false;
  void* data = nullptr;
  if (device.dispatch.MapMemory(device.live, live.memory, 0, VK_WHOLE_SIZE, 0, &data) != VK_SUCCESS)
    return false;
  live.mapped = static_cast<std::byte*>(data);
  return true;
}

void Memory::flush(Device& device, const LiveMemory& live, VkDeviceSize begin, VkDeviceSize end,
                   bool invalidate) {
  if (isCoherent(device, live) || begin >= end) return;
  const VkDeviceSize atom = std::max<VkDeviceSize>(device.properties.limits.nonCoherentAtomSize, 1);
  const VkDeviceSize from = begin / atom * atom;
  const VkDeviceSize to = (end + atom - 1) / atom * atom;
  const VkMappedMemoryRange range{VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE, nullptr, live.memory, from,
                                  to >= live.size ? VK_WHOLE_SIZE : to - from};
  if (invalidate) {
    (void)device.dispatch.InvalidateMappedMemoryRanges(device.live, 1, &range);
  } else {
    (void)device.dispatch.FlushMappedMemoryRanges(device.live, 1, &range);
  }
}

Status Memory::upload(const Event& event, HandleMap::Id id) {
  Allocation* allocation = find(id);
  const MemoryChange& change = event.memory;
  if (allocation == nullptr)
    return player_.error(Code::kUnreadable, "a memory change names memory that is not alive");
  if (change.offset > allocation->size || event.bytes.size() > allocation->size - change.offset)
    return player_.error(Code::kUnreadable, "a memory change lies outside its allocation of " +
                                                std::to_string(allocation->size) + " bytes");
  bool there = false, written = false;
  for (LiveBlock& block : allocation->blocks) {
    const VkDeviceSize begin = std::max(change.offset, block.begin);
    if (begin < change.offset + event.bytes.size() &&
        !allocation->device->linear.partsIn(block.live->memory).empty()) {
      there = true;
      written |= uploadRows(*allocation->device, *block.live, begin - block.begin,
                            event.bytes.subspan(begin - change.offset));
      continue;
    }
    const VkDeviceSize end = std::min(change.offset + event.bytes.size(), block.end());
    if (begin >= end) continue;  // a dedicated allocation may be smaller here: padding
    there = true;
    if (!ensureMapped(*allocation->device, *block.live)) continue;
    beforeUpload(*allocation->device, *block.live, begin - block.begin, end - block.begin);
    write(*allocation->device, *block.live, begin - block.begin,
          event.bytes.subspan(begin - change.offset, end - begin));
    written = true;
  }
  if (there && !written)
    return player_.error(Code::kCannotRun,
                         "the program wrote to memory that the host cannot see on this device");
  return Status::ok();
}

void Memory::write(Device& device, LiveMemory& live, VkDeviceSize begin, std::span<const std::byte> bytes) {
  const VkDeviceSize end = begin + bytes.size();
  Addresses& addresses = device.numbers.addresses;
  if (!addresses.any() && live.addresses.empty()) {
    std::memcpy(live.mapped + begin, bytes.data(), bytes.size());
    return flush(device, live, begin, end, false);
  }
  addresses.write(live.addresses, {live.mapped, live.size}, begin, bytes);
  constexpr VkDeviceSize kWord =
      sizeof(VkDeviceAddress);  // an address that changed in part was written whole
  flush(device, live, begin / kWord * kWord, (end + kWord - 1) / kWord * kWord, false);
}

void Memory::map(HandleMap::Id id, VkDeviceSize offset, VkDeviceSize size) {
  Allocation* allocation = find(id);
  if (allocation == nullptr || offset > allocation->size) return;
  allocation->mapped_by_program = true;
  allocation->mapped_offset = offset;
  allocation->mapped_size = std::min(size, allocation->size - offset);
}

Status Memory::unmap(HandleMap::Id id) {
  Status status = dump(id);
  if (Allocation* allocation = find(id)) allocation->mapped_by_program = false;
  return status;
}

Status Memory::dump(HandleMap::Id id) {
  Allocation* allocation = find(id);
  if (player_.options().memory_dump.empty() || allocation == nullptr || !allocation->mapped_by_program)
    return Status::ok();
  const uint64_t number = dumps_++;  // also of what is not written: names are the trace's, not the device's
  if (!player_.options().looked_at.has(player_.event().frame)) return Status::ok();
  LiveMemory& whole = *allocation->blocks[0].live;
  if (!ensureMapped(*allocation->device, whole) || allocation->mapped_offset >= whole.size)
    return Status::ok();
  std::vector<std::byte> bytes(std::min(allocation->mapped_size, whole.size - allocation->mapped_offset));
  flush(*allocation->device, whole, allocation->mapped_offset, allocation->mapped_offset + bytes.size(),
        true);
  std::memcpy(bytes.data(), whole.mapped + allocation->mapped_offset, bytes.size());
  for (size_t i = 1; i < allocation->blocks.size();
       ++i) {  // where resources moved, their contents are theirs
    LiveBlock& block = allocation->blocks[i];
    const VkDeviceSize begin = std::max(allocation->mapped_offset, block.begin);
    const VkDeviceSize end = std::min(allocation->mapped_offset + bytes.size(), block.end());
    if (begin >= end || !ensureMapped(*allocation->device, *block.live)) continue;
    flush(*allocation->device, *block.live, begin - block.begin, end - block.begin, true);
    std::memcpy(bytes.data() + (begin - allocation->mapped_offset),
                block.live->mapped + (begin - block.begin), end - begin);
  }
  char name[96];
  std::snprintf(name, sizeof name, "memory-%06" PRIu64 "-%06" PRIu64 "-VkDeviceMemory-%" PRIu64 ".bin",
                number, player_.event().call_number, allocation->number);
  const std::string path = player_.options().memory_dump + "/" + name;
  std::FILE* file = std::fopen(path.c_str(), "wb");
  const bool written = file && std::fwrite(bytes.data(), 1, bytes.size(), file) == bytes.size();
  if (file == nullptr || std::fclose(file) != 0 || !written)
    return Status(Code::kUnreadable, "cannot write " + path);
  player_.wroteMemory(name, allocation->captured, allocation->number, allocation->mapped_offset);
  return Status::ok();
}

}  // namespace reprise

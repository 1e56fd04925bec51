// Memory that several allocations of the trace share, or that the program imported from itself.
#include <sys/mman.h>

#include <algorithm>
#include <cstring>

#include "replay/chains.h"
#include "replay/memory.h"
#include "replay/session.h"

namespace reprise {
namespace {

constexpr HandleTypeBits kByDescriptor =
    VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT | VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;

std::string nameOf(HandleTypeBit type) { return handleTypeName(ExternalObject::kMemory, type); }

DriverId driverOf(const Device& device) {
  DriverId id{device.properties.vendorID, device.properties.deviceID, device.properties.driverVersion, {}};
  std::memcpy(id.cache.data(), device.properties.pipelineCacheUUID, VK_UUID_SIZE);
  return id;
}

}  // namespace

// Untouched pages cost nothing, and are zero.
HostRegion::HostRegion(uint64_t from, size_t bytes_wanted, size_t alignment)
    : captured(from), size(bytes_wanted), mapped_size(bytes_wanted + alignment) {
  mapped =
      mmap(nullptr, mapped_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapped == MAP_FAILED) return;
  const auto address = reinterpret_cast<uintptr_t>(mapped);
  bytes = static_cast<std::byte*>(mapped) + ((address + alignment - 1) / alignment * alignment - address);
}
HostRegion::~HostRegion() {
  if (bytes) munmap(mapped, mapped_size);
}

bool Memory::isHostPointer(HandleTypeBit type) {
  return type == VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT ||
         type == VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_MAPPED_FOREIGN_MEMORY_BIT_EXT;
}

VkResult Memory::import(Device& device, const CapturedImport& import, VkMemoryAllocateInfo& info,
                        Allocation& allocation, LiveBlock& block, bool& done) {
  if (isHostPointer(import.type)) return importHost(device, import, info, allocation, block, done);
  ExternalMemory& external = player_.external();
  const auto say = [&](std::string to, ObjectChange::Action action, std::string reason) {
    external.report("VkDeviceMemory", allocation.captured, import.structure, nameOf(import.type),
                    std::move(to), action, std::move(reason), "");
  };
  const std::optional<PayloadRecord> record = player_.takePayload();
  auto payload = payloads_.imported(record, import.handle, import.consumed);
  if (const auto named = payloads_by_name_.find(import.name); !payload && named != payloads_by_name_.end())
    payload = named->second;
  if (!payload) {
    say("", ObjectChange::kDropped, "its payload came from outside the trace: ordinary memory");
    // Imported again by the same handle, it is this memory again.
    if (!record && !import.consumed && import.name.empty()) {
      allocation.payload = payloads_.exported(std::nullopt, import.handle, nullptr);
      removeFromChain(info.pNext,
                      VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO);  // others will bind to it, too
      block.live->dedicated = 0;
    }
    return VK_SUCCESS;
  }
  if (import.consumed && !record) --payload->handles_out;  // with one, duplicates may be out
  PayloadBlock* whole = nullptr;
  // The first that began at 0 is the whole allocation; a later one is a resource that moved, and counts where
  // the import is a resource's own, too.
  for (PayloadBlock& candidate : payload->blocks)
    if (candidate.begin == 0 &&
        (!whole || (block.live->dedicated && candidate.dedicated && !whole->dedicated)))
      whole = &candidate;
  HandleTypeBit by = 0;
  std::shared_ptr<LiveMemory> live =
      whole ? share(device, *whole, info.pNext, block.live->dedicated, by) : nullptr;
  if (!live) {
    say("", ObjectChange::kDropped,
        whole ? "its payload cannot be imported here: ordinary memory"
              : "its payload is gone: ordinary memory");
    return VK_SUCCESS;
  }
  block.live = std::move(live);
  allocation.payload = payload;
  allocation.exported = whole->types;
  done = true;
  if (by == 0) {
    const bool kept = whole->types & import.type;
    say(kept ? nameOf(import.type) : "the same memory", kept ? ObjectChange::kKept : ObjectChange::kConverted,
        "the very same memory: no handle of it can be passed here");
  } else {
    say(nameOf(by), by == import.type ? ObjectChange::kKept : ObjectChange::kConverted,
        by == import.type ? "" : "as it was exported here");
  }
  return VK_SUCCESS;
}

// A payload's block as memory of `device`: imported by a descriptor (`by` says which type), or, on the device
// that has it, the very same memory.
std::shared_ptr<LiveMemory> Memory::share(Device& device, PayloadBlock& block, const void* next,
                                          uint64_t dedicated, HandleTypeBit& by) {
  HandleTypeBit type = 0;
  Descriptor descriptor;
  // Opaque handles mean something to the driver that made them, and its memory types are its own.
  if (device.dispatch.GetMemoryFdKHR && driverOf(device) == block.driver)
    descriptor = descriptorOf(block, type);
  if (descriptor) {
    VkImportMemoryFdInfoKHR imported{VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR, next,
                                     VkExternalMemoryHandleTypeFlagBits(type), descriptor.get()};
    auto live = std::make_shared<LiveMemory>();
    live->size = block.size;  // VUID-VkMemoryAllocateInfo-allocationSize-01742
    live->type = block.type;
    live->types = block.types & type ? type : block.types;
    live->dedicated = dedicated;
    if (newBlock(device, *live, &imported) == VK_SUCCESS) {
      (void)descriptor.release();  // the driver's now
      by = type;
      return live;
    }
  }
  if (block.device == &device) return block.source.lock();
  return nullptr;
}

// A new descriptor of a payload's block; none if the device cannot make one, or nothing is left of the block.
Descriptor Memory::descriptorOf(PayloadBlock& block, HandleTypeBit& type) {
  const std::vector<HandleTypeBit> types = bitsOf(block.types & kByDescriptor);
  if (types.empty()) return {};
  type = types.front();
  const auto source = block.source.lock();
  if (!source) return block.kept ? block.kept->duplicate() : Descriptor();
  if (!(source->exportable & type)) return block.kept ? block.kept->duplicate() : Descriptor();
  const VkMemoryGetFdInfoKHR wanted{VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR, nullptr, source->memory,
                                    VkExternalMemoryHandleTypeFlagBits(type)};
  int fd = -1;
  if (!block.device->dispatch.GetMemoryFdKHR ||
      block.device->dispatch.GetMemoryFdKHR(block.device->live, &wanted, &fd) != VK_SUCCESS)
    return {};
  return Descriptor(fd);
}

void Memory::exported(HandleMap::Id id, uint64_t handle) {
  Allocation* allocation = find(id);
  if (allocation == nullptr) return;
  allocation->payload = payloads_.exported(player_.takePayload(), handle, allocation->payload);
  ++allocation->payload->handles_out;
  offer(*allocation);
}

// What an allocation has goes into its payload, for others to import.
void Memory::offer(Allocation& allocation) {
  for (const LiveBlock& block : allocation.blocks) {
    std::vector<PayloadBlock>& known = allocation.payload->blocks;
    const auto same = std::find_if(known.begin(), known.end(), [&](const PayloadBlock& other) {
      return other.begin == block.begin && other.size == block.live->size;
    });
    if (same == known.end()) {
      known.push_back({block.begin, block.live->size, block.live->type, block.live->types,
                       block.live->dedicated != 0, allocation.device, driverOf(*allocation.device),
                       block.live, nullptr});
    } else if (same->source.expired() &&
               ((block.live->exportable & kByDescriptor) || !same->kept || !*same->kept)) {
      same->source = block.live;
      same->device = allocation.device;
      same->driver = driverOf(*allocation.device);
      same->type = block.live->type;
      same->kept.reset();
    }
  }
}

// Before its memory is freed: where handles of the payload are still out, a descriptor stands for it.
void Memory::keepHandles(Allocation& allocation) {
  if (!allocation.payload || allocation.payload->handles_out <= 0) return;
  for (PayloadBlock& block : allocation.payload->blocks) {
    const auto source = block.source.lock();
    const bool ends = source && source.use_count() == 2 &&
                      std::any_of(allocation.blocks.begin(), allocation.blocks.end(),
                                  [&](const LiveBlock& own) { return own.live == source; });
    if (!ends) continue;
    HandleTypeBit type = 0;
    Descriptor descriptor = descriptorOf(block, type);
    if (!descriptor) continue;
    block.kept = std::make_shared<Descriptor>(std::move(descriptor));
    kept_.keep(block.kept);
  }
}

// A block of the allocation's payload that suits a resource, imported for it; null if there is none.
LiveBlock* Memory::adopt(Allocation& allocation, const Resource& resource, VkDeviceSize offset) {
  if (!allocation.payload) return nullptr;
  for (PayloadBlock& block : allocation.payload->blocks) {
    if (block.begin != offset || block.size < resource.needs.size ||
        !(resource.needs.memoryTypeBits >> block.type & 1) ||
        (resource.wants_dedicated && !block.dedicated) || (block.types && !(block.types & resource.types)))
      continue;
    const bool have = std::any_of(
        allocation.blocks.begin(), allocation.blocks.end(),
        [&](const LiveBlock& own) { return own.begin == block.begin && own.live->size == block.size; });
    if (have) continue;
    VkMemoryDedicatedAllocateInfo dedicated{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr,
                                            VK_NULL_HANDLE, VK_NULL_HANDLE};
    if (resource.kind == HandleKind::kVkImage) dedicated.image = handleOf<VkImage>(resource.live);
    if (resource.kind == HandleKind::kVkBuffer) dedicated.buffer = handleOf<VkBuffer>(resource.live);
    HandleTypeBit by = 0;
    auto live = share(*allocation.device, block, block.dedicated ? &dedicated : nullptr,
                      block.dedicated ? resource.live : 0, by);
    if (!live) continue;
    allocation.blocks.push_back({std::move(live), block.begin});
    return &allocation.blocks.back();
  }
  return nullptr;
}

VkResult Memory::importHost(Device& device, const CapturedImport& import, VkMemoryAllocateInfo& info,
                            Allocation& allocation, LiveBlock& block, bool& done) {
  (void)player_.takePayload();
  const auto say = [&](bool kept, std::string reason, std::string target) {
    player_.external().report("VkDeviceMemory", allocation.captured, import.structure, nameOf(import.type),
                              kept ? nameOf(import.type) : "",
                              kept ? ObjectChange::kKept : ObjectChange::kDropped, std::move(reason),
                              std::move(target));
  };
  const Dispatch& d = device.dispatch;
  constexpr auto kType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
  const auto rule = player_.options().remap.forced.find(import.type);
  if (rule != player_.options().remap.forced.end() && rule->second != import.type) {
    say(false, "asked for by --remap", "");
    return VK_SUCCESS;
  }
  if (import.type != kType || !d.GetMemoryHostPointerPropertiesEXT || !d.GetPhysicalDeviceProperties2 ||
      !device.extensions.contains(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME)) {
    say(false, "ordinary memory holds what the program wrote there", "no VK_EXT_external_memory_host");
    return VK_SUCCESS;
  }
  VkPhysicalDeviceExternalMemoryHostPropertiesEXT host{};
  host.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &host;
  d.GetPhysicalDeviceProperties2(device.gpu, &properties);
  const size_t alignment = std::max<size_t>(host.minImportedHostPointerAlignment, 4096);
  if (info.allocationSize > SIZE_MAX / 2) return VK_ERROR_OUT_OF_HOST_MEMORY;
  const size_t wanted = (size_t(info.allocationSize) + alignment - 1) / alignment * alignment;
  std::erase_if(host_regions_, [](const auto& region) { return region.expired(); });
  std::shared_ptr<HostRegion> region;
  for (const auto& weak : host_regions_) {
    const auto known = weak.lock();
    if (import.handle >= known->captured && import.handle - known->captured <= known->size &&
        wanted <= known->size - (import.handle - known->captured) &&
        (import.handle - known->captured) % alignment == 0)
      region = known;
  }
  if (!region) {
    region = std::make_shared<HostRegion>(import.handle, wanted, alignment);
    if (region->bytes == nullptr) return VK_ERROR_OUT_OF_HOST_MEMORY;
    host_regions_.push_back(region);
  }
  std::byte* bytes = region->bytes + (import.handle - region->captured);
  VkMemoryHostPointerPropertiesEXT types{VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT, nullptr, 0};
  VkResult result = d.GetMemoryHostPointerPropertiesEXT(device.live, kType, bytes, &types);
  const uint32_t type = chooseMemoryType(device.memory, types.memoryTypeBits, allocation.wanted,
                                         VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT);
  if (result == VK_SUCCESS && type != UINT32_MAX) {
    const VkImportMemoryHostPointerInfoEXT imported{VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
                                                    info.pNext, kType, bytes};
    block.live->size = wanted;
    block.live->type = type;
    block.live->types = kType;
    block.live->mapped = bytes;
    block.live->host = region;
    result = newBlock(device, *block.live, &imported);
    if (result == VK_SUCCESS) {
      say(true, "host memory of the replay's own", "");
      done = true;
      allocation.mapped_by_program = true;  // it sees the memory for as long as that lives
      allocation.mapped_size = info.allocationSize;
      return VK_SUCCESS;
    }
    block.live = std::make_shared<LiveMemory>();
  }
  say(false, "ordinary memory holds what the program wrote there",
      result == VK_SUCCESS ? "no host-visible type for host memory" : resultName(result));
  return VK_SUCCESS;
}

}  // namespace reprise

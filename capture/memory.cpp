#include "capture/memory.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "capture/import_rules.h"
#include "capture/lanes.h"
#include "capture/memory_tracker.h"
#include "capture/options.h"

namespace reprise::memory {
namespace {

template <class H>
uint64_t handleValue(H handle) {
  if constexpr (std::is_pointer_v<H>) {
    return reinterpret_cast<uintptr_t>(handle);
  } else {
    return handle;
  }
}

MemoryKey keyOf(VkDevice device, VkDeviceMemory memory) { return {handleValue(device), handleValue(memory)}; }

// ---- Where changes go

bool laneReady() { return currentLane() && memoryLane(); }

void writeChange(const LaneRecord& record, const MemoryChange& change, std::span<const std::byte> bytes) {
  Lane* lane = memoryLane();
  if (!lane) return;
  const size_t total = sizeof record + padded(record.size);
  const LaneSpace space = laneSpace(lane);
  if (static_cast<size_t>(space.end - space.begin) >= total) {
    std::byte* at = space.begin;
    std::memset(at + total - 8, 0, 8);  // the padding
    std::memcpy(at, &record, sizeof record);
    std::memcpy(at + sizeof record, &change, sizeof change);
    std::memcpy(at + sizeof record + sizeof change, bytes.data(), bytes.size());
    lanePublish(lane, total);
    return;
  }
  static std::byte payload[kMaxRecordPayload];  // the tracker's mutex guards it
  std::memcpy(payload, &change, sizeof change);
  std::memcpy(payload + sizeof change, bytes.data(), bytes.size());
  laneWrite(lane, record, {payload, record.size});
}

void writeHole(uint64_t ticket, HoleCause cause, uint64_t subject, std::string_view text) {
  Lane* lane = memoryLane();
  if (!lane) return;
  std::byte payload[sizeof(HoleRecord) + 512];
  const HoleRecord hole{cause, 0, subject};
  const size_t length = std::min(text.size(), size_t{512});
  std::memcpy(payload, &hole, sizeof hole);
  std::memcpy(payload + sizeof hole, text.data(), length);
  const auto size = static_cast<uint32_t>(sizeof hole + length);
  laneWrite(lane, {size, kRecordHole, kTicketed, ticket}, {payload, size});
}

// ---- State of this process

struct Device {
  VkPhysicalDevice physical = VK_NULL_HANDLE;
  VkPhysicalDeviceMemoryProperties types{};
  size_t import_alignment = 0;  // 0: host memory cannot be imported
  bool beside = false;  // memory that is not imported may get pages beside the driver's
  bool follows_bindings = false;
  PFN_vkGetPhysicalDeviceExternalBufferProperties buffer_properties = nullptr;

  std::mutex mutex;                                   // for what follows
  std::unordered_map<uint64_t, bool> importable;      // by flags << 32 | usage
  std::unordered_map<uint64_t, bool> device_written;  // by buffer: by its usage the device may write it
};

struct State {
  bool beside = false;  // of devices, unless a program places its mappings itself
  MemoryTracker tracker{{laneReady, nextTicket, writeChange, writeHole}};
  std::mutex mutex;
  std::unordered_map<VkDevice, std::unique_ptr<Device>> devices;
};

// The pointer lies on a page that fork wipes: a child has none of its parent's views, locks or devices.
std::atomic<std::atomic<State*>*> g_state_page{nullptr};
std::atomic<State*> g_state_kept{nullptr};  // for leak checkers, which do not look into that page

State* state() {
  std::atomic<State*>* page = g_state_page.load(std::memory_order_acquire);
  return page ? page->load(std::memory_order_acquire) : nullptr;
}

State* stateOrNew() {
  static std::atomic<State*>* const page = [] {
    void* at = mmap(nullptr, pageSize(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || madvise(at, pageSize(), MADV_WIPEONFORK) != 0) {
      static std::atomic<State*> plain;
      return &plain;
    }
    return new (at) std::atomic<State*>(nullptr);
  }();
  g_state_page.store(page, std::memory_order_release);
  if (State* ready = page->load(std::memory_order_acquire)) return ready;
  auto fresh = std::make_unique<State>();
  using capture::Option;
  if (capture::optionIs(Option::kMemory, "assisted")) fresh->tracker.trustFlushes();
  fresh->beside = capture::optionIs(Option::kMemory, "auto") || capture::optionIs(Option::kMemory, "beside");
  State* expected = nullptr;
  if (!page->compare_exchange_strong(expected, fresh.get())) return expected;
  g_state_kept = fresh.get();
  return fresh.release();
}

Device* deviceOf(VkDevice handle) {
  State* s = state();
  if (!s) return nullptr;
  std::lock_guard lock(s->mutex);
  auto it = s->devices.find(handle);
  return it == s->devices.end() ? nullptr : it->second.get();
}

size_t importAlignment(VkPhysicalDevice physical, const Dispatch& device, const Dispatch& instance) {
  if (!device.GetMemoryHostPointerPropertiesEXT || !instance.GetPhysicalDeviceProperties2) return 0;
  VkPhysicalDeviceExternalMemoryHostPropertiesEXT host{};
  host.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_MEMORY_HOST_PROPERTIES_EXT;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &host;
  instance.GetPhysicalDeviceProperties2(physical, &properties);
  const VkDeviceSize alignment = host.minImportedHostPointerAlignment;
  const bool sane = alignment && (alignment & (alignment - 1)) == 0 && alignment <= (VkDeviceSize{1} << 30);
  return sane ? static_cast<size_t>(alignment) : 0;
}

// ---- Allocations

// Null views: not this time, the driver is to be asked as the program asked it.
bool allocateTwoViews(State& s, const Device& device, const Dispatch& driver, AllocateMemoryCall& call) {
  const VkMemoryAllocateInfo& asked = *call.pAllocateInfo;
  const size_t bytes = roundUp(asked.allocationSize, device.import_alignment);
  if (bytes < asked.allocationSize) return false;
  std::optional<TwoViews> views = s.tracker.makeViews(bytes, device.import_alignment);
  if (!views) return false;
  VkMemoryHostPointerPropertiesEXT properties{};
  properties.sType = VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT;
  const VkExternalMemoryHandleTypeFlagBits handle_type =
      VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
  VkResult result =
      driver.GetMemoryHostPointerPropertiesEXT(call.device, handle_type, views->driver, &properties);
  if (result == VK_SUCCESS && (properties.memoryTypeBits >> asked.memoryTypeIndex & 1)) {
    VkImportMemoryHostPointerInfoEXT import{};
    import.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT;
    import.pNext = asked.pNext;
    import.handleType = handle_type;
    import.pHostPointer = views->driver;
    VkMemoryAllocateInfo info = asked;
    info.pNext = &import;
    info.allocationSize = bytes;
    AllocateMemoryCall inner = call;
    inner.pAllocateInfo = &info;
    invoke(driver, inner);
    if (inner.result == VK_SUCCESS) {
      call.result = VK_SUCCESS;
      s.tracker.addWatched(keyOf(call.device, *call.pMemory), asked.allocationSize, *views);
      return true;
    }
  }
  s.tracker.dropViews(*views);
  return false;
}

// Fresh memory holds anything, old contents included; the comparison needs to know what. Zeros cost no page
// where reading is cheap and zeros are there already.
bool fillWithZeros(const Dispatch& driver, const AllocateMemoryCall& call, VkMemoryPropertyFlags type) {
  const VkDeviceSize size = call.pAllocateInfo->allocationSize;
  void* at = nullptr;
  if (driver.MapMemory(call.device, *call.pMemory, 0, VK_WHOLE_SIZE, 0, &at) != VK_SUCCESS || !at)
    return false;
  static constexpr std::byte kZeros[kShadowPage]{};
  for (VkDeviceSize offset = 0; offset < size; offset += kShadowPage) {
    std::byte* page = static_cast<std::byte*>(at) + offset;
    const size_t bytes = std::min<VkDeviceSize>(kShadowPage, size - offset);
    const bool readable = type & VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
    if (!readable || std::memcmp(page, kZeros, bytes) != 0) std::memset(page, 0, bytes);
  }
  if (!(type & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)) {
    VkMappedMemoryRange all{};
    all.sType = VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE;
    all.memory = *call.pMemory;
    all.size = VK_WHOLE_SIZE;
    driver.FlushMappedMemoryRanges(call.device, 1, &all);
  }
  driver.UnmapMemory(call.device, *call.pMemory);
  return true;
}

bool giveBeside(State& s, const MemoryKey& key, VkDeviceSize bytes, VkMemoryPropertyFlags type) {
  const std::optional<TwoViews> views = s.tracker.makeViews(bytes, pageSize());
  if (!views) return false;
  if (s.tracker.addBeside(key, bytes, *views, type & VK_MEMORY_PROPERTY_HOST_CACHED_BIT)) return true;
  s.tracker.dropViews(*views);
  return false;
}

void boundBuffer(const Dispatch& driver, VkDevice device, VkBuffer buffer, VkDeviceMemory memory,
                 VkDeviceSize offset) {
  State* s = state();
  Device* known = deviceOf(device);
  if (!known || !known->follows_bindings || memory == VK_NULL_HANDLE) return;
  {
    std::lock_guard lock(known->mutex);
    auto it = known->device_written.find(handleValue(buffer));
    if (it != known->device_written.end() && !it->second) return;
  }
  VkMemoryRequirements needs{};
  driver.GetBufferMemoryRequirements(device, buffer, &needs);
  s->tracker.deviceMayWrite(keyOf(device, memory), offset, needs.size);
}

void boundImage(const Dispatch& driver, VkDevice device, VkImage image, VkDeviceMemory memory,
                VkDeviceSize offset) {
  State* s = state();
  Device* known = deviceOf(device);
  if (!known || !known->follows_bindings || memory == VK_NULL_HANDLE) return;
  VkMemoryRequirements needs{};
  driver.GetImageMemoryRequirements(device, image, &needs);
  s->tracker.deviceMayWrite(keyOf(device, memory), offset, needs.size);
}

bool importable(Device& device, const VkBufferCreateInfo& info) {
  if (!device.import_alignment || !device.buffer_properties || !mayAddExternalNode(info)) return false;
  const uint64_t key = uint64_t{info.flags} << 32 | info.usage;
  std::lock_guard lock(device.mutex);
  if (auto it = device.importable.find(key); it != device.importable.end() && !info.pNext) return it->second;
  VkPhysicalDeviceExternalBufferInfo query{};
  query.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO;
  query.pNext = info.pNext;  // at most the wider usage flags, which extend both
  query.flags = info.flags;
  query.usage = info.usage;
  query.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
  VkExternalBufferProperties properties{};
  properties.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES;
  device.buffer_properties(device.physical, &query, &properties);
  const VkExternalMemoryFeatureFlags features = properties.externalMemoryProperties.externalMemoryFeatures;
  const bool yes = (features & VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT) &&
                   !(features & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT);
  if (info.pNext) return yes;
  try {
    device.importable[key] = yes;
  } catch (const std::bad_alloc&) {  // it is asked again
  }
  return yes;
}

// The program's create info with the node that lets the buffer lie in imported memory, where allowed.
struct ExternalBuffer {
  VkExternalMemoryBufferCreateInfo node{};
  VkBufferCreateInfo info;
  ExternalBuffer(Device& device, const VkBufferCreateInfo& asked) : info(asked) {
    if (!importable(device, asked)) return;
    node.sType = VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO;
    node.pNext = asked.pNext;
    node.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
    info.pNext = &node;
  }
};

void afterMap(VkDevice device, VkDeviceMemory memory, VkDeviceSize offset, VkDeviceSize size, void** data) {
  if (State* s = state()) {
    *data = s->tracker.mapped(keyOf(device, memory), static_cast<std::byte*>(*data), offset, size);
  }
}

void beforeUnmap(VkDevice device, VkDeviceMemory memory) {
  if (State* s = state()) s->tracker.unmapped(keyOf(device, memory));
}

}  // namespace

void deviceCreated(VkDevice created, const Dispatch& device, VkPhysicalDevice physical,
                   const Dispatch& instance, bool shows_own_pages) {
  State* s = stateOrNew();
  auto fresh = std::make_unique<Device>();
  fresh->physical = physical;
  instance.GetPhysicalDeviceMemoryProperties(physical, &fresh->types);
  fresh->buffer_properties = instance.GetPhysicalDeviceExternalBufferProperties;
  if (s->tracker.watches() && shows_own_pages)
    fresh->import_alignment = importAlignment(physical, device, instance);
  fresh->beside = s->beside && shows_own_pages;
  fresh->follows_bindings = fresh->import_alignment || fresh->beside;
  std::lock_guard lock(s->mutex);
  s->devices[created] = std::move(fresh);
}

void deviceDestroyed(VkDevice device) {
  State* s = state();
  if (!s) return;
  for (const TwoViews& views : s->tracker.removeAll(handleValue(device))) s->tracker.dropViews(views);
  std::lock_guard lock(s->mutex);
  s->devices.erase(device);
}

VkResult allocate(const Dispatch& driver, AllocateMemoryCall& call) {
  State* s = state();
  Device* device = deviceOf(call.device);
  const uint32_t type_index = call.pAllocateInfo->memoryTypeIndex;
  if (!device || type_index >= device->types.memoryTypeCount) return invoke(driver, call), call.result;
  const VkMemoryPropertyFlags type = device->types.memoryTypes[type_index].propertyFlags;
  if (!(type & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT)) return invoke(driver, call), call.result;

  const AllocationChain chain = readChain(*call.pAllocateInfo);
  if (device->import_alignment && chain.plain && !(type & VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT) &&
      allocateTwoViews(*s, *device, driver, call))
    return call.result;

  invoke(driver, call);
  if (call.result != VK_SUCCESS) return call.result;
  const MemoryKey key = keyOf(call.device, *call.pMemory);
  const bool zeroed = !chain.foreign && fillWithZeros(driver, call, type);
  // What is exported may be written by those whom no wait of this program tells of.
  if (zeroed && device->beside && !chain.exported && giveBeside(*s, key, call.pAllocateInfo->allocationSize, type))
    return call.result;
  s->tracker.addCompared(key, call.pAllocateInfo->allocationSize, zeroed);
  if (chain.host_pointer) s->tracker.exposed(key, static_cast<std::byte*>(chain.host_pointer));
  return call.result;
}

void free(const Dispatch& driver, FreeMemoryCall& call) {
  State* s = state();
  std::optional<TwoViews> views;
  if (s && call.memory != VK_NULL_HANDLE) views = s->tracker.remove(keyOf(call.device, call.memory));
  invoke(driver, call);
  if (views) s->tracker.dropViews(*views);
}

VkResult map(const Dispatch& driver, MapMemoryCall& call) {
  invoke(driver, call);
  if (call.result == VK_SUCCESS) afterMap(call.device, call.memory, call.offset, call.size, call.ppData);
  return call.result;
}

void unmap(const Dispatch& driver, UnmapMemoryCall& call) {
  beforeUnmap(call.device, call.memory);
  invoke(driver, call);
}

#if defined(VK_VERSION_1_4) || defined(VK_KHR_map_memory2)
#if defined(VK_VERSION_1_4)
using Map2Call = MapMemory2Call;
using Unmap2Call = UnmapMemory2Call;
#else
using Map2Call = MapMemory2KHRCall;
using Unmap2Call = UnmapMemory2KHRCall;
#endif

VkResult map(const Dispatch& driver, Map2Call& call) {
  invoke(driver, call);
  const auto& info = *call.pMemoryMapInfo;
  if (call.result == VK_SUCCESS) afterMap(call.device, info.memory, info.offset, info.size, call.ppData);
  return call.result;
}

VkResult unmap(const Dispatch& driver, Unmap2Call& call) {
  beforeUnmap(call.device, call.pMemoryUnmapInfo->memory);
  invoke(driver, call);
  return call.result;
}
#endif

VkResult createBuffer(const Dispatch& driver, CreateBufferCall& call) {
  Device* device = deviceOf(call.device);
  if (!device || !device->follows_bindings) return invoke(driver, call), call.result;
  const ExternalBuffer external(*device, *call.pCreateInfo);
  CreateBufferCall inner = call;
  if (external.info.pNext != call.pCreateInfo->pNext) inner.pCreateInfo = &external.info;
  invoke(driver, inner);
  call.result = inner.result;
  if (call.result != VK_SUCCESS) return call.result;
  try {
    std::lock_guard lock(device->mutex);
    device->device_written[handleValue(*call.pBuffer)] = deviceMayWrite(*call.pCreateInfo);
  } catch (const std::bad_alloc&) {  // what is not known of counts as written
  }
  return call.result;
}

void getDeviceBufferMemoryRequirements(const Dispatch& driver, GetDeviceBufferMemoryRequirementsCall& call) {
  Device* device = deviceOf(call.device);
  if (!device || !device->import_alignment || !call.pInfo->pCreateInfo) return invoke(driver, call);
  const ExternalBuffer external(*device, *call.pInfo->pCreateInfo);
  VkDeviceBufferMemoryRequirements info = *call.pInfo;
  info.pCreateInfo = &external.info;
  GetDeviceBufferMemoryRequirementsCall inner = call;
  inner.pInfo = &info;
  invoke(driver, inner);
}

void bound(const Dispatch& driver, const BindBufferMemoryCall& call) {
  if (call.result == VK_SUCCESS)
    boundBuffer(driver, call.device, call.buffer, call.memory, call.memoryOffset);
}

void bound(const Dispatch& driver, const BindBufferMemory2Call& call) {
  if (call.result != VK_SUCCESS) return;
  for (uint32_t i = 0; i < call.bindInfoCount; ++i) {
    const VkBindBufferMemoryInfo& bind = call.pBindInfos[i];
    boundBuffer(driver, call.device, bind.buffer, bind.memory, bind.memoryOffset);
  }
}

void bound(const Dispatch& driver, const BindImageMemoryCall& call) {
  if (call.result == VK_SUCCESS) boundImage(driver, call.device, call.image, call.memory, call.memoryOffset);
}

void bound(const Dispatch& driver, const BindImageMemory2Call& call) {
  if (call.result != VK_SUCCESS) return;
  for (uint32_t i = 0; i < call.bindInfoCount; ++i) {
    const VkBindImageMemoryInfo& bind = call.pBindInfos[i];
    boundImage(driver, call.device, bind.image, bind.memory, bind.memoryOffset);
  }
}

void bound(const QueueBindSparseCall& call, VkDevice device) {
  State* s = state();
  if (!s) return;
  const auto all = [&](const auto& binds) {
    for (uint32_t i = 0; i < binds.bindCount; ++i)
      s->tracker.deviceMayWrite(keyOf(device, binds.pBinds[i].memory), 0, SIZE_MAX);
  };
  for (uint32_t i = 0; i < call.bindInfoCount; ++i) {
    const VkBindSparseInfo& info = call.pBindInfo[i];
    std::for_each_n(info.pBufferBinds, info.bufferBindCount, all);
    std::for_each_n(info.pImageOpaqueBinds, info.imageOpaqueBindCount, all);
    std::for_each_n(info.pImageBinds, info.imageBindCount, all);
  }
}

void scanBeforeSubmit() {
  if (State* s = state()) s->tracker.scan();
}

void unmapping() {
  if (State* s = state()) s->tracker.scanUnsubmitted();
}

void flushed(const FlushMappedMemoryRangesCall& call) {
  State* s = state();
  if (!s) return;
  s->tracker.scanUnsubmitted();
  for (uint32_t i = 0; i < call.memoryRangeCount; ++i) {
    const VkMappedMemoryRange& range = call.pMemoryRanges[i];
    s->tracker.flushed(keyOf(call.device, range.memory), range.offset, range.size);
  }
}

void invalidated(const InvalidateMappedMemoryRangesCall& call) {
  State* s = state();
  if (!s || call.result != VK_SUCCESS) return;
  for (uint32_t i = 0; i < call.memoryRangeCount; ++i) {
    const VkMappedMemoryRange& range = call.pMemoryRanges[i];
    s->tracker.invalidated(keyOf(call.device, range.memory), range.offset, range.size);
  }
}

void waited() {
  if (State* s = state()) s->tracker.deviceWritesVisible();
}

const char* methodName() {
  State* s = state();
  if (!s) return "none";
  std::lock_guard lock(s->mutex);
  for (const auto& [handle, device] : s->devices)
    if (device->import_alignment && s->tracker.watches()) return "two views";
  if (s->beside && s->tracker.watches()) return "beside";
  return capture::optionIs(capture::Option::kMemory, "assisted") ? "assisted" : "compare";
}

}  // namespace reprise::memory

#include "tools/survey/facts.h"

#include <algorithm>
#include <array>

#include "format/vk_values.h"
#include "replay/chains.h"
#include "replay/session.h"

namespace reprise {
namespace {

template <class C>
const auto* getInfo(const C& call) {
  if constexpr (requires { call.pGetFdInfo; })
    return call.pGetFdInfo;
  else if constexpr (requires { call.pGetWin32HandleInfo; })
    return call.pGetWin32HandleInfo;
  else
    return call.pGetZirconHandleInfo;
}
template <class C>
uint64_t gotHandle(const C& call) {
  if constexpr (requires { call.pFd; })
    return call.pFd ? uint64_t(int64_t(*call.pFd)) : 0;
  else if constexpr (requires { call.pHandle; })
    return call.pHandle ? uint64_t(*call.pHandle) : 0;
  else
    return call.pZirconHandle ? uint64_t(*call.pZirconHandle) : 0;
}
template <class C>
concept Exports = requires(const C& c) {
  c.pGetFdInfo->handleType;
}
|| requires(const C& c) { c.pGetWin32HandleInfo->handleType; }
|| requires(const C& c) { c.pGetZirconHandleInfo->handleType; };

template <class C>
const auto* importInfo(const C& call) {
  if constexpr (requires { call.pImportSemaphoreFdInfo; })
    return call.pImportSemaphoreFdInfo;
  else if constexpr (requires { call.pImportSemaphoreWin32HandleInfo; })
    return call.pImportSemaphoreWin32HandleInfo;
  else if constexpr (requires { call.pImportSemaphoreZirconHandleInfo; })
    return call.pImportSemaphoreZirconHandleInfo;
  else if constexpr (requires { call.pImportFenceFdInfo; })
    return call.pImportFenceFdInfo;
  else
    return call.pImportFenceWin32HandleInfo;
}
template <class Info>
uint64_t handleIn(const Info& info) {
  if constexpr (requires { info.fd; })
    return uint64_t(int64_t(info.fd));
  else if constexpr (requires { info.handle; })
    return uint64_t(info.handle);
  else
    return uint64_t(info.zirconHandle);
}
template <class C>
concept Imports = requires(const C& c) {
  c.pImportSemaphoreFdInfo->handleType;
}
|| requires(const C& c) { c.pImportSemaphoreWin32HandleInfo->handleType; }
|| requires(const C& c) { c.pImportSemaphoreZirconHandleInfo->handleType; }
|| requires(const C& c) { c.pImportFenceFdInfo->handleType; }
|| requires(const C& c) { c.pImportFenceWin32HandleInfo->handleType; };
template <class Info>
constexpr HandleKind kindIn() {
  if constexpr (requires(Info & i) { i.memory; }) return HandleKind::kVkDeviceMemory;
  if constexpr (requires(Info & i) { i.semaphore; }) return HandleKind::kVkSemaphore;
  return HandleKind::kVkFence;
}

template <class C>
concept MapsBy2 = requires(const C& c) {
  c.pMemoryMapInfo->memory;
};
template <class C>
concept UnmapsBy2 = requires(const C& c) {
  c.pMemoryUnmapInfo->memory;
};
template <class C>
concept Makes = requires(const C& c) {
  c.pPipelines[c.createInfoCount];
};
template <class C>
concept Noted = requires(SurveyFacts& facts, const C& c) {
  facts.note(c);
};
template <class C>
inline constexpr bool kIsLookedAt =
    Noted<C> || Exports<C> || Imports<C> || MapsBy2<C> || UnmapsBy2<C> || Makes<C>;

template <class C>
void noteCall(SurveyFacts& facts, const C& call) {
  if constexpr (Noted<C>) facts.note(call);
  if constexpr (Exports<C>)
    if (const auto* info = getInfo(call))
      facts.exported(kindIn<std::remove_cvref_t<decltype(*info)>>(), commandInfo(C::kId).name,
                     info->handleType, gotHandle(call));
  if constexpr (Imports<C>)
    if (const auto* info = importInfo(call))
      facts.imported(kindIn<std::remove_cvref_t<decltype(*info)>>(), commandInfo(C::kId).name,
                     info->handleType, handleIn(*info));
  if constexpr (MapsBy2<C>)
    if (const auto* info = call.pMemoryMapInfo) facts.map(valueOf(info->memory), info->offset, info->size);
  if constexpr (UnmapsBy2<C>)
    if (const auto* info = call.pMemoryUnmapInfo) facts.unmap(valueOf(info->memory));
  if constexpr (Makes<C>)
    facts.pipelines(C::kId == Command::vkCreateGraphicsPipelines  ? &ShaderFindings::graphics
                    : C::kId == Command::vkCreateComputePipelines ? &ShaderFindings::compute
                                                                  : &ShaderFindings::ray_tracing,
                    call.pPipelines, call.createInfoCount);
}

const std::array<bool, kCommandCount>& lookedAt() {
  static const std::array<bool, kCommandCount> table = [] {
    std::array<bool, kCommandCount> made{};
#define REPRISE_PACKET(name, Packet) made[size_t(Command::name)] = kIsLookedAt<Packet>;
#include "gen/packets.inc"
#undef REPRISE_PACKET
    return made;
  }();
  return table;
}

ExternalObject objectOfKind(HandleKind kind) {
  return kind == HandleKind::kVkSemaphore ? ExternalObject::kSemaphore
         : kind == HandleKind::kVkFence   ? ExternalObject::kFence
                                          : ExternalObject::kMemory;
}

}  // namespace

bool SurveyFacts::looksAt(Command canonical) { return lookedAt()[size_t(canonical)]; }

// Only these change what objects there are, or name one that is wanted here.
bool SurveyFacts::makesOrEnds(Command canonical) {
  static const std::array<bool, kCommandCount> table = [] {
    std::array<bool, kCommandCount> made{};
    for (size_t i = 1; i < kCommandCount; ++i) {
      const CommandInfo& info = commandInfo(Command(i));
      made[i] = info.creates != HandleKind::kNone || info.destroys != HandleKind::kNone ||
                holdingsOf(Command(i)).handles || Command(i) == Command::vkResetDescriptorPool ||
                lookedAt()[i];
    }
    return made;
  }();
  return table[size_t(canonical)];
}

void SurveyFacts::see(const Event& event, Command canonical, const void* packet) {
  if (!makesOrEnds(canonical)) return;
  event_ = &event;
  for (const Mention& mention : objects_.see(event)) {
    if (mention.role != Mention::kEnded) continue;
    if (mention.object.kind == HandleKind::kVkSwapchainKHR) swapchains_.erase(mention.object.number);
    if (mention.object.kind != HandleKind::kVkDeviceMemory) continue;
    const auto found = allocations_.find(mention.object.number);
    if (found == allocations_.end()) continue;
    countMapped(found->second, false);
    count(found->second, false);
    allocations_.erase(found);
  }
  if (!packet || !looksAt(canonical)) return;
  switch (canonical) {
#define REPRISE_PACKET(name, Packet)                      \
  case Command::name:                                     \
    noteCall(*this, *static_cast<const Packet*>(packet)); \
    break;
#include "gen/packets.inc"
#undef REPRISE_PACKET
    default:
      break;
  }
}

template <class T>
size_t SurveyFacts::deviceOf(T device) const {
  const uint64_t number = objects_.named(HandleKind::kVkDevice, valueOf(device)).number;
  return std::min<size_t>(number ? number - 1 : 0,
                          findings_.devices.empty() ? 0 : findings_.devices.size() - 1);
}

// The row of a list whose length the trace decides; null where it is full.
template <class Map, class Key>
typename Map::mapped_type* SurveyFacts::rowOf(Map& map, const Key& key) {
  const auto found = map.find(key);
  if (found != map.end()) return &found->second;
  if (map.size() >= kMostRows) {
    ++findings_.left_out_rows;
    return nullptr;
  }
  return &map[key];
}

// ---- memory

// f(row, now) for what an allocation counts in: its memory type, and that type's heap where the device told
// it.
template <class F>
void SurveyFacts::forEachPlaceOf(const Allocation& allocation, F&& f) {
  const auto one = [&](std::map<Place, MemoryUse>& rows, std::map<Place, Now>& now, uint32_t index) {
    const Place place{allocation.device, index};
    if (MemoryUse* row = rowOf(rows, place)) f(*row, now[place]);
  };
  one(findings_.memory_types, types_now_, allocation.type);
  if (allocation.device >= findings_.devices.size()) return;
  const SurveyedDevice& device = findings_.devices[allocation.device];
  if (allocation.type < device.memory_types.size())
    one(findings_.heaps, heaps_now_, device.memory_types[allocation.type].heap);
}

void SurveyFacts::count(const Allocation& allocation, bool more) {
  forEachPlaceOf(allocation, [&](MemoryUse& row, Now& now) {
    now.bytes = more ? now.bytes + allocation.size : now.bytes - allocation.size;
    row.peak = std::max(row.peak, now.bytes);
    row.allocations += more;
  });
}

void SurveyFacts::countMapped(const Allocation& allocation, bool more) {
  forEachPlaceOf(allocation, [&](MemoryUse& row, Now& now) {
    now.mapped = more ? now.mapped + allocation.mapped : now.mapped - allocation.mapped;
    row.mapped_peak = std::max(row.mapped_peak, now.mapped);
  });
}

void SurveyFacts::note(const AllocateMemoryCall& call) {
  if (!call.pAllocateInfo || !call.pMemory) return;
  const VkMemoryAllocateInfo& info = *call.pAllocateInfo;
  const uint64_t number = objects_.named(HandleKind::kVkDeviceMemory, valueOf(*call.pMemory)).number;
  if (number) {
    const Allocation& made =
        allocations_[number] = {deviceOf(call.device), info.memoryTypeIndex, info.allocationSize, 0};
    count(made, true);
  }
  const void* next = info.pNext;
  if (const auto* core =
          findInChain<VkExportMemoryAllocateInfo>(next, VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO))
    shared(HandleKind::kVkDeviceMemory, "VkExportMemoryAllocateInfo", core->handleTypes, ExternalUse::kNamed);
  if (const auto* nv =
          findInChain<VkExportMemoryAllocateInfoNV>(next, VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO_NV))
    shared(HandleKind::kVkDeviceMemory, "VkExportMemoryAllocateInfoNV", coreFromNv(nv->handleTypes),
           ExternalUse::kNamed);
  const CapturedImport import = ExternalMemory::takeImport(next);
  if (import.type) imported(HandleKind::kVkDeviceMemory, import.structure, import.type, import.handle);
}

void SurveyFacts::map(uint64_t memory, uint64_t offset, uint64_t size) {
  const auto found = allocations_.find(objects_.named(HandleKind::kVkDeviceMemory, memory).number);
  if (found == allocations_.end()) return;
  Allocation& allocation = found->second;
  countMapped(allocation, false);  // of a trace that may map twice
  allocation.mapped = std::min(size, allocation.size - std::min(offset, allocation.size));
  countMapped(allocation, true);
}

void SurveyFacts::unmap(uint64_t memory) {
  const auto found = allocations_.find(objects_.named(HandleKind::kVkDeviceMemory, memory).number);
  if (found == allocations_.end()) return;
  countMapped(found->second, false);
  found->second.mapped = 0;
}

void SurveyFacts::note(const MapMemoryCall& call) { map(valueOf(call.memory), call.offset, call.size); }

void SurveyFacts::note(const UnmapMemoryCall& call) { unmap(valueOf(call.memory)); }

// ---- external handle types

void SurveyFacts::shared(HandleKind kind, const char* structure, HandleTypeBits types,
                         ExternalUse::Role role) {
  for (const HandleTypeBit type : bitsOf(types)) {
    const std::string name = handleTypeName(objectOfKind(kind), type);
    ExternalUse* row = rowOf(
        external_, std::tuple{std::string(handleKindName(kind)), std::string(structure), name, int(role)});
    if (!row) continue;
    if (row->count++ == 0) *row = {handleKindName(kind), structure, name, role, 1, event_->call_number};
  }
}

void SurveyFacts::exported(HandleKind kind, const char* structure, HandleTypeBits type, uint64_t handle) {
  payloads_.erase(event_->lane);
  if (exported_handles_.size() < kMostRows * kMostRows) exported_handles_.insert(handle);
  shared(kind, structure, type, ExternalUse::kExported);
}

void SurveyFacts::imported(HandleKind kind, const char* structure, HandleTypeBits type, uint64_t handle) {
  const auto announced = payloads_.find(event_->lane);
  const bool outside =
      announced != payloads_.end() ? announced->second.payload == 0 : !exported_handles_.contains(handle);
  if (announced != payloads_.end()) payloads_.erase(announced);
  shared(kind, structure, type, outside ? ExternalUse::kImportedFromOutside : ExternalUse::kImported);
}

void SurveyFacts::note(const CreateSemaphoreCall& call) {
  const auto* info = findInChain<VkExportSemaphoreCreateInfo>(
      call.pCreateInfo ? call.pCreateInfo->pNext : nullptr, VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO);
  if (info)
    shared(HandleKind::kVkSemaphore, "VkExportSemaphoreCreateInfo", info->handleTypes, ExternalUse::kNamed);
}

void SurveyFacts::note(const CreateFenceCall& call) {
  const auto* info = findInChain<VkExportFenceCreateInfo>(
      call.pCreateInfo ? call.pCreateInfo->pNext : nullptr, VK_STRUCTURE_TYPE_EXPORT_FENCE_CREATE_INFO);
  if (info) shared(HandleKind::kVkFence, "VkExportFenceCreateInfo", info->handleTypes, ExternalUse::kNamed);
}

void SurveyFacts::note(const CreateBufferCall& call) {
  const auto* info =
      findInChain<VkExternalMemoryBufferCreateInfo>(call.pCreateInfo ? call.pCreateInfo->pNext : nullptr,
                                                    VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO);
  if (info)
    shared(HandleKind::kVkBuffer, "VkExternalMemoryBufferCreateInfo", info->handleTypes, ExternalUse::kNamed);
}

void SurveyFacts::note(const GetMemoryWin32HandleNVCall& call) {
  exported(HandleKind::kVkDeviceMemory, commandInfo(call.kId).name, coreFromNv(call.handleType),
           call.pHandle ? uint64_t(*call.pHandle) : 0);
}

void SurveyFacts::note(const GetMemoryAndroidHardwareBufferANDROIDCall& call) {
  exported(HandleKind::kVkDeviceMemory, commandInfo(call.kId).name,
           VK_EXTERNAL_MEMORY_HANDLE_TYPE_ANDROID_HARDWARE_BUFFER_BIT_ANDROID,
           call.pBuffer ? uint64_t(*call.pBuffer) : 0);
}

// ---- images and what is presented

void SurveyFacts::note(const CreateImageCall& call) {
  if (!call.pCreateInfo) return;
  const VkImageCreateInfo& info = *call.pCreateInfo;
  if (FormatUse* row = rowOf(findings_.formats, info.format)) {
    if (row->images + row->buffer_views + row->swapchains == 0) row->first_call = event_->call_number;
    ++row->images;
    row->usage |= info.usage;
  }
  if (const auto* core = findInChain<VkExternalMemoryImageCreateInfo>(
          info.pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO))
    shared(HandleKind::kVkImage, "VkExternalMemoryImageCreateInfo", core->handleTypes, ExternalUse::kNamed);
  if (const auto* nv = findInChain<VkExternalMemoryImageCreateInfoNV>(
          info.pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV))
    shared(HandleKind::kVkImage, "VkExternalMemoryImageCreateInfoNV", coreFromNv(nv->handleTypes),
           ExternalUse::kNamed);
}

void SurveyFacts::note(const CreateBufferViewCall& call) {
  if (!call.pCreateInfo) return;
  if (FormatUse* row = rowOf(findings_.formats, call.pCreateInfo->format)) {
    if (row->images + row->buffer_views + row->swapchains == 0) row->first_call = event_->call_number;
    ++row->buffer_views;
  }
}

void SurveyFacts::swapchain(const VkSwapchainCreateInfoKHR& info, const VkSwapchainKHR* made) {
  if (FormatUse* row = rowOf(findings_.formats, info.imageFormat)) {
    if (row->images + row->buffer_views + row->swapchains == 0) row->first_call = event_->call_number;
    ++row->swapchains;
    row->usage |= info.imageUsage;
  }
  const std::tuple key{info.imageExtent.width,     info.imageExtent.height,        info.imageArrayLayers,
                       uint32_t(info.imageFormat), uint32_t(info.imageColorSpace), uint32_t(info.presentMode),
                       uint32_t(info.imageUsage)};
  size_t* place = rowOf(swapchain_rows_, key);
  if (!place) return;
  if (*place == 0) {  // places count from 1 here
    findings_.swapchains.push_back({info.imageExtent.width, info.imageExtent.height, info.imageArrayLayers, 0,
                                    info.imageFormat, info.imageColorSpace, info.presentMode, info.imageUsage,
                                    0, event_->call_number});
    *place = findings_.swapchains.size();
  }
  ++findings_.swapchains[*place - 1].count;
  if (const uint64_t number = made ? objects_.named(HandleKind::kVkSwapchainKHR, valueOf(*made)).number : 0)
    swapchains_[number] = *place - 1;
}

void SurveyFacts::note(const CreateSwapchainKHRCall& call) {
  if (call.pCreateInfo) swapchain(*call.pCreateInfo, call.pSwapchain);
}

void SurveyFacts::note(const CreateSharedSwapchainsKHRCall& call) {
  for (uint32_t i = 0; call.pCreateInfos && i < call.swapchainCount; ++i)
    swapchain(call.pCreateInfos[i], call.pSwapchains ? &call.pSwapchains[i] : nullptr);
}

void SurveyFacts::note(const GetSwapchainImagesKHRCall& call) {
  const auto found =
      swapchains_.find(objects_.named(HandleKind::kVkSwapchainKHR, valueOf(call.swapchain)).number);
  if (found == swapchains_.end() || !call.pSwapchainImageCount) return;
  uint32_t& images = findings_.swapchains[found->second].images;
  images = std::max(images, *call.pSwapchainImageCount);
}

void SurveyFacts::pipelines(uint64_t ShaderFindings::*kind, const VkPipeline* made, uint32_t count) {
  for (uint32_t i = 0; made && i < count; ++i) findings_.shaders.*kind += made[i] != VK_NULL_HANDLE;
}

// ---- queues

void SurveyFacts::queueMade(size_t device, uint32_t family, uint32_t index, const VkQueue* queue) {
  if (!queue || !*queue) return;
  if (QueueUse* row = rowOf(findings_.queues, Place{device, family}))
    if (rowOf(row->submits, index)) queues_[valueOf(*queue)] = {{device, family}, index};
}

void SurveyFacts::note(const GetDeviceQueueCall& call) {
  queueMade(deviceOf(call.device), call.queueFamilyIndex, call.queueIndex, call.pQueue);
}

void SurveyFacts::note(const GetDeviceQueue2Call& call) {
  if (call.pQueueInfo)
    queueMade(deviceOf(call.device), call.pQueueInfo->queueFamilyIndex, call.pQueueInfo->queueIndex,
              call.pQueue);
}

void SurveyFacts::submitted(uint64_t queue) {
  const auto found = queues_.find(queue);
  if (found != queues_.end()) ++findings_.queues[found->second.family].submits[found->second.index];
}

void SurveyFacts::finish() {
  for (size_t i = 1; i < kHandleKindCount; ++i) {
    const auto kind = HandleKind(i);
    if (objects_.made(kind))
      findings_.objects.push_back({kind, objects_.made(kind), objects_.peak(kind), objects_.alive(kind)});
  }
  for (auto& [key, use] : external_) findings_.external.push_back(std::move(use));
}

}  // namespace reprise

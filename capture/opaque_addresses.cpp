#include "capture/opaque_addresses.h"

#include <algorithm>
#include <mutex>
#include <new>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/lanes.h"
#include "capture/memory.h"
#include "capture/options.h"
#include "capture/process_state.h"
#include "capture/recorder.h"
#include "format/vk_providers.h"

namespace reprise::capture::opaque {
namespace {

// Buffers with a device address, by device: see bound().
struct State {
  std::mutex mutex;
  std::set<std::pair<VkDevice, VkBuffer>> made, bound;
};
constinit ProcessState<State> process_state;

template <class T>
void write(VkDevice device, VkObjectType type, T object, uint32_t values, std::span<const std::byte> bytes) {
  Lane* lane = currentLane();
  GrowingBuffer buffer;
  const OpaqueRecord head{uint64_t(device), uint64_t(object), uint32_t(type), values};
  if (lane == nullptr) return;
  if (!buffer.grow(sizeof head + bytes.size()))
    return warn("no memory to record an opaque address: a replay translates it");
  std::memcpy(buffer.data(), &head, sizeof head);
  std::memcpy(buffer.data() + sizeof head, bytes.data(), bytes.size());
  laneWrite(lane, {0, kRecordOpaque, 0, notedTicket()}, {buffer.data(), sizeof head + bytes.size()});
}

template <class T>
void recordAddress(VkDevice device, VkObjectType type, T object, uint64_t address) {
  write(device, type, object, 1, std::as_bytes(std::span(&address, 1)));
}

const Feature* findFeature(const FeatureStruct& of, std::string_view name) {
  for (const Feature& feature : of.features)
    if (feature.name == name) return &feature;
  return nullptr;
}

// ---- what may have the flags

bool isExternal(const VkBufferCreateInfo& info) {
  return findNode<VkExternalMemoryBufferCreateInfo>(
             info.pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO) != nullptr;
}

bool hasAddress(const VkBufferCreateInfo& info) {
#if defined(VK_KHR_maintenance5)
  if (const auto* wide = findNode<VkBufferUsageFlags2CreateInfoKHR>(
          info.pNext, VK_STRUCTURE_TYPE_BUFFER_USAGE_FLAGS_2_CREATE_INFO_KHR))
    return wide->usage & VkFlags64{VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT};
#endif
  return info.usage & VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT;
}

bool isForReplay(const NextLayer& next, const VkBufferCreateInfo& info) {
  return next.capture_replay.addresses && hasAddress(info) && !isExternal(info);
}

constexpr VkFlags kMemoryReplay = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT;
constexpr VkFlags kBufferReplay = VK_BUFFER_CREATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT;
constexpr VkFlags kStructureReplay = VK_ACCELERATION_STRUCTURE_CREATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT_KHR;
constexpr VkFlags kPipelineReplay = VK_PIPELINE_CREATE_RAY_TRACING_SHADER_GROUP_HANDLE_CAPTURE_REPLAY_BIT_KHR;

// Its address flag is there, and the memory is the program's alone: an address cannot be asked for an import.
const VkMemoryAllocateFlagsInfo* addressFlags(const VkMemoryAllocateInfo& info) {
  for (auto* node = static_cast<const VkBaseInStructure*>(info.pNext); node; node = node->pNext) {
    switch (node->sType) {
      case VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO:
      case VK_STRUCTURE_TYPE_MEMORY_OPAQUE_CAPTURE_ADDRESS_ALLOCATE_INFO:
      case VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO:
      case VK_STRUCTURE_TYPE_DEDICATED_ALLOCATION_MEMORY_ALLOCATE_INFO_NV:
      case VK_STRUCTURE_TYPE_MEMORY_PRIORITY_ALLOCATE_INFO_EXT:
        continue;
      case VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO:
        if (reinterpret_cast<const VkExportMemoryAllocateInfo*>(node)->handleTypes == 0) continue;
        return nullptr;
      default:
        return nullptr;
    }
  }
  const auto* flags =
      findNode<VkMemoryAllocateFlagsInfo>(info.pNext, VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO);
  return flags && (flags->flags & VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT) ? flags : nullptr;
}

// False if there is no memory for the copy.
bool addFlag(ChainCopy& copies, VkMemoryAllocateInfo& info) {
  try {
    void* copy = copies.change(info.pNext, VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO);
    static_cast<VkMemoryAllocateFlagsInfo*>(copy)->flags |=
        kMemoryReplay;  // addressFlags() knows all before it
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

// A library's group handles cannot be asked for, and what a pipeline takes from one are the library's.
bool isForReplay(const VkRayTracingPipelineCreateInfoKHR& info) {
#if defined(VK_KHR_maintenance5)
  if (findNode<VkPipelineCreateFlags2CreateInfoKHR>(
          info.pNext, VK_STRUCTURE_TYPE_PIPELINE_CREATE_FLAGS_2_CREATE_INFO_KHR))
    return false;
#endif
  return info.groupCount && !(info.flags & VK_PIPELINE_CREATE_LIBRARY_BIT_KHR) &&
         (info.pLibraryInfo == nullptr || info.pLibraryInfo->libraryCount == 0);
}

// Calls make(true), with the flag, and where the driver refuses that make(false). True: with the flag.
template <class Make>
bool makeWithFlag(VkFlags flags, VkFlags flag, Make make) {
  if (make(true) >= 0) return true;
  if (!(flags & flag)) make(false);
  return false;
}

void remember(VkDevice device, VkBuffer buffer) {
  try {
    State& state = process_state.get();
    const std::lock_guard lock(state.mutex);
    state.made.insert({device, buffer});
  } catch (const std::bad_alloc&) {  // acceleration structures in it go without
  }
}

bool isBound(VkDevice device, VkBuffer buffer) {
  State* state = process_state.peek();
  if (state == nullptr) return false;
  const std::lock_guard lock(state->mutex);
  return state->bound.contains({device, buffer});
}

void recordGroups(const NextLayer& next, const CreateRayTracingPipelinesKHRCall& call) try {
  for (uint32_t i = 0; i < call.createInfoCount; ++i) {
    const VkPipeline pipeline = call.pPipelines[i];
    const uint32_t groups = call.pCreateInfos[i].groupCount;
    if (pipeline == VK_NULL_HANDLE || !isForReplay(call.pCreateInfos[i])) continue;
    std::vector<std::byte> handles(size_t{groups} * next.capture_replay.group_handle_size);
    if (next.dispatch.GetRayTracingCaptureReplayShaderGroupHandlesKHR(
            call.device, pipeline, 0, groups, handles.size(), handles.data()) == VK_SUCCESS)
      write(call.device, VK_OBJECT_TYPE_PIPELINE, pipeline, groups, handles);
  }
} catch (const std::bad_alloc&) {
  warn("no memory to record shader group handles: a replay makes new ones");
}

}  // namespace

DeviceFeatures::DeviceFeatures(const NextLayer& instance, VkPhysicalDevice physical_device,
                               const VkDeviceCreateInfo& info)
    : instance_(instance), physical_device_(physical_device) {
  if (!optionIs(Option::kAddresses, "opaque") || instance.dispatch.GetPhysicalDeviceFeatures2 == nullptr)
    return;
  for (const VkStructureType type : {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES,
                                     VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES})
    want(info, type, "bufferDeviceAddress", "bufferDeviceAddressCaptureReplay", &CaptureReplay::addresses);
  if (!on_.addresses) return;
  want(info, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ACCELERATION_STRUCTURE_FEATURES_KHR, "accelerationStructure",
       "accelerationStructureCaptureReplay", &CaptureReplay::structures);
  want(info, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_RAY_TRACING_PIPELINE_FEATURES_KHR, "rayTracingPipeline",
       "rayTracingPipelineShaderGroupHandleCaptureReplay", &CaptureReplay::groups);
  if (!on_.groups) return;
  VkPhysicalDeviceRayTracingPipelinePropertiesKHR rays{};
  rays.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_RAY_TRACING_PIPELINE_PROPERTIES_KHR;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &rays;
  instance.dispatch.GetPhysicalDeviceProperties2(physical_device, &properties);
  own_.group_handle_size = on_.group_handle_size = rays.shaderGroupHandleCaptureReplaySize;
  on_.groups = on_.group_handle_size != 0;
  own_.groups &= on_.groups;
}

void DeviceFeatures::want(const VkDeviceCreateInfo& info, VkStructureType type, const char* feature,
                          const char* replay, bool CaptureReplay::*on) {
  const FeatureStruct* of = featureStruct(type);
  auto* given = const_cast<VkBaseInStructure*>(findNode<VkBaseInStructure>(info.pNext, type));
  const Feature* base = of ? findFeature(*of, feature) : nullptr;
  const Feature* wanted = of ? findFeature(*of, replay) : nullptr;
  if (given == nullptr || base == nullptr || wanted == nullptr || !featureValue(given, *base)) return;
  if (featureValue(given, *wanted)) {
    own_.*on = on_.*on = true;
    return;
  }
  std::vector<uint64_t> answer(of->size / sizeof(uint64_t) + 1);  // all zeros, pNext too
  auto* node = reinterpret_cast<VkBaseOutStructure*>(answer.data());
  node->sType = type;
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = node;
  instance_.dispatch.GetPhysicalDeviceFeatures2(physical_device_, &features);
  if (!featureValue(node, *wanted)) return;
  // Where the chain cannot be changed the feature stays off.
  VkDeviceCreateInfo probe = info;
  if (ChainCopy().change(probe.pNext, type) == nullptr) return;
  changes_.push_back({type, wanted->offset});
  on_.*on = change_ = true;
}

void DeviceFeatures::apply(VkDeviceCreateInfo& info) {
  for (const Change& change : changes_) {
    void* node = copies_.change(info.pNext, change.type);
    const VkBool32 yes = VK_TRUE;
    std::memcpy(static_cast<char*>(node) + change.offset, &yes, sizeof yes);
  }
}

void allocate(const NextLayer& next, AllocateMemoryCall& call) {
  const VkMemoryAllocateFlagsInfo* asked =
      next.capture_replay.addresses ? addressFlags(*call.pAllocateInfo) : nullptr;
  if (asked == nullptr) return void(call.result = memory::allocate(next.dispatch, call));
  ChainCopy copies;
  VkMemoryAllocateInfo info = *call.pAllocateInfo;
  if (!(asked->flags & kMemoryReplay) && !addFlag(copies, info))
    return void(call.result = memory::allocate(next.dispatch, call));
  const bool kept = makeWithFlag(asked->flags, kMemoryReplay, [&](bool with_flag) {
    AllocateMemoryCall inner = call;
    if (with_flag) inner.pAllocateInfo = &info;
    return call.result = memory::allocate(next.dispatch, inner);
  });
  if (!kept) return;
  const VkDeviceMemoryOpaqueCaptureAddressInfo of{VK_STRUCTURE_TYPE_DEVICE_MEMORY_OPAQUE_CAPTURE_ADDRESS_INFO,
                                                  nullptr, *call.pMemory};
  recordAddress(call.device, VK_OBJECT_TYPE_DEVICE_MEMORY, *call.pMemory,
                next.dispatch.GetDeviceMemoryOpaqueCaptureAddress(call.device, &of));
}

void createBuffer(const NextLayer& next, CreateBufferCall& call) {
  const VkBufferCreateInfo& asked = *call.pCreateInfo;
  if (!isForReplay(next, asked)) return void(call.result = memory::createBuffer(next.dispatch, call));
  VkBufferCreateInfo info = asked;
  info.flags |= kBufferReplay;
  const bool kept = makeWithFlag(asked.flags, kBufferReplay, [&](bool with_flag) {
    CreateBufferCall inner = call;
    if (with_flag) inner.pCreateInfo = &info;
    return call.result = memory::createBuffer(next.dispatch, inner);
  });
  if (!kept) return;
  const VkBufferDeviceAddressInfo of{VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, nullptr, *call.pBuffer};
  recordAddress(call.device, VK_OBJECT_TYPE_BUFFER, *call.pBuffer,
                next.dispatch.GetBufferOpaqueCaptureAddress(call.device, &of));
  if (next.capture_replay.structures) remember(call.device, *call.pBuffer);
}

void createAccelerationStructure(const NextLayer& next, CreateAccelerationStructureKHRCall& call) {
  const VkAccelerationStructureCreateInfoKHR& asked = *call.pCreateInfo;
  if (!next.capture_replay.structures || !isBound(call.device, asked.buffer))
    return invoke(next.dispatch, call);
  VkAccelerationStructureCreateInfoKHR info = asked;
  info.createFlags |= kStructureReplay;
  const bool kept = makeWithFlag(asked.createFlags, kStructureReplay, [&](bool with_flag) {
    CreateAccelerationStructureKHRCall inner = call;
    if (with_flag) inner.pCreateInfo = &info;
    invoke(next.dispatch, inner);
    return call.result = inner.result;
  });
  if (!kept) return;
  const VkAccelerationStructureDeviceAddressInfoKHR of{
      VK_STRUCTURE_TYPE_ACCELERATION_STRUCTURE_DEVICE_ADDRESS_INFO_KHR, nullptr,
      *call.pAccelerationStructure};
  recordAddress(call.device, VK_OBJECT_TYPE_ACCELERATION_STRUCTURE_KHR, *call.pAccelerationStructure,
                next.dispatch.GetAccelerationStructureDeviceAddressKHR(call.device, &of));
}

void createPipelines(const NextLayer& next, CreateRayTracingPipelinesKHRCall& call) {
  const Dispatch& driver = next.dispatch;
  std::vector<VkRayTracingPipelineCreateInfoKHR> infos;
  try {
    if (next.capture_replay.groups) infos.assign(call.pCreateInfos, call.pCreateInfos + call.createInfoCount);
  } catch (const std::bad_alloc&) {
    warn("no memory for a pipeline's create info: its group handles are not recorded");
  }
  bool any = false;
  for (VkRayTracingPipelineCreateInfoKHR& info : infos) {
    if (!isForReplay(info)) continue;
    info.flags |= kPipelineReplay;
    any = true;
  }
  if (!any) return invoke(driver, call);
  CreateRayTracingPipelinesKHRCall inner = call;
  inner.pCreateInfos = infos.data();
  std::fill_n(call.pPipelines, call.createInfoCount, VK_NULL_HANDLE);  // a layer may refuse before it writes
  invoke(driver, inner);
  call.result = inner.result;
  if (call.result >= 0) return recordGroups(next, call);
  for (VkPipeline& made : std::span(call.pPipelines, call.createInfoCount))
    if (made) driver.DestroyPipeline(call.device, std::exchange(made, VK_NULL_HANDLE), call.pAllocator);
  invoke(driver, call);
}

void getDeviceBufferMemoryRequirements(const NextLayer& next, GetDeviceBufferMemoryRequirementsCall& call) {
  const VkBufferCreateInfo* asked = call.pInfo->pCreateInfo;
  if (asked == nullptr || !isForReplay(next, *asked))
    return memory::getDeviceBufferMemoryRequirements(next.dispatch, call);
  VkBufferCreateInfo create = *asked;
  create.flags |= kBufferReplay;
  VkDeviceBufferMemoryRequirements info = *call.pInfo;
  info.pCreateInfo = &create;
  GetDeviceBufferMemoryRequirementsCall inner = call;
  inner.pInfo = &info;
  memory::getDeviceBufferMemoryRequirements(next.dispatch, inner);
}

void bound(const NextLayer& next, VkBuffer buffer) {
  if (!next.capture_replay.structures) return;
  try {
    State& state = process_state.get();
    const std::lock_guard lock(state.mutex);
    if (state.made.contains({next.device, buffer})) state.bound.insert({next.device, buffer});
  } catch (const std::bad_alloc&) {  // acceleration structures in it go without
  }
}

void destroying(const NextLayer& next, VkBuffer buffer) {
  State* state = next.capture_replay.structures ? process_state.peek() : nullptr;
  if (state == nullptr) return;
  const std::lock_guard lock(state->mutex);
  state->made.erase({next.device, buffer});
  state->bound.erase({next.device, buffer});
}

void destroying(const NextLayer& next) {
  State* state = next.capture_replay.structures ? process_state.peek() : nullptr;
  if (state == nullptr) return;
  const std::lock_guard lock(state->mutex);
  const auto of_device = [&](const auto& entry) { return entry.first == next.device; };
  std::erase_if(state->made, of_device);
  std::erase_if(state->bound, of_device);
}

}  // namespace reprise::capture::opaque

// VK_LAYER_REPRISE_TEST_opaque: a driver with the capture-replay features, made of one that has none.
//
// Memory with the flag is host memory of this layer's, imported: its address, which is lavapipe's device
// address of it, is also its opaque one, and can be asked for again. Places lie far from where the system
// puts mappings, and differ from process to process. The opaque address of a buffer or acceleration structure
// is a number with a mark, and is checked when it comes back; shader group handles are bytes that no other
// process has. The mock driver gets ray tracing, too, which it only pretends. $REPRISE_OPAQUE_REFUSE: nothing
// that is asked for again is granted; if it is `device`, no device with the feature is made at all. To stderr
// goes what would be invalid: a buffer with the flag in memory without it. Stands below the capture layer, where a driver is.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <vector>

#include "chain.h"

namespace {

constexpr uint64_t kFirstPlace = 0x2000'0000'0000, kPlaces = 4096, kPlaceBytes = uint64_t{1} << 32;
constexpr uint64_t kAlignment = 1 << 16;
constexpr uint64_t kBufferMark = 0xb0ff'0000'0000, kStructureMark = 0xacce'0000'0000;
constexpr VkFlags kBufferFlag = VK_BUFFER_CREATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT;
constexpr VkFlags kMemoryFlag = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT;

// A shader group's, as the mock driver's properties have it.
using GroupHandle = std::array<std::byte, 32>;

struct Place {
  void* at;
  size_t size;
};
std::mutex mutex;
std::map<VkDeviceMemory, Place> places;
// Those with the flag.
std::map<VkBuffer, uint64_t> buffers;
std::map<VkAccelerationStructureKHR, uint64_t> structures;
std::map<VkPipeline, std::vector<GroupHandle>> pipelines;

bool refuses() { return std::getenv("REPRISE_OPAQUE_REFUSE") != nullptr; }
bool refusesDevices() { return refuses() && std::getenv("REPRISE_OPAQUE_REFUSE") == std::string_view("device"); }

template <class T>
T* find(const void* next, VkStructureType type) {
  for (auto* node = static_cast<const VkBaseInStructure*>(next); node; node = node->pNext)
    if (node->sType == type) return reinterpret_cast<T*>(const_cast<VkBaseInStructure*>(node));
  return nullptr;
}

// Takes a node out of a chain for as long as this lives.
class Without {
 public:
  Without(const void*& next, VkStructureType type) {
    const void** link = &next;
    for (auto* node = static_cast<const VkBaseInStructure*>(next); node; node = node->pNext) {
      if (node->sType == type) {
        link_ = link;
        taken_ = node;
        *link = node->pNext;
        return;
      }
      link = reinterpret_cast<const void**>(&const_cast<VkBaseInStructure*>(node)->pNext);
    }
  }
  ~Without() {
    if (link_) *link_ = taken_;
  }

 private:
  const void** link_ = nullptr;
  const void* taken_ = nullptr;
};

// Where the feature stands in either of its structs.
VkBool32* featureIn(const void* next) {
  if (auto* own = find<VkPhysicalDeviceBufferDeviceAddressFeatures>(
          next, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES))
    return &own->bufferDeviceAddressCaptureReplay;
  auto* core =
      find<VkPhysicalDeviceVulkan12Features>(next, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES);
  return core ? &core->bufferDeviceAddressCaptureReplay : nullptr;
}

VKAPI_ATTR void VKAPI_CALL getFeatures2(VkPhysicalDevice gpu, VkPhysicalDeviceFeatures2* features) {
  chain::instanceOf(gpu).features2(gpu, features);
  const void* next = features->pNext;
  if (VkBool32* feature = featureIn(next)) *feature = VK_TRUE;
  if (auto* core =
          find<VkPhysicalDeviceVulkan12Features>(next, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES))
    core->bufferDeviceAddress = VK_TRUE;
  if (auto* found = find<VkPhysicalDeviceAccelerationStructureFeaturesKHR>(
          next, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ACCELERATION_STRUCTURE_FEATURES_KHR))
    found->accelerationStructure = found->accelerationStructureCaptureReplay = VK_TRUE;
  if (auto* found = find<VkPhysicalDeviceRayTracingPipelineFeaturesKHR>(
          next, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_RAY_TRACING_PIPELINE_FEATURES_KHR))
    found->rayTracingPipeline = found->rayTracingPipelineShaderGroupHandleCaptureReplay = VK_TRUE;
}

// The mock driver leaves the rest at 0, by which nothing can be laid out.
VKAPI_ATTR void VKAPI_CALL getProperties2(VkPhysicalDevice gpu, VkPhysicalDeviceProperties2* properties) {
  chain::instanceOf(gpu).properties2(gpu, properties);
  auto* rays = find<VkPhysicalDeviceRayTracingPipelinePropertiesKHR>(
      properties->pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_RAY_TRACING_PIPELINE_PROPERTIES_KHR);
  if (!rays) return;
  rays->shaderGroupHandleSize = rays->shaderGroupHandleCaptureReplaySize = sizeof(GroupHandle);
  rays->shaderGroupHandleAlignment = rays->shaderGroupBaseAlignment = 64;
}

// The driver does not know the feature, and needs an extension.
VKAPI_ATTR VkResult VKAPI_CALL createDevice(VkPhysicalDevice gpu, const VkDeviceCreateInfo* asked,
                                            const VkAllocationCallbacks* allocator, VkDevice* device) {
  VkBool32* const feature = featureIn(asked->pNext);
  const VkBool32 wanted = feature ? *feature : VK_FALSE;
  if (wanted && refusesDevices()) {
    *device = VK_NULL_HANDLE;  // as drivers may
    return VK_ERROR_INITIALIZATION_FAILED;
  }
  if (feature) *feature = VK_FALSE;
  VkDeviceCreateInfo info = *asked;
  std::vector<const char*> extensions(info.ppEnabledExtensionNames,
                                      info.ppEnabledExtensionNames + info.enabledExtensionCount);
  bool has = false;
  for (const char* name : extensions)
    has |= std::string_view(name) == VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME;
  if (!has) extensions.push_back(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME);
  info.enabledExtensionCount = uint32_t(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  const VkResult result = chain::createDevice(gpu, &info, allocator, device);
  if (feature) *feature = wanted;
  return result;
}

// Null: there is something already.
void* mapAt(uint64_t address, size_t size) {
  void* at = mmap(reinterpret_cast<void*>(address), size, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

void* mapAnywhere(size_t size) {
  static std::atomic<uint64_t> next{kFirstPlace + getpid() % kPlaces * kPlaceBytes};
  return mapAt(next.fetch_add(size + kAlignment), size);
}

VKAPI_ATTR VkResult VKAPI_CALL allocateMemory(VkDevice device, const VkMemoryAllocateInfo* asked,
                                              const VkAllocationCallbacks* allocator,
                                              VkDeviceMemory* memory) {
  const chain::Device mine = chain::deviceOf(device);
  auto* flags = find<VkMemoryAllocateFlagsInfo>(asked->pNext, VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO);
  const auto* address = find<VkMemoryOpaqueCaptureAddressAllocateInfo>(
      asked->pNext, VK_STRUCTURE_TYPE_MEMORY_OPAQUE_CAPTURE_ADDRESS_ALLOCATE_INFO);
  if (!flags || !(flags->flags & kMemoryFlag))
    return NEXT(mine, vkAllocateMemory)(device, asked, allocator, memory);
  // It cannot move what is imported to a place of its own, and says so, as a driver may.
  if (find<VkImportMemoryHostPointerInfoEXT>(asked->pNext,
                                             VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT))
    return VK_ERROR_INVALID_EXTERNAL_HANDLE;
  const uint64_t wanted = address ? address->opaqueCaptureAddress : 0;
  if (wanted && refuses()) return VK_ERROR_INVALID_OPAQUE_CAPTURE_ADDRESS;
  VkMemoryAllocateInfo info = *asked;
  info.allocationSize = (info.allocationSize + kAlignment - 1) / kAlignment * kAlignment;
  void* const at = wanted ? mapAt(wanted, info.allocationSize) : mapAnywhere(info.allocationSize);
  if (!at) return VK_ERROR_INVALID_OPAQUE_CAPTURE_ADDRESS;
  const Without no_address(info.pNext, VK_STRUCTURE_TYPE_MEMORY_OPAQUE_CAPTURE_ADDRESS_ALLOCATE_INFO);
  const VkImportMemoryHostPointerInfoEXT import{VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
                                                info.pNext,
                                                VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT, at};
  info.pNext = &import;
  flags->flags &= ~kMemoryFlag;
  const VkResult result = NEXT(mine, vkAllocateMemory)(device, &info, allocator, memory);
  flags->flags |= kMemoryFlag;
  std::lock_guard lock(mutex);
  if (result == VK_SUCCESS)
    places[*memory] = {at, info.allocationSize};
  else
    munmap(at, info.allocationSize);
  return result;
}

VKAPI_ATTR void VKAPI_CALL freeMemory(VkDevice device, VkDeviceMemory memory,
                                      const VkAllocationCallbacks* allocator) {
  NEXT(chain::deviceOf(device), vkFreeMemory)(device, memory, allocator);
  std::lock_guard lock(mutex);
  const auto found = places.find(memory);
  if (found == places.end()) return;
  munmap(found->second.at, found->second.size);
  places.erase(found);
}

VKAPI_ATTR VkResult VKAPI_CALL createBuffer(VkDevice device, const VkBufferCreateInfo* asked,
                                            const VkAllocationCallbacks* allocator, VkBuffer* buffer) {
  const chain::Device mine = chain::deviceOf(device);
  const auto* address = find<VkBufferOpaqueCaptureAddressCreateInfo>(
      asked->pNext, VK_STRUCTURE_TYPE_BUFFER_OPAQUE_CAPTURE_ADDRESS_CREATE_INFO);
  const uint64_t wanted = address ? address->opaqueCaptureAddress : 0;
  if (wanted && (refuses() || !(asked->flags & kBufferFlag) || wanted >> 32 != kBufferMark >> 32))
    return VK_ERROR_INVALID_OPAQUE_CAPTURE_ADDRESS;
  VkBufferCreateInfo info = *asked;
  info.flags &= ~kBufferFlag;
  const Without no_address(info.pNext, VK_STRUCTURE_TYPE_BUFFER_OPAQUE_CAPTURE_ADDRESS_CREATE_INFO);
  const VkResult result = NEXT(mine, vkCreateBuffer)(device, &info, allocator, buffer);
  static std::atomic<uint64_t> count{0};
  std::lock_guard lock(mutex);
  if (result == VK_SUCCESS && asked->flags & kBufferFlag)
    buffers[*buffer] = wanted ? wanted : kBufferMark + ++count;
  return result;
}

VKAPI_ATTR void VKAPI_CALL destroyBuffer(VkDevice device, VkBuffer buffer,
                                         const VkAllocationCallbacks* allocator) {
  {
    std::lock_guard lock(mutex);
    buffers.erase(buffer);
  }
  NEXT(chain::deviceOf(device), vkDestroyBuffer)(device, buffer, allocator);
}

VKAPI_ATTR VkResult VKAPI_CALL bindBuffer(VkDevice device, VkBuffer buffer, VkDeviceMemory memory,
                                          VkDeviceSize offset) {
  {
    std::lock_guard lock(mutex);
    if (buffers.contains(buffer) && !places.contains(memory))
      std::fprintf(stderr, "opaque: a buffer with the capture-replay flag lies in memory without it\n");
  }
  return NEXT(chain::deviceOf(device), vkBindBufferMemory)(device, buffer, memory, offset);
}

VKAPI_ATTR uint64_t VKAPI_CALL bufferAddress(VkDevice, const VkBufferDeviceAddressInfo* info) {
  std::lock_guard lock(mutex);
  const auto found = buffers.find(info->buffer);
  return found == buffers.end() ? 0 : found->second;
}

VKAPI_ATTR uint64_t VKAPI_CALL memoryAddress(VkDevice, const VkDeviceMemoryOpaqueCaptureAddressInfo* info) {
  std::lock_guard lock(mutex);
  const auto found = places.find(info->memory);
  return found == places.end() ? 0 : reinterpret_cast<uintptr_t>(found->second.at);
}

VKAPI_ATTR VkResult VKAPI_CALL createStructure(VkDevice device,
                                               const VkAccelerationStructureCreateInfoKHR* info,
                                               const VkAllocationCallbacks* allocator,
                                               VkAccelerationStructureKHR* structure) {
  const bool flagged =
      info->createFlags & VK_ACCELERATION_STRUCTURE_CREATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT_KHR;
  const uint64_t wanted = info->deviceAddress;
  if (wanted && (refuses() || !flagged || wanted >> 32 != kStructureMark >> 32))
    return VK_ERROR_INVALID_OPAQUE_CAPTURE_ADDRESS;
  const VkResult result =
      NEXT(chain::deviceOf(device), vkCreateAccelerationStructureKHR)(device, info, allocator, structure);
  static std::atomic<uint64_t> count{0};
  std::lock_guard lock(mutex);
  if (result == VK_SUCCESS && flagged)
    structures[*structure] =
        wanted ? wanted : kStructureMark + getpid() % kPlaces * kAlignment + 256 * ++count;
  return result;
}

VKAPI_ATTR VkDeviceAddress VKAPI_CALL
structureAddress(VkDevice device, const VkAccelerationStructureDeviceAddressInfoKHR* info) {
  {
    std::lock_guard lock(mutex);
    const auto found = structures.find(info->accelerationStructure);
    if (found != structures.end()) return found->second;
  }
  return NEXT(chain::deviceOf(device), vkGetAccelerationStructureDeviceAddressKHR)(device, info);
}

std::vector<GroupHandle> handlesOf(const VkRayTracingPipelineCreateInfoKHR& info) {
  static std::atomic<uint32_t> count{0};
  std::vector<GroupHandle> handles(info.groupCount);
  for (uint32_t i = 0; i < info.groupCount; ++i) {
    const uint32_t number[] = {uint32_t(getpid()), ++count};
    std::memcpy(handles[i].data(), number, sizeof number);
    if (const void* wanted = info.pGroups[i].pShaderGroupCaptureReplayHandle)
      std::memcpy(handles[i].data(), wanted, sizeof handles[i]);
  }
  return handles;
}

VKAPI_ATTR VkResult VKAPI_CALL createPipelines(VkDevice device, VkDeferredOperationKHR operation,
                                               VkPipelineCache cache, uint32_t count,
                                               const VkRayTracingPipelineCreateInfoKHR* infos,
                                               const VkAllocationCallbacks* allocator, VkPipeline* made) {
  for (uint32_t i = 0; i < count; ++i)
    for (uint32_t j = 0; j < infos[i].groupCount; ++j)
      if (infos[i].pGroups[j].pShaderGroupCaptureReplayHandle && refuses()) {
        std::fill_n(made, count, VkPipeline(VK_NULL_HANDLE));
        return VK_ERROR_INVALID_OPAQUE_CAPTURE_ADDRESS;
      }
  const VkResult result = NEXT(chain::deviceOf(device), vkCreateRayTracingPipelinesKHR)(
      device, operation, cache, count, infos, allocator, made);
  std::lock_guard lock(mutex);
  for (uint32_t i = 0; result == VK_SUCCESS && i < count; ++i) pipelines[made[i]] = handlesOf(infos[i]);
  return result;
}

VKAPI_ATTR VkResult VKAPI_CALL groupHandles(VkDevice, VkPipeline pipeline, uint32_t first, uint32_t count,
                                            size_t size, void* data) {
  std::lock_guard lock(mutex);
  const std::vector<GroupHandle>& handles = pipelines[pipeline];
  if (first + count > handles.size() || size < count * sizeof(GroupHandle)) return VK_ERROR_UNKNOWN;
  std::memcpy(data, &handles[first], count * sizeof(GroupHandle));
  return VK_SUCCESS;
}

}  // namespace

namespace chain {

PFN_vkVoidFunction hook(std::string_view name) {
#define HOOK(command, function) \
  if (name == #command) return reinterpret_cast<PFN_vkVoidFunction>(static_cast<PFN_##command>(function))
  HOOK(vkAllocateMemory, allocateMemory);
  HOOK(vkBindBufferMemory, bindBuffer);
  HOOK(vkCreateBuffer, createBuffer);
  HOOK(vkCreateDevice, ::createDevice);
  HOOK(vkDestroyBuffer, destroyBuffer);
  HOOK(vkFreeMemory, freeMemory);
  HOOK(vkCreateAccelerationStructureKHR, createStructure);
  HOOK(vkCreateRayTracingPipelinesKHR, createPipelines);
  HOOK(vkGetAccelerationStructureDeviceAddressKHR, structureAddress);
  HOOK(vkGetBufferOpaqueCaptureAddress, bufferAddress);
  HOOK(vkGetDeviceMemoryOpaqueCaptureAddress, memoryAddress);
  HOOK(vkGetPhysicalDeviceFeatures2, getFeatures2);
  HOOK(vkGetPhysicalDeviceProperties2, getProperties2);
  HOOK(vkGetRayTracingCaptureReplayShaderGroupHandlesKHR, groupHandles);
  HOOK(vkGetRayTracingShaderGroupHandlesKHR, groupHandles);
#undef HOOK
  return nullptr;
}

}  // namespace chain

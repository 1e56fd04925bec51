#include "capture/outside_contents.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "capture/layer.h"
#include "capture/process_state.h"
#include "capture/recorder.h"

namespace reprise::capture::outside {

constinit std::atomic<bool> anything{false};

namespace {

using Key = std::pair<VkDevice, uint64_t>;

struct Tracked {
  Object object;
  bool unseen = false;  // in imported memory, and no submit since
  bool reported = false;
};

struct Queue {
  VkDevice device;
  uint32_t family;
};

struct State {
  std::mutex mutex;
  std::map<Key, Tracked> buffers, images;
  std::set<Key> imported;  // memory
  size_t unseen = 0;
  std::map<VkCommandBuffer, std::vector<Acquire>> recorded;
  std::map<VkQueue, Queue> queues;
  std::set<Key> timelines;
};

constinit ProcessState<State> process_state;
std::atomic<bool> any_timeline{false};
std::atomic<bool> any_door{false};  // a device can export or import memory: others may write to its objects

template <class Node>
const Node& as(const VkBaseInStructure& node) {
  return reinterpret_cast<const Node&>(node);
}

bool isExternal(const void* chain) {
  for (auto* node = static_cast<const VkBaseInStructure*>(chain); node; node = node->pNext) {
    switch (node->sType) {
      case VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO: {
        constexpr VkFlags kHost = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT |
                                  VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_MAPPED_FOREIGN_MEMORY_BIT_EXT;
        if (as<VkExternalMemoryBufferCreateInfo>(*node).handleTypes & ~kHost) return true;
        break;
      }
      case VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO:
        if (as<VkExternalMemoryImageCreateInfo>(*node).handleTypes) return true;
        break;
      case VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV:
        if (as<VkExternalMemoryImageCreateInfoNV>(*node).handleTypes) return true;
        break;
      default:
        break;
    }
  }
  return false;
}

void track(const Object& object) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  auto& objects = object.type == VK_OBJECT_TYPE_IMAGE ? state.images : state.buffers;
  objects[{object.device, object.handle}] = {object, false, false};
  anything = true;
}

bool isOutside(uint32_t family) {
  return family == VK_QUEUE_FAMILY_EXTERNAL || family == VK_QUEUE_FAMILY_FOREIGN_EXT;
}

bool isUnmodified([[maybe_unused]] const void* chain) {
#if defined(VK_EXT_external_memory_acquire_unmodified)
  for (auto* node = static_cast<const VkBaseInStructure*>(chain); node; node = node->pNext) {
    if (node->sType == VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_ACQUIRE_UNMODIFIED_EXT)
      return as<VkExternalMemoryAcquireUnmodifiedEXT>(*node).acquireUnmodifiedMemory;
  }
#endif
  return false;
}

template <class Barrier>
bool acquires(const Barrier& barrier) {
  return isOutside(barrier.srcQueueFamilyIndex) && !isOutside(barrier.dstQueueFamilyIndex) &&
         !isUnmodified(barrier.pNext);
}

template <class ImageBarriers, class BufferBarriers>
void note(VkCommandBuffer commands, const ImageBarriers& images, const BufferBarriers& buffers) {
  const auto any = [](const auto& barriers) {
    return std::any_of(barriers.begin(), barriers.end(), [](const auto& b) { return acquires(b); });
  };
  if (!any(images) && !any(buffers)) return;
  const VkDevice device = nextOf(commands)->device;
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  for (const auto& barrier : images) {
    if (!acquires(barrier) || barrier.oldLayout == VK_IMAGE_LAYOUT_UNDEFINED) continue;
    const auto found = state.images.find({device, uint64_t(barrier.image)});
    if (found == state.images.end()) continue;
    Acquire acquire{found->second.object, barrier.srcQueueFamilyIndex, barrier.oldLayout,
                    barrier.subresourceRange};
    VkImageSubresourceRange& range = acquire.range;
    if (range.levelCount == VK_REMAINING_MIP_LEVELS)
      range.levelCount = acquire.object.mips - range.baseMipLevel;
    if (range.layerCount == VK_REMAINING_ARRAY_LAYERS)
      range.layerCount = acquire.object.layers - range.baseArrayLayer;
    state.recorded[commands].push_back(acquire);
  }
  for (const auto& barrier : buffers) {
    if (!acquires(barrier)) continue;
    const auto found = state.buffers.find({device, uint64_t(barrier.buffer)});
    if (found == state.buffers.end() || barrier.offset >= found->second.object.size) continue;
    const VkDeviceSize rest = found->second.object.size - barrier.offset;
    state.recorded[commands].push_back({found->second.object,
                                        barrier.srcQueueFamilyIndex,
                                        VK_IMAGE_LAYOUT_UNDEFINED,
                                        {},
                                        barrier.offset,
                                        std::min(barrier.size, rest)});
  }
}

void note(VkCommandBuffer commands, const VkDependencyInfo& info) {
  note(commands, std::span(info.pImageMemoryBarriers, info.imageMemoryBarrierCount),
       std::span(info.pBufferMemoryBarriers, info.bufferMemoryBarrierCount));
}

template <class C>
void noteAll(const C& call) {
  note(call.commandBuffer, std::span(call.pImageMemoryBarriers, call.imageMemoryBarrierCount),
       std::span(call.pBufferMemoryBarriers, call.bufferMemoryBarrierCount));
}

void boundTo(VkDevice device, VkBuffer buffer, VkDeviceMemory memory) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  if (!state.imported.contains({device, uint64_t(memory)})) return;
  const auto found = state.buffers.find({device, uint64_t(buffer)});
  if (found == state.buffers.end() || found->second.unseen) return;
  found->second.unseen = true;
  ++state.unseen;
}

template <class Map>
void eraseOf(Map& map, VkDevice device) {
  std::erase_if(map, [&](const auto& entry) { return entry.first.first == device; });
}

void seen(State& state, Tracked& tracked) {
  if (std::exchange(tracked.unseen, false)) --state.unseen;
}

}  // namespace

void deviceCreated(const VkDeviceCreateInfo& info) {
  static constexpr VkStructureType kImports[] = {
      VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
      VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_KHR,
      VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_NV,
      VK_STRUCTURE_TYPE_IMPORT_MEMORY_ZIRCON_HANDLE_INFO_FUCHSIA,
      VK_STRUCTURE_TYPE_IMPORT_MEMORY_BUFFER_COLLECTION_FUCHSIA,
      VK_STRUCTURE_TYPE_IMPORT_ANDROID_HARDWARE_BUFFER_INFO_ANDROID,
  };
  for (const char* name : std::span(info.ppEnabledExtensionNames, info.enabledExtensionCount)) {
    const auto brings = [&](VkStructureType type) {
      const char* extension = structExtension(type);
      return extension != nullptr && std::strcmp(extension, name) == 0;
    };
    if (std::any_of(std::begin(kImports), std::end(kImports), brings)) any_door = true;
  }
}

void created(const CreateBufferCall& call) {
  if (!any_door.load(std::memory_order_relaxed)) return;
  const VkBufferCreateInfo& info = *call.pCreateInfo;
  if (call.result != VK_SUCCESS || !isExternal(info.pNext)) return;
  Object object;
  object.device = call.device;
  object.handle = uint64_t(*call.pBuffer);
  object.type = VK_OBJECT_TYPE_BUFFER;
  object.concurrent = info.sharingMode == VK_SHARING_MODE_CONCURRENT;
  object.size = info.size;
  if (!(info.usage & VK_BUFFER_USAGE_TRANSFER_SRC_BIT))
    object.obstacle = "it lacks VK_BUFFER_USAGE_TRANSFER_SRC_BIT";
  if (info.flags & VK_BUFFER_CREATE_PROTECTED_BIT) object.obstacle = "it is protected";
  track(object);
}

void created(const CreateImageCall& call) {
  if (!any_door.load(std::memory_order_relaxed)) return;
  const VkImageCreateInfo& info = *call.pCreateInfo;
  if (call.result != VK_SUCCESS || !isExternal(info.pNext)) return;
  Object object;
  object.device = call.device;
  object.handle = uint64_t(*call.pImage);
  object.type = VK_OBJECT_TYPE_IMAGE;
  object.concurrent = info.sharingMode == VK_SHARING_MODE_CONCURRENT;
  object.format = formatInfo(info.format);
  object.extent = info.extent;
  object.mips = info.mipLevels;
  object.layers = info.arrayLayers;
  if (object.format == nullptr) object.obstacle = "its format has no known texel size";
  if (info.samples != VK_SAMPLE_COUNT_1_BIT) object.obstacle = "it is multisampled";
  if (!(info.usage & VK_IMAGE_USAGE_TRANSFER_SRC_BIT))
    object.obstacle = "it lacks VK_IMAGE_USAGE_TRANSFER_SRC_BIT";
  if (info.flags & VK_IMAGE_CREATE_PROTECTED_BIT) object.obstacle = "it is protected";
  track(object);
}

void destroying(VkDevice device, VkObjectType type, uint64_t handle) {
  const bool semaphore = type == VK_OBJECT_TYPE_SEMAPHORE;
  if (semaphore ? !any_timeline.load(std::memory_order_relaxed) : !active()) return;
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  if (semaphore) {
    state.timelines.erase({device, handle});
    return;
  }
  auto& objects = type == VK_OBJECT_TYPE_IMAGE ? state.images : state.buffers;
  const auto found = objects.find({device, handle});
  if (found == objects.end()) return;
  seen(state, found->second);
  objects.erase(found);
}

void imported(VkDevice device, VkDeviceMemory memory) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  state.imported.insert({device, uint64_t(memory)});
  anything = true;
}

void freeing(VkDevice device, VkDeviceMemory memory) {
  if (!active()) return;
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  state.imported.erase({device, uint64_t(memory)});
}

void bound(const BindBufferMemoryCall& call) {
  if (active() && call.result == VK_SUCCESS) boundTo(call.device, call.buffer, call.memory);
}

void bound(const BindBufferMemory2Call& call) {
  if (!active() || call.result != VK_SUCCESS) return;
  for (const auto& bind : std::span(call.pBindInfos, call.bindInfoCount))
    boundTo(call.device, bind.buffer, bind.memory);
}

void begun(VkCommandBuffer commands) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  state.recorded.erase(commands);
}

void freeing(const FreeCommandBuffersCall& call) {
  for (uint32_t i = 0; i < call.commandBufferCount; ++i) begun(call.pCommandBuffers[i]);
}

void recorded(const CmdPipelineBarrierCall& call) { noteAll(call); }
void recorded(const CmdWaitEventsCall& call) { noteAll(call); }
void recorded(const CmdPipelineBarrier2Call& call) { note(call.commandBuffer, *call.pDependencyInfo); }
void recorded(const CmdWaitEvents2Call& call) {
  for (uint32_t i = 0; i < call.eventCount; ++i) note(call.commandBuffer, call.pDependencyInfos[i]);
}

// A secondary that is recorded anew makes this primary invalid, so what it acquires now is what it will
// acquire.
void recorded(const CmdExecuteCommandsCall& call) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  for (uint32_t i = 0; i < call.commandBufferCount; ++i) {
    const auto found = state.recorded.find(call.pCommandBuffers[i]);
    if (found == state.recorded.end()) continue;
    const std::vector<Acquire> of_secondary = found->second;
    auto& of_primary = state.recorded[call.commandBuffer];
    of_primary.insert(of_primary.end(), of_secondary.begin(), of_secondary.end());
  }
}

void queueIs(VkQueue queue, VkDevice device, uint32_t family) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  state.queues[queue] = {device, family};
}

void semaphoreIsTimeline(VkDevice device, VkSemaphore semaphore) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  state.timelines.insert({device, uint64_t(semaphore)});
  any_timeline = true;
}

void deviceGone(VkDevice device) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  for (auto& [key, tracked] : state.buffers)
    if (key.first == device) seen(state, tracked);
  eraseOf(state.buffers, device);
  eraseOf(state.images, device);
  std::erase_if(state.imported, [&](const Key& key) { return key.first == device; });
  std::erase_if(state.timelines, [&](const Key& key) { return key.first == device; });
  std::erase_if(state.queues, [&](const auto& entry) { return entry.second.device == device; });
  std::erase_if(state.recorded, [&](const auto& entry) {
    return !entry.second.empty() && entry.second.front().object.device == device;
  });
}

std::vector<Acquire> acquiresOf(VkDevice device, std::span<const VkCommandBuffer> commands) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  std::vector<Acquire> found;
  for (const VkCommandBuffer buffer : commands) {
    const auto recorded = state.recorded.find(buffer);
    if (recorded == state.recorded.end()) continue;
    found.insert(found.end(), recorded->second.begin(), recorded->second.end());
  }
  for (const Acquire& acquire : found) {
    const auto buffer = state.buffers.find({device, acquire.object.handle});
    if (acquire.object.type == VK_OBJECT_TYPE_BUFFER && buffer != state.buffers.end() &&
        acquire.bytes == acquire.object.size)
      seen(state, buffer->second);
  }
  if (state.unseen == 0 || commands.empty()) return found;
  for (auto& [key, tracked] : state.buffers) {
    if (key.first != device || !tracked.unseen) continue;
    seen(state, tracked);
    Acquire acquire;
    acquire.object = tracked.object;
    acquire.bytes = tracked.object.size;
    found.push_back(acquire);
  }
  return found;
}

uint32_t familyOf(VkQueue queue) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  const auto found = state.queues.find(queue);
  return found == state.queues.end() ? VK_QUEUE_FAMILY_IGNORED : found->second.family;
}

bool isTimeline(VkDevice device, VkSemaphore semaphore) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  return state.timelines.contains({device, uint64_t(semaphore)});
}

void missing(const Object& object, const std::string& why) {
  const bool image = object.type == VK_OBJECT_TYPE_IMAGE;
  {
    State& state = process_state.get();
    const std::lock_guard lock(state.mutex);
    auto& objects = image ? state.images : state.buffers;
    const auto found = objects.find({object.device, object.handle});
    if (found == objects.end() || std::exchange(found->second.reported, true)) return;
  }
  char text[240];
  std::snprintf(text, sizeof text, "contents from outside of %s 0x%llx are not recorded: %s",
                image ? "VkImage" : "VkBuffer", static_cast<unsigned long long>(object.handle), why.c_str());
  recordHole(HoleCause::kUntrackedMemory, object.handle, text);
  warn("%s (said once for this object)", text);
}

}  // namespace reprise::capture::outside

#include "capture/outside_copy.h"

#include <algorithm>
#include <bit>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "capture/process_state.h"
#include "capture/recorder.h"
#include "format/trace_format.h"

namespace reprise::capture::outside {
namespace {

constexpr VkDeviceSize kStagingBytes = 256 << 20;  // of a round, unless one subresource is larger
constexpr VkDeviceSize kBufferPiece = 64 << 20;    // ranges of buffers are cut in these

// One record to be, and where its bytes come to lie in the staging buffer.
struct Piece {
  ContentsRecord record;
  VkImageSubresourceLayers layers;
  uint32_t alignment;
  VkDeviceSize at = 0;
};

struct Copier {
  std::mutex mutex;
  VkQueueFlags queue_flags = 0;
  VkCommandPool pool = VK_NULL_HANDLE;
  VkCommandBuffer commands = VK_NULL_HANDLE;
  VkFence fence = VK_NULL_HANDLE;
  VkBuffer staging = VK_NULL_HANDLE;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  const std::byte* data = nullptr;
  VkDeviceSize capacity = 0;
};

struct State {
  std::mutex mutex;
  std::map<std::pair<VkDevice, uint32_t>, std::unique_ptr<Copier>> copiers;
};
constinit ProcessState<State> process_state;

Copier& copierOf(VkDevice device, uint32_t family) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  auto& copier = state.copiers[{device, family}];
  if (!copier) copier = std::make_unique<Copier>();
  return *copier;
}

// ---- The copier's objects

void dropStaging(const NextLayer& next, Copier& copier) {
  next.dispatch.DestroyBuffer(next.device, copier.staging, nullptr);
  next.dispatch.FreeMemory(next.device, copier.memory, nullptr);
  copier.staging = VK_NULL_HANDLE;
  copier.memory = VK_NULL_HANDLE;
  copier.data = nullptr;
  copier.capacity = 0;
}

bool prepare(const NextLayer& next, Copier& copier, uint32_t family) {
  if (copier.fence != VK_NULL_HANDLE) return true;
  const Dispatch& driver = next.dispatch;
  const Dispatch& instance = nextOf(next.physical_device)->dispatch;
  uint32_t count = 0;
  instance.GetPhysicalDeviceQueueFamilyProperties(next.physical_device, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  instance.GetPhysicalDeviceQueueFamilyProperties(next.physical_device, &count, families.data());
  if (family >= count) return false;
  copier.queue_flags = families[family].queueFlags;
  VkCommandPoolCreateInfo pool{};
  pool.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO;
  pool.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT;
  pool.queueFamilyIndex = family;
  if (copier.pool == VK_NULL_HANDLE &&
      driver.CreateCommandPool(next.device, &pool, nullptr, &copier.pool) != VK_SUCCESS)
    return false;
  if (copier.commands == VK_NULL_HANDLE) {
    VkCommandBufferAllocateInfo info{};
    info.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO;
    info.commandPool = copier.pool;
    info.commandBufferCount = 1;
    if (driver.AllocateCommandBuffers(next.device, &info, &copier.commands) != VK_SUCCESS) return false;
    // What the loader does for a program's objects: layers below find the device by the dispatch pointer.
    const uint64_t key = dispatchKey(next.device);
    std::memcpy(reinterpret_cast<void*>(copier.commands), &key, sizeof key);
  }
  VkFenceCreateInfo fence{};
  fence.sType = VK_STRUCTURE_TYPE_FENCE_CREATE_INFO;
  return driver.CreateFence(next.device, &fence, nullptr, &copier.fence) == VK_SUCCESS;
}

// Cached where there is such a type; always coherent, so that nothing needs to be invalidated.
uint32_t stagingType(const NextLayer& next, uint32_t allowed) {
  VkPhysicalDeviceMemoryProperties types{};
  nextOf(next.physical_device)->dispatch.GetPhysicalDeviceMemoryProperties(next.physical_device, &types);
  constexpr VkFlags kPlain = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  for (const VkFlags wanted : {kPlain | VK_MEMORY_PROPERTY_HOST_CACHED_BIT, kPlain}) {
    for (uint32_t i = 0; i < types.memoryTypeCount; ++i) {
      if ((allowed >> i & 1) && (types.memoryTypes[i].propertyFlags & wanted) == wanted) return i;
    }
  }
  return UINT32_MAX;
}

bool reserve(const NextLayer& next, Copier& copier, VkDeviceSize bytes) {
  if (bytes <= copier.capacity) return true;
  dropStaging(next, copier);
  const Dispatch& driver = next.dispatch;
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = std::bit_ceil(std::max<VkDeviceSize>(bytes, 64 << 10));
  info.usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  if (driver.CreateBuffer(next.device, &info, nullptr, &copier.staging) != VK_SUCCESS) return false;
  VkMemoryRequirements needs{};
  driver.GetBufferMemoryRequirements(next.device, copier.staging, &needs);
  VkMemoryAllocateInfo allocation{};
  allocation.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO;
  allocation.allocationSize = needs.size;
  allocation.memoryTypeIndex = stagingType(next, needs.memoryTypeBits);
  void* data = nullptr;
  if (allocation.memoryTypeIndex == UINT32_MAX ||
      driver.AllocateMemory(next.device, &allocation, nullptr, &copier.memory) != VK_SUCCESS ||
      driver.BindBufferMemory(next.device, copier.staging, copier.memory, 0) != VK_SUCCESS ||
      driver.MapMemory(next.device, copier.memory, 0, VK_WHOLE_SIZE, 0, &data) != VK_SUCCESS) {
    dropStaging(next, copier);
    return false;
  }
  copier.data = static_cast<const std::byte*>(data);
  copier.capacity = info.size;
  return true;
}

// ---- What is to be copied

const char* obstacleOf(const Copier& copier, const Acquire& acquire) {
  constexpr VkQueueFlags kCopies = VK_QUEUE_GRAPHICS_BIT | VK_QUEUE_COMPUTE_BIT | VK_QUEUE_TRANSFER_BIT;
  constexpr VkImageAspectFlags kDepthStencil = VK_IMAGE_ASPECT_DEPTH_BIT | VK_IMAGE_ASPECT_STENCIL_BIT;
  if (acquire.object.obstacle) return acquire.object.obstacle;
  if (!(copier.queue_flags & kCopies)) return "the queue that acquires it cannot copy";
  if (acquire.range.aspectMask & kDepthStencil && !(copier.queue_flags & VK_QUEUE_GRAPHICS_BIT))
    return "the queue that acquires it cannot copy depth and stencil";
  if (acquire.layout == VK_IMAGE_LAYOUT_PREINITIALIZED) return "nothing can be copied from its layout";
  return nullptr;
}

uint32_t mip(uint32_t size, uint32_t level) { return std::max(1u, size >> level); }

std::vector<Piece> piecesOf(const Acquire& acquire) {
  std::vector<Piece> pieces;
  const Object& object = acquire.object;
  Piece piece{};
  piece.record.device = uint64_t(object.device);
  piece.record.object = object.handle;
  piece.record.object_type = object.type;
  piece.alignment = 16;
  if (object.type == VK_OBJECT_TYPE_BUFFER) {
    for (VkDeviceSize done = 0; done < acquire.bytes; done += piece.record.size) {
      piece.record.offset = acquire.offset + done;
      piece.record.size = std::min(kBufferPiece, acquire.bytes - done);
      pieces.push_back(piece);
    }
    return pieces;
  }
  piece.record.layout = acquire.layout;
  const VkImageAspectFlags aspects = copiedAspects(*object.format, acquire.range.aspectMask);
  for (uint32_t level = 0; level < acquire.range.levelCount; ++level) {
    piece.record.mip_level = acquire.range.baseMipLevel + level;
    const VkExtent3D extent{mip(object.extent.width, piece.record.mip_level),
                            mip(object.extent.height, piece.record.mip_level),
                            mip(object.extent.depth, piece.record.mip_level)};
    for (uint32_t layer = 0; layer < acquire.range.layerCount; ++layer) {
      piece.record.array_layer = acquire.range.baseArrayLayer + layer;
      for (VkImageAspectFlags left = aspects; left != 0; left &= left - 1) {
        piece.record.aspect = left & (~left + 1);
        const AspectSize size =
            sizeOfAspect(*object.format, VkImageAspectFlagBits(piece.record.aspect), extent);
        piece.record.width = size.width;
        piece.record.height = size.height;
        piece.record.depth = extent.depth;
        piece.record.size = size.bytes;
        piece.alignment = size.block_bytes * 4;  // of texel blocks, and of 4
        piece.layers = {piece.record.aspect, piece.record.mip_level, piece.record.array_layer, 1};
        if (size.bytes != 0) pieces.push_back(piece);
      }
    }
  }
  return pieces;
}

// ---- The work

struct Round {
  const Acquire& acquire;
  std::span<Piece> pieces;
  uint32_t family;

  bool image() const { return acquire.object.type == VK_OBJECT_TYPE_IMAGE; }
  // Two layouts can be copied from as they are.
  VkImageLayout copyLayout() const {
    return acquire.layout == VK_IMAGE_LAYOUT_GENERAL ? acquire.layout : VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL;
  }
};

// From outside to here, or back.
void transfer(const Dispatch& driver, VkCommandBuffer commands, const Round& round, bool here) {
  const Acquire& acquire = round.acquire;
  const uint32_t ours = acquire.object.concurrent ? VK_QUEUE_FAMILY_IGNORED : round.family;
  const auto fill = [&](auto& barrier) {
    barrier.dstAccessMask = here ? VK_ACCESS_TRANSFER_READ_BIT : 0;
    barrier.srcQueueFamilyIndex = here ? acquire.from : ours;
    barrier.dstQueueFamilyIndex = here ? ours : acquire.from;
  };
  VkImageMemoryBarrier image{};
  image.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
  fill(image);
  image.oldLayout = here ? acquire.layout : round.copyLayout();
  image.newLayout = here ? round.copyLayout() : acquire.layout;
  VkBufferMemoryBarrier buffer{};
  buffer.sType = VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER;
  fill(buffer);
  buffer.offset = acquire.offset;
  buffer.size = acquire.bytes;
  if (round.image()) {
    image.image = std::bit_cast<VkImage>(acquire.object.handle);
    image.subresourceRange = acquire.range;
  } else {
    buffer.buffer = std::bit_cast<VkBuffer>(acquire.object.handle);
  }
  // The way back carries what the semaphores of this submit made available on to all that follows on the
  // queue, and the copy to the host.
  VkMemoryBarrier all{};
  all.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER;
  all.srcAccessMask = VK_ACCESS_MEMORY_WRITE_BIT;
  all.dstAccessMask = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT | VK_ACCESS_HOST_READ_BIT;
  const VkPipelineStageFlags to =
      here ? VK_PIPELINE_STAGE_TRANSFER_BIT : VK_PIPELINE_STAGE_ALL_COMMANDS_BIT | VK_PIPELINE_STAGE_HOST_BIT;
  driver.CmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, to, 0, here ? 0 : 1, &all,
                            round.image() ? 0 : 1, &buffer, round.image() ? 1 : 0, &image);
}

void copy(const Dispatch& driver, const Copier& copier, const Round& round) {
  for (const Piece& piece : round.pieces) {
    if (!round.image()) {
      const VkBufferCopy region{piece.record.offset, piece.at, piece.record.size};
      driver.CmdCopyBuffer(copier.commands, std::bit_cast<VkBuffer>(piece.record.object), copier.staging, 1,
                           &region);
      continue;
    }
    VkBufferImageCopy region{};
    region.bufferOffset = piece.at;
    region.imageSubresource = piece.layers;
    region.imageExtent = {piece.record.width, piece.record.height, piece.record.depth};
    driver.CmdCopyImageToBuffer(copier.commands, std::bit_cast<VkImage>(piece.record.object),
                                round.copyLayout(), copier.staging, 1, &region);
  }
}

// `submitted`: the semaphores are waited for, whatever else failed.
VkResult perform(const NextLayer& next, VkQueue queue, Copier& copier, const Round& round, const Waits& waits,
                 bool& submitted) {
  const Dispatch& driver = next.dispatch;
  VkCommandBufferBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO;
  begin.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
  VkResult result = driver.BeginCommandBuffer(copier.commands, &begin);
  if (result != VK_SUCCESS) return result;
  transfer(driver, copier.commands, round, true);
  copy(driver, copier, round);
  transfer(driver, copier.commands, round, false);
  result = driver.EndCommandBuffer(copier.commands);
  if (result != VK_SUCCESS) return result;
  const std::vector<VkPipelineStageFlags> stages(waits.semaphores.size(), VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
  VkTimelineSemaphoreSubmitInfo values{};
  values.sType = VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO;
  values.waitSemaphoreValueCount = uint32_t(waits.values.size());
  values.pWaitSemaphoreValues = waits.values.data();
  VkSubmitInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO;
  info.pNext = waits.values.empty() ? nullptr : &values;
  info.waitSemaphoreCount = uint32_t(waits.semaphores.size());
  info.pWaitSemaphores = waits.semaphores.data();
  info.pWaitDstStageMask = stages.data();
  info.commandBufferCount = 1;
  info.pCommandBuffers = &copier.commands;
  result = driver.QueueSubmit(queue, 1, &info, copier.fence);
  if (result != VK_SUCCESS) return result;
  submitted = true;
  result = driver.WaitForFences(next.device, 1, &copier.fence, VK_TRUE, UINT64_MAX);
  return result == VK_SUCCESS ? driver.ResetFences(next.device, 1, &copier.fence) : result;
}

void writeRecord(const Piece& piece, const std::byte* bytes, const Object& object) {
  Lane* lane = currentLane();
  GrowingBuffer buffer;
  const size_t size = sizeof piece.record + piece.record.size;
  if (lane == nullptr) return;
  if (!buffer.grow(size)) return missing(object, "no memory for a copy");
  std::memcpy(buffer.data(), &piece.record, sizeof piece.record);
  std::memcpy(buffer.data() + sizeof piece.record, bytes, piece.record.size);
  laneWrite(lane, {0, kRecordContents, kTicketed, nextTicket()}, {buffer.data(), size});
}

VkDeviceSize place(Piece& piece, VkDeviceSize at) {
  piece.at = (at + piece.alignment - 1) / piece.alignment * piece.alignment;
  return piece.at + piece.record.size;
}

// True if the semaphores were waited for.
bool copyOne(const NextLayer& next, VkQueue queue, Copier& copier, uint32_t family, const Acquire& acquire,
             const Waits& waits) {
  if (const char* obstacle = obstacleOf(copier, acquire)) return missing(acquire.object, obstacle), false;
  std::vector<Piece> pieces = piecesOf(acquire);
  bool submitted = false;
  for (size_t first = 0, end; first < pieces.size(); first = end) {
    VkDeviceSize bytes = place(pieces[first], 0);
    for (end = first + 1; end < pieces.size(); ++end) {
      const VkDeviceSize with = place(pieces[end], bytes);
      if (with > kStagingBytes) break;
      bytes = with;
    }
    if (pieces[first].record.size > kMaxRecordBytes - sizeof(ContentsRecord)) {
      missing(acquire.object, "a subresource is larger than 1 GiB");
      continue;
    }
    if (!reserve(next, copier, bytes)) return missing(acquire.object, "no memory for a copy"), submitted;
    const Round round{acquire, std::span(pieces).subspan(first, end - first), family};
    if (perform(next, queue, copier, round, submitted ? Waits{} : waits, submitted) != VK_SUCCESS)
      return missing(acquire.object, "the driver could not copy them"), submitted;
    for (const Piece& piece : round.pieces) writeRecord(piece, copier.data + piece.at, acquire.object);
  }
  return submitted;
}

}  // namespace

bool copyOutside(const NextLayer& next, VkQueue queue, uint32_t family, std::span<const Acquire> acquires,
                 const Waits& waits) {
  Copier& copier = copierOf(next.device, family);
  const std::lock_guard lock(copier.mutex);
  const bool ready = prepare(next, copier, family);
  bool waited = false;
  for (const Acquire& acquire : acquires) {
    if (!ready)
      missing(acquire.object, "the layer's own command buffer could not be made");
    else
      waited |= copyOne(next, queue, copier, family, acquire, waited ? Waits{} : waits);
  }
  return waited;
}

void destroyCopiers(const NextLayer& next) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  for (auto it = state.copiers.begin(); it != state.copiers.end();) {
    if (it->first.first != next.device) {
      ++it;
      continue;
    }
    Copier& copier = *it->second;
    dropStaging(next, copier);
    next.dispatch.DestroyFence(next.device, copier.fence, nullptr);
    next.dispatch.DestroyCommandPool(next.device, copier.pool, nullptr);
    it = state.copiers.erase(it);
  }
}

}  // namespace reprise::capture::outside

#include "replay/contents.h"

#include <algorithm>
#include <cstring>

#include "format/vk_formats.h"
#include "replay/chains.h"
#include "replay/memory.h"
#include "replay/session.h"

namespace reprise {
namespace {

// The aspects that change layout together.
VkImageAspectFlags aspectsTogether(VkFormat format, uint32_t aspect) {
  switch (format) {
    case VK_FORMAT_D16_UNORM_S8_UINT:
    case VK_FORMAT_D24_UNORM_S8_UINT:
    case VK_FORMAT_D32_SFLOAT_S8_UINT:
      return VK_IMAGE_ASPECT_DEPTH_BIT | VK_IMAGE_ASPECT_STENCIL_BIT;
    default:
      break;
  }
  constexpr VkImageAspectFlags kPlanes =
      VK_IMAGE_ASPECT_PLANE_0_BIT | VK_IMAGE_ASPECT_PLANE_1_BIT | VK_IMAGE_ASPECT_PLANE_2_BIT;
  return aspect & kPlanes ? VkImageAspectFlags(VK_IMAGE_ASPECT_COLOR_BIT) : aspect;
}

VkImageLayout reachable(uint32_t layout) {
  return layout == VK_IMAGE_LAYOUT_UNDEFINED || layout == VK_IMAGE_LAYOUT_PREINITIALIZED
             ? VK_IMAGE_LAYOUT_GENERAL
             : VkImageLayout(layout);
}

}  // namespace

void Contents::prepare(VkImageCreateInfo& info, uint64_t captured) {
  if (!targets_.contains(captured)) return;
  info.usage |= VK_IMAGE_USAGE_TRANSFER_DST_BIT;
#if defined(VK_KHR_extended_flags)
  if (auto* wide = findInChain<VkImageUsageFlags2CreateInfoKHR>(
          info.pNext, VK_STRUCTURE_TYPE_IMAGE_USAGE_FLAGS_2_CREATE_INFO_KHR))
    wide->usage |= VK_IMAGE_USAGE_TRANSFER_DST_BIT;
#endif
}

void Contents::prepare(VkBufferCreateInfo& info, uint64_t captured) {
  if (!targets_.contains(captured)) return;
  info.usage |= VK_BUFFER_USAGE_TRANSFER_DST_BIT;
#if defined(VK_KHR_maintenance5)
  if (auto* wide = findInChain<VkBufferUsageFlags2CreateInfoKHR>(
          info.pNext, VK_STRUCTURE_TYPE_BUFFER_USAGE_FLAGS_2_CREATE_INFO_KHR))
    wide->usage |= VK_BUFFER_USAGE_TRANSFER_DST_BIT;
#endif
}

void Contents::made(VkImage live, const VkImageCreateInfo& info, uint64_t captured) {
  if (targets_.empty()) return;
  auto& images = stageOf(*player_.device()).images;
  images.erase(live);  // handle values are given out again
  if (targets_.contains(captured) && info.samples == VK_SAMPLE_COUNT_1_BIT)
    images[live] = {info.format, info.extent, info.mipLevels, info.arrayLayers, {}};
}

void Contents::made(VkBuffer live, const VkBufferCreateInfo& info, uint64_t captured) {
  if (targets_.empty()) return;
  auto& buffers = stageOf(*player_.device()).buffers;
  buffers.erase(live);
  if (targets_.contains(captured)) buffers[live] = info.size;
}

bool Contents::fits(const Stage& stage, VkImage image, const ContentsRecord& record, size_t bytes) {
  const auto found = stage.images.find(image);
  if (found == stage.images.end()) return false;
  const Target& target = found->second;
  const FormatInfo* format = formatInfo(target.format);
  if (!format || record.mip_level >= target.mip_levels || record.array_layer >= target.array_layers)
    return false;
  const auto level = [&](uint32_t size) { return std::max(size >> record.mip_level, 1u); };
  const AspectSize size =
      sizeOfAspect(*format, VkImageAspectFlagBits(record.aspect),
                   {level(target.extent.width), level(target.extent.height), level(target.extent.depth)});
  return size.bytes != 0 && size.bytes == bytes && record.width == size.width &&
         record.height == size.height && record.depth == level(target.extent.depth);
}

bool Contents::fits(const Stage& stage, VkBuffer buffer, const ContentsRecord& record, size_t bytes) {
  const auto found = stage.buffers.find(buffer);
  return found != stage.buffers.end() && bytes != 0 && bytes == record.size && record.size <= found->second &&
         record.offset <= found->second - record.size;
}

Contents::Stage& Contents::stageOf(Device& device) {
  std::unique_ptr<Stage>& stage = stages_[&device];
  if (!stage) stage = std::make_unique<Stage>(device);
  return *stage;
}

void Contents::abandon() {
  for (auto& [device, stage] : stages_) (void)stage.release();
  stages_.clear();
}

Contents::Stage::~Stage() {
  job.destroy();
  drop();
}

void Contents::Stage::drop() {
  const Dispatch& d = device.dispatch;
  d.DestroyBuffer(device.live, buffer, nullptr);
  d.FreeMemory(device.live, memory, nullptr);
  buffer = VK_NULL_HANDLE;
  memory = VK_NULL_HANDLE;
  mapped = nullptr;
  size = 0;
}

VkResult Contents::Stage::grow(VkDeviceSize bytes) {
  if (bytes <= size) return VK_SUCCESS;
  drop();
  const Dispatch& d = device.dispatch;
  VkBufferCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = std::max<VkDeviceSize>(bytes, 1 << 20);
  info.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT;
  VkResult result = d.CreateBuffer(device.live, &info, nullptr, &buffer);
  if (result != VK_SUCCESS) return result;
  VkMemoryRequirements needs{};
  d.GetBufferMemoryRequirements(device.live, buffer, &needs);
  // The specification promises a type that is both, for any buffer.
  const VkMemoryPropertyFlags both =
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  const uint32_t type = chooseMemoryType(device.memory, needs.memoryTypeBits, both, both);
  if (type == UINT32_MAX) return VK_ERROR_FEATURE_NOT_PRESENT;
  const VkMemoryAllocateInfo wanted{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, needs.size, type};
  result = d.AllocateMemory(device.live, &wanted, nullptr, &memory);
  if (result == VK_SUCCESS) result = d.BindBufferMemory(device.live, buffer, memory, 0);
  if (result == VK_SUCCESS) result = d.MapMemory(device.live, memory, 0, VK_WHOLE_SIZE, 0, &mapped);
  if (result == VK_SUCCESS) size = info.size;
  return result;
}

Status Contents::upload(const Event& event) {
  const ContentsRecord& record = event.contents;
  Status status = player_.begin(event, HandleKind::kVkDevice, record.device);
  if (!status) return status;
  Device& device = *player_.device();
  const HandleKind kind = handleKindOf(VkObjectType(record.object_type));
  if (kind != HandleKind::kVkImage && kind != HandleKind::kVkBuffer)
    return player_.error(Code::kUnreadable, "contents from outside belong to neither image nor buffer");
  const HandleMap::Id id = player_.find(kind, record.object);
  if (!id) return player_.unknownHandle(kind, record.object);
  Stage& stage = stageOf(device);
  const uint64_t live = player_.handles().at(id).live;
  const bool fit = kind == HandleKind::kVkImage
                       ? fits(stage, handleOf<VkImage>(live), record, event.bytes.size())
                       : fits(stage, handleOf<VkBuffer>(live), record, event.bytes.size());
  if (!fit)
    return player_.error(Code::kUnreadable,
                         "contents from outside do not fit the image or buffer that they are of");
  if (!stage.job.commands()) {
    const VkResult made =
        device.first_queue ? stage.job.create(device, device.first_family) : VK_ERROR_INITIALIZATION_FAILED;
    if (made != VK_SUCCESS)
      return player_.error(Code::kCannotRun,
                           std::string("contents from outside cannot be copied: ") + resultName(made));
  }
  if (!player_.waitIdle(device)) return player_.waitedInVain();  // what the program did with it before
  VkResult result = stage.grow(event.bytes.size());
  if (result == VK_SUCCESS) result = stage.job.begin();
  if (result != VK_SUCCESS)
    return player_.error(Code::kCannotRun,
                         std::string("contents from outside cannot be copied: ") + resultName(result));
  std::memcpy(stage.mapped, event.bytes.data(), event.bytes.size());
  if (kind == HandleKind::kVkImage) {
    copyToImage(stage, handleOf<VkImage>(live), record);
  } else {
    copyToBuffer(stage, handleOf<VkBuffer>(live), record);
  }
  result = stage.job.submit(device.first_queue, {}, {});
  if (result == VK_SUCCESS) result = stage.job.wait();
  if (result == VK_TIMEOUT) return player_.waitedInVain();
  if (result == VK_ERROR_DEVICE_LOST) player_.failureSeen();
  if (result != VK_SUCCESS)
    player_.difference(Difference::kReplay,
                       std::string("contents from outside could not be copied: ") + resultName(result));
  return Status::ok();
}

void Contents::copyToImage(Stage& stage, VkImage image, const ContentsRecord& record) {
  const Dispatch& d = stage.device.dispatch;
  Target& target = stage.images[image];
  const VkAccessFlags all = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
  VkImageMemoryBarrier barrier{};
  barrier.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
  barrier.srcAccessMask = all;
  barrier.dstAccessMask = all;
  barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  barrier.image = image;
  barrier.subresourceRange = {aspectsTogether(target.format, record.aspect), record.mip_level, 1,
                              record.array_layer, 1};
  const auto change = [&](VkImageLayout from, VkImageLayout to) {
    barrier.oldLayout = from;
    barrier.newLayout = to;
    d.CmdPipelineBarrier(stage.job.commands(), VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                         VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, nullptr, 0, nullptr, 1, &barrier);
  };
  // The producer, which is not here, had brought it into this layout.
  if (target.given.insert({record.mip_level, record.array_layer}).second)
    change(VK_IMAGE_LAYOUT_UNDEFINED, reachable(record.layout));
  change(reachable(record.layout), VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
  const VkBufferImageCopy region{0,         0,
                                 0,         {record.aspect, record.mip_level, record.array_layer, 1},
                                 {0, 0, 0}, {record.width, record.height, record.depth}};
  d.CmdCopyBufferToImage(stage.job.commands(), stage.buffer, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1,
                         &region);
  change(VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, reachable(record.layout));
}

void Contents::copyToBuffer(Stage& stage, VkBuffer buffer, const ContentsRecord& record) {
  const Dispatch& d = stage.device.dispatch;
  const VkBufferCopy region{0, record.offset, record.size};
  d.CmdCopyBuffer(stage.job.commands(), stage.buffer, buffer, 1, &region);
  const VkMemoryBarrier barrier{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, VK_ACCESS_MEMORY_WRITE_BIT,
                                VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT};
  d.CmdPipelineBarrier(stage.job.commands(), VK_PIPELINE_STAGE_ALL_COMMANDS_BIT,
                       VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 1, &barrier, 0, nullptr, 0, nullptr);
}

}  // namespace reprise

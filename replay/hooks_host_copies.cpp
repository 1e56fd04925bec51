// Host image copies: the bytes that the program's memory held come from the trace; what is copied out goes to
// memory of the replay's own, and is compared.
#include "format/host_copy.h"
#include "replay/hooks.h"

#if defined(REPRISE_HOST_COPIES)
#include <cstring>
#include <string>
#include <vector>

#include "replay/issue.h"

namespace reprise {
namespace {

// Rows that lie further apart than this are played without what is between them.
constexpr uint64_t kMostScattered = uint64_t{1} << 30;

// The regions of one copy, and memory for those that are not in one piece in the trace.
template <class Info>
class Regions {
 public:
  using Region = std::remove_cvref_t<decltype(*Info::pRegions)>;

  explicit Regions(const Info& info)
      : regions_(const_cast<Region*>(info.pRegions), info.pRegions ? info.regionCount : 0) {}

  // By the image's format, or by what the driver says of its own layout; false if that cannot be told.
  bool measureTexels(const HostImage& image) {
    for (const Region& region : regions_) addShape(texelRows(image, copiedRegion(region)));
    return measured_;
  }
  bool measureMemcpy(Player& player, VkImage image, const HostImage& made) {
    const Device& device = *player.device();
    for (const Region& region : regions_)
      addShape(oneRow(memcpySize(device.dispatch, device.live, image, made, region.imageSubresource)));
    return measured_;
  }
  void packTightly() {
    for (Region& region : regions_) region.memoryRowLength = region.memoryImageHeight = 0;
  }
  uint64_t size() const { return size_; }

  // `packed`: size() bytes. What lies in rows gets memory of its own, filled from there.
  void pointInto(std::byte* packed) {
    scattered_.resize(regions_.size());
    for (size_t i = 0; i < regions_.size(); packed += shapes_[i++].packed()) {
      const uint64_t span = shapes_[i].span();
      regions_[i].pHostPointer = packed;
      if (shapes_[i].isPacked()) continue;
      if (span > kMostScattered - scattered_bytes_) {
        regions_[i].memoryRowLength = regions_[i].memoryImageHeight = 0;
        continue;
      }
      scattered_bytes_ += span;
      scattered_[i].resize(span);
      unpackRows(scattered_[i].data(), packed, shapes_[i]);
      regions_[i].pHostPointer = scattered_[i].data();
    }
  }
  // What the driver wrote into that memory.
  void collectInto(std::byte* packed) const {
    for (size_t i = 0; i < regions_.size(); packed += shapes_[i++].packed())
      if (!scattered_[i].empty()) packRows(packed, scattered_[i].data(), shapes_[i]);
  }

 private:
  void addShape(const TexelRows& shape) {
    if (shape.row_bytes == 0) measured_ = false;
    shapes_.push_back(shape);
    if (__builtin_add_overflow(size_, shape.packed(), &size_)) measured_ = false;
  }

  const std::span<Region> regions_;
  std::vector<TexelRows> shapes_;
  std::vector<std::vector<std::byte>> scattered_;
  uint64_t scattered_bytes_ = 0;
  uint64_t size_ = 0;
  bool measured_ = true;
};

Status unreadable(Player& player, uint64_t held, uint64_t wanted) {
  return player.error(Code::kUnreadable, "the trace holds " + std::to_string(held) +
                                             " bytes for it, and its regions take " + std::to_string(wanted));
}

// What the copy's image is here; a Status that ends the call, OK included, if it cannot be played.
Status findImage(Player& player, Command command, VkImage captured, bool has_bytes,
                 const Device::HostImageHere*& found) {
  if (!has_bytes) {
    player.note(std::string(commandInfo(command).name) + " is not played: the trace does not hold its bytes");
    return Status::ok();
  }
  const auto live = player.live<VkImage>(valueOf(captured));
  if (!live) return player.refuse(command, player.unknownHandle(HandleKind::kVkImage, valueOf(captured)));
  const auto entry = player.device()->host_images.find(live);
  if (entry == player.device()->host_images.end())
    return player.error(Code::kUnreadable, "its image was not made for host copies");
  if (entry->second.format != entry->second.captured.format) {
    player.note(std::string(commandInfo(command).name) + " is not played on images whose " +
                formatName(entry->second.captured.format) + " is played as " +
                formatName(entry->second.format));
    return Status::ok();
  }
  found = &entry->second;
  return Status::ok();
}

// Bytes that only the capture's driver can read go to that driver only; the trace may have texels for others.
Status playMemcpy(Player& player, CopyFromHostCall& call, CopyFromHostCall& captured, const HostImage& made) {
  auto& info = const_cast<VkCopyMemoryToImageInfoEXT&>(*call.pCopyMemoryToImageInfo);
  Regions as_captured(info);
  const auto live = player.live<VkImage>(valueOf(info.dstImage));
  if (player.sameGpu() && as_captured.measureMemcpy(player, live, made) &&
      as_captured.size() == call.hostSize) {
    as_captured.pointInto(static_cast<std::byte*>(const_cast<void*>(call.pHostBytes)));
    return issue(player, call, captured);
  }
  if (!captured.pTexels)
    return player.error(
        Code::kCannotRun,
        "its bytes are laid out as the capture's driver lays out images (VK_HOST_IMAGE_COPY_MEMCPY_BIT), "
        "which this device may not be given, and the trace has no texels in their place");
  player.note(
      "host copies by memcpy are played as copies of texels: this is not the capture's device and driver");
  info.flags &= ~kHostMemcpy;
  Regions texels(info);
  texels.packTightly();
  if (!texels.measureTexels(made) || texels.size() != captured.texelSize)
    return unreadable(player, captured.texelSize, texels.size());
  texels.pointInto(static_cast<std::byte*>(captured.pTexels));
  return issue(player, call, captured);
}

}  // namespace

Status hook(Player& player, CopyFromHostCall& call, CopyFromHostCall& captured) {
  if (player.event().has_outputs && hadNoEffect(captured.result)) return Status::ok();
  if (!call.pCopyMemoryToImageInfo) return player.error(Code::kUnreadable, "it says nothing");
  auto& info = const_cast<VkCopyMemoryToImageInfoEXT&>(*call.pCopyMemoryToImageInfo);
  const Device::HostImageHere* image = nullptr;
  Status status = findImage(player, call.kId, info.dstImage, call.pHostBytes && call.hostSize, image);
  if (!status || !image) return status;
  if (info.flags & kHostMemcpy) return playMemcpy(player, call, captured, image->captured);
  Regions regions(info);
  if (!regions.measureTexels(image->captured) || regions.size() != call.hostSize)
    return unreadable(player, call.hostSize, regions.size());
  regions.pointInto(static_cast<std::byte*>(const_cast<void*>(call.pHostBytes)));
  return issue(player, call, captured);
}

Status hook(Player& player, CopyToHostCall& call, CopyToHostCall& captured) {
  if (player.event().has_outputs && hadNoEffect(captured.result)) return Status::ok();
  if (!call.pCopyImageToMemoryInfo) return player.error(Code::kUnreadable, "it says nothing");
  auto& info = const_cast<VkCopyImageToMemoryInfoEXT&>(*call.pCopyImageToMemoryInfo);
  const Device::HostImageHere* image = nullptr;
  Status status = findImage(player, call.kId, info.srcImage, call.pHostBytes && call.hostSize, image);
  if (!status || !image) return status;
  Regions regions(info);
  if (info.flags & kHostMemcpy) {
    const auto live = player.live<VkImage>(valueOf(info.srcImage));
    if (!regions.measureMemcpy(player, live, image->captured))
      return player.error(Code::kCannotRun,
                          "this device does not tell how large its images are in host memory");
    // What a driver has between texels is nobody's business: nothing of it is compared.
    if (regions.size() > kMostScattered)
      return player.error(Code::kCannotRun, "its regions take " + std::to_string(regions.size()) +
                                                " bytes here; one copy may take " +
                                                std::to_string(kMostScattered));
    std::vector<std::byte> bytes(regions.size());
    regions.pointInto(bytes.data());
    return issueBy(player, call, captured, [&] {
      invoke(player.dispatch(), call);
      if (captured.pHostBytes) call.pHostBytes = captured.pHostBytes;
    });
  }
  if (!regions.measureTexels(image->captured) || regions.size() != call.hostSize)
    return unreadable(player, call.hostSize, regions.size());
  auto* packed = static_cast<std::byte*>(call.pHostBytes);
  regions.pointInto(packed);
  return issueBy(player, call, captured, [&] {
    invoke(player.dispatch(), call);
    regions.collectInto(packed);
  });
}

}  // namespace reprise
#endif

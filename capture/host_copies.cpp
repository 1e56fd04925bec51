#include "capture/host_copies.h"

#if defined(REPRISE_HOST_COPIES)
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "capture/handle_table.h"
#include "capture/layer.h"
#include "capture/memory.h"
#include "capture/recorder.h"

namespace reprise::capture::host_copies {
namespace {

constinit HandleTable<HostImage> images;
constinit HandleTable<HostImage> swapchains;

void remember(HandleTable<HostImage>& table, uint64_t handle, VkDevice device, const HostImage& made) {
  delete table.erase(handle, uint64_t(device));  // a swapchain's image ends without a word
  auto* entry = new (std::nothrow) HostImage(made);
  if (entry && !table.insert(handle, uint64_t(device), entry)) delete entry;
}

void forget(HandleTable<HostImage>& table, uint64_t handle, VkDevice device) {
  if (handle) delete table.erase(handle, uint64_t(device));
}

// Memory for a copy of what lies scattered; nothing throws here.
struct Free {
  void operator()(std::byte* p) const { std::free(p); }
};
using Bytes = std::unique_ptr<std::byte[], Free>;
Bytes allocate(uint64_t size) { return Bytes(static_cast<std::byte*>(std::malloc(size ? size : 1))); }

// The regions of a copy in the program's memory.
template <class Region>
class Regions {
 public:
  Regions(const Dispatch& driver, VkDevice device, VkImage image, VkFlags flags, const Region* regions,
          uint32_t count)
      : regions_(regions, count), image_(images.find(uint64_t(image), uint64_t(device))) {
    if (image_ == nullptr) {
      obstacle_ = "how the image was made is not known";
      return;
    }
    try {
      shapes_.reserve(regions_.size());
    } catch (const std::bad_alloc&) {
      obstacle_ = "no memory for a list of its regions";
      return;
    }
    for (const Region& region : regions_) {
      if (flags & kHostMemcpy)
        add(oneRow(memcpySize(driver, device, image, *image_, region.imageSubresource)),
            "the driver does not tell their number");
      else
        add(texelRows(*image_, copiedRegion(region)), "the size of its texels is not known");
    }
  }

  const char* obstacle() const { return obstacle_; }  // why their bytes cannot be told; null: they can
  const HostImage& image() const { return *image_; }
  uint64_t size() const { return size_; }
  // All bytes lie in one piece, in order.
  bool isOnePiece() const { return shapes_.size() == 1 && shapes_[0].isPacked(); }
  auto* first() const { return regions_.empty() ? nullptr : regions_[0].pHostPointer; }
  void pack(std::byte* into) const {
    for (size_t i = 0; i < shapes_.size(); into += shapes_[i++].packed())
      packRows(into, static_cast<const std::byte*>(regions_[i].pHostPointer), shapes_[i]);
  }

 private:
  void add(const TexelRows& shape, const char* obstacle) {
    if (shape.row_bytes == 0) obstacle_ = obstacle;
    shapes_.push_back(shape);
    size_ += shape.packed();
  }

  const std::span<const Region> regions_;
  const HostImage* image_;
  const char* obstacle_ = nullptr;
  std::vector<TexelRows> shapes_;
  uint64_t size_ = 0;
};

void cannotRecord(Command called, const char* why) {
  if (currentLane() == nullptr) return;
  char text[160];
  std::snprintf(text, sizeof text, "%s: its bytes in memory are not recorded: %s", commandInfo(called).name,
                why);
  recordHole(HoleCause::kUnknownCommand, uint64_t(called), text);
  warn("%s", text);
}

// Whether the host may read texels of an image in that layout, as far as there is memory to find out.
bool isReadable(const NextLayer& next, VkImageLayout layout) try {
  const Dispatch& driver = nextOf(next.instance)->dispatch;
  if (driver.GetPhysicalDeviceProperties2 == nullptr) return false;
  VkPhysicalDeviceHostImageCopyPropertiesEXT known{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_HOST_IMAGE_COPY_PROPERTIES_EXT};
  VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &known, {}};
  driver.GetPhysicalDeviceProperties2(next.physical_device, &properties);
  std::vector<VkImageLayout> from(known.copySrcLayoutCount), to(known.copyDstLayoutCount);
  known.pCopySrcLayouts = from.data();
  known.pCopyDstLayouts = to.data();
  driver.GetPhysicalDeviceProperties2(next.physical_device, &properties);
  from.resize(std::min<size_t>(from.size(), known.copySrcLayoutCount));
  return std::find(from.begin(), from.end(), layout) != from.end();
} catch (const std::bad_alloc&) {
  return false;
}

// The texels that the driver made of a copy by memcpy, region after region.
class Texels {
 public:
  Texels(const CopyFromHostCall& call, const HostImage& made) : info_(*call.pCopyMemoryToImageInfo) {
    for (const auto& region : std::span(info_.pRegions, info_.regionCount))
      size_ += texelRows(made, {0, 0, region.imageSubresource, region.imageExtent}).packed();
    if (isReadable(*nextOf(call.device), info_.dstImageLayout)) bytes_ = allocate(size_);
  }
  uint64_t size() const { return bytes_ ? size_ : 0; }
  void* data() const { return bytes_.get(); }

  // False if the driver would not, or there is no memory.
  bool read(const Dispatch& driver, VkDevice device, const HostImage& made) try {
    std::vector<VkImageToMemoryCopyEXT> regions;
    std::byte* at = bytes_.get();
    for (const auto& region : std::span(info_.pRegions, info_.regionCount)) {
      regions.push_back({VK_STRUCTURE_TYPE_IMAGE_TO_MEMORY_COPY_EXT, nullptr, at, 0, 0,
                         region.imageSubresource, region.imageOffset, region.imageExtent});
      at += texelRows(made, {0, 0, region.imageSubresource, region.imageExtent}).packed();
    }
    const VkCopyImageToMemoryInfoEXT info{VK_STRUCTURE_TYPE_COPY_IMAGE_TO_MEMORY_INFO_EXT,
                                          nullptr,
                                          0,
                                          info_.dstImage,
                                          info_.dstImageLayout,
                                          info_.regionCount,
                                          regions.data()};
    CopyToHostCall copy{device, &info};
    invoke(driver, copy);
    return copy.result == VK_SUCCESS;
  } catch (const std::bad_alloc&) {
    return false;
  }

 private:
  const VkCopyMemoryToImageInfoEXT& info_;
  uint64_t size_ = 0;
  Bytes bytes_;
};

template <class C>
void pass(C& call, Command called) {
  const Dispatch& driver = dispatchOf(call);
  record(call, called, [&] { invoke(driver, call, called); });
}

}  // namespace

void created(const CreateImageCall& call) {
  if (call.result == VK_SUCCESS && isForHostCopies(*call.pCreateInfo)) [[unlikely]]
    remember(images, uint64_t(*call.pImage), call.device,
             {call.pCreateInfo->format, call.pCreateInfo->arrayLayers});
}

void destroying(VkDevice device, VkImage image) { forget(images, uint64_t(image), device); }

void deviceGone(VkDevice device) {
  images.eraseAll(uint64_t(device), [](HostImage* image) { delete image; });
  swapchains.eraseAll(uint64_t(device), [](HostImage* image) { delete image; });
}

// What the program wrote to mapped memory may be part of an image.
void hook(CopyByHostCall& call, Command called) {
  memory::scanBeforeSubmit();
  pass(call, called);
}

void hook(CopyFromHostCall& call, Command called) {
  memory::scanBeforeSubmit();
  if (currentLane() == nullptr) return pass(call, called);
  const Dispatch& driver = dispatchOf(call);
  const auto& info = *call.pCopyMemoryToImageInfo;
  const Regions regions(driver, call.device, info.dstImage, info.flags, info.pRegions, info.regionCount);
  Bytes copy;
  if (!regions.obstacle() && !regions.isOnePiece() && (copy = allocate(regions.size())))
    regions.pack(copy.get());
  if (regions.obstacle() || (!copy && !regions.isOnePiece())) {
    cannotRecord(called, regions.obstacle() ? regions.obstacle() : "no memory");
    return pass(call, called);
  }
  call.hostSize = regions.size();
  call.pHostBytes = copy ? copy.get() : regions.first();
  if (!(info.flags & kHostMemcpy)) return pass(call, called);
  Texels texels(call, regions.image());
  call.texelSize = texels.size();
  call.pTexels = texels.data();
  record(call, called, [&] {
    invoke(driver, call, called);
    if (call.result == VK_SUCCESS && call.pTexels && !texels.read(driver, call.device, regions.image()))
      call.pTexels = nullptr;
  });
}

void hook(CopyToHostCall& call, Command called) {
  memory::scanBeforeSubmit();
  if (currentLane() == nullptr) return pass(call, called);
  const Dispatch& driver = dispatchOf(call);
  const auto& info = *call.pCopyImageToMemoryInfo;
  const Regions regions(driver, call.device, info.srcImage, info.flags, info.pRegions, info.regionCount);
  Bytes copy;
  if (!regions.obstacle() && !regions.isOnePiece()) copy = allocate(regions.size());
  if (regions.obstacle() || (!copy && !regions.isOnePiece())) {
    cannotRecord(called, regions.obstacle() ? regions.obstacle() : "no memory");
    return pass(call, called);
  }
  call.hostSize = regions.size();
  call.pHostBytes = copy ? copy.get() : regions.first();
  record(call, called, [&] {
    invoke(driver, call, called);
    if (copy && call.result == VK_SUCCESS) regions.pack(copy.get());
  });
}

void hook(CreateSwapchainKHRCall& call, Command called) {
  pass(call, called);
  const VkSwapchainCreateInfoKHR& info = *call.pCreateInfo;
  if (call.result == VK_SUCCESS && (info.imageUsage & kHostTransferUsage))
    remember(swapchains, uint64_t(*call.pSwapchain), call.device, {info.imageFormat, info.imageArrayLayers});
}

void hook(DestroySwapchainKHRCall& call, Command called) {
  forget(swapchains, uint64_t(call.swapchain), call.device);
  pass(call, called);
}

void hook(GetSwapchainImagesKHRCall& call, Command called) {
  pass(call, called);
  const HostImage* made = swapchains.find(uint64_t(call.swapchain), uint64_t(call.device));
  if (call.result < 0 || call.pSwapchainImages == nullptr || made == nullptr) return;
  for (uint32_t i = 0; i < *call.pSwapchainImageCount; ++i)
    remember(images, uint64_t(call.pSwapchainImages[i]), call.device, *made);
}

}  // namespace reprise::capture::host_copies
#endif

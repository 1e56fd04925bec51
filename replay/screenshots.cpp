#include "replay/screenshots.h"

#include <png.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "replay/gpu_job.h"
#include "replay/picture_names.h"
#include "replay/session.h"

namespace reprise {
namespace {

// A host-visible buffer for one read-back.
class Staging {
 public:
  Staging(Device& device, VkDeviceSize size) : device_(device) {
    const Dispatch& d = device.dispatch;
    const VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                  nullptr,
                                  0,
                                  size,
                                  VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                                  VK_SHARING_MODE_EXCLUSIVE,
                                  0,
                                  nullptr};
    if (d.CreateBuffer(device.live, &info, nullptr, &buffer_) != VK_SUCCESS) return;
    VkMemoryRequirements needs{};
    d.GetBufferMemoryRequirements(device.live, buffer_, &needs);
    const VkMemoryPropertyFlags host =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    const uint32_t type = chooseMemoryType(device.memory, needs.memoryTypeBits, host, host);
    const VkMemoryAllocateInfo allocate{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, needs.size, type};
    void* data = nullptr;
    if (type == UINT32_MAX || d.AllocateMemory(device.live, &allocate, nullptr, &memory_) != VK_SUCCESS ||
        d.BindBufferMemory(device.live, buffer_, memory_, 0) != VK_SUCCESS ||
        d.MapMemory(device.live, memory_, 0, VK_WHOLE_SIZE, 0, &data) != VK_SUCCESS)
      return;
    data_ = static_cast<const uint8_t*>(data);
  }
  ~Staging() {
    device_.dispatch.DestroyBuffer(device_.live, buffer_, nullptr);
    device_.dispatch.FreeMemory(device_.live, memory_, nullptr);
  }
  Staging(const Staging&) = delete;
  Staging& operator=(const Staging&) = delete;
  VkBuffer buffer() const { return buffer_; }
  const uint8_t* data() const { return data_; }  // null if it could not be made

 private:
  Device& device_;
  VkBuffer buffer_ = VK_NULL_HANDLE;
  VkDeviceMemory memory_ = VK_NULL_HANDLE;
  const uint8_t* data_ = nullptr;
};

float halfToFloat(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const float mantissa = float(half & 1023) / 1024.f;
  const float sign = half & 0x8000 ? -1.f : 1.f;
  if (exponent == 31) return sign > 0 ? 1.f : 0.f;  // infinities and NaN, clamped
  if (exponent == 0) return sign * mantissa / 16384.f;
  const float power = exponent >= 15 ? float(1u << (exponent - 15)) : 1.f / float(1u << (15 - exponent));
  return sign * (1.f + mantissa) * power;
}

void put16(std::vector<uint8_t>& rows, uint32_t value) {
  rows.push_back(uint8_t(value >> 8));
  rows.push_back(uint8_t(value));
}

bool isBgr(VkFormat format) {
  return format == VK_FORMAT_B8G8R8A8_UNORM || format == VK_FORMAT_B8G8R8A8_SRGB;
}

}  // namespace

uint32_t screenshotTexelSize(VkFormat format) {
  switch (format) {
    case VK_FORMAT_B8G8R8A8_UNORM:
    case VK_FORMAT_B8G8R8A8_SRGB:
    case VK_FORMAT_R8G8B8A8_UNORM:
    case VK_FORMAT_R8G8B8A8_SRGB:
    case VK_FORMAT_A8B8G8R8_UNORM_PACK32:
    case VK_FORMAT_A8B8G8R8_SRGB_PACK32:
    case VK_FORMAT_A2R10G10B10_UNORM_PACK32:
    case VK_FORMAT_A2B10G10R10_UNORM_PACK32:
      return 4;
    case VK_FORMAT_R16G16B16A16_SFLOAT:
      return 8;
    case VK_FORMAT_R5G6B5_UNORM_PACK16:
    case VK_FORMAT_B5G6R5_UNORM_PACK16:
      return 2;
    default:
      return 0;
  }
}

std::vector<uint8_t> toPngRows(VkFormat format, const uint8_t* texels, size_t count, bool& sixteen_bits) {
  std::vector<uint8_t> rows;
  const uint32_t size = screenshotTexelSize(format);
  const bool ten =
      format == VK_FORMAT_A2R10G10B10_UNORM_PACK32 || format == VK_FORMAT_A2B10G10R10_UNORM_PACK32;
  sixteen_bits = ten || size == 8;
  rows.reserve(count * (sixteen_bits ? 6 : 3));
  for (size_t i = 0; i < count; ++i, texels += size) {
    if (size == 8) {
      uint16_t halves[3];
      std::memcpy(halves, texels, sizeof halves);
      for (const uint16_t half : halves)
        put16(rows, uint32_t(std::clamp(halfToFloat(half), 0.f, 1.f) * 65535.f + 0.5f));
    } else if (ten) {
      uint32_t word = 0;
      std::memcpy(&word, texels, 4);
      const uint32_t low = word & 1023, middle = word >> 10 & 1023, high = word >> 20 & 1023;
      const bool red_high = format == VK_FORMAT_A2R10G10B10_UNORM_PACK32;
      for (const uint32_t c : {red_high ? high : low, middle, red_high ? low : high})
        put16(rows, c << 6 | c >> 4);
    } else if (size == 2) {
      uint16_t word = 0;
      std::memcpy(&word, texels, 2);
      const uint32_t low = word & 31, middle = word >> 5 & 63, high = word >> 11;
      const bool red_high = format == VK_FORMAT_R5G6B5_UNORM_PACK16;
      const uint32_t red = red_high ? high : low, blue = red_high ? low : high;
      rows.insert(rows.end(), {uint8_t(red << 3 | red >> 2), uint8_t(middle << 2 | middle >> 4),
                               uint8_t(blue << 3 | blue >> 2)});
    } else {
      const int red = isBgr(format) ? 2 : 0;
      rows.insert(rows.end(), {texels[red], texels[1], texels[2 - red]});
    }
  }
  return rows;
}

Status writePng(const std::string& path, uint32_t width, uint32_t height, bool sixteen_bits,
                const std::vector<uint8_t>& rows) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return Status(Code::kUnreadable, "cannot write " + path);
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png ? png_create_info_struct(png) : nullptr;
  bool written = false;
  if (info && setjmp(png_jmpbuf(png)) == 0) {
    png_init_io(png, file);
    png_set_IHDR(png, info, width, height, sixteen_bits ? 16 : 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(png, info);
    const size_t pitch = size_t(width) * (sixteen_bits ? 6 : 3);
    for (uint32_t y = 0; y < height; ++y) png_write_row(png, rows.data() + y * pitch);
    png_write_end(png, nullptr);
    written = true;
  }
  png_destroy_write_struct(&png, &info);
  if (std::fclose(file) != 0 || !written) return Status(Code::kUnreadable, "cannot write " + path);
  return Status::ok();
}

Result<std::string> Screenshots::save(Device& device, VkQueue queue, const Picture& picture, uint32_t frame,
                                      uint32_t index) {
  const uint32_t texel = screenshotTexelSize(picture.format);
  if (texel == 0) return std::string();
  const size_t count = size_t(picture.extent.width) * picture.extent.height;
  Staging staging(device, count * texel);
  GpuJob job;
  const auto family = device.families.find(queue);
  if (staging.data() == nullptr || family == device.families.end() ||
      job.create(device, family->second) != VK_SUCCESS || job.begin() != VK_SUCCESS)
    return Status(Code::kCannotRun, "no memory for a screenshot");
  job.barrier(picture.image, picture.layout, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
  const VkBufferImageCopy region{0,         0,
                                 0,         {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                 {0, 0, 0}, {picture.extent.width, picture.extent.height, 1}};
  device.dispatch.CmdCopyImageToBuffer(job.commands(), picture.image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                                       staging.buffer(), 1, &region);
  job.barrier(picture.image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, picture.layout);
  const VkMemoryBarrier to_host{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, VK_ACCESS_TRANSFER_WRITE_BIT,
                                VK_ACCESS_HOST_READ_BIT};
  device.dispatch.CmdPipelineBarrier(job.commands(), VK_PIPELINE_STAGE_TRANSFER_BIT,
                                     VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &to_host, 0, nullptr, 0, nullptr);
  if (job.submit(queue, {}, {}) != VK_SUCCESS || job.wait() != VK_SUCCESS)
    return Status(Code::kCannotRun, "the read-back for a screenshot failed");
  bool sixteen_bits = false;
  const std::vector<uint8_t> rows = toPngRows(picture.format, staging.data(), count, sixteen_bits);
  const std::string name = PictureName{frame, index}.text();
  const Status written =
      writePng(folder_ + "/" + name, picture.extent.width, picture.extent.height, sixteen_bits, rows);
  if (!written) return written;
  return name;
}

}  // namespace reprise

// PNG files of presented images.
//
// save() reads an image back on its queue and waits for it: slow, and only done when asked for. One thread.
// Formats of 8 bits a channel, the 10-bit ones (scaled to 16) and 16-bit floats (clamped to 0..1) are
// written; of any other one note is returned.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/status.h"
#include "format/vk.h"
#include "replay/frame_set.h"

namespace reprise {

struct Device;

// An image that a present shows.
struct Picture {
  VkImage image = VK_NULL_HANDLE;
  VkFormat format = VK_FORMAT_UNDEFINED;
  VkExtent2D extent{};
  VkImageLayout layout = VK_IMAGE_LAYOUT_UNDEFINED;
};

// Bytes of one texel of a format that can be a presented image's and that we can write; 0 for any other.
uint32_t screenshotTexelSize(VkFormat format);
// Texels as a driver stores them to 8-bit RGB rows or, for deeper formats, 16-bit big-endian ones.
std::vector<uint8_t> toPngRows(VkFormat format, const uint8_t* texels, size_t count, bool& sixteen_bits);
Status writePng(const std::string& path, uint32_t width, uint32_t height, bool sixteen_bits,
                const std::vector<uint8_t>& rows);

class Screenshots {
 public:
  Screenshots(std::string folder, FrameSet looked_at)
      : folder_(std::move(folder)), looked_at_(std::move(looked_at)) {}
  bool wanted(uint32_t frame) const { return !folder_.empty() && looked_at_.has(frame); }
  // Writes frame-000012.png; the second image of one present is frame-000012-1.png. Returns the name, "" for
  // a format that cannot be written.
  Result<std::string> save(Device& device, VkQueue queue, const Picture& picture, uint32_t frame,
                           uint32_t index);

 private:
  std::string folder_;
  FrameSet looked_at_;
};

}  // namespace reprise

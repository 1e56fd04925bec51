// An 8-bit RGB picture: PNG in, PNG out, and a smaller one of the same.
//
// A PNG of a replay is our own, yet it is read as any file: sizes are bounded (kMostPixels). Values. Errors:
// kUnreadable with the path.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/status.h"

namespace reprise {

struct RgbImage {
  static constexpr uint64_t kMostPixels = 64 << 20;
  uint32_t width = 0, height = 0;
  std::vector<uint8_t> rgb;  // rows from the top, without padding
};

Result<RgbImage> readRgbPng(const std::string& path);  // of any depth and colour type
std::string pngBytes(const RgbImage& image);

// At most `width` wide, the same shape; each texel is the mean of the area that it covers, in linear light,
// so that thin lines keep their brightness. A picture that is narrower is returned as it is.
RgbImage scaledDown(const RgbImage& image, uint32_t width);

}  // namespace reprise

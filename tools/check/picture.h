// A picture in memory, its PNG file, and how it differs from another.
//
// Three channels, red, green, blue, of 8 or 16 bits in the file and 16 here: 8-bit ones times 257, so that
// both compare. Values; any thread. Errors: kUnreadable for a file that is no picture of at most kMaxSide
// pixels a side. compare() wants pictures of one size.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/status.h"
#include "tools/check/tolerance.h"

namespace reprise {

inline constexpr uint32_t kMaxSide = 16384;

struct Raster {
  uint32_t width = 0, height = 0;
  std::vector<uint16_t> samples;  // width * height * 3
  bool operator==(const Raster&) const = default;
};

Result<Raster> readPng(const std::string& path);
Status writePng8(const std::string& path, const Raster& raster);

// A rectangle in pixels.
struct Box {
  uint32_t x = 0, y = 0, width = 0, height = 0;
};

struct RasterDifference {
  uint64_t pixels = 0;     // that differ
  double largest = 0;      // of one channel, of 255
  Box box;                 // around all of them
  double mean_ssim = 1;    // over the whole picture; these two only of pictures that are not the same
  double lowest_ssim = 1;  // of a tile and channel
  Box lowest_tile;
  bool within = true;  // the tolerance
};

RasterDifference compareRasters(const Raster& reference, const Raster& actual, const Tolerance& tolerance);

// Structural similarity: a Gaussian window of 11 x 11 with sigma 1.5, K1 = 0.01, K2 = 0.03; pictures are
// mirrored at their borders, so that every pixel has its window. Every value of the map, one a sample.
std::vector<float> ssimMap(const Raster& a, const Raster& b);

// Where they differ: white on the darkened grey reference, and a frame around `box`.
Raster differencePicture(const Raster& reference, const Raster& actual, const Box& box);

}  // namespace reprise

#include "tools/check/picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

namespace reprise {
namespace {

constexpr int kRadius = 5;  // of the window: 11 pixels
constexpr double kSigma = 1.5;
constexpr uint32_t kTile = 64;  // pixels a side
constexpr float kC1 = 0.01f * 255 * 0.01f * 255, kC2 = 0.03f * 255 * 0.03f * 255;
constexpr uint16_t kWhite = 0xffff;

std::array<float, 2 * kRadius + 1> gaussianWindow() {
  std::array<float, 2 * kRadius + 1> window{};
  double sum = 0;
  for (int i = -kRadius; i <= kRadius; ++i) sum += std::exp(-i * i / (2 * kSigma * kSigma));
  for (int i = -kRadius; i <= kRadius; ++i)
    window[size_t(i + kRadius)] = static_cast<float>(std::exp(-i * i / (2 * kSigma * kSigma)) / sum);
  return window;
}

// d c b a | a b c d | d c b a, however small the picture.
size_t mirrored(long at, long size) {
  const long period = 2 * size;
  at = ((at % period) + period) % period;
  return static_cast<size_t>(at < size ? at : period - 1 - at);
}

// One channel, blurred by the window: along rows, then along columns.
class Plane {
 public:
  Plane(uint32_t width, uint32_t height) : width_(width), height_(height), values_(size_t{width} * height) {}
  float& operator[](size_t i) { return values_[i]; }
  float operator[](size_t i) const { return values_[i]; }
  size_t size() const { return values_.size(); }

  Plane blurred() const {
    static const auto window = gaussianWindow();
    Plane rows(width_, height_), result(width_, height_);
    std::vector<size_t> place(width_ + 2 * kRadius);
    for (size_t i = 0; i < place.size(); ++i) place[i] = mirrored(long(i) - kRadius, width_);
    for (uint32_t y = 0; y < height_; ++y) {
      const float* from = &values_[size_t{y} * width_];
      float* to = &rows.values_[size_t{y} * width_];
      for (uint32_t x = 0; x < width_; ++x)
        for (size_t k = 0; k < window.size(); ++k) to[x] += window[k] * from[place[x + k]];
    }
    for (uint32_t y = 0; y < height_; ++y) {
      float* to = &result.values_[size_t{y} * width_];
      for (size_t k = 0; k < window.size(); ++k) {
        const float* from = &rows.values_[mirrored(long(y) + long(k) - kRadius, height_) * width_];
        for (uint32_t x = 0; x < width_; ++x) to[x] += window[k] * from[x];
      }
    }
    return result;
  }

 private:
  uint32_t width_, height_;
  std::vector<float> values_;
};

template <class Function>
Plane blurredOf(const Raster& shape, Function&& value) {
  Plane plane(shape.width, shape.height);
  for (size_t i = 0; i < plane.size(); ++i) plane[i] = value(i);
  return plane.blurred();
}

void mapChannel(const Raster& a, const Raster& b, size_t channel, std::vector<float>& map) {
  const auto in = [channel](const Raster& of, size_t i) {
    return static_cast<float>(of.samples[3 * i + channel]) / 257.f;
  };
  const Plane mean_a = blurredOf(a, [&](size_t i) { return in(a, i); });
  const Plane mean_b = blurredOf(a, [&](size_t i) { return in(b, i); });
  const Plane square_a = blurredOf(a, [&](size_t i) { return in(a, i) * in(a, i); });
  const Plane square_b = blurredOf(a, [&](size_t i) { return in(b, i) * in(b, i); });
  const Plane product = blurredOf(a, [&](size_t i) { return in(a, i) * in(b, i); });
  for (size_t i = 0; i < mean_a.size(); ++i) {
    const float ma = mean_a[i], mb = mean_b[i];
    const float va = square_a[i] - ma * ma, vb = square_b[i] - mb * mb, cov = product[i] - ma * mb;
    map[3 * i + channel] =
        (2 * ma * mb + kC1) * (2 * cov + kC2) / ((ma * ma + mb * mb + kC1) * (va + vb + kC2));
  }
}

// The mean of one tile and channel of a map.
double tileMean(const std::vector<float>& map, uint32_t width, const Box& tile, size_t channel) {
  double sum = 0;
  for (uint32_t y = tile.y; y < tile.y + tile.height; ++y)
    for (uint32_t x = tile.x; x < tile.x + tile.width; ++x) sum += map[(size_t{y} * width + x) * 3 + channel];
  return sum / (double(tile.width) * tile.height);
}

void measureSsim(const Raster& reference, const Raster& actual, RasterDifference& difference) {
  const std::vector<float> map = ssimMap(reference, actual);
  double sum = 0;
  for (const float value : map) sum += value;
  difference.mean_ssim = sum / double(map.size());
  for (uint32_t y = 0; y < reference.height; y += kTile) {
    for (uint32_t x = 0; x < reference.width; x += kTile) {
      const Box tile{x, y, std::min(kTile, reference.width - x), std::min(kTile, reference.height - y)};
      for (size_t channel = 0; channel < 3; ++channel) {
        const double mean = tileMean(map, reference.width, tile, channel);
        if (mean >= difference.lowest_ssim) continue;
        difference.lowest_ssim = mean;
        difference.lowest_tile = tile;
      }
    }
  }
}

bool within(const RasterDifference& difference, const Tolerance& tolerance) {
  switch (tolerance.kind) {
    case Tolerance::kExact:
      return difference.pixels == 0;
    case Tolerance::kChannel:
      return difference.largest <= tolerance.limit;
    case Tolerance::kSsim:
      return difference.lowest_ssim >= tolerance.limit;
  }
  return false;
}

bool pixelDiffers(const Raster& a, const Raster& b, size_t pixel) {
  return !std::equal(&a.samples[3 * pixel], &a.samples[3 * pixel] + 3, &b.samples[3 * pixel]);
}

void drawFrame(Raster& raster, const Box& box) {
  const auto put = [&raster](uint32_t x, uint32_t y) {
    if (x < raster.width && y < raster.height)
      std::fill_n(&raster.samples[(size_t{y} * raster.width + x) * 3], 3, kWhite);
  };
  // One pixel outside of it: what it frames stays visible. Left of 0 wraps to a place that is not drawn.
  const uint32_t left = box.x - 1, top = box.y - 1, right = box.x + box.width, bottom = box.y + box.height;
  for (uint32_t x = box.x; x < right; ++x) put(x, top), put(x, bottom);
  for (uint32_t y = box.y; y < bottom; ++y) put(left, y), put(right, y);
}

}  // namespace

std::vector<float> ssimMap(const Raster& a, const Raster& b) {
  std::vector<float> map(a.samples.size());
  for (size_t channel = 0; channel < 3; ++channel) mapChannel(a, b, channel, map);
  return map;
}

RasterDifference compareRasters(const Raster& reference, const Raster& actual, const Tolerance& tolerance) {
  RasterDifference difference;
  if (reference == actual) return difference;
  uint32_t left = UINT32_MAX, top = UINT32_MAX, right = 0, bottom = 0;
  int largest = 0;
  for (size_t pixel = 0; pixel < reference.samples.size() / 3; ++pixel) {
    if (!pixelDiffers(reference, actual, pixel)) continue;
    ++difference.pixels;
    const auto x = uint32_t(pixel % reference.width), y = uint32_t(pixel / reference.width);
    left = std::min(left, x), right = std::max(right, x + 1);
    top = std::min(top, y), bottom = std::max(bottom, y + 1);
    for (size_t i = 3 * pixel; i < 3 * pixel + 3; ++i)
      largest = std::max(largest, std::abs(int(reference.samples[i]) - int(actual.samples[i])));
  }
  difference.largest = largest / 257.;
  difference.box = {left, top, right - left, bottom - top};
  measureSsim(reference, actual, difference);
  difference.within = within(difference, tolerance);
  return difference;
}

Raster differencePicture(const Raster& reference, const Raster& actual, const Box& box) {
  Raster shown = reference;
  for (size_t pixel = 0; pixel < shown.samples.size() / 3; ++pixel) {
    uint16_t* to = &shown.samples[3 * pixel];
    const uint32_t grey = (to[0] * 2u + to[1] * 5u + to[2]) / 8 / 3;
    std::fill_n(to, 3, static_cast<uint16_t>(grey));
    if (pixelDiffers(reference, actual, pixel)) std::fill_n(to, 3, kWhite);
  }
  drawFrame(shown, box);
  return shown;
}

}  // namespace reprise

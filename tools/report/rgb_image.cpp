#include "tools/report/rgb_image.h"

#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace reprise {
namespace {

constexpr uint32_t kLinearSteps = 1 << 14;

// sRGB's transfer function (IEC 61966-2-1), and its inverse as a table.
const std::array<float, 256>& linearOf() {
  static const std::array<float, 256> table = [] {
    std::array<float, 256> values{};
    for (size_t i = 0; i < values.size(); ++i) {
      const double s = double(i) / 255.0;
      values[i] = float(s <= 0.04045 ? s / 12.92 : std::pow((s + 0.055) / 1.055, 2.4));
    }
    return values;
  }();
  return table;
}

const std::vector<uint8_t>& encodedOf() {
  static const std::vector<uint8_t> table = [] {
    std::vector<uint8_t> values(kLinearSteps + 1);
    for (size_t i = 0; i < values.size(); ++i) {
      const double l = double(i) / kLinearSteps;
      const double s = l <= 0.0031308 ? l * 12.92 : 1.055 * std::pow(l, 1 / 2.4) - 0.055;
      values[i] = uint8_t(std::lround(s * 255.0));
    }
    return values;
  }();
  return table;
}

// How much of which source texels one target texel covers, along one axis.
struct Cover {
  uint32_t first = 0;
  std::vector<float> weights;  // sum to 1
};

std::vector<Cover> covers(uint32_t from, uint32_t to) {
  std::vector<Cover> all(to);
  const double scale = double(from) / to;
  for (uint32_t i = 0; i < to; ++i) {
    const double begin = i * scale, end = std::min<double>((i + 1) * scale, from);
    all[i].first = uint32_t(begin);
    for (uint32_t at = all[i].first; at < from && at < end; ++at)
      all[i].weights.push_back(
          float((std::min<double>(end, at + 1) - std::max<double>(begin, at)) / (end - begin)));
  }
  return all;
}

}  // namespace

Result<RgbImage> readRgbPng(const std::string& path) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  const auto failure = [&](const std::string& why) {
    png_image_free(&png);
    return Status(Code::kUnreadable, "cannot read the picture " + path + ": " + why);
  };
  if (!png_image_begin_read_from_file(&png, path.c_str())) return failure(png.message);
  if (uint64_t{png.width} * png.height > RgbImage::kMostPixels) return failure("it is too large");
  png.format = PNG_FORMAT_RGB;
  RgbImage image{png.width, png.height, std::vector<uint8_t>(PNG_IMAGE_SIZE(png))};
  const png_color black{0, 0, 0};  // behind what is transparent
  if (!png_image_finish_read(&png, &black, image.rgb.data(), 0, nullptr)) return failure(png.message);
  return image;
}

std::string pngBytes(const RgbImage& image) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  png.width = image.width;
  png.height = image.height;
  png.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(&png, bytes.data(), &size, 0, image.rgb.data(), 0, nullptr)) return {};
  bytes.resize(size);
  return bytes;
}

RgbImage scaledDown(const RgbImage& image, uint32_t width) {
  if (image.width <= width || width == 0) return image;
  const auto height =
      std::max<uint32_t>(1, uint32_t(std::lround(double(image.height) * width / image.width)));
  const std::vector<Cover> columns = covers(image.width, width), rows = covers(image.height, height);
  RgbImage small{width, height, std::vector<uint8_t>(size_t{width} * height * 3)};
  std::vector<float> sum(size_t{width} * 3);
  for (uint32_t y = 0; y < height; ++y) {
    std::fill(sum.begin(), sum.end(), 0.f);
    for (size_t j = 0; j < rows[y].weights.size(); ++j) {
      const uint8_t* line = image.rgb.data() + (rows[y].first + j) * image.width * 3;
      for (uint32_t x = 0; x < width; ++x)
        for (size_t i = 0; i < columns[x].weights.size(); ++i)
          for (size_t c = 0; c < 3; ++c)
            sum[x * 3 + c] +=
                rows[y].weights[j] * columns[x].weights[i] * linearOf()[line[(columns[x].first + i) * 3 + c]];
    }
    for (size_t i = 0; i < sum.size(); ++i) {
      const float linear = std::clamp(sum[i], 0.f, 1.f);
      small.rgb[size_t{y} * width * 3 + i] = encodedOf()[size_t(std::lround(linear * kLinearSteps))];
    }
  }
  return small;
}

}  // namespace reprise

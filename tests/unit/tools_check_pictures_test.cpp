// Comparing pictures: metrics against values computed apart, tolerances at their limits, PNG files there and
// back.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "replay/screenshots.h"
#include "tools/check/picture.h"

namespace reprise {
namespace {

Raster grey(uint32_t width, uint32_t height, const std::function<int(int, int)>& value) {
  Raster raster{width, height, {}};
  for (uint32_t y = 0; y < height; ++y)
    for (uint32_t x = 0; x < width; ++x)
      raster.samples.insert(raster.samples.end(), 3, uint16_t(value(int(x), int(y)) * 257));
  return raster;
}

double mean(const std::vector<float>& map) {
  double sum = 0;
  for (const float value : map) sum += value;
  return sum / double(map.size());
}

Tolerance tolerance(const char* text) { return Tolerance::parse(text).value(); }

std::filesystem::path scratch(const char* name) { return testing::TempDir() + "/" + name; }

TEST(CheckPictures, SsimOfAKnownPair) {
  // The values of a program in plain Python: the formula of the paper, a window of 11 x 11 taken pixel by
  // pixel, in double precision.
  const auto pattern = [](int x, int y) { return (x * 7 + y * 13) % 256; };
  const Raster a = grey(24, 16, pattern);
  const Raster b =
      grey(24, 16, [&](int x, int y) { return std::clamp(pattern(x, y) + x * y % 31 - 15, 0, 255); });
  const std::vector<float> map = ssimMap(a, b);
  EXPECT_NEAR(mean(map), 0.9418406424757131, 1e-4);
  EXPECT_NEAR(map[0], 0.6384700049085388, 1e-4);
  EXPECT_NEAR(map[3 * (8 * 24 + 12)], 0.9331924437005885, 1e-4);
  EXPECT_NEAR(map.back(), 0.8175589238217509, 1e-4);
}

TEST(CheckPictures, SsimOfAPictureSmallerThanItsWindow) {
  const int a[] = {0, 128, 255, 10, 20, 30}, b[] = {0, 120, 255, 40, 20, 10};
  const std::vector<float> map = ssimMap(grey(3, 2, [&](int x, int y) { return a[y * 3 + x]; }),
                                         grey(3, 2, [&](int x, int y) { return b[y * 3 + x]; }));
  EXPECT_NEAR(mean(map), 0.9842437185068658, 1e-4);
  EXPECT_NEAR(map[3 * 4], 0.9848156937311726, 1e-4);
}

TEST(CheckPictures, SsimOfTheSameIsOne) {
  const Raster a = grey(70, 40, [](int x, int y) { return (x ^ y) & 255; });
  for (const float value : ssimMap(a, a)) ASSERT_NEAR(value, 1, 1e-5);
  const RasterDifference same = compareRasters(a, a, tolerance("ssim:1"));
  EXPECT_TRUE(same.within);
  EXPECT_EQ(same.pixels, 0u);
  EXPECT_EQ(same.lowest_ssim, 1);
}

TEST(CheckPictures, WhereAndHowMuch) {
  const Raster a = grey(100, 80, [](int, int) { return 100; });
  Raster b = a;
  for (const uint32_t pixel : {20u * 100 + 30, 25u * 100 + 40}) b.samples[3 * pixel + 1] = 103 * 257;
  const RasterDifference difference = compareRasters(a, b, tolerance("exact"));
  EXPECT_FALSE(difference.within);
  EXPECT_EQ(difference.pixels, 2u);
  EXPECT_DOUBLE_EQ(difference.largest, 3);
  EXPECT_EQ(difference.box.x, 30u);
  EXPECT_EQ(difference.box.y, 20u);
  EXPECT_EQ(difference.box.width, 11u);
  EXPECT_EQ(difference.box.height, 6u);
}

TEST(CheckPictures, AChannelToleranceEndsWhereItSays) {
  const Raster a = grey(20, 20, [](int, int) { return 100; });
  const Raster b = grey(20, 20, [](int x, int) { return x == 5 ? 104 : 100; });
  EXPECT_TRUE(compareRasters(a, b, tolerance("channel:4")).within);
  EXPECT_FALSE(compareRasters(a, b, tolerance("channel:3.9")).within);
  Raster deep = a;  // half a step of 8 bits, of a picture of 16
  deep.samples[0] = uint16_t(deep.samples[0] + 128);
  EXPECT_TRUE(compareRasters(a, deep, tolerance("channel:0.5")).within);
  EXPECT_FALSE(compareRasters(a, deep, tolerance("channel:0.49")).within);
}

TEST(CheckPictures, ASmallFaultOfALargePictureIsNotHiddenByTheMean) {
  const auto scene = [](int x, int y) { return (x / 3 + y / 5) % 200; };
  const Raster a = grey(640, 480, scene);
  const Raster b = grey(
      640, 480, [&](int x, int y) { return x >= 300 && x < 320 && y >= 200 && y < 220 ? 255 : scene(x, y); });
  const RasterDifference difference = compareRasters(a, b, tolerance("ssim:0.95"));
  EXPECT_GT(difference.mean_ssim, 0.99);
  EXPECT_LT(difference.lowest_ssim, 0.95);
  EXPECT_FALSE(difference.within);
  EXPECT_EQ(difference.lowest_tile.y, 192u);
}

TEST(CheckPictures, AFaultOfOneColourIsSeen) {
  const Raster a = grey(64, 64, [](int x, int y) { return (x * 3 + y) % 256; });
  Raster b = a;
  for (size_t i = 2; i < b.samples.size(); i += 3) b.samples[i] = uint16_t(b.samples[i] ^ 0x5555);
  EXPECT_LT(compareRasters(a, b, tolerance("ssim:0.9")).lowest_ssim, 0.9);
}

TEST(CheckPictures, TheDifferencePictureShowsThePlace) {
  const Raster a = grey(40, 30, [](int, int) { return 240; });
  Raster b = a;
  b.samples[3 * (10 * 40 + 12)] = 0;
  const RasterDifference difference = compareRasters(a, b, tolerance("exact"));
  const Raster marked = differencePicture(a, b, difference.box);
  EXPECT_EQ(marked.samples[3 * (10 * 40 + 12)], 0xffff);  // the pixel
  EXPECT_EQ(marked.samples[3 * (9 * 40 + 12)], 0xffff);   // its frame
  EXPECT_LT(marked.samples[3 * (20 * 40 + 30)], 0x8000);  // the rest is dark
}

TEST(CheckPictures, APngComesBack) {
  const auto path = scratch("there-and-back.png");
  const std::vector<uint8_t> eight = {1, 2, 3, 250, 251, 252};
  ASSERT_TRUE(writePng(path, 2, 1, false, eight));
  const Result<Raster> read = readPng(path);
  ASSERT_TRUE(read) << read.status().message();
  EXPECT_EQ(read.value(), (Raster{2, 1, {257, 514, 771, 250 * 257, 251 * 257, 252 * 257}}));
  const std::vector<uint8_t> sixteen = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc};
  ASSERT_TRUE(writePng(path, 1, 1, true, sixteen));
  EXPECT_EQ(readPng(path).value(), (Raster{1, 1, {0x1234, 0x5678, 0x9abc}}));
}

TEST(CheckPictures, WhatIsNoPngIsSaidToBeNone) {
  const auto path = scratch("broken.png");
  ASSERT_TRUE(writePng(path, 64, 64, false, std::vector<uint8_t>(64 * 64 * 3, 77)));
  std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
  EXPECT_FALSE(readPng(path));
  std::ofstream(path) << "no picture at all";
  EXPECT_FALSE(readPng(path));
  EXPECT_NE(readPng("/nonexistent.png").status().message().find("/nonexistent.png"), std::string::npos);
}

TEST(CheckPictures, TolerancesAreReadAsTheyAreWritten) {
  for (const char* text : {"exact", "channel:0", "channel:2.5", "channel:255", "ssim:0.98", "ssim:1"})
    EXPECT_EQ(tolerance(text).text(), text);
  for (const char* text : {"", "Exact", "channel", "channel:", "channel:-1", "channel:256", "channel:2x",
                           "ssim:0", "ssim:1.01", "ssim:nan", "channel:nan", "psnr:30"})
    EXPECT_FALSE(Tolerance::parse(text)) << text;
}

}  // namespace
}  // namespace reprise

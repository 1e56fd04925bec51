// Texels to PNG rows, and a PNG that libpng reads back.
#include <gtest/gtest.h>
#include <png.h>

#include <cstdio>
#include <cstring>
#include <filesystem>

#include "replay/picture_names.h"
#include "replay/screenshots.h"

namespace reprise {
namespace {

std::vector<uint8_t> rowsOf(VkFormat format, std::vector<uint8_t> texels, bool& sixteen_bits) {
  return toPngRows(format, texels.data(), texels.size() / screenshotTexelSize(format), sixteen_bits);
}

TEST(Screenshots, EightBitChannelsInEitherOrder) {
  bool sixteen = true;
  EXPECT_EQ(rowsOf(VK_FORMAT_R8G8B8A8_UNORM, {1, 2, 3, 4, 5, 6, 7, 8}, sixteen),
            (std::vector<uint8_t>{1, 2, 3, 5, 6, 7}));
  EXPECT_FALSE(sixteen);
  EXPECT_EQ(rowsOf(VK_FORMAT_B8G8R8A8_SRGB, {1, 2, 3, 4}, sixteen), (std::vector<uint8_t>{3, 2, 1}));
}

TEST(Screenshots, TenBitChannelsBecomeSixteen) {
  bool sixteen = false;
  const uint32_t red = 1023, word = red << 20;
  std::vector<uint8_t> texel(4);
  std::memcpy(texel.data(), &word, 4);
  EXPECT_EQ(rowsOf(VK_FORMAT_A2R10G10B10_UNORM_PACK32, texel, sixteen),
            (std::vector<uint8_t>{255, 255, 0, 0, 0, 0}));
  EXPECT_TRUE(sixteen);
  EXPECT_EQ(rowsOf(VK_FORMAT_A2B10G10R10_UNORM_PACK32, texel, sixteen),
            (std::vector<uint8_t>{0, 0, 0, 0, 255, 255}));
}

TEST(Screenshots, HalfFloatsAreClamped) {
  bool sixteen = false;
  const uint16_t texel[4] = {0x3c00, 0xbc00, 0x4000, 0};  // 1, -1, 2
  std::vector<uint8_t> bytes(8);
  std::memcpy(bytes.data(), texel, 8);
  EXPECT_EQ(rowsOf(VK_FORMAT_R16G16B16A16_SFLOAT, bytes, sixteen),
            (std::vector<uint8_t>{255, 255, 0, 0, 255, 255}));
}

TEST(Screenshots, OtherFormatsAreKnownToBeUnknown) {
  EXPECT_EQ(screenshotTexelSize(VK_FORMAT_D32_SFLOAT), 0u);
  EXPECT_EQ(screenshotTexelSize(VkFormat(0x7ffffff0)), 0u);
}

TEST(Screenshots, TheFileIsAPngOfThoseTexels) {
  const std::string path = testing::TempDir() + "reprise_screenshot.png";
  const std::vector<uint8_t> rows{255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7};
  ASSERT_TRUE(writePng(path, 2, 2, false, rows));
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  ASSERT_TRUE(png_image_begin_read_from_file(&image, path.c_str()));
  image.format = PNG_FORMAT_RGB;
  std::vector<uint8_t> read(PNG_IMAGE_SIZE(image));
  ASSERT_TRUE(png_image_finish_read(&image, nullptr, read.data(), 0, nullptr));
  EXPECT_EQ(image.width, 2u);
  EXPECT_EQ(read, rows);
  std::filesystem::remove(path);
}

TEST(Screenshots, NamesComeBack) {
  EXPECT_EQ((PictureName{12, 0}.text()), "frame-000012.png");
  EXPECT_EQ((PictureName{1234567, 3}.text()), "frame-1234567-3.png");
  for (const PictureName name :
       {PictureName{0, 0}, PictureName{12, 1}, PictureName{UINT32_MAX, UINT32_MAX}}) {
    const auto read = PictureName::parse(name.text());
    ASSERT_TRUE(read) << name.text();
    EXPECT_EQ(read->frame, name.frame);
    EXPECT_EQ(read->index, name.index);
  }
  for (const char* other :
       {"", "frame-.png", "frame-x.png", "frame-1.png.part", "frame-1-.png", "frame-1-2-3.png",
        "frame-1x2.png", "frame--1.png", "frame-99999999999.png", "holiday.png"})
    EXPECT_FALSE(PictureName::parse(other)) << other;
}

TEST(Screenshots, AFolderThatIsNotThereIsAnError) {
  const Status status = writePng("/nonexistent/folder/x.png", 1, 1, false, {0, 0, 0});
  EXPECT_EQ(status.code(), Code::kUnreadable);
  EXPECT_NE(status.message().find("/nonexistent/folder/x.png"), std::string::npos);
}

}  // namespace
}  // namespace reprise

// The expressions of --where: what they mean on a call in either format, and what is said of those that are
// wrong.
#include "tools/print/where.h"

#include <gtest/gtest.h>

#include "tools/print/printer.h"

namespace reprise {
namespace {

template <class T>
T handle(uint64_t value) {
  return (T)value;
}

// A call with a chain, an array, masks, numbers below and above zero, and a string.
struct Example {
  VkFormat formats[2] = {VK_FORMAT_B8G8R8A8_UNORM, VK_FORMAT_B8G8R8A8_SRGB};
  VkImageFormatListCreateInfo list{VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO, nullptr, 2, formats};
  VkExternalMemoryImageCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, &list,
                                           VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT};
  VkImageCreateInfo info{};
  VkImage image = handle<VkImage>(0x20);
  CreateImageCall call;

  Example() {
    info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO;
    info.pNext = &external;
    info.imageType = VK_IMAGE_TYPE_2D;
    info.format = VK_FORMAT_B8G8R8A8_UNORM;
    info.extent = {1280, 800, 1};
    info.mipLevels = 1;
    info.usage = VK_IMAGE_USAGE_TRANSFER_DST_BIT | VK_IMAGE_USAGE_SAMPLED_BIT;
    call.device = handle<VkDevice>(0x10);
    call.pCreateInfo = &info;
    call.pImage = &image;
  }
};

template <class Packet>
bool holds(const std::string& expression, Packet call) {
  Result<Where> where = Where::parse(expression);
  EXPECT_TRUE(where.isOk()) << where.status().message();
  if (!where) return false;
  bool answers[2];
  for (const Tree::Format format : {Tree::Format::kText, Tree::Format::kJson}) {
    Tree tree(format);
    Printer printer(tree, 8);
    printer.startCall(true);
    visit(printer, call);
    answers[size_t(format)] = where->matches(tree);
  }
  EXPECT_EQ(answers[0], answers[1]) << expression << ": text and JSON differ";
  return answers[0];
}

void expectAll(const std::vector<std::string>& expressions, bool wanted) {
  for (const std::string& expression : expressions)
    EXPECT_EQ(holds(expression, Example().call), wanted) << expression;
}

TEST(Where, PathsAreSuffixes) {
  expectAll({"extent.width == 1280", "width == 1280", "pCreateInfo.extent.width == 1280",
             "VkImageCreateInfo.extent.width == 1280", "VkExtent3D.width == 1280"},
            true);
  expectAll({"extent.height == 1280", "pCreateInfo.width == 1280", "info.extent.width == 1280",
             "device.extent.width == 1280", "VkExtent2D.width == 1280"},
            false);
}

TEST(Where, ElementsOfArraysAndChains) {
  expectAll(
      {"pViewFormats == VK_FORMAT_B8G8R8A8_SRGB", "pViewFormats[1] == VK_FORMAT_B8G8R8A8_SRGB",
       "pNext.handleTypes == 1", "pNext[0].handleTypes == 1", "pNext[1].viewFormatCount == 2",
       "VkImageFormatListCreateInfo.pViewFormats[0] == VK_FORMAT_B8G8R8A8_UNORM",
       "VkExternalMemoryImageCreateInfoKHR.handleTypes has VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT"},
      true);
  expectAll({"pViewFormats[0] == VK_FORMAT_B8G8R8A8_SRGB", "pViewFormats[2] != VK_FORMAT_B8G8R8A8_SRGB",
             "pNext[1].handleTypes == 1", "pViewFormats[0][0] == 44"},
            false);
}

TEST(Where, NumbersOfEveryKind) {
  expectAll({"width > 1279", "width >= 0x500", "width < 1280.5", "width != -1", "width > -1", "format == 44",
             "pImage == 0x20", "result == 0", "result >= 0", "imageType > VK_IMAGE_TYPE_1D"},
            true);
  expectAll({"width > 1280", "width < -1", "result < 0", "result == VK_ERROR_DEVICE_LOST", "extent == 1280",
             "width == 18446744073709551615"},
            false);
}

TEST(Where, ResultsBelowZero) {
  Example example;
  example.call.result = VK_ERROR_OUT_OF_DEVICE_MEMORY;
  EXPECT_TRUE(holds("result < 0", example.call));
  EXPECT_TRUE(holds("result == VK_ERROR_OUT_OF_DEVICE_MEMORY", example.call));
  EXPECT_TRUE(holds("result == -2", example.call));
  EXPECT_FALSE(holds("result > 0", example.call));
  EXPECT_TRUE(holds("result ~ 'VK_ERROR_*'", example.call));
}

TEST(Where, MasksAndNames) {
  expectAll({"usage has VK_IMAGE_USAGE_SAMPLED_BIT",
             "usage has VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT", "usage has 4",
             "usage == VK_IMAGE_USAGE_SAMPLED_BIT|VK_IMAGE_USAGE_TRANSFER_DST_BIT", "format ~ \"*_UNORM\"",
             "usage ~ '*SAMPLED*'", "format == 'VK_FORMAT_B8G8R8A8_UNORM'",
             "sType == VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO", "sType ~ '*_FORMAT_LIST_*'",
             "pNext[0].sType == VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO"},
            true);
  expectAll({"usage has VK_IMAGE_USAGE_STORAGE_BIT",
             "usage has VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_STORAGE_BIT",
             "usage == VK_IMAGE_USAGE_SAMPLED_BIT", "format ~ '*_SRGB' and not pViewFormats",
             "sType == VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO"},
            false);
}

TEST(Where, PresenceAndNull) {
  expectAll({"pCreateInfo", "pAllocator == NULL", "pNext != NULL", "pNext", "VkImageFormatListCreateInfo",
             "pImage != VK_NULL_HANDLE", "extent", "width"},
            true);
  expectAll({"pAllocator", "pAllocator != NULL", "pNext == NULL", "flags", "pQueueFamilyIndices != NULL",
             "VkImageStencilUsageCreateInfo", "nothing", "nothing == NULL"},
            false);
  Example bare;
  bare.info.pNext = nullptr;
  EXPECT_TRUE(holds("pNext == NULL", bare.call));
  EXPECT_FALSE(holds("pNext", bare.call));
}

TEST(Where, Logic) {
  expectAll({"width == 1 or height == 800", "not width == 1", "!(width == 1) && height == 800",
             "width == 1 or height == 800 and depth == 1", "(width == 1 or height == 800) and depth == 1",
             "not nothing == 4"},
            true);
  expectAll({"width == 1 and height == 800", "not (width == 1280 or height == 1)",
             "height == 800 and depth == 2 or width == 1", "not not width == 1"},
            false);
}

TEST(Where, StringsAndVersions) {
  VkApplicationInfo application{
      VK_STRUCTURE_TYPE_APPLICATION_INFO, nullptr, "main \"a\"", 1, nullptr, 0, VK_API_VERSION_1_2};
  VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, nullptr, 0, &application};
  CreateInstanceCall call;
  call.pCreateInfo = &info;
  for (const char* yes :
       {"pApplicationName ~ \"main*\"", "pApplicationName == 'main \"a\"'",
        "pApplicationName == \"main \\\"a\\\"\"", "pApplicationName != 'x'", "apiVersion >= 1.2.0",
        "apiVersion == 1.2.0", "pEngineName == NULL", "pApplicationName", "pApplicationName !~ 'x*'"})
    EXPECT_TRUE(holds(yes, call)) << yes;
  for (const char* no : {"pApplicationName ~ 'x*'", "pApplicationName == 4", "apiVersion > 1.2.0",
                         "pEngineName", "pEngineName != 'x'"})
    EXPECT_FALSE(holds(no, call)) << no;
}

TEST(Where, FloatsAreWhatIsPrinted) {
  VkClearColorValue color{{0.2f, 0, 0, 1}};
  CmdClearColorImageCall call;
  call.pColor = &color;
  EXPECT_TRUE(holds("float32[0] == 0.2", call));
  EXPECT_TRUE(holds("float32[3] == 1", call));
  EXPECT_TRUE(holds("float32 < 0.1", call));
  EXPECT_FALSE(holds("float32 > 1.5", call));
}

TEST(Where, MembersOfUnions) {
  VkAccelerationStructureGeometryKHR geometry{VK_STRUCTURE_TYPE_ACCELERATION_STRUCTURE_GEOMETRY_KHR};
  geometry.geometryType = VK_GEOMETRY_TYPE_AABBS_KHR;
  geometry.geometry.aabbs = {
      VK_STRUCTURE_TYPE_ACCELERATION_STRUCTURE_GEOMETRY_AABBS_DATA_KHR, nullptr, {}, 24};
  VkAccelerationStructureBuildGeometryInfoKHR info{
      VK_STRUCTURE_TYPE_ACCELERATION_STRUCTURE_BUILD_GEOMETRY_INFO_KHR};
  info.geometryCount = 1;
  info.pGeometries = &geometry;
  CmdBuildAccelerationStructuresKHRCall call;
  call.infoCount = 1;
  call.pInfos = &info;
  for (const char* yes : {"stride == 24", "aabbs.stride == 24", "geometry.aabbs.stride == 24",
                          "geometry.aabbs", "pGeometries[0].geometry.aabbs.stride == 24",
                          "VkAccelerationStructureGeometryAabbsDataKHR.stride == 24"})
    EXPECT_TRUE(holds(yes, call)) << yes;
  for (const char* no : {"geometry.stride == 24", "triangles", "geometry.triangles.vertexStride == 24"})
    EXPECT_FALSE(holds(no, call)) << no;
}

TEST(Where, ErrorsNameTheColumn) {
  const std::pair<const char*, const char*> wrong[] = {
      {"", "at column 1 of \"\": expected the name of a member or struct, found the end"},
      {"width = 3", "at column 7 of \"width = 3\": \"=\" means nothing; to compare, write \"==\""},
      {"width ==", "at column 9"},
      {"width == 3 4", "at column 12"},
      {"(width == 3", "expected \")\", found the end"},
      {"format == VK_FORMAT_R8G8B8A8_UNROM", "did you mean VK_FORMAT_R8G8B8A8_UNORM?"},
      {"VkImageCreateInf.width", "did you mean VkImageCreateInfo?"},
      {"name == 'x", "at column 9 of \"name == 'x\": this text has no closing quote"},
      {"name < 'x'", "a text can only be compared with"},
      {"name ~ x", "expected a glob in quotes, found `x`"},
      {"width > NULL", "NULL can only be compared"},
      {"apiVersion == 1.0.0abc", "1.0.0abc is no Vulkan version"},
      {"apiVersion == 1x0.0.7", "1x0.0.7 is no Vulkan version"},
      {"apiVersion == 1..7", "1..7 is no Vulkan version"},
      {"apiVersion == 1.0.", "1.0. is no Vulkan version"},
      {"apiVersion == 128.0.0", "128.0.0 is no Vulkan version"},
      {"width == 0xg", "no hexadecimal number"},
      {"width == 1e", "at column 10"},
      {"width == 99999999999999999999999", ""},
      {"a[x] == 1", "expected the number of an element, found `x`"},
      {"a[1 == 1", "expected \"]\", found `==`"},
      {"width has 0.5", "takes a mask"},
      {"a == -1 | 2", "only masks can be joined"},
      {"VK_FORMAT_R8_UNORM == format", "the member stands first"},
      {"a and", "at column 6"},
      {"a ? 3", "\"?\" means nothing here"},
  };
  for (const auto& [text, message] : wrong) {
    const Result<Where> where = Where::parse(text);
    if (*message == 0) continue;
    ASSERT_FALSE(where.isOk()) << text;
    EXPECT_EQ(where.status().code(), Code::kUsage);
    EXPECT_NE(where.status().message().find(message), std::string::npos) << where.status().message();
  }
}

TEST(Where, ManyNumbersAreThereOrNot) {
  std::vector<uint32_t> code(64, 7);
  VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
  info.codeSize = code.size() * sizeof(uint32_t);
  info.pCode = code.data();
  CreateShaderModuleCall call;
  call.pCreateInfo = &info;
  EXPECT_TRUE(holds("pCode[63] == 7", call));
  code.push_back(7);
  info.codeSize = code.size() * sizeof(uint32_t);
  info.pCode = code.data();
  EXPECT_FALSE(holds("pCode[63] == 7", call));
  EXPECT_TRUE(holds("pCode and pCode != NULL", call));
  info.pCode = nullptr;
  EXPECT_TRUE(holds("not pCode and pCode == NULL", call));
}

TEST(Where, NestingAndLengthAreBounded) {
  EXPECT_FALSE(Where::parse(std::string(100000, '(') + "a").isOk());
  EXPECT_FALSE(Where::parse(std::string(100000, '!') + "a").isOk());
  std::string many = "a";
  for (int i = 0; i < 100000; ++i) many += " or a";
  EXPECT_FALSE(Where::parse(many).isOk());
}

// Whatever is typed: an answer or a sentence.
TEST(Where, PiecesInAnyOrder) {
  const char* pieces[] = {"a", ".", "[",   "1",   "]", "==", "has",  "'x'",
                          "(", ")", "not", "and", "|", "-",  "NULL", "~"};
  uint32_t random = 1;
  size_t parsed = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (int i = 0; i < 6; ++i) {
      random = random * 1664525 + 1013904223;
      text += std::string(pieces[(random >> 16) % std::size(pieces)]) + (random >> 30 ? " " : "");
    }
    const Result<Where> where = Where::parse(text);
    parsed += where.isOk();
    if (where) continue;
    EXPECT_NE(where.status().message().find("at column "), std::string::npos) << text;
  }
  EXPECT_GT(parsed, 0u);
}

}  // namespace
}  // namespace reprise

// Spelling and layout of printed calls, without Vulkan.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tools/print/tree.h"

namespace reprise {
namespace {

std::string text(const Tree& tree, std::string_view head = "f", std::string_view result = "") {
  std::string out;
  writeText(tree, head, result, out);
  return out;
}

std::string json(const Tree& tree) {
  std::string out;
  writeJson(tree, out);
  return out;
}

TEST(Tree, ShortCallIsOneLine) {
  Tree tree(Tree::Format::kText);
  tree.number("count", uint64_t{3});
  tree.handle("queue", "VkQueue", 0xabc);
  EXPECT_EQ(text(tree, "7 t1 vkFoo", "VK_SUCCESS"),
            "7 t1 vkFoo(count = 3, queue = VkQueue 0xabc) = VK_SUCCESS\n");
}

TEST(Tree, CallWithoutArguments) {
  const Tree tree(Tree::Format::kText);
  EXPECT_EQ(text(tree), "f()\n");
  EXPECT_EQ(json(Tree(Tree::Format::kJson)), "{}");
}

TEST(Tree, NumbersAtTheirLimits) {
  Tree tree(Tree::Format::kJson);
  tree.number("a", std::numeric_limits<uint64_t>::max());
  tree.number("b", std::numeric_limits<int64_t>::min());
  tree.real("c", 0.1f);
  tree.real("d", 1e300);
  tree.boolean("e", 1);
  tree.boolean("f", 2);
  EXPECT_EQ(json(tree),
            R"({"a":18446744073709551615,"b":-9223372036854775808,"c":0.1,"d":1e+300,"e":true,"f":2})");
}

TEST(Tree, JsonHasNoNumberForInfinity) {
  Tree tree(Tree::Format::kJson);
  tree.real("a", std::numeric_limits<float>::quiet_NaN());
  tree.real("b", -std::numeric_limits<double>::infinity());
  tree.real("c", std::numeric_limits<float>::infinity());
  EXPECT_EQ(json(tree), R"({"a":"NaN","b":"-Infinity","c":"Infinity"})");
}

TEST(Tree, JsonStringsAreValidWhateverTheBytes) {
  std::string out;
  appendJsonString(out, std::string_view("a\"\\\n\0\x1f\x7f\xff\xc3\xa4\xed\xa0\x80\xc3", 14));
  EXPECT_EQ(out, "\"a\\\"\\\\\\n\\u0000\\u001f\\u007f\\ufffd\xc3\xa4\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

TEST(Tree, TextStringsCannotDriveATerminal) {
  std::string out;
  appendTextString(out, "\x1b[2J\t\xc3\xa4\xff\xc2\x9b");
  EXPECT_EQ(out, "\"\\x1b[2J\\t\xc3\xa4\\xff\\xc2\\x9b\"");
}

TEST(Tree, BytesAreCountedAndCut) {
  const std::byte data[] = {std::byte{1}, std::byte{0xab}, std::byte{3}};
  Tree tree(Tree::Format::kText);
  tree.bytes("all", data, 8);
  tree.bytes("some", data, 2);
  tree.bytes("none", data, 0);
  tree.bytes("empty", {}, 8);
  EXPECT_EQ(text(tree),
            "f(all = 3 bytes: 01 ab 03, some = 3 bytes: 01 ab ..., none = 3 bytes, empty = 0 bytes)\n");
  Tree as_json(Tree::Format::kJson);
  as_json.bytes("all", data, 8);
  as_json.bytes("some", data, 1);
  EXPECT_EQ(json(as_json), R"({"all":{"size":3,"hex":"01ab03"},"some":{"size":3,"hex":"01","cut":true}})");
}

TEST(Tree, LongCallIsIndented) {
  Tree tree(Tree::Format::kText);
  tree.beginObject("pInfo", "VkInfo", true);
  tree.null("pNext");
  tree.named(
      "flags",
      "VK_SOME_RATHER_LONG_FLAG_BIT_OF_A_LONG_NAME | VK_ANOTHER_RATHER_LONG_FLAG_BIT_OF_THE_SAME_KIND");
  tree.beginObject("extent", "VkExtent2D");
  tree.number("width", uint64_t{640});
  tree.number("height", uint64_t{480});
  tree.end();
  tree.end();
  EXPECT_EQ(text(tree, "f", "VK_SUCCESS"),
            "f(...) = VK_SUCCESS\n"
            "    pInfo = VkInfo\n"
            "        pNext = NULL\n"
            "        flags = VK_SOME_RATHER_LONG_FLAG_BIT_OF_A_LONG_NAME | "
            "VK_ANOTHER_RATHER_LONG_FLAG_BIT_OF_THE_SAME_KIND\n"
            "        extent = {width = 640, height = 480}\n");
}

TEST(Tree, ManyNumbersShareLines) {
  Tree tree(Tree::Format::kText);
  tree.beginArray("values", {}, 60);
  for (uint64_t i = 0; i < 60; ++i) tree.number({}, i);
  tree.end();
  EXPECT_EQ(text(tree),
            "f(...)\n"
            "    values = [60]\n"
            "        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, "
            "24, 25, 26, "
            "27, 28, 29, 30,\n"
            "        31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, "
            "53, 54, 55, "
            "56, 57, 58,\n"
            "        59\n");
}

TEST(Tree, HandlesOfAnyLengthBreakLinesAlike) {
  const auto lines = [](uint64_t handle) {
    Tree tree(Tree::Format::kText);
    for (int i = 0; i < 4; ++i) tree.handle("image", "VkImage", handle);
    const std::string out = text(tree);
    return std::count(out.begin(), out.end(), '\n');
  };
  EXPECT_EQ(lines(1), lines(0x7fffffffffff));
}

TEST(Tree, ClearedTreeForgets) {
  Tree tree(Tree::Format::kText);
  tree.named("result", "VK_SUCCESS");
  tree.takeResult();
  EXPECT_EQ(tree.result(), "VK_SUCCESS");
  EXPECT_EQ(text(tree), "f()\n");
  tree.clear();
  EXPECT_EQ(tree.result(), "");
}

}  // namespace
}  // namespace reprise

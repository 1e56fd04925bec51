// What a comparison of large and hostile traces keeps and does not do: bounds of memory and of time.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tools/metadata_json.h"

namespace reprise {
namespace {

TEST(DiffBounds, MetadataMayHaveManyBracketsInText) {
  const std::string brackets(100, '[');
  EXPECT_EQ(parseMetadata("{\"a\\\"b\":\"" + brackets + "\"}")["a\"b"], brackets);
  EXPECT_TRUE(parseMetadata(brackets + std::string(100, ']')).is_string());
  EXPECT_EQ(parseMetadata(R"(["\\",[1]])")[1][0], 1);
}

TEST(DiffBounds, MetadataOfTooManyValuesIsText) {
  const auto ofKeys = [](size_t keys) {
    std::string text = "{";
    for (size_t i = 0; i < keys; ++i) text += (i ? ",\"" : "\"") + std::to_string(i) + "\":0";
    return text + "}";
  };
  EXPECT_EQ(parseMetadata(ofKeys(4000)).size(), 4000u);
  EXPECT_TRUE(parseMetadata(ofKeys(4096)).is_string());
  EXPECT_TRUE(parseMetadata(ofKeys(1'000'000)).is_string());
}

}  // namespace
}  // namespace reprise

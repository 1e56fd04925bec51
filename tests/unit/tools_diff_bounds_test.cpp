// What a comparison of large and hostile traces keeps and does not do: bounds of memory and of time.
#include <nlohmann/json.hpp>

#include "tests/unit/tools_diff_programs.h"
#include "tools/metadata_json.h"

namespace reprise {
namespace {

TEST(DiffBounds, DetailsHaveWhatTheirUseNeeds) {
  Program program;
  program.makeImage(640);
  const uint64_t position = Program::kStart;
  const auto detail = [&](uint8_t uses, bool json) {
    auto read = readDetails(program.path(), {}, {{position, uses}}, json);
    EXPECT_TRUE(read.isOk());
    return read.value().at(position);
  };
  program.finish();
  const DiffDetail head = detail(kHeadLine, false);
  EXPECT_EQ(head.text, "3 t1 vkCreateImage(...) = VK_SUCCESS");
  EXPECT_EQ(head.command, "vkCreateImage");
  EXPECT_TRUE(head.leaves.empty());
  EXPECT_EQ(detail(kHeadLine, true).text, "");
  const DiffDetail whole = detail(kWholeText, false);
  EXPECT_TRUE(whole.text.starts_with(head.text + "\n    device = ")) << whole.text;
  EXPECT_TRUE(whole.leaves.empty());
  EXPECT_TRUE(detail(kWholeText, true).text.starts_with("{\"call\":3,"));
  const DiffDetail members = detail(kHeadLine | kMembers, false);
  EXPECT_EQ(members.text, head.text);
  EXPECT_FALSE(members.leaves.empty());
}

TEST(DiffBounds, LongShaderCodeIsOneLeaf) {
  Program program;
  const std::vector<uint32_t> code(1 << 20, 7);
  VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
  info.codeSize = code.size() * sizeof(uint32_t);
  info.pCode = code.data();
  VkShaderModule module = handle<VkShaderModule>(0x77);
  CreateShaderModuleCall create;
  create.device = program.device();
  create.pCreateInfo = &info;
  create.pShaderModule = &module;
  program.call(create);
  const auto read = readDetails(program.finish(), {}, {{Program::kStart, kMembers}}, false);
  ASSERT_TRUE(read.isOk());
  const auto& leaves = read.value().at(Program::kStart).leaves;
  EXPECT_LT(leaves.size(), 20u);
  const auto of_code = std::find_if(leaves.begin(), leaves.end(),
                                    [](const DetailLeaf& leaf) { return leaf.path == "pCreateInfo.pCode"; });
  ASSERT_NE(of_code, leaves.end());
  EXPECT_EQ(of_code->kind, Leaf::kBytes);
  EXPECT_EQ(of_code->size, info.codeSize);
}

// More than can be held against each other one by one.
TEST(DiffBounds, ManyThreadsOfOneName) {
  constexpr uint32_t kThreads = 2000;
  Program a, b(0x9000);
  for (Program* program : {&a, &b}) {
    const uint32_t first = program == &a ? 2 : 3;  // B has one more of another name before them
    if (program == &b) program->builder().writer().openLane({2, 2, "extra"});
    if (program == &b) program->draw(1, 2);
    for (uint32_t lane = first; lane < first + kThreads; ++lane) {
      program->builder().writer().openLane({lane, lane, "pool"});
      program->draw(lane - first, lane);
    }
  }
  const auto compared = compare(a.finish(), b.finish());
  EXPECT_EQ(compared->counts().only_b, 1u);
  EXPECT_EQ(compared->counts().changed + compared->counts().only_a, 0u);
}

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

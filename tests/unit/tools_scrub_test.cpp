// What a scrubbed trace does not say any more: paths, names, arguments, and the debug information of shaders.
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "format/encoder.h"
#include "format/reader.h"
#include "tests/support/trace_builder.h"
#include "tools/text/spirv_scrub.h"
#include "tools/text/trace_scrub.h"

namespace reprise {
namespace {

TEST(Pseudonyms, PathsAreReplacedWhereverTheyStand) {
  Pseudonyms p;
  EXPECT_EQ(p.scrubbed("/home/ada/x.cpp", "t"), "path-1");
  EXPECT_EQ(p.scrubbed("open '/home/ada/x.cpp': no", "t"), "open 'path-1': no");
  EXPECT_EQ(p.scrubbed("a=/opt/y,b=/home/ada/x.cpp", "t"), "a=path-2,b=path-1");
  EXPECT_EQ(p.scrubbed("C:\\Users\\ada\\z.exe --a", "t"), "path-3 --a");
  EXPECT_EQ(p.scrubbed("~/notes", "t"), "path-4");
  EXPECT_EQ(p.scrubbed("file:///srv/a", "t"), "file:path-5");
  EXPECT_EQ(p.taken().at("path").times, 7u);
  EXPECT_EQ(p.taken().at("path").distinct, 5u);
}

TEST(Pseudonyms, WhatIsNoPathStays) {
  Pseudonyms p;
  for (const char* text : {"llvmpipe (LLVM 15.0.6, 256 bits)", "and/or", "N/A", "1 / 2", "a//b", "", "/",
                           "main", "VK_KHR_surface", "a.b/c", "https://khronos.org/x", "C:", "\\\\"})
    EXPECT_EQ(p.scrubbed(text, "t"), text);
  EXPECT_TRUE(p.taken().empty());
}

TEST(Pseudonyms, NothingOfAPathIsLeft) {
  const std::pair<const char*, const char*> texts[] = {
      {"/home/bobsmith/My Games/Secret Project/run.sh", "path-1"},
      {"C:\\Users\\Bob Smith\\Secret Project\\x.exe", "path-1"},
      {"C:\\Program Files (x86)\\Secret\\x.exe", "path-1"},
      {"C:\\\\Users\\\\carol\\\\x.exe", "path-1"},
      {"\\\\?\\C:\\Users\\Carol\\x.exe", "path-1"},
      {"\\\\server\\share of Carol\\x", "path-1"},
      {"D:/Secret Project/x", "path-1"},
      {"-I/home/carol/secret", "-Ipath-1"},
      {"cfg@/home/carol/secret", "cfg@path-1"},
      {"-LC:\\secret", "-Lpath-1"},
      {"x*/opt/secret", "x*path-1"},
      {"/данные/проект/x.png", "path-1"},
      {"открыть «/home/карина/x»", "открыть «path-1"},  // the bytes of a quotation mark may be a name's
      {"/home/ada/My Games/a /home/ada/b c", "path-1 path-2 c"},
      {"'/home/ada/My Games/a', '/home/ada/b'", "'path-1', 'path-2'"},
      {"/home/ada/x.cpp (of 3 files)", "path-1 (of 3 files)"},
  };
  for (const auto& [text, scrubbed] : texts) {
    Pseudonyms p;
    EXPECT_EQ(p.scrubbed(text, "t"), scrubbed) << text;
  }
}

TEST(Pseudonyms, ATextNamesItsUsers) {
  Pseudonyms p;
  EXPECT_EQ(p.scrubbed("by dave, in /home/dave/x by dave", "t"), "by user-1, in path-1 by user-1");
  EXPECT_EQ(p.scrubbed("/home/карина/x: карина", "t"), "path-2: user-2");
  EXPECT_EQ(p.scrubbed("C:\\\\Users\\\\erin\\\\x: erin", "t"), "path-3: user-3");
}

TEST(Pseudonyms, SecretsAreWholeWords) {
  Pseudonyms p;
  p.learnUsers("run /home/ada/game --save /home/ada/s");
  p.addSecret("host", "tower");
  p.addSecret("host", "x");  // too short to look for
  EXPECT_EQ(p.scrubbed("ada on tower, adamant towers, x", "t"), "user-1 on host-1, adamant towers, x");
}

using Words = std::vector<uint32_t>;

void append(Words& words, uint16_t op, Words operands, const char* text = nullptr) {
  if (text != nullptr) {
    Words packed(std::strlen(text) / 4 + 1);
    std::memcpy(packed.data(), text, std::strlen(text));
    operands.insert(operands.end(), packed.begin(), packed.end());
  }
  words.push_back(static_cast<uint32_t>((operands.size() + 1) << 16 | op));
  words.insert(words.end(), operands.begin(), operands.end());
}

// OpCapability, OpString, OpSource with a text, OpSourceContinued, OpName, OpModuleProcessed, OpTypeVoid.
Words shader() {
  Words words{0x07230203, 0x00010000, 0, 10, 0};
  append(words, 17, {1});
  append(words, 7, {1}, "/home/ada/secret.frag");
  append(words, 3, {2, 450, 1}, "void main() {}");
  append(words, 2, {}, "more");
  append(words, 5, {2}, "secretName");
  append(words, 330, {}, "client vulkan100");
  append(words, 19, {2});
  return words;
}

Words wordsOf(const std::vector<std::byte>& bytes) {
  Words words(bytes.size() / 4);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
}

TEST(SpirvScrub, DebugInformationGoesTheRestStays) {
  Pseudonyms p;
  const Words code = shader();
  const auto scrubbed = scrubSpirv(std::as_bytes(std::span(code)), false, p);
  ASSERT_TRUE(scrubbed);
  Words wanted{0x07230203, 0x00010000, 0, 10, 0};
  append(wanted, 17, {1});
  append(wanted, 7, {1}, "shader text-1");
  append(wanted, 3, {2, 450, 1});
  append(wanted, 5, {2}, "secretName");
  append(wanted, 19, {2});
  EXPECT_EQ(wordsOf(*scrubbed), wanted);
  const auto without_names = scrubSpirv(*scrubbed, true, p);
  ASSERT_TRUE(without_names);
  EXPECT_EQ(asText(*without_names).find("secret"), std::string_view::npos);
}

TEST(SpirvScrub, WhatIsNoModuleStays) {
  Pseudonyms p;
  Words code = shader();
  EXPECT_FALSE(scrubSpirv(std::as_bytes(std::span(code)).first(21), false, p));
  code[5] = 0;  // an instruction of no words
  EXPECT_FALSE(scrubSpirv(std::as_bytes(std::span(code)), false, p));
  code = shader();
  code[5] = 0xffff0011;  // longer than the module
  EXPECT_FALSE(scrubSpirv(std::as_bytes(std::span(code)), false, p));
  EXPECT_TRUE(p.taken().empty());
}

class ScrubbedTrace : public ::testing::Test {
 protected:
  ScrubbedTrace() {
    std::string pattern = ::testing::TempDir() + "reprise-scrub-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ScrubbedTrace() override { std::filesystem::remove_all(folder_); }
  std::string path(const char* name) const { return folder_ + "/" + name; }

  // A trace with something to hide in each place.
  void write() {
    TraceHeaderInfo info = TraceBuilder::fixedInfo();
    info.application = "game";
    info.command_line = "/home/ada/bin/game --token sesame";
    info.host = "tower (x86_64)";
    TraceBuilder trace(path("a.vkr"), info);
    trace.writer().nameLane(0, "ada's thread");
    trace.metadata(0, kMetadataApplication,
                   R"({"applicationName":"Secret Game","layer":"/home/ada/layer.so"})");
    trace.hole(0, HoleCause::kScanFailed, 0, "cannot open /home/ada/map on tower");
    VkDebugUtilsLabelEXT label{
        VK_STRUCTURE_TYPE_DEBUG_UTILS_LABEL_EXT, nullptr, "level of /home/ada/maps/1", {}};
    CmdBeginDebugUtilsLabelEXTCall begin;
    begin.pLabelInfo = &label;
    Bytes inputs;
    encodeInputs(begin, inputs);
    trace.command(0, static_cast<uint16_t>(Command::vkCmdBeginDebugUtilsLabelEXT), inputs);
    Words code = shader();
    for (int i = 0; i < 300; ++i) append(code, 0, {});
    addShader(trace, code, true);
    ASSERT_TRUE(trace.finish().isOk());
  }

  void addShader(TraceBuilder& trace, const Words& code, bool in_bulk) {
    VkShaderModuleCreateInfo module{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, nullptr, 0, code.size() * 4,
                                    code.data()};
    auto made = reinterpret_cast<VkShaderModule>(uint64_t{7});
    CreateShaderModuleCall create;
    create.pCreateInfo = &module;
    create.pShaderModule = &made;
    GrowingBuffer buffer;
    InputEncoder encoder(buffer, EncoderSink{nullptr, [](void*, const void*, size_t) {}, nullptr});
    visit(encoder, create);
    Bytes outputs;
    encodeOutputs(create, outputs);
    if (in_bulk) trace.bulk(0, std::as_bytes(std::span(code)));
    trace.call(0, static_cast<uint16_t>(Command::vkCreateShaderModule), encoder.bytes(), outputs);
  }

  // Everything that can be read of the copy, as one text.
  std::string contents(const std::string& file) {
    auto reader = TraceReader::open(file);
    EXPECT_TRUE(reader.isOk()) << reader.status().message();
    const TraceSummary& summary = reader.value()->summary();
    std::string all = summary.info.application + summary.info.command_line + summary.info.host;
    for (const LaneInfo& lane : summary.lanes) all += lane.name;
    for (const MetadataItem& item : summary.metadata) all += item.text;
    Event event;
    events_ = 0;
    while (true) {
      const Result<bool> more = reader.value()->next(event);
      EXPECT_TRUE(more.isOk()) << more.status().message();
      if (!more || !more.value()) break;
      ++events_;
      all += std::string(event.text) + std::string(asText(event.inputs)) + std::string(asText(event.outputs));
      for (const auto& bulk : event.input_bulks) all += asText(bulk);
    }
    return all;
  }

  std::string folder_;
  size_t events_ = 0;
};

TEST_F(ScrubbedTrace, HoldsNothingOfIt) {
  write();
  const std::string before = contents(path("a.vkr"));
  const size_t events = events_;
  for (const char* secret : {"/home/ada", "sesame", "tower", "Secret Game", "secretName", "void main"})
    ASSERT_NE(before.find(secret), std::string::npos) << secret;
  const auto done = scrubTrace(path("a.vkr"), path("b.vkr"), {});
  ASSERT_TRUE(done.isOk()) << done.status().message();
  const std::string after = contents(path("b.vkr"));
  EXPECT_EQ(events_, events);
  for (const char* secret : {"/home", "ada", "sesame", "tower", "void main", "client vulkan100"})
    EXPECT_EQ(after.find(secret), std::string::npos) << secret;
  EXPECT_NE(after.find("level of path-"), std::string::npos);
  EXPECT_NE(after.find("Secret Game"), std::string::npos);
  EXPECT_NE(after.find("secretName"), std::string::npos);
  EXPECT_EQ(done.value().changed_shaders, 1u);
  EXPECT_EQ(done.value().unread_records, 0u);
  EXPECT_GE(done.value().pseudonyms.taken().at("path").times, 3u);
}

TEST_F(ScrubbedTrace, AShortShaderIsLookedIntoAsALongOne) {
  const Words code = shader();
  ASSERT_LE(code.size(), 64u);  // in the text it is a list of numbers
  TraceBuilder trace(path("a.vkr"));
  addShader(trace, code, false);
  ASSERT_TRUE(trace.finish().isOk());
  ASSERT_NE(contents(path("a.vkr")).find("/home/ada"), std::string::npos);
  const auto done = scrubTrace(path("a.vkr"), path("b.vkr"), {});
  ASSERT_TRUE(done.isOk()) << done.status().message();
  const std::string after = contents(path("b.vkr"));
  for (const char* secret : {"/home/ada", "void main", "client vulkan100"})
    EXPECT_EQ(after.find(secret), std::string::npos) << secret;
  EXPECT_NE(after.find("shader text-1"), std::string::npos);
  EXPECT_EQ(done.value().changed_records, 1u);
  EXPECT_EQ(done.value().unread_records, 0u);
}

TEST_F(ScrubbedTrace, ARecordThatCannotBeChangedIsCounted) {
  // A text of a fixed size, full to the brim, with a name that grows.
  GetPhysicalDevicePropertiesCall call;
  VkPhysicalDeviceProperties properties{};
  for (size_t i = 0; i + 4 < sizeof properties.deviceName; i += 4)
    std::memcpy(properties.deviceName + i, "ada ", 4);
  call.pProperties = &properties;
  Bytes inputs, outputs;
  encodeInputs(call, inputs);
  encodeOutputs(call, outputs);
  TraceHeaderInfo info = TraceBuilder::fixedInfo();
  info.command_line = "/home/ada/game";
  TraceBuilder trace(path("a.vkr"), info);
  trace.call(0, static_cast<uint16_t>(Command::vkGetPhysicalDeviceProperties), inputs, outputs);
  ASSERT_TRUE(trace.finish().isOk());
  const auto done = scrubTrace(path("a.vkr"), path("b.vkr"), {});
  ASSERT_TRUE(done.isOk()) << done.status().message();
  EXPECT_EQ(done.value().unread_records, 1u);
  EXPECT_EQ(done.value().changed_records, 0u);
}

TEST_F(ScrubbedTrace, AllTakesNamesAndLabelsToo) {
  write();
  const auto done = scrubTrace(path("a.vkr"), path("b.vkr"), {true, true});
  ASSERT_TRUE(done.isOk()) << done.status().message();
  const std::string after = contents(path("b.vkr"));
  for (const char* secret : {"Secret", "secretName", "level of", "game"})
    EXPECT_EQ(after.find(secret), std::string::npos) << secret;
  EXPECT_NE(after.find("label-1"), std::string::npos);
}

TEST_F(ScrubbedTrace, ATraceWithNothingToHideKeepsItsCalls) {
  write();
  ASSERT_TRUE(scrubTrace(path("a.vkr"), path("b.vkr"), {true, true}).isOk());
  const auto again = scrubTrace(path("b.vkr"), path("c.vkr"), {});
  ASSERT_TRUE(again.isOk()) << again.status().message();
  EXPECT_EQ(contents(path("b.vkr")).size(), contents(path("c.vkr")).size());
}

TEST_F(ScrubbedTrace, ACutTraceIsReadAsFarAsItGoes) {
  write();
  const Bytes whole = readFile(path("a.vkr"));
  for (size_t size = whole.size() - 1; size > 300; size -= 211) {
    writeFile(path("cut.vkr"), std::span(whole).first(size));
    const auto done = scrubTrace(path("cut.vkr"), path("b.vkr"), {true, true});
    ASSERT_TRUE(done.isOk()) << size << ": " << done.status().message();
    EXPECT_EQ(contents(path("b.vkr")).find("ada"), std::string::npos);
  }
}

}  // namespace
}  // namespace reprise

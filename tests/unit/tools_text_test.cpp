// Traces out as text and back: the same bytes, whole or cut anywhere; edited: a whole trace again, or one
// sentence.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "format/encoder.h"
#include "format/reader.h"
#include "tests/support/trace_builder.h"
#include "tools/text/blob_folder.h"
#include "tools/text/trace_export.h"
#include "tools/text/trace_import.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;

class Folder {
 public:
  Folder() {
    std::string pattern = ::testing::TempDir() + "reprise-text-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(const char* name) const { return (path_ / name).string(); }

 private:
  fs::path path_;
};

std::string readText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void writeText(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

uint16_t idOf(Command command) { return static_cast<uint16_t>(command); }

template <class C>
Bytes inputsOf(const C& call) {
  Bytes bytes;
  encodeInputs(call, bytes);
  return bytes;
}

template <class C>
Bytes outputsOf(const C& call) {
  Bytes bytes;
  encodeOutputs(call, bytes);
  return bytes;
}

// A vkQueueSubmit of one batch with two command buffers.
Bytes submitInputs() {
  const VkCommandBuffer buffers[2] = {reinterpret_cast<VkCommandBuffer>(uint64_t{0x51}),
                                      reinterpret_cast<VkCommandBuffer>(uint64_t{0x52})};
  VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO};
  info.commandBufferCount = 2;
  info.pCommandBuffers = buffers;
  QueueSubmitCall call;
  call.queue = reinterpret_cast<VkQueue>(uint64_t{0x40});
  call.submitCount = 1;
  call.pSubmits = &info;
  return inputsOf(call);
}

Bytes pattern(size_t size) {
  Bytes bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 37 + i / 7);
  return bytes;
}

// One of everything that a writer puts into a file.
void writeTrace(const std::string& path, bool finish = true) {
  TraceBuilder trace(path);
  trace.writer().nameLane(0, "main \xff");
  trace.metadata(0, kMetadataApplication, R"({"pid":1,"applicationName":"app","half":0.5})");
  trace.metadata(0, kMetadataCapture, "no JSON");
  CreateFenceCall fence;
  VkFenceCreateInfo info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, nullptr, VK_FENCE_CREATE_SIGNALED_BIT};
  auto made = reinterpret_cast<VkFence>(uint64_t{0x77});
  fence.pCreateInfo = &info;
  fence.pFence = &made;
  trace.call(0, idOf(Command::vkCreateFence), inputsOf(fence), outputsOf(fence));
  trace.memory({0x5, 0x4, 1, 64, 0}, pattern(100));
  trace.memory({0x5, 0x4, 1, 8192, 0}, pattern(9000), kMixed);
  trace.hole(0, HoleCause::kUnknownStruct, 1999999001, "a struct");
  ContentsRecord contents{};
  contents.device = 0x4;
  contents.object = 0x6;
  contents.object_type = VK_OBJECT_TYPE_IMAGE;
  contents.aspect = VK_IMAGE_ASPECT_COLOR_BIT;
  trace.contents(0, contents, pattern(300));
  trace.contents(0, contents, pattern(5000));
  trace.payload(0, {3, 0x20});
  VkClearColorValue colour{};
  colour.float32[0] = 0.25f;
  colour.float32[3] = 1;
  VkImageSubresourceRange range{VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
  CmdClearColorImageCall clear;
  clear.pColor = &colour;
  clear.rangeCount = 1;
  clear.pRanges = &range;
  for (int i = 0; i < 3; ++i) trace.command(0, idOf(Command::vkCmdClearColorImage), inputsOf(clear));
  CmdUpdateBufferCall update;
  const Bytes data = pattern(2000);
  update.dataSize = data.size();
  update.pData = data.data();
  Bytes encoded;
  GrowingBuffer buffer;
  InputEncoder encoder(buffer, EncoderSink{nullptr, [](void*, const void*, size_t) {}, nullptr});
  visit(encoder, update);
  trace.bulk(0, data).command(0, idOf(Command::vkCmdUpdateBuffer), encoder.bytes());
  QueueSubmitCall submit;
  trace.call(1, idOf(Command::vkQueueSubmit), submitInputs(), outputsOf(submit), true);
  trace.command(1, idOf(Command::vkCmdDraw), bytesOf("no arguments of any draw"));  // does not decode
  trace.announce(1, idOf(Command::vkQueueSubmit), submitInputs(), true);            // never returns
  trace.command(2, idOf(Command::vkCmdDraw), bytesOf("0123456789abcdefghijklmn"));
  trace.writer().markUnfinished(2);  // known to the index alone
  Bytes timed;
  appendLe(timed, uint64_t{5'000'000'001});
  appendBytes(timed, bytesOf("0123456789abcdefghijklmn"));
  LaneBytes late_lane;  // its block starts with a time, at an order that is not 0
  late_lane.record(idOf(Command::vkCmdDraw), kAnnounce | kComplete | kTimed, trace.noted(), timed);
  trace.writer().append(3, late_lane.bytes());
  if (finish) {
    ASSERT_TRUE(trace.finish().isOk());
  }
}

Result<ImportSummary> throughText(const Folder& folder, const std::string& trace, const std::string& again,
                                  const std::function<void(std::string&)>& edit = {}) {
  const std::string dir = folder / "text";
  fs::remove_all(dir);
  fs::create_directory(dir);
  const auto exported = exportTrace(trace, dir);
  EXPECT_TRUE(exported.isOk()) << exported.status().message();
  if (!exported) return exported.status();
  if (edit) {
    std::string text = readText(dir + "/trace.jsonl");
    edit(text);
    writeText(dir + "/trace.jsonl", text);
  }
  return importTrace(dir, again);
}

void replaceOnce(std::string& text, std::string_view from, std::string_view to) {
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from << " is not in\n" << text;
  text.replace(at, from.size(), to);
}

uint64_t callsOf(const std::string& path) {
  auto reader = TraceReader::open(path);
  EXPECT_TRUE(reader.isOk()) << reader.status().message();
  Event event;
  uint64_t calls = 0;
  while (true) {
    const Result<bool> more = reader.value()->next(event);
    EXPECT_TRUE(more.isOk()) << more.status().message();
    if (!more || !more.value()) break;
    calls += event.kind == Event::kCall;
  }
  EXPECT_EQ(reader.value()->summary().calls, calls);
  return calls;
}

TEST(Text, ATraceComesBackByteForByte) {
  Folder folder;
  writeTrace(folder / "a.vkr");
  const auto done = throughText(folder, folder / "a.vkr", folder / "b.vkr");
  ASSERT_TRUE(done.isOk()) << done.status().message();
  EXPECT_EQ(readFile(folder / "a.vkr"), readFile(folder / "b.vkr"));
  const std::string text = readText(folder / "text/trace.jsonl");
  EXPECT_NE(text.find(R"("pColor":{"float32":[0.25,0,0,1]})"), std::string::npos) << text;
  EXPECT_NE(text.find("{\"time_ms\":5000,\"after\":"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("value":{"pid":1,"applicationName":"app","half":0.5})"), std::string::npos);
}

TEST(Text, AFileCutAnywhereComesBack) {
  Folder folder;
  writeTrace(folder / "whole.vkr");
  const Bytes whole = readFile(folder / "whole.vkr");
  for (size_t size = whole.size() - 1; size > 400; size -= 97) {
    writeFile(folder / "a.vkr", std::span(whole).first(size));
    fs::remove_all(folder / "text");
    const auto done = throughText(folder, folder / "a.vkr", folder / "b.vkr");
    ASSERT_TRUE(done.isOk()) << size << ": " << done.status().message();
    ASSERT_EQ(readFile(folder / "a.vkr"), readFile(folder / "b.vkr")) << "cut at " << size;
  }
}

TEST(Text, ADamagedFileComesBack) {
  Folder folder;
  writeTrace(folder / "whole.vkr");
  const Bytes whole = readFile(folder / "whole.vkr");
  for (size_t at = 400; at < whole.size(); at += 61) {
    Bytes damaged = whole;
    damaged[at] ^= std::byte{0x41};
    writeFile(folder / "a.vkr", damaged);
    const auto done = throughText(folder, folder / "a.vkr", folder / "b.vkr");
    ASSERT_TRUE(done.isOk()) << at << ": " << done.status().message();
    ASSERT_EQ(readFile(folder / "a.vkr"), readFile(folder / "b.vkr")) << "byte " << at;
  }
}

TEST(Text, AnArrayCountsItself) {
  Folder folder;
  writeTrace(folder / "a.vkr");
  const auto done = throughText(folder, folder / "a.vkr", folder / "b.vkr", [](std::string& text) {
    replaceOnce(text, R"("pCommandBuffers":["0x51","0x52"])", R"("pCommandBuffers":["0x51","0x52","0x53"])");
  });
  ASSERT_TRUE(done.isOk()) << done.status().message();
  fs::remove_all(folder / "text");
  fs::create_directory(folder / "text");
  ASSERT_TRUE(exportTrace(folder / "b.vkr", folder / "text").isOk());
  EXPECT_NE(readText(folder / "text/trace.jsonl")
                .find(R"("commandBufferCount":3,"pCommandBuffers":["0x51","0x52","0x53"])"),
            std::string::npos);
}

TEST(Text, ADeletedCallIsGone) {
  Folder folder;
  writeTrace(folder / "a.vkr");
  const uint64_t calls = callsOf(folder / "a.vkr");
  const auto done = throughText(folder, folder / "a.vkr", folder / "b.vkr", [](std::string& text) {
    const size_t at = text.find("{\"command\":\"vkCmdClearColorImage\"");
    ASSERT_NE(at, std::string::npos);
    text.erase(at, text.find('\n', at) + 1 - at);
  });
  ASSERT_TRUE(done.isOk()) << done.status().message();
  EXPECT_EQ(callsOf(folder / "b.vkr"), calls - 1);
}

TEST(Text, NewBulkAndNewCommandsGetWhatTheyNeed) {
  Folder folder;
  writeTrace(folder / "a.vkr");
  const uint64_t calls = callsOf(folder / "a.vkr");
  writeFile(folder / "new.bin", pattern(3000));
  const auto done = throughText(folder, folder / "a.vkr", folder / "b.vkr", [&](std::string& text) {
    fs::copy_file(folder / "new.bin", folder / "text/blobs/new.bin");
    const size_t at = text.find("{\"command\":\"vkCmdClearColorImage\"");
    ASSERT_NE(at, std::string::npos);
    text.insert(
        at,
        R"({"command":"vkCmdUpdateBuffer","args":{"commandBuffer":"0x51","dstBuffer":"0x1","dstOffset":0,)"
        R"("pData":{"blob":"new.bin"}}})"
        "\n"
        R"({"command":"vkCmdDispatch","args":{"commandBuffer":"0x51","groupCountX":1,"groupCountY":1,"groupCountZ":1}})"
        "\n");
  });
  ASSERT_TRUE(done.isOk()) << done.status().message();
  EXPECT_EQ(callsOf(folder / "b.vkr"), calls + 2);
}

struct Mistake {
  const char* from;
  const char* to;
  const char* says;
};

TEST(Text, AMistakeIsOneSentenceWithItsPlace) {
  Folder folder;
  writeTrace(folder / "a.vkr");
  const Mistake mistakes[] = {
      {R"("float32":[0.25,)", R"("float32":["red",)",
       "/args/pColor/float32/0: found the text \"red\", expected a number"},
      {R"("pColor":)", R"("pColour":)", "/args: the member \"pColor\" is missing"},
      {R"("imageLayout":)", R"("extra":1,"imageLayout":)",
       "/args/extra: vkCmdClearColorImage has no member of this name"},
      {R"("aspectMask":"VK_IMAGE_ASPECT_COLOR_BIT")", R"("aspectMask":"VK_IMAGE_ASPECT_COLOUR_BIT")",
       "/args/pRanges/0/aspectMask: found the text"},
      {R"({"command":"vkCmdClearColorImage")", R"({"command":"vkCmdClearColourImage")",
       "/command: this build knows no command"},
      {R"({"command":"vkCmdClearColorImage")", R"({"command":"vkCmdClearColorImage)", "the line is no JSON"},
      {R"("pRanges":[{)", R"("pRanges":{},"x":[{)", "/args/pRanges: found an object, expected a list"},
      {R"("arrived":0)", R"("arrived":9)", "/arrived: found the number 9"},
      {R"("reprise_text":1)", R"("reprise_text":2)", "/reprise_text: found the number 2, expected 1"},
      {R"("block":"calls")", R"("block":"call")", "/block: found the text \"call\""},
      {R"("baseMipLevel":0)", R"("baseMipLevel":-1)", "/args/pRanges/0/baseMipLevel: found the number -1"},
      {R"("baseMipLevel":0)", R"("baseMipLevel":0,"baseMipLevel":0)", "twice"},
      {R"("baseMipLevel":0)", R"("baseMipLevel":4294967296)", "of 32 bits"},
      {R"("blob":")", R"("blob":"../)", "must be that of a file in blobs"},
  };
  for (const Mistake& mistake : mistakes) {
    uint64_t line = 0;
    const auto done = throughText(folder, folder / "a.vkr", folder / "b.vkr", [&](std::string& text) {
      const size_t at = text.find(mistake.from);
      ASSERT_NE(at, std::string::npos) << mistake.from;
      line = 1 + static_cast<uint64_t>(std::count(text.begin(), text.begin() + std::ptrdiff_t(at), '\n'));
      replaceOnce(text, mistake.from, mistake.to);
    });
    ASSERT_FALSE(done.isOk()) << mistake.to;
    EXPECT_EQ(done.status().code(), Code::kUnreadable);
    const std::string& message = done.status().message();
    EXPECT_NE(message.find("trace.jsonl:" + std::to_string(line) + ": "), std::string::npos) << message;
    EXPECT_NE(message.find(mistake.says), std::string::npos) << mistake.to << "\n" << message;
  }
}

TEST(Text, OrdersDoNotFallUnlessTheySaySo) {
  Folder folder;
  writeTrace(folder / "a.vkr");
  const auto fall = [](std::string& text, const char* more) {
    const size_t at = text.find("{\"command\":\"vkCmdClearColorImage\"");
    ASSERT_NE(at, std::string::npos);
    const size_t after = text.find("\"after\":", at);
    const size_t end = text.find(',', after);
    text.replace(after, end - after, std::string("\"after\":0") + more);
  };
  const auto silent =
      throughText(folder, folder / "a.vkr", folder / "b.vkr", [&](std::string& text) { fall(text, ""); });
  ASSERT_FALSE(silent.isOk());
  EXPECT_NE(silent.status().message().find("orders never fall"), std::string::npos)
      << silent.status().message();
  const auto said = throughText(folder, folder / "a.vkr", folder / "b.vkr",
                                [&](std::string& text) { fall(text, ",\"late\":true"); });
  EXPECT_TRUE(said.isOk()) << said.status().message();
}

TEST(Text, ExactBytesCountUntilTheArgumentsChange) {
  // A struct in a chain that no build knows: the text alone makes a hole of it.
  VkBaseInStructure unknown{VkStructureType(1999999001), nullptr};
  VkFenceCreateInfo info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, &unknown, 0};
  auto made = reinterpret_cast<VkFence>(uint64_t{0x77});
  CreateFenceCall fence;
  fence.pCreateInfo = &info;
  fence.pFence = &made;
  Bytes inputs = inputsOf(fence);
  const uint32_t hole = 0xffffffff;  // its length: make it one of four bytes, which follow
  const auto* mark = reinterpret_cast<const std::byte*>(&unknown.sType);
  auto at = std::search(inputs.begin(), inputs.end(), mark, mark + 4);
  ASSERT_NE(at, inputs.end());
  ASSERT_EQ(std::memcmp(&*at + 4, &hole, 4), 0);
  const uint32_t four = 4;
  std::memcpy(&*at + 4, &four, 4);
  inputs.insert(at + 8, {std::byte{1}, std::byte{2}, std::byte{3}, std::byte{4}});
  Folder folder;
  {
    TraceBuilder trace(folder / "a.vkr");
    trace.call(0, idOf(Command::vkCreateFence), inputs, outputsOf(fence));
    ASSERT_TRUE(trace.finish().isOk());
  }
  const auto same = throughText(folder, folder / "a.vkr", folder / "b.vkr");
  ASSERT_TRUE(same.isOk()) << same.status().message();
  EXPECT_EQ(readFile(folder / "a.vkr"), readFile(folder / "b.vkr"));
  EXPECT_NE(readText(folder / "text/trace.jsonl").find("\"exact\":"), std::string::npos);
  const auto changed = throughText(folder, folder / "a.vkr", folder / "b.vkr", [](std::string& text) {
    replaceOnce(text, R"("pFence":"0x77")", R"("pFence":"0x78")");
  });
  ASSERT_TRUE(changed.isOk()) << changed.status().message();
  auto reader = TraceReader::open(folder / "b.vkr");
  ASSERT_TRUE(reader.isOk());
  Event event;
  ASSERT_TRUE(reader.value()->next(event).value());
  made = reinterpret_cast<VkFence>(uint64_t{0x78});
  EXPECT_EQ(owned(event.outputs), outputsOf(fence));
}

TEST(Text, BlobsOfALineAreBounded) {
  Folder folder;
  for (const char* name : {"a.bin", "b.bin", "c.bin"}) writeFile(folder / name, pattern(400));
  BlobReader blobs(folder / "", 1000);
  ASSERT_TRUE(blobs.get("a.bin"));
  ASSERT_TRUE(blobs.get("b.bin"));
  for (const char* name : {"c.bin", "a.bin"}) {  // read anew, or kept
    const auto third = blobs.get(name);
    ASSERT_FALSE(third) << name;
    EXPECT_NE(third.status().message().find(name), std::string::npos) << third.status().message();
    EXPECT_NE(third.status().message().find("more than 1000 bytes"), std::string::npos);
  }
  blobs.trim();
  EXPECT_EQ(owned(blobs.get("c.bin").value()), pattern(400));
}

TEST(Text, HostileTextIsRefused) {
  Folder folder;
  fs::create_directory(folder / "text");
  const std::string header =
      R"({"reprise_text":1,"format":"1.1","application":"","command_line":"","host":"","os":"","tool_version":"",)"
      R"("registry_version":"","captured_unix_seconds":1,"start_ns":1})"
      "\n";
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "[";
  for (const std::string& rest :
       {std::string("5\n"), std::string("{\"end\":true}\n"), std::string("{\"command\":\"vkCmdDraw\"}\n"),
        deep + "\n", std::string("{\"block\":\"calls\",\"lane\":0}\n{\"time_ms\":\"x\"}\n"),
        std::string("{\"block\":\"initial state\"}\n"), std::string("{\"block\":\"calls\",\"level\":99}\n"),
        std::string("{\"bytes\":{\"hex\":\"0\"}}\n"),
        std::string("{\"block\":\"bulk\"}\n{\"bulk\":0,\"blob\":\"missing.bin\"}\n")}) {
    writeText(folder / "text/trace.jsonl", header + rest);
    const auto done = importTrace(folder / "text", folder / "b.vkr");
    ASSERT_FALSE(done.isOk()) << rest.substr(0, 80);
    EXPECT_NE(done.status().message().find("trace.jsonl:"), std::string::npos) << done.status().message();
  }
  writeText(folder / "text/trace.jsonl", "");
  EXPECT_FALSE(importTrace(folder / "text", folder / "b.vkr").isOk());
  EXPECT_FALSE(importTrace(folder / "nothing", folder / "b.vkr").isOk());
}

}  // namespace
}  // namespace reprise

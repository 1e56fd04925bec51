// Events of a trace as the lines of `reprise dump`: calls that are whole, unfinished or broken, and what is
// no call.
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>

#include "format/encoder.h"
#include "tools/print/event_text.h"

namespace reprise {
namespace {

// A vkCreateFence that lives as long as the Event which points into it.
struct FenceEvent {
  std::vector<std::byte> inputs, outputs;
  Event event;

  FenceEvent() {
    VkFenceCreateInfo info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, nullptr, VK_FENCE_CREATE_SIGNALED_BIT};
    auto fence = reinterpret_cast<VkFence>(uint64_t{0x77});
    CreateFenceCall call;
    call.device = reinterpret_cast<VkDevice>(uint64_t{0x10});
    call.pCreateInfo = &info;
    call.pFence = &fence;
    encodeInputs(call, inputs);
    encodeOutputs(call, outputs);
    event.call_number = 12;
    event.lane = 3;
    event.command = Command::vkCreateFence;
    event.command_name = "vkCreateFence";
    event.inputs = inputs;
    event.outputs = outputs;
    event.has_outputs = true;
  }
};

std::string text(const Event& event) {
  std::string out;
  EventPrinter(Tree::Format::kText, 8).append(event, out);
  return out;
}

nlohmann::json json(const Event& event) {
  std::string out;
  EventPrinter(Tree::Format::kJson, 8).append(event, out);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1) << out;
  return nlohmann::json::parse(out);
}

TEST(Events, CallAsText) {
  EXPECT_EQ(text(FenceEvent().event),
            "==== frame 0\n"
            "12 t3 vkCreateFence(...) = VK_SUCCESS\n"
            "    device = VkDevice 0x10\n"
            "    pCreateInfo = VkFenceCreateInfo {pNext = NULL, flags = VK_FENCE_CREATE_SIGNALED_BIT}\n"
            "    pAllocator = NULL\n"
            "    pFence = VkFence 0x77\n");
}

TEST(Events, CallAsJson) {
  const auto line = json(FenceEvent().event);
  EXPECT_EQ(line["call"], 12);
  EXPECT_EQ(line["frame"], 0);
  EXPECT_EQ(line["thread"], 3);
  EXPECT_EQ(line["command"], "vkCreateFence");
  EXPECT_EQ(line["args"]["pFence"], "0x77");
  EXPECT_EQ(line["result"], "VK_SUCCESS");
}

TEST(Events, FramesAreSeparated) {
  FenceEvent fence;
  EventPrinter printer(Tree::Format::kText, 8);
  std::string out;
  printer.append(fence.event, out);
  printer.append(fence.event, out);
  fence.event.frame = 1;
  out.clear();
  printer.append(fence.event, out);
  EXPECT_TRUE(out.starts_with("\n==== frame 1\n12 t3 ")) << out;
}

TEST(Events, UnfinishedCallIsMarked) {
  FenceEvent fence;
  fence.event.has_outputs = false;
  fence.event.outputs = {};
  fence.event.flags = kAnnounce | kUnfinished;
  const std::string out = text(fence.event);
  EXPECT_NE(out.find("vkCreateFence(...) = UNFINISHED (the call never returned)\n"), std::string::npos)
      << out;
  EXPECT_NE(out.find("pFence = (not written)\n"), std::string::npos) << out;
  const auto line = json(fence.event);
  EXPECT_EQ(line["unfinished"], true);
  EXPECT_FALSE(line.contains("result"));
}

TEST(Events, AliasKeepsTheCalledName) {
  FenceEvent fence;
  fence.event.command_name = "vkCreateFenceKHR";
  EXPECT_EQ(json(fence.event)["command"], "vkCreateFenceKHR");
}

TEST(Events, BrokenArgumentsAreSaid) {
  for (size_t size = 0; size < FenceEvent().inputs.size(); ++size) {
    FenceEvent fence;
    fence.event.inputs = fence.event.inputs.first(size);
    EXPECT_NE(text(fence.event).find("UNREADABLE: "), std::string::npos) << size;
    EXPECT_TRUE(json(fence.event).contains("unreadable")) << size;
  }
}

TEST(Events, BrokenOutputsLeaveTheInputs) {
  for (size_t size = 0; size < FenceEvent().outputs.size(); ++size) {
    FenceEvent fence;
    fence.event.outputs = fence.event.outputs.first(size);
    const std::string out = text(fence.event);
    EXPECT_NE(out.find("VK_FENCE_CREATE_SIGNALED_BIT"), std::string::npos) << out;
    EXPECT_NE(out.find("UNREADABLE: "), std::string::npos) << out;
    EXPECT_FALSE(json(fence.event).contains("result")) << size;
  }
}

TEST(Events, UnknownCommandKeepsItsName) {
  FenceEvent fence;
  fence.event.command = Command::kUnknown;
  fence.event.command_name = "vkFromTheFuture";
  const std::string out = text(fence.event);
  EXPECT_NE(out.find("12 t3 vkFromTheFuture()\n    UNREADABLE: this build does not know the command"),
            std::string::npos)
      << out;
  EXPECT_EQ(json(fence.event)["command"], "vkFromTheFuture");
}

TEST(Events, MemoryChangeIsOneLine) {
  Event event;
  event.kind = Event::kMemory;
  event.lane = 9;
  event.memory = {0x51, 0x10, 2, 64, 256};
  EXPECT_EQ(text(event), "==== frame 0\n- t9 memory VkDeviceMemory 0x51, offset 64, size 256\n");
  event.flags = kMixed;
  EXPECT_NE(text(event).find("MIXED"), std::string::npos);
  EXPECT_EQ(json(event)["memory"], "0x51");
  EXPECT_EQ(json(event)["mixed"], true);
}

TEST(Events, ContentsAndPayloadsAreOneLine) {
  Event event;
  event.kind = Event::kContents;
  event.contents = {
      0x10, 0x20, VK_OBJECT_TYPE_IMAGE, VK_IMAGE_ASPECT_COLOR_BIT, 1, 2, VK_IMAGE_LAYOUT_GENERAL, 4, 3, 1,
      0,    48};
  EXPECT_EQ(
      text(event),
      "==== frame 0\n- t0 contents from outside: VkImage 0x20, VK_IMAGE_ASPECT_COLOR_BIT, mip 1, layer 2, "
      "4x3x1, VK_IMAGE_LAYOUT_GENERAL, size 48\n");
  EXPECT_EQ(json(event)["event"], "contents");
  EXPECT_EQ(json(event)["layer"], 2);
  event.contents.object_type = VK_OBJECT_TYPE_BUFFER;
  event.contents.offset = 64;
  EXPECT_EQ(text(event), "==== frame 0\n- t0 contents from outside: VkBuffer 0x20, offset 64, size 48\n");
  event.contents.object_type = 0x7fffffff;
  EXPECT_EQ(json(event)["type"], "object");
  event = {};
  event.kind = Event::kPayload;
  event.payload = {0, 12};
  EXPECT_EQ(text(event), "==== frame 0\n- t0 payload 0 (from outside), handle 0xc\n");
  EXPECT_EQ(json(event)["payload"], 0);
}

TEST(Events, OpaqueValuesAreOneLine) {
  const std::byte address[8] = {std::byte{0x10}, {}, std::byte{0x32}, {}, {}, {}, {}, {}};
  Event event;
  event.kind = Event::kOpaque;
  event.opaque = {0x10, 0x20, VK_OBJECT_TYPE_BUFFER, 1};
  event.bytes = address;
  EXPECT_EQ(text(event), "==== frame 0\n- t0 opaque values of VkBuffer 0x20: 0x0000000000320010\n");
  EXPECT_EQ(json(event)["event"], "opaque");
  EXPECT_EQ(json(event)["object"], "0x20");
  EXPECT_EQ(json(event)["values"][0], "0x0000000000320010");
  event.opaque.values = 2;
  EXPECT_EQ(json(event)["values"].dump(), R"(["0x00320010","0x00000000"])");
  const std::vector<std::byte> many(9);
  event.opaque.values = 9;
  event.bytes = many;
  EXPECT_TRUE(text(event).ends_with("0x00, ...\n")) << text(event);
}

TEST(Events, HoleSaysWhat) {
  Event event;
  event.kind = Event::kHole;
  event.hole = {HoleCause::kUnknownStruct, 0, 1000999000};
  event.text = "in vkCreateImage\x1b[2J";
  EXPECT_EQ(text(event),
            "==== frame 0\n- t0 HOLE (unknown struct, sType 1000999000): \"in vkCreateImage\\x1b[2J\"\n");
  EXPECT_EQ(json(event)["cause"], "unknown struct");
  event.hole.cause = HoleCause(99);
  EXPECT_EQ(json(event)["cause"], "unknown cause");
}

TEST(Events, MetadataIsJsonOrAString) {
  Event event;
  event.kind = Event::kMetadata;
  event.metadata_kind = kMetadataDevice;
  event.text = R"({"deviceName":"x"})";
  EXPECT_EQ(json(event)["value"]["deviceName"], "x");
  event.text = "{broken";
  EXPECT_EQ(json(event)["value"], "{broken");
  const std::string deep(1000000, '[');
  event.text = deep;
  EXPECT_TRUE(json(event)["value"].is_string());
}

}  // namespace
}  // namespace reprise

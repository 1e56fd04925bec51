// Every command of the registry, filled at random with every struct that it may hold, as lines of JSON that
// follow the dump's schema: in the forms with and without outputs, with payloads cut and whole.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "format/encoder.h"
#include "tests/unit/registry_filler.h"
#include "tools/objects.h"
#include "tools/print/event_text.h"

namespace reprise {
namespace {

constexpr uint64_t kSeeds = 2;

// Bulk ranges are kept aside, as the layer does, and given back to the decoder.
struct Half {
  std::vector<std::vector<std::byte>> ranges;
  std::vector<std::span<const std::byte>> spans;
  std::vector<std::byte> bytes;

  template <class Encode, class Packet>
  void encode(Packet& call) {
    GrowingBuffer buffer;
    Encode encoder(buffer, EncoderSink{this,
                                       [](void* self, const void* p, size_t n) {
                                         auto* from = static_cast<const std::byte*>(p);
                                         static_cast<Half*>(self)->ranges.emplace_back(from, from + n);
                                       },
                                       [](void*, VkStructureType) {}});
    visit(encoder, call);
    bytes.assign(encoder.bytes().begin(), encoder.bytes().end());
    spans.assign(ranges.begin(), ranges.end());
  }
};

template <class Packet>
void appendLines(const char* name, uint64_t seed, std::string& out) {
  Arena arena;
  Packet call;
  InputFiller filler(seed, arena);
  visit(filler, call);
  Half inputs, outputs;
  inputs.encode<InputEncoder>(call);
  outputs.encode<OutputEncoder>(call);
  Event event;
  event.command = Packet::kId;
  event.command_name = name;
  event.inputs = inputs.bytes;
  event.input_bulks = inputs.spans;
  for (const bool returned : {false, true}) {
    event.has_outputs = returned;
    event.flags = returned ? kComplete : kUnfinished;
    if (returned) event.outputs = outputs.bytes, event.output_bulks = outputs.spans;
    const size_t begin = out.size();
    EventPrinter(Tree::Format::kJson, 4, seed % 2 == 1).append(event, out);
    EXPECT_EQ(out.find("\"unreadable\"", begin), std::string::npos) << name << " seed " << seed;
  }
}

// The exit status of the judge on these lines.
int judge(const std::string& lines) {
  const std::string path = testing::TempDir() + "/reprise-dump-lines-" + std::to_string(::getpid());
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file) return -1;
  std::fwrite(lines.data(), 1, lines.size(), file);
  std::fclose(file);
  const std::string source = REPRISE_SOURCE_DIR;
  const std::string command = REPRISE_PYTHON " -B " + source + "/tests/support/validate_dump.py " + source +
                              "/tools/dump.schema.json " + path;
  const int state = std::system(command.c_str());
  std::remove(path.c_str());
  return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

std::string header() {
  std::string line;
  appendJsonHeader(TraceSummary(), line);
  return line;
}

TEST(DumpSchema, EveryCommand) {
  std::string lines = header();
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
#define REPRISE_PACKET(name, Packet) appendLines<Packet>(#name, seed, lines);
#include "gen/packets.inc"
#undef REPRISE_PACKET
  }
  EXPECT_EQ(judge(lines), 0);
}

TEST(DumpSchema, EveryOtherEvent) {
  std::string lines = header();
  const std::byte bytes[20] = {};
  Objects objects;
  for (const bool data : {false, true}) {
    EventPrinter printer(Tree::Format::kJson, 4, data);
    if (data) printer.nameObjects(&objects);
    for (const auto kind :
         {Event::kMemory, Event::kHole, Event::kMetadata, Event::kContents, Event::kPayload}) {
      for (const uint32_t type : {VK_OBJECT_TYPE_IMAGE, VK_OBJECT_TYPE_BUFFER, VkObjectType(0x7fffffff)}) {
        Event event;
        event.kind = kind;
        event.flags = type == VK_OBJECT_TYPE_IMAGE ? kMixed : 0;
        event.bytes = bytes;
        event.contents.object_type = type;
        event.hole.cause = HoleCause(type);
        event.metadata_kind = MetadataKind(type);
        event.text = type == VK_OBJECT_TYPE_IMAGE ? "{\"a\":[1]}" : "\x1b{";
        objects.see(event);
        printer.append(event, lines);
      }
    }
  }
  EXPECT_EQ(judge(lines), 0);
}

TEST(DumpSchema, WrongLinesAreRefused) {
  const std::string good = R"({"call":1,"frame":0,"thread":0,"command":"vkCmdDraw","args":{"n":1}})";
  EXPECT_EQ(judge(header() + good + "\n"), 0);
  for (const auto& [from, to] : std::initializer_list<std::pair<std::string, std::string>>{
           {"\"call\":1", "\"call\":-1"},
           {"\"frame\":0,", ""},
           {"\"args\":{\"n\":1}", "\"args\":[]"},
           {"\"n\":1", "\"n\":{\"note\":\"else\"}"},
           {"\"n\":1", "\"n\":{\"size\":2,\"hex\":\"0\"}"},
           {"\"n\":1", "\"n\":{\"sType\":\"VK_X\"}"},
           {"\"n\":1", "\"n\":{\"sType\":\"VK_STRUCTURE_TYPE_X\",\"pNext\":[1]}"},
           {"\"n\":1", "\"n\":NaN"},
           {"\"thread\"", "\"Thread\""}}) {
    std::string bad = good;
    bad.replace(bad.find(from), from.size(), to);
    EXPECT_EQ(judge(header() + bad + "\n"), 1) << bad;
  }
  EXPECT_EQ(judge(good + "\n"), 1) << "no header";
}

}  // namespace
}  // namespace reprise

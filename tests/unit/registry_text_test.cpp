// Every call of the registry as text and back: filled at random, encoded, printed, read, encoded again: the
// same bytes. And what is no such text: an error with a place in it, never a crash. REPRISE_ROUNDTRIP_SEEDS
// sets how many of each (default 4).
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "format/decoder.h"
#include "tests/unit/registry_filler.h"
#include "tools/text/call_json.h"

namespace reprise {
namespace {

uint64_t seeds() {
  const char* text = std::getenv("REPRISE_ROUNDTRIP_SEEDS");
  return text ? std::strtoull(text, nullptr, 10) : 4;
}

std::vector<std::byte> copyOf(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }

struct TextCall {
  EncodedCall original;
  std::string text;
  BlobWriter blobs{""};
  Arena arena;
};

template <class C>
void fill(uint64_t seed, Arena& arena, C& call) {
  InputFiller filler(seed, arena);
  visit(filler, call);
}

// The call as text; false: it has no text, which is a failure.
template <class C>
bool print(const C& filled, TextCall& made, std::string& error) {
  C call = filled;
  EXPECT_TRUE(made.original.inputs.encode<InputEncoder>(call));
  EXPECT_TRUE(made.original.outputs.encode<OutputEncoder>(call));
  JsonWriter writer(made.text, made.blobs);
  writer.open();
  const CallBytes bytes{made.original.inputs.bytes(), made.original.outputs.bytes(),
                        made.original.inputs.bulks(), made.original.outputs.bulks(), true};
  const bool good = callToJson(C::kId, bytes, made.arena, writer, error);
  writer.close();
  return good;
}

template <class C>
void roundTrip(const char* name, uint64_t seed) {
  Arena arena;
  C call;
  fill(seed, arena, call);
  TextCall made;
  std::string error;
  ASSERT_TRUE(print(call, made, error)) << name << " seed " << seed << ": " << error;
  JsonLine json;
  ASSERT_TRUE(json.parse(made.text)) << name << " seed " << seed << ": " << json.error() << "\n" << made.text;
  Arena read_arena;
  JsonReader reader(read_arena, made.blobs);
  EncodedCall again;
  const JsonValue root = json.root();
  ASSERT_TRUE(
      jsonToCall(C::kId, root.member("args"), true, root.member("result"), root.member("out"), reader, again))
      << name << " seed " << seed << ": " << reader.error() << "\n"
      << made.text;
  ASSERT_EQ(copyOf(made.original.inputs.bytes()), copyOf(again.inputs.bytes()))
      << name << " seed " << seed << "\n"
      << made.text;
  ASSERT_EQ(copyOf(made.original.outputs.bytes()), copyOf(again.outputs.bytes()))
      << name << " seed " << seed << "\n"
      << made.text;
  ASSERT_EQ(made.original.inputs.bulks().size(), again.inputs.bulks().size()) << name;
  for (size_t i = 0; i < again.inputs.bulks().size(); ++i)
    ASSERT_EQ(copyOf(made.original.inputs.bulks()[i]), copyOf(again.inputs.bulks()[i])) << name;
}

// Mutated text: read it, whatever comes of it.
template <class C>
size_t attack(uint64_t seed) {
  Arena arena;
  C call;
  fill(seed, arena, call);
  TextCall made;
  std::string error;
  if (!print(call, made, error)) return 0;
  std::mt19937_64 random(seed);
  size_t refused = 0;
  for (int i = 0; i < 20; ++i) {
    std::string text = made.text;
    constexpr std::string_view kPieces[] = {"null",
                                            "[]",
                                            "{}",
                                            "-1",
                                            "\"out\"",
                                            "1e999",
                                            "18446744073709551615",
                                            "\"\"",
                                            "[null]",
                                            "{\"hex\":\"0\"}",
                                            "{\"blob\":\"x\"}",
                                            ",",
                                            "\"pNext\""};
    const std::string_view piece = kPieces[random() % std::size(kPieces)];
    const size_t at = random() % text.size();
    text.replace(at, random() % 12, piece);
    JsonLine json;
    if (!json.parse(text)) continue;
    Arena read_arena;
    JsonReader reader(read_arena, made.blobs);
    EncodedCall again;
    const JsonValue root = json.root();
    const bool read = jsonToCall(C::kId, root.member("args"), true, root.member("result"), root.member("out"),
                                 reader, again);
    EXPECT_EQ(read, reader.ok());
    if (!read) {
      EXPECT_FALSE(reader.error().empty());
      EXPECT_EQ(reader.error().front(), '/') << reader.error();
      ++refused;
    }
  }
  return refused;
}

TEST(TextRoundTrip, EveryCallComesBackByteForByte) {
  for (uint64_t seed = 0; seed < seeds(); ++seed) {
#define REPRISE_PACKET(name, Packet) \
  roundTrip<Packet>(#name, seed);    \
  if (HasFatalFailure()) return;
#include "gen/packets.inc"
#undef REPRISE_PACKET
  }
}

TEST(TextRoundTrip, MutatedTextIsReadOrRefusedWithAPlace) {
  size_t refused = 0;
#define REPRISE_PACKET(name, Packet) refused += attack<Packet>(7);
#include "gen/packets.inc"
#undef REPRISE_PACKET
  EXPECT_GT(refused, 100u);
}

}  // namespace
}  // namespace reprise

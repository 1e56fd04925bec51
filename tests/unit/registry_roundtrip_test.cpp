// Every struct and every call of the registry: filled at random, written, read again, equal. REPRISE_ROUNDTRIP_SEEDS sets
// how many instances of each (default 8).
#include <gtest/gtest.h>

#include <cstdlib>

#include "format/call_halves.h"
#include "format/encoder.h"
#include "tests/unit/registry_filler.h"
#include "tests/unit/registry_flattener.h"

namespace reprise {
namespace {

uint64_t seeds() {
  const char* text = std::getenv("REPRISE_ROUNDTRIP_SEEDS");
  return text ? std::strtoull(text, nullptr, 10) : 8;
}

// Bulk ranges are kept aside, as the layer does, and given back to the decoder.
struct Kept {
  std::vector<std::vector<std::byte>> ranges;
  std::vector<std::span<const std::byte>> spans;
  EncoderSink sink() {
    return {this,
            [](void* self, const void* p, size_t n) {
              auto* bytes = static_cast<const std::byte*>(p);
              static_cast<Kept*>(self)->ranges.emplace_back(bytes, bytes + n);
            },
            [](void*, VkStructureType) {}};
  }
  Bulks bulks() {
    spans.assign(ranges.begin(), ranges.end());
    return spans;
  }
};

template <class Encode, class Decode, class C>
void expectHalf(C& original, C& decoded, const char* name, uint64_t seed, bool inputs) {
  GrowingBuffer buffer;
  Kept kept;
  Encode encoder(buffer, kept.sink());
  visit(encoder, original);
  ASSERT_FALSE(encoder.overflowed());
  static Arena arena;
  if (inputs) arena.reset();
  std::string error;
  ASSERT_TRUE(decodeHalf(Decode(encoder.bytes(), kept.bulks(), arena), decoded, &error)) << name << " seed " << seed << ": " << error;
}

template <bool In, class C>
std::vector<std::string> flatten(C& call) {
  HalfFlattener<In> flattener;
  visit(flattener, call);
  return std::move(flattener.values);
}

template <class C>
void roundTrip(const char* name, uint64_t seed) {
  Arena arena;
  C call, decoded;
  InputFiller filler(seed, arena);
  visit(filler, call);
  expectHalf<InputEncoder, InputDecoder>(call, decoded, name, seed, true);
  ASSERT_EQ(flatten<true>(call), flatten<true>(decoded)) << name << " inputs, seed " << seed;
  expectHalf<OutputEncoder, OutputDecoder>(call, decoded, name, seed, false);
  ASSERT_EQ(flatten<false>(call), flatten<false>(decoded)) << name << " outputs, seed " << seed;
}

template <class S>
void roundTripStruct(const char* name, uint64_t seed) {
  Arena arena;
  S s{}, decoded{};
  Filler filler(seed, arena);
  visit(filler, s);
  GrowingBuffer buffer;
  Kept kept;
  Encoder encoder(Encoder::Phase::kInputs, buffer, kept.sink());
  visit(encoder, s);
  Decoder decoder(Decoder::Phase::kInputs, encoder.bytes(), kept.bulks(), arena);
  visit(decoder, decoded);
  ASSERT_TRUE(decoder.ok()) << name << " seed " << seed << ": " << decoder.error();
  ASSERT_EQ(decoder.remaining(), 0u) << name;
  Flattener before(false), after(false);
  visit(before, s);
  visit(after, decoded);
  ASSERT_EQ(before.values, after.values) << name << " seed " << seed;

  // Cut anywhere, the decoder says so and reads nothing beyond the cut (AddressSanitizer watches).
  const size_t cut = encoder.size() ? seed * 7919 % encoder.size() : 0;
  const std::vector<std::byte> part(encoder.bytes().begin(), encoder.bytes().begin() + cut);
  S partial{};
  Decoder short_decoder(Decoder::Phase::kInputs, part, kept.bulks(), arena);
  visit(short_decoder, partial);
  ASSERT_FALSE(short_decoder.ok() && short_decoder.remaining() != 0) << name;
}

TEST(RoundTrip, EveryCall) {
  size_t calls = 0;
  for (uint64_t seed = 0; seed < seeds(); ++seed) {
#define REPRISE_PACKET(name, Packet)  \
  roundTrip<Packet>(#name, seed);     \
  if (HasFatalFailure()) return;      \
  ++calls;
#include "gen/packets.inc"
#undef REPRISE_PACKET
  }
  printf("%zu calls\n", calls);
}

TEST(RoundTrip, EveryStruct) {
  size_t structs = 0;
  for (uint64_t seed = 0; seed < seeds(); ++seed) {
#define REPRISE_INSTANTIATE(Struct)        \
  roundTripStruct<Struct>(#Struct, seed);  \
  if (HasFatalFailure()) return;           \
  ++structs;
#include "gen/instantiate_0.inc"
#include "gen/instantiate_1.inc"
#include "gen/instantiate_2.inc"
#include "gen/instantiate_3.inc"
#include "gen/instantiate_4.inc"
#include "gen/instantiate_5.inc"
#undef REPRISE_INSTANTIATE
  }
  printf("%zu structs\n", structs);
}

TEST(RoundTrip, AnUnknownStructIsAHoleAtItsPlace) {
  VkExternalMemoryImageCreateInfo last{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, nullptr, 2};
  VkBaseInStructure unknown{VkStructureType(1999999001), reinterpret_cast<VkBaseInStructure*>(&last)};
  VkExternalMemoryImageCreateInfoNV first{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV, &unknown, 1};
  VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO};
  info.pNext = &first;
  CreateImageCall call;
  call.pCreateInfo = &info;
  std::vector<std::byte> bytes;
  encodeInputs(call, bytes);
  Arena arena;
  CreateImageCall decoded;
  std::string error;
  ASSERT_TRUE(decodeInputs(bytes, {}, arena, decoded, &error)) << error;
  auto* node = static_cast<const VkBaseInStructure*>(decoded.pCreateInfo->pNext);
  ASSERT_EQ(node->sType, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV);
  node = node->pNext;
  ASSERT_EQ(node->sType, kHoleNodeType);
  EXPECT_EQ(reinterpret_cast<const HoleNode*>(node)->missing, VkStructureType(1999999001));
  node = node->pNext;
  ASSERT_EQ(node->sType, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO);
  EXPECT_EQ(reinterpret_cast<const VkExternalMemoryImageCreateInfo*>(node)->handleTypes, 2u);
}

}  // namespace

void* Filler::chain(const char* name) {
  struct Extends {
    std::string_view base;
    VkStructureType node;
  };
  static constexpr Extends kAll[] = {
#define REPRISE_EXTENDS(Base, Node) {#Base, kStructureType<Node>},
#include "gen/extends.inc"
#undef REPRISE_EXTENDS
  };
  std::vector<VkStructureType> candidates;
  for (const auto& e : kAll)
    if (e.base == name) candidates.push_back(e.node);
  void* first = nullptr;
  for (size_t i = candidates.empty() || depth_ > 3 ? 0 : below(4); i > 0; --i) {
    const VkStructureType type = candidates[below(candidates.size())];
    auto* node = static_cast<VkBaseOutStructure*>(arena_.allocate(structSize(type)));
    node->sType = type;
    ++depth_;
    visitNode(*this, type, node);
    --depth_;
    node->pNext = static_cast<VkBaseOutStructure*>(first);
    first = node;
  }
  return first;
}

}  // namespace reprise

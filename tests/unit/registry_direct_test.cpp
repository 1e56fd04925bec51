// DirectEncoder writes what Encoder writes, or says that it does not fit and stays within its bounds.
#include <gtest/gtest.h>

#include <cstdlib>

#include "format/direct_encoder.h"
#include "format/encoder.h"
#include "tests/unit/registry_filler.h"

namespace reprise {
namespace {

constexpr auto kGuard = std::byte(0xa5);
constexpr size_t kPadding = 8;  // that the recorder keeps back behind the packet

uint64_t seeds() {
  const char* text = std::getenv("REPRISE_ROUNDTRIP_SEEDS");
  return text ? std::strtoull(text, nullptr, 10) : 40;
}

// What the lane holds after a DirectEncoder had `room` bytes; nothing if it gave up.
template <class E, class C>
bool encodeIn(C& call, size_t room, std::vector<std::byte>& lane, size_t& size) {
  lane.assign(room + kPadding + 64, kGuard);
  std::byte* const begin = lane.data();
  if (room < kFixedBytes<C>) return false;
  E encoder(begin, begin + room - kFixedBytes<C>);
  visit(encoder, call);
  for (size_t i = room + kPadding; i < lane.size(); ++i)
    EXPECT_EQ(lane[i], kGuard) << "wrote beyond its room";
  size = encoder.overflowed() ? 0 : size_t(encoder.cursor() - begin);
  return !encoder.overflowed();
}

template <class D, class E, class C>
bool sameBytes(C& call, const char* name, uint64_t seed) {
  GrowingBuffer buffer;
  bool bulk = false;
  EncoderSink sink{&bulk, [](void* self, const void*, size_t) { *static_cast<bool*>(self) = true; },
                   [](void*, VkStructureType) {}};
  E expected(buffer, sink);
  visit(expected, call);
  std::vector<std::byte> lane;
  size_t size = 0;
  const bool direct = encodeIn<D>(call, 1 << 20, lane, size);
  if (!direct) return false;
  EXPECT_FALSE(bulk) << name << " seed " << seed;
  const std::vector<std::byte> found(lane.begin(), lane.begin() + std::ptrdiff_t(size));
  const std::vector<std::byte> wanted(expected.bytes().begin(), expected.bytes().end());
  EXPECT_EQ(found, wanted) << name << " seed " << seed;
  // Too little room: it gives up, or the bytes are whole.
  for (size_t room : {size / 2, size, size + 16, kFixedBytes<C> + size / 2, kFixedBytes<C>}) {
    if (encodeIn<D>(call, room, lane, size)) {
      EXPECT_EQ(size, wanted.size()) << name << " seed " << seed << " room " << room;
    }
    if (::testing::Test::HasFailure()) return true;
  }
  return true;
}

struct Counts {
  size_t direct = 0, given_up = 0;
};

template <class C>
void compare(const char* name, uint64_t seed, Counts& counts) {
  if constexpr (kDirect<C>) {
    Arena arena;
    C call;
    InputFiller filler(seed, arena);
    visit(filler, call);
    const bool inputs = sameBytes<DirectInputs, InputEncoder>(call, name, seed);
    const bool outputs = sameBytes<DirectOutputs, OutputEncoder>(call, name, seed);
    ++(inputs && outputs ? counts.direct : counts.given_up);
  }
}

TEST(DirectEncoder, WritesTheBytesOfEncoder) {
  Counts counts;
  for (uint64_t seed = 0; seed < seeds(); ++seed) {
#define REPRISE_PACKET(name, Packet)    \
  compare<Packet>(#name, seed, counts); \
  if (HasFailure()) return;
#include "gen/packets.inc"
#undef REPRISE_PACKET
  }
  // Random chains hold structs that are not direct now and then; most calls must not have any.
  EXPECT_GT(counts.direct, counts.given_up);
  printf("%zu direct, %zu given up\n", counts.direct, counts.given_up);
}

TEST(DirectEncoder, CallsOfEveryFrameAreDirect) {
  EXPECT_TRUE(kDirect<CmdDrawIndexedCall> && kDirect<CmdPipelineBarrierCall> &&
              kDirect<CmdBindDescriptorSetsCall> && kDirect<CmdPushConstantsCall> &&
              kDirect<CmdBeginRenderPassCall> && kDirect<QueueSubmitCall> && kDirect<CreateImageCall> &&
              kDirect<WaitForFencesCall>);
}

}  // namespace
}  // namespace reprise

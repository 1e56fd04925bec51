// Records of what came from outside the process: contents and payloads, from the lane to the file and back.
#include "tests/unit/file_test.h"

namespace reprise {
namespace {

constexpr size_t kBig = 3 << 20;  // in pieces, and in bulk

Bytes noise(size_t size) {
  Bytes bytes(size);
  uint32_t state = 1;
  for (std::byte& byte : bytes) byte = static_cast<std::byte>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

ContentsRecord image(uint32_t layer) {
  ContentsRecord contents{};
  contents.device = 0x10;
  contents.object = 0x20;
  contents.object_type = 10;  // VK_OBJECT_TYPE_IMAGE
  contents.aspect = 1;
  contents.mip_level = 2;
  contents.array_layer = layer;
  contents.layout = 7;
  contents.width = 64;
  contents.height = 32;
  contents.depth = 5;
  return contents;
}

struct Outside {
  Status status;
  std::vector<Event> events;  // without spans
  std::vector<Bytes> bytes;
  TraceSummary summary;
};

Outside readOutside(const std::string& path, ReadOptions options = testReadOptions()) {
  Outside found;
  auto reader = TraceReader::open(path, options);
  if (!reader) {
    found.status = reader.status();
    return found;
  }
  found.summary = (*reader)->summary();
  Event event;
  while (true) {
    auto more = (*reader)->next(event);
    if (!more) found.status = more.status();
    if (!more || !*more) return found;
    found.events.push_back(event);
    found.bytes.push_back(owned(event.bytes));
  }
}

TEST(FileOutside, ContentsAndPayloadsArriveBeforeTheirCalls) {
  TempFile file;
  const Bytes small = noise(16), big = noise(kBig);
  TraceBuilder builder(file.path(), TraceBuilder::fixedInfo(), testOptions());
  builder.payload(1, {3, 0x77}).call(1, kCreate, bytesOf("a"), bytesOf("b"));
  builder.contents(1, image(0), small).contents(1, image(1), big).contents(1, image(2), big);
  builder.call(1, kSubmit, bytesOf("c"), bytesOf("d"), true);
  ASSERT_TRUE(builder.finish().isOk());
  EXPECT_LT(readFile(file.path()).size(), kBig + (kBig / 8)) << "equal contents are stored once";

  Outside all = readOutside(file.path());
  ASSERT_TRUE(all.status.isOk()) << all.status.message();
  ASSERT_EQ(all.events.size(), 6u);
  EXPECT_EQ(all.events[0].kind, Event::kPayload);
  EXPECT_EQ(all.events[0].payload.payload, 3u);
  EXPECT_EQ(all.events[0].payload.handle, 0x77u);
  EXPECT_FALSE(all.events[0].flags & kTicketed);
  EXPECT_EQ(all.events[1].kind, Event::kCall);
  const Bytes* wanted[] = {&small, &big, &big};
  for (uint32_t i = 0; i < 3; ++i) {
    const Event& event = all.events[2 + i];
    ASSERT_EQ(event.kind, Event::kContents);
    EXPECT_TRUE(event.flags & kTicketed);
    ContentsRecord sized = image(i);
    sized.size = wanted[i]->size();
    EXPECT_EQ(std::memcmp(&event.contents, &sized, sizeof sized), 0);
    EXPECT_TRUE(all.bytes[2 + i] == *wanted[i]);
    EXPECT_EQ(event.call_number, 1u);
  }
  EXPECT_EQ(all.events[5].kind, Event::kCall);
  EXPECT_EQ(all.summary.contents, 3u);
  EXPECT_EQ(all.summary.contents_bytes, 16 + 2 * kBig);
  EXPECT_EQ(all.summary.holes, 0u);
}

TEST(FileOutside, OpaqueValuesStandBeforeTheCallThatMakesTheObject) {
  TempFile file;
  const Bytes values = noise(96);
  TraceBuilder builder(file.path(), TraceBuilder::fixedInfo(), testOptions());
  builder.announce(1, kCreate, bytesOf("a"), false);
  builder.opaque(1, {0x10, 0x20, 1000, 3}, values).opaque(1, {0x10, 0x21, 9, 0}, {});
  builder.complete(1, kCreate, bytesOf("b"), true);
  ASSERT_TRUE(builder.finish().isOk());

  const Outside all = readOutside(file.path());
  ASSERT_TRUE(all.status.isOk()) << all.status.message();
  ASSERT_EQ(all.events.size(), 3u);
  EXPECT_EQ(all.events[0].kind, Event::kOpaque);
  EXPECT_EQ(all.events[0].opaque.device, 0x10u);
  EXPECT_EQ(all.events[0].opaque.object, 0x20u);
  EXPECT_EQ(all.events[0].opaque.object_type, 1000u);
  EXPECT_EQ(all.events[0].opaque.values, 3u);
  EXPECT_TRUE(all.bytes[0] == values);
  EXPECT_EQ(all.events[1].opaque.values, 0u);
  EXPECT_TRUE(all.bytes[1].empty());
  EXPECT_EQ(all.events[2].kind, Event::kCall);
  EXPECT_TRUE(all.events[2].has_outputs);
  EXPECT_EQ(all.summary.holes, 0u);
}

TEST(FileOutside, CountsWithoutTheIndexAreTheSame) {
  TempFile file;
  TraceBuilder builder(file.path(), TraceBuilder::fixedInfo(), testOptions());
  builder.contents(1, image(0), noise(16)).contents(1, image(1), noise(kBig));
  builder.call(1, kSubmit, {}, {}, true);
  ASSERT_TRUE(builder.finish().isOk());
  Bytes bytes = readFile(file.path());
  bytes.resize(bytes.size() - kFileEndBytes - 40);  // the index ends early
  writeFile(file.path(), bytes);
  Outside all = readOutside(file.path(), testReadOptions(true));
  ASSERT_TRUE(all.status.isOk()) << all.status.message();
  EXPECT_FALSE(all.summary.complete);
  EXPECT_EQ(all.summary.contents, 2u);
  EXPECT_EQ(all.summary.contents_bytes, 16 + kBig);
}

// A calls block of one special record with this body.
Status readSpecial(uint16_t command, uint8_t flags, const Bytes& body) {
  Bytes raw;
  appendLe(raw, command);
  appendLe(raw, flags);
  appendLe(raw, uint8_t{0});
  appendLe(raw, static_cast<uint32_t>(body.size()));
  appendBytes(raw, body);
  BlockHeader header;
  header.kind = BlockKind::kCalls;
  header.count = 1;
  TempFile file;
  writeFile(file.path(), RawTrace().block(header, raw).get());
  return readOutside(file.path(), testReadOptions(true)).status;
}

TEST(FileOutside, LyingSizesAreDamage) {
  Bytes body(kContentsBodyBytes);
  EXPECT_TRUE(readSpecial(kFileContents, 0, body).isOk()) << "contents of no bytes";
  body.back() = std::byte{1};
  EXPECT_FALSE(readSpecial(kFileContents, 0, body).isOk()) << "2^56 bytes that are not there";
  EXPECT_FALSE(readSpecial(kFileContents, kFileBulks, body).isOk()) << "no bulk number";
  appendLe(body, uint32_t{7});
  EXPECT_FALSE(readSpecial(kFileContents, kFileBulks, body).isOk()) << "a bulk item that is not there";
  EXPECT_FALSE(readSpecial(kFileContents, 0, Bytes(kContentsBodyBytes - 1)).isOk());
  EXPECT_FALSE(readSpecial(kFilePayload, 0, Bytes(kPayloadBodyBytes - 1)).isOk());
  EXPECT_TRUE(readSpecial(kFilePayload, 0, Bytes(kPayloadBodyBytes)).isOk());
  Bytes opaque(kOpaqueBodyBytes);
  EXPECT_FALSE(readSpecial(kFileOpaque, 0, Bytes(kOpaqueBodyBytes - 1)).isOk());
  EXPECT_TRUE(readSpecial(kFileOpaque, 0, opaque).isOk()) << "no values";
  opaque.push_back(std::byte{1});
  EXPECT_FALSE(readSpecial(kFileOpaque, 0, opaque).isOk()) << "a byte of no values";
  opaque.resize(kOpaqueBodyBytes + 9);
  opaque[kOpaqueBodyBytes - 4] = std::byte{2};
  EXPECT_FALSE(readSpecial(kFileOpaque, 0, opaque).isOk()) << "two values in nine bytes";
  EXPECT_TRUE(readSpecial(0xff09, 0, Bytes(5)).isOk()) << "what later versions add is skipped";
}

}  // namespace
}  // namespace reprise

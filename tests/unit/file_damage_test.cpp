// Files that were cut, changed or made up: they open and yield a true prefix, or say plainly why not.
#include <fcntl.h>

#include <random>

#include "tests/unit/file_test.h"

namespace reprise {
namespace {

// Three lanes, memory, bulk, holes, metadata, several watermarks, many small blocks.
Bytes sampleTrace() {
  TempFile file;
  WriterOptions options = testOptions();
  options.flush_age_ms = 0;
  options.block_bytes = 300;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), options);
  trace.metadata(1, kMetadataDevice, "{}");
  Bytes page(5000, std::byte{7});
  for (int i = 0; i < 24; ++i) {
    uint32_t lane = 1 + i % 3;
    page[static_cast<size_t>(i) * 40] = static_cast<std::byte>(i);
    if (i % 5 == 0) trace.memory({9, 8, 1, 0, 0}, page);
    if (i % 7 == 0) trace.bulk(lane, Bytes(1500, static_cast<std::byte>(i / 7)));
    trace.call(lane, kCreate, bytesOf("inputs of " + std::to_string(i)), bytesOf("out"));
    trace.command(lane, kDraw, bytesOf("draw"));
    trace.call(lane, i % 4 == 0 ? kPresent : kSubmit, bytesOf("q"), bytesOf("ok"), true);
    if (i == 11) trace.hole(lane, HoleCause::kUnknownStruct, 5, "unknown struct");
    trace.writer().watermark(trace.noted());
    if (i % 6 == 5) trace.writer().tick();
  }
  trace.announce(2, kWait, bytesOf("hangs"), false);
  EXPECT_TRUE(trace.finish().isOk());
  return readFile(file.path());
}

bool isPrefix(const std::vector<Seen>& events, const std::vector<Seen>& of) {
  return events.size() <= of.size() && std::equal(events.begin(), events.end(), of.begin());
}

TEST(FileDamage, CutAtEveryByteItOpensOrSaysWhy) {
  Bytes whole = sampleTrace();
  TempFile file;
  writeFile(file.path(), whole);
  ReadAll full = readAll(file.path());
  ASSERT_TRUE(full.status.isOk()) << full.status.message();
  size_t most = full.events.size(), watermarks = 0;
  bool opens = true;
  for (size_t size = whole.size(); size-- > 0;) {
    ASSERT_EQ(::truncate(file.path().c_str(), static_cast<off_t>(size)), 0);
    ReadAll cut = readAll(file.path());
    if (!cut.status.isOk()) {
      EXPECT_EQ(cut.status.code(), Code::kUnreadable);
      EXPECT_NE(cut.status.message().find(file.path()), std::string::npos);
      opens = false;
      continue;
    }
    ASSERT_TRUE(opens) << "a shorter file must not fare better";
    ASSERT_TRUE(isPrefix(cut.events, full.events)) << size;
    ASSERT_LE(cut.events.size(), most);
    watermarks += cut.events.size() < most;
    most = cut.events.size();
    if (cut.summary.complete) continue;
    for (const Seen& seen : cut.events) ASSERT_LE(seen.order, cut.summary.watermark);
    // All tickets that the full file has up to there, not just some of them.
    auto due = [&](const Seen& s) { return (s.flags & kTicketed) != 0 && s.order <= cut.summary.watermark; };
    ASSERT_EQ(std::count_if(cut.events.begin(), cut.events.end(), due),
              std::count_if(full.events.begin(), full.events.end(), due))
        << size;
    ReadAll beyond = readAll(file.path(), testReadOptions(true));
    ASSERT_TRUE(beyond.status.isOk()) << beyond.status.message();
    ASSERT_GE(beyond.events.size(), cut.events.size());
  }
  EXPECT_FALSE(opens);
  EXPECT_GE(watermarks, 4u);
}

TEST(FileDamage, AFlippedByteIsAnErrorOrATruePrefix) {
  Bytes whole = sampleTrace();
  TempFile file;
  writeFile(file.path(), whole);
  ReadAll full = readAll(file.path());
  size_t errors = 0;
  int fd = ::open(file.path().c_str(), O_WRONLY | O_CLOEXEC);
  auto put = [&](size_t at, std::byte b) { ASSERT_EQ(::pwrite(fd, &b, 1, static_cast<off_t>(at)), 1); };
  for (size_t at = 0; at < whole.size(); ++at) {
    put(at, whole[at] ^ std::byte{0x41});
    for (bool beyond : {false, true}) {
      ReadAll read = readAll(file.path(), testReadOptions(beyond));
      errors += !read.status.isOk();
      if (!read.status.isOk()) {
        ASSERT_NE(read.status.message().find(file.path()), std::string::npos);
      }
      if (!beyond) {
        ASSERT_TRUE(isPrefix(read.events, full.events)) << "byte " << at;
      }
    }
    put(at, whole[at]);
  }
  ::close(fd);
  EXPECT_GT(errors, whole.size() / 4);
}

TEST(FileDamage, WithoutItsIndexTheCountsAreTheSame) {
  Bytes whole = sampleTrace();
  TempFile file;
  writeFile(file.path(), whole);
  TraceSummary full = readAll(file.path()).summary;
  // The trailer gone: the index block is still found by its marker.
  writeFile(file.path(), std::span(whole).first(whole.size() - kFileEndBytes));
  EXPECT_TRUE(readAll(file.path()).summary.complete);
  // The index gone as well.
  writeFile(file.path(),
            std::span(whole).first(loadLe<uint64_t>(whole.data() + whole.size() - kFileEndBytes)));
  TraceSummary scanned = readAll(file.path()).summary;
  EXPECT_FALSE(scanned.complete);
  EXPECT_EQ(scanned.calls, full.calls);
  EXPECT_EQ(scanned.frames, full.frames);
  EXPECT_EQ(scanned.submits, full.submits);
  EXPECT_EQ(scanned.unfinished, full.unfinished);
  EXPECT_EQ(scanned.holes, full.holes);
  EXPECT_EQ(scanned.memory_changes, full.memory_changes);
  EXPECT_EQ(scanned.memory_bytes, full.memory_bytes);
  ASSERT_EQ(scanned.commands.size(), full.commands.size());
  for (size_t i = 0; i < full.commands.size(); ++i) {
    EXPECT_EQ(scanned.commands[i].name, full.commands[i].name);
    EXPECT_EQ(scanned.commands[i].calls, full.commands[i].calls);
  }
}

TEST(FileDamage, UnknownBlockKindsAreSkippedAndReported) {
  Bytes lane;
  appendLe(lane, uint16_t{1});
  appendLe(lane, static_cast<uint8_t>(kFileTicketed));
  appendLe(lane, uint8_t{0});
  appendLe(lane, uint32_t{2});
  appendBytes(lane, asBytes("in"));
  RawTrace trace;
  trace.command(1, "vkDestroyImage");
  trace.block({.kind = static_cast<BlockKind>(4711)}, bytesOf("from the future"));
  trace.block({.kind = BlockKind::kInitialState}, bytesOf("reserved"));
  trace.block({.kind = BlockKind::kCalls, .first_order = 1, .count = 1}, lane);
  trace.block({.kind = BlockKind::kWatermark, .first_order = 1}, {});
  TempFile file;
  writeFile(file.path(), trace.get());
  ReadAll all = readAll(file.path());
  ASSERT_TRUE(all.status.isOk()) << all.status.message();
  ASSERT_EQ(all.events.size(), 1u);
  EXPECT_EQ(all.events[0].name, "vkDestroyImage");
  ASSERT_EQ(all.summary.notes.size(), 3u);
  EXPECT_NE(all.summary.notes[0].find("4711"), std::string::npos);
  EXPECT_NE(all.summary.notes[2].find("last watermark, 1"), std::string::npos) << all.summary.notes[2];
}

TEST(FileDamage, ACommandThatThisBuildLacksKeepsItsName) {
  Bytes lane;
  appendLe(lane, uint16_t{1});
  appendLe(lane, uint16_t{0});
  appendLe(lane, uint32_t{0});
  RawTrace trace;
  trace.command(1, "vkFromTheFutureKHR").block({.kind = BlockKind::kCalls, .count = 1}, lane);
  trace.block({.kind = BlockKind::kWatermark, .first_order = 1}, {});
  TempFile file;
  writeFile(file.path(), trace.get());
  ReadAll all = readAll(file.path());
  ASSERT_EQ(all.events.size(), 1u);
  EXPECT_EQ(all.events[0].command, 0u);
  EXPECT_EQ(all.events[0].name, "vkFromTheFutureKHR");
}

Status statusOf(const Bytes& bytes) {
  TempFile file;
  writeFile(file.path(), bytes);
  Status status = readAll(file.path(), testReadOptions(true)).status;
  if (!status.isOk()) {
    EXPECT_NE(status.message().find(file.path()), std::string::npos) << status.message();
  }
  return status;
}

TEST(FileDamage, ForeignAndEmptyFilesAreNamedAsSuch) {
  EXPECT_NE(statusOf({}).message().find("is empty"), std::string::npos);
  EXPECT_NE(statusOf(bytesOf("\x89PNG\r\n\x1a\n and so on")).message().find("not a Reprise trace"),
            std::string::npos);
  Bytes newer = RawTrace().get();
  storeLe(newer.data() + 8, uint16_t{9});
  EXPECT_NE(statusOf(newer).message().find("format version 9"), std::string::npos);
  EXPECT_EQ(readAll("/nonexistent/x.vkr").status.code(), Code::kUnreadable);
  EXPECT_EQ(readAll("/").status.code(), Code::kUnreadable);
}

TEST(FileDamage, HostileLengthsAreRefused) {
  auto lying = [](auto&& change) {
    Bytes stored = compressed(Bytes(100));
    BlockHeader header{.kind = BlockKind::kCalls,
                       .count = 1,
                       .raw_bytes = 100,
                       .stored_bytes = static_cast<uint32_t>(stored.size()),
                       .checksum = checksumOf(stored)};
    change(header);
    return RawTrace().lyingBlock(header, stored).get();
  };
  EXPECT_FALSE(statusOf(lying([](BlockHeader& h) { h.raw_bytes = 0xffffffff; })).isOk());
  EXPECT_FALSE(statusOf(lying([](BlockHeader& h) { h.raw_bytes = 99; })).isOk());
  EXPECT_FALSE(statusOf(lying([](BlockHeader& h) { h.raw_bytes = 0; })).isOk());
  EXPECT_FALSE(statusOf(lying([](BlockHeader& h) { h.checksum ^= 1; })).isOk());
  // A size beyond the file's end: no whole block, so nothing to read.
  EXPECT_TRUE(statusOf(lying([](BlockHeader& h) { h.stored_bytes = 0xffffffff; })).isOk());
}

TEST(FileDamage, HostileRecordsAreRefused) {
  auto withLane = [](auto&& fill, bool name = true) {
    Bytes lane;
    fill(lane);
    RawTrace trace;
    if (name) trace.command(1, "vkCreateImage");
    return statusOf(trace.block({.kind = BlockKind::kCalls, .count = 1}, lane).get());
  };
  auto head = [](Bytes& lane, uint16_t command, uint8_t flags, uint32_t size) {
    appendLe(lane, command);
    appendLe(lane, flags);
    appendLe(lane, uint8_t{0});
    appendLe(lane, size);
  };
  EXPECT_TRUE(withLane([&](Bytes& l) { head(l, 1, 0, 0); }).isOk());
  EXPECT_FALSE(withLane([&](Bytes& l) { head(l, 1, 0, 0); }, false).isOk());
  EXPECT_FALSE(withLane([&](Bytes& l) { head(l, 2, 0, 0); }).isOk());
  EXPECT_FALSE(withLane([&](Bytes& l) { head(l, 1, 0, 0xffffffff); }).isOk());
  EXPECT_FALSE(withLane([&](Bytes& l) { head(l, 1, 0, 0), l.pop_back(); }).isOk());
  EXPECT_FALSE(withLane([&](Bytes& l) { head(l, 1, kFileOutputs, 0), appendLe(l, 0xffffffffu); }).isOk());
  EXPECT_FALSE(withLane([&](Bytes& l) {
                 head(l, 1, kFileBulks, 0);
                 appendLe(l, 0xffffffffu);
                 appendLe(l, 0xffffffffu);
               }).isOk());
  EXPECT_FALSE(withLane([&](Bytes& l) {  // bulk 7 does not exist
                 head(l, 1, kFileBulks, 0);
                 appendLe(l, 1u);
                 appendLe(l, 0u);
                 appendLe(l, 7u);
               })
                   .isOk());
  for (uint32_t runs : {1u, 0xffffffffu}) {
    EXPECT_FALSE(withLane([&](Bytes& l) {
                   head(l, kFileMemory, 0, kMemoryBodyBytes);
                   l.resize(l.size() + 32);
                   appendLe(l, runs);
                 }).isOk());
  }
  EXPECT_FALSE(withLane([&](Bytes& l) { head(l, kFileHole, 0, 0); }).isOk());
  EXPECT_FALSE(withLane([&](Bytes& l) { head(l, kFileMetadata, 0, 4), appendLe(l, 3u); }).isOk());
  EXPECT_TRUE(withLane([&](Bytes& l) { head(l, 0xff80, 0, 3), l.resize(l.size() + 3); }).isOk());
}

TEST(FileDamage, ManyTinyBombsAreStoppedByTheBudget) {
  // 200 lanes, each with a block of a few hundred bytes that decompresses to 4 MiB, all due at once.
  Bytes record;
  appendLe(record, uint16_t{1});
  appendLe(record, uint16_t{0});
  appendLe(record, uint32_t{kMaxBlockRaw - 8});
  record.resize(kMaxBlockRaw);
  RawTrace trace;
  trace.command(1, "vkCreateImage");
  for (uint32_t lane = 0; lane < 200; ++lane) {
    trace.block({.kind = BlockKind::kCalls, .lane = lane, .first_order = 0, .count = 1}, record);
  }
  Status status = statusOf(trace.get());
  ASSERT_FALSE(status.isOk());
  EXPECT_NE(status.message().find("memory"), std::string::npos);
}

TEST(FileDamage, DamageInTheMiddleIsSkippedOnlyOnRequest) {
  Bytes whole = sampleTrace();
  uint64_t index = loadLe<uint64_t>(whole.data() + whole.size() - kFileEndBytes);
  whole.resize(index);  // a killed writer's file
  TempFile file;
  writeFile(file.path(), whole);
  size_t all = readAll(file.path(), testReadOptions(true)).events.size();
  // The marker of a calls block in the middle.
  Bytes marker;
  appendLe(marker, kBlockMarker);
  auto at = std::search(whole.begin() + static_cast<long>(whole.size() / 2), whole.end(), marker.begin(),
                        marker.end());
  ASSERT_NE(at, whole.end());
  *at ^= std::byte{1};
  writeFile(file.path(), whole);
  ReadAll prefix = readAll(file.path());
  ASSERT_TRUE(prefix.status.isOk());
  EXPECT_LT(prefix.events.size(), all);
  ASSERT_FALSE(prefix.summary.notes.empty());
  EXPECT_NE(prefix.summary.notes[0].find("damaged"), std::string::npos);
  ReadAll beyond = readAll(file.path(), testReadOptions(true));
  EXPECT_GT(beyond.events.size(), prefix.events.size());
}

TEST(FileDamage, RandomBytesBehindAGoodStartNeverCrash) {
  std::mt19937 random(5);
  Bytes start = RawTrace().get();
  for (int i = 0; i < 200; ++i) {
    Bytes bytes = start;
    for (uint32_t n = random() % 2000; n > 0; --n) bytes.push_back(static_cast<std::byte>(random()));
    (void)statusOf(bytes);
  }
}

}  // namespace
}  // namespace reprise

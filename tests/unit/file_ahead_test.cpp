// Reading on threads of their own yields what reading on one yields: events, their order, and failures at
// their place.
#include <random>

#include "format/event_ahead.h"
#include "tests/unit/file_test.h"

namespace reprise {
namespace {

ReadAll readAheadAll(const std::string& path, ReadOptions options = testReadOptions()) {
  ReadAll all;
  auto reader = TraceReader::open(path, options);
  if (!reader) {
    all.status = reader.status();
    return all;
  }
  all.summary = (*reader)->summary();
  EventAhead events(**reader);
  while (true) {
    auto event = events.next();
    if (!event) {
      all.status = event.status();
      EXPECT_EQ(events.next().status().message(), all.status.message()) << "that error again";
      return all;
    }
    if (event.value() == nullptr) return all;
    all.events.push_back(seenOf(*event.value()));
  }
}

// Every kind of event on three lanes, in `blocks` of about that size.
Bytes mixedTrace(int steps, uint32_t block_bytes) {
  TempFile file;
  WriterOptions options = testOptions();
  options.flush_age_ms = 0;
  options.block_bytes = block_bytes;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), options);
  trace.metadata(1, kMetadataDevice, "{}");
  Bytes page(5000, std::byte{7});
  for (int i = 0; i < steps; ++i) {
    const uint32_t lane = 1 + static_cast<uint32_t>(i / 5) % 3;
    page[static_cast<size_t>(i % 100) * 40] = static_cast<std::byte>(i);
    if (i % 50 == 0) trace.memory({9, 8, 1, 0, 0}, page);
    if (i % 70 == 0) trace.bulk(lane, Bytes(1500, static_cast<std::byte>(i / 70)));
    trace.call(lane, kCreate, bytesOf("inputs of " + std::to_string(i)), bytesOf("out"));
    trace.command(lane, kDraw, bytesOf("draw"));
    trace.command(lane, kDraw, {});
    trace.call(lane, i % 4 == 0 ? kPresent : kSubmit, bytesOf("q"), bytesOf("ok"), true);
    if (i % 110 == 11) trace.hole(lane, HoleCause::kUnknownStruct, 5, "unknown struct");
    if (i % 20 == 0) trace.writer().watermark(trace.noted());
    if (i % 60 == 5) trace.writer().tick();
  }
  trace.announce(2, kWait, bytesOf("hangs"), false);
  trace.announce(3, kWait, {}, false);
  EXPECT_TRUE(trace.finish().isOk());
  return readFile(file.path());
}

void expectSame(const std::string& path, const ReadOptions& options = testReadOptions()) {
  const ReadAll one = readAll(path, options);
  const ReadAll ahead = readAheadAll(path, options);
  ASSERT_EQ(ahead.status.message(), one.status.message());
  ASSERT_EQ(ahead.events.size(), one.events.size());
  for (size_t i = 0; i < one.events.size(); ++i) ASSERT_EQ(ahead.events[i], one.events[i]) << i;
}

TEST(FileAhead, EventsAreTheSameInTheSameOrder) {
  for (const uint32_t block_bytes : {300u, 20'000u, 1u << 20}) {
    TempFile file;
    writeFile(file.path(), mixedTrace(4000, block_bytes));
    expectSame(file.path());
  }
}

TEST(FileAhead, ACutFileEndsWhereItDoesOnOneThread) {
  const Bytes whole = mixedTrace(60, 400);
  TempFile file;
  for (size_t size = 0; size < whole.size(); size += 61) {
    writeFile(file.path(), Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    expectSame(file.path());
    expectSame(file.path(), testReadOptions(true));
  }
}

TEST(FileAhead, DamageIsReportedAtItsPlace) {
  const Bytes whole = mixedTrace(300, 2000);
  std::mt19937 random(1);
  TempFile file;
  size_t failures = 0;
  for (int round = 0; round < 200; ++round) {
    Bytes damaged = whole;
    damaged[random() % damaged.size()] ^= std::byte{0x10};
    writeFile(file.path(), damaged);
    expectSame(file.path());
    failures += !readAll(file.path()).status.isOk();
  }
  EXPECT_GT(failures, 50u);
}

TEST(FileAhead, ItsThreadsEndWheneverTheirUserDoes) {
  TempFile file;
  writeFile(file.path(), mixedTrace(10'000, 3000));
  for (size_t events : {0u, 1u, 2000u, 20'000u}) {
    auto reader = TraceReader::open(file.path(), testReadOptions());
    ASSERT_TRUE(reader) << reader.status().message();
    EventAhead ahead(**reader);
    for (size_t i = 0; i < events; ++i) ASSERT_TRUE(ahead.next());
  }
}

TEST(FileAhead, SeekingEndsReadingAhead) {
  TempFile file;
  writeFile(file.path(), mixedTrace(1000, 3000));
  const ReadAll all = readAll(file.path());
  auto reader = TraceReader::open(file.path(), testReadOptions());
  ASSERT_TRUE(reader) << reader.status().message();
  (*reader)->readAhead();
  Event event;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE((*reader)->next(event));
  ASSERT_TRUE((*reader)->seekFrame(0));
  for (const Seen& seen : all.events) {
    ASSERT_TRUE((*reader)->next(event));
    ASSERT_EQ(seenOf(event), seen);
  }
}

}  // namespace
}  // namespace reprise

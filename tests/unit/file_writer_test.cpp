// What the writer makes of calls that do not return, of hostile lanes, and of a full disk.
#include <sys/resource.h>

#include <csignal>
#include <random>

#include "tests/unit/file_test.h"

namespace reprise {
namespace {

uint64_t holesIn(const ReadAll& all) {
  return static_cast<uint64_t>(std::count_if(all.events.begin(), all.events.end(),
                                             [](const Seen& s) { return s.kind == Event::kHole; }));
}

WriterOptions flushAtEachTick() {
  WriterOptions options = testOptions();
  options.flush_age_ms = 0;
  return options;
}

TEST(FileWriter, OpenCallsBecomeUnfinishedOnes) {
  TempFile file;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), testOptions());
  trace.announce(1, kSubmit, bytesOf("before"), true);
  trace.announce(2, kWait, bytesOf("after"), false);
  trace.command(2, kDraw, bytesOf("from inside"));
  ASSERT_TRUE(trace.finish().isOk());
  ReadAll all = readAll(file.path());
  ASSERT_EQ(all.events.size(), 3u);
  EXPECT_EQ(all.summary.unfinished, 2u);
  EXPECT_EQ(all.events[0].flags, kAnnounce | kTicketed | kUnfinished);
  EXPECT_EQ(asText(all.events[0].inputs), "before");
  EXPECT_FALSE(all.events[0].has_outputs);
  EXPECT_EQ(all.events[1].command, kDraw);
  EXPECT_EQ(all.events[2].flags, kAnnounce | kUnfinished);
}

TEST(FileWriter, ALastCallWithoutOutputsCanBeMarked) {
  TempFile file;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), testOptions());
  trace.command(1, kDraw, bytesOf("one")).command(1, kDraw, bytesOf("crashes"));
  trace.command(2, kDraw, bytesOf("fine"));
  trace.writer().tick();
  trace.writer().markUnfinished(1);
  trace.writer().markUnfinished(1);
  trace.writer().markUnfinished(99);
  ASSERT_TRUE(trace.finish().isOk());
  ReadAll all = readAll(file.path());
  ASSERT_EQ(all.events.size(), 3u);
  EXPECT_EQ(all.summary.unfinished, 1u);
  EXPECT_EQ(all.events[0].flags, kAnnounce | kComplete);
  EXPECT_EQ(all.events[1].flags, kAnnounce | kUnfinished);
  EXPECT_EQ(all.events[2].flags, kAnnounce | kComplete);
}

TEST(FileWriter, AHangIsInTheFileBeforeItEnds) {
  for (bool before : {true, false}) {
    TempFile file;
    TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), flushAtEachTick());
    trace.command(1, kDraw, bytesOf("draw"));
    trace.announce(1, kSubmit, bytesOf("hangs"), before);
    trace.command(2, kDraw, bytesOf("other"));
    trace.call(2, kCreate, bytesOf("create"), bytesOf("ok"));
    trace.writer().watermark(trace.noted());
    trace.writer().tick();
    ASSERT_TRUE(trace.writer().status().isOk());
    // The writer could die here: the open call is the last thing of its lane, and unfinished.
    ReadAll dead;
    for (int i = 0; i < 2000 && dead.events.size() < 4; ++i) {
      ::usleep(1000);
      dead = readAll(file.path());
    }
    ASSERT_EQ(dead.events.size(), 4u);
    EXPECT_FALSE(dead.summary.complete);
    EXPECT_EQ(dead.summary.unfinished, 1u);
    size_t unfinished = 0;
    for (const Seen& seen : dead.events)
      unfinished += (seen.flags & kUnfinished) != 0 && asText(seen.inputs) == "hangs";
    EXPECT_EQ(unfinished, 1u);
    // It does return after all: one whole call, in its place.
    trace.complete(1, kSubmit, bytesOf("result"), !before);
    trace.command(1, kDraw, bytesOf("later"));
    ASSERT_TRUE(trace.finish().isOk());
    ReadAll all = readAll(file.path());
    ASSERT_EQ(all.events.size(), 5u);
    EXPECT_EQ(all.summary.unfinished, 0u);
    auto submit = std::find_if(all.events.begin(), all.events.end(),
                               [](const Seen& s) { return s.command == kSubmit; });
    ASSERT_NE(submit, all.events.end());
    EXPECT_EQ(asText(submit->outputs), "result");
    EXPECT_TRUE(std::is_sorted(all.events.begin(), all.events.end(),
                               [](const Seen& a, const Seen& b) { return a.order < b.order; }));
  }
}

TEST(FileWriter, ManyCallsInsideOneThatDoesNotReturn) {
  TempFile file;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), testOptions());
  trace.announce(1, kSubmit, bytesOf("outer"), true);
  for (int i = 0; i < 10000; ++i) trace.call(1, kCreate, Bytes(200), Bytes(4));
  trace.complete(1, kSubmit, bytesOf("late"), false);
  trace.command(1, kDraw, bytesOf("end"));
  ASSERT_TRUE(trace.finish().isOk());
  ReadAll all = readAll(file.path());
  ASSERT_EQ(all.events.size(), 10002u);
  EXPECT_EQ(holesIn(all), 0u);
  EXPECT_EQ(all.summary.unfinished, 0u);
}

TEST(FileWriter, ACallThatNeverReturnsDoesNotBreakItsLane) {
  TempFile file;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), testOptions());
  trace.announce(1, kSubmit, bytesOf("left by longjmp"), true);
  trace.announce(1, kWait, bytesOf("left as well"), false);
  for (int i = 0; i < 3; ++i) trace.call(1, kCreate, bytesOf("next"), bytesOf("ok"));
  ASSERT_TRUE(trace.finish().isOk());
  ReadAll all = readAll(file.path());
  ASSERT_EQ(all.events.size(), 5u);
  EXPECT_EQ(all.summary.unfinished, 2u);
}

TEST(FileWriter, HostileLanesBecomeHoles) {
  TempFile file;
  auto created = TraceWriter::create(file.path(), TraceBuilder::fixedInfo(), testOptions());
  ASSERT_TRUE(created.isOk());
  TraceWriter& writer = **created;
  auto append = [&](const LaneBytes& bytes) { writer.append(1, bytes.bytes()); };
  append(LaneBytes().raw(Bytes(7)));                                                 // half a header
  append(LaneBytes().raw(Bytes(sizeof(LaneRecord), std::byte{0xff})));               // an impossible size
  append(LaneBytes().record(999, kAnnounce | kComplete, 1, {}));                     // unknown command
  append(LaneBytes().record(kRecordPiece, 0, 1, Bytes(9)));                          // a piece of nothing
  append(LaneBytes().record(kCreate, kComplete, 1, {}));                             // completes nothing
  append(LaneBytes().record(kCreate, 0, 1, {}));                                     // neither
  append(LaneBytes().record(kCreate, kAnnounce | kComplete | kTimed, 1, Bytes(3)));  // no room for its time
  append(LaneBytes().record(kRecordMemory, kTicketed, 1, Bytes(10)));                // half a change
  append(LaneBytes().record(kRecordContents, kTicketed, 1, Bytes(10)));              // half a record
  append(
      LaneBytes().record(kRecordContents, kTicketed, 1, Bytes(sizeof(ContentsRecord) + 5)));  // says 0 bytes
  append(LaneBytes().record(kRecordPayload, 0, 1, Bytes(3)));
  append(LaneBytes().record(kRecordHole, 0, 1, Bytes(3)));
  append(LaneBytes().record(kRecordMetadata, 0, 1, Bytes(3)));
  append(LaneBytes().record(0xff77, 0, 1, Bytes(3)));
  Bytes total;
  appendLe(total, UINT64_MAX);
  append(LaneBytes().record(kCreate, kAnnounce | kFirstPiece, 1, total));  // 16 EiB to come
  storeLe(total.data(), uint64_t{4});
  append(LaneBytes().record(kCreate, kAnnounce | kFirstPiece, 1, total).record(kRecordPiece, 0, 1, Bytes(5)));
  append(LaneBytes()
             .record(kCreate, kAnnounce | kFirstPiece, 1, total)
             .record(kDraw, kAnnounce | kComplete, 1, {}));
  ASSERT_TRUE(writer.finish().isOk());
  ReadAll all = readAll(file.path());
  ASSERT_TRUE(all.status.isOk()) << all.status.message();
  EXPECT_EQ(holesIn(all), 17u);
  EXPECT_EQ(all.events.size(), 18u);  // and the one good call
}

TEST(FileWriter, RandomLanesNeverCrash) {
  std::mt19937 random(9);
  for (int round = 0; round < 60; ++round) {
    TempFile file;
    WriterOptions options = flushAtEachTick();
    options.block_bytes = 400;
    auto writer = TraceWriter::create(file.path(), {}, options);
    ASSERT_TRUE(writer.isOk());
    for (int i = 0; i < 60; ++i) {
      LaneBytes records;
      for (uint32_t n = random() % 6; n > 0; --n) {
        auto command = static_cast<uint16_t>(random() % 4 == 0 ? 0xff00 + random() % 6 : random() % 9);
        records.record(command, static_cast<uint16_t>(random() % 256), random() % 50,
                       Bytes(random() % 60, static_cast<std::byte>(random() % 3)));
      }
      if (random() % 8 == 0) records.raw(Bytes(random() % 40, static_cast<std::byte>(random())));
      (*writer)->append(random() % 4, records.bytes());
      if (random() % 5 == 0) (*writer)->tick();
      if (random() % 5 == 0) (*writer)->watermark(random() % 60);
      if (random() % 9 == 0) (*writer)->closeLane(random() % 4);
    }
    (*writer)->markUnfinished(random() % 4);
    ASSERT_TRUE((*writer)->finish().isOk());
    ReadAll all = readAll(file.path());
    ASSERT_TRUE(all.status.isOk()) << all.status.message();
    EXPECT_EQ(all.summary.calls,
              static_cast<uint64_t>(std::count_if(all.events.begin(), all.events.end(),
                                                  [](const Seen& s) { return s.kind == Event::kCall; })));
  }
}

TEST(FileWriter, WatermarksWaitForWhatIsHeldBack) {
  TempFile file;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), testOptions());
  trace.command(1, kDraw, bytesOf("early"));
  for (int i = 0; i < 10; ++i) trace.call(2, kCreate, bytesOf("in"), bytesOf("out"));
  trace.writer().watermark(5);
  ASSERT_TRUE(trace.finish().isOk());
  EXPECT_EQ(readAll(file.path()).summary.watermark, UINT64_MAX);
  EXPECT_EQ(readAll(file.path()).events.size(), 11u);
}

TEST(FileWriter, AFailedDiskIsOneSentenceAndAReadablePrefix) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  TempFile file;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), flushAtEachTick());
  rlimit small{20000, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::mt19937 random(1);
  for (int i = 0; i < 100; ++i) {
    Bytes bytes(900);
    for (std::byte& b : bytes) b = static_cast<std::byte>(random());
    trace.call(1, kCreate, bytes, bytesOf("ok"));
    trace.writer().watermark(trace.noted());
    trace.writer().tick();
  }
  Status status = trace.finish();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old), 0);
  EXPECT_EQ(status.code(), Code::kUnreadable);
  EXPECT_NE(status.message().find(file.path()), std::string::npos);
  EXPECT_NE(status.message().find("File too large"), std::string::npos);
  EXPECT_FALSE(trace.writer().status().isOk());
  ReadAll all = readAll(file.path());
  ASSERT_TRUE(all.status.isOk()) << all.status.message();
  EXPECT_GT(all.events.size(), 10u);
  EXPECT_LT(all.events.size(), 25u);
  EXPECT_EQ(TraceWriter::create("/nonexistent/x.vkr", {}).status().code(), Code::kUnreadable);
}

}  // namespace
}  // namespace reprise

// Random histories of one to four threads: what goes in comes out, in the order that the tickets say.
#include <cstring>
#include <deque>
#include <random>
#include <tuple>

#include "tests/unit/file_test.h"

namespace reprise {
namespace {

// Threads that make calls, some from inside others, and a memory lane. Each step is one record of one thread.
class History {
 public:
  History(uint32_t seed, uint32_t lanes) : random_(seed), lanes_(lanes), memory_(kMemoryBytes) {}

  struct Expected {
    Seen seen;
    bool noted = false;
    uint32_t lane_index = 0;
  };

  void run(int steps) {
    for (int i = 0; i < steps; ++i) step(pick(static_cast<uint32_t>(lanes_.size())));
    for (uint32_t lane = 0; lane < lanes_.size(); ++lane) {
      while (!lanes_[lane].open.empty()) complete(lane);
    }
  }

  // In pieces of random length, the lanes in random order, each lane's bytes in theirs.
  void write(TraceWriter& writer) {
    std::vector<size_t> next(lanes_.size() + 1);
    size_t memory_next = 0;
    std::vector<uint32_t> left;
    for (uint32_t lane = 0; lane < lanes_.size(); ++lane) left.push_back(lane);
    left.push_back(kMemoryLane);
    while (!left.empty()) {
      size_t which = pick(static_cast<uint32_t>(left.size()));
      uint32_t lane = left[which];
      auto& records = lane == kMemoryLane ? memory_records_ : lanes_[lane].records;
      size_t& at = lane == kMemoryLane ? memory_next : next[lane];
      LaneBytes chunk;
      for (uint32_t n = 1 + pick(8); n > 0 && at < records.size(); --n) chunk.raw(records[at++]);
      writer.append(lane, chunk.bytes());
      if (at == records.size()) left.erase(left.begin() + static_cast<std::ptrdiff_t>(which));
    }
  }

  std::vector<Seen> calls() {
    std::stable_sort(expected_.begin(), expected_.end(), [](const Expected& a, const Expected& b) {
      return std::tie(a.seen.order, a.noted, a.lane_index) < std::tie(b.seen.order, b.noted, b.lane_index);
    });
    std::vector<Seen> calls;
    uint32_t frame = 0;
    for (Expected& expected : expected_) {
      expected.seen.number = calls.size();
      expected.seen.frame = frame;
      if (expected.seen.command == kPresent) ++frame;
      calls.push_back(expected.seen);
    }
    return calls;
  }

  // The memory after each change, by ticket.
  const std::map<uint64_t, Bytes>& snapshots() const { return snapshots_; }
  static constexpr size_t kMemoryBytes = 20000;
  static constexpr uint32_t kMemoryLane = 77;

 private:
  struct Open {
    Expected expected;
    bool before;
  };
  struct Lane {
    std::vector<Bytes> records;
    std::vector<Open> open;
  };

  uint32_t pick(uint32_t below) { return static_cast<uint32_t>(random_() % below); }

  Bytes payload(size_t most) {
    Bytes bytes(pick(static_cast<uint32_t>(most)));
    for (std::byte& b : bytes) b = static_cast<std::byte>(pick(4));
    return bytes;
  }

  void put(uint32_t lane, uint16_t command, int flags, uint64_t order, std::span<const std::byte> bytes) {
    LaneBytes records;
    records.pieces(command, static_cast<uint16_t>(flags), order, bytes, 64 + pick(200));
    lanes_[lane].records.push_back(owned(records.bytes()));
  }

  std::vector<Bytes> bulks(uint32_t lane) {
    std::vector<Bytes> all;
    while (pick(4) == 0) {
      all.push_back(Bytes(1024 + pick(3) * 700, static_cast<std::byte>(pick(3))));
      put(lane, kRecordBulk, 0, ticket_, all.back());
    }
    return all;
  }

  void step(uint32_t lane) {
    Lane& thread = lanes_[lane];
    if (!thread.open.empty() && pick(4) != 0) return complete(lane);
    switch (pick(5)) {
      case 0:
        return changeMemory();
      case 1:
      case 2:
        return single(lane);
      default:
        return announce(lane);
    }
  }

  void single(uint32_t lane) {
    bool ticketed = pick(3) == 0;
    Expected expected{{}, !ticketed, lane};
    expected.seen.input_bulks = bulks(lane);
    expected.seen.inputs = payload(60);
    expected.seen.command = ticketed ? kDestroy : kDraw;
    expected.seen.order = ticketed ? ++ticket_ : ticket_;
    expected.seen.flags = static_cast<uint16_t>(kAnnounce | kComplete | (ticketed ? kTicketed : 0));
    put(lane, expected.seen.command, expected.seen.flags, expected.seen.order, expected.seen.inputs);
    expect(lane, expected);
  }

  void announce(uint32_t lane) {
    Open open{{{}, false, lane}, pick(2) == 0};
    Seen& seen = open.expected.seen;
    constexpr uint16_t kBefore[] = {kSubmit, kPresent}, kAfter[] = {kCreate, kWait};
    seen.input_bulks = bulks(lane);
    seen.inputs = payload(400);
    seen.command = (open.before ? kBefore : kAfter)[pick(2)];
    seen.has_outputs = true;
    seen.flags = kAnnounce | kComplete | kTicketed;
    seen.order = open.before ? ++ticket_ : ticket_;
    put(lane, seen.command, kAnnounce | (open.before ? kTicketed : 0), seen.order, seen.inputs);
    lanes_[lane].open.push_back(open);
  }

  void complete(uint32_t lane) {
    Open open = lanes_[lane].open.back();
    lanes_[lane].open.pop_back();
    Seen& seen = open.expected.seen;
    seen.output_bulks = bulks(lane);
    seen.outputs = payload(90);
    if (!open.before) seen.order = ++ticket_;
    put(lane, seen.command, kComplete | (open.before ? 0 : kTicketed), open.before ? ticket_ : seen.order,
        seen.outputs);
    expect(lane, open.expected);
  }

  void expect(uint32_t lane, Expected expected) {
    expected.seen.lane = lane;
    expected.seen.name = kTestNames[expected.seen.command];
    expected_.push_back(expected);
  }

  void changeMemory() {
    uint64_t begin = pick(kMemoryBytes - 1);
    uint64_t end = begin + 1 + pick(static_cast<uint32_t>(kMemoryBytes - begin));
    for (uint32_t n = pick(20); n > 0; --n) {
      memory_[begin + pick(static_cast<uint32_t>(end - begin))] = static_cast<std::byte>(random_());
    }
    if (pick(6) == 0)
      std::fill(memory_.begin() + static_cast<long>(begin), memory_.begin() + static_cast<long>(end),
                static_cast<std::byte>(pick(3)));
    MemoryChange change{5, 6, 1, begin, end - begin};
    Bytes bytes;
    appendBytes(bytes, std::as_bytes(std::span(&change, 1)));
    appendBytes(bytes, std::span(memory_).subspan(begin, end - begin));
    LaneBytes records;
    int flags = kTicketed | (pick(5) == 0 ? kDeviceWritable : 0);
    records.pieces(kRecordMemory, static_cast<uint16_t>(flags), ++ticket_, bytes);
    memory_records_.push_back(owned(records.bytes()));
    snapshots_[ticket_] = memory_;
  }

  std::mt19937 random_;
  std::vector<Lane> lanes_;
  std::vector<Bytes> memory_records_;
  Bytes memory_;
  std::vector<Expected> expected_;
  std::map<uint64_t, Bytes> snapshots_;
  uint64_t ticket_ = 0;
};

void checkMemory(const std::vector<Seen>& events, const History& history) {
  Bytes memory(History::kMemoryBytes);
  std::map<uint64_t, Bytes> snapshots;
  for (const Seen& seen : events) {
    if (seen.kind != Event::kMemory) continue;
    ASSERT_LE(seen.offset + seen.bytes.size(), memory.size());
    std::copy(seen.bytes.begin(), seen.bytes.end(), memory.begin() + static_cast<long>(seen.offset));
    snapshots[seen.order] = memory;
  }
  const Bytes* last = nullptr;
  for (const auto& [ticket, expected] : history.snapshots()) {
    if (auto found = snapshots.find(ticket); found != snapshots.end()) last = &found->second;
    ASSERT_TRUE(last != nullptr) << ticket;
    ASSERT_TRUE(*last == expected) << "memory differs after ticket " << ticket;
  }
}

// Every call, sought, and the events behind it.
void checkCallSeeks(TraceReader& reader, const ReadAll& all) {
  for (uint64_t number = 0; number < all.summary.calls; number += 1 + number / 8) {
    ASSERT_TRUE(reader.seekCall(number).isOk()) << number;
    auto next =
        std::find_if(all.events.begin(), all.events.end(), [&](const Seen& s) { return s.number == number; });
    Event event;
    for (int i = 0; i < 40 && next != all.events.end(); ++i, ++next) {
      auto more = reader.next(event);
      ASSERT_TRUE(more.isOk() && *more) << number;
      ASSERT_TRUE(seenOf(event) == *next) << "sought " << number << ", at " << next->number;
    }
  }
  EXPECT_EQ(reader.seekCall(all.summary.calls + 1).code(), Code::kUsage);
}

void checkHistory(uint32_t seed, uint32_t lanes, uint32_t block_bytes) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  History history(seed, lanes);
  history.run(400);
  TempFile file;
  WriterOptions options = testOptions();
  options.block_bytes = block_bytes;
  options.threads = 1 + seed % 3;
  auto writer = TraceWriter::create(file.path(), {}, options);
  ASSERT_TRUE(writer.isOk());
  history.write(**writer);
  ASSERT_TRUE((*writer)->finish().isOk());
  ReadAll all = readAll(file.path());
  ASSERT_TRUE(all.status.isOk()) << all.status.message();
  std::vector<Seen> calls;
  for (const Seen& seen : all.events) {
    if (seen.kind == Event::kCall) calls.push_back(seen);
    EXPECT_NE(seen.kind, Event::kHole) << seen.text;
  }
  std::vector<Seen> expected = history.calls();
  ASSERT_EQ(calls.size(), expected.size());
  for (size_t i = 0; i < calls.size(); ++i) ASSERT_TRUE(calls[i] == expected[i]) << "call " << i;
  checkMemory(all.events, history);
  EXPECT_EQ(all.summary.calls, expected.size());
  EXPECT_TRUE(all.summary.complete);
  EXPECT_EQ(all.summary.unfinished, 0u);

  // Every frame, sought, is the same events again.
  auto reader = TraceReader::open(file.path(), testReadOptions());
  ASSERT_TRUE(reader.isOk());
  for (uint32_t frame = 0; frame <= all.summary.frames; frame += 1 + frame / 4) {
    ASSERT_TRUE((*reader)->seekFrame(frame).isOk());
    auto first =
        std::find_if(all.events.begin(), all.events.end(), [&](const Seen& s) { return s.frame == frame; });
    Event event;
    for (; first != all.events.end() && first->frame == frame; ++first) {
      auto more = (*reader)->next(event);
      ASSERT_TRUE(more.isOk() && *more) << frame;
      ASSERT_TRUE(seenOf(event) == *first) << "frame " << frame << " call " << first->number;
    }
  }
  checkCallSeeks(**reader, all);
}

TEST(FileRoundTrip, RandomHistoriesOfOneLane) {
  for (uint32_t seed = 0; seed < 40; ++seed) checkHistory(seed, 1, seed % 2 ? 2000 : 512 * 1024);
}

TEST(FileRoundTrip, RandomHistoriesOfTwoToFourLanes) {
  for (uint32_t seed = 100; seed < 160; ++seed) checkHistory(seed, 2 + seed % 3, seed % 3 ? 1500 : 100000);
}

TEST(FileRoundTrip, BlocksOfOneRecord) {
  for (uint32_t seed = 200; seed < 210; ++seed) checkHistory(seed, 3, 1);
}

TEST(FileRoundTrip, AnEmptyTraceIsATrace) {
  TempFile file;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), testOptions());
  ASSERT_TRUE(trace.finish().isOk());
  ReadAll all = readAll(file.path());
  EXPECT_TRUE(all.status.isOk());
  EXPECT_TRUE(all.events.empty());
  EXPECT_TRUE(all.summary.complete);
  EXPECT_EQ(all.summary.info.application, "builder");
}

TEST(FileRoundTrip, SummaryHoldsLanesNamesAndMetadata) {
  TempFile file;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), testOptions());
  trace.writer().openLane({3, 4711, "main"});
  trace.writer().openLane({4, 4712, ""});
  trace.metadata(3, kMetadataDevice, "{\"device\":1}");
  trace.call(3, kCreate, bytesOf("in"), bytesOf("out"));
  trace.writer().nameLane(4, "worker");
  trace.hole(4, HoleCause::kUnknownStruct, 42, "what");
  ASSERT_TRUE(trace.finish().isOk());
  ReadAll all = readAll(file.path());
  ASSERT_TRUE(all.status.isOk());
  ASSERT_EQ(all.summary.lanes.size(), 2u);
  EXPECT_EQ(all.summary.lanes[0].name, "main");
  EXPECT_EQ(all.summary.lanes[1].name, "worker");
  EXPECT_EQ(all.summary.lanes[1].tid, 4712u);
  ASSERT_EQ(all.summary.metadata.size(), 1u);
  EXPECT_EQ(all.summary.metadata[0].text, "{\"device\":1}");
  ASSERT_EQ(all.summary.commands.size(), 1u);
  EXPECT_EQ(all.summary.commands[0].name, "vkCreateImage");
  EXPECT_EQ(all.summary.holes, 1u);
  ASSERT_EQ(all.events.size(), 3u);
  EXPECT_EQ(all.events[0].kind, Event::kMetadata);
  EXPECT_EQ(all.events[0].text, "{\"device\":1}");
  EXPECT_EQ(all.events[1].kind, Event::kCall);
  EXPECT_EQ(all.events[2].kind, Event::kHole);
  EXPECT_EQ(all.events[2].subject, 42u);
  EXPECT_EQ(all.events[2].text, "what");
}

TEST(FileRoundTrip, BulkIsStoredOnce) {
  TempFile file;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), testOptions());
  std::mt19937 random(3);
  Bytes shader(50000);
  for (std::byte& b : shader) b = static_cast<std::byte>(random());
  for (int i = 0; i < 20; ++i) trace.bulk(0, shader).call(0, kCreate, bytesOf("a"), bytesOf("b"));
  ASSERT_TRUE(trace.finish().isOk());
  EXPECT_LT(trace.writer().counts().file_bytes, 52000u);
  ReadAll all = readAll(file.path());
  ASSERT_EQ(all.events.size(), 20u);
  for (const Seen& seen : all.events) {
    ASSERT_EQ(seen.input_bulks.size(), 1u);
    EXPECT_TRUE(seen.input_bulks[0] == shader);
  }
}

TEST(FileRoundTrip, PixelsAreFilteredAndComeBack) {
  std::mt19937 random(4);
  Bytes pixels(256 * 256 * 4), noise(5000);
  for (size_t i = 0; i < pixels.size(); ++i) {  // noisy slopes: smaller as differences of neighbours
    pixels[i] = static_cast<std::byte>(i / 4 % 256 * (i % 4 + 1) / 2 + i / 1024 + random() % 2);
  }
  for (std::byte& b : noise) b = static_cast<std::byte>(random());
  std::array<uint64_t, 2> bytes{};
  for (bool busy : {false, true}) {
    TempFile file;
    WriterOptions options = testOptions();
    if (busy) options.block_bytes = 1;
    TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), options);
    trace.bulk(0, noise).bulk(0, pixels).call(0, kCreate, bytesOf("a"), bytesOf("b"));
    ASSERT_TRUE(trace.finish().isOk());
    bytes[busy] = trace.writer().counts().file_bytes;
    ReadAll all = readAll(file.path());
    ASSERT_TRUE(all.status.isOk()) << all.status.message();
    ASSERT_EQ(all.events.size(), 1u);
    EXPECT_TRUE(all.events[0].input_bulks == (std::vector<Bytes>{noise, pixels}));
  }
  EXPECT_LT(bytes[0], compressed(pixels).size() / 2);
}

TEST(FileRoundTrip, AHugeUploadOfZerosFitsTheRatioRule) {
  TempFile file;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), testOptions());
  Bytes zeros(100 << 20);
  trace.bulk(0, zeros).call(0, kCreate, bytesOf("a"), bytesOf("b"));
  ASSERT_TRUE(trace.finish().isOk());
  ReadAll all = readAll(file.path());
  ASSERT_TRUE(all.status.isOk()) << all.status.message();
  ASSERT_EQ(all.events.size(), 1u);
  EXPECT_TRUE(all.events[0].input_bulks[0] == zeros);
}

TEST(FileRoundTrip, TimesAreCoarseAndSurviveSeeking) {
  TempFile file;
  TraceHeaderInfo info = TraceBuilder::fixedInfo();
  info.start_ns = 5'000'000'000;
  TraceBuilder trace(file.path(), info, testOptions());
  for (int i = 0; i < 100; ++i) {
    Bytes timed;
    appendLe(timed, uint64_t{5'000'000'000} + static_cast<uint64_t>(i) * 16'000'000);
    appendBytes(timed, bytesOf("inputs"));
    LaneBytes records;
    records.record(kDestroy, kAnnounce | kComplete | kTicketed | kTimed, trace.ticket(), timed);
    trace.writer().append(0, records.bytes());
  }
  ASSERT_TRUE(trace.finish().isOk());
  auto reader = TraceReader::open(file.path(), testReadOptions());
  ASSERT_TRUE(reader.isOk());
  Event event;
  for (uint64_t i = 0; i < 100; ++i) {
    ASSERT_TRUE(*(*reader)->next(event));
    EXPECT_EQ(asText(event.inputs), "inputs");
    if (i == 0) continue;  // not later than the start
    uint64_t now = info.start_ns + i * 16'000'000;
    EXPECT_LE(event.time_ns, now);
    EXPECT_GE(event.time_ns + 101'000'000, now);
  }
}

}  // namespace
}  // namespace reprise

// What one thread of a writer passes to the other: all of it, in order, within its bounds.
#include "tools/writer/backlog.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <map>
#include <string>

namespace reprise {
namespace {

struct Arrived {
  std::map<uint32_t, std::string> bytes;  // by lane
  std::vector<std::string> events;
  std::chrono::microseconds pause{0};

  LaneSink sink() {
    LaneSink sink;
    sink.open = [this](const LaneInfo& lane) { events.push_back("open " + std::to_string(lane.id)); };
    sink.name = [this](uint32_t lane, const std::string& name) {
      events.push_back("name " + std::to_string(lane) + " " + name);
    };
    sink.append = [this](uint32_t lane, std::span<const std::byte> records) {
      std::this_thread::sleep_for(pause);
      bytes[lane].append(reinterpret_cast<const char*>(records.data()), records.size());
    };
    sink.close = [this](uint32_t lane) { events.push_back("close " + std::to_string(lane)); };
    return sink;
  }
};

Backlog::Hooks hooks(size_t limit, std::atomic<size_t>& most_held) {
  return {[limit] { return limit; },
          [&most_held](size_t held) { most_held = std::max(most_held.load(), held); }, [] {}};
}

void give(const LaneSink& sink, uint32_t lane, const std::string& text) {
  std::byte* to = sink.room(text.size());
  std::memcpy(to, text.data(), text.size());
  sink.append(lane, {to, text.size()});
}

TEST(Backlog, PassesEverythingOnInOrder) {
  Arrived arrived;
  std::atomic<size_t> most_held{0};
  std::string wanted[2];
  std::vector<std::string> steps;
  {
    Backlog backlog(arrived.sink(), 8 * Backlog::kChunk, hooks(8 * Backlog::kChunk, most_held));
    const LaneSink sink = backlog.sink();
    sink.open({1, 0, ""});
    sink.open({2, 0, ""});
    for (int i = 0; i < 3000; ++i) {
      const std::string text = std::to_string(i) + std::string(static_cast<size_t>(i * 37 % 20000), 'x');
      wanted[i % 2] += text;
      give(sink, 1 + static_cast<uint32_t>(i % 2), text);
      if (i % 1000 == 0) {
        const size_t so_far = wanted[0].size();
        backlog.then([&arrived, &steps, so_far] {
          steps.push_back(arrived.bytes[1].size() == so_far ? "in its place" : "too early or too late");
        });
      }
    }
    sink.close(1);
    backlog.finish();
  }
  EXPECT_EQ(arrived.bytes[1], wanted[0]);
  EXPECT_EQ(arrived.bytes[2], wanted[1]);
  EXPECT_EQ(steps, std::vector<std::string>(3, "in its place"));
  EXPECT_EQ(arrived.events, (std::vector<std::string>{"open 1", "open 2", "close 1"}));
}

TEST(Backlog, HoldsNoMoreThanItMay) {
  Arrived arrived;
  arrived.pause = std::chrono::microseconds(200);
  std::atomic<size_t> most_held{0};
  const std::string text(200'000, 'y');
  {
    Backlog backlog(arrived.sink(), 64 * Backlog::kChunk, hooks(3 * Backlog::kChunk, most_held));
    const LaneSink sink = backlog.sink();
    for (int i = 0; i < 200; ++i) give(sink, 1, text);
  }
  EXPECT_EQ(arrived.bytes[1].size(), 200 * text.size());
  EXPECT_LE(most_held.load(), 3 * Backlog::kChunk);
  EXPECT_GT(most_held.load(), Backlog::kChunk);
}

TEST(Backlog, OneChunkIsHeldWhateverTheLimit) {
  Arrived arrived;
  std::atomic<size_t> most_held{0};
  {
    Backlog backlog(arrived.sink(), 0, hooks(0, most_held));
    const LaneSink sink = backlog.sink();
    for (int i = 0; i < 100; ++i) give(sink, 1, std::string(100'000, 'z'));
  }
  EXPECT_EQ(arrived.bytes[1].size(), 10'000'000u);
  EXPECT_EQ(most_held.load(), Backlog::kChunk);
}

TEST(Backlog, AQuietProgramStaysOnTheSamePages) {
  Arrived arrived;
  std::atomic<size_t> most_held{0};
  std::atomic<int> done{0};
  Backlog backlog(arrived.sink(), 8 * Backlog::kChunk, hooks(8 * Backlog::kChunk, most_held));
  const LaneSink sink = backlog.sink();
  for (int i = 0; i < 100; ++i) {
    give(sink, 1, std::string(300'000, 'q'));
    backlog.then([&] { ++done; });
    while (done.load() != i + 1) std::this_thread::yield();
  }
  EXPECT_EQ(most_held.load(), Backlog::kChunk);
}

}  // namespace
}  // namespace reprise

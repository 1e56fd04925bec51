// Threads that write, scan and submit at once: no write is lost, and none is recorded after its submit.
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "tests/unit/memory_recorded.h"

namespace reprise {
namespace {

constexpr size_t kPage = 4096;
constexpr MemoryKey kKey{1, 100};

// The tracker copies what the program may be writing at that moment: a race by design, of which the race
// detector is told nothing.
__attribute__((noinline, no_sanitize("thread"))) void store(std::byte* at, uint32_t value, size_t words) {
  for (size_t i = 0; i < words; ++i) reinterpret_cast<volatile uint32_t*>(at)[i] = value;
}

struct Submit {
  uint64_t ticket;
  size_t offset;  // of the word that was written
  uint32_t value;
};

// The word as a replay has it when it comes to `ticket`.
class Replayed {
 public:
  Replayed(const Recorded& recorded, size_t bytes) : recorded_(recorded), memory_(bytes) {}
  uint32_t word(uint64_t ticket, size_t offset) {
    for (; next_ < recorded_.changes.size() && recorded_.changes[next_].order < ticket; ++next_) {
      const Recorded::Change& change = recorded_.changes[next_];
      std::memcpy(memory_.data() + change.at.offset, change.bytes.data(), change.bytes.size());
    }
    uint32_t value;
    std::memcpy(&value, memory_.data() + offset, sizeof value);
    return value;
  }

 private:
  const Recorded& recorded_;
  std::vector<std::byte> memory_;
  size_t next_ = 0;
};

// Each thread writes its own words, `spread` bytes apart from the other threads', then submits.
void runThreads(size_t threads, uint32_t rounds, size_t spread, bool device) {
  Recorded recorded;
  MemoryTracker tracker(recorded.sink());
  ASSERT_TRUE(tracker.watches());
  const size_t bytes = 16 * kPage;
  std::optional<TwoViews> views = tracker.makeViews(bytes, kPage);
  ASSERT_TRUE(views.has_value());
  tracker.addWatched(kKey, bytes, *views);
  tracker.mapped(kKey, views->driver, 0, bytes);
  if (device) tracker.deviceMayWrite(kKey, 0, bytes);

  std::vector<std::vector<Submit>> submits(threads);
  std::vector<std::thread> running;
  for (size_t t = 0; t < threads; ++t) {
    running.emplace_back([&, t] {
      for (uint32_t round = 1; round <= rounds; ++round) {
        const size_t offset = (t * spread + round % 8 * kPage) % bytes;
        store(views->program + offset, round, 1);
        tracker.scan();
        submits[t].push_back({drawTicket(), offset, round});
        if (device && round % 3 == 0) tracker.deviceWritesVisible();
      }
    });
  }
  for (std::thread& thread : running) thread.join();

  for (size_t i = 1; i < recorded.changes.size(); ++i)
    ASSERT_LE(recorded.changes[i - 1].order, recorded.changes[i].order) << "the lane is in ticket order";
  size_t wrong = 0;
  for (const std::vector<Submit>& mine : submits) {
    Replayed replayed(recorded, bytes);
    for (const Submit& submit : mine) wrong += replayed.word(submit.ticket, submit.offset) != submit.value;
  }
  EXPECT_EQ(wrong, 0u) << "of " << threads * rounds;
  EXPECT_TRUE(recorded.holes.empty());
}

TEST(MemoryThreads, TwoThreadsInOnePage) { runThreads(2, 5000, 8, false); }
TEST(MemoryThreads, TwoThreadsInPagesOfTheirOwn) { runThreads(2, 5000, 8 * kPage, false); }
TEST(MemoryThreads, FourThreadsInOnePage) { runThreads(4, 2000, 8, false); }
TEST(MemoryThreads, TwoThreadsWhereTheDeviceMayWrite) { runThreads(2, 4000, 8, true); }

TEST(MemoryThreads, MappingsComeAndGoWhileOthersScan) {
  Recorded recorded;
  MemoryTracker tracker(recorded.sink());
  ASSERT_TRUE(tracker.watches());
  std::atomic<bool> stop{false};
  std::thread scanner([&] {
    while (!stop) tracker.scan();
  });
  for (uint64_t i = 1; i <= 500; ++i) {
    const size_t bytes = (1 + i % 5) * kPage;
    std::optional<TwoViews> views = tracker.makeViews(bytes, kPage);
    ASSERT_TRUE(views.has_value());
    const MemoryKey key{1, i % 3};
    tracker.addWatched(key, bytes, *views);
    std::byte* at = tracker.mapped(key, views->driver, 0, bytes);
    store(at, static_cast<uint32_t>(i), bytes / sizeof(uint32_t));
    tracker.scanUnsubmitted();
    tracker.unmapped(key);
    std::optional<TwoViews> left = tracker.remove(key);
    ASSERT_TRUE(left.has_value());
    tracker.dropViews(*left);
  }
  stop = true;
  scanner.join();
  EXPECT_TRUE(recorded.holes.empty());
  std::vector<bool> whole(501);
  for (const Recorded::Change& change : recorded.changes)
    whole[change.at.generation] =
        change.bytes[change.bytes.size() - 4] == static_cast<std::byte>(change.at.generation);
  for (uint64_t i = 1; i <= 500; ++i) EXPECT_TRUE(whole[i]) << i;
}

}  // namespace
}  // namespace reprise

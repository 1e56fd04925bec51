// Lanes between threads of one process and a taker: nothing lost, nothing reordered, however the arena is
// used.
#include "capture/lanes.h"

#include <gtest/gtest.h>
#include <string.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <random>

#include "tests/unit/lanes_writer.h"

namespace reprise {
namespace {

// As the recorder does it: in place where there is room, else by laneWrite.
void writeRecord(Lane* lane, LaneRecord record, std::span<std::byte> payload) {
  const LaneSpace space = laneSpace(lane);
  const size_t total = sizeof record + padded(payload.size());
  if (payload.size() > kMaxRecordPayload || static_cast<size_t>(space.end - space.begin) < total)
    return laneWrite(lane, record, payload);
  record.size = static_cast<uint32_t>(payload.size());
  memcpy(space.begin, &record, sizeof record);
  memcpy(space.begin + sizeof record, payload.data(), payload.size());
  lanePublish(lane, total);
}

void writeStamped(Lane* lane, TestStamp stamp, size_t size, uint16_t flags, uint64_t order) {
  static thread_local std::vector<std::byte> payload;
  payload.resize(std::max(size, sizeof stamp));
  fillTestPayload(payload, stamp);
  writeRecord(lane, {0, 1, flags, order}, payload);
}

constexpr uint16_t kSingle = kAnnounce | kComplete;
constexpr uint32_t kMemoryThread = 1000;

// Every kind of record, in sizes from empty to many pieces, tickets for some, and the shared memory lane.
void produce(uint32_t thread, uint32_t records, std::mutex& scan, uint32_t& memory_records) {
  std::minstd_rand random(thread + 1);
  for (uint32_t i = 0; i < records; ++i) {
    Lane* lane = currentLane();
    ASSERT_NE(lane, nullptr);
    const size_t size = i % 997 == 0 ? 150'000 : i % 97 == 0 ? 20'000 : random() % 600;
    if (i % 5 == 0) {
      const std::lock_guard lock(scan);
      writeStamped(memoryLane(), {kMemoryThread, memory_records++}, 1000, kTicketed, nextTicket());
    }
    if (i % 3 == 0) {
      writeStamped(lane, {thread, i}, size, kTicketed | kSingle, nextTicket());
    } else {
      writeStamped(lane, {thread, i}, size, kSingle, notedTicket());
    }
    laneReturned(lane);
  }
}

TEST(Lanes, ManyThreadsThroughASmallArena) {
  EXPECT_EQ(inChild([] {
              constexpr uint32_t kThreads = 6, kRecords = 4000;
              TestWriter writer(2);
              TestTaker taker(writer);
              std::mutex scan;
              uint32_t memory_records = 0;
              std::vector<std::thread> threads;
              for (uint32_t t = 0; t < kThreads; ++t)
                threads.emplace_back([&, t] { produce(t, kRecords, scan, memory_records); });
              for (std::thread& thread : threads) thread.join();
              TestArena& arena = taker.stop();
              EXPECT_TRUE(taker.watermarksHeld());
              EXPECT_TRUE(arena.intact());
              for (uint32_t t = 0; t < kThreads; ++t) EXPECT_EQ(arena.count(t), kRecords);
              EXPECT_EQ(arena.count(kMemoryThread), memory_records);
              EXPECT_EQ(arena.watermark, arena.tickets.size());
              EXPECT_TRUE(arena.drain().lanesInsideCall().empty());
              EXPECT_EQ(arena.drain().unreachableBuffers(), 0u);
            }),
            0);
}

TEST(Lanes, OneRecordManyTimesTheArena) {
  EXPECT_EQ(inChild([] {
              TestWriter writer(2);
              TestTaker taker(writer);
              writeStamped(currentLane(), {1, 0}, size_t{24} << 20, kTicketed | kSingle, nextTicket());
              writeStamped(currentLane(), {1, 1}, 100, kSingle, notedTicket());
              TestArena& arena = taker.stop();
              EXPECT_TRUE(arena.intact());
              EXPECT_EQ(arena.count(1), 2u);
              EXPECT_EQ(arena.watermark, 1u);
            }),
            0);
}

TEST(Lanes, MemoryChangesOfTwiceTheArena) {
  EXPECT_EQ(inChild([] {
              constexpr uint32_t kChanges = 1024;  // of 64 KiB
              TestWriter writer(32);
              TestTaker taker(writer);
              ASSERT_NE(currentLane(), nullptr);
              for (uint32_t i = 0; i < kChanges; ++i)
                writeStamped(memoryLane(), {kMemoryThread, i}, kMaxRecordPayload, kTicketed, nextTicket());
              writeStamped(currentLane(), {1, 0}, 100, kTicketed | kSingle, nextTicket());
              TestArena& arena = taker.stop();
              EXPECT_TRUE(arena.intact());
              EXPECT_EQ(arena.count(kMemoryThread), kChanges);
              EXPECT_EQ(arena.watermark, kChanges + 1);
              EXPECT_TRUE(taker.watermarksHeld());
            }),
            0);
}

TEST(Lanes, ATicketInHandHoldsTheWatermark) {
  EXPECT_EQ(
      inChild([] {
        TestWriter writer(2);
        std::unique_ptr<TestArena> arena;
        std::thread accepting([&] { arena = writer.accept(); });
        ASSERT_TRUE(attach());
        accepting.join();
        writeStamped(currentLane(), {1, 0}, 8, kTicketed | kSingle, nextTicket());
        const uint64_t in_hand = nextTicket();
        std::thread([] { writeStamped(currentLane(), {2, 0}, 8, kTicketed | kSingle, nextTicket()); }).join();
        EXPECT_TRUE(arena->takeAll());
        EXPECT_EQ(arena->watermark, 1u);
        writeStamped(currentLane(), {1, 1}, 8, kTicketed | kSingle, in_hand);
        EXPECT_TRUE(arena->takeAll());
        EXPECT_EQ(arena->watermark, 3u);
      }),
      0);
}

TEST(Lanes, ThreadsThatEndGiveTheirLaneBack) {
  EXPECT_EQ(inChild([] {
              constexpr uint32_t kRounds = 60, kThreads = 16;  // at once; an arena of 2 MiB has 32 lanes
              TestWriter writer(2);
              TestTaker taker(writer);
              for (uint32_t round = 0; round < kRounds; ++round) {
                std::vector<std::thread> threads;
                for (uint32_t t = 0; t < kThreads; ++t) {
                  threads.emplace_back([thread = round * kThreads + t] {
                    for (uint32_t i = 0; i < 20; ++i)
                      writeStamped(currentLane(), {thread, i}, 100, kSingle, notedTicket());
                  });
                }
                for (std::thread& thread : threads) thread.join();
              }
              TestArena& arena = taker.stop();
              EXPECT_TRUE(arena.intact());
              EXPECT_EQ(arena.infos.size(), size_t{kRounds} * kThreads);
              EXPECT_EQ(arena.closed.size(), size_t{kRounds} * kThreads);
              for (uint32_t t = 0; t < kRounds * kThreads; ++t) ASSERT_EQ(arena.count(t), 20u);
              EXPECT_EQ(arena.view().header().lost_calls.load(), 0u);
            }),
            0);
}

// Each has grown to the largest buffers and sits on one: 250 MiB of idle buffers, four times the arena.
TEST(Lanes, AThousandIdleThreadsLeaveRoomForABusyOne) {
  EXPECT_EQ(inChild([] {
              constexpr uint32_t kThreads = 1000;
              TestWriter writer(64);
              TestTaker taker(writer);
              std::mutex mutex;
              std::condition_variable wake;
              uint32_t ready = 0;
              bool over = false;
              std::vector<std::thread> threads;
              for (uint32_t t = 0; t < kThreads; ++t) {
                threads.emplace_back([&, t] {
                  for (uint32_t i = 0; i < 5; ++i)
                    writeStamped(currentLane(), {t, i}, 40'000, kSingle, notedTicket());
                  std::unique_lock lock(mutex);
                  ++ready;
                  wake.notify_all();
                  wake.wait(lock, [&] { return over; });
                });
              }
              {
                std::unique_lock lock(mutex);
                wake.wait(lock, [&] { return ready == kThreads; });
              }
              for (uint32_t i = 0; i < 1000; ++i)
                writeStamped(currentLane(), {kThreads, i}, 60'000, kSingle, notedTicket());
              {
                const std::lock_guard lock(mutex);
                over = true;
                wake.notify_all();
              }
              for (std::thread& thread : threads) thread.join();
              TestArena& arena = taker.stop();
              EXPECT_TRUE(arena.intact());
              for (uint32_t t = 0; t < kThreads; ++t) ASSERT_EQ(arena.count(t), 5u);
              EXPECT_EQ(arena.count(kThreads), 1000u);
            }),
            0);
}

TEST(Lanes, MoreThreadsThanLanesAreCountedAsLost) {
  EXPECT_EQ(inChild([] {
              constexpr uint32_t kThreads = 40;  // an arena of 2 MiB has 32 lanes, and this thread has one
              TestWriter writer(2);
              TestTaker taker(writer);
              std::mutex hold;
              std::vector<std::thread> threads;
              std::atomic<uint32_t> without{0}, asked{0};
              hold.lock();
              for (uint32_t t = 0; t < kThreads; ++t) {
                threads.emplace_back([&] {
                  if (!currentLane()) ++without;
                  ++asked;
                  const std::lock_guard lock(hold);
                });
              }
              while (asked.load() < kThreads) std::this_thread::yield();
              hold.unlock();
              for (std::thread& thread : threads) thread.join();
              TestArena& arena = taker.stop();
              EXPECT_EQ(without.load(), kThreads - (arena.view().layout.lanes - 1));
              EXPECT_EQ(arena.view().header().lost_calls.load(), without.load());
            }),
            0);
}

TEST(Lanes, WithoutAWriterThereIsNoLane) {
  EXPECT_EQ(inChild([] {
              EXPECT_EQ(currentLane(), nullptr);
              setenv("REPRISE_SOCKET", "reprise-test-nobody-listens-here", 1);
              EXPECT_FALSE(attach());
              EXPECT_FALSE(attach());
              EXPECT_EQ(currentLane(), nullptr);
              EXPECT_EQ(memoryLane(), nullptr);
              EXPECT_GT(nextTicket(), 0u);
              laneFlushHint();
              laneDeviceCreated();
            }),
            0);
}

}  // namespace
}  // namespace reprise

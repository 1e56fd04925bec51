// Lanes between processes: kills, forks, closed descriptors, limits, a writer that dies or stalls.
#include <gtest/gtest.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>

#include "capture/lanes.h"
#include "tests/unit/lanes_writer.h"

// Buffers change hands by way of another process here, where no race detector follows; lanes_test.cpp has
// both sides in one.
extern "C" const char* __tsan_default_suppressions();
extern "C" const char* __tsan_default_suppressions() { return "race:lanes_process_test.cpp\n"; }

namespace reprise {
namespace {

constexpr uint16_t kSingle = kAnnounce | kComplete;

void writeStamped(TestStamp stamp, size_t size, uint16_t flags = kSingle) {
  std::vector<std::byte> payload(size);
  fillTestPayload(payload, stamp);
  Lane* lane = currentLane();
  if (lane) laneWrite(lane, {0, 1, flags, flags & kTicketed ? nextTicket() : notedTicket()}, payload);
}

// Counters that outlive a killed process.
struct Shared {
  std::atomic<uint32_t> started[4];
  std::atomic<uint32_t> written[4];
};

Shared* makeShared() {
  return new (mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
      Shared;
}

[[noreturn]] void writeForEver(Shared& shared) {
  std::vector<std::thread> threads;
  for (uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&shared, t] {
      for (uint32_t i = 0;; ++i) {
        shared.started[t].store(i + 1);
        writeStamped({t, i}, 8 + i % 3000, i % 2 ? kSingle : kSingle | kTicketed);
        shared.written[t].store(i + 1);
        laneReturned(currentLane());
      }
    });
  }
  for (;;) pause();
}

TEST(LanesProcess, AKilledProgramLosesNothingThatItWrote) {
  std::minstd_rand random(1);
  for (int round = 0; round < 25; ++round) {
    Shared* shared = makeShared();
    TestWriter writer(4);
    const int pid = startChild([&] {
      ASSERT_TRUE(attach());
      writeForEver(*shared);
    });
    std::unique_ptr<TestArena> arena = writer.accept();
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 20'000);
    bool held = true;
    for (int pass = 0; std::chrono::steady_clock::now() < end; ++pass) {
      if (pass % 8 == 0) {
        held &= arena->takeAll();
      } else {
        arena->take(false);
      }
    }
    kill(pid, SIGKILL);
    EXPECT_TRUE(WIFSIGNALED(awaitChild(pid)));
    held &= arena->takeAll();
    EXPECT_TRUE(held);
    EXPECT_TRUE(arena->intact());
    for (uint32_t t = 0; t < 4; ++t) {
      EXPECT_GE(arena->count(t), shared->written[t].load());
      EXPECT_LE(arena->count(t), shared->started[t].load());
    }
    EXPECT_EQ(arena->drain().unreachableBuffers(), 0u);
    munmap(shared, sizeof *shared);
  }
}

TEST(LanesProcess, ACallThatNeverReturnedIsKnown) {
  TestWriter writer(2);
  const int pid = startChild([] {
    ASSERT_TRUE(attach());
    writeStamped({1, 0}, 100);
    laneReturned(currentLane());
    std::thread([] {
      writeStamped({2, 0}, 100);
      raise(SIGKILL);
    }).join();
  });
  std::unique_ptr<TestArena> arena = writer.accept();
  awaitChild(pid);
  EXPECT_TRUE(arena->takeAll());
  const std::vector<uint32_t> inside = arena->drain().lanesInsideCall();
  ASSERT_EQ(inside.size(), 1u);
  EXPECT_EQ(arena->lanes[inside[0]].counts().begin()->first, 2u);
}

TEST(LanesProcess, AForkedChildHasItsOwnArena) {
  TestWriter writer(2);
  const int pid = startChild([] {
    ASSERT_TRUE(attach());
    for (uint32_t i = 0; i < 1000; ++i) writeStamped({1, i}, 500, kSingle | kTicketed);
    Lane* before = currentLane();
    EXPECT_EQ(inChild([before] {
                // A driver's call in which the program forked comes back in the child, too.
                EXPECT_EQ(laneSpace(before).begin, nullptr);
                laneWrite(before, {0, 1, kSingle, nextTicket()}, {});
                laneReturned(before);
                for (uint32_t i = 0; i < 1000; ++i) writeStamped({2, i}, 500, kSingle | kTicketed);
              }),
              0);
    for (uint32_t i = 1000; i < 2000; ++i) writeStamped({1, i}, 500, kSingle | kTicketed);
  });
  std::unique_ptr<TestArena> parent = writer.accept();
  std::unique_ptr<TestArena> child;
  std::atomic<bool> over{false};
  std::thread accepting([&] {
    child = writer.accept();
    over.store(true);
  });
  while (!over.load()) parent->take(false);
  accepting.join();
  for (int status = 0; waitpid(pid, &status, WNOHANG) == 0;) {
    parent->take(false);
    child->take(false);
  }
  EXPECT_TRUE(parent->takeAll());
  EXPECT_TRUE(child->takeAll());
  EXPECT_TRUE(parent->intact() && child->intact());
  EXPECT_EQ(parent->count(1), 2000u);
  EXPECT_EQ(parent->count(2), 0u);
  EXPECT_EQ(child->count(1), 0u);
  EXPECT_EQ(child->count(2), 1000u);
}

TEST(LanesProcess, ClosedDescriptorsChangeNothing) {
  TestWriter writer(2);
  const int pid = startChild([] {
    ASSERT_TRUE(attach());
    closefrom(3);
    for (int i = 0; i < 1200; ++i) EXPECT_GE(dup(1), 0);  // others have our numbers now
    for (uint32_t i = 0; i < 20'000; ++i) writeStamped({1, i}, 500);
    for (int fd = 3; fd < 1203; ++fd) EXPECT_EQ(close(fd), 0);
  });
  std::unique_ptr<TestArena> arena = writer.accept();
  int status = -1;
  while (waitpid(pid, &status, WNOHANG) == 0) arena->take(false);
  EXPECT_EQ(status, 0);
  EXPECT_TRUE(arena->takeAll());
  EXPECT_TRUE(arena->intact());
  EXPECT_EQ(arena->count(1), 20'000u);
}

TEST(LanesProcess, AFileSizeLimitChangesNothing) {
  TestWriter writer(8);
  const int pid = startChild([] {
    const rlimit limit{4096, 4096};
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ASSERT_TRUE(attach());
    for (uint32_t i = 0; i < 100; ++i) writeStamped({1, i}, 500);
  });
  std::unique_ptr<TestArena> arena = writer.accept();
  EXPECT_EQ(awaitChild(pid), 0);
  EXPECT_TRUE(arena->takeAll());
  EXPECT_EQ(arena->count(1), 100u);
}

TEST(LanesProcess, LittleAddressSpaceMakesASmallerArena) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  const size_t arena_mib = 64, room_mib = 0;  // sanitizers reserve terabytes: no limit can be set
#else
  const size_t arena_mib = 1024, room_mib = 300;
#endif
  TestWriter writer(arena_mib);
  const int pid = startChild([&] {
    const rlimit limit{room_mib << 20, room_mib << 20};
    if (room_mib) {
      ASSERT_EQ(setrlimit(RLIMIT_AS, &limit), 0);
    }
    ASSERT_TRUE(attach());
    writeStamped({1, 0}, 500);
  });
  std::unique_ptr<TestArena> arena = writer.accept();
  EXPECT_EQ(awaitChild(pid), 0);
  if (room_mib) {
    EXPECT_LT(arena->view().layout.bytes, room_mib << 20);
  }
  EXPECT_TRUE(arena->takeAll());
  EXPECT_EQ(arena->count(1), 1u);
}

TEST(LanesProcess, AWriterThatDiesIsLeftAlone) {
  TestWriter writer(2);
  const int pid = startChild([] {
    ASSERT_TRUE(attach());
    uint32_t i = 0;
    while (currentLane()) writeStamped({1, i++}, 5000);
    EXPECT_EQ(memoryLane(), nullptr);
    for (uint32_t more = 0; more < 1000; ++more) writeStamped({1, i++}, 5000);
  });
  std::unique_ptr<TestArena> arena = writer.accept();
  while (arena->count(1) < 1000) arena->take(false);
  arena->hangUp();
  EXPECT_EQ(awaitChild(pid), 0);
  EXPECT_EQ(arena->view().header().abandoned.load(), 1u);
}

// Takes ten seconds: the patience that the program has.
TEST(LanesProcess, AWriterThatStallsIsAbandoned) {
  TestWriter writer(2);
  const int pid = startChild([] {
    ASSERT_TRUE(attach());
    std::vector<std::thread> threads;
    for (uint32_t t = 0; t < 3; ++t) {
      threads.emplace_back([t] {
        for (uint32_t i = 0; i < 2000; ++i) writeStamped({t, i}, 5000);
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(currentLane(), nullptr);
  });
  std::unique_ptr<TestArena> arena = writer.accept();
  EXPECT_EQ(awaitChild(pid), 0);
  EXPECT_EQ(arena->view().header().abandoned.load(), 1u);
  arena->takeAll();
  EXPECT_TRUE(arena->intact());
  EXPECT_GT(arena->count(0) + arena->count(1) + arena->count(2), 100u);  // what was written before stays
}

}  // namespace
}  // namespace reprise

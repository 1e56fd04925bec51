// What the tracker hands on: the program's writes, all of them, before the submit's ticket, and no one
// else's.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <random>
#include <vector>

#include "tests/unit/memory_recorded.h"

namespace reprise {
namespace {

constexpr size_t kPage = 4096;
constexpr MemoryKey kKey{1, 100};

class MemoryTracking : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(tracker_.watches()); }

  TwoViews allocate(const MemoryKey& key, size_t bytes) {
    std::optional<TwoViews> views = tracker_.makeViews(bytes, kPage);
    EXPECT_TRUE(views.has_value());
    tracker_.addWatched(key, bytes, *views);
    EXPECT_EQ(tracker_.mapped(key, views->driver, 0, bytes), views->program);
    return *views;
  }
  void expectSame(const TwoViews& views, size_t bytes, uint64_t memory = kKey.memory) {
    EXPECT_EQ(recorded_.contents(memory, bytes),
              std::vector<std::byte>(views.program, views.program + bytes));
  }

  Recorded recorded_;
  MemoryTracker tracker_{recorded_.sink()};
};

TEST_F(MemoryTracking, RecordsWhatTheProgramWroteOnce) {
  TwoViews views = allocate(kKey, 10 * kPage + 123);
  tracker_.scan();
  EXPECT_TRUE(recorded_.changes.empty());
  std::memset(views.program + 100, 7, 50);
  std::memset(views.program + 10 * kPage, 9, 123);
  const uint64_t before = drawTicket();
  tracker_.scan();
  const uint64_t after = drawTicket();
  ASSERT_EQ(recorded_.changes.size(), 2u);
  for (const Recorded::Change& change : recorded_.changes) {
    EXPECT_GT(change.order, before);
    EXPECT_LT(change.order, after);
    EXPECT_EQ(change.flags, kTicketed);
    EXPECT_EQ(change.at.memory, kKey.memory);
    EXPECT_EQ(change.at.device, kKey.device);
    EXPECT_EQ(change.at.generation, 1u);
    EXPECT_EQ(change.at.size, change.bytes.size());
  }
  EXPECT_EQ(recorded_.changes[0].order, recorded_.changes[1].order) << "one ticket a scan";
  EXPECT_EQ(recorded_.changes[1].at.size, 123u) << "not beyond the allocation";
  expectSame(views, 10 * kPage + 123);
  tracker_.scan();
  EXPECT_EQ(recorded_.changes.size(), 2u);
}

TEST_F(MemoryTracking, NothingOfTheDevicesIsRecorded) {
  TwoViews views = allocate(kKey, 256 * kPage);
  std::memset(views.driver, 0xab, 256 * kPage);
  tracker_.scan();
  tracker_.deviceWritesVisible();
  EXPECT_TRUE(recorded_.changes.empty());
}

TEST_F(MemoryTracking, LargeChangesAreCutToRecords) {
  const size_t bytes = 100 * kPage;
  TwoViews views = allocate(kKey, bytes);
  for (size_t i = 0; i < bytes; ++i) views.program[i] = static_cast<std::byte>(i * 7 >> 3);
  tracker_.scan();
  EXPECT_GT(recorded_.changes.size(), 1u);
  for (const Recorded::Change& change : recorded_.changes)
    EXPECT_LE(change.bytes.size() + sizeof(MemoryChange), kMaxRecordPayload);
  expectSame(views, bytes);
}

TEST_F(MemoryTracking, MapGivesOffsetsIntoTheView) {
  TwoViews views = allocate(kKey, 4 * kPage);
  EXPECT_EQ(tracker_.mapped(kKey, views.driver + 300, 300, ~size_t{0}), views.program + 300);
  EXPECT_EQ(tracker_.mapped(MemoryKey{1, 55}, views.driver, 0, 1), views.driver) << "not ours";
}

TEST_F(MemoryTracking, ScansBeforeAnUnmapCountAndFreeForgets) {
  TwoViews views = allocate(kKey, 2 * kPage);
  views.program[5] = std::byte{1};
  tracker_.scanUnsubmitted();
  tracker_.unmapped(kKey);
  EXPECT_EQ(recorded_.bytes(), kPage);
  tracker_.mapped(kKey, views.driver, 0, 2 * kPage);
  views.program[5] = std::byte{2};
  std::optional<TwoViews> left = tracker_.remove(kKey);
  ASSERT_TRUE(left.has_value());
  tracker_.scan();
  tracker_.dropViews(*left);
  tracker_.scan();
  EXPECT_EQ(recorded_.bytes(), kPage);
  TwoViews again = allocate(kKey, 2 * kPage);
  again.program[0] = std::byte{3};
  tracker_.scan();
  EXPECT_EQ(recorded_.changes.back().at.generation, 2u);
}

TEST_F(MemoryTracking, AThousandAllocationsInOneRange) {
  std::mt19937 random(1);
  std::vector<TwoViews> views;
  for (uint64_t i = 0; i < 1000; ++i) views.push_back(allocate({1, i + 1}, (1 + random() % 8) * kPage));
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 50; ++i) {
      TwoViews& chosen = views[random() % views.size()];
      chosen.program[random() % chosen.bytes] = static_cast<std::byte>(random());
    }
    tracker_.scan();
    const size_t victim = random() % views.size();
    std::optional<TwoViews> left = tracker_.remove({1, victim + 1});
    ASSERT_TRUE(left.has_value());
    tracker_.dropViews(*left);
    std::erase_if(recorded_.changes, [&](const auto& change) { return change.at.memory == victim + 1; });
    views[victim] = allocate({1, victim + 1}, (1 + random() % 8) * kPage);
  }
  for (uint64_t i = 0; i < 1000; ++i) expectSame(views[i], views[i].bytes, i + 1);
  EXPECT_TRUE(recorded_.holes.empty());
}

TEST_F(MemoryTracking, NothingIsLookedForWhileRecordingIsOff) {
  TwoViews views = allocate(kKey, kPage);
  recorded_.on = false;
  views.program[0] = std::byte{1};
  tracker_.scan();
  EXPECT_TRUE(recorded_.changes.empty());
  recorded_.on = true;
  tracker_.scan();
  EXPECT_EQ(recorded_.bytes(), kPage);
}

// ---- Pages that both write

TEST_F(MemoryTracking, InASharedPageOnlyTheProgramsWordsAreRecorded) {
  TwoViews views = allocate(kKey, 4 * kPage);
  tracker_.deviceMayWrite(kKey, 64, kPage);
  std::memset(views.program, 1, 64);
  tracker_.scan();
  std::memset(views.driver + 64, 0xee, kPage);
  tracker_.deviceWritesVisible();
  recorded_.changes.clear();

  views.program[2] = std::byte{5};
  views.program[100] = std::byte{6};
  tracker_.scan();
  ASSERT_EQ(recorded_.changes.size(), 2u);
  EXPECT_EQ(recorded_.changes[0].at.offset, 0u);
  EXPECT_EQ(recorded_.changes[1].at.offset, 100u);
  for (const Recorded::Change& change : recorded_.changes) {
    EXPECT_EQ(change.bytes.size(), 4u);
    EXPECT_TRUE(change.flags & kDeviceWritable);
    EXPECT_FALSE(change.flags & kMixed);
  }
}

TEST_F(MemoryTracking, WritingAgainWhatTheDeviceOverwroteIsRecordedAgain) {
  TwoViews views = allocate(kKey, kPage);
  tracker_.deviceMayWrite(kKey, 0, kPage);
  for (int round = 0; round < 3; ++round) {
    std::memset(views.program, 7, 16);
    tracker_.scan();
    ASSERT_FALSE(recorded_.changes.empty()) << round;
    EXPECT_EQ(recorded_.changes.back().at.offset, 0u);
    EXPECT_TRUE(recorded_.changes.back().flags & kDeviceWritable);
    recorded_.changes.clear();
    std::memset(views.driver, 9, 16);
    tracker_.deviceWritesVisible();
  }
}

TEST_F(MemoryTracking, WritesBeforeTheWaitReturnsAreNotLost) {
  TwoViews views = allocate(kKey, 2 * kPage);
  tracker_.deviceMayWrite(kKey, 0, 2 * kPage);
  tracker_.scan();
  std::memset(views.driver + 2000, 9, 100);
  views.program[8] = std::byte{4};  // while the device works
  tracker_.deviceWritesVisible();
  tracker_.scan();
  EXPECT_EQ(recorded_.contents(kKey.memory, 2 * kPage)[8], std::byte{4});
  for (const Recorded::Change& change : recorded_.changes) EXPECT_TRUE(change.flags & kMixed);
}

TEST_F(MemoryTracking, OfLargeSharedMemoryThePagesWrittenByBothAreKept) {
  const size_t bytes = 16 << 20;
  TwoViews views = allocate(kKey, bytes);
  tracker_.deviceMayWrite(kKey, 0, bytes);
  views.program[kPage] = std::byte{1};
  tracker_.scan();
  std::memset(views.driver, 9, bytes);
  tracker_.deviceWritesVisible();
  recorded_.changes.clear();
  views.program[kPage + 8] = std::byte{2};
  tracker_.scan();
  ASSERT_EQ(recorded_.changes.size(), 1u);
  EXPECT_EQ(recorded_.bytes(), 4u);
  EXPECT_EQ(recorded_.changes[0].at.offset, kPage + 8);
}

// ---- Comparing

TEST_F(MemoryTracking, ComparedMemoryHandsOnLinesThatDiffer) {
  std::vector<std::byte> driver(5 * kPage, std::byte{0});
  tracker_.addCompared(kKey, driver.size(), true);
  EXPECT_EQ(tracker_.mapped(kKey, driver.data() + 100, 100, 4 * kPage), driver.data() + 100);
  tracker_.scan();
  EXPECT_TRUE(recorded_.changes.empty());
  driver[150] = std::byte{1};
  driver[2 * kPage] = std::byte{2};
  driver[3 * kPage + 9] = std::byte{3};
  driver[4 * kPage + 200] = std::byte{4};  // beyond what is mapped
  tracker_.scan();
  ASSERT_EQ(recorded_.changes.size(), 3u);
  EXPECT_EQ(recorded_.changes[0].at.offset, 100u);
  EXPECT_EQ(recorded_.changes[0].bytes.size(), 64u);
  EXPECT_EQ(recorded_.changes[1].at.offset, 2 * kPage);
  EXPECT_EQ(recorded_.changes[1].bytes.size(), 64u);
  EXPECT_EQ(recorded_.changes[2].at.offset, 3 * kPage);
  EXPECT_TRUE(recorded_.changes[0].flags & kMixed);
  tracker_.scan();
  EXPECT_EQ(recorded_.changes.size(), 3u);
  driver[2 * kPage + 10] = driver[2 * kPage + 100] = std::byte{5};
  tracker_.scanUnsubmitted();
  EXPECT_EQ(recorded_.changes.size(), 4u) << "neighbours go together";
  EXPECT_EQ(recorded_.changes[3].bytes.size(), 128u);
  tracker_.unmapped(kKey);
  driver[151] = std::byte{6};
  tracker_.scan();
  EXPECT_EQ(recorded_.changes.size(), 4u);
  EXPECT_FALSE(tracker_.remove(kKey).has_value());
}

TEST_F(MemoryTracking, TrustedMemoryHandsOnWhatIsFlushed) {
  std::vector<std::byte> driver(2 * kPage, std::byte{0});
  tracker_.trustFlushes();
  EXPECT_FALSE(tracker_.watches());
  tracker_.addCompared(kKey, driver.size(), true);
  EXPECT_EQ(tracker_.mapped(kKey, driver.data(), 0, driver.size()), driver.data());
  driver[10] = driver[5000] = std::byte{1};
  tracker_.scan();
  EXPECT_TRUE(recorded_.changes.empty());
  tracker_.flushed(kKey, 4096, 1024);
  ASSERT_EQ(recorded_.changes.size(), 1u);
  EXPECT_EQ(recorded_.changes[0].at.offset, 4096u);
  EXPECT_EQ(recorded_.changes[0].bytes.size(), 1024u);
  tracker_.flushed(kKey, 0, SIZE_MAX);
  ASSERT_EQ(recorded_.changes.size(), 2u);
  EXPECT_EQ(recorded_.changes[1].bytes.size(), driver.size());
  tracker_.unmapped(kKey);
  tracker_.flushed(kKey, 0, SIZE_MAX);
  EXPECT_EQ(recorded_.changes.size(), 2u);
}

TEST_F(MemoryTracking, ComparedMemoryThatTheDeviceFilledBeforeItWasMapped) {
  std::vector<std::byte> driver(2 * kPage, std::byte{0});
  tracker_.addCompared(kKey, driver.size(), true);
  tracker_.scan();  // a submit
  std::memset(driver.data(), 9, driver.size());
  tracker_.mapped(kKey, driver.data(), 0, driver.size());
  tracker_.scan();
  EXPECT_TRUE(recorded_.changes.empty());
}

TEST_F(MemoryTracking, InvalidatedRangesOfComparedMemoryAreTheDevices) {
  std::vector<std::byte> driver(2 * kPage, std::byte{0});
  tracker_.addCompared(kKey, driver.size(), true);
  tracker_.mapped(kKey, driver.data(), 0, driver.size());
  std::memset(driver.data(), 9, driver.size());
  tracker_.invalidated(kKey, 0, kPage);
  tracker_.scan();
  ASSERT_EQ(recorded_.changes.size(), 1u);
  EXPECT_EQ(recorded_.changes[0].at.offset, kPage);
}

TEST_F(MemoryTracking, MemoryOfTheProgramsOwnIsRecordedFromTheStart) {
  std::vector<std::byte> own(3 * kPage, std::byte{6});
  tracker_.addCompared(kKey, own.size(), false);
  tracker_.exposed(kKey, own.data());
  tracker_.scan();
  EXPECT_EQ(recorded_.contents(kKey.memory, own.size()), own);
  EXPECT_EQ(tracker_.mapped(kKey, own.data() + 5, 5, 1), own.data() + 5);
  tracker_.unmapped(kKey);
  own[9] = std::byte{7};
  tracker_.scan();
  EXPECT_EQ(recorded_.contents(kKey.memory, own.size()), own);
}

TEST_F(MemoryTracking, MemoryOfTheProgramsOwnIsRecordedFromTheStartWhoeverSubmitsMeanwhile) {
  std::vector<std::byte> own(kPage, std::byte{6});
  tracker_.addCompared(kKey, own.size(), false);
  tracker_.scan();  // another thread's submit
  tracker_.exposed(kKey, own.data());
  tracker_.scan();
  EXPECT_EQ(recorded_.contents(kKey.memory, own.size()), own);
}

// ---- A program that closes what is not its own

void closeAllDescriptors() {
  for (int fd = 3; fd < 1 << 16; ++fd) close(fd);
}

TEST_F(MemoryTracking, SurvivesClosefrom) {
  TwoViews views = allocate(kKey, 4 * kPage);
  views.program[0] = std::byte{1};
  tracker_.scan();
  views.program[kPage] = std::byte{2};
  closeAllDescriptors();
  int strangers[64];
  for (int& fd : strangers) fd = dup(0);
  tracker_.scan();
  expectSame(views, 4 * kPage);
  ASSERT_EQ(recorded_.holes.size(), 1u) << "said once, aloud";
  EXPECT_EQ(recorded_.holes[0].cause, HoleCause::kScanFailed);
  EXPECT_TRUE(tracker_.watches()) << "opened again";

  views.program[2 * kPage] = std::byte{3};
  recorded_.changes.clear();
  tracker_.scan();
  EXPECT_EQ(recorded_.bytes(), kPage);
  TwoViews more = allocate({1, 101}, kPage);
  more.program[0] = std::byte{4};
  tracker_.scan();
  expectSame(more, kPage, 101);
  EXPECT_EQ(recorded_.holes.size(), 1u);
  for (int fd : strangers) close(fd);
}

TEST_F(MemoryTracking, AnAllocationAfterClosefromIsWatchedToo) {
  TwoViews views = allocate(kKey, kPage);
  views.program[0] = std::byte{1};
  closeAllDescriptors();
  TwoViews more = allocate({1, 101}, kPage);
  EXPECT_EQ(recorded_.holes.size(), 1u);
  more.program[0] = std::byte{2};
  tracker_.scan();
  expectSame(views, kPage);
  expectSame(more, kPage, 101);
  EXPECT_TRUE(tracker_.watches());
}

TEST_F(MemoryTracking, ClosefromWithNothingMappedLosesNothing) {
  closeAllDescriptors();
  TwoViews views = allocate(kKey, kPage);
  views.program[0] = std::byte{1};
  tracker_.scan();
  expectSame(views, kPage);
  EXPECT_TRUE(recorded_.holes.empty());
  EXPECT_TRUE(tracker_.watches());
}

TEST_F(MemoryTracking, ComparesWhereTheWatchCannotBeOpenedAgain) {
  TwoViews views = allocate(kKey, 4 * kPage);
  views.program[0] = std::byte{1};
  closeAllDescriptors();
  std::vector<int> strangers;  // until no number is left
  for (int fd = dup(0); fd >= 0; fd = dup(0)) strangers.push_back(fd);
  tracker_.scan();
  for (int fd : strangers) close(fd);
  expectSame(views, 4 * kPage);
  EXPECT_FALSE(tracker_.watches());
  EXPECT_EQ(recorded_.holes.size(), 1u);

  views.program[3 * kPage] = std::byte{2};
  recorded_.changes.clear();
  tracker_.scan();
  EXPECT_EQ(recorded_.bytes(), 64u);
  EXPECT_FALSE(tracker_.makeViews(kPage, kPage).has_value());
  tracker_.unmapped(kKey);
  EXPECT_EQ(tracker_.mapped(kKey, views.driver + 8, 8, 100), views.program + 8) << "the address stays";
  views.program[9] = std::byte{3};
  recorded_.changes.clear();
  tracker_.scan();
  EXPECT_EQ(recorded_.bytes(), 64u);
}

}  // namespace
}  // namespace reprise

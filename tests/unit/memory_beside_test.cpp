// Memory beside the driver's mapping: the driver gets what the program wrote, at the scan and nothing else;
// the program sees what the device wrote, after the wait; and the trace holds the program's bytes alone.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "tests/unit/memory_recorded.h"

namespace reprise {
namespace {

constexpr size_t kPage = 4096;
constexpr MemoryKey kKey{1, 100};

class MemoryBeside : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(tracker_.watches()); }

  // Mapped at `offset`; the result is the address of the allocation's start.
  std::byte* allocate(size_t bytes, size_t offset = 0, size_t size = SIZE_MAX, bool cached = true) {
    driver_.assign(bytes, std::byte{0});
    std::optional<TwoViews> views = tracker_.makeViews(bytes, kPage);
    EXPECT_TRUE(views.has_value());
    EXPECT_TRUE(tracker_.addBeside(kKey, bytes, *views, cached));
    return map(offset, size);
  }
  std::byte* map(size_t offset = 0, size_t size = SIZE_MAX) {
    return tracker_.mapped(kKey, driver_.data() + offset, offset, size) - offset;
  }
  void expectRecorded(const std::vector<std::byte>& wanted) {
    EXPECT_EQ(recorded_.contents(kKey.memory, wanted.size()), wanted);
  }

  Recorded recorded_;
  MemoryTracker tracker_{recorded_.sink()};
  std::vector<std::byte> driver_;
};

TEST_F(MemoryBeside, TheDriverGetsWhatWasWrittenAtTheScan) {
  std::byte* view = allocate(3 * kPage + 10);
  EXPECT_NE(view, driver_.data());
  std::memset(view + 100, 7, 5000);
  view[3 * kPage + 9] = std::byte{8};
  EXPECT_EQ(driver_, std::vector<std::byte>(driver_.size()));
  tracker_.scan();
  EXPECT_EQ(driver_, std::vector<std::byte>(view, view + driver_.size()));
  expectRecorded(driver_);
  EXPECT_LE(recorded_.bytes(), 5000 + 3 * 64) << "lines, not pages";
  recorded_.changes.clear();
  tracker_.scan();
  EXPECT_TRUE(recorded_.changes.empty());
}

TEST_F(MemoryBeside, OfASharedPageTheDevicesBytesAreNeitherRecordedNorOverwritten) {
  std::byte* view = allocate(2 * kPage);
  tracker_.deviceMayWrite(kKey, 0, 2 * kPage);
  std::memset(view, 1, kPage);
  tracker_.scan();
  recorded_.changes.clear();
  // The device writes, and before the program waits for it there is another submit.
  for (size_t at = 0; at < kPage; at += 8) std::memset(driver_.data() + at, 9, 4);
  view[4] = view[15] = std::byte{5};
  view[9] = std::byte{6};  // in a word that the device has written, too
  tracker_.scan();
  EXPECT_EQ(driver_[0], std::byte{9});
  EXPECT_EQ(driver_[8], std::byte{9});
  EXPECT_EQ(driver_[4], std::byte{5});
  EXPECT_EQ(driver_[9], std::byte{6}) << "the program's byte";
  EXPECT_EQ(driver_[10], std::byte{9}) << "the device's, in the same word";
  EXPECT_EQ(recorded_.bytes(), 12u);
  for (const Recorded::Change& change : recorded_.changes) EXPECT_TRUE(change.flags & kDeviceWritable);
}

TEST_F(MemoryBeside, WhatTheDeviceWroteIsSeenAfterTheWaitAndNotRecorded) {
  std::byte* view = allocate(64 * kPage);
  tracker_.deviceMayWrite(kKey, kPage, 63 * kPage);
  tracker_.scan();
  std::memset(driver_.data() + kPage, 9, 62 * kPage);
  view[5] = view[kPage + 4] = std::byte{3};  // not yet handed over
  EXPECT_EQ(view[kPage], std::byte{0});
  tracker_.deviceWritesVisible();
  EXPECT_EQ(view[kPage], std::byte{9});
  EXPECT_EQ(view[kPage + 4], std::byte{3});
  EXPECT_EQ(view[kPage + 5], std::byte{9}) << "beside the program's new byte";
  EXPECT_EQ(view[63 * kPage - 1], std::byte{9});
  EXPECT_TRUE(recorded_.changes.empty());
  tracker_.scan();
  EXPECT_LE(recorded_.bytes(), 64u + 4u);
  EXPECT_EQ(driver_[kPage + 4], std::byte{3});
  view[kPage] = std::byte{0};  // what it was before the device wrote
  recorded_.changes.clear();
  tracker_.scan();
  EXPECT_EQ(recorded_.bytes(), 4u);
  EXPECT_EQ(driver_[kPage], std::byte{0});
}

TEST_F(MemoryBeside, NothingOutsideWhatIsMappedIsTouched) {
  std::byte* view = allocate(4 * kPage, 1001, 5000);
  tracker_.deviceMayWrite(kKey, 0, 4 * kPage);
  driver_[1000] = driver_[6001] = std::byte{4};
  std::memset(view + 990, 1, 5030);  // the program has no business there, but its neighbour in the page may
  tracker_.scan();
  tracker_.deviceWritesVisible();
  EXPECT_EQ(driver_[1000], std::byte{4});
  EXPECT_EQ(driver_[6001], std::byte{4});
  EXPECT_EQ(driver_[1001], std::byte{1});
  EXPECT_EQ(driver_[6000], std::byte{1});
  EXPECT_EQ(recorded_.bytes(), 5000u);
}

TEST_F(MemoryBeside, TheViewOutlivesItsMapping) {
  std::byte* view = allocate(2 * kPage);
  tracker_.deviceMayWrite(kKey, kPage, kPage);
  view[10] = std::byte{1};
  tracker_.scanUnsubmitted();
  tracker_.unmapped(kKey);
  EXPECT_EQ(driver_[10], std::byte{1});
  driver_[kPage + 20] = std::byte{2};  // the device, while nothing is mapped
  tracker_.deviceWritesVisible();
  tracker_.scan();
  std::vector<std::byte> elsewhere = driver_;
  driver_.swap(elsewhere);
  EXPECT_EQ(map(), view);
  EXPECT_EQ(view[10], std::byte{1});
  EXPECT_EQ(view[kPage + 20], std::byte{2});
  view[11] = std::byte{3};
  tracker_.scan();
  EXPECT_EQ(driver_[11], std::byte{3});
  EXPECT_EQ(elsewhere[11], std::byte{0}) << "no longer mapped";
}

TEST_F(MemoryBeside, InvalidatedRangesAreShownWhoeverWroteThem) {
  std::byte* view = allocate(2 * kPage);
  std::memset(driver_.data(), 9, driver_.size());
  view[7] = std::byte{1};
  tracker_.invalidated(kKey, 0, kPage);
  EXPECT_EQ(view[6], std::byte{9});
  EXPECT_EQ(view[7], std::byte{1});
  EXPECT_EQ(view[kPage], std::byte{0});
  tracker_.scan();
  EXPECT_LE(recorded_.bytes(), 64u);
}

TEST_F(MemoryBeside, TheDriverIsServedWhileRecordingIsOff) {
  std::byte* view = allocate(2 * kPage);
  tracker_.deviceMayWrite(kKey, 0, kPage);
  recorded_.on = false;
  view[0] = std::byte{1};
  driver_[100] = std::byte{2};
  tracker_.scan();
  tracker_.deviceWritesVisible();
  EXPECT_EQ(driver_[0], std::byte{1});
  EXPECT_EQ(view[100], std::byte{2});
  EXPECT_TRUE(recorded_.changes.empty());
}

TEST_F(MemoryBeside, OfLargeUncachedMemoryOnlyInvalidatedRangesAreRead) {
  const size_t bytes = 2 << 20;
  std::byte* view = allocate(bytes, 0, SIZE_MAX, false);
  tracker_.deviceMayWrite(kKey, 0, kPage);
  driver_[5] = std::byte{1};
  tracker_.deviceWritesVisible();
  EXPECT_EQ(view[5], std::byte{1}) << "little is read all the same";
  EXPECT_TRUE(recorded_.holes.empty());
  tracker_.deviceMayWrite(kKey, 0, bytes);
  driver_[6] = std::byte{1};
  tracker_.deviceWritesVisible();
  tracker_.deviceWritesVisible();
  EXPECT_EQ(view[6], std::byte{0});
  EXPECT_EQ(recorded_.holes.size(), 1u) << "said once";
  tracker_.invalidated(kKey, 0, kPage);
  EXPECT_EQ(view[6], std::byte{1});
}

TEST_F(MemoryBeside, ComparesAndLosesNothingWhereTheWatchIsLost) {
  std::byte* view = allocate(4 * kPage);
  tracker_.deviceMayWrite(kKey, 2 * kPage, kPage);
  view[0] = std::byte{1};
  for (int fd = 3; fd < 1 << 16; ++fd) close(fd);
  std::vector<int> strangers;  // until no number is left
  for (int fd = dup(0); fd >= 0; fd = dup(0)) strangers.push_back(fd);
  tracker_.scan();
  for (int fd : strangers) close(fd);
  EXPECT_FALSE(tracker_.watches());
  EXPECT_EQ(driver_[0], std::byte{1});
  view[kPage + 3] = std::byte{2};
  driver_[2 * kPage] = std::byte{3};
  tracker_.deviceWritesVisible();
  tracker_.scan();
  EXPECT_EQ(view[2 * kPage], std::byte{3});
  EXPECT_EQ(driver_[kPage + 3], std::byte{2});
  EXPECT_EQ(recorded_.bytes(), 128u);
  tracker_.unmapped(kKey);
  EXPECT_EQ(map(), view) << "the address stays";
  view[9] = std::byte{4};
  tracker_.scan();
  EXPECT_EQ(driver_[9], std::byte{4});
  ASSERT_TRUE(tracker_.remove(kKey).has_value());
  tracker_.scan();
}

}  // namespace
}  // namespace reprise

// UploadedRanges: which bytes a program wrote between two submits.
#include <gtest/gtest.h>

#include "replay/rewrites.h"

namespace reprise {
namespace {

const auto kOne = reinterpret_cast<VkDeviceMemory>(uintptr_t{1});
const auto kTwo = reinterpret_cast<VkDeviceMemory>(uintptr_t{2});

TEST(UploadedRanges, OverlapIsByBytes) {
  UploadedRanges ranges;
  EXPECT_FALSE(ranges.overlap(kOne, 0, 1000));
  ranges.add(kOne, 100, 200);
  EXPECT_TRUE(ranges.overlap(kOne, 0, 101));
  EXPECT_TRUE(ranges.overlap(kOne, 150, 160));
  EXPECT_TRUE(ranges.overlap(kOne, 199, 200));
  EXPECT_FALSE(ranges.overlap(kOne, 0, 100));
  EXPECT_FALSE(ranges.overlap(kOne, 200, 300));
  EXPECT_FALSE(ranges.overlap(kTwo, 0, 1000));
}

TEST(UploadedRanges, AddedInAnyOrderAndTwice) {
  UploadedRanges ranges;
  for (const VkDeviceSize at : {900, 100, 500, 100, 480}) {
    ranges.add(kTwo, at, at + 50);
    ranges.add(kOne, at, at + 20);
  }
  for (VkDeviceSize at = 0; at < 1000; ++at) {
    const bool two = (at >= 900 && at < 950) || (at >= 100 && at < 150) || (at >= 480 && at < 550);
    EXPECT_EQ(ranges.overlap(kTwo, at, at + 1), two) << at;
  }
  EXPECT_TRUE(ranges.overlap(kOne, 490, 501));
  EXPECT_FALSE(ranges.overlap(kOne, 520, 900));
}

TEST(UploadedRanges, OneWithinAnotherDoesNotHideItsEnd) {
  UploadedRanges ranges;
  ranges.add(kOne, 0, 1000);
  ranges.add(kOne, 10, 20);
  EXPECT_TRUE(ranges.overlap(kOne, 900, 901));
  ranges.add(kOne, 2000, 2001);
  EXPECT_TRUE(ranges.overlap(kOne, 2000, 3000));
  EXPECT_FALSE(ranges.overlap(kOne, 1000, 2000));
}

TEST(UploadedRanges, InTheOrderOfAddresses) {
  UploadedRanges ranges;
  for (VkDeviceSize at = 0; at < 100; ++at) ranges.add(at < 50 ? kOne : kTwo, at * 1000, at * 1000 + 4);
  EXPECT_EQ(ranges.size(), 100u);
  for (VkDeviceSize at = 0; at < 100; ++at) {
    EXPECT_EQ(ranges.overlap(kOne, at * 1000, at * 1000 + 1), at < 50);
    EXPECT_EQ(ranges.overlap(kTwo, at * 1000 + 3, at * 1000 + 500), at >= 50);
    EXPECT_FALSE(ranges.overlap(kTwo, at * 1000 + 4, at * 1000 + 500));
  }
}

TEST(UploadedRanges, WordsCloseToEachOtherAreOne) {
  UploadedRanges ranges;
  for (VkDeviceSize at = 0; at < 1000; ++at) ranges.add(kOne, at * 24, at * 24 + 4);
  EXPECT_EQ(ranges.size(), 1u);
  EXPECT_TRUE(ranges.overlap(kOne, 480, 484));
}

TEST(UploadedRanges, PiecesOfOneChangeAreOne) {
  UploadedRanges ranges;
  for (VkDeviceSize at = 0; at < 64; ++at) ranges.add(kOne, at * 4096, (at + 1) * 4096);
  EXPECT_EQ(ranges.size(), 1u);
  ranges.clear();
  EXPECT_FALSE(ranges.overlap(kOne, 0, 4096));
}

}  // namespace
}  // namespace reprise

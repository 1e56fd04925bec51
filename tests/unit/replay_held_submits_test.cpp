// HeldSubmits: what may be issued where queues of the program's are one.
#include <gtest/gtest.h>

#include "replay/held_submits.h"

namespace reprise {
namespace {

constexpr uint64_t kTimeline = 1, kBinary = 2, kQueueA = 10, kQueueB = 11, kQueueC = 12;

SubmitBatch batch(std::vector<SemaphoreValue> waits, std::vector<SemaphoreValue> signals) {
  return {std::move(waits), std::move(signals)};
}

class HeldSubmitsTest : public testing::Test {
 protected:
  HeldSubmitsTest() { held.createdTimeline(kTimeline, 0); }
  size_t ready(const std::vector<SubmitBatch>& batches) { return held.ready(batches); }
  // The number of the call that goes on, 0 for none.
  uint64_t next() {
    const auto [one, count] = held.next();
    if (!one) return 0;
    const uint64_t number = one->call.event().call_number;
    const std::vector<SubmitBatch> issued(one->batches.begin() + long(one->issued),
                                          one->batches.begin() + long(one->issued + count));
    held.issued(issued);
    held.wentOn(one, count);
    return number;
  }
  void hold(uint64_t call, uint64_t queue, std::vector<SubmitBatch> batches, size_t issued = 0) {
    Event event;
    event.call_number = call;
    held.hold(event, queue, std::move(batches), issued);
  }

  HeldSubmits held;
};

TEST_F(HeldSubmitsTest, ASignalInSightIsEnough) {
  EXPECT_EQ(ready({batch({{kTimeline, 1}}, {})}), 0u);
  held.signalled({kTimeline, 2});
  EXPECT_EQ(ready({batch({{kTimeline, 1}}, {}), batch({{kTimeline, 3}}, {})}), 1u);
  EXPECT_EQ(ready({batch({}, {{kTimeline, 3}}), batch({{kTimeline, 3}}, {})}), 2u);
  EXPECT_EQ(ready({batch({{kBinary, 0}}, {})}), 1u);  // its signal came before it, or it is nobody's
}

TEST_F(HeldSubmitsTest, BatchesGoOnOneAfterTheOtherAcrossQueues) {
  hold(1, kQueueA, {batch({{kTimeline, 1}}, {{kTimeline, 2}}), batch({{kTimeline, 3}}, {{kTimeline, 4}})});
  hold(2, kQueueB, {batch({{kTimeline, 2}}, {{kTimeline, 3}})});
  EXPECT_EQ(next(), 0u);
  held.signalled({kTimeline, 1});
  EXPECT_EQ(next(), 1u);
  EXPECT_TRUE(held.waits(kQueueA));
  EXPECT_EQ(next(), 2u);
  EXPECT_EQ(next(), 1u);
  EXPECT_FALSE(held.any());
}

TEST_F(HeldSubmitsTest, WhatFollowsOnItsQueueStaysBehind) {
  hold(1, kQueueA, {batch({{kTimeline, 1}}, {})});
  EXPECT_TRUE(held.waits(kQueueA));
  EXPECT_FALSE(held.waits(kQueueB));
  hold(2, kQueueA, {});
  hold(3, kQueueA, {batch({}, {})});
  EXPECT_EQ(next(), 0u);
  held.signalled({kTimeline, 1});
  EXPECT_EQ(next(), 1u);
  EXPECT_EQ(next(), 2u);
  EXPECT_EQ(next(), 3u);
}

TEST_F(HeldSubmitsTest, ABinarySemaphoreThatAHeldSubmitSignals) {
  hold(1, kQueueA, {batch({{kTimeline, 1}}, {{kBinary, 0}})});
  EXPECT_EQ(ready({batch({{kBinary, 0}}, {})}), 0u);
  hold(2, kQueueB, {batch({{kBinary, 0}}, {})});
  // Signalled once more later: that is no reason to wait for.
  hold(3, kQueueC, {batch({{kTimeline, 1}}, {{kBinary, 0}})});
  held.signalled({kTimeline, 1});
  EXPECT_EQ(next(), 1u);
  EXPECT_EQ(next(), 2u);
  EXPECT_EQ(next(), 3u);
}

TEST_F(HeldSubmitsTest, ADestroyedSemaphoreMayComeBackAsABinaryOne) {
  held.destroyed(kTimeline);
  EXPECT_EQ(ready({batch({{kTimeline, 9}}, {})}), 1u);
}

}  // namespace
}  // namespace reprise

// Queue families and queues of another device: which stand for the captured ones.
#include <gtest/gtest.h>

#include <array>

#include "replay/queues.h"

namespace reprise {
namespace {

constexpr VkQueueFlags kG = VK_QUEUE_GRAPHICS_BIT, kC = VK_QUEUE_COMPUTE_BIT, kT = VK_QUEUE_TRANSFER_BIT,
                       kS = VK_QUEUE_SPARSE_BINDING_BIT, kDecode = VK_QUEUE_VIDEO_DECODE_BIT_KHR;

// As one discrete GPU and one software driver have them.
const std::vector<QueueFamily> kMany = {
    {kG | kC | kT | kS, 16, 64}, {kT | kS, 2, 64}, {kC | kT | kS, 8, 64}, {kT | kS | kDecode, 1, 32}};
const std::vector<QueueFamily> kOne = {{kG | kC | kT, 1, 64}};

using Map = std::vector<uint32_t>;

TEST(MapFamilies, TheSameDeviceKeepsEachFamily) {
  EXPECT_EQ(mapFamilies(kMany, kMany), (Map{0, 1, 2, 3}));
  EXPECT_EQ(mapFamilies(kOne, kOne), (Map{0}));
}

TEST(MapFamilies, AllOnTheOnlyOne) { EXPECT_EQ(mapFamilies(kMany, kOne), (Map{0, 0, 0, 0})); }

TEST(MapFamilies, TheOneWithFewestAbilitiesBeside) {
  const std::vector<QueueFamily> live = {{kT, 1, 64}, {kG | kC, 1, 64}, {kC, 4, 64}};
  EXPECT_EQ(mapFamilies(std::vector<QueueFamily>{{kC | kT, 1, 64}, {kG | kC | kT, 1, 64}, {kT, 1, 64}}, live),
            (Map{2, 1, 0}));
}

TEST(MapFamilies, GraphicsAndComputeCopyEvenWhereTheyDoNotSaySo) {
  EXPECT_EQ(mapFamilies(std::vector<QueueFamily>{{kT, 1, 64}}, std::vector<QueueFamily>{{kG, 1, 64}}),
            (Map{0}));
}

TEST(MapFamilies, WithoutGraphicsNothingStandsForGraphics) {
  const std::vector<QueueFamily> live = {{kC | kT, 1, 64}, {kG, 0, 64}};
  EXPECT_EQ(mapFamilies(kMany, live), (Map{kNoFamily, 0, 0, 0}));
}

TEST(MapFamilies, AClockIsWorthMoreThanAnIndex) {
  const std::vector<QueueFamily> live = {{kG | kC | kT, 1, 0}, {kG | kC | kT, 1, 36}};
  EXPECT_EQ(mapFamilies(kOne, live), (Map{1}));
  EXPECT_EQ(mapFamilies(std::vector<QueueFamily>{{kG, 1, 0}}, live), (Map{0}));
}

TEST(FamilyMap, MergedAreThoseThatEndOnOne) {
  const FamilyMap map(kMany, kOne);
  EXPECT_TRUE(map.changes() && map.anyMerged() && map.merged(0, 2));
  EXPECT_FALSE(map.merged(1, 1) || map.merged(0, VK_QUEUE_FAMILY_EXTERNAL));
  EXPECT_EQ(map.liveOf(VK_QUEUE_FAMILY_IGNORED), VK_QUEUE_FAMILY_IGNORED);
  EXPECT_EQ(map.liveOf(VK_QUEUE_FAMILY_FOREIGN_EXT), VK_QUEUE_FAMILY_FOREIGN_EXT);
  const FamilyMap same(kMany, kMany);
  EXPECT_FALSE(same.changes() || same.anyMerged());
  EXPECT_FALSE(FamilyMap().changes());
}

VkDeviceQueueCreateInfo queues(uint32_t family, uint32_t count, const float* priorities) {
  return {VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, nullptr, 0, family, count, priorities};
}

TEST(QueuePlan, QueuesOfMergedFamiliesLieSideBySide) {
  const std::array<float, 2> low = {0.1f, 0.2f}, high = {0.8f, 0.9f};
  const std::array infos = {queues(0, 2, low.data()), queues(2, 2, high.data())};
  const std::vector<QueueFamily> live = {{kG | kC | kT, 4, 64}};
  const QueuePlan plan(infos, FamilyMap(kMany, live), live);
  ASSERT_EQ(plan.groups().size(), 1u);
  EXPECT_EQ(plan.groups()[0].priorities, (std::vector<float>{0.1f, 0.2f, 0.8f, 0.9f}));
  EXPECT_FALSE(plan.sharesQueues());
  EXPECT_EQ(plan.placeOf(0, 0, 1).index, 1u);
  EXPECT_EQ(plan.placeOf(2, 0, 0).index, 2u);
  EXPECT_EQ(plan.placeOf(2, 0, 1).index, 3u);
}

TEST(QueuePlan, TooFewQueuesAreShared) {
  const std::array<float, 2> priorities = {1, 1};
  const std::array infos = {queues(0, 2, priorities.data()), queues(1, 1, priorities.data())};
  const QueuePlan plan(infos, FamilyMap(kMany, kOne), kOne);
  ASSERT_EQ(plan.groups().size(), 1u);
  EXPECT_EQ(plan.groups()[0].priorities.size(), 1u);
  EXPECT_TRUE(plan.sharesQueues() && plan.complete());
  for (const auto& [family, index] : {std::pair{0u, 0u}, {0u, 1u}, {1u, 0u}}) {
    EXPECT_EQ(plan.placeOf(family, 0, index).family, 0u);
    EXPECT_EQ(plan.placeOf(family, 0, index).index, 0u);
  }
}

TEST(QueuePlan, OtherFlagsNeedQueuesOfTheirOwn) {
  const float priority = 1;
  std::array infos = {queues(0, 1, &priority), queues(0, 1, &priority)};
  infos[1].flags = VK_DEVICE_QUEUE_CREATE_PROTECTED_BIT;
  EXPECT_FALSE(QueuePlan(infos, FamilyMap(), kOne).complete());
  const QueuePlan plan(infos, FamilyMap(), kMany);
  EXPECT_TRUE(plan.complete());
  EXPECT_EQ(plan.groups().size(), 2u);
  EXPECT_EQ(plan.placeOf(0, VK_DEVICE_QUEUE_CREATE_PROTECTED_BIT, 0).index, 0u);
}

}  // namespace
}  // namespace reprise

// HandleMap: owners, parents, reused and shared values.
#include <gtest/gtest.h>

#include "format/handles.h"

namespace reprise {
namespace {

constexpr auto kDevice = HandleKind::kVkDevice;
constexpr auto kPool = HandleKind::kVkCommandPool;
constexpr auto kCommands = HandleKind::kVkCommandBuffer;
constexpr auto kImage = HandleKind::kVkImage;
constexpr auto kBuffer = HandleKind::kVkBuffer;

class HandleMapTest : public testing::Test {
 protected:
  uint64_t live(HandleKind kind, HandleMap::Id owner, uint64_t captured) const {
    const HandleMap::Id id = map.find(kind, owner, captured);
    return id ? map.at(id).live : 0;
  }
  HandleMap map;
  HandleMap::Id device = map.add(kDevice, HandleMap::kNone, 1, 1001, HandleMap::kNone);
  HandleMap::Id other = map.add(kDevice, HandleMap::kNone, 2, 1002, HandleMap::kNone);
};

TEST_F(HandleMapTest, OneValueMeansAnotherObjectInAnotherDeviceOrOfAnotherType) {
  map.add(kImage, device, 7, 100, device);
  map.add(kImage, other, 7, 200, other);
  map.add(kBuffer, device, 7, 300, device);
  EXPECT_EQ(live(kImage, device, 7), 100u);
  EXPECT_EQ(live(kImage, other, 7), 200u);
  EXPECT_EQ(live(kBuffer, device, 7), 300u);
  EXPECT_EQ(live(kBuffer, other, 7), 0u);
  EXPECT_EQ(map.duplicates(), 0u);
}

TEST_F(HandleMapTest, TheVersionChangesWithDispatchableObjectsOnly) {
  const uint64_t before = map.dispatchableVersion();
  map.drop(map.add(kImage, device, 7, 100, device));
  EXPECT_EQ(map.dispatchableVersion(), before);
  const HandleMap::Id pool = map.add(kPool, device, 8, 800, device);
  map.add(kCommands, device, 9, 900, pool);
  const uint64_t with_commands = map.dispatchableVersion();
  EXPECT_NE(with_commands, before);
  map.drop(pool);
  EXPECT_NE(map.dispatchableVersion(), with_commands);
}

TEST_F(HandleMapTest, DispatchableHandlesNeedNoOwner) {
  map.add(kCommands, device, 9, 900, device);
  EXPECT_EQ(live(kCommands, HandleMap::kNone, 9), 900u);
  EXPECT_EQ(live(kCommands, other, 9), 900u);
}

TEST_F(HandleMapTest, DroppingAPoolDropsItsCommandBuffersSoThatTheirValuesMayComeAgain) {
  const auto pool = map.add(kPool, device, 5, 50, device);
  map.add(kCommands, device, 9, 900, pool);
  map.add(kCommands, device, 10, 901, pool);
  map.add(kImage, device, 9, 77, device);
  map.drop(pool);
  EXPECT_EQ(live(kPool, device, 5), 0u);
  EXPECT_EQ(live(kCommands, device, 9), 0u);
  EXPECT_EQ(live(kCommands, device, 10), 0u);
  EXPECT_EQ(live(kImage, device, 9), 77u);
  const auto next = map.add(kPool, device, 5, 51, device);
  map.add(kCommands, device, 9, 910, next);
  EXPECT_EQ(live(kCommands, device, 9), 910u);
  EXPECT_EQ(map.duplicates(), 0u);
}

TEST_F(HandleMapTest, DroppingADeviceDropsAllLevelsBelowIt) {
  const auto pool = map.add(kPool, device, 5, 50, device);
  map.add(kCommands, device, 9, 900, pool);
  map.add(kImage, other, 3, 30, other);
  map.drop(device);
  EXPECT_EQ(map.size(), 2u);
  EXPECT_EQ(live(kImage, other, 3), 30u);
}

TEST_F(HandleMapTest, AResetPoolLosesItsChildrenButLives) {
  const auto pool = map.add(kPool, device, 5, 50, device);
  map.add(kCommands, device, 9, 900, pool);
  map.dropChildren(pool);
  EXPECT_EQ(live(kPool, device, 5), 50u);
  EXPECT_EQ(live(kCommands, device, 9), 0u);
}

TEST_F(HandleMapTest, OfTwoLiveObjectsWithOneValueTheNewestIsMeant) {
  const auto first = map.add(kImage, device, 7, 100, device);
  const auto second = map.add(kImage, device, 7, 101, device);
  const auto third = map.add(kImage, device, 7, 102, device);
  EXPECT_EQ(map.duplicates(), 2u);
  EXPECT_EQ(live(kImage, device, 7), 102u);
  map.drop(second);
  EXPECT_EQ(live(kImage, device, 7), 102u);
  map.drop(third);
  EXPECT_EQ(live(kImage, device, 7), 100u);
  map.drop(first);
  EXPECT_EQ(live(kImage, device, 7), 0u);
}

TEST_F(HandleMapTest, ThousandsOfObjectsInAnyOrder) {
  std::vector<HandleMap::Id> ids;
  for (uint64_t i = 0; i < 5000; ++i)
    ids.push_back(map.add(kImage, i % 2 ? device : other, i / 2, i + 1, i % 2 ? device : other));
  for (size_t i = 0; i < ids.size(); i += 3) map.drop(ids[i]);
  for (uint64_t i = 0; i < 5000; ++i)
    EXPECT_EQ(live(kImage, i % 2 ? device : other, i / 2), i % 3 == 0 ? 0 : i + 1);
  map.drop(device);
  map.drop(other);
  EXPECT_EQ(map.size(), 0u);
}

}  // namespace
}  // namespace reprise

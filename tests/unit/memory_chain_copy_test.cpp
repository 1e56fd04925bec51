// ChainCopy: a changed node, copies of those before it, and the program's own behind it.
#include <gtest/gtest.h>

#include "capture/chain_copy.h"

namespace reprise::capture {
namespace {

constexpr auto kFlags = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO;

class ChainCopyTest : public testing::Test {
 protected:
  VkMemoryPriorityAllocateInfoEXT last{VK_STRUCTURE_TYPE_MEMORY_PRIORITY_ALLOCATE_INFO_EXT, nullptr, 0.5f};
  VkMemoryAllocateFlagsInfo flags{kFlags, &last, 2, 7};
  VkMemoryDedicatedAllocateInfo first{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, &flags};
  const void* next = &first;
  ChainCopy copies;
};

TEST_F(ChainCopyTest, CopiesUpToTheChangedNode) {
  auto* changed = static_cast<VkMemoryAllocateFlagsInfo*>(copies.change(next, kFlags));
  ASSERT_NE(changed, nullptr);
  EXPECT_NE(changed, &flags);
  changed->flags |= 4;
  EXPECT_EQ(flags.flags, 2u) << "the program's own";
  EXPECT_EQ(changed->deviceMask, 7u);
  EXPECT_EQ(changed->pNext, &last) << "what follows is the program's";
  const auto* before = static_cast<const VkMemoryDedicatedAllocateInfo*>(next);
  EXPECT_NE(before, &first);
  EXPECT_EQ(before->pNext, changed);
  EXPECT_EQ(first.pNext, &flags);
}

TEST_F(ChainCopyTest, ASecondChangeKeepsTheFirst) {
  void* const changed = copies.change(next, kFlags);
  const void* const before = next;
  EXPECT_EQ(copies.change(next, VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO), before);
  void* const behind = copies.change(next, VK_STRUCTURE_TYPE_MEMORY_PRIORITY_ALLOCATE_INFO_EXT);
  ASSERT_NE(behind, nullptr);
  EXPECT_EQ(next, before);
  EXPECT_EQ(static_cast<VkMemoryAllocateFlagsInfo*>(changed)->pNext, behind);
}

TEST_F(ChainCopyTest, NothingIsChangedBehindAnUnknownNode) {
  first.sType = VkStructureType(0x7ffffff0);
  EXPECT_EQ(copies.change(next, kFlags), nullptr);
  EXPECT_EQ(next, &first);
  EXPECT_EQ(copies.change(next, VK_STRUCTURE_TYPE_APPLICATION_INFO), nullptr);
}

}  // namespace
}  // namespace reprise::capture

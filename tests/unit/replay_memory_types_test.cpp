// chooseMemoryType: the memory of one machine for the types of another.
#include <gtest/gtest.h>

#include "replay/memory.h"

namespace reprise {
namespace {

constexpr VkMemoryPropertyFlags kDevice = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
constexpr VkMemoryPropertyFlags kHost = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT;
constexpr VkMemoryPropertyFlags kCoherent = VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
constexpr VkMemoryPropertyFlags kCached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
constexpr VkMemoryPropertyFlags kLazy = VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT;
constexpr VkMemoryPropertyFlags kProtected = VK_MEMORY_PROPERTY_PROTECTED_BIT;

VkPhysicalDeviceMemoryProperties machine(std::initializer_list<VkMemoryPropertyFlags> types) {
  VkPhysicalDeviceMemoryProperties made{};
  for (const VkMemoryPropertyFlags flags : types)
    made.memoryTypes[made.memoryTypeCount++].propertyFlags = flags;
  return made;
}

TEST(MemoryTypes, TheSamePropertiesWin) {
  const auto types =
      machine({kDevice, kHost | kCoherent, kHost | kCoherent | kCached, kDevice | kHost | kCoherent});
  EXPECT_EQ(chooseMemoryType(types, ~0u, kDevice, 0), 0u);
  EXPECT_EQ(chooseMemoryType(types, ~0u, kHost | kCoherent, kHost), 1u);
  EXPECT_EQ(chooseMemoryType(types, ~0u, kHost | kCoherent | kCached, kHost), 2u);
  EXPECT_EQ(chooseMemoryType(types, ~0u, kDevice | kHost | kCoherent, kHost), 3u);
}

TEST(MemoryTypes, OneTypeThatIsEverythingServesAll) {
  const auto types = machine({kDevice | kHost | kCoherent | kCached});
  for (const VkMemoryPropertyFlags wanted : {kDevice, kHost | kCoherent, kHost | kCached})
    EXPECT_EQ(chooseMemoryType(types, ~0u, wanted, wanted & kHost), 0u);
}

TEST(MemoryTypes, WhatTheHostWroteMustStayVisibleToIt) {
  const auto types = machine({kDevice, kHost | kCoherent});
  EXPECT_EQ(chooseMemoryType(types, ~0u, kDevice | kHost | kCoherent, kHost), 1u);
  EXPECT_EQ(chooseMemoryType(types, 1u, kDevice | kHost | kCoherent, kHost), UINT32_MAX);
}

TEST(MemoryTypes, TheResourceAllowsOnlySome) {
  const auto types = machine({kDevice, kDevice, kHost | kCoherent});
  EXPECT_EQ(chooseMemoryType(types, 0b010, kDevice, 0), 1u);
  EXPECT_EQ(chooseMemoryType(types, 0b100, kDevice, 0), 2u);
  EXPECT_EQ(chooseMemoryType(types, 0, kDevice, 0), UINT32_MAX);
}

TEST(MemoryTypes, LazyAndProtectedMemoryOnlyWhereItWasAskedFor) {
  const auto types = machine({kDevice | kLazy, kDevice | kProtected, kHost, kDevice | kCached});
  EXPECT_EQ(chooseMemoryType(types, ~0u, kDevice, 0), 3u);
  EXPECT_EQ(chooseMemoryType(types, ~0u, kDevice | kLazy, 0), 0u);
  EXPECT_EQ(chooseMemoryType(types, 0b0001, kDevice, 0), 0u);
}

}  // namespace
}  // namespace reprise

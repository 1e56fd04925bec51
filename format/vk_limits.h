// The device limits that decide whether a trace can be played elsewhere: those that a program asks for and
// then keeps to by itself, so that the call which would break another device's limit is in the trace.
//
// A device's metadata holds them by these names. Constant data. Rests on: Vulkan specification, "Limits".
#pragma once

#include "format/vk.h"

namespace reprise {

struct LimitRow {
  const char* name;  // the member's
  uint64_t (*of)(const VkPhysicalDeviceLimits& limits);
  bool is_alignment;  // offsets are multiples of it; else values are at most it
};

#define REPRISE_LIMIT(member, is_alignment)                                                             \
  {                                                                                                     \
#member, [](const VkPhysicalDeviceLimits& limits) { return uint64_t(limits.member); }, is_alignment \
  }
inline constexpr LimitRow kLimitRows[] = {
    REPRISE_LIMIT(minUniformBufferOffsetAlignment, true),
    REPRISE_LIMIT(minStorageBufferOffsetAlignment, true),
    REPRISE_LIMIT(minTexelBufferOffsetAlignment, true),
    REPRISE_LIMIT(maxPushConstantsSize, false),
    REPRISE_LIMIT(maxBoundDescriptorSets, false),
    REPRISE_LIMIT(maxImageDimension2D, false),
};
#undef REPRISE_LIMIT

}  // namespace reprise

// The constants that Encoder and Decoder share: how arguments lie in a record. FORMAT.md, section "Arguments".
#pragma once

#include <cstdint>

#include "format/vk.h"

namespace reprise {

inline constexpr uint32_t kChainEnd = 0xffffffff;    // in the place of a node's sType
inline constexpr uint32_t kChainHole = 0xffffffff;   // in the place of a node's length: its struct is unknown
inline constexpr uint32_t kNullString = 0xffffffff;  // in the place of a string's length
inline constexpr int kMaxDepth = 64;                 // structs within structs

// What stands in the place of a pointer. kWithoutValue: it was there, what it points to means nothing yet.
enum Presence : uint8_t { kNull = 0, kInline = 1, kBulk = 2, kWithoutValue = 3 };

// A node that stands in a decoded chain for a struct that was not recorded, or that this build does not know.
inline constexpr VkStructureType kHoleNodeType = VkStructureType(0x7ffffff0);
struct HoleNode {
  VkStructureType sType = kHoleNodeType;
  const void* pNext = nullptr;
  VkStructureType missing;  // the sType that was there
  uint32_t recorded_bytes;  // 0: a hole of the capture; else the file holds it, but this build cannot read it
};

// The loader's own nodes in create-info chains: no part of what the application asked for.
inline bool isLoaderNode(VkStructureType type) {
  return type == VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO || type == VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO;
}

}  // namespace reprise

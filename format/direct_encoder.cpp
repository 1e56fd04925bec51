#include "format/direct_encoder.h"

namespace reprise {
namespace {

// Null if the struct is not direct or does not fit.
std::byte* encodeNode(VkStructureType type, const void* node, std::byte* cursor, std::byte* limit) {
  DirectEncoder encoder(cursor, limit);
  switch (type) {
#define REPRISE_NODE(stype, Struct)                                       \
  case stype:                                                             \
    encoder.node(*const_cast<Struct*>(static_cast<const Struct*>(node))); \
    break;
    REPRISE_DIRECT_NODES(REPRISE_NODE)
#undef REPRISE_NODE
    default:
      return nullptr;
  }
  return encoder.overflowed() ? nullptr : encoder.cursor();
}

}  // namespace

std::byte* encodeChainDirectly(const void* next, std::byte* cursor, std::byte* limit) {
  for (auto* node = static_cast<const VkBaseInStructure*>(next); node; node = node->pNext) {
    if (isLoaderNode(node->sType)) continue;
    const uint32_t type = node->sType;
    uint32_t length = 0;
    constexpr size_t kHead = sizeof type + sizeof length;
    if (cursor > limit || size_t(limit - cursor) < kHead) return nullptr;
    std::byte* const end = encodeNode(node->sType, node, cursor + kHead, limit);
    if (end == nullptr) return nullptr;
    length = uint32_t(end - cursor - kHead);
    std::memcpy(cursor, &type, sizeof type);
    std::memcpy(cursor + sizeof type, &length, sizeof length);
    cursor = end;
  }
  // The end's room is the caller's: its struct's own.
  std::memcpy(cursor, &kChainEnd, sizeof kChainEnd);
  return cursor + sizeof kChainEnd;
}

}  // namespace reprise

#include "format/decoder.h"

namespace reprise {

std::string Decoder::complaint() const {
  if (ok()) return std::to_string(remaining()) + " bytes are left over after the last argument";
  return std::string(error()) + " (at byte " + std::to_string(offset()) + " of the arguments)";
}

void Decoder::string(const Field&, const char*& s) {
  uint32_t n = kNullString;
  take(n);
  s = nullptr;
  if (n == kNullString || !ok()) return;
  const std::byte* p = raw(n);
  char* copy = p ? arena_.allocateArray<char>(size_t(n) + 1) : nullptr;
  if (copy != nullptr) std::memcpy(copy, p, n);
  s = copy;
}

void Decoder::wstring(const Field&, const uint16_t*& s) {
  uint32_t n = kNullString;
  take(n);
  s = nullptr;
  if (n == kNullString || !ok()) return;
  if (n > remaining() / 2) return fail("a wide string is longer than the arguments that remain");
  const std::byte* p = raw(size_t(n) * 2);
  auto* copy = p ? arena_.allocateArray<uint16_t>(size_t(n) + 1) : nullptr;
  if (copy != nullptr) std::memcpy(copy, p, size_t(n) * 2);
  s = copy;
}

void Decoder::bytes(const Field&, void*& p, size_t n) {
  uint8_t presence = kNull;
  take(presence);
  p = nullptr;
  if (!ok() || presence == kNull) return;
  if (presence == kInline) {
    const std::byte* from = raw(n);
    if (from == nullptr) return;
    p = arena_.allocate(n ? n : 1);  // aligned, as the driver may expect of words
    if (p != nullptr) std::memcpy(p, from, n);
    return;
  }
  uint32_t index = 0;
  take(index);
  if (presence != kBulk || index >= bulks_.size()) return fail("a byte range names bulk data that is not there");
  if (bulks_[index].size() != n) return fail("bulk data has another size than its call says");
  p = arena_.allocate(n);
  if (p == nullptr) return fail("out of memory");
  std::memcpy(p, bulks_[index].data(), n);
}

// Nodes in the file's order. One that this build cannot read is kept as a HoleNode, at its place.
void* Decoder::chain() {
  void* first = nullptr;
  void** link = &first;
  while (ok()) {
    uint32_t word = kChainEnd;
    take(word);
    if (word == kChainEnd) break;
    const auto type = VkStructureType(word);
    uint32_t length = 0;
    take(length);
    const size_t size = structSize(type);
    const bool hole = length == kChainHole || size == 0;
    if (length != kChainHole && length > remaining()) fail("a pNext node is longer than the arguments that remain");
    if (!ok()) break;
    void* node = arena_.allocate(hole ? sizeof(HoleNode) : size);
    if (node == nullptr) {
      fail("out of memory");
      break;
    }
    const bool unwanted = filter_ != nullptr && !filter_->keep(filter_->self, type);
    if ((hole || unwanted) && holes_ == Holes::kLeaveOut) {
      if (length != kChainHole) raw(length);
      continue;
    }
    if (hole) {
      *static_cast<HoleNode*>(node) = {kHoleNodeType, nullptr, type, length == kChainHole ? 0 : length};
      if (length != kChainHole) raw(length);
    } else {
      static_cast<VkBaseOutStructure*>(node)->sType = type;
      const std::byte* after = cursor_ + length;
      visitNode(*this, type, node);
      in_node_ = false;
      if (ok() && cursor_ != after) fail("a pNext node has another length than its members");
    }
    *link = node;
    link = reinterpret_cast<void**>(&static_cast<VkBaseOutStructure*>(node)->pNext);
  }
  return first;
}

}  // namespace reprise

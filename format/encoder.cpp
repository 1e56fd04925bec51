#include "format/encoder.h"

namespace reprise {

bool GrowingBuffer::grow(size_t needed) {
  size_t capacity = capacity_ ? capacity_ : 4096;
  while (capacity < needed) capacity *= 2;
  auto* data = static_cast<std::byte*>(std::realloc(data_, capacity));
  if (data == nullptr) return false;
  data_ = data;
  capacity_ = capacity;
  return true;
}

bool Encoder::makeRoom(size_t n) {
  if (buffer_ == nullptr || overflowed_) {
    overflowed_ = true;
    end_ = cursor_;  // nothing more is written: what follows would not be in its place
    return n == 0;
  }
  const size_t used = size();
  if (!buffer_->grow(used + n)) {
    overflowed_ = true;
    return false;
  }
  begin_ = buffer_->data();
  cursor_ = begin_ + used;
  end_ = begin_ + buffer_->capacity();
  return true;
}

// Nodes in the application's order: sType, length of what follows, members. An unknown sType leaves a marked hole.
void Encoder::chain(void* next) {
  for (auto* node = static_cast<VkBaseOutStructure*>(next); node; node = node->pNext) {
    if (isLoaderNode(node->sType)) continue;
    const bool hole = node->sType == kHoleNodeType;  // of a decoded chain: it stays the hole that it was
    put(uint32_t(hole ? reinterpret_cast<HoleNode*>(node)->missing : node->sType));
    const size_t length_at = size();
    put(kChainHole);
    if (!visitNode(*this, node->sType, node)) {
      if (sink_.unknownStruct) sink_.unknownStruct(sink_.self, node->sType);
      else if (!buffer_) overflowed_ = true;  // the slow path has a sink to tell it to
      continue;
    }
    if (overflowed_) return;
    const uint32_t length = uint32_t(size() - length_at - sizeof length);
    std::memcpy(begin_ + length_at, &length, sizeof length);
  }
  put(kChainEnd);
}

}  // namespace reprise

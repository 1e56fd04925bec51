#include "format/trace_format.h"

#include <xxhash.h>

namespace reprise {

namespace {
constexpr size_t kCheckedBytes = 44;  // of the block header, before its own check
}

uint64_t checksumOf(std::span<const std::byte> bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

std::vector<std::byte> encodeFileStart(std::span<const std::byte> header, uint16_t version_minor) {
  std::vector<std::byte> bytes;
  appendBytes(bytes, std::as_bytes(std::span(kFileMagic)));
  appendLe(bytes, kVersionMajor);
  appendLe(bytes, version_minor);
  appendLe(bytes, static_cast<uint32_t>(header.size()));
  appendLe(bytes, checksumOf(header));
  appendBytes(bytes, header);
  return bytes;
}

std::vector<std::byte> encodeFileEnd(uint64_t index_offset) {
  std::vector<std::byte> bytes;
  appendLe(bytes, index_offset);
  appendLe(bytes, checksumOf(bytes));
  appendBytes(bytes, std::as_bytes(std::span(kEndMagic)));
  return bytes;
}

std::array<std::byte, kBlockHeaderBytes> encodeBlockHeader(const BlockHeader& header) {
  std::array<std::byte, kBlockHeaderBytes> bytes{};
  storeLe(bytes.data(), kBlockMarker);
  storeLe(bytes.data() + 8, static_cast<uint16_t>(header.kind));
  storeLe(bytes.data() + 12, header.lane);
  storeLe(bytes.data() + 16, header.first_order);
  storeLe(bytes.data() + 24, header.first_number);
  storeLe(bytes.data() + 32, header.count);
  storeLe(bytes.data() + 36, header.raw_bytes);
  storeLe(bytes.data() + 40, header.stored_bytes);
  storeLe(bytes.data() + 44, static_cast<uint32_t>(checksumOf({bytes.data(), kCheckedBytes})));
  storeLe(bytes.data() + 48, header.checksum);
  return bytes;
}

std::optional<BlockHeader> decodeBlockHeader(std::span<const std::byte, kBlockHeaderBytes> bytes) {
  if (loadLe<uint64_t>(bytes.data()) != kBlockMarker) return std::nullopt;
  auto check = static_cast<uint32_t>(checksumOf(bytes.first<kCheckedBytes>()));
  if (loadLe<uint32_t>(bytes.data() + kCheckedBytes) != check) return std::nullopt;
  BlockHeader header;
  header.kind = static_cast<BlockKind>(loadLe<uint16_t>(bytes.data() + 8));
  header.lane = loadLe<uint32_t>(bytes.data() + 12);
  header.first_order = loadLe<uint64_t>(bytes.data() + 16);
  header.first_number = loadLe<uint64_t>(bytes.data() + 24);
  header.count = loadLe<uint32_t>(bytes.data() + 32);
  header.raw_bytes = loadLe<uint32_t>(bytes.data() + 36);
  header.stored_bytes = loadLe<uint32_t>(bytes.data() + 40);
  header.checksum = loadLe<uint64_t>(bytes.data() + 48);
  return header;
}

void applyDelta4(std::span<std::byte> bytes) {
  for (size_t i = bytes.size(); i-- > 4;) {
    bytes[i] = static_cast<std::byte>(static_cast<uint8_t>(bytes[i]) - static_cast<uint8_t>(bytes[i - 4]));
  }
}

void undoDelta4(std::span<std::byte> bytes) {
  for (size_t i = 4; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(static_cast<uint8_t>(bytes[i]) + static_cast<uint8_t>(bytes[i - 4]));
  }
}

const char* blockKindName(BlockKind kind) {
  switch (kind) {
    case BlockKind::kCalls:
      return "calls";
    case BlockKind::kMemory:
      return "memory";
    case BlockKind::kBulk:
      return "bulk";
    case BlockKind::kWatermark:
      return "watermark";
    case BlockKind::kInitialState:
      return "initial state";
    case BlockKind::kMetadata:
      return "metadata";
    case BlockKind::kAnnotation:
      return "annotation";
    case BlockKind::kNames:
      return "names";
    case BlockKind::kIndex:
      return "index";
  }
  return nullptr;
}

}  // namespace reprise

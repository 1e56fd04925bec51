#include "format/bulk_cache.h"

#include <xxhash.h>

#include <algorithm>
#include <string>

namespace reprise {

namespace {
constexpr size_t kKeptBlocks = 16;
}  // namespace

BulkCache::~BulkCache() {
  for (const auto& block : blocks_) source_.release(block->raw.size());
}

Result<std::span<const std::byte>> BulkCache::get(uint32_t number, uint64_t offset) {
  Result<Block*> found = blockOf(number, offset);
  if (!found) return found.status();
  Block& block = **found;
  block.last_use = ++uses_;
  Item& item = block.items[number - block.first_number];
  std::span<const std::byte> bytes = std::span(block.raw).subspan(item.begin, item.size);
  if (!item.checked) {
    XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
    const std::byte* stored = block.raw.data() + item.begin - kBulkItemHeaderBytes;
    if (hash.low64 != loadLe<uint64_t>(stored) || hash.high64 != loadLe<uint64_t>(stored + 8)) {
      return source_.damaged(offset,
                             "bulk item " + std::to_string(number) + " does not match its content hash");
    }
    item.checked = true;
  }
  return bytes;
}

Result<BulkCache::Block*> BulkCache::blockOf(uint32_t number, uint64_t offset) {
  for (const auto& block : blocks_) {
    if (number >= block->first_number && number - block->first_number < block->items.size())
      return block.get();
  }
  const auto& list = contents_.bulk_blocks;
  auto after = std::upper_bound(list.begin(), list.end(), number, [&](uint32_t value, uint32_t position) {
    return value < contents_.blocks[position].header.first_number;
  });
  std::string missing =
      "bulk item " + std::to_string(number) + " is named here, but the file does not hold it";
  if (after == list.begin()) return source_.damaged(offset, missing);
  const BlockPlace& place = contents_.blocks[*std::prev(after)];
  auto block = std::make_unique<Block>();
  block->first_number = place.header.first_number;
  if (Status status = source_.load(place, block->raw); !status.isOk()) return status;
  if (Status status = readItems(*block, place.offset); !status.isOk()) return status;
  if (number - block->first_number >= block->items.size()) return source_.damaged(offset, missing);
  if (Status status = source_.reserve(block->raw.size(), place.offset); !status.isOk()) return status;
  blocks_.push_back(std::move(block));
  return blocks_.back().get();
}

Status BulkCache::readItems(Block& block, uint64_t offset) const {
  ByteReader reader(block.raw);
  while (reader.remaining() > 0) {
    reader.take(kBulkItemHeaderBytes - sizeof(uint32_t));
    auto size = reader.get<uint32_t>();
    bool delta = (size & kItemDelta4) != 0;
    size &= ~kItemDelta4;
    Item item{reader.position(), size};
    reader.take(size);
    if (!reader.ok()) return source_.damaged(offset, "a bulk item in this block is longer than the block");
    if (delta) undoDelta4(std::span(block.raw).subspan(item.begin, item.size));
    block.items.push_back(item);
  }
  return Status::ok();
}

void BulkCache::trim() {
  while (blocks_.size() > kKeptBlocks) {
    auto oldest = std::min_element(blocks_.begin(), blocks_.end(),
                                   [](const auto& a, const auto& b) { return a->last_use < b->last_use; });
    source_.release((*oldest)->raw.size());
    ahead_.giveBack(std::move((*oldest)->raw));
    blocks_.erase(oldest);
  }
}

}  // namespace reprise

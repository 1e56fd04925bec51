// Bulk bytes by number, out of a few decompressed bulk blocks.
//
// What get() returned stays valid until the next trim(); behind that, the least recently used blocks are
// given up (to `ahead`, which may have been told to hold them). Contents are checked against their stored
// hash. One thread. Source, contents and `ahead` must outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "format/block_ahead.h"
#include "format/block_source.h"
#include "format/trace_contents.h"

namespace reprise {

class BulkCache {
 public:
  BulkCache(BlockSource& source, const TraceContents& contents, BlockAhead& ahead)
      : source_(source), contents_(contents), ahead_(ahead) {}
  ~BulkCache();
  BulkCache(const BulkCache&) = delete;
  BulkCache& operator=(const BulkCache&) = delete;

  // `offset`: of the block that asks, for the error message.
  Result<std::span<const std::byte>> get(uint32_t number, uint64_t offset);
  void trim();

 private:
  struct Item {
    size_t begin, size;
    bool checked = false;
  };
  struct Block {
    uint64_t first_number = 0;
    uint64_t last_use = 0;
    std::vector<std::byte> raw;
    std::vector<Item> items;
  };

  Result<Block*> blockOf(uint32_t number, uint64_t offset);
  Status readItems(Block& block, uint64_t offset) const;

  BlockSource& source_;
  const TraceContents& contents_;
  BlockAhead& ahead_;
  std::vector<std::unique_ptr<Block>> blocks_;
  uint64_t uses_ = 0;
};

}  // namespace reprise

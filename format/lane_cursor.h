// One lane's records, in order, out of its blocks: the mirror image of LaneBlock.
//
// At most one block is decompressed at a time, and none before its first order is due: until then the cursor
// stands before the block (Place::kBlock) and knows only that bound. One thread. Source, contents and `ahead`
// must outlive it; a record's spans are valid until the next advance(), and longer where `ahead` is told to
// hold().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "format/block_ahead.h"
#include "format/block_source.h"
#include "format/file_record.h"
#include "format/trace_contents.h"

namespace reprise {

class LaneCursor {
 public:
  enum class Place { kBlock, kRecord, kEnd };

  LaneCursor(BlockSource& source, TraceContents& contents, BlockAhead& ahead, uint32_t lane,
             const std::vector<uint32_t>& blocks);
  ~LaneCursor();
  LaneCursor(const LaneCursor&) = delete;
  LaneCursor& operator=(const LaneCursor&) = delete;

  Place place() const { return place_; }
  // The merge key of the current record, or a lower bound of the next block's. Never falls.
  uint64_t keyOrder() const { return key_order_; }
  bool keyNoted() const { return key_noted_; }

  const FileRecord& record() const { return record_; }
  uint32_t lane() const { return lane_; }
  uint64_t timeNs() const { return time_ns_; }
  uint64_t blockOffset() const { return block_offset_; }  // in the file, of the current record's block
  uint64_t callsBefore() const { return calls_before_; }  // calls of this lane before the current place

  // From a block to its first record; from a record to the next one, or to the next block, or to the end.
  Status advance();
  // To the first block that can hold a record with an order >= `order`.
  void seek(uint64_t order);
  void seekBlock(size_t block);  // before this one of the lane's blocks

 private:
  struct Provisional {  // a call whose whole record may still follow
    FileRecord record;
    std::vector<std::byte> bytes;
    uint64_t block_offset;
  };

  void standBefore(size_t block);
  Status enterBlock();
  Status nextRecord();
  Status parse();
  Status tooLong() const;
  Status handleProvisional(bool& skip);
  void endOfBlocks();
  void leaveBlock();
  void setKey();

  BlockSource& source_;
  TraceContents& contents_;
  BlockAhead& ahead_;
  const uint32_t lane_;
  const std::vector<uint32_t>& blocks_;
  Place place_ = Place::kEnd;
  size_t next_block_ = 0;
  std::vector<std::byte> raw_;
  uint64_t reserved_ = 0;
  size_t at_ = 0;
  uint64_t block_offset_ = 0;
  uint64_t last_order_ = 0;
  uint64_t key_order_ = 0;
  bool key_noted_ = false;
  uint64_t time_ns_ = 0;
  uint64_t calls_before_ = 0;
  bool current_is_call_ = false;
  FileRecord record_;
  std::vector<Provisional> provisional_;
  uint64_t provisional_bytes_ = 0;
  Provisional tail_;  // the provisional call that record_ describes at the end of the lane
  bool in_tail_ = false;
};

}  // namespace reprise

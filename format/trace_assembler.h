// A `.vkr` file made of records and blocks that someone else arranged: the writer of whoever changes a trace.
//
// begin() starts a block, add() and its like fill it, the next begin() or finish() closes it; blocks stand in
// the file in that order, so the same calls make the same bytes. What follows from the records (counts,
// numbers of items, the index) is counted here unless the plan of a block says otherwise. What a block refers
// to and nobody put before it (a command's name, bulk bytes) goes into a block of its own before it.
// Compresses on threads of its own; one thread calls it. I/O errors are kept: status(), finish(). The file
// stays; who gets an error removes it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "format/block_sink.h"
#include "format/file_record.h"
#include "format/trace_index.h"
#include "format/trace_tally.h"

namespace reprise {

// Contents as bulk numbers them: by hash.
struct BulkHash {
  uint64_t low = 0, high = 0;
  bool operator==(const BulkHash&) const = default;
};
BulkHash bulkHashOf(std::span<const std::byte> bytes);
struct HashOfBulkHash {
  size_t operator()(const BulkHash& hash) const { return hash.low; }
};

struct BlockPlan {
  static constexpr int kUsualLevel = 3;
  BlockKind kind{};
  uint32_t lane = 0;
  int level = kUsualLevel;
  // Where they are not what follows from the records.
  std::optional<uint64_t> first_order, first_number;
  std::optional<uint32_t> count;
};

class TraceAssembler {
 public:
  // `header`: the table of trace.fbs.
  static Result<std::unique_ptr<TraceAssembler>> create(const std::string& path,
                                                        std::span<const std::byte> header,
                                                        uint16_t version_minor);
  TraceAssembler(const TraceAssembler&) = delete;
  TraceAssembler& operator=(const TraceAssembler&) = delete;

  // ---- blocks
  void begin(const BlockPlan& plan);
  void end();
  BlockKind kind() const { return plan_.kind; }  // of the block that is open; 0: none is
  void watermark(uint64_t ticket, int level);
  void addBlock(const BlockHeader& header, std::span<const std::byte> raw, int level);  // as given
  void addBytes(std::span<const std::byte> bytes);                                      // that are no block

  // ---- items of the open block
  void nameCommand(uint16_t id, std::string_view name);
  void nameLane(uint32_t id, uint32_t tid, std::string_view name);
  uint32_t addBulk(std::span<const std::byte> bytes, bool delta4);        // its number
  uint32_t addMetadata(uint32_t kind, std::span<const std::byte> bytes);  // its number
  void add(const FileRecord& record, bool never_returned);
  uint64_t lastOrder() const { return last_order_; }  // of the open block's records

  // ---- what records refer to
  uint16_t commandId(std::string_view name);  // named now if it was not; 0: there are too many
  uint32_t bulkNumber(
      std::span<const std::byte> bytes);  // of the latest item that holds them, or of a new one

  // ---- the end
  // What the index would be. Waits for all blocks.
  Result<std::vector<std::byte>> index();
  Status addIndex(std::span<const std::byte> table, int level);
  void addEnd();  // after addIndex()
  Status finish();
  Status status() const { return sink_->status(); }

 private:
  struct Items {  // of a block that is gathered beside the open one
    RawBytes raw{};
    uint32_t count = 0;
    uint64_t first_number = 0;
  };

  explicit TraceAssembler(std::unique_ptr<BlockSink> sink) : sink_(std::move(sink)) {}
  void closeItems(BlockKind kind, Items& items, int level);
  Items& namesItems();
  void nameItem(Items& items, uint8_t kind, uint32_t id, const uint32_t* tid, std::string_view name);

  std::unique_ptr<BlockSink> sink_;
  TraceTally tally_;
  BlockPlan plan_;
  Items open_;           // raw bytes of the open block
  Items names_, bulks_;  // to go before it
  uint64_t first_order_ = 0;
  uint64_t last_order_ = 0;
  uint64_t names_count_ = 0;
  uint64_t next_bulk_ = 0;
  uint64_t next_metadata_ = 0;
  uint32_t next_command_ = 1;
  uint64_t index_offset_ = 0;
  std::unordered_map<std::string, uint16_t> commands_;
  std::unordered_map<BulkHash, uint32_t, HashOfBulkHash> bulk_numbers_;
};

}  // namespace reprise

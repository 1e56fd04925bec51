// The blocks of a trace as text: a line for the block, then one for each of its records or items.
//
// What import would make of the lines is made at once and compared. One thread's. Source and blobs must
// outlive it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "format/block_ahead.h"
#include "format/bulk_cache.h"
#include "format/trace_contents.h"
#include "format/trace_tally.h"
#include "tools/text/record_text.h"
#include "tools/text/trace_export.h"

namespace reprise {

class BlockText : public TextTables {
 public:
  BlockText(BlockSource& source, const std::optional<TraceIndex>& index, BlobWriter& blobs,
            ExportSummary& summary);

  // Appends the lines of the block. `level`: what makes its stored bytes.
  void append(const BlockPlace& place, std::span<const std::byte> raw, int level, std::string& out);
  // Bytes that belong to no block.
  void appendBytes(std::span<const std::byte> bytes, std::string& out);

  // ---- TextTables
  std::string_view commandName(uint16_t id) override;
  uint16_t commandId(std::string_view name) override;
  Result<std::span<const std::byte>> bulk(uint32_t number) override;
  uint32_t bulkNumber(std::span<const std::byte> bytes) override;
  std::optional<uint32_t> bulkNumberOf(uint64_t text_number) override {
    return static_cast<uint32_t>(text_number);
  }
  std::optional<uint32_t> metadataNumberOf(uint64_t text_number) override {
    return text_number < next_metadata_ ? std::optional(static_cast<uint32_t>(text_number)) : std::nullopt;
  }

 private:
  bool items(const BlockHeader& header, std::span<const std::byte> raw);
  static bool saysFirstOrder(const BlockHeader& header, std::span<const std::byte> raw);
  bool records(const BlockHeader& header, std::span<const std::byte> raw);
  bool record(uint32_t lane, const FileRecord& record, uint64_t last_order);
  bool readsBack(const FileRecord& record, uint64_t last_order, bool never_returned);
  bool names(std::span<const std::byte> raw);
  bool bulks(const BlockHeader& header, std::span<const std::byte> raw);
  bool metadata(std::span<const std::byte> raw);
  void head(const BlockHeader& header, int level, std::string& out);
  void rawBlock(const BlockHeader& header, std::span<const std::byte> raw, int level, std::string& out);
  void indexBlock(const BlockHeader& header, std::span<const std::byte> raw, int level, std::string& out);
  void line();

  TraceContents contents_;  // blocks so far
  BlockAhead ahead_;
  BulkCache bulk_cache_;
  uint64_t offset_ = 0;                                       // of the block at hand
  std::map<uint32_t, std::vector<uint64_t>> never_returned_;  // by lane
  BlobWriter& blobs_;
  ExportSummary& summary_;
  RecordToText to_text_;
  RecordFromText from_text_;
  JsonLine json_;
  std::string body_;  // lines of the block at hand
  std::string line_;
  JsonWriter writer_;
  RawBytes again_;  // what import makes of them
  TraceTally tally_;
  std::map<uint16_t, std::string> names_;
  std::unordered_map<std::string, uint16_t> ids_;
  std::unordered_map<BulkHash, uint32_t, HashOfBulkHash> bulk_numbers_;
  uint64_t next_bulk_ = 0, next_metadata_ = 0, names_count_ = 0;
  uint64_t expected_number_ =
      0;  // of the block at hand: its first_number, if that follows from what came before
};

}  // namespace reprise

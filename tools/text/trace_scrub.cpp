#include "tools/text/trace_scrub.h"

#include <algorithm>
#include <memory>
#include <unordered_map>

#include "format/block_ahead.h"
#include "format/bulk_cache.h"
#include "format/trace_assembler.h"
#include "tools/text/record_text.h"
#include "tools/text/spirv_scrub.h"
#include "tools/text/value_scrub.h"

namespace reprise {
namespace {

constexpr int kLevel = 12;  // of zstd, for all blocks

class Scrubber : public TextTables {
 public:
  Scrubber(BlockSource& source, const ScrubOptions& options)
      : source_(source),
        options_(options),
        ahead_(source, contents_),
        bulk_cache_(source, contents_, ahead_),
        blobs_(""),
        values_(summary_.pseudonyms, options),
        to_text_(*this, blobs_),
        from_text_(*this, blobs_) {}

  Result<ScrubSummary> run(const std::string& out);

  // ---- TextTables
  std::string_view commandName(uint16_t id) override {
    auto found = names_.find(id);
    return found == names_.end() ? std::string_view() : found->second;
  }
  uint16_t commandId(std::string_view name) override { return trace_->commandId(name); }
  Result<std::span<const std::byte>> bulk(uint32_t number) override {
    return bulk_cache_.get(number, offset_);
  }
  uint32_t bulkNumber(std::span<const std::byte> bytes) override;
  std::optional<uint32_t> bulkNumberOf(uint64_t number) override { return static_cast<uint32_t>(number); }
  std::optional<uint32_t> metadataNumberOf(uint64_t number) override { return static_cast<uint32_t>(number); }

 private:
  Status block(const BlockPlace& place);
  void records(const BlockHeader& header);
  void record(uint32_t lane, const FileRecord& record, uint64_t last_order);
  bool changed(const FileRecord& record, uint64_t last_order, bool never_returned);
  bool hasShader(const FileRecord& record);
  bool names();
  bool bulks();
  bool metadata();

  BlockSource& source_;
  const ScrubOptions options_;
  ScrubSummary summary_;
  TraceContents contents_;  // blocks so far
  BlockAhead ahead_;
  BulkCache bulk_cache_;
  BlobWriter blobs_;
  ValueScrub values_;
  std::unique_ptr<TraceAssembler> trace_;
  RecordToText to_text_;
  RecordFromText from_text_;
  JsonLine json_;
  BlockUnpacker unpacker_;
  std::vector<std::byte> raw_;
  uint64_t offset_ = 0;
  std::unordered_map<uint16_t, std::string> names_;
  std::vector<bool> shaders_;  // by bulk number
  // As the file was: for the question whether a record is what its text says.
  std::unordered_map<BulkHash, uint32_t, HashOfBulkHash> original_bulks_;
  bool as_it_was_ = false;
  std::unordered_map<uint32_t, std::vector<uint64_t>> never_returned_;  // by lane
  std::unordered_map<uint32_t, uint64_t> lane_calls_;
};

uint32_t Scrubber::bulkNumber(std::span<const std::byte> bytes) {
  if (!as_it_was_) return trace_->bulkNumber(bytes);
  auto found = original_bulks_.find(bulkHashOf(bytes));
  return found == original_bulks_.end() ? UINT32_MAX : found->second;
}

bool Scrubber::names() {
  ByteReader reader(raw_);
  while (reader.remaining() > 0) {
    const auto kind = reader.get<uint8_t>();
    reader.get<uint8_t>();
    const auto size = reader.get<uint16_t>();
    const auto id = reader.get<uint32_t>();
    const uint32_t tid = kind == kNameLane ? reader.get<uint32_t>() : 0;
    const std::string_view name = asText(reader.take(size));
    if (!reader.ok() || (kind != kNameCommand && kind != kNameLane)) return false;
    if (kind == kNameLane) {
      trace_->nameLane(id, tid, values_.threadName(name));
    } else if (id > 0 && id < kFileFirstSpecial) {
      names_[static_cast<uint16_t>(id)] = name;
      trace_->nameCommand(static_cast<uint16_t>(id), name);
    }
  }
  return true;
}

bool Scrubber::bulks() {
  ByteReader reader(raw_);
  std::vector<std::byte> plain;
  while (reader.remaining() > 0) {
    const BulkHash hash{reader.get<uint64_t>(), reader.get<uint64_t>()};
    const auto size = reader.get<uint32_t>();
    const auto bytes = reader.take(size & ~kItemDelta4);
    if (!reader.ok()) return false;
    plain.assign(bytes.begin(), bytes.end());
    const bool delta4 = (size & kItemDelta4) != 0;
    if (delta4) undoDelta4(plain);
    const auto scrubbed = scrubSpirv(plain, options_.labels, summary_.pseudonyms);
    if (scrubbed) ++summary_.changed_shaders;
    const uint32_t number = trace_->addBulk(scrubbed ? *scrubbed : plain, delta4 && !scrubbed);
    shaders_.resize(number + size_t{1});
    shaders_[number] = scrubbed.has_value();
    original_bulks_[hash] = number;
  }
  return true;
}

bool Scrubber::metadata() {
  ByteReader reader(raw_);
  while (reader.remaining() > 0) {
    const auto kind = reader.get<uint32_t>();
    const std::string_view text = asText(reader.take(reader.get<uint32_t>()));
    if (!reader.ok()) return false;
    trace_->addMetadata(kind, asBytes(values_.metadata(text)));
  }
  return true;
}

// Bulk ranges of the call were changed.
bool Scrubber::hasShader(const FileRecord& record) {
  for (size_t at = 0; at + sizeof(uint32_t) <= record.bulk_numbers.size(); at += sizeof(uint32_t)) {
    const auto number = loadLe<uint32_t>(record.bulk_numbers.data() + at);
    if (number < shaders_.size() && shaders_[number]) return true;
  }
  return false;
}

// True: from_text_ has the record without what it should not say.
bool Scrubber::changed(const FileRecord& record, uint64_t last_order, bool never_returned) {
  if (!record.isCall()) return false;
  if (!hasShader(record) && !values_.mayHold(record.inputs) && !values_.mayHold(record.outputs)) return false;
  const std::string& line = to_text_.print(record, last_order, never_returned, Exactness::kPlain);
  as_it_was_ = true;
  const bool reads = json_.parse(line) && from_text_.read(json_.root(), last_order);
  as_it_was_ = false;
  if (!reads || line.starts_with("{\"record\"")) {
    ++summary_.unread_records;
    return false;
  }
  values_.start();
  from_text_.setEditor(&values_);
  const bool again = from_text_.read(json_.root(), last_order);
  from_text_.setEditor(nullptr);
  blobs_.forget();
  if (!again) ++summary_.unread_records;  // what came in a value's place does not fit there
  return again && values_.changed();
}

void Scrubber::record(uint32_t lane, const FileRecord& record, uint64_t last_order) {
  ++summary_.records;
  bool never_returned = false;
  if (record.isCall() && !(record.flags & kFileProvisional)) {
    const auto& calls = never_returned_[lane];
    never_returned = std::binary_search(calls.begin(), calls.end(), lane_calls_[lane]++);
  }
  if (record.command == kFileHole && record.inputs.size() >= kHoleBodyBytes) {
    FileRecord hole = record;
    std::vector<std::byte> body(record.inputs.begin(), record.inputs.begin() + kHoleBodyBytes);
    const std::string text = values_.freeText(asText(record.inputs.subspan(kHoleBodyBytes)), "holes");
    appendBytes(body, asBytes(text));
    hole.inputs = body;
    return trace_->add(hole, false);
  }
  if (!changed(record, last_order, never_returned)) return trace_->add(record, never_returned);
  ++summary_.changed_records;
  trace_->add(from_text_.record(), never_returned);
}

void Scrubber::records(const BlockHeader& header) {
  uint64_t last_order = header.first_order;
  const std::span<const std::byte> raw(raw_);
  for (size_t at = 0; at < raw.size();) {
    FileRecord one;
    const size_t size = parseFileRecord(raw.subspan(at), last_order, one);
    if (size == 0) {
      summary_.dropped_bytes += raw.size() - at;
      return;
    }
    record(header.lane, one, last_order);
    at += size;
    last_order = one.order;
  }
}

Status Scrubber::block(const BlockPlace& place) {
  const BlockHeader& header = place.header;
  offset_ = place.offset;
  if (header.kind == BlockKind::kIndex) return Status::ok();  // counted anew
  if (Status status = source_.unpack(place, raw_, unpacker_); !status.isOk()) return status;
  if (Status status = source_.reserve(raw_.size(), place.offset); !status.isOk()) return status;
  BlockPlan plan{header.kind, header.lane, kLevel, {}, {}, {}};
  bool good = true;
  switch (header.kind) {
    case BlockKind::kCalls:
    case BlockKind::kMemory:
      plan.first_order = header.first_order;
      trace_->begin(plan);
      records(header);
      break;
    case BlockKind::kNames:
      trace_->begin(plan);
      good = names();
      break;
    case BlockKind::kBulk:
      plan.first_number = header.first_number;
      trace_->begin(plan);
      good = bulks();
      break;
    case BlockKind::kMetadata:
      plan.first_number = header.first_number;
      trace_->begin(plan);
      good = metadata();
      break;
    case BlockKind::kWatermark:
      trace_->watermark(header.first_order, kLevel);
      break;
    default:
      ++summary_.dropped_blocks;
  }
  source_.release(raw_.size());
  if (!good) return source_.damaged(place.offset, "an item in this block is longer than the block");
  const auto position = static_cast<uint32_t>(contents_.blocks.size());
  contents_.blocks.push_back(place);
  if (header.kind == BlockKind::kBulk) contents_.bulk_blocks.push_back(position);
  bulk_cache_.trim();
  return Status::ok();
}

Result<ScrubSummary> Scrubber::run(const std::string& out) {
  TraceContents known;
  ReadOptions everything;
  everything.beyond_watermark = true;
  if (Status status = loadContents(source_, everything, known); !status.isOk()) return status;
  summary_.complete = known.index.has_value();
  if (known.index)
    for (const UnfinishedCall& call : known.index->unfinished_calls)
      never_returned_[call.lane].push_back(call.number);
  for (auto& [lane, calls] : never_returned_) std::sort(calls.begin(), calls.end());
  TraceHeaderInfo info = source_.info();
  values_.header(info);
  auto made = TraceAssembler::create(out, encodeHeader(info), source_.versionMinor());
  if (!made) return made.status();
  trace_ = std::move(*made);
  uint64_t end = source_.firstBlock();
  for (const BlockPlace& place : known.blocks) {
    summary_.dropped_bytes += place.offset - end;
    if (Status status = block(place); !status.isOk()) return status;
    if (!trace_->status().isOk()) return trace_->status();
    end = place.offset + kBlockHeaderBytes + place.header.stored_bytes;
  }
  if (!summary_.complete) {
    summary_.dropped_bytes += source_.size() - end;
    if (Status status = trace_->finish(); !status.isOk()) return status;
    return std::move(summary_);
  }
  Result<std::vector<std::byte>> index = trace_->index();
  if (!index) return index.status();
  if (Status status = trace_->addIndex(*index, kLevel); !status.isOk()) return status;
  trace_->addEnd();
  if (Status status = trace_->finish(); !status.isOk()) return status;
  return std::move(summary_);
}

}  // namespace

Result<ScrubSummary> scrubTrace(const std::string& file, const std::string& out,
                                const ScrubOptions& options) {
  Result<std::unique_ptr<BlockSource>> source = BlockSource::open(file);
  if (!source) return source.status();
  return Scrubber(**source, options).run(out);
}

}  // namespace reprise

#include "format/trace_assembler.h"

#include <fcntl.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace reprise {

namespace {
constexpr size_t kMostRaw = 1u << 30;  // of a block that grows beyond its plan
}

BulkHash bulkHashOf(std::span<const std::byte> bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

Result<std::unique_ptr<TraceAssembler>> TraceAssembler::create(const std::string& path,
                                                               std::span<const std::byte> header,
                                                               uint16_t version_minor) {
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0)
    return Status(Code::kUnreadable, "cannot create the trace file " + path + ": " + std::strerror(errno));
  std::unique_ptr<TraceAssembler> assembler(
      new TraceAssembler(std::make_unique<BlockSink>(fd, path, BlockPlan::kUsualLevel, 0)));
  assembler->sink_->writeStart(encodeFileStart(header, version_minor));
  return assembler;
}

void TraceAssembler::begin(const BlockPlan& plan) {
  end();
  plan_ = plan;
  open_ = {};
  first_order_ = last_order_ = plan.first_order.value_or(0);
  switch (plan.kind) {
    case BlockKind::kBulk:
      next_bulk_ = plan.first_number.value_or(next_bulk_);
      open_.first_number = next_bulk_;
      break;
    case BlockKind::kMetadata:
      next_metadata_ = plan.first_number.value_or(next_metadata_);
      open_.first_number = next_metadata_;
      break;
    case BlockKind::kNames:
      open_.first_number = names_count_;
      break;
    default:
      open_.first_number = tally_.callsOf(plan.lane);
  }
}

void TraceAssembler::end() {
  if (plan_.kind == BlockKind{}) return;
  closeItems(BlockKind::kNames, names_, BlockPlan::kUsualLevel);
  closeItems(BlockKind::kBulk, bulks_, BlockPlan::kUsualLevel);
  if (!open_.raw.empty()) {
    BlockHeader header;
    header.kind = plan_.kind;
    header.lane = plan_.lane;
    header.first_order = plan_.first_order.value_or(first_order_);
    header.first_number = plan_.first_number.value_or(open_.first_number);
    header.count = plan_.count.value_or(open_.count);
    const size_t used = open_.raw.size();
    sink_->submit(header, std::move(open_.raw), used, plan_.level);
  }
  open_ = {};
  plan_ = {};
}

void TraceAssembler::closeItems(BlockKind kind, Items& items, int level) {
  if (items.raw.empty()) return;
  BlockHeader header;
  header.kind = kind;
  header.first_number = items.first_number;
  header.count = items.count;
  const size_t used = items.raw.size();
  sink_->submit(header, std::move(items.raw), used, level);
  items = {};
}

void TraceAssembler::watermark(uint64_t ticket, int level) {
  end();
  BlockHeader header;
  header.kind = BlockKind::kWatermark;
  header.first_order = ticket;
  sink_->submit(header, {}, 0, level);
}

void TraceAssembler::addBlock(const BlockHeader& header, std::span<const std::byte> raw, int level) {
  end();
  if (header.kind == BlockKind::kBulk) next_bulk_ = header.first_number + header.count;
  if (header.kind == BlockKind::kMetadata) next_metadata_ = header.first_number + header.count;
  if (header.kind == BlockKind::kIndex && sink_->drain().isOk()) index_offset_ = sink_->fileBytes();
  sink_->submit(header, RawBytes(raw.begin(), raw.end()), raw.size(), level);
}

void TraceAssembler::addBytes(std::span<const std::byte> bytes) {
  end();
  sink_->writeBytes(bytes);
}

TraceAssembler::Items& TraceAssembler::namesItems() {
  if (plan_.kind == BlockKind::kNames) return open_;
  if (names_.raw.empty()) names_.first_number = names_count_;
  return names_;
}

void TraceAssembler::nameItem(Items& items, uint8_t kind, uint32_t id, const uint32_t* tid,
                              std::string_view name) {
  name = name.substr(0, UINT16_MAX);
  appendLe(items.raw, kind);
  appendLe(items.raw, uint8_t{0});
  appendLe(items.raw, static_cast<uint16_t>(name.size()));
  appendLe(items.raw, id);
  if (tid != nullptr) appendLe(items.raw, *tid);
  appendBytes(items.raw, asBytes(name));
  ++items.count;
  ++names_count_;
}

void TraceAssembler::nameCommand(uint16_t id, std::string_view name) {
  nameItem(namesItems(), kNameCommand, id, nullptr, name);
  tally_.nameCommand(id, name);
  commands_[std::string(name)] = id;
  next_command_ = std::max<uint32_t>(next_command_, id + 1u);
}

void TraceAssembler::nameLane(uint32_t id, uint32_t tid, std::string_view name) {
  nameItem(namesItems(), kNameLane, id, &tid, name);
}

uint32_t TraceAssembler::addBulk(std::span<const std::byte> bytes, bool delta4) {
  const BulkHash hash = bulkHashOf(bytes);
  Items& items = plan_.kind == BlockKind::kBulk ? open_ : bulks_;
  if (items.raw.empty()) items.first_number = next_bulk_;
  const auto number = static_cast<uint32_t>(next_bulk_++);
  appendLe(items.raw, hash.low);
  appendLe(items.raw, hash.high);
  appendLe(items.raw, static_cast<uint32_t>(bytes.size()) | (delta4 ? kItemDelta4 : 0));
  appendBytes(items.raw, bytes);
  if (delta4) applyDelta4(std::span(items.raw).last(bytes.size()));
  ++items.count;
  bulk_numbers_[hash] = number;
  return number;
}

uint32_t TraceAssembler::addMetadata(uint32_t kind, std::span<const std::byte> bytes) {
  appendLe(open_.raw, kind);
  appendLe(open_.raw, static_cast<uint32_t>(bytes.size()));
  appendBytes(open_.raw, bytes);
  ++open_.count;
  return static_cast<uint32_t>(next_metadata_++);
}

void TraceAssembler::add(const FileRecord& record, bool never_returned) {
  if (open_.raw.size() + record.inputs.size() + record.outputs.size() > kMostRaw) {
    const BlockPlan more{plan_.kind, plan_.lane, plan_.level, {}, {}, {}};
    begin(more);
  }
  if (open_.raw.empty() && !plan_.first_order) first_order_ = last_order_ = record.order;
  appendFileRecord(open_.raw, record, last_order_);
  last_order_ = record.order;
  ++open_.count;
  tally_.add(plan_.lane, record, never_returned);
}

uint16_t TraceAssembler::commandId(std::string_view name) {
  auto found = commands_.find(std::string(name));
  if (found != commands_.end()) return found->second;
  if (next_command_ >= kFileFirstSpecial) return 0;
  const auto id = static_cast<uint16_t>(next_command_);
  nameCommand(id, name);
  return id;
}

uint32_t TraceAssembler::bulkNumber(std::span<const std::byte> bytes) {
  auto found = bulk_numbers_.find(bulkHashOf(bytes));
  return found != bulk_numbers_.end() ? found->second : addBulk(bytes, false);
}

Result<std::vector<std::byte>> TraceAssembler::index() {
  end();
  if (Status status = sink_->drain(); !status.isOk()) return status;
  return encodeIndex(tally_.index(sink_->committed()));
}

Status TraceAssembler::addIndex(std::span<const std::byte> table, int level) {
  end();
  if (Status status = sink_->drain(); !status.isOk()) return status;
  index_offset_ = sink_->fileBytes();
  BlockHeader header;
  header.kind = BlockKind::kIndex;
  header.count = static_cast<uint32_t>(sink_->committed().size());
  sink_->submit(header, RawBytes(table.begin(), table.end()), table.size(), level);
  return sink_->drain();
}

void TraceAssembler::addEnd() {
  const std::vector<std::byte> bytes = encodeFileEnd(index_offset_);
  sink_->writeBytes(bytes);
}

Status TraceAssembler::finish() {
  end();
  return sink_->drain();
}

}  // namespace reprise

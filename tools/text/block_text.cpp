#include "tools/text/block_text.h"

#include <algorithm>

#include "tools/metadata_json.h"

namespace reprise {
namespace {

constexpr size_t kNamedCommands = 20;  // in the summary

const char* metadataKindName(uint32_t kind) {
  constexpr const char* kNames[] = {nullptr, "application", "device", "capture"};
  return kind < std::size(kNames) ? kNames[kind] : nullptr;
}

bool sameBytes(std::span<const std::byte> a, std::span<const std::byte> b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace

BlockText::BlockText(BlockSource& source, const std::optional<TraceIndex>& index, BlobWriter& blobs,
                     ExportSummary& summary)
    : ahead_(source, contents_),
      bulk_cache_(source, contents_, ahead_),
      blobs_(blobs),
      summary_(summary),
      to_text_(*this, blobs),
      from_text_(*this, blobs),
      writer_(line_, blobs) {
  if (!index) return;
  for (const UnfinishedCall& call : index->unfinished_calls)
    never_returned_[call.lane].push_back(call.number);
  for (auto& [lane, calls] : never_returned_) std::sort(calls.begin(), calls.end());
}

// ---- what lines refer to

std::string_view BlockText::commandName(uint16_t id) {
  auto found = names_.find(id);
  return found == names_.end() ? std::string_view() : found->second;
}

uint16_t BlockText::commandId(std::string_view name) {
  auto found = ids_.find(std::string(name));
  return found == ids_.end() ? 0 : found->second;
}

Result<std::span<const std::byte>> BlockText::bulk(uint32_t number) {
  return bulk_cache_.get(number, offset_);
}

uint32_t BlockText::bulkNumber(std::span<const std::byte> bytes) {
  auto found = bulk_numbers_.find(bulkHashOf(bytes));
  return found == bulk_numbers_.end() ? UINT32_MAX : found->second;
}

// ---- blocks

void BlockText::append(const BlockPlace& place, std::span<const std::byte> raw, int level, std::string& out) {
  const BlockHeader& header = place.header;
  offset_ = place.offset;
  ++summary_.blocks;
  if (header.kind == BlockKind::kIndex) return indexBlock(header, raw, level, out);
  body_.clear();
  if (!items(header, raw)) {
    ++summary_.raw_blocks;
    rawBlock(header, raw, level, out);
  } else {
    head(header, level, out);
    out += body_;
  }
  const auto position = static_cast<uint32_t>(contents_.blocks.size());
  contents_.blocks.push_back(place);
  if (header.kind == BlockKind::kBulk) contents_.bulk_blocks.push_back(position);
  bulk_cache_.trim();
}

bool BlockText::items(const BlockHeader& header, std::span<const std::byte> raw) {
  switch (header.kind) {
    case BlockKind::kCalls:
    case BlockKind::kMemory:
      expected_number_ = tally_.callsOf(header.lane);
      return !raw.empty() && records(header, raw);
    case BlockKind::kNames:
      expected_number_ = names_count_;
      return header.first_order == 0 && header.lane == 0 && names(raw);
    case BlockKind::kBulk:
      expected_number_ = next_bulk_;
      return header.first_order == 0 && header.lane == 0 && bulks(header, raw);
    case BlockKind::kMetadata:
      expected_number_ = next_metadata_;
      if (header.first_order != 0 || header.lane != 0) return false;
      next_metadata_ = header.first_number;
      return metadata(raw);
    case BlockKind::kWatermark:
      return raw.empty() && header.lane == 0 && header.first_number == 0 && header.count == 0;
    default:
      return false;
  }
}

void BlockText::line() {
  writer_.close();
  body_ += line_;
  body_ += '\n';
  line_.clear();
  writer_.restart();
}

void BlockText::head(const BlockHeader& header, int level, std::string& out) {
  writer_.open();
  writer_.member("block", blockKindName(header.kind));
  if (header.kind == BlockKind::kWatermark) {
    writer_.member("ticket", header.first_order);
  } else {
    const bool lane = header.kind == BlockKind::kCalls || header.kind == BlockKind::kMemory;
    const auto lines = static_cast<uint32_t>(std::count(body_.begin(), body_.end(), '\n'));
    if (lane) writer_.member("lane", uint64_t{header.lane});
    writer_.member("level", int64_t{level});
    if (lane && saysFirstOrder(header, again_)) writer_.member("first_order", header.first_order);
    if (header.first_number != expected_number_) writer_.member("first_number", header.first_number);
    if (header.count != lines) writer_.member("count", uint64_t{header.count});
  }
  std::string items;
  items.swap(body_);
  line();
  out += body_;
  body_.swap(items);
}

void BlockText::rawBlock(const BlockHeader& header, std::span<const std::byte> raw, int level,
                         std::string& out) {
  body_.clear();
  line_.clear();
  writer_.restart();
  writer_.open();
  const char* name = blockKindName(header.kind);
  name ? writer_.member("block", name) : writer_.member("block", uint64_t(header.kind));
  writer_.member("lane", uint64_t{header.lane});
  writer_.member("level", int64_t{level});
  writer_.member("first_order", header.first_order);
  writer_.member("first_number", header.first_number);
  writer_.member("count", uint64_t{header.count});
  writer_.bytes("payload", raw);
  line();
  blobs_.forget();
  out += body_;
  if (header.kind == BlockKind::kBulk) next_bulk_ = header.first_number + header.count;
  if (header.kind == BlockKind::kMetadata) next_metadata_ = header.first_number + header.count;
}

// The index follows from the blocks. Where this one is another (of an older version), it counts as long as
// they stay.
void BlockText::indexBlock(const BlockHeader& header, std::span<const std::byte> raw, int level,
                           std::string& out) {
  std::vector<BlockHeader> blocks;
  for (const BlockPlace& place : contents_.blocks) blocks.push_back(place.header);
  const std::vector<std::byte> made = encodeIndex(tally_.index(blocks));
  const bool plain = header.lane == 0 && header.first_order == 0 && header.first_number == 0 &&
                     header.count == blocks.size();
  if (!plain) return rawBlock(header, raw, level, out);
  body_.clear();
  writer_.open();
  writer_.member("block", "index");
  writer_.member("level", int64_t{level});
  if (!sameBytes(made, raw)) {
    writer_.bytes("payload", raw);
    writer_.hex("of", checksumOf(made));
  }
  line();
  blobs_.forget();
  out += body_;
}

void BlockText::appendBytes(std::span<const std::byte> bytes, std::string& out) {
  body_.clear();
  summary_.raw_bytes += bytes.size();
  writer_.open();
  writer_.bytes("bytes", bytes);
  line();
  blobs_.forget();
  out += body_;
}

// ---- items

bool BlockText::names(std::span<const std::byte> raw) {
  ByteReader reader(raw);
  while (reader.remaining() > 0) {
    const auto kind = reader.get<uint8_t>(), zero = reader.get<uint8_t>();
    const auto size = reader.get<uint16_t>();
    const auto id = reader.get<uint32_t>();
    const uint32_t tid = kind == kNameLane ? reader.get<uint32_t>() : 0;
    const std::string_view name = asText(reader.take(size));
    if (!reader.ok() || zero != 0 || (kind != kNameCommand && kind != kNameLane)) return false;
    if (kind == kNameCommand && (id == 0 || id >= kFileFirstSpecial)) return false;
    writer_.open();
    if (kind == kNameCommand) {
      writer_.member("id", uint64_t{id});
      writer_.member("name", name);
      names_[static_cast<uint16_t>(id)] = name;
      ids_[std::string(name)] = static_cast<uint16_t>(id);
      tally_.nameCommand(static_cast<uint16_t>(id), name);
    } else {
      writer_.member("thread", uint64_t{id});
      writer_.member("tid", uint64_t{tid});
      writer_.member("name", name);
    }
    ++names_count_;
    line();
  }
  return !raw.empty();
}

bool BlockText::bulks(const BlockHeader& header, std::span<const std::byte> raw) {
  ByteReader reader(raw);
  uint64_t number = header.first_number;
  std::vector<std::byte> plain;
  while (reader.remaining() > 0) {
    const BulkHash stored{reader.get<uint64_t>(), reader.get<uint64_t>()};
    const auto size = reader.get<uint32_t>();
    std::span<const std::byte> bytes = reader.take(size & ~kItemDelta4);
    if (!reader.ok()) return false;
    if (size & kItemDelta4) {
      plain.assign(bytes.begin(), bytes.end());
      undoDelta4(plain);
      bytes = plain;
    }
    if (bulkHashOf(bytes) != stored || number > UINT32_MAX) return false;
    writer_.open();
    writer_.member("bulk", number);
    writer_.bytesMembers(bytes);
    if (size & kItemDelta4) writer_.member("delta4", true);
    line();
    blobs_.forget();
    bulk_numbers_[stored] = static_cast<uint32_t>(number++);
  }
  next_bulk_ = number;
  return !raw.empty();
}

bool BlockText::metadata(std::span<const std::byte> raw) {
  ByteReader reader(raw);
  while (reader.remaining() > 0) {
    const auto kind = reader.get<uint32_t>();
    const std::string_view text = asText(reader.take(reader.get<uint32_t>()));
    if (!reader.ok()) return false;
    const char* name = metadataKindName(kind);
    writer_.open();
    name ? writer_.member("metadata", name) : writer_.member("metadata", uint64_t{kind});
    writer_.member("item", next_metadata_++);
    const Json value = parseMetadata(text);
    if (!value.is_string() && jsonText(value) == text)
      writer_.json("value", text);
    else
      writer_.member("text", text);
    line();
  }
  return !raw.empty();
}

// ---- records

// The block's first order is not that of its first record, so its line has to say it.
bool BlockText::saysFirstOrder(const BlockHeader& header, std::span<const std::byte> raw) {
  FileRecord first;
  return parseFileRecord(raw, header.first_order, first) != 0 && first.order != header.first_order;
}

bool BlockText::records(const BlockHeader& header, std::span<const std::byte> raw) {
  const TraceTally before = tally_;
  const uint64_t records_before = summary_.records;
  uint64_t last_order = header.first_order;
  // As import knows it at the block's first record.
  uint64_t known_order = saysFirstOrder(header, raw) ? header.first_order : 0;
  again_.clear();
  for (size_t at = 0; at < raw.size();) {
    FileRecord one;
    const size_t size = parseFileRecord(raw.subspan(at), last_order, one);
    bool good = size != 0 && record(header.lane, one, known_order);
    if (good) {
      const size_t start = again_.size();
      appendFileRecord(again_, one, last_order);
      good = sameBytes(std::span(again_).subspan(start), raw.subspan(at, size));
    }
    if (!good) {
      tally_ = before;
      summary_.records = records_before;
      return false;
    }
    at += size;
    last_order = known_order = one.order;
    ++summary_.records;
  }
  return true;
}

bool BlockText::readsBack(const FileRecord& record, uint64_t last_order, bool never_returned) {
  if (!json_.parse(line_) || !from_text_.read(json_.root(), last_order)) return false;
  const FileRecord& read = from_text_.record();
  return read.command == record.command && read.flags == record.flags && read.order == record.order &&
         from_text_.neverReturned() == never_returned && read.input_bulks == record.input_bulks &&
         sameBytes(read.bulk_numbers, record.bulk_numbers) && sameBytes(read.inputs, record.inputs) &&
         sameBytes(read.outputs, record.outputs);
}

bool BlockText::record(uint32_t lane, const FileRecord& record, uint64_t last_order) {
  const bool counts = record.isCall() && !(record.flags & kFileProvisional);
  const auto open = never_returned_.find(lane);
  const bool never_returned =
      counts && open != never_returned_.end() &&
      std::binary_search(open->second.begin(), open->second.end(), tally_.callsOf(lane));
  bool good = false;
  uint64_t of = 0;
  for (Exactness exactness : {Exactness::kPlain, Exactness::kNumbers, Exactness::kBytes, Exactness::kRaw}) {
    blobs_.forget();
    line_ = to_text_.print(record, last_order, never_returned, exactness, of);
    good = readsBack(record, last_order, never_returned);
    if (exactness == Exactness::kPlain) of = from_text_.argumentsHash();
    if (!good) continue;
    if (exactness == Exactness::kRaw || line_.starts_with("{\"record\""))
      ++summary_.raw_records;
    else if (exactness == Exactness::kBytes)
      ++summary_.helped_records;
    const std::string name(commandName(record.command));
    auto& named = summary_.helped_commands;
    if (exactness != Exactness::kPlain && named.size() < kNamedCommands &&
        std::find(named.begin(), named.end(), name) == named.end())
      named.push_back(name);
    break;
  }
  body_ += line_;
  body_ += '\n';
  line_.clear();
  writer_.restart();
  blobs_.forget();
  if (good) tally_.add(lane, record, never_returned);
  return good;
}

}  // namespace reprise

#include "format/trace_contents.h"

#include <algorithm>
#include <set>

namespace reprise {

namespace {

constexpr uint64_t kMaxMetadataBytes = 64 << 20;
constexpr size_t kMaxNotes = 100;

void note(TraceContents& contents, const std::string& text) {
  if (contents.notes.size() < kMaxNotes) contents.notes.push_back(text);
}

std::string at(uint64_t offset) { return " at offset " + std::to_string(offset); }

// The index block at `offset`; nullopt: there is none, or it does not describe what lies before it.
std::optional<TraceIndex> readIndex(BlockSource& source, uint64_t offset) {
  auto place = source.blockAt(offset);
  std::vector<std::byte> raw;
  if (!place || place->header.kind != BlockKind::kIndex || !source.load(*place, raw).isOk())
    return std::nullopt;
  auto index = decodeIndex(raw);
  if (!index) return std::nullopt;
  uint64_t end = source.firstBlock();
  for (const BlockHeader& block : index->blocks) end += kBlockHeaderBytes + block.stored_bytes;
  if (end != offset) return std::nullopt;
  return index;
}

void placeBlocks(const BlockSource& source, TraceContents& contents) {
  uint64_t offset = source.firstBlock();
  for (const BlockHeader& block : contents.index->blocks) {
    contents.blocks.push_back({block, offset});
    offset += kBlockHeaderBytes + block.stored_bytes;
  }
}

// Without an index, or with a damaged one: block by block. What lies behind damage is only read on request.
void scanBlocks(BlockSource& source, const ReadOptions& options, TraceContents& contents) {
  uint64_t offset = source.firstBlock();
  bool gap = false;
  while (offset < source.size()) {
    auto place = source.blockAt(offset);
    if (!place) {
      auto next = source.findBlock(offset + 1);
      if (!next) {
        note(contents, "the file ends" + at(offset) + " inside a block, or in bytes that are none");
        break;
      }
      note(contents, std::to_string(next->offset - offset) + " damaged bytes" + at(offset) +
                         (options.beyond_watermark ? " were skipped" : "; nothing behind them was read"));
      if (!options.beyond_watermark) break;
      gap = true;
      place = next;
    }
    offset = place->offset + kBlockHeaderBytes + place->header.stored_bytes;
    if (place->header.kind == BlockKind::kIndex) {
      if (!gap) contents.index = readIndex(source, place->offset);
      if (contents.index) break;
      continue;
    }
    contents.blocks.push_back(*place);
  }
}

void sortBlocks(const ReadOptions& options, TraceContents& contents) {
  uint64_t watermark = 0;
  std::set<uint16_t> unknown;
  for (uint32_t i = 0; i < contents.blocks.size(); ++i) {
    const BlockHeader& header = contents.blocks[i].header;
    switch (header.kind) {
      case BlockKind::kCalls:
      case BlockKind::kMemory:
        contents.lanes[header.lane].push_back(i);
        break;
      case BlockKind::kBulk:
        contents.bulk_blocks.push_back(i);
        break;
      case BlockKind::kWatermark:
        watermark = std::max(watermark, header.first_order);
        break;
      case BlockKind::kMetadata:
      case BlockKind::kNames:
      case BlockKind::kIndex:
        break;
      default:
        if (!unknown.insert(static_cast<uint16_t>(header.kind)).second) break;
        note(contents, "blocks of kind " + std::to_string(static_cast<uint16_t>(header.kind)) +
                           " are unknown to this program and were skipped, the first one" +
                           at(contents.blocks[i].offset));
    }
  }
  if (contents.index || options.beyond_watermark) return;
  contents.last_order = watermark;
  if (watermark == UINT64_MAX) return;  // only the index is missing
  note(contents, "the writer did not finish this file: it is read up to its last watermark, " +
                     std::to_string(watermark) + "; --beyond-watermark reads on");
}

bool isName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
  });
}

void addCommand(const ReadOptions& options, TraceContents& contents, uint32_t id, std::string_view name) {
  if (id == 0 || id >= kFileFirstSpecial || !isName(name)) return;
  if (id >= contents.commands.size()) contents.commands.resize(id + 1);
  TraceContents::NamedCommand& command = contents.commands[id];
  command.name = name;
  command.command = static_cast<Command>(options.names.id_of(name));
  command.present = name == "vkQueuePresentKHR";
  command.submit = name.starts_with("vkQueueSubmit");
}

Status readNames(const BlockSource& source, const BlockPlace& place, std::span<const std::byte> raw,
                 const ReadOptions& options, TraceContents& contents) {
  ByteReader reader(raw);
  while (reader.remaining() > 0) {
    auto kind = reader.get<uint8_t>();
    reader.get<uint8_t>();
    auto size = reader.get<uint16_t>();
    auto id = reader.get<uint32_t>();
    uint32_t tid = kind == kNameLane ? reader.get<uint32_t>() : 0;
    auto name = asText(reader.take(size));
    if (!reader.ok()) return source.damaged(place.offset, "a name in this block is longer than the block");
    if (kind == kNameCommand) addCommand(options, contents, id, name);
    if (kind == kNameLane) contents.lane_infos[id] = LaneInfo{id, tid, std::string(name)};
  }
  return Status::ok();
}

Status readMetadata(const BlockSource& source, const BlockPlace& place, std::span<const std::byte> raw,
                    uint64_t& total, TraceContents& contents) {
  ByteReader reader(raw);
  while (reader.remaining() > 0) {
    auto kind = reader.get<uint32_t>();
    auto size = reader.get<uint32_t>();
    auto text = reader.take(size);
    if (!reader.ok())
      return source.damaged(place.offset, "a metadata item in this block is longer than the block");
    total += text.size();
    if (total > kMaxMetadataBytes)
      return source.damaged(place.offset, "the file holds more than 64 MiB of metadata");
    contents.metadata.push_back({static_cast<MetadataKind>(kind), std::string(asText(text))});
  }
  return Status::ok();
}

Status readSideTables(BlockSource& source, const ReadOptions& options, TraceContents& contents) {
  uint64_t metadata_bytes = 0;
  std::vector<std::byte> raw;
  for (const BlockPlace& place : contents.blocks) {
    bool names = place.header.kind == BlockKind::kNames;
    if (!names && place.header.kind != BlockKind::kMetadata) continue;
    Status status = source.load(place, raw);
    if (status.isOk()) {
      status = names ? readNames(source, place, raw, options, contents)
                     : readMetadata(source, place, raw, metadata_bytes, contents);
    }
    if (!status.isOk()) return status;
  }
  return Status::ok();
}

}  // namespace

Status loadContents(BlockSource& source, const ReadOptions& options, TraceContents& contents) {
  if (auto offset = source.indexOffset()) {
    contents.index = readIndex(source, *offset);
    if (!contents.index)
      note(contents, "the index" + at(*offset) + " is damaged; the file was scanned instead");
  }
  if (contents.index) {
    placeBlocks(source, contents);
  } else {
    scanBlocks(source, options, contents);
  }
  sortBlocks(options, contents);
  return readSideTables(source, options, contents);
}

}  // namespace reprise

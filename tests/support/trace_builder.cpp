#include "tests/support/trace_builder.h"

#include <zstd.h>

#include <algorithm>
#include <cassert>
#include <cstring>
#include <fstream>
#include <iterator>

#include "format/trace_index.h"

namespace reprise {

Bytes bytesOf(std::string_view text) {
  auto bytes = asBytes(text);
  return {bytes.begin(), bytes.end()};
}

Bytes readFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return bytesOf(text);
}

void writeFile(const std::string& path, std::span<const std::byte> bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

LaneBytes& LaneBytes::record(uint16_t command, uint16_t flags, uint64_t order,
                             std::span<const std::byte> payload) {
  LaneRecord record{static_cast<uint32_t>(payload.size()), command, flags, order};
  appendBytes(bytes_, std::as_bytes(std::span(&record, 1)));
  appendBytes(bytes_, payload);
  bytes_.resize(bytes_.size() + padded(payload.size()) - payload.size());
  return *this;
}

LaneBytes& LaneBytes::pieces(uint16_t command, uint16_t flags, uint64_t order,
                             std::span<const std::byte> payload, size_t piece_bytes) {
  if (payload.size() <= piece_bytes) return record(command, flags, order, payload);
  Bytes first;
  appendLe(first, uint64_t{payload.size()});
  size_t size = piece_bytes - std::min(piece_bytes, first.size());
  appendBytes(first, payload.first(size));
  record(command, flags | kFirstPiece, order, first);
  for (payload = payload.subspan(size); !payload.empty(); payload = payload.subspan(size)) {
    size = std::min(payload.size(), piece_bytes);
    record(kRecordPiece, 0, 0, payload.first(size));
  }
  return *this;
}

LaneBytes& LaneBytes::raw(std::span<const std::byte> bytes) {
  appendBytes(bytes_, bytes);
  return *this;
}

TraceHeaderInfo TraceBuilder::fixedInfo() {
  TraceHeaderInfo info;
  info.application = "builder";
  info.captured_unix_seconds = 1;
  info.start_ns = 1;
  return info;
}

WriterOptions TraceBuilder::fixedOptions() {
  WriterOptions options;
  options.level = 3;
  options.threads = 1;
  return options;
}

TraceBuilder::TraceBuilder(const std::string& path, TraceHeaderInfo info, WriterOptions options) {
  auto writer = TraceWriter::create(path, std::move(info), options);
  if (writer) {
    writer_ = std::move(*writer);
  } else {
    status_ = writer.status();
  }
}

void TraceBuilder::append(uint32_t lane, uint16_t command, uint16_t flags, uint64_t order,
                          std::span<const std::byte> payload) {
  if (writer_ == nullptr) return;
  LaneBytes records;
  records.pieces(command, flags, order, payload);
  writer_->append(lane, records.bytes());
}

TraceBuilder& TraceBuilder::announce(uint32_t lane, uint16_t command, std::span<const std::byte> inputs,
                                     bool ticketed) {
  append(lane, command, kAnnounce | (ticketed ? kTicketed : 0), ticketed ? ticket() : noted(), inputs);
  return *this;
}

TraceBuilder& TraceBuilder::complete(uint32_t lane, uint16_t command, std::span<const std::byte> outputs,
                                     bool ticketed) {
  append(lane, command, kComplete | (ticketed ? kTicketed : 0), ticketed ? ticket() : noted(), outputs);
  return *this;
}

TraceBuilder& TraceBuilder::call(uint32_t lane, uint16_t command, std::span<const std::byte> inputs,
                                 std::span<const std::byte> outputs, bool ticket_before) {
  return announce(lane, command, inputs, ticket_before).complete(lane, command, outputs, !ticket_before);
}

TraceBuilder& TraceBuilder::command(uint32_t lane, uint16_t command, std::span<const std::byte> inputs) {
  append(lane, command, kAnnounce | kComplete, noted(), inputs);
  return *this;
}

TraceBuilder& TraceBuilder::bulk(uint32_t lane, std::span<const std::byte> bytes) {
  append(lane, kRecordBulk, 0, noted(), bytes);
  return *this;
}

TraceBuilder& TraceBuilder::memory(const MemoryChange& change, std::span<const std::byte> bytes,
                                   uint16_t extra_flags) {
  MemoryChange sized = change;
  sized.size = bytes.size();
  Bytes payload;
  appendBytes(payload, std::as_bytes(std::span(&sized, 1)));
  appendBytes(payload, bytes);
  append(kMemoryLane, kRecordMemory, kTicketed | extra_flags, ticket(), payload);
  return *this;
}

TraceBuilder& TraceBuilder::contents(uint32_t lane, const ContentsRecord& contents,
                                     std::span<const std::byte> bytes) {
  ContentsRecord sized = contents;
  sized.size = bytes.size();
  Bytes payload;
  appendBytes(payload, std::as_bytes(std::span(&sized, 1)));
  appendBytes(payload, bytes);
  append(lane, kRecordContents, kTicketed, ticket(), payload);
  return *this;
}

TraceBuilder& TraceBuilder::payload(uint32_t lane, const PayloadRecord& payload) {
  append(lane, kRecordPayload, 0, noted(), std::as_bytes(std::span(&payload, 1)));
  return *this;
}

TraceBuilder& TraceBuilder::opaque(uint32_t lane, const OpaqueRecord& opaque,
                                   std::span<const std::byte> values) {
  Bytes payload;
  appendBytes(payload, std::as_bytes(std::span(&opaque, 1)));
  appendBytes(payload, values);
  append(lane, kRecordOpaque, 0, noted(), payload);
  return *this;
}

TraceBuilder& TraceBuilder::hole(uint32_t lane, HoleCause cause, uint64_t subject, std::string_view text) {
  HoleRecord hole{cause, 0, subject};
  Bytes payload;
  appendBytes(payload, std::as_bytes(std::span(&hole, 1)));
  appendBytes(payload, asBytes(text));
  append(lane, kRecordHole, 0, noted(), payload);
  return *this;
}

TraceBuilder& TraceBuilder::metadata(uint32_t lane, MetadataKind kind, std::string_view json) {
  Bytes payload;
  appendLe(payload, static_cast<uint32_t>(kind));
  appendBytes(payload, asBytes(json));
  append(lane, kRecordMetadata, 0, noted(), payload);
  return *this;
}

Status TraceBuilder::finish() { return writer_ ? writer_->finish() : status_; }

Bytes compressed(std::span<const std::byte> raw) {
  Bytes stored(ZSTD_compressBound(raw.size()));
  stored.resize(ZSTD_compress(stored.data(), stored.size(), raw.data(), raw.size(), 3));
  return stored;
}

RawTrace::RawTrace() {
  Bytes header = encodeHeader(TraceBuilder::fixedInfo());
  appendBytes(file_, std::as_bytes(std::span(kFileMagic)));
  appendLe(file_, kVersionMajor);
  appendLe(file_, kVersionMinor);
  appendLe(file_, static_cast<uint32_t>(header.size()));
  appendLe(file_, checksumOf(header));
  appendBytes(file_, header);
}

RawTrace& RawTrace::block(BlockHeader header, std::span<const std::byte> raw) {
  Bytes stored = raw.empty() ? Bytes() : compressed(raw);
  header.raw_bytes = static_cast<uint32_t>(raw.size());
  header.stored_bytes = static_cast<uint32_t>(stored.size());
  header.checksum = checksumOf(stored);
  return lyingBlock(header, stored);
}

RawTrace& RawTrace::lyingBlock(const BlockHeader& header, std::span<const std::byte> stored) {
  appendBytes(file_, encodeBlockHeader(header));
  return bytes(stored);
}

RawTrace& RawTrace::bytes(std::span<const std::byte> bytes) {
  appendBytes(file_, bytes);
  return *this;
}

RawTrace& RawTrace::command(uint16_t id, std::string_view name) {
  Bytes raw;
  appendLe(raw, static_cast<uint8_t>(kNameCommand));
  appendLe(raw, uint8_t{0});
  appendLe(raw, static_cast<uint16_t>(name.size()));
  appendLe(raw, uint32_t{id});
  appendBytes(raw, asBytes(name));
  BlockHeader header;
  header.kind = BlockKind::kNames;
  header.count = 1;
  return block(header, raw);
}

}  // namespace reprise

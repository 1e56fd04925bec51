#include "format/lane_block.h"

#include <algorithm>

namespace reprise {

namespace {
constexpr uint64_t kTimeStepMs = 100;   // finer times would differ in every frame, and cost
constexpr size_t kBulkRunBytes = 4096;  // changed memory and outside contents from this size on are bulk
constexpr uint64_t kNsPerMs = 1'000'000;
constexpr size_t kOpenBytes = 16 << 20;  // of raw blocks that are being filled, about
constexpr size_t kLeastBlock = 16 << 10;
constexpr size_t kRoomBeyond = 256;  // of a block's limit: for what a record has beside its bytes

// A payload of `size` bytes: in a lane it is padded to 8, and `left` bytes can be read. At most 15 bytes more
// are written than `size`.
void copyPayload(std::byte* to, const std::byte* from, size_t size, size_t left) {
  if (size > 256 || left < size + 16) return void(std::memcpy(to, from, size));
  for (size_t at = 0; at < size; at += 16) std::memcpy(to + at, from + at, 16);
}
}  // namespace

void LaneBlock::begin(BlockKind kind, uint64_t order, size_t expected) {
  if (!empty() && used_ + expected > limit_) close();
  if (!empty()) return;
  ++context_.open_blocks;
  const size_t share = std::max(kLeastBlock, kOpenBytes / context_.open_blocks);
  limit_ = std::min<size_t>(share, context_.options.block_bytes);
  if (raw_.empty()) raw_ = context_.sink.spareBuffer();
  room(std::max<size_t>(expected, limit_) + kRoomBeyond);
  kind_ = kind;
  first_order_ = last_order_ = order;
  first_call_ = calls_;
  timed_ = false;
  opened_ = std::chrono::steady_clock::now();
}

void LaneBlock::grow(size_t bytes) { raw_.resize(std::max(2 * raw_.size(), used_ + bytes)); }

void LaneBlock::noteTime(uint64_t time_ns) {
  if (time_ns == 0 || time_ns < context_.start_ns) return;
  uint64_t ms = std::min<uint64_t>((time_ns - context_.start_ns) / kNsPerMs, UINT32_MAX);
  if (timed_ && ms < time_ms_ + kTimeStepMs) return;
  timed_ = true;
  time_ms_ = ms;
  head(kFileTime, 0, last_order_, sizeof(uint32_t));
  put(static_cast<uint32_t>(ms));
}

// `size` counts the inputs of a call or the body of a special record.
void LaneBlock::head(uint16_t command, uint8_t flags, uint64_t order, size_t size) {
  const bool near = order >= last_order_ && order - last_order_ < kStepAbsolute;
  const uint64_t step = near ? order - last_order_ : kStepAbsolute;
  put(uint64_t{command} | uint64_t{flags} << 16 | step << 24 | uint64_t{size} << 32);
  if (!near) put(order);
  last_order_ = order;
  ++count_;
}

size_t LaneBlock::addPlainCalls(std::span<const std::byte> records) {
  constexpr uint64_t kPlain = kAnnounce | kComplete;
  static_assert(sizeof(LaneRecord) == 16 && kRecordHeaderBytes == 8);
  if (empty() || limit_ + kRoomBeyond > raw_.size()) return 0;
  const std::byte* from = records.data();
  size_t left = records.size();
  uint64_t last_order = last_order_;
  size_t used = used_;
  uint32_t count = 0;
  while (left >= sizeof(LaneRecord)) {
    const uint64_t head = loadLe<uint64_t>(from), order = loadLe<uint64_t>(from + 8);
    const size_t size = static_cast<uint32_t>(head);
    const FileCommand command = context_.tables.knownCommand(static_cast<uint16_t>(head >> 32));
    const uint64_t step = order - last_order;
    const size_t taken = sizeof(LaneRecord) + padded(size), total = kRecordHeaderBytes + size;
    if (head >> 48 != kPlain || !command.plain() || step >= kStepAbsolute || size > kMaxRecordPayload ||
        taken > left || used + total > limit_)
      break;
    std::byte* const to = raw_.data() + used;
    storeLe(to, uint64_t{command.id} | step << 24 | uint64_t{size} << 32);
    copyPayload(to + kRecordHeaderBytes, from + sizeof(LaneRecord), size, left - sizeof(LaneRecord));
    context_.tables.countCall(command.id);
    used += total;
    from += taken;
    left -= taken;
    last_order = order;
    ++count;
  }
  used_ = used;
  last_order_ = last_order;
  count_ += count;
  calls_ += count;
  context_.counts.calls += count;
  return records.size() - left;
}

void LaneBlock::addCall(const CallRecord& call) {
  const size_t bulk_bytes = 8 + 4 * (call.input_bulks.size() + call.output_bulks.size());
  const size_t bytes = kRecordHeaderBytes + call.inputs.size() + call.outputs.size();
  begin(BlockKind::kCalls, call.order, bytes);
  noteTime(call.time_ns);
  room(bytes + sizeof call.order + sizeof(uint32_t) + bulk_bytes);
  const bool ends_frame = context_.tables.endsFrame(call.command, call.inputs);
  const auto flags = static_cast<uint8_t>(call.flags | (ends_frame ? kFileFrameEnd : 0));
  head(call.command.id, flags, call.order, call.inputs.size());
  if (call.flags & kFileOutputs) put(static_cast<uint32_t>(call.outputs.size()));
  if (call.flags & kFileBulks) {
    put(static_cast<uint32_t>(call.input_bulks.size()));
    put(static_cast<uint32_t>(call.output_bulks.size()));
    for (uint32_t number : call.input_bulks) put(number);
    for (uint32_t number : call.output_bulks) put(number);
  }
  putBytes(call.inputs);
  putBytes(call.outputs);
  if (call.flags & kFileProvisional) return;
  ++calls_;
  TraceCounts& counts = context_.counts;
  ++counts.calls;
  context_.tables.countCall(call.command.id);
  if (call.command.submit) ++counts.submits;
  if (call.flags & kFileUnfinished)
    ++counts.unfinished;
  else
    countFrameEnds(call, ends_frame);
}

void LaneBlock::countFrameEnds(const CallRecord& call, bool says_so) {
  FrameEnds& ends = context_.frame_ends;
  const bool ticketed = (call.flags & kFileTicketed) != 0;
  if (call.command.present) ends.add(FrameEnd::kPresent, ticketed, call.order);
  if (call.command.submit) ends.add(FrameEnd::kSubmit, ticketed, call.order);
  if (says_so) ends.add(FrameEnd::kMark, ticketed, call.order);
}

void LaneBlock::addMemory(const MemoryChange& change, std::span<const std::byte> bytes, uint16_t record_flags,
                          uint64_t order, uint64_t time_ns) {
  bool device_writes = (record_flags & (kMixed | kDeviceWritable)) != 0;
  auto runs = context_.reducer.reduce(change, bytes, device_writes);
  if (runs.empty()) return;
  std::vector<uint32_t> bulks;
  size_t body = kMemoryBodyBytes;
  for (const auto& run : runs) {
    uint64_t size = run.end - run.begin;
    bool bulk = size >= kBulkRunBytes;
    if (bulk) bulks.push_back(context_.tables.addBulk(bytes.subspan(run.begin, size)));
    body += 2 * sizeof(uint32_t) + (bulk ? sizeof(uint32_t) : size);
    context_.counts.memory_bytes += size;
  }
  context_.counts.memory_changes += runs.size();
  begin(BlockKind::kMemory, order, kRecordHeaderBytes + body);
  noteTime(time_ns);
  uint8_t flags = (record_flags & kTicketed ? kFileTicketed : 0) | (record_flags & kMixed ? kFileMixed : 0);
  head(kFileMemory, flags, order, body);
  for (uint64_t value : {change.memory, change.device, change.generation, change.offset}) put(value);
  put(static_cast<uint32_t>(runs.size()));
  uint64_t end = 0;
  size_t next_bulk = 0;
  for (const auto& run : runs) {
    auto size = static_cast<uint32_t>(run.end - run.begin);
    bool bulk = size >= kBulkRunBytes;
    put(static_cast<uint32_t>(run.begin - end));
    put(bulk ? size | kRunIsBulk : size);
    if (bulk) put(bulks[next_bulk++]);
    end = run.end;
  }
  for (const auto& run : runs) {
    if (run.end - run.begin < kBulkRunBytes) putBytes(bytes.subspan(run.begin, run.end - run.begin));
  }
}

void LaneBlock::addContents(const ContentsRecord& contents, std::span<const std::byte> bytes,
                            uint16_t record_flags, uint64_t order, uint64_t time_ns) {
  const bool bulk = bytes.size() >= kBulkRunBytes;
  const uint32_t number = bulk ? context_.tables.addBulk(bytes) : 0;
  const size_t body = kContentsBodyBytes + (bulk ? sizeof number : bytes.size());
  ++context_.counts.contents;
  context_.counts.contents_bytes += bytes.size();
  begin(BlockKind::kCalls, order, kRecordHeaderBytes + body);
  noteTime(time_ns);
  uint8_t flags = (record_flags & kTicketed ? kFileTicketed : 0) | (bulk ? kFileBulks : 0);
  head(kFileContents, flags, order, body);
  put(contents.device);
  put(contents.object);
  for (uint32_t value : {contents.object_type, contents.aspect, contents.mip_level, contents.array_layer,
                         contents.layout, contents.width, contents.height, contents.depth})
    put(value);
  put(contents.offset);
  put(contents.size);
  if (bulk)
    put(number);
  else
    putBytes(bytes);
}

void LaneBlock::addPayload(const PayloadRecord& payload, uint64_t order) {
  begin(BlockKind::kCalls, order, kRecordHeaderBytes + kPayloadBodyBytes);
  head(kFilePayload, 0, order, kPayloadBodyBytes);
  put(payload.payload);
  put(payload.handle);
}

void LaneBlock::addOpaque(const OpaqueRecord& opaque, std::span<const std::byte> values, uint64_t order) {
  begin(BlockKind::kCalls, order, kRecordHeaderBytes + kOpaqueBodyBytes + values.size());
  head(kFileOpaque, 0, order, kOpaqueBodyBytes + values.size());
  put(opaque.device);
  put(opaque.object);
  put(opaque.object_type);
  put(opaque.values);
  putBytes(values);
}

void LaneBlock::addHole(const HoleRecord& hole, std::string_view text, uint64_t order) {
  ++context_.counts.holes;
  begin(BlockKind::kCalls, order, kRecordHeaderBytes + kHoleBodyBytes + text.size());
  head(kFileHole, 0, order, kHoleBodyBytes + text.size());
  put(static_cast<uint32_t>(hole.cause));
  put(uint32_t{0});
  put(hole.subject);
  putBytes(asBytes(text));
}

void LaneBlock::addMetadata(uint32_t kind, std::span<const std::byte> text, uint64_t order) {
  uint32_t number = context_.tables.addMetadata(kind, text);
  begin(BlockKind::kCalls, order, kRecordHeaderBytes + sizeof number);
  head(kFileMetadata, 0, order, sizeof number);
  put(number);
}

void LaneBlock::close() {
  if (empty()) return;
  context_.tables.close();
  BlockHeader header;
  header.kind = kind_;
  header.lane = lane_;
  header.first_order = first_order_;
  header.first_number = first_call_;
  header.count = count_;
  context_.sink.submit(header, std::move(raw_), used_);
  raw_ = {};  // an idle lane holds no buffer
  --context_.open_blocks;
  used_ = 0;
  count_ = 0;
}

}  // namespace reprise

#include "format/lane_block.h"

#include <algorithm>
#include <array>

namespace reprise {

namespace {
constexpr uint64_t kTimeStepMs = 100;   // finer times would differ in every frame, and cost
constexpr size_t kBulkRunBytes = 4096;  // changed memory and outside contents from this size on are bulk
constexpr uint64_t kNsPerMs = 1'000'000;
}  // namespace

void LaneBlock::begin(BlockKind kind, uint64_t order, size_t expected) {
  if (!empty() && used_ + expected > context_.options.block_bytes) close();
  if (!empty()) return;
  if (raw_.empty()) raw_ = context_.sink.spareBuffer();
  room(std::max<size_t>(expected, context_.options.block_bytes));
  limit_ = context_.options.block_bytes;
  kind_ = kind;
  first_order_ = last_order_ = order;
  first_call_ = calls_;
  timed_ = false;
  opened_ = std::chrono::steady_clock::now();
}

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
  bool near = order >= last_order_ && order - last_order_ < kStepAbsolute;
  std::array<std::byte, kRecordHeaderBytes> bytes;
  storeLe(bytes.data(), command);
  storeLe(bytes.data() + 2, flags);
  storeLe(bytes.data() + 3, near ? static_cast<uint8_t>(order - last_order_) : kStepAbsolute);
  storeLe(bytes.data() + 4, static_cast<uint32_t>(size));
  putBytes(bytes);
  if (!near) put(order);
  last_order_ = order;
  ++count_;
}

void LaneBlock::addCall(const CallRecord& call) {
  begin(BlockKind::kCalls, call.order, kRecordHeaderBytes + call.inputs.size() + call.outputs.size());
  noteTime(call.time_ns);
  head(call.command.id, call.flags, call.order, call.inputs.size());
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
  if (call.flags & kFileUnfinished) {
    ++counts.unfinished;
  } else if (call.command.present) {
    ++counts.frames;
    if (call.flags & kFileTicketed) {
      context_.presents.push_back(call.order);
    } else {
      context_.presents_indexed = false;
    }
  }
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
  for (uint64_t value : {change.memory, change.device, change.generation, change.offset})
    put(value);
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
  used_ = 0;
  count_ = 0;
}

}  // namespace reprise

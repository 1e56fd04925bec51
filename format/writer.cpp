#include "format/writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <utility>

#include "format/block_sink.h"
#include "format/lane_stream.h"
#include "format/memory_reducer.h"
#include "format/side_tables.h"
#include "format/trace_index.h"

namespace reprise {

namespace {

constexpr size_t kMaxHeaderText = 64 * 1024;   // per string: a command line can be megabytes
constexpr uint64_t kWatermarkBytes = 1 << 20;  // of file between two watermarks, about

uint64_t monotonicNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace

Result<std::unique_ptr<TraceWriter>> TraceWriter::create(const std::string& path, TraceHeaderInfo info,
                                                         WriterOptions options) {
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) {
    return Status(Code::kUnreadable, "cannot create the trace file " + path + ": " + std::strerror(errno));
  }
  if (info.start_ns == 0) info.start_ns = monotonicNs();
  if (info.captured_unix_seconds == 0) info.captured_unix_seconds = static_cast<uint64_t>(std::time(nullptr));
  for (std::string* text : {&info.application, &info.command_line, &info.host, &info.os, &info.tool_version,
                            &info.registry_version}) {
    if (text->size() > kMaxHeaderText) text->resize(kMaxHeaderText);
  }
  std::unique_ptr<TraceWriter> writer(new TraceWriter(options, std::move(info)));
  writer->sink_ = std::make_unique<BlockSink>(fd, path, options.level, options.threads);
  writer->tables_ = std::make_unique<SideTables>(*writer->sink_, options.names, options.block_bytes);
  writer->sink_->writeStart(encodeFileStart(encodeHeader(writer->info_), kVersionMinor));
  if (Status status = writer->sink_->status(); !status.isOk()) return status;
  return writer;
}

TraceWriter::TraceWriter(WriterOptions options, TraceHeaderInfo info)
    : options_(options),
      info_(std::move(info)),
      reducer_(std::make_unique<MemoryReducer>(options.reducer_bytes)) {
  options_.block_bytes = std::clamp(options_.block_bytes, 1u, kMaxBlockRaw / 2);
}

TraceWriter::~TraceWriter() {
  if (finished_ || sink_ == nullptr) return;
  closeBlocks(false);
}

LaneStream& TraceWriter::lane(uint32_t id) {
  auto found = lanes_.find(id);
  if (found != lanes_.end()) return *found->second;
  openLane({id, 0, {}});
  return *lanes_.at(id);
}

void TraceWriter::openLane(const LaneInfo& info) {
  tables_->nameLane(info);
  if (lanes_.contains(info.id)) return;
  LaneContext context{*sink_,      *tables_, *reducer_,    counts_,
                      frame_ends_, options_, open_blocks_, info_.start_ns};
  lanes_.emplace(info.id, std::make_unique<LaneStream>(context, info.id));
  tids_[info.id] = info.tid;
}

void TraceWriter::nameLane(uint32_t id, const std::string& name) {
  lane(id);
  tables_->nameLane({id, tids_[id], name});
}

void TraceWriter::closeLane(uint32_t id) {
  auto found = lanes_.find(id);
  if (found != lanes_.end()) found->second->close();
}

void TraceWriter::append(uint32_t id, std::span<const std::byte> records) {
  if (!finished_) lane(id).append(records);
}

void TraceWriter::markUnfinished(uint32_t id) {
  auto found = lanes_.find(id);
  LastCall call{id, 0};
  if (found == lanes_.end() || !found->second->lastCallWithoutOutputs(call.number)) return;
  bool known = std::any_of(last_calls_.begin(), last_calls_.end(), [&](const LastCall& other) {
    return other.lane == call.lane && other.number == call.number;
  });
  if (known) return;
  last_calls_.push_back(call);
  ++counts_.unfinished;
}

void TraceWriter::watermark(uint64_t ticket) { appended_ticket_ = std::max(appended_ticket_, ticket); }

void TraceWriter::tick() {
  if (!finished_) closeBlocks(true);
}

// All lanes together: a watermark only says something when no lane holds records back.
void TraceWriter::closeBlocks(bool only_old) {
  auto now = only_old ? LaneStream::Clock::now() : LaneStream::Clock::time_point::max();
  // By age, and by size: a busy program fills blocks long before any is old.
  bool due = !only_old || sink_->fileBytes() >= watermark_bytes_ + kWatermarkBytes;
  for (auto& [id, lane] : lanes_) due = due || lane->wantsClosing(now);
  if (!due) return;
  for (auto& [id, lane] : lanes_) lane->closeBlock(now);
  tables_->close();
  writeWatermark();
}

void TraceWriter::writeWatermark() {
  uint64_t ticket = appended_ticket_;
  for (auto& [id, lane] : lanes_) {
    uint64_t lowest = lane->lowestWaiting();
    if (lowest <= ticket) ticket = lowest == 0 ? 0 : lowest - 1;
  }
  if (ticket > written_ticket_) submitWatermark(ticket);
}

void TraceWriter::submitWatermark(uint64_t ticket) {
  BlockHeader header;
  header.kind = BlockKind::kWatermark;
  header.first_order = ticket;
  sink_->submit(header, {});
  written_ticket_ = ticket;
  watermark_bytes_ = sink_->fileBytes();
}

Status TraceWriter::finish() {
  if (finished_) return sink_->status();
  sink_->finishing();
  for (auto& [id, lane] : lanes_) lane->finish();
  tables_->close();
  submitWatermark(UINT64_MAX);  // a file that only lost its index has lost nothing
  if (Status status = sink_->drain(); !status.isOk()) return finished_ = true, status;
  finished_ = true;
  TraceIndex index;
  index.blocks = sink_->committed();
  index.frame_ends = frame_ends_.tickets();
  index.command_calls.assign(tables_->commandCalls().begin() + 1, tables_->commandCalls().end());
  for (const LastCall& call : last_calls_) index.unfinished_calls.push_back({call.lane, call.number});
  index.counts = counts();
  uint64_t offset = sink_->fileBytes();
  BlockHeader header;
  header.kind = BlockKind::kIndex;
  header.count = static_cast<uint32_t>(index.blocks.size());
  const std::vector<std::byte> encoded = encodeIndex(index);
  sink_->submit(header, RawBytes(encoded.begin(), encoded.end()));
  if (Status status = sink_->drain(); !status.isOk()) return status;
  sink_->writeEnd(encodeFileEnd(offset));
  return sink_->status();
}

const TraceCounts& TraceWriter::counts() const {
  counts_.file_bytes = sink_->fileBytes();
  counts_.frames = frame_ends_.count();
  counts_.frame_end = frame_ends_.kind();
  return counts_;
}

uint64_t TraceWriter::rememberedBytes() const { return reducer_->rememberedBytes(); }

Status TraceWriter::status() const { return sink_->status(); }

}  // namespace reprise

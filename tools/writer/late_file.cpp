#include "tools/writer/late_file.h"

#include <utility>

namespace reprise {

void LateFile::later(Step step, size_t bytes) {
  if (decided()) return;  // with a writer the callers do not come here; without one the file failed
  waiting_.push_back(std::move(step));
  waiting_bytes_ += bytes + sizeof(Step);
}

LaneSink LateFile::sink() {
  LaneSink sink;
  sink.open = [this](const LaneInfo& lane) {
    if (writer_) return writer_->openLane(lane);
    later([lane](TraceWriter& writer) { writer.openLane(lane); });
  };
  sink.name = [this](uint32_t lane, const std::string& name) {
    if (writer_) return writer_->nameLane(lane, name);
    later([lane, name](TraceWriter& writer) { writer.nameLane(lane, name); });
  };
  sink.append = [this](uint32_t lane, std::span<const std::byte> records) {
    if (writer_) return writer_->append(lane, records);
    std::vector<std::byte> copy(records.begin(), records.end());
    later([lane, copy = std::move(copy)](TraceWriter& writer) { writer.append(lane, copy); }, records.size());
  };
  sink.close = [this](uint32_t lane) {
    if (writer_) return writer_->closeLane(lane);
    later([lane](TraceWriter& writer) { writer.closeLane(lane); });
  };
  return sink;
}

void LateFile::decide(const std::string& path) {
  decided_ = true;
  Result<std::unique_ptr<TraceWriter>> writer = TraceWriter::create(path, info_, options_);
  if (writer) {
    writer_ = std::move(*writer);
    for (const Step& step : waiting_) step(*writer_);
  } else {
    status_ = writer.status();
  }
  waiting_.clear();
  waiting_.shrink_to_fit();
  waiting_bytes_ = 0;
}

void LateFile::watermark(uint64_t ticket) {
  if (writer_) return writer_->watermark(ticket);
  later([ticket](TraceWriter& writer) { writer.watermark(ticket); });
}

void LateFile::markUnfinished(uint32_t lane) {
  if (writer_) return writer_->markUnfinished(lane);
  later([lane](TraceWriter& writer) { writer.markUnfinished(lane); });
}

void LateFile::tick() {
  if (writer_) writer_->tick();
}

Status LateFile::finish() { return writer_ ? writer_->finish() : status_; }

}  // namespace reprise

// A trace file whose path is decided later than its first record comes.
//
// `reprise capture -o F` gives F to the first process that creates a device, which shows only after some
// calls. Until decide(), what is told to a LateFile waits in memory (the caller watches waitingBytes()). A
// file that cannot be created or written takes everything and keeps nothing: the traced program must not wait
// for it. One thread at a time. Errors: the first one, by finish().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "format/writer.h"
#include "tools/arena_drain.h"

namespace reprise {

class LateFile {
 public:
  explicit LateFile(TraceHeaderInfo info) : info_(std::move(info)) {}

  LaneSink sink();  // the LateFile outlives it
  void decide(const std::string& path);
  bool decided() const { return !path_.empty(); }
  size_t waitingBytes() const { return waiting_bytes_; }

  void watermark(uint64_t ticket);
  void markUnfinished(uint32_t lane);
  void tick();
  Status finish();  // after decide()

  const std::string& path() const { return path_; }
  TraceCounts counts() const { return writer_ ? writer_->counts() : TraceCounts{}; }

 private:
  using Step = std::function<void(TraceWriter&)>;
  void later(Step step, size_t bytes = 0);

  TraceHeaderInfo info_;
  std::string path_;
  std::unique_ptr<TraceWriter> writer_;
  Status status_;
  std::vector<Step> waiting_;
  size_t waiting_bytes_ = 0;
};

}  // namespace reprise

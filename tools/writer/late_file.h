// A trace file whose path is decided later than its first record comes.
//
// `reprise capture -o F` gives F to a process that creates a device, which shows only after some calls. Until
// decide(), what is told to a LateFile waits in memory (the caller watches heldBytes()). A file that cannot
// be created or written takes everything and keeps nothing: the traced program must not wait for it. One
// thread at a time. Errors: the first one, by finish().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "format/writer.h"
#include "tools/writer/arena_drain.h"

namespace reprise {

class LateFile {
 public:
  LateFile(TraceHeaderInfo info, WriterOptions options) : info_(std::move(info)), options_(options) {}

  LaneSink sink();  // the LateFile outlives it
  void decide(const std::string& path);
  bool decided() const { return decided_; }
  // What it holds in memory beyond the few blocks that are under way.
  size_t heldBytes() const { return waiting_bytes_ + (writer_ ? writer_->rememberedBytes() : 0); }

  void watermark(uint64_t ticket);
  void markUnfinished(uint32_t lane);
  void tick();
  Status finish();  // after decide()

  TraceCounts counts() const { return writer_ ? writer_->counts() : TraceCounts{}; }

 private:
  using Step = std::function<void(TraceWriter&)>;
  void later(Step step, size_t bytes = 0);

  TraceHeaderInfo info_;
  const WriterOptions options_;
  bool decided_ = false;
  std::unique_ptr<TraceWriter> writer_;
  Status status_;
  std::vector<Step> waiting_;
  size_t waiting_bytes_ = 0;
};

}  // namespace reprise

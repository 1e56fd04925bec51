// What happens in each frame of a trace, in a table of bounded size.
//
// A row is one frame; where there are more frames, or more commands by frame, than the table may hold, each
// row becomes two frames, then four, and so on. Counters are exact whatever a row stands for. Frames are
// begun in order. One thread's. No errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace reprise {

struct FrameRow {
  uint64_t first_call = 0;  // number of the first call of its first frame
  uint64_t calls = 0;
  uint64_t argument_bytes = 0;  // of its calls, as recorded
  uint64_t memory_bytes = 0;    // of mapped memory that changed, and contents from outside
  uint64_t submits = 0;
  uint64_t end_us = 0;  // since the capture began; never falls
  size_t counts = 0;    // how many CommandUse of the table are its own
};

struct CommandUse {
  uint32_t command = 0;  // the user's index
  uint64_t calls = 0;
};

class FrameRows {
 public:
  FrameRows(size_t most_rows, size_t most_uses) : most_rows_(most_rows), most_uses_(most_uses) {}

  // The counters of `frame`, to be added to until the next begin() or finish().
  FrameRow& begin(uint64_t frame, uint64_t first_call);
  FrameRow& current() { return current_; }
  void countCommand(uint32_t command) {
    if (command >= calls_.size()) calls_.resize(command + 1, 0);
    if (calls_[command]++ == 0) touched_.push_back(command);
  }
  void finish();  // a trace without events has one row of nothing

  uint64_t framesPerRow() const { return frames_per_row_; }
  const std::vector<FrameRow>& rows() const { return rows_; }
  // Of all rows, one row's after the other's, ascending by command.
  const std::vector<CommandUse>& uses() const { return uses_; }

 private:
  void close();
  void reopenLast();
  void halve();

  size_t most_rows_, most_uses_;
  uint64_t frames_per_row_ = 1;
  std::vector<FrameRow> rows_;
  std::vector<CommandUse> uses_;
  FrameRow current_;
  uint64_t row_ = 0;  // the place of current_
  bool open_ = false;
  std::vector<uint64_t> calls_;  // of current_, by command
  std::vector<uint32_t> touched_;
};

}  // namespace reprise

#include "tools/report/frame_rows.h"

#include <algorithm>

namespace reprise {
namespace {

// `second` added to `first`, of which it is the successor.
void add(FrameRow& first, const FrameRow& second) {
  first.calls += second.calls;
  first.argument_bytes += second.argument_bytes;
  first.memory_bytes += second.memory_bytes;
  first.submits += second.submits;
  first.end_us = std::max(first.end_us, second.end_us);
}

}  // namespace

FrameRow& FrameRows::begin(uint64_t frame, uint64_t first_call) {
  if (open_ && frame / frames_per_row_ == row_) return current_;
  close();
  row_ = frame / frames_per_row_;
  while (rows_.size() < row_) {  // a frame without a single event
    rows_.push_back({});
    rows_.back().first_call = first_call;
    rows_.back().end_us = rows_.size() > 1 ? rows_[rows_.size() - 2].end_us : 0;
  }
  current_ = {};
  current_.first_call = first_call;
  current_.end_us = rows_.empty() ? 0 : rows_.back().end_us;
  open_ = true;
  if (row_ < rows_.size()) reopenLast();
  return current_;
}

void FrameRows::finish() {
  close();
  if (rows_.empty()) rows_.push_back({});
}

// The last row goes on: it has come to stand for more frames than were over when it was closed.
void FrameRows::reopenLast() {
  current_ = rows_.back();
  rows_.pop_back();
  const size_t first = uses_.size() - current_.counts;
  for (size_t i = first; i < uses_.size(); ++i) {
    touched_.push_back(uses_[i].command);
    calls_[uses_[i].command] = uses_[i].calls;
  }
  uses_.resize(first);
}

void FrameRows::close() {
  if (!open_) return;
  open_ = false;
  std::sort(touched_.begin(), touched_.end());
  current_.counts = touched_.size();
  for (const uint32_t command : touched_) {
    uses_.push_back({command, calls_[command]});
    calls_[command] = 0;
  }
  touched_.clear();
  rows_.push_back(current_);
  while (rows_.size() > 1 && (rows_.size() > most_rows_ || uses_.size() > most_uses_)) halve();
}

void FrameRows::halve() {
  std::vector<CommandUse> uses;
  uses.reserve(uses_.size());
  size_t from = 0;
  for (size_t i = 0; i < rows_.size(); i += 2) {
    FrameRow row = rows_[i];
    const size_t begin = uses.size();
    auto a = uses_.begin() + std::ptrdiff_t(from), a_end = a + std::ptrdiff_t(row.counts), b = a_end,
         b_end = b;
    if (i + 1 < rows_.size()) {
      add(row, rows_[i + 1]);
      b_end += std::ptrdiff_t(rows_[i + 1].counts);
    }
    from = size_t(b_end - uses_.begin());
    while (a != a_end || b != b_end) {
      if (b == b_end || (a != a_end && a->command < b->command)) {
        uses.push_back(*a++);
      } else if (a == a_end || b->command < a->command) {
        uses.push_back(*b++);
      } else {
        uses.push_back({a->command, a->calls + b->calls});
        ++a, ++b;
      }
    }
    row.counts = uses.size() - begin;
    rows_[i / 2] = row;
  }
  rows_.resize((rows_.size() + 1) / 2);
  uses_ = std::move(uses);
  frames_per_row_ *= 2;
}

}  // namespace reprise

// A reader on a thread of its own: events are merged and parsed while their user is still at earlier ones.
//
// The constructor starts the thread, and the reader's own (TraceReader::readAhead); from then on the reader
// is theirs, but for summary(). next() hands out the events in order; one is valid, with all that it points
// to, until the next call of next(). A failure comes at its place in the order, behind the events before it.
// At most kRuns runs of events are under way. next() is one thread's; the destructor, which may come at any
// time, ends the threads. The reader must outlive it.
#pragma once

#include <array>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "format/reader.h"

namespace reprise {

class EventAhead {
 public:
  explicit EventAhead(TraceReader& reader);
  ~EventAhead();
  EventAhead(const EventAhead&) = delete;
  EventAhead& operator=(const EventAhead&) = delete;

  // Null at the end; after an error: that error again.
  Result<const Event*> next() {
    if (at_ == run_->entries.size()) [[unlikely]] {
      if (Status status = nextRun(); !status.isOk()) return status;
      if (run_->entries.empty()) return static_cast<const Event*>(nullptr);
    }
    const EventEntry& entry = run_->entries[at_++];
    if (!entry.is_call) return &run_->others[entry.input_size];
    entry.copyTo(call_);
    return &call_;
  }

 private:
  static constexpr size_t kRuns = 8;

  void read();
  Status nextRun();

  TraceReader& reader_;
  std::array<EventRun, kRuns> runs_;  // used in turn
  EventRun none_;
  EventRun* run_ = &none_;  // the user's
  size_t at_ = 0;           // in it
  Event call_;              // what next() returned, if it was an ordinary call

  std::mutex mutex_;
  std::condition_variable filled_changed_, free_changed_;
  size_t filled_ = 0;    // runs read since the start
  size_t finished_ = 0;  // runs that the user is done with
  bool reader_waits_ = false, user_waits_ = false;
  bool ended_ = false;  // no run will follow
  bool stopping_ = false;
  Status status_;                 // why it ended
  std::exception_ptr exception_;  // likewise; only ever std::bad_alloc
  std::thread thread_;
};

}  // namespace reprise

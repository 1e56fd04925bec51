#include "format/event_ahead.h"

#include <new>
#include <utility>

namespace reprise {

EventAhead::EventAhead(TraceReader& reader) : reader_(reader) {
  for (EventRun& run : runs_) run.entries.reserve(EventRun::kMost);
  reader_.readAhead();
  thread_ = std::thread([this] { read(); });
}

EventAhead::~EventAhead() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  free_changed_.notify_all();
  thread_.join();
}

// Each side wakes the other only when half of the runs are there for it: a wake-up costs as much as many
// calls.
void EventAhead::read() {
  for (size_t number = 0;; ++number) {
    {
      std::unique_lock lock(mutex_);
      if (number - finished_ >= kRuns) {
        reader_waits_ = true;
        free_changed_.wait(lock, [&] { return stopping_ || number - finished_ <= kRuns / 2; });
        reader_waits_ = false;
      }
      if (stopping_) return;
    }
    EventRun& run = runs_[number % kRuns];
    Status status;
    std::exception_ptr exception;
    try {
      status = reader_.nextRun(run);
    } catch (const std::bad_alloc&) {
      run.entries.clear();
      exception = std::current_exception();
    }
    std::lock_guard lock(mutex_);
    if (run.entries.empty()) {
      ended_ = true;
      status_ = std::move(status);
      exception_ = std::move(exception);
    } else {
      ++filled_;
    }
    if (user_waits_ && (ended_ || filled_ - finished_ >= kRuns / 2)) filled_changed_.notify_one();
    if (ended_) return;
  }
}

Status EventAhead::nextRun() {
  std::unique_lock lock(mutex_);
  if (run_ != &none_) {
    run_ = &none_;
    ++finished_;
    if (reader_waits_ && filled_ - finished_ <= kRuns / 2) free_changed_.notify_one();
  }
  at_ = 0;
  if (filled_ == finished_ && !ended_) {
    user_waits_ = true;
    filled_changed_.wait(lock, [&] { return filled_ - finished_ >= kRuns / 2 || ended_; });
    user_waits_ = false;
  }
  if (filled_ != finished_) {
    run_ = &runs_[finished_ % kRuns];
    return Status::ok();
  }
  if (exception_) std::rethrow_exception(exception_);
  return status_;
}

}  // namespace reprise

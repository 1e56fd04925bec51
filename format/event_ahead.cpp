#include "format/event_ahead.h"

#include <utility>

namespace reprise {

EventAhead::EventAhead(TraceReader& reader) : reader_(reader) {
  for (Batch& batch : batches_) batch.events.resize(kEvents);
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

void EventAhead::read() {
  Status status;
  std::exception_ptr exception;
  for (size_t number = 0;; ++number) {
    {
      std::unique_lock lock(mutex_);
      if (number - finished_ >= kBatches) {
        // Half of the batches at once: a wake-up costs more than a batch.
        reader_waits_ = true;
        free_changed_.wait(lock, [&] { return stopping_ || number - finished_ <= kBatches / 2; });
        reader_waits_ = false;
      }
      if (stopping_) return;
    }
    Batch& batch = batches_[number % kBatches];
    try {
      reader_.recycle(batch.memory);
      Result<size_t> count = reader_.next(batch.events, batch.memory);
      status = count.status();
      batch.count = count ? *count : 0;
    } catch (const std::bad_alloc&) {
      exception = std::current_exception();
      batch.count = 0;
    }
    std::lock_guard lock(mutex_);
    if (batch.count == 0) {
      ended_ = true;
      status_ = std::move(status);
      exception_ = std::move(exception);
    } else {
      ++filled_;
    }
    if (user_waits_) filled_changed_.notify_one();
    if (ended_) return;
  }
}

Result<const Event*> EventAhead::nextBatch() {
  std::unique_lock lock(mutex_);
  if (batch_ != &none_) {
    batch_ = &none_;
    at_ = 0;
    ++finished_;
    if (reader_waits_ && filled_ - finished_ <= kBatches / 2) free_changed_.notify_one();
  }
  if (filled_ == finished_ && !ended_) {
    user_waits_ = true;
    filled_changed_.wait(lock, [&] { return filled_ != finished_ || ended_; });
    user_waits_ = false;
  }
  if (filled_ == finished_) {
    if (exception_) std::rethrow_exception(exception_);
    if (!status_.isOk()) return status_;
    return static_cast<const Event*>(nullptr);
  }
  batch_ = &batches_[finished_ % kBatches];
  at_ = 1;
  return &batch_->events[0];
}

}  // namespace reprise

// A reader on a thread of its own: events are merged and parsed while their user is still at earlier ones.
//
// The constructor starts the thread, and the reader's own (TraceReader::readAhead); from then on the reader is theirs,
// but for summary(). next() hands out the events in order; one is valid, with all that it points to, until the next
// call of next(). A failure comes at its place in the order, behind the events before it. At most kBatches runs of
// kEvents events are under way. next() is one thread's; the destructor, which may come at any time, ends the
// threads. The reader must outlive it.
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
    if (at_ < batch_->count) [[likely]]
      return &batch_->events[at_++];
    return nextBatch();
  }

 private:
  static constexpr size_t kBatches = 8;
  static constexpr size_t kEvents = 512;
  struct Batch {
    std::vector<Event> events;
    size_t count = 0;
    EventMemory memory;
  };

  void read();
  Result<const Event*> nextBatch();

  TraceReader& reader_;
  std::array<Batch, kBatches> batches_;  // used in turn
  Batch none_;
  Batch* batch_ = &none_;  // the user's
  size_t at_ = 0;          // in it

  std::mutex mutex_;
  std::condition_variable filled_changed_, free_changed_;
  size_t filled_ = 0;    // batches read since the start
  size_t finished_ = 0;  // batches that the user is done with
  bool reader_waits_ = false, user_waits_ = false;
  bool ended_ = false;  // no batch will follow
  bool stopping_ = false;
  Status status_;                 // why it ended
  std::exception_ptr exception_;  // likewise; only ever std::bad_alloc
  std::thread thread_;
};

}  // namespace reprise

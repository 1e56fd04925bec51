// One lane's records as the layer wrote them, turned into the file's: pieces are put together, an
// announcement and its completion become one record, bulk ranges get their numbers, and a record stands where
// its place in the order is.
//
// A call stands at its announcement if that carries the ticket, else at its completion. So while a ticketed
// call is open, the calls that a driver makes from inside it wait in a queue behind it. A call that stays
// open for long (a hang) is written provisionally, so that it is in the file even if the writer dies. Every
// byte is hostile input: what does not fit becomes a hole. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "format/lane_block.h"
#include "format/record.h"

namespace reprise {

class LaneStream {
 public:
  using Clock = std::chrono::steady_clock;

  LaneStream(LaneContext context, uint32_t lane);

  void append(std::span<const std::byte> records);
  void close();  // the thread ended

  // The lane number of the last call if that is the last thing the lane announced and it has no outputs.
  bool lastCallWithoutOutputs(uint64_t& number) const;

  bool wantsClosing(Clock::time_point now) const;  // its block, or an open call, is older than the flush age
  void closeBlock(Clock::time_point now);          // provisional copies of long-open calls included
  void finish();                                   // open calls become unfinished ones

  // No record of this lane with a ticket below this is missing from the file; UINT64_MAX: nothing waits.
  uint64_t lowestWaiting() const;

 private:
  struct Call {
    FileCommand command;
    uint16_t registry_id = 0;
    uint8_t flags = 0;
    uint64_t order = 0;
    uint64_t time_ns = 0;
    std::vector<std::byte> inputs, outputs;
    std::vector<uint32_t> input_bulks, output_bulks;
    bool queued = false;  // it has a place in queue_
    bool ready = false;   // it may leave queue_
    Clock::time_point opened;
  };
  struct Assembly {  // a record that travels in pieces
    bool active = false;
    LaneRecord record{};
    uint64_t total = 0;
    std::vector<std::byte> payload;
  };

  bool isAlone() const { return !assembly_.active && bulks_.empty() && queue_.empty() && open_.empty(); }
  size_t pair(const LaneRecord& announced, std::span<const std::byte> inputs, std::span<const std::byte> rest);
  size_t plainCalls(std::span<const std::byte> records);
  void record(const LaneRecord& record, std::span<const std::byte> payload);
  void firstPiece(const LaneRecord& record, std::span<const std::byte> payload);
  void piece(std::span<const std::byte> payload);
  void whole(const LaneRecord& record, std::span<const std::byte> payload);
  void special(const LaneRecord& record, std::span<const std::byte> payload);
  void memory(const LaneRecord& record, std::span<const std::byte> payload, uint64_t time_ns);
  void contents(const LaneRecord& record, std::span<const std::byte> payload, uint64_t time_ns);
  void announce(const LaneRecord& record, std::span<const std::byte> inputs, uint64_t time_ns);
  void complete(const LaneRecord& record, std::span<const std::byte> outputs, uint64_t time_ns);
  void singleCall(const LaneRecord& record, std::span<const std::byte> inputs, uint64_t time_ns);
  void settle(Call* call);  // it has its outputs, or never will
  void drainQueue();
  void releaseQueue();
  void write(const Call& call, uint8_t extra_flags);
  void writeProvisional(Call& call);
  void hole(HoleCause cause, uint64_t subject, const std::string& text);
  Call* take();
  void giveBack(Call* call);

  LaneContext context_;
  LaneBlock block_;
  Assembly assembly_;
  std::vector<uint32_t> bulks_;  // of the next announcement or completion
  std::vector<Call*> open_;      // announced, not completed; innermost last
  std::deque<Call*> queue_;      // in order; the first one is open and ticketed, or the queue is empty
  size_t queued_bytes_ = 0;
  bool last_was_single_ = false;
  Clock::time_point now_;  // of the latest append()
  uint64_t bad_records_ = 0;
  std::vector<std::unique_ptr<Call>> calls_;  // owns all
  std::vector<Call*> free_;
};

}  // namespace reprise

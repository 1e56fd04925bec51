// record(): a call into this thread's lane, announced with all its inputs before the driver is called and
// completed after it returned.
//
// Arguments are encoded straight into the lane. Only when they do not fit, hold a large byte range or an
// unknown struct does the call take the slow path: encode into memory of its own, then write piece by piece.
// Any thread; no lock, nothing throws; without a writer the call only goes through to the driver.
#pragma once

#include <time.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "capture/lanes.h"
#include "capture/order.h"
#include "format/encoder.h"

namespace reprise::capture {

// Which lane wrote which command buffer last; one for the process.
extern constinit CommandBufferLanes command_buffer_lanes;

// One line to standard error, for what the person who records must know.
void warn(const char* format, ...) __attribute__((format(printf, 1, 2)));

// Notes what could not be recorded, in this thread's lane.
void recordHole(HoleCause cause, uint64_t subject, std::string_view text);
void recordMetadata(MetadataKind kind, std::string_view json);

namespace detail {

struct Heading {
  uint16_t command;
  uint16_t flags;
  bool draws_ticket;
};

template <class C>
uint64_t firstHandle(const C& call) {
  uint64_t handle;
  static_assert(sizeof(C) >= sizeof handle);
  std::memcpy(&handle, &call, sizeof handle);
  return handle;
}

inline uint64_t coarseTime() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  return uint64_t(now.tv_sec) * 1'000'000'000u + uint64_t(now.tv_nsec);
}

// The half of a call that E encodes, where it does not fit the lane's buffer or needs records of its own
// before it. False if there was no memory: a hole stands in its place.
using EncodeInputs = void (*)(InputEncoder& encoder, void* call);
using EncodeOutputs = void (*)(OutputEncoder& encoder, void* call);
bool writeSlowly(Lane* lane, const Heading& heading, EncodeInputs encode, void* call);
bool writeSlowly(Lane* lane, const Heading& heading, EncodeOutputs encode, void* call);

// Flattened: left alone, the compiler gives up inlining in a source of a thousand entry points.
template <class E, class C>
[[gnu::flatten]] bool write(Lane* lane, C& call, const Heading& heading) {
  const LaneSpace room = laneSpace(lane);
  const size_t head = sizeof(LaneRecord) + (heading.flags & kTimed ? sizeof(uint64_t) : 0);
  // Room for the zero padding is kept back.
  const size_t free_bytes = std::min(size_t(room.end - room.begin), sizeof(LaneRecord) + kMaxRecordPayload);
  if (free_bytes > head + sizeof(uint64_t)) [[likely]] {
    E encoder(room.begin + head, room.begin + free_bytes - sizeof(uint64_t));
    visit(encoder, call);
    if (!encoder.overflowed()) [[likely]] {
      const size_t payload = head - sizeof(LaneRecord) + encoder.size();
      std::memset(room.begin + sizeof(LaneRecord) + payload, 0, sizeof(uint64_t));
      if (heading.flags & kTimed) {
        const uint64_t now = coarseTime();
        std::memcpy(room.begin + sizeof(LaneRecord), &now, sizeof now);
      }
      const uint64_t order = heading.draws_ticket ? nextTicket() : notedTicket();
      const LaneRecord record{uint32_t(payload), heading.command, heading.flags, order};
      std::memcpy(room.begin, &record, sizeof record);
      lanePublish(lane, sizeof record + padded(payload));
      return true;
    }
  }
  return writeSlowly(
      lane, heading, [](E& e, void* c) { visit(e, *static_cast<C*>(c)); }, &call);
}

template <class C>
bool announce(Lane* lane, C& call, Command called) {
  Heading heading{uint16_t(called), uint16_t(C::kHasOutputs ? kAnnounce : kAnnounce | kComplete), false};
  if constexpr (C::kTicket == TicketWhen::kNone) {
    heading.draws_ticket = !command_buffer_lanes.sameLane(firstHandle(call), laneId(lane));
    if (heading.draws_ticket) heading.flags |= kTicketed;
  } else if constexpr (C::kTicket == TicketWhen::kBefore) {
    if constexpr (requires { call.commandBuffer; })
      command_buffer_lanes.ticketed(uint64_t(call.commandBuffer), laneId(lane));
    heading.draws_ticket = true;
    heading.flags |= kTicketed | kTimed;
  }
  return write<InputEncoder>(lane, call, heading);
}

template <class C>
void complete(Lane* lane, C& call, Command called) {
  Heading heading{uint16_t(called), kComplete, false};
  if constexpr (C::kTicket == TicketWhen::kAfter) {
    heading.draws_ticket = true;
    heading.flags |= kTicketed | kTimed;
  }
  write<OutputEncoder>(lane, call, heading);
}

}  // namespace detail

// Records `call`, which the program made under the name `called`, and calls `driver` once, between the two
// halves.
template <class C, class F>
void record(C& call, Command called, F&& driver) {
  Lane* lane = currentLane();
  if (lane == nullptr) [[unlikely]]
    return driver();
  const bool announced = detail::announce(lane, call, called);
  driver();
  if (!announced) [[unlikely]]
    return;
  if constexpr (C::kHasOutputs)
    detail::complete(lane, call, called);
  else
    laneReturned(lane);
}

}  // namespace reprise::capture

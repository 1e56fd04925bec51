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
#include <type_traits>
#include <utility>

#include "capture/lanes.h"
#include "capture/order.h"
#include "format/direct_encoder.h"
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

// What a record says of its call besides the arguments.
struct Heading {
  uint16_t command;
  uint16_t flags;
  bool drawsTicket() const { return (flags & kTicketed) != 0; }
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

// The half of a packet that is encoded, by E, the general visitor; kDirect packets have a faster one.
template <class E>
using Direct = std::conditional_t<std::is_same_v<E, InputEncoder>, DirectInputs, DirectOutputs>;

// Encodes into [begin, end), both included in the lane's buffer. Null if it does not fit or is not for this path.
template <class E, class C>
[[gnu::always_inline]] inline std::byte* encodeInPlace(std::byte* begin, std::byte* end, C& call) {
  if constexpr (kDirect<C>) {
    if (size_t(end - begin) < kFixedBytes<C>) [[unlikely]]
      return nullptr;
    Direct<E> encoder(begin, end - kFixedBytes<C>);
    visit(encoder, call);
    return encoder.overflowed() ? nullptr : encoder.cursor();
  } else {
    E encoder(begin, end);
    visit(encoder, call);
    return encoder.overflowed() ? nullptr : begin + encoder.size();
  }
}

// Flattened: left alone, the compiler gives up inlining in a source of a thousand entry points.
template <class E, uint16_t kFlags, class C>
[[gnu::flatten]] bool write(Lane* lane, C& call, Command called) {
  constexpr size_t kHead = sizeof(LaneRecord) + (kFlags & kTimed ? sizeof(uint64_t) : 0);
  constexpr size_t kLargest = sizeof(LaneRecord) + kMaxRecordPayload;
  const LaneSpace room = laneSpace(lane);
  const auto free_bytes = size_t(room.end - room.begin);
  if (free_bytes > kHead + sizeof(uint64_t)) [[likely]] {
    // Room for the zero padding is kept back.
    std::byte* const end = encodeInPlace<E>(
        room.begin + kHead, room.begin + std::min(free_bytes, kLargest) - sizeof(uint64_t), call);
    if (end != nullptr) [[likely]] {
      const size_t payload = size_t(end - room.begin) - sizeof(LaneRecord);
      std::memset(end, 0, sizeof(uint64_t));
      if constexpr (kFlags & kTimed) {
        const uint64_t now = coarseTime();
        std::memcpy(room.begin + sizeof(LaneRecord), &now, sizeof now);
      }
      const uint64_t order = kFlags & kTicketed ? nextTicket(lane) : notedTicket(lane);
      const LaneRecord record{uint32_t(payload), uint16_t(called), kFlags, order};
      std::memcpy(room.begin, &record, sizeof record);
      if constexpr (kFlags & kTicketed)
        lanePublish(lane, sizeof record + padded(payload));
      else
        lanePublishNoted(lane, sizeof record + padded(payload));
      return true;
    }
  }
  return writeSlowly(
      lane, {uint16_t(called), kFlags}, [](E& e, void* c) { visit(e, *static_cast<C*>(c)); }, &call);
}

// What another lane wrote last needs a ticket: rare, and kept apart.
template <uint16_t kFlags, class C>
[[gnu::noinline, gnu::cold]] bool announceElsewhere(Lane* lane, C& call, Command called) {
  return write<InputEncoder, kFlags | kTicketed>(lane, call, called);
}

template <class C>
[[gnu::always_inline]] inline bool announce(Lane* lane, C& call, Command called) {
  constexpr uint16_t kFlags = C::kHasOutputs ? kAnnounce : kAnnounce | kComplete;
  if constexpr (C::kTicket == TicketWhen::kNone) {
    if (!command_buffer_lanes.sameLane(firstHandle(call), laneId(lane))) [[unlikely]]
      return announceElsewhere<kFlags>(lane, call, called);
    return write<InputEncoder, kFlags>(lane, call, called);
  } else if constexpr (C::kTicket == TicketWhen::kBefore) {
    if constexpr (requires { call.commandBuffer; })
      command_buffer_lanes.ticketed(uint64_t(call.commandBuffer), laneId(lane));
    return write<InputEncoder, kFlags | kTicketed | kTimed>(lane, call, called);
  } else {
    return write<InputEncoder, kFlags>(lane, call, called);
  }
}

template <class C>
[[gnu::always_inline]] inline void complete(Lane* lane, C& call, Command called) {
  if constexpr (C::kTicket == TicketWhen::kAfter)
    write<OutputEncoder, kComplete | kTicketed | kTimed>(lane, call, called);
  else
    write<OutputEncoder, kComplete>(lane, call, called);
}

}  // namespace detail

// Records `call`, which the program made under the name `called`, and calls `driver` once, between the two
// halves.
template <class C, class F>
[[gnu::always_inline]] inline void record(C& call, Command called, F&& driver) {
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

// The program's side of the lanes: where this thread's records go.
//
// A Lane belongs to one thread (the memory lane to whoever holds the scan mutex) and is used by it alone; its
// memory lives as long as the process. Fast path: laneSpace, write a LaneRecord and its padded payload at
// `begin`, lanePublish. When the record does not fit: laneWrite, which takes the next buffer, cuts large
// payloads in pieces, and waits while the arena is full. Sizes are bytes.
// Nothing throws or allocates. A writer that is gone or has stalled for 10 s switches recording off for the
// whole process: currentLane() is null from then on and writes through an older Lane* go nowhere.
//
// A ticket drawn with nextTicket() holds back the writer's watermark until this thread publishes a ticketed
// record on its own lane: draw one only with a lane in hand, and always publish what it was drawn for.
// Records for the memory lane that a call draws tickets for are published before the call's own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "format/lane.h"
#include "format/record.h"

namespace reprise {

struct alignas(kLine) Lane {
  std::byte* cursor;
  std::byte* end;
  std::byte* base;  // of the current buffer
  BufferHeader* buffer;
  LaneHeader* header;
  std::atomic<uint64_t>* tickets;
  uint64_t last_ticket;
  uint64_t returned;
  std::atomic<uint32_t> live;  // 0 too in a forked child: all lanes lie on pages that fork wipes
  uint32_t id;
  uint32_t slot;
  uint32_t buffers;  // opened so far
};

struct LaneSpace {
  std::byte* begin;
  std::byte* end;
};

namespace detail {
extern constinit thread_local Lane* this_lane __attribute__((tls_model("initial-exec")));
Lane* openThisLane();
uint64_t ticketWithoutLane(bool draw);
}  // namespace detail

// Finds or starts the writer; true if this process records. Once a process; again in a forked child (which
// also happens by itself at its first currentLane()). Prints one sentence where recording is impossible.
bool attach();

// This thread's lane, opened at first use. Null if recording is off.
inline Lane* currentLane() {
  Lane* lane = detail::this_lane;
  if (lane && lane->live.load(std::memory_order_relaxed)) [[likely]]
    return lane;
  return detail::openThisLane();
}

// The process's lane for memory changes; the caller holds the scan mutex. Null if recording is off.
Lane* memoryLane();

// Contiguous room right now, which may be none; `begin` is 8-aligned.
inline LaneSpace laneSpace(Lane* lane) { return {lane->cursor, lane->end}; }

// Publishes the record at laneSpace().begin: `total_bytes` is sizeof(LaneRecord) plus the padded payload.
inline void lanePublish(Lane* lane, size_t total_bytes) {
  const uint16_t flags = reinterpret_cast<const LaneRecord*>(lane->cursor)->flags;
  lane->cursor += total_bytes;
  lane->buffer->committed.store(static_cast<uint32_t>(lane->cursor - lane->base), std::memory_order_release);
  if ((flags & (kTicketed | kFirstPiece)) == kTicketed)
    lane->header->pending.store(0, std::memory_order_release);
}

// The same for a record that has no ticket of its own and is no piece.
inline void lanePublishNoted(Lane* lane, size_t total_bytes) {
  lane->cursor += total_bytes;
  lane->buffer->committed.store(static_cast<uint32_t>(lane->cursor - lane->base), std::memory_order_release);
}

// Writes and publishes a record of any size (`record.size` is taken from the payload). May wait.
void laneWrite(Lane* lane, const LaneRecord& record, std::span<const std::byte> payload);

// The latest single-record call (kAnnounce | kComplete) of this lane has returned from the driver.
inline void laneReturned(Lane* lane) {
  if (!lane->live.load(std::memory_order_relaxed)) [[unlikely]]
    return;
  lane->header->returned.store(++lane->returned, std::memory_order_release);
}

// For a caller that holds this thread's lane and found room in it. Only this thread writes the word; any number
// from (last ticket of this thread, the ticket to come] serves.
inline uint64_t nextTicket(Lane* lane) {
  if (lane->header->pending.load(std::memory_order_relaxed) == 0)
    lane->header->pending.store(lane->last_ticket + 1, std::memory_order_release);
  return lane->last_ticket = 1 + lane->tickets->fetch_add(1, std::memory_order_acq_rel);
}
inline uint64_t notedTicket(const Lane* lane) { return lane->tickets->load(std::memory_order_relaxed); }

inline uint64_t nextTicket() {
  Lane* lane = detail::this_lane;
  if (!lane || !lane->live.load(std::memory_order_relaxed)) [[unlikely]]
    return detail::ticketWithoutLane(true);
  return nextTicket(lane);
}

inline uint64_t notedTicket() {
  const Lane* lane = detail::this_lane;
  if (!lane || !lane->live.load(std::memory_order_relaxed)) [[unlikely]]
    return detail::ticketWithoutLane(false);
  return lane->tickets->load(std::memory_order_relaxed);
}

// At presents: the writer may take part-filled buffers. At vkCreateDevice: this process deserves the file.
void laneFlushHint();
void laneDeviceCreated();

inline uint32_t laneId(const Lane* lane) { return lane->id; }

}  // namespace reprise

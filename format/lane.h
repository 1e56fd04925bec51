// The shared-memory arena between the traced program and the writer's process.
//
// Layout: ArenaHeader, lane table, bitmaps of free buffers, buffer table, buffers. Everything is found by
// arenaLayout(bytes), from the size alone: no pointer, offset or list lies in the arena, so the writer, which
// treats every word of it as hostile, needs only to check indices and sizes.
//
// A lane is one thread's stream of LaneRecords (format/record.h). It fills one buffer at a time; a buffer's
// header names lane, sequence within the lane, and committed bytes. One release store of `committed`
// publishes a record. Who writes what: the program allocates buffers (clears a bitmap bit) and lanes, the
// writer frees them. Two processes share it: all access is atomic or ordered by an atomic.
//
// Watermark protocol (why 'everything with a ticket <= t is taken' can be said):
//   program: pending = a number no larger than the ticket that comes (release; kept if already set);
//            ticket = 1 + counter.fetch_add (acq_rel); write the record; committed (release);
//            pending = 0 (release)
//   writer:  c = counter (acquire); for every lane p = pending (acquire); then take all that is committed;
//            then t = min(c, every nonzero p - 1) may be stated.
//   A ticket k <= c was drawn before the writer's read of c, so its lane's pending store happened before and
//   the writer reads it or a later one. It: p <= k, so t < k. A later one: it was stored after k's record
//   was committed, so the taking that follows finds that record.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace reprise {

inline constexpr uint64_t kArenaMagic = 0x31616e6572415652;  // "RVArena1"
inline constexpr size_t kLine = 128;  // two cache lines: neighbours are prefetched in pairs
inline constexpr size_t kArenaDefaultBytes = size_t{256} << 20;
inline constexpr size_t kArenaMinBytes = size_t{2} << 20;
inline constexpr size_t kArenaMaxBytes = size_t{64} << 30;
inline constexpr uint32_t kMaxLanes = 4096;
inline constexpr size_t kLaneNameBytes = 16;  // a Linux thread name, with its zero

struct alignas(kLine) ArenaHeader {
  uint64_t magic;
  uint64_t bytes;
  alignas(kLine) std::atomic<uint64_t> tickets;          // the last ticket given out
  alignas(kLine) std::atomic<uint32_t> writer_sleeping;  // futex: 1 while the writer wants to be woken
  std::atomic<uint32_t> flush_hint;                      // 1: part-filled buffers are worth taking now
  std::atomic<uint32_t> device_created;
  std::atomic<uint32_t> abandoned;  // the program stopped recording: the writer stalled or was gone
  std::atomic<uint32_t> closing;    // writer in a thread of the program: finish the file now
  std::atomic<uint32_t> next_lane_id;
  std::atomic<uint32_t> lanes_used;                   // lane slots beyond this were never used
  std::atomic<uint64_t> lost_calls;                   // looked for a lane while none was free
  alignas(kLine) std::atomic<uint32_t> space_signal;  // futex: changes when buffers or lanes became free
  std::atomic<uint32_t> space_waiters;
  std::atomic<uint32_t> writer_done;      // futex: 1 when the file is finished
  std::atomic<uint64_t> writer_progress;  // changes at least every second while the writer is healthy
  // What recording costs in memory, together bounded by `bytes`: of the buffers that the program has mapped so far,
  // and of what the writer has taken out and not yet passed on, beyond what it may hold in any case.
  alignas(kLine) std::atomic<uint64_t> populated_bytes;
  std::atomic<uint64_t> held_bytes;
};

enum LaneState : uint32_t { kLaneFree, kLaneOpening, kLaneLive, kLaneExited };

struct alignas(kLine) LaneHeader {
  std::atomic<uint32_t> state;
  std::atomic<uint32_t> id;  // unique in this arena; 0 is none
  std::atomic<uint32_t> tid;
  std::atomic<uint32_t> buffers;  // opened so far by this lane: the next one's sequence
  std::atomic<uint64_t> name[kLaneNameBytes / 8];
  std::atomic<uint64_t> returned;  // single-record calls of this lane that came back from the driver
  std::atomic<uint64_t> pending;   // see the watermark protocol
};
static_assert(sizeof(LaneHeader) == kLine);

enum BufferState : uint32_t { kBufferFree, kBufferFilling, kBufferFull };

struct alignas(kLine) BufferHeader {
  std::atomic<uint32_t> committed;  // bytes of whole records
  std::atomic<uint32_t> state;
  std::atomic<uint32_t> lane;  // slot
  std::atomic<uint32_t> lane_id;
  std::atomic<uint32_t> sequence;
  std::atomic<uint32_t> populated;  // the program has its pages mapped
};
static_assert(sizeof(BufferHeader) == kLine);
static_assert(std::atomic<uint64_t>::is_always_lock_free && std::atomic<uint32_t>::is_always_lock_free);

// Buffers of one size. The overflow pool is the last eighth of the arena, in the smallest size: it has as
// many buffers as there are lanes, and a lane holds one, so idle threads never leave a busy one without.
struct BufferPool {
  size_t capacity;  // bytes of one buffer
  size_t offset;    // of the first buffer, from the start of the arena
  uint32_t count;
  uint32_t first;       // index of its first buffer in the buffer table
  uint32_t first_word;  // of its bitmap (bit set: free), in 64-bit words
};
enum PoolIndex : uint32_t { kSmallPool, kMediumPool, kLargePool, kOverflowPool, kPoolCount };

struct ArenaLayout {
  size_t bytes;
  uint32_t lanes;
  uint32_t buffers;
  uint32_t words;
  size_t lane_table, bitmaps, buffer_table;  // offsets
  BufferPool pools[kPoolCount];
};

constexpr ArenaLayout arenaLayout(size_t bytes) {
  ArenaLayout layout{};
  layout.bytes = bytes;
  layout.lanes = static_cast<uint32_t>(std::min<size_t>(bytes >> 16, kMaxLanes));
  const size_t capacity[kPoolCount] = {8 << 10, 64 << 10, 256 << 10, 8 << 10};
  size_t count[kPoolCount] = {bytes >> 17, bytes >> 19, bytes >> 18, bytes >> 16};
  size_t words = 0, buffers = 0;
  for (size_t i = 0; i < kPoolCount; ++i) {
    words += (count[i] + 63) / 64;
    buffers += count[i];
  }
  const auto aligned = [](size_t n, size_t to) { return (n + to - 1) / to * to; };
  layout.lane_table = sizeof(ArenaHeader);
  layout.bitmaps = layout.lane_table + layout.lanes * sizeof(LaneHeader);
  layout.buffer_table = aligned(layout.bitmaps + words * sizeof(uint64_t), kLine);
  size_t offset = aligned(layout.buffer_table + buffers * sizeof(BufferHeader), 4096);
  size_t others = 0;
  for (size_t i : {kSmallPool, kMediumPool, kOverflowPool}) others += count[i] * capacity[i];
  count[kLargePool] = (bytes - offset - others) / capacity[kLargePool];
  for (size_t i = 0; i < kPoolCount; ++i) {
    layout.pools[i] = {capacity[i], offset, static_cast<uint32_t>(count[i]), layout.buffers, layout.words};
    offset += count[i] * capacity[i];
    layout.buffers += static_cast<uint32_t>(count[i]);
    layout.words += static_cast<uint32_t>((count[i] + 63) / 64);
  }
  return layout;
}
static_assert(arenaLayout(kArenaMinBytes).pools[kLargePool].count > 0);
static_assert(arenaLayout(kArenaDefaultBytes).pools[kOverflowPool].count >= kMaxLanes);

// The arena as mapped into one process.
struct ArenaView {
  std::byte* base = nullptr;
  ArenaLayout layout{};

  ArenaHeader& header() const { return *reinterpret_cast<ArenaHeader*>(base); }
  LaneHeader& lane(uint32_t slot) const {
    return reinterpret_cast<LaneHeader*>(base + layout.lane_table)[slot];
  }
  std::atomic<uint64_t>& bitmapWord(uint32_t word) const {
    return reinterpret_cast<std::atomic<uint64_t>*>(base + layout.bitmaps)[word];
  }
  BufferHeader& buffer(uint32_t index) const {
    return reinterpret_cast<BufferHeader*>(base + layout.buffer_table)[index];
  }
};

// The one message each way on the socket between program and writer; the program speaks first and sends the
// arena's memfd and, where the kernel has them, a pidfd of itself along.
struct AttachRequest {
  uint64_t magic;
  uint64_t bytes;  // of the arena
  int32_t shm_id;  // the arena is this SysV segment, not a descriptor (RLIMIT_FSIZE forbids a memfd); or -1
  uint32_t has_pidfd;
  uint32_t in_process;  // the writer is a thread of the program
  uint32_t reserved;
};
struct AttachReply {
  uint64_t magic;
  uint32_t accepted;
  uint32_t reserved;
};

}  // namespace reprise

#include "capture/lanes.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "capture/attach.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

namespace reprise {
namespace detail {
constinit thread_local Lane* this_lane __attribute__((tls_model("initial-exec"))) = nullptr;
}

namespace {

using detail::this_lane;

constexpr int64_t kMillisecond = 1'000'000;
constexpr int64_t kStall = 10'000 * kMillisecond;      // no sign of life from the writer
constexpr int64_t kStarved = 60'000 * kMillisecond;    // signs of life, but no room for this thread
constexpr int64_t kSlotPatience = 200 * kMillisecond;  // for a lane, while all are taken
constexpr int64_t kSlotRetry = 1'000 * kMillisecond;
constexpr int64_t kLeastPatience = 40'000;  // sleeping and waking is not shorter
constexpr int64_t kMostPatience = kMillisecond;

enum ProcessState : uint32_t { kIdle, kAttached, kOff };

// What a forked child must not take for its own: lies, like all Lanes, on pages that fork wipes to zero.
struct Process {
  std::atomic<uint32_t> lock;
  std::atomic<uint32_t> state;
  std::atomic<ArenaHeader*> arena;
  std::atomic<Lane*> memory_lane;
  std::atomic<int64_t> no_slot_until;
  std::atomic<int64_t> populate_ns;  // what the pages of the last large buffer took
  WriterLink link;
  Lane lanes[kMaxLanes];
};

std::atomic<Process*> g_process{nullptr};
std::atomic<uint64_t> g_tickets_without_arena{0};
pthread_key_t g_exit_key;
bool g_has_exit_key = false;
// Survive fork on purpose: the child closes what it inherited.
std::atomic<bool> g_ever_attached{false};
int g_inherited_socket = -1;
ino_t g_inherited_inode = 0;

int64_t nowNs() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

// A timed wait: wakes by futexWake, when the word differs, or after the time.
void futexWait(std::atomic<uint32_t>& word, uint32_t value, int64_t ns) {
  const timespec timeout{ns / 1'000'000'000, ns % 1'000'000'000};
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT, value, &timeout, nullptr, 0);
}

void futexWake(std::atomic<uint32_t>& word) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAKE, INT32_MAX, nullptr, nullptr, 0);
}

void wakeWriter(ArenaHeader& arena) {
  if (arena.writer_sleeping.load(std::memory_order_relaxed) == 0) return;
  if (arena.writer_sleeping.exchange(0, std::memory_order_acq_rel) == 1) futexWake(arena.writer_sleeping);
}

void closeLane(void* pointer) {
  Lane* lane = static_cast<Lane*>(pointer);
  if (this_lane == lane) this_lane = nullptr;
  if (lane->live.load(std::memory_order_relaxed) == 0) return;
  if (lane->buffer) lane->buffer->state.store(kBufferFull, std::memory_order_release);
  lane->header->pending.store(0, std::memory_order_release);
  lane->live.store(0, std::memory_order_relaxed);
  lane->header->state.store(kLaneExited, std::memory_order_release);
}

Process* makeProcess() {
  void* pages = mmap(nullptr, sizeof(Process), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return nullptr;
  Process* fresh = static_cast<Process*>(pages);  // zero pages are its initial state
  Process* current = nullptr;
  if (!g_process.compare_exchange_strong(current, fresh)) {
    munmap(pages, sizeof(Process));
    return current;
  }
  if (madvise(pages, sizeof(Process), MADV_WIPEONFORK) != 0) {  // before Linux 4.14
    pthread_atfork(nullptr, nullptr,
                   [] { memset(static_cast<void*>(g_process.load()), 0, sizeof(Process)); });
  }
  return fresh;
}

void lockProcess(Process& process) {
  while (process.lock.exchange(1, std::memory_order_acquire) != 0) futexWait(process.lock, 1, kMillisecond);
}
void unlockProcess(Process& process) { process.lock.store(0, std::memory_order_release); }

void atExit() {
  Process* process = g_process.load();
  ArenaHeader* arena = process ? process->arena.load() : nullptr;
  if (!arena || !process->link.in_process) return;
  arena->closing.store(1, std::memory_order_release);
  wakeWriter(*arena);
  const int64_t start = nowNs();
  while (arena->writer_done.load(std::memory_order_acquire) == 0 && nowNs() - start < kStall)
    futexWait(arena->writer_done, 0, 100 * kMillisecond);
}

// With the lock held.
bool attachLocked(Process& process) {
  const bool forked = g_ever_attached.load();
  if (forked) closeInherited(g_inherited_socket, g_inherited_inode);
  g_inherited_socket = -1;
  if (!g_has_exit_key) g_has_exit_key = pthread_key_create(&g_exit_key, closeLane) == 0;
  g_ever_attached.store(true);
  if (!linkWriter(process.link, forked)) {
    process.state.store(kOff, std::memory_order_release);
    return false;
  }
  g_inherited_socket = process.link.socket;
  g_inherited_inode = process.link.socket_inode;
  static std::atomic<bool> exit_registered{false};
  if (process.link.in_process && !exit_registered.exchange(true)) atexit(atExit);
  process.arena.store(&process.link.arena.header(), std::memory_order_release);
  process.state.store(kAttached, std::memory_order_release);
  return true;
}

// Recording ends here, for every thread. Their buffers stay mapped: some may be in the middle of a record.
void abandon(Process& process, const char* reason) {
  uint32_t attached = kAttached;
  if (!process.state.compare_exchange_strong(attached, kOff)) return;
  const ArenaView& arena = process.link.arena;
  arena.header().abandoned.store(1, std::memory_order_release);
  for (uint32_t i = 0; i < arena.layout.lanes; ++i) process.lanes[i].live.store(0, std::memory_order_relaxed);
  say("%s; the program goes on, not recorded from here", reason);
}

bool writerHungUp(const WriterLink& link) {
  if (link.in_process || !isSocket(link.socket, link.socket_inode)) return false;
  pollfd p{link.socket, 0, 0};
  return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

// The attached process of the calling thread, or null if recording is off.
Process* attachedProcess() {
  Process* process = g_process.load(std::memory_order_acquire);
  if (!process) return nullptr;
  const uint32_t state = process->state.load(std::memory_order_acquire);
  if (state == kAttached) return process;
  if (state == kOff || !g_ever_attached.load(std::memory_order_relaxed)) return nullptr;
  return attach() ? process : nullptr;  // a forked child's first use
}

void nameLane(LaneHeader& header) {
  uint64_t name[kLaneNameBytes / 8] = {};
  prctl(PR_GET_NAME, name);
  for (size_t i = 0; i < kLaneNameBytes / 8; ++i) header.name[i].store(name[i], std::memory_order_relaxed);
}

Lane* claimSlot(Process& process, uint32_t tid) {
  const ArenaView& arena = process.link.arena;
  for (uint32_t slot = 0; slot < arena.layout.lanes; ++slot) {
    LaneHeader& header = arena.lane(slot);
    uint32_t free = kLaneFree;
    if (header.state.load(std::memory_order_relaxed) != kLaneFree) continue;
    if (!header.state.compare_exchange_strong(free, kLaneOpening, std::memory_order_acquire)) continue;
    const uint32_t id = 1 + arena.header().next_lane_id.fetch_add(1, std::memory_order_relaxed);
    header.id.store(id, std::memory_order_relaxed);
    header.tid.store(tid, std::memory_order_relaxed);
    header.buffers.store(0, std::memory_order_relaxed);
    header.returned.store(0, std::memory_order_relaxed);
    header.pending.store(0, std::memory_order_relaxed);
    nameLane(header);
    uint32_t used = arena.header().lanes_used.load(std::memory_order_relaxed);
    while (used < slot + 1 && !arena.header().lanes_used.compare_exchange_weak(used, slot + 1)) {
    }
    Lane& lane = process.lanes[slot];
    lane.cursor = lane.end = lane.base = nullptr;
    lane.buffer = nullptr;
    lane.header = &header;
    lane.tickets = &arena.header().tickets;
    lane.last_ticket = lane.tickets->load(std::memory_order_relaxed);
    lane.returned = 0;
    lane.id = id;
    lane.slot = slot;
    lane.buffers = 0;
    header.state.store(kLaneLive, std::memory_order_release);
    lane.live.store(1, std::memory_order_relaxed);
    // A thread that abandons the writer switches `live` off everywhere; it may just have passed this lane.
    if (process.state.load() != kAttached) lane.live.store(0, std::memory_order_relaxed);
    return &lane;
  }
  return nullptr;
}

// Slots of threads that ended come back as soon as the writer has taken their last buffer.
Lane* openLane(Process& process, uint32_t tid) {
  ArenaHeader& arena = process.link.arena.header();
  const int64_t start = nowNs();
  if (process.no_slot_until.load(std::memory_order_relaxed) > start) {
    arena.lost_calls.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  for (;;) {
    const uint32_t signal = arena.space_signal.load(std::memory_order_acquire);
    if (Lane* lane = claimSlot(process, tid)) return lane;
    if (nowNs() - start > kSlotPatience || process.state.load() != kAttached) break;
    wakeWriter(arena);
    arena.space_waiters.fetch_add(1);
    futexWait(arena.space_signal, signal, 10 * kMillisecond);
    arena.space_waiters.fetch_sub(1);
  }
  arena.lost_calls.fetch_add(1, std::memory_order_relaxed);
  process.no_slot_until.store(nowNs() + kSlotRetry, std::memory_order_relaxed);
  return nullptr;
}

constexpr uint32_t kNoBuffer = UINT32_MAX;

uint32_t allocateFrom(const ArenaView& arena, const BufferPool& pool) {
  for (uint32_t word = 0; word < (pool.count + 63) / 64; ++word) {
    std::atomic<uint64_t>& bits = arena.bitmapWord(pool.first_word + word);
    uint64_t free = bits.load(std::memory_order_relaxed);
    while (free != 0) {
      const uint64_t lowest = free & -free;
      if (bits.compare_exchange_weak(free, free & ~lowest, std::memory_order_acquire))
        return pool.first + word * 64 + static_cast<uint32_t>(__builtin_ctzll(lowest));
    }
  }
  return kNoBuffer;
}

// The size that suits the lane, else smaller, else the reserve, else larger: an idle thread that started
// late shall not sit on a large buffer.
uint32_t allocate(const ArenaView& arena, PoolIndex wanted, const BufferPool*& pool) {
  const auto from = [&](uint32_t i) {
    pool = &arena.layout.pools[i];
    return allocateFrom(arena, *pool);
  };
  uint32_t index = kNoBuffer;
  for (uint32_t i = wanted + 1; i-- > kSmallPool && index == kNoBuffer;) index = from(i);
  if (index == kNoBuffer) index = from(kOverflowPool);
  for (uint32_t i = wanted + 1; i <= kLargePool && index == kNoBuffer; ++i) index = from(i);
  return index;
}

void giveBack(const ArenaView& arena, const BufferPool& pool, uint32_t index) {
  const uint32_t bit = index - pool.first;
  arena.bitmapWord(pool.first_word + bit / 64).fetch_or(uint64_t{1} << (bit % 64), std::memory_order_release);
}

bool isPopulated(const ArenaView& arena, uint32_t index) {
  return arena.buffer(index).populated.load(std::memory_order_relaxed) != 0;
}

// Whether `bytes` more may be mapped: buffers and what the writer holds together stay within the arena's size.
bool mayPopulate(const ArenaHeader& header, size_t bytes) {
  const uint64_t held = header.held_bytes.load(std::memory_order_relaxed);
  return header.populated_bytes.load(std::memory_order_relaxed) + held + bytes <= header.bytes;
}

// Maps the pages at once, which is ten times cheaper than by faults. False: there is no memory for them, and
// touching them would be a SIGBUS.
bool populate(ArenaHeader& header, BufferHeader& buffer, std::byte* begin, size_t bytes, int64_t& took) {
  if (buffer.populated.load(std::memory_order_relaxed)) return true;
  const int64_t start = nowNs();
  if (madvise(begin, bytes, MADV_POPULATE_WRITE) != 0 && errno != EINVAL) return false;
  took = nowNs() - start;
  buffer.populated.store(1, std::memory_order_relaxed);
  header.populated_bytes.fetch_add(bytes, std::memory_order_relaxed);
  return true;
}

// New pages may cost more than the writer needs to empty a buffer whose pages are there: then it gets as long as they
// would take. What is waited in vain is at most what would have been lost anyway. A buffer with pages, or `index`.
uint32_t preferPopulated(Process& process, PoolIndex wanted, uint32_t index, const BufferPool*& pool) {
  const ArenaView& arena = process.link.arena;
  ArenaHeader& header = arena.header();
  const int64_t patience = std::min(process.populate_ns.load(std::memory_order_relaxed), kMostPatience);
  if (patience < kLeastPatience) return index;
  const BufferPool* const fresh_pool = pool;
  const int64_t start = nowNs();
  for (int64_t left = patience; left > 0; left = patience - (nowNs() - start)) {
    const uint32_t signal = header.space_signal.load(std::memory_order_acquire);
    const uint32_t other = allocate(arena, wanted, pool);
    if (other != kNoBuffer && isPopulated(arena, other)) {
      giveBack(arena, *fresh_pool, index);
      return other;
    }
    if (other != kNoBuffer) giveBack(arena, *pool, other);
    pool = fresh_pool;
    wakeWriter(header);
    header.space_waiters.fetch_add(1);
    futexWait(header.space_signal, signal, left);
    header.space_waiters.fetch_sub(1);
  }
  return index;
}

// Waits while nothing is free. kNoBuffer: recording is off.
uint32_t allocateOrWait(Process& process, PoolIndex wanted, const BufferPool*& pool) {
  const ArenaView& arena = process.link.arena;
  ArenaHeader& header = arena.header();
  const int64_t start = nowNs();
  int64_t alive = start;
  uint64_t progress = header.writer_progress.load(std::memory_order_relaxed);
  for (;;) {
    const uint32_t signal = header.space_signal.load(std::memory_order_acquire);
    const uint32_t index = allocate(arena, wanted, pool);
    if (index != kNoBuffer) {
      if (isPopulated(arena, index)) return index;
      if (mayPopulate(header, pool->capacity)) return preferPopulated(process, wanted, index, pool);
      giveBack(arena, *pool, index);
    }
    wakeWriter(header);
    header.space_waiters.fetch_add(1);
    futexWait(header.space_signal, signal, 100 * kMillisecond);
    header.space_waiters.fetch_sub(1);
    if (process.state.load(std::memory_order_relaxed) != kAttached) return kNoBuffer;
    const int64_t now = nowNs();
    const uint64_t latest = header.writer_progress.load(std::memory_order_relaxed);
    if (latest != progress) alive = now;
    progress = latest;
    if (writerHungUp(process.link)) {
      abandon(process, "the process that writes the trace is gone");
      return kNoBuffer;
    }
    if (now - alive > kStall || now - start > kStarved) {
      abandon(process, "the process that writes the trace has stalled for ten seconds");
      return kNoBuffer;
    }
  }
}

// Closes the lane's buffer and takes another, large enough for `bytes` if there is one. False: recording is
// off, and the lane has no room.
bool nextBuffer(Lane& lane, size_t bytes) {
  if (lane.live.load(std::memory_order_relaxed) == 0) return false;
  Process& process = *g_process.load(std::memory_order_relaxed);
  const ArenaView& arena = process.link.arena;
  if (lane.buffer) lane.buffer->state.store(kBufferFull, std::memory_order_release);
  lane.buffer = nullptr;
  lane.cursor = lane.end = lane.base = nullptr;
  wakeWriter(arena.header());
  if (writerHungUp(process.link)) {
    abandon(process, "the process that writes the trace is gone");
    return false;
  }
  PoolIndex wanted = lane.buffers < 2 ? kSmallPool : lane.buffers < 4 ? kMediumPool : kLargePool;
  while (wanted < kLargePool && arena.layout.pools[wanted].capacity < bytes)
    wanted = static_cast<PoolIndex>(wanted + 1);
  const BufferPool* pool = nullptr;
  const uint32_t index = allocateOrWait(process, wanted, pool);
  if (index == kNoBuffer) return false;
  BufferHeader& buffer = arena.buffer(index);
  std::byte* begin = arena.base + pool->offset + (index - pool->first) * pool->capacity;
  int64_t took = 0;
  if (!populate(arena.header(), buffer, begin, pool->capacity, took)) {
    abandon(process, "there is no memory left for the trace");
    return false;
  }
  if (took != 0 && pool->capacity == arena.layout.pools[kLargePool].capacity)
    process.populate_ns.store(took, std::memory_order_relaxed);
  // The bitmap orders us behind the lane that had the buffer, through the writer's process; this says so to a checker
  // that sees only ours.
  (void)buffer.state.load(std::memory_order_acquire);
  buffer.committed.store(0, std::memory_order_relaxed);
  buffer.lane.store(lane.slot, std::memory_order_relaxed);
  buffer.lane_id.store(lane.id, std::memory_order_relaxed);
  buffer.sequence.store(lane.buffers++, std::memory_order_relaxed);
  lane.header->buffers.store(lane.buffers, std::memory_order_relaxed);
  buffer.state.store(kBufferFilling, std::memory_order_release);
  lane.buffer = &buffer;
  lane.base = lane.cursor = begin;
  lane.end = begin + pool->capacity;
  return true;
}

size_t room(const Lane& lane) { return static_cast<size_t>(lane.end - lane.cursor); }

// One record whose payload is `head` then `body`; it fits.
void put(Lane& lane, LaneRecord record, std::span<const std::byte> head, std::span<const std::byte> body) {
  const size_t size = head.size() + body.size();
  record.size = static_cast<uint32_t>(size);
  const size_t total = sizeof(record) + padded(size);
  std::byte* to = lane.cursor;
  memcpy(to, &record, sizeof record);
  if (size != padded(size)) memset(to + total - 8, 0, 8);
  if (!head.empty()) memcpy(to + sizeof record, head.data(), head.size());
  if (!body.empty()) memcpy(to + sizeof record + head.size(), body.data(), body.size());
  lanePublish(&lane, total);
}

// A record in pieces: the first has the total size before its bytes, the last may be any length.
void putPieces(Lane& lane, const LaneRecord& whole, std::span<const std::byte> payload) {
  constexpr size_t kLeast = 512;  // of payload in a piece, but for the last
  const uint64_t total = payload.size();
  LaneRecord record = whole;
  record.flags |= kFirstPiece;
  std::span<const std::byte> head = std::as_bytes(std::span(&total, 1));
  do {
    const size_t least = sizeof(record) + head.size() + padded(std::min(kLeast, payload.size()));
    if (room(lane) < least && !nextBuffer(lane, sizeof(record) + kMaxRecordPayload)) return;
    const size_t most = std::min(room(lane) - sizeof(record), kMaxRecordPayload) - head.size();
    const size_t size = std::min(payload.size(), most);
    put(lane, record, head, payload.first(size));
    payload = payload.subspan(size);
    head = {};
    record = {0, kRecordPiece, 0, whole.order};
  } while (!payload.empty());
  if (whole.flags & kTicketed) lane.header->pending.store(0, std::memory_order_release);
}

}  // namespace

bool attach() {
  Process* process = g_process.load(std::memory_order_acquire);
  if (!process) process = makeProcess();
  if (!process) return false;
  if (process->state.load(std::memory_order_acquire) == kIdle) {
    lockProcess(*process);
    if (process->state.load(std::memory_order_acquire) == kIdle) attachLocked(*process);
    unlockProcess(*process);
  }
  return process->state.load(std::memory_order_acquire) == kAttached;
}

Lane* detail::openThisLane() {
  Process* process = attachedProcess();
  if (!process) return nullptr;
  Lane* lane = openLane(*process, static_cast<uint32_t>(syscall(SYS_gettid)));
  if (!lane || lane->live.load(std::memory_order_relaxed) == 0) return nullptr;
  this_lane = lane;
  if (g_has_exit_key) pthread_setspecific(g_exit_key, lane);
  return lane;
}

Lane* memoryLane() {
  Process* process = attachedProcess();
  if (!process) return nullptr;
  Lane* lane = process->memory_lane.load(std::memory_order_relaxed);
  if (lane && lane->live.load(std::memory_order_relaxed)) return lane;
  lane = openLane(*process, 0);
  if (lane) process->memory_lane.store(lane, std::memory_order_relaxed);
  return lane;
}

void laneWrite(Lane* lane, const LaneRecord& record, std::span<const std::byte> payload) {
  const size_t total = sizeof(record) + padded(payload.size());
  if (payload.size() <= kMaxRecordPayload) {
    if (room(*lane) >= total || (nextBuffer(*lane, total) && room(*lane) >= total))
      return put(*lane, record, {}, payload);
  }
  if (lane->live.load(std::memory_order_relaxed)) putPieces(*lane, record, payload);
}

uint64_t detail::ticketWithoutLane(bool draw) {
  Process* process = g_process.load(std::memory_order_acquire);
  ArenaHeader* arena = process ? process->arena.load(std::memory_order_acquire) : nullptr;
  std::atomic<uint64_t>& tickets = arena ? arena->tickets : g_tickets_without_arena;
  return draw ? 1 + tickets.fetch_add(1, std::memory_order_acq_rel) : tickets.load(std::memory_order_relaxed);
}

void laneFlushHint() {
  Process* process = g_process.load(std::memory_order_acquire);
  ArenaHeader* arena = process ? process->arena.load(std::memory_order_acquire) : nullptr;
  if (arena) arena->flush_hint.store(1, std::memory_order_relaxed);
}

void laneDeviceCreated() {
  Process* process = g_process.load(std::memory_order_acquire);
  ArenaHeader* arena = process ? process->arena.load(std::memory_order_acquire) : nullptr;
  if (arena) arena->device_created.store(1, std::memory_order_relaxed);
}

}  // namespace reprise

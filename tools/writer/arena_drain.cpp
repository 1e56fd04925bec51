#include "tools/writer/arena_drain.h"

#include <linux/futex.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <tuple>

#include "format/record.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

namespace reprise {
namespace {

const BufferPool& poolOf(const ArenaLayout& layout, uint32_t index) {
  for (const BufferPool& pool : layout.pools)
    if (index - pool.first < pool.count) return pool;
  __builtin_unreachable();  // indices come from the layout, not from the arena
}

std::string laneName(const LaneHeader& header) {
  uint64_t words[kLaneNameBytes / 8];
  for (size_t i = 0; i < kLaneNameBytes / 8; ++i) words[i] = header.name[i].load(std::memory_order_relaxed);
  char text[kLaneNameBytes + 1] = {};
  memcpy(text, words, kLaneNameBytes);
  return text;
}

}  // namespace

ArenaDrain::ArenaDrain(ArenaView arena)
    : arena_(arena), readers_(arena.layout.lanes), mapped_(arena.layout.buffers) {
  buffers_.reserve(256);
}

// The allocated buffers, ordered by lane and sequence.
void ArenaDrain::collect(bool all) {
  buffers_.clear();
  for (const BufferPool& pool : arena_.layout.pools) {
    for (uint32_t word = 0; word * 64 < pool.count; ++word) {
      const uint32_t bits = std::min(pool.count - word * 64, 64u);
      const uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
      uint64_t taken = ~arena_.bitmapWord(pool.first_word + word).load(std::memory_order_acquire) & mask;
      for (; taken != 0; taken &= taken - 1) {
        const uint32_t index = pool.first + word * 64 + static_cast<uint32_t>(__builtin_ctzll(taken));
        const BufferHeader& header = arena_.buffer(index);
        const uint32_t state = header.state.load(std::memory_order_acquire);
        if (state != kBufferFull && !(all && state == kBufferFilling)) continue;
        const uint32_t slot = header.lane.load(std::memory_order_relaxed);
        if (slot < arena_.layout.lanes)
          buffers_.push_back({index, slot, header.sequence.load(std::memory_order_relaxed)});
      }
    }
  }
  std::sort(buffers_.begin(), buffers_.end(), [](const Buffer& a, const Buffer& b) {
    return std::tie(a.slot, a.sequence, a.index) < std::tie(b.slot, b.sequence, b.index);
  });
}

void ArenaDrain::openReader(uint32_t slot, Reader& reader) {
  const LaneHeader& header = arena_.lane(slot);
  const uint32_t state = header.state.load(std::memory_order_acquire);
  if (state != kLaneLive && state != kLaneExited) return;
  reader = {};
  reader.open = true;
  reader.header_id = header.id.load(std::memory_order_relaxed);
  reader.id = next_id_++;
}

void ArenaDrain::announce(uint32_t slot, Reader& reader, const LaneSink& sink) {
  std::string name = laneName(arena_.lane(slot));
  if (!reader.announced) {
    reader.announced = true;
    sink.open({reader.id, arena_.lane(slot).tid.load(std::memory_order_relaxed), name});
  } else if (name != reader.name) {
    sink.name(reader.id, name);
  }
  reader.name = std::move(name);
}

// The length of the whole records at the start of `bytes`; counts what they are.
size_t ArenaDrain::validPrefix(Reader& reader, std::span<const std::byte> bytes) {
  static_assert(sizeof(LaneRecord) == 16);
  uint64_t records = 0, calls = 0, singles = 0;
  size_t at = 0;
  while (bytes.size() - at >= sizeof(LaneRecord)) {
    uint64_t head;  // size, command, flags
    memcpy(&head, bytes.data() + at, sizeof head);
    const size_t size = static_cast<uint32_t>(head);
    if (padded(size) > bytes.size() - at - sizeof(LaneRecord)) break;
    const auto command = static_cast<uint16_t>(head >> 32);
    const uint64_t flags = head >> 48;
    ++records;
    if (command < kRecordFirstSpecial) [[likely]] {
      calls += flags & kAnnounce;
      singles += flags >> 1 & flags & 1;
    } else if (command == kRecordMetadata && size >= sizeof(uint32_t)) {
      uint32_t kind;
      memcpy(&kind, bytes.data() + at + sizeof(LaneRecord), sizeof kind);
      if (kind == kMetadataDevice) counts_.device = true;
    }
    at += sizeof(LaneRecord) + padded(size);
  }
  static_assert(kAnnounce == 1 && kComplete == 2);
  counts_.records += records;
  counts_.calls += calls;
  reader.singles += singles;
  return at;
}

// Copies from the arena in slices that are looked at while they are in the nearest cache; what was copied is final, what
// lies in the arena may change. The length of the whole records.
size_t ArenaDrain::copyOut(Reader& reader, std::byte* to, const std::byte* from, size_t size) {
  constexpr size_t kSlice = 16 << 10;
  size_t valid = 0;
  for (size_t copied = 0; copied < size;) {
    const size_t slice = std::min(kSlice, size - copied);
    memcpy(to + copied, from + copied, slice);
    copied += slice;
    valid += validPrefix(reader, {to + valid, copied - valid});
  }
  return valid;
}

std::byte* ArenaDrain::room(size_t bytes, const LaneSink& sink) {
  if (sink.room) return sink.room(bytes);
  if (!copy_) copy_ = std::make_unique<std::byte[]>(arena_.layout.pools[kLargePool].capacity);
  return copy_.get();
}

// True if it gave the sink anything.
bool ArenaDrain::takeBuffer(const Buffer& buffer, Reader& reader, bool all, const LaneSink& sink) {
  const BufferHeader& header = arena_.buffer(buffer.index);
  const uint32_t state = header.state.load(std::memory_order_acquire);  // before `committed`: Full is final
  if (state != kBufferFull && !(all && state == kBufferFilling)) return false;
  const BufferPool& pool = poolOf(arena_.layout, buffer.index);
  const uint32_t claimed = header.committed.load(std::memory_order_acquire) & ~7u;
  const uint32_t committed = std::min(claimed, static_cast<uint32_t>(pool.capacity));
  const uint32_t from = std::min(reader.consumed, committed);
  std::byte* data = arena_.base + pool.offset + (buffer.index - pool.first) * pool.capacity;
  const size_t size = committed - from;
  size_t valid = 0;
  std::byte* copy = nullptr;
  if (size > 0) {
    copy = room(size, sink);
    if (pool.capacity > 65536 && !mapped_[buffer.index]) {
      madvise(data, pool.capacity, MADV_POPULATE_READ);
      mapped_[buffer.index] = true;
    }
    valid = copyOut(reader, copy, data + from, size);
  }
  reader.consumed = committed;
  if (state == kBufferFull) {
    release(buffer.index);
    ++reader.next;
    reader.consumed = 0;
  }
  if (size == 0) return false;
  if (valid != size) {
    ++counts_.damaged;
    if (state != kBufferFull) reader.consumed = static_cast<uint32_t>(pool.capacity);
  }
  if (valid == 0) return false;
  counts_.bytes += valid;
  announce(buffer.slot, reader, sink);
  sink.append(reader.id, {copy, valid});
  return true;
}

void ArenaDrain::release(uint32_t index) {
  const BufferPool& pool = poolOf(arena_.layout, index);
  const uint32_t bit = index - pool.first;
  arena_.buffer(index).state.store(kBufferFree, std::memory_order_relaxed);
  arena_.bitmapWord(pool.first_word + bit / 64)
      .fetch_or(uint64_t{1} << (bit % 64), std::memory_order_release);
  signalSpace(1);
}

// A freed buffer wakes one waiter: a thousand that race for it would cost more than all their records.
void ArenaDrain::signalSpace(int waiters) {
  ArenaHeader& header = arena_.header();
  header.space_signal.fetch_add(1);
  if (header.space_waiters.load() == 0) return;
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&header.space_signal), FUTEX_WAKE, waiters, nullptr, nullptr,
          0);
}

// Lanes whose thread has ended and whose last buffer was taken: the slot is the program's again.
bool ArenaDrain::retireLanes(const LaneSink& sink) {
  bool any = false;
  const uint32_t used =
      std::min(arena_.header().lanes_used.load(std::memory_order_acquire), arena_.layout.lanes);
  for (uint32_t slot = 0; slot < used; ++slot) {
    LaneHeader& header = arena_.lane(slot);
    if (header.state.load(std::memory_order_acquire) != kLaneExited) continue;
    Reader& reader = readers_[slot];
    if (!reader.open) openReader(slot, reader);
    if (reader.next != header.buffers.load(std::memory_order_relaxed)) continue;
    if (reader.announced) sink.close(reader.id);
    reader = {};
    header.state.store(kLaneFree, std::memory_order_release);
    any = true;
  }
  if (any) signalSpace(INT32_MAX);
  return any;
}

bool ArenaDrain::take(bool all, const LaneSink& sink) {
  collect(all);
  bool any = false;
  for (const Buffer& buffer : buffers_) {
    Reader& reader = readers_[buffer.slot];
    if (!reader.open) openReader(buffer.slot, reader);
    const bool ours = reader.open &&
                      arena_.buffer(buffer.index).lane_id.load(std::memory_order_relaxed) == reader.header_id;
    if (ours && buffer.sequence == reader.next) any |= takeBuffer(buffer, reader, all, sink);
    arena_.header().writer_progress.fetch_add(1, std::memory_order_relaxed);
  }
  retireLanes(sink);
  return any;
}

uint64_t ArenaDrain::takeAll(const LaneSink& sink) {
  // In this order; format/lane.h has the proof.
  uint64_t ticket = arena_.header().tickets.load(std::memory_order_acquire);
  const uint32_t used =
      std::min(arena_.header().lanes_used.load(std::memory_order_acquire), arena_.layout.lanes);
  for (uint32_t slot = 0; slot < used; ++slot) {
    const uint64_t pending = arena_.lane(slot).pending.load(std::memory_order_acquire);
    if (pending != 0) ticket = std::min(ticket, pending - 1);
  }
  take(true, sink);
  stated_ = std::max(stated_, ticket);
  return stated_;
}

std::vector<uint32_t> ArenaDrain::lanesInsideCall() const {
  std::vector<uint32_t> ids;
  for (uint32_t slot = 0; slot < readers_.size(); ++slot) {
    const Reader& reader = readers_[slot];
    if (reader.announced && reader.singles > arena_.lane(slot).returned.load(std::memory_order_acquire))
      ids.push_back(reader.id);
  }
  return ids;
}

uint64_t ArenaDrain::unreachableBuffers() const {
  uint64_t count = 0;
  for (const BufferPool& pool : arena_.layout.pools) {
    for (uint32_t i = 0; i < pool.count; ++i) {
      const BufferHeader& header = arena_.buffer(pool.first + i);
      const uint32_t state = header.state.load(std::memory_order_relaxed);
      if (state == kBufferFree || header.committed.load(std::memory_order_relaxed) == 0) continue;
      const uint32_t slot = header.lane.load(std::memory_order_relaxed);
      if (slot >= readers_.size() || header.sequence.load(std::memory_order_relaxed) != readers_[slot].next ||
          header.lane_id.load(std::memory_order_relaxed) != readers_[slot].header_id)
        ++count;
    }
  }
  return count;
}

}  // namespace reprise

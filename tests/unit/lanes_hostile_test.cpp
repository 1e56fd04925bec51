// The writer reads an arena that lies: whatever the words are, it neither crashes nor runs for ever.
#include <gtest/gtest.h>
#include <string.h>
#include <sys/mman.h>

#include <random>

#include "format/record.h"
#include "tools/writer/arena_drain.h"

namespace reprise {
namespace {

class HostileArena {
 public:
  explicit HostileArena(size_t bytes) {
    void* base = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    view_ = {static_cast<std::byte*>(base), arenaLayout(bytes)};
  }
  ~HostileArena() { munmap(view_.base, view_.layout.bytes); }
  HostileArena(const HostileArena&) = delete;
  HostileArena& operator=(const HostileArena&) = delete;
  const ArenaView& view() const { return view_; }

 private:
  ArenaView view_;
};

// What the sink is given must be whole records, whatever the arena holds.
LaneSink checkingSink(uint64_t& bytes) {
  LaneSink sink;
  sink.open = [](const LaneInfo& lane) { EXPECT_LE(lane.name.size(), kLaneNameBytes); };
  sink.name = [](uint32_t, const std::string&) {};
  sink.close = [](uint32_t) {};
  sink.append = [&bytes](uint32_t, std::span<const std::byte> records) {
    bytes += records.size();
    while (!records.empty()) {
      ASSERT_GE(records.size(), sizeof(LaneRecord));
      LaneRecord record;
      memcpy(&record, records.data(), sizeof record);
      ASSERT_LE(padded(record.size), records.size() - sizeof record);
      records = records.subspan(sizeof record + padded(record.size));
    }
  };
  return sink;
}

void scribble(std::byte* at, size_t size, std::minstd_rand& random) {
  for (size_t i = 0; i + 4 <= size; i += 4) {
    const auto word = static_cast<uint32_t>(random());
    memcpy(at + i, &word, 4);
  }
}

TEST(LanesHostile, NoiseEverywhere) {
  std::minstd_rand random(7);
  for (int round = 0; round < 60; ++round) {
    HostileArena arena(kArenaMinBytes);
    scribble(arena.view().base, kArenaMinBytes, random);
    uint64_t bytes = 0;
    ArenaDrain drain(arena.view());
    for (int pass = 0; pass < 4; ++pass) drain.takeAll(checkingSink(bytes));
    EXPECT_LE(drain.lanesInsideCall().size(), arena.view().layout.lanes);
    drain.unreachableBuffers();
  }
}

// Small numbers where small numbers belong, so that most checks are passed and the next ones are reached.
TEST(LanesHostile, PlausibleNonsense) {
  std::minstd_rand random(11);
  uint64_t bytes = 0;
  for (int round = 0; round < 200; ++round) {
    HostileArena arena(kArenaMinBytes);
    const ArenaView& view = arena.view();
    view.header().lanes_used.store(static_cast<uint32_t>(random() % 64));
    view.header().tickets.store(random() % 1000);
    for (uint32_t slot = 0; slot < view.layout.lanes; ++slot) {
      view.lane(slot).state.store(static_cast<uint32_t>(random() % 5));
      view.lane(slot).id.store(static_cast<uint32_t>(random() % 4));
      view.lane(slot).buffers.store(static_cast<uint32_t>(random() % 4));
      view.lane(slot).pending.store(random() % 2000);
      scribble(reinterpret_cast<std::byte*>(view.lane(slot).name), kLaneNameBytes, random);
    }
    for (uint32_t index = 0; index < view.layout.buffers; ++index) {
      BufferHeader& buffer = view.buffer(index);
      buffer.state.store(static_cast<uint32_t>(random() % 4));
      buffer.lane.store(static_cast<uint32_t>(random() % 40));
      buffer.lane_id.store(static_cast<uint32_t>(random() % 4));
      buffer.sequence.store(static_cast<uint32_t>(random() % 4));
      buffer.committed.store(static_cast<uint32_t>(random() % (random() % 3 ? 9000 : 1 << 30)));
    }
    for (const BufferPool& pool : view.layout.pools) {
      for (uint32_t i = 0; i < pool.count; ++i) {
        std::byte* at = view.base + pool.offset + i * pool.capacity;
        for (size_t offset = 0; offset + 64 <= 8192;) {
          const LaneRecord record{static_cast<uint32_t>(random() % 20 ? random() % 200 : random()),
                                  static_cast<uint16_t>(random()), static_cast<uint16_t>(random()), random()};
          memcpy(at + offset, &record, sizeof record);
          offset += sizeof record + padded(record.size % 256);
        }
      }
    }
    ArenaDrain drain(view);
    for (int pass = 0; pass < 6; ++pass) drain.takeAll(checkingSink(bytes));
    EXPECT_LE(drain.lanesInsideCall().size(), view.layout.lanes);
    drain.unreachableBuffers();
  }
  EXPECT_GT(bytes, 0u);
}

TEST(LanesHostile, EveryArenaSizeHasALayoutThatFits) {
  for (size_t bytes = kArenaMinBytes; bytes <= size_t{600} << 20;
       bytes += bytes < (16 << 20) ? 4096 : 1234 * 4096) {
    const ArenaLayout layout = arenaLayout(bytes);
    size_t end = layout.buffer_table + layout.buffers * sizeof(BufferHeader);
    uint32_t buffers = 0, words = 0;
    for (const BufferPool& pool : layout.pools) {
      ASSERT_EQ(pool.first, buffers);
      ASSERT_EQ(pool.first_word, words);
      ASSERT_GE(pool.offset, end);
      ASSERT_GT(pool.count, 0u);
      end = pool.offset + pool.count * pool.capacity;
      buffers += pool.count;
      words += (pool.count + 63) / 64;
    }
    ASSERT_LE(end, bytes);
    ASSERT_EQ(buffers, layout.buffers);
    ASSERT_LE(layout.bitmaps + words * sizeof(uint64_t), layout.buffer_table);
    ASSERT_GE(layout.pools[kOverflowPool].count, layout.lanes);
  }
}

}  // namespace
}  // namespace reprise

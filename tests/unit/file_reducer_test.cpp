// The memory reducer: only what changed, never less.
#include <random>

#include "format/memory_reducer.h"
#include "tests/unit/file_test.h"

namespace reprise {
namespace {

using Runs = std::vector<MemoryReducer::Run>;

Runs reduce(MemoryReducer& reducer, uint64_t offset, const Bytes& bytes, bool device = false,
            uint64_t generation = 1) {
  auto runs = reducer.reduce({1, 2, generation, offset, bytes.size()}, bytes, device);
  return {runs.begin(), runs.end()};
}

TEST(MemoryReducer, TheFirstTimeEverythingThenWhatChanged) {
  MemoryReducer reducer(1 << 20);
  Bytes page(4096);
  EXPECT_EQ(reduce(reducer, 0, page), (Runs{{0, 4096}}));
  EXPECT_EQ(reduce(reducer, 0, page), Runs{});
  page[101] = std::byte{1};
  page[110] = std::byte{1};  // nearer than a run's header is long: one run
  page[2000] = std::byte{1};
  EXPECT_EQ(reduce(reducer, 0, page), (Runs{{100, 112}, {2000, 2004}}));
  EXPECT_EQ(reduce(reducer, 0, page), Runs{});
}

TEST(MemoryReducer, AllocationsAndGenerationsAreApart) {
  MemoryReducer reducer(1 << 20);
  Bytes page(4096);
  reduce(reducer, 0, page);
  EXPECT_EQ(reduce(reducer, 0, page, false, 2), (Runs{{0, 4096}}));
  EXPECT_EQ(reduce(reducer, 4096, page), (Runs{{0, 4096}}));
}

TEST(MemoryReducer, AnAllocationIsForgottenWhenAnotherTakesItsHandle) {
  MemoryReducer reducer(1 << 20);
  Bytes pages(8 * 4096);
  reduce(reducer, 0, pages);
  EXPECT_EQ(reducer.rememberedBytes(), 8u * 4096);
  reduce(reducer, 0, Bytes(4096), false, 2);
  EXPECT_EQ(reducer.rememberedBytes(), 4096u);
  reduce(reducer, 0, Bytes(4096), true, 2);
  EXPECT_EQ(reducer.rememberedBytes(), 0u);
}

TEST(MemoryReducer, WhatTheDeviceMayWriteIsAlwaysWhole) {
  MemoryReducer reducer(1 << 20);
  Bytes counter(64);
  reduce(reducer, 0, counter);
  // The program resets a counter that a shader increments: the same bytes as last time, and they matter.
  EXPECT_EQ(reduce(reducer, 0, counter, true), (Runs{{0, 64}}));
  EXPECT_EQ(reduce(reducer, 0, counter, true), (Runs{{0, 64}}));
  EXPECT_EQ(reduce(reducer, 0, counter), (Runs{{0, 64}}));
  EXPECT_EQ(reduce(reducer, 0, counter), Runs{});
}

TEST(MemoryReducer, StaysWithinItsBound) {
  MemoryReducer reducer(16 * 4096);
  Bytes block(10 * 4096);
  for (int i = 0; i < 20; ++i) {
    reduce(reducer, static_cast<uint64_t>(i) * block.size(), block);
    EXPECT_LE(reducer.rememberedBytes(), 16u * 4096);
  }
  MemoryReducer none(0);
  EXPECT_EQ(reduce(none, 0, block), (Runs{{0, block.size()}}));
  EXPECT_EQ(none.rememberedBytes(), 0u);
}

TEST(MemoryReducer, HostileRangesAreHarmless) {
  MemoryReducer reducer(1 << 20);
  Bytes bytes(100);
  uint64_t generation = 0;
  for (uint64_t offset : {UINT64_MAX, UINT64_MAX - 50, uint64_t{1} << 63}) {
    EXPECT_EQ(reduce(reducer, offset, bytes, false, ++generation), (Runs{{0, 100}}));
    EXPECT_EQ(reduce(reducer, offset, bytes, true, generation), (Runs{{0, 100}}));
  }
  EXPECT_EQ(reduce(reducer, 0, {}), Runs{});
}

TEST(MemoryReducer, ApplyingItsRunsGivesTheContents) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    MemoryReducer reducer((1 + random() % 8) * 4096);
    Bytes program(20000), replay(20000);
    for (int step = 0; step < 60; ++step) {
      uint64_t begin = random() % program.size();
      Bytes change(1 + random() % (program.size() - begin));
      std::copy_n(program.begin() + static_cast<long>(begin), change.size(), change.begin());
      for (uint32_t n = random() % 30; n > 0; --n)
        change[random() % change.size()] = static_cast<std::byte>(random());
      std::copy(change.begin(), change.end(), program.begin() + static_cast<long>(begin));
      uint64_t end = 0;
      for (auto run : reduce(reducer, begin, change, random() % 8 == 0)) {
        ASSERT_LE(end, run.begin);
        ASSERT_LT(run.begin, run.end);
        ASSERT_LE(run.end, change.size());
        end = run.end;
        std::copy_n(change.begin() + static_cast<long>(run.begin), run.end - run.begin,
                    replay.begin() + static_cast<long>(begin + run.begin));
      }
      for (uint64_t i = begin; i < begin + change.size(); ++i)
        ASSERT_EQ(replay[i], program[i]) << seed << " " << step;
    }
  }
}

}  // namespace
}  // namespace reprise

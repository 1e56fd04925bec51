// Two traces side by side: what counts, which object is which, and how the comparison finds its way again.
#include <random>

#include "tests/unit/tools_diff_programs.h"

namespace reprise {
namespace {

TEST(Diff, OtherHandlesAreTheSameProgram) {
  Program a(0x1000), b(0x555500);
  for (Program* program : {&a, &b}) {
    const uint64_t first = program->makeImage(640), second = program->makeImage(640);
    program->bindImage(second);
    program->change(64, "abcd");
    program->draw(3);
    program->destroyImage(first);
    program->destroyImage(second);
  }
  EXPECT_TRUE(compare(a.finish(), b.finish())->counts().same());
  DiffOptions strict;
  strict.strict = true;
  EXPECT_FALSE(compare(a.path(), b.path(), strict)->counts().same());
}

TEST(Diff, AChangedMemberIsOneDifference) {
  Program a, b(0x8000);
  for (Program* program : {&a, &b}) {
    const uint64_t image = program->makeImage(program == &a ? 640 : 641);
    program->bindImage(image);
    program->destroyImage(image);
  }
  const auto compared = compare(a.finish(), b.finish());
  EXPECT_EQ(compared->counts().changed, 1u);
  EXPECT_EQ(compared->counts().equal, Program::kStart + 2);
  EXPECT_EQ(compared->counts().only_a + compared->counts().only_b, 0u);
  EXPECT_EQ(compared->members(), "pCreateInfo.extent.width: 640 / 641\n");
}

TEST(Diff, AnotherObjectIsADifference) {
  Program a, b;
  for (Program* program : {&a, &b}) {
    const uint64_t first = program->makeImage(640), second = program->makeImage(640);
    program->bindImage(program == &a ? first : second);
    program->draw(1);
  }
  const auto compared = compare(a.finish(), b.finish());
  EXPECT_EQ(compared->counts().changed, 1u);
  EXPECT_EQ(compared->members(), "image: VkImage:1 / VkImage:2\n");
}

TEST(Diff, AnAdditionalObjectShiftsNoOther) {
  Program a, b(0x9000);
  for (Program* program : {&a, &b}) {
    const uint64_t extra = program == &b ? program->makeImage(7) : 0;
    for (uint32_t i = 0; i < 50; ++i) {
      const uint64_t image = program->makeImage(100 + i);
      program->bindImage(image, i * 64);
      program->draw(i);
    }
    if (extra) program->destroyImage(extra);
    program->draw(1000);
  }
  const auto compared = compare(a.finish(), b.finish());
  EXPECT_EQ(compared->counts().only_b, 2u);
  EXPECT_EQ(compared->counts().changed + compared->counts().only_a, 0u);
  EXPECT_EQ(compared->counts().equal, Program::kStart + 151);
}

TEST(Diff, PollsAreExplainedByTime) {
  Program a, b;
  for (Program* program : {&a, &b}) {
    for (int i = 0; program == &b && i < 7; ++i) program->waitFence(VK_TIMEOUT, 1000);
    for (int i = 0; program == &a && i < 3; ++i) program->waitFence(VK_SUCCESS, 0);
    program->waitFence(VK_SUCCESS, UINT64_MAX);
    program->draw(3);
  }
  const auto compared = compare(a.finish(), b.finish());
  EXPECT_TRUE(compared->counts().same());
  EXPECT_EQ(compared->a->leftOut(), 3u);
  EXPECT_EQ(compared->b->leftOut(), 7u);
  DiffOptions strict;
  strict.strict = true;
  EXPECT_FALSE(compare(a.path(), b.path(), strict)->counts().same());
}

TEST(Diff, ResultsAreCompared) {
  Program a, b;
  a.waitFence(VK_SUCCESS, 5);
  b.waitFence(VK_ERROR_DEVICE_LOST, 5);
  EXPECT_EQ(compare(a.finish(), b.finish())->members(), "result: VK_SUCCESS / VK_ERROR_DEVICE_LOST\n");
}

TEST(Diff, IgnoredMembersDoNotCount) {
  Program a, b;
  for (Program* program : {&a, &b}) {
    program->makeImage(program == &a ? 640 : 641);
    program->waitFence(VK_SUCCESS, program == &a ? 5 : 6);
    program->draw(program == &a ? 3 : 4);
  }
  a.finish();
  b.finish();
  const auto same = [&](std::vector<std::string> ignored) {
    DiffOptions options;
    options.ignored = std::move(ignored);
    return compare(a.path(), b.path(), options)->counts().same();
  };
  EXPECT_TRUE(same({"vkCreateImage.pCreateInfo.extent.width", "*.timeout", "vkCmdDraw"}));
  EXPECT_TRUE(same({"vkCreate*.extent", "vkWait*", "vkCmdDraw.vertex*"}));
  EXPECT_FALSE(same({"vkCreateImage.width", "*.timeout"}));
  EXPECT_FALSE(same({"vkCreateImage.pCreateInfo.flags", "*.timeout", "vkCmdDraw"}));
  DiffOptions options;
  options.ignored = {"vkCreateImage", "vkQueueSubmit", "*.noSuchMember"};
  const auto compared = compare(a.path(), b.path(), options);
  EXPECT_EQ(compared->a->rules().unused(), (std::vector<std::string>{"vkQueueSubmit", "*.noSuchMember"}));
}

TEST(Diff, FramesAndCommandsSelect) {
  Program a, b;
  for (Program* program : {&a, &b}) {
    for (uint32_t frame = 0; frame < 4; ++frame) {
      program->draw(program == &b && frame == 2 ? 7 : 3);
      program->present();
    }
  }
  a.finish();
  b.finish();
  DiffOptions options;
  EXPECT_EQ(compare(a.path(), b.path(), options)->counts().changed, 1u);
  options.first_frame = 3;
  EXPECT_TRUE(compare(a.path(), b.path(), options)->counts().same());
  options.first_frame = options.last_frame = 2;
  EXPECT_EQ(compare(a.path(), b.path(), options)->counts().changed, 1u);
  options.commands = {"vkQueue*"};
  EXPECT_TRUE(compare(a.path(), b.path(), options)->counts().same());
}

TEST(Diff, MemoryIsComparedByItsBytes) {
  Program a, b(0x7000);
  for (Program* program : {&a, &b}) {
    program->bindImage(1);
    program->change(64, program == &a ? "abcdefgh" : "abcdXfgh");
    program->draw(3);
  }
  const auto compared = compare(a.finish(), b.finish());
  EXPECT_EQ(compared->counts().changed, 1u);
  EXPECT_EQ(compared->members(),
            "bytes[64]: 8 bytes, from byte 4: 65 66 67 68 / 8 bytes, from byte 4: 58 66 67 68\n");
}

TEST(Diff, ThreadsMayInterleaveOtherwise) {
  Program a, b;
  for (Program* program : {&a, &b}) {
    program->builder().writer().openLane({2, 12, "worker"});
    program->draw(0, 1);
    program->draw(0, 2);
    for (uint32_t i = 1; i < 20; ++i) program->draw(i, program == &a ? 1 : 2);
    for (uint32_t i = 1; i < 20; ++i) program->draw(i, program == &a ? 2 : 1);
    program->makeImage(1, program == &a ? 1 : 2);
    program->makeImage(2, program == &a ? 2 : 1);
  }
  const auto apart = compare(a.finish(), b.finish());
  EXPECT_EQ(apart->counts().changed, 2u);  // each thread made the other's image
  EXPECT_EQ(apart->counts().equal, Program::kStart + 40);
}

TEST(Diff, AllocationsMayBeScannedInAnyOrder) {
  Program a, b(0x4000);
  for (Program* program : {&a, &b}) {
    program->builder().writer().openLane({2, 12, "worker"});
    program->draw(0, 1);
    program->draw(0, 2);
    const uint64_t first = program->allocate(64, 1), second = program->allocate(128, 1);
    for (int i = 0; i < 5; ++i) {
      const std::string bytes(8, char('a' + i));
      program->change(8, bytes, program == &a ? first : second);
      program->change(8, bytes, program == &a ? second : first);
    }
  }
  EXPECT_TRUE(compare(a.finish(), b.finish())->counts().same());
  EXPECT_FALSE(compare(a.path(), b.path(), {}, true)->counts().same());  // in one sequence it is seen
}

TEST(Diff, ThreadsArePairedByNameAndStart) {
  Program a, b;
  for (Program* program : {&a, &b}) {
    program->builder().writer().openLane({2, 12, "pool"});
    program->builder().writer().openLane({3, 13, "pool"});
    program->draw(0, 1);
    for (const uint32_t lane : program == &a ? std::vector{2u, 3u} : std::vector{3u, 2u})
      for (uint32_t i = 0; i < 10; ++i)
        program->draw((program == &a) == (lane == 2) ? 100 + i : 200 + i, lane);
  }
  EXPECT_TRUE(compare(a.finish(), b.finish())->counts().same());
}

TEST(Diff, AShorterTraceIsNoDifferenceIfSoAsked) {
  Program a, b;
  for (Program* program : {&a, &b})
    for (uint32_t i = 0; i < (program == &a ? 100u : 40u); ++i) program->draw(i);
  const auto compared = compare(a.finish(), b.finish());
  EXPECT_EQ(compared->counts().only_a, 60u);
  ASSERT_EQ(compared->differences().size(), 1u);
  EXPECT_TRUE(compared->differences().front().edit.at_end);
  const auto prefix = compare(a.path(), b.path(), {}, false, true);
  EXPECT_TRUE(prefix->counts().same());
  EXPECT_EQ(prefix->counts().beyond_a, 60u);
}

TEST(Diff, ALongInsertionIsFound) {
  Program a, b;
  for (Program* program : {&a, &b}) {
    for (uint32_t i = 0; i < 500; ++i) program->draw(i);
    for (uint32_t i = 0; program == &b && i < 20000; ++i) program->draw(100000 + i);
    for (uint32_t i = 500; i < 1000; ++i) program->draw(i);
  }
  const auto compared = compare(a.finish(), b.finish());
  EXPECT_EQ(compared->counts().equal, Program::kStart + 1000);
  EXPECT_EQ(compared->counts().only_b, 20000u);
  EXPECT_EQ(compared->counts().changed + compared->counts().only_a, 0u);
}

TEST(Diff, WhatHasNothingInCommonDivergesByFrame) {
  Program a, b;
  std::mt19937 random(1);
  for (Program* program : {&a, &b}) {
    for (uint32_t frame = 0; frame < 6; ++frame) {
      for (uint32_t i = 0; i < 3000; ++i) program->draw(frame == 2 ? random() : frame * 10000 + i);
      program->present();
    }
  }
  const auto compared = compare(a.finish(), b.finish());
  const DiffCounts& counts = compared->counts();
  EXPECT_GE(counts.equal, Program::kStart + 5 * 3001);
  EXPECT_LE(counts.equal, Program::kStart + 5 * 3001 + 2);
  EXPECT_EQ(counts.equal + counts.changed + counts.only_a, Program::kStart + 6 * 3001);
  EXPECT_EQ(counts.equal + counts.changed + counts.only_b, Program::kStart + 6 * 3001);
}

TEST(Diff, OneInAMillion) {
  constexpr uint32_t kCalls = 1'000'000, kWrong = 765'432;
  Program a, b(0x3000);
  for (Program* program : {&a, &b}) {
    CmdDrawCall draw;
    draw.commandBuffer = handle<VkCommandBuffer>(program->base() + 8);
    std::vector<std::byte> usual, odd;
    draw.vertexCount = 3;
    encodeInputs(draw, usual);
    draw.vertexCount = 4;
    encodeInputs(draw, odd);
    LaneBytes records;
    for (uint32_t i = 0; i < kCalls; ++i) {
      const auto& inputs = program == &b && i == kWrong ? odd : usual;
      records.record(uint16_t(Command::vkCmdDraw), kAnnounce | kComplete, program->builder().noted(), inputs);
      if (i % 1000 != 999) continue;
      program->builder().writer().append(1, records.bytes());
      records.clear();
    }
  }
  const auto compared = compare(a.finish(), b.finish());
  EXPECT_EQ(compared->counts().changed, 1u);
  EXPECT_EQ(compared->counts().equal, Program::kStart + kCalls - 1);
  ASSERT_EQ(compared->differences().size(), 1u);
  EXPECT_EQ(compared->differences().front().edit.a, Program::kStart + kWrong);
  EXPECT_EQ(compared->differences().front().edit.b, Program::kStart + kWrong);
  EXPECT_EQ(compared->members(), "vertexCount: 3 / 4\n");
}

TEST(Diff, ManyHandlesOfOneCall) {
  Program a, b(0x6000);
  for (Program* program : {&a, &b}) {
    std::vector<VkFence> fences;
    for (uint64_t i = 0; i < 300; ++i) fences.push_back(handle<VkFence>(program->base() + 0x100 + i));
    ResetFencesCall reset;
    reset.device = program->device();
    for (int time = 0; time < 3; ++time) {
      reset.fenceCount = uint32_t(fences.size());
      reset.pFences = fences.data();
      program->call(reset);
    }
  }
  EXPECT_TRUE(compare(a.finish(), b.finish())->counts().same());
}

// A damaged file is read as far as it goes, or refused; nothing else.
TEST(Diff, DamagedFiles) {
  Program a, b;
  for (Program* program : {&a, &b}) {
    for (uint32_t i = 0; i < 40; ++i) program->bindImage(program->makeImage(i));
    program->change(0, "0123456789");
  }
  const Bytes whole = readFile(a.finish());
  b.finish();
  const std::string& path = a.path();
  size_t refused = 0, read = 0;
  for (size_t step = 0; step < 400; ++step) {
    Bytes broken = whole;
    if (step % 2) {
      broken.resize(whole.size() * step / 400);
    } else {
      broken[whole.size() * step / 400] ^= std::byte{0x5a};
    }
    writeFile(path, broken);
    DiffOptions options;
    options.reading.beyond_watermark = step % 4 < 2;
    DiffSide side(path, options), other(b.path(), options);
    if (!side.open() || !side.read(true)) {
      ++refused;
      continue;
    }
    ++read;
    ASSERT_TRUE(other.open().isOk() && other.read(true).isOk());
    DiffComparison comparison(side, other, false, 50);
    comparison.run();
    EXPECT_EQ(comparison.counts().equal + comparison.counts().changed + comparison.counts().only_b,
              other.items());
  }
  EXPECT_GT(refused, 0u);
  EXPECT_GT(read, 0u);
}

TEST(Diff, PathsOfPatterns) {
  const auto matches = [](const char* pattern, const char* path) {
    return leavesOut(DiffRule{"*", pattern, true}, path);
  };
  EXPECT_TRUE(matches("flags", "pCreateInfo.flags"));
  EXPECT_TRUE(matches("pCreateInfo.flags", "pCreateInfo.flags"));
  EXPECT_TRUE(matches("VkFoo.x", "pCreateInfo.pNext.VkFoo.x"));
  EXPECT_TRUE(matches("p*.flags", "pCreateInfo.pStages.flags"));
  EXPECT_FALSE(matches("lags", "pCreateInfo.flags"));
  EXPECT_FALSE(matches("pCreateInfo", "pCreateInfo.flags"));
}

TEST(Diff, NamesFromTracesAreEscaped) {
  EXPECT_EQ(plainText("vkcube --c 60"), "vkcube --c 60");
  EXPECT_EQ(plainText("\x1b[2Jx"), "\"\\x1b[2Jx\"");
}

}  // namespace
}  // namespace reprise

// replayTrace() on traces written by hand: what is refused, and how that is said. No driver is needed.
#include <gtest/gtest.h>

#include <filesystem>

#include "format/encoder.h"
#include "replay/player.h"
#include "replay/rules.h"
#include "tests/support/trace_builder.h"

namespace reprise {
namespace {

template <class C>
Bytes inputsOf(const C& call) {
  std::vector<std::byte> bytes;
  encodeInputs(call, bytes);
  return bytes;
}
template <class C>
Bytes outputsOf(const C& call) {
  std::vector<std::byte> bytes;
  encodeOutputs(call, bytes);
  return bytes;
}

class ReplayTraceTest : public testing::Test {
 protected:
  ~ReplayTraceTest() override { std::filesystem::remove(path_); }
  TraceBuilder build() { return TraceBuilder(path_); }
  template <class C>
  void add(TraceBuilder& trace, const C& call) {
    trace.call(1, uint16_t(C::kId), inputsOf(call), outputsOf(call));
  }
  static Result<ReplayReport> replayFile(const std::string& path) {
    ReplayReport report;
    const Status status = replayTrace(path, {}, report);
    if (!status) return status;
    return report;
  }
  Result<ReplayReport> replay() { return replayFile(path_); }
  std::string path_ = testing::TempDir() + "reprise_" +
                      testing::UnitTest::GetInstance()->current_test_info()->name() + ".vkr";
};

TEST_F(ReplayTraceTest, AFileThatIsNotThere) {
  const auto report = replayFile("/nonexistent.vkr");
  ASSERT_FALSE(report);
  EXPECT_EQ(report.status().code(), Code::kUnreadable);
}

TEST_F(ReplayTraceTest, AnEmptyTraceReplays) {
  auto trace = build();
  ASSERT_TRUE(trace.finish());
  const auto report = replay();
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_EQ(report.value().calls, 0u);
  EXPECT_EQ(report.value().difference_count, 0u);
}

TEST_F(ReplayTraceTest, AHandleThatNobodyMadeIsNamedWithItsCall) {
  auto trace = build();
  EnumeratePhysicalDevicesCall call;
  call.instance = VkInstance(0xabc0);
  uint32_t count = 0;
  call.pPhysicalDeviceCount = &count;
  add(trace, call);
  ASSERT_TRUE(trace.finish());
  const auto report = replay();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.status().code(), Code::kUnreadable);
  EXPECT_NE(report.status().message().find("call 0 (vkEnumeratePhysicalDevices, frame 0): VkInstance 0xabc0"),
            std::string::npos)
      << report.status().message();
}

TEST_F(ReplayTraceTest, ACommandBufferThatNobodyMade) {
  auto trace = build();
  CmdDrawCall call;
  call.commandBuffer = VkCommandBuffer(0x10);
  trace.command(1, uint16_t(call.kId), inputsOf(call));
  ASSERT_TRUE(trace.finish());
  const auto report = replay();
  ASSERT_FALSE(report);
  EXPECT_NE(report.status().message().find("VkCommandBuffer 0x10"), std::string::npos)
      << report.status().message();
}

TEST_F(ReplayTraceTest, MemoryOfADeviceThatNobodyMade) {
  auto trace = build();
  const Bytes bytes(16);
  trace.memory({0x20, 0x30, 1, 0, 16}, bytes);
  ASSERT_TRUE(trace.finish());
  const auto report = replay();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.status().code(), Code::kUnreadable);
  EXPECT_NE(report.status().message().find("VkDevice 0x30"), std::string::npos) << report.status().message();
}

TEST_F(ReplayTraceTest, ArgumentsThatEndTooSoon) {
  auto trace = build();
  CreateInstanceCall call;
  VkInstanceCreateInfo info{};
  info.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO;
  call.pCreateInfo = &info;
  Bytes inputs = inputsOf(call);
  inputs.resize(inputs.size() / 2);
  trace.call(1, uint16_t(call.kId), inputs, outputsOf(call));
  ASSERT_TRUE(trace.finish());
  const auto report = replay();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.status().code(), Code::kUnreadable);
  EXPECT_NE(report.status().message().find("vkCreateInstance"), std::string::npos);
}

TEST_F(ReplayTraceTest, AFailedCreateIsNotIssuedAgain) {
  auto trace = build();
  CreateInstanceCall call;
  call.result = VK_ERROR_INCOMPATIBLE_DRIVER;
  add(trace, call);
  ASSERT_TRUE(trace.finish());
  const auto report = replay();
  ASSERT_TRUE(report) << report.status().message();
  EXPECT_EQ(report.value().calls, 1u);
  EXPECT_EQ(report.value().difference_count, 0u);
}

TEST_F(ReplayTraceTest, AHoleIsANoteInTheReport) {
  auto trace = build();
  trace.hole(1, HoleCause::kUnknownStruct, 42, "an unknown struct in vkCreateImage");
  ASSERT_TRUE(trace.finish());
  const auto report = replay();
  ASSERT_TRUE(report) << report.status().message();
  ASSERT_EQ(report.value().notes.size(), 1u);
  EXPECT_NE(report.value().notes[0].find("an unknown struct in vkCreateImage"), std::string::npos);
}

// Arguments of random bytes: any answer will do but a crash.
TEST_F(ReplayTraceTest, RandomArgumentsOfEveryCommandAreSurvived) {
  uint64_t state = 88172645463325252ull;
  const auto random = [&] {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
  };
  for (size_t id = 1; id < kCommandCount; id += 1 + random() % 8) {
    if (Command(id) == Command::vkCreateInstance) continue;  // needs no handle, so it would reach the driver
    auto trace = build();
    Bytes inputs(random() % 200);
    for (std::byte& b : inputs) b = std::byte(random() % 4 ? 0 : random());
    trace.call(1, uint16_t(id), inputs, inputs);
    ASSERT_TRUE(trace.finish());
    const auto report = replay();
    EXPECT_TRUE(report || report.status().code() == Code::kUnreadable) << report.status().message();
  }
}

TEST(ReplayRules, ProgressIsNotIssuedAgainButALostDeviceIs) {
  EXPECT_TRUE(hadNoEffect(VK_NOT_READY));
  EXPECT_TRUE(hadNoEffect(VK_TIMEOUT));
  EXPECT_TRUE(hadNoEffect(VK_ERROR_OUT_OF_DEVICE_MEMORY));
  EXPECT_FALSE(hadNoEffect(VK_SUCCESS));
  EXPECT_FALSE(hadNoEffect(VK_SUBOPTIMAL_KHR));
  EXPECT_FALSE(hadNoEffect(VK_ERROR_DEVICE_LOST));
}

TEST(ReplayRules, EveryCommandHasARule) {
  size_t issued = 0;
  for (size_t i = 1; i < kCommandCount; ++i) issued += issueRule(Command(i)) == Issue::kYes;
  EXPECT_GT(issued, kCommandCount * 3 / 4);
  EXPECT_EQ(issueRule(Command::vkQueueSubmit), Issue::kYes);
  EXPECT_EQ(issueRule(Command::vkGetPhysicalDeviceXcbPresentationSupportKHR), Issue::kNo);
  EXPECT_TRUE(isDeterministic(Command::vkGetPhysicalDeviceFormatProperties));
  EXPECT_FALSE(isDeterministic(Command::vkGetBufferDeviceAddress));
  EXPECT_FALSE(isDeterministic(Command::vkCreateImage));
}

}  // namespace
}  // namespace reprise

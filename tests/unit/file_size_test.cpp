// A stream like vkcube's: what a frame costs in the file.
#include <cmath>
#include <random>

#include "tests/unit/file_test.h"

namespace reprise {
namespace {

Bytes noise(std::mt19937& random, size_t size) {
  Bytes bytes(size);
  for (std::byte& b : bytes) b = static_cast<std::byte>(random());
  return bytes;
}

// The two columns that a rotation changes, times a perspective: what vkcube writes into its uniform buffer.
Bytes uniformPage(int frame, const Bytes& rest) {
  Bytes page = rest;
  double angle = frame * 0.0698;
  std::array<float, 16> matrix{};
  for (int row = 0; row < 4; ++row) {
    matrix[row] = static_cast<float>((row + 0.3) * std::cos(angle) - row * 0.7 * std::sin(angle));
    matrix[4 + row] = static_cast<float>(row * 0.25);
    matrix[8 + row] = static_cast<float>((row + 0.3) * std::sin(angle) + row * 0.7 * std::cos(angle));
  }
  std::memcpy(page.data(), matrix.data(), sizeof matrix);
  return page;
}

TEST(FileSize, AFrameLikeTheLastOneCostsItsMatrixOnly) {
  TempFile file;
  WriterOptions options = testOptions();
  options.level = 0;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), options);
  std::mt19937 random(1);
  Bytes rest = noise(random, 4096);
  std::array<Bytes, 20> arguments;
  for (Bytes& bytes : arguments) bytes = noise(random, 60);
  for (int frame = 0; frame < 300; ++frame) {
    for (int call = 0; call < 20; ++call) {
      Bytes inputs = arguments[call];
      inputs[8] = static_cast<std::byte>(frame % 3);  // image index, command buffer
      if (call == 10)
        trace.memory({static_cast<uint64_t>(0x1000 + frame % 3), 1, 7, 0, 0}, uniformPage(frame, rest));
      bool present = call == 19;
      trace.call(0, present ? kPresent : call % 2 ? kSubmit : kWait, inputs, Bytes(4), call % 3 == 0);
    }
  }
  ASSERT_TRUE(trace.finish().isOk());
  EXPECT_EQ(trace.writer().counts().frames, 300u);
  uint64_t size = trace.writer().counts().file_bytes;
  RecordProperty("bytes", static_cast<int>(size));
  // 4096 + 1200 bytes of noise once, 32 changing bytes of floats a frame; the rest must be nearly nothing.
  EXPECT_LT(size, 4096u + 1200u + 300u * 36u + 2500u);
}

TEST(FileSize, ARecordedCommandCostsLessThanAByte) {
  TempFile file;
  TraceBuilder trace(file.path(), TraceBuilder::fixedInfo(), testOptions());
  Bytes draw(24);
  for (int i = 0; i < 100000; ++i) {
    storeLe(draw.data() + 8, static_cast<uint32_t>(i % 100 * 36));
    trace.command(0, kDraw, draw);
  }
  ASSERT_TRUE(trace.finish().isOk());
  EXPECT_LT(trace.writer().counts().file_bytes, 100000u);
}

}  // namespace
}  // namespace reprise

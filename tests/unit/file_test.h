// What the tests of the `.vkr` file share: a small command table, a temporary file, events as plain values.
// For tests; no thread rule.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string>
#include <vector>

#include "format/reader.h"
#include "tests/support/trace_builder.h"

namespace reprise {

enum TestCommand : uint16_t { kCreate = 1, kDestroy, kDraw, kSubmit, kPresent, kWait, kTestCommandCount };

inline constexpr std::array<const char*, kTestCommandCount> kTestNames = {"",
                                                                          "vkCreateImage",
                                                                          "vkDestroyImage",
                                                                          "vkCmdDraw",
                                                                          "vkQueueSubmit",
                                                                          "vkQueuePresentKHR",
                                                                          "vkWaitForFences"};

inline CommandNames testNames() {
  return {
      [](uint16_t id) -> const char* { return id > 0 && id < kTestCommandCount ? kTestNames[id] : nullptr; },
      [](std::string_view name) {
        auto found = std::find(kTestNames.begin() + 1, kTestNames.end(), name);
        return static_cast<uint16_t>(found == kTestNames.end() ? 0 : found - kTestNames.begin());
      },
  };
}

inline WriterOptions testOptions() {
  WriterOptions options = TraceBuilder::fixedOptions();
  options.names = testNames();
  return options;
}

inline ReadOptions testReadOptions(bool beyond_watermark = false) {
  ReadOptions options;
  options.beyond_watermark = beyond_watermark;
  options.names = testNames();
  return options;
}

class TempFile {
 public:
  TempFile() {
    std::string pattern = ::testing::TempDir() + "reprise-XXXXXX";
    int fd = ::mkstemp(pattern.data());
    if (fd >= 0) ::close(fd);
    path_ = pattern;
  }
  ~TempFile() { ::unlink(path_.c_str()); }
  TempFile(const TempFile&) = delete;
  TempFile& operator=(const TempFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// An Event that owns its bytes.
struct Seen {
  Event::Kind kind = Event::kCall;
  uint64_t number = 0, order = 0;
  uint32_t frame = 0, lane = 0;
  uint16_t command = 0, flags = 0;
  std::string name;
  Bytes inputs, outputs;
  bool has_outputs = false;
  std::vector<Bytes> input_bulks, output_bulks;
  uint64_t memory = 0, offset = 0;
  Bytes bytes;
  HoleCause cause{};
  uint64_t subject = 0;
  std::string text;
  bool operator==(const Seen&) const = default;
};

inline Seen seenOf(const Event& event) {
  Seen seen{event.kind,
            event.call_number,
            event.order,
            event.frame,
            event.lane,
            static_cast<uint16_t>(event.command),
            event.flags,
            std::string(event.command_name),
            owned(event.inputs),
            owned(event.outputs),
            event.has_outputs,
            {},
            {},
            event.memory.memory,
            event.memory.offset,
            owned(event.bytes),
            event.hole.cause,
            event.hole.subject,
            std::string(event.text)};
  for (auto bulk : event.input_bulks) seen.input_bulks.push_back(owned(bulk));
  for (auto bulk : event.output_bulks) seen.output_bulks.push_back(owned(bulk));
  return seen;
}

struct ReadAll {
  Status status;
  std::vector<Seen> events;
  TraceSummary summary;
};

inline ReadAll readAll(const std::string& path, ReadOptions options = testReadOptions()) {
  ReadAll all;
  auto reader = TraceReader::open(path, options);
  if (!reader) {
    all.status = reader.status();
    return all;
  }
  all.summary = (*reader)->summary();
  Event event;
  while (true) {
    auto more = (*reader)->next(event);
    if (!more) {
      all.status = more.status();
      return all;
    }
    if (!*more) return all;
    all.events.push_back(seenOf(event));
  }
}

}  // namespace reprise

// The worked example of format/FORMAT.md is what the writer writes, byte for byte, and what the reader reads.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/file_test.h"

namespace reprise {
namespace {

std::filesystem::path formatDocument() {
  return std::filesystem::path(REPRISE_SOURCE_DIR) / "format/FORMAT.md";
}

// Lines of the ```hex block: offset, bytes, then "; what they are".
Bytes exampleInDocument() {
  std::ifstream in(formatDocument());
  Bytes bytes;
  std::string line;
  bool inside = false;
  while (std::getline(in, line)) {
    if (line.starts_with("```")) {
      inside = line == "```hex";
      continue;
    }
    if (!inside) continue;
    std::istringstream words(line.substr(0, line.find(';')));
    std::string word;
    words >> word;
    EXPECT_EQ(std::stoul(word, nullptr, 16), bytes.size()) << "offset in: " << line;
    while (words >> word) bytes.push_back(static_cast<std::byte>(std::stoul(word, nullptr, 16)));
  }
  return bytes;
}

std::string hex(const Bytes& bytes) {
  std::ostringstream out;
  for (size_t i = 0; i < bytes.size(); ++i) {
    char text[32];
    if (i % 16 == 0) {
      std::snprintf(text, sizeof text, "\n%04zx ", i);
      out << text;
    }
    std::snprintf(text, sizeof text, " %02x", static_cast<unsigned>(bytes[i]));
    out << text;
  }
  return out.str();
}

void writeExample(const std::string& path) {
  TraceHeaderInfo info;
  info.application = "app";
  info.captured_unix_seconds = 1;
  info.start_ns = 2;
  WriterOptions options = testOptions();
  auto writer = TraceWriter::create(path, info, options);
  ASSERT_TRUE(writer.isOk());
  (*writer)->openLane({0, 7, "main"});
  LaneBytes records;
  records.record(kDestroy, kAnnounce | kComplete | kTicketed, 1, bytesOf("abcd"));
  records.record(kCreate, kAnnounce, 1, bytesOf("in"));
  records.record(kCreate, kComplete | kTicketed, 2, bytesOf("out"));
  (*writer)->append(0, records.bytes());
  ASSERT_TRUE((*writer)->finish().isOk());
}

TEST(FileFormatExample, TheDocumentShowsWhatTheWriterWrites) {
  TempFile file;
  writeExample(file.path());
  Bytes written = readFile(file.path());
  EXPECT_TRUE(written == exampleInDocument()) << "the writer wrote:" << hex(written);
}

TEST(FileFormatExample, TheReaderReadsTheDocument) {
  TempFile file;
  writeFile(file.path(), exampleInDocument());
  ReadAll all = readAll(file.path());
  ASSERT_TRUE(all.status.isOk()) << all.status.message();
  ASSERT_EQ(all.events.size(), 2u);
  EXPECT_EQ(all.events[0].name, "vkDestroyImage");
  EXPECT_EQ(asText(all.events[0].inputs), "abcd");
  EXPECT_EQ(all.events[1].name, "vkCreateImage");
  EXPECT_EQ(all.events[1].order, 2u);
  EXPECT_EQ(asText(all.events[1].outputs), "out");
  EXPECT_EQ(all.summary.info.application, "app");
  EXPECT_TRUE(all.summary.complete);
}

}  // namespace
}  // namespace reprise

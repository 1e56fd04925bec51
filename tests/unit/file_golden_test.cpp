// Traces that earlier versions wrote stay readable: tests/golden/v1 holds one, and beside it what is in it.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/file_test.h"

namespace reprise {
namespace {

std::string listing(const ReadAll& all) {
  std::ostringstream out;
  for (const Seen& seen : all.events) {
    static constexpr const char* kKinds[] = {"call", "memory", "hole", "metadata", "contents", "payload"};
    out << kKinds[seen.kind] << " " << seen.number << " frame " << seen.frame << " lane " << seen.lane
        << " order " << seen.order << " flags " << seen.flags;
    if (seen.kind == Event::kCall)
      out << " " << seen.name << " [" << asText(seen.inputs) << "] [" << asText(seen.outputs) << "]";
    for (const Bytes& bulk : seen.input_bulks)
      out << " bulk " << bulk.size() << " of " << static_cast<int>(bulk.at(0));
    if (seen.kind == Event::kMemory) {
      out << " " << seen.memory << "+" << seen.offset << " " << seen.bytes.size() << " bytes, xxh3 "
          << checksumOf(seen.bytes);
    }
    if (!seen.text.empty()) out << " " << seen.text;
    out << "\n";
  }
  const TraceSummary& s = all.summary;
  out << "frames " << s.frames << " submits " << s.submits << " calls " << s.calls << " unfinished "
      << s.unfinished << " holes " << s.holes << " memory " << s.memory_changes << " of " << s.memory_bytes
      << " bytes\n";
  return out.str();
}

TEST(FileGolden, VersionOneReadsAsItAlwaysDid) {
  auto folder = std::filesystem::path(REPRISE_SOURCE_DIR) / "tests/golden/v1";
  ReadAll all = readAll(folder / "sample.vkr");
  ASSERT_TRUE(all.status.isOk()) << all.status.message();
  EXPECT_TRUE(all.summary.complete);
  Bytes expected = readFile(folder / "sample.txt");
  EXPECT_EQ(listing(all), asText(expected));
}

}  // namespace
}  // namespace reprise

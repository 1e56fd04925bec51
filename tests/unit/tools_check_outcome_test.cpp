// Judging outcomes, the text of JUnit, sizes and frames.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "replay/frame_set.h"
#include "tools/check/cache.h"
#include "tools/check/hash.h"
#include "tools/check/outcome.h"
#include "tools/check/reports.h"

namespace reprise {
namespace {

using E = Expectation;
using O = Outcome;
using J = Judgement;

TEST(CheckOutcome, EveryExpectationMeetsEveryOutcome) {
  const struct {
    E expectation;
    O outcome;
    J judgement;
  } rows[] = {
      {E::kPass, O::kPass, J::kAsExpected},
      {E::kPass, O::kFail, J::kRegression},
      {E::kPass, O::kCrash, J::kRegression},
      {E::kPass, O::kTimeout, J::kRegression},
      {E::kPass, O::kNondeterministic, J::kRegression},
      {E::kPass, O::kNoReference, J::kRegression},
      {E::kFail, O::kFail, J::kAsExpected},
      {E::kFail, O::kPass, J::kUnexpectedPass},
      {E::kFail, O::kCrash, J::kRegression},
      {E::kCrash, O::kCrash, J::kAsExpected},
      {E::kCrash, O::kPass, J::kUnexpectedPass},
      {E::kCrash, O::kTimeout, J::kRegression},
      {E::kTimeout, O::kTimeout, J::kAsExpected},
      {E::kTimeout, O::kPass, J::kUnexpectedPass},
      {E::kFlaky, O::kPass, J::kAsExpected},
      {E::kFlaky, O::kFail, J::kAsExpected},
      {E::kFlaky, O::kCrash, J::kAsExpected},
      {E::kFlaky, O::kNondeterministic, J::kAsExpected},
      {E::kFlaky, O::kNoReference, J::kRegression},
      {E::kFlaky, O::kBroken, J::kBroken},
      {E::kPass, O::kBroken, J::kBroken},
      {E::kSkip, O::kSkip, J::kNotRun},
      {E::kPass, O::kInterrupted, J::kNotRun},
  };
  for (const auto& row : rows)
    EXPECT_EQ(judge(row.expectation, row.outcome, false), row.judgement)
        << expectationName(row.expectation) << " " << outcomeName(row.outcome);
  EXPECT_EQ(judge(E::kPass, O::kCannotRun, false), J::kNotRun);
  EXPECT_EQ(judge(E::kPass, O::kCannotRun, true), J::kRegression);
}

std::vector<TraceResult> resultsOf(std::initializer_list<Judgement> judgements) {
  std::vector<TraceResult> results;
  for (const Judgement judgement : judgements) results.emplace_back().judgement = judgement;
  return results;
}

TEST(CheckOutcome, ExitStatus) {
  EXPECT_EQ(exitStatusOf(resultsOf({J::kAsExpected, J::kNotRun})), 0);
  EXPECT_EQ(exitStatusOf(resultsOf({J::kAsExpected, J::kRegression})), 1);
  EXPECT_EQ(exitStatusOf(resultsOf({J::kUnexpectedPass})), 1);
  EXPECT_EQ(exitStatusOf(resultsOf({J::kRegression, J::kBroken})), 3);
  EXPECT_EQ(exitStatusOf(resultsOf({J::kNotRun, J::kNotRun})), 77);
  EXPECT_EQ(exitStatusOf({}), 0);
}

TEST(CheckReports, XmlTextIsValid) {
  EXPECT_EQ(xmlText("a\tb\nc <&> \xc3\xa9"), "a\tb\nc <&> \xc3\xa9");
  EXPECT_EQ(xmlText("a\x1b[31m"), "a\xef\xbf\xbd[31m");
  for (const char* bad :
       {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xef\xbf\xbf", "\xc2\x85", "\xf4\x90\x80\x80"})
    EXPECT_EQ(xmlText(bad).find(bad), std::string::npos);
  EXPECT_EQ(xmlText(std::string("a\0b", 3)),
            "a\xef\xbf\xbd"
            "b");
}

TEST(CheckCache, Sizes) {
  EXPECT_EQ(parseSize("0").value(), 0u);
  EXPECT_EQ(parseSize("1000").value(), 1000u);
  EXPECT_EQ(parseSize("10G").value(), 10ull << 30);
  EXPECT_EQ(parseSize("3T").value(), 3ull << 40);
  for (const char* bad : {"", "G", "10GB", "-1", "1.5G", "10g", "99999999999T", "1 G"})
    EXPECT_FALSE(parseSize(bad)) << bad;
}

TEST(CheckHash, AsSha256sumPrintsIt) {
  const std::string path = testing::TempDir() + "/hashed";
  std::ofstream(path) << "abc";
  EXPECT_EQ(sha256OfFile(path).value(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_FALSE(sha256OfFile("/nonexistent"));
}

TEST(FrameSets, ListsAndRanges) {
  const FrameSet set = FrameSet::parse("0-2,7,50-").value();
  for (const uint32_t frame : {0u, 1u, 2u, 7u, 50u, 4'000'000'000u}) EXPECT_TRUE(set.has(frame)) << frame;
  for (const uint32_t frame : {3u, 6u, 8u, 49u}) EXPECT_FALSE(set.has(frame)) << frame;
  EXPECT_TRUE(FrameSet().has(12));
  for (const char* bad : {"", ",", "1,", "-3", "3-2", "a", "1-2-3", "1;2", "99999999999"})
    EXPECT_FALSE(FrameSet::parse(bad)) << bad;
}

}  // namespace
}  // namespace reprise

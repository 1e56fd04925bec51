// What became of one trace, and whether that is what the manifest expects.
//
// Values and pure functions; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/check/manifest.h"
#include "tools/check/picture.h"

namespace reprise {

enum class Outcome {
  kPass,
  kFail,              // a return code, a query, a picture or memory differs
  kCrash,             // the replay was ended by a signal
  kTimeout,           // by the watchdog
  kNondeterministic,  // runs differ among themselves
  kNoReference,       // nothing to compare with
  kSkip,              // the manifest says so
  kCannotRun,         // this machine lacks what the trace needs
  kBroken,            // the trace cannot be had, is another one, or cannot be read
  kInterrupted,       // reprise check was
};
const char* outcomeName(Outcome outcome);

enum class Judgement {
  kAsExpected,
  kRegression,
  kUnexpectedPass,  // the manifest's expectation is out of date: as much a failure as a regression
  kNotRun,          // skipped, or cannot run
  kBroken,
};
const char* judgementName(Judgement judgement);

// `known_here`: there are references for this driver, or the manifest names it: it ran here before, and that
// it cannot now is a regression.
Judgement judge(Expectation expectation, Outcome outcome, bool known_here);

// A picture or a range of memory that is not as its reference.
struct Finding {
  std::string file;
  uint32_t frame = 0;
  uint64_t call = 0;  // these three: "" and 0 where nothing was written
  std::string command, object;
  std::string text;                                 // a sentence
  bool compared = false;                            // `difference` holds
  RasterDifference difference;                      // of a picture
  std::filesystem::path reference, actual, marked;  // pictures to show; "" where there is none
};

struct TraceResult {
  std::string name, source;  // path, or fetch command
  Outcome outcome = Outcome::kInterrupted;
  Expectation expectation = Expectation::kPass;
  Judgement judgement = Judgement::kNotRun;
  std::string reason;   // the manifest's
  std::string message;  // why, in a sentence; "" of a pass
  CheckedDevice device;
  std::string driver;  // as references call it
  std::string tolerance;
  double seconds = 0;
  int runs = 0;
  uint64_t calls = 0, frames = 0;
  nlohmann::ordered_json differences = nlohmann::ordered_json::array();  // as in a replay's report
  uint64_t difference_count = 0;
  std::vector<std::string> notes;
  uint64_t pictures = 0, memories = 0;  // that were compared
  double lowest_ssim = 1, largest = 0;  // of all pictures
  std::vector<Finding> findings;        // the first kMaxFindings
  uint64_t finding_count = 0;
  std::filesystem::path sample;  // one of the pictures, where all are well
  std::string updated;           // what --update wrote
  std::string log;               // the end of what the replay said
};
inline constexpr size_t kMaxFindings = 1000;
inline constexpr size_t kMaxShown = 8;  // findings of a trace with pictures to show

struct CheckTotals {
  size_t as_expected = 0, regressions = 0, unexpected_passes = 0, not_run = 0, broken = 0;
};
CheckTotals totalsOf(const std::vector<TraceResult>& results);
// 0 all as expected, 1 regressions, 3 a broken trace, 77 nothing could run.
int exitStatusOf(const std::vector<TraceResult>& results);

}  // namespace reprise

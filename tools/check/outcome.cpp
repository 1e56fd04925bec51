#include "tools/check/outcome.h"

#include "tools/commands.h"

namespace reprise {

const char* outcomeName(Outcome outcome) {
  constexpr const char* kNames[] = {"pass",         "fail", "crash",      "timeout", "nondeterministic",
                                    "no reference", "skip", "cannot run", "broken",  "interrupted"};
  return kNames[size_t(outcome)];
}

const char* judgementName(Judgement judgement) {
  constexpr const char* kNames[] = {"as expected", "regression", "unexpected pass", "not run", "broken"};
  return kNames[size_t(judgement)];
}

Judgement judge(Expectation expectation, Outcome outcome, bool known_here) {
  switch (outcome) {
    case Outcome::kBroken:
      return Judgement::kBroken;
    case Outcome::kSkip:
    case Outcome::kInterrupted:
      return Judgement::kNotRun;
    case Outcome::kCannotRun:
      return known_here ? Judgement::kRegression : Judgement::kNotRun;
    case Outcome::kNoReference:
      return Judgement::kRegression;
    default:
      break;
  }
  if (expectation == Expectation::kFlaky) return Judgement::kAsExpected;
  const bool met = (expectation == Expectation::kPass && outcome == Outcome::kPass) ||
                   (expectation == Expectation::kFail && outcome == Outcome::kFail) ||
                   (expectation == Expectation::kCrash && outcome == Outcome::kCrash) ||
                   (expectation == Expectation::kTimeout && outcome == Outcome::kTimeout);
  if (met) return Judgement::kAsExpected;
  return outcome == Outcome::kPass ? Judgement::kUnexpectedPass : Judgement::kRegression;
}

CheckTotals totalsOf(const std::vector<TraceResult>& results) {
  CheckTotals totals;
  for (const TraceResult& result : results) {
    switch (result.judgement) {
      case Judgement::kAsExpected:
        ++totals.as_expected;
        break;
      case Judgement::kRegression:
        ++totals.regressions;
        break;
      case Judgement::kUnexpectedPass:
        ++totals.unexpected_passes;
        break;
      case Judgement::kNotRun:
        ++totals.not_run;
        break;
      case Judgement::kBroken:
        ++totals.broken;
        break;
    }
  }
  return totals;
}

int exitStatusOf(const std::vector<TraceResult>& results) {
  const CheckTotals totals = totalsOf(results);
  if (totals.broken > 0) return static_cast<int>(Code::kUnreadable);
  if (totals.regressions + totals.unexpected_passes > 0) return static_cast<int>(Code::kDiffers);
  return totals.as_expected == 0 && totals.not_run > 0 ? kExitNothingRan : 0;
}

}  // namespace reprise

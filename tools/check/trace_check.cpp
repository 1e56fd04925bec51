#include "tools/check/trace_check.h"

#include <algorithm>

#include "tools/check/references.h"
#include "tools/check/replay_run.h"
#include "tools/commands.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;

// One check() under way.
class OneCheck {
 public:
  OneCheck(const Manifest& manifest, const CheckOptions& options, const Watch& watch,
           const ManifestTrace& trace, TraceResult& result)
      : manifest_(manifest), options_(options), watch_(watch), trace_(trace), result_(result) {}

  void run(const fs::path& file) {
    file_ = file;
    if (!findDevice()) return;
    if (result_.expectation == Expectation::kSkip) return settle(Outcome::kSkip, terms_->reason);
    const RunFolders first = foldersOf(0);
    const ReplayRun run = replay(first);
    const bool comparable = take(run);
    const bool ran = comparable || run.outcome == Outcome::kFail || run.outcome == Outcome::kCrash ||
                     run.outcome == Outcome::kTimeout;
    if (ran && agreesWithItself(first, run) && comparable) compare(first, run);
  }

 private:
  void settle(Outcome outcome, std::string message) {
    result_.outcome = outcome;
    result_.message = std::move(message);
  }

  RunFolders foldersOf(int number) const {
    const fs::path folder = options_.work / trace_.name / ("run-" + std::to_string(number + 1));
    const CheckSettings& settings = terms_->settings;
    return {folder, settings.pictures ? folder / "pictures" : fs::path(),
            settings.memory ? folder / "memory" : fs::path()};
  }

  ReplayRun replay(const RunFolders& folders) {
    ReplayRun run = runReplayOf(file_, terms_->settings, options_, folders, watch_);
    result_.seconds += run.end.seconds;
    ++result_.runs;
    return run;
  }

  // Which driver's references and terms are meant; false if that is all there is to find out.
  bool findDevice() {
    terms_ = &trace_.terms;
    const DeviceAnswer answer = askDevice(file_, trace_.terms.settings, options_, watch_);
    if (answer.outcome != Outcome::kPass) {
      result_.log = answer.log;
      settle(answer.outcome, answer.message);
      return false;
    }
    result_.device = answer.device;
    result_.driver = manifest_.driverOf(answer.device);
    terms_ = &trace_.termsOn(result_.driver);
    result_.expectation = terms_->expectation;
    result_.reason = terms_->reason;
    result_.tolerance = terms_->settings.tolerance.text();
    return true;
  }

  // What the run itself says; false if there is nothing to compare.
  bool take(const ReplayRun& run) {
    result_.log = run.end.output;
    result_.calls = run.report.calls;
    result_.frames = run.report.frames;
    result_.differences = run.report.differences;
    result_.difference_count = run.report.difference_count;
    result_.notes = run.report.notes;
    settle(run.outcome, run.message);
    return run.reported && (run.outcome == Outcome::kPass || run.outcome == Outcome::kFail);
  }

  // --repeat: every run like the first.
  bool agreesWithItself(const RunFolders& first, const ReplayRun& run) {
    for (int number = 1; number < options_.repeat; ++number) {
      const RunFolders folders = foldersOf(number);
      const ReplayRun again = replay(folders);
      const std::string disagreement = firstDisagreement(first, run, folders, again);
      std::error_code error;
      if (!options_.keep) fs::remove_all(folders.folder, error);
      if (again.outcome == Outcome::kInterrupted) {
        settle(Outcome::kInterrupted, again.message);
        return false;
      }
      if (disagreement.empty()) continue;
      settle(Outcome::kNondeterministic,
             "run " + std::to_string(number + 1) + " is not like the first: " + disagreement);
      return false;
    }
    return true;
  }

  void compare(const RunFolders& folders, const ReplayRun& run) {
    const References references(terms_->references / result_.driver, terms_->settings);
    const fs::path evidence = options_.work / trace_.name / "shown";
    std::error_code error;
    fs::create_directories(evidence, error);
    const SeenFiles seen{folders.pictures, folders.memories, run.report.pictures, run.report.memories};
    Status status = options_.update ? update(references, seen) : Status::ok();
    const bool none = !(seen.pictures.empty() && seen.memories.empty()) && !references.any();
    if (status) status = references.compare(seen, evidence, result_);
    if (!status) return settle(Outcome::kBroken, status.message());
    if (none) {
      return settle(Outcome::kNoReference,
                    "there are no references for " + result_.driver + " in " + terms_->references.string() +
                        "; look at the pictures, and --update makes them the references");
    }
    if (result_.finding_count == 0) return;
    std::string text =
        std::to_string(result_.finding_count) +
        (result_.finding_count == 1 ? " picture or memory range is" : " pictures or memory ranges are") +
        " not as the reference, first " + whereOf(result_.findings.front());
    settle(Outcome::kFail, result_.message.empty() ? text : result_.message + "; " + text);
  }

  static std::string whereOf(const Finding& finding) {
    if (finding.command.empty()) return finding.file + ": " + finding.text;
    return "frame " + std::to_string(finding.frame) + ", call " + std::to_string(finding.call) + " (" +
           finding.command + ", " + finding.object + "): " + finding.text;
  }

  Status update(const References& references, const SeenFiles& seen) {
    if (result_.expectation != Expectation::kPass && result_.expectation != Expectation::kFlaky) {
      result_.updated = std::string("not updated: it is expected to ") + expectationName(result_.expectation);
      return Status::ok();
    }
    if (!terms_->settings.pictures && !terms_->settings.memory) return Status::ok();
    if (seen.pictures.empty() && seen.memories.empty() && !references.any()) return Status::ok();
    const Result<std::string> updated = references.update(seen);
    if (!updated) return updated.status();
    result_.updated = updated.value();
    return Status::ok();
  }

  const Manifest& manifest_;
  const CheckOptions& options_;
  const Watch& watch_;
  const ManifestTrace& trace_;
  TraceResult& result_;
  const CheckTerms* terms_ = nullptr;
  fs::path file_;
};

bool isOn(const ManifestTrace& trace, const std::string& driver) {
  return std::any_of(trace.on.begin(), trace.on.end(), [&](const auto& on) { return on.first == driver; });
}

}  // namespace

TraceResult TraceCheck::check(const ManifestTrace& trace) const {
  TraceResult result;
  result.name = trace.name;
  result.source = trace.fetch.empty() ? trace.path.string() : trace.fetch;
  result.expectation = trace.terms.expectation;
  result.reason = trace.terms.reason;
  const bool skipped_everywhere = trace.terms.expectation == Expectation::kSkip && trace.on.empty();
  HeldFile held;
  Status status;
  if (skipped_everywhere) {
    result.outcome = Outcome::kSkip;
    result.message = trace.terms.reason;
  } else if (trace.fetch.empty()) {
    status = checkHash(trace, trace.path);
    held = HeldFile(trace.path, -1);
  } else {
    Result<HeldFile> fetched = cache_.get(trace, manifest_.folder, watch_);
    status = fetched.status();
    if (fetched) held = std::move(fetched.value());
  }
  if (!status) {
    result.outcome = watch_.interrupted() ? Outcome::kInterrupted : Outcome::kBroken;
    result.message = status.message();
  } else if (!skipped_everywhere) {
    OneCheck(manifest_, options_, watch_, trace, result).run(held.path());
  }
  std::error_code error;
  if (!options_.keep) fs::remove_all(options_.work / trace.name / "run-1", error);
  const CheckTerms& terms = trace.termsOn(result.driver);
  const bool known_here =
      !result.driver.empty() &&
      (isOn(trace, result.driver) || References(terms.references / result.driver, terms.settings).any());
  result.judgement = judge(result.expectation, result.outcome, known_here);
  return result;
}

}  // namespace reprise

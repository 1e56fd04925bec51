#include "tools/check/check_run.h"

#include <unistd.h>

#include <cstdio>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>

namespace reprise {
namespace {

// Every line of it, below a result.
std::string indented(const std::string& text) {
  std::string shown;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) shown += "\n    " + printable(line);
  return shown;
}

std::string lineOf(const TraceResult& result) {
  char times[64];
  std::snprintf(times, sizeof times, "%.1f s", result.seconds);
  char head[400];
  std::snprintf(head, sizeof head, "%-15s  %-24s  %s", judgementName(result.judgement), result.name.c_str(),
                outcomeName(result.outcome));
  std::string line = head;
  if (!result.driver.empty()) line += " on " + result.driver;
  if (result.runs > 0) line += ", " + std::string(times);
  if (result.runs > 1) line += " in " + std::to_string(result.runs) + " runs";
  if (!result.updated.empty()) line += "; references: " + result.updated;
  if (!result.message.empty()) line += indented(result.message);
  if (!result.reason.empty() && result.reason != result.message)
    line += "\n    expected to " + std::string(expectationName(result.expectation)) + ": " +
            printable(result.reason);
  return line;
}

class Run {
 public:
  Run(const TraceCheck& check, const std::vector<const ManifestTrace*>& traces)
      : check_(check), traces_(traces), results_(traces.size()), live_(isatty(STDERR_FILENO) != 0) {}

  std::vector<TraceResult> run(unsigned jobs) {
    {
      std::vector<std::jthread> threads;
      for (unsigned i = 0; i < std::min<size_t>(jobs, traces_.size()); ++i)
        threads.emplace_back([this] { work(); });
    }
    std::vector<TraceResult> results;
    for (std::optional<TraceResult>& result : results_) results.push_back(std::move(*result));
    return results;
  }

 private:
  void work() {
    std::unique_lock lock(mutex_);
    while (next_ < traces_.size()) {
      const size_t index = next_++;
      const ManifestTrace& trace = *traces_[index];
      under_way_.push_back(trace.name);
      showProgress();
      lock.unlock();
      TraceResult result = check_.check(trace);
      lock.lock();
      std::erase(under_way_, trace.name);
      results_[index] = std::move(result);
      ++done_;
      tell();
      showProgress();
    }
  }

  void tell() {
    for (; told_ < results_.size() && results_[told_]; ++told_) {
      clearProgress();
      std::puts(lineOf(*results_[told_]).c_str());
      std::fflush(stdout);
    }
  }

  void showProgress() const {
    if (!live_) return;
    std::string line = "[" + std::to_string(done_) + "/" + std::to_string(traces_.size()) + "]";
    for (const std::string& name : under_way_) line += " " + name;
    std::fprintf(stderr, "\r\x1b[K%.100s%s", line.c_str(), done_ == traces_.size() ? "\r\x1b[K" : "");
    std::fflush(stderr);
  }
  void clearProgress() const {
    if (live_) std::fputs("\r\x1b[K", stderr);
  }

  const TraceCheck& check_;
  const std::vector<const ManifestTrace*>& traces_;
  std::vector<std::optional<TraceResult>> results_;
  const bool live_;
  std::mutex mutex_;  // over all that follows, and the output
  std::vector<std::string> under_way_;
  size_t next_ = 0, done_ = 0, told_ = 0;
};

}  // namespace

std::vector<TraceResult> runTraces(const TraceCheck& check, const std::vector<const ManifestTrace*>& traces,
                                   unsigned jobs) {
  return Run(check, traces).run(jobs);
}

std::string printable(const std::string& text) {
  std::string shown;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    char code[8];
    std::snprintf(code, sizeof code, "\\x%02x", byte);
    // U+0080 to U+009F are controls, too; they begin with 0xc2.
    if (byte < 0x20 || byte == 0x7f || byte == 0xc2) {
      shown += code;
    } else {
      shown += c;
    }
  }
  return shown;
}

std::string totalsText(const std::vector<TraceResult>& results) {
  const CheckTotals totals = totalsOf(results);
  std::string text = std::to_string(results.size()) + (results.size() == 1 ? " trace: " : " traces: ") +
                     std::to_string(totals.as_expected) + " as expected";
  const auto add = [&text](size_t count, const char* one, const char* more) {
    if (count > 0) text += ", " + std::to_string(count) + " " + (count == 1 ? one : more);
  };
  add(totals.regressions, "regression", "regressions");
  add(totals.unexpected_passes, "unexpected pass", "unexpected passes");
  add(totals.broken, "broken", "broken");
  add(totals.not_run, "not run", "not run");
  return text;
}

}  // namespace reprise

#include "tools/survey/trace_survey.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "format/event_ahead.h"
#include "replay/session.h"
#include "replay/shader_code.h"
#include "replay/use_survey.h"
#include "tools/survey/devices.h"
#include "tools/survey/facts.h"

namespace reprise {
namespace {

// How often each value came. A trace of n calls has at most the square root of 2n different frame sizes, so
// this stays small; times are whole milliseconds.
class Histogram {
 public:
  void add(uint64_t value) {
    ++counts_[value];
    ++total_;
  }
  uint64_t total() const { return total_; }
  Spread spread() const {
    if (total_ == 0) return {};
    Spread spread{counts_.begin()->first, 0, counts_.rbegin()->first};
    uint64_t below = 0;
    for (const auto& [value, count] : counts_) {
      spread.median = value;
      if ((below += count) * 2 >= total_) break;
    }
    return spread;
  }

 private:
  std::map<uint64_t, uint64_t> counts_;
  uint64_t total_ = 0;
};

class FrameSurvey {
 public:
  void see(const Event& event, bool submits) {
    ++calls_;
    submits_ += submits;
    if (!event.ends_frame) return;
    all_calls_.add(calls_);
    all_submits_.add(submits_);
    calls_ = submits_ = 0;
    if (last_end_ != 0 && event.time_ns >= last_end_) times_.add(event.time_ns - last_end_);
    last_end_ = event.time_ns;
  }
  void finish(FrameFindings& findings) const {
    findings.count = all_calls_.total();
    findings.calls = all_calls_.spread();
    findings.submits = all_submits_.spread();
    if (times_.total()) findings.nanoseconds = times_.spread();
  }

 private:
  uint64_t calls_ = 0, submits_ = 0, last_end_ = 0;
  Histogram all_calls_, all_submits_, times_;
};

class Survey {
 public:
  explicit Survey(TraceFindings& findings) : findings_(findings), uses_(findings.used), facts_(findings) {
    for (size_t i = 1; i < kCommandCount; ++i) {
      const Command canonical = commandInfo(Command(i)).canonical;
      const std::string_view name = commandInfo(canonical).name;
      rows_[i] = {canonical, findReplayCall(canonical), SurveyFacts::looksAt(canonical),
                  name.starts_with("vkQueueSubmit"), canonical == Command::vkQueueBindSparse};
    }
  }

  void see(const Event& event) {
    if (event.kind == Event::kCall)
      seeCall(event);
    else if (event.kind == Event::kHole)
      seeHole(event);
    else if (event.kind == Event::kPayload)
      facts_.announce(event.lane, event.payload);
  }

  void finish() {
    facts_.finish();
    frames_.finish(findings_.frames);
    for (size_t i = 0; i < findings_.used.size(); ++i) findings_.limits.push_back(uses_.neededLimits(i));
  }

 private:
  struct Row {  // of a command
    Command canonical{};
    const ReplayCall* call = nullptr;
    bool facts = false, submits = false, binds_sparse = false;
  };

  void seeCall(const Event& event) {
    const Row& row = rows_[size_t(event.command) < kCommandCount ? size_t(event.command) : 0];
    frames_.see(event, row.submits);
    if (row.submits || row.binds_sparse) {
      uint64_t queue = 0;
      std::memcpy(&queue, event.inputs.data(), std::min(sizeof queue, event.inputs.size()));
      facts_.submitted(queue);
    }
    const bool judged = !findings_.used.empty() && uses_.wants(event);
    if (!judged && !row.facts) return facts_.see(event, row.canonical, nullptr);
    arena_.reset();
    CapturedCall call;
    if (!row.call || !row.call->read(event, arena_, uses_.filter(), call)) {
      if (findings_.unreadable++ == 0) findings_.first_unreadable = event.call_number;
      return;
    }
    if (judged) uses_.see(event, call);
    const bool returned = call.had_effect && !(event.flags & kUnfinished);
    if (returned) seeShaders(row.canonical, call.packet);
    facts_.see(event, row.canonical, returned ? call.packet : nullptr);
  }

  void seeShaders(Command canonical, const void* packet) {
    if (!bringsShaders(canonical)) return;
    eachModule(canonical, packet, [&](const VkShaderModuleCreateInfo& info) {
      ShaderFindings& shaders = findings_.shaders;
      ++shaders.modules;
      shaders.code_bytes += info.codeSize;
      shaders.spirv_version = std::max(shaders.spirv_version, readSpirv(info.pCode, info.codeSize).version);
    });
  }

  void seeHole(const Event& event) {
    const auto found =
        std::find_if(findings_.holes.begin(), findings_.holes.end(),
                     [&](const HoleFound& one) { return one.cause == event.hole.cause && one.text == event.text; });
    if (found != findings_.holes.end())
      ++found->count;
    else if (findings_.holes.size() < kMostRows)
      findings_.holes.push_back({event.hole.cause, std::string(event.text), 1, event.call_number});
    else
      ++findings_.left_out_rows;
  }

  TraceFindings& findings_;
  UseSurvey uses_;
  SurveyFacts facts_;
  FrameSurvey frames_;
  Arena arena_;
  std::array<Row, kCommandCount> rows_{};
};

}  // namespace

const char* roleName(ExternalUse::Role role) {
  constexpr const char* kNames[] = {"named", "exported", "imported", "imported from outside"};
  return kNames[role];
}

Result<TraceFindings> surveyTrace(TraceReader& reader, const std::function<void(const Event&)>& also) {
  const auto start = std::chrono::steady_clock::now();
  TraceFindings findings;
  if (Status status = describeDevices(reader, findings); !status) return status;
  Survey survey(findings);
  // Nothing here follows from memory's contents; holes may stand among them.
  if (!also && reader.summary().holes == 0) reader.leaveOutMemory();
  {
    EventAhead events(reader);
    for (;;) {
      const Result<const Event*> event = events.next();
      if (!event) return event.status();
      if (!event.value()) break;
      survey.see(*event.value());
      if (also) also(*event.value());
    }
  }
  survey.finish();
  findings.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return findings;
}

}  // namespace reprise

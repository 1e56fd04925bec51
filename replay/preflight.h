// What a trace needs that this machine lacks: all of it, before the first call is played.
//
// ask() compares the trace's metadata with the live GPUs. Where something is lacking, the caller reads the
// trace once and shows each event to see(); verdict() then is kCannotRun with the whole list, or ok with
// notes of what is left out. A trace without metadata, and a machine without any GPU, are not judged: the
// replay says itself what it meets. Owns a Vulkan instance during ask() only. One a replay, one thread.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "format/decoder.h"
#include "format/reader.h"
#include "format/status.h"
#include "replay/needs.h"
#include "replay/use_survey.h"

namespace reprise {

class Preflight {
 public:
  // `gpu` as in ReplayOptions.
  Status ask(const TraceSummary& summary, const std::string& gpu);
  bool wantsSurvey() const { return survey_ != nullptr; }
  void see(const Event& event) { survey_->see(event); }
  Status verdict(std::vector<std::string>& notes);

  // What the trace does that this machine's limits forbid: it is played all the same.
  const std::vector<std::string>& brokenLimits() const { return broken_limits_; }

  // Of the captured GPUs, by their places.
  const std::map<size_t, std::string>& gpuNames() const { return gpu_names_; }
  // What is left out of devices has been told, or will be.
  bool judgesExtensions() const { return judges_extensions_; }
  bool judgesFeatures() const { return judges_features_; }
  // Takes structs out of chains; null where none is to be.
  const NodeFilter* filter() const { return left_out_.empty() ? nullptr : &filter_; }

 private:
  static bool keeps(void* self, VkStructureType type) {
    return !static_cast<const Preflight*>(self)->left_out_.contains(type);
  }

  std::vector<JudgedDevice> devices_;
  std::unique_ptr<UseSurvey> survey_;  // null: nothing lacks
  std::map<size_t, std::string> gpu_names_;
  bool judges_extensions_ = false, judges_features_ = false;
  std::set<VkStructureType> left_out_;
  std::vector<std::string> broken_limits_;
  NodeFilter filter_{keeps, this};
};

}  // namespace reprise

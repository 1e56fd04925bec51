#include "tools/diff/rules.h"

#include <fnmatch.h>

#include <algorithm>

namespace reprise {
namespace {

// What differs between two runs of one program although it did the same. Handles and members that the
// registry types as addresses are no rows: they are told by their types.
constexpr std::string_view kDefaults[] = {
    // numbers that the window system or the kernel gave out
    "*.fd",
    "*.pFd",
    "*.drmFd",
    "*.zirconHandle",
    "*.pZirconHandle",
    "*.VkImportMemoryZirconHandleInfoFUCHSIA.handle",
    "vkCreateXlibSurfaceKHR.pCreateInfo.window",
    "vkCreateXcbSurfaceKHR.pCreateInfo.window",
    "vkGetPhysicalDeviceXcbPresentationSupportKHR.visual_id",
    "vkGetPhysicalDeviceXlibPresentationSupportKHR.visualID",
    "vkGetRandROutputDisplayEXT.rrOutput",
    "payload.handle",
    "metadata.application.pid",
    // times, and how far the device has come
    "*.pTimestamps",
    "*.pMaxDeviation",
    "*.desiredPresentTime",
    "*.VkPipelineCreationFeedbackCreateInfo.pPipelineCreationFeedback.duration",
    "*.pPipelineStageCreationFeedbacks.duration",
    "vkGetSemaphoreCounterValue*.pValue",
    "vkGetPastPresentationTiming*.pPresentationTimings",
    "vkGetPastPresentationTiming*.pPastPresentationTimingProperties",
    "vkGetRefreshCycleDuration*.pDisplayTimingProperties",
    "vkGetLatencyTimings*.pLatencyMarkerInfo",
    // what other processes and this one have allocated so far
    "*.VkPhysicalDeviceMemoryBudgetPropertiesEXT",
    "vkGetDeviceMemoryCommitment.pCommittedMemoryInBytes",
    // how the trace was captured, which is not what the program did
    "metadata.capture",
};

// They ask how far the device has come; what they answer, and so how often they are asked, depends on time.
constexpr std::string_view kPolls[] = {
    "vkGetFenceStatus",
    "vkGetEventStatus",
    "vkGetSemaphoreCounterValue",
    "vkGetSemaphoreCounterValueKHR",
};

bool matches(const std::string& glob, const char* text) { return fnmatch(glob.c_str(), text, 0) == 0; }

}  // namespace

DiffRules::DiffRules(bool strict, std::span<const std::string> ignored) : strict_(strict) {
  if (!strict)
    for (const std::string_view pattern : kDefaults) add(pattern, false);
  for (const std::string& pattern : ignored) add(pattern, true);
}

void DiffRules::add(std::string_view pattern, bool of_user) {
  const size_t dot = std::min(pattern.find('.'), pattern.size());
  DiffRule rule;
  rule.command = pattern.substr(0, dot);
  if (dot < pattern.size()) rule.path = pattern.substr(dot + 1);
  rule.of_user = of_user;
  rules_.push_back(std::move(rule));
}

const CommandRules& DiffRules::of(std::string_view command_name) {
  const auto known = by_command_.find(command_name);
  if (known != by_command_.end()) return known->second;
  const std::string name(command_name);
  CommandRules& made = by_command_[name];
  made.any_end = command_name == "metadata";  // its members' names have dots
  made.polls = !strict_ && std::find(std::begin(kPolls), std::end(kPolls), command_name) != std::end(kPolls);
  for (const DiffRule& rule : rules_) {
    if (!matches(rule.command, name.c_str())) continue;
    if (rule.path.empty()) {
      made.ignored = true;
      rule.used = true;
    } else {
      made.members.push_back(&rule);
      const size_t dot = rule.path.rfind('.');
      made.ends.push_back(std::string_view(rule.path).substr(dot == std::string::npos ? 0 : dot + 1));
      const bool is_glob = made.ends.back().find_first_of("*?[") != std::string_view::npos;
      if (is_glob || made.ends.back().size() > 63) made.any_end = true;
      made.end_lengths |= uint64_t{1} << std::min<size_t>(made.ends.back().size(), 63);
    }
  }
  return made;
}

std::vector<std::string> DiffRules::unused() const {
  std::vector<std::string> patterns;
  for (const DiffRule& rule : rules_) {
    if (rule.of_user && !rule.used)
      patterns.push_back(rule.path.empty() ? rule.command : rule.command + "." + rule.path);
  }
  return patterns;
}

bool leavesOut(const DiffRule& rule, std::string_view path) {
  const std::string whole(path);
  for (size_t at = 0; at != std::string::npos && at < whole.size();) {
    if (matches(rule.path, whole.c_str() + at)) return rule.used = true;
    const size_t dot = whole.find('.', at);
    at = dot == std::string::npos ? dot : dot + 1;
  }
  return false;
}

}  // namespace reprise

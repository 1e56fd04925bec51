// One replay of a trace by a process of its own, and what it reported.
//
// Any thread. No errors: what goes wrong is an outcome with a message. What a child writes is judged, never
// trusted: a report that is missing or odd is a failed replay.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tools/check/outcome.h"
#include "tools/check/references.h"
#include "tools/check/trace_check.h"
#include "tools/child.h"

namespace reprise {

struct RunFolders {
  std::filesystem::path folder, pictures, memories;  // the latter two "": not wanted
};

struct RunReport {
  std::string error;
  uint64_t calls = 0, frames = 0, difference_count = 0;
  nlohmann::ordered_json differences = nlohmann::ordered_json::array();
  std::vector<std::string> notes;
  std::vector<SeenFile> pictures, memories;
};

struct ReplayRun {
  ChildEnd end;
  Outcome outcome = Outcome::kFail;
  std::string message;
  bool reported = false;  // it left a report: without one nothing is known of what it would have written
  RunReport report;
};

ReplayRun runReplayOf(const std::filesystem::path& trace, const CheckSettings& settings,
                      const CheckOptions& options, const RunFolders& folders, const Watch& watch);

// The device that a replay would take, without one: kPass where there is one.
struct DeviceAnswer {
  Outcome outcome = Outcome::kFail;
  std::string message, log;
  CheckedDevice device;
};
DeviceAnswer askDevice(const std::filesystem::path& trace, const CheckSettings& settings,
                       const CheckOptions& options, const Watch& watch);

// In what two runs of one trace differ; "" if in nothing.
std::string firstDisagreement(const RunFolders& first_folders, const ReplayRun& first,
                              const RunFolders& other_folders, const ReplayRun& other);

}  // namespace reprise

// The results of a run as files: JSON, JUnit XML, and a page for people.
//
// Free functions, one thread. Text from traces, drivers and commands is escaped for each form. Errors:
// kUnreadable, where a file cannot be written.
//
// JSON, version 1: {version, manifest, shard, repeat, updated, started, seconds, exit_status, totals {traces,
// as_expected, regressions, unexpected_passes, broken, not_run}, traces [...]}; of a trace: name, source,
// judgement (judgementName), outcome (outcomeName), expected, reason, message, driver, device, driver_name,
// driver_info, tolerance, seconds, runs, calls, frames, pictures, memories (how many were compared),
// lowest_ssim, largest, references (what --update wrote), difference_count, differences (as in `reprise
// replay --report`), finding_count, findings [{file, frame, call, command, object, text, and of a picture
// that has a reference of its size: pixels, largest, box [x, y, width, height], mean_ssim, lowest_ssim;
// reference, actual, difference: pictures of the page, "" where there is none}], sample, notes, log. Keys may
// be added; none changes its meaning without a new version. The exit_status of a run that a signal ended is
// 128 and its number.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "format/status.h"
#include "tools/check/outcome.h"

namespace reprise {

struct CheckReport {
  std::string manifest, shard;  // "2/3"; "" without shards
  int repeat = 1;
  bool updated = false;
  std::string started;  // UTC, ISO 8601
  double seconds = 0;
  int exit_status = 0;
  const std::vector<TraceResult>& results;
};

// `page_folder`: where pictures of findings are to be found, "": nowhere.
nlohmann::ordered_json resultsJson(const CheckReport& report, const std::string& page_folder);
Status writeResultsJson(const std::filesystem::path& path, const CheckReport& report);
Status writeJunit(const std::filesystem::path& path, const CheckReport& report);
// index.html and pictures/ in `folder`.
Status writePage(const std::filesystem::path& folder, const CheckReport& report);

// Text as XML 1.0 may hold it: what is not UTF-8, and control characters, become U+FFFD.
std::string xmlText(const std::string& text);

}  // namespace reprise

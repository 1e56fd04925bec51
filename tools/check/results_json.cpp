#include <fstream>

#include "tools/check/reports.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// Where the page has a picture of a trace's; "" for none.
std::string placeOf(const fs::path& picture, const TraceResult& result, const std::string& page_folder) {
  if (picture.empty() || page_folder.empty()) return "";
  return page_folder + "/" + result.name + "/" + picture.filename().string();
}

Json findingJson(const Finding& finding, const TraceResult& result, const std::string& page_folder) {
  Json json = {{"file", finding.file},       {"frame", finding.frame},   {"call", finding.call},
               {"command", finding.command}, {"object", finding.object}, {"text", finding.text}};
  if (finding.compared) {
    const RasterDifference& difference = finding.difference;
    const Box& box = difference.box;
    json["pixels"] = difference.pixels;
    json["largest"] = difference.largest;
    json["box"] = {box.x, box.y, box.width, box.height};
    json["mean_ssim"] = difference.mean_ssim;
    json["lowest_ssim"] = difference.lowest_ssim;
  }
  json["reference"] = placeOf(finding.reference, result, page_folder);
  json["actual"] = placeOf(finding.actual, result, page_folder);
  json["difference"] = placeOf(finding.marked, result, page_folder);
  return json;
}

Json traceJson(const TraceResult& result, const std::string& page_folder) {
  Json json = {{"name", result.name},
               {"source", result.source},
               {"judgement", judgementName(result.judgement)},
               {"outcome", outcomeName(result.outcome)},
               {"expected", expectationName(result.expectation)},
               {"reason", result.reason},
               {"message", result.message},
               {"driver", result.driver},
               {"device", result.device.device},
               {"driver_name", result.device.driver},
               {"driver_info", result.device.driver_info},
               {"tolerance", result.tolerance},
               {"seconds", result.seconds},
               {"runs", result.runs},
               {"calls", result.calls},
               {"frames", result.frames},
               {"pictures", result.pictures},
               {"memories", result.memories},
               {"lowest_ssim", result.lowest_ssim},
               {"largest", result.largest},
               {"references", result.updated},
               {"difference_count", result.difference_count},
               {"differences", result.differences},
               {"finding_count", result.finding_count}};
  Json findings = Json::array();
  for (const Finding& finding : result.findings)
    findings.push_back(findingJson(finding, result, page_folder));
  json["findings"] = std::move(findings);
  json["sample"] = placeOf(result.sample, result, page_folder);
  json["notes"] = result.notes;
  json["log"] = result.log;
  return json;
}

}  // namespace

Json resultsJson(const CheckReport& report, const std::string& page_folder) {
  const CheckTotals totals = totalsOf(report.results);
  Json json = {{"version", 1},
               {"manifest", report.manifest},
               {"shard", report.shard},
               {"repeat", report.repeat},
               {"updated", report.updated},
               {"started", report.started},
               {"seconds", report.seconds},
               {"exit_status", report.exit_status},
               {"totals",
                {{"traces", report.results.size()},
                 {"as_expected", totals.as_expected},
                 {"regressions", totals.regressions},
                 {"unexpected_passes", totals.unexpected_passes},
                 {"broken", totals.broken},
                 {"not_run", totals.not_run}}}};
  Json traces = Json::array();
  for (const TraceResult& result : report.results) traces.push_back(traceJson(result, page_folder));
  json["traces"] = std::move(traces);
  return json;
}

Status writeResultsJson(const fs::path& path, const CheckReport& report) {
  std::ofstream file(path, std::ios::binary);
  file << resultsJson(report, "").dump(1, ' ', false, Json::error_handler_t::replace) << "\n";
  file.close();
  if (file) return Status::ok();
  return Status(Code::kUnreadable, "cannot write the results " + path.string());
}

}  // namespace reprise

#include "tools/replay_report.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "format/reader.h"
#include "replay/machine.h"
#include "tools/objects.h"
#include "tools/print/tree.h"
#include "tools/replay_text.h"

namespace reprise {
namespace {

using nlohmann::ordered_json;

std::string handleOf(const Mention& mention) {
  std::string text = std::string(handleKindName(mention.object.kind)) + " ";
  appendHex(text, mention.value);
  return text;
}

// The objects that differences are about, by their places in the trace: one more reading of it, up to the
// last difference.
class ObjectNames {
 public:
  ObjectNames(const std::string& trace, const std::vector<Difference>& differences, bool beyond_watermark) {
    for (const Difference& difference : differences)
      if (!difference.object.empty()) wanted_[difference.call].emplace(difference.object, "");
    if (wanted_.empty()) return;
    ReadOptions options;
    options.beyond_watermark = beyond_watermark;
    if (auto reader = TraceReader::open(trace, options)) read(*reader.value());
  }

  std::string nameOf(const Difference& difference) const {
    const auto call = wanted_.find(difference.call);
    if (call == wanted_.end()) return "";
    const auto found = call->second.find(difference.object);
    return found == call->second.end() ? "" : found->second;
  }

 private:
  void read(TraceReader& reader) {
    reader.readAhead();
    Objects objects;
    Event event;
    while (true) {
      const Result<bool> more = reader.next(event);
      // Of a file that is broken from here on, the replay itself has told.
      if (!more || !more.value() || event.call_number > wanted_.rbegin()->first) return;
      const std::span<const Mention> mentions = objects.see(event);
      const auto call = wanted_.find(event.call_number);
      if (event.kind != Event::kCall || call == wanted_.end()) continue;
      for (const Mention& mention : mentions) {
        const auto found = call->second.find(handleOf(mention));
        if (found != call->second.end() && mention.object.number > 0) found->second = textOf(mention.object);
      }
    }
  }

  std::map<uint64_t, std::map<std::string, std::string>> wanted_;  // call -> handle -> name
};

ordered_json differencesJson(const FinishedReplay& replay) {
  const ObjectNames names(replay.trace, replay.report.differences, replay.options.beyond_watermark);
  ordered_json list = ordered_json::array();
  for (const Difference& difference : replay.report.differences) {
    list.push_back({{"kind", kindName(difference.kind)},
                    {"frame", difference.frame},
                    {"call", difference.call},
                    {"thread", difference.thread},
                    {"command", difference.command},
                    {"object", difference.object},
                    {"object_name", names.nameOf(difference)},
                    {"text", difference.text}});
  }
  return list;
}

ordered_json filesJson(const std::vector<WrittenFile>& files, bool pictures) {
  ordered_json list = ordered_json::array();
  for (const WrittenFile& file : files) {
    ordered_json entry = {{"file", file.name},
                          {"frame", file.frame},
                          {"call", file.call},
                          {"command", file.command},
                          {"object", file.object},
                          {"object_name", file.object_name},
                          {pictures ? "image" : "offset", pictures ? file.image_index : file.offset}};
    list.push_back(std::move(entry));
  }
  return list;
}

void addDevice(ordered_json& whole, const std::string& name) {
  MachineDevice device;
  if (Result<std::vector<MachineDevice>> devices = machineDevices(); !name.empty() && devices) {
    const auto found = std::find_if(devices->begin(), devices->end(),
                                    [&](const MachineDevice& one) { return one.name == name; });
    if (found != devices->end()) device = *found;
  }
  whole["device"] = name;
  whole["driver"] = device.driver;
  whole["driver_info"] = device.driver_info;
  whole["driver_version"] = device.driver_version;
  whole["vendor_id"] = device.vendor_id;
  whole["device_id"] = device.device_id;
}

// Every change, one object each; of very many alike, the last entry counts those after it.
void addChanges(ordered_json& whole, const std::vector<ObjectChange>& all) {
  std::array<uint64_t, 4> counts{};
  ordered_json changes = ordered_json::array();
  for (const ObjectChange& change : all) {
    counts[change.action] += change.count;
    changes.push_back(changeJson(change));
  }
  whole["changes"] = std::move(changes);
  whole["kept"] = counts[ObjectChange::kKept];
  whole["converted"] = counts[ObjectChange::kConverted];
  whole["dropped"] = counts[ObjectChange::kDropped];
  whole["answered"] = counts[ObjectChange::kAnswered];
}

}  // namespace

const char* verdictName(const FinishedReplay& replay) {
  if (!replay.status) return "stopped";
  if (replay.report.failure_not_reproduced) return "not reproduced";
  return replay.report.difference_count == 0 ? "identical" : "differs";
}

Status writeReplayReport(const std::string& path, const FinishedReplay& replay) {
  ordered_json whole = {{"version", 1},
                        {"trace", replay.trace},
                        {"verdict", verdictName(replay)},
                        {"exit_status", replay.exit_status},
                        {"error", replay.status.message()}};
  addDevice(whole, replay.report.device);
  whole["calls"] = replay.report.calls;
  whole["frames"] = replay.report.frames;
  whole["notes"] = replay.report.notes;
  whole["difference_count"] = replay.report.difference_count;
  whole["differences"] = differencesJson(replay);
  whole["pictures"] = filesJson(replay.report.pictures, true);
  whole["memories"] = filesJson(replay.report.memories, false);
  whole["remap"] = replay.options.remap.text;
  addChanges(whole, replay.report.changes);
  std::ofstream file(path);
  // A trace's text may be anything.
  file << whole.dump(1, ' ', false, ordered_json::error_handler_t::replace) << "\n";
  file.close();
  if (file) return Status::ok();
  return Status(Code::kUnreadable, "cannot write the report " + path + "; give a path that can be written");
}

}  // namespace reprise

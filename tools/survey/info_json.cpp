#include <ctime>

#include "format/vk_limits.h"
#include "replay/session.h"
#include "tools/print/event_text.h"
#include "tools/replay_text.h"
#include "tools/survey/info_output.h"
#include "tools/survey/uses.h"

namespace reprise {
namespace {

constexpr size_t kMostUses = 100;  // of one thing

Json metadata(const TraceSummary& summary, MetadataKind kind) {
  Json items = Json::array();
  for (const MetadataItem& item : summary.metadata) {
    if (item.kind == kind) items.push_back(parseMetadata(item.text));
  }
  return items;
}

std::string versionText(uint32_t version) {
  return std::to_string(VK_API_VERSION_MAJOR(version)) + "." + std::to_string(VK_API_VERSION_MINOR(version));
}

Json thingJson(const UsedThing& thing) {
  Json out{{"name", thing.name}};
  if (!thing.structure.empty()) out["structure"] = thing.structure;
  out["state"] = stateName(thing.state);
  out["needed"] = thing.needed;
  out["uses"] = Json::array();
  for (const auto& [what, use] : thing.uses) {
    if (out["uses"].size() >= kMostUses) break;
    out["uses"].push_back({{"what", what}, {"calls", use.calls}, {"first_call", use.first}});
  }
  return out;
}

Json thingsJson(const std::vector<UsedThing>& things) {
  Json out = Json::array();
  for (const UsedThing& thing : things) out.push_back(thingJson(thing));
  return out;
}

Json spreadJson(const Spread& spread) {
  return {{"min", spread.min}, {"median", spread.median}, {"max", spread.max}};
}

Json memoryJson(const MemoryUse& use) {
  return {{"allocations", use.allocations}, {"peak_bytes", use.peak}, {"mapped_peak_bytes", use.mapped_peak}};
}

void addMemory(Json& out, const TraceFindings& findings, size_t device) {
  const SurveyedDevice& known = findings.devices[device];
  out["memory_heaps"] = Json::array();
  for (size_t i = 0; i < known.heaps.size(); ++i) {
    Json heap{{"heap", i}, {"size", known.heaps[i].size}, {"flags", known.heaps[i].flags}};
    const auto use = findings.heaps.find({device, uint32_t(i)});
    heap.update(memoryJson(use == findings.heaps.end() ? MemoryUse() : use->second));
    out["memory_heaps"].push_back(std::move(heap));
  }
  out["memory_types"] = Json::array();
  for (const auto& [place, use] : findings.memory_types) {
    if (place.first != device) continue;
    Json type{{"type", place.second}};
    if (place.second < known.memory_types.size()) {
      type["heap"] = known.memory_types[place.second].heap;
      type["flags"] = known.memory_types[place.second].flags;
    }
    type.update(memoryJson(use));
    out["memory_types"].push_back(std::move(type));
  }
}

void addQueues(Json& out, const TraceFindings& findings, size_t device) {
  out["queue_families"] = Json::array();
  for (const auto& [place, use] : findings.queues) {
    if (place.first != device) continue;
    Json family{{"family", place.second}};
    if (place.second < findings.devices[device].families.size())
      family["flags"] = findings.devices[device].families[place.second].flags;
    family["queues"] = Json::array();
    for (const auto& [index, submits] : use.submits)
      family["queues"].push_back({{"index", index}, {"submits", submits}});
    out["queue_families"].push_back(std::move(family));
  }
}

Json limitsJson(const TraceFindings& findings, size_t device) {
  Json out = Json::object();
  const auto& captured = findings.used[device].described.limits;
  for (const auto& [name, needed] : findings.limits[device]) {
    out[name] = {{"needed", needed}};
    if (const auto was = captured.find(name); was != captured.end()) out[name]["captured"] = was->second;
  }
  return out;
}

Json devicesJson(const TraceFindings& findings, const UsedOfTrace& uses) {
  Json out = Json::array();
  for (size_t i = 0; i < uses.devices.size(); ++i) {
    const UsedOfDevice& used = uses.devices[i];
    Json device{{"name", used.name},
                {"needed_version", versionText(used.needed_version)},
                {"versions", thingsJson(used.versions)},
                {"extensions", thingsJson(used.extensions)},
                {"features", thingsJson(used.features)},
                {"limits", limitsJson(findings, i)}};
    addMemory(device, findings, i);
    addQueues(device, findings, i);
    out.push_back(std::move(device));
  }
  return out;
}

void addLists(Json& out, const TraceFindings& f) {
  for (const char* list : {"objects", "external", "holes", "swapchains", "formats"})
    out[list] = Json::array();
  for (const ObjectCount& one : f.objects)
    out["objects"].push_back(
        {{"type", handleKindName(one.kind)}, {"made", one.made}, {"peak", one.peak}, {"left", one.left}});
  for (const ExternalUse& one : f.external)
    out["external"].push_back({{"object", one.object},
                               {"structure", one.structure},
                               {"type", one.type},
                               {"role", roleName(one.role)},
                               {"count", one.count},
                               {"first_call", one.first_call}});
  for (const HoleFound& one : f.holes)
    out["holes"].push_back({{"cause", holeCause(one.cause)},
                            {"text", one.text},
                            {"count", one.count},
                            {"first_call", one.first_call}});
  for (const SwapchainFound& one : f.swapchains)
    out["swapchains"].push_back({{"width", one.width},
                                 {"height", one.height},
                                 {"layers", one.layers},
                                 {"images", one.images},
                                 {"format", valueName(kVkFormatNames, one.format)},
                                 {"color_space", valueName(kVkColorSpaceKHRNames, one.color_space)},
                                 {"present_mode", valueName(kVkPresentModeKHRNames, one.present_mode)},
                                 {"usage", one.usage},
                                 {"count", one.count},
                                 {"first_call", one.first_call}});
  for (const auto& [format, use] : f.formats)
    out["formats"].push_back({{"format", valueName(kVkFormatNames, format)},
                              {"images", use.images},
                              {"buffer_views", use.buffer_views},
                              {"swapchains", use.swapchains},
                              {"usage", use.usage},
                              {"first_call", use.first_call}});
}

}  // namespace

Json infoJson(const TraceSummary& s) {
  Json out;
  out["program"] = s.info.application;
  out["command_line"] = s.info.command_line;
  out["host"] = s.info.host;
  out["os"] = s.info.os;
  out["captured"] = utcTime(s.info.captured_unix_seconds);
  out["tool_version"] = s.info.tool_version;
  out["registry_version"] = s.info.registry_version;
  out["format_version"] = std::to_string(s.version_major) + "." + std::to_string(s.version_minor);
  out["complete"] = s.complete;
  if (!s.complete) out["watermark"] = s.watermark;
  out["file_bytes"] = s.file_bytes;
  out["frames"] = s.frames;
  out["frame_end"] = frameEndName(s.frame_end);
  out["submits"] = s.submits;
  out["calls"] = s.calls;
  out["unfinished"] = s.unfinished;
  out["holes"] = s.holes;
  out["memory_changes"] = s.memory_changes;
  out["memory_bytes"] = s.memory_bytes;
  out["outside_contents"] = s.contents;
  out["outside_bytes"] = s.contents_bytes;
  out["threads"] = Json::array();
  for (const LaneInfo& lane : s.lanes) {
    out["threads"].push_back({{"thread", lane.id}, {"tid", lane.tid}, {"name", lane.name}});
  }
  out["sizes"] = Json::array();
  for (const KindSize& size : s.sizes) {
    out["sizes"].push_back({{"kind", size.name},
                            {"blocks", size.blocks},
                            {"raw_bytes", size.raw_bytes},
                            {"stored_bytes", size.stored_bytes}});
  }
  out["commands"] = Json::array();
  for (const CommandCount& count : s.commands) {
    out["commands"].push_back({{"command", count.name}, {"calls", count.calls}});
  }
  out["applications"] = metadata(s, kMetadataApplication);
  out["devices"] = metadata(s, kMetadataDevice);
  out["capture"] = metadata(s, kMetadataCapture);
  out["notes"] = s.notes;
  return out;
}

Json surveyJson(const TraceFindings& f) {
  const UsedOfTrace uses = usesOf(f);
  Json out{{"seconds", f.seconds},
           {"from_calls", f.from_calls},
           {"unreadable_calls", f.unreadable},
           {"rows_left_out", f.left_out_rows},
           {"instance_extensions", thingsJson(uses.instance_extensions)},
           {"devices", devicesJson(f, uses)}};
  addLists(out, f);
  out["frames"] = {{"count", f.frames.count},
                   {"calls", spreadJson(f.frames.calls)},
                   {"submits", spreadJson(f.frames.submits)}};
  if (f.frames.nanoseconds) out["frames"]["nanoseconds"] = spreadJson(*f.frames.nanoseconds);
  out["shaders"] = {{"modules", f.shaders.modules},
                    {"code_bytes", f.shaders.code_bytes},
                    {"spirv_version", spirvVersionText(f.shaders.spirv_version)},
                    {"graphics_pipelines", f.shaders.graphics},
                    {"compute_pipelines", f.shaders.compute},
                    {"ray_tracing_pipelines", f.shaders.ray_tracing}};
  return out;
}

Json targetJson(const Status& status, const ReplayReport& report) {
  Json out{{"device", report.device}, {"can_replay", status.isOk()}};
  if (!status) out["reason"] = status.message();
  out["notes"] = report.notes;
  out["changes"] = Json::array();
  for (const ObjectChange& change : report.changes) out["changes"].push_back(changeJson(change));
  return out;
}

}  // namespace reprise

// reprise info: what a trace holds, without its calls.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>

#include "format/reader.h"
#include "tools/commands.h"
#include "tools/log.h"
#include "tools/metadata_json.h"
#include "tools/tree.h"

namespace reprise {
namespace {

constexpr const char* kFooter =
    "A trace whose writer was killed has no index: it is then read as a whole, up to its last watermark.\n"
    "\n"
    "Exit status: 0 done; 2 wrong argument; 3 FILE cannot be read.\n"
    "\n"
    "Example:\n"
    "  reprise info cube.vkr\n"
    "  reprise info cube.vkr --format json | jq '.commands[:5]'";

std::string utcTime(uint64_t unix_seconds) {
  const auto seconds = static_cast<time_t>(unix_seconds);
  struct tm parts {};
  if (unix_seconds == 0 || !gmtime_r(&seconds, &parts)) return "unknown";
  char text[64];
  std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

Json metadata(const TraceSummary& summary, MetadataKind kind) {
  Json items = Json::array();
  for (const MetadataItem& item : summary.metadata) {
    if (item.kind == kind) items.push_back(parseMetadata(item.text));
  }
  return items;
}

Json summaryJson(const TraceSummary& s) {
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

// `value` for people: text without quotes (a trace's text cannot drive the terminal), lists joined by blanks.
std::string plain(const Json& value) {
  if (value.is_array()) {
    std::string joined;
    for (const Json& item : value) joined += (joined.empty() ? "" : " ") + plain(item);
    return joined;
  }
  if (!value.is_string()) return jsonText(value);
  std::string quoted;
  appendTextString(quoted, value.get_ref<const std::string&>());
  return quoted.substr(1, quoted.size() - 2);
}

// "VkPhysicalDeviceFeatures samplerAnisotropy wideLines, VkPhysicalDeviceMaintenance4Features maintenance4"
std::string featureList(const Json& structs) {
  if (!structs.is_object()) return plain(structs);
  std::string text;
  for (const auto& [name, features] : structs.items())
    text += (text.empty() ? "" : ", ") + plain(name) + (features.empty() ? "" : " " + plain(features));
  return text;
}

void line(const char* label, const std::string& text) { std::printf("%-12s %s\n", label, text.c_str()); }

std::string counted(uint64_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

// "name 1.2, key value, ...": the members of `keys` that the object has.
std::string members(const Json& object, std::initializer_list<const char*> keys) {
  if (!object.is_object()) return plain(object);
  std::string text;
  for (const char* key : keys) {
    if (!object.contains(key) || object[key].is_null() || object[key].empty()) continue;
    if (!text.empty()) text += "\n" + std::string(13, ' ');
    const bool is_features = std::string_view(key) == "enabledFeatures";
    text += std::string(key) + ": " + (is_features ? featureList(object[key]) : plain(object[key]));
  }
  return text;
}

void printTables(const TraceSummary& s) {
  std::printf("\nthread  tid       name\n");
  for (const LaneInfo& lane : s.lanes)
    std::printf("t%-6u %-9u %s\n", lane.id, lane.tid, plain(lane.name).c_str());
  std::printf("\nkind              blocks    raw bytes  stored bytes\n");
  for (const KindSize& size : s.sizes) {
    std::printf("%-16s %7llu %12llu  %12llu\n", plain(size.name).c_str(),
                static_cast<unsigned long long>(size.blocks), static_cast<unsigned long long>(size.raw_bytes),
                static_cast<unsigned long long>(size.stored_bytes));
  }
  std::printf("\n     calls  command\n");
  for (const CommandCount& count : s.commands) {
    std::printf("%10llu  %s%s\n", static_cast<unsigned long long>(count.calls), plain(count.name).c_str(),
                count.command == Command{} ? "  (unknown to this build)" : "");
  }
}

void printText(const std::string& file, const TraceSummary& s) {
  line("file", file + ", " + counted(s.file_bytes, "byte"));
  line("program", plain(s.info.application));
  line("command line", plain(s.info.command_line));
  line("host", plain(s.info.host) + ", " + plain(s.info.os));
  line("captured", utcTime(s.info.captured_unix_seconds) + " by " + plain(s.info.tool_version) +
                       ", Vulkan registry " + plain(s.info.registry_version));
  line("complete", s.complete
                       ? "yes"
                       : "no, the writer did not finish this file; it is read up to its last watermark, " +
                             std::to_string(s.watermark));
  const bool presents = s.frame_end == FrameEnd::kPresent;
  line("contents", counted(s.frames, "frame") +
                       (presents ? ""
                                 : std::string(" (each ends with a ") + frameEndName(s.frame_end) +
                                       ": nothing is presented)") +
                       ", " + counted(s.submits, "submit") + ", " + counted(s.calls, "call") + " (" +
                       std::to_string(s.unfinished) + " unfinished), " + counted(s.holes, "hole"));
  line("memory", counted(s.memory_changes, "change") + ", " + counted(s.memory_bytes, "byte"));
  if (s.contents != 0)
    line("from outside", counted(s.contents, "range") + ", " + counted(s.contents_bytes, "byte"));
  for (const Json& application : metadata(s, kMetadataApplication)) {
    line("instance",
         members(application, {"applicationName", "engineName", "apiVersion", "layers", "extensions"}));
  }
  for (const Json& device : metadata(s, kMetadataDevice)) {
    line("device", members(device, {"deviceName", "driverName", "driverInfo", "apiVersion", "shownApiVersion",
                                    "enabledExtensions", "enabledFeatures", "hiddenExtensions"}));
  }
  for (const Json& capture : metadata(s, kMetadataCapture)) line("capture", plain(capture));
  printTables(s);
  for (const std::string& note : s.notes) std::printf("\nnote: %s\n", plain(note).c_str());
}

int runInfo(const std::string& file, bool json) {
  const Result<std::unique_ptr<TraceReader>> opened = TraceReader::open(file);
  if (!opened) {
    REPRISE_LOG(error, "{}", opened.status().message());
    return opened.status().exitCode();
  }
  const TraceSummary& summary = opened.value()->summary();
  if (json) {
    std::puts(jsonText(summaryJson(summary), 2).c_str());
  } else {
    printText(file, summary);
  }
  if (std::fflush(stdout) != 0) {
    REPRISE_LOG(error, "cannot write standard output: {}", std::strerror(errno));
    return static_cast<int>(Code::kUnreadable);
  }
  return 0;
}

}  // namespace

void addInfo(CLI::App& app, Run& run) {
  CLI::App* verb = app.add_subcommand("info", "Say what a trace holds: program, devices, counts, sizes");
  verb->footer(kFooter);
  auto file = std::make_shared<std::string>();
  auto format = std::make_shared<std::string>("text");
  verb->add_option("FILE", *file, "The trace")->required()->type_name("");
  verb->add_option("--format", *format, "The form of the output, text unless given")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("text|json");
  verb->callback(
      [&run, file, format] { run = [file, format] { return runInfo(*file, *format == "json"); }; });
}

}  // namespace reprise

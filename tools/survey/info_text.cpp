#include <cstdio>
#include <ctime>

#include "tools/print/tree.h"
#include "tools/survey/info_output.h"

namespace reprise {
namespace {

constexpr size_t kColumns = 98, kIndent = 13;

// "VkPhysicalDeviceFeatures samplerAnisotropy wideLines, VkPhysicalDeviceMaintenance4Features maintenance4"
std::string featureList(const Json& structs) {
  if (!structs.is_object()) return plain(structs);
  std::string text;
  for (const auto& [name, features] : structs.items())
    text += (text.empty() ? "" : ", ") + plain(name) + (features.empty() ? "" : " " + plain(features));
  return text;
}

// "key: value" of those of `keys` that the object has, a line each.
std::string members(const char* label, const Json& object, std::initializer_list<const char*> keys) {
  if (!object.is_object()) return labelled(label, plain(object));
  std::string text;
  for (const char* key : keys) {
    if (!object.contains(key) || object[key].is_null() || object[key].empty()) continue;
    const bool is_features = std::string_view(key) == "enabledFeatures";
    text += labelled(text.empty() ? label : "",
                     std::string(key) + ": " + (is_features ? featureList(object[key]) : plain(object[key])));
  }
  return text;
}

std::string tables(const TraceSummary& s) {
  std::string out = "\nthread  tid       name\n";
  char line[160];
  for (const LaneInfo& lane : s.lanes) {
    std::snprintf(line, sizeof line, "t%-6u %-9u ", lane.id, lane.tid);
    out += line + plain(lane.name) + "\n";
  }
  out += "\nkind              blocks    raw bytes  stored bytes\n";
  for (const KindSize& size : s.sizes) {
    std::snprintf(line, sizeof line, "%-16s %7llu %12llu  %12llu\n", plain(size.name).c_str(),
                  static_cast<unsigned long long>(size.blocks),
                  static_cast<unsigned long long>(size.raw_bytes),
                  static_cast<unsigned long long>(size.stored_bytes));
    out += line;
  }
  out += "\n     calls  command\n";
  for (const CommandCount& count : s.commands) {
    std::snprintf(line, sizeof line, "%10llu  ", static_cast<unsigned long long>(count.calls));
    out += line + plain(count.name) + (count.command == Command{} ? "  (unknown to this build)" : "") + "\n";
  }
  return out;
}

}  // namespace

std::string utcTime(uint64_t unix_seconds) {
  const auto seconds = static_cast<time_t>(unix_seconds);
  struct tm parts {};
  if (unix_seconds == 0 || !gmtime_r(&seconds, &parts)) return "unknown";
  char text[64];
  std::strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return text;
}

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

std::string bytesText(uint64_t bytes) {
  constexpr const char* kUnits[] = {"bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  auto value = double(bytes);
  size_t unit = 0;
  for (; value >= 1024 && unit + 1 < std::size(kUnits); ++unit) value /= 1024;
  char text[48];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

std::string labelled(const std::string& label, const std::string& words) {
  std::string out = label;
  out.resize(std::max(kIndent, out.size() + 1), ' ');
  size_t column = out.size();
  bool first = true;
  for (size_t at = 0; at < words.size();) {
    const size_t end = std::min(words.find(' ', at), words.size());
    if (!first && column + 1 + (end - at) > kColumns) {
      out += "\n" + std::string(kIndent, ' ');
      column = kIndent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out.append(words, at, end - at);
    column += end - at;
    first = false;
    at = end + 1;
  }
  return out + "\n";
}

std::string flagNames(const EnumInfo& of, uint64_t flags, std::string_view prefix) {
  std::string text;
  for (const EnumName& value : of.values) {
    if (!(flags & value.value) || (value.value & (value.value - 1))) continue;
    flags &= ~value.value;
    std::string_view name = value.name;
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
    std::string shown(name);
    if (const size_t bit = shown.find("_BIT"); bit != std::string::npos) shown.erase(bit, 4);
    text += (text.empty() ? "" : "|") + shown;
  }
  if (flags) {
    text += text.empty() ? "" : "|";
    appendHex(text, flags);
  }
  return text.empty() ? "none" : text;
}

std::string spirvVersionText(uint32_t version) {
  if (version == 0) return "";
  return std::to_string(version >> 16 & 0xff) + "." + std::to_string(version >> 8 & 0xff);
}

std::string infoText(const std::string& file, const TraceSummary& s) {
  std::string out = labelled("file", file + ", " + counted(s.file_bytes, "byte"));
  out += labelled("program", plain(s.info.application));
  out += labelled("command line", plain(s.info.command_line));
  out += labelled("host", plain(s.info.host) + ", " + plain(s.info.os));
  out += labelled("captured", utcTime(s.info.captured_unix_seconds) + " by " + plain(s.info.tool_version) +
                                  ", Vulkan registry " + plain(s.info.registry_version));
  out += labelled("complete", s.complete ? "yes"
                              : s.watermark == UINT64_MAX
                                  ? "all but its index"
                                  : "no, up to watermark " + std::to_string(s.watermark));
  const bool presents = s.frame_end == FrameEnd::kPresent;
  out +=
      labelled("contents", counted(s.frames, "frame") +
                               (presents ? ""
                                         : std::string(" (each ends with a ") + frameEndName(s.frame_end) +
                                               ": nothing is presented)") +
                               ", " + counted(s.submits, "submit") + ", " + counted(s.calls, "call") + " (" +
                               std::to_string(s.unfinished) + " unfinished), " + counted(s.holes, "hole"));
  out += labelled("memory", counted(s.memory_changes, "change") + ", " + counted(s.memory_bytes, "byte"));
  if (s.contents != 0)
    out += labelled("from outside", counted(s.contents, "range") + ", " + counted(s.contents_bytes, "byte"));
  for (const MetadataItem& item : s.metadata) {
    const Json json = parseMetadata(item.text);
    if (item.kind == kMetadataApplication)
      out +=
          members("instance", json, {"applicationName", "engineName", "apiVersion", "layers", "extensions"});
    else if (item.kind == kMetadataDevice)
      out += members("device", json,
                     {"deviceName", "driverName", "driverInfo", "apiVersion", "shownApiVersion",
                      "enabledExtensions", "enabledFeatures", "hiddenExtensions"});
    else if (item.kind == kMetadataCapture)
      out += labelled("capture", plain(json));
  }
  out += tables(s);
  for (const std::string& note : s.notes) out += "\n" + labelled("note:", plain(note));
  return out;
}

}  // namespace reprise

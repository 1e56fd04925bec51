#include "tools/text/value_scrub.h"

#include <algorithm>
#include <functional>
#include <initializer_list>

#include "tools/metadata_json.h"
#include "tools/text/spirv_scrub.h"

namespace reprise {
namespace {

constexpr std::string_view kCalls = "calls", kMetadata = "metadata", kHeader = "header";

bool isOneOf(std::string_view member, std::initializer_list<std::string_view> all) {
  return std::find(all.begin(), all.end(), member) != all.end();
}

// What a driver goes by: an entry point, a layer, an extension.
bool isFunctional(std::string_view member) {
  return isOneOf(member, {"pName", "ppEnabledLayerNames", "ppEnabledExtensionNames", "pLayerName",
                          "extensionName", "layerName", "pNames"});
}
bool isLabel(std::string_view member) {
  return isOneOf(member, {"pObjectName", "pLabelName", "pMarkerName", "pMessage", "pMessageIdName"});
}
bool isName(std::string_view member) { return isOneOf(member, {"pApplicationName", "pEngineName"}); }

// Frames may end by a label that starts so (format/frame_marks.cpp): that much stays.
constexpr std::string_view kFrameEnd = "vr-marker,frame_end";

bool mayStartPath(std::byte byte) {
  const auto c = static_cast<char>(byte);
  return c == '/' || c == '\\';
}

void scrubJson(Json& value, std::string_view key,
               const std::function<std::string(std::string_view, std::string_view)>& f) {
  if (value.is_string()) {
    value = f(key, value.get_ref<const std::string&>());
  } else if (value.is_object()) {
    for (auto& [name, member] : value.items()) scrubJson(member, name, f);
  } else if (value.is_array()) {
    for (Json& element : value) scrubJson(element, key, f);
  }
}

}  // namespace

std::string ValueScrub::label(std::string_view value) {
  if (!value.starts_with(kFrameEnd)) return pseudonyms_.replace("label", value, kCalls);
  if (value.size() == kFrameEnd.size()) return std::string(value);
  return std::string(kFrameEnd) + "," + pseudonyms_.replace("label", value.substr(kFrameEnd.size()), kCalls);
}

std::optional<std::string> ValueScrub::text(std::string_view member, std::string_view value) {
  if (isFunctional(member) || value.empty()) return std::nullopt;
  std::string made;
  if (options_.labels && isLabel(member))
    made = label(value);
  else if (options_.names && isName(member))
    made = pseudonyms_.replace(member == "pEngineName" ? "engine" : "application", value, kCalls);
  else
    made = pseudonyms_.scrubbed(value, kCalls);
  if (made == value) return std::nullopt;
  changed_ = true;
  return made;
}

std::optional<std::vector<std::byte>> ValueScrub::bytes(std::string_view member,
                                                        std::span<const std::byte> value) {
  if (member == "pTag" && options_.labels) {
    pseudonyms_.note("tag", std::to_string(value.size()) + " bytes", kCalls);
    changed_ = true;
    return std::vector<std::byte>(1);  // its size is never 0
  }
  auto made = scrubSpirv(value, options_.labels, pseudonyms_);
  changed_ = changed_ || made.has_value();
  return made;
}

bool ValueScrub::mayHold(std::span<const std::byte> arguments) const {
  if (options_.labels || options_.names) return true;
  // A number may look so, too: that costs time only.
  if (std::any_of(arguments.begin(), arguments.end(), mayStartPath)) return true;
  constexpr std::byte kMagic[] = {std::byte{0x03}, std::byte{0x02}, std::byte{0x23}, std::byte{0x07}};
  if (std::search(arguments.begin(), arguments.end(), std::begin(kMagic), std::end(kMagic)) !=
      arguments.end())
    return true;
  return pseudonyms_.holdsSecret(asText(arguments));
}

void ValueScrub::header(TraceHeaderInfo& info) {
  const std::string machine = info.host.substr(std::min(info.host.find(" ("), info.host.size()));
  const std::string host = info.host.substr(0, info.host.size() - machine.size());
  pseudonyms_.learnUsers(info.command_line);
  pseudonyms_.learnUsers(info.application);
  pseudonyms_.addSecret("host", host);
  if (!host.empty()) info.host = pseudonyms_.replace("host", host, kHeader) + machine;
  const size_t slash = info.application.find_last_of("/\\");
  if (slash != std::string::npos) {
    pseudonyms_.note("path", info.application, kHeader);
    info.application.erase(0, slash + 1);
  }
  if (!info.command_line.empty()) pseudonyms_.note("command line", info.command_line, kHeader);
  if (options_.names && !info.application.empty())
    info.application = pseudonyms_.replace("application", info.application, kHeader);
  info.command_line = info.application;
  info.os = pseudonyms_.scrubbed(info.os, kHeader);
}

std::string ValueScrub::metadata(std::string_view json) {
  pseudonyms_.learnUsers(json);
  Json value = parseMetadata(json);
  const std::string before = jsonText(value);
  scrubJson(value, "", [this](std::string_view key, std::string_view text) {
    if (options_.names && key == "applicationName")
      return pseudonyms_.replace("application", text, kMetadata);
    if (options_.names && key == "engineName") return pseudonyms_.replace("engine", text, kMetadata);
    return pseudonyms_.scrubbed(text, kMetadata);
  });
  if (value.is_string()) return value.get<std::string>();  // it was no JSON
  std::string after = jsonText(value);
  return after == before ? std::string(json) : after;
}

std::string ValueScrub::threadName(std::string_view name) {
  if (options_.names) return pseudonyms_.replace("thread", name, "thread names");
  return pseudonyms_.scrubbed(name, "thread names");
}

}  // namespace reprise

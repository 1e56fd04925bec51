// Metadata of a trace as JSON. A trace is a stranger's: what is no JSON, nests so deeply that printing it
// could exhaust the stack, or has so many values that looking them up one by one takes seconds, is a string
// instead. Not for JSON of our own making, which may be longer. Pure functions; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace reprise {

using Json = nlohmann::ordered_json;

inline constexpr int kMaxJsonDepth = 64;
inline constexpr size_t kMaxJsonValues = 4096;  // objects keep their members in a list

// Counts brackets and commas outside of strings.
inline bool isWithinLimits(std::string_view text) {
  int depth = 0;
  size_t values = 1;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\') {
      ++i;
    } else if (c == '"') {
      in_string = !in_string;
    } else if (!in_string) {
      if (c == '[' || c == '{') ++depth;
      if (c == ']' || c == '}') --depth;
      if (c == '[' || c == '{' || c == ',') ++values;
      if (depth > kMaxJsonDepth || values > kMaxJsonValues) return false;
    }
  }
  return true;
}

inline Json parseMetadata(std::string_view text) {
  Json value = isWithinLimits(text) ? Json::parse(text, nullptr, false) : Json(Json::value_t::discarded);
  return value.is_discarded() ? Json(std::string(text)) : value;
}

// On one line (indent -1) or indented; bytes that are no UTF-8 become U+FFFD.
inline std::string jsonText(const Json& value, int indent = -1) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace reprise

// Metadata of a trace as JSON. A trace is a stranger's: what is no JSON, or nests so deeply that printing it
// could exhaust the stack, is a string instead. Pure functions; any thread.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace reprise {

using Json = nlohmann::ordered_json;

inline constexpr int kMaxJsonDepth = 64;

inline Json parseMetadata(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if (c == ']' || c == '}') --depth;
  }
  Json value = deepest <= kMaxJsonDepth ? Json::parse(text, nullptr, false) : Json(Json::value_t::discarded);
  return value.is_discarded() ? Json(std::string(text)) : value;
}

// On one line (indent -1) or indented; bytes that are no UTF-8 become U+FFFD.
inline std::string jsonText(const Json& value, int indent = -1) {
  return value.dump(indent, ' ', false, Json::error_handler_t::replace);
}

}  // namespace reprise

#include "tools/text/json_row.h"

#include <algorithm>

#include "tools/text/enum_names.h"

namespace reprise {

JsonRow::JsonRow(const JsonValue& object, std::string path) : object_(object), path_(std::move(path)) {
  if (!object.isObject())
    error_ = (path_.empty() ? "the line" : path_) + ": found " + object.describe() + ", expected an object";
}

JsonValue JsonRow::take(std::string_view name) {
  if (std::find(taken_.begin(), taken_.end(), name) == taken_.end()) taken_.push_back(name);
  return object_.member(name);
}

void JsonRow::fail(std::string_view name, const JsonValue& found, std::string_view expected) {
  fail(name, "found " + found.describe() + ", expected " + std::string(expected));
}

void JsonRow::fail(std::string_view name, const std::string& what) {
  if (ok()) error_ = name.empty() ? what : path_ + "/" + std::string(name) + ": " + what;
}

std::optional<uint64_t> JsonRow::optionalNumber(std::string_view name, uint64_t most) {
  const JsonValue value = take(name);
  if (!value.exists()) return std::nullopt;
  const auto number = value.integer();
  if (!number || *number > most) fail(name, value, "a whole number from 0 to " + std::to_string(most));
  return number;
}

std::optional<int64_t> JsonRow::optionalSigned(std::string_view name, int64_t least, int64_t most) {
  const JsonValue value = take(name);
  if (!value.exists()) return std::nullopt;
  const auto number = value.signedInteger();
  if (!number || *number < least || *number > most)
    fail(name, value, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return number;
}

uint64_t JsonRow::number(std::string_view name, uint64_t most) {
  const auto value = optionalNumber(name, most);
  if (!value) fail(name, "it is missing, or no whole number");
  return value.value_or(0);
}

uint64_t JsonRow::hex(std::string_view name) {
  const JsonValue value = take(name);
  if (const auto number = value.integer()) return *number;
  const auto number = value.isString() ? unsignedFrom(value.string()) : std::nullopt;
  if (!number) fail(name, value, "a number of 64 bits as \"0x...\"");
  return number.value_or(0);
}

bool JsonRow::flag(std::string_view name) {
  const JsonValue value = take(name);
  if (!value.exists()) return false;
  const auto truth = value.boolean();
  if (!truth) fail(name, value, "true or false");
  return truth.value_or(false);
}

std::string_view JsonRow::text(std::string_view name) {
  const JsonValue value = take(name);
  if (!value.isString()) fail(name, value, "a text");
  return value.string();
}

void JsonRow::finish() {
  std::vector<std::string_view> seen;
  for (JsonCursor cursor(object_); !cursor.atEnd() && ok(); cursor.advance()) {
    const std::string_view name = cursor.name();
    if (std::find(taken_.begin(), taken_.end(), name) == taken_.end())
      fail(name, "no member of this name belongs here; tools/TEXT.md lists them");
    else if (std::find(seen.begin(), seen.end(), name) != seen.end())
      fail(name, "the member stands here twice");
    seen.push_back(name);
  }
}

}  // namespace reprise

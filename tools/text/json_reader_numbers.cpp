// JsonReader: numbers of every spelling.
#include <cstring>
#include <limits>

#include "tools/text/json_reader.h"

namespace reprise {

std::string JsonReader::expectedNumber(const Field& field, NumberType type) {
  const std::string bits = std::to_string(8 * type.size);
  if (type.is_float) return "a number, or \"NaN\", \"Infinity\", \"-Infinity\"";
  switch (field.kind) {
    case Field::kBool:
      return "true or false";
    case Field::kEnum:
      return std::string("a name or number of ") + field.type;
    case Field::kFlags:
      return std::string("names or a number of ") + field.type + ", joined by \" | \"";
    case Field::kHandle:
      return std::string("a ") + field.type + " as \"0x...\"";
    case Field::kOpaque:
    case Field::kAddress:
    case Field::kDeviceAddress:
      return "an address as \"0x...\", or null";
    default:
      return std::string(type.is_signed ? "a number of " : "a number, not negative, of ") + bits + " bits";
  }
}

bool JsonReader::setFloat(const JsonValue& from, void* value, NumberType type) {
  uint64_t bits = 0;
  const bool narrow = type.size == sizeof(float);
  const auto keep = [&](double number) {
    const auto single = static_cast<float>(number);
    narrow ? std::memcpy(&bits, &single, sizeof single) : std::memcpy(&bits, &number, sizeof number);
  };
  if (auto number = from.real()) {
    keep(*number);
  } else if (const std::string_view text = from.string(); text == "NaN") {
    keep(std::numeric_limits<double>::quiet_NaN());
  } else if (text == "Infinity" || text == "-Infinity") {
    keep(text.front() == '-' ? -std::numeric_limits<double>::infinity()
                             : std::numeric_limits<double>::infinity());
  } else if (text.starts_with("NaN(") && text.ends_with(")")) {
    const auto exact = unsignedFrom(text.substr(4, text.size() - 5));
    if (!exact || (narrow && *exact > UINT32_MAX)) return false;
    bits = *exact;
  } else {
    return false;
  }
  std::memcpy(value, &bits, type.size);
  return true;
}

bool JsonReader::setInteger(const JsonValue& from, void* value, NumberType type) {
  uint64_t bits = 0;
  if (auto number = from.integer()) {
    bits = *number;
    if (type.is_signed && bits > uint64_t(INT64_MAX) >> (64 - 8 * type.size)) return false;
  } else if (auto negative = from.signedInteger(); negative && type.is_signed) {
    bits = static_cast<uint64_t>(*negative);
    if (*negative < INT64_MIN >> (64 - 8 * type.size)) return false;
    std::memcpy(value, &bits, type.size);
    return true;
  } else {
    return false;
  }
  if (type.size < 8 && bits >> (8 * type.size) != 0) return false;
  std::memcpy(value, &bits, type.size);
  return true;
}

bool JsonReader::setNumber(const Field& field, const JsonValue& from, void* value, NumberType type) {
  if (type.is_float) return setFloat(from, value, type);
  std::optional<uint64_t> named;
  switch (field.kind) {
    case Field::kBool:
      if (auto truth = from.boolean()) named = *truth;
      break;
    case Field::kEnum:
      if (from.isString() && field.names) named = enums_.value(*field.names, from.string());
      break;
    case Field::kFlags: {
      std::string_view bad;
      if (from.isString()) named = enums_.flags(field.names, from.string(), bad);
      if (named && type.size < 8 && *named >> (8 * type.size) != 0) return false;
      break;
    }
    case Field::kHandle:
    case Field::kOpaque:
    case Field::kAddress:
    case Field::kDeviceAddress:
      if (from.isNull()) named = 0;
      if (from.isString()) named = unsignedFrom(from.string());
      if (named && type.size < 8 && *named >> (8 * type.size) != 0) return false;
      break;
    default:
      break;
  }
  if (!named) return setInteger(from, value, type);
  std::memcpy(value, &*named, type.size);
  return true;
}

void JsonReader::number(const Field& field, std::string_view name, void* value, NumberType type) {
  if (!isOk()) return;
  const bool member = !scopes_.back().is_list;
  const JsonValue from = take(name, member);
  if (member) numbers_.push_back({name, value, type});
  if (!from.exists()) {
    if (member && isCount(name)) return;  // the array will say
    error_ = pointerTo({}) + ": the member \"" + std::string(name) + "\" is missing";
  } else if (!setNumber(field, from, value, type)) {
    fail(name, from, expectedNumber(field, type));
  }
}

void JsonReader::handle(std::string_view name, uint64_t& value) {
  number(Field{"", nullptr, "handle", Field::kHandle}, name, &value, numberTypeOf<uint64_t>());
}

void JsonReader::count(const Field& field, void*& p, NumberType type, bool) {
  p = nullptr;
  const JsonValue from = take(field.name, true);
  if (!isOk() || from.isNull()) return;
  p = allocate(sizeof(uint64_t));
  if (p == nullptr) return;
  numbers_.push_back({field.name, p, type});
  if (!from.exists() || (from.isString() && from.string() == "out")) return;
  if (!setNumber(field, from, p, type))
    fail(field.name, from, "null, \"out\", or " + expectedNumber(field, type));
}

void JsonReader::result(const Field& field, void* value, NumberType type) {
  if (!isOk()) return;
  if (!result_.exists())
    error_ = "/result: it is missing, although the call returns a " + std::string(field.type);
  else if (!setNumber(field, result_, value, type))
    error_ = "/result: found " + result_.describe() + ", expected " + expectedNumber(field, type);
}

void JsonReader::room(std::string_view name, void*& p, size_t size) {
  p = nullptr;
  const JsonValue value = take(name);
  if (!isOk() || value.isNull()) return;
  if (!value.isString() || value.string() != "out")
    return fail(name, value, "\"out\", or null: what the call wrote stands under /out");
  p = allocate(size);
}

}  // namespace reprise

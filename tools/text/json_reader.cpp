#include "tools/text/json_reader.h"

#include <algorithm>
#include <cstring>

#include "format/arguments.h"
#include "tools/print/utf16.h"
#include "tools/text/array_counts.h"

namespace reprise {
namespace {

constexpr size_t kMaxScopes = 4 * kMaxDepth;  // objects and lists within each other

constexpr const char* kBytesForm = "bytes: {\"hex\": \"00ff\"} or {\"blob\": \"NAME\", \"size\": N}";

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

// ---- where we are

void JsonReader::start(const JsonValue& object, std::string_view owner, std::string_view label) {
  error_.clear();
  scopes_.clear();
  taken_.clear();
  numbers_.clear();
  links_.clear();
  push(object, label, false, owner);
}

void JsonReader::finish() { endObject(); }

void JsonReader::push(const JsonValue& value, std::string_view name, bool is_list, std::string_view owner) {
  Scope scope;
  scope.is_list = is_list;
  scope.name = name;
  if (name.empty() && !scopes_.empty()) scope.index = scopes_.back().index - 1;
  scope.owner = owner;
  scope.value = value;
  scope.cursor = JsonCursor(value);
  scope.first_taken = taken_.size();
  scope.first_number = numbers_.size();
  scopes_.push_back(scope);
}

void JsonReader::pop() {
  taken_.resize(scopes_.back().first_taken);
  numbers_.resize(scopes_.back().first_number);
  scopes_.pop_back();
}

std::string JsonReader::pointerTo(std::string_view name) const {
  std::string path;
  for (const Scope& scope : scopes_)
    path += "/" + (scope.name.empty() ? std::to_string(scope.index) : std::string(scope.name));
  if (!name.empty()) return path + "/" + std::string(name);
  const bool element = !scopes_.empty() && scopes_.back().is_list && scopes_.back().index > 0;
  return element ? path + "/" + std::to_string(scopes_.back().index - 1) : path;
}

void JsonReader::fail(std::string_view name, const JsonValue& found, const std::string& expected) {
  if (!isOk()) return;
  error_ = pointerTo(name) + ": found " + found.describe() + ", expected " + expected;
}

JsonValue JsonReader::take(std::string_view name, bool may_miss) {
  if (!isOk()) return {};
  Scope& scope = scopes_.back();
  if (scope.is_list) {
    if (scope.cursor.atEnd()) return {};
    const JsonValue value = scope.cursor.value();
    scope.cursor.advance();
    ++scope.index;
    return value;
  }
  taken_.push_back(name);
  if (!scope.cursor.atEnd() && scope.cursor.name() == name) {
    const JsonValue value = scope.cursor.value();
    scope.cursor.advance();
    return value;
  }
  const JsonValue value = scope.value.member(name);
  if (!value.exists() && !may_miss)
    error_ = pointerTo({}) + ": the member \"" + std::string(name) + "\" is missing";
  return value;
}

void* JsonReader::allocate(size_t bytes) {
  void* p = arena_.allocate(std::max<size_t>(bytes, 1));
  if (p == nullptr && isOk()) error_ = pointerTo({}) + ": there is not enough memory for it";
  return p;
}

// ---- objects and lists

bool JsonReader::beginObject(std::string_view name, std::string_view type) {
  const JsonValue value = take(name);
  if (!isOk()) return false;
  if (!value.isObject()) return fail(name, value, "an object: " + std::string(type)), false;
  if (scopes_.size() >= kMaxScopes) return fail(name, value, "fewer objects within each other"), false;
  push(value, name, false, type);
  return true;
}

// Everything in the object was asked for, and once.
void JsonReader::endObject() {
  if (!isOk()) return;
  const Scope& scope = scopes_.back();
  const std::span taken(taken_.begin() + std::ptrdiff_t(scope.first_taken), taken_.end());
  if (scope.cursor.atEnd() && scope.value.size() <= taken.size()) return pop();
  std::vector<std::string_view> seen;
  for (JsonCursor cursor(scope.value); !cursor.atEnd() && isOk(); cursor.advance()) {
    const std::string_view name = cursor.name();
    const bool twice = std::find(seen.begin(), seen.end(), name) != seen.end();
    if (std::find(taken.begin(), taken.end(), name) == taken.end())
      error_ = pointerTo(name) + ": " + std::string(scope.owner) + " has no member of this name";
    else if (twice)
      error_ = pointerTo(name) + ": the member stands here twice";
    seen.push_back(name);
  }
  if (isOk()) pop();
}

bool JsonReader::pointer(std::string_view name, void*& p, size_t size) {
  p = nullptr;
  // What is there is looked at by the element that follows, so a member is only taken if it is null.
  if (!isOk()) return false;
  Scope& scope = scopes_.back();
  const bool next = !scope.cursor.atEnd() && (scope.is_list || scope.cursor.name() == name);
  const JsonValue value = next            ? scope.cursor.value()
                          : scope.is_list ? JsonValue()
                                          : scope.value.member(name);
  if (!value.exists() || value.isNull()) return take(name), false;
  p = allocate(size);
  return p != nullptr;
}

size_t JsonReader::beginList(std::string_view name, void*& p, size_t count, size_t element_size) {
  p = nullptr;
  const JsonValue value = take(name);
  if (!isOk() || value.isNull()) return kNull;
  if (!value.isList()) return fail(name, value, "a list, or null"), kNull;
  const size_t size = value.size();
  if (size != count && !follow(name, value, size, count)) return kNull;
  if (scopes_.size() >= kMaxScopes) return fail(name, value, "fewer lists within each other"), kNull;
  p = allocate(size * element_size);
  if (p == nullptr) return kNull;
  push(value, name, true, {});
  return size;
}

bool JsonReader::beginFixedList(std::string_view name, size_t count) {
  const JsonValue value = take(name);
  if (!isOk()) return false;
  if (!value.isList() || value.size() != count)
    return fail(name, value, "a list of " + std::to_string(count)), false;
  push(value, name, true, {});
  return true;
}

void JsonReader::endList() {
  if (isOk()) pop();
}

// ---- counts

bool JsonReader::isCount(std::string_view name) const {
  for (const ArrayCount& row : arrayCountsOf(scopes_.back().owner))
    if (row.count == name) return true;
  return false;
}

// The other arrays that `count` counts are as long, or not there.
bool JsonReader::agrees(std::string_view count, std::string_view name, size_t found) {
  for (const ArrayCount& row : arrayCountsOf(scopes_.back().owner)) {
    if (row.count != count || row.array == name) continue;
    const JsonValue other = scopes_.back().value.member(row.array);
    if (!other.isList() || other.size() == found) continue;
    error_ = pointerTo({}) + ": " + std::string(name) + " has " + std::to_string(found) + " elements and " +
             std::string(row.array) + " has " + std::to_string(other.size()) + ", but " + std::string(count) +
             " counts both: make them equally long";
    return false;
  }
  return true;
}

bool JsonReader::follow(std::string_view name, const JsonValue& array, size_t found, size_t expected) {
  const ArrayCount* counted = nullptr;
  if (!scopes_.back().is_list)
    for (const ArrayCount& row : arrayCountsOf(scopes_.back().owner))
      if (row.array == name) counted = &row;
  const Counted* number = nullptr;
  for (size_t i = numbers_.size(); counted && i-- > scopes_.back().first_number;)
    if (numbers_[i].name == counted->count) number = &numbers_[i];
  if (number == nullptr) {
    fail(name, array, std::to_string(expected) + " elements, as what counts them says");
    return false;
  }
  if (!agrees(counted->count, name, found)) return false;
  const uint64_t value = uint64_t{found} * counted->unit;
  if (number->type.size < 8 && value >> (8 * number->type.size - number->type.is_signed) != 0) {
    fail(name, array, "no more elements than " + std::string(counted->count) + " can count");
    return false;
  }
  std::memcpy(number->value, &value, number->type.size);
  return true;
}

// ---- texts and bytes

std::optional<std::span<const std::byte>> JsonReader::bytesOf(std::string_view name, const JsonValue& value) {
  const JsonValue hex = value.member("hex"), blob = value.member("blob"), size = value.member("size");
  if (!value.isObject() || value.size() != 1u + (blob.exists() && size.exists()))
    return fail(name, value, kBytesForm), std::nullopt;
  return bytesIn(hex, blob, size, name);
}

std::optional<std::span<const std::byte>> JsonReader::bytesIn(const JsonValue& hex, const JsonValue& blob,
                                                              const JsonValue& size, std::string_view name) {
  if (hex.isString() == blob.isString() || (hex.isString() && size.exists()))
    return fail(name, hex.exists() ? hex : blob, kBytesForm), std::nullopt;
  if (hex.isString()) {
    const std::string_view digits = hex.string();
    auto* bytes = static_cast<std::byte*>(allocate(digits.size() / 2));
    bool good = digits.size() % 2 == 0 && bytes != nullptr;
    for (size_t i = 0; good && i < digits.size(); i += 2) {
      const int high = hexDigit(digits[i]), low = hexDigit(digits[i + 1]);
      good = high >= 0 && low >= 0;
      if (good) bytes[i / 2] = static_cast<std::byte>(high << 4 | low);
    }
    if (!good) return fail(name, hex, "an even number of hexadecimal digits"), std::nullopt;
    return std::span<const std::byte>(bytes, digits.size() / 2);
  }
  const auto bytes = blobs_.get(blob.string());
  if (bytes && (!size.exists() || size.integer() == bytes.value().size())) return bytes.value();
  if (!isOk()) return std::nullopt;
  error_ = pointerTo(name) + ": ";
  if (!bytes)
    error_ += bytes.status().message();
  else
    error_ += "the blob " + std::string(blob.string()) + " has " + std::to_string(bytes.value().size()) +
              " bytes, but \"size\" is " + size.text() + "; correct it or leave it out";
  return std::nullopt;
}

// The numbers of a list, as they lie in memory.
std::optional<std::span<const std::byte>> JsonReader::bytesOfList(const Field& field, std::string_view name,
                                                                  const JsonValue& list, NumberType type) {
  const size_t size = list.size();
  auto* to = static_cast<std::byte*>(allocate(size * type.size));
  if (to == nullptr) return std::nullopt;
  push(list, name, true, {});
  for (size_t i = 0; i < size && isOk(); ++i) number(field, {}, to + i * type.size, type);
  endList();
  if (!isOk()) return std::nullopt;
  return std::span<const std::byte>(to, size * type.size);
}

// Short arrays stand in the text as lists, long ones as bytes: the editor sees both alike.
void JsonReader::numbers(const Field& field, std::string_view name, void*& data, size_t count,
                         NumberType type) {
  data = nullptr;
  const JsonValue value = take(name);
  if (!isOk() || value.isNull()) return;
  auto bytes = value.isList() ? bytesOfList(field, name, value, type) : bytesOf(name, value);
  if (!bytes) return;
  std::optional<std::vector<std::byte>> edited;
  if (editor_ != nullptr) edited = editor_->bytes(field.name, *bytes);
  if (edited) bytes = *edited;
  if (bytes->size() % type.size != 0)
    return fail(name, value, "whole numbers of " + std::to_string(type.size) + " bytes");
  const size_t size = bytes->size() / type.size;
  if (size != count && !follow(name, value, size, count)) return;
  data = allocate(bytes->size());
  if (data != nullptr && !bytes->empty()) std::memcpy(data, bytes->data(), bytes->size());
}

void JsonReader::fixedBytes(std::string_view name, void* data, size_t size) {
  const JsonValue value = take(name);
  if (!isOk()) return;
  const auto bytes = bytesOf(name, value);
  if (!bytes) return;
  if (bytes->size() != size) return fail(name, value, std::to_string(size) + " bytes");
  std::memcpy(data, bytes->data(), size);
}

void JsonReader::colour(std::string_view name, VkClearColorValue& colour) {
  if (!beginObject(name, "VkClearColorValue")) return;
  const Scope& scope = scopes_.back();
  const std::string arm(scope.cursor.atEnd() ? "" : scope.cursor.name());
  const Field field{"", nullptr, "", Field::kInt};
  const NumberType type = arm == "float32" ? numberTypeOf<float>()
                          : arm == "int32" ? numberTypeOf<int32_t>()
                                           : numberTypeOf<uint32_t>();
  const char* known = arm == "float32" ? "float32" : arm == "int32" ? "int32" : "uint32";
  if (beginFixedList(known, std::size(colour.uint32))) {
    for (uint32_t& word : colour.uint32) number(field, {}, &word, type);
    endList();
  }
  endObject();
}

void JsonReader::text(const Field& field, char* value, size_t size) {
  const char* text = nullptr;
  string(field, field.name, text);
  const size_t length = text != nullptr ? std::strlen(text) : 0;
  if (!isOk()) return;
  if (text == nullptr || length > size) {
    error_ = pointerTo(field.name) + ": expected a text of at most " + std::to_string(size) + " bytes";
    return;
  }
  std::memset(value, 0, size);
  std::memcpy(value, text, length);
}

void JsonReader::string(const Field& field, std::string_view name, const char*& value) {
  value = nullptr;
  const JsonValue from = take(name);
  if (!isOk() || from.isNull()) return;
  std::string_view text = from.string();
  if (!from.isString()) {
    const auto bytes = bytesOf(name, from);
    if (!bytes) return;
    text = asText(*bytes);
  }
  if (text.find('\0') != std::string_view::npos) return fail(name, from, "a text without a zero in it");
  std::optional<std::string> edited;
  if (editor_ != nullptr) edited = editor_->text(field.name, text);
  if (edited) text = *edited;
  auto* copy = static_cast<char*>(allocate(text.size() + 1));
  if (copy == nullptr) return;
  std::memcpy(copy, text.data(), text.size());
  copy[text.size()] = 0;
  value = copy;
}

void JsonReader::wstring(const Field& field, const uint16_t*& value) {
  value = nullptr;
  const JsonValue from = take(field.name);
  if (!isOk() || from.isNull()) return;
  std::vector<uint16_t> units;
  if (from.isString()) {
    const auto edited = editor_ ? editor_->text(field.name, from.string()) : std::nullopt;
    units = utf16From(edited ? std::string_view(*edited) : from.string());
  } else {
    const auto bytes = bytesOf(field.name, from);
    if (!bytes) return;
    units.resize(bytes->size() / 2);
    if (!units.empty()) std::memcpy(units.data(), bytes->data(), 2 * units.size());
  }
  if (std::find(units.begin(), units.end(), 0) != units.end())
    return fail(field.name, from, "a text without a zero in it");
  auto* copy = static_cast<uint16_t*>(allocate(2 * (units.size() + 1)));
  if (copy == nullptr) return;
  std::copy(units.begin(), units.end(), copy);
  copy[units.size()] = 0;
  value = copy;
}

// ---- types and chains

VkStructureType JsonReader::typeOf(const JsonValue& value, std::string_view label) {
  const Field field{"sType", &kVkStructureTypeNames, "VkStructureType", Field::kEnum};
  VkStructureType type{};
  if (value.exists() && setNumber(field, value, &type, numberTypeOf<VkStructureType>())) return type;
  fail(label, value, expectedNumber(field, numberTypeOf<VkStructureType>()));
  return {};
}

void JsonReader::structType(VkStructureType& type, VkStructureType) {
  const JsonValue value = take("sType");
  if (isOk()) type = typeOf(value, "sType");
}

void JsonReader::beginChain(void*& next) {
  next = nullptr;
  const JsonValue value = take("pNext", true);
  if (isOk() && value.exists() && !value.isList()) fail("pNext", value, "a list of structs");
  if (!isOk()) return;
  links_.push_back(&next);
  push(value, "pNext", true, {});
}

VkBaseOutStructure* JsonReader::nextNode() {
  while (isOk()) {
    const JsonValue value = take({});
    if (!value.exists()) {
      links_.pop_back();
      pop();
      return nullptr;
    }
    if (!value.isObject()) return fail({}, value, "a struct, with its sType"), nullptr;
    if (scopes_.size() >= kMaxScopes) return fail({}, value, "fewer structs within each other"), nullptr;
    push(value, {}, false, "this struct");
    if (VkBaseOutStructure* node = newNode(value)) return node;
  }
  return nullptr;
}

// Null: it is a hole, which has no members, or wrong.
VkBaseOutStructure* JsonReader::newNode(const JsonValue& object) {
  VkStructureType type{};
  structType(type, {});
  const bool hole = take("hole", true).boolean().value_or(false);
  if (!isOk()) return nullptr;
  const size_t size = structSize(type);
  if (!hole && size == 0)
    return fail("sType", object.member("sType"), "a struct that this build knows"), nullptr;
  void* node = allocate(hole ? sizeof(HoleNode) : size);
  if (node == nullptr) return nullptr;
  *links_.back() = node;
  links_.back() = reinterpret_cast<void**>(&static_cast<VkBaseOutStructure*>(node)->pNext);
  if (hole) {
    *static_cast<HoleNode*>(node) = {kHoleNodeType, nullptr, type, 0};
    endObject();
    return nullptr;
  }
  scopes_.back().owner = structName(type);
  static_cast<VkBaseOutStructure*>(node)->sType = type;
  return static_cast<VkBaseOutStructure*>(node);
}

}  // namespace reprise

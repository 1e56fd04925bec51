#include "tools/text/json_writer.h"

#include <simdjson.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "format/arguments.h"
#include "tools/print/tree.h"
#include "tools/print/utf16.h"

namespace reprise {
namespace {

constexpr size_t kInlineNumbers = 64;  // longer arrays are blobs
constexpr uint32_t kUsualNan = 0x7fc00000;
constexpr uint64_t kUsualNan64 = 0x7ff8000000000000;
constexpr float kSmallPlain = 1e-5f, kLargePlain = 1e6f;  // what one meets in colours, depths and factors

template <class T>
std::string_view digitsOf(T value, char (&digits)[32]) {
  return {digits, size_t(std::to_chars(digits, digits + sizeof digits, value).ptr - digits)};
}

template <class T>
T load(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

uint64_t loadInteger(const void* value, NumberType type) {
  switch (type.size) {
    case 1:
      return type.is_signed ? uint64_t(int64_t{load<int8_t>(value)}) : load<uint8_t>(value);
    case 2:
      return type.is_signed ? uint64_t(int64_t{load<int16_t>(value)}) : load<uint16_t>(value);
    case 4:
      return type.is_signed ? uint64_t(int64_t{load<int32_t>(value)}) : load<uint32_t>(value);
    default:
      return load<uint64_t>(value);
  }
}

// A colour is written as floats where all of them are plain ones.
bool arePlainFloats(std::span<const uint32_t, 4> words) {
  for (uint32_t word : words) {
    const float size = std::fabs(std::bit_cast<float>(word));
    if (word != 0 && !(size >= kSmallPlain && size <= kLargePlain)) return false;
  }
  return true;
}

}  // namespace

void JsonWriter::key(std::string_view name) {
  if (comma_) out_ += ',';
  comma_ = true;
  if (!name.empty()) out_.append("\"").append(name).append("\":");
}

void JsonWriter::open(std::string_view name) {
  key(name);
  out_ += '{';
  comma_ = false;
}

void JsonWriter::close() {
  out_ += '}';
  comma_ = true;
}

void JsonWriter::openList(std::string_view name) {
  key(name);
  out_ += '[';
  comma_ = false;
}

void JsonWriter::closeList() {
  out_ += ']';
  comma_ = true;
}

void JsonWriter::member(std::string_view name, uint64_t value) {
  char digits[32];
  json(name, digitsOf(value, digits));
}

void JsonWriter::member(std::string_view name, int64_t value) {
  char digits[32];
  json(name, digitsOf(value, digits));
}

void JsonWriter::member(std::string_view name, bool value) { json(name, value ? "true" : "false"); }

void JsonWriter::member(std::string_view name, std::string_view value) {
  if (!simdjson::validate_utf8(value.data(), value.size())) {
    open(name);
    bytesMembers(asBytes(value));
    return close();
  }
  key(name);
  appendJsonString(out_, value);
}

void JsonWriter::hex(std::string_view name, uint64_t value) {
  key(name);
  out_ += '"';
  appendHex(out_, value);
  out_ += '"';
}

void JsonWriter::json(std::string_view name, std::string_view value) {
  key(name);
  out_ += value;
}

void JsonWriter::quoted(std::string_view name, std::string_view plain) {
  key(name);
  out_.append("\"").append(plain).append("\"");
}

void JsonWriter::null(std::string_view name) { json(name, "null"); }

void JsonWriter::bytes(std::string_view name, std::span<const std::byte> value) {
  open(name);
  bytesMembers(value);
  close();
}

void JsonWriter::bytesMembers(std::span<const std::byte> value) {
  if (value.size() > kInlineBytes) {
    quoted("blob", blobs_.put(value));
    return member("size", uint64_t{value.size()});
  }
  key("hex");
  out_ += '"';
  for (std::byte byte : value) {
    out_ += "0123456789abcdef"[static_cast<unsigned>(byte) >> 4];
    out_ += "0123456789abcdef"[static_cast<unsigned>(byte) & 15];
  }
  out_ += '"';
}

// JSON has no NaN and no infinity; a NaN has its bits.
void JsonWriter::real(std::string_view name, double value, std::string_view digits, uint64_t bits,
                      uint64_t usual_nan) {
  if (std::isinf(value)) return quoted(name, value < 0 ? "-Infinity" : "Infinity");
  if (std::isnan(value)) {
    std::string spelling = "NaN";
    if (bits != usual_nan) {
      spelling += '(';
      appendHex(spelling, bits);
      spelling += ')';
    }
    return quoted(name, spelling);
  }
  json(name, digits == "-0" ? "-0.0" : digits);  // an integer has no sign of zero
}

void JsonWriter::number(const Field& field, std::string_view name, void* value, NumberType type) {
  if (!type.is_float) return integer(field, name, loadInteger(value, type), type);
  char digits[32];
  if (type.size == sizeof(float)) {
    const auto x = load<float>(value);
    return real(name, x, digitsOf(x, digits), std::bit_cast<uint32_t>(x), kUsualNan);
  }
  const auto x = load<double>(value);
  real(name, x, digitsOf(x, digits), std::bit_cast<uint64_t>(x), kUsualNan64);
}

void JsonWriter::integer(const Field& field, std::string_view name, uint64_t value, NumberType type) {
  switch (field.kind) {
    case Field::kBool:
      if (value <= 1) return member(name, value == 1);
      break;
    case Field::kEnum:
      if (const char* known = field.names ? enums_.name(*field.names, value) : nullptr)
        return quoted(name, known);
      break;
    case Field::kFlags: {
      const uint64_t mask = type.size < 8 ? (uint64_t{1} << (8 * type.size)) - 1 : UINT64_MAX;
      std::string spelling;
      enums_.appendFlags(field.names, value & mask, spelling);
      return quoted(name, spelling.empty() ? "0" : spelling);
    }
    case Field::kOpaque:
      if (value == 0) return null(name);
      return hex(name, value);
    case Field::kHandle:
    case Field::kAddress:
    case Field::kDeviceAddress:
      return hex(name, value);
    default:
      break;
  }
  type.is_signed ? member(name, static_cast<int64_t>(value)) : member(name, value);
}

void JsonWriter::text(const Field& field, char* value, size_t size) {
  member(field.name, std::string_view(value, strnlen(value, size)));
}

void JsonWriter::string(const Field&, std::string_view name, const char*& value) {
  value ? member(name, std::string_view(value)) : null(name);
}

void JsonWriter::wstring(const Field& field, const uint16_t*& value) {
  if (!value) return null(field.name);
  size_t size = 0;
  while (value[size] != 0) ++size;
  const std::span units(value, size);
  if (const auto utf8 = utf8From(units)) return member(field.name, std::string_view(*utf8));
  bytes(field.name, std::as_bytes(units));
}

void JsonWriter::numbers(const Field& field, std::string_view name, void*& data, size_t count,
                         NumberType type) {
  if (!data) return null(name);
  auto* first = static_cast<std::byte*>(data);
  if (type.size == 1 || count > kInlineNumbers) return bytes(name, {first, count * type.size});
  openList(name);
  for (size_t i = 0; i < count; ++i) number(field, {}, first + i * type.size, type);
  closeList();
}

void JsonWriter::colour(std::string_view name, VkClearColorValue& value) {
  const bool floats = arePlainFloats(value.uint32);
  open(name);
  openList(floats ? "float32" : "uint32");
  const Field field{"", nullptr, "", Field::kInt};
  for (uint32_t& word : value.uint32)
    number(field, {}, &word, floats ? numberTypeOf<float>() : numberTypeOf<uint32_t>());
  closeList();
  close();
}

void JsonWriter::fixedBytes(std::string_view name, void* data, size_t size) {
  bytes(name, {static_cast<std::byte*>(data), size});
}

bool JsonWriter::beginObject(std::string_view name, std::string_view) {
  open(name);
  return true;
}

bool JsonWriter::pointer(std::string_view name, void*& p, size_t) {
  if (!p) null(name);
  return p != nullptr;
}

size_t JsonWriter::beginList(std::string_view name, void*& p, size_t count, size_t) {
  if (!p) return null(name), kNull;
  openList(name);
  return count;
}

bool JsonWriter::beginFixedList(std::string_view name, size_t) {
  openList(name);
  return true;
}

void JsonWriter::structType(VkStructureType& type, VkStructureType) {
  const char* known = enums_.name(kVkStructureTypeNames, static_cast<uint64_t>(type));
  known ? quoted("sType", known) : member("sType", int64_t{type});
}

void JsonWriter::beginChain(void*& next) {
  openList("pNext");
  chains_.push_back(static_cast<VkBaseOutStructure*>(next));
}

VkBaseOutStructure* JsonWriter::nextNode() {
  while (chains_.back() != nullptr) {
    VkBaseOutStructure* node = chains_.back();
    open();
    if (node->sType != kHoleNodeType) return structType(node->sType, node->sType), node;
    structType(reinterpret_cast<HoleNode*>(node)->missing, {});
    member("hole", true);
    endNode();
  }
  chains_.pop_back();
  closeList();
  return nullptr;
}

void JsonWriter::endNode() {
  close();
  chains_.back() = chains_.back()->pNext;
}

void JsonWriter::room(std::string_view name, void*& p, size_t) { p ? quoted(name, "out") : null(name); }

void JsonWriter::count(const Field& field, void*& p, NumberType type, bool valued) {
  if (!p || !valued) return room(field.name, p, 0);
  number(field, field.name, p, type);
}

void JsonWriter::result(const Field& field, void* value, NumberType type) {
  number(field, "result", value, type);
  open("out");
}

}  // namespace reprise

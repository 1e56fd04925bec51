#include "tools/print/tree.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <charconv>
#include <cmath>

#include "tools/print/hex_dump.h"

namespace reprise {
namespace {

template <class T>
void appendNumber(std::string& out, T value) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out.append(digits, end);
}

Value unsignedValue(uint64_t value) { return {Value::kUnsigned, value, nullptr, {}}; }
Value realValue(double value) { return {Value::kReal, std::bit_cast<uint64_t>(value), nullptr, {}}; }
Value handleValue(uint64_t value) { return {Value::kHandle, value, nullptr, {}}; }
Value bytesValue(std::span<const std::byte> bytes) {
  return {Value::kBytes, 0, nullptr, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}};
}

// Length of the well-formed UTF-8 sequence that `text` starts with; 0 if it starts with none.
size_t utf8Length(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](size_t i) { return i < text.size() && (at(i) & 0xc0) == 0x80; };
  const unsigned first = at(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!follows(1) || !follows(2)) return 0;
    if (first == 0xe0 && at(1) < 0xa0) return 0;  // overlong
    if (first == 0xed && at(1) > 0x9f) return 0;  // a surrogate
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (first == 0xf0 && at(1) < 0x90) return 0;
    if (first == 0xf4 && at(1) > 0x8f) return 0;  // beyond U+10FFFF
    return 4;
  }
  return 0;
}

bool isControl(std::string_view sequence) {
  const unsigned first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1) return first < 0x20 || first == 0x7f;
  return first == 0xc2 && static_cast<unsigned char>(sequence[1]) < 0xa0;  // U+0080 to U+009F
}

// The escape that JSON and C share for `c`, or null.
const char* shortEscape(char c) {
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return nullptr;
  }
}

}  // namespace

void appendHex(std::string& out, uint64_t value) {
  char digits[20] = {'0', 'x'};
  const auto end = std::to_chars(digits + 2, digits + sizeof(digits), value, 16).ptr;
  out.append(digits, end);
}

void appendJsonString(std::string& out, std::string_view value) {
  out += '"';
  while (!value.empty()) {
    const size_t length = utf8Length(value);
    if (length == 0) {
      out += "\\ufffd";
    } else if (const char* escape = shortEscape(value[0])) {
      out += escape;
    } else if (length == 1 && isControl(value.substr(0, 1))) {
      out += "\\u00";
      appendHexByte(static_cast<unsigned char>(value[0]), out);
    } else {
      out += value.substr(0, length);
    }
    value.remove_prefix(std::max<size_t>(length, 1));
  }
  out += '"';
}

void appendTextString(std::string& out, std::string_view value) {
  out += '"';
  while (!value.empty()) {
    const size_t length = utf8Length(value);
    if (const char* escape = shortEscape(value[0])) {
      out += escape;
    } else if (length == 0 || isControl(value.substr(0, length))) {
      for (size_t i = 0; i < std::max<size_t>(length, 1); ++i) {
        out += "\\x";
        appendHexByte(static_cast<unsigned char>(value[i]), out);
      }
    } else {
      out += value.substr(0, length);
    }
    value.remove_prefix(std::max<size_t>(length, 1));
  }
  out += '"';
}

void Tree::clear() {
  nodes_.clear();
  open_.clear();
  text_.clear();
  result_.clear();
  result_value_ = {};
}

void Tree::takeResult() {
  assert(!nodes_.empty() && nodes_.back().kind == Kind::kLeaf);
  result_ = spelling(nodes_.back());
  result_value_ = nodes_.back().value;
  nodes_.pop_back();
}

void Tree::open(Kind kind, std::string_view name, std::string_view type, bool show_type, size_t count) {
  open_.push_back(nodes_.size());
  nodes_.push_back({kind, show_type, name, type, 0, 0, count, 0, 0, {}});
}

void Tree::beginObject(std::string_view name, std::string_view type, bool show_type) {
  open(Kind::kObject, name, type, show_type, 0);
}

void Tree::beginArray(std::string_view name, std::string_view element_type, size_t count) {
  open(Kind::kArray, name, element_type, !element_type.empty(), count);
}

void Tree::beginChain(std::string_view name) { open(Kind::kChain, name, {}, false, 0); }

void Tree::end() {
  assert(!open_.empty());
  Node& node = nodes_[open_.back()];
  const size_t first = open_.back() + 1;
  open_.pop_back();
  node.end = nodes_.size();
  // "name = Type[12] {" + children with ", " between them + "}"
  node.width = (node.name.empty() ? 0 : node.name.size() + 3) + 2;
  if (node.show_type) node.width += node.type.size() + 1;
  if (node.kind == Kind::kArray) node.width += 6;
  for (size_t i = first; i < node.end; i = nodes_[i].end) node.width += nodes_[i].width + 2;
}

void Tree::structureType(uint32_t type) {
  assert(!open_.empty());
  nodes_[open_.back()].value = {Value::kEnum, type, nullptr, {}};
}

void Tree::arrayBytes(std::span<const std::byte> bytes) {
  assert(!open_.empty());
  nodes_[open_.back()].value = bytesValue(bytes);
}

void Tree::leaf(std::string_view name, size_t begin, const Value& value, size_t width,
                std::string_view type) {
  const size_t size = text_.size() - begin;
  const size_t columns = (name.empty() ? 0 : name.size() + 3) + (width ? width : size);
  nodes_.push_back({Kind::kLeaf, false, name, type, begin, size, 0, nodes_.size() + 1, columns, value});
}

void Tree::quoted(std::string_view name, std::string_view spelling, const Value& value, size_t width,
                  std::string_view type) {
  const size_t begin = text_.size();
  const std::string_view quote = isJson() ? "\"" : "";
  text_.append(quote).append(spelling).append(quote);
  leaf(name, begin, value, width, type);
}

void Tree::number(std::string_view name, uint64_t value) {
  const size_t begin = text_.size();
  appendNumber(text_, value);
  leaf(name, begin, unsignedValue(value));
}

void Tree::number(std::string_view name, int64_t value) {
  const size_t begin = text_.size();
  appendNumber(text_, value);
  leaf(name, begin, {Value::kSigned, static_cast<uint64_t>(value), nullptr, {}});
}

void Tree::real(std::string_view name, float value) {
  if (!std::isfinite(value)) return real(name, static_cast<double>(value));
  const size_t begin = text_.size();
  appendNumber(text_, value);
  // What is printed is the value: 0.2 as people write it, not the float's nearest double.
  double printed = value;
  std::from_chars(text_.data() + begin, text_.data() + text_.size(), printed);
  leaf(name, begin, realValue(printed));
}

void Tree::real(std::string_view name, double value) {
  // JSON has no such numbers.
  if (std::isnan(value)) return quoted(name, "NaN", realValue(value));
  if (std::isinf(value)) return quoted(name, value < 0 ? "-Infinity" : "Infinity", realValue(value));
  const size_t begin = text_.size();
  appendNumber(text_, value);
  leaf(name, begin, realValue(value));
}

void Tree::boolean(std::string_view name, uint32_t value) {
  if (value > 1) return number(name, uint64_t{value});
  const size_t begin = text_.size();
  text_ += isJson() ? (value ? "true" : "false") : (value ? "VK_TRUE" : "VK_FALSE");
  leaf(name, begin, unsignedValue(value));
}

void Tree::named(std::string_view name, std::string_view spelling, Value value) {
  quoted(name, spelling, value);
}

void Tree::constant(std::string_view name, uint64_t value, std::string_view spelling) {
  if (isJson()) return number(name, value);
  quoted(name, spelling, unsignedValue(value));
}

void Tree::hex(std::string_view name, uint64_t value) {
  std::string digits;
  appendHex(digits, value);
  quoted(name, digits, unsignedValue(value), kHexColumns, kAddressType);
}

void Tree::handle(std::string_view name, std::string_view type, uint64_t value) {
  const size_t columns = type.size() + 1 + kHexColumns;
  const size_t begin = text_.size();
  if (isJson()) {
    text_ += '"';
    appendHex(text_, value);
    text_ += '"';
  } else if (value == 0) {
    text_ += "VK_NULL_HANDLE";
  } else {
    text_.append(type) += ' ';
    appendHex(text_, value);
  }
  leaf(name, begin, handleValue(value), isJson() ? kHexColumns : columns, type);
}

void Tree::object(std::string_view name, std::string_view type, uint64_t value, std::string_view object,
                  std::string_view debug_name) {
  const size_t begin = text_.size();
  if (isJson()) {
    text_ += "{\"handle\":\"";
    appendHex(text_, value);
    text_.append("\",\"object\":\"").append(object) += '"';
    if (!debug_name.empty()) text_ += ",\"name\":";
  } else {
    text_ += object;
    if (!debug_name.empty()) text_ += ' ';
  }
  if (!debug_name.empty())
    isJson() ? appendJsonString(text_, debug_name) : appendTextString(text_, debug_name);
  if (isJson()) text_ += '}';
  leaf(name, begin, handleValue(value), 0, type);
}

void Tree::string(std::string_view name, std::string_view value) {
  const size_t begin = text_.size();
  isJson() ? appendJsonString(text_, value) : appendTextString(text_, value);
  leaf(name, begin, {Value::kString, 0, nullptr, value});
}

void Tree::bytes(std::string_view name, std::span<const std::byte> value, size_t shown) {
  const bool dumped = hex_dumps_ && !isJson();  // the layout adds the bytes, on lines of their own
  shown = dumped ? 0 : std::min(shown, value.size());
  const size_t begin = text_.size();
  text_ += isJson() ? "{\"size\":" : "";
  appendNumber(text_, value.size());
  text_ += isJson() ? ",\"hex\":\"" : value.size() == 1 ? " byte" : " bytes";
  for (size_t i = 0; i < shown; ++i) {
    if (!isJson()) text_ += i == 0 ? ": " : " ";
    appendHexByte(static_cast<unsigned char>(value[i]), text_);
  }
  if (isJson()) text_ += '"';
  if (shown < value.size()) text_ += isJson() ? ",\"cut\":true" : shown ? " ..." : "";
  if (isJson()) text_ += '}';
  leaf(name, begin, bytesValue(value), dumped && !value.empty() ? kLineColumns + 1 : 0);
}

void Tree::null(std::string_view name) {
  const size_t begin = text_.size();
  text_ += isJson() ? "null" : "NULL";
  leaf(name, begin, {Value::kNull, 0, nullptr, {}});
}

void Tree::note(std::string_view name, std::string_view why) {
  const size_t begin = text_.size();
  if (isJson()) {
    text_ += "{\"note\":";
    appendJsonString(text_, why);
    text_ += '}';
  } else {
    text_.append("(").append(why).append(")");
  }
  leaf(name, begin, {});
}

}  // namespace reprise

#include "tools/text/json_value.h"

#include "tools/print/tree.h"

namespace reprise {

namespace {
constexpr size_t kShown = 40;  // of a string, in a message
}

std::optional<bool> JsonValue::boolean() const {
  bool value = false;
  if (!exists_ || element_.get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<uint64_t> JsonValue::integer() const {
  uint64_t value = 0;
  if (!exists_ || element_.get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<int64_t> JsonValue::signedInteger() const {
  int64_t value = 0;
  if (!exists_ || element_.get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::optional<double> JsonValue::real() const {
  double value = 0;
  if (!exists_ || element_.get(value) != simdjson::SUCCESS) return std::nullopt;
  return value;
}

std::string_view JsonValue::string() const {
  std::string_view value;
  if (!exists_ || element_.get(value) != simdjson::SUCCESS) return {};
  return value;
}

size_t JsonValue::size() const {
  size_t size = 0;
  for (JsonCursor cursor(*this); !cursor.atEnd(); cursor.advance()) ++size;
  return size;
}

JsonValue JsonValue::member(std::string_view name) const {
  simdjson::dom::object object;
  simdjson::dom::element value;
  if (!exists_ || element_.get(object) != simdjson::SUCCESS ||
      object.at_key(name).get(value) != simdjson::SUCCESS)
    return {};
  return JsonValue(value);
}

std::string JsonValue::text() const { return exists_ ? simdjson::minify(element_) : std::string(); }

std::string JsonValue::describe() const {
  if (!exists_) return "nothing";
  switch (element_.type()) {
    case simdjson::dom::element_type::ARRAY:
      return "a list of " + std::to_string(size());
    case simdjson::dom::element_type::OBJECT:
      return "an object";
    case simdjson::dom::element_type::STRING: {
      std::string quoted;
      appendJsonString(quoted, string().substr(0, kShown));
      return "the text " + quoted + (string().size() > kShown ? "..." : "");
    }
    case simdjson::dom::element_type::NULL_VALUE:
      return "null";
    case simdjson::dom::element_type::BOOL:
      return *boolean() ? "true" : "false";
    default:
      return "the number " + text();
  }
}

JsonCursor::JsonCursor(const JsonValue& container) {
  simdjson::dom::object object;
  simdjson::dom::array array;
  if (!container.exists()) return;
  if (container.element_.get(object) == simdjson::SUCCESS) {
    member_ = object.begin();
    last_member_ = object.end();
  } else if (container.element_.get(array) == simdjson::SUCCESS) {
    element_ = array.begin();
    last_element_ = array.end();
  }
}

bool JsonCursor::atEnd() const {
  if (member_) return !(*member_ != *last_member_);
  return !element_ || !(*element_ != *last_element_);
}

std::string_view JsonCursor::name() const { return member_->key(); }

JsonValue JsonCursor::value() const { return JsonValue(member_ ? member_->value() : **element_); }

void JsonCursor::advance() {
  if (member_)
    ++*member_;
  else
    ++*element_;
}

bool JsonLine::parse(std::string_view text) {
  simdjson::dom::element element;
  const simdjson::error_code code = parser_.parse(text.data(), text.size()).get(element);
  root_ = code == simdjson::SUCCESS ? JsonValue(element) : JsonValue();
  error_ = code == simdjson::SUCCESS ? "" : simdjson::error_message(code);
  return code == simdjson::SUCCESS;
}

}  // namespace reprise

// A parsed line of JSON: values are views into it, with the answers that a reader of a text asks for.
//
// A JsonValue may be copied freely; it and its strings are valid until the JsonLine parses the next text.
// Integers are exact to 64 bits, other numbers are the nearest double. One thread's. Parsing is simdjson's.
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reprise {

class JsonValue {
 public:
  JsonValue() = default;
  explicit JsonValue(simdjson::dom::element element) : element_(element), exists_(true) {}

  bool exists() const { return exists_; }  // false: of a member that is not there
  bool isNull() const { return exists_ && element_.is_null(); }
  bool isList() const { return exists_ && element_.is_array(); }
  bool isObject() const { return exists_ && element_.is_object(); }
  bool isString() const { return exists_ && element_.is_string(); }
  std::optional<bool> boolean() const;
  std::optional<uint64_t> integer() const;  // not negative
  std::optional<int64_t> signedInteger() const;
  std::optional<double> real() const;             // any number
  std::string_view string() const;                // of a string
  size_t size() const;                            // of a list or an object
  JsonValue member(std::string_view name) const;  // of an object
  std::string describe() const;                   // "the number 7", "a list of 2"
  std::string text() const;                       // as JSON again

 private:
  friend class JsonCursor;
  simdjson::dom::element element_;
  bool exists_ = false;
};

// Goes through the members of an object or the elements of a list.
class JsonCursor {
 public:
  JsonCursor() = default;
  explicit JsonCursor(const JsonValue& container);
  bool atEnd() const;
  std::string_view name() const;  // of an object's member
  JsonValue value() const;
  void advance();

 private:
  std::optional<simdjson::dom::object::iterator> member_, last_member_;
  std::optional<simdjson::dom::array::iterator> element_, last_element_;
};

class JsonLine {
 public:
  // False: error() says why it is no JSON.
  bool parse(std::string_view text);
  JsonValue root() const { return root_; }
  const std::string& error() const { return error_; }

 private:
  simdjson::dom::parser parser_;
  JsonValue root_;
  std::string error_;
};

}  // namespace reprise

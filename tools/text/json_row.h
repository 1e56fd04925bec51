// One line of an exported trace as an object whose members are asked for by name.
//
// The first thing that is wrong is kept: error() says where (a JSON pointer), what was found, what was
// expected. What nobody asked for is wrong, too: finish(). One thread's, on the stack; the JSON must outlive
// it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/text/json_value.h"

namespace reprise {

class JsonRow {
 public:
  explicit JsonRow(const JsonValue& object, std::string path = {});

  bool has(std::string_view name) { return take(name).exists(); }
  JsonValue take(std::string_view name);
  uint64_t number(std::string_view name, uint64_t most = UINT64_MAX);
  std::optional<uint64_t> optionalNumber(std::string_view name, uint64_t most = UINT64_MAX);
  std::optional<int64_t> optionalSigned(std::string_view name, int64_t least, int64_t most);
  uint64_t hex(std::string_view name);  // "0x1f", or a number
  bool flag(std::string_view name);     // false where it is not there
  std::string_view text(std::string_view name);

  void fail(std::string_view name, const JsonValue& found, std::string_view expected);
  void fail(std::string_view name, const std::string& what);
  void finish();
  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }

 private:
  JsonValue object_;
  const std::string path_;
  std::vector<std::string_view> taken_;
  std::string error_;
};

}  // namespace reprise

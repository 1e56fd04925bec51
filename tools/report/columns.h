// Numbers and texts as the report's page reads them: LEB128, column after column.
//
// tools/report/data.js is the mirror: what one side appends, the other takes in the same order. Small numbers
// take a byte, so a column goes in as differences where its values only grow. A value; no errors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace reprise {

class Columns {
 public:
  void number(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }
  void text(std::string_view value) {
    number(value.size());
    bytes_ += value;
  }
  // `of(item)` for each item; the page knows how many there are.
  template <class Items, class Of>
  void column(const Items& items, Of&& of) {
    for (const auto& item : items) number(of(item));
  }
  // The same for values that never fall.
  template <class Items, class Of>
  void steps(const Items& items, Of&& of) {
    uint64_t last = 0;
    for (const auto& item : items) {
      const uint64_t value = of(item);
      number(value - last);
      last = value;
    }
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace reprise

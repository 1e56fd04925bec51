// Which frames are looked at: "0-10,20,50-" as given by a user.
//
// A value; no thread rule. parse() refuses text that is no list of numbers and ranges.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <vector>

#include "format/status.h"

namespace reprise {

class FrameSet {
 public:
  FrameSet() = default;  // all frames

  static Result<FrameSet> parse(std::string_view text) {
    FrameSet set;
    while (true) {
      const size_t comma = std::min(text.find(','), text.size());
      Range range;
      if (!parseRange(text.substr(0, comma), range))
        return Status(Code::kUsage,
                      "frames are numbers and ranges, counted from 0, such as 0-10,20,50-, not \"" +
                          std::string(text.substr(0, comma)) + "\"");
      set.ranges_.push_back(range);
      if (comma == text.size()) return set;
      text.remove_prefix(comma + 1);
    }
  }

  bool all() const { return ranges_.empty(); }
  bool has(uint32_t frame) const {
    return all() || std::any_of(ranges_.begin(), ranges_.end(), [frame](const Range& range) {
             return frame >= range.first && frame <= range.last;
           });
  }

 private:
  struct Range {
    uint32_t first = 0, last = UINT32_MAX;
  };

  static bool parseRange(std::string_view text, Range& range) {
    const char* const end = text.data() + text.size();
    const auto [dash, error] = std::from_chars(text.data(), end, range.first);
    if (error != std::errc()) return false;
    range.last = range.first;
    if (dash == end) return true;
    if (*dash != '-') return false;
    range.last = UINT32_MAX;
    if (dash + 1 == end) return true;
    const auto last = std::from_chars(dash + 1, end, range.last);
    return last.ec == std::errc() && last.ptr == end && range.first <= range.last;
  }

  std::vector<Range> ranges_;  // empty: all
};

}  // namespace reprise

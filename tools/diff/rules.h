// What of a call does not count when two traces are compared: what time and addresses explain, and what the
// user wishes to ignore.
//
// A pattern is `COMMAND` or `COMMAND.PATH`, both globs in which * spans dots. PATH is a whole path of members
// or its end, without array indices; a pNext struct stands in it by its type:
// `vkCreateImage.pCreateInfo.flags`,
// `*.timeout`, `*.VkImageFormatListCreateInfo`. What is below a matching member does not count either. Events
// that are no calls are called memory, contents, payload, opaque, hole and metadata. of() keeps what it found
// by command. Pointers and references are valid as long as the Rules. One thread's.
#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/vk.h"

namespace reprise {

struct DiffRule {
  std::string command, path;  // globs; path empty: the whole call
  bool of_user = false;       // else one of the defaults
  mutable bool used = false;
};

// The rules that may concern one command.
struct CommandRules {
  bool ignored = false;  // the whole call
  bool polls = false;    // asks how far the device has come: how often depends on time
  std::vector<const DiffRule*> members;
  // What the paths of `members` end in, to settle most members without a look at the rules. Paths that end in
  // a glob may end in anything.
  std::vector<std::string_view> ends;
  uint64_t end_lengths = 0;  // bit n: one of them has n letters
  bool any_end = false;

  bool mayEnd(std::string_view name) const {
    if (any_end) return true;
    if (name.size() > 63 || !(end_lengths >> name.size() & 1)) return false;
    return std::find(ends.begin(), ends.end(), name) != ends.end();
  }
};

class DiffRules {
 public:
  // `strict`: no defaults, only what the user says.
  DiffRules(bool strict, std::span<const std::string> ignored);

  bool strict() const { return strict_; }
  const CommandRules& of(std::string_view command_name);
  // User's patterns that have met nothing so far.
  std::vector<std::string> unused() const;

 private:
  void add(std::string_view pattern, bool of_user);
  bool strict_;
  std::deque<DiffRule> rules_;
  std::map<std::string, CommandRules, std::less<>> by_command_;
};

// True if `rule` says that the member does not count. `path` as DiffRules describes.
bool leavesOut(const DiffRule& rule, std::string_view path);

}  // namespace reprise

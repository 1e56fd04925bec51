// Globs that a person types, against names of a trace. Pure functions; any thread.
#pragma once

#include <fnmatch.h>

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

namespace reprise {

// True if `text` matches one of them.
inline bool matchesAny(std::span<const std::string> globs, std::string_view text) {
  const std::string name(text);
  return std::any_of(globs.begin(), globs.end(),
                     [&](const std::string& glob) { return fnmatch(glob.c_str(), name.c_str(), 0) == 0; });
}

}  // namespace reprise

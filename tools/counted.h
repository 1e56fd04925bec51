// A number and what it counts, in words: "1 frame", "2 frames". Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace reprise {

inline std::string counted(uint64_t count, const char* noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace reprise

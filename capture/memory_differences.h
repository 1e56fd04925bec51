// Where two copies of the same bytes differ.
//
// Pure functions. Offsets and sizes in bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace reprise {

// A word that the program writes is the program's as a whole: on another device the rest of it may differ.
inline constexpr size_t kWord = 4;
inline constexpr size_t kLine = 64;  // where nobody else writes, what changes as a whole

inline bool sameBytes(const std::byte* a, const std::byte* b, size_t size) {
  // Of a size that the compiler knows, a few instructions instead of a call.
  if (size == kLine) return std::memcmp(a, b, kLine) == 0;
  if (size == kWord) return std::memcmp(a, b, kWord) == 0;
  return std::memcmp(a, b, size) == 0;
}

// found(from, to) for every run of pieces of `grain` bytes, kWord or kLine, that differ.
template <class Found>
void forEachDifference(const std::byte* now, const std::byte* before, size_t size, size_t grain,
                       Found found) {
  size_t from = 0, to = 0;
  for (size_t line = 0; line < size; line += kLine) {
    const size_t line_end = std::min(line + kLine, size);
    if (sameBytes(now + line, before + line, line_end - line)) continue;
    for (size_t at = line; at < line_end; at += grain) {
      const size_t end = std::min(at + grain, line_end);
      if (sameBytes(now + at, before + at, end - at)) continue;
      if (at != to) {
        if (from < to) found(from, to);
        from = at;
      }
      to = end;
    }
  }
  if (from < to) found(from, to);
}

}  // namespace reprise

#include "format/level_finder.h"

#include <algorithm>

namespace reprise {

namespace {
// Those that the writer uses, then all others.
constexpr int kUsual[] = {3, 12, 19, 1, -1};
constexpr int kOthers[] = {2,  4,  5,  6,  7,  8,  9,  10, 11, 13, 14, 15,
                           16, 17, 18, 20, 21, 22, -2, -3, -4, -5, -6, -7};
constexpr unsigned kGiveUp = 3;  // another zstd: it would miss every block, slowly
}  // namespace

bool LevelFinder::makes(std::span<const std::byte> raw, int level, std::span<const std::byte> stored) {
  const size_t size = compressor_.frame(raw, level, trial_);
  if (size + BlockCompressor::paddingFor(raw.size(), size) != stored.size()) return false;
  if (!std::equal(stored.begin(), stored.begin() + std::ptrdiff_t(size), trial_.begin())) return false;
  RawBytes padding;
  BlockCompressor::appendPadding(padding, stored.size() - size);
  return std::equal(padding.begin(), padding.end(), stored.begin() + std::ptrdiff_t(size));
}

std::optional<int> LevelFinder::find(std::span<const std::byte> raw, std::span<const std::byte> stored) {
  if (makes(raw, last_, stored)) return missed_ = 0, last_;
  const auto among = [&](std::span<const int> levels) -> std::optional<int> {
    for (int level : levels)
      if (level != last_ && makes(raw, level, stored)) return missed_ = 0, last_ = level;
    return std::nullopt;
  };
  if (auto level = among(kUsual)) return level;
  if (missed_ < kGiveUp)
    if (auto level = among(kOthers)) return level;
  ++missed_;
  return std::nullopt;
}

}  // namespace reprise

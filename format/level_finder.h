// Which zstd level made a block: found by trying, the level of the last block first.
//
// compress() at that level gives the stored payload again, with the zstd library that wrote the file. One
// thread's.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "format/block_compressor.h"

namespace reprise {

class LevelFinder {
 public:
  // nullopt: none does (the file was written by another version of zstd, or is no writer's of ours).
  std::optional<int> find(std::span<const std::byte> raw, std::span<const std::byte> stored);

 private:
  bool makes(std::span<const std::byte> raw, int level, std::span<const std::byte> stored);

  BlockCompressor compressor_;
  RawBytes trial_;
  int last_ = 3;
  unsigned missed_ = 0;  // blocks in a row that no level made
};

}  // namespace reprise

// A block's payload: one zstd frame, padded to what its raw size demands.
//
// Owns a long-lived zstd context. One thread's. No errors: there is always room, and memory that is lacking
// ends the program.
#pragma once

#include <cstddef>
#include <span>

#include "format/raw_bytes.h"

struct ZSTD_CCtx_s;

namespace reprise {

class BlockCompressor {
 public:
  BlockCompressor();
  ~BlockCompressor();
  BlockCompressor(const BlockCompressor&) = delete;
  BlockCompressor& operator=(const BlockCompressor&) = delete;

  // Writes the frame to the start of `to`, which only grows (fresh memory for each block would cost more than
  // compressing it); its size.
  size_t frame(std::span<const std::byte> raw, int level, RawBytes& to);

  // A reader takes a large block only if its stored size justifies it: the bytes of the frame to skip that
  // makes it so.
  static size_t paddingFor(size_t raw_size, size_t frame_size);
  static void appendPadding(RawBytes& stored, size_t padding);

 private:
  ZSTD_CCtx_s* context_;
};

}  // namespace reprise

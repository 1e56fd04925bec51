#include "format/block_compressor.h"

#include <zstd.h>

#include <algorithm>
#include <cassert>

#include "format/trace_format.h"

namespace reprise {

namespace {
constexpr uint32_t kSkippableFrame = 0x184d2a50;
}

BlockCompressor::BlockCompressor() : context_(ZSTD_createCCtx()) { assert(context_); }

BlockCompressor::~BlockCompressor() { ZSTD_freeCCtx(context_); }

size_t BlockCompressor::frame(std::span<const std::byte> raw, int level, RawBytes& to) {
  if (to.size() < ZSTD_compressBound(raw.size())) to.resize(ZSTD_compressBound(raw.size()));
  ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
  size_t size = ZSTD_compress2(context_, to.data(), to.size(), raw.data(), raw.size());
  assert(!ZSTD_isError(size));
  return size;
}

size_t BlockCompressor::paddingFor(size_t raw_size, size_t frame_size) {
  const size_t justified = raw_size > kMaxBlockRaw ? raw_size / kMaxRatio + 1 : 0;
  return frame_size >= justified ? 0 : std::max<size_t>(justified - frame_size, 8);
}

void BlockCompressor::appendPadding(RawBytes& stored, size_t padding) {
  if (padding == 0) return;
  appendLe(stored, kSkippableFrame);
  appendLe(stored, static_cast<uint32_t>(padding - 8));
  stored.resize(stored.size() + padding - 8);
  std::fill(stored.end() - std::ptrdiff_t(padding - 8), stored.end(), std::byte{0});
}

}  // namespace reprise

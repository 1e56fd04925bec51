// A `.vkr` file's bytes as checked blocks: the mirror image of BlockSink.
//
// The file is hostile input and may even change while it is read: nothing is mapped, every block is copied,
// checked and decompressed when it is asked for. What is decompressed at one time is bounded by a budget that
// follows from the file's size. Errors name the file and the offset. unpack(), blockAt() and damaged() may be
// called by several threads at a time, the rest is one thread's. Sizes and offsets are bytes.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format/read_amount.h"
#include "format/status.h"
#include "format/trace_format.h"
#include "format/writer.h"

struct ZSTD_DCtx_s;

namespace reprise {

struct BlockPlace {
  BlockHeader header;
  uint64_t offset = 0;  // of the block's header in the file
};

// What a thread needs for decompressing: one each.
class BlockUnpacker {
 public:
  BlockUnpacker();
  ~BlockUnpacker();
  BlockUnpacker(const BlockUnpacker&) = delete;
  BlockUnpacker& operator=(const BlockUnpacker&) = delete;

  // The compressed payload of the block that was unpacked last.
  std::span<const std::byte> stored() const { return stored_; }

 private:
  friend class BlockSource;
  std::vector<std::byte> stored_;
  ZSTD_DCtx_s* context_;
};

class BlockSource {
 public:
  static Result<std::unique_ptr<BlockSource>> open(const std::string& path);
  ~BlockSource();
  BlockSource(const BlockSource&) = delete;
  BlockSource& operator=(const BlockSource&) = delete;

  const std::string& path() const { return path_; }
  uint64_t size() const { return size_; }
  uint64_t firstBlock() const { return first_block_; }
  const TraceHeaderInfo& info() const { return info_; }
  uint16_t versionMajor() const { return version_major_; }
  uint16_t versionMinor() const { return version_minor_; }

  // The block that starts at `offset`, if its header is good and its payload lies inside the file.
  std::optional<BlockPlace> blockAt(uint64_t offset) const;
  // The next marker at or after `offset` that starts such a block.
  std::optional<BlockPlace> findBlock(uint64_t offset) const;
  // Where the end of the file says that the index is.
  std::optional<uint64_t> indexOffset() const;

  // Checks the block against `place` and its checksum; `raw` becomes its contents. Fails as well when more
  // than the budget would be decompressed at one time: what a caller keeps, it reserves.
  Status load(const BlockPlace& place, std::vector<std::byte>& raw);
  // The same without the budget: for a caller that bounds what it asks for, and reserves what it keeps.
  Status unpack(const BlockPlace& place, std::vector<std::byte>& raw, BlockUnpacker& unpacker) const;
  Status reserve(uint64_t bytes, uint64_t offset);
  void release(uint64_t bytes) { reserved_ -= bytes; }

  // Bytes as they lie in the file.
  Status readBytes(uint64_t offset, std::span<std::byte> bytes) const;
  ReadAmount amountRead() const { return {bytes_read_, blocks_unpacked_, bytes_unpacked_}; }

  // "FILE: at offset N: WHAT"
  Status damaged(uint64_t offset, const std::string& what) const;

 private:
  BlockSource(int fd, std::string path, uint64_t size);
  Status readStart();
  bool readAt(uint64_t offset, std::span<std::byte> bytes) const;
  Status checkSizes(const BlockPlace& place, std::span<const std::byte> stored) const;

  const int fd_;
  const std::string path_;
  const uint64_t size_;
  uint64_t first_block_ = 0;
  uint16_t version_major_ = 0, version_minor_ = 0;
  TraceHeaderInfo info_;
  uint64_t reserved_ = 0;
  mutable std::atomic<uint64_t> bytes_read_{0}, blocks_unpacked_{0}, bytes_unpacked_{0};
  BlockUnpacker unpacker_;
};

}  // namespace reprise

#include "format/block_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstring>
#include <utility>

#include "format/trace_index.h"

namespace reprise {

namespace {
constexpr uint64_t kBudgetBase = uint64_t{256} << 20;
constexpr size_t kSearchWindow = 64 * 1024;

Status unreadable(const std::string& message) { return Status(Code::kUnreadable, message); }
}  // namespace

Result<std::unique_ptr<BlockSource>> BlockSource::open(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return unreadable("cannot open the trace file " + path + ": " + std::strerror(errno));
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    ::close(fd);
    return unreadable(path + " is not a regular file, so it cannot be read as a trace");
  }
  std::unique_ptr<BlockSource> source(new BlockSource(fd, path, static_cast<uint64_t>(info.st_size)));
  if (Status status = source->readStart(); !status.isOk()) return status;
  return source;
}

BlockSource::BlockSource(int fd, std::string path, uint64_t size)
    : fd_(fd), path_(std::move(path)), size_(size) {}

BlockSource::~BlockSource() { ::close(fd_); }

BlockUnpacker::BlockUnpacker() : context_(ZSTD_createDCtx()) { assert(context_); }

BlockUnpacker::~BlockUnpacker() { ZSTD_freeDCtx(context_); }

Status BlockSource::readStart() {
  if (size_ == 0) return unreadable(path_ + " is empty, so it is not a Reprise trace");
  std::array<std::byte, kFileStartBytes> start{};
  auto present = std::min<uint64_t>(size_, start.size());
  if (!readAt(0, std::span(start).first(present))) return damaged(0, "the file cannot be read");
  if (std::memcmp(start.data(), kFileMagic.data(), std::min<size_t>(present, kFileMagic.size())) != 0) {
    return unreadable(path_ + " is not a Reprise trace: it does not start with the .vkr magic bytes");
  }
  if (present < start.size()) return damaged(size_, "the trace ends inside its first 24 bytes");
  version_major_ = loadLe<uint16_t>(start.data() + 8);
  version_minor_ = loadLe<uint16_t>(start.data() + 10);
  if (version_major_ != kVersionMajor) {
    return unreadable(path_ + " has format version " + std::to_string(version_major_) +
                      ", this program reads version " + std::to_string(kVersionMajor) +
                      "; use the version of Reprise that wrote it, or a later one");
  }
  auto header_bytes = loadLe<uint32_t>(start.data() + 12);
  if (header_bytes > kMaxHeaderBytes) return damaged(12, "the header's size is impossible");
  if (header_bytes > size_ - start.size()) return damaged(size_, "the trace ends inside its header");
  std::vector<std::byte> header(header_bytes);
  if (!readAt(start.size(), header)) return damaged(start.size(), "the file cannot be read");
  if (checksumOf(header) != loadLe<uint64_t>(start.data() + 16)) {
    return damaged(start.size(), "the header does not match its checksum");
  }
  auto info = decodeHeader(header);
  if (!info) return damaged(start.size(), "the header is no valid table");
  info_ = std::move(*info);
  first_block_ = start.size() + header_bytes;
  return Status::ok();
}

bool BlockSource::readAt(uint64_t offset, std::span<std::byte> bytes) const {
  size_t done = 0;
  while (done < bytes.size()) {
    ssize_t n = ::pread(fd_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n == 0 || (n < 0 && errno != EINTR)) return false;
    if (n > 0) done += static_cast<size_t>(n);
  }
  bytes_read_.fetch_add(bytes.size(), std::memory_order_relaxed);
  return true;
}

std::optional<BlockPlace> BlockSource::blockAt(uint64_t offset) const {
  std::array<std::byte, kBlockHeaderBytes> bytes;
  if (offset > size_ || size_ - offset < bytes.size() || !readAt(offset, bytes)) return std::nullopt;
  auto header = decodeBlockHeader(bytes);
  if (!header || header->stored_bytes > size_ - offset - bytes.size()) return std::nullopt;
  return BlockPlace{*header, offset};
}

std::optional<BlockPlace> BlockSource::findBlock(uint64_t offset) const {
  std::array<std::byte, sizeof kBlockMarker> marker;
  storeLe(marker.data(), kBlockMarker);
  std::vector<std::byte> window;
  while (offset < size_ && size_ - offset >= kBlockHeaderBytes) {
    window.resize(std::min<uint64_t>(kSearchWindow, size_ - offset));
    if (!readAt(offset, window)) return std::nullopt;
    auto at = window.begin();
    while ((at = std::search(at, window.end(), marker.begin(), marker.end())) != window.end()) {
      if (auto place = blockAt(offset + static_cast<uint64_t>(at - window.begin()))) return place;
      ++at;
    }
    offset += window.size() - std::min(window.size() - 1, marker.size() - 1);
  }
  return std::nullopt;
}

std::optional<uint64_t> BlockSource::indexOffset() const {
  std::array<std::byte, kFileEndBytes> end;
  if (size_ < first_block_ + end.size() || !readAt(size_ - end.size(), end)) return std::nullopt;
  if (std::memcmp(end.data() + 16, kEndMagic.data(), kEndMagic.size()) != 0) return std::nullopt;
  if (loadLe<uint64_t>(end.data() + 8) != checksumOf(std::span(end).first(8))) return std::nullopt;
  return loadLe<uint64_t>(end.data());
}

Status BlockSource::load(const BlockPlace& place, std::vector<std::byte>& raw) {
  if (Status status = unpack(place, raw, unpacker_); !status.isOk()) return status;
  if (Status status = reserve(raw.size(), place.offset); !status.isOk()) return status;
  release(raw.size());
  return Status::ok();
}

Status BlockSource::unpack(const BlockPlace& place, std::vector<std::byte>& raw,
                           BlockUnpacker& unpacker) const {
  auto found = blockAt(place.offset);
  if (!found) return damaged(place.offset, "no whole block starts here, although the file says so");
  const BlockHeader& header = found->header;
  if (header.kind != place.header.kind || header.lane != place.header.lane ||
      header.raw_bytes != place.header.raw_bytes || header.stored_bytes != place.header.stored_bytes) {
    return damaged(place.offset, "this block is not the one that the index lists");
  }
  std::vector<std::byte>& stored = unpacker.stored_;
  stored.resize(header.stored_bytes);
  if (!readAt(place.offset + kBlockHeaderBytes, stored))
    return damaged(place.offset, "the block cannot be read");
  if (checksumOf(stored) != header.checksum)
    return damaged(place.offset, "the block does not match its checksum");
  if (Status status = checkSizes(*found, stored); !status.isOk()) return status;
  raw.resize(header.raw_bytes);
  if (raw.empty()) return Status::ok();
  blocks_unpacked_.fetch_add(1, std::memory_order_relaxed);
  bytes_unpacked_.fetch_add(raw.size(), std::memory_order_relaxed);
  size_t size = ZSTD_decompressDCtx(unpacker.context_, raw.data(), raw.size(), stored.data(), stored.size());
  if (ZSTD_isError(size) || size != raw.size()) return damaged(place.offset, "the block does not decompress");
  return Status::ok();
}

Status BlockSource::checkSizes(const BlockPlace& place, std::span<const std::byte> stored) const {
  const BlockHeader& header = place.header;
  if (header.raw_bytes > kMaxBlockRaw && header.raw_bytes / kMaxRatio > header.stored_bytes) {
    return damaged(place.offset, "the block claims to hold more than its stored size justifies");
  }
  if (header.raw_bytes == 0 && stored.empty()) return Status::ok();
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != header.raw_bytes) {
    return damaged(place.offset, "the block's size and its compressed contents disagree");
  }
  return Status::ok();
}

Status BlockSource::readBytes(uint64_t offset, std::span<std::byte> bytes) const {
  return readAt(offset, bytes) ? Status::ok() : damaged(offset, "the file cannot be read");
}

Status BlockSource::reserve(uint64_t bytes, uint64_t offset) {
  if (reserved_ + bytes > kBudgetBase + size_ * kMaxRatio) {
    return damaged(offset, "reading on would take more memory than the file's size justifies");
  }
  reserved_ += bytes;
  return Status::ok();
}

Status BlockSource::damaged(uint64_t offset, const std::string& what) const {
  return unreadable(path_ + ": at offset " + std::to_string(offset) + ": " + what);
}

}  // namespace reprise

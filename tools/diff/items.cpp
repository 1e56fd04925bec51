#include "tools/diff/items.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace reprise {

ScratchFile::~ScratchFile() {
  if (data_) ::munmap(data_, size_);
  if (fd_ >= 0) ::close(fd_);
}

Status ScratchFile::open() {
  const char* folder = std::getenv("TMPDIR");
  folder_ = folder && *folder ? folder : "/var/tmp";
  fd_ = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd_ < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {  // a file system without O_TMPFILE
    std::string name = folder_ + "/reprise-diff-XXXXXX";
    fd_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (fd_ >= 0) ::unlink(name.c_str());
  }
  if (fd_ >= 0) return Status::ok();
  return {Code::kUnreadable, "cannot make a temporary file in " + folder_ + ": " + std::strerror(errno) +
                                 "; set TMPDIR to a folder that can be written to"};
}

Status ScratchFile::append(std::span<const std::byte> bytes) {
  if (fd_ < 0)
    if (Status status = open(); !status) return status;
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(fd_, bytes.data(), bytes.size(), static_cast<off_t>(size_));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) {
      return {Code::kUnreadable, "cannot write " + std::to_string(size_ + bytes.size()) +
                                     " bytes of a temporary file in " + folder_ + ": " +
                                     std::strerror(errno) + "; set TMPDIR to a folder with more room"};
    }
    size_ += static_cast<uint64_t>(written);
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return Status::ok();
}

Status ScratchFile::map() {
  if (size_ == 0) return Status::ok();
  void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_SHARED, fd_, 0);
  if (mapped == MAP_FAILED) {
    return {Code::kUnreadable, std::string("cannot map a temporary file of ") + std::to_string(size_) +
                                   " bytes: " + std::strerror(errno)};
  }
  data_ = static_cast<std::byte*>(mapped);
  return Status::ok();
}

void ScratchFile::release(uint64_t offset, size_t size) const {
  ::madvise(data_ + offset, size, MADV_DONTNEED);  // advice: whether it is taken does not matter
}

Status ItemStore::writeBlock(Lane& lane) {
  lane.tail_.resize(kBlockItems);
  lane.blocks_.push_back(blocks_++);
  Status status = items_.append(std::as_bytes(std::span(lane.tail_)));
  lane.tail_.clear();
  return status;
}

Status ItemStore::append(Lane& lane, DiffItem item, std::span<const uint64_t> handles) {
  item.handle_count = static_cast<uint32_t>(handles.size());
  if (handles.size() <= DiffItem::kInline) {
    std::copy(handles.begin(), handles.end(), item.handles);
  } else {
    item.handles[0] = handles_.size() / sizeof(uint64_t);
    if (Status status = handles_.append(std::as_bytes(handles)); !status) return status;
  }
  lane.tail_.push_back(item);
  ++lane.size_;
  return lane.tail_.size() == kBlockItems ? writeBlock(lane) : Status::ok();
}

Status ItemStore::finishLane(Lane& lane) {
  if (lane.tail_.empty()) return Status::ok();
  Status status = writeBlock(lane);
  lane.tail_.shrink_to_fit();
  return status;
}

Status ItemStore::finish() {
  if (Status status = items_.map(); !status) return status;
  return handles_.map();
}

void ItemStore::release(const Lane& lane, uint64_t index) const {
  constexpr size_t kBytes = kBlockItems * sizeof(DiffItem);
  if (index % kBlockItems != 0 || index == 0) return;
  items_.release(lane.blocks_[index / kBlockItems - 1] * uint64_t{kBytes}, kBytes);
}

}  // namespace reprise

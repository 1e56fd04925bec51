#include "tools/text/blob_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace reprise {
namespace {

constexpr uint32_t kSpirvMagic = 0x07230203;

void appendHexDigits(std::string& out, uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[value >> shift & 15];
}

Status failure(const std::string& what, const std::string& path) {
  return {Code::kUnreadable, what + " " + path + ": " + std::strerror(errno)};
}

bool isPlainName(std::string_view name) {
  return !name.empty() && name.front() != '.' && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '-' || c == '.';
  });
}

}  // namespace

Status writeWholeFile(const std::string& path, std::span<const std::byte> bytes) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return failure("cannot create", path);
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const Status status = failure("cannot write", path);
      ::close(fd);
      return status;
    }
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return ::close(fd) == 0 ? Status::ok() : failure("cannot write", path);
}

std::string BlobWriter::put(std::span<const std::byte> bytes) {
  const BulkHash hash = bulkHashOf(bytes);
  std::string name;
  appendHexDigits(name, hash.high);
  appendHexDigits(name, hash.low);
  const bool shader = bytes.size() >= 4 && loadLe<uint32_t>(bytes.data()) == kSpirvMagic;
  name += shader ? ".spv" : ".bin";
  recent_.emplace_back(name, bytes);
  if (!stored_.insert(hash).second) return name;
  bytes_ += bytes.size();
  if (folder_.empty() || !status_.isOk()) return name;
  status_ = writeWholeFile(folder_ + "/" + name, bytes);
  return name;
}

Result<std::span<const std::byte>> BlobWriter::get(std::string_view name) {
  for (const auto& [known, bytes] : recent_)
    if (known == name) return bytes;
  return Status(Code::kUnreadable, "no blob " + std::string(name) + " was just written");
}

Result<std::vector<std::byte>> BlobReader::read(std::string_view name) const {
  if (!isPlainName(name))
    return Status(Code::kUnreadable,
                  "a blob's name must be that of a file in blobs/, of letters, digits, - _ and .");
  const std::string path = folder_ + "/" + std::string(name);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return failure("cannot open the blob", path);
  struct stat info {};
  std::vector<std::byte> bytes;
  Status status;
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    status = Status(Code::kUnreadable, "the blob " + path + " is no regular file");
  } else if (static_cast<uint64_t>(info.st_size) > kMaxRecordBytes) {
    status = Status(Code::kUnreadable,
                    "the blob " + path + " is larger than 1 GiB, the most that a trace holds in one piece");
  } else if (status = mayHave(name, static_cast<uint64_t>(info.st_size)); status.isOk()) {
    bytes.resize(static_cast<size_t>(info.st_size));
    size_t done = 0;
    while (done < bytes.size() && status.isOk()) {
      const ssize_t n = ::pread(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
      if (n > 0) done += static_cast<size_t>(n);
      if (n == 0) errno = EIO;
      if (n == 0 || (n < 0 && errno != EINTR)) status = failure("cannot read the blob", path);
    }
  }
  ::close(fd);
  if (!status.isOk()) return status;
  return bytes;
}

// Before it is read: a sparse file costs who sends it nothing.
Status BlobReader::mayHave(std::string_view name, uint64_t size) const {
  if (size <= most_of_line_ - of_line_) return Status::ok();
  return Status(Code::kUnreadable, "with the blob " + std::string(name) + " the line has more than " +
                                       std::to_string(most_of_line_) +
                                       " bytes of blobs, the most that is read for one; make several of it");
}

Result<std::span<const std::byte>> BlobReader::get(std::string_view name) {
  if (auto found = by_name_.find(name); found != by_name_.end()) {
    blobs_.splice(blobs_.begin(), blobs_, found->second);
    const std::vector<std::byte>& known = blobs_.front().bytes;
    if (Status status = mayHave(name, known.size()); !status.isOk()) return status;
    of_line_ += known.size();
    return std::span<const std::byte>(known);
  }
  Result<std::vector<std::byte>> bytes = read(name);
  if (!bytes) return bytes.status();
  blobs_.push_front({std::string(name), std::move(*bytes)});
  bytes_ += blobs_.front().bytes.size();
  of_line_ += blobs_.front().bytes.size();
  by_name_[blobs_.front().name] = blobs_.begin();
  return std::span<const std::byte>(blobs_.front().bytes);
}

void BlobReader::trim() {
  of_line_ = 0;
  while (bytes_ > kKeptBytes && blobs_.size() > 1) {
    bytes_ -= blobs_.back().bytes.size();
    by_name_.erase(blobs_.back().name);
    blobs_.pop_back();
  }
}

}  // namespace reprise

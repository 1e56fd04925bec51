// The bytes of an exported trace that are no text: one file each, named by contents, in DIR/blobs.
//
// BlobWriter stores each contents once; BlobReader gives them back and keeps the ones read last. A name in a
// text is a stranger's: it must be a plain file name, and what one line asks for is bounded, however often it
// asks for the same. One thread's. Errors: one sentence that names the file.
#pragma once

#include <cstdint>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "format/status.h"
#include "format/trace_assembler.h"

namespace reprise {

// Up to this size bytes stand in the text.
inline constexpr size_t kInlineBytes = 256;
// So much a line may have of blobs: what a record's inputs and outputs hold at most.
inline constexpr size_t kMostOfLine = 2 * size_t{kMaxRecordBytes};

// What gives bytes for a name.
class Blobs {
 public:
  virtual ~Blobs() = default;
  // Valid until BlobReader::trim().
  virtual Result<std::span<const std::byte>> get(std::string_view name) = 0;
};

class BlobWriter : public Blobs {
 public:
  // `folder`: exists. Empty: nothing is stored, names are as they would be.
  explicit BlobWriter(std::string folder) : folder_(std::move(folder)) {}

  std::string put(std::span<const std::byte> bytes);  // its name
  // Of what was put since forget(), where that still lies.
  Result<std::span<const std::byte>> get(std::string_view name) override;
  void forget() { recent_.clear(); }
  const Status& status() const { return status_; }  // of the first file that could not be written
  uint64_t files() const { return stored_.size(); }
  uint64_t bytes() const { return bytes_; }

 private:
  const std::string folder_;
  std::unordered_set<BulkHash, HashOfBulkHash> stored_;
  std::vector<std::pair<std::string, std::span<const std::byte>>> recent_;
  uint64_t bytes_ = 0;
  Status status_;
};

class BlobReader : public Blobs {
 public:
  explicit BlobReader(std::string folder, size_t most_of_line = kMostOfLine)
      : folder_(std::move(folder)), most_of_line_(most_of_line) {}

  Result<std::span<const std::byte>> get(std::string_view name) override;
  void trim();  // after a line: gives up the oldest beyond kKeptBytes

 private:
  static constexpr size_t kKeptBytes = size_t{64} << 20;
  struct Blob {
    std::string name;
    std::vector<std::byte> bytes;
  };
  Result<std::vector<std::byte>> read(std::string_view name) const;
  Status mayHave(std::string_view name, uint64_t size) const;

  const std::string folder_;
  const size_t most_of_line_;
  size_t of_line_ = 0;     // that get() gave since trim()
  std::list<Blob> blobs_;  // the one used last in front
  std::unordered_map<std::string_view, std::list<Blob>::iterator> by_name_;
  size_t bytes_ = 0;
};

Status writeWholeFile(const std::string& path, std::span<const std::byte> bytes);

}  // namespace reprise

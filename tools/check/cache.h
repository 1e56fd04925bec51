// Fetched traces on disk, by their hash, so that a trace is fetched once a machine.
//
// A folder of HASH.vkr files. A trace is fetched into a name of its own and renamed when its hash is right,
// so that a file of the folder is whole. Processes and threads may share the folder: flock(2) on locks/XX
// keeps one trace from being fetched twice at a time, a shared lock on a file from being evicted while it is
// used, and one on `lock` from two evictions at once. What was used least recently goes first, by the file's
// time of modification, which every use sets. A signal ends the wait for a lock. Errors: kUnreadable, with
// the fetch command's own words.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "format/status.h"
#include "tools/check/manifest.h"
#include "tools/child.h"

namespace reprise {

// "10G", "512M", "0": bytes; K, M, G, T are powers of 1024.
Result<uint64_t> parseSize(const std::string& text);
// $XDG_CACHE_HOME/reprise, else ~/.cache/reprise.
std::filesystem::path defaultCacheFolder();

// A file and what keeps it there: as long as this lives.
class HeldFile {
 public:
  HeldFile() = default;
  HeldFile(std::filesystem::path path, int fd) : path_(std::move(path)), fd_(fd) {}
  HeldFile(HeldFile&& other) noexcept;
  HeldFile& operator=(HeldFile&& other) noexcept;
  ~HeldFile();
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  int fd_ = -1;
};

class TraceCache {
 public:
  // `limit` in bytes: evict() leaves no more, but what is in use.
  TraceCache(std::filesystem::path folder, uint64_t limit) : folder_(std::move(folder)), limit_(limit) {}

  // The file of that trace, fetched if it is not here; its hash was checked.
  Result<HeldFile> get(const ManifestTrace& trace, const std::filesystem::path& manifest_folder,
                       const Watch& watch);

 private:
  std::filesystem::path fileOf(const ManifestTrace& trace) const { return folder_ / (trace.hash + ".vkr"); }
  Status fetch(const ManifestTrace& trace, const std::filesystem::path& manifest_folder, const Watch& watch);
  Status evict(const Watch& watch);

  std::filesystem::path folder_;
  uint64_t limit_;
};

// The trace is what the manifest says; kUnreadable says what it is instead.
Status checkHash(const ManifestTrace& trace, const std::filesystem::path& file);

}  // namespace reprise

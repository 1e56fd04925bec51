#include "tools/check/cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "tools/check/hash.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;

// What a killed process left of a fetch.
constexpr auto kStale = std::chrono::hours(24);
constexpr auto kLockPause = std::chrono::milliseconds(50);

Status cannot(const std::string& what, const fs::path& path) {
  return Status(Code::kUnreadable, "cannot " + what + " " + path.string() + ": " + std::strerror(errno));
}

// Waits as long as others have it, or until this program is to end. False: errno says why.
bool lockFile(int fd, int how, const Watch& watch) {
  while (flock(fd, how | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK && errno != EINTR) return false;
    if (watch.interrupted()) {
      errno = EINTR;
      return false;
    }
    std::this_thread::sleep_for(kLockPause);
  }
  return true;
}

// A file of the cache's own that is only there to be locked.
class Lock {
 public:
  Lock(const fs::path& path, const Watch& watch)
      : fd_(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)),
        locked_(fd_ >= 0 && lockFile(fd_, LOCK_EX, watch)) {}
  ~Lock() {
    if (fd_ >= 0) close(fd_);
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  explicit operator bool() const { return locked_; }

 private:
  int fd_;
  bool locked_;
};

// The file, kept by a shared lock; empty if it is not there.
HeldFile hold(const fs::path& path, const Watch& watch) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  HeldFile file(path, fd);
  struct stat opened {
  }, named{};
  // Evicted between the two calls: the name is gone, or another file's.
  if (!lockFile(fd, LOCK_SH, watch) || fstat(fd, &opened) != 0 || stat(path.c_str(), &named) != 0 ||
      opened.st_ino != named.st_ino || opened.st_dev != named.st_dev)
    return {};
  return file;
}

struct Entry {
  fs::path path;
  fs::file_time_type used;
  uint64_t size = 0;
};

// False if somebody is using it.
bool removeUnused(const fs::path& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == ENOENT;
  const bool unused = flock(fd, LOCK_EX | LOCK_NB) == 0;
  std::error_code error;
  const bool removed = unused && fs::remove(path, error);
  close(fd);
  return removed;
}

std::string howItEnded(const ChildEnd& end, double limit) {
  switch (end.how) {
    case ChildEnd::kExited:
      return "ended with status " + std::to_string(end.code) + ": " +
             (lastWords(end.output).empty() ? "it said nothing" : lastWords(end.output));
    case ChildEnd::kSignalled:
      return "was ended by " + signalName(end.code);
    case ChildEnd::kTimedOut:
      return "took longer than its fetch_time_limit of " + std::to_string(static_cast<long long>(limit)) +
             " s";
    case ChildEnd::kInterrupted:
      return "was interrupted";
    case ChildEnd::kNotStarted:
      break;
  }
  return "did not start: " + end.failure;
}

}  // namespace

Result<uint64_t> parseSize(const std::string& text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [unit, error] = std::from_chars(text.data(), end, number);
  constexpr std::string_view kUnits = "KMGT";
  const size_t power = unit == end ? 0 : kUnits.find(*unit) + 1;
  if (error != std::errc() || end - unit > 1 || (unit != end && power == 0) ||
      number > (UINT64_MAX >> (10 * power)))
    return Status(Code::kUsage,
                  "a size is a number with K, M, G or T behind it, such as 10G, not \"" + text + "\"");
  return number << (10 * power);
}

fs::path defaultCacheFolder() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME"); cache && *cache == '/')
    return fs::path(cache) / "reprise";
  const char* home = std::getenv("HOME");
  return fs::path(home && *home ? home : "/tmp") / ".cache" / "reprise";
}

HeldFile::HeldFile(HeldFile&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)) {}
HeldFile& HeldFile::operator=(HeldFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  return *this;
}
HeldFile::~HeldFile() {
  if (fd_ >= 0) close(fd_);
}

Status checkHash(const ManifestTrace& trace, const fs::path& file) {
  if (trace.hash.empty()) return Status::ok();
  const Result<std::string> found = sha256OfFile(file);
  if (!found) return found.status();
  if (found.value() == trace.hash) return Status::ok();
  return Status(Code::kUnreadable, file.string() +
                                       " is not the trace that the manifest means: its SHA-256 is " +
                                       found.value() + ", not " + trace.hash);
}

Result<HeldFile> TraceCache::get(const ManifestTrace& trace, const fs::path& manifest_folder,
                                 const Watch& watch) {
  std::error_code error;
  fs::create_directories(folder_ / "locks", error);
  if (!fs::is_directory(folder_ / "locks", error))
    return Status(Code::kUnreadable,
                  "cannot make the cache folder " + folder_.string() + "; give another with --cache");
  const Lock one_fetch(folder_ / "locks" / trace.hash.substr(0, 2), watch);
  if (!one_fetch) return cannot("lock", folder_ / "locks" / trace.hash.substr(0, 2));
  const fs::path path = fileOf(trace);
  HeldFile file = hold(path, watch);
  if (!file.path().empty() && !checkHash(trace, path)) {
    file = {};  // damaged on disk: as if it were not there
    fs::remove(path, error);
  }
  if (file.path().empty()) {
    if (Status status = fetch(trace, manifest_folder, watch); !status) return status;
    file = hold(path, watch);
    if (file.path().empty()) return cannot("open", path);
  }
  utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
  if (Status status = evict(watch); !status) return status;
  return file;
}

Status TraceCache::fetch(const ManifestTrace& trace, const fs::path& manifest_folder, const Watch& watch) {
  static std::atomic<unsigned> count{0};
  const fs::path part = fs::absolute(folder_) / (trace.hash + "." + std::to_string(getpid()) + "." +
                                                 std::to_string(count++) + ".part");
  std::string command = trace.fetch;
  constexpr std::string_view kPlace = "{output}";
  const std::string output = shellQuoted(part);
  for (size_t at = 0; (at = command.find(kPlace, at)) != std::string::npos; at += output.size())
    command.replace(at, kPlace.size(), output);
  const CheckSettings& settings = trace.terms.settings;
  const ChildEnd end =
      watch.run({{"/bin/sh", "-c", command}, {}, manifest_folder, settings.fetch_time_limit});
  Status status;
  if (!end.ended(0)) {
    status = Status(Code::kUnreadable,
                    "the fetch command of " + trace.name + " " + howItEnded(end, settings.fetch_time_limit));
  } else if (!fs::exists(part)) {
    status = Status(Code::kUnreadable, "the fetch command of " + trace.name + " wrote no {output}");
  } else {
    status = checkHash(trace, part);
  }
  std::error_code error;
  if (status) {
    fs::rename(part, fileOf(trace), error);
    if (error)
      status = Status(Code::kUnreadable, "cannot write " + fileOf(trace).string() + ": " + error.message());
  }
  if (!status) fs::remove(part, error);
  return status;
}

Status TraceCache::evict(const Watch& watch) {
  const Lock lock(folder_ / "lock", watch);
  if (!lock) return cannot("lock", folder_ / "lock");
  std::vector<Entry> entries;
  uint64_t total = 0;
  std::error_code error;
  const auto now = fs::file_time_type::clock::now();
  for (fs::directory_iterator file(folder_, error), end; !error && file != end; file.increment(error)) {
    std::error_code gone;  // by others, meanwhile
    const Entry entry{file->path(), file->last_write_time(gone), file->file_size(gone)};
    if (gone) continue;
    if (entry.path.extension() == ".part" && now - entry.used > kStale) fs::remove(entry.path, gone);
    if (entry.path.extension() != ".vkr") continue;
    total += entry.size;
    entries.push_back(entry);
  }
  if (error)
    return Status(Code::kUnreadable,
                  "cannot read the cache folder " + folder_.string() + ": " + error.message());
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  for (const Entry& entry : entries) {
    if (total <= limit_) break;
    if (removeUnused(entry.path)) total -= entry.size;
  }
  return Status::ok();
}

}  // namespace reprise

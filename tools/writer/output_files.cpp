#include "tools/writer/output_files.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <functional>

namespace reprise {

OutputFiles::OutputFiles(std::string path, bool shared, int owner)
    : path_(std::move(path)), shared_(shared), owner_(owner), start_(std::time(nullptr)) {}

OutputFiles::~OutputFiles() {
  if (lock_ >= 0) close(lock_);
}

// A name in the kernel's abstract name space goes with its process: nothing to clean up after a kill.
bool OutputFiles::lockMain() {
  if (!shared_) return true;
  std::error_code error;
  const std::string whole = std::filesystem::weakly_canonical(path_, error).string();
  const std::string name = "reprise-file-" + std::to_string(std::hash<std::string>{}(whole));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path + 1, name.data(), name.size());
  lock_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return lock_ >= 0 && bind(lock_, reinterpret_cast<const sockaddr*>(&address), size) == 0;
}

bool OutputFiles::writtenSinceStart(const std::string& path) const {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) && info.st_mtime > start_;
}

std::string OutputFiles::ownPath(int pid) {
  std::string own = path_ + "." + std::to_string(pid);
  for (int n = 2; used_.contains(own) || (shared_ && writtenSinceStart(own)); ++n)
    own = path_ + "." + std::to_string(pid) + "." + std::to_string(n);
  used_.insert(own);
  return own;
}

// F is free, or the owner's to take: its present writer has it open and goes on under the new name.
bool OutputFiles::takeMain(int pid, bool device) {
  if (!main_taken_) {
    main_taken_ = true;
    return lockMain() && !(shared_ && writtenSinceStart(path_));
  }
  if (!device || pid != owner_ || main_ == kNobody || pids_[main_] == owner_) return false;
  struct stat info {};
  if (stat(path_.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  const std::string own = ownPath(pids_[main_]);
  if (rename(path_.c_str(), own.c_str()) != 0) return false;
  paths_[main_] = own;
  return true;
}

OutputFiles::Claim OutputFiles::claim(int pid, bool device,
                                      const std::function<void(const std::string& path)>& create) {
  const std::lock_guard lock(mutex_);
  const Claim claim = paths_.size();
  const bool main = takeMain(pid, device);
  if (main) main_ = claim;
  pids_.push_back(pid);
  paths_.push_back(main ? path_ : ownPath(pid));
  create(paths_.back());
  return claim;
}

std::string OutputFiles::path(Claim claim) const {
  const std::lock_guard lock(mutex_);
  return paths_.at(claim);
}

}  // namespace reprise

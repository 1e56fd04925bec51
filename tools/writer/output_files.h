// Which process of a program writes which file: the first to create a device gets F, the others F.PID. The
// program that the user named (`owner`) is no other: where a helper of its own was first, as MangoHud's
// glxinfo is, the helper's file is renamed to F.PID, and F is the owner's.
//
// Any thread. Among writers that the layer started (each a process of its own, `shared`), nobody knows the
// owner; F is claimed by an abstract socket's name for as long as the OutputFiles lives, and not overwritten
// if one of them has just written it.
#pragma once

#include <ctime>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace reprise {

class OutputFiles {
 public:
  using Claim = size_t;

  OutputFiles(std::string path, bool shared, int owner = 0);
  ~OutputFiles();
  OutputFiles(const OutputFiles&) = delete;
  OutputFiles& operator=(const OutputFiles&) = delete;

  // `create` makes the file at the path that the process gets; until it returns nobody else gets one. Only
  // with a `device` does the owner displace another.
  Claim claim(int pid, bool device, const std::function<void(const std::string& path)>& create);
  std::string path(Claim claim) const;  // where its file is by now

 private:
  bool lockMain();
  bool takeMain(int pid, bool device);
  std::string ownPath(int pid);
  bool writtenSinceStart(const std::string& path) const;

  const std::string path_;
  const bool shared_;
  const int owner_;
  const std::time_t start_;
  mutable std::mutex mutex_;
  static constexpr Claim kNobody = SIZE_MAX;
  Claim main_ = kNobody;  // who has F
  bool main_taken_ = false;
  std::vector<int> pids_;           // by claim
  std::vector<std::string> paths_;  // by claim
  int lock_ = -1;
  std::set<std::string> used_;
};

}  // namespace reprise

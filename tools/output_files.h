// Which process of a program writes which file: the first to create a device gets F, the others F.PID.
//
// Any thread. Among writers that the layer started (each a process of its own, `shared`), F is claimed by an
// abstract socket's name for as long as the OutputFiles lives, and not overwritten if one of them has just
// written it.
#pragma once

#include <ctime>
#include <mutex>
#include <set>
#include <string>

namespace reprise {

class OutputFiles {
 public:
  OutputFiles(std::string path, bool shared);
  ~OutputFiles();
  OutputFiles(const OutputFiles&) = delete;
  OutputFiles& operator=(const OutputFiles&) = delete;

  std::string claim(int pid);  // F if it is still to be had, else F.PID
  bool mainTaken() const;

 private:
  bool lockMain();
  bool writtenSinceStart(const std::string& path) const;

  const std::string path_;
  const bool shared_;
  const std::time_t start_;
  mutable std::mutex mutex_;
  bool main_taken_ = false;
  int lock_ = -1;
  std::set<std::string> used_;
};

}  // namespace reprise

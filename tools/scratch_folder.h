// A folder in the system's temporary folder that goes with all that is in it. One thread's.
#pragma once

#include <filesystem>
#include <string>

namespace reprise {

class ScratchFolder {
 public:
  explicit ScratchFolder(const std::string& name);  // and some letters behind it
  ~ScratchFolder();
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }  // empty: it could not be made

 private:
  std::filesystem::path path_;
};

}  // namespace reprise

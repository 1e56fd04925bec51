// A file on its way: written beside its path under a name of its own, and moved there once it is whole, so
// that a failure leaves what was there before.
//
// Whoever writes the file does so by path(); what finish() did not move goes with the PartFile. A path that
// is no regular file's, such as /dev/null or a pipe, is written directly, and nothing is removed. A link
// stays: the file that it names is replaced. One thread's. Errors: kUnreadable, with the path.
#pragma once

#include <filesystem>
#include <string>

#include "format/status.h"

namespace reprise {

class PartFile {
 public:
  explicit PartFile(const std::string& path);
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  const std::string& path() const { return part_; }  // where to write
  Status finish();                                   // after it was closed

 private:
  std::filesystem::path target_;
  std::string part_;
  std::filesystem::perms permissions_ = std::filesystem::perms::unknown;  // of the file that is replaced
  bool direct_ = false, done_ = false;
};

}  // namespace reprise

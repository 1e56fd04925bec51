#include "tools/part_file.h"

#include <unistd.h>

namespace reprise {

namespace fs = std::filesystem;

PartFile::PartFile(const std::string& path) : target_(path) {
  std::error_code error;
  const fs::file_status found = fs::status(path, error);
  direct_ = fs::exists(found) && !fs::is_regular_file(found);
  if (fs::is_regular_file(found)) {
    permissions_ = found.permissions();
    const fs::path whole = fs::canonical(path, error);
    if (!error) target_ = whole;
  }
  // With this process's number: neither another run's nor a file of the user's.
  part_ = direct_ ? path : target_.string() + "." + std::to_string(getpid()) + ".part";
}

PartFile::~PartFile() {
  std::error_code ignored;  // it may never have been made
  if (!direct_ && !done_) fs::remove(part_, ignored);
}

Status PartFile::finish() {
  if (direct_) return Status::ok();
  std::error_code error, ignored;  // who may not set permissions may still write
  if (permissions_ != fs::perms::unknown) fs::permissions(part_, permissions_, ignored);
  fs::rename(part_, target_, error);
  if (error) return {Code::kUnreadable, "cannot write " + target_.string() + ": " + error.message()};
  done_ = true;
  return Status::ok();
}

}  // namespace reprise

#include "tools/dump_output.h"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace reprise {

DumpOutput::~DumpOutput() {
  if (is_pager_) {
    ::pclose(file_);
    std::signal(SIGINT, SIG_DFL);
  } else if (file_ && file_ != stdout) {
    std::fclose(file_);
  }
}

Status DumpOutput::open(const std::string& path, bool may_page) {
  std::signal(SIGPIPE, SIG_IGN);  // so that a reader that has left shows as EPIPE
  path_ = path.empty() ? "standard output" : path;
  is_terminal_ = path.empty() && ::isatty(STDOUT_FILENO) != 0;
  if (is_terminal_ && may_page) {
    const char* pager = std::getenv("PAGER");
    if (pager == nullptr) pager = "less";
    if (*pager != 0 && std::string_view(pager) != "cat") return startPager(pager);
  }
  file_ = path.empty() ? stdout : std::fopen(path.c_str(), "wb");
  if (file_ == nullptr) error_ = errno;
  return file_ ? Status::ok() : failure();
}

Status DumpOutput::startPager(const char* pager) {
  ::setenv("LESS", "FRX", 0);  // short output stays on the screen; colours pass
  path_ = std::string("the pager \"") + pager + "\"";
  file_ = ::popen(pager, "we");
  if (file_ == nullptr) {
    error_ = errno;
    return failure();
  }
  is_pager_ = true;
  std::signal(SIGINT, SIG_IGN);
  return Status::ok();
}

bool DumpOutput::write(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), file_) == text.size()) return flushed_ || flush();
  error_ = errno;
  return false;
}

bool DumpOutput::flush() {
  flushed_ = true;
  if (std::fflush(file_) == 0) return true;
  error_ = errno;
  return false;
}

Status DumpOutput::status() const { return error_ == 0 || error_ == EPIPE ? Status::ok() : failure(); }

Status DumpOutput::failure() const {
  return {Code::kUnreadable, "cannot write " + path_ + ": " + std::strerror(error_)};
}

bool wantsColour(const std::string& when, bool is_terminal) {
  if (when != "auto") return when == "always";
  const char* none = std::getenv("NO_COLOR");
  const char* terminal = std::getenv("TERM");
  const bool dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  return is_terminal && !(none && *none) && !dumb;
}

}  // namespace reprise

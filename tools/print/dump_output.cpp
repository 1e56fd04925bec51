#include "tools/print/dump_output.h"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

namespace reprise {
namespace {

constexpr int kNotFound = 127;  // what a shell says of a command that it does not find

bool isOnPath(const char* program) {
  const char* path = std::getenv("PATH");
  std::string_view left = path ? path : "";
  while (!left.empty()) {
    const size_t end = std::min(left.find(':'), left.size());
    if (::access((std::string(left.substr(0, end)) + "/" + program).c_str(), X_OK) == 0) return true;
    left.remove_prefix(std::min(end + 1, left.size()));
  }
  return false;
}

}  // namespace

DumpOutput::~DumpOutput() { (void)close(); }

Status DumpOutput::close() {
  std::FILE* file = std::exchange(file_, nullptr);
  if (file == nullptr) return status();
  if (std::exchange(is_pager_, false)) {
    const int state = ::pclose(file);
    std::signal(SIGINT, SIG_DFL);
    if (WIFEXITED(state) && WEXITSTATUS(state) == kNotFound)
      return {Code::kUnreadable, path_ + " cannot be started; set PAGER to another, or use --no-pager"};
    return status();
  }
  const bool closed = file == stdout ? std::fflush(file) == 0 : std::fclose(file) == 0;
  if (!closed && error_ == 0) error_ = errno;
  if (error_ == EPIPE && file == stdout) std::clearerr(stdout);  // it has what it wanted: no error of ours
  return status();
}

Status DumpOutput::open(const std::string& path, bool may_page) {
  std::signal(SIGPIPE, SIG_IGN);  // so that a reader that has left shows as EPIPE
  path_ = path.empty() ? "standard output" : path;
  is_terminal_ = path.empty() && ::isatty(STDOUT_FILENO) != 0;
  if (is_terminal_ && may_page) {
    const char* pager = std::getenv("PAGER");
    if (pager == nullptr) pager = isOnPath("less") ? "less" : "";
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

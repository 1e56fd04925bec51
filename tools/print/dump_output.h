// Where a dump goes: a file, standard output, or, on a terminal, a pager that shows standard output page by
// page.
//
// Writing to a reader that has left (`| head`, or a pager that was quit) is the normal end of a dump: write()
// then says false and status() ok. close(), or the destructor, waits until the pager is quit. One thread's;
// one of it at a time, for it has SIGPIPE ignored, and SIGINT while a pager runs, which is the pager's then.
#pragma once

#include <cstdio>
#include <string>

#include "format/status.h"

namespace reprise {

class DumpOutput {
 public:
  DumpOutput() = default;
  ~DumpOutput();
  DumpOutput(const DumpOutput&) = delete;
  DumpOutput& operator=(const DumpOutput&) = delete;

  // `path`: empty for standard output. `may_page`: if that is a terminal, through $PAGER (without it: less;
  // if that is not there, or PAGER is empty or "cat": none).
  Status open(const std::string& path, bool may_page);

  // Standard output is a terminal, and so is what stands behind it.
  bool isTerminal() const { return is_terminal_; }

  // False: no more is wanted or can be written; status() says which. The first output appears at once, the
  // rest by the bufferful.
  bool write(const std::string& text);
  bool flush();
  Status status() const;
  // Once all is written: fails, too, if the pager could not be started.
  Status close();

 private:
  Status startPager(const char* pager);
  Status failure() const;

  std::FILE* file_ = nullptr;
  bool is_terminal_ = false, is_pager_ = false, flushed_ = false;
  int error_ = 0;
  std::string path_;
};

// By --color's value and the environment (NO_COLOR, TERM=dumb) where it is "auto".
bool wantsColour(const std::string& when, bool is_terminal);

}  // namespace reprise

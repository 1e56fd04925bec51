// A verb of this very program in a process of its own, for what may crash, hang or need much memory.
//
// The child leads a process group, so that all of it ends when its time is over; it has no input. Errors:
// kCannotRun where no process can be made.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/status.h"

namespace reprise {

struct ChildResult {
  int exit_status = -1;    // -1: it did not exit by itself
  int signal = 0;          // that ended it
  bool timed_out = false;  // and was killed for it
  std::string out, err;    // the first `most_out` bytes, the last kErrorBytes
  bool out_cut = false;    // there was more
  static constexpr size_t kErrorBytes = 4096;
};

// Runs `reprise ARGUMENTS...` and waits for it, at most `seconds`.
Result<ChildResult> runReprise(const std::vector<std::string>& arguments, uint32_t seconds, size_t most_out);

}  // namespace reprise

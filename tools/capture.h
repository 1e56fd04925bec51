// `reprise capture`: runs a program with the layer switched on, or serves one that the layer itself started.
//
// The wrapper prepares the environment, starts the program, takes an arena from every process of it that
// uses Vulkan (one CaptureSession each, on a thread of its own), outlives SIGINT and SIGTERM, and returns
// when the program and every recorded process have ended. One thread calls it, early in main() while there
// are no other threads. Errors: a sentence on stderr and an exit status as in format/status.h; otherwise the
// program's own (128 + n where signal n ended it).
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "format/lane.h"

namespace reprise {

struct CaptureOptions {
  std::string output;  // empty: named for the program, in this folder
  std::vector<std::string> command;
  size_t arena_bytes = kArenaDefaultBytes;  // REPRISE_ARENA_MIB where left at the default
  std::string memory;                       // REPRISE_MEMORY where empty
  std::string addresses;                    // REPRISE_ADDRESSES where empty
  int attach_fd = -1;                       // a socket from the layer: serve that process, and run nothing
  std::string layer_dir;                    // of VkLayer_reprise.json; empty: beside this executable
};

int captureMain(const CaptureOptions& options);

}  // namespace reprise

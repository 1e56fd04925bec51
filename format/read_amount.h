// What has been read of a file so far. A value.
#pragma once

#include <cstdint>

namespace reprise {

struct ReadAmount {
  uint64_t bytes = 0;      // of the file
  uint64_t blocks = 0;     // decompressed
  uint64_t raw_bytes = 0;  // what came out of them
};

}  // namespace reprise

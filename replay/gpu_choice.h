// Which GPU of this machine stands for one of the capture: the one that --gpu names, else one of the same
// name, else the one at the same place, else the first. Pure function; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "format/status.h"

namespace reprise {

struct GpuWish {
  std::string option;     // of --gpu: a number or a part of a name; empty: none
  std::string described;  // the captured one's name, where it is known
  size_t index = 0;       // the captured one's place
};

// The place in `names`.
Result<size_t> chooseGpu(const std::vector<std::string>& names, const GpuWish& wish);

}  // namespace reprise

// What this machine has to replay on, without replaying: its Vulkan devices and their drivers.
//
// Owns an instance during the call only; any thread, one at a time. Errors: kCannotRun where there is no
// device, or none that `gpu` names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/reader.h"
#include "format/status.h"

namespace reprise {

struct MachineDevice {
  std::string name;         // "llvmpipe (LLVM 15.0.6, 256 bits)"
  std::string driver;       // "llvmpipe"; "" where the driver does not say (before Vulkan 1.2)
  std::string driver_info;  // "Mesa 22.3.6 (LLVM 15.0.6)"
  uint32_t vendor_id = 0, device_id = 0, driver_version = 0, api_version = 0;
};

Result<std::vector<MachineDevice>> machineDevices();
// The one that stands for the last device of the trace; `gpu` as in ReplayOptions.
Result<MachineDevice> deviceFor(const TraceSummary& trace, const std::string& gpu);

}  // namespace reprise

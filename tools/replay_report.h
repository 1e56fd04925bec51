// reprise replay --report FILE.json: what a replay found, for programs to read.
//
// Version 1, one object:
//   version, trace, verdict ("identical", "differs", "not reproduced", "stopped"), exit_status, error ("" or
//   why it stopped), device, driver, driver_info, driver_version, vendor_id, device_id (of the last device
//   that was made; all empty or 0 if there was none), calls, frames, notes [text] difference_count,
//   differences [{kind, frame, call, thread, command, object, object_name, text}], the first 1,000: object is
//   the captured handle ("VkImage 0x1234"), object_name the one that `reprise dump --object` knows
//   ("VkImage:12"), each "" where the call has none; kind is one of kindName() pictures [{file, frame, call,
//   command, object, object_name, image}], memories [{..., offset}]: what lies in
//   --screenshots and --dump-memory
//   remap, changes [{frame, call, command, object, struct, from, to, action, reason, target, count}], kept,
//   converted, dropped, answered: what became of external objects
// Keys may be added; none goes or changes its meaning without a new version. Free function; one thread.
#pragma once

#include <string>

#include "format/status.h"
#include "replay/player.h"

namespace reprise {

struct FinishedReplay {
  std::string trace;
  Status status;  // of replayTrace()
  int exit_status = 0;
  const ReplayOptions& options;
  const ReplayReport& report;
};

const char* verdictName(const FinishedReplay& replay);
// kUnreadable if `path` cannot be written.
Status writeReplayReport(const std::string& path, const FinishedReplay& replay);

}  // namespace reprise

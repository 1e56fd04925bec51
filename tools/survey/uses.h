// What of versions, extensions and features a trace uses, and what of it a target needs: the judged devices
// of a survey as lists to show.
//
// Values and a pure function; any thread. Names come from the trace's metadata: whoever shows them escapes
// them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "replay/needs.h"
#include "tools/survey/trace_survey.h"

namespace reprise {

struct UsedThing {
  enum State { kUsed, kUnused, kUntold };  // kUntold: enabled, and no call would show its use
  std::string name, structure;             // structure: of a feature
  State state = kUntold;
  bool needed = false;              // a target must have it; not what a replay does itself, or only asks
  std::map<std::string, Use> uses;  // "vkCmdDrawMultiEXT", "VkSubmitInfo2 in vkQueueSubmit2", ...
};
const char* stateName(UsedThing::State state);  // "used", "not used", "cannot be told"

struct UsedOfDevice {
  std::string name;  // of its GPU; "" if the trace does not say
  std::vector<UsedThing> extensions, features;
  std::vector<UsedThing> versions;  // "Vulkan 1.1" and on, up to the one that instance and device have
  uint32_t needed_version = 0;      // VK_MAKE_API_VERSION of the highest that is needed
};
struct UsedOfTrace {
  std::vector<UsedThing> instance_extensions;  // of all instances
  std::vector<UsedOfDevice> devices;           // none where the trace makes only an instance
};
UsedOfTrace usesOf(const TraceFindings& findings);

}  // namespace reprise

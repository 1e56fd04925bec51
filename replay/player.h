// Plays a trace back: the whole of replay/ behind one function.
//
// replayTrace() reads `path` in merged order and issues every call on this machine from the calling thread.
// It fills a report, also of a run with differences; a Status other than ok means that the replay could not
// go on: kUnreadable for the file, kCannotRun where this machine lacks what the trace needs (all of it is in
// the message), or where options.remap.strict forbids a change that it needs. With options.rehearse nothing
// is played: the Status and the report say what would become of the trace. Owns nothing beyond the call; one
// replay at a time in a process.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "format/status.h"
#include "replay/frame_set.h"
#include "replay/handle_types.h"

namespace reprise {

enum class Wsi {
  kAuto,      // xcb where an X server answers, else headless
  kHeadless,  // no window; each present is marked with a debug-utils label
  kXcb,       // a window under the X server of $DISPLAY
};

struct ReplayOptions {
  using Wsi = reprise::Wsi;
  std::string gpu;  // index, or part of a device's name; empty: the captured index
  Wsi wsi = Wsi::kAuto;
  std::string screenshots_dir;    // a PNG of every presented image goes here; empty: none
  std::string memory_dump;        // live contents of mapped memory go here at unmap, free and invalidate
  FrameSet looked_at;             // whose pictures and memory are written; all, unless given
  bool validate = false;          // VK_LAYER_KHRONOS_validation; each of its errors is a difference
  bool run_unfinished = true;     // issue calls that never returned at capture, last
  RemapRules remap;               // of external handle types
  bool rehearse = false;          // only ask this machine: rehearsal.h
  bool beyond_watermark = false;  // also what a killed writer left behind its last watermark
  std::function<void(uint64_t done, uint64_t total)> progress;  // calls
};

struct Difference {
  enum Kind {
    kResult,      // a return code
    kAnswer,      // what a query of the device's, or of an object's, properties says
    kQuery,       // what a query pool counted
    kHandles,     // how many objects a call returned
    kWait,        // what the capture saw done is not
    kNotIssued,   // the call could not be made
    kValidation,  // a message of the validation layer
    kReplay,      // work of the replay's own, for a present or for contents from outside
  };
  Kind kind = kResult;
  uint32_t frame = 0;
  uint64_t call = 0;
  uint32_t thread = 0;  // lane
  std::string command;
  std::string object;  // that the call is about: "VkImage 0x1234", as captured; "" of a call without handles
  std::string text;
};
const char* kindName(Difference::Kind kind);

// What the replay wrote into options.screenshots_dir or options.memory_dump.
struct WrittenFile {
  std::string name;  // in its folder
  uint32_t frame = 0;
  uint64_t call = 0;
  std::string command;
  std::string object;        // the swapchain, or the memory, as captured: "VkSwapchainKHR 0x1234"
  std::string object_name;   // by its number in the trace: "VkSwapchainKHR:1"
  uint32_t image_index = 0;  // pictures: of the swapchain's images
  uint64_t offset = 0;       // memory: where the bytes begin in it
};

// What became of an external handle type, or of something that it drags along, for one object.
struct ObjectChange {
  enum Action { kKept, kConverted, kDropped, kAnswered };  // answered: a query that this target does not have
  Action action = kKept;
  uint32_t frame = 0;
  uint64_t call = 0;
  std::string command;
  std::string object;     // "VkImage 0x1234", as captured; "" of a query
  std::string structure;  // "VkExternalMemoryImageCreateInfoNV"
  std::string from, to;   // handle types by name; to: "" where dropped
  std::string reason;
  std::string target;  // what the target answered
  uint64_t count =
      1;  // objects: this one, and those after it of the same fate that have no entry of their own
};
const char* actionName(ObjectChange::Action action);

struct ReplayReport {
  uint64_t calls = 0, frames = 0;
  std::vector<Difference> differences;  // the first kMaxDifferences of them
  uint64_t difference_count = 0;
  std::vector<ObjectChange> changes;            // of external objects, in order, kept ones too; see kMaxAlike
  std::string device;                           // name of the last device that was made
  std::vector<std::string> notes;               // what replay changed to suit this machine, each once
  std::vector<WrittenFile> pictures, memories;  // in order, one a file
  bool failure_not_reproduced = false;          // the capture lost its device, this run did not
};

inline constexpr size_t kMaxDifferences = 1000;
// Objects that differ in nothing but their handle get an ObjectChange each up to here; its last one counts
// the rest.
inline constexpr size_t kMaxAlike = 1000;

// `report` holds what was found so far, whatever the status.
Status replayTrace(const std::string& path, const ReplayOptions& options, ReplayReport& report);

}  // namespace reprise

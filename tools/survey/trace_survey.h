// What one reading of a trace finds out beyond its index: what of extensions, features and limits it uses,
// objects, memory, external handle types, frames, shaders, swapchains, queues.
//
// surveyTrace() reads a trace once, on the caller's thread with the reader's own beside it, and decodes only
// calls that can add to this; memory stays bounded whatever the trace's size (lists stop at kMostRows). Each
// device of the trace is judged as if a machine had nothing (Offer::nothing): its lacks then are all that the
// program enabled, with the calls that use them. Values; errors: kUnreadable, naming the offset.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "format/reader.h"
#include "format/status.h"
#include "format/vk.h"
#include "replay/needs.h"

namespace reprise {

inline constexpr size_t kMostRows = 1000;  // of a list whose length the trace decides

// A device of the trace: what its metadata says, or where there is none what the calls do.
struct SurveyedDevice {
  struct MemoryType {
    VkMemoryPropertyFlags flags = 0;
    uint32_t heap = 0;
  };
  struct Heap {
    uint64_t size = 0;
    VkMemoryHeapFlags flags = 0;
  };
  struct Family {
    VkQueueFlags flags = 0;
    uint32_t count = 0;
  };
  std::vector<MemoryType> memory_types;  // empty: the trace does not say
  std::vector<Heap> heaps;
  std::vector<Family> families;
};

struct ObjectCount {
  HandleKind kind = HandleKind::kNone;
  uint64_t made = 0, peak = 0, left = 0;  // alive at once; alive at the end of the trace
};

// Bytes in use at once, and how many allocations there were.
struct MemoryUse {
  uint64_t allocations = 0, peak = 0, mapped_peak = 0;
};

// External handle types of one kind of object, by what is done with them.
struct ExternalUse {
  enum Role {
    kNamed,
    kExported,
    kImported,
    kImportedFromOutside
  };                                    // kNamed: the object may have such memory
  std::string object, structure, type;  // "VkImage", "...CreateInfoNV", "opaque_fd"
  Role role = kNamed;
  uint64_t count = 0, first_call = 0;
};
const char* roleName(ExternalUse::Role role);

struct HoleFound {
  HoleCause cause{};
  std::string text;
  uint64_t count = 0, first_call = 0;
};

struct Spread {
  uint64_t min = 0, median = 0, max = 0;
};
struct FrameFindings {
  uint64_t count = 0;  // of frames that ended
  Spread calls, submits;
  std::optional<Spread> nanoseconds;  // from one frame's end to the next; none: fewer than two ended
};

struct SwapchainFound {
  uint32_t width = 0, height = 0, layers = 1, images = 0;  // images: that it came to have; 0: nobody asked
  VkFormat format = VK_FORMAT_UNDEFINED;
  VkColorSpaceKHR color_space = {};
  VkPresentModeKHR present_mode = {};
  VkImageUsageFlags usage = 0;
  uint64_t count = 0, first_call = 0;  // of swapchains like this
};

struct QueueUse {
  std::map<uint32_t, uint64_t>
      submits;  // by index of the queues that the program got; submits and sparse binds
};

struct FormatUse {
  uint64_t images = 0, buffer_views = 0, swapchains = 0, first_call = 0;
  VkImageUsageFlags usage = 0;  // of all of them
};

struct ShaderFindings {
  uint64_t modules = 0, code_bytes = 0, graphics = 0, compute = 0,
           ray_tracing = 0;    // pipelines that came to be
  uint32_t spirv_version = 0;  // the highest, as in SpirvNeeds
};

struct TraceFindings {
  std::vector<SurveyedDevice> devices;
  std::vector<JudgedDevice> used;  // the same devices; without any, one that stands for an instance
  bool has_devices = false;
  bool from_calls = false;  // there was no metadata
  std::vector<ObjectCount> objects;
  std::map<std::pair<size_t, uint32_t>, MemoryUse> memory_types, heaps;  // by device and index
  std::vector<ExternalUse> external;
  std::vector<HoleFound> holes;
  FrameFindings frames;
  ShaderFindings shaders;
  std::vector<SwapchainFound> swapchains;
  std::map<std::pair<size_t, uint32_t>, QueueUse> queues;  // by device and family
  std::map<VkFormat, FormatUse> formats;
  std::vector<std::map<std::string, uint64_t, std::less<>>> limits;  // that a device must have, by device
  uint64_t left_out_rows = 0;  // calls that would have begun another row of a list of kMostRows
  uint64_t unreadable = 0;     // calls whose arguments cannot be read
  std::optional<uint64_t> first_unreadable;
  double seconds = 0;  // the reading took
};

// `reader` stands at its beginning, and outlives the call; it is of no more use after it. `also` is shown
// every event, behind this.
Result<TraceFindings> surveyTrace(TraceReader& reader, const std::function<void(const Event&)>& also = {});

}  // namespace reprise

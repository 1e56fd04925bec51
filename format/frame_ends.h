// What ends the frames of a trace: its presents; in one without any, the calls that say so; else its submits.
//
// A call says so by a VkFrameBoundaryEXT with FRAME_END in the chain of what it submits
// (VK_EXT_frame_boundary), or as a label "vr-marker,frame_end...", as OpenXR runtimes write it: where the
// label is recorded. Only calls that returned count. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace reprise {

enum class FrameEnd : uint8_t {
  kPresent = 0,
  kMark = 1,
  kSubmit = 2
};  // values of the file; the first is best
inline constexpr size_t kFrameEndKinds = 3;
inline const char* frameEndName(FrameEnd kind) {
  constexpr const char* kNames[] = {"present", "mark", "submit"};
  return kNames[size_t(kind)];
}

class FrameEnds {
 public:
  // Tickets of what a better kind has replaced are given up.
  void add(FrameEnd by, bool ticketed, uint64_t ticket) {
    Calls& calls = kinds_[size_t(by)];
    if (calls.count++ == 0)
      for (size_t i = size_t(by) + 1; i < kFrameEndKinds; ++i) kinds_[i].tickets = {};
    calls.indexed = calls.indexed && ticketed;
    if (calls.indexed && by <= kind()) calls.tickets.push_back(ticket);
  }
  void add(FrameEnd by) { add(by, false, 0); }

  // Presents where there is nothing at all.
  FrameEnd kind() const {
    for (size_t i = 0; i < kFrameEndKinds; ++i)
      if (kinds_[i].count > 0) return FrameEnd(i);
    return FrameEnd::kPresent;
  }
  uint64_t count() const { return kinds_[size_t(kind())].count; }
  // Ascending, one a frame; empty: not every call had one.
  std::vector<uint64_t> tickets() const {
    const Calls& calls = kinds_[size_t(kind())];
    if (!calls.indexed) return {};
    std::vector<uint64_t> sorted = calls.tickets;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }

 private:
  struct Calls {
    uint64_t count = 0;
    bool indexed = true;
    std::vector<uint64_t> tickets;
  };
  std::array<Calls, kFrameEndKinds> kinds_;
};

}  // namespace reprise

// What the report's page shows of a trace, gathered in one pass over its calls.
//
// All tables are bounded (DigestLimits), so that a trace of any size needs the same memory; counters are
// exact all the same, and what a limit left out is counted. digestTrace() reads the trace from its first
// event on; the reader is used up by it. Errors: those of the reader, where the trace's calls end early; the
// digest then holds what came before. One thread's.
#pragma once

#include <string>
#include <vector>

#include "format/reader.h"
#include "tools/report/frame_rows.h"
#include "tools/report/object_rows.h"
#include "tools/report/packed_texts.h"

namespace reprise {

struct DigestLimits {
  uint64_t calls_per_frame = 40;      // that are shown as text
  uint64_t calls_of_first = 1000;     // in frame 0, where most programs set up what they use
  size_t text_bytes = 16 << 10;       // of one call; the rest of a longer one is left out
  size_t frame_text_bytes = 1 << 20;  // of one frame
  size_t packed_frames = 12 << 20;    // of all frames' texts, packed
  size_t packed_images = 12 << 20;    // of the calls that make images and memory, and bind them
  size_t packed_others = 4 << 20;     // of those that make other objects
  size_t rows = 1 << 18;
  size_t uses = 4 << 20;
  ObjectRows::Limits objects;
};

struct DigestCommand {
  std::string name;
  uint64_t calls = 0;
  std::vector<std::string> structs;  // seen among its arguments, where it was printed
};

struct Digest {
  explicit Digest(const DigestLimits& limits)
      : frames(limits.rows, limits.uses),
        objects(limits.objects),
        frame_texts(limits.packed_frames),
        image_texts(limits.packed_images),
        other_texts(limits.packed_others) {}

  std::vector<DigestCommand> commands;  // CallPlace and CommandUse index them; in order of appearance
  FrameRows frames;
  ObjectRows objects;
  FrameTexts frame_texts;
  PackedTexts image_texts, other_texts;
  uint64_t calls = 0;
  std::vector<std::string> holes;  // the first kMostHoles, as lines of `reprise dump`
  static constexpr size_t kMostHoles = 200;
};

// `of_images`: the object's texts are in Digest::image_texts.
inline bool isImageOrMemory(HandleKind kind) {
  return kind == HandleKind::kVkImage || kind == HandleKind::kVkDeviceMemory || kind == HandleKind::kVkBuffer;
}

Status digestTrace(TraceReader& reader, const DigestLimits& limits, Digest& digest);

}  // namespace reprise

// Pictures of a trace's frames for the report: a replay of its own process makes them, and they are scaled.
//
// takePictures() never fails as a whole: where there are none, `why` says so in one sentence. At most
// `count` frames are read back, evenly chosen, so that neither time nor disk grows with the trace. The replay
// has its own process: its driver may crash or hang (PictureOptions::seconds), and it ends with this one. One
// thread's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "format/status.h"
#include "tools/child.h"

namespace reprise {

struct PictureOptions {
  uint32_t count = 24;
  uint32_t width = 480;        // of a thumbnail, at most
  uint32_t seconds = 600;      // that the replay may take
  std::string gpu;             // as for `reprise replay`; empty: as that chooses
  std::string folder;          // where whole pictures are kept; empty: they are not
  std::string folder_in_page;  // the same as the page's links name it
};

struct FramePicture {
  uint32_t frame = 0;
  uint32_t index = 0;              // of several in one present
  uint32_t width = 0, height = 0;  // of the whole picture
  std::string thumbnail;           // a PNG file's bytes
  std::string link;                // to the whole picture, relative to the page; empty: none is kept
};

struct Pictures {
  std::vector<FramePicture> frames;
  std::string why;   // there are none, or not all
  std::string said;  // the replay's closing lines
};

// `frames`: how many the trace has.
Pictures takePictures(const std::string& trace, uint64_t frames, const PictureOptions& options,
                      const Watch& watch);

// `count` of `frames` numbers, the first and the last among them, evenly.
std::vector<uint32_t> evenFrames(uint64_t frames, uint32_t count);

}  // namespace reprise

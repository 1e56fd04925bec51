// What a reader knows of a file before it reads a call: its blocks, names, lanes and metadata.
//
// From the index where there is one, otherwise by going from block marker to block marker.
// Plain data, filled once; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "format/block_source.h"
#include "format/reader.h"
#include "format/trace_index.h"

namespace reprise {

struct TraceContents {
  struct NamedCommand {
    std::string name;   // empty: the file does not define this id
    Command command{};  // kUnknown: this build lacks it
    bool present = false;
    bool submit = false;
    bool ends_frame = false;  // each of its calls does: endFramesBy()
  };

  std::vector<BlockPlace> blocks;                   // in file order
  std::map<uint32_t, std::vector<uint32_t>> lanes;  // lane id -> its blocks, as positions in `blocks`
  std::vector<uint32_t> bulk_blocks;                // positions in `blocks`
  std::vector<NamedCommand> commands;               // by file command id
  std::map<uint32_t, LaneInfo> lane_infos;
  std::vector<MetadataItem> metadata;
  std::optional<TraceIndex> index;   // the writer finished this file
  uint8_t frame_end_flag = 0;        // of records whose call ends a frame by saying so: endFramesBy()
  uint64_t last_order = UINT64_MAX;  // events beyond it are not delivered
  std::vector<std::string> notes;

  void endFramesBy(FrameEnd kind) {
    frame_end_flag = kind == FrameEnd::kMark ? kFileFrameEnd : 0;
    for (NamedCommand& one : commands)
      one.ends_frame =
          (kind == FrameEnd::kPresent && one.present) || (kind == FrameEnd::kSubmit && one.submit);
  }
  bool endsFrame(const NamedCommand& command, uint8_t record_flags) const {
    return command.ends_frame || (record_flags & frame_end_flag) != 0;
  }
  const NamedCommand* command(uint16_t file_id) const {
    return file_id < commands.size() && !commands[file_id].name.empty() ? &commands[file_id] : nullptr;
  }
};

Status loadContents(BlockSource& source, const ReadOptions& options, TraceContents& contents);

}  // namespace reprise

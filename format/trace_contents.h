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
  };

  std::vector<BlockPlace> blocks;                   // in file order
  std::map<uint32_t, std::vector<uint32_t>> lanes;  // lane id -> its blocks, as positions in `blocks`
  std::vector<uint32_t> bulk_blocks;                // positions in `blocks`
  std::vector<NamedCommand> commands;               // by file command id
  std::map<uint32_t, LaneInfo> lane_infos;
  std::vector<MetadataItem> metadata;
  std::optional<TraceIndex> index;   // the writer finished this file
  uint64_t last_order = UINT64_MAX;  // events beyond it are not delivered
  std::vector<std::string> notes;

  const NamedCommand* command(uint16_t file_id) const {
    return file_id < commands.size() && !commands[file_id].name.empty() ? &commands[file_id] : nullptr;
  }
};

Status loadContents(BlockSource& source, const ReadOptions& options, TraceContents& contents);

}  // namespace reprise

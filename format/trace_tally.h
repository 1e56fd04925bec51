// The index of a trace, counted from its records as they are written again: what TraceWriter counts as it
// goes.
//
// One thread. Memory: a counter a command and a lane, a ticket a frame.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "format/file_record.h"
#include "format/frame_ends.h"
#include "format/trace_index.h"

namespace reprise {

class TraceTally {
 public:
  void nameCommand(uint16_t id, std::string_view name);
  // `never_returned`: a call without outputs of which only the index says so.
  void add(uint32_t lane, const FileRecord& record, bool never_returned);

  uint64_t callsOf(uint32_t lane) const;  // so far
  TraceIndex index(std::vector<BlockHeader> blocks) const;

 private:
  void addCall(uint32_t lane, const FileRecord& call, bool never_returned);
  void addMemory(const FileRecord& record);

  TraceCounts counts_;
  FrameEnds frame_ends_;
  std::vector<uint64_t> command_calls_;  // by file id - 1
  std::vector<bool> presents_, submits_;
  std::map<uint32_t, uint64_t> lane_calls_;
  std::vector<UnfinishedCall> unfinished_calls_;
  MemoryBody memory_;
};

}  // namespace reprise

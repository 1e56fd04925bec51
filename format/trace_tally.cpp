#include "format/trace_tally.h"

#include <utility>

namespace reprise {

void TraceTally::nameCommand(uint16_t id, std::string_view name) {
  if (id == 0 || id >= kFileFirstSpecial) return;
  if (command_calls_.size() < id) {
    command_calls_.resize(id);
    presents_.resize(id);
    submits_.resize(id);
  }
  presents_[id - 1u] = name == "vkQueuePresentKHR";
  submits_[id - 1u] = name.starts_with("vkQueueSubmit");
}

void TraceTally::add(uint32_t lane, const FileRecord& record, bool never_returned) {
  switch (record.command) {
    case kFileMemory:
      return addMemory(record);
    case kFileHole:
      ++counts_.holes;
      return;
    case kFileContents:
      if (record.inputs.size() < kContentsBodyBytes) return;
      ++counts_.contents;
      counts_.contents_bytes +=
          loadLe<uint64_t>(record.inputs.data() + kContentsBodyBytes - sizeof(uint64_t));
      return;
    default:
      if (record.isCall()) addCall(lane, record, never_returned);
  }
}

void TraceTally::addCall(uint32_t lane, const FileRecord& call, bool never_returned) {
  if (call.flags & kFileProvisional) return;
  const uint64_t number = lane_calls_[lane]++;
  ++counts_.calls;
  const size_t slot = call.command - size_t{1};
  const bool known = slot < command_calls_.size();
  if (known) ++command_calls_[slot];
  const bool submit = known && submits_[slot];
  if (submit) ++counts_.submits;
  if (never_returned) unfinished_calls_.push_back({lane, number});
  if (never_returned || call.flags & kFileUnfinished) ++counts_.unfinished;
  if (call.flags & kFileUnfinished) return;
  const bool ticketed = (call.flags & kFileTicketed) != 0;
  if (known && presents_[slot]) frame_ends_.add(FrameEnd::kPresent, ticketed, call.order);
  if (submit) frame_ends_.add(FrameEnd::kSubmit, ticketed, call.order);
  if (call.flags & kFileFrameEnd) frame_ends_.add(FrameEnd::kMark, ticketed, call.order);
}

void TraceTally::addMemory(const FileRecord& record) {
  if (!parseMemoryBody(record.inputs, memory_)) return;
  counts_.memory_changes += memory_.runs.size();
  for (const MemoryBody::Run& run : memory_.runs) counts_.memory_bytes += run.size;
}

uint64_t TraceTally::callsOf(uint32_t lane) const {
  auto found = lane_calls_.find(lane);
  return found == lane_calls_.end() ? 0 : found->second;
}

TraceIndex TraceTally::index(std::vector<BlockHeader> blocks) const {
  TraceIndex index;
  index.blocks = std::move(blocks);
  index.frame_ends = frame_ends_.tickets();
  index.command_calls = command_calls_;
  index.unfinished_calls = unfinished_calls_;
  index.counts = counts_;
  index.counts.frames = frame_ends_.count();
  index.counts.frame_end = frame_ends_.kind();
  return index;
}

}  // namespace reprise

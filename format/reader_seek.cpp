// The part of TraceReader that moves to a frame or a call without reading what lies before it.
#include <algorithm>
#include <string>
#include <vector>

#include "format/block_ahead.h"
#include "format/block_source.h"
#include "format/lane_cursor.h"
#include "format/reader.h"
#include "format/trace_contents.h"
#include "format/trace_summary.h"

namespace reprise {
namespace {

constexpr size_t kNoBlock = SIZE_MAX;

// A place in the merged order that the index names: before the first record with that order; or, in a run of blocks
// of one lane that all begin with it (commands recorded with no ticketed call between), before one of these blocks.
struct Boundary {
  uint64_t order = 0;
  bool in_run = false;
  uint32_t lane_index = 0;
  size_t block = kNoBlock;  // of the lane, where in_run

  bool operator<(const Boundary& other) const {
    if (order != other.order) return order < other.order;
    if (in_run != other.in_run) return other.in_run;
    if (lane_index != other.lane_index) return lane_index < other.lane_index;
    return in_run && block < other.block;
  }
};

using LaneBlocks = std::vector<const BlockHeader*>;

std::vector<LaneBlocks> blocksOf(const TraceContents& contents) {
  std::vector<LaneBlocks> lanes;
  for (const auto& [lane, blocks] : contents.lanes) {
    LaneBlocks& headers = lanes.emplace_back();
    for (const uint32_t block : blocks) headers.push_back(&contents.blocks[block].header);
  }
  return lanes;
}

std::vector<Boundary> boundariesOf(const std::vector<LaneBlocks>& lanes) {
  std::vector<Boundary> all;
  for (uint32_t lane = 0; lane < lanes.size(); ++lane) {
    for (size_t block = 0; block < lanes[lane].size(); ++block) {
      const uint64_t order = lanes[lane][block]->first_order;
      const bool in_run = block > 0 && lanes[lane][block - 1]->first_order == order;
      all.push_back({order, in_run, in_run ? lane : 0, in_run ? block : kNoBlock});
    }
  }
  std::sort(all.begin(), all.end());
  return all;
}

// At most so many of the lane's calls stand before the boundary.
uint64_t mostCallsBefore(const LaneBlocks& blocks, uint32_t lane, const Boundary& boundary) {
  if (blocks.empty()) return 0;
  if (boundary.in_run && boundary.lane_index == lane) return blocks[boundary.block]->first_number;
  const bool behind_run = boundary.in_run && lane < boundary.lane_index;
  const auto after = std::partition_point(blocks.begin(), blocks.end(), [&](const BlockHeader* block) {
    return behind_run ? block->first_order <= boundary.order : block->first_order < boundary.order;
  });
  if (after == blocks.end()) return blocks.back()->first_number + blocks.back()->count;
  return (*after)->first_number + (boundary.in_run ? 1 : 0);  // its first call may be the ticket's
}

uint64_t mostCallsBefore(const std::vector<LaneBlocks>& lanes, const Boundary& boundary) {
  uint64_t calls = 0;
  for (uint32_t lane = 0; lane < lanes.size(); ++lane) calls += mostCallsBefore(lanes[lane], lane, boundary);
  return calls;
}

}  // namespace

void TraceReader::rewind() {
  ahead_->stop();
  current_ = nullptr;
  runs_.clear();
  next_run_ = 0;
  merge_ = {};
  calls_ = 0;
  frame_ = 0;
  failure_ = Status::ok();
  for (uint32_t i = 0; i < lanes_.size(); ++i) {
    lanes_[i]->seek(0);
    enqueue(i);
  }
}

// Over a record without what it points to. `more`: there was one.
Status TraceReader::passRecord(bool& more) {
  if (Status status = nextRecord(more); !status.isOk() || !more) return status;
  const FileRecord& record = current_->record();
  if (record.command >= kFileFirstSpecial) return Status::ok();
  const bool unfinished = (record.flags & kFileUnfinished) != 0 || neverReturned(record.number);
  ++calls_;
  if (!unfinished && endsFrame(record.command, record.flags)) ++frame_;
  return Status::ok();
}

// Every lane to its first record that is not before `key`; the key's own lane to its block `block_of_lane`, if any.
Status TraceReader::standBefore(const Place& key, size_t block_of_lane) {
  rewind();
  merge_ = {};
  const bool in_run = block_of_lane != kNoBlock;
  for (uint32_t i = 0; i < lanes_.size(); ++i) {
    LaneCursor& lane = *lanes_[i];
    if (in_run && i == key.lane_index) {
      lane.seekBlock(block_of_lane);
    } else {
      lane.seek(in_run && i < key.lane_index ? key.order + 1 : key.order);
      while (lane.place() != LaneCursor::Place::kEnd && key > Place{lane.keyOrder(), lane.keyNoted(), i}) {
        if (Status status = lane.advance(); !status.isOk()) return status;
      }
    }
    calls_ += lane.callsBefore();
    enqueue(i);
  }
  return Status::ok();
}

Status TraceReader::seekFrame(uint32_t frame) {
  const auto beyond = [&](uint64_t frames) {
    return Status(Code::kUsage, source_->path() + " has " + std::to_string(frames) + " frames, so there is no frame " +
                                    std::to_string(frame));
  };
  if (summary_.counted && frame > summary_.frames) return beyond(summary_.frames);
  if (frame > 0 && contents_->index && frame <= contents_->index->frame_ends.size()) {
    const uint64_t end = contents_->index->frame_ends[frame - 1];
    if (Status status = standBefore({end, true, 0}, kNoBlock); !status.isOk()) return failure_ = status;
    frame_ = frame;
    return Status::ok();
  }
  rewind();
  bool more = true;
  while (frame_ < frame) {
    if (Status status = passRecord(more); !status.isOk()) return status;
    if (!more) return beyond(frame_);
  }
  return Status::ok();
}

Status TraceReader::seekCall(uint64_t number) {
  rewind();
  const TraceIndex* index = contents_->index ? &*contents_->index : nullptr;
  if (index && (!index->frame_ends.empty() || index->counts.frames == 0)) {
    const std::vector<LaneBlocks> lanes = blocksOf(*contents_);
    const std::vector<Boundary> all = boundariesOf(lanes);
    // Before the call ahead of it, so that what stands between the two is not missed.
    const auto after = std::partition_point(all.begin(), all.end(), [&](const Boundary& boundary) {
      return mostCallsBefore(lanes, boundary) < number;
    });
    if (after != all.begin()) {
      const Boundary& boundary = *std::prev(after);
      const Place key{boundary.order, boundary.in_run, boundary.lane_index};
      if (Status status = standBefore(key, boundary.block); !status.isOk()) return failure_ = status;
      const auto& ends = index->frame_ends;  // a run stands behind the ticket that it notes
      const auto end = boundary.in_run ? std::upper_bound(ends.begin(), ends.end(), boundary.order)
                                       : std::lower_bound(ends.begin(), ends.end(), boundary.order);
      frame_ = static_cast<uint32_t>(end - ends.begin());
    }
    if (calls_ >= number) rewind();  // the blocks hold more calls than the index says
  }
  bool more = true;
  while (calls_ < number) {
    if (Status status = passRecord(more); !status.isOk()) return status;
    if (!more) {
      return Status(Code::kUsage, source_->path() + " has " + std::to_string(calls_) +
                                      " calls, counted from 0, so there is no call " + std::to_string(number));
    }
  }
  return Status::ok();
}

}  // namespace reprise

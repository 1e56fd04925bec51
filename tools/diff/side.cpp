#include "tools/diff/side.h"

#include <algorithm>

#include "format/trace_format.h"
#include "tools/globs.h"
#include "tools/print/event_text.h"

namespace reprise {
namespace {

// Calls of one command under its several names are variants of each other.
std::string_view canonicalName(const Event& event) {
  if (event.kind != Event::kCall || event.command == Command::kUnknown) return eventName(event);
  return commandInfo(commandInfo(event.command).canonical).name;
}

void appendNumber(std::string& out, uint64_t value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

bool isWanted(const DiffOptions& options, const Event& event) {
  return event.frame >= options.first_frame &&
         (options.commands.empty() || matchesAny(options.commands, eventName(event)));
}

Status DiffSide::open() {
  Result<std::unique_ptr<TraceReader>> opened = TraceReader::open(path_, options_.reading);
  if (!opened) return opened.status();
  reader_ = std::move(opened.value());
  return Status::ok();
}

size_t DiffSide::callingThreads() const {
  const auto& lanes = summary().lanes;
  return static_cast<size_t>(
      std::count_if(lanes.begin(), lanes.end(), [](const LaneInfo& lane) { return lane.tid != 0; }));
}

Status DiffSide::read(bool merged) {
  merged_ = merged;
  EventLeaves leaves(rules_);
  Event event;
  for (uint64_t position = 0;; ++position) {
    const Result<bool> more = reader_->next(event);
    if (!more) return more.status();
    if (!more.value() || event.frame > options_.last_frame) break;
    leaves.see(event);
    if (!isWanted(options_, event)) continue;
    if (Status status = readEvent(event, position, leaves); !status) return status;
  }
  if (Status status = flush(); !status) return status;
  for (DiffLane& lane : lanes_)
    if (Status status = store_.finishLane(lane.items); !status) return status;
  return store_.finish();
}

Status DiffSide::readEvent(const Event& event, uint64_t position, EventLeaves& leaves) {
  if (!(pending_ && leaves.continuesMemory())) {
    if (Status status = flush(); !status) return status;
    key_.assign(eventName(event));
  }
  const bool counts = leaves.read(event, [this](const Leaf& leaf) { take(leaf); });
  if (!counts) {
    ++left_out_;
    handles_.clear();
    return Status::ok();
  }
  if (pending_) return Status::ok();
  pending_ = true;
  pending_lane_ = static_cast<size_t>(&laneOf(event, leaves) - lanes_.data());
  item_ = {};
  item_.position = position;
  item_.frame = event.frame;
  item_.command = commandId(event);
  item_.unfinished = (event.flags & kUnfinished) != 0;
  return Status::ok();
}

void DiffSide::take(const Leaf& leaf) {
  const LeafPath::Step& step = leaf.path.steps().back();
  key_ += static_cast<char>(leaf.kind);
  step.name.empty() ? appendNumber(key_, step.index) : void(key_.append(step.name));
  key_ += '\0';
  switch (leaf.kind) {
    case Leaf::kShape:
      appendNumber(key_, leaf.count);
      key_ += leaf.text;
      break;
    case Leaf::kText:
      appendNumber(key_, leaf.text.size());
      key_ += leaf.text;
      break;
    case Leaf::kBytes:
      appendNumber(key_, leaf.bytes.size());
      appendNumber(key_, checksumOf(leaf.bytes));
      break;
    case Leaf::kHandle:
      key_ += static_cast<char>(leaf.object.kind);
      key_ += leaf.object.number != 0;
      if (options_.strict) key_ += leaf.text;
      handles_.push_back(packed(leaf.object));
      break;
  }
}

Status DiffSide::flush() {
  if (!pending_) {
    handles_.clear();
    return Status::ok();
  }
  pending_ = false;
  ++items_;
  item_.hash = checksumOf(std::as_bytes(std::span(key_)));
  Status status = store_.append(lanes_[pending_lane_].items, item_, handles_);
  handles_.clear();
  return status;
}

DiffLane& DiffSide::laneOf(const Event& event, const EventLeaves& leaves) {
  DiffLane lane;
  lane.id = merged_ ? 0 : event.lane;
  if (!merged_ && event.kind == Event::kMemory)
    lane.memory = packed(leaves.objects().named(HandleKind::kVkDeviceMemory, event.memory.memory));
  const auto [known, is_new] = lane_ids_.emplace(lane.memory ? lane.memory : lane.id, lanes_.size());
  if (!is_new) return lanes_[known->second];
  for (const LaneInfo& info : summary().lanes) {
    if (info.id != event.lane) continue;
    lane.name = merged_ && callingThreads() > 1 ? "all threads" : info.name;
  }
  lanes_.push_back(std::move(lane));
  return lanes_.back();
}

uint32_t DiffSide::commandId(const Event& event) {
  const std::string_view name = canonicalName(event);
  const auto known = command_ids_.find(name);
  if (known != command_ids_.end()) return known->second;
  const auto id = static_cast<uint32_t>(commands_.size());
  commands_.emplace_back(name);
  command_ids_.emplace(std::string(name), id);
  return id;
}

}  // namespace reprise

#include "format/reader.h"

#include <algorithm>
#include <string>
#include <utility>

#include "format/block_ahead.h"
#include "format/block_source.h"
#include "format/bulk_cache.h"
#include "format/lane_cursor.h"
#include "format/trace_contents.h"
#include "format/trace_summary.h"

namespace reprise {

namespace {
// A run of events ends early where what it keeps from being used again is more than this.
constexpr uint64_t kMaxHeldBytes = 4 << 20;
constexpr size_t kMaxSpanBytes = 64 << 10;

uint16_t flagsOf(uint8_t file_flags) {
  return static_cast<uint16_t>((file_flags & kFileTicketed ? kTicketed : 0) |
                               (file_flags & kFileMixed ? kMixed : 0));
}
// Of a call.
uint16_t flagsOf(uint8_t file_flags, bool unfinished) {
  return static_cast<uint16_t>(flagsOf(file_flags) | kAnnounce | (unfinished ? kUnfinished : kComplete));
}
}  // namespace

Result<std::unique_ptr<TraceReader>> TraceReader::open(const std::string& path, ReadOptions options) {
  auto source = BlockSource::open(path);
  if (!source) return source.status();
  std::unique_ptr<TraceReader> reader(new TraceReader(options));
  reader->source_ = std::move(*source);
  reader->contents_ = std::make_unique<TraceContents>();
  if (Status status = loadContents(*reader->source_, options, *reader->contents_); !status.isOk())
    return status;
  reader->summary_ = summarize(*reader->source_, *reader->contents_, options.count_records);
  reader->frame_end_known_ = reader->summary_.counted;
  reader->ahead_ = std::make_unique<BlockAhead>(*reader->source_, *reader->contents_);
  reader->bulks_ = std::make_unique<BulkCache>(*reader->source_, *reader->contents_, *reader->ahead_);
  for (const auto& [lane, blocks] : reader->contents_->lanes) {
    reader->lanes_.push_back(
        std::make_unique<LaneCursor>(*reader->source_, *reader->contents_, *reader->ahead_, lane, blocks));
    reader->enqueue(static_cast<uint32_t>(reader->lanes_.size() - 1));
  }
  return reader;
}

TraceReader::TraceReader(ReadOptions options) : options_(options) {}

TraceReader::~TraceReader() = default;

void TraceReader::enqueue(uint32_t lane_index) {
  const LaneCursor& lane = *lanes_[lane_index];
  if (lane.place() == LaneCursor::Place::kEnd || isLeftOut(lane_index)) return;
  merge_.push({lane.keyOrder(), lane.keyNoted(), lane_index});
}

Status TraceReader::step() {
  LaneCursor* lane = current_;
  uint32_t index = current_index_;
  current_ = nullptr;
  if (lane != nullptr) {
    if (Status status = lane->advance(); !status.isOk()) return status;
  }
  while (true) {
    // A lane goes on as long as no other is due; only then is the heap asked.
    const bool due = lane != nullptr && lane->place() != LaneCursor::Place::kEnd &&
                     (merge_.empty() || !(Place{lane->keyOrder(), lane->keyNoted(), index} > merge_.top()));
    if (!due) {
      if (lane != nullptr) enqueue(index);
      if (merge_.empty()) return Status::ok();
      index = merge_.top().lane_index;
      lane = lanes_[index].get();
      merge_.pop();
    }
    if (lane->place() == LaneCursor::Place::kRecord) {
      current_ = lane;
      current_index_ = index;
      return Status::ok();
    }
    // Only now is the block's first record due; it may turn out to stand behind another lane's.
    if (Status status = lane->advance(); !status.isOk()) return status;
  }
}

Result<bool> TraceReader::next(Event& event) {
  own_spans_.reset();
  bool more = false;
  if (Status status = nextEvent(event, more); !status.isOk()) return status;
  return more;
}

Status TraceReader::nextRun(EventRun& run) {
  run.entries.clear();
  run.others.clear();
  run.spans.reset();
  for (std::vector<std::byte>& buffer : run.buffers) ahead_->recycle(std::move(buffer));
  run.buffers.clear();
  ahead_->hold(true);
  spans_ = &run.spans;
  bool more = true;
  Status status;
  while (run.entries.size() < EventRun::kMost && ahead_->heldBytes() < kMaxHeldBytes &&
         run.spans.used() < kMaxSpanBytes) {
    status = nextEntry(run, more);
    if (!status.isOk() || !more) break;
  }
  run.buffers = ahead_->takeHeld();
  ahead_->hold(false);
  spans_ = &own_spans_;
  return run.entries.empty() ? status : Status::ok();
}

Status TraceReader::nextEntry(EventRun& run, bool& more) {
  if (Status status = nextRecord(more); !status.isOk() || !more) return status;
  EventEntry& entry = run.entries.emplace_back();
  if (enterCall(entry)) return Status::ok();
  bulks_->trim();
  entry.input_size = static_cast<uint32_t>(run.others.size());
  Event& event = run.others.emplace_back();
  failure_ = deliver(event);
  if (failure_.isOk() && !(event.kind == Event::kMemory && runs_.empty())) return Status::ok();
  run.entries.pop_back();
  run.others.pop_back();
  return failure_;
}

// False: the record is none of a call, or one that only deliver() can judge.
bool TraceReader::enterCall(EventEntry& entry) {
  const FileRecord& record = current_->record();
  if (record.command >= kFileFirstSpecial || !record.bulk_numbers.empty()) return false;
  const auto* command = contents_->command(record.command);
  if (command == nullptr) return false;
  const bool unfinished = (record.flags & kFileUnfinished) != 0 || neverReturned(record.number);
  entry.is_call = true;
  entry.arguments = record.inputs.data();
  entry.input_size = static_cast<uint32_t>(record.inputs.size());
  entry.output_size = static_cast<uint32_t>(record.outputs.size());
  entry.call_number = calls_++;
  entry.order = record.order;
  entry.time_ns = current_->timeNs();
  entry.command_name = &command->name;
  entry.frame = frame_;
  entry.lane = current_->lane();
  entry.command = command->command;
  entry.flags = flagsOf(record.flags, unfinished);
  entry.has_outputs = (record.flags & kFileOutputs) != 0;
  entry.ends_frame = !unfinished && endsFrame(record.command, record.flags);
  if (entry.ends_frame) ++frame_;
  return true;
}

bool TraceReader::hasLane(uint32_t lane) const { return contents_->lanes.contains(lane); }

ReadAmount TraceReader::amountRead() const { return source_->amountRead(); }

void EventEntry::copyTo(Event& call) const {
  call.call_number = call_number;
  call.frame = frame;
  call.lane = lane;
  call.command = command;
  call.command_name = *command_name;
  call.order = order;
  call.time_ns = time_ns;
  call.flags = flags;
  call.inputs = {arguments, input_size};
  call.outputs = {arguments + input_size, output_size};
  call.has_outputs = has_outputs;
  call.ends_frame = ends_frame;
}

void TraceReader::readAhead() {
  std::vector<uint32_t> plan;
  size_t index = 0;
  for (const auto& [lane, blocks] : contents_->lanes) {
    if (isLeftOut(index++)) continue;
    for (const uint32_t block : blocks)
      if (contents_->blocks[block].header.first_order <= contents_->last_order) plan.push_back(block);
  }
  std::stable_sort(plan.begin(), plan.end(), [&](uint32_t a, uint32_t b) {
    return contents_->blocks[a].header.first_order < contents_->blocks[b].header.first_order;
  });
  ahead_->start(std::move(plan));
}

void TraceReader::leaveOutMemory() {
  left_out_.clear();
  for (const auto& [lane, blocks] : contents_->lanes)
    left_out_.push_back(std::all_of(blocks.begin(), blocks.end(), [&](uint32_t block) {
      return contents_->blocks[block].header.kind == BlockKind::kMemory;
    }));
  rewind();
}

// Moves on to the record that the next event is about: the same as before where it holds several events.
Status TraceReader::nextRecord(bool& more) {
  more = false;
  if (!failure_.isOk()) return failure_;
  if (next_run_ >= runs_.size()) {
    if (!runs_.empty()) runs_.clear();
    next_run_ = 0;
    if (Status status = step(); !status.isOk()) return failure_ = status;
    if (current_ == nullptr) return Status::ok();
  }
  more = true;
  return Status::ok();
}

Status TraceReader::nextEvent(Event& event, bool& more) {
  do {
    if (Status status = nextRecord(more); !status.isOk() || !more) return status;
    bulks_->trim();
    if (Status status = deliver(event); !status.isOk()) return failure_ = status;
  } while (event.kind == Event::kMemory && runs_.empty());  // a memory record without runs says nothing
  return Status::ok();
}

Status TraceReader::deliver(Event& event) {
  const FileRecord& record = current_->record();
  const bool call = record.command < kFileFirstSpecial;
  // Of a call only what is set here and in deliverCall() ever differs from a new Event.
  if (!call || event.kind != Event::kCall) event = Event();
  event.call_number = calls_;
  event.frame = frame_;
  event.lane = current_->lane();
  event.order = record.order;
  event.time_ns = current_->timeNs();
  event.flags = flagsOf(record.flags);
  if (call) return deliverCall(event);
  switch (record.command) {
    case kFileMemory:
      return deliverMemory(event);
    case kFileHole:
      return deliverHole(event);
    case kFileContents:
      return deliverContents(event);
    case kFilePayload:
      return deliverPayload(event);
    case kFileOpaque:
      return deliverOpaque(event);
    case kFileMetadata:
      return deliverMetadata(event);
    default:
      return deliverCall(event);
  }
}

Status TraceReader::deliverCall(Event& event) {
  const FileRecord& record = current_->record();
  const auto* command = contents_->command(record.command);
  if (command == nullptr) {
    return source_->damaged(
        current_->blockOffset(),
        "a record is of command number " + std::to_string(record.command) + ", which the file does not name");
  }
  event.kind = Event::kCall;
  event.command = command->command;
  event.command_name = command->name;
  event.inputs = record.inputs;
  event.outputs = record.outputs;
  event.has_outputs = (record.flags & kFileOutputs) != 0;
  const bool unfinished = (record.flags & kFileUnfinished) != 0 || neverReturned(record.number);
  event.flags = flagsOf(record.flags, unfinished);
  ++calls_;
  event.ends_frame = !unfinished && endsFrame(record.command, record.flags);
  if (event.ends_frame) ++frame_;
  return gatherBulks(event);
}

// Of a call that returned. What ends the frames is in the index, or was found by open(); else the first call that may
// be the end of one settles it: a present by itself, any other by a look at all that follows.
bool TraceReader::endsFrame(uint16_t file_command, uint8_t record_flags) {
  const auto* command = contents_->command(file_command);
  if (command == nullptr) return false;
  if (!frame_end_known_ && (command->present || command->submit || (record_flags & kFileFrameEnd) != 0)) {
    frame_end_known_ = true;
    contents_->endFramesBy(command->present ? FrameEnd::kPresent : findFrameEnd(*source_, *contents_));
  }
  return contents_->endsFrame(*command, record_flags);
}

bool TraceReader::neverReturned(uint64_t lane_call) const {
  if (!contents_->index || contents_->index->unfinished_calls.empty()) return false;
  const auto& calls = contents_->index->unfinished_calls;
  return std::find(calls.begin(), calls.end(), UnfinishedCall{current_->lane(), lane_call}) != calls.end();
}

Status TraceReader::gatherBulks(Event& event) {
  const FileRecord& record = current_->record();
  event.input_bulks = event.output_bulks = {};
  if (record.bulk_numbers.empty()) return Status::ok();
  const size_t count = record.bulk_numbers.size() / sizeof(uint32_t);
  auto* spans = spans_->allocateArray<std::span<const std::byte>>(count);
  if (spans == nullptr)
    return source_->damaged(current_->blockOffset(), "there is no memory for a call's byte ranges");
  for (size_t i = 0; i < count; ++i) {
    auto bytes = bulks_->get(loadLe<uint32_t>(record.bulk_numbers.data() + i * sizeof(uint32_t)),
                             current_->blockOffset());
    if (!bytes) return bytes.status();
    spans[i] = *bytes;
  }
  event.input_bulks = std::span(spans, record.input_bulks);
  event.output_bulks = std::span(spans, count).subspan(record.input_bulks);
  return Status::ok();
}

Status TraceReader::deliverMemory(Event& event) {
  event.kind = Event::kMemory;
  if (runs_.empty()) {
    if (Status status = readRuns(); !status.isOk() || runs_.empty()) return status;
  }
  const MemoryRun& run = runs_[next_run_++];
  const std::byte* body = current_->record().inputs.data();
  event.memory.memory = loadLe<uint64_t>(body);
  event.memory.device = loadLe<uint64_t>(body + 8);
  event.memory.generation = loadLe<uint64_t>(body + 16);
  event.memory.offset = run.offset;
  event.memory.size = run.size;
  event.bytes = run.bytes;
  if (!run.in_bulk) return Status::ok();
  auto bytes = bulks_->get(run.bulk, current_->blockOffset());
  if (!bytes) return bytes.status();
  if (bytes->size() != run.size) {
    return source_->damaged(current_->blockOffset(), "a memory change and its bulk item differ in size");
  }
  event.bytes = *bytes;
  return Status::ok();
}

Status TraceReader::readRuns() {
  ByteReader reader(current_->record().inputs);
  reader.take(3 * sizeof(uint64_t));
  auto offset = reader.get<uint64_t>();
  auto count = reader.get<uint32_t>();
  for (uint32_t i = 0; i < count && reader.ok(); ++i) {
    offset += reader.get<uint32_t>();
    auto size = reader.get<uint32_t>();
    bool bulk = (size & kRunIsBulk) != 0;
    size &= ~kRunIsBulk;
    runs_.push_back({offset, size, bulk, bulk ? reader.get<uint32_t>() : 0, {}});
    offset += size;
  }
  for (MemoryRun& run : runs_) {
    if (!run.in_bulk) run.bytes = reader.take(run.size);
  }
  if (reader.ok()) return Status::ok();
  runs_.clear();
  return source_->damaged(current_->blockOffset(), "a memory change is longer than its record");
}

Status TraceReader::deliverContents(Event& event) {
  const FileRecord& record = current_->record();
  ByteReader reader(record.inputs);
  event.kind = Event::kContents;
  ContentsRecord& contents = event.contents;
  contents.device = reader.get<uint64_t>();
  contents.object = reader.get<uint64_t>();
  for (uint32_t* value : {&contents.object_type, &contents.aspect, &contents.mip_level, &contents.array_layer,
                          &contents.layout, &contents.width, &contents.height, &contents.depth})
    *value = reader.get<uint32_t>();
  contents.offset = reader.get<uint64_t>();
  contents.size = reader.get<uint64_t>();
  if (record.flags & kFileBulks) {
    auto number = reader.get<uint32_t>();
    if (reader.ok()) {
      auto bytes = bulks_->get(number, current_->blockOffset());
      if (!bytes) return bytes.status();
      event.bytes = *bytes;
    }
  } else {
    event.bytes = reader.take(reader.remaining());
  }
  if (reader.ok() && event.bytes.size() == contents.size) return Status::ok();
  return source_->damaged(current_->blockOffset(), "contents from outside and their record differ in size");
}

Status TraceReader::deliverPayload(Event& event) {
  ByteReader reader(current_->record().inputs);
  event.kind = Event::kPayload;
  event.payload.payload = reader.get<uint64_t>();
  event.payload.handle = reader.get<uint64_t>();
  if (!reader.ok()) return source_->damaged(current_->blockOffset(), "a payload is shorter than its record");
  return Status::ok();
}

Status TraceReader::deliverOpaque(Event& event) {
  ByteReader reader(current_->record().inputs);
  event.kind = Event::kOpaque;
  event.opaque.device = reader.get<uint64_t>();
  event.opaque.object = reader.get<uint64_t>();
  event.opaque.object_type = reader.get<uint32_t>();
  event.opaque.values = reader.get<uint32_t>();
  event.bytes = reader.take(reader.remaining());
  const size_t values = event.opaque.values;
  if (reader.ok() && (values == 0 ? event.bytes.empty() : event.bytes.size() % values == 0))
    return Status::ok();
  return source_->damaged(current_->blockOffset(), "opaque values are not as many as their record says");
}

Status TraceReader::deliverHole(Event& event) {
  ByteReader reader(current_->record().inputs);
  event.kind = Event::kHole;
  event.hole.cause = static_cast<HoleCause>(reader.get<uint32_t>());
  reader.get<uint32_t>();
  event.hole.subject = reader.get<uint64_t>();
  event.text = asText(reader.take(reader.remaining()));
  if (!reader.ok()) return source_->damaged(current_->blockOffset(), "a hole is shorter than its fixed part");
  return Status::ok();
}

Status TraceReader::deliverMetadata(Event& event) {
  ByteReader reader(current_->record().inputs);
  event.kind = Event::kMetadata;
  auto number = reader.get<uint32_t>();
  if (!reader.ok() || number >= contents_->metadata.size()) {
    return source_->damaged(current_->blockOffset(),
                            "a metadata item is named here, but the file does not hold it");
  }
  event.metadata_kind = contents_->metadata[number].kind;
  event.text = contents_->metadata[number].text;
  return Status::ok();
}

}  // namespace reprise

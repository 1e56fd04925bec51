#include "format/trace_summary.h"

#include <algorithm>
#include <map>
#include <memory>
#include <string>

#include "format/block_ahead.h"
#include "format/lane_cursor.h"

namespace reprise {

namespace {

void countSizes(const TraceContents& contents, TraceSummary& summary) {
  std::map<uint16_t, KindSize> sizes;
  for (const BlockPlace& place : contents.blocks) {
    auto kind = static_cast<uint16_t>(place.header.kind);
    KindSize& size = sizes[kind];
    const char* name = blockKindName(place.header.kind);
    size.kind = kind;
    size.name = name ? name : "unknown kind " + std::to_string(kind);
    ++size.blocks;
    size.raw_bytes += place.header.raw_bytes;
    size.stored_bytes += kBlockHeaderBytes + place.header.stored_bytes;
  }
  for (auto& [kind, size] : sizes) summary.sizes.push_back(std::move(size));
}

void countMemory(const FileRecord& record, TraceSummary& summary) {
  ByteReader reader(record.inputs);
  reader.take(kMemoryBodyBytes - sizeof(uint32_t));
  auto runs = reader.get<uint32_t>();
  for (uint32_t i = 0; i < runs && reader.ok(); ++i) {
    reader.get<uint32_t>();
    auto size = reader.get<uint32_t>();
    if (size & kRunIsBulk) reader.get<uint32_t>();
    if (!reader.ok()) return;
    ++summary.memory_changes;
    summary.memory_bytes += size & ~kRunIsBulk;
  }
}

void countContents(const FileRecord& record, TraceSummary& summary) {
  if (record.inputs.size() < kContentsBodyBytes) return;
  ++summary.contents;
  summary.contents_bytes += loadLe<uint64_t>(record.inputs.data() + kContentsBodyBytes - sizeof(uint64_t));
}

void countRecord(const TraceContents& contents, const FileRecord& record, std::vector<uint64_t>& calls,
                 FrameEnds& ends, TraceSummary& summary) {
  if (record.command == kFileMemory) return countMemory(record, summary);
  if (record.command == kFileContents) return countContents(record, summary);
  if (record.command == kFileHole) ++summary.holes;
  if (record.command >= kFileFirstSpecial) return;
  ++summary.calls;
  if (record.command < calls.size()) ++calls[record.command];
  bool unfinished = (record.flags & kFileUnfinished) != 0;
  if (unfinished) ++summary.unfinished;
  const auto* command = contents.command(record.command);
  if (command == nullptr) return;
  if (command->submit) ++summary.submits;
  if (unfinished) return;
  if (command->present) ends.add(FrameEnd::kPresent);
  if (command->submit) ends.add(FrameEnd::kSubmit);
  if (record.flags & kFileFrameEnd) ends.add(FrameEnd::kMark);
}

void countRecords(BlockSource& source, TraceContents& contents, TraceSummary& summary) {
  std::vector<uint64_t> calls(contents.commands.size());
  FrameEnds ends;
  BlockAhead ahead(source, contents);
  for (const auto& [lane, blocks] : contents.lanes) {
    LaneCursor cursor(source, contents, ahead, lane, blocks);
    Status status = cursor.advance();
    while (status.isOk() && cursor.place() != LaneCursor::Place::kEnd) {
      if (cursor.place() == LaneCursor::Place::kRecord)
        countRecord(contents, cursor.record(), calls, ends, summary);
      status = cursor.advance();
    }
    if (!status.isOk()) summary.notes.push_back(status.message());
  }
  summary.frames = ends.count();
  summary.frame_end = ends.kind();
  for (size_t id = 1; id < calls.size(); ++id) {
    const auto& command = contents.commands[id];
    if (!command.name.empty() && calls[id] > 0)
      summary.commands.push_back({command.name, command.command, calls[id]});
  }
}

void takeIndex(const TraceContents& contents, TraceSummary& summary) {
  const TraceIndex& index = *contents.index;
  summary.frames = index.counts.frames;
  summary.frame_end = index.counts.frame_end;
  summary.submits = index.counts.submits;
  summary.calls = index.counts.calls;
  summary.unfinished = index.counts.unfinished;
  summary.holes = index.counts.holes;
  summary.memory_changes = index.counts.memory_changes;
  summary.memory_bytes = index.counts.memory_bytes;
  summary.contents = index.counts.contents;
  summary.contents_bytes = index.counts.contents_bytes;
  for (size_t i = 0; i < index.command_calls.size() && i + 1 < contents.commands.size(); ++i) {
    const auto& command = contents.commands[i + 1];
    if (command.name.empty() || index.command_calls[i] == 0) continue;
    summary.commands.push_back({command.name, command.command, index.command_calls[i]});
  }
}

}  // namespace

FrameEnd findFrameEnd(BlockSource& source, TraceContents& contents) {
  constexpr size_t kRecordsInTurn = 4096;
  BlockAhead ahead(source, contents);
  std::vector<std::unique_ptr<LaneCursor>> lanes;
  for (const auto& [lane, blocks] : contents.lanes)
    lanes.push_back(std::make_unique<LaneCursor>(source, contents, ahead, lane, blocks));
  bool marked = false;
  // The lanes take turns, so that the first present is found early whichever thread makes it.
  while (!lanes.empty()) {
    for (auto& lane : lanes) {
      bool over = false;
      for (size_t i = 0; i < kRecordsInTurn && !over; ++i) {
        // What cannot be read is said where the events are asked for.
        over = !lane->advance().isOk() || lane->place() == LaneCursor::Place::kEnd;
        if (over || lane->place() != LaneCursor::Place::kRecord) continue;
        const FileRecord& record = lane->record();
        const auto* command = contents.command(record.command);
        if (command == nullptr || (record.flags & kFileUnfinished) != 0) continue;
        if (command->present) return FrameEnd::kPresent;
        if ((record.flags & kFileFrameEnd) != 0) marked = true;
      }
      if (over) lane.reset();
    }
    std::erase(lanes, nullptr);
  }
  return marked ? FrameEnd::kMark : FrameEnd::kSubmit;
}

TraceSummary summarize(BlockSource& source, TraceContents& contents, bool count_records) {
  TraceSummary summary;
  summary.info = source.info();
  summary.version_major = source.versionMajor();
  summary.version_minor = source.versionMinor();
  summary.file_bytes = source.size();
  summary.complete = contents.index.has_value();
  summary.watermark = contents.last_order;
  summary.notes = contents.notes;
  summary.metadata = contents.metadata;
  for (const auto& [id, lane] : contents.lane_infos) summary.lanes.push_back(lane);
  countSizes(contents, summary);
  if (contents.index) {
    takeIndex(contents, summary);
  } else if (count_records) {
    countRecords(source, contents, summary);
  } else {
    summary.counted = false;
  }
  if (summary.counted) contents.endFramesBy(summary.frame_end);
  std::stable_sort(summary.commands.begin(), summary.commands.end(),
                   [](const CommandCount& a, const CommandCount& b) { return a.calls > b.calls; });
  return summary;
}

}  // namespace reprise

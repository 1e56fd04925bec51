#include "format/trace_index.h"

#include <algorithm>
#include <string>

#include "gen/trace_generated.h"

namespace reprise {

namespace {

constexpr size_t kMaxDepth = 8;
constexpr size_t kMaxTables = 64;

std::vector<std::byte> finished(const flatbuffers::FlatBufferBuilder& builder) {
  auto* begin = reinterpret_cast<const std::byte*>(builder.GetBufferPointer());
  return {begin, begin + builder.GetSize()};
}

// FlatBuffers reads in place and wants its alignment; a copy has it.
template <class Table>
const Table* verified(const std::vector<std::byte>& copy) {
  auto* data = reinterpret_cast<const uint8_t*>(copy.data());
  flatbuffers::Verifier verifier(data, copy.size(), kMaxDepth, kMaxTables);
  if (copy.size() < sizeof(uint32_t) || !verifier.VerifyBuffer<Table>(nullptr)) return nullptr;
  return flatbuffers::GetRoot<Table>(data);
}

std::string text(const flatbuffers::String* string) { return string ? string->str() : std::string(); }

template <class T, class F>
void eachOf(const flatbuffers::Vector<T>* vector, F&& f) {
  for (flatbuffers::uoffset_t i = 0; vector != nullptr && i < vector->size(); ++i) f(vector->Get(i));
}

}  // namespace

std::vector<std::byte> encodeHeader(const TraceHeaderInfo& info) {
  flatbuffers::FlatBufferBuilder builder;
  builder.Finish(fbs::CreateHeaderDirect(builder, info.tool_version.c_str(), info.registry_version.c_str(),
                                         info.application.c_str(), info.command_line.c_str(),
                                         info.host.c_str(), info.os.c_str(), info.captured_unix_seconds,
                                         info.start_ns));
  return finished(builder);
}

std::optional<TraceHeaderInfo> decodeHeader(std::span<const std::byte> bytes) {
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  const fbs::Header* header = verified<fbs::Header>(copy);
  if (header == nullptr) return std::nullopt;
  TraceHeaderInfo info;
  info.tool_version = text(header->tool_version());
  info.registry_version = text(header->registry_version());
  info.application = text(header->application());
  info.command_line = text(header->command_line());
  info.host = text(header->host());
  info.os = text(header->os());
  info.captured_unix_seconds = header->captured_unix_seconds();
  info.start_ns = header->start_ns();
  return info;
}

std::vector<std::byte> encodeIndex(const TraceIndex& index) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<fbs::Block> blocks;
  for (const BlockHeader& block : index.blocks) {
    blocks.emplace_back(block.first_order, block.first_number, block.lane, block.count, block.raw_bytes,
                        block.stored_bytes, static_cast<uint16_t>(block.kind), uint16_t{0});
  }
  std::vector<uint64_t> steps;
  uint64_t last = 0;
  for (uint64_t ticket : index.frame_ends) {
    steps.push_back(ticket - last);
    last = ticket;
  }
  std::vector<fbs::LastCall> last_calls;
  for (const UnfinishedCall& call : index.unfinished_calls)
    last_calls.emplace_back(call.number, call.lane, 0u);
  const TraceCounts& counts = index.counts;
  builder.Finish(fbs::CreateIndexDirect(
      builder, &blocks, &steps, &index.command_calls, &last_calls, counts.frames, counts.submits,
      counts.calls, counts.unfinished, counts.holes, counts.memory_changes, counts.memory_bytes,
      counts.contents, counts.contents_bytes, static_cast<uint8_t>(counts.frame_end)));
  return finished(builder);
}

std::optional<TraceIndex> decodeIndex(std::span<const std::byte> bytes) {
  std::vector<std::byte> copy(bytes.begin(), bytes.end());
  const fbs::Index* table = verified<fbs::Index>(copy);
  if (table == nullptr) return std::nullopt;
  TraceIndex index;
  eachOf(table->blocks(), [&](const fbs::Block* block) {
    BlockHeader header;
    header.kind = static_cast<BlockKind>(block->kind());
    header.lane = block->lane();
    header.first_order = block->first_order();
    header.first_number = block->first_number();
    header.count = block->count();
    header.raw_bytes = block->raw_bytes();
    header.stored_bytes = block->stored_bytes();
    index.blocks.push_back(header);
  });
  uint64_t ticket = 0;
  eachOf(table->frame_steps(), [&](uint64_t step) { index.frame_ends.push_back(ticket += step); });
  eachOf(table->command_calls(), [&](uint64_t calls) { index.command_calls.push_back(calls); });
  eachOf(table->unfinished_calls(), [&](const fbs::LastCall* call) {
    index.unfinished_calls.push_back({call->lane(), call->number()});
  });
  index.counts.frames = table->frames();
  index.counts.submits = table->submits();
  index.counts.calls = table->calls();
  index.counts.unfinished = table->unfinished();
  index.counts.holes = table->holes();
  index.counts.memory_changes = table->memory_changes();
  index.counts.memory_bytes = table->memory_bytes();
  index.counts.contents = table->contents();
  index.counts.contents_bytes = table->contents_bytes();
  if (table->frame_end() >= kFrameEndKinds) return std::nullopt;  // of a later version
  index.counts.frame_end = static_cast<FrameEnd>(table->frame_end());
  return index;
}

}  // namespace reprise

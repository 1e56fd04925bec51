#include "format/file_record.h"

namespace reprise {

void appendFileRecord(RawBytes& out, const FileRecord& record, uint64_t last_order) {
  const bool near = record.order >= last_order && record.order - last_order < kStepAbsolute;
  appendLe(out, record.command);
  appendLe(out, record.flags);
  appendLe(out, static_cast<uint8_t>(near ? record.order - last_order : kStepAbsolute));
  appendLe(out, static_cast<uint32_t>(record.inputs.size()));
  if (!near) appendLe(out, record.order);
  if (record.isCall() && record.flags & kFileOutputs)
    appendLe(out, static_cast<uint32_t>(record.outputs.size()));
  if (record.isCall() && record.flags & kFileBulks) {
    const auto numbers = static_cast<uint32_t>(record.bulk_numbers.size() / sizeof(uint32_t));
    appendLe(out, record.input_bulks);
    appendLe(out, numbers - record.input_bulks);
    appendBytes(out, record.bulk_numbers);
  }
  appendBytes(out, record.inputs);
  appendBytes(out, record.outputs);
}

bool parseMemoryBody(std::span<const std::byte> body, MemoryBody& memory) {
  ByteReader reader(body);
  memory.runs.clear();
  memory.change.memory = reader.get<uint64_t>();
  memory.change.device = reader.get<uint64_t>();
  memory.change.generation = reader.get<uint64_t>();
  memory.change.offset = reader.get<uint64_t>();
  const auto runs = reader.get<uint32_t>();
  uint64_t offset = memory.change.offset;
  for (uint32_t i = 0; i < runs && reader.ok(); ++i) {
    MemoryBody::Run run;
    const auto gap = reader.get<uint32_t>();
    const auto size = reader.get<uint32_t>();
    run.size = size & ~kRunIsBulk;
    if (size & kRunIsBulk) run.bulk = reader.get<uint32_t>();
    run.offset = offset + gap;
    if (run.offset < offset || run.offset + run.size < run.offset) return false;
    offset = run.offset + run.size;
    memory.runs.push_back(run);
  }
  for (MemoryBody::Run& run : memory.runs)
    if (!run.bulk) run.bytes = reader.take(run.size);
  return reader.ok() && reader.remaining() == 0;
}

void appendMemoryBody(RawBytes& out, const MemoryBody& memory) {
  for (uint64_t value :
       {memory.change.memory, memory.change.device, memory.change.generation, memory.change.offset})
    appendLe(out, value);
  appendLe(out, static_cast<uint32_t>(memory.runs.size()));
  uint64_t end = memory.change.offset;
  for (const MemoryBody::Run& run : memory.runs) {
    appendLe(out, static_cast<uint32_t>(run.offset - end));
    appendLe(out, run.bulk ? run.size | kRunIsBulk : run.size);
    if (run.bulk) appendLe(out, *run.bulk);
    end = run.offset + run.size;
  }
  for (const MemoryBody::Run& run : memory.runs)
    if (!run.bulk) appendBytes(out, run.bytes);
}

}  // namespace reprise

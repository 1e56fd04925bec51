#include "format/vk.h"
#include "tools/print/tree.h"
#include "tools/text/record_text.h"

namespace reprise {
namespace {

struct CauseName {
  HoleCause cause;
  const char* name;
};
constexpr CauseName kCauses[] = {{HoleCause::kUnknownStruct, "unknown struct"},
                                 {HoleCause::kUntrackedMemory, "untracked memory"},
                                 {HoleCause::kStalledWriter, "stalled writer"},
                                 {HoleCause::kScanFailed, "failed memory scan"},
                                 {HoleCause::kUnknownCommand, "unknown command"}};

const char* nameIn(const EnumInfo& names, uint64_t value) {
  for (const EnumName& one : names.values)
    if (one.value == value) return one.name;
  return nullptr;
}

}  // namespace

const char* holeCauseName(uint32_t cause) {
  for (const CauseName& one : kCauses)
    if (static_cast<uint32_t>(one.cause) == cause) return one.name;
  return nullptr;
}

uint32_t holeCauseOf(std::string_view name) {
  for (const CauseName& one : kCauses)
    if (one.name == name) return static_cast<uint32_t>(one.cause);
  return 0;
}

const std::string& RecordToText::print(const FileRecord& record, uint64_t last_order, bool never_returned,
                                       Exactness exactness, uint64_t of) {
  line_.clear();
  writer_.restart();
  arena_.reset();
  writer_.open();
  bool good = false;
  if (exactness != Exactness::kRaw && record.isCall() && !tables_.commandName(record.command).empty()) {
    writer_.member("command", tables_.commandName(record.command));
    order(record);
    flags(record, last_order, never_returned);
    if (exactness != Exactness::kPlain) writer_.member("flags", uint64_t{record.flags});
    good = printCall(record, exactness, of);
  } else if (exactness == Exactness::kPlain && !record.isCall()) {
    good = printSpecial(record, last_order);
    if (good && record.order < last_order) writer_.member("late", true);
  }
  if (!good) {
    line_.clear();
    writer_.restart();
    writer_.open();
    printRaw(record);
    flags(record, last_order, never_returned);
  }
  writer_.close();
  return line_;
}

void RecordToText::order(const FileRecord& record) {
  writer_.member(record.flags & kFileTicketed ? "ticket" : "after", record.order);
}

void RecordToText::flags(const FileRecord& record, uint64_t last_order, bool never_returned) {
  if (record.order < last_order) writer_.member("late", true);
  if (never_returned) writer_.member("never_returned", true);
  const struct {
    uint8_t flag;
    const char* name;
  } all[] = {{kFileUnfinished, "unfinished"},
             {kFileProvisional, "provisional"},
             {kFileResumes, "resumes"},
             {kFileFrameEnd, "frame_end"}};
  for (const auto& one : all)
    if (record.isCall() && record.flags & one.flag) writer_.member(one.name, true);
}

bool RecordToText::gatherBulks(const FileRecord& record) {
  const size_t count = record.bulk_numbers.size() / sizeof(uint32_t);
  bulks_.clear();
  for (size_t i = 0; i < count; ++i) {
    const auto bytes = tables_.bulk(loadLe<uint32_t>(record.bulk_numbers.data() + i * sizeof(uint32_t)));
    if (!bytes) return false;
    bulks_.push_back(bytes.value());
  }
  return record.input_bulks <= count;
}

bool RecordToText::printCall(const FileRecord& record, Exactness exactness, uint64_t of) {
  const Command command = findCommand(tables_.commandName(record.command));
  CallBytes bytes{record.inputs, record.outputs, {}, {}, (record.flags & kFileOutputs) != 0};
  if (!gatherBulks(record)) return false;
  bytes.input_bulks = std::span(bulks_).first(record.input_bulks);
  bytes.output_bulks = std::span(bulks_).subspan(record.input_bulks);
  std::string error;
  if (!callToJson(command, bytes, arena_, writer_, error)) return false;
  constexpr std::string_view kNothing = ",\"out\":{}";
  if (line_.ends_with(kNothing) && line_.find("\"result\":") != std::string::npos)
    line_.resize(line_.size() - kNothing.size());
  if (exactness == Exactness::kPlain) return true;
  bulkNumbers(record);
  if (exactness == Exactness::kBytes) exactBytes(record, of);
  return true;
}

void RecordToText::bulkNumbers(const FileRecord& record) {
  if (!(record.flags & kFileBulks)) return;
  const size_t count = record.bulk_numbers.size() / sizeof(uint32_t);
  writer_.open("bulks");
  // Of a damaged file: the numbers stand as they are, for items that are not there.
  for (size_t i = 0; i < count; ++i) {
    if (tables_.bulk(loadLe<uint32_t>(record.bulk_numbers.data() + i * sizeof(uint32_t)))) continue;
    writer_.member("lost", true);
    break;
  }
  for (size_t i = 0; i <= count; ++i) {
    if (i == 0) writer_.openList("in");
    if (i == record.input_bulks) {
      writer_.closeList();
      writer_.openList("out");
    }
    if (i == count) break;
    writer_.member({}, uint64_t{loadLe<uint32_t>(record.bulk_numbers.data() + i * sizeof(uint32_t))});
  }
  writer_.closeList();
  writer_.close();
}

void RecordToText::exactBytes(const FileRecord& record, uint64_t of) {
  writer_.open("exact");
  writer_.bytes("in", record.inputs);
  if (record.flags & kFileOutputs) writer_.bytes("out", record.outputs);
  writer_.hex("of", of);
  writer_.close();
}

void RecordToText::printRaw(const FileRecord& record) {
  writer_.member("record", uint64_t{record.command});
  const std::string_view name = record.isCall() ? tables_.commandName(record.command) : std::string_view();
  if (!name.empty()) writer_.member("name", name);
  order(record);
  writer_.member("flags", uint64_t{record.flags});
  if (record.isCall()) bulkNumbers(record);
  writer_.bytes("in", record.inputs);
  if (record.isCall() && record.flags & kFileOutputs) writer_.bytes("out", record.outputs);
}

bool RecordToText::printSpecial(const FileRecord& record, uint64_t last_order) {
  ByteReader reader(record.inputs);
  switch (record.command) {
    case kFileMemory:
      return printMemory(record);
    case kFileContents:
      return printContents(record);
    case kFileHole: {
      const auto cause = reader.get<uint32_t>(), zero = reader.get<uint32_t>();
      const auto subject = reader.get<uint64_t>();
      if (!reader.ok() || zero != 0) return false;
      const char* name = holeCauseName(cause);
      name ? writer_.member("hole", name) : writer_.member("hole", uint64_t{cause});
      writer_.member("subject", subject);
      writer_.member("text", asText(reader.take(reader.remaining())));
      break;
    }
    case kFileMetadata: {
      const auto number = reader.get<uint32_t>();
      if (!tables_.metadataNumberOf(number)) return false;  // of a damaged file: the item is lost
      writer_.member("arrived", uint64_t{number});
      break;
    }
    case kFileTime:
      writer_.member("time_ms", uint64_t{reader.get<uint32_t>()});
      if (record.order == last_order) return reader.ok() && reader.remaining() == 0 && record.flags == 0;
      break;
    case kFilePayload:
      writer_.member("payload", reader.get<uint64_t>());
      writer_.hex("handle", reader.get<uint64_t>());
      break;
    default:
      return false;
  }
  order(record);
  return reader.ok() && reader.remaining() == 0;
}

bool RecordToText::printMemory(const FileRecord& record) {
  if (!parseMemoryBody(record.inputs, memory_)) return false;
  writer_.hex("memory", memory_.change.memory);
  writer_.hex("device", memory_.change.device);
  writer_.member("generation", memory_.change.generation);
  writer_.member("offset", memory_.change.offset);
  order(record);
  if (record.flags & kFileMixed) writer_.member("mixed", true);
  writer_.openList("runs");
  for (const MemoryBody::Run& run : memory_.runs) {
    writer_.open();
    writer_.member("at", run.offset);
    std::span<const std::byte> bytes = run.bytes;
    if (run.bulk) {
      const auto bulk = tables_.bulk(*run.bulk);
      if (!bulk || bulk.value().size() != run.size) return false;
      bytes = bulk.value();
    }
    writer_.bytesMembers(bytes);
    writer_.close();
  }
  writer_.closeList();
  return true;
}

bool RecordToText::printContents(const FileRecord& record) {
  ByteReader reader(record.inputs);
  const auto device = reader.get<uint64_t>(), object = reader.get<uint64_t>();
  uint32_t words[8];
  for (uint32_t& word : words) word = reader.get<uint32_t>();
  const auto offset = reader.get<uint64_t>(), size = reader.get<uint64_t>();
  std::span<const std::byte> bytes = record.inputs.subspan(std::min(reader.position(), record.inputs.size()));
  if (!reader.ok()) return false;
  if (record.flags & kFileBulks) {
    const auto bulk = bytes.size() == sizeof(uint32_t)
                          ? tables_.bulk(loadLe<uint32_t>(bytes.data()))
                          : Result<std::span<const std::byte>>(std::span<const std::byte>());
    if (!bulk) return false;
    bytes = bulk.value();
  }
  if (bytes.size() != size) return false;
  writer_.hex("contents", object);
  writer_.hex("device", device);
  const auto named = [&](const char* member, const EnumInfo& names, uint32_t value) {
    const char* name = nameIn(names, value);
    name ? writer_.member(member, name) : writer_.member(member, uint64_t{value});
  };
  named("object_type", kVkObjectTypeNames, words[0]);
  named("aspect", kVkImageAspectFlagBitsNames, words[1]);
  writer_.member("mip_level", uint64_t{words[2]});
  writer_.member("array_layer", uint64_t{words[3]});
  named("layout", kVkImageLayoutNames, words[4]);
  writer_.member("width", uint64_t{words[5]});
  writer_.member("height", uint64_t{words[6]});
  writer_.member("depth", uint64_t{words[7]});
  writer_.member("offset", offset);
  order(record);
  writer_.bytes("bytes", bytes);
  return true;
}

}  // namespace reprise

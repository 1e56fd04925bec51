#include <algorithm>

#include "format/vk.h"
#include "tools/text/json_row.h"
#include "tools/text/record_text.h"

namespace reprise {
namespace {

constexpr size_t kBulkRunBytes = 4096;  // as the writer has it: LaneBlock

// A name of an enum, or its number.
uint32_t named(JsonRow& row, std::string_view member, const EnumInfo& names) {
  const JsonValue value = row.take(member);
  if (value.isString())
    for (const EnumName& one : names.values)
      if (value.string() == one.name) return static_cast<uint32_t>(one.value);
  const auto number = value.integer();
  if (!number || *number > UINT32_MAX)
    row.fail(member, value, std::string("a name or number of ") + names.name);
  return static_cast<uint32_t>(number.value_or(0));
}

}  // namespace

uint64_t RecordFromText::hashOf(std::span<const std::byte> inputs, std::span<const std::byte> outputs) {
  return checksumOf(inputs) ^ (checksumOf(outputs) * 0x9e3779b97f4a7c15);
}

bool RecordFromText::read(const JsonValue& line, uint64_t last_order) {
  arena_.reset();
  record_ = {};
  body_.clear();
  numbers_.clear();
  never_returned_ = false;
  explicit_flags_ = false;
  arguments_hash_ = 0;
  JsonRow row(line);
  if (row.has("record"))
    readRaw(row);
  else if (row.has("command"))
    readCall(row);
  else
    readSpecial(row);
  readOrder(row, last_order);
  row.finish();
  if (record_.inputs.size() > kMaxRecordBytes || record_.outputs.size() > kMaxRecordBytes)
    row.fail("", "the record is larger than 1 GiB, the most that a trace holds in one piece");
  error_ = row.error();
  return row.ok();
}

void RecordFromText::readOrder(JsonRow& row, uint64_t last_order) {
  const auto ticket = row.optionalNumber("ticket"), after = row.optionalNumber("after");
  if (ticket && after) row.fail("after", "a record has either a ticket or what it comes after, not both");
  record_.order = ticket ? *ticket : after.value_or(last_order);
  if (ticket && !explicit_flags_) record_.flags |= kFileTicketed;
  const bool late = row.flag("late");
  if (record_.order < last_order && !late)
    row.fail(ticket ? "ticket" : "after", "its order is " + std::to_string(record_.order) +
                                              ", but the record before it has " + std::to_string(last_order) +
                                              ": orders never fall; correct it, or say \"late\": true");
}

// `exact`: a number of flags counts, where there is one.
void RecordFromText::readFlags(JsonRow& row, bool exact) {
  never_returned_ = row.flag("never_returned");
  if (row.flag("unfinished")) record_.flags |= kFileUnfinished;
  if (row.flag("provisional")) record_.flags |= kFileProvisional;
  if (row.flag("resumes")) record_.flags |= kFileResumes;
  if (row.flag("frame_end")) record_.flags |= kFileFrameEnd;
  const auto flags = row.optionalNumber("flags", UINT8_MAX);
  explicit_flags_ = flags.has_value() && exact;
  if (explicit_flags_) record_.flags = static_cast<uint8_t>(*flags);
}

void RecordFromText::readCall(JsonRow& row) {
  const std::string_view name = row.text("command");
  const JsonValue args = row.take("args"), result = row.take("result"), out = row.take("out");
  record_.command = tables_.commandId(name);
  if (record_.command == 0) return row.fail("command", "the trace names too many commands to add this one");
  const Command command = findCommand(name);
  const bool has_exact = row.has("exact");
  const bool returned = result.exists() || out.exists();
  const bool readable = !has_exact || (args.exists() && command != Command::kUnknown);
  if (readable) {
    if (command == Command::kUnknown)
      return row.fail("command", "this build knows no command named " + std::string(name));
    if (!args.exists()) return row.fail("args", "it is missing");
    if (!jsonToCall(command, args, returned, result, out, reader_, encoded_))
      return row.fail("", reader_.ok() ? "there is not enough memory for the call" : reader_.error());
    record_.inputs = encoded_.inputs.bytes();
    if (returned) record_.outputs = encoded_.outputs.bytes();
    if (returned) record_.flags |= kFileOutputs;
    arguments_hash_ = hashOf(record_.inputs, record_.outputs);
  }
  const JsonValue of = has_exact ? row.take("exact").member("of") : JsonValue();
  const bool edited = readable && of.exists() && unsignedFrom(of.string()) != arguments_hash_;
  if (has_exact && !edited) readExact(row);
  if (row.has("bulks") && !edited) {
    readBulkNumbers(row);
  } else {
    if (readable) addNumbers(encoded_.inputs.bulks());
    record_.input_bulks = static_cast<uint32_t>(numbers_.size());
    if (readable && returned) addNumbers(encoded_.outputs.bulks());
  }
  setNumbers();
  if (!numbers_.empty()) record_.flags |= kFileBulks;
  readFlags(row, !edited);
}

void RecordFromText::addNumbers(const std::vector<std::span<const std::byte>>& bulks) {
  for (std::span<const std::byte> bytes : bulks) numbers_.push_back(tables_.bulkNumber(bytes));
}

void RecordFromText::setNumbers() {
  number_bytes_.clear();
  for (uint32_t number : numbers_) appendLe(number_bytes_, number);
  record_.bulk_numbers = number_bytes_;
}

void RecordFromText::readBulkNumbers(JsonRow& row) {
  const JsonValue bulks = row.take("bulks");
  JsonRow lists(bulks, "/bulks");
  const bool lost = lists.flag("lost");
  for (const char* name : {"in", "out"}) {
    const JsonValue list = lists.take(name);
    if (!list.isList()) lists.fail(name, list, "a list of bulk items' numbers");
    for (JsonCursor cursor(list); !cursor.atEnd() && lists.ok(); cursor.advance()) {
      const auto text_number = cursor.value().integer();
      auto number = text_number ? tables_.bulkNumberOf(*text_number) : std::nullopt;
      if (!number && lost && text_number && *text_number <= UINT32_MAX) number = uint32_t(*text_number);
      if (!number) lists.fail(name, cursor.value(), "the number of a bulk item that stands before this line");
      numbers_.push_back(number.value_or(0));
    }
    if (name[0] == 'i') record_.input_bulks = static_cast<uint32_t>(numbers_.size());
  }
  lists.finish();
  if (!lists.ok()) row.fail("", lists.error());
}

std::span<const std::byte> RecordFromText::bytes(JsonRow& row, std::string_view name,
                                                 const JsonValue& value) {
  reader_.start(value, name, name);
  const auto found = reader_.bytesOf({}, value);
  if (!found) row.fail("", reader_.error());
  return found.value_or(std::span<const std::byte>());
}

void RecordFromText::readExact(JsonRow& row) {
  JsonRow exact(row.take("exact"), "/exact");
  exact.take("of");
  record_.inputs = bytes(row, "exact/in", exact.take("in"));
  const JsonValue out = exact.take("out");
  record_.outputs = {};
  if (out.exists()) record_.outputs = bytes(row, "exact/out", out);
  exact.finish();
  if (!exact.ok()) row.fail("", exact.error());
}

void RecordFromText::readRaw(JsonRow& row) {
  record_.command = static_cast<uint16_t>(row.number("record", UINT16_MAX));
  row.take("name");
  record_.inputs = bytes(row, "in", row.take("in"));
  const JsonValue out = row.take("out");
  if (out.exists()) record_.outputs = bytes(row, "out", out);
  if (row.has("bulks")) readBulkNumbers(row);
  setNumbers();
  readFlags(row, true);
}

void RecordFromText::readSpecial(JsonRow& row) {
  if (row.has("memory")) return readMemory(row);
  if (row.has("contents")) return readContents(row);
  if (row.has("hole")) {
    record_.command = kFileHole;
    const JsonValue cause = row.take("hole");
    const uint64_t number = cause.isString() ? holeCauseOf(cause.string()) : cause.integer().value_or(0);
    if (number == 0 || number > UINT32_MAX) row.fail("hole", cause, "the cause of a hole, or its number");
    appendLe(body_, static_cast<uint32_t>(number));
    appendLe(body_, uint32_t{0});
    appendLe(body_, row.number("subject"));
    const JsonValue text = row.take("text");
    appendBytes(body_, text.isString() ? asBytes(text.string()) : bytes(row, "text", text));
  } else if (row.has("arrived")) {
    record_.command = kFileMetadata;
    const auto number = tables_.metadataNumberOf(row.number("arrived"));
    if (!number)
      row.fail("arrived", row.take("arrived"), "the number of a metadata item that stands before this line");
    appendLe(body_, number.value_or(0));
  } else if (row.has("time_ms")) {
    record_.command = kFileTime;
    appendLe(body_, static_cast<uint32_t>(row.number("time_ms", UINT32_MAX)));
  } else if (row.has("payload")) {
    record_.command = kFilePayload;
    appendLe(body_, row.number("payload"));
    appendLe(body_, row.hex("handle"));
  } else {
    row.fail("",
             "the line is no block, no item and no record that this program knows; tools/TEXT.md lists them");
  }
  record_.inputs = body_;
}

void RecordFromText::readMemory(JsonRow& row) {
  record_.command = kFileMemory;
  memory_.change.memory = row.hex("memory");
  memory_.change.device = row.hex("device");
  memory_.change.generation = row.number("generation");
  memory_.change.offset = row.number("offset");
  memory_.runs.clear();
  if (row.flag("mixed")) record_.flags |= kFileMixed;
  const JsonValue runs = row.take("runs");
  if (!runs.isList()) row.fail("runs", runs, "a list of runs of bytes");
  size_t index = 0;
  for (JsonCursor cursor(runs); !cursor.atEnd() && row.ok(); cursor.advance())
    readRun(cursor.value(), index++, row);
  if (!row.ok()) return;
  appendMemoryBody(body_, memory_);
  record_.inputs = body_;
}

void RecordFromText::readRun(const JsonValue& value, size_t index, JsonRow& row) {
  const std::string path = "/runs/" + std::to_string(index);
  JsonRow run_row(value, path);
  MemoryBody::Run run;
  run.offset = run_row.number("at");
  const JsonValue hex = run_row.take("hex"), blob = run_row.take("blob"), size = run_row.take("size");
  run_row.finish();
  if (!run_row.ok()) return row.fail("", run_row.error());
  reader_.start(value, "a run", path.substr(1));
  const auto found = reader_.bytesIn(hex, blob, size);
  if (!found) return row.fail("", reader_.error());
  run.bytes = *found;
  run.size = static_cast<uint32_t>(found->size());
  if (run.bytes.size() >= kBulkRunBytes) run.bulk = tables_.bulkNumber(run.bytes);
  const uint64_t end =
      memory_.runs.empty() ? memory_.change.offset : memory_.runs.back().offset + memory_.runs.back().size;
  if (run.offset < end || run.offset - end > UINT32_MAX || run.offset + run.size < run.offset)
    return row.fail("runs", "run " + std::to_string(index) + " starts at " + std::to_string(run.offset) +
                                ", but what comes before it ends at " + std::to_string(end) +
                                "; runs do not overlap, and are less than 4 GiB apart");
  memory_.runs.push_back(run);
}

void RecordFromText::readContents(JsonRow& row) {
  record_.command = kFileContents;
  const uint64_t object = row.hex("contents");
  appendLe(body_, row.hex("device"));
  appendLe(body_, object);
  appendLe(body_, named(row, "object_type", kVkObjectTypeNames));
  appendLe(body_, named(row, "aspect", kVkImageAspectFlagBitsNames));
  const auto word = [&](const char* name) {
    appendLe(body_, static_cast<uint32_t>(row.number(name, UINT32_MAX)));
  };
  word("mip_level");
  word("array_layer");
  appendLe(body_, named(row, "layout", kVkImageLayoutNames));
  word("width");
  word("height");
  word("depth");
  appendLe(body_, row.number("offset"));
  const std::span<const std::byte> contents = bytes(row, "bytes", row.take("bytes"));
  appendLe(body_, uint64_t{contents.size()});
  if (contents.size() >= kBulkRunBytes) {
    record_.flags |= kFileBulks;
    appendLe(body_, tables_.bulkNumber(contents));
  } else {
    appendBytes(body_, contents);
  }
  record_.inputs = body_;
}

}  // namespace reprise

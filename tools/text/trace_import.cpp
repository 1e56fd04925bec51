#include "tools/text/trace_import.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <unordered_map>

#include "format/trace_assembler.h"
#include "tools/metadata_json.h"
#include "tools/text/json_row.h"
#include "tools/text/record_text.h"
#include "tools/text/trace_export.h"

namespace reprise {
namespace {

constexpr int kLeastLevel = -131072, kMostLevel = 22;  // of zstd

// A text's lines, each with its number.
class Lines {
 public:
  explicit Lines(std::string path) : path_(std::move(path)), file_(std::fopen(path_.c_str(), "rbe")) {}
  ~Lines() {
    if (file_) std::fclose(file_);
    std::free(line_);
  }
  Lines(const Lines&) = delete;
  Lines& operator=(const Lines&) = delete;

  bool isOpen() const { return file_ != nullptr; }
  bool next() {
    const ssize_t size = file_ ? ::getline(&line_, &capacity_, file_) : -1;
    if (size < 0) return false;
    ++number_;
    size_ = static_cast<size_t>(size);
    while (size_ > 0 && (line_[size_ - 1] == '\n' || line_[size_ - 1] == '\r')) --size_;
    return true;
  }
  std::string_view line() const { return {line_, size_}; }
  uint64_t number() const { return number_; }
  bool failed() const { return file_ == nullptr || std::ferror(file_) != 0; }
  Status status(const std::string& what) const {
    return {Code::kUnreadable, path_ + ":" + std::to_string(number_) + ": " + what};
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  std::FILE* file_;
  char* line_ = nullptr;
  size_t capacity_ = 0, size_ = 0;
  uint64_t number_ = 0;
};

class Importer : public TextTables {
 public:
  Importer(const std::string& dir, std::string file)
      : lines_(dir + "/trace.jsonl"),
        blobs_(dir + "/blobs"),
        file_(std::move(file)),
        reader_(arena_, blobs_),
        records_(*this, blobs_) {}

  Result<ImportSummary> run();

  // ---- TextTables
  std::string_view commandName(uint16_t) override { return {}; }
  uint16_t commandId(std::string_view name) override { return trace_->commandId(name); }
  Result<std::span<const std::byte>> bulk(uint32_t) override { return std::span<const std::byte>(); }
  uint32_t bulkNumber(std::span<const std::byte> bytes) override { return trace_->bulkNumber(bytes); }
  std::optional<uint32_t> bulkNumberOf(uint64_t text_number) override {
    return numberIn(bulks_, text_number);
  }
  std::optional<uint32_t> metadataNumberOf(uint64_t text_number) override {
    return numberIn(metadata_, text_number);
  }

 private:
  using Numbers = std::unordered_map<uint64_t, uint32_t>;
  static std::optional<uint32_t> numberIn(const Numbers& numbers, uint64_t text_number) {
    auto found = numbers.find(text_number);
    if (found == numbers.end()) return std::nullopt;
    return found->second;
  }

  std::string header();
  std::string line();
  void block(JsonRow& row);
  void index(JsonRow& row, int level);
  void item(JsonRow& row);
  void name(JsonRow& row);
  void bulkItem(JsonRow& row);
  void metadataItem(JsonRow& row);
  std::string record();
  std::span<const std::byte> bytes(JsonRow& row, std::string_view name, const JsonValue& value);
  BlockKind kindOf(JsonRow& row);

  Lines lines_;
  BlobReader blobs_;
  const std::string file_;
  std::unique_ptr<TraceAssembler> trace_;
  Arena arena_;
  JsonReader reader_;
  RecordFromText records_;
  JsonLine json_;
  Numbers bulks_, metadata_;
  bool has_index_ = false;
  ImportSummary summary_;
  Status io_;  // of the file that is written
};

std::span<const std::byte> Importer::bytes(JsonRow& row, std::string_view name, const JsonValue& value) {
  reader_.start(value, name, name);
  const auto found = reader_.bytesOf({}, value);
  if (!found) row.fail("", reader_.error());
  return found.value_or(std::span<const std::byte>());
}

std::string Importer::header() {
  if (!lines_.next()) return "the text is empty; it starts with a line {\"reprise_text\": 1, ...}";
  if (!json_.parse(lines_.line())) return "the line is no JSON: " + json_.error();
  JsonRow row(json_.root());
  if (row.ok() && row.take("reprise_text").integer() != kTextVersion)
    row.fail("reprise_text", row.take("reprise_text"),
             std::to_string(kTextVersion) + ": the text is another program's, or a later version's");
  TraceHeaderInfo info;
  const std::string_view format = row.text("format");
  uint16_t minor = 0;
  const std::string major = std::to_string(kVersionMajor) + ".";
  const auto parsed = format.starts_with(major) ? unsignedFrom(format.substr(major.size())) : std::nullopt;
  if (!parsed || *parsed > UINT16_MAX)
    row.fail("format", row.take("format"), "a format version such as \"1.1\"");
  minor = static_cast<uint16_t>(parsed.value_or(0));
  row.flag("complete");
  const struct {
    const char* name;
    std::string* to;
  } texts[] = {{"application", &info.application},
               {"command_line", &info.command_line},
               {"host", &info.host},
               {"os", &info.os},
               {"tool_version", &info.tool_version},
               {"registry_version", &info.registry_version}};
  for (const auto& text : texts) {
    const JsonValue value = row.take(text.name);
    *text.to = value.isString() ? value.string() : asText(bytes(row, text.name, value));
  }
  info.captured_unix_seconds = row.number("captured_unix_seconds");
  info.start_ns = row.number("start_ns");
  std::vector<std::byte> table = encodeHeader(info);
  if (row.has("table") && row.hex("of") == checksumOf(table)) {
    const auto exact = bytes(row, "table", row.take("table"));
    table.assign(exact.begin(), exact.end());
  }
  row.take("of");
  row.finish();
  if (table.size() > kMaxHeaderBytes) row.fail("", "the header is larger than 1 MiB");
  if (!row.ok()) return row.error();
  auto made = TraceAssembler::create(file_, table, minor);
  if (!made) return io_ = made.status(), "";
  trace_ = std::move(*made);
  return "";
}

BlockKind Importer::kindOf(JsonRow& row) {
  const JsonValue value = row.take("block");
  if (const auto number = value.integer(); number && *number <= UINT16_MAX)
    return static_cast<BlockKind>(*number);
  for (uint16_t kind = 1; blockKindName(static_cast<BlockKind>(kind)) != nullptr; ++kind)
    if (value.isString() && value.string() == blockKindName(static_cast<BlockKind>(kind)))
      return static_cast<BlockKind>(kind);
  row.fail("block", value, "a kind of block, by name or number");
  return {};
}

void Importer::block(JsonRow& row) {
  BlockPlan plan;
  plan.kind = kindOf(row);
  plan.lane = static_cast<uint32_t>(row.optionalNumber("lane", UINT32_MAX).value_or(0));
  const auto level = row.optionalSigned("level", kLeastLevel, kMostLevel);
  plan.level = level.value_or(0) != 0 ? static_cast<int>(*level) : BlockPlan::kUsualLevel;
  plan.first_order = row.optionalNumber("first_order");
  plan.first_number = row.optionalNumber("first_number");
  if (const auto count = row.optionalNumber("count", UINT32_MAX)) plan.count = static_cast<uint32_t>(*count);
  if (!row.ok()) return;
  if (plan.kind == BlockKind::kIndex && !plan.first_number) return index(row, plan.level);
  if (row.has("payload")) {
    BlockHeader header;
    header.kind = plan.kind;
    header.lane = plan.lane;
    header.first_order = plan.first_order.value_or(0);
    header.first_number = plan.first_number.value_or(0);
    header.count = plan.count.value_or(0);
    const auto raw = bytes(row, "payload", row.take("payload"));
    if (row.ok()) trace_->addBlock(header, raw, plan.level);
    has_index_ = has_index_ || plan.kind == BlockKind::kIndex;
  } else if (plan.kind == BlockKind::kWatermark) {
    trace_->watermark(row.number("ticket"), plan.level);
  } else if (plan.kind <= BlockKind::kMetadata || plan.kind == BlockKind::kNames) {
    if (plan.kind == BlockKind::kInitialState) return row.fail("payload", "a block of this kind has one");
    trace_->begin(plan);
  } else {
    row.fail("payload", "a block of this kind has one");
  }
}

void Importer::index(JsonRow& row, int level) {
  Result<std::vector<std::byte>> made = trace_->index();
  if (!made) return void(io_ = made.status());
  std::vector<std::byte> table = std::move(*made);
  if (row.has("payload") && row.hex("of") == checksumOf(table)) {
    const auto exact = bytes(row, "payload", row.take("payload"));
    table.assign(exact.begin(), exact.end());
  }
  row.take("of");
  has_index_ = true;
  if (row.ok()) io_ = trace_->addIndex(table, level);
}

void Importer::name(JsonRow& row) {
  const JsonValue value = row.take("name");
  const std::string_view text = value.isString() ? value.string() : asText(bytes(row, "name", value));
  if (text.size() > UINT16_MAX) row.fail("name", "a name has at most 65535 bytes");
  if (row.has("thread")) {
    const auto id = static_cast<uint32_t>(row.number("thread", UINT32_MAX));
    const auto tid = static_cast<uint32_t>(row.number("tid", UINT32_MAX));
    if (row.ok()) trace_->nameLane(id, tid, text);
  } else {
    const auto id = static_cast<uint16_t>(row.number("id", kFileFirstSpecial - 1));
    if (id == 0) row.fail("id", "a command's id is at least 1");
    if (row.ok()) trace_->nameCommand(id, text);
  }
}

void Importer::bulkItem(JsonRow& row) {
  const uint64_t number = row.number("bulk", UINT32_MAX);
  const JsonValue hex = row.take("hex"), blob = row.take("blob"), size = row.take("size");
  reader_.start({}, "bulk", "blob");
  const auto found = reader_.bytesIn(hex, blob, size);
  if (!found) row.fail("", reader_.error());
  const bool delta4 = row.flag("delta4");
  if (row.ok() && found->size() > kMaxRecordBytes) row.fail("", "a bulk item has at most 1 GiB");
  if (row.ok()) bulks_[number] = trace_->addBulk(*found, delta4);
}

void Importer::metadataItem(JsonRow& row) {
  const JsonValue kind_value = row.take("metadata");
  const std::string_view kind_name = kind_value.string();
  const uint64_t kind = kind_name == "application" ? 1
                        : kind_name == "device"    ? 2
                        : kind_name == "capture"   ? 3
                                                   : kind_value.integer().value_or(0);
  if (kind == 0 || kind > UINT32_MAX)
    row.fail("metadata", kind_value, "\"application\", \"device\", \"capture\" or a number");
  const uint64_t number = row.number("item", UINT32_MAX);
  const JsonValue value = row.take("value"), text = row.take("text");
  if (value.exists() == text.exists()) row.fail("value", "an item has either a value or a text");
  if (!row.ok()) return;
  std::string bytes_of_it;
  if (value.exists()) {  // as it stands in the line, but for blanks: this parser has the order and all digits
    const Json whole = Json::parse(lines_.line(), nullptr, false);
    if (!whole.is_object()) return row.fail("value", "it nests too deeply, or is no JSON");
    bytes_of_it = jsonText(whole["value"]);
  } else {
    bytes_of_it = text.isString() ? text.string() : asText(bytes(row, "text", text));
  }
  if (row.ok()) metadata_[number] = trace_->addMetadata(static_cast<uint32_t>(kind), asBytes(bytes_of_it));
}

void Importer::item(JsonRow& row) {
  switch (trace_->kind()) {
    case BlockKind::kNames:
      return name(row);
    case BlockKind::kBulk:
      return bulkItem(row);
    case BlockKind::kMetadata:
      return metadataItem(row);
    default:
      row.fail("", "no block is open that this line could belong to; a line {\"block\": ...} comes first");
  }
}

std::string Importer::record() {
  if (!records_.read(json_.root(), trace_->lastOrder())) return records_.error();
  ++summary_.records;
  trace_->add(records_.record(), records_.neverReturned());
  return "";
}

std::string Importer::line() {
  if (lines_.line().find_first_not_of(" \t") == std::string_view::npos) return "";
  if (!json_.parse(lines_.line())) return "the line is no JSON: " + json_.error();
  if (!json_.root().isObject()) return "the line is " + json_.root().describe() + ", expected an object";
  arena_.reset();
  const BlockKind open = trace_->kind();
  JsonRow row(json_.root());
  if (row.has("block")) {
    block(row);
  } else if (row.has("bytes") && !row.has("contents")) {  // a bulk item; contents are a record
    const auto raw = bytes(row, "bytes", row.take("bytes"));
    if (row.ok()) trace_->addBytes(raw);
  } else if (row.has("end")) {
    row.take("end");
    if (!has_index_) row.fail("end", "an index comes before the end: {\"block\": \"index\"}");
    if (row.ok()) trace_->addEnd();
  } else if (open == BlockKind::kCalls || open == BlockKind::kMemory) {
    return record();
  } else {
    item(row);
  }
  row.finish();
  return row.error();
}

Result<ImportSummary> Importer::run() {
  if (!lines_.isOpen())
    return Status(Code::kUnreadable, "cannot open " + lines_.path() + ": " + std::strerror(errno));
  std::string wrong = header();
  while (wrong.empty() && io_.isOk() && lines_.next()) {
    wrong = line();
    blobs_.trim();
    if (io_.isOk()) io_ = trace_->status();
  }
  if (!wrong.empty()) return lines_.status(wrong);
  if (!io_.isOk()) return io_;
  if (lines_.failed())
    return Status(Code::kUnreadable, "cannot read " + lines_.path() + ": " + std::strerror(errno));
  if (Status status = trace_->finish(); !status.isOk()) return status;
  summary_.lines = lines_.number();
  return summary_;
}

}  // namespace

Result<ImportSummary> importTrace(const std::string& dir, const std::string& file) {
  return Importer(dir, file).run();
}

}  // namespace reprise

// One record of a trace as a line of text and back. tools/TEXT.md describes the line.
//
// RecordToText prints what a record says; RecordFromText makes the record again. What refers to side tables
// goes through TextTables, which knows the numbers: commands by name, bulk bytes by contents. Whoever prints
// reads the line back, and where it does not give the same bytes asks for it again with Exactness. One
// thread's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/file_record.h"
#include "format/raw_bytes.h"
#include "tools/text/call_json.h"

namespace reprise {

// What the lines of a trace refer to.
class TextTables {
 public:
  virtual ~TextTables() = default;
  virtual std::string_view commandName(uint16_t id) = 0;  // empty: the file names none
  virtual uint16_t commandId(std::string_view name) = 0;  // 0: there can be none
  virtual Result<std::span<const std::byte>> bulk(
      uint32_t number) = 0;  // valid as long as the record's bytes are
  virtual uint32_t bulkNumber(std::span<const std::byte> bytes) = 0;
  // The numbers that a text gives are its own; these are the file's.
  virtual std::optional<uint32_t> bulkNumberOf(uint64_t text_number) = 0;
  virtual std::optional<uint32_t> metadataNumberOf(uint64_t text_number) = 0;
};

enum class Exactness : uint8_t {
  kPlain,    // the line says what the record says
  kNumbers,  // and which bulk items it has, and its flags
  kBytes,    // and its bytes, which count as long as the arguments are not changed
  kRaw,      // nothing but the bytes
};

class RecordToText {
 public:
  RecordToText(TextTables& tables, BlobWriter& blobs) : tables_(tables), writer_(line_, blobs) {}

  // `last_order`: of the record before it in its block. `of`: with kBytes, what RecordFromText::hashOf() is
  // of the arguments alone. The line, without its end; valid until the next call.
  const std::string& print(const FileRecord& record, uint64_t last_order, bool never_returned,
                           Exactness exactness, uint64_t of = 0);

 private:
  bool printCall(const FileRecord& record, Exactness exactness, uint64_t of);
  bool printSpecial(const FileRecord& record, uint64_t last_order);
  bool printMemory(const FileRecord& record);
  bool printContents(const FileRecord& record);
  void printRaw(const FileRecord& record);
  void order(const FileRecord& record);
  void flags(const FileRecord& record, uint64_t last_order, bool never_returned);
  void bulkNumbers(const FileRecord& record);
  void exactBytes(const FileRecord& record, uint64_t of);
  bool gatherBulks(const FileRecord& record);

  TextTables& tables_;
  std::string line_;
  JsonWriter writer_;
  Arena arena_;
  std::vector<std::span<const std::byte>> bulks_;
  MemoryBody memory_;
};

class JsonRow;

class RecordFromText {
 public:
  RecordFromText(TextTables& tables, Blobs& blobs) : tables_(tables), reader_(arena_, blobs) {}

  void setEditor(ValueEditor* editor) { reader_.setEditor(editor); }  // null: none

  // False: error() says what is wrong with the line. The record is valid until the next call.
  bool read(const JsonValue& line, uint64_t last_order);
  const FileRecord& record() const { return record_; }
  bool neverReturned() const { return never_returned_; }
  const std::string& error() const { return error_; }
  // Of the arguments alone, whatever exact bytes stand beside them.
  uint64_t argumentsHash() const { return arguments_hash_; }

  // The hash by which a line knows that its arguments are those of its bytes.
  static uint64_t hashOf(std::span<const std::byte> inputs, std::span<const std::byte> outputs);

 private:
  void readCall(JsonRow& row);
  void readBulkNumbers(JsonRow& row);
  void readExact(JsonRow& row);
  void readRaw(JsonRow& row);
  void readMemory(JsonRow& row);
  void readRun(const JsonValue& value, size_t index, JsonRow& row);
  void readContents(JsonRow& row);
  void readSpecial(JsonRow& row);
  void readOrder(JsonRow& row, uint64_t last_order);
  void readFlags(JsonRow& row, bool exact);
  std::span<const std::byte> bytes(JsonRow& row, std::string_view name, const JsonValue& value);
  void addNumbers(const std::vector<std::span<const std::byte>>& bulks);
  void setNumbers();

  TextTables& tables_;
  Arena arena_;
  JsonReader reader_;
  EncodedCall encoded_;
  FileRecord record_;
  bool never_returned_ = false;
  bool explicit_flags_ = false;
  uint64_t arguments_hash_ = 0;
  RawBytes body_;
  std::vector<uint32_t> numbers_;
  RawBytes number_bytes_;
  MemoryBody memory_;
  std::string error_;
};

// Spellings that both sides share.
const char* holeCauseName(uint32_t cause);    // null: it has none
uint32_t holeCauseOf(std::string_view name);  // 0: none has it

}  // namespace reprise

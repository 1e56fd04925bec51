// A Members that fills a call from JSON: the mirror of JsonWriter.
//
// Members may stand in any order; a member that is missing, unknown, twice there or of another type ends the
// reading: error() names the place as a JSON pointer, what was found and what was expected. What counts an
// array follows from the array's length, whatever the text says (and may be left out), so that an element can
// be added or taken away. What is allocated lies in the arena. The JSON and the blobs must outlive the use of
// the values. One thread's.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format/arena.h"
#include "tools/text/blob_folder.h"
#include "tools/text/enum_names.h"
#include "tools/text/json_value.h"
#include "tools/text/members.h"

namespace reprise {

// Who changes values as they are read: nullopt leaves one as it is. `member`: the field's name.
class ValueEditor {
 public:
  virtual ~ValueEditor() = default;
  virtual std::optional<std::string> text(std::string_view member, std::string_view value) = 0;
  virtual std::optional<std::vector<std::byte>> bytes(std::string_view member,
                                                      std::span<const std::byte> value) = 0;
};

class JsonReader : public Members {
 public:
  JsonReader(Arena& arena, Blobs& blobs) : arena_(arena), blobs_(blobs) {}

  // ---- what is no argument. `owner`: the command or struct whose members the object has.
  void start(const JsonValue& object, std::string_view owner, std::string_view label);  // forgets all before
  void finish();  // the object must hold nothing else
  void setResult(const JsonValue& value) { result_ = value; }
  void setEditor(ValueEditor* editor) { editor_ = editor; }  // null: none
  bool ok() const { return error_.empty(); }
  const std::string& error() const { return error_; }
  void fail(std::string_view name, const JsonValue& found, const std::string& expected);
  // {"hex": ...}, {"blob": ..., "size": ...}; nullopt: neither.
  std::optional<std::span<const std::byte>> bytesOf(std::string_view name, const JsonValue& value);
  // The same of an object that has other members, too.
  std::optional<std::span<const std::byte>> bytesIn(const JsonValue& hex, const JsonValue& blob,
                                                    const JsonValue& size, std::string_view name = {});

  // ---- Members
  void number(const Field& field, std::string_view name, void* value, NumberType type) override;
  void handle(std::string_view name, uint64_t& value) override;
  void text(const Field& field, char* value, size_t size) override;
  void string(const Field& field, std::string_view name, const char*& value) override;
  void wstring(const Field& field, const uint16_t*& value) override;
  void numbers(const Field& field, std::string_view name, void*& data, size_t count,
               NumberType type) override;
  void colour(std::string_view name, VkClearColorValue& value) override;
  void fixedBytes(std::string_view name, void* data, size_t size) override;
  bool beginObject(std::string_view name, std::string_view type) override;
  void endObject() override;
  bool pointer(std::string_view name, void*& p, size_t size) override;
  size_t beginList(std::string_view name, void*& p, size_t count, size_t element_size) override;
  bool beginFixedList(std::string_view name, size_t count) override;
  void endList() override;
  void structType(VkStructureType& type, VkStructureType expected) override;
  void beginChain(void*& next) override;
  VkBaseOutStructure* nextNode() override;
  void endNode() override { endObject(); }
  void room(std::string_view name, void*& p, size_t size) override;
  void count(const Field& field, void*& p, NumberType type, bool valued) override;
  void result(const Field& field, void* value, NumberType type) override;

 private:
  struct Scope {
    bool is_list = false;
    std::string_view name;   // of the member that it is, or
    size_t index = 0;        // its place in a list
    std::string_view owner;  // whose members these are
    JsonValue value;
    JsonCursor cursor;
    size_t first_taken = 0;   // in taken_
    size_t first_number = 0;  // in numbers_
  };
  struct Counted {  // a number that may count an array
    std::string_view name;
    void* value;
    NumberType type;
  };

  bool isOk() const { return error_.empty(); }
  JsonValue take(std::string_view name, bool may_miss = false);
  void push(const JsonValue& value, std::string_view name, bool is_list, std::string_view owner);
  void pop();
  std::string pointerTo(std::string_view name) const;
  void* allocate(size_t bytes);
  std::optional<std::span<const std::byte>> bytesOfList(const Field& field, std::string_view name,
                                                        const JsonValue& list, NumberType type);
  bool setNumber(const Field& field, const JsonValue& from, void* value, NumberType type);
  bool setFloat(const JsonValue& from, void* value, NumberType type);
  bool setInteger(const JsonValue& from, void* value, NumberType type);
  static std::string expectedNumber(const Field& field, NumberType type);
  bool isCount(std::string_view name) const;
  // An array is `found` long where its count says otherwise: the count follows. False: it cannot; fail() was
  // told.
  bool follow(std::string_view name, const JsonValue& array, size_t found, size_t expected);
  bool agrees(std::string_view count, std::string_view name, size_t found);
  VkBaseOutStructure* newNode(const JsonValue& object);
  VkStructureType typeOf(const JsonValue& value, std::string_view label);

  Arena& arena_;
  Blobs& blobs_;
  EnumNames enums_;
  ValueEditor* editor_ = nullptr;
  std::string error_;
  JsonValue result_;
  std::vector<Scope> scopes_;
  std::vector<std::string_view> taken_;
  std::vector<Counted> numbers_;
  std::vector<void**> links_;  // of the chains that are open: where the next node goes
};

}  // namespace reprise

// A Members as JSON, so exactly that JsonReader makes the same bytes of it again.
//
// The spelling is that of `reprise dump --format json`; but nothing is cut (large ranges go to blobs),
// numbers that JSON lacks and text that is no UTF-8 have a spelling of their own, and a colour is given once.
// Appends to a string that the caller owns. One thread's. tools/TEXT.md describes the result.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tools/text/blob_folder.h"
#include "tools/text/enum_names.h"
#include "tools/text/members.h"

namespace reprise {

class JsonWriter : public Members {
 public:
  JsonWriter(std::string& out, BlobWriter& blobs) : out_(out), blobs_(blobs) {}

  void restart() { comma_ = false, chains_.clear(); }  // at the start of a text, whatever came before

  // ---- what is no argument: a member of the object that the caller opens
  void open(std::string_view name = {});  // {
  void close();                           // }
  void openList(std::string_view name);
  void closeList();
  void member(std::string_view name, uint64_t value);
  void member(std::string_view name, int64_t value);
  void member(std::string_view name, bool value);
  void member(std::string_view name, std::string_view value);  // any bytes
  void member(std::string_view name, const char* value) { member(name, std::string_view(value)); }
  void hex(std::string_view name, uint64_t value);
  void json(std::string_view name, std::string_view value);  // as it is
  void bytes(std::string_view name, std::span<const std::byte> value);
  // The members of such an object, into the one that is open.
  void bytesMembers(std::span<const std::byte> value);

  // ---- Members
  void number(const Field& field, std::string_view name, void* value, NumberType type) override;
  void handle(std::string_view name, uint64_t& value) override { hex(name, value); }
  void text(const Field& field, char* value, size_t size) override;
  void string(const Field& field, std::string_view name, const char*& value) override;
  void wstring(const Field& field, const uint16_t*& value) override;
  void numbers(const Field& field, std::string_view name, void*& data, size_t count,
               NumberType type) override;
  void colour(std::string_view name, VkClearColorValue& value) override;
  void fixedBytes(std::string_view name, void* data, size_t size) override;
  bool beginObject(std::string_view name, std::string_view type) override;
  void endObject() override { close(); }
  bool pointer(std::string_view name, void*& p, size_t size) override;
  size_t beginList(std::string_view name, void*& p, size_t count, size_t element_size) override;
  bool beginFixedList(std::string_view name, size_t count) override;
  void endList() override { closeList(); }
  void structType(VkStructureType& type, VkStructureType expected) override;
  void beginChain(void*& next) override;
  VkBaseOutStructure* nextNode() override;
  void endNode() override;
  void room(std::string_view name, void*& p, size_t size) override;
  void count(const Field& field, void*& p, NumberType type, bool valued) override;
  void result(const Field& field, void* value, NumberType type) override;

 private:
  void key(std::string_view name);
  void quoted(std::string_view name, std::string_view plain);
  void null(std::string_view name);
  void real(std::string_view name, double value, std::string_view digits, uint64_t bits, uint64_t usual_nan);
  void integer(const Field& field, std::string_view name, uint64_t value, NumberType type);

  std::string& out_;
  BlobWriter& blobs_;
  EnumNames enums_;
  bool comma_ = false;  // something stands before the next member
  std::vector<VkBaseOutStructure*> chains_;
};

}  // namespace reprise

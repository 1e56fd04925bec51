// What a call's arguments are made of, told member by member: the interface behind MemberVisitor.
//
// A visitor compiled for a thousand structs costs minutes; a class behind this interface costs none, so
// whoever needs no speed (JsonWriter, JsonReader, MemberRewriter) stands here. Names, Fields and types are
// string literals. Each call says what comes next, in the registry's order; `name` is empty for elements of
// lists. Values are given by address and may be replaced; what is allocated for it belongs to the class. One
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "format/vk.h"

namespace reprise {

struct NumberType {
  uint8_t size;
  bool is_signed;
  bool is_float;
};

template <class T>
constexpr NumberType numberTypeOf() {
  static_assert(sizeof(T) <= 8);
  return {sizeof(T), std::is_enum_v<T> || std::is_signed_v<T>, std::is_floating_point_v<T>};
}

class Members {
 public:
  static constexpr size_t kNull = SIZE_MAX;  // a list that is not there

  virtual ~Members() = default;

  // ---- values
  virtual void number(const Field& field, std::string_view name, void* value, NumberType type) = 0;
  virtual void handle(std::string_view name, uint64_t& value) = 0;      // of a type that another member says
  virtual void text(const Field& field, char* value, size_t size) = 0;  // up to its first zero
  virtual void string(const Field& field, std::string_view name, const char*& value) = 0;
  virtual void wstring(const Field& field, const uint16_t*& value) = 0;
  // `count` numbers, or bytes (of size 1 and unsigned), in one piece.
  virtual void numbers(const Field& field, std::string_view name, void*& data, size_t count,
                       NumberType type) = 0;
  virtual void colour(std::string_view name,
                      VkClearColorValue& value) = 0;  // nothing in a call says which arm counts
  virtual void fixedBytes(std::string_view name, void* data, size_t size) = 0;

  // ---- what holds others: each begin that returned true (a count) is closed by an end
  virtual bool beginObject(std::string_view name, std::string_view type) = 0;
  virtual void endObject() = 0;
  // A pointer to one thing of `size` bytes; false: null.
  virtual bool pointer(std::string_view name, void*& p, size_t size) = 0;
  // An array of things; their number, or kNull.
  virtual size_t beginList(std::string_view name, void*& p, size_t count, size_t element_size) = 0;
  virtual bool beginFixedList(std::string_view name, size_t count) = 0;
  virtual void endList() = 0;
  virtual void structType(VkStructureType& type, VkStructureType expected) = 0;
  virtual void beginChain(void*& next) = 0;
  virtual VkBaseOutStructure* nextNode() = 0;  // null: the chain ends, and is closed
  virtual void endNode() = 0;

  // ---- before a call: room for its outputs
  virtual void room(std::string_view name, void*& p, size_t size) = 0;
  // A number behind a pointer; unless `valued` only the pointer means something.
  virtual void count(const Field& field, void*& p, NumberType type, bool valued) = 0;

  // ---- after it
  virtual void result(const Field& field, void* value, NumberType type) = 0;
};

}  // namespace reprise

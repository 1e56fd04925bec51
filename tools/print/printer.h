// Prints packets: the visitor that turns a decoded call into a Tree, for text and JSON alike.
//
// The generated visit() walks the call; the templates below only tell scalars, handles and structs apart, and
// the work is in printer.cpp, so that a thousand structs stay cheap to compile. Reads the packet, changes
// nothing. Holds a reference to the tree and, where handles are to be shown as objects, to these, which must
// have seen the call. One thread, one call at a time.
#pragma once

#include <span>
#include <type_traits>

#include "format/visit.h"
#include "tools/print/tree.h"

namespace reprise {

class Objects;

class Printer : public VisitorBase {
 public:
  // `bytes_shown`: how many bytes of a payload (shader code, push constants, ...) are printed.
  Printer(Tree& tree, size_t bytes_shown) : tree_(tree), bytes_shown_(bytes_shown) {}

  // From here on handles are shown as the objects that they mean; null: as they were captured.
  void nameObjects(const Objects* objects) { objects_ = objects; }

  // Before each call. `returned`: the driver returned, so its result and, unless it failed, its outputs are
  // known.
  void startCall(bool returned) { outputs_known_ = returned; }

  // ---- visitor
  template <class T>
  bool result(const Field& field, T& value, bool outputs_on_error) {
    if (!outputs_known_) return true;
    leaf(field, field.name, value);
    tree_.takeResult();
    if constexpr (std::is_same_v<T, VkResult>) outputs_known_ = value >= 0 || outputs_on_error;
    return true;
  }
  void structure(VkStructureType type, const char*, VkStructureType&, void*& next) { head(type, next); }
  template <class S>
  void node(S& value) {
    in_node_ = true;
    visit(*this, value);
  }
  template <class T>
  void scalar(const Field& field, T& value) {
    leaf(field, field.name, value);
  }
  template <class T>
  void handle(const Field& field, T& value) {
    leaf(field, field.name, value);
  }
  void objectHandle(const Field& field, uint64_t& value, VkObjectType type);
  template <class T>
  void opaque(const Field& field, T& value) {
    address(field.name, reinterpret_cast<uint64_t>(value));
  }
  template <class T>
  void fixed(const Field& field, T* values, size_t count) {
    elements(field, field.name, values, count);
  }
  void text(const Field& field, const char* value, size_t size);
  template <class S>
  void record(const Field& field, S& value) {
    object(field.name, field.type, false, value);
  }
  template <class T>
  void pointer(const Field& field, T*& value) {
    if (!value) return tree_.null(field.name);
    element(field, field.name, true, *value);
  }
  template <class T>
  void array(const Field& field, T*& values, size_t count) {
    elements(field, field.name, values, count);
  }
  template <class T>
  void pointers(const Field& field, T**& values, size_t count) {
    if (!values) return tree_.null(field.name);
    tree_.beginArray(field.name, field.type, count);
    for (size_t i = 0; i < count; ++i) {
      values[i] ? element(field, {}, false, *values[i]) : tree_.null({});
    }
    tree_.end();
  }
  template <class T, class Inner>
  void jagged(const Field& field, T**& values, size_t count, Inner inner) {
    if (!values) return tree_.null(field.name);
    tree_.beginArray(field.name, field.type, count);
    for (size_t i = 0; i < count; ++i) elements(field, {}, values[i], inner(i));
    tree_.end();
  }
  void string(const Field& field, const char* value);
  void wstring(const Field& field, const uint16_t* value);
  void strings(const Field& field, const char* const* values, size_t count);
  template <class T>
  void bytes(const Field& field, T*& value, size_t size) {
    payload(field.name, value, size);
  }
  void ignored(const Field& field, size_t = 0) { tree_.note(field.name, "ignored"); }
  template <class T>
  void outPointer(const Field& field, T*& value) {
    if (!value || outputs_known_) return pointer(field, value);
    unwritten(field, *value);
  }
  template <class T>
  void outArray(const Field& field, T*& values, size_t count) {
    if (!values || outputs_known_) return array(field, values, count);
    tree_.note(field.name, "not written");
  }
  void outBytes(const Field& field, void*& value, size_t size) {
    if (!value || outputs_known_) return payload(field.name, value, size);
    tree_.note(field.name, "not written");
  }
  // `is_input`: the program gave the room of an array, so the count means something before the call, too.
  template <class T>
  void countPointer(const Field& field, T*& value, bool is_input) {
    if (!value || outputs_known_ || is_input) return pointer(field, value);
    tree_.note(field.name, "not written");
  }

 private:
  template <class T>
  static constexpr bool kIsStruct = std::is_class_v<T> || std::is_union_v<T>;
  // More numbers than these are a payload (shader code), as in the text of `reprise export`: a node for each
  // would take a hundred times their bytes.
  static constexpr size_t kListedNumbers = 64;

  // Addresses and handles mean more than their bytes.
  static bool isPlain(const Field& field) {
    return field.kind != Field::kAddress && field.kind != Field::kDeviceAddress &&
           field.kind != Field::kOpaque && field.kind != Field::kHandle;
  }

  template <class S>
  void object(std::string_view name, std::string_view type, bool show_type, S& value) {
    tree_.beginObject(name, type, show_type);
    if constexpr (std::is_same_v<S, VkClearColorValue>) {
      clearColor(value);  // nothing in a call tells which of its members counts
    } else {
      visit(*this, value);
    }
    tree_.end();
  }

  template <class T>
  void element(const Field& field, std::string_view name, bool show_type, T& value) {
    if constexpr (kIsStruct<T>) {
      object(name, field.type, show_type, value);
    } else {
      leaf(field, name, value);
    }
  }

  template <class T>
  void elements(const Field& field, std::string_view name, T* values, size_t count) {
    if (!values) return tree_.null(name);
    if constexpr (std::is_same_v<T, uint8_t>) return payload(name, values, count);
    if constexpr (std::is_arithmetic_v<T>) {
      if (count > kListedNumbers && isPlain(field)) return payload(name, values, count * sizeof(T));
    }
    tree_.beginArray(name, kIsStruct<T> ? field.type : std::string_view(), count);
    if constexpr (std::is_arithmetic_v<T>) tree_.arrayBytes(std::as_bytes(std::span(values, count)));
    for (size_t i = 0; i < count; ++i) element(field, {}, false, values[i]);
    tree_.end();
  }

  // A value that is no struct, by the kind of its field.
  template <class T>
  void leaf(const Field& field, std::string_view name, const T& value) {
    if constexpr (std::is_floating_point_v<T>) {
      tree_.real(name, value);
    } else if constexpr (std::is_pointer_v<T>) {
      integer(field, name, reinterpret_cast<uint64_t>(value), sizeof(T), false);
    } else if constexpr (std::is_enum_v<T>) {
      integer(field, name, static_cast<uint64_t>(value), sizeof(T), true);
    } else {
      integer(field, name, static_cast<uint64_t>(value), sizeof(T), std::is_signed_v<T>);
    }
  }

  // An output that the driver did not write: its type and the chain that the program gave.
  template <class T>
  void unwritten(const Field& field, T& value) {
    if constexpr (kStructureType<T> != VK_STRUCTURE_TYPE_MAX_ENUM) {
      tree_.beginObject(field.name, field.type, true);
      head(kStructureType<T>, chainRef(value.pNext));
      unwrittenMembers();
      tree_.end();
    } else {
      tree_.note(field.name, "not written");
    }
  }

  // `value` is sign-extended from `size` bytes where `is_signed`.
  void integer(const Field& field, std::string_view name, uint64_t value, size_t size, bool is_signed);
  void enumValue(const Field& field, std::string_view name, uint64_t value);
  void flags(const Field& field, std::string_view name, uint64_t value);
  void namedHandle(std::string_view name, std::string_view type, uint64_t value);
  void address(std::string_view name, uint64_t value);
  void payload(std::string_view name, const void* value, size_t size);
  void clearColor(const VkClearColorValue& value);
  void head(VkStructureType type, void* next);
  void chain(const VkBaseInStructure* node);
  void unwrittenMembers();

  Tree& tree_;
  size_t bytes_shown_;
  const Objects* objects_ = nullptr;
  bool outputs_known_ = true;
  bool in_node_ = false;  // the next structure() is that of a chain's node, whose pNext is the chain itself
};

}  // namespace reprise

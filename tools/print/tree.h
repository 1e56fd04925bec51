// One printed call as a tree of names and values: the Printer builds it, writeText() and writeJson() lay it
// out.
//
// Leaves are spelled for one format when they are added, so a layout only places them; nothing knows both the
// Vulkan types and the layout. Beside its spelling a leaf keeps its value, for who must judge a call and not
// print it. Names and types are string literals (or outlive the tree); numbers are copied, strings and bytes
// are those of the call. One tree is reused for every call (clear() keeps the memory). One thread. No errors.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/palette.h"

namespace reprise {

struct EnumInfo;

// What a leaf holds, whatever the format that it is spelled for.
struct Value {
  enum Kind : uint8_t {
    kNone,  // a remark where a value would be
    kNull,
    kUnsigned,
    kSigned,
    kReal,
    kEnum,   // signed
    kFlags,  // unsigned
    kHandle,
    kString,
    kBytes,
  };
  Kind kind = kNone;
  uint64_t bits = 0;                // numbers: two's complement, or those of the double
  const EnumInfo* names = nullptr;  // of kEnum and kFlags; may be null
  std::string_view text;            // kString, kBytes, and arrays of plain numbers: as they lie in the call
};

class Tree {
 public:
  enum class Format : uint8_t { kText, kJson };
  enum class Kind : uint8_t {
    kLeaf,
    kObject,  // named members
    kArray,   // counted elements
    kChain,   // a pNext chain: objects in chain order
  };

  struct Node {
    Kind kind;
    bool show_type;         // say the type even where the object fits on one line (it is behind a pointer)
    std::string_view name;  // empty for elements of arrays and chains
    std::string_view type;  // of objects, an array's elements, and handles; kAddressType; may be empty
    size_t begin;           // leaf: its spelling, as a range of the tree's text
    size_t size;
    size_t count;  // array: elements
    size_t end;    // index of the first node that is not below this one
    size_t width;  // columns that it takes on one line
    Value value;   // of leaves, and the bytes of an array of numbers; of a typed struct: its sType
  };

  // `hex_dumps`: text shows payloads whole, sixteen bytes a line.
  explicit Tree(Format format, bool hex_dumps = false) : format_(format), hex_dumps_(hex_dumps) {}
  Format format() const { return format_; }
  bool isJson() const { return format_ == Format::kJson; }
  bool hexDumps() const { return hex_dumps_; }
  void clear();

  // Every begin is closed by one end().
  void beginObject(std::string_view name, std::string_view type, bool show_type = false);
  void beginArray(std::string_view name, std::string_view element_type, size_t count);
  void beginChain(std::string_view name);
  void end();
  // Of the innermost open object or array.
  void structureType(uint32_t type);
  void arrayBytes(std::span<const std::byte> bytes);

  void number(std::string_view name, uint64_t value);
  void number(std::string_view name, int64_t value);
  void real(std::string_view name, float value);
  void real(std::string_view name, double value);
  void boolean(std::string_view name, uint32_t value);  // VkBool32: anything but 0 and 1 stays a number
  void named(std::string_view name, std::string_view spelling, Value value = {});  // enum values and flags
  void constant(std::string_view name, uint64_t value,
                std::string_view spelling);  // text says the name, JSON the number
  void hex(std::string_view name, uint64_t value);
  void null(std::string_view name);
  void handle(std::string_view name, std::string_view type, uint64_t value);
  // The same where it is known which object that is: "VkImage:12", and its debug name, empty if it has none.
  void object(std::string_view name, std::string_view type, uint64_t value, std::string_view object,
              std::string_view debug_name);
  void string(std::string_view name, std::string_view value);
  void bytes(std::string_view name, std::span<const std::byte> value, size_t shown);
  void note(std::string_view name, std::string_view why);  // in place of a value that is not there

  // The last leaf becomes the call's result: it is no node of the tree any more.
  void takeResult();
  const std::string& result() const { return result_; }
  const Value& resultValue() const { return result_value_; }

  const std::vector<Node>& nodes() const { return nodes_; }
  std::string_view spelling(const Node& leaf) const {
    return std::string_view(text_).substr(leaf.begin, leaf.size);
  }

 private:
  void open(Kind kind, std::string_view name, std::string_view type, bool show_type, size_t count);
  // Makes what was added to text_ since `begin` a leaf; `width` 0: as wide as it is long.
  void leaf(std::string_view name, size_t begin, const Value& value, size_t width = 0,
            std::string_view type = {});
  void quoted(std::string_view name, std::string_view spelling, const Value& value, size_t width = 0,
              std::string_view type = {});

  Format format_;
  bool hex_dumps_;
  std::vector<Node> nodes_;
  std::vector<size_t> open_;
  std::string text_;
  std::string result_;
  Value result_value_;
};

// The type of leaves that hold an address of the captured program or of its device.
inline constexpr std::string_view kAddressType = "address";

// Handles and addresses count as this wide, whatever their digits, so that two dumps of one program break
// their lines alike and can be compared.
inline constexpr size_t kHexColumns = 14;
inline constexpr size_t kLineColumns = 120;

// The nodes of `tree` as call arguments, after `head` ("12 t1 vkCreateImage"): `head(a = 1, b = 2) = result`
// where that fits on a line, otherwise `head(...) = result` and one indented line a member. `result` may be
// empty. The last word of `head` is painted as the command.
void writeText(const Tree& tree, std::string_view head, std::string_view result, std::string& out,
               const Palette& palette = kPlain);

// The nodes of `tree` as one JSON object.
void writeJson(const Tree& tree, std::string& out);

// `value` as a quoted and escaped literal. JSON is valid whatever the bytes (what is not UTF-8 becomes
// U+FFFD); text shows such bytes, and control characters, as \xNN, so that a trace cannot drive a terminal.
void appendJsonString(std::string& out, std::string_view value);
void appendTextString(std::string& out, std::string_view value);
void appendHex(std::string& out, uint64_t value);

}  // namespace reprise

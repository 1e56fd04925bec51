#include "tools/print/printer.h"

#include <cstring>
#include <string>

#include "format/arguments.h"
#include "tools/constants.h"
#include "tools/objects.h"
#include "tools/print/registry_names.h"
#include "tools/print/utf16.h"

namespace reprise {
namespace {

void appendFlag(std::string& out, std::string_view flag) {
  if (!out.empty()) out += " | ";
  out += flag;
}

// Appends the character that starts at `next`, in UTF-16, and moves `next` behind it.
void appendUtf16(std::string& out, const uint16_t*& next) {
  uint32_t point = *next++;
  if (point >= 0xd800 && point < 0xdc00 && *next >= 0xdc00 && *next < 0xe000) {
    point = 0x10000 + ((point - 0xd800) << 10) + (*next++ - 0xdc00u);
  } else if (point >= 0xd800 && point < 0xe000) {
    point = 0xfffd;  // half a pair
  }
  appendUtf8(out, point);
}

std::string versionText(uint64_t value) {
  const auto version = static_cast<uint32_t>(value);
  const uint32_t variant = VK_API_VERSION_VARIANT(version);
  return (variant ? "variant " + std::to_string(variant) + " of " : "") +
         std::to_string(VK_API_VERSION_MAJOR(version)) + "." + std::to_string(VK_API_VERSION_MINOR(version)) +
         "." + std::to_string(VK_API_VERSION_PATCH(version));
}

}  // namespace

void Printer::integer(const Field& field, std::string_view name, uint64_t value, size_t size,
                      bool is_signed) {
  const uint64_t mask = size < 8 ? (uint64_t{1} << (8 * size)) - 1 : UINT64_MAX;
  switch (field.kind) {
    case Field::kBool:
      return tree_.boolean(name, static_cast<uint32_t>(value));
    case Field::kEnum:
      return enumValue(field, name, value);
    case Field::kFlags:
      return flags(field, name, value & mask);
    case Field::kHandle:
      return namedHandle(name, field.type, value);
    case Field::kOpaque:
      return address(name, value);
    case Field::kAddress:
    case Field::kDeviceAddress:
      return tree_.hex(name, value);
    default:
      break;
  }
  if (is_signed) return tree_.number(name, static_cast<int64_t>(value));
  if (field.name == kVersionMember) return tree_.constant(name, value, versionText(value));
  if (const char* constant = constantName(field.name, value)) return tree_.constant(name, value, constant);
  tree_.number(name, value);
}

void Printer::enumValue(const Field& field, std::string_view name, uint64_t value) {
  const char* known = field.names ? findName(*field.names, value) : nullptr;
  known ? tree_.named(name, known, {Value::kEnum, value, field.names, {}})
        : tree_.number(name, static_cast<int64_t>(value));
}

// A name for the whole value where there is one (0, and masks such as VK_SHADER_STAGE_ALL), else one a bit,
// and what has no name in hex.
void Printer::flags(const Field& field, std::string_view name, uint64_t value) {
  const Value leaf{Value::kFlags, value, field.names, {}};
  const char* whole = field.names ? findName(*field.names, value) : nullptr;
  if (whole) return tree_.named(name, whole, leaf);
  std::string spelling;
  for (uint64_t left = value; field.names && left != 0; left &= left - 1) {
    const uint64_t bit = left & -left;
    if (const char* known = findName(*field.names, bit)) {
      appendFlag(spelling, known);
      value &= ~bit;
    }
  }
  if (value != 0) {
    std::string rest;
    appendHex(rest, value);
    appendFlag(spelling, rest);
  }
  tree_.named(name, spelling.empty() ? "0" : spelling, leaf);
}

void Printer::objectHandle(const Field& field, uint64_t& value, VkObjectType type) {
  const HandleKind kind = handleKindOf(type);
  kind == HandleKind::kNone ? address(field.name, value)
                            : namedHandle(field.name, handleKindName(kind), value);
}

void Printer::namedHandle(std::string_view name, std::string_view type, uint64_t value) {
  if (!objects_ || value == 0) return tree_.handle(name, type, value);
  const ObjectName known = objects_->named(handleKindNamed(type), value);
  if (known.number == 0) return tree_.handle(name, type, value);
  tree_.object(name, type, value, textOf(known), objects_->debugName(known));
}

void Printer::address(std::string_view name, uint64_t value) {
  value == 0 ? tree_.null(name) : tree_.hex(name, value);
}

void Printer::text(const Field& field, const char* value, size_t size) {
  tree_.string(field.name, {value, strnlen(value, size)});
}

void Printer::string(const Field& field, const char* value) {
  value ? tree_.string(field.name, value) : tree_.null(field.name);
}

void Printer::wstring(const Field& field, const uint16_t* value) {
  if (!value) return tree_.null(field.name);
  std::string utf8;
  while (*value) appendUtf16(utf8, value);
  tree_.string(field.name, utf8);
}

void Printer::strings(const Field& field, const char* const* values, size_t count) {
  if (!values) return tree_.null(field.name);
  tree_.beginArray(field.name, {}, count);
  for (size_t i = 0; i < count; ++i) {
    values[i] ? tree_.string({}, values[i]) : tree_.null({});
  }
  tree_.end();
}

void Printer::payload(std::string_view name, const void* value, size_t size) {
  if (!value) return tree_.null(name);
  tree_.bytes(name, {static_cast<const std::byte*>(value), size}, bytes_shown_);
}

void Printer::clearColor(const VkClearColorValue& value) {
  tree_.beginArray("float32", {}, 4);
  for (const float component : value.float32) tree_.real({}, component);
  tree_.end();
  tree_.beginArray("uint32", {}, 4);
  for (const uint32_t component : value.uint32) {
    std::string digits;
    appendHex(digits, component);
    tree_.named({}, digits, {Value::kUnsigned, component, nullptr, {}});
  }
  tree_.end();
}

// What a typed struct starts with. Text says the type elsewhere.
void Printer::head(VkStructureType type, void* next) {
  tree_.structureType(static_cast<uint32_t>(type));
  if (tree_.isJson()) {
    const char* name = findName(kVkStructureTypeNames, static_cast<uint64_t>(type));
    name ? tree_.named("sType", name) : tree_.number("sType", int64_t{type});
  }
  if (in_node_) {
    in_node_ = false;
    return;
  }
  chain(static_cast<const VkBaseInStructure*>(next));
}

void Printer::chain(const VkBaseInStructure* node) {
  if (!node && !tree_.isJson()) return tree_.null("pNext");
  tree_.beginChain("pNext");
  for (; node; node = node->pNext) {
    if (node->sType == kHoleNodeType) {
      const auto& hole = *reinterpret_cast<const HoleNode*>(node);
      tree_.beginObject({}, "unreadable struct", true);
      tree_.number("sType", int64_t{hole.missing});
      tree_.named("why", hole.recorded_bytes ? "this build does not know it" : "it was not recorded");
      tree_.end();
      continue;
    }
    tree_.beginObject({}, structName(node->sType), true);
    if (outputs_known_) {
      visitNode(*this, node->sType, const_cast<VkBaseInStructure*>(node));
      in_node_ = false;
    } else {
      in_node_ = true;
      head(node->sType, nullptr);
      unwrittenMembers();
    }
    tree_.end();
  }
  tree_.end();
}

void Printer::unwrittenMembers() { tree_.named(tree_.isJson() ? "note" : "", "not written"); }

}  // namespace reprise

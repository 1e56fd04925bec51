#include "tools/print/event_text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "tools/metadata_json.h"
#include "tools/objects.h"
#include "tools/print/hex_dump.h"
#include "tools/print/registry_names.h"

namespace reprise {

namespace {
constexpr size_t kPieceBytes = 64 << 10;  // of data, between two drains
constexpr size_t kDataIndent = 4;
}  // namespace

std::string_view eventName(const Event& event) {
  constexpr std::string_view kNames[] = {"call",     "memory",  "hole",  "metadata",
                                         "contents", "payload", "opaque"};
  return event.kind == Event::kCall ? event.command_name : kNames[event.kind];
}

const char* holeCause(HoleCause cause) {
  switch (cause) {
    case HoleCause::kUnknownStruct:
      return "unknown struct";
    case HoleCause::kUntrackedMemory:
      return "untracked memory";
    case HoleCause::kStalledWriter:
      return "stalled writer";
    case HoleCause::kScanFailed:
      return "failed memory scan";
    case HoleCause::kUnknownCommand:
      return "unknown command";
  }
  return "unknown cause";
}

const char* metadataName(MetadataKind kind) {
  switch (kind) {
    case kMetadataApplication:
      return "application";
    case kMetadataDevice:
      return "device";
    case kMetadataCapture:
      return "capture";
  }
  return "unknown kind";
}

namespace {

// What the subject of a hole is, in text: an sType is a number, a memory is a handle.
std::string holeSubject(const HoleRecord& hole) {
  if (hole.cause == HoleCause::kUnknownStruct) return ", sType " + std::to_string(hole.subject);
  if (hole.cause != HoleCause::kUntrackedMemory) return "";
  std::string text =
      ", handle ";  // memory that could not be watched, or an object with contents from outside
  appendHex(text, hole.subject);
  return text;
}

std::string number(uint64_t value) { return std::to_string(value); }

const char* objectName(uint32_t object_type) {
  const HandleKind kind = handleKindOf(static_cast<VkObjectType>(object_type));
  return kind == HandleKind::kNone ? "object" : handleKindName(kind);
}

// Behind the object.
void contentsText(const ContentsRecord& contents, std::string& out) {
  if (contents.object_type == VK_OBJECT_TYPE_IMAGE) {
    out += ", " + valueName(kVkImageAspectFlagBitsNames, contents.aspect) + ", mip " +
           number(contents.mip_level) + ", layer " + number(contents.array_layer) + ", " +
           number(contents.width) + "x" + number(contents.height) + "x" + number(contents.depth) + ", " +
           valueName(kVkImageLayoutNames, contents.layout);
  } else {
    out += ", offset " + number(contents.offset);
  }
  out += ", size " + number(contents.size);
}

// Behind the object.
void contentsJson(const ContentsRecord& contents, std::string& out) {
  if (contents.object_type == VK_OBJECT_TYPE_IMAGE) {
    out += ",\"aspect\":\"" + valueName(kVkImageAspectFlagBitsNames, contents.aspect) +
           "\",\"mip\":" + number(contents.mip_level) + ",\"layer\":" + number(contents.array_layer) +
           ",\"width\":" + number(contents.width) + ",\"height\":" + number(contents.height) +
           ",\"depth\":" + number(contents.depth) + ",\"layout\":\"" +
           valueName(kVkImageLayoutNames, contents.layout) + "\"";
  }
  out += ",\"offset\":" + number(contents.offset) + ",\"size\":" + number(contents.size);
}

// Each in hex, lowest byte last; long ones and long lists are cut.
std::vector<std::string> opaqueValues(const Event& event) {
  constexpr size_t kShownValues = 8, kShownBytes = 64;
  const size_t values = event.opaque.values;
  const size_t size = values ? event.bytes.size() / values : 0;
  std::vector<std::string> list;
  for (size_t i = 0; i < std::min(values, kShownValues); ++i) {
    std::string& text = list.emplace_back(size > kShownBytes ? "0x..." : "0x");
    for (size_t byte = std::min(size, kShownBytes); byte-- > 0;)
      appendHexByte(static_cast<unsigned char>(event.bytes[i * size + byte]), text);
  }
  if (values > kShownValues) list.emplace_back("...");
  return list;
}

void opaqueText(const Event& event, std::string& out) {
  out += std::string("opaque values of ") + objectName(event.opaque.object_type) + " ";
  appendHex(out, event.opaque.object);
  const char* between = ": ";
  for (const std::string& value : opaqueValues(event)) out += std::exchange(between, ", ") + value;
}

void opaqueJson(const Event& event, std::string& out) {
  out += ",\"device\":\"";
  appendHex(out, event.opaque.device);
  out += std::string("\",\"type\":\"") + objectName(event.opaque.object_type) + "\",\"object\":\"";
  appendHex(out, event.opaque.object);
  out += "\",\"count\":" + number(event.opaque.values) + ",\"values\":[";
  const char* between = "";
  for (const std::string& value : opaqueValues(event))
    out += std::exchange(between, ",") + ('"' + value) + '"';
  out += ']';
}

}  // namespace

void EventPrinter::append(const Event& event, std::string& out) {
  if (json_) {
    event.kind == Event::kCall ? callJson(event, out) : otherJson(event, out);
    return forget();
  }
  if (first_ || event.frame != frame_) {
    out += first_ ? "" : "\n";
    out.append(palette_.frame).append("==== frame " + number(event.frame)).append(palette_.reset) += '\n';
    first_ = false;
    frame_ = event.frame;
  }
  event.kind == Event::kCall ? callText(event, out) : otherText(event, out);
  forget();
}

void EventPrinter::nameObjects(const Objects* objects) {
  objects_ = objects;
  calls_.nameObjects(objects);
}

const Tree& EventPrinter::tree(const Event& call) {
  if (!tree_) tree_ = &calls_.print(call);
  return *tree_;
}

bool EventPrinter::drain(std::string& out) const {
  return !drain_ || out.size() < kPieceBytes || drain_(out);
}

void EventPrinter::callText(const Event& event, std::string& out) {
  const Tree& tree = this->tree(event);
  std::string head = number(event.call_number) + " t" + number(event.lane) + " ";
  head += event.command_name;
  const char* unfinished = event.flags & kUnfinished ? "UNFINISHED (the call never returned)" : "";
  writeText(tree, head, *unfinished ? unfinished : tree.result(), out, palette_);
  if (calls_.error().empty()) return;
  out += "    ";
  out.append(palette_.warning).append("UNREADABLE").append(palette_.reset);
  out += ": " + calls_.error() + "; " + number(event.inputs.size()) + " bytes of inputs, " +
         number(event.outputs.size()) + " of outputs\n";
}

void EventPrinter::callJson(const Event& event, std::string& out) {
  const Tree& tree = this->tree(event);
  out += "{\"call\":" + number(event.call_number) + ",\"frame\":" + number(event.frame) +
         ",\"thread\":" + number(event.lane) + ",\"command\":";
  appendJsonString(out, event.command_name);
  out += ",\"args\":";
  writeJson(tree, out);
  if (!tree.result().empty()) out.append(",\"result\":").append(tree.result());
  if (event.flags & kUnfinished) out += ",\"unfinished\":true";
  if (!calls_.error().empty()) {
    out += ",\"unreadable\":";
    appendJsonString(out, calls_.error());
  }
  out += "}\n";
}

void EventPrinter::handleText(HandleKind kind, const char* type, uint64_t value, std::string& out) const {
  const ObjectName known = objects_ && value ? objects_->named(kind, value) : ObjectName();
  if (known.number == 0) {
    out.append(type) += ' ';
    return appendHex(out, value);
  }
  out += textOf(known);
  const std::string_view debug_name = objects_->debugName(known);
  if (debug_name.empty()) return;
  out += ' ';
  appendTextString(out, debug_name);
}

void EventPrinter::handleJson(HandleKind kind, uint64_t value, std::string& out) const {
  const ObjectName known = objects_ && value ? objects_->named(kind, value) : ObjectName();
  if (known.number != 0) out += "{\"handle\":";
  out += '"';
  appendHex(out, value);
  out += '"';
  if (known.number == 0) return;
  out += ",\"object\":\"" + textOf(known) + "\"";
  if (const std::string_view debug_name = objects_->debugName(known); !debug_name.empty()) {
    out += ",\"name\":";
    appendJsonString(out, debug_name);
  }
  out += '}';
}

void EventPrinter::dataText(const Event& event, std::string& out) {
  std::string_view left(reinterpret_cast<const char*>(event.bytes.data()), event.bytes.size());
  uint64_t offset = event.kind == Event::kMemory ? event.memory.offset : 0;
  while (!left.empty()) {
    const std::string_view piece = left.substr(0, kPieceBytes);
    appendHexLines(piece, offset, kDataIndent, out);
    offset += piece.size();
    left.remove_prefix(piece.size());
    if (!drain(out)) return;
  }
}

void EventPrinter::dataJson(const Event& event, std::string& out) {
  std::string_view left(reinterpret_cast<const char*>(event.bytes.data()), event.bytes.size());
  out += ",\"data\":{\"size\":" + number(left.size()) + ",\"hex\":\"";
  while (!left.empty()) {
    const std::string_view piece = left.substr(0, kPieceBytes);
    appendHexDigits(piece, out);
    left.remove_prefix(piece.size());
    if (!drain(out)) return;
  }
  out += "\"}";
}

void EventPrinter::otherText(const Event& event, std::string& out) {
  out += "- t" + number(event.lane) + " ";
  if (event.kind == Event::kMemory) {
    out += "memory ";
    handleText(HandleKind::kVkDeviceMemory, "VkDeviceMemory", event.memory.memory, out);
    out += ", offset " + number(event.memory.offset) + ", size " + number(event.memory.size);
    if (event.flags & kMixed) {
      out += ", ";
      out.append(palette_.warning).append("MIXED").append(palette_.reset) += " (some bytes may be the GPU's)";
    }
  } else if (event.kind == Event::kContents) {
    const ContentsRecord& contents = event.contents;
    out += "contents from outside: ";
    handleText(handleKindOf(VkObjectType(contents.object_type)), objectName(contents.object_type),
               contents.object, out);
    contentsText(contents, out);
  } else if (event.kind == Event::kPayload) {
    out += "payload " + number(event.payload.payload);
    if (event.payload.payload == 0) out += " (from outside)";
    if (event.payload.handle != 0) {
      out += ", handle ";
      appendHex(out, event.payload.handle);
    }
  } else if (event.kind == Event::kOpaque) {
    opaqueText(event, out);
  } else if (event.kind == Event::kHole) {
    out.append(palette_.warning).append("HOLE").append(palette_.reset);
    out += std::string(" (") + holeCause(event.hole.cause) + holeSubject(event.hole) + "): ";
    appendTextString(out, event.text);
  } else {
    out += std::string("metadata: ") + metadataName(event.metadata_kind) + ", " + number(event.text.size()) +
           " bytes of JSON";
  }
  out += '\n';
  if (data_) dataText(event, out);
}

void EventPrinter::otherJson(const Event& event, std::string& out) {
  out += "{\"event\":\"" + std::string(eventName(event)) + "\",\"frame\":" + number(event.frame) +
         ",\"thread\":" + number(event.lane);
  if (event.kind == Event::kMemory) {
    out += ",\"memory\":";
    handleJson(HandleKind::kVkDeviceMemory, event.memory.memory, out);
    out += ",\"generation\":" + number(event.memory.generation) +
           ",\"offset\":" + number(event.memory.offset) + ",\"size\":" + number(event.memory.size);
    out += event.flags & kMixed ? ",\"mixed\":true" : "";
  } else if (event.kind == Event::kContents) {
    const ContentsRecord& contents = event.contents;
    out += ",\"device\":\"";
    appendHex(out, contents.device);
    out += std::string("\",\"type\":\"") + objectName(contents.object_type) + "\",\"object\":";
    handleJson(handleKindOf(VkObjectType(contents.object_type)), contents.object, out);
    contentsJson(contents, out);
  } else if (event.kind == Event::kPayload) {
    out += ",\"payload\":" + number(event.payload.payload) + ",\"handle\":" + number(event.payload.handle);
  } else if (event.kind == Event::kOpaque) {
    opaqueJson(event, out);
  } else if (event.kind == Event::kHole) {
    out += std::string(",\"cause\":\"") + holeCause(event.hole.cause) +
           "\",\"subject\":" + number(event.hole.subject) + ",\"text\":";
    appendJsonString(out, event.text);
  } else {
    out += std::string(",\"kind\":\"") + metadataName(event.metadata_kind) + "\",\"value\":";
    out += jsonText(parseMetadata(event.text));
  }
  if (data_ && (event.kind == Event::kMemory || event.kind == Event::kContents)) dataJson(event, out);
  out += "}\n";
}

void appendJsonHeader(const TraceSummary& summary, std::string& out) {
  Json line = {{"event", "header"}, {"schema", "reprise-dump"}, {"version", kDumpSchemaVersion}};
  Json& trace = line["trace"];
  trace["format"] = number(summary.version_major) + "." + number(summary.version_minor);
  trace["tool"] = summary.info.tool_version;
  trace["registry"] = summary.info.registry_version;
  trace["application"] = summary.info.application;
  trace["complete"] = summary.complete;
  if (summary.counted) {
    trace["frames"] = summary.frames;
    trace["calls"] = summary.calls;
  }
  Json& threads = line["threads"] = Json::array();
  for (const LaneInfo& lane : summary.lanes)
    threads.push_back({{"thread", lane.id}, {"tid", lane.tid}, {"name", lane.name}});
  out += jsonText(line);
  out += '\n';
}

}  // namespace reprise

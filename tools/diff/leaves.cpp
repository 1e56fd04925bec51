#include "tools/diff/leaves.h"

#include <algorithm>

#include "format/call_halves.h"
#include "tools/metadata_json.h"
#include "tools/print/event_text.h"
#include "tools/print/registry_names.h"

namespace reprise {
namespace {

bool waits(std::string_view command) {
  return command.starts_with("vkWaitForFences") || command.starts_with("vkWaitSemaphores");
}

bool holdsTimes(VkQueryType type) {
  return type == VK_QUERY_TYPE_TIMESTAMP || type == VK_QUERY_TYPE_PERFORMANCE_QUERY_KHR ||
         type == VK_QUERY_TYPE_PERFORMANCE_QUERY_INTEL;
}

}  // namespace

std::string LeafPath::text(bool indices) const {
  std::string out;
  for (const Step& step : steps_) {
    if (!step.name.empty()) {
      if (!out.empty()) out += '.';
      out += step.name;
    } else if (indices) {
      out += "[" + std::to_string(step.index) + "]";
    }
  }
  return out;
}

void EventLeaves::see(const Event& event) {
  const std::span<const Mention> mentions = objects_.see(event);
  if (event.command == Command::vkCreateQueryPool) noteQueryPool(event, mentions);
  if (event.kind == Event::kPayload) payloads_.emplace(event.payload.payload, payloads_.size() + 1);
  const bool is_memory = event.kind == Event::kMemory;
  memory_.continues = is_memory && memory_.open && memory_.lane == event.lane &&
                      memory_.order == event.order && memory_.memory == event.memory.memory &&
                      memory_.device == event.memory.device;
  memory_.open = is_memory;
  memory_.lane = event.lane;
  memory_.order = event.order;
  memory_.memory = event.memory.memory;
  memory_.device = event.memory.device;
}

void EventLeaves::noteQueryPool(const Event& event, std::span<const Mention> mentions) {
  arena_.reset();
  CreateQueryPoolCall call;
  if (!decodeInputs(event.inputs, event.input_bulks, arena_, call) || !call.pCreateInfo) return;
  if (!holdsTimes(call.pCreateInfo->queryType)) return;
  for (const Mention& mention : mentions)
    if (mention.object.kind == HandleKind::kVkQueryPool) time_pools_.insert(mention.object.number);
}

bool EventLeaves::read(const Event& event, const Function& f) {
  of_command_ = &rules_.of(eventName(event));
  if (of_command_->ignored || of_command_->polls) return false;
  switch (event.kind) {
    case Event::kCall:
      return readCall(event, f);
    case Event::kMemory:
      readMemory(event, f);
      break;
    case Event::kContents:
      readContents(event, f);
      break;
    case Event::kPayload:
      if (event.payload.payload == 0) text("payload", "from outside", f);
      if (event.payload.payload != 0 && !isOut("payload")) {
        path_.push({"payload"});
        f({Leaf::kHandle, path_, {}, 0, {kPayloadKind, payloads_.at(event.payload.payload)}, {}});
        path_.pop();
      }
      number("handle", event.payload.handle, f);
      break;
    case Event::kHole:
      readHole(event, f);
      break;
    case Event::kMetadata:
      readMetadata(event, f);
      break;
    case Event::kOpaque:
      if (!rules_.strict()) return false;  // addresses of that run
      number("values", event.opaque.values, f);
      bytes({"bytes"}, event.bytes, f);
      break;
  }
  return true;
}

// A call that only found that the device is not there yet, however often.
bool EventLeaves::isOutsideTime(const Event& event, const Tree& tree) const {
  if (rules_.strict()) return false;
  const auto result = static_cast<int64_t>(tree.resultValue().bits);
  if (tree.resultValue().kind == Value::kEnum && (result == VK_NOT_READY || result == VK_TIMEOUT))
    return true;
  if (!waits(event.command_name)) return false;
  const auto& nodes = tree.nodes();
  for (size_t i = 0; i < nodes.size(); i = nodes[i].end)
    if (nodes[i].name == "timeout") return nodes[i].value.bits == 0;
  return false;
}

bool EventLeaves::readCall(const Event& event, const Function& f) {
  const Tree& tree = calls_.print(event);
  if (isOutsideTime(event, tree)) return false;
  hides_data_ = false;
  if (event.command == Command::vkGetQueryPoolResults && !rules_.strict()) {
    for (const Tree::Node& node : tree.nodes())
      if (node.name == "queryPool")
        hides_data_ = time_pools_.contains(objects_.named(HandleKind::kVkQueryPool, node.value.bits).number);
  }
  readNodes(tree, 0, tree.nodes().size(), f);
  if (!tree.result().empty()) {
    const bool address = rules_.strict() ? false : tree.result().starts_with("0x");
    text("result", address ? "an address" : tree.result(), f);
  }
  if (event.flags & kUnfinished) text("unfinished", "the call never returned", f);
  if (!calls_.error().empty()) text("unreadable", calls_.error(), f);
  return true;
}

void EventLeaves::readNodes(const Tree& tree, size_t first, size_t end, const Function& f) {
  uint64_t index = 0;
  const bool in_chain = first > 0 && tree.nodes()[first - 1].kind == Tree::Kind::kChain;
  for (size_t i = first; i < end; i = tree.nodes()[i].end, ++index) {
    const Tree::Node& node = tree.nodes()[i];
    const std::string_view name = in_chain ? node.type : node.name;
    if (isOut(name)) continue;
    path_.push({name, index});
    readNode(tree, i, f);
    path_.pop();
  }
}

void EventLeaves::readNode(const Tree& tree, size_t at, const Function& f) {
  const Tree::Node& node = tree.nodes()[at];
  if (node.kind != Tree::Kind::kLeaf) {
    f({Leaf::kShape, path_, node.type, node.count, {}, {}});
    return readNodes(tree, at + 1, node.end, f);
  }
  const Value& value = node.value;
  if (value.kind == Value::kHandle && value.bits != 0) {
    const HandleKind kind = handleKindNamed(node.type);
    return f({Leaf::kHandle, path_, tree.spelling(node), 0, objects_.named(kind, value.bits), {}});
  }
  if (value.kind == Value::kBytes) {
    if (hides_data_ && node.name == "pData") return;
    return f({Leaf::kBytes, path_, {}, 0, {}, std::as_bytes(std::span(value.text))});
  }
  if (node.type == kAddressType && !rules_.strict()) return f({Leaf::kText, path_, "an address", 0, {}, {}});
  f({Leaf::kText, path_, tree.spelling(node), 0, {}, {}});
}

// True if a rule says that `name`, below the current path, does not count.
bool EventLeaves::isOut(std::string_view name) {
  if (!of_command_->mayEnd(name)) return false;
  path_.push({name});
  const std::string whole = path_.text(false);
  path_.pop();
  return std::any_of(of_command_->members.begin(), of_command_->members.end(),
                     [&](const DiffRule* rule) { return leavesOut(*rule, whole); });
}

void EventLeaves::text(std::string_view name, std::string_view value, const Function& f) {
  if (isOut(name)) return;
  path_.push({name});
  f({Leaf::kText, path_, value, 0, {}, {}});
  path_.pop();
}

void EventLeaves::number(std::string_view name, uint64_t value, const Function& f) {
  text(name, std::to_string(value), f);
}

void EventLeaves::handle(std::string_view name, HandleKind kind, uint64_t value, const Function& f) {
  if (isOut(name)) return;
  std::string spelling;
  appendHex(spelling, value);
  path_.push({name});
  f({Leaf::kHandle, path_, spelling, 0, objects_.named(kind, value), {}});
  path_.pop();
}

void EventLeaves::bytes(const LeafPath::Step& step, std::span<const std::byte> value, const Function& f) {
  path_.push(step);
  f({Leaf::kBytes, path_, {}, 0, {}, value});
  path_.pop();
}

// The runs of one change come one after the other; where each lies is part of its path.
void EventLeaves::readMemory(const Event& event, const Function& f) {
  if (!memory_.continues) {
    handle("device", HandleKind::kVkDevice, event.memory.device, f);
    handle("memory", HandleKind::kVkDeviceMemory, event.memory.memory, f);
  }
  if (rules_.strict() && (event.flags & kMixed)) text("mixed", "some bytes may be the GPU's", f);
  if (isOut("bytes")) return;
  path_.push({"bytes"});
  bytes({{}, event.memory.offset}, event.bytes, f);
  path_.pop();
}

void EventLeaves::readContents(const Event& event, const Function& f) {
  const ContentsRecord& contents = event.contents;
  handle("device", HandleKind::kVkDevice, contents.device, f);
  handle("object", handleKindOf(VkObjectType(contents.object_type)), contents.object, f);
  number("aspect", contents.aspect, f);
  number("mip", contents.mip_level, f);
  number("layer", contents.array_layer, f);
  number("layout", contents.layout, f);
  number("width", contents.width, f);
  number("height", contents.height, f);
  number("depth", contents.depth, f);
  number("offset", contents.offset, f);
  if (!isOut("bytes")) bytes({"bytes"}, event.bytes, f);
}

void EventLeaves::readHole(const Event& event, const Function& f) {
  number("cause", uint64_t(event.hole.cause), f);
  // The subject of other causes is a handle or an address.
  if (event.hole.cause == HoleCause::kUnknownStruct || rules_.strict())
    number("subject", event.hole.subject, f);
  std::string why;
  appendTextString(why, event.text);
  text("text", why, f);
}

void EventLeaves::readMetadata(const Event& event, const Function& f) {
  const std::string_view kind = metadataName(event.metadata_kind);
  if (isOut(kind)) return;
  path_.push({kind});
  const Json value = parseMetadata(event.text);
  const Json flat = value.is_structured() ? value.flatten() : Json{{"", value}};
  for (const auto& [pointer, item] : flat.items()) {
    std::string name = pointer.substr(pointer.empty() ? 0 : 1);
    std::replace(name.begin(), name.end(), '/', '.');
    text(name.empty() ? "value" : name, jsonText(item), f);
  }
  path_.pop();
}

}  // namespace reprise

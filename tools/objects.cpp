#include "tools/objects.h"

#include <algorithm>
#include <charconv>
#include <type_traits>

#include "format/call_halves.h"

namespace reprise {
namespace {

bool isPool(HandleKind kind) {
  return kind == HandleKind::kVkCommandPool || kind == HandleKind::kVkDescriptorPool;
}

bool isPooled(HandleKind kind) {
  return kind == HandleKind::kVkCommandBuffer || kind == HandleKind::kVkDescriptorSet;
}

}  // namespace

std::string textOf(const ObjectName& name) {
  return std::string(handleKindName(name.kind)) + ":" + std::to_string(name.number);
}

bool parseObjectName(std::string_view text, ObjectName& name) {
  name = {};
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view type = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  for (size_t kind = 1; kind < kHandleKindCount; ++kind)
    if (handleKindName(HandleKind(kind)) == type) name.kind = HandleKind(kind);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), name.number);
  return name.kind != HandleKind::kNone && error == std::errc() && end == digits.data() + digits.size() &&
         name.number > 0;
}

std::span<const Mention> Objects::see(const Event& event) {
  for (const Mention& last : mentions_)
    if (last.role == Mention::kEnded && !debug_names_.empty()) debug_names_.erase(keyOf(last.object));
  mentions_.clear();
  last_named_ = 0;
  if (event.kind == Event::kCall) {
    seeCall(event);
  } else if (event.kind == Event::kMemory) {
    seeDevice(HandleKind::kVkDeviceMemory, event.memory.device, event.memory.memory);
  } else if (event.kind == Event::kContents) {
    seeDevice(handleKindOf(VkObjectType(event.contents.object_type)), event.contents.device,
              event.contents.object);
  }
  return mentions_;
}

void Objects::seeDevice(HandleKind kind, uint64_t device, uint64_t value) {
  enter(HandleKind::kVkDevice, device);
  mention(HandleKind::kVkDevice, device, device_, Mention::kUsed);
  if (kind != HandleKind::kNone) mention(kind, value, find(kind, value), Mention::kUsed);
}

void Objects::seeCall(const Event& event) {
  arena_.reset();
  (void)withPacket(event.command, [&](auto& packet) { seePacket(event, packet); });
}

template <class Packet>
void Objects::seePacket(const Event& event, Packet& packet) {
  const CommandInfo& command = commandInfo(Packet::kId);
  if (!decodeInputs(event.inputs, event.input_bulks, arena_, packet)) return;
  instance_ = device_ = pool_ = swapchain_ = HandleMap::kNone;
  bool first = true;
  ending_.clear();
  forEachHandle(packet, CallHalf::kInputs, [&](HandleKind kind, uint64_t& value) {
    if (first) enter(kind, value);
    first = false;
    input(kind, value, command.destroys);
  });
  takeDebugName(packet);
  if (event.has_outputs && decodeOutputs(event.outputs, event.output_bulks, arena_, packet)) {
    forEachHandle(packet, CallHalf::kOutputs,
                  [&](HandleKind kind, uint64_t& value) { output(kind, value, command.creates); });
  }
  if (event.flags & kUnfinished) return;
  std::sort(ending_.begin(), ending_.end());
  ending_.erase(std::unique(ending_.begin(), ending_.end()), ending_.end());  // a call may name one twice
  for (const HandleMap::Id id : ending_) endBelow(id, true);
  if (Packet::kId == Command::vkResetDescriptorPool && pool_) endBelow(pool_, false);
}

template <class Packet>
void Objects::takeDebugName(const Packet& packet) {
  const auto take = [&](HandleKind kind, uint64_t value, const char* text) {
    const HandleMap::Id id = find(kind, value);
    if (id != HandleMap::kNone) debug_names_[keyOf({kind, map_.at(id).live})] = text ? text : "";
  };
  if constexpr (std::is_same_v<Packet, SetDebugUtilsObjectNameEXTCall>) {
    if (const auto* info = packet.pNameInfo)
      take(handleKindOf(info->objectType), info->objectHandle, info->pObjectName);
  } else if constexpr (std::is_same_v<Packet, DebugMarkerSetObjectNameEXTCall>) {
    // VkDebugReportObjectTypeEXT has the numbers of VkObjectType for the objects of Vulkan 1.0.
    if (const auto* info = packet.pNameInfo; info && info->objectType < 26)
      take(handleKindOf(VkObjectType(info->objectType)), info->object, info->pObjectName);
  }
}

// The instance and device that a call's other handles belong to.
void Objects::enter(HandleKind dispatch, uint64_t first) {
  instance_ = device_ = HandleMap::kNone;
  if (!isDispatchable(dispatch)) return;
  HandleMap::Id id = map_.find(dispatch, HandleMap::kNone, first);
  while (id != HandleMap::kNone) {
    const HandleMap::Object& object = map_.at(id);
    if (object.kind == HandleKind::kVkDevice) device_ = id;
    if (object.kind == HandleKind::kVkInstance) instance_ = id;
    id = object.owner;
  }
}

HandleMap::Id Objects::find(HandleKind kind, uint64_t value) const {
  if (isDispatchable(kind)) return map_.find(kind, HandleMap::kNone, value);
  const HandleMap::Id of_device = device_ ? map_.find(kind, device_, value) : HandleMap::kNone;
  return of_device || !instance_ ? of_device : map_.find(kind, instance_, value);
}

void Objects::mention(HandleKind kind, uint64_t value, HandleMap::Id id, Mention::Role role) {
  mentions_.push_back({{kind, id ? map_.at(id).live : 0}, value, role});
}

HandleMap::Id Objects::make(HandleKind kind, uint64_t value, HandleMap::Id parent) {
  Counts& counts = counts_[size_t(kind)];
  const HandleMap::Id owner = device_ ? device_ : instance_;
  const HandleMap::Id id = map_.add(kind, owner, value, ++counts.made, parent ? parent : owner);
  counts.peak = std::max(counts.peak, ++counts.alive);
  return id;
}

void Objects::input(HandleKind kind, uint64_t value, HandleKind ends) {
  const HandleMap::Id id = find(kind, value);
  const bool is_end = id && kind == ends;
  mention(kind, value, id, is_end ? Mention::kEnded : Mention::kUsed);
  if (isPool(kind)) pool_ = id;
  if (kind == HandleKind::kVkSwapchainKHR) swapchain_ = id;
  if (is_end) ending_.push_back(id);
}

void Objects::output(HandleKind kind, uint64_t value, HandleKind makes) {
  HandleMap::Id id = kind == makes ? HandleMap::kNone : find(kind, value);
  const Mention::Role role = id ? Mention::kUsed : Mention::kMade;
  const bool of_swapchain = kind == HandleKind::kVkImage && kind != makes;
  if (!id) id = make(kind, value, isPooled(kind) ? pool_ : of_swapchain ? swapchain_ : HandleMap::kNone);
  mention(kind, value, id, role);
}

void Objects::endBelow(HandleMap::Id id, bool itself) {
  map_.forEachBelow(id, [&](HandleMap::Id below) {
    const HandleMap::Object& object = map_.at(below);
    --counts_[size_t(object.kind)].alive;
    mention(object.kind, object.captured, below, Mention::kEnded);
  });
  if (!itself) return map_.dropChildren(id);
  --counts_[size_t(map_.at(id).kind)].alive;
  map_.drop(id);
}

ObjectName Objects::named(HandleKind kind, uint64_t value) const {
  const size_t count = mentions_.size();
  for (size_t i = 0; i < count; ++i) {  // who asks goes through the same handles in the same order
    const size_t at = (last_named_ + i) % count;
    if (mentions_[at].object.kind != kind || mentions_[at].value != value) continue;
    last_named_ = at;
    return mentions_[at].object;
  }
  return {kind, 0};
}

std::string_view Objects::debugName(const ObjectName& object) const {
  const auto found = debug_names_.find(keyOf(object));
  return found == debug_names_.end() ? std::string_view() : found->second;
}

}  // namespace reprise

#include "tools/print/object_filter.h"

#include <algorithm>
#include <charconv>
#include <type_traits>

#include "format/call_halves.h"
#include "tools/print/registry_names.h"

namespace reprise {
namespace {

uint64_t valueOf(const auto& handle) { return uint64_t(handle); }

}  // namespace

Status ObjectFilter::add(const std::string& text) {
  ObjectName name;
  if (parseObjectName(text, name)) {
    add(name);
    return Status::ok();
  }
  const size_t colon = text.find(':');
  const std::string type = text.substr(0, colon);
  const HandleKind kind = handleKindNamed(type);
  if (colon == std::string::npos || kind == HandleKind::kNone) {
    const std::string meant = kind == HandleKind::kNone ? didYouMean(type, handleNames()) : "";
    return {
        Code::kUsage,
        "--object is a handle type with a number or a value, such as VkImage:12 or VkImage:0x1234, not \"" +
            text + "\"" + meant};
  }
  const std::string digits = text.substr(colon + 1);
  uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data() + std::min<size_t>(2, digits.size()), end, value, 16);
  if (!digits.starts_with("0x") || parsed.ec != std::errc() || parsed.ptr != end || value == 0) {
    return {Code::kUsage, "--object " + text +
                              ": after the colon stands the object's number, from 1 on, or the value "
                              "of its handle, such as 0x1234"};
  }
  values_.insert({kind, value});
  return Status::ok();
}

bool ObjectFilter::see(const Event& event, std::span<const Mention> mentions) {
  last_found_ = 0;
  if (event.kind == Event::kMemory && touchesMemory(event, mentions)) return true;
  const bool chosen = std::any_of(mentions.begin(), mentions.end(),
                                  [&](const Mention& mention) { return isChosen(mention); });
  if (chosen && event.kind == Event::kCall) learn(event, mentions);
  if (memories_.empty() && bound_.empty()) return chosen;
  for (const Mention& mention : mentions)
    if (mention.role == Mention::kEnded) forget(mention.object);
  return chosen;
}

const Mention* ObjectFilter::mentionOf(std::span<const Mention> mentions, HandleKind kind, uint64_t value) {
  for (size_t i = 0; i < mentions.size(); ++i) {
    const size_t at = (last_found_ + i) % mentions.size();
    if (mentions[at].object.kind != kind || mentions[at].value != value) continue;
    last_found_ = at;
    return &mentions[at];
  }
  return nullptr;
}

bool ObjectFilter::touchesMemory(const Event& event, std::span<const Mention> mentions) {
  const Mention* memory = mentionOf(mentions, HandleKind::kVkDeviceMemory, event.memory.memory);
  if (!memory || memory->object.number == 0) return false;
  const auto found = memories_.find(memory->object.number);
  if (found == memories_.end()) return false;
  const auto& [bindings, longest] = found->second;
  const uint64_t begin = event.memory.offset, size = event.memory.size;
  for (auto one = bindings.lower_bound({begin - std::min(begin, longest), 0, HandleKind::kNone, 0});
       one != bindings.end() && (one->offset <= begin || one->offset - begin < size); ++one)
    if (one->offset >= begin || begin - one->offset < one->size) return true;
  return false;
}

template <class Packet>
bool ObjectFilter::decode(const Event& event, Packet& packet, bool outputs) {
  arena_->reset();
  if (!decodeInputs(event.inputs, event.input_bulks, *arena_, packet)) return false;
  return !outputs || (event.has_outputs && decodeOutputs(event.outputs, event.output_bulks, *arena_, packet));
}

template <class Packet>
void ObjectFilter::learnSize(const Event& event, std::span<const Mention> mentions) {
  Packet call{};
  if (!decode(event, call, true)) return;
  if constexpr (std::is_same_v<Packet, CreateBufferCall>) {
    if (call.pCreateInfo && call.pBuffer)
      setSize(mentions, HandleKind::kVkBuffer, valueOf(*call.pBuffer), call.pCreateInfo->size);
  } else if constexpr (std::is_same_v<Packet, GetImageMemoryRequirementsCall>) {
    if (call.pMemoryRequirements)
      setSize(mentions, HandleKind::kVkImage, valueOf(call.image), call.pMemoryRequirements->size);
  } else if (call.pInfo && call.pMemoryRequirements) {
    setSize(mentions, HandleKind::kVkImage, valueOf(call.pInfo->image),
            call.pMemoryRequirements->memoryRequirements.size);
  }
}

template <class Packet>
void ObjectFilter::learnBindings(const Event& event, std::span<const Mention> mentions) {
  Packet call{};
  if (!decode(event, call, false)) return;
  const auto one = [&](const auto& info) {
    if constexpr (requires { info.image; }) {
      bind(mentions, HandleKind::kVkImage, valueOf(info.image), valueOf(info.memory), info.memoryOffset,
           kUnknown);
    } else {
      bind(mentions, HandleKind::kVkBuffer, valueOf(info.buffer), valueOf(info.memory), info.memoryOffset,
           kUnknown);
    }
  };
  if constexpr (requires { call.pBindInfos; }) {
    for (uint32_t i = 0; call.pBindInfos && i < call.bindInfoCount; ++i) one(call.pBindInfos[i]);
  } else {
    one(call);
  }
}

void ObjectFilter::learnSparse(const Event& event, std::span<const Mention> mentions) {
  QueueBindSparseCall call{};
  if (!decode(event, call, false)) return;
  const auto each = [&](HandleKind kind, uint64_t object, const VkSparseMemoryBind* binds, uint32_t count) {
    for (uint32_t i = 0; binds && i < count; ++i)
      bind(mentions, kind, object, valueOf(binds[i].memory), binds[i].memoryOffset, binds[i].size);
  };
  for (uint32_t batch = 0; call.pBindInfo && batch < call.bindInfoCount; ++batch) {
    const VkBindSparseInfo& info = call.pBindInfo[batch];
    for (uint32_t i = 0; info.pBufferBinds && i < info.bufferBindCount; ++i) {
      const auto& one = info.pBufferBinds[i];
      each(HandleKind::kVkBuffer, valueOf(one.buffer), one.pBinds, one.bindCount);
    }
    for (uint32_t i = 0; info.pImageOpaqueBinds && i < info.imageOpaqueBindCount; ++i) {
      const auto& one = info.pImageOpaqueBinds[i];
      each(HandleKind::kVkImage, valueOf(one.image), one.pBinds, one.bindCount);
    }
  }
}

void ObjectFilter::learn(const Event& event, std::span<const Mention> mentions) {
  switch (commandInfo(event.command).canonical) {
    case Command::vkCreateBuffer:
      return learnSize<CreateBufferCall>(event, mentions);
    case Command::vkGetImageMemoryRequirements:
      return learnSize<GetImageMemoryRequirementsCall>(event, mentions);
    case Command::vkGetImageMemoryRequirements2:
      return learnSize<GetImageMemoryRequirements2Call>(event, mentions);
    case Command::vkBindBufferMemory:
      return learnBindings<BindBufferMemoryCall>(event, mentions);
    case Command::vkBindBufferMemory2:
      return learnBindings<BindBufferMemory2Call>(event, mentions);
    case Command::vkBindImageMemory:
      return learnBindings<BindImageMemoryCall>(event, mentions);
    case Command::vkBindImageMemory2:
      return learnBindings<BindImageMemory2Call>(event, mentions);
    case Command::vkQueueBindSparse:
      return learnSparse(event, mentions);
    default:
      return;
  }
}

void ObjectFilter::bind(std::span<const Mention> mentions, HandleKind kind, uint64_t object, uint64_t memory,
                        uint64_t offset, uint64_t size) {
  const Mention* bound = mentionOf(mentions, kind, object);
  const Mention* to = mentionOf(mentions, HandleKind::kVkDeviceMemory, memory);
  if (!bound || !to || !isChosen(*bound) || bound->object.number == 0 || to->object.number == 0) return;
  Bound& known = bound_[keyOf(bound->object)];
  const Binding made{offset, size == kUnknown ? known.size : size, kind, bound->object.number};
  Memory& into = memories_[to->object.number];
  if (!into.bindings.insert(made).second) return;
  into.longest = std::max(into.longest, made.size);
  known.places.emplace_back(to->object.number, made);
}

void ObjectFilter::setSize(std::span<const Mention> mentions, HandleKind kind, uint64_t object,
                           uint64_t size) {
  const Mention* sized = mentionOf(mentions, kind, object);
  if (!sized || !isChosen(*sized) || sized->object.number == 0) return;
  Bound& known = bound_[keyOf(sized->object)];
  if (known.size == kUnknown) known.size = size;
}

// An object that has ended.
void ObjectFilter::forget(const ObjectName& object) {
  if (object.kind == HandleKind::kVkDeviceMemory) memories_.erase(object.number);
  const auto known = bound_.find(keyOf(object));
  if (known == bound_.end()) return;
  for (const auto& [memory, binding] : known->second.places) {
    const auto found = memories_.find(memory);
    if (found != memories_.end()) found->second.bindings.erase(binding);
  }
  bound_.erase(known);
}

}  // namespace reprise

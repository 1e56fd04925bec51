#include "tools/object_filter.h"

#include <algorithm>
#include <charconv>
#include <type_traits>

#include "format/call_halves.h"
#include "tools/registry_names.h"

namespace reprise {
namespace {

uint64_t valueOf(const auto& handle) { return uint64_t(handle); }

const Mention* mentionOf(std::span<const Mention> mentions, HandleKind kind, uint64_t value) {
  for (const Mention& mention : mentions)
    if (mention.object.kind == kind && mention.value == value) return &mention;
  return nullptr;
}

bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size) {
  return (b <= a || b - a < a_size) && (a <= b || a - b < b_size);
}

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
  if (event.kind == Event::kMemory && touchesMemory(event, mentions)) return true;
  const bool chosen = std::any_of(mentions.begin(), mentions.end(),
                                  [&](const Mention& mention) { return isChosen(mention); });
  if (chosen && event.kind == Event::kCall) learn(event, mentions);
  if (bindings_.empty() && sizes_.empty()) return chosen;
  for (const Mention& mention : mentions)
    if (mention.role == Mention::kEnded) forget(mention.object);
  return chosen;
}

bool ObjectFilter::touchesMemory(const Event& event, std::span<const Mention> mentions) const {
  const Mention* memory = mentionOf(mentions, HandleKind::kVkDeviceMemory, event.memory.memory);
  if (!memory || memory->object.number == 0) return false;
  return std::any_of(bindings_.begin(), bindings_.end(), [&](const Binding& binding) {
    return binding.memory == memory->object &&
           overlap(event.memory.offset, event.memory.size, binding.offset, binding.size);
  });
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
  const Binding made{bound->object, to->object, offset, size == kUnknown ? sizeOf(bound->object) : size};
  if (std::find(bindings_.begin(), bindings_.end(), made) == bindings_.end()) bindings_.push_back(made);
}

void ObjectFilter::setSize(std::span<const Mention> mentions, HandleKind kind, uint64_t object,
                           uint64_t size) {
  const Mention* sized = mentionOf(mentions, kind, object);
  if (!sized || !isChosen(*sized) || sized->object.number == 0) return;
  if (sizeOf(sized->object) == kUnknown) sizes_.push_back({sized->object, size});
}

uint64_t ObjectFilter::sizeOf(const ObjectName& object) const {
  for (const auto& [name, size] : sizes_)
    if (name == object) return size;
  return kUnknown;
}

void ObjectFilter::forget(const ObjectName& object) {
  std::erase_if(bindings_, [&](const Binding& one) { return one.object == object || one.memory == object; });
  std::erase_if(sizes_, [&](const auto& one) { return one.first == object; });
}

}  // namespace reprise

// From a record to its hook or to issue(): the table of all calls, and the hooks that go by a call's shape.
#include "replay/hooks.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "replay/issue.h"

namespace reprise {
namespace {

// ---- by shape, for commands of every platform and of younger registries

// vkCreateXcbSurfaceKHR and its like on any platform.
template <class C>
requires requires(C& c) { requires std::is_same_v<decltype(c.pSurface), VkSurfaceKHR*>; }
Status hook(Player& player, C&, C& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !captured.pSurface) return Status::ok();
  return player.window().createSurface(valueOf(*captured.pSurface));
}

// vkGetImageSubresourceLayout2
template <class C>
requires requires(C& c) {
  c.image;
  c.pSubresource->imageSubresource;
  c.pLayout->subresourceLayout;
}
Status hook(Player& player, C& call, C& captured) {
  Status status = issue(player, call, captured);
  if (status && call.pSubresource && call.pLayout && captured.pLayout)
    learnLayout(player, call.image, call.pSubresource->imageSubresource, captured.pLayout->subresourceLayout,
                call.pLayout->subresourceLayout);
  return status;
}

// vkMapMemory2
template <class C>
requires requires(C& c) { c.pMemoryMapInfo->memory; }
Status hook(Player& player, C& call, C& captured) {
  if (player.event().has_outputs && captured.result == VK_SUCCESS && call.pMemoryMapInfo)
    player.memory().map(memoryId(player, call.pMemoryMapInfo->memory), call.pMemoryMapInfo->offset,
                        call.pMemoryMapInfo->size);
  return Status::ok();
}

// vkUnmapMemory2
template <class C>
requires requires(C& c) { c.pMemoryUnmapInfo->memory; }
Status hook(Player& player, C& call, C&) {
  return call.pMemoryUnmapInfo ? player.memory().unmap(memoryId(player, call.pMemoryUnmapInfo->memory))
                               : Status::ok();
}

// What the differences of this call since the `since`-th are about: what it made, else the first handle
// after the device's.
template <class C>
void nameSubject(Player& player, const Event& event, uint64_t since) {
  C call{};
  if (!decodeInputs(event.inputs, event.input_bulks, player.arena(), call, nullptr, Holes::kLeaveOut)) return;
  if constexpr (!kReturnsNothing<C>)
    if (event.has_outputs)
      (void)decodeOutputs(event.outputs, event.output_bulks, player.arena(), call, nullptr, Holes::kLeaveOut);
  HandleValues handles;
  forEachHandle(call, CallHalf::kOutputs, HandleList{handles});
  if (commandInfo(C::kId).creates == HandleKind::kNone || handles.empty()) {
    handles.clear();
    forEachHandle(call, CallHalf::kInputs, HandleList{handles});
    if (handles.size() > 1 &&
        (handles[0].first == HandleKind::kVkDevice || handles[0].first == HandleKind::kVkInstance))
      handles.erase(handles.begin());
  }
  if (!handles.empty()) player.differAbout(since, handles[0].first, handles[0].second);
}

template <class C>
Status replayCall(Player& player, const Event& event) {
  player.stepTo(event);
  C call{};
  std::string error;
  if (!decodeInputs(event.inputs, event.input_bulks, player.arena(), call, &error, Holes::kLeaveOut,
                    player.preflight().filter()))
    return player.error(Code::kUnreadable, "its arguments cannot be read: " + error);
  C captured = call;
  if constexpr (!kReturnsNothing<C>) {
    if (event.has_outputs &&
        !decodeOutputs(event.outputs, event.output_bulks, player.arena(), captured, &error, Holes::kLeaveOut))
      return player.error(Code::kUnreadable, "its results cannot be read: " + error);
  }
  if constexpr (requires { call.pAllocator; }) call.pAllocator = nullptr;
  uint64_t first = 0;
  std::memcpy(&first, static_cast<const void*>(&call), std::min(sizeof first, sizeof call));
  if (Status status = player.begin(event, commandInfo(C::kId).dispatch, first); !status) return status;
  const uint64_t differences = player.differences();
  Status status;
  if constexpr (requires { hook(player, call, captured); }) {
    status = hook(player, call, captured);
  } else {
    status = issue(player, call, captured);
  }
  if (player.differences() != differences) [[unlikely]]
    nameSubject<C>(player, event, differences);
  return status;
}

template <class C>
bool readCall(const Event& event, Arena& arena, const NodeFilter* filter, CapturedCall& read) {
  C* call = arena.allocateArray<C>(1);
  if (call == nullptr) return false;
  read.packet = call;
  if (!decodeInputs(event.inputs, event.input_bulks, arena, *call, nullptr, Holes::kLeaveOut, filter))
    return false;
  if constexpr (!kReturnsNothing<C>) {
    if (event.has_outputs &&
        !decodeOutputs(event.outputs, event.output_bulks, arena, *call, nullptr, Holes::kLeaveOut))
      return false;
  }
  if constexpr (kHasVkResult<C>) read.had_effect = !event.has_outputs || !hadNoEffect(call->result);
  return true;
}

constexpr ReplayCall kReplayCalls[] = {
#include "gen/calls.inc"
};

}  // namespace

const ReplayCall* findReplayCall(Command command) {
  static const std::vector<const ReplayCall*> by_command = [] {
    std::vector<const ReplayCall*> rows(kCommandCount, nullptr);
    for (const ReplayCall& row : kReplayCalls) rows[size_t(row.command)] = &row;
    return rows;
  }();
  return by_command[size_t(commandInfo(command).canonical)];
}

}  // namespace reprise

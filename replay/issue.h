// One call, from the trace to the driver: map its handles, call, learn what it returned, compare with the
// capture.
//
// hooks.cpp instantiates this for every command without a hook; a hook adapts the packet and hands it back to
// issue().
// `call` is decoded from the trace and becomes live; `captured` has the outputs and result of the capture
// (its by-value members stay captured, its input arrays are shared with `call`).
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "format/call_halves.h"
#include "format/encoder.h"
#include "replay/chains.h"
#include "replay/rules.h"
#include "replay/session.h"

namespace reprise {

template <class C>
inline constexpr bool kHasResult = requires(C& c) {
  c.result;
};
template <class C>
inline constexpr bool kHasVkResult = requires(C& c) {
  requires std::is_same_v<decltype(c.result), VkResult>;
};
// vkCmd* and vkDestroy*, by shape: two thirds of all commands, and none returns anything.
template <class C>
inline constexpr bool kReturnsNothing =
    !kHasResult<C> && (
                          requires(C & c) { c.commandBuffer; } || requires(C & c) { c.pAllocator; });
// Calls that make objects return nothing that could be compared but their result.
template <class C>
inline constexpr bool kIsQuery = !requires(C & c) {
  c.pAllocator;
};

// What a walk over a call's handles finds.
class HandleWalk {
 public:
  HandleWalk(Player& player, Command command)
      : player_(player), command_(command), destroys_(commandInfo(command).destroys) {}

  // Captured values become live ones.
  void operator()(HandleKind kind, uint64_t& value) {
    if (kind != destroys_) [[likely]] {
      uint64_t live = player_.liveFirst(kind, value);
      if (live == 0) live = player_.recent(kind, value);
      if (live != 0) return void(value = live);
    }
    const HandleMap::Id id = player_.find(kind, value);
    if (id == HandleMap::kNone) return unknown(kind, value);
    const HandleMap::Object& object = player_.handles().at(id);
    if (isOurs(kind)) touches_ours_ = true;
    if (kind == destroys_) destroys(id);
    if (object.live == 0 && kind != destroys_ && player_.failed(id)) return refuse(kind, value);
    const bool pool = kind == HandleKind::kVkCommandPool || kind == HandleKind::kVkDescriptorPool;
    if (pool) pool_ = id;
    if (!pool && !isOurs(kind)) player_.remember(kind, value, object.live);
    value = object.live;
  }

  bool ok() const { return unknown_kind_ == HandleKind::kNone; }
  Status status() const { return player_.unknownHandle(unknown_kind_, unknown_value_); }
  // Surfaces and the like: the driver has no such object, the replay keeps them.
  bool touchesOurs() const { return touches_ours_; }
  // The objects that the call destroyed end.
  void drop() {
    if (destroyed_ == HandleMap::kNone) return;
    player_.handles().drop(destroyed_);
    for (const HandleMap::Id id : more_destroyed_) player_.handles().drop(id);
  }
  HandleMap::Id pool() const { return pool_; }

 private:
  void destroys(HandleMap::Id id) {
    if (destroyed_ == HandleMap::kNone)
      destroyed_ = id;
    else
      more_destroyed_.push_back(id);
  }
  void unknown(HandleKind kind, uint64_t& value) {
    if (mayBeStale(command_, kind)) {
      value = 0;
      return;
    }
    refuse(kind, value);
  }
  void refuse(HandleKind kind, uint64_t value) {
    if (!ok()) return;
    unknown_kind_ = kind;
    unknown_value_ = value;
  }

  Player& player_;
  Command command_;
  HandleKind destroys_;
  bool touches_ours_ = false;
  HandleKind unknown_kind_ = HandleKind::kNone;
  uint64_t unknown_value_ = 0;
  HandleMap::Id pool_ = HandleMap::kNone;
  HandleMap::Id destroyed_ = HandleMap::kNone;  // nearly always the only one
  std::vector<HandleMap::Id> more_destroyed_;
};

// Lists a call's handles, in order.
struct HandleList {
  HandleValues& values;
  void operator()(HandleKind kind, uint64_t& value) { values.push_back({kind, value}); }
};

// Writes a list's values over the handles of a packet, in order.
struct HandleOverwrite {
  const HandleValues& from;
  size_t next = 0;
  void operator()(HandleKind, uint64_t& value) {
    if (next < from.size()) value = from[next].second;
    ++next;
  }
};

// Numbers of the captured device become this one's, too, unless the caller sees to that.
template <class C>
Status mapInputs(Player& player, C& call, DeviceNumbers* numbers) {
  HandleWalk walk(player, C::kId);
  forEachHandle(call, CallHalf::kInputs, walk, numbers);
  return walk.ok() ? Status::ok() : walk.status();
}

template <class C>
Status mapInputs(Player& player, C& call) {
  return mapInputs(player, call, player.numbers());
}

// Pipelines come, or do not, one by one: they are paired by their places.
template <class C>
concept MakesPipelines = requires(C& c) {
  c.pPipelines[c.createInfoCount];
};
// What the captured driver had compiled before, this one may have to compile now.
template <MakesPipelines C>
void allowCompiling(C& call, const C& captured) {
  constexpr VkPipelineCreateFlags kFails = VK_PIPELINE_CREATE_FAIL_ON_PIPELINE_COMPILE_REQUIRED_BIT |
                                           VK_PIPELINE_CREATE_EARLY_RETURN_ON_FAILURE_BIT;
  for (uint32_t i = 0; call.pCreateInfos && captured.pPipelines && i < call.createInfoCount; ++i) {
    if (!captured.pPipelines[i]) continue;
    using Flags = std::remove_cvref_t<decltype(call.pCreateInfos[i].flags)>;  // 32 or 64 of them
    const_cast<Flags&>(call.pCreateInfos[i].flags) &= ~Flags{kFails};
#if defined(VK_KHR_maintenance5)
    if (auto* wide = findInChain<VkPipelineCreateFlags2CreateInfoKHR>(
            call.pCreateInfos[i].pNext, VK_STRUCTURE_TYPE_PIPELINE_CREATE_FLAGS_2_CREATE_INFO_KHR))
      wide->flags &= ~VkFlags64{kFails};
#endif
  }
}
template <MakesPipelines C>
void settlePipelines(Player& player, C& call, C& captured) {
  // Another compiler may not need what the captured one did, or need more.
  if (player.sameGpu() || captured.result < 0 || call.result < 0)
    (void)player.resultsAgree(captured.result, call.result);
  for (uint32_t i = 0; captured.pPipelines && call.pPipelines && i < captured.createInfoCount; ++i) {
    const VkPipeline was = captured.pPipelines[i], is = call.pPipelines[i];
    if (was && is)
      player.learn(HandleKind::kVkPipeline, valueOf(was), valueOf(is));
    else if (was)
      player.learnFailed({{HandleKind::kVkPipeline, valueOf(was)}}, call.result, HandleMap::kNone);
    else if (is)
      player.dispatch().DestroyPipeline(call.device, is, nullptr);
  }
}

// Learns the handles that the call returned, then compares outputs as the rules say.
template <class C>
void settle(Player& player, C& call, C& captured, HandleMap::Id parent) {
  if constexpr (MakesPipelines<C>) return settlePipelines(player, call, captured);
  if constexpr (kHasVkResult<C>) {
    const bool alike = kIsQuery<C> ? player.resultsAgree(captured.result, call.result)
                                   : player.createdAlike(captured.result, call.result);
    if (!alike) {
      if (captured.result < 0 || call.result >= 0) return;
      player.captured_returns.clear();
      forEachHandle(captured, CallHalf::kOutputs, HandleList{player.captured_returns});
      return player.learnFailed(player.captured_returns, call.result, parent);
    }
  }
  HandleValues& was = player.captured_returns;
  HandleValues& is = player.live_returns;
  was.clear();
  is.clear();
  forEachHandle(captured, CallHalf::kOutputs, HandleList{was});
  forEachHandle(call, CallHalf::kOutputs, HandleList{is});
  player.learnAll(was, is, parent);
  if constexpr (kIsQuery<C>) {
    if (!player.comparesOutputs(C::kId)) return;
    if (was.size() == is.size()) forEachHandle(call, CallHalf::kOutputs, HandleOverwrite{was});
    if constexpr (kHasVkResult<C>) call.result = captured.result;
    std::vector<std::byte> expected, found;
    encodeOutputs(captured, expected);
    encodeOutputs(call, found);
    player.compareBytes(expected, found);
  }
}

// Some calls fail in part: the objects that they did make are alive.
template <class C>
bool returnedHandles(C& captured) {
  bool any = false;
  forEachHandle(captured, CallHalf::kOutputs, [&](HandleKind, uint64_t&) { any = true; });
  return any;
}

// The whole way of an ordinary call; `make` calls the driver.
template <class C, class Make>
Status issueBy(Player& player, C& call, C& captured, const Make& make) {
  if constexpr (kHasVkResult<C>) {
    if (player.event().has_outputs && hadNoEffect(captured.result) && !returnedHandles(captured))
      return Status::ok();
  }
  HandleWalk walk(player, C::kId);
  forEachHandle(call, CallHalf::kInputs, walk, player.numbers());
  if (!walk.ok()) return player.refuse(C::kId, walk.status());
  if (!walk.touchesOurs() && player.offered(C::kId)) {
    if (!Player::has(player.dispatch(), C::kId)) return player.missing(C::kId);
    if constexpr (MakesPipelines<C>) allowCompiling(call, captured);
    make();
    if constexpr (kHasVkResult<C>) player.noticeLoss(captured.result, call.result);
    if constexpr (!kReturnsNothing<C>) {
      if (player.event().has_outputs) settle(player, call, captured, walk.pool());
    }
  }
  walk.drop();
  return Status::ok();
}

template <class C>
Status issue(Player& player, C& call, C& captured) {
  return issueBy(player, call, captured, [&] { invoke(player.dispatch(), call); });
}

}  // namespace reprise

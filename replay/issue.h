// One call, from the trace to the driver: map its handles, call, learn what it returned, compare with the
// capture.
//
// hooks.cpp instantiates this for every command; a hook adapts the packet and hands it back to issue().
// `call` is decoded from the trace and becomes live; `captured` has the outputs and result of the capture
// (its by-value members stay captured, its input arrays are shared with `call`).
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "format/decoder.h"
#include "format/encoder.h"
#include "format/handles_visitor.h"
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

// Any function over handles as one type, so that the walks are compiled once a call.
struct HandleFunction {
  void* self;
  void (*function)(void* self, HandleKind kind, uint64_t& value);
  void operator()(HandleKind kind, uint64_t& value) { function(self, kind, value); }
};
template <class C, class F>
void walkHandles(C& call, CallHalf half, F& f) {
  HandleFunction erased{
      &f, [](void* self, HandleKind kind, uint64_t& value) { (*static_cast<F*>(self))(kind, value); }};
  forEachHandle(call, half, erased);
}

// What a walk over a call's handles finds.
class HandleWalk {
 public:
  HandleWalk(Player& player, Command command)
      : player_(player), command_(command), destroys_(commandInfo(command).destroys) {}

  // Captured values become live ones.
  void operator()(HandleKind kind, uint64_t& value) {
    const HandleMap::Id id = player_.find(kind, value);
    if (id == HandleMap::kNone) return unknown(kind, value);
    const HandleMap::Object& object = player_.handles().at(id);
    if (isOurs(kind)) touches_ours_ = true;
    if (kind == destroys_) destroyed_.push_back(id);
    if (kind == HandleKind::kVkCommandPool || kind == HandleKind::kVkDescriptorPool) pool_ = id;
    value = object.live;
  }

  bool ok() const { return unknown_kind_ == HandleKind::kNone; }
  Status status() const { return player_.unknownHandle(unknown_kind_, unknown_value_); }
  // Surfaces and the like: the driver has no such object, the replay keeps them.
  bool touchesOurs() const { return touches_ours_; }
  const std::vector<HandleMap::Id>& destroyed() const { return destroyed_; }
  HandleMap::Id pool() const { return pool_; }

 private:
  void unknown(HandleKind kind, uint64_t& value) {
    if (mayBeStale(command_, kind)) {
      value = 0;
      return;
    }
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
  std::vector<HandleMap::Id> destroyed_;
};

// Lists a call's handles, in order.
struct HandleList {
  std::vector<std::pair<HandleKind, uint64_t>> values;
  void operator()(HandleKind kind, uint64_t& value) { values.push_back({kind, value}); }
};

// Writes a list's values over the handles of a packet, in order.
struct HandleOverwrite {
  const HandleList& from;
  size_t next = 0;
  void operator()(HandleKind, uint64_t& value) {
    if (next < from.values.size()) value = from.values[next].second;
    ++next;
  }
};

template <class C>
Status mapInputs(Player& player, C& call) {
  HandleWalk walk(player, C::kId);
  walkHandles(call, CallHalf::kInputs, walk);
  return walk.ok() ? Status::ok() : walk.status();
}

// Learns the handles that the call returned, then compares outputs as the rules say.
template <class C>
void settle(Player& player, C& call, C& captured, HandleMap::Id parent) {
  if constexpr (kHasVkResult<C>) {
    if (!player.resultsAgree(captured.result, call.result)) return;
  }
  HandleList was, is;
  walkHandles(captured, CallHalf::kOutputs, was);
  walkHandles(call, CallHalf::kOutputs, is);
  player.learnAll(was.values, is.values, parent);
  if constexpr (kIsQuery<C>) {
    if (!player.comparesOutputs(C::kId)) return;
    if (was.values.size() == is.values.size()) {
      HandleOverwrite overwrite{was};
      walkHandles(call, CallHalf::kOutputs, overwrite);
    }
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
  HandleList list;
  walkHandles(captured, CallHalf::kOutputs, list);
  return !list.values.empty();
}

// The whole way of an ordinary call.
template <class C>
Status issue(Player& player, C& call, C& captured) {
  if constexpr (kHasVkResult<C>) {
    if (player.event().has_outputs && hadNoEffect(captured.result) && !returnedHandles(captured))
      return Status::ok();
  }
  HandleWalk walk(player, C::kId);
  walkHandles(call, CallHalf::kInputs, walk);
  if (!walk.ok()) return player.refuse(C::kId, walk.status());
  if (!walk.touchesOurs() && player.offered(C::kId)) {
    if (!Player::has(player.dispatch(), C::kId)) return player.missing(C::kId);
    invoke(player.dispatch(), call);
    if constexpr (kHasVkResult<C>) player.noticeLoss(captured.result, call.result);
    if constexpr (!kReturnsNothing<C>) {
      if (player.event().has_outputs) settle(player, call, captured, walk.pool());
    }
  }
  for (const HandleMap::Id id : walk.destroyed()) player.handles().drop(id);
  return Status::ok();
}

}  // namespace reprise

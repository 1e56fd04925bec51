// Which object each handle of a trace means: "VkImage:12" is the twelfth VkImage that the trace makes.
//
// see() takes every event in merged order, from the first of the trace on: a handle's value says nothing by
// itself, since drivers give the value of a dead object to a new one. Objects that a program does not create
// but is handed (queues, physical devices, a swapchain's images) count from when they first appear. What is
// below a destroyed object (a pool's sets, all of a device) ends with it. Owns its map; views and references
// are valid until the next see(). One thread's. Errors: a call that cannot be decoded names nothing.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "format/arena.h"
#include "format/handles.h"
#include "format/reader.h"

namespace reprise {

// An object's name in a trace, whatever its handle: "VkImage:12".
struct ObjectName {
  HandleKind kind = HandleKind::kNone;
  uint64_t number = 0;  // from 1 on; 0: no object that the trace has made so far
  bool operator==(const ObjectName&) const = default;
};
std::string textOf(const ObjectName& name);
// False unless `text` is a handle type, a colon and a number from 1 on.
bool parseObjectName(std::string_view text, ObjectName& name);

// One handle of an event.
struct Mention {
  enum Role : uint8_t { kUsed, kMade, kEnded };
  ObjectName object;
  uint64_t value = 0;  // the handle, as captured
  Role role = kUsed;
};

class Objects {
 public:
  // What the event names: its inputs, then its outputs, in the registry's order; last what ended with it but
  // is not named.
  std::span<const Mention> see(const Event& event);

  // Of the last event: the object that one of its handles means.
  ObjectName named(HandleKind kind, uint64_t value) const;
  // What the program calls it (VK_EXT_debug_utils, VK_EXT_debug_marker); empty if it has not said.
  std::string_view debugName(const ObjectName& object) const;

  uint64_t made(HandleKind kind) const { return counts_[size_t(kind)].made; }
  uint64_t alive(HandleKind kind) const { return counts_[size_t(kind)].alive; }
  uint64_t peak(HandleKind kind) const { return counts_[size_t(kind)].peak; }

 private:
  struct Counts {
    uint64_t made = 0, alive = 0, peak = 0;
  };

  static uint64_t keyOf(const ObjectName& object) { return uint64_t(object.kind) << 56 | object.number; }
  void seeCall(const Event& event);
  template <class Packet>
  void seePacket(const Event& event, Packet& packet);
  template <class Packet>
  void takeDebugName(const Packet& packet);
  void enter(HandleKind dispatch, uint64_t first);
  HandleMap::Id find(HandleKind kind, uint64_t value) const;
  void mention(HandleKind kind, uint64_t value, HandleMap::Id id, Mention::Role role);
  HandleMap::Id make(HandleKind kind, uint64_t value, HandleMap::Id parent);
  void input(HandleKind kind, uint64_t value, HandleKind ends);
  void output(HandleKind kind, uint64_t value, HandleKind makes);
  void endBelow(HandleMap::Id id, bool itself);
  void seeDevice(HandleKind kind, uint64_t device, uint64_t value);

  Arena arena_;
  HandleMap map_;  // the `live` value of an object is its number
  std::array<Counts, kHandleKindCount> counts_{};
  std::unordered_map<uint64_t, std::string> debug_names_;  // by keyOf()
  std::vector<Mention> mentions_;
  std::vector<HandleMap::Id> ending_;
  mutable size_t last_named_ = 0;

  // Of the current event.
  HandleMap::Id instance_ = HandleMap::kNone, device_ = HandleMap::kNone;
  HandleMap::Id pool_ = HandleMap::kNone, swapchain_ = HandleMap::kNone;
};

}  // namespace reprise

// Which live object a captured handle stands for.
//
// A captured value means something only together with its owner (the device, or the instance of objects
// that belong to no device) and its type: two devices may hand out one value. Objects form a tree; dropping
// one drops its children, because a driver hands out the values of a dead pool's children again.
// Two live objects may share one captured value (the specification allows it): the newest is found, and the
// older one again once the newest is dropped. Single-threaded. Handles are their 64-bit values.
#pragma once

#include <cstdint>
#include <iterator>
#include <vector>

#include "format/vk.h"
#include "format/flat_map.h"

namespace reprise {

// isDispatchable() as data: the question is asked with every handle.
inline constexpr bool kDispatchableKinds[] = {
    false,
#define REPRISE_HANDLE(type, dispatchable, parent, object_type) dispatchable,
#include "gen/handles.inc"
#undef REPRISE_HANDLE
};
static_assert(std::size(kDispatchableKinds) == kHandleKindCount);

class HandleMap {
 public:
  using Id = uint32_t;  // of an object in this map; reused after drop()
  static constexpr Id kNone = 0;

  struct Object {
    uint64_t captured = 0;
    uint64_t live = 0;
    Id owner = kNone;
    Id parent = kNone;
    HandleKind kind = HandleKind::kNone;
  };

  HandleMap() : nodes_(1) {}

  // A new object. `parent` may equal `owner`; dispatchable objects are found with owner kNone.
  Id add(HandleKind kind, Id owner, uint64_t captured, uint64_t live, Id parent);
  // The object that a captured value means now, kNone if there is none.
  Id find(HandleKind kind, Id owner, uint64_t captured) const {
    const Id* found = newest_.find(keyOf(kind, owner, captured));
    return found == nullptr ? kNone : *found;
  }
  const Object& at(Id id) const { return nodes_[id].object; }
  // The object and all below it.
  void drop(Id id);
  // Only what lies below it (a pool that was reset), or only those of one kind.
  void dropChildren(Id id, HandleKind only = HandleKind::kNone);

  // f(id) for each object below this one, an object before its own children.
  template <class F>
  void forEachBelow(Id id, F&& f) const {
    for (Id child = nodes_[id].first_child; child != kNone; child = nodes_[child].next) {
      f(child);
      forEachBelow(child, f);
    }
  }

  size_t size() const { return live_count_; }
  // Changes whenever a dispatchable object comes or goes: until then, what find() said of one holds.
  uint64_t dispatchableVersion() const { return dispatchable_version_; }
  // Changes whenever any object comes or goes.
  uint64_t version() const { return version_; }
  // How often an object was added while another of the same owner, kind and value was alive.
  uint64_t duplicates() const { return duplicates_; }

 private:
  struct Key {
    uint64_t value = 0;
    Id owner = kNone;
    HandleKind kind = HandleKind::kNone;
    bool operator==(const Key&) const = default;
    uint64_t hash() const {
      const uint64_t mixed =
          (value ^ (uint64_t{owner} << 40) ^ (static_cast<uint64_t>(kind) << 56)) * 0x9e3779b97f4a7c15ull;
      return mixed ^ ((mixed >> 29) << 32);  // values differ in low bits or in high ones
    }
  };
  struct Node {
    Object object;
    Id first_child = kNone, next = kNone, previous = kNone;
    Id shadowed = kNone;  // the older object of the same key
  };

  static Key keyOf(HandleKind kind, Id owner, uint64_t captured) {
    return {captured, kDispatchableKinds[static_cast<size_t>(kind)] ? kNone : owner, kind};
  }
  static Key keyOf(const Object& object) { return keyOf(object.kind, object.owner, object.captured); }
  void unlink(Id id);
  void forget(Id id);

  std::vector<Node> nodes_;  // [0] is nobody
  std::vector<Id> free_;
  FlatMap<Key, Id> newest_;
  size_t live_count_ = 0;
  uint64_t duplicates_ = 0;
  uint64_t dispatchable_version_ = 0;
  uint64_t version_ = 1;
};

}  // namespace reprise

// Which live object a captured handle stands for.
//
// A captured value means something only together with its owner (the device, or the instance of objects
// that belong to no device) and its type: two devices may hand out one value. Objects form a tree; dropping
// one drops its children, because a driver hands out the values of a dead pool's children again.
// Two live objects may share one captured value (the specification allows it): the newest is found, and the
// older one again once the newest is dropped. Single-threaded. Handles are their 64-bit values.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "format/vk.h"

namespace reprise {

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
  Id find(HandleKind kind, Id owner, uint64_t captured) const;
  const Object& at(Id id) const { return nodes_[id].object; }
  // The object and all below it.
  void drop(Id id);
  // Only what lies below it (a pool that was reset), or only those of one kind.
  void dropChildren(Id id, HandleKind only = HandleKind::kNone);

  size_t size() const { return live_count_; }
  // How often an object was added while another of the same owner, kind and value was alive.
  uint64_t duplicates() const { return duplicates_; }

 private:
  struct Key {
    uint64_t value;
    Id owner;
    HandleKind kind;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const {
      uint64_t mixed = key.value ^ (uint64_t{key.owner} << 40) ^ (static_cast<uint64_t>(key.kind) << 56);
      mixed *= 0x9e3779b97f4a7c15ull;
      return mixed ^ (mixed >> 29);
    }
  };
  struct Node {
    Object object;
    Id first_child = kNone, next = kNone, previous = kNone;
    Id shadowed = kNone;  // the older object of the same key
  };

  static Key keyOf(const Object& object);
  void unlink(Id id);
  void forget(Id id);

  std::vector<Node> nodes_;  // [0] is nobody
  std::vector<Id> free_;
  std::unordered_map<Key, Id, KeyHash> newest_;
  size_t live_count_ = 0;
  uint64_t duplicates_ = 0;
};

}  // namespace reprise

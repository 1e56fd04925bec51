#include "format/handles.h"

namespace reprise {

HandleMap::Id HandleMap::add(HandleKind kind, Id owner, uint64_t captured, uint64_t live, Id parent) {
  ++version_;
  Id id = kNone;
  if (free_.empty()) {
    id = static_cast<Id>(nodes_.size());
    nodes_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
    nodes_[id] = Node();
  }
  Node& node = nodes_[id];
  node.object = {captured, live, owner, parent, kind};
  if (parent != kNone) {
    node.next = nodes_[parent].first_child;
    if (node.next != kNone) nodes_[node.next].previous = id;
    nodes_[parent].first_child = id;
  }
  Id& newest = newest_[keyOf(node.object)];
  if (newest != kNone) ++duplicates_;
  node.shadowed = newest;
  newest = id;
  ++live_count_;
  if (kDispatchableKinds[static_cast<size_t>(kind)]) ++dispatchable_version_;
  return id;
}

void HandleMap::unlink(Id id) {
  Node& node = nodes_[id];
  if (node.previous != kNone) {
    nodes_[node.previous].next = node.next;
  } else if (node.object.parent != kNone) {
    nodes_[node.object.parent].first_child = node.next;
  }
  if (node.next != kNone) nodes_[node.next].previous = node.previous;
}

void HandleMap::forget(Id id) {
  ++version_;
  const Node& node = nodes_[id];
  const Key key = keyOf(node.object);
  if (kDispatchableKinds[static_cast<size_t>(key.kind)]) ++dispatchable_version_;
  Id* newest = newest_.find(key);
  if (*newest == id) {
    if (node.shadowed == kNone) {
      newest_.erase(key);
    } else {
      *newest = node.shadowed;
    }
  } else {
    Id newer = *newest;
    while (nodes_[newer].shadowed != id) newer = nodes_[newer].shadowed;
    nodes_[newer].shadowed = node.shadowed;
  }
  nodes_[id] = Node();
  free_.push_back(id);
  --live_count_;
}

void HandleMap::dropChildren(Id id, HandleKind only) {
  Id child = nodes_[id].first_child;
  while (child != kNone) {
    const Id next = nodes_[child].next;
    if (only == HandleKind::kNone || nodes_[child].object.kind == only) drop(child);
    child = next;
  }
}

void HandleMap::drop(Id id) {
  if (id == kNone) return;
  dropChildren(id);
  unlink(id);
  forget(id);
}

}  // namespace reprise

#include "replay/handles.h"

namespace reprise {

HandleMap::Key HandleMap::keyOf(const Object& object) {
  return {object.captured, isDispatchable(object.kind) ? kNone : object.owner, object.kind};
}

HandleMap::Id HandleMap::add(HandleKind kind, Id owner, uint64_t captured, uint64_t live, Id parent) {
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
  return id;
}

HandleMap::Id HandleMap::find(HandleKind kind, Id owner, uint64_t captured) const {
  const auto found = newest_.find({captured, isDispatchable(kind) ? kNone : owner, kind});
  return found == newest_.end() ? kNone : found->second;
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
  const Node& node = nodes_[id];
  const auto found = newest_.find(keyOf(node.object));
  if (found->second == id) {
    if (node.shadowed == kNone) {
      newest_.erase(found);
    } else {
      found->second = node.shadowed;
    }
  } else {
    Id newer = found->second;
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

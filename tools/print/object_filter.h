// The events that touch chosen objects: from their making to their end, what was written into the memory that
// they are bound to included.
//
// An object is chosen by its name ("VkImage:12"), or by a value that its handle has ("VkImage:0x1234": each
// object that ever has it). see() takes every event in merged order, from the first of the trace on, with
// what Objects saw in it. Remembers the chosen objects' memory, while they live. One thread's. Errors: what
// cannot be decoded binds nothing.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "format/arena.h"
#include "tools/objects.h"

namespace reprise {

class ObjectFilter {
 public:
  Status add(const std::string& text);  // fails with a usage error
  void add(const ObjectName& name) { names_.insert({name.kind, name.number}); }
  bool empty() const { return names_.empty() && values_.empty(); }

  // True where the event touches a chosen object. `mentions`: what Objects::see() said of it.
  bool see(const Event& event, std::span<const Mention> mentions);

 private:
  // Where a chosen object's bytes lie in a memory; in the order of the offsets.
  struct Binding {
    uint64_t offset, size;
    HandleKind kind;
    uint64_t number;
    auto operator<=>(const Binding&) const = default;
  };
  struct Memory {
    std::set<Binding> bindings;
    uint64_t longest = 0;  // of their sizes
  };
  static constexpr uint64_t kUnknown = UINT64_MAX;  // as a size: up to the memory's end
  struct Bound {                                    // a buffer or image that is chosen
    uint64_t size = kUnknown;
    std::vector<std::pair<uint64_t, Binding>> places;  // by memory
  };
  using Key = std::pair<HandleKind, uint64_t>;
  static Key keyOf(const ObjectName& object) { return {object.kind, object.number}; }

  bool isChosen(const Mention& mention) const {
    return names_.contains(keyOf(mention.object)) || values_.contains({mention.object.kind, mention.value});
  }
  const Mention* mentionOf(std::span<const Mention> mentions, HandleKind kind, uint64_t value);
  bool touchesMemory(const Event& event, std::span<const Mention> mentions);
  void learn(const Event& event, std::span<const Mention> mentions);
  template <class Packet>
  void learnSize(const Event& event, std::span<const Mention> mentions);
  template <class Packet>
  void learnBindings(const Event& event, std::span<const Mention> mentions);
  void learnSparse(const Event& event, std::span<const Mention> mentions);
  template <class Packet>
  bool decode(const Event& event, Packet& packet, bool outputs);
  void bind(std::span<const Mention> mentions, HandleKind kind, uint64_t object, uint64_t memory,
            uint64_t offset, uint64_t size);
  void setSize(std::span<const Mention> mentions, HandleKind kind, uint64_t object, uint64_t size);
  void forget(const ObjectName& object);

  std::set<Key> names_, values_;
  std::map<uint64_t, Memory> memories_;  // by number; those that something is bound to
  std::map<Key, Bound> bound_;
  size_t last_found_ = 0;  // of the event's mentions: what asks goes through them in their order
  std::unique_ptr<Arena> arena_ = std::make_unique<Arena>();
};

}  // namespace reprise

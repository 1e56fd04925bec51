// The events that touch chosen objects: from their making to their end, what was written into the memory that
// they are bound to included.
//
// An object is chosen by its name ("VkImage:12"), or by a value that its handle has ("VkImage:0x1234": each
// object that ever has it). see() takes every event in merged order, from the first of the trace on, with
// what Objects saw in it. Remembers the chosen objects' memory, while they live. One thread's. Errors: what
// cannot be decoded binds nothing.
#pragma once

#include <cstdint>
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
  // Where a chosen object's bytes lie.
  struct Binding {
    ObjectName object, memory;
    uint64_t offset, size;  // in the memory
    bool operator==(const Binding&) const = default;
  };
  static constexpr uint64_t kUnknown = UINT64_MAX;  // as a size: up to the memory's end

  bool isChosen(const Mention& mention) const {
    return names_.contains({mention.object.kind, mention.object.number}) ||
           values_.contains({mention.object.kind, mention.value});
  }
  bool touchesMemory(const Event& event, std::span<const Mention> mentions) const;
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
  uint64_t sizeOf(const ObjectName& object) const;
  void forget(const ObjectName& object);

  std::set<std::pair<HandleKind, uint64_t>> names_, values_;
  std::vector<Binding> bindings_;
  std::vector<std::pair<ObjectName, uint64_t>> sizes_;  // of chosen objects
  std::unique_ptr<Arena> arena_ = std::make_unique<Arena>();
};

}  // namespace reprise

// An event of a trace as its leaves: every value in it that counts in a comparison, and the path that leads
// there.
//
// The leaves of a call are those of its printed tree, its pNext chains whole, and its result; what DiffRules
// leaves out is not among them. A handle is the object that it means, bytes are themselves; all else is text.
// see() takes every event in merged order, from the first of the trace on, because only so handles can be
// named; leaves are asked for of the last one, and valid during the callback. One thread's. Errors: what
// cannot be decoded is a leaf that says so.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "format/reader.h"
#include "tools/diff/rules.h"
#include "tools/objects.h"
#include "tools/print/call_printer.h"

namespace reprise {

// External payloads are numbered like objects, and like these a number means something in its own trace only.
inline constexpr HandleKind kPayloadKind = HandleKind(kHandleKindCount);

class LeafPath {
 public:
  struct Step {
    std::string_view name;  // empty: an element
    uint64_t index = 0;
  };
  void push(const Step& step) { steps_.push_back(step); }
  void pop() { steps_.pop_back(); }
  const std::vector<Step>& steps() const { return steps_; }
  // "pCreateInfos[0].stage", or without the indices.
  std::string text(bool indices) const;

 private:
  std::vector<Step> steps_;
};

struct Leaf {
  enum Kind : uint8_t { kShape, kText, kHandle, kBytes };  // kShape: an array's or a struct's head
  Kind kind;
  const LeafPath& path;
  std::string_view text;  // kText: its spelling; kShape: the type; of a handle without a name: its value
  uint64_t count = 0;     // kShape: of an array's elements
  ObjectName object{};    // kHandle; number 0: null, or no object that the trace has made
  std::span<const std::byte> bytes;  // kBytes
};

class EventLeaves {
 public:
  using Function = std::function<void(const Leaf&)>;
  explicit EventLeaves(DiffRules& rules) : rules_(rules), calls_(Tree::Format::kText, 0) {}

  void see(const Event& event);
  // The last event is a further part of the memory change before it.
  bool continuesMemory() const { return memory_.continues; }
  const Objects& objects() const { return objects_; }

  // False: the event does not count as a whole; leaves may have been shown nevertheless.
  bool read(const Event& event, const Function& f);

 private:
  struct Memory {  // the change that the last events belong to
    bool open = false, continues = false;
    uint32_t lane = 0;
    uint64_t order = 0, memory = 0, device = 0;
  };

  bool readCall(const Event& event, const Function& f);
  void readNodes(const Tree& tree, size_t first, size_t end, const Function& f);
  void readNode(const Tree& tree, size_t at, const Function& f);
  void readMemory(const Event& event, const Function& f);
  void readContents(const Event& event, const Function& f);
  void readHole(const Event& event, const Function& f);
  void readMetadata(const Event& event, const Function& f);
  bool isOut(std::string_view name);
  bool isOutsideTime(const Event& event, const Tree& tree) const;
  void noteQueryPool(const Event& event, std::span<const Mention> mentions);
  void text(std::string_view name, std::string_view value, const Function& f);
  void number(std::string_view name, uint64_t value, const Function& f);
  void handle(std::string_view name, HandleKind kind, uint64_t value, const Function& f);
  void bytes(const LeafPath::Step& step, std::span<const std::byte> value, const Function& f);

  DiffRules& rules_;
  const CommandRules* of_command_ = nullptr;
  Objects objects_;
  CallPrinter calls_;
  Arena arena_;
  LeafPath path_;
  Memory memory_;
  std::unordered_map<uint64_t, uint64_t> payloads_;  // their numbers, in the order of their first event
  std::unordered_set<uint64_t> time_pools_;          // numbers of query pools whose results are times
  bool hides_data_ = false;                          // of the current call: pData holds times
};

}  // namespace reprise

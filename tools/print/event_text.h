// One event of a trace as the lines that `reprise dump` prints.
//
// Keeps the frame of the last event, to say where a new one starts. JSON lines follow tools/dump.schema.json,
// whose version is kDumpSchemaVersion: a reader of version 1.x reads every 1.y, which only adds members. One
// thread's.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "format/reader.h"
#include "tools/print/call_printer.h"

namespace reprise {

inline constexpr const char* kDumpSchemaVersion = "1.0";

// "vkCreateImage", or what events are called that are no calls: "memory", ...
std::string_view eventName(const Event& event);
const char* holeCause(HoleCause cause);       // "unknown struct"
const char* metadataName(MetadataKind kind);  // "device"

// The first line of JSON: what the lines are, and of which trace.
void appendJsonHeader(const TraceSummary& summary, std::string& out);

class EventPrinter {
 public:
  using Drain = std::function<bool(std::string&)>;

  // `data`: payloads, and what was written to memory, are shown whole: text as hex dumps.
  EventPrinter(Tree::Format format, size_t bytes_shown, bool data = false, const Palette& palette = kPlain)
      : json_(format == Tree::Format::kJson),
        data_(data),
        palette_(palette),
        calls_(format, data ? SIZE_MAX : bytes_shown, data) {}

  // From here on handles are shown as the objects that they mean. `objects` must have seen each event first.
  void nameObjects(const Objects* objects);
  // Where an event's lines are very long, `drain` is given what there is so far, and empties it; false: no
  // more.
  void drainTo(Drain drain) { drain_ = std::move(drain); }

  // The tree of a call, for who must judge it first: append() of the same call then does not build it again.
  const Tree& tree(const Event& call);
  // Appends whole lines.
  void append(const Event& event, std::string& out);
  // The tree that tree() made belongs to an event that is gone.
  void forget() { tree_ = nullptr; }

 private:
  void callText(const Event& event, std::string& out);
  void callJson(const Event& event, std::string& out);
  void otherText(const Event& event, std::string& out);
  void otherJson(const Event& event, std::string& out);
  void dataText(const Event& event, std::string& out);
  void dataJson(const Event& event, std::string& out);
  void handleText(HandleKind kind, const char* type, uint64_t value, std::string& out) const;
  void handleJson(HandleKind kind, uint64_t value, std::string& out) const;
  bool drain(std::string& out) const;

  bool json_, data_;
  Palette palette_;
  CallPrinter calls_;
  const Objects* objects_ = nullptr;
  Drain drain_;
  const Tree* tree_ = nullptr;
  bool first_ = true;
  uint32_t frame_ = 0;
};

}  // namespace reprise

// Which events of a trace are asked for: the selecting options of `reprise dump`, joined by "and"; what one
// option is given several times, by "or".
//
// parse() knows the options alone, bindTo() the trace, too; both fail with usage errors. Then start() and
// skip() move the reader from range to range, and each event is judged twice: placeOf() by frame and call,
// isChosen() by the rest. Holes of the chosen threads pass the latter: what they hide may be what is looked
// for. One thread's.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "format/reader.h"
#include "tools/print/event_text.h"
#include "tools/print/object_filter.h"
#include "tools/print/where.h"

namespace reprise {

struct SelectionOptions {
  std::vector<std::string> frames, calls;    // "3", "3-8", "3-"
  std::vector<std::string> threads;          // a lane's number, or a glob on its name
  std::vector<std::string> commands, named;  // globs
  std::vector<std::string> objects;          // VkImage:12, VkImage:0x1234
  std::vector<std::string> structs;
  std::vector<std::string> where;
};

struct NumberRange {
  uint64_t first = 0, last = UINT64_MAX;
};
// "3", "3-8" or "3-".
bool parseRange(const std::string& text, uint64_t most, NumberRange& range);

class Selection {
 public:
  static Result<Selection> parse(const SelectionOptions& options);
  // The threads and debug names that the trace has; `path`: a second reader looks for the latter.
  Status bindTo(const TraceReader& reader, const std::string& path, const ReadOptions& reading);

  // Any option is given.
  bool selects() const;

  // Where handles must be known, an event means nothing without those before it.
  bool needsObjects() const { return needsObject() || !options_.named.empty(); }

  // To the first event that can be asked for; by the index where nothing before it is needed.
  Status start(TraceReader& reader, bool from_first_event);

  enum class Place { kIn, kBefore, kBeyond };  // kBeyond: nothing more will come
  Place placeOf(const Event& event) const;
  // Behind an event that was kBefore: to the next one that can be asked for. Only after start() by the index.
  Status skip(TraceReader& reader, const Event& event);
  bool endsWith(const Event& event) const;  // a call behind which nothing more will come

  // Where needsObjects(): each event in order, wherever it is placed, with what Objects saw in it.
  void see(const Event& event, std::span<const Mention> mentions);
  // Of the event that was seen last, if any has to be.
  bool isChosen(const Event& event, EventPrinter& printer) const;

 private:
  bool needsObject() const { return !options_.objects.empty(); }
  Status seek(TraceReader& reader, uint64_t frame, uint64_t call);
  bool matchesCommand(const Event& event) const;
  bool holdsStruct(const Tree& tree) const;

  SelectionOptions options_;
  std::vector<NumberRange> frames_, calls_;  // ascending, apart; empty: all
  std::set<uint32_t> lanes_;                 // empty: all
  ObjectFilter objects_, named_;
  bool touches_ = true;                 // the last event: the chosen objects
  std::set<std::string_view> structs_;  // canonical names
  std::vector<Where> where_;
};

}  // namespace reprise

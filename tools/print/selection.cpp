#include "tools/print/selection.h"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>

#include "format/event_ahead.h"
#include "tools/globs.h"
#include "tools/log.h"
#include "tools/print/registry_names.h"

namespace reprise {
namespace {

// Sorted, and without those that another one covers or continues.
void merge(std::vector<NumberRange>& ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const NumberRange& a, const NumberRange& b) { return a.first < b.first; });
  std::vector<NumberRange> merged;
  for (const NumberRange& range : ranges) {
    if (!merged.empty() && (merged.back().last == UINT64_MAX || range.first <= merged.back().last + 1)) {
      merged.back().last = std::max(merged.back().last, range.last);
    } else {
      merged.push_back(range);
    }
  }
  ranges = std::move(merged);
}

Status parseRanges(const char* option, const std::vector<std::string>& texts, uint64_t most,
                   std::vector<NumberRange>& ranges) {
  for (const std::string& text : texts) {
    NumberRange range;
    if (!parseRange(text, most, range)) {
      return {Code::kUsage,
              std::string(option) + " is a range such as 3-8, 3- or 3, counted from 0, not \"" + text + "\""};
    }
    ranges.push_back(range);
  }
  merge(ranges);
  return Status::ok();
}

Selection::Place placeIn(const std::vector<NumberRange>& ranges, uint64_t number) {
  if (ranges.empty()) return Selection::Place::kIn;
  if (number > ranges.back().last) return Selection::Place::kBeyond;
  const auto range =
      std::find_if(ranges.begin(), ranges.end(), [&](const NumberRange& one) { return number <= one.last; });
  return number >= range->first ? Selection::Place::kIn : Selection::Place::kBefore;
}

// The first number at or behind `number` that is in a range. There is one.
uint64_t nextIn(const std::vector<NumberRange>& ranges, uint64_t number) {
  for (const NumberRange& range : ranges)
    if (number <= range.last) return std::max(number, range.first);
  return number;
}

std::string threadNames(const TraceSummary& summary) {
  std::string names;
  for (const LaneInfo& lane : summary.lanes) {
    if (!names.empty()) names += ", ";
    names += std::to_string(lane.id) + " ";
    appendTextString(names, lane.name);
  }
  return names.empty() ? "the trace names no threads" : "the threads are " + names;
}

bool setsName(Command command) {
  const Command canonical = commandInfo(command).canonical;
  return canonical == Command::vkSetDebugUtilsObjectNameEXT ||
         canonical == Command::vkDebugMarkerSetObjectNameEXT;
}

// Which objects ever have a name that matches; commands in command buffers neither make nor name any.
Status findNamed(TraceReader& reader, const std::vector<std::string>& globs, ObjectFilter& found) {
  Objects objects;
  EventAhead events(reader);
  while (true) {
    const Result<const Event*> next = events.next();
    if (!next) return next.status();
    const Event* event = next.value();
    if (!event) return Status::ok();
    if (event->kind != Event::kCall || commandInfo(event->command).is_cmd) continue;
    const auto mentions = objects.see(*event);
    if (!setsName(event->command)) continue;
    for (const Mention& mention : mentions)
      if (mention.object.number != 0 && matchesAny(globs, objects.debugName(mention.object)))
        found.add(mention.object);
  }
}

}  // namespace

bool parseRange(const std::string& text, uint64_t most, NumberRange& range) {
  const char* end = text.data() + text.size();
  const auto [next, error] = std::from_chars(text.data(), end, range.first);
  if (error != std::errc() || range.first > most) return false;
  range.last = range.first;
  if (next == end) return true;
  if (*next != '-') return false;
  range.last = UINT64_MAX;
  if (next + 1 == end) return true;
  const auto tail = std::from_chars(next + 1, end, range.last);
  return tail.ec == std::errc() && tail.ptr == end && range.first <= range.last && range.last <= most;
}

Result<Selection> Selection::parse(const SelectionOptions& options) {
  Selection selection;
  selection.options_ = options;
  if (Status status = parseRanges("--frames", options.frames, UINT32_MAX, selection.frames_); !status)
    return status;
  if (Status status = parseRanges("--calls", options.calls, UINT64_MAX - 1, selection.calls_); !status)
    return status;
  for (const std::string& text : options.objects)
    if (Status status = selection.objects_.add(text); !status) return status;
  for (const std::string& name : options.structs) {
    const std::string_view known = structNamed(name);
    if (known.empty()) {
      return Status(Code::kUsage, "--with " + name + ": this build's registry has no struct of that name" +
                                      didYouMean(name, structNames()));
    }
    selection.structs_.insert(known);
  }
  for (const std::string& text : options.where) {
    Result<Where> where = Where::parse(text);
    if (!where) return where.status();
    selection.where_.push_back(std::move(*where));
  }
  return selection;
}

Status Selection::bindTo(const TraceReader& reader, const std::string& path, const ReadOptions& reading) {
  const TraceSummary& summary = reader.summary();
  for (const std::string& thread : options_.threads) {
    uint32_t number = 0;
    const auto parsed = std::from_chars(thread.data(), thread.data() + thread.size(), number);
    const bool is_number = parsed.ec == std::errc() && parsed.ptr == thread.data() + thread.size();
    bool found = is_number && reader.hasLane(number);
    if (found) lanes_.insert(number);
    for (const LaneInfo& lane : summary.lanes) {
      if (fnmatch(thread.c_str(), lane.name.c_str(), 0) != 0) continue;
      found = true;
      lanes_.insert(lane.id);
    }
    if (!found) {
      std::string quoted;
      appendTextString(quoted, thread);
      return {Code::kUsage,
              "--thread " + quoted + ": " + path + " has no such thread; " + threadNames(summary)};
    }
  }
  if (options_.named.empty()) return Status::ok();
  auto second = TraceReader::open(path, reading);
  if (!second) return second.status();
  const bool by_number = !objects_.empty();
  if (Status status = findNamed(**second, options_.named, named_); !status) return status;
  if (named_.empty() && !by_number)
    REPRISE_LOG(warn, "no object of {} ever has a debug name that matches --named", path);
  return Status::ok();
}

bool Selection::selects() const {
  const SelectionOptions& o = options_;
  return !(o.frames.empty() && o.calls.empty() && o.threads.empty() && o.commands.empty() &&
           o.named.empty() && o.objects.empty() && o.structs.empty() && o.where.empty());
}

Status Selection::start(TraceReader& reader, bool from_first_event) {
  const TraceSummary& summary = reader.summary();
  if (summary.counted && !frames_.empty() && frames_.front().first > summary.frames) {
    return {Code::kUsage,
            "--frames " + options_.frames.front() + " lies beyond the trace, which ends in frame " +
                std::to_string(summary.frames)};  // calls after the last one that ended count as one more
  }
  if (summary.counted && !calls_.empty() && calls_.front().first >= std::max<uint64_t>(summary.calls, 1)) {
    return {Code::kUsage, "--calls " + options_.calls.front() + " lies beyond the trace, which has " +
                              std::to_string(summary.calls) + " calls, counted from 0"};
  }
  if (from_first_event) return Status::ok();
  return seek(reader, 0, 0);
}

// To the first event at or behind this frame and call that can be asked for.
Status Selection::seek(TraceReader& reader, uint64_t frame, uint64_t call) {
  const uint64_t to_frame = nextIn(frames_, frame);
  const uint64_t to_call = nextIn(calls_, call);
  if (to_call > call) return reader.seekCall(to_call);
  if (to_frame > frame) return reader.seekFrame(static_cast<uint32_t>(to_frame));
  return Status::ok();
}

Selection::Place Selection::placeOf(const Event& event) const {
  const Place frame = placeIn(frames_, event.frame);
  const Place call = placeIn(calls_, event.call_number);
  if (frame == Place::kBeyond || call == Place::kBeyond) return Place::kBeyond;
  return frame == Place::kIn && call == Place::kIn ? Place::kIn : Place::kBefore;
}

Status Selection::skip(TraceReader& reader, const Event& event) {
  return seek(reader, event.frame, event.call_number);
}

bool Selection::endsWith(const Event& event) const {
  if (event.kind != Event::kCall) return false;
  const bool last_frame = !frames_.empty() && event.ends_frame && event.frame == frames_.back().last;
  return last_frame || (!calls_.empty() && event.call_number == calls_.back().last);
}

bool Selection::matchesCommand(const Event& event) const {
  return options_.commands.empty() ||
         (event.kind == Event::kCall && matchesAny(options_.commands, event.command_name));
}

bool Selection::holdsStruct(const Tree& tree) const {
  const auto& nodes = tree.nodes();
  return std::any_of(nodes.begin(), nodes.end(), [&](const Tree::Node& node) {
    return node.kind == Tree::Kind::kObject && structs_.contains(node.type);
  });
}

void Selection::see(const Event& event, std::span<const Mention> mentions) {
  const bool object = !needsObject() || objects_.see(event, mentions);
  const bool named = options_.named.empty() || named_.see(event, mentions);
  touches_ = object && named;
}

bool Selection::isChosen(const Event& event, EventPrinter& printer) const {
  if (!lanes_.empty() && !lanes_.contains(event.lane)) return false;
  if (event.kind == Event::kHole) return true;
  if (!touches_ || !matchesCommand(event)) return false;
  if (structs_.empty() && where_.empty()) return true;
  if (event.kind != Event::kCall) return false;
  const Tree& tree = printer.tree(event);
  if (!structs_.empty() && !holdsStruct(tree)) return false;
  return where_.empty() ||
         std::any_of(where_.begin(), where_.end(), [&](const Where& where) { return where.matches(tree); });
}

}  // namespace reprise

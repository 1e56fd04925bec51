#include "replay/player.h"

#include <algorithm>
#include <deque>
#include <filesystem>
#include <memory>
#include <vector>

#include "format/event_ahead.h"
#include "format/reader.h"
#include "replay/kept_call.h"
#include "replay/rehearsal.h"
#include "replay/session.h"

namespace reprise {
namespace {

std::vector<Command> usedCommands(const TraceSummary& summary) {
  std::vector<Command> used;
  for (const CommandCount& count : summary.commands)
    if (count.command != Command::kUnknown) used.push_back(count.command);
  return used;
}

constexpr uint64_t kProgressStep = 4096;  // calls

// What is done with a command of the trace.
struct PlayedCommand {
  Status (*replay)(Player&, const Event&) = nullptr;  // null: this build does not know it
  Issue rule = Issue::kYes;
};

std::vector<PlayedCommand> playedCommands() {
  std::vector<PlayedCommand> table(kCommandCount);
  for (size_t i = 0; i < table.size(); ++i) {
    const Command canonical = commandInfo(Command(i)).canonical;
    const ReplayCall* row = findReplayCall(canonical);
    table[i] = {row ? row->replay : nullptr, issueRule(canonical)};
  }
  return table;
}
constexpr size_t kMaxStrictListed = 100;

class Playback {
 public:
  Playback(const std::string& path, const ReadOptions& read_options, TraceReader& reader,
           const ReplayOptions& options, ReplayReport& report)
      : path_(path),
        read_options_(read_options),
        reader_(reader),
        options_(options),
        report_(report),
        events_(reader),
        player_(options, report_, preflight_, usedCommands(reader.summary())),
        rehearsal_(player_) {
    player_.opaque().readMetadata(reader.summary());
  }

  Status run() {
    for (const std::string& note : reader_.summary().notes) player_.note(note);
    const TraceSummary& trace = reader_.summary();
    if (!options_.screenshots_dir.empty() && (trace.frames == 0 || trace.frame_end != FrameEnd::kPresent))
      player_.note("the trace presents nothing: there is no screenshot of it");
    Status status = survey();
    if (!status) return status;
    status = playAll();
    if (status && options_.run_unfinished) status = playKept();
    player_.finish();
    if (!status && status.code() != Code::kDiffers) return status;
    // A verdict over nothing would be green in every CI.
    if (report_.calls == 0 && kept_.empty() && !trace.complete && !options_.rehearse)
      return {Code::kUnreadable,
              path_ + ": its writer did not finish it, and no call lies before its last watermark; "
                      "--beyond-watermark reads on, where calls may be missing"};
    if (player_.lostItsDevice() && !preflight_.brokenLimits().empty()) return forbidden();
    if (!status) player_.note(status.message());
    return strictly();
  }

 private:
  // What has to be known of the whole trace, and whether this machine can run it: one more reading of it,
  // where that is needed.
  Status survey() {
    Status status = preflight_.ask(reader_.summary(), options_.gpu);
    if (!status) return status;
    const bool has_contents = reader_.summary().contents != 0;
    if (has_contents || preflight_.wantsSurvey()) status = readThrough();
    if (!status) return status;
    std::vector<std::string> notes;
    status = preflight_.verdict(notes);
    for (const std::string& note : notes) player_.note(note);
    return status;
  }

  Status readThrough() {
    auto reader = TraceReader::open(path_, read_options_);
    if (!reader) return reader.status();
    EventAhead events(*reader.value());
    for (;;) {
      Result<const Event*> event = events.next();
      if (!event) return event.status();
      if (event.value() == nullptr) return Status::ok();
      player_.contents().see(*event.value());
      if (preflight_.wantsSurvey()) preflight_.see(*event.value());
    }
  }

  Status forbidden() const {
    std::string list;
    for (const std::string& text : preflight_.brokenLimits()) list += "\n  " + text;
    return Status(
        Code::kCannotRun,
        "the device was lost, as it was not at capture, and the trace does what this device's limits "
        "forbid:" +
            list);
  }

  // --remap strict: the trace was to be played with the handle types that it has.
  Status strictly() const {
    if (!options_.remap.strict) return Status::ok();
    std::string list;
    uint64_t count = 0;
    size_t listed = 0;
    for (const ObjectChange& change : report_.changes) {
      if (change.action == ObjectChange::kKept) continue;
      count += change.count;
      if (++listed > kMaxStrictListed) continue;
      list += "\n  call " + std::to_string(change.call) + " (" + change.command + "): " + change.object +
              " " + change.structure + ": " + change.from + " " + actionName(change.action) +
              (change.to.empty() ? "" : " to " + change.to);
    }
    if (count == 0) return Status::ok();
    listed = std::min(listed, kMaxStrictListed);
    if (count > listed) list += "\n  and " + std::to_string(count - listed) + " more";
    return Status(Code::kCannotRun,
                  "--remap strict: " + std::to_string(count) +
                      " changes were needed on this device; replay without it to allow them:" + list);
  }

  Status playAll() {
    for (;;) {
      Result<const Event*> event = events_.next();
      if (!event) return event.status();
      if (event.value() == nullptr) return Status::ok();
      Status status = options_.rehearse                     ? rehearse(*event.value())
                      : event.value()->kind == Event::kCall ? playCall(*event.value())
                                                            : play(*event.value());
      if (!status) return status;
    }
  }

  Status rehearse(const Event& event) {
    if (event.kind == Event::kCall) return rehearsal_.call(event);
    const bool is_data =
        event.kind == Event::kMemory || event.kind == Event::kContents || event.kind == Event::kOpaque;
    return is_data ? Status::ok() : play(event);
  }

  Status play(const Event& event) {
    switch (event.kind) {
      case Event::kCall:
        return playCall(event);
      case Event::kMemory:
        return playMemory(event);
      case Event::kHole:
        player_.note("the trace has a hole: " + std::string(event.text));
        return Status::ok();
      case Event::kMetadata:
        if (event.metadata_kind == kMetadataDevice) player_.describeDevice(event.text);
        return Status::ok();
      case Event::kPayload:
        player_.announcePayload(event.lane, event.payload);
        return Status::ok();
      case Event::kContents:
        return player_.contents().upload(event);
      case Event::kOpaque:
        player_.opaque().announce(event);
        return Status::ok();
    }
    return Status::ok();
  }

  Status playCall(const Event& event) {
    if (event.flags & kUnfinished) {
      kept_.emplace_back(event);
      return Status::ok();
    }
    ++report_.calls;
    if (options_.progress && report_.calls % kProgressStep == 0)
      options_.progress(report_.calls, reader_.summary().calls);
    return issueOne(event);
  }

  Status issueOne(const Event& event) {
    const PlayedCommand& played = played_[size_t(event.command)];
    if (played.replay == nullptr || played.rule != Issue::kYes) return leaveOut(event, played);
    player_.arena().reset();
    Status status = played.replay(player_, event);
    player_.takeValidationMessages();
    if (event.ends_frame) ++report_.frames;
    return status;
  }

  Status leaveOut(const Event& event, const PlayedCommand& played) {
    const std::string name(event.command_name);
    if (played.replay == nullptr)
      player_.note("this build does not know " + name + ": left out");
    else if (played.rule == Issue::kNotCarried)
      player_.note(name + " is not played: it names memory or objects of the captured process");
    return Status::ok();
  }

  Status playMemory(const Event& event) {
    Status status = player_.begin(event, HandleKind::kVkDevice, event.memory.device);
    if (!status) return status;
    const HandleMap::Id id = player_.find(HandleKind::kVkDeviceMemory, event.memory.memory);
    if (id == HandleMap::kNone)
      return player_.unknownHandle(HandleKind::kVkDeviceMemory, event.memory.memory);
    return player_.memory().upload(event, id);
  }

  Status playKept() {
    for (const KeptCall& kept : kept_) {
      player_.note("issued last, as it never returned at capture: " + kept.name());
      ++report_.calls;
      Status status = issueOne(kept.event());
      if (!status) return status;
    }
    return Status::ok();
  }

  const std::string& path_;
  const ReadOptions& read_options_;
  TraceReader& reader_;
  const ReplayOptions& options_;
  ReplayReport& report_;
  Preflight preflight_;  // outlives the player
  EventAhead events_;    // outlives the player, which looks at the current one
  Player player_;
  Rehearsal rehearsal_;
  const std::vector<PlayedCommand> played_ = playedCommands();  // by Command
  std::deque<KeptCall> kept_;                                   // that never returned at capture
};

Status makeFolder(const std::string& path) {
  if (path.empty()) return Status::ok();
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!std::filesystem::is_directory(path, error))
    return Status(Code::kUnreadable, "cannot make the folder " + path);
  return Status::ok();
}

}  // namespace

Status replayTrace(const std::string& path, const ReplayOptions& options, ReplayReport& report) {
  ReadOptions read_options;
  read_options.beyond_watermark = options.beyond_watermark;
  auto reader = TraceReader::open(path, read_options);
  if (!reader) return reader.status();
  for (const std::string& folder : {options.screenshots_dir, options.memory_dump}) {
    Status status = makeFolder(folder);
    if (!status) return status;
  }
  return Playback(path, read_options, *reader.value(), options, report).run();
}

}  // namespace reprise

// reprise dump: the calls of a trace, as text to read or as JSON, one call a line.
#include <fnmatch.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <memory>

#include "format/reader.h"
#include "tools/commands.h"
#include "tools/event_text.h"
#include "tools/log.h"

namespace reprise {
namespace {

constexpr const char* kFooter =
    "Text: one call after the other, `number tLANE command(arguments) = result`; what does not fit on a "
    "line\n"
    "follows indented, a member a line, the pNext chain in its order. Lines that start with `-` are no "
    "calls:\n"
    "changes of mapped memory, holes (what could not be recorded), metadata. Lanes are threads; `reprise "
    "info`\n"
    "lists them.\n"
    "JSON: one object a line. Calls have \"call\", \"frame\", \"thread\", \"command\", \"args\", \"result\"; "
    "other lines\n"
    "have \"event\". Handles, addresses and 64-bit masks are strings.\n"
    "\n"
    "Exit status: 0 done; 2 wrong argument; 3 FILE cannot be read, or OUTPUT not written.\n"
    "\n"
    "Example:\n"
    "  reprise dump cube.vkr --frames 2-3 --command 'vkCmd*'\n"
    "  reprise dump cube.vkr --format json | jq -c 'select(.command == \"vkCreateImage\") | "
    ".args.pCreateInfo'";

struct Options {
  std::string file, output, format = "text", frames;
  std::vector<std::string> commands;
  size_t bytes_shown = 32;
  ReadOptions reading;
};

struct FrameRange {
  uint32_t first = 0;
  uint32_t last = UINT32_MAX;
};

// "3", "3-8" or "3-".
bool parseFrames(const std::string& text, FrameRange& range) {
  const char* end = text.data() + text.size();
  auto [next, error] = std::from_chars(text.data(), end, range.first);
  if (error != std::errc()) return false;
  range.last = range.first;
  if (next == end) return true;
  if (*next++ != '-') return false;
  range.last = UINT32_MAX;
  if (next == end) return true;
  const auto tail = std::from_chars(next, end, range.last);
  return tail.ec == std::errc() && tail.ptr == end && range.first <= range.last;
}

// Standard output or a file. Writing to a reader that has left (`| head`) is the normal end of a dump.
class Output {
 public:
  ~Output() {
    if (file_ && file_ != stdout) std::fclose(file_);
  }

  Status open(const std::string& path) {
    path_ = path.empty() ? "standard output" : path;
    file_ = path.empty() ? stdout : std::fopen(path.c_str(), "wb");
    return file_ ? Status::ok() : failure();
  }

  // False: no more is wanted or can be written; status() says which.
  bool write(const std::string& text) {
    return std::fwrite(text.data(), 1, text.size(), file_) == text.size() && (flushed_ || flush());
  }

  // The first output appears at once, the rest by the bufferful.
  bool flush() {
    flushed_ = true;
    return std::fflush(file_) == 0;
  }

  Status status() const { return errno == EPIPE ? Status::ok() : failure(); }

 private:
  Status failure() const {
    return {Code::kUnreadable, "cannot write " + path_ + ": " + std::strerror(errno)};
  }

  std::FILE* file_ = nullptr;
  bool flushed_ = false;
  std::string path_;
};

bool matches(const Options& options, const Event& event) {
  if (options.commands.empty()) return true;
  if (event.kind == Event::kHole) return true;  // a hole may be what is missing of a matching call
  if (event.kind != Event::kCall) return false;
  const std::string name(event.command_name);
  for (const std::string& glob : options.commands) {
    if (fnmatch(glob.c_str(), name.c_str(), 0) == 0) return true;
  }
  return false;
}

Status dumpEvents(TraceReader& reader, const Options& options, FrameRange frames, Output& output) {
  EventPrinter printer(options.format == "json" ? Tree::Format::kJson : Tree::Format::kText,
                       options.bytes_shown);
  Event event;
  std::string text;
  while (true) {
    const Result<bool> more = reader.next(event);
    if (!more) {
      output.flush();
      return more.status();
    }
    if (!more.value() || event.frame > frames.last) break;
    if (!matches(options, event)) continue;
    text.clear();
    printer.append(event, text);
    if (!output.write(text)) return output.status();
  }
  return output.flush() ? Status::ok() : output.status();
}

Status dump(const Options& options) {
  FrameRange frames;
  if (!options.frames.empty() && !parseFrames(options.frames, frames)) {
    return {Code::kUsage,
            "--frames is a range such as 3-8, 3- or 3, counted from 0, not \"" + options.frames + "\""};
  }
  Result<std::unique_ptr<TraceReader>> opened = TraceReader::open(options.file, options.reading);
  if (!opened) return opened.status();
  TraceReader& reader = **opened;
  const uint64_t last = reader.summary().frames;  // calls after the last one that ended count as one more
  if (frames.first > last) {
    return {Code::kUsage, "--frames " + options.frames + " lies beyond the trace, which ends in frame " +
                              std::to_string(last)};
  }
  Output output;
  if (Status status = output.open(options.output); !status) return status;
  if (frames.first > 0) {
    if (Status status = reader.seekFrame(frames.first); !status) return status;
  }
  const Status status = dumpEvents(reader, options, frames, output);
  for (const std::string& note : reader.summary().notes) REPRISE_LOG(warn, "{}", note);
  return status;
}

int runDump(const Options& options) {
  std::signal(SIGPIPE, SIG_IGN);  // so that a reader that has left shows as EPIPE
  const Status status = dump(options);
  if (!status) REPRISE_LOG(error, "{}", status.message());
  return status.exitCode();
}

}  // namespace

void addDump(CLI::App& app, Run& run) {
  CLI::App* verb = app.add_subcommand("dump", "Print the calls of a trace");
  verb->footer(kFooter);
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->file, "The trace")->required()->type_name("");
  verb->add_option("--format", options->format, "The form of the output, text unless given")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("text|json");
  verb->add_option("--frames", options->frames, "Only these frames, counted from 0")->type_name("A-B");
  verb->add_option("--command", options->commands,
                   "Only calls whose name matches, such as 'vkCmd*'; may be repeated")
      ->type_name("GLOB")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  verb->add_option("--bytes", options->bytes_shown,
                   "Print so many bytes of shader code and other payloads, 32 unless given")
      ->option_text("N");
  verb->add_option("-o,--output", options->output, "Write here, not to standard output")->type_name("OUTPUT");
  verb->add_flag(
      "--beyond-watermark", options->reading.beyond_watermark,
      "Also print what a killed writer left behind its last watermark, where calls may be missing");
  verb->callback([&run, options] { run = [options] { return runDump(*options); }; });
}

}  // namespace reprise

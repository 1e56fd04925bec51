// reprise dump: the calls of a trace, as text to read or as JSON, one call a line.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "embedded/dump.schema.json.h"
#include "format/reader.h"
#include "tools/commands.h"
#include "tools/log.h"
#include "tools/print/dump_output.h"
#include "tools/print/event_text.h"
#include "tools/print/selection.h"
#include "tools/print/shader_files.h"

namespace reprise {
namespace {

constexpr const char* kFooter =
    R"(Text: one call after the other, `number tLANE command(arguments) = result`; what does not fit on a line
follows indented, a member a line, the pNext chain in its order. Lines that start with `-` are no calls:
changes of mapped memory, holes (what could not be recorded), metadata. Lanes are threads; `reprise info`
lists them.
Shader code and other arrays of more than 64 numbers are payloads, of which --bytes or --data says how much
is shown.
JSON: one object a line; the first is a header, the others are calls ("call", "frame", "thread", "command",
"args", "result") or have "event". Handles, addresses and 64-bit masks are strings. --schema prints the rules.

Selection: an event is shown if it passes every option, and of an option given several times at least one.
Memory that changed before a call counts as that call's. Holes in the chosen frames, calls and threads are
always shown: they may hide what was looked for. With an index, --frames and --calls read nothing that lies
before. --object, --named, --names and --shaders must know which object a handle means, so they read from the
first event on.
VkImage:12 is the twelfth image that the trace makes, VkImage:0x1234 any whose handle has that value. An object
is touched by what names it, from its making to its end, and by changes of the memory that it is bound to; what
uses it through another object, such as a view or a descriptor set, names that one.

EXPR of --where: tests joined by and, or, not and parentheses. A test is `path sign value`:
  path   the end of the way to a member, anywhere in the call: `extent.width`, `pRegions[0].bufferOffset`;
         a step is a member or the struct that stands there: `VkExternalMemoryImageCreateInfoNV.handleTypes`;
         without [n] any element will do, also of pNext. An array of more than 64 numbers (pCode) is a payload,
         which is there or not. `result` is what the call returned.
  sign   == != < <= > >=, `has` (all of these bits), ~ and !~ (glob on a text or a name)
  value  a number (12, -1, 0xff, 0.5), a version (1.3.0), a name of Vulkan, names joined by |, "text", NULL
A test holds if one value on that path passes it; a path alone, if one is there that is neither 0 nor NULL.

Exit status: 0 done; 2 wrong argument; 3 FILE cannot be read, or OUTPUT or DIR not written.

Example:
  reprise dump cube.vkr --frames 2-3 --command 'vkCmd*'
  reprise dump cube.vkr --object VkImage:12 --names
  reprise dump cube.vkr --where 'extent.width > 4096 and usage has VK_IMAGE_USAGE_STORAGE_BIT'
  reprise dump cube.vkr --format json | jq -c 'select(.command == "vkCreateImage") | .args.pCreateInfo')";

struct Options {
  std::string file, output, shaders, format = "text", color = "auto";
  SelectionOptions selection;
  size_t bytes_shown = 32;
  bool names = false, data = false, no_pager = false, stats = false, schema = false;
  ReadOptions reading{.count_records = false};
};

// To standard output, without a pager.
Status say(const std::string& text) {
  DumpOutput output;
  if (Status status = output.open("", false); !status) return status;
  (void)output.write(text);
  return output.close();
}

class Dump {
 public:
  Dump(const Options& options, TraceReader& reader, Selection& selection)
      : options_(options), reader_(reader), selection_(selection) {}

  Status run() {
    if (Status status = selection_.start(reader_, tracks()); !status) return status;
    if (!options_.shaders.empty()) return writeShaders();
    DumpOutput output;
    if (Status status = output.open(options_.output, !options_.no_pager); !status) return status;
    return print(output);
  }

  // An empty dump may come from a slip in an option.
  void warnOfNothing() const {
    if (passed_ > 0 || !selection_.selects()) return;
    REPRISE_LOG(warn, "no event of {} passes the selection{}", options_.file,
                holes_ > 0 ? ", but holes, which are always shown" : "");
  }

 private:
  bool isJson() const { return options_.format == "json"; }
  bool tracks() const { return selection_.needsObjects() || options_.names || !options_.shaders.empty(); }

  EventPrinter makePrinter(const Palette& palette) const {
    return EventPrinter(isJson() ? Tree::Format::kJson : Tree::Format::kText, options_.bytes_shown,
                        options_.data, palette);
  }

  Status print(DumpOutput& output) {
    EventPrinter printer =
        makePrinter(!isJson() && wantsColour(options_.color, output.isTerminal()) ? kColours : kPlain);
    if (options_.names) printer.nameObjects(&objects_);
    std::string text;
    const auto write = [&](std::string& written) {
      const bool more = output.write(written);
      written.clear();
      return more;
    };
    printer.drainTo(write);
    if (isJson()) appendJsonHeader(reader_.summary(), text);
    bool wanted = true;
    const Status status = forEachChosen(printer, [&](const Event& event, std::span<const Mention>) {
      printer.append(event, text);
      wanted = write(text);
      return Result<bool>(wanted);
    });
    if (!text.empty()) wanted = write(text) && wanted;  // the header of an empty dump
    const Status closed = output.close();
    return status ? closed : status;
  }

  Status writeShaders() {
    auto files = ShaderFiles::create(options_.shaders);
    if (!files) return files.status();
    EventPrinter printer = makePrinter(kPlain);
    const Status status = forEachChosen(printer, [&](const Event& event, std::span<const Mention> mentions) {
      if (!ShaderFiles::mayHold(event)) return Result<bool>(true);
      const Status added = (*files)->add(event, printer.tree(event), mentions, objects_);
      return added ? Result<bool>(true) : Result<bool>(added);
    });
    if (!status) return status;
    if (Status finished = (*files)->finish(); !finished) return finished;
    return say((*files)->summary() + "\n");
  }

  // f(event, mentions) until it says false.
  template <class F>
  Status forEachChosen(EventPrinter& printer, F&& f) {
    const bool can_skip = !tracks() && reader_.summary().complete;
    Event event;
    while (true) {
      const Result<bool> more = reader_.next(event);
      if (!more) return more.status();
      if (!more.value()) return Status::ok();
      const std::span<const Mention> mentions = tracks() ? objects_.see(event) : std::span<const Mention>();
      if (selection_.needsObjects()) selection_.see(event, mentions);
      const Selection::Place place = selection_.placeOf(event);
      if (place == Selection::Place::kBeyond) return Status::ok();
      if (place == Selection::Place::kBefore && can_skip) {
        if (Status status = selection_.skip(reader_, event); !status) return status;
      }
      if (place == Selection::Place::kIn && selection_.isChosen(event, printer)) {
        ++(event.kind == Event::kHole ? holes_ : passed_);
        const Result<bool> wanted = f(event, mentions);
        if (!wanted) return wanted.status();
        if (!wanted.value()) return Status::ok();
      }
      printer.forget();
      if (selection_.endsWith(event)) return Status::ok();
    }
  }

  const Options& options_;
  TraceReader& reader_;
  Selection& selection_;
  Objects objects_;
  uint64_t passed_ = 0, holes_ = 0;  // events that were chosen
};

void logStats(const TraceReader& reader) {
  const ReadAmount read = reader.amountRead();
  const TraceSummary& summary = reader.summary();
  uint64_t blocks = 0;
  for (const KindSize& size : summary.sizes) blocks += size.blocks;
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  REPRISE_LOG(info, "read {} of {} bytes; decompressed {} of {} blocks, to {} bytes; peak memory {} kB",
              read.bytes, summary.file_bytes, read.blocks, blocks, read.raw_bytes, usage.ru_maxrss);
}

Status dump(const Options& options) {
  if (options.file.empty()) return {Code::kUsage, "FILE is required; see `reprise dump --help`"};
  std::error_code ignored;  // of an output that is not there yet
  if (std::filesystem::equivalent(options.file, options.output, ignored))
    return {Code::kUsage, options.output + " is the trace itself; name another file for the output"};
  Result<Selection> selection = Selection::parse(options.selection);
  if (!selection) return selection.status();
  Result<std::unique_ptr<TraceReader>> opened = TraceReader::open(options.file, options.reading);
  if (!opened) return opened.status();
  TraceReader& reader = **opened;
  if (Status status = selection->bindTo(reader, options.file, options.reading); !status) return status;
  Dump dumping(options, reader, *selection);
  const Status status = dumping.run();
  if (status) dumping.warnOfNothing();
  for (const std::string& note : reader.summary().notes) REPRISE_LOG(warn, "{}", note);
  if (options.stats) logStats(reader);
  return status;
}

int runDump(const Options& options) {
  const Status status = options.schema ? say(std::string(kDumpSchema)) : dump(options);
  if (!status) REPRISE_LOG(error, "{}", status.message());
  return status.exitCode();
}

void addList(CLI::App& verb, const char* name, std::vector<std::string>& values, const char* help,
             const char* type) {
  verb.add_option(name, values, help)
      ->type_name(type)
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void addSelection(CLI::App& verb, SelectionOptions& options) {
  addList(verb, "--frames", options.frames, "Only these frames, counted from 0", "A-B");
  addList(verb, "--calls", options.calls, "Only these calls, by their numbers", "A-B");
  addList(verb, "--thread", options.threads, "Only this lane, or threads whose name matches", "N|GLOB");
  addList(verb, "--command", options.commands, "Only calls whose name matches, such as 'vkCmd*'", "GLOB");
  addList(verb, "--object", options.objects,
          "Only what touches this object, such as VkImage:12 or VkImage:0x1234: see below", "TYPE:N");
  addList(verb, "--named", options.named, "Only what touches objects that ever have such a debug name",
          "GLOB");
  addList(verb, "--with", options.structs, "Only calls that hold this struct, in a pNext chain or not",
          "STRUCT");
  addList(verb, "--where", options.where, "Only calls with such values: see below", "EXPR");
}

}  // namespace

void addDump(CLI::App& app, Run& run) {
  CLI::App* verb = app.add_subcommand("dump", "Print the calls of a trace");
  verb->footer(kFooter);
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->file, "The trace")->type_name("");
  verb->add_option("--format", options->format, "The form of the output, text unless given")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("text|json");
  addSelection(*verb, options->selection);
  verb->add_flag("--names", options->names,
                 "Show handles as objects and their debug names: VkImage:12 \"shadow map\"");
  verb->add_flag("--data", options->data,
                 "Show memory, uploads, shader code and other payloads whole, as a hex dump");
  verb->add_option("--bytes", options->bytes_shown,
                   "Without --data, print so many bytes of a payload, 32 unless given")
      ->option_text("N")
      ->check(CLI::Range(int64_t{0}, int64_t{1} << 40));
  verb->add_option("--shaders", options->shaders,
                   "Print nothing; write each SPIR-V module of the selected calls to DIR, and an index.json")
      ->type_name("DIR");
  verb->add_option("--color", options->color,
                   "Colours: on a terminal unless NO_COLOR is set (auto), or as said")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->option_text("auto|always|never");
  verb->add_flag("--no-pager", options->no_pager,
                 "On a terminal, do not start $PAGER (less, unless it says otherwise)");
  verb->add_flag("--stats", options->stats, "Say on standard error how much of FILE was read");
  verb->add_flag("--schema", options->schema, "Print the JSON Schema of --format json, and do nothing else");
  verb->add_option("-o,--output", options->output, "Write here, not to standard output")->type_name("OUTPUT");
  verb->add_flag(
      "--beyond-watermark", options->reading.beyond_watermark,
      "Also print what a killed writer left behind its last watermark, where calls may be missing");
  verb->callback([&run, options] { run = [options] { return runDump(*options); }; });
}

}  // namespace reprise

// reprise diff: two traces side by side; what one program did otherwise the second time.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <future>
#include <memory>

#include "tools/commands.h"
#include "tools/diff/compare.h"
#include "tools/diff/output.h"
#include "tools/log.h"
#include "tools/print/selection.h"

namespace reprise {
namespace {

constexpr const char* kFooter =
    "Calls are compared with all that is in them: arguments, pNext chains, strings, bytes, results, outputs; "
    "so\n"
    "are changes of mapped memory, contents from outside and holes. A handle is the object that it means: "
    "two\n"
    "objects are one if calls that match made or first used them. Threads are compared one by one, paired "
    "by\n"
    "name, and memory allocation by allocation; a program with one thread, or --merged, as one sequence in "
    "which\n"
    "memory changes stand in their place.\n"
    "\n"
    "Not compared unless --strict: values of handles, addresses, descriptors and window ids; times; memory\n"
    "budgets; calls that found the device not ready (VK_NOT_READY, VK_TIMEOUT, waits without a timeout) or "
    "only\n"
    "ask (vkGetFenceStatus, vkGetEventStatus, vkGetSemaphoreCounterValue); how the trace was captured.\n"
    "\n"
    "--ignore takes COMMAND or COMMAND.MEMBER, with globs; a member by its path or the end of it, without "
    "array\n"
    "indices, a pNext struct by its type; events that are no calls are `memory`, `contents`, `payload`, "
    "`opaque`, "
    "`hole`\n"
    "and `metadata`: 'vkCreateImage.pCreateInfo.flags', '*.timeout', '*.VkImageFormatListCreateInfo',\n"
    "'vkCmdPushConstants.pValues', 'memory'.\n"
    "\n"
    "Text: `!` a call of both with members that differ, `-` only in A, `+` only in B; objects are named as\n"
    "`reprise dump --names` does, each in its own trace. JSON: one object a line, its \"kind\" is \"traces\" "
    "(first),\n"
    "\"changed\" (\"a\", \"b\", \"members\" with \"path\", \"a\", \"b\"), \"only_a\", \"only_b\", "
    "\"diverged\" (counts and\n"
    "the first calls), or \"summary\" (last).\n"
    "\n"
    "A temporary file of 64 bytes a call is made in $TMPDIR, or /var/tmp.\n"
    "\n"
    "Exit status: 0 the same; 1 different; 2 trouble: a wrong argument, a file that cannot be read.\n"
    "\n"
    "Example:\n"
    "  reprise diff good.vkr bad.vkr\n"
    "  reprise diff monday.vkr tuesday.vkr --ignore '*.timeout' --ignore memory --format json";

constexpr int kSame = 0, kDifferent = 1, kTrouble = 2;

struct Options {
  std::string a, b, frames, format = "text", colour = "auto";
  bool merged = false, prefix = false, quiet = false, no_pager = false;
  size_t most = 50;
  DiffOptions reading;
  DiffOutputOptions output;
};

void say(const char* side, const DiffSide& trace) {
  for (const std::string& note : trace.summary().notes) REPRISE_LOG(warn, "{}: {}", side, note);
}

void warnOfUnused(const DiffSide& a, const DiffSide& b) {
  const std::vector<std::string> in_b = b.rules().unused();
  for (const std::string& pattern : a.rules().unused())
    if (std::find(in_b.begin(), in_b.end(), pattern) != in_b.end())
      REPRISE_LOG(warn, "--ignore '{}' met nothing in either trace", pattern);
}

Status readBoth(DiffSide& a, DiffSide& b, const Options& options) {
  for (DiffSide* side : {&a, &b})
    if (Status status = side->open(); !status) return status;
  for (const DiffSide* side : {&a, &b}) {
    if (options.reading.first_frame <= side->summary().frames) continue;
    return {Code::kUsage, "--frames " + options.frames + " lies beyond " + side->path() +
                              ", which ends in frame " + std::to_string(side->summary().frames)};
  }
  const bool merged = options.merged || (a.callingThreads() <= 1 && b.callingThreads() <= 1);
  auto reading_b = std::async(std::launch::async, [&] { return b.read(merged); });
  const Status of_a = a.read(merged);
  const Status of_b = reading_b.get();
  return of_a ? of_b : of_a;
}

Status writeOutput(const DiffSide& a, const DiffSide& b, const DiffComparison& comparison,
                   const Options& options) {
  DumpOutput output;
  if (Status status =
          output.open("", options.format == "text" && !options.no_pager && !comparison.counts().same());
      !status)
    return status;
  DiffOutputOptions writing = options.output;
  writing.json = options.format == "json";
  if (!writing.json && wantsColour(options.colour, output.isTerminal())) writing.palette = &kColours;
  DiffOutput lines(a, b, comparison, options.reading, writing, output);
  if (Status status = lines.read(); !status) return status;
  const Status written = lines.write();
  const Status closed = output.close();  // says that the pager was not there
  return written ? closed : written;
}

Status diff(Options& options, bool& same) {
  NumberRange frames;
  if (!options.frames.empty() && !parseRange(options.frames, UINT32_MAX, frames)) {
    return {Code::kUsage,
            "--frames is a range such as 3-8, 3- or 3, counted from 0, not \"" + options.frames + "\""};
  }
  options.reading.first_frame = static_cast<uint32_t>(frames.first);
  options.reading.last_frame = static_cast<uint32_t>(std::min<uint64_t>(frames.last, UINT32_MAX));
  DiffSide a(options.a, options.reading), b(options.b, options.reading);
  if (Status status = readBoth(a, b, options); !status) return status;
  DiffComparison comparison(a, b, options.prefix, options.quiet ? 0 : options.most);
  comparison.run();
  same = comparison.counts().same();
  say("A", a);
  say("B", b);
  warnOfUnused(a, b);
  return options.quiet ? Status::ok() : writeOutput(a, b, comparison, options);
}

int runDiff(Options& options) {
  bool same = false;
  const Status status = diff(options, same);
  if (status) return same ? kSame : kDifferent;
  REPRISE_LOG(error, "{}", status.message());
  return kTrouble;
}

}  // namespace

void addDiff(CLI::App& app, Run& run) {
  CLI::App* verb = app.add_subcommand("diff", "Compare two traces call by call");
  verb->footer(kFooter);
  auto options = std::make_shared<Options>();
  verb->add_option("A", options->a, "A trace")->required()->type_name("");
  verb->add_option("B", options->b, "Another one")->required()->type_name("");
  const auto repeated = [&](const char* name, std::vector<std::string>& values, const char* help) {
    verb->add_option(name, values, help)
        ->type_name("GLOB")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  };
  verb->add_option("--frames", options->frames, "Only these frames, counted from 0, in both")
      ->type_name("A-B");
  repeated("--command", options->reading.commands,
           "Only calls whose name matches, such as 'vkCmd*'; may be repeated");
  repeated("--ignore", options->reading.ignored, "What does not count, see below; may be repeated");
  verb->add_flag("--strict", options->reading.strict, "Compare what time and addresses explain, too");
  verb->add_flag("--merged", options->merged, "All threads as one sequence, not thread by thread");
  verb->add_flag(
      "--prefix", options->prefix,
      "What one trace has beyond the other's end is no difference: programs killed at different times");
  verb->add_option("--context", options->output.context,
                   "Equal calls shown around a difference, 3 unless given")
      ->option_text("N")
      ->check(CLI::Range(0, 1000));
  verb->add_option("--max", options->most, "Differences shown at most, 50 unless given; all are counted")
      ->option_text("N")
      ->check(CLI::Range(1, 100000));
  verb->add_flag("-q,--quiet", options->quiet, "Say nothing: the exit status tells");
  verb->add_option("--format", options->format, "The form of the output, text unless given")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("text|json");
  verb->add_option("--color", options->colour, "Colours: on a terminal (auto, unless given), always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->option_text("auto|always|never");
  verb->add_flag("--no-pager", options->no_pager, "Never through a pager");
  verb->add_flag("--beyond-watermark", options->reading.reading.beyond_watermark,
                 "Also compare what a killed writer left behind its last watermark");
  verb->callback([&run, options] { run = [options] { return runDiff(*options); }; });
}

}  // namespace reprise

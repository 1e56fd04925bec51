// reprise scrub: a copy of a trace without what its sender may not wish to give away.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "tools/commands.h"
#include "tools/log.h"
#include "tools/part_file.h"
#include "tools/print/tree.h"
#include "tools/text/trace_scrub.h"

namespace reprise {
namespace {

constexpr const char* kFooter =
    "Taken out always: the host's name, users' names, the command line, absolute paths wherever they stand "
    "(header,\n"
    "metadata, texts of calls, holes), and in shaders the source texts, file names and compiler options. In "
    "their place\n"
    "stand names such as path-1, the same one wherever the same stood. A user's name is known from the "
    "first path on\n"
    "that has a home directory in it: texts before that one keep it.\n"
    "--labels: also debug names, labels, tags, and the names in shaders. --names: also the names of "
    "application, engine\n"
    "and threads. --all: both.\n"
    "Kept: the calls and their order, entry points, extensions, devices and drivers with their UUIDs, "
    "pipeline caches,\n"
    "contents of memory, images and buffers, times, process and thread numbers, the system's version. Look "
    "at what a\n"
    "program draws before you give its trace away. No environment is ever in a trace.\n"
    "\n"
    "Exit status: 0 done; 2 wrong argument; 3 FILE cannot be read, or OUT not written (then what was there "
    "stays).\n"
    "\n"
    "Example:\n"
    "  reprise scrub game.vkr -o report.vkr --all";

namespace fs = std::filesystem;

std::string quoted(const std::string& text) {
  std::string out;
  appendTextString(out, text);
  return out;
}

void print(const std::string& out, const ScrubSummary& s) {
  const auto& taken = s.pseudonyms.taken();
  for (const auto& [kind, one] : taken) {
    std::string places;
    for (const auto& [place, times] : one.places)
      places += (places.empty() ? "" : ", ") + place + " " + std::to_string(times);
    std::printf("%-16s %6llu  (%s)  such as %s\n", kind.c_str(), static_cast<unsigned long long>(one.times),
                places.c_str(), quoted(one.example).c_str());
  }
  if (taken.empty()) std::printf("nothing was found that had to be taken out\n");
  std::printf("%s: %llu records, %llu of them and %llu shaders changed%s\n", out.c_str(),
              static_cast<unsigned long long>(s.records), static_cast<unsigned long long>(s.changed_records),
              static_cast<unsigned long long>(s.changed_shaders),
              s.complete ? "" : "; the trace has no index: its writer did not finish it");
  if (s.unread_records != 0)
    REPRISE_LOG(
        warn,
        "{} records could not be decoded by this build, or not changed; they are in the copy as they were: "
        "look into them with `reprise dump` before you give it away",
        s.unread_records);
  if (s.dropped_blocks != 0)
    REPRISE_LOG(warn, "{} blocks of kinds that this build does not know were left out", s.dropped_blocks);
  if (s.dropped_bytes != 0)
    REPRISE_LOG(warn, "{} bytes that belong to no whole block were left out", s.dropped_bytes);
}

int runScrub(const std::string& file, const std::string& out, const ScrubOptions& options) {
  std::error_code ignored;  // of a file that is not there
  if (fs::equivalent(file, out, ignored)) {
    REPRISE_LOG(error, "{} is the trace itself; name another file for the copy", out);
    return static_cast<int>(Code::kUsage);
  }
  PartFile copy(out);
  const Result<ScrubSummary> summary = scrubTrace(file, copy.path(), options);
  if (const Status status = summary ? copy.finish() : summary.status(); !status) {
    REPRISE_LOG(error, "{}", status.message());
    return status.exitCode();
  }
  print(out, summary.value());
  return 0;
}

}  // namespace

void addScrub(CLI::App& app, Run& run) {
  CLI::App* verb = app.add_subcommand("scrub", "Copy a trace without names, paths and arguments");
  verb->footer(kFooter);
  auto file = std::make_shared<std::string>();
  auto out = std::make_shared<std::string>();
  auto options = std::make_shared<ScrubOptions>();
  auto all = std::make_shared<bool>(false);
  verb->add_option("FILE", *file, "The trace")->required()->type_name("");
  verb->add_option("-o,--output", *out, "The copy to write")->required()->option_text("OUT");
  verb->add_flag("--labels", options->labels, "Also debug names, labels, tags, names in shaders");
  verb->add_flag("--names", options->names, "Also the names of application, engine and threads");
  verb->add_flag("--all", *all, "Everything that can be taken out");
  verb->callback([&run, file, out, options, all] {
    run = [file, out, options, all] {
      ScrubOptions chosen = *options;
      chosen.labels = chosen.labels || *all;
      chosen.names = chosen.names || *all;
      return runScrub(*file, *out, chosen);
    };
  });
}

}  // namespace reprise

// reprise import: the trace that an exported, perhaps edited, text describes.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "tools/commands.h"
#include "tools/log.h"
#include "tools/part_file.h"
#include "tools/text/trace_import.h"

namespace reprise {
namespace {

constexpr const char* kFooter =
    "An unchanged text gives the trace that it was exported from, byte for byte with the same zstd library. "
    "A changed\n"
    "one gives a whole trace again: counts of arrays, numbers of items and the index follow from the text. "
    "What cannot\n"
    "be is one sentence that names the line and the place in it. tools/TEXT.md describes the text.\n"
    "\n"
    "Exit status: 0 done; 2 wrong argument; 3 DIR cannot be read or is wrong, or FILE not written (then what "
    "was there stays).\n"
    "\n"
    "Example:\n"
    "  reprise export cube.vkr -o cube\n"
    "  sed -i '/\"command\":\"vkCmdDrawIndexed\"/d' cube/trace.jsonl\n"
    "  reprise import cube -o without.vkr";

int runImport(const std::string& dir, const std::string& file) {
  std::error_code ignored;  // of a file that is not there
  if (std::filesystem::equivalent(dir + "/trace.jsonl", file, ignored)) {
    REPRISE_LOG(error, "{} is the text itself; name another file for the trace", file);
    return static_cast<int>(Code::kUsage);
  }
  PartFile trace(file);
  const Result<ImportSummary> summary = importTrace(dir, trace.path());
  if (const Status status = summary ? trace.finish() : summary.status(); !status) {
    REPRISE_LOG(error, "{}", status.message());
    return status.exitCode();
  }
  std::printf("%s: %llu lines, %llu records\n", file.c_str(),
              static_cast<unsigned long long>(summary.value().lines),
              static_cast<unsigned long long>(summary.value().records));
  return 0;
}

}  // namespace

void addImport(CLI::App& app, Run& run) {
  CLI::App* verb = app.add_subcommand("import", "Make a trace of what `export` wrote, changed or not");
  verb->footer(kFooter);
  auto dir = std::make_shared<std::string>();
  auto file = std::make_shared<std::string>();
  verb->add_option("DIR", *dir, "The directory with trace.jsonl and blobs/")->required()->type_name("");
  verb->add_option("-o,--output", *file, "The trace to write")->required()->option_text("FILE");
  verb->callback([&run, dir, file] { run = [dir, file] { return runImport(*dir, *file); }; });
}

}  // namespace reprise

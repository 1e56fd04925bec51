// reprise info: what a trace holds and needs, without its calls; and whether this machine can replay it.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "format/reader.h"
#include "replay/player.h"
#include "tools/commands.h"
#include "tools/log.h"
#include "tools/survey/info_output.h"
#include "tools/survey/trace_survey.h"

namespace reprise {
namespace {

constexpr const char* kFooter =
    "What the index says comes at once; then the trace is read once for what it uses (extensions, features,\n"
    "limits, memory, external handle types, formats) and what of it a target needs; --quick leaves that "
    "out.\n"
    "A trace whose writer was killed has no index: it is then read as a whole, up to its last watermark.\n"
    "`untold` is what was enabled, and whose use no call would show.\n"
    "--target makes the trace's instances and devices on this machine, asks about the rest, and plays "
    "nothing:\n"
    "the same words as `reprise replay`, before it.\n"
    "\n"
    "Exit status: 0 done; with --target: this machine can replay it, adapted or not; 2 wrong argument;\n"
    "3 FILE cannot be read; 4 (--target) this machine cannot replay it, all reasons are listed.\n"
    "\n"
    "Example:\n"
    "  reprise info cube.vkr --target\n"
    "  reprise info cube.vkr --format json | jq '.survey.devices[].extensions[] | select(.needed) | .name'";

struct Options {
  std::string file, format = "text";
  bool quick = false, target = false;
  ReplayOptions replay;
};

int unwritten() {
  REPRISE_LOG(error, "cannot write standard output: {}", std::strerror(errno));
  return static_cast<int>(Code::kUnreadable);
}

// At once: what follows may take long.
bool print(const std::string& text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

int failed(const Status& status) {
  REPRISE_LOG(error, "{}", status.message());
  return status.exitCode();
}

// The target's verdict comes from a reading of its own, which is the replay's.
int askTarget(const Options& options, Json* json) {
  ReplayReport report;
  const Status status = replayTrace(options.file, options.replay, report);
  if (!status && status.code() != Code::kCannotRun) return failed(status);
  if (json) {
    (*json)["target"] = targetJson(status, report);
    return status.exitCode();
  }
  if (!print(targetText(status, report))) return unwritten();
  return status ? 0 : failed(status);
}

int runInfo(const Options& options) {
  const bool is_json = options.format == "json";
  Result<std::unique_ptr<TraceReader>> opened = TraceReader::open(options.file);
  if (!opened) return failed(opened.status());
  TraceReader& reader = **opened;
  Json json;
  if (is_json)
    json = infoJson(reader.summary());
  else if (!print(infoText(options.file, reader.summary())))
    return unwritten();
  if (!options.quick) {
    Result<TraceFindings> findings = surveyTrace(reader);
    if (!findings) return failed(findings.status());
    if (is_json)
      json["survey"] = surveyJson(*findings);
    else if (!print(surveyText(reader.summary(), *findings)))
      return unwritten();
  }
  const int status = options.target ? askTarget(options, is_json ? &json : nullptr) : 0;
  if (is_json && (status == 0 || json.contains("target")) && !print(jsonText(json, 2) + "\n"))
    return unwritten();
  return status;
}

}  // namespace

void addInfo(CLI::App& app, Run& run) {
  CLI::App* verb = app.add_subcommand(
      "info", "Say what a trace holds: program, devices, counts, sizes, what it uses and needs");
  verb->footer(kFooter);
  auto options = std::make_shared<Options>();
  options->replay.rehearse = true;
  verb->add_option("FILE", options->file, "The trace")->required()->type_name("");
  verb->add_option("--format", options->format, "The form of the output, text unless given")
      ->check(CLI::IsMember({"text", "json"}))
      ->option_text("text|json");
  verb->add_flag("--quick", options->quick, "Only what the index says: kilobytes of the file are read");
  CLI::Option* target =
      verb->add_flag("--target", options->target, "Also whether this machine can replay it, and how");
  verb->add_option("--gpu", options->replay.gpu,
                   "With --target: the GPU, by its number or a part of its name")
      ->type_name("N|NAME")
      ->needs(target);
  verb->callback([&run, options] { run = [options] { return runInfo(*options); }; });
}

}  // namespace reprise

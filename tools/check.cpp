// reprise check: the command line; tools/check/ does the work.
#include <fnmatch.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>

#include "tools/check/check_run.h"
#include "tools/check/hash.h"
#include "tools/check/reports.h"
#include "tools/commands.h"
#include "tools/log.h"
#include "tools/scratch_folder.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFooter =
    "MANIFEST is TOML (.toml) or YAML (.yaml, .yml), with the same keys. Paths are relative to it:\n"
    "\n"
    "  version = 1\n"
    "  [defaults]                      # settings of every trace; each may have its own\n"
    "  tolerance = \"exact\"             # or channel:N (of 255), or ssim:T (Wang et al. 2004; in every "
    "64x64 tile)\n"
    "  frames = \"0-10,20,50-\"          # that are looked at; all, unless given\n"
    "  pictures = true                 # compare presented images with references\n"
    "  memory = false                  # compare what the GPU left in mapped memory with hashes\n"
    "  time_limit = 300                # seconds of one replay; fetch_time_limit = 1800: of a fetch\n"
    "  gpu, wsi (headless), remap, validate, env = {NAME = \"text\"}      # of the replay\n"
    "  [[drivers]]                     # who has references of its own: globs of what the driver says\n"
    "  name = \"lavapipe\"\n"
    "  device = \"llvmpipe*\"            # driver = \"...\", info = \"Mesa 22.*\"\n"
    "  [[traces]]\n"
    "  name = \"cube\"\n"
    "  path = \"cube.vkr\"               # or fetch = \"curl -fsSo {output} https://...\", which needs\n"
    "  hash = \"...\"                    # SHA-256 of the file, checked before use\n"
    "  references = \"references/cube\"  # unless given: references/NAME; in it one folder a driver\n"
    "  expect = \"pass\"                 # or fail, crash, timeout, skip, flaky: with a\n"
    "  reason = \"...\"\n"
    "  on = [{driver = \"lavapipe\", expect = \"skip\", reason = \"...\"}]   # and tolerance, frames, "
    "pictures,\n"
    "                                  # memory, time_limit, references of one driver\n"
    "\n"
    "Exit status: 0 all as expected (an empty shard, too); 1 regressions, which an unexpected pass is one "
    "of;\n"
    "2 wrong argument or manifest; 3 a trace is broken, cannot be had or has another hash, or a file cannot "
    "be\n"
    "written; 77 nothing could run. Signals end it and all of its replays; its results then have the exit "
    "status\n"
    "128 and the signal's number.\n"
    "\n"
    "Example:\n"
    "  reprise check traces.toml --update              # make the references of this machine's driver\n"
    "  reprise check traces.toml --jobs 4 --junit junit.xml --html page\n"
    "  reprise check traces.toml --shard 2/3 --only 'game-*'";

struct Options {
  std::string manifest, hash, shard, junit, json, html, cache, cache_limit = "10G", work;
  std::vector<std::string> only;
  unsigned jobs = 1;
  bool list = false;
  CheckOptions check;
};

// The I-th of N parts: every N-th trace of the manifest, so that parts are equally many.
struct Shard {
  size_t index = 0, count = 1;
};

Result<Shard> parseShard(const std::string& text) {
  Shard shard;
  if (text.empty()) return shard;
  const char* end = text.data() + text.size();
  const auto [slash, error] = std::from_chars(text.data(), end, shard.index);
  const bool parsed = error == std::errc() && slash != end && *slash == '/';
  const auto last = std::from_chars(parsed ? slash + 1 : end, end, shard.count);
  if (!parsed || last.ec != std::errc() || last.ptr != end || shard.index < 1 || shard.index > shard.count)
    return Status(Code::kUsage, "--shard is I/N, from 1/N to N/N, not \"" + text + "\"");
  --shard.index;
  return shard;
}

Result<std::vector<const ManifestTrace*>> chosenTraces(const Manifest& manifest, const Options& options) {
  const Result<Shard> shard = parseShard(options.shard);
  if (!shard) return shard.status();
  std::vector<const ManifestTrace*> wanted, chosen;
  for (const ManifestTrace& trace : manifest.traces) {
    const bool named = std::any_of(options.only.begin(), options.only.end(), [&](const std::string& glob) {
      return fnmatch(glob.c_str(), trace.name.c_str(), 0) == 0;
    });
    if (options.only.empty() || named) wanted.push_back(&trace);
  }
  if (wanted.empty())
    return Status(Code::kUsage, options.only.empty() ? options.manifest + " has no traces"
                                                     : "--only fits no trace of " + options.manifest +
                                                           "; --list without it names them");
  for (size_t i = shard.value().index; i < wanted.size(); i += shard.value().count)
    chosen.push_back(wanted[i]);
  return chosen;
}

// Where replays write, made; empty: it cannot be.
fs::path workFolder(const std::string& wanted, std::optional<ScratchFolder>& scratch) {
  if (wanted.empty()) return scratch.emplace("reprise-check").path();
  std::error_code error;
  fs::create_directories(wanted, error);
  return fs::is_directory(wanted, error) ? fs::absolute(wanted) : fs::path();
}

void printList(const std::vector<const ManifestTrace*>& traces) {
  for (const ManifestTrace* trace : traces) {
    const bool fetched = !trace->fetch.empty();
    std::printf("%s\t%s\t%s\n", trace->name.c_str(), expectationName(trace->terms.expectation),
                printable(fetched ? "fetch: " + trace->fetch : trace->path.string()).c_str());
  }
}

std::string utcNow() {
  const std::time_t now = std::time(nullptr);
  struct tm parts {};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

// Before hours of replays, not after them.
Status canWriteReports(const Options& options) {
  for (const std::string& file : {options.junit, options.json}) {
    const fs::path folder = fs::path(file).has_parent_path() ? fs::path(file).parent_path() : fs::path(".");
    std::error_code error;
    if (!file.empty() && (!fs::is_directory(folder, error) || fs::is_directory(file, error)))
      return Status(Code::kUnreadable, "cannot write " + file + ": there is no such folder, or it is one");
  }
  return Status::ok();
}

Status writeReports(const Options& options, const CheckReport& report) {
  if (!options.junit.empty())
    if (Status status = writeJunit(options.junit, report); !status) return status;
  if (!options.json.empty())
    if (Status status = writeResultsJson(options.json, report); !status) return status;
  return options.html.empty() ? Status::ok() : writePage(options.html, report);
}

Result<int> runTracesOf(const Manifest& manifest, const std::vector<const ManifestTrace*>& traces,
                        const Options& options) {
  const Result<uint64_t> limit = parseSize(options.cache_limit);
  if (!limit) return Status(Code::kUsage, "--cache-limit: " + limit.status().message());
  const Watch watch;  // before there are threads; after all else is gone, the signal that it held back
  std::optional<ScratchFolder> scratch;  // removed at the end; what the user named is not
  const fs::path work = workFolder(options.work, scratch);
  if (work.empty())
    return Status(Code::kUnreadable, "cannot make the folder " +
                                         (options.work.empty() ? "for replays in $TMPDIR" : options.work));
  CheckOptions check_options = options.check;
  check_options.work = work;
  check_options.keep = !options.work.empty();
  check_options.reprise = thisProgram();
  TraceCache cache(options.cache.empty() ? defaultCacheFolder() : fs::path(options.cache), limit.value());
  const TraceCheck check(manifest, check_options, cache, watch);
  const std::string started = utcNow();
  const auto start = std::chrono::steady_clock::now();
  const std::vector<TraceResult> results = runTraces(check, traces, options.jobs);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  const int signal = watch.interrupted();
  const int exit_status = signal == 0 ? exitStatusOf(results) : 128 + signal;
  std::puts(totalsText(results).c_str());
  const CheckReport report{options.manifest, options.shard,   check_options.repeat, check_options.update,
                           started,          seconds.count(), exit_status,          results};
  if (Status written = writeReports(options, report); !written) return written;
  if (signal != 0) REPRISE_LOG(warn, "interrupted by {}: not all traces were checked", signalName(signal));
  return exit_status;  // should the signal not end this process as soon as `watch` is gone
}

Result<int> runHash(const std::string& file) {
  const Result<std::string> hash = sha256OfFile(file);
  if (!hash) return hash.status();
  std::printf("%s  %s\n", hash.value().c_str(), printable(file).c_str());
  return 0;
}

Result<int> runCheck(const Options& options) {
  if (!options.hash.empty()) return runHash(options.hash);
  if (options.manifest.empty()) return Status(Code::kUsage, "MANIFEST is required");
  const Result<Manifest> manifest = loadManifest(options.manifest);
  if (!manifest) return manifest.status();
  const auto traces = chosenTraces(manifest.value(), options);
  if (!traces) return traces.status();
  if (options.list) {
    printList(traces.value());
    return 0;
  }
  if (Status status = canWriteReports(options); !status) return status;
  if (traces.value().empty()) std::printf("shard %s has no traces\n", options.shard.c_str());
  return runTracesOf(manifest.value(), traces.value(), options);
}

}  // namespace

void addCheck(CLI::App& app, Run& run) {
  CLI::App* verb = app.add_subcommand("check", "Replay a list of traces and judge them against references");
  verb->footer(kFooter);
  auto options = std::make_shared<Options>();
  Options& o = *options;
  verb->add_option("MANIFEST", o.manifest, "The list")->type_name("");
  verb->add_flag("--update", o.check.update, "Make what is replayed here the references of this driver");
  verb->add_option("--jobs", o.jobs, "Traces at a time; 1, unless given")
      ->check(CLI::Range(1, 1024))
      ->option_text("N");
  verb->add_option("--repeat", o.check.repeat,
                   "Replays of each trace, which must not differ; 1, unless given")
      ->check(CLI::Range(1, 1000))
      ->option_text("N");
  verb->add_option("--only", o.only, "Only traces whose name this glob fits; may be repeated")
      ->option_text("GLOB")
      ->allow_extra_args(false);
  verb->add_option("--shard", o.shard, "The I-th of N parts of the list, from 1 on")->type_name("I/N");
  verb->add_flag("--list", o.list, "Name the traces, what is expected and where they are, and run none");
  verb->add_option("--junit", o.junit, "Write the results there as JUnit XML")->type_name("FILE.xml");
  verb->add_option("--json", o.json, "Write the results there as JSON")->type_name("FILE.json");
  verb->add_option("--html", o.html, "Write a page there, with pictures of what differs")->type_name("DIR");
  verb->add_option("--cache", o.cache, "Where fetched traces are kept; ~/.cache/reprise, unless given")
      ->type_name("DIR");
  verb->add_option("--cache-limit", o.cache_limit,
                   "How much the cache may hold, what was used last; 10G, unless given")
      ->option_text("SIZE");
  verb->add_option("--gpu", o.check.gpu, "The GPU for all traces, by its number or a part of its name")
      ->type_name("N|NAME");
  verb->add_option("--work", o.work, "Replay into this folder and leave what was written there")
      ->type_name("DIR");
  verb->add_option("--hash", o.hash, "Print a file's hash, as manifests have it, and run nothing")
      ->type_name("FILE");
  verb->callback([&run, options] {
    run = [options] {
      const Result<int> result = runCheck(*options);
      if (result) return result.value();
      REPRISE_LOG(error, "{}", result.status().message());
      return result.status().exitCode();
    };
  });
}

}  // namespace reprise

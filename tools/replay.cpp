// reprise replay: the command line and the report; replay/player.h does the work.
#include "replay/player.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "format/reader.h"
#include "replay/machine.h"
#include "tools/commands.h"
#include "tools/log.h"
#include "tools/replay_report.h"
#include "tools/replay_text.h"

namespace reprise {
namespace {

constexpr const char* kFooter =
    "Differences from the capture and notes on what was adapted go to stderr, one closing line to stdout.\n"
    "\n"
    "Exit status: 0 replayed identically; 1 replayed with differences; 2 wrong argument; 3 FILE cannot be "
    "read;\n"
    "4 this machine cannot run it: what the trace uses and it lacks is listed before the first call;\n"
    "5 the captured failure (a lost device, a crash) did not recur.\n"
    "\n"
    "Example:\n"
    "  reprise replay cube.vkr --wsi headless --screenshots frames/\n"
    "  reprise replay game.vkr --remap opaque_win32=opaque_fd,d3d11_texture=drop --report remapped.json";

// A line that is drawn over and over, on a terminal only.
class ProgressBar {
 public:
  ProgressBar() : shown_(isatty(STDERR_FILENO) != 0) {}
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void update(uint64_t done, uint64_t total) {
    if (!shown_ || total == 0) return;
    const int percent = static_cast<int>(done * 100 / total);
    if (percent == percent_) return;
    percent_ = percent;
    constexpr int kWidth = 50;
    const std::string bar(static_cast<size_t>(percent) * kWidth / 100, '#');
    std::fprintf(stderr, "\r[%-*s] %3d %%", kWidth, bar.c_str(), percent);
    std::fflush(stderr);
  }

  void clear() {
    if (percent_ >= 0) std::fputs("\r\x1b[K", stderr);
    percent_ = -1;
  }

 private:
  bool shown_;
  int percent_ = -1;
};

// What was adapted and what differed: also of a replay that could not go on, where they often say why.
void printFindings(const ReplayReport& report) {
  for (const auto& note : report.notes) spdlog::info("{}", note);
  for (const auto& difference : report.differences) {
    spdlog::warn("frame {}, call {}, thread {}: {}{}{}: {}", difference.frame, difference.call,
                 difference.thread, difference.command, difference.object.empty() ? "" : " of ",
                 difference.object, difference.text);
  }
  if (report.difference_count > report.differences.size()) {
    spdlog::warn("... and {} more differences", report.difference_count - report.differences.size());
  }
}

void printVerdict(const ReplayReport& report) {
  const char* verdict = report.failure_not_reproduced  ? "the captured failure did not recur"
                        : report.difference_count == 0 ? "identical to the capture"
                                                       : "differs from the capture";
  std::printf("replayed %llu calls, %llu frames: %s", static_cast<unsigned long long>(report.calls),
              static_cast<unsigned long long>(report.frames), verdict);
  if (report.difference_count > 0) {
    std::printf(" (%llu %s)", static_cast<unsigned long long>(report.difference_count),
                report.difference_count == 1 ? "difference" : "differences");
  }
  std::printf("\n");
}

// --which-device: the device that a replay would take, nothing played.
int sayDevice(const std::string& file, const std::string& gpu) {
  const auto reader = TraceReader::open(file);
  const Result<MachineDevice> device =
      reader ? deviceFor(reader.value()->summary(), gpu) : Result<MachineDevice>(reader.status());
  if (!device) {
    spdlog::error("{}", device.status().message());
    return device.status().exitCode();
  }
  const MachineDevice& it = device.value();
  const nlohmann::ordered_json json = {{"device", it.name},
                                       {"driver", it.driver},
                                       {"driver_info", it.driver_info},
                                       {"driver_version", it.driver_version},
                                       {"vendor_id", it.vendor_id},
                                       {"device_id", it.device_id}};
  std::puts(json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
  return 0;
}

int exitStatus(const Status& status, const ReplayReport& report) {
  if (!status) return status.exitCode();
  if (report.failure_not_reproduced) return kExitNotReproduced;
  return static_cast<int>(report.difference_count == 0 ? Code::kOk : Code::kDiffers);
}

int runReplay(const std::string& file, ReplayOptions options, const std::string& report_path) {
  ProgressBar bar;
  options.progress = [&bar](uint64_t done, uint64_t total) { bar.update(done, total); };
  ReplayReport report;
  const Status status = replayTrace(file, options, report);
  bar.clear();
  const int exit_status = exitStatus(status, report);
  Status written;
  if (!report_path.empty())
    written = writeReplayReport(report_path, {file, status, exit_status, options, report});
  if (!written) spdlog::error("{}", written.message());
  for (const std::string& line : changeLines(report.changes)) spdlog::info("{}", line);
  printFindings(report);
  if (!status) {
    spdlog::error("{}", status.message());
    return status.exitCode();
  }
  printVerdict(report);
  return written ? exit_status : written.exitCode();
}

}  // namespace

void addReplay(CLI::App& app, Run& run) {
  CLI::App* verb = app.add_subcommand("replay", "Play a trace back and compare what the driver answers");
  verb->footer(kFooter);
  auto file = std::make_shared<std::string>();
  auto wsi = std::make_shared<std::string>("auto");
  auto unfinished = std::make_shared<std::string>("run");
  auto remap = std::make_shared<std::string>("auto");
  auto report = std::make_shared<std::string>();
  auto look_at = std::make_shared<std::string>();
  auto which = std::make_shared<bool>(false);
  auto options = std::make_shared<ReplayOptions>();
  verb->add_option("FILE", *file, "The trace")->required()->type_name("");
  verb->add_option("--gpu", options->gpu, "The GPU, by its number or a part of its name")
      ->type_name("N|NAME");
  verb->add_option("--wsi", *wsi, "Where to present; auto, unless given: xcb if there is an X server")
      ->check(CLI::IsMember({"auto", "headless", "xcb"}))
      ->option_text("auto|headless|xcb");
  verb->add_option("--screenshots", options->screenshots_dir, "Write each presented image as a PNG there")
      ->type_name("DIR");
  verb->add_flag("--validate", options->validate, "Replay under the Khronos validation layer");
  verb->add_option("--unfinished", *unfinished,
                   "Calls that never returned at capture: run them last, or skip them; run, unless given")
      ->check(CLI::IsMember({"run", "skip"}))
      ->option_text("run|skip");
  verb->add_option("--dump-memory", options->memory_dump, "Write what the GPU left in mapped memory there")
      ->type_name("DIR");
  verb->add_flag(
      "--beyond-watermark", options->beyond_watermark,
      "Also replay what a killed writer left behind its last watermark, where calls may be missing");
  verb->add_option(
          "--remap", *remap,
          "External handle types that this device lacks: auto converts or drops them, strict makes that "
          "an error; FROM=TO and FROM=drop decide for one type. Several, separated by commas")
      ->type_name("auto|strict|RULES");
  verb->add_option(
          "--report", *report,
          "Write verdict, device, differences, notes and what became of every external object there, "
          "as JSON")
      ->type_name("FILE.json");
  verb->add_option("--look-at", *look_at,
                   "Write pictures and memory of these frames only, counted from 0: 0-10,20,50-")
      ->type_name("FRAMES");
  verb->add_flag("--which-device", *which, "Say, as JSON, which device would play it, and play nothing");
  verb->callback([&run, file, wsi, unfinished, remap, report, look_at, which, options] {
    Result<RemapRules> rules = parseRemapRules(*remap);
    if (!rules) throw CLI::ValidationError(rules.status().message());
    if (!look_at->empty()) {
      Result<FrameSet> frames = FrameSet::parse(*look_at);
      if (!frames) throw CLI::ValidationError("--look-at: " + frames.status().message());
      options->looked_at = *frames;
    }
    options->remap = *rules;
    options->wsi = *wsi == "xcb" ? Wsi::kXcb : *wsi == "headless" ? Wsi::kHeadless : Wsi::kAuto;
    options->run_unfinished = *unfinished == "run";
    run = [file, report, which, options] {
      return *which ? sayDevice(*file, options->gpu) : runReplay(*file, *options, *report);
    };
  });
}

}  // namespace reprise

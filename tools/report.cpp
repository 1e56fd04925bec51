// reprise report: a trace as one HTML page; tools/report/ does the work.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "tools/child.h"
#include "tools/commands.h"
#include "tools/log.h"
#include "tools/report/page_writer.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;

constexpr const char* kFooter =
    "OUT ending in .html becomes one file with all in it, thumbnails of the pictures too: to attach or to "
    "mail.\n"
    "Any other OUT is a folder: index.html, and the pictures at their full size in pictures/. The page needs "
    "a\n"
    "browser (Chromium 80, Firefox 113, Safari 16.4 or later) and no network. Tables are bounded, whatever "
    "the\n"
    "trace's size; where something is left out, the page says what, and which `reprise dump` shows it.\n"
    "\n"
    "Exit status: 0 done; 2 wrong argument; 3 FILE cannot be read (to its end: the page then holds what "
    "could "
    "be),\n"
    "or OUT not written. Pictures that cannot be made are no error: the page says why.\n"
    "\n"
    "Example:\n"
    "  reprise report cube.vkr -o cube.html --screenshots\n"
    "  reprise report game.vkr -o report/ --screenshots --screenshot-count 48 && xdg-open report/index.html";

constexpr double kInfoSeconds = 3600;
constexpr size_t kMostInfoBytes = 64 << 20;

struct Options {
  std::string file, output;
  bool screenshots = false, beyond_watermark = false;
  DigestLimits limits;
  PictureOptions pictures;
};

bool isPagePath(const std::string& output) {
  std::error_code error;
  const std::string extension = fs::path(output).extension().string();
  return (extension == ".html" || extension == ".htm") && !fs::is_directory(output, error);
}

// What `reprise info` says, by asking it: the page and the verb cannot differ.
Json infoOf(const std::string& file, const Watch& watch) {
  const ChildEnd info = watch.run({{thisProgram(), "info", "--quick", "--format", "json", "--", file},
                                   {},
                                   "",
                                   kInfoSeconds,
                                   kMostInfoBytes});
  Json said = Json::parse(info.out, nullptr, false);  // longer than metadata may be
  if (info.ended(0) && !info.out_cut && !said.is_discarded()) return said;
  const std::string why = info.how == ChildEnd::kNotStarted ? info.failure : lastWords(info.output);
  return {{"notes", {"`reprise info` could not say what the trace holds: " + why}}};
}

Status makeFolder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  if (fs::is_directory(path, error)) return Status::ok();
  return {Code::kUnreadable,
          "cannot make the folder " + path + "; give a path that can be written, or one that ends in .html"};
}

// Where the page goes, with the folders that it needs: told before a long trace is read.
Status preparePlace(Options& options, std::string& page) {
  page = options.output;
  if (isPagePath(options.output)) {
    const fs::path folder = fs::path(options.output).parent_path();
    std::error_code error;
    if (folder.empty() || fs::is_directory(folder, error)) return Status::ok();
    return {Code::kUnreadable,
            "cannot write the report " + options.output + ": there is no folder " + folder.string()};
  }
  page = (fs::path(options.output) / "index.html").string();
  if (Status status = makeFolder(options.output); !status || !options.screenshots) return status;
  options.pictures.folder_in_page = "pictures";
  options.pictures.folder = (fs::path(options.output) / options.pictures.folder_in_page).string();
  return makeFolder(options.pictures.folder);
}

void sayWhatWasWritten(const std::string& page, const Digest& digest, uint64_t frames,
                       const Pictures& pictures) {
  std::error_code error;
  const auto bytes = fs::file_size(page, error);
  std::printf("%s: %llu frames, %llu calls, %llu objects, %zu pictures, %.1f MB\n", page.c_str(),
              static_cast<unsigned long long>(frames), static_cast<unsigned long long>(digest.calls),
              static_cast<unsigned long long>(digest.objects.rows().size()), pictures.frames.size(),
              error ? 0.0 : double(bytes) / 1e6);
}

// The trace's calls in bounded tables. `read`: how far it could be read.
Status digestFile(Options& options, std::string& page, Digest& digest, uint64_t& frames, Status& read) {
  ReadOptions reading;
  reading.beyond_watermark = options.beyond_watermark;
  const Result<std::unique_ptr<TraceReader>> opened = TraceReader::open(options.file, reading);
  if (!opened) return opened.status();
  TraceReader& reader = *opened.value();
  if (Status status = preparePlace(options, page); !status) return status;
  read = digestTrace(reader, options.limits, digest);
  frames = reader.summary().frames;
  return Status::ok();
}

Status report(Options options) {
  std::string page;
  Digest digest(options.limits);
  ReportFacts facts;
  Status read;
  if (Status status = digestFile(options, page, digest, facts.frame_count, read); !status) return status;

  // From here on an ending signal waits: a replay and its folder go before this program does. The reader with
  // its threads, which would take the signal, is gone.
  const Watch watch;
  Pictures pictures;
  if (options.screenshots) {
    pictures = takePictures(options.file, facts.frame_count, options.pictures, watch);
  } else {
    pictures.why = "none were asked for: `reprise report --screenshots` replays the trace and takes them";
  }
  facts.file = options.file;
  facts.tool = "reprise " REPRISE_VERSION;
  facts.info = infoOf(options.file, watch);
  facts.reading = read.message();
  if (const int signal = watch.interrupted(); signal != 0) {
    REPRISE_LOG(warn, "interrupted by {}: no report was written", signalName(signal));
    return {Code::kUnreadable, "interrupted"};  // should the signal not end this process now
  }
  if (options.screenshots && !pictures.why.empty())
    REPRISE_LOG(warn, "no pictures, or not all: {}", pictures.why);
  if (Status status = writePage(page, facts, digest, options.limits, pictures); !status) return status;
  sayWhatWasWritten(page, digest, facts.frame_count, pictures);
  return read;
}

int runReport(const Options& options) {
  const Status status = report(options);
  if (!status) REPRISE_LOG(error, "{}", status.message());
  return status.exitCode();
}

}  // namespace

void addReport(CLI::App& app, Run& run) {
  CLI::App* verb = app.add_subcommand("report", "Make an HTML page of a trace, to look through in a browser");
  verb->footer(kFooter);
  auto options = std::make_shared<Options>();
  verb->add_option("FILE", options->file, "The trace")->required()->type_name("");
  verb->add_option("-o,--output", options->output, "Write the page there: one file, or a folder")
      ->required()
      ->type_name("OUT.html|DIR");
  verb->add_flag("--screenshots", options->screenshots,
                 "Replay the trace, headless and in its own process, and show pictures of its frames");
  verb->add_option("--screenshot-count", options->pictures.count,
                   "At most so many, evenly chosen; 24 unless given")
      ->check(CLI::Range(1, 1000))
      ->option_text("N");
  verb->add_option("--screenshot-seconds", options->pictures.seconds,
                   "End the replay after so long; 600 unless given")
      ->check(CLI::Range(1, 1'000'000))
      ->option_text("N");
  verb->add_option("--gpu", options->pictures.gpu,
                   "The GPU for the replay, by its number or a part of its name")
      ->type_name("N|NAME");
  verb->add_option("--calls", options->limits.calls_per_frame,
                   "Show so many calls of each frame as text, 40 unless given")
      ->check(CLI::Range(0, 100'000))
      ->option_text("N");
  verb->add_flag("--beyond-watermark", options->beyond_watermark,
                 "Also show what a killed writer left behind its last watermark, where calls may be missing");
  verb->callback([&run, options] { run = [options] { return runReport(*options); }; });
}

}  // namespace reprise

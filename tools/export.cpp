// reprise export: a trace as text, to be read, reviewed, changed and imported again.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "tools/commands.h"
#include "tools/log.h"
#include "tools/text/trace_export.h"

namespace reprise {
namespace {

constexpr const char* kFooter =
    "DIR gets trace.jsonl, a line for each block and each call of the trace, and blobs/, a file for each "
    "range of bytes\n"
    "that is too long for a line. `reprise import DIR -o FILE` makes the same trace of it, byte for byte "
    "with the same\n"
    "zstd library, or the changed one. tools/TEXT.md describes the text.\n"
    "\n"
    "Exit status: 0 done; 2 wrong argument; 3 FILE cannot be read, or DIR not written (what was written is "
    "removed).\n"
    "\n"
    "Example:\n"
    "  reprise export cube.vkr -o cube\n"
    "  grep -n vkCmdBeginRenderPass cube/trace.jsonl | head\n"
    "  reprise import cube -o changed.vkr";

namespace fs = std::filesystem;

// Why `dir` cannot take an export; empty: it can, and is there. `made`: it was not there before.
std::string prepare(const fs::path& dir, bool& made) {
  std::error_code error;
  made = fs::create_directories(dir, error);
  if (error) return "cannot create " + dir.string() + ": " + error.message();
  if (!fs::is_directory(dir, error))
    return dir.string() + " is no directory, so no trace can be exported into it";
  const bool empty = fs::is_empty(dir, error);
  if (error) return "cannot read " + dir.string() + ": " + error.message();
  if (!empty) return dir.string() + " is not empty; name a directory that is, or that does not exist yet";
  return "";
}

void removeExport(const fs::path& dir, bool made) {
  std::error_code ignored;  // the failure that led here is the one to report
  fs::remove(dir / "trace.jsonl", ignored);
  fs::remove_all(dir / "blobs", ignored);
  if (made) fs::remove(dir, ignored);
}

void report(const std::string& dir, const ExportSummary& s) {
  std::printf("%s: %llu blocks, %llu records; %llu bytes of text, %llu blobs of %llu bytes%s\n", dir.c_str(),
              static_cast<unsigned long long>(s.blocks), static_cast<unsigned long long>(s.records),
              static_cast<unsigned long long>(s.text_bytes), static_cast<unsigned long long>(s.blobs),
              static_cast<unsigned long long>(s.blob_bytes),
              s.complete ? "" : "; the trace has no index: its writer did not finish it");
  const auto note = [](uint64_t count, const std::string& what) {
    if (count != 0) REPRISE_LOG(warn, "{} {}", count, what);
  };
  std::string commands;
  for (const std::string& name : s.helped_commands) commands += (commands.empty() ? " (" : ", ") + name;
  if (!commands.empty()) commands += ")";
  note(s.helped_records,
       "records have their bytes beside the text, which alone would not give them" + commands);
  note(s.raw_records, "records could not be written as text and are bytes" + commands);
  note(s.raw_blocks, "blocks could not be written as text and are bytes");
  note(s.raw_bytes, "bytes of the file belong to no whole block and were kept as they are");
  note(s.foreign_blocks,
       "blocks were compressed by another version of zstd: the import has the same records, but other bytes");
}

int runExport(const std::string& file, const std::string& dir) {
  bool made = false;
  if (const std::string why = prepare(dir, made); !why.empty()) {
    REPRISE_LOG(error, "{}", why);
    return static_cast<int>(Code::kUnreadable);
  }
  const Result<ExportSummary> summary = exportTrace(file, dir);
  if (!summary) {
    removeExport(dir, made);
    REPRISE_LOG(error, "{}", summary.status().message());
    return summary.status().exitCode();
  }
  report(dir, summary.value());
  return 0;
}

}  // namespace

void addExport(CLI::App& app, Run& run) {
  CLI::App* verb = app.add_subcommand("export", "Write a trace as text: JSON lines and a folder of blobs");
  verb->footer(kFooter);
  auto file = std::make_shared<std::string>();
  auto dir = std::make_shared<std::string>();
  verb->add_option("FILE", *file, "The trace")->required()->type_name("");
  verb->add_option("-o,--output", *dir, "The directory to write; it is made, or is empty")
      ->required()
      ->option_text("DIR");
  verb->callback([&run, file, dir] { run = [file, dir] { return runExport(*file, *dir); }; });
}

}  // namespace reprise

#include "tools/check/replay_run.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>

#include "tools/commands.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

std::vector<std::string> replayWords(const fs::path& trace, const CheckSettings& settings,
                                     const CheckOptions& options) {
  std::vector<std::string> words = {options.reprise, "replay",  trace.string(), "--wsi",
                                    settings.wsi,    "--remap", settings.remap};
  const std::string& gpu = options.gpu.empty() ? settings.gpu : options.gpu;
  if (!gpu.empty()) words.insert(words.end(), {"--gpu", gpu});
  return words;
}

template <class T>
T valueOr(const Json& object, const char* key, T otherwise) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end()) return otherwise;
  if constexpr (std::is_same_v<T, std::string>) {
    return found->is_string() ? found->template get<std::string>() : otherwise;
  } else {
    return found->is_number_unsigned() ? found->template get<T>() : otherwise;
  }
}

std::vector<SeenFile> filesIn(const Json& report, const char* key) {
  std::vector<SeenFile> files;
  const auto list = report.find(key);
  if (list == report.end() || !list->is_array()) return files;
  for (const Json& entry : *list) {
    SeenFile file{valueOr<std::string>(entry, "file", ""), valueOr<uint32_t>(entry, "frame", 0),
                  valueOr<uint64_t>(entry, "call", 0), valueOr<std::string>(entry, "command", ""),
                  valueOr<std::string>(entry, "object_name", "")};
    if (fs::path(file.name).filename() == file.name) files.push_back(std::move(file));
  }
  return files;
}

bool readReport(const fs::path& path, RunReport& report) {
  std::ifstream file(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return false;
  report.error = valueOr<std::string>(json, "error", "");
  report.calls = valueOr<uint64_t>(json, "calls", 0);
  report.frames = valueOr<uint64_t>(json, "frames", 0);
  report.difference_count = valueOr<uint64_t>(json, "difference_count", 0);
  if (const auto list = json.find("differences"); list != json.end() && list->is_array())
    report.differences = *list;
  if (const auto notes = json.find("notes"); notes != json.end() && notes->is_array())
    for (const Json& note : *notes)
      if (note.is_string()) report.notes.push_back(note.get<std::string>());
  report.pictures = filesIn(json, "pictures");
  report.memories = filesIn(json, "memories");
  return true;
}

std::string secondsText(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g s", seconds);
  return text;
}

// What every child's end means, but for its exit status.
bool judgeEnd(const ChildEnd& end, double time_limit, Outcome& outcome, std::string& message) {
  switch (end.how) {
    case ChildEnd::kExited:
      return true;
    case ChildEnd::kSignalled:
      outcome = Outcome::kCrash;
      message = "the replay was ended by " + signalName(end.code);
      break;
    case ChildEnd::kTimedOut:
      outcome = Outcome::kTimeout;
      message = "the replay was still running after its time limit of " + secondsText(time_limit);
      break;
    case ChildEnd::kInterrupted:
      outcome = Outcome::kInterrupted;
      message = "reprise check was interrupted";
      break;
    case ChildEnd::kNotStarted:
      outcome = Outcome::kBroken;
      message = end.failure;
      break;
  }
  return false;
}

std::string firstDifferenceText(const RunReport& report) {
  if (report.differences.empty()) return "";
  const Json& first = report.differences.front();
  const std::string name = valueOr<std::string>(first, "object_name", "");
  const std::string object = name.empty() ? valueOr<std::string>(first, "object", "") : name;
  return ", first frame " + std::to_string(valueOr<uint64_t>(first, "frame", 0)) + ", call " +
         std::to_string(valueOr<uint64_t>(first, "call", 0)) + " (" +
         valueOr<std::string>(first, "command", "") + (object.empty() ? "" : ", ") + object +
         "): " + valueOr<std::string>(first, "text", "");
}

void judgeStatus(int status, ReplayRun& run) {
  const RunReport& report = run.report;
  const std::string error = report.error.empty() ? lastWords(run.end.output) : report.error;
  run.outcome = Outcome::kFail;
  if (!run.reported && status < 3) {
    run.message = "the replay left no report: " + lastWords(run.end.output);
  } else if (status == 0) {
    run.outcome = Outcome::kPass;
  } else if (status == static_cast<int>(Code::kDiffers)) {
    const uint64_t count = report.difference_count;
    run.message = std::to_string(count) + (count == 1 ? " difference" : " differences") +
                  " from the capture" + firstDifferenceText(report);
  } else if (status == kExitNotReproduced) {
    run.message = "the captured failure (a lost device, a crash) did not recur";
  } else if (status == static_cast<int>(Code::kUnreadable)) {
    run.outcome = Outcome::kBroken;
    run.message = error;
  } else if (status == static_cast<int>(Code::kCannotRun)) {
    run.outcome = Outcome::kCannotRun;
    run.message = error;
  } else {
    run.message = "the replay ended with status " + std::to_string(status) + ": " + lastWords(run.end.output);
  }
}

bool sameBytes(const fs::path& a, const fs::path& b) {
  std::ifstream one(a, std::ios::binary), other(b, std::ios::binary);
  std::vector<char> piece(size_t{1} << 18), other_piece(piece.size());
  while (one && other) {
    one.read(piece.data(), std::streamsize(piece.size()));
    other.read(other_piece.data(), std::streamsize(piece.size()));
    if (one.gcount() != other.gcount() ||
        std::memcmp(piece.data(), other_piece.data(), size_t(one.gcount())) != 0)
      return false;
  }
  return one.eof() && other.eof();
}

std::string firstOtherFile(const std::vector<SeenFile>& first, const fs::path& first_folder,
                           const std::vector<SeenFile>& other, const fs::path& other_folder) {
  for (size_t i = 0; i < std::min(first.size(), other.size()); ++i) {
    const SeenFile& file = first[i];
    if (file.name == other[i].name && sameBytes(first_folder / file.name, other_folder / file.name)) continue;
    return "frame " + std::to_string(file.frame) + ", call " + std::to_string(file.call) + " (" +
           file.command + ", " + file.object + "): " + file.name + " is another";
  }
  if (first.size() == other.size()) return "";
  return "it wrote " + std::to_string(other.size()) + " pictures or memory ranges, not " +
         std::to_string(first.size());
}

}  // namespace

ReplayRun runReplayOf(const fs::path& trace, const CheckSettings& settings, const CheckOptions& options,
                      const RunFolders& folders, const Watch& watch) {
  ReplayRun run;
  std::error_code error;
  fs::remove_all(folders.folder, error);
  if (!fs::create_directories(folders.folder, error)) {
    run.outcome = Outcome::kBroken;
    run.message = "cannot make the folder " + folders.folder.string() + ": " + error.message();
    return run;
  }
  const fs::path report = folders.folder / "report.json";
  ChildCommand command{replayWords(trace, settings, options), settings.env, "", settings.time_limit};
  std::vector<std::string>& words = command.words;
  words.insert(words.end(), {"--report", report.string()});
  if (!folders.pictures.empty()) words.insert(words.end(), {"--screenshots", folders.pictures.string()});
  if (!folders.memories.empty()) words.insert(words.end(), {"--dump-memory", folders.memories.string()});
  if (!settings.frames.empty()) words.insert(words.end(), {"--look-at", settings.frames});
  if (settings.validate) words.emplace_back("--validate");
  run.end = watch.run(command);
  run.reported = readReport(report, run.report);
  if (judgeEnd(run.end, settings.time_limit, run.outcome, run.message)) judgeStatus(run.end.code, run);
  return run;
}

DeviceAnswer askDevice(const fs::path& trace, const CheckSettings& settings, const CheckOptions& options,
                       const Watch& watch) {
  DeviceAnswer answer;
  ChildCommand command{replayWords(trace, settings, options), settings.env, "", settings.time_limit};
  command.words.emplace_back("--which-device");
  const ChildEnd end = watch.run(command);
  answer.log = end.output;
  if (!judgeEnd(end, settings.time_limit, answer.outcome, answer.message)) return answer;
  answer.message = lastWords(end.output);
  if (end.code == static_cast<int>(Code::kUnreadable)) answer.outcome = Outcome::kBroken;
  if (end.code == static_cast<int>(Code::kCannotRun)) answer.outcome = Outcome::kCannotRun;
  if (end.code != 0) return answer;
  // Drivers talk, too: the answer is the last line that is one.
  for (size_t at = end.output.rfind("{\"device\""); at != std::string::npos;
       at = at == 0 ? std::string::npos : end.output.rfind("{\"device\"", at - 1)) {
    const Json json = Json::parse(end.output.substr(at, end.output.find('\n', at) - at), nullptr, false);
    if (!json.is_object()) continue;
    answer.outcome = Outcome::kPass;
    answer.device = {valueOr<std::string>(json, "device", ""), valueOr<std::string>(json, "driver", ""),
                     valueOr<std::string>(json, "driver_info", "")};
    return answer;
  }
  answer.message = "the replay did not say which device it would take";
  return answer;
}

std::string firstDisagreement(const RunFolders& first_folders, const ReplayRun& first,
                              const RunFolders& other_folders, const ReplayRun& other) {
  if (first.outcome != other.outcome)
    return outcomeName(other.outcome) + std::string(", not ") + outcomeName(first.outcome) +
           (other.message.empty() ? "" : ": " + other.message);
  if (first.end.how != other.end.how || first.end.code != other.end.code) return other.message;
  if (first.report.differences != other.report.differences)
    return "other differences from the capture" + firstDifferenceText(other.report);
  const std::string picture = firstOtherFile(first.report.pictures, first_folders.pictures,
                                             other.report.pictures, other_folders.pictures);
  if (!picture.empty()) return picture;
  return firstOtherFile(first.report.memories, first_folders.memories, other.report.memories,
                        other_folders.memories);
}

}  // namespace reprise

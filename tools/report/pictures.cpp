#include "tools/report/pictures.h"

#include <stdlib.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "tools/report/child_process.h"
#include "tools/report/rgb_image.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;

// A folder that goes with all that is in it.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::error_code error;
    std::string path = (fs::temp_directory_path(error) / "reprise-report-XXXXXX").string();
    if (!error && mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::string& path() const { return path_; }  // empty: there is none

 private:
  std::string path_;
};

// What a verb said last, without its own name before it.
std::string lastLine(std::string text) {
  constexpr std::string_view kName = "reprise: ";
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  text.erase(0, text.find_last_of('\n') + 1);
  return text.starts_with(kName) ? text.substr(kName.size()) : text;
}

// Why a replay made fewer pictures than asked for, empty if it went well.
std::string complaint(const ChildResult& replay, uint32_t seconds) {
  if (replay.timed_out) return "the replay did not end within " + std::to_string(seconds) + " seconds";
  const std::string said = lastLine(replay.err);
  if (replay.signal != 0)
    return std::string("the replay crashed (") + strsignal(replay.signal) + ")" +
           (said.empty() ? "" : "; it last said: " + said);
  if (replay.exit_status == 2 || replay.exit_status == 3 || replay.exit_status == 4)
    return "the replay ended with status " + std::to_string(replay.exit_status) + ": " + said;
  return "";
}

// "frame-000012.png", "frame-000012-1.png".
bool parseName(const std::string& name, FramePicture& picture) {
  constexpr std::string_view kHead = "frame-", kTail = ".png";
  if (!name.starts_with(kHead) || !name.ends_with(kTail)) return false;
  const char* at = name.data() + kHead.size();
  const char* end = name.data() + name.size() - kTail.size();
  const auto frame = std::from_chars(at, end, picture.frame);
  if (frame.ec != std::errc() || frame.ptr == end) return frame.ec == std::errc();
  const auto index = std::from_chars(frame.ptr + 1, end, picture.index);
  return *frame.ptr == '-' && index.ec == std::errc() && index.ptr == end;
}

std::vector<std::string> pictureFiles(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

void collectPictures(const std::string& folder, const PictureOptions& options, Pictures& pictures) {
  for (const std::string& name : pictureFiles(folder)) {
    FramePicture picture;
    if (!parseName(name, picture)) continue;
    const Result<RgbImage> whole = readRgbPng(folder + "/" + name);
    if (!whole) {
      if (pictures.why.empty()) pictures.why = whole.status().message();
      continue;
    }
    picture.width = whole.value().width;
    picture.height = whole.value().height;
    picture.thumbnail = pngBytes(scaledDown(whole.value(), options.width));
    if (!options.folder.empty()) {
      std::error_code error;
      fs::copy_file(folder + "/" + name, options.folder + "/" + name, fs::copy_options::overwrite_existing,
                    error);
      if (!error) picture.link = options.folder_in_page + "/" + name;
      if (error && pictures.why.empty())
        pictures.why = "cannot write " + options.folder + "/" + name + ": " + error.message();
    }
    pictures.frames.push_back(std::move(picture));
  }
}

}  // namespace

std::vector<uint32_t> evenFrames(uint64_t frames, uint32_t count) {
  std::vector<uint32_t> chosen;
  const uint64_t some = std::min<uint64_t>(frames, count);
  for (uint64_t i = 0; i < some; ++i)
    chosen.push_back(uint32_t(some == 1 ? 0 : i * (frames - 1) / (some - 1)));
  return chosen;
}

Pictures takePictures(const std::string& trace, uint64_t frames, const PictureOptions& options) {
  Pictures pictures;
  const ScratchFolder scratch;
  if (scratch.path().empty()) {
    pictures.why = "no folder for the replay's pictures can be made in the system's temporary folder";
    return pictures;
  }
  std::string list;
  for (const uint32_t frame : evenFrames(frames, options.count))
    list += (list.empty() ? "" : ",") + std::to_string(frame);
  std::vector<std::string> arguments{"replay", "--wsi", "headless", "--screenshots", scratch.path()};
  if (!list.empty()) arguments.insert(arguments.end(), {"--look-at", list});
  if (!options.gpu.empty()) arguments.insert(arguments.end(), {"--gpu", options.gpu});
  arguments.insert(arguments.end(), {"--", trace});
  const Result<ChildResult> replay = runReprise(arguments, options.seconds, 4096);
  if (!replay) {
    pictures.why = replay.status().message();
    return pictures;
  }
  pictures.said = lastLine(replay.value().out);
  pictures.why = complaint(replay.value(), options.seconds);
  collectPictures(scratch.path(), options, pictures);
  if (pictures.frames.empty() && pictures.why.empty())
    pictures.why = "the replay presented nothing that can be read back: " + lastLine(replay.value().err);
  return pictures;
}

}  // namespace reprise

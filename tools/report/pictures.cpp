#include "tools/report/pictures.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "replay/picture_names.h"
#include "tools/report/rgb_image.h"
#include "tools/scratch_folder.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;

// Why a replay made fewer pictures than asked for, empty if it went well.
std::string complaint(const ChildEnd& replay, uint32_t seconds) {
  const std::string said = lastWords(replay.output);
  switch (replay.how) {
    case ChildEnd::kNotStarted:
      return replay.failure;
    case ChildEnd::kInterrupted:
      return "the replay was interrupted";
    case ChildEnd::kTimedOut:
      return "the replay did not end within " + std::to_string(seconds) + " seconds";
    case ChildEnd::kSignalled:
      return "the replay crashed (" + signalName(replay.code) + ")" +
             (said.empty() ? "" : "; it last said: " + said);
    case ChildEnd::kExited:
      break;
  }
  if (replay.code == 2 || replay.code == 3 || replay.code == 4)
    return "the replay ended with status " + std::to_string(replay.code) + ": " + said;
  return "";
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
    const std::optional<PictureName> parsed = PictureName::parse(name);
    if (!parsed) continue;
    FramePicture picture;
    picture.frame = parsed->frame;
    picture.index = parsed->index;
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

Pictures takePictures(const std::string& trace, uint64_t frames, const PictureOptions& options,
                      const Watch& watch) {
  Pictures pictures;
  const ScratchFolder scratch("reprise-report");
  if (scratch.path().empty()) {
    pictures.why = "no folder for the replay's pictures can be made in the system's temporary folder";
    return pictures;
  }
  std::string list;
  for (const uint32_t frame : evenFrames(frames, options.count))
    list += (list.empty() ? "" : ",") + std::to_string(frame);
  ChildCommand command;
  command.words = {thisProgram(), "replay", "--wsi", "headless", "--screenshots", scratch.path()};
  std::vector<std::string>& words = command.words;
  if (!list.empty()) words.insert(words.end(), {"--look-at", list});
  if (!options.gpu.empty()) words.insert(words.end(), {"--gpu", options.gpu});
  words.insert(words.end(), {"--", trace});
  command.time_limit = options.seconds;
  command.most_out = 4096;
  const ChildEnd replay = watch.run(command);
  pictures.said = lastWords(replay.out);
  pictures.why = complaint(replay, options.seconds);
  if (watch.interrupted()) return pictures;
  collectPictures(scratch.path(), options, pictures);
  if (pictures.frames.empty() && pictures.why.empty())
    pictures.why = "the replay presented nothing that can be read back: " + lastWords(replay.output);
  return pictures;
}

}  // namespace reprise

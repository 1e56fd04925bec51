// The reference pictures and memory hashes of one trace on one driver, and how a replay compares with them.
//
// A folder: frame-000012.png, ..., and memory.sha256 (lines of sha256sum: `sha256sum -c` reads them beside
// the dumped files). Reads and writes nothing else. One thread a folder. Errors: kUnreadable.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "format/status.h"
#include "replay/frame_set.h"
#include "tools/check/outcome.h"

namespace reprise {

// A file that a replay wrote, by its report.
struct SeenFile {
  std::string name;
  uint32_t frame = 0;
  uint64_t call = 0;
  std::string command, object;
};

// What a replay left in its folder.
struct SeenFiles {
  std::filesystem::path pictures_folder, memories_folder;
  std::vector<SeenFile> pictures, memories;
};

class References {
 public:
  // `settings` outlive it.
  References(std::filesystem::path folder, const CheckSettings& settings);

  bool any() const;  // there are some, of what the settings look at
  // Enters what differs into `result`; pictures to show go to `evidence`.
  Status compare(const SeenFiles& seen, const std::filesystem::path& evidence, TraceResult& result) const;
  // Makes what was seen the references; says what changed.
  Result<std::string> update(const SeenFiles& seen) const;

 private:
  Status comparePictures(const SeenFiles& seen, const std::filesystem::path& evidence,
                         TraceResult& result) const;
  Status comparePicture(const SeenFile& file, const std::filesystem::path& actual,
                        const std::filesystem::path& evidence, TraceResult& result) const;
  Status compareMemories(const SeenFiles& seen, TraceResult& result) const;
  Status updatePictures(const SeenFiles& seen, std::map<std::string, size_t>& counts) const;
  Status updateMemories(const SeenFiles& seen, std::map<std::string, size_t>& counts) const;
  std::vector<std::string> pictureNames() const;  // of the frames that are looked at
  Result<std::map<std::string, std::string>> hashes() const;
  std::filesystem::path hashFile() const { return folder_ / "memory.sha256"; }

  std::filesystem::path folder_;
  const CheckSettings& settings_;
  FrameSet frames_;
};

}  // namespace reprise

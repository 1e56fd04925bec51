#include "tools/check/references.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>

#include "replay/picture_names.h"
#include "tools/check/hash.h"
#include "tools/part_file.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;

Finding findingOf(const SeenFile& file, std::string text) {
  Finding finding;
  finding.file = file.name;
  finding.frame = file.frame;
  finding.call = file.call;
  finding.command = file.command;
  finding.object = file.object;
  finding.text = std::move(text);
  return finding;
}

void enter(TraceResult& result, Finding finding) {
  if (++result.finding_count <= kMaxFindings) result.findings.push_back(std::move(finding));
}

std::string sizeText(const Raster& raster) {
  return std::to_string(raster.width) + " x " + std::to_string(raster.height);
}

std::string differenceText(const RasterDifference& difference, const Raster& reference,
                           const Tolerance& tolerance) {
  char text[400];
  const Box& box = difference.box;
  std::snprintf(text, sizeof text,
                "%llu of %llu pixels differ, by up to %.4g of 255, in the %u x %u pixels from (%u, %u) on; "
                "SSIM %.4f, %.4f in the worst tile, at (%u, %u)",
                static_cast<unsigned long long>(difference.pixels),
                static_cast<unsigned long long>(reference.width) * reference.height, difference.largest,
                box.width, box.height, box.x, box.y, difference.mean_ssim, difference.lowest_ssim,
                difference.lowest_tile.x, difference.lowest_tile.y);
  return text + std::string("; the tolerance is ") + tolerance.text();
}

Status copyInPlace(const fs::path& from, const fs::path& to) {
  PartFile part(to);
  std::error_code error;
  fs::copy_file(from, part.path(), fs::copy_options::overwrite_existing, error);
  return error ? Status(Code::kUnreadable, "cannot write " + to.string() + ": " + error.message())
               : part.finish();
}

bool samePixels(const fs::path& a, const fs::path& b) {
  const Result<Raster> one = readPng(a), other = readPng(b);
  return one && other && one.value() == other.value();
}

// Pictures of a finding, for the page.
Status show(Finding& finding, const Raster* reference, const Raster& actual, const fs::path& evidence) {
  const std::string stem = evidence / fs::path(finding.file).stem();
  Status status = writePng8(finding.actual = stem + "-actual.png", actual);
  if (!status || !reference) return status;
  status = writePng8(finding.reference = stem + "-reference.png", *reference);
  if (!status || !finding.compared) return status;
  return writePng8(finding.marked = stem + "-difference.png",
                   differencePicture(*reference, actual, finding.difference.box));
}

}  // namespace

References::References(fs::path folder, const CheckSettings& settings)
    : folder_(std::move(folder)), settings_(settings) {
  if (Result<FrameSet> frames = FrameSet::parse(settings.frames); !settings.frames.empty() && frames)
    frames_ = frames.value();
}

std::vector<std::string> References::pictureNames() const {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator file(folder_, error), end; !error && file != end; file.increment(error)) {
    const std::string name = file->path().filename();
    const std::optional<PictureName> parsed = PictureName::parse(name);
    if (parsed && frames_.has(parsed->frame)) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool References::any() const {
  std::error_code error;
  return (settings_.pictures && !pictureNames().empty()) ||
         (settings_.memory && fs::exists(hashFile(), error));
}

Status References::compare(const SeenFiles& seen, const fs::path& evidence, TraceResult& result) const {
  if (settings_.pictures)
    if (Status status = comparePictures(seen, evidence, result); !status) return status;
  return settings_.memory ? compareMemories(seen, result) : Status::ok();
}

Status References::comparePictures(const SeenFiles& seen, const fs::path& evidence,
                                   TraceResult& result) const {
  std::set<std::string> presented;
  for (const SeenFile& file : seen.pictures) {
    presented.insert(file.name);
    Status status = comparePicture(file, seen.pictures_folder / file.name, evidence, result);
    if (!status) return status;
  }
  for (const std::string& name : pictureNames()) {
    if (presented.contains(name)) continue;
    SeenFile file{name};
    file.frame = PictureName::parse(name)->frame;
    enter(result, findingOf(file, "there is a reference, and the replay presented no such picture"));
  }
  if (result.finding_count == 0 && !seen.pictures.empty()) {
    result.sample = evidence / "sample.png";
    return copyInPlace(seen.pictures_folder / seen.pictures.back().name, result.sample);
  }
  return Status::ok();
}

Status References::comparePicture(const SeenFile& file, const fs::path& path, const fs::path& evidence,
                                  TraceResult& result) const {
  ++result.pictures;
  const Result<Raster> actual = readPng(path);
  if (!actual) return actual.status();
  Finding finding = findingOf(file, "");
  std::error_code error;
  const fs::path reference_path = folder_ / file.name;
  const bool has_reference = fs::exists(reference_path, error);
  const Result<Raster> reference = has_reference ? readPng(reference_path) : Result<Raster>(Raster{});
  if (!reference) return reference.status();
  const bool same_size =
      reference.value().width == actual.value().width && reference.value().height == actual.value().height;
  if (!has_reference) {
    finding.text = "there is no reference of it; --update makes this picture one";
  } else if (!same_size) {
    finding.text =
        "its size is " + sizeText(actual.value()) + ", the reference's " + sizeText(reference.value());
  } else {
    finding.difference = compareRasters(reference.value(), actual.value(), settings_.tolerance);
    finding.compared = true;
    result.lowest_ssim = std::min(result.lowest_ssim, finding.difference.lowest_ssim);
    result.largest = std::max(result.largest, finding.difference.largest);
    if (finding.difference.within) return Status::ok();
    finding.text = differenceText(finding.difference, reference.value(), settings_.tolerance);
  }
  Status status;
  if (result.findings.size() < kMaxShown)
    status = show(finding, has_reference ? &reference.value() : nullptr, actual.value(), evidence);
  enter(result, std::move(finding));
  return status;
}

Result<std::map<std::string, std::string>> References::hashes() const {
  std::map<std::string, std::string> known;
  std::error_code error;
  if (!fs::exists(hashFile(), error)) return known;
  std::ifstream file(hashFile());
  std::string line;
  size_t number = 0;
  while (std::getline(file, line)) {
    ++number;
    if (line.size() < 67 || line.substr(64, 2) != "  ")
      return Status(Code::kUnreadable, hashFile().string() + ":" + std::to_string(number) +
                                           ": not a line of sha256sum; --update writes the file anew");
    known[line.substr(66)] = line.substr(0, 64);
  }
  if (file.bad()) return Status(Code::kUnreadable, "cannot read " + hashFile().string());
  return known;
}

Status References::compareMemories(const SeenFiles& seen, TraceResult& result) const {
  Result<std::map<std::string, std::string>> known = hashes();
  if (!known) return known.status();
  for (const SeenFile& file : seen.memories) {
    ++result.memories;
    const Result<std::string> hash = sha256OfFile(seen.memories_folder / file.name);
    if (!hash) return hash.status();
    const auto reference = known->find(file.name);
    if (reference == known->end()) {
      enter(result, findingOf(file, "there is no hash of it; --update makes this memory's one"));
      continue;
    }
    if (reference->second != hash.value())
      enter(
          result,
          findingOf(file,
                    "the memory that the program can see here has other bytes than the reference: SHA-256 " +
                        hash.value().substr(0, 16) + "..., not " + reference->second.substr(0, 16) + "..."));
    known->erase(reference);
  }
  for (const auto& [name, hash] : known.value())
    enter(result, findingOf({name},
                            "there is a hash of it, and the replay did not come by it; after a change "
                            "of frames, --update"));
  return Status::ok();
}

Result<std::string> References::update(const SeenFiles& seen) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error)
    return Status(Code::kUnreadable, "cannot make the folder " + folder_.string() + ": " + error.message());
  std::map<std::string, size_t> counts;
  Status status;
  if (settings_.pictures) status = updatePictures(seen, counts);
  if (status && settings_.memory) status = updateMemories(seen, counts);
  if (!status) return status;
  std::string text;
  for (const auto& [what, count] : counts)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  return text.empty() ? std::string("nothing to change") : text;
}

Status References::updatePictures(const SeenFiles& seen, std::map<std::string, size_t>& counts) const {
  std::set<std::string> presented;
  std::error_code error;
  for (const SeenFile& file : seen.pictures) {
    presented.insert(file.name);
    const fs::path actual = seen.pictures_folder / file.name, reference = folder_ / file.name;
    const bool is_new = !fs::exists(reference, error);
    if (!is_new && samePixels(reference, actual)) continue;
    if (Status status = copyInPlace(actual, reference); !status) return status;
    ++counts[is_new ? "pictures new" : "pictures changed"];
  }
  for (const std::string& name : pictureNames())
    if (!presented.contains(name) && fs::remove(folder_ / name, error)) ++counts["pictures removed"];
  return Status::ok();
}

Status References::updateMemories(const SeenFiles& seen, std::map<std::string, size_t>& counts) const {
  std::string text;
  for (const SeenFile& file : seen.memories) {
    const Result<std::string> hash = sha256OfFile(seen.memories_folder / file.name);
    if (!hash) return hash.status();
    text += hash.value() + "  " + file.name + "\n";
  }
  std::stringstream before;
  before << std::ifstream(hashFile()).rdbuf();
  if (before.str() == text) return Status::ok();
  PartFile part(hashFile());
  std::ofstream file(part.path(), std::ios::binary);
  file << text;
  file.close();
  if (!file) return Status(Code::kUnreadable, "cannot write " + hashFile().string());
  counts["memory hashes"] = seen.memories.size();
  return part.finish();
}

}  // namespace reprise

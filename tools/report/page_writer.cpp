#include "tools/report/page_writer.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "embedded/report_page.html.h"
#include "tools/part_file.h"
#include "tools/report/columns.h"

namespace reprise {
namespace {

constexpr std::string_view kDataPlace = "<!--data-->";
constexpr size_t kMostNameBytes = 256;  // of a command, as the file spells it

std::string base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t three = 0;
    const size_t some = std::min<size_t>(3, bytes.size() - i);
    for (size_t j = 0; j < 3; ++j)
      three = three << 8 | (j < some ? static_cast<unsigned char>(bytes[i + j]) : 0);
    for (size_t j = 0; j < 4; ++j) text += j <= some ? kDigits[three >> (18 - 6 * j) & 63] : '=';
  }
  return text;
}

// A page on its way.
class PageFile {
 public:
  explicit PageFile(const std::string& path)
      : path_(path), part_(path), file_(std::fopen(part_.path().c_str(), "wb")) {}
  ~PageFile() {
    if (file_) std::fclose(file_);
  }
  PageFile(const PageFile&) = delete;
  PageFile& operator=(const PageFile&) = delete;

  void write(std::string_view text) {
    if (file_ && std::fwrite(text.data(), 1, text.size(), file_) != text.size() && error_ == 0)
      error_ = errno;
  }
  Status finish() {
    if (!file_) return failure(errno);
    if (std::fclose(file_) != 0 && error_ == 0) error_ = errno;
    file_ = nullptr;
    return error_ == 0 ? part_.finish() : failure(error_);
  }
  Status failure(int error) const {
    return {Code::kUnreadable, "cannot write the report " + path_ + ": " + std::strerror(error)};
  }
  bool isOpen() const { return file_ != nullptr; }

  // Data for the page's scripts: not run, not shown.
  void section(const char* name, std::string_view bytes) {
    begin(name);
    write(base64(deflated(bytes)));
    end();
  }
  void begin(const char* name) {
    write(std::string("<script type=\"application/x-reprise\" id=\"data-") + name + "\">");
  }
  void end() { write("</script>\n"); }

 private:
  std::string path_;
  PartFile part_;
  std::FILE* file_;
  int error_ = 0;
};

Json commandFacts(const Digest& digest) {
  Json commands = Json::array();
  for (const DigestCommand& command : digest.commands) {
    commands.push_back({{"name", command.name.substr(0, kMostNameBytes)},
                        {"calls", command.calls},
                        {"structs", command.structs}});
  }
  return commands;
}

Json structFacts(const Digest& digest, Columns& rows) {
  Json structs = Json::array();
  for (const auto& [type, found] : digest.objects.structs()) {
    const char* name = structName(type);
    const char* extension = structExtension(type);
    structs.push_back({{"name", name ? std::string(name) : "sType " + std::to_string(type)},
                       {"extension", extension ? extension : ""},
                       {"calls", found.calls},
                       {"objects", found.objects},
                       {"frame", found.first.frame},
                       {"call", found.first.call},
                       {"rows", found.rows.size()}});
    rows.steps(found.rows, [](uint32_t row) { return row; });
  }
  return structs;
}

Json kindFacts(const Digest& digest) {
  std::vector<uint64_t> listed(kHandleKindCount, 0);
  for (const ObjectRow& row : digest.objects.rows()) ++listed[size_t(row.kind)];
  Json kinds = Json::array();
  for (size_t i = 0; i < kHandleKindCount; ++i) {
    kinds.push_back({{"name", handleKindName(HandleKind(i))},
                     {"made", digest.objects.made(HandleKind(i))},
                     {"listed", listed[i]}});
  }
  return kinds;
}

Json pictureFacts(const Pictures& pictures) {
  Json items = Json::array();
  for (const FramePicture& picture : pictures.frames) {
    items.push_back({{"frame", picture.frame},
                     {"index", picture.index},
                     {"width", picture.width},
                     {"height", picture.height},
                     {"link", picture.link},
                     {"size", picture.thumbnail.size()}});
  }
  return {{"why", pictures.why}, {"said", pictures.said}, {"items", items}};
}

Json textFacts(const PackedTexts& texts) {
  return {{"texts", texts.places().size()}, {"packs", texts.packs().size()}, {"left", texts.left()}};
}

Json allFacts(const ReportFacts& facts, const Digest& digest, const DigestLimits& limits,
              const Pictures& pictures, Columns& struct_rows) {
  return {{"file", facts.file},
          {"tool", facts.tool},
          {"reading", facts.reading},
          {"info", facts.info},
          {"frames", facts.frame_count},
          {"calls", digest.calls},
          {"framesPerRow", digest.frames.framesPerRow()},
          {"rows", digest.frames.rows().size()},
          {"uses", digest.frames.uses().size()},
          {"commands", commandFacts(digest)},
          {"kinds", kindFacts(digest)},
          {"objects", digest.objects.rows().size()},
          {"names", digest.objects.names().size()},
          {"namesLeft", digest.objects.namesLeft()},
          {"mostOfKind", limits.objects.most_of_kind},
          {"structs", structFacts(digest, struct_rows)},
          {"frameTexts",
           {{"stride", digest.frame_texts.stride()},
            {"units", digest.frame_texts.units().size()},
            {"callsPerFrame", limits.calls_per_frame},
            {"callsOfFirst", limits.calls_of_first}}},
          {"imageTexts", textFacts(digest.image_texts)},
          {"otherTexts", textFacts(digest.other_texts)},
          {"pictures", pictureFacts(pictures)},
          {"holes", digest.holes}};
}

std::string frameColumns(const FrameRows& frames) {
  Columns out;
  const std::vector<FrameRow>& rows = frames.rows();
  out.steps(rows, [](const FrameRow& row) { return row.first_call; });
  out.column(rows, [](const FrameRow& row) { return row.calls; });
  out.column(rows, [](const FrameRow& row) { return row.argument_bytes; });
  out.column(rows, [](const FrameRow& row) { return row.memory_bytes; });
  out.column(rows, [](const FrameRow& row) { return row.submits; });
  out.steps(rows, [](const FrameRow& row) { return row.end_us; });
  out.column(rows, [](const FrameRow& row) { return row.counts; });
  return out.bytes();
}

std::string useColumns(const FrameRows& frames) {
  Columns out;
  out.column(frames.uses(), [](const CommandUse& use) { return use.command; });
  out.column(frames.uses(), [](const CommandUse& use) { return use.calls; });
  return out.bytes();
}

std::string objectColumns(const std::vector<ObjectRow>& rows) {
  Columns out;
  out.column(rows, [](const ObjectRow& row) { return uint64_t(row.kind); });
  out.column(rows, [](const ObjectRow& row) { return row.number; });
  out.column(rows, [](const ObjectRow& row) { return (row.external ? 1 : 0) + (row.ended ? 2 : 0); });
  out.steps(rows, [](const ObjectRow& row) { return row.made.call; });
  out.steps(rows, [](const ObjectRow& row) { return row.made.frame; });
  out.column(rows, [](const ObjectRow& row) { return row.made.lane; });
  out.column(rows, [](const ObjectRow& row) { return row.made.command; });
  // Ends as distances from the making; a trace's objects end after they are made.
  out.column(rows, [](const ObjectRow& row) { return row.ended ? row.end.call - row.made.call : 0; });
  out.column(rows, [](const ObjectRow& row) { return row.ended ? row.end.frame - row.made.frame : 0; });
  out.column(rows, [](const ObjectRow& row) { return row.end.lane; });
  out.column(rows, [](const ObjectRow& row) { return row.end.command; });
  out.column(rows, [](const ObjectRow& row) { return row.name; });
  out.column(rows, [](const ObjectRow& row) { return row.memory; });
  out.column(rows, [](const ObjectRow& row) { return row.made_text; });
  out.column(rows, [](const ObjectRow& row) { return row.bound_text; });
  return out.bytes();
}

std::string nameTexts(const std::vector<std::string>& names) {
  Columns out;
  for (const std::string& name : names) out.text(name);
  return out.bytes();
}

// The zlib streams of `packs`, each in base64 of its own, and their sizes.
template <class Packs, class Of>
void streams(PageFile& page, const char* name, Columns& index, const Packs& packs, Of&& of) {
  index.column(packs, [&](const auto& pack) { return of(pack).size(); });
  page.begin(name);
  for (const auto& pack : packs) page.write(base64(of(pack)));
  page.end();
}

void packedTexts(PageFile& page, const char* index_name, const char* name, const PackedTexts& texts) {
  Columns index;
  index.steps(texts.places(), [](const PackedTexts::Place& place) { return place.pack; });
  index.column(texts.places(), [](const PackedTexts::Place& place) { return place.size; });
  streams(page, name, index, texts.packs(),
          [](const std::string& pack) -> const std::string& { return pack; });
  page.section(index_name, index.bytes());
}

void frameTexts(PageFile& page, const FrameTexts& texts) {
  Columns index;
  index.steps(texts.units(), [](const FrameTexts::Unit& unit) { return unit.frame; });
  index.column(texts.units(), [](const FrameTexts::Unit& unit) { return unit.shown; });
  streams(page, "frame-texts", index, texts.units(),
          [](const FrameTexts::Unit& unit) -> const std::string& { return unit.packed; });
  page.section("frame-text-index", index.bytes());
}

}  // namespace

Status writePage(const std::string& path, const ReportFacts& facts, const Digest& digest,
                 const DigestLimits& limits, const Pictures& pictures) {
  PageFile page(path);
  if (!page.isOpen()) return page.failure(errno);
  const size_t place = kReportPage.find(kDataPlace);
  page.write(kReportPage.substr(0, place));
  Columns struct_rows;
  page.section("facts", jsonText(allFacts(facts, digest, limits, pictures, struct_rows)));
  page.section("frames", frameColumns(digest.frames));
  page.section("uses", useColumns(digest.frames));
  page.section("objects", objectColumns(digest.objects.rows()));
  page.section("names", nameTexts(digest.objects.names()));
  page.section("struct-rows", struct_rows.bytes());
  frameTexts(page, digest.frame_texts);
  packedTexts(page, "image-text-index", "image-texts", digest.image_texts);
  packedTexts(page, "other-text-index", "other-texts", digest.other_texts);
  page.begin("pictures");
  for (const FramePicture& picture : pictures.frames) page.write(base64(picture.thumbnail));
  page.end();
  page.write(kReportPage.substr(place + kDataPlace.size()));
  return page.finish();
}

}  // namespace reprise

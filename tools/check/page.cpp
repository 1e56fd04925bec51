// The page: tools/html/check.html with its style, its script and the results in place, and the pictures
// beside it.
#include <fstream>

#include "embedded/check.css.h"
#include "embedded/check.html.h"
#include "embedded/check.js.h"
#include "tools/check/reports.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr const char* kPictures = "pictures";

void put(std::string& page, std::string_view place, std::string_view text) {
  const size_t at = page.find(place);
  if (at != std::string::npos) page.replace(at, place.size(), text);
}

// No end of a script, and no comment, can be in it.
std::string scriptData(const Json& json) {
  std::string data;
  for (const char c : json.dump(-1, ' ', false, Json::error_handler_t::replace)) {
    if (c == '<')
      data += "\\u003c";
    else
      data += c;
  }
  return data;
}

Status copyPictures(const fs::path& folder, const TraceResult& result) {
  std::vector<fs::path> pictures = {result.sample};
  for (const Finding& finding : result.findings)
    pictures.insert(pictures.end(), {finding.reference, finding.actual, finding.marked});
  std::error_code error;
  for (const fs::path& picture : pictures) {
    if (picture.empty()) continue;
    fs::create_directories(folder / result.name, error);
    fs::copy_file(picture, folder / result.name / picture.filename(), fs::copy_options::overwrite_existing,
                  error);
    if (error)
      return Status(Code::kUnreadable, "cannot write a picture into " + (folder / result.name).string() +
                                           ": " + error.message());
  }
  return Status::ok();
}

}  // namespace

Status writePage(const fs::path& folder, const CheckReport& report) {
  std::error_code error;
  fs::create_directories(folder, error);
  for (const TraceResult& result : report.results) {
    // An earlier run's of this trace, and no more: who else keeps pictures there is not known.
    fs::remove_all(folder / kPictures / result.name, error);
    if (Status status = copyPictures(folder / kPictures, result); !status) return status;
  }
  std::string page(kCheckHtml);
  put(page, "/*STYLE*/", kCheckCss);
  put(page, "/*SCRIPT*/", kCheckJs);
  put(page, "/*RESULTS*/", scriptData(resultsJson(report, kPictures)));
  std::ofstream file(folder / "index.html", std::ios::binary);
  file << page;
  file.close();
  if (file) return Status::ok();
  return Status(Code::kUnreadable, "cannot write the page " + (folder / "index.html").string());
}

}  // namespace reprise

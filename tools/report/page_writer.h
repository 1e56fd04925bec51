// Writes the report: one HTML page that holds its program, its style and its data.
//
// The page is tools/report/page.html with the scripts and the style in place (bundle.py); data goes in as
// sections, each deflated and in base64, so that no text of a trace ever stands in the page's markup.
// tools/report/data.js reads them. Writes to a new file beside the target and renames it, so that a report
// is there whole or not at all. Errors: kUnreadable, naming the path.
#pragma once

#include <string>
#include <vector>

#include "format/status.h"
#include "tools/metadata_json.h"
#include "tools/report/pictures.h"
#include "tools/report/trace_digest.h"

namespace reprise {

// What is said of a trace beside its digest.
struct ReportFacts {
  std::string file;     // as the reader of the page would name it in a command
  std::string tool;     // "reprise 0.1.0"
  Json info;            // of `reprise info --format json`
  std::string reading;  // why the calls end early, empty if they do not
  uint64_t frame_count = 0;
};

Status writePage(const std::string& path, const ReportFacts& facts, const Digest& digest,
                 const DigestLimits& limits, const Pictures& pictures);

}  // namespace reprise

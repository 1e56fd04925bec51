// One trace of a manifest: had, hashed, replayed in a process of its own, compared, judged.
//
// check() may run on several threads at once, one trace each; everything that it writes lies in the trace's
// own folder below options.work, in its references with options.update, and in the cache. It has no errors:
// what goes wrong is a result.
#pragma once

#include <filesystem>
#include <string>

#include "tools/check/cache.h"
#include "tools/check/manifest.h"
#include "tools/check/outcome.h"
#include "tools/child.h"

namespace reprise {

struct CheckOptions {
  std::string reprise;  // this program
  std::filesystem::path work;
  bool keep = false;  // what replays wrote stays in `work`
  bool update = false;
  int repeat = 1;
  std::string gpu;  // "": as the manifest says
};

class TraceCheck {
 public:
  // All outlive it.
  TraceCheck(const Manifest& manifest, const CheckOptions& options, TraceCache& cache, const Watch& watch)
      : manifest_(manifest), options_(options), cache_(cache), watch_(watch) {}

  TraceResult check(const ManifestTrace& trace) const;

 private:
  const Manifest& manifest_;
  const CheckOptions& options_;
  TraceCache& cache_;
  const Watch& watch_;
};

}  // namespace reprise

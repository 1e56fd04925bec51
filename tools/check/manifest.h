// What `reprise check` runs: traces, what is expected of them, and the drivers that references are kept for.
//
// One file, TOML (.toml) or YAML (.yaml, .yml); the keys are the same. Paths are relative to the manifest.
//   version     1
//   defaults    settings of every trace: tolerance, frames, pictures, memory, time_limit, fetch_time_limit,
//   gpu,
//               wsi, remap, validate, env
//   drivers     list of {name, device, driver, info}: the first one whose globs all match the device's name,
//               the driver's name and the driver's own description gives its name to the folder of
//               references. A device that none matches goes by its own name.
//   traces      list of
//     name        letters, digits, '.', '_', '-'; once in a manifest
//     path        the trace, or
//     fetch       a shell command that writes it to {output}; run in the manifest's folder; needs hash
//     hash        SHA-256 of the file, 64 hex digits; `reprise check --hash FILE` and sha256sum print it
//     references  their folder; "references/NAME" unless given. In it, one folder a driver, with PNGs
//                 (frame-000012.png) and memory.sha256; --update writes them
//     expect      pass (unless given), fail, crash, timeout, skip or flaky; any but pass needs a
//     reason      text
//     on          list of {driver, ...}: expect, reason, references, tolerance, frames, pictures, memory and
//                 time_limit for one of the drivers
//     and the settings of defaults
// Settings:
//   tolerance         tolerance.h; "exact" unless given
//   frames            which are looked at, "0-10,20,50-"; all unless given
//   pictures, memory  whether presented images (true unless given), and what the GPU left in mapped memory
//                     (false unless given), are compared with references
//   time_limit        of a replay, in seconds; 300 unless given. fetch_time_limit: of a fetch; 1800
//   gpu, wsi, remap, validate   as of `reprise replay`; wsi is headless unless given
//   env               a table of environment variables of the replay
// A value; no thread rule. Errors: kUsage with file, line, and for an unknown key the nearest known one;
// kUnreadable where the file cannot be read.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "format/status.h"
#include "tools/check/tolerance.h"

namespace reprise {

enum class Expectation { kPass, kFail, kCrash, kTimeout, kSkip, kFlaky };
const char* expectationName(Expectation expectation);

struct CheckSettings {
  Tolerance tolerance;
  std::string frames;  // "": all
  bool pictures = true, memory = false;
  double time_limit = 300, fetch_time_limit = 1800;  // seconds
  std::string gpu, wsi = "headless", remap = "auto";
  bool validate = false;
  std::map<std::string, std::string> env;
};

// What a trace is to be for one driver.
struct CheckTerms {
  Expectation expectation = Expectation::kPass;
  std::string reason;
  std::filesystem::path references;
  CheckSettings settings;
};

struct ManifestDriver {
  std::string name, device, driver, info;  // the latter three: globs, "" matches anything
};

// Of this machine, as the replay says.
struct CheckedDevice {
  std::string device, driver, driver_info;
};

struct ManifestTrace {
  std::string name;
  std::filesystem::path path;  // "": fetched
  std::string fetch, hash;
  CheckTerms terms;
  std::vector<std::pair<std::string, CheckTerms>> on;  // by driver

  const CheckTerms& termsOn(const std::string& driver) const;
};

struct Manifest {
  std::filesystem::path file, folder;
  std::vector<ManifestDriver> drivers;
  std::vector<ManifestTrace> traces;

  // The name that references of this device go by.
  std::string driverOf(const CheckedDevice& device) const;
};

Result<Manifest> loadManifest(const std::string& path);
Result<Manifest> parseManifest(const std::string& text, const std::string& path);
// The one of `known` that is the fewest edits away from `word`.
std::string nearestWord(const std::string& word, const std::vector<std::string>& known);

}  // namespace reprise

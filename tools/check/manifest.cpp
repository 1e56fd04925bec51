#include "tools/check/manifest.h"

#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <functional>
#include <numeric>
#include <set>
#include <sstream>

#include "replay/frame_set.h"
#include "replay/handle_types.h"
#include "tools/check/manifest_node.h"

namespace reprise {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 6> kExpectations = {"pass", "fail", "crash", "timeout", "skip", "flaky"};

// A name that can be a file's and stands in commands as it is.
bool isPlainName(const std::string& name) {
  return !name.empty() && name.size() <= 100 && name.front() != '.' && name.front() != '-' &&
         name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") ==
             std::string::npos;
}

class ManifestReader {
 public:
  using Take = std::function<void(const ManifestNode&)>;
  struct Key {
    const char* name;
    Take take;
  };

  explicit ManifestReader(const fs::path& file) {
    manifest_.file = file;
    manifest_.folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  }

  Result<Manifest> read(const ManifestNode& root) {
    bool has_version = false;
    const ManifestNode* traces = nullptr;
    // In this order, wherever they stand: traces start from the defaults.
    takeKeys(
        root, "a manifest",
        {{"version", [&](const ManifestNode& node) { has_version = readVersion(node); }},
         {"defaults", [&](const ManifestNode& node) { takeKeys(node, "defaults", settingKeys(defaults_)); }},
         {"drivers",
          [&](const ManifestNode& node) {
            forEach(node, "drivers", [this](const auto& n) { readDriver(n); });
          }},
         {"traces", [&](const ManifestNode& node) { traces = &node; }}});
    if (status_ && !has_version) fail(root, "there is no version; write version = 1 (in YAML: version: 1)");
    if (status_ && !traces) fail(root, "there are no traces");
    if (traces) forEach(*traces, "traces", [this](const auto& node) { readTrace(node); });
    if (!status_) return status_;
    return std::move(manifest_);
  }

 private:
  void fail(const ManifestNode& node, const std::string& what) {
    if (status_)
      status_ = Status(Code::kUsage, manifest_.file.string() + ":" + std::to_string(node.line) + ": " + what);
  }

  void takeKeys(const ManifestNode& table, const std::string& where, const std::vector<Key>& keys) {
    if (table.kind != ManifestNode::kTable) return fail(table, where + " is no table of keys");
    for (const ManifestMember& member : table.members) {
      const std::string& name = member.name;
      if (std::any_of(keys.begin(), keys.end(), [&](const Key& key) { return name == key.name; })) continue;
      std::vector<std::string> known;
      for (const Key& key : keys) known.emplace_back(key.name);
      fail(member.node,
           where + " has no key \"" + name + "\"; did you mean " + nearestWord(name, known) + "?");
    }
    for (const Key& key : keys)
      if (const ManifestNode* node = table.find(key.name); node && status_) key.take(*node);
  }

  template <class Function>
  void forEach(const ManifestNode& node, const char* what, Function&& function) {
    if (node.kind != ManifestNode::kList) return fail(node, std::string(what) + " is a list");
    for (const ManifestNode& item : node.items)
      if (status_) function(item);
  }

  // -- values

  std::string textOf(const ManifestNode& node, const char* key) {
    const bool text = node.kind == ManifestNode::kScalar &&
                      (node.type == ManifestNode::kText || node.type == ManifestNode::kPlain);
    if (!text)
      fail(node, std::string(key) + " is a text: put it in quotes");
    else if (node.text.empty())
      fail(node, std::string(key) + " is empty: leave it out instead");
    else if (node.text.find('\0') != std::string::npos)
      fail(node, std::string(key) + " has a zero byte");
    return node.text;
  }

  // Frames may be one number.
  std::string textOrNumber(const ManifestNode& node, const char* key) {
    if (node.kind == ManifestNode::kScalar && node.type == ManifestNode::kNumber) return node.text;
    return textOf(node, key);
  }

  bool booleanOf(const ManifestNode& node, const char* key) {
    const bool given = node.kind == ManifestNode::kScalar && node.type != ManifestNode::kText &&
                       (node.text == "true" || node.text == "false");
    if (!given) fail(node, std::string(key) + " is true or false");
    return node.text == "true";
  }

  double secondsOf(const ManifestNode& node, const char* key) {
    double seconds = 0;
    const char* end = node.text.data() + node.text.size();
    const bool is_number = node.kind == ManifestNode::kScalar && node.type != ManifestNode::kText &&
                           std::from_chars(node.text.data(), end, seconds).ptr == end;
    if (!is_number || !(seconds > 0) || seconds > 1e6)
      fail(node, std::string(key) + " is a number of seconds, above 0 and up to a million");
    return seconds;
  }

  bool readVersion(const ManifestNode& node) {
    if (node.kind != ManifestNode::kScalar || node.text != "1")
      fail(node, "this reprise reads manifests of version 1, not " +
                     (node.text.empty() ? "this" : "\"" + node.text + "\""));
    return true;
  }

  template <class T>
  void assign(const ManifestNode& node, T& to, Result<T> parsed) {
    if (!parsed) return fail(node, parsed.status().message());
    to = std::move(parsed.value());
  }

  // -- settings

  // Those that may differ from driver to driver, which is known only once the others have chosen it.
  std::vector<Key> verdictKeys(CheckSettings& to) {
    return {{"tolerance",
             [&](const auto& n) { assign(n, to.tolerance, Tolerance::parse(textOf(n, "tolerance"))); }},
            {"frames",
             [&](const auto& n) {
               to.frames = textOrNumber(n, "frames");
               if (Result<FrameSet> set = FrameSet::parse(to.frames); !set) fail(n, set.status().message());
             }},
            {"pictures", [&](const auto& n) { to.pictures = booleanOf(n, "pictures"); }},
            {"memory", [&](const auto& n) { to.memory = booleanOf(n, "memory"); }},
            {"time_limit", [&](const auto& n) { to.time_limit = secondsOf(n, "time_limit"); }}};
  }

  std::vector<Key> settingKeys(CheckSettings& to) {
    std::vector<Key> keys = verdictKeys(to);
    const std::vector<Key> more = {
        {"fetch_time_limit", [&](const auto& n) { to.fetch_time_limit = secondsOf(n, "fetch_time_limit"); }},
        {"gpu", [&](const auto& n) { to.gpu = textOrNumber(n, "gpu"); }},
        {"wsi",
         [&](const auto& n) {
           to.wsi = textOf(n, "wsi");
           if (to.wsi != "headless" && to.wsi != "xcb" && to.wsi != "auto")
             fail(n, "wsi is headless, xcb or auto, not \"" + to.wsi + "\"");
         }},
        {"remap",
         [&](const auto& n) {
           to.remap = textOf(n, "remap");
           if (Result<RemapRules> rules = parseRemapRules(to.remap); !rules)
             fail(n, rules.status().message());
         }},
        {"validate", [&](const auto& n) { to.validate = booleanOf(n, "validate"); }},
        {"env", [&](const auto& n) { readEnvironment(n, to.env); }}};
    keys.insert(keys.end(), more.begin(), more.end());
    return keys;
  }

  void readEnvironment(const ManifestNode& node, std::map<std::string, std::string>& env) {
    if (node.kind != ManifestNode::kTable) return fail(node, "env is a table of names and texts");
    for (const auto& [name, value] : node.members) {
      if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos)
        return fail(value, "\"" + name + "\" is no name of an environment variable");
      if (value.kind != ManifestNode::kScalar || value.text.find('\0') != std::string::npos)
        return fail(value, "env." + name + " is no text");
      env[name] = value.text;
    }
  }

  std::vector<Key> termKeys(CheckTerms& to) {
    return {
        {"expect",
         [&](const auto& n) {
           const std::string word = textOf(n, "expect");
           const auto found = std::find(kExpectations.begin(), kExpectations.end(), word);
           if (found == kExpectations.end())
             return fail(n, "expect is pass, fail, crash, timeout, skip or flaky, not \"" + word + "\"");
           to.expectation = Expectation(found - kExpectations.begin());
           to.reason.clear();
         }},
        {"reason", [&](const auto& n) { to.reason = textOf(n, "reason"); }},
        {"references", [&](const auto& n) { to.references = manifest_.folder / textOf(n, "references"); }}};
  }

  void wantReason(const ManifestNode& node, const CheckTerms& terms) {
    if (terms.expectation != Expectation::kPass && terms.reason.empty())
      fail(node, std::string("expect = ") + expectationName(terms.expectation) + " needs a reason");
  }

  // -- drivers and traces

  void readDriver(const ManifestNode& node) {
    ManifestDriver driver;
    takeKeys(node, "a driver",
             {{"name", [&](const auto& n) { driver.name = textOf(n, "name"); }},
              {"device", [&](const auto& n) { driver.device = textOf(n, "device"); }},
              {"driver", [&](const auto& n) { driver.driver = textOf(n, "driver"); }},
              {"info", [&](const auto& n) { driver.info = textOf(n, "info"); }}});
    if (!status_) return;
    if (!isPlainName(driver.name))
      return fail(node, "a driver needs a name of letters, digits, '.', '_' and '-', which is its folder's");
    if (driver.device.empty() && driver.driver.empty() && driver.info.empty())
      return fail(node, "driver " + driver.name + " needs a glob to be known by: device, driver or info");
    for (const ManifestDriver& other : manifest_.drivers)
      if (other.name == driver.name) return fail(node, "there are two drivers " + driver.name);
    manifest_.drivers.push_back(std::move(driver));
  }

  void readTrace(const ManifestNode& node) {
    ManifestTrace trace;
    trace.terms.settings = defaults_;
    std::vector<Key> keys = settingKeys(trace.terms.settings);
    for (Key& key : termKeys(trace.terms)) keys.push_back(std::move(key));
    const ManifestNode* on = nullptr;
    const std::vector<Key> own = {
        {"name", [&](const auto& n) { trace.name = textOf(n, "name"); }},
        {"path", [&](const auto& n) { trace.path = manifest_.folder / textOf(n, "path"); }},
        {"fetch", [&](const auto& n) { trace.fetch = textOf(n, "fetch"); }},
        {"hash", [&](const auto& n) { trace.hash = hashOf(n); }},
        {"on", [&](const auto& n) { on = &n; }}};
    keys.insert(keys.end(), own.begin(), own.end());
    takeKeys(node, "a trace", keys);
    if (status_) judgeTrace(node, trace);
    if (!status_) return;
    if (trace.terms.references.empty()) trace.terms.references = manifest_.folder / "references" / trace.name;
    if (on) forEach(*on, "on", [&](const auto& one) { readOn(one, trace); });
    manifest_.traces.push_back(std::move(trace));
  }

  void judgeTrace(const ManifestNode& node, const ManifestTrace& trace) {
    if (!isPlainName(trace.name))
      return fail(node, "a trace needs a name of letters, digits, '.', '_' and '-'" +
                            (trace.name.empty() ? std::string() : ", not \"" + trace.name + "\""));
    if (!names_.insert(trace.name).second) return fail(node, "there are two traces " + trace.name);
    if (trace.path.empty() == trace.fetch.empty())
      return fail(node, "trace " + trace.name + " needs either a path or a fetch command");
    if (!trace.fetch.empty() && trace.hash.empty())
      return fail(node, "trace " + trace.name +
                            " is fetched and needs a hash: `reprise check --hash FILE` prints a file's");
    if (!trace.fetch.empty() && trace.fetch.find("{output}") == std::string::npos)
      return fail(node, "the fetch command of " + trace.name + " does not say where to write: {output}");
    wantReason(node, trace.terms);
  }

  std::string hashOf(const ManifestNode& node) {
    std::string hash = textOf(node, "hash");
    std::transform(hash.begin(), hash.end(), hash.begin(), [](unsigned char c) { return std::tolower(c); });
    if (hash.size() != 64 || hash.find_first_not_of("0123456789abcdef") != std::string::npos)
      fail(node, "hash is a SHA-256, 64 hex digits, as `reprise check --hash FILE` and sha256sum print it");
    return hash;
  }

  void readOn(const ManifestNode& node, ManifestTrace& trace) {
    std::string driver;
    CheckTerms terms = trace.terms;
    std::vector<Key> keys = verdictKeys(terms.settings);
    for (Key& key : termKeys(terms)) keys.push_back(std::move(key));
    keys.push_back({"driver", [&](const auto& n) { driver = textOf(n, "driver"); }});
    takeKeys(node, "on", keys);
    if (!status_) return;
    std::vector<std::string> known;
    for (const ManifestDriver& one : manifest_.drivers) known.push_back(one.name);
    if (std::find(known.begin(), known.end(), driver) == known.end())
      return fail(node, "on needs the name of one of the drivers" +
                            (known.empty() ? ", and there are none"
                                           : ", not \"" + driver + "\"; did you mean " +
                                                 nearestWord(driver, known) + "?"));
    for (const auto& [other, of_other] : trace.on)
      if (other == driver) return fail(node, "trace " + trace.name + " has two entries on " + driver);
    wantReason(node, terms);
    trace.on.emplace_back(std::move(driver), std::move(terms));
  }

  Manifest manifest_;
  CheckSettings defaults_;
  std::set<std::string> names_;
  Status status_;
};

size_t editDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t(0));
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

bool globMatches(const std::string& glob, const std::string& text) {
  return glob.empty() || fnmatch(glob.c_str(), text.c_str(), 0) == 0;
}

}  // namespace

const char* expectationName(Expectation expectation) { return kExpectations[size_t(expectation)]; }

std::string nearestWord(const std::string& word, const std::vector<std::string>& known) {
  return *std::min_element(known.begin(), known.end(), [&](const auto& a, const auto& b) {
    return editDistance(word, a) < editDistance(word, b);
  });
}

const CheckTerms& ManifestTrace::termsOn(const std::string& driver) const {
  for (const auto& [name, terms_there] : on)
    if (name == driver) return terms_there;
  return terms;
}

std::string Manifest::driverOf(const CheckedDevice& device) const {
  for (const ManifestDriver& driver : drivers)
    if (globMatches(driver.device, device.device) && globMatches(driver.driver, device.driver) &&
        globMatches(driver.info, device.driver_info))
      return driver.name;
  std::string name;
  for (const char c : device.device.substr(0, 100)) {
    const bool plain = isPlainName("x" + std::string(1, c));
    if (plain)
      name += c;
    else if (!name.empty() && name.back() != '-')
      name += '-';
  }
  while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  return isPlainName(name) ? name : "device";
}

Result<Manifest> parseManifest(const std::string& text, const std::string& path) {
  const std::string extension = fs::path(path).extension();
  const bool yaml = extension == ".yaml" || extension == ".yml";
  if (!yaml && extension != ".toml")
    return Status(Code::kUsage, "a manifest's name ends in .toml, .yaml or .yml, to say what it is: " + path);
  const Result<ManifestNode> root = yaml ? parseYaml(text, path) : parseToml(text, path);
  if (!root) return root.status();
  return ManifestReader(path).read(root.value());
}

Result<Manifest> loadManifest(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) return Status(Code::kUnreadable, "cannot read the manifest " + path);
  return parseManifest(text.str(), path);
}

}  // namespace reprise

// Manifests: both languages say the same, every key arrives, and a mistake is told with its line.
#include <gtest/gtest.h>

#include "tools/check/manifest.h"

namespace reprise {
namespace {

constexpr const char* kToml = R"(version = 1
[defaults]
tolerance = "ssim:0.9"
time_limit = 20
env = {LP_NUM_THREADS = "2"}
[[drivers]]
name = "lavapipe"
device = "llvmpipe*"
[[drivers]]
name = "mesa-22"
info = "Mesa 22.*"
[[traces]]
name = "cube"
path = "cube.vkr"
frames = "0-3,7"
on = [{driver = "lavapipe", expect = "fail", reason = "bug 12", tolerance = "exact"}]
[[traces]]
name = "far"
fetch = "cp /tmp/far.vkr {output}"
hash = "0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"
expect = "flaky"
reason = "races with itself"
memory = true
pictures = false
frames = 3
gpu = "1"
wsi = "auto"
remap = "strict"
validate = true
fetch_time_limit = 5.5
references = "elsewhere"
)";

constexpr const char* kYaml = R"(version: 1
defaults: {tolerance: "ssim:0.9", time_limit: 20, env: {LP_NUM_THREADS: 2}}
drivers:
  - {name: lavapipe, device: llvmpipe*}
  - {name: mesa-22, info: "Mesa 22.*"}
traces:
  - name: cube
    path: cube.vkr
    frames: 0-3,7
    on:
      - {driver: lavapipe, expect: fail, reason: bug 12, tolerance: exact}
  - name: far
    fetch: cp /tmp/far.vkr {output}
    hash: 0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef
    expect: flaky
    reason: races with itself
    memory: true
    pictures: false
    frames: 3
    gpu: 1
    wsi: auto
    remap: strict
    validate: true
    fetch_time_limit: 5.5
    references: elsewhere
)";

class Manifests : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(Manifests, EveryKeyArrives) {
  const auto [text, name] = GetParam();
  const Result<Manifest> read = parseManifest(text, name);
  ASSERT_TRUE(read) << read.status().message();
  const Manifest& manifest = read.value();
  EXPECT_EQ(manifest.folder, "some");
  ASSERT_EQ(manifest.drivers.size(), 2u);
  EXPECT_EQ(manifest.drivers[1].info, "Mesa 22.*");
  ASSERT_EQ(manifest.traces.size(), 2u);
  const ManifestTrace& cube = manifest.traces[0];
  EXPECT_EQ(cube.path, "some/cube.vkr");
  EXPECT_EQ(cube.terms.expectation, Expectation::kPass);
  EXPECT_EQ(cube.terms.references, "some/references/cube");
  EXPECT_EQ(cube.terms.settings.tolerance.text(), "ssim:0.9");
  EXPECT_EQ(cube.terms.settings.frames, "0-3,7");
  EXPECT_EQ(cube.terms.settings.time_limit, 20);
  EXPECT_EQ(cube.terms.settings.env.at("LP_NUM_THREADS"), "2");
  EXPECT_EQ(cube.terms.settings.wsi, "headless");
  EXPECT_TRUE(cube.terms.settings.pictures);
  EXPECT_FALSE(cube.terms.settings.memory);
  const CheckTerms& here = cube.termsOn("lavapipe");
  EXPECT_EQ(here.expectation, Expectation::kFail);
  EXPECT_EQ(here.reason, "bug 12");
  EXPECT_EQ(here.settings.tolerance.text(), "exact");
  EXPECT_EQ(here.settings.frames, "0-3,7");
  EXPECT_EQ(&cube.termsOn("mesa-22"), &cube.terms);
  const ManifestTrace& far = manifest.traces[1];
  EXPECT_EQ(far.fetch, "cp /tmp/far.vkr {output}");
  EXPECT_EQ(far.hash, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef");
  EXPECT_EQ(far.terms.expectation, Expectation::kFlaky);
  EXPECT_EQ(far.terms.references, "some/elsewhere");
  const CheckSettings& settings = far.terms.settings;
  EXPECT_TRUE(settings.memory && !settings.pictures && settings.validate);
  EXPECT_EQ(settings.frames + settings.gpu + settings.wsi + settings.remap, "31autostrict");
  EXPECT_EQ(settings.fetch_time_limit, 5.5);
}

INSTANTIATE_TEST_SUITE_P(BothLanguages, Manifests,
                         testing::Values(std::pair{kToml, "some/m.toml"}, std::pair{kYaml, "some/m.yaml"}));

// The message of a TOML manifest that is wrong.
std::string complaint(const std::string& text, const std::string& name = "m.toml") {
  const Result<Manifest> read = parseManifest(text, name);
  EXPECT_FALSE(read) << text;
  EXPECT_EQ(read.status().code(), Code::kUsage);
  return read.status().message();
}
std::string withTrace(const std::string& lines) {
  return complaint("version = 1\n[[traces]]\nname = \"a\"\npath = \"a.vkr\"\n" + lines + "\n");
}

TEST(ManifestErrors, AnUnknownKeyNamesTheNearest) {
  const std::string message = withTrace("tolerence = \"exact\"");
  EXPECT_NE(message.find("m.toml:5"), std::string::npos) << message;
  EXPECT_NE(message.find("did you mean tolerance?"), std::string::npos) << message;
  EXPECT_NE(complaint("version = 1\ntrace = []\n").find("did you mean traces?"), std::string::npos);
  EXPECT_NE(complaint("version: 1\ntraces:\n- {nam: x}\n", "m.yml").find("m.yml:3"), std::string::npos);
}

TEST(ManifestErrors, WhatIsWrongIsSaid) {
  const std::pair<const char*, const char*> lines[] = {
      {"expect = \"fail\"", "needs a reason"},
      {"expect = \"maybe\"", "not \"maybe\""},
      {"time_limit = 0", "above 0"},
      {"time_limit = \"soon\"", "number of seconds"},
      {"pictures = 1", "true or false"},
      {"frames = \"5-3\"", "5-3"},
      {"tolerance = 3", "put it in quotes"},
      {"hash = \"abc\"", "64 hex digits"},
      {"remap = \"nonsense\"", "nonsense"},
      {"wsi = \"wayland\"", "wayland"},
      {"env = {\"A=B\" = \"c\"}", "A=B"},
      {"env = \"A\"", "env is a table"},
      {"fetch = \"true {output}\"", "either a path or a fetch"},
      {"on = [{driver = \"x\"}]", "there are none"},
      {"on = 3", "on is a list"},
      {"reason = 1979-05-27", "date"},
  };
  for (const auto& [line, words] : lines) {
    const std::string message = withTrace(line);
    EXPECT_NE(message.find(words), std::string::npos) << line << ": " << message;
  }
}

TEST(ManifestErrors, TracesAndDrivers) {
  const auto has = [](const std::string& text, const char* words) {
    const std::string message = complaint(text);
    EXPECT_NE(message.find(words), std::string::npos) << message;
  };
  has("traces = []", "no version");
  has("version = 2\ntraces = []", "version 1, not \"2\"");
  has("version = 1", "no traces");
  has("version = 1\ntraces = [{name = \"../a\", path = \"a\"}]", "../a");
  has("version = 1\ntraces = [{name = \"a\"}]", "either a path or a fetch");
  has("version = 1\ntraces = [{name = \"a\", path = \"a\"}, {name = \"a\", path = \"b\"}]", "two traces a");
  has("version = 1\ntraces = [{name = \"a\", fetch = \"curl {output}\"}]", "needs a hash");
  has("version = 1\ntraces = [{name = \"a\", fetch = \"curl\", hash = \"" + std::string(64, '0') + "\"}]",
      "{output}");
  has("version = 1\ndrivers = [{name = \"x\"}]\ntraces = []", "glob");
  has("version = 1\ndrivers = [{name = \"x\", device = \"*\"}, {name = \"x\", device = \"*\"}]\ntraces = []",
      "two drivers x");
  has("version = 1\ndrivers = [{name = \"anv\", device = \"*\"}]\n"
      "traces = [{name = \"a\", path = \"a\", on = [{driver = \"amv\"}]}]",
      "did you mean anv?");
  has("version = 1\n[[traces", "not TOML");
}

TEST(ManifestErrors, Yaml) {
  EXPECT_NE(complaint("version: 1\ntraces: [", "m.yaml").find("not YAML"), std::string::npos);
  EXPECT_NE(complaint("- 1", "m.yaml").find("not a YAML mapping"), std::string::npos);
  EXPECT_NE(complaint("version: 1\nversion: 1\n", "m.yaml").find("twice"), std::string::npos);
  EXPECT_NE(complaint("version: 1\ntraces:\n", "m.yaml").find("empty"), std::string::npos);
  // Nine levels of nine aliases each are 3 GB if they are believed.
  std::string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n";
  for (int i = 1; i < 10; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + below;
    for (int k = 0; k < 8; ++k) bomb += "," + below;
    bomb += "]\n";
  }
  EXPECT_NE(complaint(bomb, "m.yaml").find("repeated too often"), std::string::npos);
}

TEST(ManifestErrors, ANameSaysWhichLanguage) {
  EXPECT_NE(complaint("", "manifest.json").find(".toml, .yaml or .yml"), std::string::npos);
}

TEST(ManifestDrivers, TheFirstThatFits) {
  Manifest manifest;
  manifest.drivers = {
      {"old", "llvmpipe*", "", "Mesa 22.*"}, {"lavapipe", "llvmpipe*", "", ""}, {"anv", "", "Intel*", ""}};
  EXPECT_EQ(manifest.driverOf({"llvmpipe (LLVM 15.0.6, 256 bits)", "llvmpipe", "Mesa 22.3.6"}), "old");
  EXPECT_EQ(manifest.driverOf({"llvmpipe (LLVM 19)", "llvmpipe", "Mesa 25.0"}), "lavapipe");
  EXPECT_EQ(manifest.driverOf({"Intel(R) Arc", "Intel open-source Mesa driver", "Mesa 25"}), "anv");
  EXPECT_EQ(manifest.driverOf({"AMD Radeon RX 6700 (RADV NAVI22)", "radv", ""}),
            "AMD-Radeon-RX-6700-RADV-NAVI22");
  EXPECT_EQ(manifest.driverOf({"../..", "", ""}), "device");
  EXPECT_EQ(manifest.driverOf({"", "", ""}), "device");
}

TEST(ManifestWords, TheNearestIsTheFewestEditsAway) {
  EXPECT_EQ(nearestWord("tim_limit", {"tolerance", "time_limit", "fetch_time_limit"}), "time_limit");
  EXPECT_EQ(nearestWord("pth", {"name", "path", "hash"}), "path");
}

}  // namespace
}  // namespace reprise

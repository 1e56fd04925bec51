// JUnit XML as CI engines read it, by pugixml. One testsuite: the manifest; one testcase a trace, its
// classname the driver.
#include <pugixml.hpp>

#include "tools/check/reports.h"

namespace reprise {
namespace {

// Length of the UTF-8 sequence at `at` that XML 1.0 can hold; 0 if there is none.
size_t sequenceLength(const std::string& text, size_t at) {
  const auto byte = [&](size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const unsigned lead = byte(at);
  if (lead < 0x80) return lead >= 0x20 || lead == '\t' || lead == '\n' ? 1 : 0;
  const size_t length = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length == 0 || lead >= 0xf5) return 0;
  unsigned code = lead & (0xff >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
    code = code << 6 | (byte(at + i) & 0x3f);
  }
  constexpr unsigned kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool ok = code >= kSmallest[length] && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) &&
                  code != 0xfffe && code != 0xffff && (code < 0x80 || code > 0x9f);
  return ok ? length : 0;
}

std::string secondsText(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", seconds);
  return text;
}

void set(pugi::xml_node node, const char* name, const std::string& value) {
  node.append_attribute(name).set_value(xmlText(value).c_str());
}

std::string details(const TraceResult& result) {
  std::string text = result.message + "\n";
  for (const auto& difference : result.differences)
    text += difference.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  for (const Finding& finding : result.findings)
    text += "frame " + std::to_string(finding.frame) + ", call " + std::to_string(finding.call) + ", " +
            finding.object + ", " + finding.file + ": " + finding.text + "\n";
  return text;
}

void addCase(pugi::xml_node suite, const TraceResult& result) {
  pugi::xml_node test = suite.append_child("testcase");
  set(test, "name", result.name);
  set(test, "classname", "reprise." + (result.driver.empty() ? std::string("check") : result.driver));
  set(test, "time", secondsText(result.seconds));
  const char* kind = nullptr;
  switch (result.judgement) {
    case Judgement::kAsExpected:
      break;
    case Judgement::kRegression:
    case Judgement::kUnexpectedPass:
      kind = "failure";
      break;
    case Judgement::kNotRun:
      kind = "skipped";
      break;
    case Judgement::kBroken:
      kind = "error";
      break;
  }
  if (kind) {
    pugi::xml_node node = test.append_child(kind);
    const bool unexpected = result.judgement == Judgement::kUnexpectedPass;
    set(node, "message",
        unexpected ? "unexpected pass: it is expected to " +
                         std::string(expectationName(result.expectation)) + ", for: " + result.reason
                   : result.message);
    if (result.judgement != Judgement::kNotRun) {
      set(node, "type", unexpected ? "unexpected pass" : outcomeName(result.outcome));
      node.text().set(xmlText(details(result)).c_str());
    }
  }
  std::string out = result.device.device.empty() ? "" : "device: " + result.device.device + "\n";
  if (result.judgement == Judgement::kAsExpected && result.outcome != Outcome::kPass)
    out += std::string(outcomeName(result.outcome)) + ", as expected: " + result.reason + "\n";
  out += result.log;
  if (!out.empty()) test.append_child("system-out").text().set(xmlText(out).c_str());
}

}  // namespace

std::string xmlText(const std::string& text) {
  std::string valid;
  for (size_t at = 0; at < text.size();) {
    const size_t length = sequenceLength(text, at);
    valid += length > 0 ? text.substr(at, length) : "\xef\xbf\xbd";
    at += std::max<size_t>(length, 1);
  }
  return valid;
}

Status writeJunit(const std::filesystem::path& path, const CheckReport& report) {
  pugi::xml_document document;
  pugi::xml_node declaration = document.append_child(pugi::node_declaration);
  declaration.append_attribute("version") = "1.0";
  declaration.append_attribute("encoding") = "UTF-8";
  const CheckTotals totals = totalsOf(report.results);
  pugi::xml_node suites = document.append_child("testsuites");
  pugi::xml_node suite = suites.append_child("testsuite");
  for (pugi::xml_node node : {suites, suite}) {
    set(node, "name", report.manifest + (report.shard.empty() ? "" : ", shard " + report.shard));
    set(node, "tests", std::to_string(report.results.size()));
    set(node, "failures", std::to_string(totals.regressions + totals.unexpected_passes));
    set(node, "errors", std::to_string(totals.broken));
    set(node, "skipped", std::to_string(totals.not_run));
    set(node, "time", secondsText(report.seconds));
  }
  set(suite, "timestamp", report.started);
  for (const TraceResult& result : report.results) addCase(suite, result);
  if (document.save_file(path.c_str(), "  ")) return Status::ok();
  return Status(Code::kUnreadable, "cannot write the JUnit file " + path.string());
}

}  // namespace reprise

// DiffOutput as JSON lines.
#include "tools/diff/output.h"
#include "tools/metadata_json.h"

namespace reprise {
namespace {

Json sideJson(const DiffSide& side) {
  const TraceSummary& summary = side.summary();
  return {{"file", side.path()},         {"command_line", summary.info.command_line},
          {"calls", summary.calls},      {"frames", summary.frames},
          {"compared", side.items()},    {"not_compared", side.leftOut()},
          {"complete", summary.complete}};
}

Json placeJson(const DiffDetail& detail) {
  Json out = {{"frame", detail.frame}, {"thread", detail.lane}, {"command", detail.command}};
  out[detail.is_call ? "call" : "before_call"] = detail.call_number;
  return out;
}

// The line that `reprise dump --format json --names` has for it: our own, with metadata's limits kept
// already.
Json eventJson(const DiffDetail& detail) {
  Json out = Json::parse(detail.text, nullptr, false);
  if (detail.more_parts > 0) out["more_parts"] = detail.more_parts;
  return out;
}

}  // namespace

void DiffOutput::jsonHead() {
  out_ += jsonText({{"kind", "traces"}, {"version", 1}, {"a", sideJson(a_)}, {"b", sideJson(b_)}}) + "\n";
}

void DiffOutput::jsonEdit(const Difference& difference) {
  static constexpr const char* kKinds[] = {"changed", "only_a", "only_b", "diverged"};
  const Edit& edit = difference.edit;
  const LaneAligner& pair = comparison_.pair(difference.pair);
  Json out = {{"kind", kKinds[edit.kind]}};
  if (pair.a()) out["thread_a"] = pair.a()->name;
  if (pair.b()) out["thread_b"] = pair.b()->name;
  if (edit.kind == Edit::kChanged) {
    const DiffDetail& a = detailA(difference, edit.a);
    const DiffDetail& b = detailB(difference, edit.b);
    out["a"] = placeJson(a);
    out["b"] = placeJson(b);
    out["members"] = Json::array();
    for (const MemberDifference& member : differingMembers(a, b, comparison_.objects())) {
      Json line = {{"path", member.path}};
      line["a"] = member.a ? Json(*member.a) : Json();
      line["b"] = member.b ? Json(*member.b) : Json();
      out["members"].push_back(std::move(line));
    }
  } else {
    if (edit.at_end) out["other_ended"] = true;
    const auto run = [&](const char* name, uint64_t count, auto&& detail) {
      out[std::string(name) + "_count"] = count;
      out[name] = Json::array();
      for (uint64_t i = 0; i < std::min(count, kShownOfRun); ++i) out[name].push_back(eventJson(detail(i)));
    };
    if (edit.a_count > 0) run("a", edit.a_count, [&](uint64_t i) { return detailA(difference, edit.a + i); });
    if (edit.b_count > 0) run("b", edit.b_count, [&](uint64_t i) { return detailB(difference, edit.b + i); });
  }
  out_ += jsonText(out) + "\n";
}

void DiffOutput::jsonSummary() {
  const DiffCounts& counts = comparison_.counts();
  Json out = {{"kind", "summary"},           {"same", counts.same()},      {"equal", counts.equal},
              {"changed", counts.changed},   {"only_a", counts.only_a},    {"only_b", counts.only_b},
              {"beyond_a", counts.beyond_a}, {"beyond_b", counts.beyond_b}};
  if (!differences_.empty()) {
    const Difference& first = differences_.front();
    if (first.edit.a_count > 0) out["first_a"] = placeJson(detailA(first, first.edit.a));
    if (first.edit.b_count > 0) out["first_b"] = placeJson(detailB(first, first.edit.b));
  }
  out_ += jsonText(out) + "\n";
}

}  // namespace reprise

#include "tools/replay_text.h"

#include <cstdio>
#include <map>
#include <tuple>

namespace reprise {

std::vector<std::string> changeLines(const std::vector<ObjectChange>& changes) {
  struct Row {
    uint64_t count = 0;
    const ObjectChange* first = nullptr;
  };
  std::map<std::tuple<std::string, std::string, std::string, int, std::string>, Row> rows;
  bool any_change = false;
  for (const ObjectChange& change : changes) {
    Row& row = rows[{change.structure, change.from, change.to, change.action, change.reason}];
    if (row.count == 0) row.first = &change;
    row.count += change.count;
    any_change |= change.action != ObjectChange::kKept;
  }
  std::vector<std::string> lines;
  if (!any_change) return lines;
  lines.push_back("external handle types on this device:");
  for (const auto& [key, row] : rows) {
    const ObjectChange& change = *row.first;
    char count[32];
    std::snprintf(count, sizeof count, "  %6llu x ", static_cast<unsigned long long>(row.count));
    lines.push_back(count + change.structure + ": " + change.from +
                    (change.to.empty() || change.to == change.from ? "" : " -> " + change.to) + " " +
                    actionName(change.action) + " from call " + std::to_string(change.call) + " on" +
                    (change.reason.empty() ? "" : ": " + change.reason));
  }
  return lines;
}

nlohmann::ordered_json changeJson(const ObjectChange& change) {
  return {{"frame", change.frame},
          {"call", change.call},
          {"command", change.command},
          {"object", change.object},
          {"struct", change.structure},
          {"from", change.from},
          {"to", change.to},
          {"action", actionName(change.action)},
          {"reason", change.reason},
          {"target", change.target},
          {"count", change.count}};
}

}  // namespace reprise

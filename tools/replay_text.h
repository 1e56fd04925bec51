// What a replay, or a rehearsal of one, changed: as lines for people. Pure functions; any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "replay/player.h"

namespace reprise {

// What became of external handle types, one line for all objects of one fate; none if all were kept.
std::vector<std::string> changeLines(const std::vector<ObjectChange>& changes);

// What became of one object, as --report and `info --target` have it.
nlohmann::ordered_json changeJson(const ObjectChange& change);

}  // namespace reprise

// What a replay, or a rehearsal of one, changed: as lines for people. Pure functions; any thread.
#pragma once

#include <string>
#include <vector>

#include "replay/player.h"

namespace reprise {

// What became of external handle types, one line for all objects of one fate; none if all were kept.
std::vector<std::string> changeLines(const std::vector<ObjectChange>& changes);

}  // namespace reprise

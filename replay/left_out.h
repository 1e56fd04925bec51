// What a machine may lack without harm: data, a reason beside each row. Pure functions; any thread.
#pragma once

#include <string_view>

#include "format/vk.h"

namespace reprise {

// Why a struct can be left out of a chain, where its extension is lacking; empty if it cannot.
std::string_view reasonToLeaveOut(VkStructureType type);

// What a replay does itself, or rewrites: the machine need not have it. Window systems, and external objects.
bool isReplaysOwn(std::string_view extension);

}  // namespace reprise

// Calls that say that a frame ends, in programs that need not present: see frame_ends.h.
//
// Pure functions over a call's recorded inputs; any thread. What cannot be decoded says nothing. Rests on:
// Vulkan specification, VkFrameBoundaryEXT (registries from 1.3.250 on have it), VkDebugUtilsLabelEXT.
#pragma once

#include <cstddef>
#include <span>

#include "format/vk.h"

namespace reprise {

bool mayMarkFrameEnd(Command command);
bool marksFrameEnd(Command command, std::span<const std::byte> inputs);  // of a command that may

}  // namespace reprise

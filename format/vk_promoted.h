// Commands that an extension brought and a later version of Vulkan took over, under another name.
//
// Free function; writes the dispatch only. Rests on: Vulkan specification, "Extending Vulkan", Promotion; and
// VkApplicationInfo::apiVersion, beyond which no command of a version may be used.
#pragma once

#include "format/vk.h"

namespace reprise {

// Calls go by the core names. Where the version in force lacks these, the extension's commands stand in:
// drivers resolve both, but only the latter may be called.
void preferExtensions(Dispatch& dispatch, uint32_t version);

}  // namespace reprise

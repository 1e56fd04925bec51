// External memory, semaphore and fence handle types by name, and what each may become on another target.
//
// Types are single bits of VkExternalMemoryHandleTypeFlagBits, VkExternalSemaphoreHandleTypeFlagBits or
// VkExternalFenceHandleTypeFlagBits. The bits of VkExternalMemoryHandleTypeFlagBitsNV have other values for
// the same things; they are translated here and go no further. Names are the registry's without prefix and
// _BIT, in lower case: "opaque_win32", "dma_buf_ext". Pure functions and constant data: any thread.
// Rests on: Vulkan specification, "External Memory Handle Types"; VK_NV_external_memory_capabilities.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "format/status.h"
#include "format/vk.h"

namespace reprise {

using HandleTypeBits = uint32_t;  // a mask of any of the three enums
using HandleTypeBit = uint32_t;   // one bit

enum class ExternalObject { kMemory, kSemaphore, kFence };

std::string handleTypeName(ExternalObject object,
                           HandleTypeBit bit);  // "0x40000000" if the registry has none
std::string handleTypeNames(ExternalObject object, HandleTypeBits set);  // "opaque_fd|dma_buf_ext"; "none"
std::vector<HandleTypeBit> bitsOf(HandleTypeBits set);                   // lowest first

HandleTypeBits coreFromNv(VkExternalMemoryHandleTypeFlagsNV bits);
// The types among `core` that have no NV form are left out.
VkExternalMemoryHandleTypeFlagsNV nvFromCore(HandleTypeBits core);

// What a type may become, best first, where the target does not know it.
struct Preference {
  HandleTypeBit to;
  const char* reason;
};
std::vector<Preference> preferences(ExternalObject object, HandleTypeBit from);

// --remap: "auto", "strict", or `from=to` and `from=drop`, separated by commas.
struct RemapRules {
  std::string text = "auto";                      // as given
  bool strict = false;                            // any change is an error
  std::map<HandleTypeBit, HandleTypeBit> forced;  // memory handle types; to 0: drop
};
Result<RemapRules> parseRemapRules(std::string_view text);

}  // namespace reprise

// Which calls replay issues again, and whose outputs it compares: data, a reason beside each row.
// Pure functions; any thread.
#pragma once

#include "format/vk.h"

namespace reprise {

enum class Issue : uint8_t {
  kYes,
  kNo,          // means something only in the captured process, or replay does it itself
  kNotCarried,  // likewise, but the program's later calls may miss its effect: noted in the report
};
Issue issueRule(Command canonical);

// Whether the outputs of a query should be equal on the very same device and driver.
bool isDeterministic(Command canonical);

// Objects that exist only in the replay's handle map: no driver is ever given one.
constexpr bool isOurs(HandleKind kind) {
  return kind == HandleKind::kVkSurfaceKHR || kind == HandleKind::kVkSwapchainKHR ||
         kind == HandleKind::kVkDebugUtilsMessengerEXT || kind == HandleKind::kVkDebugReportCallbackEXT ||
         kind == HandleKind::kVkBufferCollectionFUCHSIA || kind == HandleKind::kVkDisplayKHR ||
         kind == HandleKind::kVkDisplayModeKHR;
}

// A handle of that kind may be stale in a call that does not look at it: it becomes null.
bool mayBeStale(Command canonical, HandleKind kind);

// Only names an object: left out where the object is not alive.
bool onlyNames(Command canonical);

// The result at capture says that the call changed nothing: it is not issued again.
bool hadNoEffect(VkResult captured);

}  // namespace reprise

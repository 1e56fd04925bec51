#include "format/vk.h"

#include <algorithm>
#include <array>
#include <vector>

#include "gen/structs.h"

namespace reprise {

constinit const CommandInfo kCommandInfos[] = {
    {"", Command::kUnknown, "", false, false, TicketWhen::kNone, HandleKind::kNone, HandleKind::kNone,
     HandleKind::kNone},
#define REPRISE_COMMAND(name, canonical, extension, device, ticket, dispatch, creates, destroys)                \
  {#name,    Command::canonical, extension, device, std::string_view(#name).starts_with("vkCmd"), ticket, dispatch, \
   creates, destroys},
#include "gen/commands.inc"
#undef REPRISE_COMMAND
};
static_assert(std::size(kCommandInfos) == kCommandCount);

namespace {

struct HandleInfo {
  const char* name;
  bool dispatchable;
  HandleKind parent;
  VkObjectType type;
};
constexpr HandleInfo kHandles[] = {
    {"", false, HandleKind::kNone, VK_OBJECT_TYPE_UNKNOWN},
#define REPRISE_HANDLE(name, dispatchable, parent, type) {#name, dispatchable, parent, type},
#include "gen/handles.inc"
#undef REPRISE_HANDLE
};
static_assert(std::size(kHandles) == kHandleKindCount);

const std::vector<Command>& commandsByName() {
  static const std::vector<Command> sorted = [] {
    std::vector<Command> ids;
    for (size_t i = 1; i < kCommandCount; ++i) ids.push_back(Command(i));
    std::sort(ids.begin(), ids.end(), [](Command a, Command b) {
      return std::string_view(commandInfo(a).name) < commandInfo(b).name;
    });
    return ids;
  }();
  return sorted;
}

void linkAliases(Dispatch& d) {
#define REPRISE_ALIAS(name, alias)              \
  if (d.name == nullptr) d.name = d.alias;      \
  if (d.alias == nullptr) d.alias = d.name;
#include "gen/aliases.inc"
#include "gen/aliases.inc"  // a second pass reaches the aliases of an alias
#undef REPRISE_ALIAS
}

}  // namespace

Command findCommand(std::string_view name) {
  const auto& sorted = commandsByName();
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), name, [](Command c, std::string_view n) {
    return std::string_view(commandInfo(c).name) < n;
  });
  return at != sorted.end() && name == commandInfo(*at).name ? *at : Command::kUnknown;
}

bool isRecorded(Command command) {
  switch (command) {
#define REPRISE_NOT_RECORDED(name, reason) case Command::name:
#include "gen/not_recorded.inc"
#undef REPRISE_NOT_RECORDED
    case Command::kUnknown:
      return false;
    default:
      return true;
  }
}

const char* handleKindName(HandleKind kind) { return size_t(kind) < kHandleKindCount ? kHandles[size_t(kind)].name : ""; }
bool isDispatchable(HandleKind kind) { return size_t(kind) < kHandleKindCount && kHandles[size_t(kind)].dispatchable; }
HandleKind parentOf(HandleKind kind) {
  return size_t(kind) < kHandleKindCount ? kHandles[size_t(kind)].parent : HandleKind::kNone;
}
VkObjectType objectTypeOf(HandleKind kind) {
  return size_t(kind) < kHandleKindCount ? kHandles[size_t(kind)].type : VK_OBJECT_TYPE_UNKNOWN;
}
HandleKind handleKindOf(VkObjectType type) {
  for (size_t i = 1; i < kHandleKindCount; ++i)
    if (kHandles[i].type == type && type != VK_OBJECT_TYPE_UNKNOWN) return HandleKind(i);
  return HandleKind::kNone;
}

const char* structName(VkStructureType type) {
  switch (type) {
#define REPRISE_NODE(value, Type) \
  case value:                     \
    return #Type;
#include "gen/nodes.inc"
#undef REPRISE_NODE
    default:
      return nullptr;
  }
}

const char* structExtension(VkStructureType type) {
  switch (type) {
#define REPRISE_STRUCT_EXTENSION(value, name) \
  case value:                                 \
    return name;
#include "gen/struct_extensions.inc"
#undef REPRISE_STRUCT_EXTENSION
    default:
      return nullptr;
  }
}

size_t structSize(VkStructureType type) {
  switch (type) {
#define REPRISE_NODE(value, Type) \
  case value:                     \
    return sizeof(Type);
#include "gen/nodes.inc"
#undef REPRISE_NODE
    default:
      return 0;
  }
}

bool isKnownExtension(std::string_view name) {
  static constexpr std::string_view kNames[] = {
#define REPRISE_EXTENSION(name, device) name,
#include "gen/extensions.inc"
#undef REPRISE_EXTENSION
  };
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

uint32_t registryVersion() { return VK_HEADER_VERSION_COMPLETE; }

void loadInstance(Dispatch& d, PFN_vkGetInstanceProcAddr gipa, VkInstance instance) {
  auto* slots = reinterpret_cast<PFN_vkVoidFunction*>(&d);
  // Asking a loader for a device's command that it does not know uses up one of its 250 places for such.
  for (size_t i = 1; i < kCommandCount; ++i)
    if (!kCommandInfos[i].device_level) slots[i - 1] = gipa(instance, kCommandInfos[i].name);
  linkAliases(d);
}

void loadDevice(Dispatch& d, PFN_vkGetDeviceProcAddr gdpa, VkDevice device) {
  auto* slots = reinterpret_cast<PFN_vkVoidFunction*>(&d);
  for (size_t i = 1; i < kCommandCount; ++i)
    if (kCommandInfos[i].device_level) slots[i - 1] = gdpa(device, kCommandInfos[i].name);
  linkAliases(d);
}

static_assert(sizeof(Dispatch) == (kCommandCount - 1) * sizeof(PFN_vkVoidFunction),
              "Dispatch holds one pointer a command, in the order of the Command enum");

}  // namespace reprise

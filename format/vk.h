// All of Vulkan as this build knows it: types of every platform, packets, dispatch, names, visits.
//
// Include this instead of <vulkan/vulkan.h>. What follows from vk.xml is generated into gen/; here is the
// little that joins it. Constant data and pure functions: any thread, no ownership. Rests on: the Vulkan API
// Registry (vk.xml, video.xml), Vulkan specification "Fundamentals".
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "gen/vulkan_all.h"

namespace reprise {

struct EnumName {
  uint64_t value;  // of a signed enum: its two's complement
  const char* name;
};
struct EnumInfo {
  const char* name;
  bool flags;
  std::span<const EnumName> values;
};

// What a visitor is told about a member beside its value.
struct Field {
  enum Kind : uint8_t {
    kInt,
    kFloat,
    kBool,
    kEnum,
    kFlags,
    kHandle,
    kStruct,
    kOpaque,         // a value of the captured process
    kAddress,        // likewise, shown in hex
    kDeviceAddress,  // VkDeviceAddress
    kQueueFamily,    // a queue family's index
    kShaderData,     // bytes that shaders get to see
  };
  const char* name;
  const EnumInfo* names;  // of an enum's values or a mask's bits, else null
  const char* type;       // the C type without const, * and []
  Kind kind;
};

enum class TicketWhen : uint8_t {
  kNone,    // vkCmd*: only notes the counter
  kBefore,  // consumes or releases: taken before the driver is called
  kAfter,   // produces or observes: taken after it returned
};

}  // namespace reprise

#include "gen/commands.h"
#include "gen/enums.h"

namespace reprise {

struct CommandInfo {
  const char* name;
  Command canonical;      // the command itself, or what it is an alias of
  const char* extension;  // "VK_VERSION_1_0", "VK_KHR_swapchain", ...
  bool device_level;      // dispatched by VkDevice, VkQueue or VkCommandBuffer
  bool is_cmd;            // vkCmd*
  TicketWhen ticket;
  HandleKind dispatch;  // kind of the first parameter
  HandleKind creates;   // its outputs are new objects of this kind, or kNone
  HandleKind destroys;  // its last handle parameter's objects end, or kNone
};

extern const CommandInfo kCommandInfos[kCommandCount];  // by Command
inline const CommandInfo& commandInfo(Command command) {
  const auto i = size_t(command);
  return kCommandInfos[i < kCommandCount ? i : 0];
}
Command findCommand(std::string_view name);  // kUnknown if this build has none of that name
bool isRecorded(Command command);            // false for the loader's own calls, see overrides.py

const char* handleKindName(HandleKind kind);  // "VkImage"
bool isDispatchable(HandleKind kind);
HandleKind handleKindOf(VkObjectType type);
VkObjectType objectTypeOf(HandleKind kind);
HandleKind parentOf(HandleKind kind);  // kNone for VkInstance

const char* structName(VkStructureType type);  // "VkImageCreateInfo", null if unknown
size_t structSize(VkStructureType type);       // bytes, 0 if unknown
// The extension that has the struct, null if a version of Vulkan itself has it.
const char* structExtension(VkStructureType type);
bool isKnownExtension(std::string_view name);  // of this build's registry, instance or device
uint32_t registryVersion();                    // VK_HEADER_VERSION_COMPLETE

// `gipa` may be a layer's next or the loader's. Aliases stand in for each other where only one resolves.
void loadInstance(Dispatch& dispatch, PFN_vkGetInstanceProcAddr gipa, VkInstance instance);
void loadDevice(Dispatch& dispatch, PFN_vkGetDeviceProcAddr gdpa, VkDevice device);

// Calls f with a zero packet of the command's type (aliases: of the canonical one).
template <class F>
bool withPacket(Command command, F&& f) {
  switch (commandInfo(command).canonical) {
#define REPRISE_PACKET(name, Packet) \
  case Command::name: {              \
    Packet packet;                   \
    f(packet);                       \
    return true;                     \
  }
#include "gen/packets.inc"
#undef REPRISE_PACKET
    default:
      return false;
  }
}

}  // namespace reprise

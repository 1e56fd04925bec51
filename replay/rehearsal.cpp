#include "replay/rehearsal.h"

#include <algorithm>
#include <cstring>

#include "format/vk_providers.h"
#include "replay/chains.h"
#include "replay/hooks.h"

namespace reprise {
namespace {

constexpr size_t kMostAsked = 4096;  // different images; beyond it each is asked about anew

// What makes instances and devices, or says what the captured ones were.
constexpr Command kIssuedCommands[] = {
    Command::vkCreateInstance,
    Command::vkDestroyInstance,
    Command::vkEnumeratePhysicalDevices,
    Command::vkEnumeratePhysicalDeviceGroups,
    Command::vkGetPhysicalDeviceProperties,
    Command::vkGetPhysicalDeviceProperties2,
    Command::vkGetPhysicalDeviceMemoryProperties,
    Command::vkGetPhysicalDeviceMemoryProperties2,
    Command::vkGetPhysicalDeviceQueueFamilyProperties,
    Command::vkGetPhysicalDeviceQueueFamilyProperties2,
    Command::vkCreateDevice,
    Command::vkDestroyDevice,
    Command::vkGetDeviceQueue,
    Command::vkGetDeviceQueue2,
};

template <class C>
concept Asked = requires(Rehearsal& rehearsal, C& call) {
  rehearsal.ask(call);
};

template <class C>
Status askPacket(Rehearsal& rehearsal, void* packet) {
  if constexpr (Asked<C>) return rehearsal.ask(*static_cast<C*>(packet));
  return Status::ok();
}

// A replay maps memory itself.
bool mapsMemory(Command canonical) {
  const std::string_view name = commandInfo(canonical).name;
  return name.starts_with("vkMapMemory") || name.starts_with("vkUnmapMemory");
}

// "DEVICE_LOCAL|HOST_VISIBLE"
std::string memoryFlagNames(VkMemoryPropertyFlags flags) {
  std::string list;
  for (const EnumName& name : kVkMemoryPropertyFlagBitsNames.values) {
    if (!(flags & name.value)) continue;
    std::string_view bit = name.name;
    bit.remove_prefix(std::string_view("VK_MEMORY_PROPERTY_").size());
    (list += list.empty() ? "" : "|") += bit.substr(0, bit.find("_BIT"));
  }
  return list.empty() ? "no properties" : list;
}

template <class T>
const void*& chainOf(const T* info) {
  return const_cast<const void*&>(info->pNext);
}

}  // namespace

Rehearsal::Rehearsal(Player& player) : player_(player), parts_(kCommandCount), checked_(kCommandCount) {
#define REPRISE_PACKET(name, Packet) \
  if constexpr (Asked<Packet>) parts_[size_t(Command::name)] = Part::kAsked;
#include "gen/packets.inc"
#undef REPRISE_PACKET
  for (const Command command : kIssuedCommands) parts_[size_t(command)] = Part::kIssued;
}

Status Rehearsal::call(const Event& event) {
  const Command canonical = commandInfo(event.command).canonical;
  const ReplayCall* row = findReplayCall(canonical);
  if (!row) return Status::ok();
  const Part part = parts_[size_t(canonical)];
  if (part == Part::kNone) return checkCommand(event, canonical);
  player_.arena().reset();
  if (part == Part::kIssued) return row->replay(player_, event);
  return askFor(event, *row);
}

// Of a trace without metadata nothing was judged before: what it calls has to be there.
Status Rehearsal::checkCommand(const Event& event, Command canonical) {
  if (player_.preflight().judgesExtensions() || checked_[size_t(canonical)]) return Status::ok();
  const CommandInfo& info = commandInfo(canonical);
  if (!info.device_level || issueRule(canonical) != Issue::kYes || hasOwn(providersOf(canonical)) ||
      mapsMemory(canonical) || player_.devices().empty())
    return Status::ok();
  checked_[size_t(canonical)] = true;
  for (const Device& device : player_.devices())
    if (Player::has(device.dispatch, canonical)) return Status::ok();
  player_.arena().reset();
  CapturedCall call;
  if (!findReplayCall(canonical)->read(event, player_.arena(), nullptr, call) || !call.had_effect) {
    checked_[size_t(canonical)] = false;  // the next one may have had an effect
    return Status::ok();
  }
  const Device& device = player_.devices().front();
  Status status = player_.begin(event, HandleKind::kVkDevice, player_.handles().at(device.id).captured);
  return status ? player_.missing(canonical) : status;
}

Status Rehearsal::askFor(const Event& event, const ReplayCall& row) {
  CapturedCall read;
  if (!row.read(event, player_.arena(), player_.preflight().filter(), read)) {
    player_.stepTo(event);
    return player_.error(Code::kUnreadable, "its arguments cannot be read");
  }
  if (!read.had_effect || (event.flags & kUnfinished)) return Status::ok();
  uint64_t first = 0;
  std::memcpy(&first, read.packet, sizeof first);
  if (Status status = player_.begin(event, HandleKind::kVkDevice, first); !status) return status;
  void* packet = const_cast<void*>(read.packet);
  switch (row.command) {
#define REPRISE_PACKET(name, Packet) \
  case Command::name:                \
    return askPacket<Packet>(*this, packet);
#include "gen/packets.inc"
#undef REPRISE_PACKET
    default:
      break;
  }
  return Status::ok();
}

// ---- images and buffers

Status Rehearsal::ask(CreateImageCall& call) {
  if (!call.pCreateInfo || !call.pImage) return Status::ok();
  auto& info = const_cast<VkImageCreateInfo&>(*call.pCreateInfo);
  const uint64_t captured = valueOf(*call.pImage);
  noteFallback(player_, info.format);
  SharedTraits traits;
  if (info.pNext) {
    removeFromChain(info.pNext, VK_STRUCTURE_TYPE_IMAGE_SWAPCHAIN_CREATE_INFO_KHR);
    traits = player_.external().adaptImage(info, captured);
  }
  const bool ordinary = !traits || (traits->types == 0 && !traits->modifier);
  player_.external().remember(HandleKind::kVkImage, captured, std::move(traits));
  return ordinary ? askImage(info) : Status::ok();
}

// Where the device says that it cannot, only trying tells: drivers make images that they say they cannot.
Status Rehearsal::askImage(VkImageCreateInfo& info) {
  Device& device = *player_.device();
  info.format = device.numbers.formats.liveOf(info.format);
  const uint32_t words[] = {
      info.flags,     uint32_t(info.imageType), uint32_t(info.format), uint32_t(info.tiling),
      info.usage,     info.extent.width,        info.extent.height,    info.extent.depth,
      info.mipLevels, info.arrayLayers,         uint32_t(info.samples)};
  std::string key(reinterpret_cast<const char*>(words), sizeof words);
  key += std::to_string(reinterpret_cast<uintptr_t>(&device));
  if (asked_.contains(key)) return Status::ok();
  if (asked_.size() < kMostAsked) asked_.insert(std::move(key));
  VkImageFormatProperties found{};
  VkResult result = device.dispatch.GetPhysicalDeviceImageFormatProperties(
      device.gpu, info.format, info.imageType, info.tiling, info.usage, info.flags, &found);
  if (result == VK_SUCCESS) return Status::ok();
  const std::string what = std::string(formatName(info.format)) + " image of " +
                           std::to_string(info.extent.width) + "x" + std::to_string(info.extent.height);
  VkImage image = VK_NULL_HANDLE;
  VkImageCreateInfo wanted = info;
  wanted.sharingMode = VK_SHARING_MODE_EXCLUSIVE;
  wanted.queueFamilyIndexCount = 0;
  wanted.pQueueFamilyIndices = nullptr;
  const VkResult made = device.dispatch.CreateImage(device.live, &wanted, nullptr, &image);
  if (made != VK_SUCCESS)
    return player_.error(Code::kCannotRun, "a " + what + " cannot be made here: " + resultName(made));
  device.dispatch.DestroyImage(device.live, image, nullptr);
  player_.note("a " + what + " is more than this device promises (" + resultName(result) +
               "), though it makes it");
  return Status::ok();
}

Status Rehearsal::ask(CreateBufferCall& call) {
  if (!call.pCreateInfo || !call.pBuffer || !call.pCreateInfo->pNext) return Status::ok();
  const uint64_t captured = valueOf(*call.pBuffer);
  player_.external().remember(
      HandleKind::kVkBuffer, captured,
      player_.external().adaptBuffer(const_cast<VkBufferCreateInfo&>(*call.pCreateInfo), captured));
  return Status::ok();
}

Status Rehearsal::ask(DestroyImageCall& call) {
  player_.external().remember(HandleKind::kVkImage, valueOf(call.image), nullptr);
  return Status::ok();
}

Status Rehearsal::ask(DestroyBufferCall& call) {
  player_.external().remember(HandleKind::kVkBuffer, valueOf(call.buffer), nullptr);
  return Status::ok();
}

Status Rehearsal::ask(CreateSamplerYcbcrConversionCall& call) {
  if (!call.pCreateInfo || !call.pYcbcrConversion) return Status::ok();
  auto& info = const_cast<VkSamplerYcbcrConversionCreateInfo&>(*call.pCreateInfo);
  player_.external().adaptFormat("VkSamplerYcbcrConversion", valueOf(*call.pYcbcrConversion), info.pNext,
                                 info.format);
  return Status::ok();
}

// ---- memory

Status Rehearsal::ask(AllocateMemoryCall& call) {
  if (!call.pAllocateInfo || !call.pMemory) return Status::ok();
  ExternalMemory& external = player_.external();
  const uint64_t captured = valueOf(*call.pMemory);
  auto& info = const_cast<VkMemoryAllocateInfo&>(*call.pAllocateInfo);
  if (info.pNext) {
    const CapturedImport import = ExternalMemory::takeImport(info.pNext);
    (void)external.takeExportName(info.pNext);
    external.dropUnknownNodes(info.pNext, "VkDeviceMemory", captured);
    external.dropForeignNodes(info.pNext, "VkDeviceMemory", captured);
    const auto* dedicated = findInChain<VkMemoryDedicatedAllocateInfo>(
        info.pNext, VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO);
    const ExternalTraits* traits = nullptr;
    if (dedicated && dedicated->image)
      traits = &external.traitsOf(HandleKind::kVkImage, valueOf(dedicated->image));
    else if (dedicated && dedicated->buffer)
      traits = &external.traitsOf(HandleKind::kVkBuffer, valueOf(dedicated->buffer));
    external.adaptExport(info.pNext, traits, captured);
    if (import.type) reportImport(import, captured);
  }
  return askMemoryType(info);
}

Status Rehearsal::askMemoryType(const VkMemoryAllocateInfo& info) {
  VkMemoryPropertyFlags wanted = 0;
  const uint32_t type = player_.memory().typeFor(info.memoryTypeIndex, ~0u, wanted);
  const VkPhysicalDeviceMemoryProperties& here = player_.device()->memory;
  if (type >= here.memoryTypeCount)
    return player_.error(Code::kCannotRun, std::to_string(info.allocationSize) +
                                               " bytes of memory are not to be had here: " +
                                               resultName(VK_ERROR_FEATURE_NOT_PRESENT));
  if (type != info.memoryTypeIndex || here.memoryTypes[type].propertyFlags != wanted)
    player_.note("memory type " + std::to_string(info.memoryTypeIndex) + " (" + memoryFlagNames(wanted) +
                 ") is played as type " + std::to_string(type) + " (" +
                 memoryFlagNames(here.memoryTypes[type].propertyFlags) + ") of this device");
  return Status::ok();
}

void Rehearsal::reportImport(const CapturedImport& import, uint64_t memory) {
  const std::optional<PayloadRecord> record = player_.takePayload();
  const auto name = [](HandleTypeBit type) { return handleTypeName(ExternalObject::kMemory, type); };
  const auto say = [&](std::string to, ObjectChange::Action action, std::string reason) {
    player_.external().report("VkDeviceMemory", memory, import.structure, name(import.type), std::move(to),
                              action, std::move(reason), "");
  };
  if (Memory::isHostPointer(import.type)) {
    if (player_.device()->extensions.contains(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME))
      return say(name(import.type), ObjectChange::kKept, "");
    return say("", ObjectChange::kDropped, "ordinary memory holds what the program wrote there");
  }
  if (record && record->payload == 0)
    return say("", ObjectChange::kDropped, "its payload came from outside the trace: ordinary memory");
  const HandleTypeBit to = player_.external().liveType(import.type);
  if (to == 0)
    return say("the same memory", ObjectChange::kConverted,
               "the very same memory: no handle of it can be passed here");
  say(name(to), to == import.type ? ObjectChange::kKept : ObjectChange::kConverted,
      to == import.type ? "" : "as it was exported here");
}

// ---- what is shared, and shown

Status Rehearsal::ask(CreateFenceCall& call) {
  if (call.pCreateInfo && call.pCreateInfo->pNext)
    player_.sync().adapt(ExternalObject::kFence, chainOf(call.pCreateInfo),
                         call.pFence ? valueOf(*call.pFence) : 0);
  return Status::ok();
}

Status Rehearsal::ask(CreateSemaphoreCall& call) {
  if (call.pCreateInfo && call.pCreateInfo->pNext)
    player_.sync().adapt(ExternalObject::kSemaphore, chainOf(call.pCreateInfo),
                         call.pSemaphore ? valueOf(*call.pSemaphore) : 0);
  return Status::ok();
}

Status Rehearsal::ask(CreateSwapchainKHRCall&) {
  player_.note(
      player_.window().isXcb()
          ? "surfaces become windows of the replay's own; swapchain images are copied there at presents"
          : "surfaces become nothing: presents are headless, swapchain images ordinary ones");
  return Status::ok();
}

}  // namespace reprise

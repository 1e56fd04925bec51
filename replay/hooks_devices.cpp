// Instances, physical devices, devices and their queues, and what a driver says of itself.
#include "replay/hooks.h"
#include "replay/issue.h"
#include "replay/target.h"

namespace reprise {
namespace {

// A device with all that the replay has on it; false if it is busy for good: then it is left as it is.
bool destroyDevice(Player& player, Device* device) {
  if (!player.waitIdle(*device)) return false;
  player.window().deviceGone(device);
  player.contents().deviceGone(device);
  player.sync().deviceGone(*device);
  player.memory().freeAll(device);
  device->dispatch.DestroyDevice(device->live, nullptr);
  player.removeDevice(device);
  return true;
}

// What the program was told of a physical device's queue families.
template <class Properties>
void learnFamilies(Player& player, VkPhysicalDevice captured, const Properties* list, const uint32_t* count) {
  if (!player.event().has_outputs || !list || !count) return;
  CapturedGpu& gpu = player.capturedGpu(valueOf(captured));
  if (*count <= gpu.families.size()) return;
  gpu.families.clear();
  for (uint32_t i = 0; i < *count; ++i) {
    const VkQueueFamilyProperties* family = nullptr;
    if constexpr (std::is_same_v<Properties, VkQueueFamilyProperties>)
      family = &list[i];
    else
      family = &list[i].queueFamilyProperties;
    gpu.families.push_back({family->queueFlags, family->queueCount, family->timestampValidBits});
  }
  if (const auto live = player.live<VkPhysicalDevice>(valueOf(captured)); live && !player.sameGpu())
    gpu.numbers.families = FamilyMap(gpu.families, queueFamilies(player.dispatch(), live));
}

template <class C>
Status enumerateGpus(Player& player, C& captured) {
  HandleValues gpus;
  forEachHandle(captured, CallHalf::kOutputs, HandleList{gpus});
  for (size_t i = 0; i < gpus.size(); ++i) {
    // The index is that of the first enumeration: groups list the same devices again.
    if (player.find(HandleKind::kVkPhysicalDevice, gpus[i].second)) continue;
    Result<VkPhysicalDevice> gpu = player.chooseGpu(i);
    if (!gpu) return gpu.status();
    player.learn(HandleKind::kVkPhysicalDevice, gpus[i].second, valueOf(gpu.value()));
  }
  return Status::ok();
}

}  // namespace

Status hook(Player& player, CreateDebugReportCallbackEXTCall&, CreateDebugReportCallbackEXTCall& captured) {
  return learnOurs(player, HandleKind::kVkDebugReportCallbackEXT,
                   captured.pCallback ? valueOf(*captured.pCallback) : 0);
}

Status hook(Player& player, CreateDebugUtilsMessengerEXTCall&, CreateDebugUtilsMessengerEXTCall& captured) {
  return learnOurs(player, HandleKind::kVkDebugUtilsMessengerEXT,
                   captured.pMessenger ? valueOf(*captured.pMessenger) : 0);
}

Status hook(Player& player, CreateDeviceCall& call, CreateDeviceCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !captured.pDevice) return Status::ok();
  Status status = mapInputs(player, call, nullptr);  // its queues are planned as a whole
  if (!status) return status;
  return createDevice(player, call, valueOf(captured.physicalDevice), valueOf(*captured.pDevice));
}

Status hook(Player& player, CreateInstanceCall& call, CreateInstanceCall& captured) {
  if (!player.event().has_outputs || hadNoEffect(captured.result) || !captured.pInstance) return Status::ok();
  return createInstance(player, call, valueOf(*captured.pInstance));
}

Status hook(Player& player, DestroyDeviceCall&, DestroyDeviceCall&) {
  if (player.device() == nullptr || destroyDevice(player, player.device())) return Status::ok();
  return player.waitedInVain();
}

Status hook(Player& player, DestroyInstanceCall& call, DestroyInstanceCall&) {
  Instance* instance = player.instance();
  if (instance == nullptr) return Status::ok();
  // A program may leave devices alive; nothing of them may outlive their instance here.
  for (Device* device : player.devicesOf(instance))
    if (!destroyDevice(player, device)) return player.waitedInVain();
  player.window().instanceGone(instance);
  if (instance->messenger)
    instance->dispatch.DestroyDebugUtilsMessengerEXT(instance->live, instance->messenger, nullptr);
  call.instance = instance->live;
  invoke(instance->dispatch, call);
  player.removeInstance(instance);
  return Status::ok();
}

Status hook(Player& player, EnumeratePhysicalDeviceGroupsCall&, EnumeratePhysicalDeviceGroupsCall& captured) {
  return enumerateGpus(player, captured);
}

Status hook(Player& player, EnumeratePhysicalDevicesCall&, EnumeratePhysicalDevicesCall& captured) {
  return enumerateGpus(player, captured);
}

Status hook(Player& player, GetDeviceQueueCall& call, GetDeviceQueueCall& captured) {
  return issueBy(player, call, captured, [&] {
    const QueuePlan::Place place =
        player.device()->queues.placeOf(captured.queueFamilyIndex, 0, captured.queueIndex);
    call.queueFamilyIndex = place.family;
    call.queueIndex = place.index;
    invoke(player.dispatch(), call);
  });
}

Status hook(Player& player, GetDeviceQueue2Call& call, GetDeviceQueue2Call& captured) {
  if (!call.pQueueInfo) return issue(player, call, captured);
  auto& info = const_cast<VkDeviceQueueInfo2&>(*call.pQueueInfo);
  const QueuePlan::Place place =
      player.device()->queues.placeOf(info.queueFamilyIndex, info.flags, info.queueIndex);
  return issueBy(player, call, captured, [&] {
    info.queueFamilyIndex = place.family;
    info.queueIndex = place.index;
    invoke(player.dispatch(), call);
  });
}

Status hook(Player& player, GetPhysicalDeviceExternalImageFormatPropertiesNVCall& call,
            GetPhysicalDeviceExternalImageFormatPropertiesNVCall& captured) {
  if (Player::has(player.dispatch(), call.kId)) return issue(player, call, captured);
  player.external().answerNvQuery(call.externalHandleType);
  return Status::ok();
}

Status hook(Player& player, GetPhysicalDeviceMemoryPropertiesCall& call,
            GetPhysicalDeviceMemoryPropertiesCall& captured) {
  if (player.event().has_outputs && captured.pMemoryProperties)
    player.capturedGpu(valueOf(captured.physicalDevice)).memory = *captured.pMemoryProperties;
  return issue(player, call, captured);
}

Status hook(Player& player, GetPhysicalDeviceMemoryProperties2Call& call,
            GetPhysicalDeviceMemoryProperties2Call& captured) {
  if (player.event().has_outputs && captured.pMemoryProperties)
    player.capturedGpu(valueOf(captured.physicalDevice)).memory =
        captured.pMemoryProperties->memoryProperties;
  return issue(player, call, captured);
}

Status hook(Player& player, GetPhysicalDevicePropertiesCall& call,
            GetPhysicalDevicePropertiesCall& captured) {
  if (player.event().has_outputs && captured.pProperties)
    player.capturedGpu(valueOf(captured.physicalDevice)).properties = *captured.pProperties;
  return issue(player, call, captured);
}

Status hook(Player& player, GetPhysicalDeviceProperties2Call& call,
            GetPhysicalDeviceProperties2Call& captured) {
  if (player.event().has_outputs && captured.pProperties)
    player.capturedGpu(valueOf(captured.physicalDevice)).properties = captured.pProperties->properties;
  return issue(player, call, captured);
}

Status hook(Player& player, GetPhysicalDeviceQueueFamilyPropertiesCall& call,
            GetPhysicalDeviceQueueFamilyPropertiesCall& captured) {
  learnFamilies(player, captured.physicalDevice, captured.pQueueFamilyProperties,
                captured.pQueueFamilyPropertyCount);
  return issue(player, call, captured);
}

Status hook(Player& player, GetPhysicalDeviceQueueFamilyProperties2Call& call,
            GetPhysicalDeviceQueueFamilyProperties2Call& captured) {
  learnFamilies(player, captured.physicalDevice, captured.pQueueFamilyProperties,
                captured.pQueueFamilyPropertyCount);
  return issue(player, call, captured);
}

}  // namespace reprise

#include "replay/target.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "format/vk_promoted.h"
#include "replay/chains.h"
#include "replay/left_out.h"
#include "replay/session.h"

namespace reprise {
namespace {

constexpr const char* kValidationLayer = "VK_LAYER_KHRONOS_validation";

bool hasLayer(const Dispatch& d, const char* wanted) {
  uint32_t count = 0;
  if (d.EnumerateInstanceLayerProperties(&count, nullptr) != VK_SUCCESS) return false;
  std::vector<VkLayerProperties> list(count);
  if (d.EnumerateInstanceLayerProperties(&count, list.data()) < 0) return false;
  list.resize(count);
  return std::any_of(list.begin(), list.end(),
                     [&](const auto& l) { return std::strcmp(l.layerName, wanted) == 0; });
}

// "VK_KHR_xcb_surface" and its like: a window system.
bool isPlatformSurface(std::string_view name) {
  return name.ends_with("_surface") && name != VK_KHR_SURFACE_EXTENSION_NAME;
}

// Names decoded from a trace: any of them may be null.
std::vector<std::string> namesOf(const char* const* names, uint32_t count) {
  std::vector<std::string> list;
  for (uint32_t i = 0; names && i < count; ++i)
    if (names[i]) list.emplace_back(names[i]);
  return list;
}

std::vector<const char*> pointers(const std::vector<std::string>& names) {
  std::vector<const char*> list;
  for (const std::string& name : names) list.push_back(name.c_str());
  return list;
}

bool anyContains(const std::vector<std::string>& names, std::string_view part) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return name.find(part) != std::string::npos; });
}

// What the program's external objects need here beside what it enabled: descriptors are how a payload is
// passed on this system, and a program of Vulkan 1.0 may know the NV forms only.
void addForSharing(std::vector<std::string>& names, const std::set<std::string>& available, bool core_1_1) {
  struct Row {
    std::string_view part;  // of the name of an extension that the program has
    const char* added;
    bool in_1_1;
  };
  static constexpr Row kRows[] = {
      {"_external_memory", VK_KHR_EXTERNAL_MEMORY_EXTENSION_NAME, true},
      {"_external_memory", VK_KHR_GET_MEMORY_REQUIREMENTS_2_EXTENSION_NAME, true},
      {"_external_memory", VK_KHR_DEDICATED_ALLOCATION_EXTENSION_NAME, true},
      {"_external_memory", VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME, false},
      {"_external_semaphore", VK_KHR_EXTERNAL_SEMAPHORE_EXTENSION_NAME, true},
      {"_external_semaphore", VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME, false},
      {"_external_fence", VK_KHR_EXTERNAL_FENCE_EXTENSION_NAME, true},
      {"_external_fence", VK_KHR_EXTERNAL_FENCE_FD_EXTENSION_NAME, false},
  };
  const std::vector<std::string> captured = names;
  for (const Row& row : kRows) {
    if ((row.in_1_1 && core_1_1) || !anyContains(captured, row.part) || !available.contains(row.added) ||
        std::find(names.begin(), names.end(), row.added) != names.end())
      continue;
    names.push_back(row.added);
  }
}

// The instance extensions of the replay, from those of the program.
Status chooseExtensions(Player& player, std::vector<std::string> captured, std::vector<std::string>& chosen) {
  std::set<std::string> available = instanceExtensions(player.global(), nullptr);
  if (player.options().validate) available.merge(instanceExtensions(player.global(), kValidationLayer));
  if (std::any_of(captured.begin(), captured.end(), isPlatformSurface)) {
    Status status = player.window().open();
    if (!status) return status;
    if (player.window().isXcb() && !available.contains(VK_KHR_XCB_SURFACE_EXTENSION_NAME)) {
      if (player.options().wsi == Wsi::kXcb)
        return player.error(Code::kCannotRun,
                            "no driver of this machine has VK_KHR_xcb_surface; replay with --wsi headless");
      player.window().fallBackToHeadless("no driver of this machine has VK_KHR_xcb_surface");
    }
    if (player.window().isXcb()) captured.push_back(VK_KHR_XCB_SURFACE_EXTENSION_NAME);
  }
  if (anyContains(captured, "_external_"))
    for (const char* name : {VK_KHR_GET_PHYSICAL_DEVICE_PROPERTIES_2_EXTENSION_NAME,
                             VK_KHR_EXTERNAL_MEMORY_CAPABILITIES_EXTENSION_NAME,
                             VK_KHR_EXTERNAL_SEMAPHORE_CAPABILITIES_EXTENSION_NAME,
                             VK_KHR_EXTERNAL_FENCE_CAPABILITIES_EXTENSION_NAME})
      if (available.contains(name)) captured.push_back(name);
  captured.push_back(
      VK_EXT_DEBUG_UTILS_EXTENSION_NAME);  // for the label at a present, and validation messages
  for (const std::string& name : captured) {
    if (isPlatformSurface(name) && !(player.window().isXcb() && name == VK_KHR_XCB_SURFACE_EXTENSION_NAME))
      continue;
    if (!available.contains(name)) {
      player.note("instance extension " + name + " left out: not available here");
    } else if (std::find(chosen.begin(), chosen.end(), name) == chosen.end()) {
      chosen.push_back(name);
    }
  }
  return Status::ok();
}

VKAPI_ATTR VkBool32 VKAPI_CALL onMessage(VkDebugUtilsMessageSeverityFlagBitsEXT,
                                         VkDebugUtilsMessageTypeFlagsEXT,
                                         const VkDebugUtilsMessengerCallbackDataEXT* data, void* player) {
  static_cast<Player*>(player)->validationMessage(data->pMessage ? data->pMessage : "");
  return VK_FALSE;
}

void listen(Player& player, Instance& instance) {
  VkDebugUtilsMessengerCreateInfoEXT info{};
  info.sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT;
  info.messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
  info.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
  info.pfnUserCallback = onMessage;
  info.pUserData = &player;
  if (instance.dispatch.CreateDebugUtilsMessengerEXT(instance.live, &info, nullptr, &instance.messenger) !=
      VK_SUCCESS)
    player.note("validation messages cannot be counted: no debug messenger");
}

// Whether a device with these extensions may be given that struct.
bool isHere(VkStructureType type, const std::set<std::string>& extensions, uint32_t version) {
  const std::string_view providers = providersOf(type);
  return providers.empty() || anyProvider(providers, [&](std::string_view provider) {
           if (const uint32_t since = versionNamed(provider)) return since <= version;
           const ExtensionFate* fate = extensionFate(provider);
           return !fate || !fate->of_device || extensions.contains(std::string(provider));
         });
}

// Takes structs out of the chain that the device would not know.
void limitChain(Player& player, const void*& next, const std::set<std::string>& extensions,
                uint32_t version) {
  std::vector<VkStructureType> unknown;
  for (auto* node = static_cast<const VkBaseInStructure*>(next); node; node = node->pNext)
    if (!isHere(node->sType, extensions, version)) unknown.push_back(node->sType);
  for (const VkStructureType type : unknown) {
    removeFromChain(next, type);
    if (!featureStruct(type))  // its features have been told
      player.note(std::string(structName(type)) + " left out of vkCreateDevice: not available here");
  }
}

// Switches off, in place, each feature that the program enabled and this device lacks.
void limitFeatures(Player& player, VkPhysicalDevice gpu, const VkDeviceCreateInfo& info) {
  std::vector<const FeatureStruct*> structs;
  std::vector<void*> wanted;
  forEachFeatureStruct(info, [&](const FeatureStruct& one, void* place) {
    structs.push_back(&one);
    wanted.push_back(place);
  });
  FeaturesHere here(player.instance()->dispatch, gpu, structs);
  for (size_t i = 0; i < structs.size(); ++i)
    for (const Feature& feature : structs[i]->features) {
      VkBool32& value = featureValue(wanted[i], feature);
      if (!value || here.has(i, feature)) continue;
      value = VK_FALSE;
      if (!player.preflight().judgesFeatures())
        player.note("feature " + std::string(feature.name) + " of " + structs[i]->name +
                    " left out: not available here");
    }
}

// "GRAPHICS, COMPUTE"
std::string abilityNames(VkQueueFlags flags) {
  std::string list;
  for (const EnumName& name : kVkQueueFlagBitsNames.values) {
    if (!(flags & name.value)) continue;
    std::string_view bit = name.name;
    bit.remove_prefix(std::strlen("VK_QUEUE_"));
    bit.remove_suffix(std::strlen("_BIT"));
    (list += list.empty() ? "" : ", ") += bit;
  }
  return list;
}

void noteQueues(Player& player, const VkDeviceCreateInfo& info, const FamilyMap& map, const QueuePlan& plan) {
  for (uint32_t i = 0; i < info.queueCreateInfoCount; ++i) {
    const uint32_t captured = info.pQueueCreateInfos[i].queueFamilyIndex;
    if (map.liveOf(captured) != captured)
      player.note("queue family " + std::to_string(captured) + " is played on family " +
                  std::to_string(map.liveOf(captured)) + " of this device");
  }
  if (plan.sharesQueues()) player.note("this device has fewer queues: some of the program's share one");
}

// Which queues of this device stand for those that the program asks for.
Status planQueues(Player& player, VkPhysicalDevice gpu, const VkDeviceCreateInfo& info,
                  const CapturedGpu& captured, FamilyMap& map, QueuePlan& plan) {
  if (info.queueCreateInfoCount && !info.pQueueCreateInfos)
    return player.error(Code::kUnreadable, "creates a device without describing its queues");
  const std::vector<QueueFamily>& were =
      captured.families.empty() ? player.describedFamilies() : captured.families;
  const std::vector<QueueFamily> here = queueFamilies(player.instance()->dispatch, gpu);
  if (!player.sameGpu()) map = FamilyMap(were, here);
  const std::span infos(info.pQueueCreateInfos, info.queueCreateInfoCount);
  for (const VkDeviceQueueCreateInfo& queues : infos) {
    if (queues.queueCount && !queues.pQueuePriorities)
      return player.error(Code::kUnreadable, "creates queues without priorities");
    const uint32_t wanted = queues.queueFamilyIndex;
    const uint32_t family = map.liveOf(wanted);
    if (family < here.size() && here[family].count != 0) continue;
    const std::string abilities =
        wanted < were.size() ? " (" + abilityNames(were[wanted].flags) + ")" : std::string();
    return player.error(Code::kCannotRun, "needs queue family " + std::to_string(wanted) + abilities +
                                              ", and no family of this device can stand for it");
  }
  plan = QueuePlan(infos, map, here);
  if (!plan.complete())
    return player.error(Code::kCannotRun,
                        "needs queues with other flags of a family that has too few of them here");
  noteQueues(player, info, map, plan);
  return Status::ok();
}

std::vector<VkDeviceQueueCreateInfo> createInfos(const QueuePlan& plan) {
  std::vector<VkDeviceQueueCreateInfo> infos;
  for (const QueuePlan::Group& group : plan.groups())
    infos.push_back({VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, group.next, group.flags, group.family,
                     static_cast<uint32_t>(group.priorities.size()), group.priorities.data()});
  return infos;
}

void learnQueues(Device& device) {
  for (const QueuePlan::Group& group : device.queues.groups()) {
    for (uint32_t index = 0; index < group.priorities.size(); ++index) {
      VkQueue queue = VK_NULL_HANDLE;
      if (group.flags == 0) {
        device.dispatch.GetDeviceQueue(device.live, group.family, index, &queue);
      } else if (device.dispatch.GetDeviceQueue2) {
        const VkDeviceQueueInfo2 wanted{VK_STRUCTURE_TYPE_DEVICE_QUEUE_INFO_2, nullptr, group.flags,
                                        group.family, index};
        device.dispatch.GetDeviceQueue2(device.live, &wanted, &queue);
      }
      if (queue) device.families[queue] = group.family;
      if (device.first_queue || !queue) continue;
      device.first_queue = queue;
      device.first_family = group.family;
    }
  }
}

// Depth and stencil formats that the program may have found on its device.
FormatFallbacks formatFallbacks(Player& player, VkPhysicalDevice gpu) {
  if (player.sameGpu()) return {};
  return FormatFallbacks([&](VkFormat format) {
    VkFormatProperties properties{};
    player.instance()->dispatch.GetPhysicalDeviceFormatProperties(gpu, format, &properties);
    return (properties.optimalTilingFeatures & VK_FORMAT_FEATURE_DEPTH_STENCIL_ATTACHMENT_BIT) != 0;
  });
}

}  // namespace

std::vector<QueueFamily> queueFamilies(const Dispatch& d, VkPhysicalDevice gpu) {
  uint32_t count = 0;
  d.GetPhysicalDeviceQueueFamilyProperties(gpu, &count, nullptr);
  std::vector<VkQueueFamilyProperties> list(count);
  d.GetPhysicalDeviceQueueFamilyProperties(gpu, &count, list.data());
  std::vector<QueueFamily> families;
  for (const VkQueueFamilyProperties& family : list)
    families.push_back({family.queueFlags, family.queueCount, family.timestampValidBits});
  return families;
}

FeaturesHere::FeaturesHere(const Dispatch& d, VkPhysicalDevice gpu,
                           std::span<const FeatureStruct* const> structs) {
  VkPhysicalDeviceFeatures2 root{};
  root.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  for (const FeatureStruct* one : structs) {
    auto& answer = answers_.emplace_back(one->size / sizeof(uint64_t) + 1);
    if (one->isPlain()) continue;
    auto* node = reinterpret_cast<VkBaseOutStructure*>(answer.data());
    node->sType = one->type;
    node->pNext = static_cast<VkBaseOutStructure*>(root.pNext);
    root.pNext = node;
  }
  if (d.GetPhysicalDeviceFeatures2)
    d.GetPhysicalDeviceFeatures2(gpu, &root);
  else
    d.GetPhysicalDeviceFeatures(gpu, &root.features);
  for (size_t i = 0; i < structs.size(); ++i)
    if (structs[i]->isPlain()) std::memcpy(answers_[i].data(), &root.features, sizeof root.features);
}

std::set<std::string> instanceExtensions(const Dispatch& d, const char* layer) {
  uint32_t count = 0;
  if (d.EnumerateInstanceExtensionProperties(layer, &count, nullptr) != VK_SUCCESS) return {};
  std::vector<VkExtensionProperties> list(count);
  if (d.EnumerateInstanceExtensionProperties(layer, &count, list.data()) < 0) return {};
  std::set<std::string> names;
  for (uint32_t i = 0; i < count; ++i) names.insert(list[i].extensionName);
  return names;
}

std::set<std::string> deviceExtensions(const Dispatch& d, VkPhysicalDevice gpu) {
  uint32_t count = 0;
  if (d.EnumerateDeviceExtensionProperties(gpu, nullptr, &count, nullptr) != VK_SUCCESS) return {};
  std::vector<VkExtensionProperties> list(count);
  if (d.EnumerateDeviceExtensionProperties(gpu, nullptr, &count, list.data()) < 0) return {};
  std::set<std::string> names;
  for (uint32_t i = 0; i < count; ++i) names.insert(list[i].extensionName);
  return names;
}

Status createInstance(Player& player, CreateInstanceCall& call, uint64_t captured) {
  if (!call.pCreateInfo) return player.error(Code::kUnreadable, "has no create info");
  VkInstanceCreateInfo info = *call.pCreateInfo;
  std::vector<std::string> names;
  Status status =
      chooseExtensions(player, namesOf(info.ppEnabledExtensionNames, info.enabledExtensionCount), names);
  if (!status) return status;
  const std::vector<const char*> extensions = pointers(names);
  if (player.options().validate && !hasLayer(player.global(), kValidationLayer))
    return player.error(Code::kCannotRun, std::string(kValidationLayer) +
                                              " is not installed (Debian: vulkan-validationlayers)");
  info.pNext = nullptr;  // callbacks of the captured process and settings of its layers
  info.enabledLayerCount = player.options().validate ? 1 : 0;
  info.ppEnabledLayerNames = &kValidationLayer;
  info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  VkInstance live = VK_NULL_HANDLE;
  const VkResult result = player.global().CreateInstance(&info, nullptr, &live);
  if (result != VK_SUCCESS)
    return player.error(Code::kCannotRun,
                        std::string("no Vulkan instance on this machine: ") + resultName(result));
  Instance& instance = player.addInstance(captured, live);
  const std::set<std::string> enabled(names.begin(), names.end());
  if (info.pApplicationInfo)
    instance.api_version = std::max(info.pApplicationInfo->apiVersion, VK_API_VERSION_1_0);
  preferExtensions(instance.dispatch, instance.api_version);
  instance.has_debug_utils = enabled.contains(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
  instance.has_xcb_surface = enabled.contains(VK_KHR_XCB_SURFACE_EXTENSION_NAME);
  if (player.options().validate && instance.has_debug_utils) listen(player, instance);
  return Status::ok();
}

Status createDevice(Player& player, CreateDeviceCall& call, uint64_t captured_gpu, uint64_t captured) {
  if (!call.pCreateInfo) return player.error(Code::kUnreadable, "has no create info");
  VkDeviceCreateInfo info = *call.pCreateInfo;
  const VkPhysicalDevice gpu = call.physicalDevice;
  const std::set<std::string> available = deviceExtensions(player.instance()->dispatch, gpu);
  std::vector<std::string> names;
  const std::vector<std::string> captured_names =
      namesOf(info.ppEnabledExtensionNames, info.enabledExtensionCount);
  std::vector<std::string> wanted = captured_names;
  VkPhysicalDeviceProperties properties{};
  player.instance()->dispatch.GetPhysicalDeviceProperties(gpu, &properties);
  const uint32_t version = std::min(player.instance()->api_version, properties.apiVersion);
  addForSharing(wanted, available, version >= VK_API_VERSION_1_1);
  for (const std::string& name : wanted) {
    if (available.contains(name)) {
      names.push_back(name);
    } else if (!player.preflight().judgesExtensions()) {
      player.note("device extension " + name + " left out: not available here");
    }
  }
  const std::vector<const char*> extensions = pointers(names);
  removeFromChain(info.pNext, VK_STRUCTURE_TYPE_DEVICE_DEVICE_MEMORY_REPORT_CREATE_INFO_EXT);  // a callback
  const auto* group = findInChain<VkDeviceGroupDeviceCreateInfo>(
      info.pNext, VK_STRUCTURE_TYPE_DEVICE_GROUP_DEVICE_CREATE_INFO);
  if (group && group->physicalDeviceCount > 1) {
    player.note("a device group is played on one device");
    removeFromChain(info.pNext, VK_STRUCTURE_TYPE_DEVICE_GROUP_DEVICE_CREATE_INFO);
  }
  FamilyMap families;
  QueuePlan queues;
  Status status = planQueues(player, gpu, info, player.capturedGpu(captured_gpu), families, queues);
  if (!status) return status;
  const std::vector<VkDeviceQueueCreateInfo> queue_infos = createInfos(queues);
  info.queueCreateInfoCount = static_cast<uint32_t>(queue_infos.size());
  info.pQueueCreateInfos = queue_infos.data();
  limitFeatures(player, gpu, info);
  limitChain(player, info.pNext, std::set<std::string>(names.begin(), names.end()), version);
  OpaqueDevice opaque = player.opaque().prepare(player.instance()->dispatch, gpu, info);
  info.enabledLayerCount = 0;
  info.ppEnabledLayerNames = nullptr;
  info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
  info.ppEnabledExtensionNames = extensions.data();
  VkDevice live = VK_NULL_HANDLE;
  const auto create = [&] { return player.instance()->dispatch.CreateDevice(gpu, &info, nullptr, &live); };
  VkResult result = create();
  if (result != VK_SUCCESS && !opaque.added.empty()) {
    player.note(std::string("this device refuses the features that keep addresses (") + resultName(result) +
                "): they are translated");
    OpaqueAddresses::withdraw(opaque);
    result = create();
  }
  if (result != VK_SUCCESS)
    return player.error(Code::kCannotRun,
                        std::string("this machine's device refuses: ") + resultName(result));
  Device& device = player.addDevice(captured, live, captured_gpu, gpu);
  device.extensions.insert(names.begin(), names.end());
  device.captured_extensions.insert(captured_names.begin(), captured_names.end());
  const auto lost = [&](const char* name) {
    return device.captured_extensions.contains(name) && !device.extensions.contains(name);
  };
  device.lacks_external_family =
      lost(VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME) ||
      (device.api_version < VK_API_VERSION_1_1 && lost(VK_KHR_EXTERNAL_MEMORY_EXTENSION_NAME));
  device.numbers.families = std::move(families);
  device.numbers.formats = formatFallbacks(player, gpu);
  device.opaque = opaque;
  device.queues = std::move(queues);
  if (device.queues.sharesQueues()) device.held = std::make_unique<HeldSubmits>();
  learnQueues(device);
  return Status::ok();
}

}  // namespace reprise

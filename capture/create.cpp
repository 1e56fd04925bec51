#include "capture/create.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <new>
#include <span>

#include "capture/host_copies.h"
#include "capture/lanes.h"
#include "capture/memory.h"
#include "capture/metadata.h"
#include "capture/opaque_addresses.h"
#include "capture/options.h"
#include "capture/outside_copy.h"
#include "capture/payloads.h"
#include "capture/recorder.h"
#include "capture/update_templates.h"
#include "format/vk_promoted.h"

namespace reprise::capture {
namespace {

// The loader's link to the next layer, which each layer moves on by one. Null if this is no loader's call.
template <class Link, VkStructureType kType, class Info>
Link* findLink(const Info& info) {
  for (auto* node = static_cast<const VkBaseInStructure*>(info.pNext); node; node = node->pNext) {
    auto* link = reinterpret_cast<Link*>(const_cast<VkBaseInStructure*>(node));
    if (node->sType == kType && link->function == VK_LAYER_LINK_INFO) return link;
  }
  return nullptr;
}

// The program's extensions and those of `wanted` that it lacks, which are noted in `added`.
class ExtensionList {
 public:
  ExtensionList(const char* const* names, uint32_t count) : names_(names, names + count) {}
  bool has(std::string_view name) const {
    return std::any_of(names_.begin(), names_.end(), [&](const char* there) { return name == there; });
  }
  void want(const char* name, std::vector<const char*>& added) {
    if (has(name)) return;
    names_.push_back(name);
    added.push_back(name);
  }
  const std::vector<const char*>& names() const { return names_; }

 private:
  std::vector<const char*> names_;
};

template <class Info>
Info withExtensions(const Info& info, const ExtensionList& list) {
  Info changed = info;
  changed.enabledExtensionCount = uint32_t(list.names().size());
  changed.ppEnabledExtensionNames = list.names().data();
  return changed;
}

// Calls `create` with the extensions that we want, and where that fails with the program's own.
template <class Info, class Create>
VkResult createWith(const Info& info, const ExtensionList& list, std::vector<const char*>& added,
                    Create create) {
  if (!added.empty()) {
    const Info changed = withExtensions(info, list);
    const VkResult result = create(&changed);
    if (result >= 0) return result;
    added.clear();
  }
  return create(&info);
}

void warnOfUnknown(const char* const* names, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    if (isKnownExtension(names[i])) continue;
    char text[VK_MAX_EXTENSION_NAME_SIZE + 80];
    std::snprintf(text, sizeof text, "%s is newer than this build: its commands pass unrecorded", names[i]);
    recordHole(HoleCause::kUnknownCommand, 0, text);
    warn("%s", text);
  }
}

VkResult createNextInstance(CreateInstanceCall& call, NextLayer& next) {
  const VkInstanceCreateInfo& info = *call.pCreateInfo;
  auto* link = findLink<VkLayerInstanceCreateInfo, VK_STRUCTURE_TYPE_LOADER_INSTANCE_CREATE_INFO>(info);
  if (link == nullptr || link->u.pLayerInfo == nullptr) return VK_ERROR_INITIALIZATION_FAILED;
  VkLayerInstanceLink* const here = link->u.pLayerInfo;
  next.instance_proc = here->pfnNextGetInstanceProcAddr;
  next.physical_device_proc = here->pfnNextGetPhysicalDeviceProcAddr;
  const auto create =
      reinterpret_cast<PFN_vkCreateInstance>(next.instance_proc(VK_NULL_HANDLE, "vkCreateInstance"));
  if (create == nullptr) return VK_ERROR_INITIALIZATION_FAILED;

  if (info.pApplicationInfo && info.pApplicationInfo->apiVersion)
    next.api_version = info.pApplicationInfo->apiVersion;
  ExtensionList list(info.ppEnabledExtensionNames, info.enabledExtensionCount);
  const bool core = next.api_version >= VK_API_VERSION_1_1;
  if (!core && optionIs(Option::kMemory, "auto")) {
    list.want(VK_KHR_GET_PHYSICAL_DEVICE_PROPERTIES_2_EXTENSION_NAME, next.added);
    list.want(VK_KHR_EXTERNAL_MEMORY_CAPABILITIES_EXTENSION_NAME, next.added);
  }
  const bool wanted = !next.added.empty();
  const VkResult result = createWith(info, list, next.added, [&](const VkInstanceCreateInfo* changed) {
    link->u.pLayerInfo = here->pNext;
    return create(changed, call.pAllocator, call.pInstance);
  });
  next.external_memory_queries = core || (list.has(VK_KHR_EXTERNAL_MEMORY_CAPABILITIES_EXTENSION_NAME) &&
                                          !(wanted && next.added.empty()));
  return result;
}

void loadPhysicalDeviceCommands(NextLayer& next) {
  if (next.physical_device_proc == nullptr) return;
  for (size_t i = 1; i < kCommandCount; ++i) {
    const CommandInfo& info = commandInfo(Command(i));
    if (info.dispatch == HandleKind::kVkPhysicalDevice && !functionOf(next.dispatch, Command(i)))
      setFunction(next.dispatch, Command(i), next.physical_device_proc(next.instance, info.name));
  }
}

uint32_t driverVersion(const Dispatch& instance, VkPhysicalDevice physical_device) {
  VkPhysicalDeviceProperties properties{};
  instance.GetPhysicalDeviceProperties(physical_device, &properties);
  return properties.apiVersion;
}

// The extension that memory tracking imports its pages with, where driver and program's version allow it.
void wantHostImport(const NextLayer& instance, VkPhysicalDevice physical_device, ExtensionList& list,
                    std::vector<const char*>& added) {
  if (!optionIs(Option::kMemory, "auto") || !instance.external_memory_queries) return;
  const auto available = driverExtensions(instance.dispatch, physical_device);
  const auto has = [&](std::string_view name) {
    return std::any_of(available.begin(), available.end(),
                       [&](const auto& e) { return name == e.extensionName; });
  };
  const uint32_t version = std::min(instance.api_version, driverVersion(instance.dispatch, physical_device));
  const bool core = version >= VK_API_VERSION_1_1;
  if (!has(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME)) return;
  if (!core && !has(VK_KHR_EXTERNAL_MEMORY_EXTENSION_NAME)) return;
  if (!core) list.want(VK_KHR_EXTERNAL_MEMORY_EXTENSION_NAME, added);
  list.want(VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME, added);
}

VkResult createNextDevice(CreateDeviceCall& call, const NextLayer& instance, NextLayer& next) {
  const VkDeviceCreateInfo& info = *call.pCreateInfo;
  auto* link = findLink<VkLayerDeviceCreateInfo, VK_STRUCTURE_TYPE_LOADER_DEVICE_CREATE_INFO>(info);
  if (link == nullptr || link->u.pLayerInfo == nullptr) return VK_ERROR_INITIALIZATION_FAILED;
  VkLayerDeviceLink* const here = link->u.pLayerInfo;
  next.device_proc = here->pfnNextGetDeviceProcAddr;
  const auto create = reinterpret_cast<PFN_vkCreateDevice>(
      here->pfnNextGetInstanceProcAddr(instance.instance, "vkCreateDevice"));
  if (create == nullptr) return VK_ERROR_INITIALIZATION_FAILED;

  ExtensionList list(info.ppEnabledExtensionNames, info.enabledExtensionCount);
  wantHostImport(instance, call.physicalDevice, list, next.added);
  opaque::DeviceFeatures features(instance, call.physicalDevice, info);
  const VkDevice loaders = *call.pDevice;  // the loader's end of the chain finds its own object there
  return createWith(info, list, next.added, [&](const VkDeviceCreateInfo* changed) {
    const auto attempt = [&](const VkDeviceCreateInfo& asked) {
      link->u.pLayerInfo = here->pNext;
      *call.pDevice = loaders;
      return create(call.physicalDevice, &asked, call.pAllocator, call.pDevice);
    };
    next.capture_replay = features.on();
    if (!features.change()) return attempt(*changed);
    link->u.pLayerInfo = here->pNext;  // before the node is copied
    VkDeviceCreateInfo asked = *changed;
    features.apply(asked);
    const VkResult result = attempt(asked);
    if (result >= 0) return result;
    next.capture_replay = features.own();
    return attempt(*changed);
  });
}

// Such a program says itself where memory is mapped: pages of ours would lie elsewhere.
bool placesMappings([[maybe_unused]] const VkDeviceCreateInfo& info) {
#if defined(VK_EXT_map_memory_placed)
  for (auto* node = static_cast<const VkBaseInStructure*>(info.pNext); node; node = node->pNext)
    if (node->sType == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MAP_MEMORY_PLACED_FEATURES_EXT)
      return reinterpret_cast<const VkPhysicalDeviceMapMemoryPlacedFeaturesEXT*>(node)->memoryMapPlaced;
#endif
  return false;
}

// Hosts cannot import where neither the program nor we enabled it, whatever pointers the driver gives out.
void trackMemory(const NextLayer& next, const VkDeviceCreateInfo& info, const Dispatch& instance) {
  if (optionIs(Option::kMemory, "off")) return;
  constexpr std::string_view kHostImport = VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME;
  const std::span asked(info.ppEnabledExtensionNames, info.enabledExtensionCount);
  Dispatch dispatch = next.dispatch;
  if (std::find(next.added.begin(), next.added.end(), kHostImport) == next.added.end() &&
      (!optionIs(Option::kMemory, "auto") ||
       std::find(asked.begin(), asked.end(), kHostImport) == asked.end()))
    dispatch.GetMemoryHostPointerPropertiesEXT = nullptr;
  try {
    memory::deviceCreated(next.device, dispatch, next.physical_device, instance, !placesMappings(info));
  } catch (const std::bad_alloc&) {
    constexpr const char* kWhy =
        "no memory to follow a device's memory: what the program writes there is missing";
    recordHole(HoleCause::kUntrackedMemory, 0, kWhy);
    warn("%s", kWhy);
  }
}

// Metadata is worth having, not worth failing for.
template <class Text>
void describe(MetadataKind kind, Text text) {
  try {
    recordMetadata(kind, text());
  } catch (const std::bad_alloc&) {
    warn("no memory for metadata: the trace lacks it");
  }
}

// Devices come and go on any thread: a place that is being taken has a key that no device has.
void becomeFirst(NextLayer& next) {
  uint64_t nobody = 0;
  if (!first_device.key.compare_exchange_strong(nobody, ~uint64_t{0})) return;
  first_device.next.store(&next, std::memory_order_relaxed);
  first_device.key.store(dispatchKey(next.device), std::memory_order_release);
}

template <class Create>
VkResult withoutExceptions(Create create) {
  try {
    return create();
  } catch (const std::bad_alloc&) {
    return VK_ERROR_OUT_OF_HOST_MEMORY;
  }
}

}  // namespace

void createInstance(CreateInstanceCall& call, Command called) {
  attach();
  std::unique_ptr<NextLayer> next(new (std::nothrow) NextLayer);
  record(call, called, [&] {
    call.result = next ? withoutExceptions([&] { return createNextInstance(call, *next); })
                       : VK_ERROR_OUT_OF_HOST_MEMORY;
    if (call.result < 0) return;
    next->instance = *call.pInstance;
    loadInstance(next->dispatch, next->instance_proc, next->instance);
    loadPhysicalDeviceCommands(*next);
    preferExtensions(next->dispatch, next->api_version);
    if (!next_layers.insert(dispatchKey(next->instance), 0, next.get())) {
      next->dispatch.DestroyInstance(next->instance, call.pAllocator);
      *call.pInstance = VK_NULL_HANDLE;
      call.result = VK_ERROR_OUT_OF_HOST_MEMORY;
    }
  });
  if (call.result < 0) return;
  next.release();
  describe(kMetadataApplication, [&] { return applicationMetadata(*call.pCreateInfo); });
  warnOfUnknown(call.pCreateInfo->ppEnabledExtensionNames, call.pCreateInfo->enabledExtensionCount);
}

// The entry goes first: the loader may give its address to a new instance as soon as the next layer is
// through.
void destroyInstance(DestroyInstanceCall& call, Command called) {
  if (call.instance == VK_NULL_HANDLE) return;
  const std::unique_ptr<NextLayer> next(next_layers.erase(dispatchKey(call.instance)));
  if (next) record(call, called, [&] { invoke(next->dispatch, call); });
}

void createDevice(CreateDeviceCall& call, Command called) {
  const NextLayer& instance = *nextOf(call.physicalDevice);
  std::unique_ptr<NextLayer> next(new (std::nothrow) NextLayer);
  record(call, called, [&] {
    call.result = next ? withoutExceptions([&] { return createNextDevice(call, instance, *next); })
                       : VK_ERROR_OUT_OF_HOST_MEMORY;
    if (call.result < 0) return;
    next->instance = instance.instance;
    next->physical_device = call.physicalDevice;
    next->device = *call.pDevice;
    next->api_version = std::min(instance.api_version, driverVersion(instance.dispatch, call.physicalDevice));
    loadDevice(next->dispatch, next->device_proc, next->device);
    preferExtensions(next->dispatch, next->api_version);
    if (next->dispatch.GetBufferOpaqueCaptureAddress == nullptr) next->capture_replay = {};
    if (!next_layers.insert(dispatchKey(next->device), 0, next.get())) {
      next->dispatch.DestroyDevice(next->device, call.pAllocator);
      *call.pDevice = VK_NULL_HANDLE;
      call.result = VK_ERROR_OUT_OF_HOST_MEMORY;
    }
  });
  if (call.result < 0) return;
  NextLayer& made = *next.release();  // the table's until the device is destroyed
  outside::deviceCreated(*call.pCreateInfo);
  becomeFirst(made);
  laneDeviceCreated();
  trackMemory(made, *call.pCreateInfo, instance.dispatch);
  const CaptureReplay replay = made.capture_replay;
  describe(kMetadataDevice,
           [&] { return deviceMetadata(instance, call.physicalDevice, *call.pCreateInfo, replay); });
  describe(kMetadataCapture, [] { return captureMetadata(memory::methodName()); });
  warnOfUnknown(call.pCreateInfo->ppEnabledExtensionNames, call.pCreateInfo->enabledExtensionCount);
}

void destroyDevice(DestroyDeviceCall& call, Command called) {
  if (call.device == VK_NULL_HANDLE) return;
  outside::deviceGone(call.device);
  payloads::deviceGone(call.device);
  uint64_t key = dispatchKey(call.device);
  const std::unique_ptr<NextLayer> next(next_layers.erase(key));
  if (!next) return;
  first_device.key.compare_exchange_strong(key, 0);
  outside::destroyCopiers(*next);
  opaque::destroying(*next);
  record(call, called, [&] {
    invoke(next->dispatch, call);
    memory::deviceDestroyed(call.device);
  });
  forgetUpdateTemplates(call.device);
  host_copies::deviceGone(call.device);
}

}  // namespace reprise::capture

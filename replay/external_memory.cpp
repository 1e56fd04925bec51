#include "replay/external_memory.h"

#include <algorithm>
#include <cstdio>

#include "replay/chains.h"
#include "replay/session.h"

namespace reprise {
namespace {

constexpr ExternalObject kMemory = ExternalObject::kMemory;

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

std::u16string textOf(LPCWSTR text) {
  std::u16string copy;
  for (; text && *text; ++text) copy += char16_t(*text);
  return copy;
}

}  // namespace

const char* actionName(ObjectChange::Action action) {
  switch (action) {
    case ObjectChange::kKept:
      return "kept";
    case ObjectChange::kConverted:
      return "converted";
    case ObjectChange::kDropped:
      return "dropped";
    case ObjectChange::kAnswered:
      return "answered";
  }
  return "";
}

std::string ExternalMemory::Answer::text() const {
  if (result != VK_SUCCESS) return resultName(result);
  if (!limit.empty()) return limit;
  std::string list;
  const auto name = [&](VkExternalMemoryFeatureFlags bit, const char* word) {
    if (features & bit) list += (list.empty() ? "" : "|") + std::string(word);
  };
  name(VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT, "exportable");
  name(VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT, "importable");
  name(VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT, "dedicated only");
  return list.empty() ? "no external memory features" : list;
}

bool ExternalMemory::hasCoreForm() const {
  const Device& device = *player_.device();
  return device.api_version >= VK_API_VERSION_1_1 ||
         device.extensions.contains(VK_KHR_EXTERNAL_MEMORY_EXTENSION_NAME);
}

bool ExternalMemory::hasNvForm() const {
  return player_.device()->extensions.contains(VK_NV_EXTERNAL_MEMORY_EXTENSION_NAME);
}

ExternalMemory::Answer ExternalMemory::askImage(const VkImageCreateInfo& info, HandleTypeBit type,
                                                bool nv_form) const {
  const Device& device = *player_.device();
  const Dispatch& d = device.dispatch;
  Answer answer;
  VkImageFormatProperties limits{};
  if (nv_form && d.GetPhysicalDeviceExternalImageFormatPropertiesNV && nvFromCore(type)) {
    VkExternalImageFormatPropertiesNV found{};
    answer.result = d.GetPhysicalDeviceExternalImageFormatPropertiesNV(
        device.gpu, info.format, info.imageType, info.tiling, info.usage, info.flags, nvFromCore(type),
        &found);
    answer.features = found.externalMemoryFeatures;  // the three bits have the core ones' values
    answer.compatible = coreFromNv(found.compatibleHandleTypes);
    limits = found.imageFormatProperties;
  }
  if (!answer.yes() && d.GetPhysicalDeviceImageFormatProperties2) {
    VkPhysicalDeviceExternalImageFormatInfo external{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO, nullptr,
        VkExternalMemoryHandleTypeFlagBits(type)};
    // What else of the image's chain the query knows.
    VkImageFormatListCreateInfo list{};
    if (const auto* there = findInChain<VkImageFormatListCreateInfo>(
            info.pNext, VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO)) {
      list = *there;
      list.pNext = nullptr;
      external.pNext = &list;
    }
    VkImageStencilUsageCreateInfo stencil{};
    if (const auto* there = findInChain<VkImageStencilUsageCreateInfo>(
            info.pNext, VK_STRUCTURE_TYPE_IMAGE_STENCIL_USAGE_CREATE_INFO)) {
      stencil = *there;
      stencil.pNext = external.pNext;
      external.pNext = &stencil;
    }
    VkPhysicalDeviceImageDrmFormatModifierInfoEXT modifier{};
    if (info.tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT) {
      modifier.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT;
      modifier.pNext = external.pNext;
      modifier.sharingMode = info.sharingMode;
      modifier.queueFamilyIndexCount = info.queueFamilyIndexCount;
      modifier.pQueueFamilyIndices = info.pQueueFamilyIndices;
      const auto* explicit_one = findInChain<VkImageDrmFormatModifierExplicitCreateInfoEXT>(
          info.pNext, VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT);
      const auto* several = findInChain<VkImageDrmFormatModifierListCreateInfoEXT>(
          info.pNext, VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT);
      if (explicit_one) modifier.drmFormatModifier = explicit_one->drmFormatModifier;
      if (several && several->drmFormatModifierCount && several->pDrmFormatModifiers)
        modifier.drmFormatModifier = several->pDrmFormatModifiers[0];
      external.pNext = &modifier;
    }
    const VkPhysicalDeviceImageFormatInfo2 wanted{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
                                                  &external,
                                                  info.format,
                                                  info.imageType,
                                                  info.tiling,
                                                  info.usage,
                                                  info.flags};
    VkExternalImageFormatProperties properties{
        VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES, nullptr, {}};
    VkImageFormatProperties2 found{};
    found.sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2;
    found.pNext = &properties;
    answer.result = d.GetPhysicalDeviceImageFormatProperties2(device.gpu, &wanted, &found);
    answer.features = properties.externalMemoryProperties.externalMemoryFeatures;
    answer.compatible = properties.externalMemoryProperties.compatibleHandleTypes;
    limits = found.imageFormatProperties;
  }
  if (answer.result != VK_SUCCESS || answer.features == 0) return answer;
  if (info.mipLevels > limits.maxMipLevels) {
    answer.limit = "at most " + std::to_string(limits.maxMipLevels) + " mip levels";
  } else if (info.arrayLayers > limits.maxArrayLayers) {
    answer.limit = "at most " + std::to_string(limits.maxArrayLayers) + " array layers";
  } else if (!(info.samples & limits.sampleCounts)) {
    answer.limit = "not with this sample count";
  } else if (info.extent.width > limits.maxExtent.width || info.extent.height > limits.maxExtent.height ||
             info.extent.depth > limits.maxExtent.depth) {
    answer.limit = "not of this extent";
  }
  return answer;
}

ExternalMemory::Answer ExternalMemory::askBuffer(const VkBufferCreateInfo& info, HandleTypeBit type) const {
  const Device& device = *player_.device();
  Answer answer;
  if (!device.dispatch.GetPhysicalDeviceExternalBufferProperties) return answer;
  const VkPhysicalDeviceExternalBufferInfo wanted{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
                                                  nullptr, info.flags, info.usage,
                                                  VkExternalMemoryHandleTypeFlagBits(type)};
  VkExternalBufferProperties found{};
  found.sType = VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES;
  device.dispatch.GetPhysicalDeviceExternalBufferProperties(device.gpu, &wanted, &found);
  answer.result = VK_SUCCESS;
  answer.features = found.externalMemoryProperties.externalMemoryFeatures;
  answer.compatible = found.externalMemoryProperties.compatibleHandleTypes;
  return answer;
}

size_t ExternalMemory::report(const char* kind, uint64_t captured, const char* structure, std::string from,
                              std::string to, ObjectChange::Action action, std::string reason,
                              std::string target) {
  const Event& event = player_.event();
  return player_.changed({action, event.frame, event.call_number, std::string(event.command_name),
                          kind && *kind ? std::string(kind) + " " + hex(captured) : std::string(), structure,
                          std::move(from), std::move(to), std::move(reason), std::move(target), 1});
}

namespace {

// Leaves one form of `types` in a chain, at the place of the captured one.
template <class Core, class Nv>
void writeForm(Player& player, const void*& next, VkStructureType core_type, VkStructureType nv_type,
               HandleTypeBits types, bool nv_form) {
  auto* core = findInChain<Core>(next, core_type);
  auto* nv = findInChain<Nv>(next, nv_type);
  if (types == 0) {
    removeFromChain(next, core_type);
    removeFromChain(next, nv_type);
  } else if (nv_form) {
    if (nv) removeFromChain(next, core_type);
    if (!nv) replaceInChain(next, core_type, nv = newNode<Nv>(player.arena(), nv_type));
    nv->handleTypes = nvFromCore(types);
  } else {
    if (core) removeFromChain(next, nv_type);
    if (!core) replaceInChain(next, nv_type, core = newNode<Core>(player.arena(), core_type));
    core->handleTypes = types;
  }
}

}  // namespace

SharedTraits ExternalMemory::adaptImage(VkImageCreateInfo& info, uint64_t captured) {
  adaptFormat("VkImage", captured, info.pNext, info.format);
  adaptModifiers(info, captured);
  dropUnknownNodes(info.pNext, "VkImage", captured);
  dropForeignNodes(info.pNext, "VkImage", captured);
  const auto* core = findInChain<VkExternalMemoryImageCreateInfo>(
      info.pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO);
  const auto* nv = findInChain<VkExternalMemoryImageCreateInfoNV>(
      info.pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV);
  const HandleTypeBits in_core_form = core ? core->handleTypes : 0;
  const HandleTypeBits in_nv_form = nv ? coreFromNv(nv->handleTypes) & ~in_core_form : 0;
  const HandleTypeBits types = in_nv_form | in_core_form;
  const bool modifier = info.tiling == VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT;
  if (types == 0) {
    if (!modifier) return nullptr;
    auto only_modifier = std::make_shared<ExternalTraits>();
    only_modifier->modifier = true;
    return only_modifier;
  }
  const Subject subject{"VkImage", captured,
                        in_nv_form ? "VkExternalMemoryImageCreateInfoNV" : "VkExternalMemoryImageCreateInfo"};
  key_.assign(1, 'i');
  describe(info, key_);
  SharedTraits shared = decide(types, in_nv_form, subject, [&](HandleTypeBit type, bool nv_form) {
    return askImage(info, type, nv_form);
  });
  if (modifier) {
    auto with_modifier = std::make_shared<ExternalTraits>(*shared);
    with_modifier->modifier = true;
    shared = std::move(with_modifier);
  }
  const ExternalTraits& traits = *shared;
  writeForm<VkExternalMemoryImageCreateInfo, VkExternalMemoryImageCreateInfoNV>(
      player_, info.pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
      VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV, traits.types, traits.nv_form);
  if (traits.types && info.initialLayout != VK_IMAGE_LAYOUT_UNDEFINED) {
    report("VkImage", captured, "VkImageCreateInfo", "initialLayout PREINITIALIZED", "UNDEFINED",
           ObjectChange::kConverted, "VUID-VkImageCreateInfo-pNext-01443", "");
    info.initialLayout = VK_IMAGE_LAYOUT_UNDEFINED;
  }
  return shared;
}

SharedTraits ExternalMemory::adaptBuffer(VkBufferCreateInfo& info, uint64_t captured) {
  dropUnknownNodes(info.pNext, "VkBuffer", captured);
  dropForeignNodes(info.pNext, "VkBuffer", captured);
  const auto* core = findInChain<VkExternalMemoryBufferCreateInfo>(
      info.pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO);
  if (core == nullptr || core->handleTypes == 0) return nullptr;
  const Subject subject{"VkBuffer", captured, "VkExternalMemoryBufferCreateInfo"};
  key_.assign(1, 'b');
  describe(info, key_);
  const SharedTraits decided =
      decide(core->handleTypes, 0, subject, [&](HandleTypeBit type, bool) { return askBuffer(info, type); });
  auto traits = std::make_shared<ExternalTraits>(*decided);
  traits->nv_form = false;  // there is none for buffers
  if (traits->types) {
    const_cast<VkExternalMemoryBufferCreateInfo*>(core)->handleTypes = traits->types;
  } else {
    removeFromChain(info.pNext, VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO);
  }
  return traits;
}

void ExternalMemory::remember(HandleKind kind, uint64_t live, SharedTraits traits) {
  auto& map = player_.device()->external.of(kind);
  if (traits) {
    map[{live}] = std::move(traits);
  } else if (!map.empty()) {
    map.erase({live});
  }
}

void ExternalMemory::forget(HandleKind kind, uint64_t captured) {
  if (!player_.device() || !captured || player_.device()->external.of(kind).empty()) return;
  const HandleMap::Id id = player_.find(kind, captured);
  if (id) player_.device()->external.of(kind).erase({player_.handles().at(id).live});
}

const ExternalTraits& ExternalMemory::traitsOf(HandleKind kind, uint64_t live) const {
  static const ExternalTraits ordinary;
  const SharedTraits* found = player_.device()->external.of(kind).find({live});
  return found ? **found : ordinary;
}

bool ExternalMemory::hasModifier(uint64_t live_image) const {
  return traitsOf(HandleKind::kVkImage, live_image).modifier;
}

HandleTypeBit ExternalMemory::liveType(HandleTypeBit captured) const {
  const auto& latest = player_.device()->external.latest;
  const auto found = latest.find(captured);
  if (found != latest.end()) return found->second;
  // No object has named it yet: any buffer may stand for what will be bound.
  VkBufferCreateInfo any{};
  any.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  any.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  if (!hasCoreForm()) return 0;
  const auto& forced = player_.options().remap.forced;
  if (const auto rule = forced.find(captured); rule != forced.end())
    return rule->second && askBuffer(any, rule->second).yes() ? rule->second : 0;
  if (askBuffer(any, captured).yes()) return captured;
  for (const Preference& way : preferences(kMemory, captured))
    if (askBuffer(any, way.to).yes()) return way.to;
  return 0;
}

CapturedImport ExternalMemory::takeImport(const void*& next) {
  CapturedImport import;
  if (const auto* fd =
          findInChain<VkImportMemoryFdInfoKHR>(next, VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR);
      fd && fd->handleType)
    import = {fd->handleType, "VkImportMemoryFdInfoKHR", uint64_t(int64_t(fd->fd)), {}, true};
  if (const auto* win32 = findInChain<VkImportMemoryWin32HandleInfoKHR>(
          next, VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_KHR);
      win32 && win32->handleType)
    import = {win32->handleType, "VkImportMemoryWin32HandleInfoKHR", valueOf(win32->handle),
              textOf(win32->name), false};
  if (const auto* nv = findInChain<VkImportMemoryWin32HandleInfoNV>(
          next, VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_NV);
      nv && nv->handleType)
    import = {coreFromNv(nv->handleType), "VkImportMemoryWin32HandleInfoNV", valueOf(nv->handle), {}, false};
  if (const auto* host = findInChain<VkImportMemoryHostPointerInfoEXT>(
          next, VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT);
      host && host->handleType)
    import = {host->handleType, "VkImportMemoryHostPointerInfoEXT", valueOf(host->pHostPointer), {}, false};
  if (const auto* android = findInChain<VkImportAndroidHardwareBufferInfoANDROID>(
          next, VK_STRUCTURE_TYPE_IMPORT_ANDROID_HARDWARE_BUFFER_INFO_ANDROID))
    import = {VK_EXTERNAL_MEMORY_HANDLE_TYPE_ANDROID_HARDWARE_BUFFER_BIT_ANDROID,
              "VkImportAndroidHardwareBufferInfoANDROID",
              valueOf(android->buffer),
              {},
              false};
  if (const auto* zircon = findInChain<VkImportMemoryZirconHandleInfoFUCHSIA>(
          next, VK_STRUCTURE_TYPE_IMPORT_MEMORY_ZIRCON_HANDLE_INFO_FUCHSIA);
      zircon && zircon->handleType)
    import = {zircon->handleType, "VkImportMemoryZirconHandleInfoFUCHSIA", zircon->handle, {}, true};
  if (const auto* collection = findInChain<VkImportMemoryBufferCollectionFUCHSIA>(
          next, VK_STRUCTURE_TYPE_IMPORT_MEMORY_BUFFER_COLLECTION_FUCHSIA))
    // One buffer of the collection, however often it is imported.
    import = {VK_EXTERNAL_MEMORY_HANDLE_TYPE_ZIRCON_VMO_BIT_FUCHSIA,
              "VkImportMemoryBufferCollectionFUCHSIA",
              valueOf(collection->collection) * 0x10001 + collection->index,
              {},
              false};
  for (const VkStructureType type :
       {VK_STRUCTURE_TYPE_IMPORT_MEMORY_BUFFER_COLLECTION_FUCHSIA,
        VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR, VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_KHR,
        VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_NV,
        VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
        VK_STRUCTURE_TYPE_IMPORT_ANDROID_HARDWARE_BUFFER_INFO_ANDROID,
        VK_STRUCTURE_TYPE_IMPORT_MEMORY_ZIRCON_HANDLE_INFO_FUCHSIA})
    removeFromChain(next, type);
  return import;
}

std::u16string ExternalMemory::takeExportName(const void*& next) {
  const auto* info = findInChain<VkExportMemoryWin32HandleInfoKHR>(
      next, VK_STRUCTURE_TYPE_EXPORT_MEMORY_WIN32_HANDLE_INFO_KHR);
  std::u16string name = info ? textOf(info->name) : std::u16string();
  // With it go security attributes of the captured system.
  removeFromChain(next, VK_STRUCTURE_TYPE_EXPORT_MEMORY_WIN32_HANDLE_INFO_KHR);
  removeFromChain(next, VK_STRUCTURE_TYPE_EXPORT_MEMORY_WIN32_HANDLE_INFO_NV);
  return name;
}

HandleTypeBits ExternalMemory::adaptExport(const void*& next, const ExternalTraits* dedicated,
                                           uint64_t captured) {
  constexpr VkStructureType kCore = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO;
  constexpr VkStructureType kNv = VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO_NV;
  const auto* core = findInChain<VkExportMemoryAllocateInfo>(next, kCore);
  const auto* nv = findInChain<VkExportMemoryAllocateInfoNV>(next, kNv);
  const HandleTypeBits in_nv_form = nv ? coreFromNv(nv->handleTypes) : 0;
  const HandleTypeBits types = in_nv_form | (core ? core->handleTypes : 0);
  const bool nv_form = hasNvForm() && (dedicated && dedicated->types ? dedicated->nv_form
                                                                     : in_nv_form == types || !hasCoreForm());
  HandleTypeBits live = 0;
  for (const HandleTypeBit from : bitsOf(types)) {
    HandleTypeBit to = 0;
    if (dedicated == nullptr) {
      to = liveType(from);
    } else {
      for (const auto& [was, is] : dedicated->became)
        if (was == from) to = is;
    }
    if (nv_form && !nvFromCore(to)) to = 0;
    live |= to;
    const bool form_differs = (in_nv_form & from) && !nv_form;
    report("VkDeviceMemory", captured,
           in_nv_form & from ? "VkExportMemoryAllocateInfoNV" : "VkExportMemoryAllocateInfo",
           handleTypeName(kMemory, from), to ? handleTypeName(kMemory, to) : "",
           to == 0                      ? ObjectChange::kDropped
           : to != from || form_differs ? ObjectChange::kConverted
                                        : ObjectChange::kKept,
           to == 0        ? "nothing that it is bound to can be shared here"
           : to != from   ? "as the images and buffers that it is for"
           : form_differs ? "the core form: this device has no VK_NV_external_memory"
                          : "",
           "");
  }
  writeForm<VkExportMemoryAllocateInfo, VkExportMemoryAllocateInfoNV>(player_, next, kCore, kNv, live,
                                                                      nv_form);
  return live;
}

void ExternalMemory::answerNvQuery(VkExternalMemoryHandleTypeFlagsNV types) {
  const HandleTypeBits core = coreFromNv(types);
  HandleTypeBits would_become = 0;
  for (const HandleTypeBit from : bitsOf(core)) {
    const auto rule = player_.options().remap.forced.find(from);
    const std::vector<Preference> ways = preferences(kMemory, from);
    would_become |= rule != player_.options().remap.forced.end() ? rule->second
                    : ways.empty()                               ? 0
                                                                 : ways[0].to;
  }
  report("", 0, "vkGetPhysicalDeviceExternalImageFormatPropertiesNV",
         core ? handleTypeNames(kMemory, core) : "none",
         would_become ? handleTypeNames(kMemory, would_become) : "", ObjectChange::kAnswered,
         "from the table: this machine has no VK_NV_external_memory_capabilities", "not asked");
}

void ExternalMemory::dropForeignNodes(const void*& next, const char* kind, uint64_t captured) {
  struct Row {
    VkStructureType type;
    const char* what;
  };
  static constexpr Row kRows[] = {
      {VK_STRUCTURE_TYPE_IMPORT_METAL_BUFFER_INFO_EXT, "an MTLBuffer of the captured process"},
      {VK_STRUCTURE_TYPE_IMPORT_METAL_TEXTURE_INFO_EXT, "an MTLTexture of the captured process"},
      {VK_STRUCTURE_TYPE_IMPORT_METAL_IO_SURFACE_INFO_EXT, "an IOSurface of the captured process"},
      {VK_STRUCTURE_TYPE_IMPORT_METAL_SHARED_EVENT_INFO_EXT, "an MTLSharedEvent of the captured process"},
      {VK_STRUCTURE_TYPE_BUFFER_COLLECTION_IMAGE_CREATE_INFO_FUCHSIA,
       "a buffer collection of another system"},
      {VK_STRUCTURE_TYPE_BUFFER_COLLECTION_BUFFER_CREATE_INFO_FUCHSIA,
       "a buffer collection of another system"},
      {VK_STRUCTURE_TYPE_MEMORY_OPAQUE_CAPTURE_ADDRESS_ALLOCATE_INFO, "an address of the captured device"},
  };
  bool any = false;
  for (auto* node = static_cast<const VkBaseInStructure*>(next); node && !any; node = node->pNext)
    any = std::any_of(std::begin(kRows), std::end(kRows),
                      [&](const Row& row) { return row.type == node->sType; });
  if (!any) return;
  for (const Row& row : kRows) {
    if (!removeFromChain(next, row.type)) continue;
    report(kind, captured, structName(row.type), row.what, "", ObjectChange::kDropped,
           "it names something of the captured process", "");
  }
}

bool ExternalMemory::isUnknownNode(VkStructureType type) const {
  // The forms of external memory are translated, not dropped.
  if (type == VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV ||
      type == VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO_NV)
    return false;
  Device& device = *player_.device();
  std::optional<bool>& unknown = device.external.unknown_nodes[{uint64_t(type)}];
  if (!unknown) {
    const char* extension = structExtension(type);
    unknown =
        extension && !device.extensions.contains(extension) && device.captured_extensions.contains(extension);
  }
  return *unknown;
}

void ExternalMemory::dropUnknownNodes(const void*& next, const char* kind, uint64_t captured) {
  std::vector<VkStructureType> gone;
  for (auto* node = static_cast<const VkBaseInStructure*>(next); node; node = node->pNext) {
    if (!isUnknownNode(node->sType)) continue;
    const char* extension = structExtension(node->sType);
    gone.push_back(node->sType);
    report(kind, captured, structName(node->sType), extension, "", ObjectChange::kDropped,
           std::string("this device has no ") + extension, "");
  }
  for (const VkStructureType type : gone) removeFromChain(next, type);
}

}  // namespace reprise

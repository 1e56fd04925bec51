// What external handle types drag along: DRM format modifiers, Android's external formats.
#include <algorithm>
#include <cstdio>

#include "replay/chains.h"
#include "replay/external_memory.h"
#include "replay/session.h"

namespace reprise {
namespace {

std::string modifierName(uint64_t modifier) {
  char text[32];
  std::snprintf(text, sizeof text, "modifier 0x%llx", static_cast<unsigned long long>(modifier));
  return text;
}

constexpr uint64_t kLinearModifier = 0;  // DRM_FORMAT_MOD_LINEAR

bool suits(const Dispatch& d, VkPhysicalDevice gpu, const VkImageCreateInfo& info, VkImageTiling tiling) {
  VkImageFormatProperties found{};
  return d.GetPhysicalDeviceImageFormatProperties(gpu, info.format, info.imageType, tiling, info.usage,
                                                  info.flags, &found) == VK_SUCCESS;
}

}  // namespace

bool ExternalMemory::knowsModifier(const VkImageCreateInfo& info, uint64_t modifier) const {
  const Device& device = *player_.device();
  if (!device.extensions.contains(VK_EXT_IMAGE_DRM_FORMAT_MODIFIER_EXTENSION_NAME) ||
      !device.dispatch.GetPhysicalDeviceImageFormatProperties2)
    return false;
  const VkPhysicalDeviceImageDrmFormatModifierInfoEXT of{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_DRM_FORMAT_MODIFIER_INFO_EXT,
      nullptr,
      modifier,
      info.sharingMode,
      info.queueFamilyIndexCount,
      info.pQueueFamilyIndices};
  const VkPhysicalDeviceImageFormatInfo2 wanted{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
                                                &of,
                                                info.format,
                                                info.imageType,
                                                info.tiling,
                                                info.usage,
                                                info.flags};
  VkImageFormatProperties2 found{};
  found.sType = VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2;
  return device.dispatch.GetPhysicalDeviceImageFormatProperties2(device.gpu, &wanted, &found) == VK_SUCCESS;
}

// Keeps the modifiers that this device knows; without any, the image gets an ordinary tiling.
void ExternalMemory::adaptModifiers(VkImageCreateInfo& info, uint64_t captured) {
  if (info.tiling != VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT) return;
  constexpr VkStructureType kList = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT;
  constexpr VkStructureType kExplicit = VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT;
  auto* several = findInChain<VkImageDrmFormatModifierListCreateInfoEXT>(info.pNext, kList);
  const auto* one = findInChain<VkImageDrmFormatModifierExplicitCreateInfoEXT>(info.pNext, kExplicit);
  if (one && several) {  // at most one is allowed
    removeFromChain(info.pNext, kList);
    several = nullptr;
  }
  std::vector<uint64_t> wanted;
  if (one) wanted.push_back(one->drmFormatModifier);
  for (uint32_t i = 0; several && several->pDrmFormatModifiers && i < several->drmFormatModifierCount; ++i)
    wanted.push_back(several->pDrmFormatModifiers[i]);
  const char* structure = structName(one ? kExplicit : kList);
  std::vector<uint64_t> known;
  for (const uint64_t modifier : wanted)
    if (knowsModifier(info, modifier)) known.push_back(modifier);
  const auto say = [&](std::string from, std::string to, ObjectChange::Action action, std::string reason) {
    report("VkImage", captured, structure, std::move(from), std::move(to), action, std::move(reason), "");
  };
  if (!known.empty()) {
    for (const uint64_t modifier : wanted) {
      const bool kept = std::find(known.begin(), known.end(), modifier) != known.end();
      const std::string name = modifierName(modifier);
      say(name, kept ? name : "", kept ? ObjectChange::kKept : ObjectChange::kDropped,
          kept ? "" : "this device does not know it for this image");
    }
    if (one && !player_.sameGpu()) {  // plane layouts are the captured device's
      auto* list = newNode<VkImageDrmFormatModifierListCreateInfoEXT>(player_.arena(), kList);
      auto* modifier = player_.arena().allocateArray<uint64_t>(1);
      if (modifier == nullptr) throw std::bad_alloc();
      *modifier = one->drmFormatModifier;
      list->drmFormatModifierCount = 1;
      list->pDrmFormatModifiers = modifier;
      say("plane layouts", "this device's own", ObjectChange::kConverted,
          "another device's rows may not be these");
      replaceInChain(info.pNext, kExplicit, list);
    }
    if (several) {
      several->drmFormatModifierCount = uint32_t(known.size());
      std::copy(known.begin(), known.end(), const_cast<uint64_t*>(several->pDrmFormatModifiers));
    }
    return;
  }
  const bool linear_only =
      std::all_of(wanted.begin(), wanted.end(), [](uint64_t m) { return m == kLinearModifier; });
  const Device& device = *player_.device();
  const bool linear = linear_only && suits(device.dispatch, device.gpu, info, VK_IMAGE_TILING_LINEAR);
  info.tiling = linear ? VK_IMAGE_TILING_LINEAR : VK_IMAGE_TILING_OPTIMAL;
  for (const uint64_t modifier : wanted)
    say(modifierName(modifier), linear ? "VK_IMAGE_TILING_LINEAR" : "VK_IMAGE_TILING_OPTIMAL",
        ObjectChange::kConverted,
        "this device has no such modifier for this image; its plane layouts are left out");
  removeFromChain(info.pNext, kList);
  removeFromChain(info.pNext, kExplicit);
}

// A format of Vulkan's own in place of an implementation-defined one.
VkFormat ExternalMemory::standInFormat() const {
  const Device& device = *player_.device();
  const Dispatch& d = device.dispatch;
  VkPhysicalDeviceSamplerYcbcrConversionFeatures conversion{};
  conversion.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SAMPLER_YCBCR_CONVERSION_FEATURES;
  VkPhysicalDeviceFeatures2 features{};
  features.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2;
  features.pNext = &conversion;
  if (d.GetPhysicalDeviceFeatures2) d.GetPhysicalDeviceFeatures2(device.gpu, &features);
  if (!conversion.samplerYcbcrConversion) return VK_FORMAT_R8G8B8A8_UNORM;
  for (const VkFormat format : {VK_FORMAT_G8_B8R8_2PLANE_420_UNORM, VK_FORMAT_G8_B8_R8_3PLANE_420_UNORM}) {
    VkFormatProperties found{};
    d.GetPhysicalDeviceFormatProperties(device.gpu, format, &found);
    constexpr VkFormatFeatureFlags kChroma =
        VK_FORMAT_FEATURE_MIDPOINT_CHROMA_SAMPLES_BIT | VK_FORMAT_FEATURE_COSITED_CHROMA_SAMPLES_BIT;
    if ((found.optimalTilingFeatures & VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT) &&
        (found.optimalTilingFeatures & kChroma))
      return format;
  }
  return VK_FORMAT_R8G8B8A8_UNORM;
}

// VUID-VkSamplerYcbcrConversionCreateInfo-xChromaOffset-01651, -01652, -chromaFilter-01657,
// -forceExplicitReconstruction-01656
void ExternalMemory::adaptChroma(VkSamplerYcbcrConversionCreateInfo& info) const {
  VkFormatProperties found{};
  player_.device()->dispatch.GetPhysicalDeviceFormatProperties(player_.device()->gpu, info.format, &found);
  const VkFormatFeatureFlags can = found.optimalTilingFeatures;
  for (VkChromaLocation* offset : {&info.xChromaOffset, &info.yChromaOffset}) {
    if (*offset == VK_CHROMA_LOCATION_MIDPOINT && !(can & VK_FORMAT_FEATURE_MIDPOINT_CHROMA_SAMPLES_BIT))
      *offset = VK_CHROMA_LOCATION_COSITED_EVEN;
    if (*offset == VK_CHROMA_LOCATION_COSITED_EVEN && !(can & VK_FORMAT_FEATURE_COSITED_CHROMA_SAMPLES_BIT))
      *offset = VK_CHROMA_LOCATION_MIDPOINT;
  }
  if (!(can & VK_FORMAT_FEATURE_SAMPLED_IMAGE_YCBCR_CONVERSION_LINEAR_FILTER_BIT))
    info.chromaFilter = VK_FILTER_NEAREST;
  if (!(can & VK_FORMAT_FEATURE_SAMPLED_IMAGE_YCBCR_CONVERSION_CHROMA_RECONSTRUCTION_EXPLICIT_FORCEABLE_BIT))
    info.forceExplicitReconstruction = VK_FALSE;
}

bool ExternalMemory::convertsYcbcr() const { return standInFormat() != VK_FORMAT_R8G8B8A8_UNORM; }

bool ExternalMemory::adaptFormat(const char* kind, uint64_t captured, const void*& next, VkFormat& format) {
  const auto* external =
      findInChain<VkExternalFormatANDROID>(next, VK_STRUCTURE_TYPE_EXTERNAL_FORMAT_ANDROID);
  const bool view = std::string_view(kind) == "VkImageView";
  if (external == nullptr && !(view && format == VK_FORMAT_UNDEFINED)) return false;  // nearly always
  if (player_.device()->extensions.contains(
          VK_ANDROID_EXTERNAL_MEMORY_ANDROID_HARDWARE_BUFFER_EXTENSION_NAME))
    return false;
  const uint64_t number = external ? external->externalFormat : 0;
  if (external) removeFromChain(next, VK_STRUCTURE_TYPE_EXTERNAL_FORMAT_ANDROID);
  if (format != VK_FORMAT_UNDEFINED || (external == nullptr && !view)) return false;
  format = standInFormat();
  if (view) return true;
  char text[40];
  std::snprintf(text, sizeof text, "external format 0x%llx", static_cast<unsigned long long>(number));
  report(kind, captured, "VkExternalFormatANDROID", text, formatName(format), ObjectChange::kConverted,
         "external formats are Android's own", "");
  return true;
}

}  // namespace reprise

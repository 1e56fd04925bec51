// What has a command, a struct, a feature or a SPIR-V capability: versions of Vulkan and extensions, from vk.xml.
//
// Providers are text, separated by commas: "VK_VERSION_1_3,VK_KHR_dynamic_rendering"; any one of them is enough. Empty:
// every version has it. Constant data and pure functions; any thread.
// Rests on: Vulkan API Registry (<require>, <spirvcapabilities>, <spirvextensions>), SPIR-V unified1 "Capability".
#pragma once

#include <span>
#include <string_view>

#include "format/vk.h"

namespace reprise {

std::string_view providersOf(Command command);  // under whatever name
std::string_view providersOf(VkStructureType type);

struct StructProviders {
  VkStructureType type;
  std::string_view providers;
};
std::span<const StructProviders> structProviders();  // of all but those of Vulkan 1.0, and answers

// 0 for the name of an extension.
uint32_t versionNamed(std::string_view provider);

template <class F>
bool anyProvider(std::string_view providers, F&& has) {
  while (!providers.empty()) {
    const size_t comma = std::min(providers.find(','), providers.size());
    if (has(providers.substr(0, comma))) return true;
    providers.remove_prefix(std::min(comma + 1, providers.size()));
  }
  return false;
}

struct ExtensionFate {
  std::string_view name;
  bool of_device;                // not of the instance
  std::string_view promoted_to;  // "VK_VERSION_1_2"; "" if to none
  bool adds_values;              // of enums and flags that anything may use
};
const ExtensionFate* extensionFate(std::string_view name);  // null if this build does not know it

struct Feature {
  std::string_view name;
  uint32_t offset;  // of its VkBool32 in the struct
};
struct FeatureStruct {
  const char* name;
  VkStructureType type;  // of VkPhysicalDeviceFeatures: of the struct that holds it
  size_t size;
  std::string_view providers;
  std::span<const Feature> features;

  bool isPlain() const { return type == VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2; }
};
std::span<const FeatureStruct> featureStructs();  // VkPhysicalDeviceFeatures is the first
const FeatureStruct* featureStruct(VkStructureType type);
const FeatureStruct* featureStruct(std::string_view name);

inline VkBool32& featureValue(void* structure, const Feature& feature) {
  return *reinterpret_cast<VkBool32*>(static_cast<char*>(structure) + feature.offset);
}

// f(const FeatureStruct&, void* structure) for all that a device is created with; a program must not write there.
template <class F>
void forEachFeatureStruct(const VkDeviceCreateInfo& info, F&& f) {
  if (info.pEnabledFeatures)
    f(featureStructs().front(), const_cast<VkPhysicalDeviceFeatures*>(info.pEnabledFeatures));
  for (auto* node = static_cast<const VkBaseInStructure*>(info.pNext); node; node = node->pNext) {
    const FeatureStruct* found = featureStruct(node->sType);
    auto* place = const_cast<VkBaseInStructure*>(node);
    if (found && found->isPlain())
      f(*found, &reinterpret_cast<VkPhysicalDeviceFeatures2*>(place)->features);
    else if (found)
      f(*found, place);
  }
}

// One alternative that lets a shader use a capability or a SPIR-V extension.
struct SpirvAlternative {
  uint32_t capability;      // UINT32_MAX: an extension's
  std::string_view name;    // "Geometry", "SPV_KHR_16bit_storage"
  std::string_view enable;  // a feature's name, or a provider; "": a property of the device
  bool is_feature;
};
std::span<const SpirvAlternative> spirvAlternatives();  // those of one name stand together

}  // namespace reprise

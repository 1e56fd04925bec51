#include "format/vk_providers.h"

#include <charconv>
#include <vector>

namespace reprise {
namespace {

// The structs and the features of each, which stand behind it in the list.
constexpr Feature kFeatures[] = {
#define REPRISE_FEATURE_STRUCT(Struct, type, providers) {"", 0},
#define REPRISE_FEATURE(Struct, member) {#member, offsetof(Struct, member)},
#include "gen/features.inc"
#undef REPRISE_FEATURE_STRUCT
#undef REPRISE_FEATURE
};

std::vector<FeatureStruct> listFeatureStructs() {
  std::vector<FeatureStruct> list = {
#define REPRISE_FEATURE_STRUCT(Struct, type, providers) {#Struct, type, sizeof(Struct), providers, {}},
#define REPRISE_FEATURE(Struct, member)
#include "gen/features.inc"
#undef REPRISE_FEATURE_STRUCT
#undef REPRISE_FEATURE
  };
  const Feature* feature = std::begin(kFeatures);
  for (FeatureStruct& one : list) {
    const Feature* first = ++feature;
    while (feature != std::end(kFeatures) && !feature->name.empty()) ++feature;
    one.features = {first, feature};
  }
  const auto plain = std::find_if(list.begin(), list.end(), [](const auto& one) { return one.isPlain(); });
  std::rotate(list.begin(), plain, plain + 1);
  return list;
}

constexpr ExtensionFate kExtensionFates[] = {
#define REPRISE_EXTENSION_FATE(name, of_device, promoted_to, adds_values) \
  {name, of_device, promoted_to, adds_values},
#include "gen/extension_fates.inc"
#undef REPRISE_EXTENSION_FATE
};

constexpr SpirvAlternative kSpirvAlternatives[] = {
#define REPRISE_SPIRV_CAPABILITY(number, name, enable, is_feature) {number, name, enable, is_feature},
#define REPRISE_SPIRV_EXTENSION(name, enable) {UINT32_MAX, name, enable, false},
#include "gen/spirv.inc"
#undef REPRISE_SPIRV_CAPABILITY
#undef REPRISE_SPIRV_EXTENSION
};

}  // namespace

std::string_view providersOf(Command command) {
  switch (command) {
#define REPRISE_COMMAND_PROVIDERS(name, providers) \
  case Command::name:                              \
    return providers;
#include "gen/command_providers.inc"
#undef REPRISE_COMMAND_PROVIDERS
    default:
      return "";
  }
}

std::span<const StructProviders> structProviders() {
  static constexpr StructProviders kList[] = {
#define REPRISE_STRUCT_PROVIDERS(value, providers) {value, providers},
#include "gen/struct_providers.inc"
#undef REPRISE_STRUCT_PROVIDERS
  };
  return kList;
}

std::string_view providersOf(VkStructureType type) {
  for (const StructProviders& one : structProviders())
    if (one.type == type) return one.providers;
  return "";
}

uint32_t versionNamed(std::string_view provider) {
  constexpr std::string_view kPrefix = "VK_VERSION_";
  if (!provider.starts_with(kPrefix)) return 0;
  provider.remove_prefix(kPrefix.size());
  const char* const end = provider.data() + provider.size();
  unsigned major = 0, minor = 0;
  const auto [dash, wrong] = std::from_chars(provider.data(), end, major);
  if (wrong != std::errc() || dash == end || *dash != '_') return 0;
  return std::from_chars(dash + 1, end, minor).ec == std::errc() ? VK_MAKE_API_VERSION(0, major, minor, 0)
                                                                 : 0;
}

const ExtensionFate* extensionFate(std::string_view name) {
  const auto found = std::find_if(std::begin(kExtensionFates), std::end(kExtensionFates),
                                  [&](const ExtensionFate& one) { return one.name == name; });
  return found == std::end(kExtensionFates) ? nullptr : found;
}

std::span<const FeatureStruct> featureStructs() {
  static const std::vector<FeatureStruct> list = listFeatureStructs();
  return list;
}

const FeatureStruct* featureStruct(VkStructureType type) {
  for (const FeatureStruct& one : featureStructs())
    if (one.type == type) return &one;
  return nullptr;
}

const FeatureStruct* featureStruct(std::string_view name) {
  for (const FeatureStruct& one : featureStructs())
    if (one.name == name) return &one;
  return nullptr;
}

std::span<const SpirvAlternative> spirvAlternatives() { return kSpirvAlternatives; }

}  // namespace reprise

#include "replay/needs.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "format/vk_limits.h"

namespace reprise {
namespace {

using Json = nlohmann::json;

std::string textOf(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::vector<std::string> listOf(const Json& object, const char* key) {
  std::vector<std::string> list;
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return list;
  for (const Json& item : *found)
    if (item.is_string()) list.push_back(item.get<std::string>());
  return list;
}

// "1.3.239" as VK_MAKE_API_VERSION makes it; 0 and what cannot be read are 1.0.
uint32_t versionOf(const Json& object, const char* key) {
  unsigned major = 1, minor = 0, patch = 0;
  std::sscanf(textOf(object, key).c_str(), "%u.%u.%u", &major, &minor, &patch);
  return std::max<uint32_t>(VK_MAKE_API_VERSION(0, major & 0x7f, minor & 0x3ff, patch & 0xfff),
                            VK_API_VERSION_1_0);
}

Json parsed(const std::string& text) { return Json::parse(text, nullptr, false); }

DescribedDevice described(const Json& application, const Json& device) {
  DescribedDevice made;
  made.name = textOf(device, "deviceName");
  if (const auto index = device.find("deviceIndex"); index != device.end() && index->is_number_unsigned())
    made.index = index->get<size_t>();
  made.asked_version = versionOf(application, "apiVersion");
  made.api_version = std::min({made.asked_version, versionOf(device, "shownApiVersion"), registryVersion()});
  made.extensions = listOf(device, "enabledExtensions");
  for (std::string& name : listOf(application, "extensions"))
    made.instance_extensions.insert(std::move(name));
  if (const auto limits = device.find("limits"); limits != device.end() && limits->is_object())
    for (const auto& [name, value] : limits->items())
      if (value.is_number_unsigned()) made.limits[name] = value.get<uint64_t>();
  const auto features = device.find("enabledFeatures");
  made.has_features = features != device.end() && features->is_object();
  if (!made.has_features) return made;
  for (const auto& [structure, list] : features->items())
    for (std::string& name : listOf(*features, structure.c_str()))
      made.features[structure].insert(std::move(name));
  return made;
}

uint32_t withoutPatch(uint32_t version) { return version & ~0xfffu; }

// Its struct came with an extension that has become part of a version which is here.
bool isPartOfVersion(std::string_view extension, uint32_t version) {
  const ExtensionFate* fate = extensionFate(extension);
  const uint32_t since = fate ? versionNamed(fate->promoted_to) : 0;
  return since != 0 && since <= version;
}

void addExtensions(JudgedDevice& device) {
  const auto lacking = [&](const std::string& name) {
    return !device.offer.extensions.contains(name) && (device.offer.is_nothing || !isReplaysOwn(name)) &&
           !isPartOfVersion(name, device.offer.api_version);
  };
  const auto add = [&](const std::string& name, bool of_instance) {
    const ExtensionFate* fate = extensionFate(name);
    device.lacks.push_back({Lack::kExtension, name, "", "", of_instance, fate && !fate->adds_values, {}});
  };
  for (const std::string& name : device.described.instance_extensions)
    if (lacking(name)) add(name, true);
  for (const std::string& name : device.described.extensions)
    if (lacking(name)) add(name, false);
}

void addVersions(JudgedDevice& device) {
  const uint32_t then = withoutPatch(device.described.api_version);
  for (uint32_t version = withoutPatch(device.offer.api_version) + (1 << 12); version <= then;
       version += 1 << 12)
    device.lacks.push_back({Lack::kVersion,
                            "VK_VERSION_" + std::to_string(VK_API_VERSION_MAJOR(version)) + "_" +
                                std::to_string(VK_API_VERSION_MINOR(version)),
                            "",
                            "",
                            false,
                            true,
                            {}});
}

void addFeatures(JudgedDevice& device, const std::string& structure, const Names& features) {
  const FeatureStruct* known = featureStruct(structure);
  if (!known || (!device.offer.is_nothing && hasOwn(known->providers))) return;
  const bool here = device.offersAny(known->providers);
  const bool part_of_version = anyProvider(known->providers, [&](std::string_view provider) {
    return isPartOfVersion(provider, device.offer.api_version);
  });
  if (!here && part_of_version) return;
  std::string extension;
  if (Lack* lack = here ? nullptr : device.lackOf(known->providers); lack && lack->kind == Lack::kExtension)
    extension = lack->name;
  const auto offered = device.offer.features.find(structure);
  for (const std::string& feature : features)
    if (offered == device.offer.features.end() || !offered->second.contains(feature))
      device.lacks.push_back({Lack::kFeature, feature, structure, extension, false, false, {}});
}

// Limits that are stricter here.
void addLimits(JudgedDevice& device) {
  for (const LimitRow& row : kLimitRows) {
    const auto then = device.described.limits.find(row.name);
    const auto now = device.offer.limits.find(row.name);
    if (then == device.described.limits.end() || now == device.offer.limits.end() || now->second == 0)
      continue;
    const bool stricter = row.is_alignment ? then->second % now->second != 0 : now->second < then->second;
    if (stricter) device.lacks.push_back({Lack::kLimit, row.name, "", "", false, true, {}});
  }
}

std::string shownName(const JudgedDevice& device, const Lack& lack) {
  if (lack.kind == Lack::kLimit)
    return lack.name + " of " + std::to_string(device.described.limits.at(lack.name)) + " (" +
           std::to_string(device.offer.limits.at(lack.name)) + " here)";
  if (lack.kind == Lack::kFeature) return "feature " + lack.name + " (" + lack.structure + ")";
  if (lack.kind == Lack::kExtension) return lack.name;
  std::string version = "Vulkan " + lack.name.substr(std::string_view("VK_VERSION_").size());
  std::replace(version.begin(), version.end(), '_', '.');
  return version;
}

std::string missingOf(const JudgedDevice& device) {
  std::string lines;
  for (const Lack& lack : device.lacks) {
    if (lack.kind == Lack::kLimit || (lack.kind == Lack::kFeature && !lack.extension.empty())) continue;
    const std::map<std::string, Use> uses = allUses(device, lack);
    if (!uses.empty()) lines += "\n  " + shownName(device, lack) + ": " + usesText(uses);
  }
  return lines;
}

std::string leftOutText(const Lack& lack) {
  const std::string what = lack.kind == Lack::kFeature ? "feature " + lack.name + " of " + lack.structure
                                                       : "device extension " + lack.name;
  return what + " left out: not available here" +
         (lack.can_be_told ? ", and the trace does not use it"
                           : "; whether the program used it cannot be told");
}

}  // namespace

std::string usesText(const std::map<std::string, Use>& uses, size_t most) {
  std::string text;
  size_t listed = 0;
  for (const auto& [what, use] : uses) {
    if (++listed > most) continue;
    text += (text.empty() ? "" : ", ") + what +
            (use.calls == 1 ? " (call " : " (" + std::to_string(use.calls) + " calls, from call ") +
            std::to_string(use.first) + (use.calls == 1 ? ")" : " on)");
  }
  if (listed > most) text += " and " + std::to_string(listed - most) + " more";
  return text;
}

std::map<std::string, Use> allUses(const JudgedDevice& device, const Lack& lack) {
  std::map<std::string, Use> uses = lack.uses;
  if (lack.kind != Lack::kExtension) return uses;
  for (const Lack& other : device.lacks)
    if (other.kind == Lack::kFeature && other.extension == lack.name)
      for (const auto& [what, use] : other.uses) uses.insert({other.name + " by " + what, use});
  // What uses the extension need not be told again as the use of its feature.
  std::erase_if(uses, [&](const auto& one) {
    const size_t by = one.first.find(" by ");
    return by != std::string::npos && lack.uses.contains(one.first.substr(by + 4));
  });
  return uses;
}

Offer nothing() {
  Offer offer;
  offer.api_version = VK_API_VERSION_1_0;
  offer.is_nothing = true;
  return offer;
}

bool DescribedDevice::has(std::string_view provider) const {
  if (const uint32_t version = versionNamed(provider)) return version <= api_version;
  return instance_extensions.contains(provider) ||
         std::find(extensions.begin(), extensions.end(), provider) != extensions.end();
}

bool DescribedDevice::hasFeature(std::string_view feature) const {
  return std::any_of(features.begin(), features.end(),
                     [&](const auto& one) { return one.second.contains(feature); });
}

std::vector<DescribedDevice> describedDevices(const TraceSummary& summary) {
  std::vector<DescribedDevice> devices;
  Json application = Json::object();
  for (const MetadataItem& item : summary.metadata) {
    if (item.kind != kMetadataApplication && item.kind != kMetadataDevice) continue;
    Json json = parsed(item.text);
    if (!json.is_object()) continue;
    if (item.kind == kMetadataApplication)
      application = std::move(json);
    else
      devices.push_back(described(application, json));
  }
  return devices;
}

bool JudgedDevice::offers(std::string_view provider) const {
  if (const uint32_t version = versionNamed(provider)) return version <= offer.api_version;
  return (!offer.is_nothing && isReplaysOwn(provider)) ||
         (described.has(provider) && offer.extensions.contains(provider));
}

bool JudgedDevice::offersAny(std::string_view providers) const {
  return providers.empty() || anyProvider(providers, [&](std::string_view one) { return offers(one); });
}

bool JudgedDevice::offersFeature(std::string_view feature) const {
  return std::any_of(described.features.begin(), described.features.end(), [&](const auto& one) {
    const auto here = offer.features.find(one.first);
    return one.second.contains(feature) && here != offer.features.end() && here->second.contains(feature);
  });
}

Lack* JudgedDevice::lackOf(std::string_view providers) {
  Lack* found = nullptr;
  anyProvider(providers, [&](std::string_view provider) {
    const auto lack = std::find_if(lacks.begin(), lacks.end(), [&](const Lack& one) {
      return (one.kind == Lack::kExtension || one.kind == Lack::kVersion) && one.name == provider;
    });
    if (lack == lacks.end()) return false;
    found = &*lack;
    return found->kind == Lack::kExtension;  // tells more than the version
  });
  return found;
}

Lack* JudgedDevice::lackOfFeature(std::string_view feature) {
  const auto lack = std::find_if(lacks.begin(), lacks.end(), [&](const Lack& one) {
    return one.kind == Lack::kFeature && one.name == feature;
  });
  return lack == lacks.end() ? nullptr : &*lack;
}

JudgedDevice judged(DescribedDevice described, Offer offer) {
  JudgedDevice device{std::move(described), std::move(offer), {}, {}};
  addExtensions(device);
  addVersions(device);
  for (const auto& [structure, features] : device.described.features)
    addFeatures(device, structure, features);
  addLimits(device);
  return device;
}

std::string missingText(const std::vector<JudgedDevice>& devices) {
  std::string text;
  for (size_t i = 0; i < devices.size(); ++i) {
    const std::string lines = missingOf(devices[i]);
    if (lines.empty()) continue;
    const std::string which =
        devices.size() == 1 ? "the trace" : "device " + std::to_string(i) + " of the trace";
    text += (text.empty() ? "" : "\n") + devices[i].offer.name + " lacks what " + which +
            " uses; no call was played:" + lines;
  }
  return text;
}

std::vector<std::string> brokenLimits(const std::vector<JudgedDevice>& devices) {
  std::vector<std::string> texts;
  for (const JudgedDevice& device : devices)
    for (const Lack& lack : device.lacks)
      if (lack.kind == Lack::kLimit && !lack.uses.empty())
        texts.push_back(shownName(device, lack) + ": " + usesText(lack.uses));
  return texts;
}

std::vector<std::string> leftOutTexts(const std::vector<JudgedDevice>& devices) {
  std::vector<std::string> texts;
  for (const JudgedDevice& device : devices) {
    for (const Lack& lack : device.lacks)
      if (lack.kind != Lack::kVersion && lack.kind != Lack::kLimit && !lack.of_instance)
        texts.push_back(leftOutText(lack));
    for (const auto& [type, use] : device.left_out)
      texts.push_back(std::string(structName(type)) + " left out of " + std::to_string(use.calls) +
                      " calls: not available here, and " + std::string(reasonToLeaveOut(type)));
  }
  return texts;
}

}  // namespace reprise

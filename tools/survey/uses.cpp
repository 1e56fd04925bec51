#include "tools/survey/uses.h"

#include <algorithm>

#include "format/vk_providers.h"
#include "replay/left_out.h"

namespace reprise {
namespace {

bool isOwn(const Lack& lack) {
  if (lack.kind == Lack::kExtension) return isReplaysOwn(lack.name);
  const FeatureStruct* of = lack.kind == Lack::kFeature ? featureStruct(lack.structure) : nullptr;
  return of && hasOwn(of->providers);
}

UsedThing thingOf(const JudgedDevice& device, const Lack& lack) {
  UsedThing thing{lack.name, lack.structure, UsedThing::kUnused, false, allUses(device, lack)};
  thing.needed = !isOwn(lack) && std::any_of(thing.uses.begin(), thing.uses.end(),
                                             [](const auto& one) { return one.second.is_need; });
  // What came with an extension may be all that is used of it.
  const bool untold_feature =
      lack.kind == Lack::kExtension &&
      std::any_of(device.lacks.begin(), device.lacks.end(), [&](const Lack& other) {
        return other.kind == Lack::kFeature && other.extension == lack.name && !other.can_be_told;
      });
  if (!thing.uses.empty())
    thing.state = UsedThing::kUsed;
  else if (!lack.can_be_told || untold_feature)
    thing.state = UsedThing::kUntold;
  return thing;
}

// Devices of one instance have seen the same calls of it.
void mergeInto(std::vector<UsedThing>& things, UsedThing thing) {
  const auto found = std::find_if(things.begin(), things.end(),
                                  [&](const UsedThing& one) { return one.name == thing.name; });
  if (found == things.end()) return things.push_back(std::move(thing));
  found->needed |= thing.needed;
  if (thing.state == UsedThing::kUsed) found->state = UsedThing::kUsed;
  for (const auto& [what, use] : thing.uses) {
    Use& known = found->uses.try_emplace(what, use).first->second;
    known.calls = std::max(known.calls, use.calls);
    known.first = std::min(known.first, use.first);
  }
}

UsedOfDevice deviceOf(const JudgedDevice& device) {
  UsedOfDevice of;
  of.name = device.described.name;
  of.needed_version = VK_API_VERSION_1_0;
  for (const Lack& lack : device.lacks) {
    UsedThing thing = thingOf(device, lack);
    if (lack.kind == Lack::kVersion) {
      const uint32_t version = versionNamed(lack.name);
      if (thing.needed) of.needed_version = std::max(of.needed_version, version);
      thing.name = "Vulkan " + std::to_string(VK_API_VERSION_MAJOR(version)) + "." +
                   std::to_string(VK_API_VERSION_MINOR(version));
      of.versions.push_back(std::move(thing));
    } else if (lack.kind == Lack::kFeature) {
      of.features.push_back(std::move(thing));
    } else if (lack.kind == Lack::kExtension && !lack.of_instance) {
      of.extensions.push_back(std::move(thing));
    }
  }
  return of;
}

}  // namespace

const char* stateName(UsedThing::State state) {
  constexpr const char* kNames[] = {"used", "not used", "cannot be told"};
  return kNames[state];
}

UsedOfTrace usesOf(const TraceFindings& findings) {
  UsedOfTrace uses;
  for (const JudgedDevice& device : findings.used) {
    for (const Lack& lack : device.lacks)
      if (lack.kind == Lack::kExtension && lack.of_instance)
        mergeInto(uses.instance_extensions, thingOf(device, lack));
    if (findings.has_devices) uses.devices.push_back(deviceOf(device));
  }
  return uses;
}

}  // namespace reprise

// Fitting the program's instance and devices to this machine: layers, extensions, features, queues.
//
// What the machine lacks is left out: the preflight has judged it (preflight.h), or, of a trace without
// metadata, it is noted here, and a call that then cannot be made ends the replay with a clear sentence.
// `call` is as captured (createDevice: with live handles). One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "format/status.h"
#include "format/vk_providers.h"
#include "replay/queues.h"

namespace reprise {

class Player;

std::vector<QueueFamily> queueFamilies(const Dispatch& dispatch, VkPhysicalDevice gpu);
// Which features of some structs a GPU has.
class FeaturesHere {
 public:
  FeaturesHere(const Dispatch& dispatch, VkPhysicalDevice gpu, std::span<const FeatureStruct* const> structs);
  bool has(size_t structure, const Feature& feature) {
    return featureValue(answers_[structure].data(), feature);
  }

 private:
  std::vector<std::vector<uint64_t>> answers_;  // by the structs' places
};

std::set<std::string> instanceExtensions(const Dispatch& dispatch, const char* layer);
std::set<std::string> deviceExtensions(const Dispatch& dispatch, VkPhysicalDevice gpu);
Status createInstance(Player& player, CreateInstanceCall& call, uint64_t captured);
Status createDevice(Player& player, CreateDeviceCall& call, uint64_t captured_gpu, uint64_t captured);

}  // namespace reprise

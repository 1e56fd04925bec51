// Fitting the program's instance and devices to this machine: layers, extensions, features, queues.
//
// What the machine lacks is left out and noted; a call that then cannot be made ends the replay with a clear
// sentence. `call` is as captured (createDevice: with live handles). One thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "format/status.h"
#include "format/vk.h"
#include "replay/queues.h"

namespace reprise {

class Player;

std::vector<QueueFamily> queueFamilies(const Dispatch& dispatch, VkPhysicalDevice gpu);
std::set<std::string> deviceExtensions(const Dispatch& dispatch, VkPhysicalDevice gpu);
Status createInstance(Player& player, CreateInstanceCall& call, uint64_t captured);
Status createDevice(Player& player, CreateDeviceCall& call, uint64_t captured_gpu, uint64_t captured);

}  // namespace reprise

// What a trace says about where it was made, as JSON text: read by `info` and by a replayer that must judge a
// target before it starts. It is in every file, so it holds only what the recorded calls do not.
//
// Any thread; may allocate and throw bad_alloc, which the caller catches.
#pragma once

#include <string>

#include "capture/layer.h"

namespace reprise::capture {

std::string applicationMetadata(const VkInstanceCreateInfo& info);
// `info` is what the program asked for.
std::string deviceMetadata(const NextLayer& instance, VkPhysicalDevice physical_device,
                           const VkDeviceCreateInfo& info, const CaptureReplay& replay);

// The settings in force.
std::string captureMetadata(const char* memory_method);

// Of the driver, with the highest version that the program is shown: no higher than the built registry.
uint32_t shownApiVersion(uint32_t driver_version);

// All device extensions that the driver has.
std::vector<VkExtensionProperties> driverExtensions(const Dispatch& instance,
                                                    VkPhysicalDevice physical_device);

}  // namespace reprise::capture

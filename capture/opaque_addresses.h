// Objects made so that a replay on the same device and driver can have their device addresses again: with the
// capture-replay flags, and with their opaque values recorded (OpaqueRecord).
//
// A named exception to the rule that the driver gets what the program gave: where the program enables device
// addresses, acceleration structures or ray-tracing pipelines, and the driver offers the capture-replay
// feature beside them, that one is enabled, too, and create infos get its flag. The trace has the program's
// own. Flags and addresses of the program's stay as they are. What the driver refuses with the flag is made
// without. Left alone: what is imported, exported or external, pipelines of or with libraries, and pipelines
// whose flags are in a VkPipelineCreateFlags2CreateInfo. Off by the option `addresses`, and on devices that
// lack the features nothing happens. Any thread; nothing is thrown but by DeviceFeatures. Rests on: Vulkan
// specification, VUID-VkBufferCreateInfo-flags-03338, VUID-VkMemoryAllocateInfo-flags-03330,
// VUID-vkBindBufferMemory-bufferDeviceAddressCaptureReplay-09200, VkAccelerationStructureCreateInfoKHR,
// vkGetRayTracingCaptureReplayShaderGroupHandlesKHR.
#pragma once

#include "capture/chain_copy.h"
#include "capture/layer.h"

namespace reprise::capture::opaque {

// What a device is to be created with. May throw std::bad_alloc.
class DeviceFeatures {
 public:
  DeviceFeatures(const NextLayer& instance, VkPhysicalDevice physical_device, const VkDeviceCreateInfo& info);
  // The features that are on once the device is made with apply()'s info.
  const CaptureReplay& on() const { return on_; }
  const CaptureReplay& own() const { return own_; }  // without apply(): those that the program enabled itself
  bool change() const { return change_; }            // beyond the program's wishes
  void apply(VkDeviceCreateInfo& info);  // as the driver shall see it; as long as this object lives

 private:
  void want(const VkDeviceCreateInfo& info, VkStructureType type, const char* feature, const char* replay,
            bool CaptureReplay::*on);

  const NextLayer& instance_;
  VkPhysicalDevice physical_device_;
  CaptureReplay on_, own_;
  bool change_ = false;
  struct Change {
    VkStructureType type;
    size_t offset;  // of the VkBool32
  };
  std::vector<Change> changes_;
  ChainCopy copies_;
};

// In place of memory::allocate() and the driver's calls, inside record(). Each sets call.result.
void allocate(const NextLayer& next, AllocateMemoryCall& call);
void createBuffer(const NextLayer& next, CreateBufferCall& call);
void createAccelerationStructure(const NextLayer& next, CreateAccelerationStructureKHRCall& call);
void createPipelines(const NextLayer& next, CreateRayTracingPipelinesKHRCall& call);
void getDeviceBufferMemoryRequirements(const NextLayer& next, GetDeviceBufferMemoryRequirementsCall& call);

// Which buffers an acceleration structure's address can be asked of: after the bind, before the destroy call.
void bound(const NextLayer& next, VkBuffer buffer);
void destroying(const NextLayer& next, VkBuffer buffer);
void destroying(const NextLayer& next);  // the device, likewise

}  // namespace reprise::capture::opaque

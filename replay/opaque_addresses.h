// Objects with the device addresses, and shader group handles, that they had at capture: opaque values.
//
// On the very device and driver of the capture, where that had the capture-replay features on, objects are
// made with the values that the trace holds in front of the calls that make them. Then an address is right in
// whatever form the program keeps it. What the driver refuses is made without its value, and its address is
// translated (addresses.h), as it is on every other device; there the program's own flags and values are
// taken out, too, since they would mean nothing. One a Player, one thread. Live handles in calls, captured
// ones as uint64_t. Rests on: Vulkan specification, VkBufferOpaqueCaptureAddressCreateInfo,
// VkMemoryOpaqueCaptureAddressAllocateInfo, VUID-VkRayTracingShaderGroupCreateInfoKHR-
// rayTracingPipelineShaderGroupHandleCaptureReplayMixed-03603.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "format/reader.h"
#include "format/status.h"
#include "format/vk.h"

namespace reprise {

class Player;
struct LiveMemory;

// What a live device does with opaque values: nothing, where it is not the captured one.
struct OpaqueDevice {
  bool addresses = false;   // bufferDeviceAddressCaptureReplay is on
  bool structures = false;  // accelerationStructureCaptureReplay
  bool groups = false;      // rayTracingPipelineShaderGroupHandleCaptureReplay
  bool mixed = false;       // pipelines with and without handles may be made
  uint32_t group_handle_size = 0;
  bool made_without = false;              // a ray-tracing pipeline without handles
  uint64_t kept = 0, refused = 0;         // objects
  uint64_t kept_groups = 0, foreign = 0;  // pipelines; objects that lost the program's own flags
  std::vector<VkBool32*> added;           // of the chain that makes the device: not the program's own
};

class OpaqueAddresses {
 public:
  explicit OpaqueAddresses(Player& player) : player_(player) {}

  // Before anything is played: which devices the capture was made on.
  void readMetadata(const TraceSummary& summary);

  // A record of the trace: of the next object of this handle.
  void announce(const Event& event);

  // Switches the features on in the chain of a device to be made, and says what the device will do. `asked`:
  // of the live GPU, by the replay's own instance.
  OpaqueDevice prepare(const Dispatch& instance, VkPhysicalDevice gpu, const VkDeviceCreateInfo& info) const;
  // The driver refused such a device: takes out again what prepare() put into its chain.
  static void withdraw(OpaqueDevice& device);

  // In place of the driver's calls. `captured`: the object that the call made at capture.
  void createBuffer(CreateBufferCall& call, uint64_t captured);
  void createAccelerationStructure(CreateAccelerationStructureKHRCall& call, uint64_t captured);
  void createPipelines(CreateRayTracingPipelinesKHRCall& call,
                       const CreateRayTracingPipelinesKHRCall& captured);

  // vkAllocateMemory's address: 0 if none is to be asked for. `next`: the allocation's chain, whose flags
  // become what this device can do.
  uint64_t memoryAddress(const void*& next, uint64_t captured);
  void memoryMade(bool refused);

  // Sentences of what became of a device's objects.
  static std::vector<std::string> summary(const OpaqueDevice& device);

 private:
  using Key = std::tuple<uint64_t, uint32_t, uint64_t>;  // device, object type and object, as captured
  struct Values {
    uint32_t count = 0;
    std::vector<std::byte> bytes;
  };
  struct CapturedDevice {
    std::string name;
    uint32_t vendor = 0, device = 0, driver_version = 0;
    bool addresses = false, structures = false, groups = false;  // were on
  };

  std::optional<Values> take(VkObjectType type, uint64_t object);
  std::optional<uint64_t> takeAddress(VkObjectType type, uint64_t object);
  bool giveHandles(VkRayTracingPipelineCreateInfoKHR& info, const Values& values);

  Player& player_;
  std::vector<CapturedDevice> devices_;
  std::map<Key, Values> announced_;
};

}  // namespace reprise

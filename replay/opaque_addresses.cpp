#include "replay/opaque_addresses.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "replay/chains.h"
#include "replay/session.h"
#include "replay/target.h"

namespace reprise {
namespace {

constexpr VkFlags kMemoryReplay = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT;
constexpr VkFlags kBufferReplay = VK_BUFFER_CREATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT;
constexpr VkFlags kStructureReplay = VK_ACCELERATION_STRUCTURE_CREATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT_KHR;
constexpr VkFlags kPipelineReplay = VK_PIPELINE_CREATE_RAY_TRACING_SHADER_GROUP_HANDLE_CAPTURE_REPLAY_BIT_KHR;
constexpr VkStructureType kBufferNode = VK_STRUCTURE_TYPE_BUFFER_OPAQUE_CAPTURE_ADDRESS_CREATE_INFO;
constexpr VkStructureType kMemoryNode = VK_STRUCTURE_TYPE_MEMORY_OPAQUE_CAPTURE_ADDRESS_ALLOCATE_INFO;

// The capture-replay features, and the structs that have them.
struct FeatureRow {
  VkStructureType type;
  std::string_view name;
  std::string_view base;  // means nothing without it
  bool OpaqueDevice::*on;
};
constexpr FeatureRow kFeatureRows[] = {
    {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_BUFFER_DEVICE_ADDRESS_FEATURES, "bufferDeviceAddressCaptureReplay",
     "bufferDeviceAddress", &OpaqueDevice::addresses},
    {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, "bufferDeviceAddressCaptureReplay",
     "bufferDeviceAddress", &OpaqueDevice::addresses},
    {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ACCELERATION_STRUCTURE_FEATURES_KHR,
     "accelerationStructureCaptureReplay", "accelerationStructure", &OpaqueDevice::structures},
    {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_RAY_TRACING_PIPELINE_FEATURES_KHR,
     "rayTracingPipelineShaderGroupHandleCaptureReplay", "rayTracingPipeline", &OpaqueDevice::groups},
};

const Feature* featureNamed(const FeatureStruct& of, std::string_view name) {
  const auto found = std::find_if(of.features.begin(), of.features.end(),
                                  [&](const Feature& feature) { return feature.name == name; });
  return found == of.features.end() ? nullptr : &*found;
}

bool offers(const Dispatch& instance, VkPhysicalDevice gpu, const FeatureStruct& of, const Feature& feature) {
  const FeatureStruct* const structs[] = {&of};
  return FeaturesHere(instance, gpu, structs).has(0, feature);
}

void askHandles(const Dispatch& instance, VkPhysicalDevice gpu, OpaqueDevice& device) {
  VkPhysicalDeviceRayTracingPipelinePropertiesKHR rays{};
  rays.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_RAY_TRACING_PIPELINE_PROPERTIES_KHR;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &rays;
  instance.GetPhysicalDeviceProperties2(gpu, &properties);
  device.group_handle_size = rays.shaderGroupHandleCaptureReplaySize;
}

// Makes an object with its captured value, and where the driver refuses that without: `take_back` undoes it.
template <class C, class TakeBack>
void makeOrTakeBack(const Dispatch& driver, OpaqueDevice& device, C& call, const TakeBack& take_back) {
  invoke(driver, call);
  const bool refused = call.result < 0;
  take_back();
  if (refused) invoke(driver, call);
  ++(refused ? device.refused : device.kept);
}

std::string objects(uint64_t count) { return std::to_string(count) + (count == 1 ? " object" : " objects"); }

}  // namespace

void OpaqueAddresses::readMetadata(const TraceSummary& summary) {
  for (const MetadataItem& item : summary.metadata) {
    if (item.kind != kMetadataDevice) continue;
    const auto json = nlohmann::json::parse(item.text, nullptr, false);
    if (!json.is_object()) continue;
    const auto number = [&](const char* key) {
      const auto found = json.find(key);
      return found != json.end() && found->is_number_unsigned() ? found->get<uint32_t>() : 0u;
    };
    CapturedDevice device;
    if (const auto name = json.find("deviceName"); name != json.end() && name->is_string())
      device.name = name->get<std::string>();
    device.vendor = number("vendorID");
    device.device = number("deviceID");
    device.driver_version = number("driverVersion");
    const auto features = json.find("captureReplay");
    const bool listed = features != json.end() && features->is_array();
    const auto on = [&](std::string_view name) {
      return listed && std::find(features->begin(), features->end(), name) != features->end();
    };
    device.addresses = on("bufferDeviceAddressCaptureReplay");
    device.structures = on("accelerationStructureCaptureReplay");
    device.groups = on("rayTracingPipelineShaderGroupHandleCaptureReplay");
    devices_.push_back(std::move(device));
  }
}

void OpaqueAddresses::announce(const Event& event) {
  announced_[{event.opaque.device, event.opaque.object_type, event.opaque.object}] = {
      event.opaque.values, {event.bytes.begin(), event.bytes.end()}};
}

std::optional<OpaqueAddresses::Values> OpaqueAddresses::take(VkObjectType type, uint64_t object) {
  if (announced_.empty()) return std::nullopt;
  const uint64_t device = player_.handles().at(player_.device()->id).captured;
  const auto found = announced_.find({device, uint32_t(type), object});
  if (found == announced_.end()) return std::nullopt;
  Values values = std::move(found->second);
  announced_.erase(found);
  return values;
}

std::optional<uint64_t> OpaqueAddresses::takeAddress(VkObjectType type, uint64_t object) {
  const std::optional<Values> values = take(type, object);
  uint64_t address = 0;
  if (!values || values->bytes.size() != sizeof address) return std::nullopt;
  std::memcpy(&address, values->bytes.data(), sizeof address);
  return address;
}

OpaqueDevice OpaqueAddresses::prepare(const Dispatch& instance, VkPhysicalDevice gpu,
                                      const VkDeviceCreateInfo& info) const {
  OpaqueDevice here;
  VkPhysicalDeviceProperties live{};
  instance.GetPhysicalDeviceProperties(gpu, &live);
  CapturedDevice was;  // all that the program made of this GPU
  for (const CapturedDevice& then : devices_) {
    if (then.vendor != live.vendorID || then.device != live.deviceID ||
        then.driver_version != live.driverVersion || then.name != live.deviceName)
      continue;
    was.name = then.name;
    was.addresses |= then.addresses;
    was.structures |= then.structures;
    was.groups |= then.groups;
  }
  if (was.name.empty() || instance.GetPhysicalDeviceFeatures2 == nullptr) return here;
  const bool wanted[] = {was.addresses, was.addresses, was.structures, was.groups};
  for (size_t i = 0; i < std::size(kFeatureRows); ++i) {
    const FeatureRow& row = kFeatureRows[i];
    const FeatureStruct* of = featureStruct(row.type);
    void* node = findInChain<void>(info.pNext, row.type);
    const Feature* feature = of ? featureNamed(*of, row.name) : nullptr;
    if (node == nullptr || feature == nullptr) continue;
    const Feature* base = featureNamed(*of, row.base);
    if (base == nullptr || !featureValue(node, *base)) continue;
    VkBool32& value = featureValue(node, *feature);
    if (wanted[i] && !value && offers(instance, gpu, *of, *feature)) {
      value = VK_TRUE;
      here.added.push_back(&value);
    }
    here.*row.on |= value == VK_TRUE;
  }
  if (!here.groups) return here;
  askHandles(instance, gpu, here);
  const auto* rays = findInChain<VkPhysicalDeviceRayTracingPipelineFeaturesKHR>(
      info.pNext, VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_RAY_TRACING_PIPELINE_FEATURES_KHR);
  here.mixed = rays && rays->rayTracingPipelineShaderGroupHandleCaptureReplayMixed;
  return here;
}

void OpaqueAddresses::withdraw(OpaqueDevice& device) {
  for (VkBool32* feature : device.added) *feature = VK_FALSE;
  device = {};
}

void OpaqueAddresses::createBuffer(CreateBufferCall& call, uint64_t captured) {
  OpaqueDevice& device = player_.device()->opaque;
  const Dispatch& driver = player_.dispatch();
  if (call.pCreateInfo == nullptr) return invoke(driver, call);
  auto& info = const_cast<VkBufferCreateInfo&>(*call.pCreateInfo);
  const std::optional<uint64_t> address = takeAddress(VK_OBJECT_TYPE_BUFFER, captured);
  if (!device.addresses) {
    device.foreign += (info.flags & kBufferReplay) != 0;
    info.flags &= ~kBufferReplay;
    removeFromChain(info.pNext, kBufferNode);
    return invoke(driver, call);
  }
  if (address) info.flags |= kBufferReplay;
  if (!address || *address == 0) return invoke(driver, call);
  const void* const chain = info.pNext;
  const auto* own = findInChain<VkBufferOpaqueCaptureAddressCreateInfo>(chain, kBufferNode);
  VkBufferOpaqueCaptureAddressCreateInfo node{kBufferNode, info.pNext, *address};
  if (own == nullptr)
    info.pNext = &node;
  else if (own->opaqueCaptureAddress == 0)
    const_cast<uint64_t&>(own->opaqueCaptureAddress) = *address;
  makeOrTakeBack(driver, device, call, [&] {
    info.pNext = chain;
    if (own) const_cast<uint64_t&>(own->opaqueCaptureAddress) = 0;
  });
}

void OpaqueAddresses::createAccelerationStructure(CreateAccelerationStructureKHRCall& call,
                                                  uint64_t captured) {
  OpaqueDevice& device = player_.device()->opaque;
  const Dispatch& driver = player_.dispatch();
  if (call.pCreateInfo == nullptr) return invoke(driver, call);
  auto& info = const_cast<VkAccelerationStructureCreateInfoKHR&>(*call.pCreateInfo);
  const std::optional<uint64_t> address = takeAddress(VK_OBJECT_TYPE_ACCELERATION_STRUCTURE_KHR, captured);
  if (!device.structures) {
    device.foreign += (info.createFlags & kStructureReplay) != 0;
    info.createFlags &= ~kStructureReplay;
    info.deviceAddress = 0;
    return invoke(driver, call);
  }
  if (!address) return invoke(driver, call);
  info.createFlags |= kStructureReplay;
  if (info.deviceAddress == 0) info.deviceAddress = *address;
  makeOrTakeBack(driver, device, call, [&] { info.deviceAddress = 0; });
}

// The handles as the driver counts them, one a group.
bool OpaqueAddresses::giveHandles(VkRayTracingPipelineCreateInfoKHR& info, const Values& values) {
  const size_t size = player_.device()->opaque.group_handle_size;
  if (values.count != info.groupCount || values.bytes.size() != size * values.count || size == 0)
    return false;
  info.flags |= kPipelineReplay;
  auto* groups = const_cast<VkRayTracingShaderGroupCreateInfoKHR*>(info.pGroups);
  for (uint32_t i = 0; i < info.groupCount; ++i)
    groups[i].pShaderGroupCaptureReplayHandle = values.bytes.data() + i * size;
  return true;
}

void OpaqueAddresses::createPipelines(CreateRayTracingPipelinesKHRCall& call,
                                      const CreateRayTracingPipelinesKHRCall& captured) {
  OpaqueDevice& device = player_.device()->opaque;
  const Dispatch& driver = player_.dispatch();
  if (call.pCreateInfos == nullptr || call.pPipelines == nullptr) return invoke(driver, call);
  auto* infos = const_cast<VkRayTracingPipelineCreateInfoKHR*>(call.pCreateInfos);
  std::vector<std::optional<Values>> values(call.createInfoCount);
  uint64_t given = 0;
  const auto takeBack = [&] {
    for (uint32_t i = 0; i < call.createInfoCount; ++i)
      for (uint32_t j = 0; infos[i].pGroups && j < infos[i].groupCount; ++j)
        const_cast<VkRayTracingShaderGroupCreateInfoKHR&>(infos[i].pGroups[j])
            .pShaderGroupCaptureReplayHandle = nullptr;
  };
  takeBack();  // the program's own are pointers into the captured process
  for (uint32_t i = 0; i < call.createInfoCount; ++i) {
    if (captured.pPipelines && captured.pPipelines[i])
      values[i] = take(VK_OBJECT_TYPE_PIPELINE, valueOf(captured.pPipelines[i]));
    if (!device.groups) {
      device.foreign += (infos[i].flags & kPipelineReplay) != 0;
      infos[i].flags &= ~kPipelineReplay;
    }
    const bool may = device.groups && infos[i].pGroups && (device.mixed || !device.made_without);
    if (values[i] && may && giveHandles(infos[i], *values[i])) {
      ++given;
      continue;
    }
    device.made_without = true;
    device.refused += device.groups && values[i];
  }
  invoke(driver, call);
  if (given == 0) return;
  if (call.result >= 0) return void(device.kept_groups += given);
  for (VkPipeline& made : std::span(call.pPipelines, call.createInfoCount))
    if (made) driver.DestroyPipeline(call.device, std::exchange(made, VK_NULL_HANDLE), nullptr);
  takeBack();
  device.made_without = true;
  device.refused += given;
  invoke(driver, call);
}

uint64_t OpaqueAddresses::memoryAddress(const void*& next, uint64_t captured) {
  OpaqueDevice& device = player_.device()->opaque;
  const std::optional<uint64_t> address = takeAddress(VK_OBJECT_TYPE_DEVICE_MEMORY, captured);
  auto* flags = findInChain<VkMemoryAllocateFlagsInfo>(next, VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO);
  const auto* own = findInChain<VkMemoryOpaqueCaptureAddressAllocateInfo>(next, kMemoryNode);
  const uint64_t wanted = own && own->opaqueCaptureAddress ? own->opaqueCaptureAddress : address.value_or(0);
  removeFromChain(next, kMemoryNode);
  if (flags == nullptr) return 0;
  if (!device.addresses) {
    device.foreign += (flags->flags & kMemoryReplay) != 0;
    flags->flags &= ~kMemoryReplay;
    return 0;
  }
  if (address) flags->flags |= kMemoryReplay;
  return flags->flags & kMemoryReplay ? wanted : 0;
}

void OpaqueAddresses::memoryMade(bool refused) {
  OpaqueDevice& device = player_.device()->opaque;
  ++(refused ? device.refused : device.kept);
}

std::vector<std::string> OpaqueAddresses::summary(const OpaqueDevice& device) {
  std::vector<std::string> texts;
  if (device.kept)
    texts.push_back("the device addresses are the captured ones: " + objects(device.kept) +
                    " were made with opaque addresses");
  if (device.kept_groups)
    texts.push_back("the shader group handles are the captured ones: of " +
                    std::to_string(device.kept_groups) +
                    (device.kept_groups == 1 ? " ray-tracing pipeline" : " ray-tracing pipelines"));
  if (device.refused)
    texts.push_back("this device refused the captured addresses or group handles of " +
                    objects(device.refused) + ": their addresses are translated");
  if (device.foreign)
    texts.push_back("the program's own capture-replay flags were taken from " + objects(device.foreign) +
                    ": opaque addresses are of use on the captured device and driver only");
  return texts;
}

}  // namespace reprise

#include "capture/metadata.h"

#include <unistd.h>

#include <cstdio>

#include "capture/options.h"
#include "format/vk_limits.h"
#include "format/vk_providers.h"

namespace reprise::capture {
namespace {

// Writes JSON front to back: a comma stands before every element but the first of its list.
class JsonText {
 public:
  JsonText& key(const char* name) {
    separate();
    quote(name);
    text_ += ':';
    first_ = true;
    return *this;
  }
  JsonText& open(char bracket) {
    separate();
    text_ += bracket;
    first_ = true;
    return *this;
  }
  JsonText& close(char bracket) {
    text_ += bracket;
    first_ = false;
    return *this;
  }
  JsonText& value(uint64_t number) {
    separate();
    text_ += std::to_string(number);
    return *this;
  }
  JsonText& value(const char* text) {
    separate();
    quote(text ? text : "");
    return *this;
  }
  JsonText& version(uint32_t packed) {
    char text[48];
    std::snprintf(text, sizeof text, "%u.%u.%u", VK_API_VERSION_MAJOR(packed), VK_API_VERSION_MINOR(packed),
                  VK_API_VERSION_PATCH(packed));
    return value(text);
  }
  JsonText& names(const char* const* names, uint32_t count) {
    open('[');
    for (uint32_t i = 0; i < count; ++i) value(names[i]);
    return close(']');
  }
  std::string take() { return std::move(text_); }

 private:
  void separate() {
    if (!first_) text_ += ',';
    first_ = false;
  }
  // Bytes that are not UTF-8 are the program's own doing and pass as they are; the reader replaces them.
  void quote(const char* text) {
    text_ += '"';
    for (; *text; ++text) {
      const auto c = static_cast<unsigned char>(*text);
      if (c == '"' || c == '\\') {
        text_ += '\\';
        text_ += *text;
      } else if (c < 0x20) {
        char escape[8];
        std::snprintf(escape, sizeof escape, "\\u%04x", c);
        text_ += escape;
      } else {
        text_ += *text;
      }
    }
    text_ += '"';
  }

  std::string text_;
  bool first_ = true;
};

void writeMemory(JsonText& json, const Dispatch& d, VkPhysicalDevice physical_device) {
  VkPhysicalDeviceMemoryProperties memory{};
  d.GetPhysicalDeviceMemoryProperties(physical_device, &memory);
  json.key("memoryTypes").open('[');  // [propertyFlags, heapIndex]
  for (uint32_t i = 0; i < memory.memoryTypeCount; ++i)
    json.open('[')
        .value(memory.memoryTypes[i].propertyFlags)
        .value(memory.memoryTypes[i].heapIndex)
        .close(']');
  json.close(']').key("memoryHeaps").open('[');  // [size, flags]
  for (uint32_t i = 0; i < memory.memoryHeapCount; ++i)
    json.open('[').value(memory.memoryHeaps[i].size).value(memory.memoryHeaps[i].flags).close(']');
  json.close(']');
}

void writeLimits(JsonText& json, const VkPhysicalDeviceLimits& limits) {
  json.key("limits").open('{');
  for (const LimitRow& row : kLimitRows) json.key(row.name).value(row.of(limits));
  json.close('}');
}

void writeQueueFamilies(JsonText& json, const Dispatch& d, VkPhysicalDevice physical_device) {
  uint32_t count = 0;
  d.GetPhysicalDeviceQueueFamilyProperties(physical_device, &count, nullptr);
  std::vector<VkQueueFamilyProperties> families(count);
  d.GetPhysicalDeviceQueueFamilyProperties(physical_device, &count, families.data());
  json.key("queueFamilies").open('[');  // [queueFlags, queueCount, timestampValidBits]
  for (uint32_t i = 0; i < count; ++i)
    json.open('[')
        .value(families[i].queueFlags)
        .value(families[i].queueCount)
        .value(families[i].timestampValidBits)
        .close(']');
  json.close(']');
}

void writeDriver(JsonText& json, const Dispatch& d, VkPhysicalDevice physical_device,
                 const VkPhysicalDeviceProperties& p, uint32_t api_version) {
  if (std::min(api_version, p.apiVersion) < VK_API_VERSION_1_2 || d.GetPhysicalDeviceProperties2 == nullptr)
    return;
  VkPhysicalDeviceDriverProperties driver{};
  driver.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES;
  VkPhysicalDeviceProperties2 properties{};
  properties.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2;
  properties.pNext = &driver;
  d.GetPhysicalDeviceProperties2(physical_device, &properties);
  json.key("driverID").value(driver.driverID).key("driverName").value(driver.driverName);
  json.key("driverInfo").value(driver.driverInfo);
}

// The features that the program enabled, by struct: a replay judges a machine by them before the first call.
void writeFeatures(JsonText& json, const VkDeviceCreateInfo& info) {
  json.key("enabledFeatures").open('{');
  forEachFeatureStruct(info, [&](const FeatureStruct& of, void* structure) {
    json.key(of.name).open('[');
    for (const Feature& feature : of.features)
      if (featureValue(structure, feature)) json.value(feature.name.data());
    json.close(']');
  });
  json.close('}');
}

// Whether a replay can ask the same device and driver for the same addresses.
void writeCaptureReplay(JsonText& json, const CaptureReplay& replay) {
  json.key("captureReplay").open('[');
  if (replay.addresses) json.value("bufferDeviceAddressCaptureReplay");
  if (replay.structures) json.value("accelerationStructureCaptureReplay");
  if (replay.groups) json.value("rayTracingPipelineShaderGroupHandleCaptureReplay");
  json.close(']');
}

// Its place in vkEnumeratePhysicalDevices, by which the program may have chosen it.
void writeIndex(JsonText& json, const Dispatch& d, VkInstance instance, VkPhysicalDevice physical_device) {
  uint32_t count = 0;
  if (d.EnumeratePhysicalDevices(instance, &count, nullptr) != VK_SUCCESS) return;
  std::vector<VkPhysicalDevice> devices(count);
  if (d.EnumeratePhysicalDevices(instance, &count, devices.data()) < 0) return;
  for (uint32_t i = 0; i < count; ++i)
    if (devices[i] == physical_device) json.key("deviceIndex").value(i);
}

}  // namespace

uint32_t shownApiVersion(uint32_t driver_version) {
  const uint32_t known = registryVersion();
  constexpr uint32_t kPatch = 0xfff;
  const bool newer = (driver_version & ~kPatch) > (known & ~kPatch);
  return newer && optionIs(Option::kUnknownExtensions, "hide") ? known : driver_version;
}

std::vector<VkExtensionProperties> driverExtensions(const Dispatch& d, VkPhysicalDevice physical_device) {
  uint32_t count = 0;
  std::vector<VkExtensionProperties> extensions;
  if (d.EnumerateDeviceExtensionProperties(physical_device, nullptr, &count, nullptr) != VK_SUCCESS)
    return extensions;
  extensions.resize(count);
  if (d.EnumerateDeviceExtensionProperties(physical_device, nullptr, &count, extensions.data()) < 0)
    count = 0;
  extensions.resize(count);
  return extensions;
}

std::string applicationMetadata(const VkInstanceCreateInfo& info) {
  JsonText json;
  json.open('{').key("pid").value(uint64_t(getpid()));
  if (const VkApplicationInfo* application = info.pApplicationInfo) {
    json.key("applicationName").value(application->pApplicationName);
    json.key("applicationVersion").value(application->applicationVersion);
    json.key("engineName")
        .value(application->pEngineName)
        .key("engineVersion")
        .value(application->engineVersion);
    json.key("apiVersion").version(application->apiVersion);
  }
  json.key("layers").names(info.ppEnabledLayerNames, info.enabledLayerCount);
  json.key("extensions").names(info.ppEnabledExtensionNames, info.enabledExtensionCount);
  return json.close('}').take();
}

std::string captureMetadata(const char* memory_method) {
  JsonText json;
  json.open('{').key("layerVersion").value(REPRISE_VERSION).key("registryVersion").version(registryVersion());
  json.key("memoryMethod").value(memory_method).key("settings").open('{');
  for (const Option option :
       {Option::kAddresses, Option::kArenaMib, Option::kMemory, Option::kUnknownExtensions})
    json.key(kOptions[size_t(option)].name).value(optionText(option));
  return json.close('}').close('}').take();
}

std::string deviceMetadata(const NextLayer& instance, VkPhysicalDevice physical_device,
                           const VkDeviceCreateInfo& info, const CaptureReplay& replay) {
  const Dispatch& d = instance.dispatch;
  VkPhysicalDeviceProperties properties{};
  d.GetPhysicalDeviceProperties(physical_device, &properties);
  JsonText json;
  json.open('{')
      .key("deviceName")
      .value(properties.deviceName)
      .key("deviceType")
      .value(properties.deviceType);
  json.key("vendorID").value(properties.vendorID).key("deviceID").value(properties.deviceID);
  json.key("driverVersion").value(properties.driverVersion).key("apiVersion").version(properties.apiVersion);
  json.key("shownApiVersion").version(shownApiVersion(properties.apiVersion));
  writeIndex(json, d, instance.instance, physical_device);
  writeDriver(json, d, physical_device, properties, instance.api_version);
  writeMemory(json, d, physical_device);
  writeQueueFamilies(json, d, physical_device);
  writeLimits(json, properties.limits);
  json.key("enabledExtensions").names(info.ppEnabledExtensionNames, info.enabledExtensionCount);
  writeFeatures(json, info);
  writeCaptureReplay(json, replay);
  json.key("extensions").open('[');
  const bool hides = optionIs(Option::kUnknownExtensions, "hide");
  const auto extensions = driverExtensions(d, physical_device);
  for (const auto& extension : extensions)
    if (!hides || isKnownExtension(extension.extensionName)) json.value(extension.extensionName);
  json.close(']').key("hiddenExtensions").open('[');
  for (const auto& extension : extensions)
    if (hides && !isKnownExtension(extension.extensionName)) json.value(extension.extensionName);
  return json.close(']').close('}').take();
}

}  // namespace reprise::capture

#include "replay/preflight.h"

#include <algorithm>

#include "format/vk_limits.h"
#include "replay/gpu_choice.h"
#include "replay/target.h"

namespace reprise {
namespace {

// A Vulkan instance as the program's, to ask its GPUs.
class Asked {
 public:
  Asked() { loadInstance(dispatch_, vkGetInstanceProcAddr, VK_NULL_HANDLE); }
  ~Asked() {
    if (instance_) dispatch_.DestroyInstance(instance_, nullptr);
  }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  bool open(uint32_t version) {
    extensions_ = instanceExtensions(dispatch_, nullptr);
    VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
    application.apiVersion = version;
    VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    info.pApplicationInfo = &application;
    const char* const queries = VK_KHR_GET_PHYSICAL_DEVICE_PROPERTIES_2_EXTENSION_NAME;
    info.enabledExtensionCount = version < VK_API_VERSION_1_1 && extensions_.contains(queries) ? 1 : 0;
    info.ppEnabledExtensionNames = &queries;
    if (dispatch_.CreateInstance(&info, nullptr, &instance_) != VK_SUCCESS) return false;
    loadInstance(dispatch_, vkGetInstanceProcAddr, instance_);
    uint32_t count = 0;
    if (dispatch_.EnumeratePhysicalDevices(instance_, &count, nullptr) != VK_SUCCESS) return false;
    gpus_.resize(count);
    if (dispatch_.EnumeratePhysicalDevices(instance_, &count, gpus_.data()) < 0) return false;
    gpus_.resize(count);
    return !gpus_.empty();
  }

  std::vector<std::string> names() const {
    std::vector<std::string> list;
    for (const VkPhysicalDevice gpu : gpus_) list.emplace_back(properties(gpu).deviceName);
    return list;
  }

  Offer offer(size_t gpu_index, const DescribedDevice& described) const {
    const VkPhysicalDevice gpu = gpus_[gpu_index];
    const VkPhysicalDeviceProperties known = properties(gpu);
    Offer offer;
    offer.name = known.deviceName;
    offer.api_version = std::min(described.asked_version, known.apiVersion);
    offer.extensions.insert(extensions_.begin(), extensions_.end());
    for (const std::string& name : deviceExtensions(dispatch_, gpu)) offer.extensions.insert(name);
    for (const LimitRow& row : kLimitRows) offer.limits[row.name] = row.of(known.limits);
    askFeatures(gpu, described, offer);
    askFormats(gpu, described, offer);
    return offer;
  }

 private:
  VkPhysicalDeviceProperties properties(VkPhysicalDevice gpu) const {
    VkPhysicalDeviceProperties known{};
    dispatch_.GetPhysicalDeviceProperties(gpu, &known);
    return known;
  }

  // Structs that the GPU does not know stay out: all of their features are lacking.
  void askFeatures(VkPhysicalDevice gpu, const DescribedDevice& described, Offer& offer) const {
    std::vector<const FeatureStruct*> structs;
    for (const auto& [name, features] : described.features) {
      const FeatureStruct* known = featureStruct(name);
      if (known && (known->isPlain() || anyProvider(known->providers, [&](std::string_view provider) {
                      const uint32_t version = versionNamed(provider);
                      return version ? version <= offer.api_version : offer.extensions.contains(provider);
                    })))
        structs.push_back(known);
    }
    FeaturesHere here(dispatch_, gpu, structs);
    for (size_t i = 0; i < structs.size(); ++i)
      for (const Feature& feature : structs[i]->features)
        if (here.has(i, feature)) offer.features[structs[i]->name].insert(std::string(feature.name));
  }

  // A GPU may have some formats of a kind that it does not have whole.
  void askFormats(VkPhysicalDevice gpu, const DescribedDevice& described, Offer& offer) const {
    for (const EnumName& value : kVkFormatNames.values) {
      const auto format = VkFormat(value.value);
      const std::string_view feature = compressionFeature(format);
      if (feature.empty() || !described.hasFeature(feature) ||
          offer.features["VkPhysicalDeviceFeatures"].contains(feature))
        continue;
      VkFormatProperties known{};
      dispatch_.GetPhysicalDeviceFormatProperties(gpu, format, &known);
      if (known.optimalTilingFeatures) offer.formats.usable.insert(format);
    }
  }

  Dispatch dispatch_;
  VkInstance instance_ = VK_NULL_HANDLE;
  std::set<std::string> extensions_;
  std::vector<VkPhysicalDevice> gpus_;
};

}  // namespace

Status Preflight::ask(const TraceSummary& summary, const std::string& gpu) {
  const std::vector<DescribedDevice> described = describedDevices(summary);
  uint32_t version = 0;
  for (const DescribedDevice& device : described) {
    version = std::max(version, device.asked_version);
    if (device.index) gpu_names_[*device.index] = device.name;
  }
  Asked machine;
  if (described.empty() || !machine.open(version)) return Status::ok();
  const std::vector<std::string> names = machine.names();
  for (const DescribedDevice& device : described) {
    const Result<size_t> chosen = chooseGpu(names, {gpu, device.name, device.index.value_or(0)});
    if (!chosen) return chosen.status();
    devices_.push_back(judged(device, machine.offer(chosen.value(), device)));
  }
  judges_extensions_ = true;
  judges_features_ =
      std::all_of(described.begin(), described.end(), [](const auto& one) { return one.has_features; });
  if (std::any_of(devices_.begin(), devices_.end(),
                  [](const JudgedDevice& one) { return !one.lacks.empty(); }))
    survey_ = std::make_unique<UseSurvey>(devices_);
  return Status::ok();
}

Status Preflight::verdict(std::vector<std::string>& notes) {
  const std::string missing = missingText(devices_);
  if (!missing.empty()) return Status(Code::kCannotRun, missing);
  broken_limits_ = reprise::brokenLimits(devices_);
  for (const std::string& text : broken_limits_)
    notes.push_back("not allowed on this device, which may do anything with it: " + text);
  for (std::string& text : leftOutTexts(devices_)) notes.push_back(std::move(text));
  for (const JudgedDevice& device : devices_)
    for (const auto& [type, use] : device.left_out) left_out_.insert(type);
  return Status::ok();
}

}  // namespace reprise

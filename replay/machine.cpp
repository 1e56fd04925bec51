#include "replay/machine.h"

#include <algorithm>

#include "replay/gpu_choice.h"
#include "replay/needs.h"
#include "replay/target.h"

namespace reprise {
namespace {

class AskedInstance {
 public:
  AskedInstance() { loadInstance(dispatch_, vkGetInstanceProcAddr, VK_NULL_HANDLE); }
  ~AskedInstance() {
    if (instance_) dispatch_.DestroyInstance(instance_, nullptr);
  }
  AskedInstance(const AskedInstance&) = delete;
  AskedInstance& operator=(const AskedInstance&) = delete;

  bool open() {
    uint32_t version = VK_API_VERSION_1_0;
    if (dispatch_.EnumerateInstanceVersion) (void)dispatch_.EnumerateInstanceVersion(&version);
    VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
    application.apiVersion = std::min<uint32_t>(version, VK_API_VERSION_1_2);
    VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    info.pApplicationInfo = &application;
    if (dispatch_.CreateInstance(&info, nullptr, &instance_) != VK_SUCCESS) return false;
    loadInstance(dispatch_, vkGetInstanceProcAddr, instance_);
    return true;
  }

  std::vector<MachineDevice> devices() const {
    uint32_t count = 0;
    if (dispatch_.EnumeratePhysicalDevices(instance_, &count, nullptr) != VK_SUCCESS) return {};
    std::vector<VkPhysicalDevice> gpus(count);
    if (dispatch_.EnumeratePhysicalDevices(instance_, &count, gpus.data()) < 0) return {};
    gpus.resize(count);
    std::vector<MachineDevice> list;
    for (const VkPhysicalDevice gpu : gpus) list.push_back(describe(gpu));
    return list;
  }

 private:
  MachineDevice describe(VkPhysicalDevice gpu) const {
    VkPhysicalDeviceProperties known{};
    dispatch_.GetPhysicalDeviceProperties(gpu, &known);
    MachineDevice device;
    device.name = known.deviceName;
    device.vendor_id = known.vendorID;
    device.device_id = known.deviceID;
    device.driver_version = known.driverVersion;
    device.api_version = known.apiVersion;
    if (known.apiVersion < VK_API_VERSION_1_2 || !dispatch_.GetPhysicalDeviceProperties2) return device;
    VkPhysicalDeviceDriverProperties driver{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_DRIVER_PROPERTIES};
    VkPhysicalDeviceProperties2 all{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &driver};
    dispatch_.GetPhysicalDeviceProperties2(gpu, &all);
    device.driver = driver.driverName;
    device.driver_info = driver.driverInfo;
    return device;
  }

  Dispatch dispatch_;
  VkInstance instance_ = VK_NULL_HANDLE;
};

}  // namespace

Result<std::vector<MachineDevice>> machineDevices() {
  AskedInstance instance;
  std::vector<MachineDevice> devices;
  if (instance.open()) devices = instance.devices();
  if (devices.empty()) return Status(Code::kCannotRun, "this machine has no Vulkan device");
  return devices;
}

Result<MachineDevice> deviceFor(const TraceSummary& trace, const std::string& gpu) {
  Result<std::vector<MachineDevice>> devices = machineDevices();
  if (!devices) return devices.status();
  std::vector<std::string> names;
  for (const MachineDevice& device : *devices) names.push_back(device.name);
  GpuWish wish{gpu, "", 0};
  if (const std::vector<DescribedDevice> described = describedDevices(trace); !described.empty()) {
    wish.described = described.back().name;
    wish.index = described.back().index.value_or(0);
  }
  const Result<size_t> chosen = chooseGpu(names, wish);
  if (!chosen) return chosen.status();
  return devices.value()[chosen.value()];
}

}  // namespace reprise

#include "tools/survey/devices.h"

#include <algorithm>

#include "format/event_ahead.h"
#include "replay/session.h"
#include "tools/metadata_json.h"

namespace reprise {
namespace {

// [[1,2],[3,4]]: the rows that have at least `columns` numbers; none where one has not, for places count.
std::vector<std::vector<uint64_t>> rowsOf(const Json& object, const char* key, size_t columns) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return {};
  std::vector<std::vector<uint64_t>> rows;
  for (const Json& row : *found) {
    std::vector<uint64_t> numbers;
    if (row.is_array())
      for (const Json& number : row)
        if (number.is_number_unsigned()) numbers.push_back(number.get<uint64_t>());
    if (numbers.size() < columns) return {};
    rows.push_back(std::move(numbers));
  }
  return rows;
}

SurveyedDevice deviceOf(const Json& json) {
  SurveyedDevice device;
  for (const auto& row : rowsOf(json, "memoryTypes", 2))
    device.memory_types.push_back({VkMemoryPropertyFlags(row[0]), uint32_t(row[1])});
  for (const auto& row : rowsOf(json, "memoryHeaps", 2))
    device.heaps.push_back({row[0], VkMemoryHeapFlags(row[1])});
  for (const auto& row : rowsOf(json, "queueFamilies", 2))
    device.families.push_back({VkQueueFlags(row[0]), uint32_t(row[1])});
  return device;
}

uint64_t callsOf(const TraceSummary& summary, Command command) {
  uint64_t calls = 0;
  for (const CommandCount& count : summary.commands)
    if (count.command == command) calls += count.calls;
  return calls;
}

void addNames(const char* const* names, uint32_t count, Names& to) {
  for (uint32_t i = 0; names && i < count; ++i)
    if (names[i]) to.insert(names[i]);
}

// What vkCreateInstance and vkCreateDevice say, where no metadata does.
class CreateCalls {
 public:
  void see(const Event& event) {
    arena_.reset();
    CapturedCall call;
    const ReplayCall* row = findReplayCall(event.command);
    if (!row->read(event, arena_, nullptr, call) || !call.had_effect) return;
    if (event.command == Command::vkCreateInstance)
      add(*static_cast<const CreateInstanceCall*>(call.packet));
    else
      add(*static_cast<const CreateDeviceCall*>(call.packet));
  }

  std::vector<DescribedDevice> devices() { return std::move(devices_); }
  // Stands for a device that is never made; none without an instance.
  std::vector<DescribedDevice> instanceOnly() const {
    return has_instance_ ? std::vector<DescribedDevice>{instance_} : std::vector<DescribedDevice>();
  }

 private:
  void add(const CreateInstanceCall& call) {
    if (!call.pCreateInfo) return;
    instance_ = {};
    has_instance_ = true;
    const VkApplicationInfo* application = call.pCreateInfo->pApplicationInfo;
    instance_.asked_version =
        std::max<uint32_t>(application ? application->apiVersion : 0, VK_API_VERSION_1_0);
    instance_.api_version = std::min(instance_.asked_version, registryVersion());
    addNames(call.pCreateInfo->ppEnabledExtensionNames, call.pCreateInfo->enabledExtensionCount,
             instance_.instance_extensions);
  }

  void add(const CreateDeviceCall& call) {
    if (!call.pCreateInfo || devices_.size() >= kMostRows) return;
    DescribedDevice device = instance_;
    Names names;
    addNames(call.pCreateInfo->ppEnabledExtensionNames, call.pCreateInfo->enabledExtensionCount, names);
    device.extensions.assign(names.begin(), names.end());
    device.has_features = true;
    forEachFeatureStruct(*call.pCreateInfo, [&](const FeatureStruct& of, void* structure) {
      for (const Feature& feature : of.features)
        if (featureValue(structure, feature)) device.features[of.name].insert(std::string(feature.name));
    });
    devices_.push_back(std::move(device));
  }

  Arena arena_;
  DescribedDevice instance_;
  bool has_instance_ = false;
  std::vector<DescribedDevice> devices_;
};

// They are a trace's first calls, nearly always: reading ends with the last of them.
Status readCreations(TraceReader& reader, uint64_t creations, CreateCalls& calls) {
  Event event;
  for (uint64_t seen = 0; seen < creations;) {
    const Result<bool> more = reader.next(event);
    if (!more) return more.status();
    if (!more.value()) break;
    if (event.kind != Event::kCall ||
        (event.command != Command::vkCreateInstance && event.command != Command::vkCreateDevice))
      continue;
    ++seen;
    calls.see(event);
  }
  return reader.seekFrame(0);
}

// A trace that has an instance and no device: it stands for one that is never made.
std::vector<DescribedDevice> instanceOnly(const TraceSummary& summary) {
  DescribedDevice none;
  bool any = false;
  for (const MetadataItem& item : summary.metadata) {
    if (item.kind != kMetadataApplication) continue;
    TraceSummary one;
    one.metadata = {item, {kMetadataDevice, "{}"}};
    for (const DescribedDevice& device : describedDevices(one)) {
      none.asked_version = std::max(none.asked_version, device.asked_version);
      none.instance_extensions.insert(device.instance_extensions.begin(), device.instance_extensions.end());
      any = true;
    }
  }
  none.api_version = std::min(none.asked_version, registryVersion());
  none.has_features = true;
  return any ? std::vector<DescribedDevice>{std::move(none)} : std::vector<DescribedDevice>();
}

}  // namespace

Status describeDevices(TraceReader& reader, TraceFindings& findings) {
  const TraceSummary& summary = reader.summary();
  std::vector<DescribedDevice> described = describedDevices(summary);
  const bool has_application =
      std::any_of(summary.metadata.begin(), summary.metadata.end(),
                  [](const MetadataItem& item) { return item.kind == kMetadataApplication; });
  for (const MetadataItem& item : summary.metadata) {
    if (item.kind != kMetadataDevice) continue;
    const Json json = parseMetadata(item.text);
    if (json.is_object()) findings.devices.push_back(deviceOf(json));
  }
  const uint64_t devices = callsOf(summary, Command::vkCreateDevice);
  if (described.empty() && (devices != 0 || !has_application)) {
    findings.from_calls = true;
    const uint64_t creations = devices + callsOf(summary, Command::vkCreateInstance);
    CreateCalls calls;
    Status status = readCreations(reader, creations, calls);
    if (!status) return status;
    described = calls.devices();
    findings.has_devices = !described.empty();
    if (described.empty()) described = calls.instanceOnly();
  } else {
    findings.has_devices = !described.empty();
    if (described.empty()) described = instanceOnly(summary);
  }
  findings.devices.resize(described.size());
  for (DescribedDevice& device : described) findings.used.push_back(judged(std::move(device), nothing()));
  return Status::ok();
}

}  // namespace reprise

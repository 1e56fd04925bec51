#include "replay/session.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "format/vk_promoted.h"
#include "replay/gpu_choice.h"
#include "replay/target.h"

namespace reprise {
namespace {

// "queueFamilies" of a device's metadata; empty if anything of it is not as the capture writes it.
std::vector<QueueFamily> familiesIn(const nlohmann::json& device) {
  const auto list = device.find("queueFamilies");
  if (list == device.end() || !list->is_array()) return {};
  std::vector<QueueFamily> families;
  for (const auto& family : *list) {
    if (!family.is_array() || family.size() < 3 ||
        !std::all_of(family.begin(), family.end(), [](const auto& x) { return x.is_number_unsigned(); }))
      return {};
    families.push_back({family[0].get<uint32_t>(), family[1].get<uint32_t>(), family[2].get<uint32_t>()});
  }
  return families;
}

}  // namespace

Player::Player(const ReplayOptions& options, ReplayReport& report, const Preflight& preflight,
               std::vector<Command> used)
    : options_(options),
      report_(report),
      preflight_(preflight),
      used_(std::move(used)),
      external_(*this),
      sync_(*this),
      contents_(*this),
      memory_(*this),
      opaque_(*this),
      window_(*this),
      screenshots_(options.screenshots_dir, options.looked_at) {
  loadInstance(global_, vkGetInstanceProcAddr, VK_NULL_HANDLE);
  uses_addresses_ = std::any_of(used_.begin(), used_.end(), [](Command used) {
    const Command command = commandInfo(used).canonical;
    return command == Command::vkGetBufferDeviceAddress ||
           command == Command::vkGetAccelerationStructureDeviceAddressKHR;
  });
}

Player::~Player() = default;

Status Player::beginAnew(HandleKind dispatch, uint64_t first) {
  instance_ = nullptr;
  device_ = nullptr;
  gpu_ = 0;
  if (dispatch == HandleKind::kNone) return Status::ok();
  const HandleMap::Id id = handles_.find(dispatch, HandleMap::kNone, first);
  if (id == HandleMap::kNone) return unknownHandle(dispatch, first);
  const HandleMap::Object& object = handles_.at(id);
  const HandleMap::Id owner =
      dispatch == HandleKind::kVkInstance || dispatch == HandleKind::kVkDevice ? id : object.owner;
  if (const auto device = device_by_id_.find(owner); device != device_by_id_.end()) {
    device_ = device->second;
    instance_ = device_->instance;
  } else if (const auto instance = instance_by_id_.find(owner); instance != instance_by_id_.end()) {
    instance_ = instance->second;
  } else {
    return unknownHandle(dispatch, first);
  }
  if (dispatch == HandleKind::kVkPhysicalDevice) gpu_ = first;
  begun_ = {dispatch, first, handles_.dispatchableVersion(), instance_, device_, gpu_, handles_.at(id).live};
  return Status::ok();
}

bool Player::has(const Dispatch& dispatch, Command command) {
  PFN_vkVoidFunction function = nullptr;
  const auto* slots = reinterpret_cast<const unsigned char*>(&dispatch);
  std::memcpy(&function, slots + (size_t(command) - 1) * sizeof function, sizeof function);
  return function != nullptr;
}

Status Player::missing(Command command) const {
  std::string list;
  const auto name = [&](Command wanted) {
    const CommandInfo& info = commandInfo(wanted);
    list += std::string(list.empty() ? "" : ", ") + info.name + " (" + info.extension + ")";
  };
  name(command);
  for (const Command other : used_) {
    const CommandInfo& info = commandInfo(other);
    if (info.canonical != command && info.device_level && issueRule(info.canonical) == Issue::kYes &&
        !has(dispatch(), other))
      name(other);
  }
  return error(Code::kCannotRun, "this device lacks commands of the trace: " + list);
}

bool Player::offeredBy(Command canonical) {
  const auto gpu = live<VkPhysicalDevice>(gpu_);
  for (const Command name : {canonical, event_->command}) {
    const char* extension = commandInfo(name).extension;
    if (const ExtensionFate* fate = extensionFate(extension); !fate || !fate->of_device) return true;
    const auto [known, is_new] = instance_->gpu_extensions.try_emplace(gpu);
    if (is_new) known->second = deviceExtensions(instance_->dispatch, gpu);
    if (known->second.contains(extension)) return true;
  }
  note(std::string(event_->command_name) + " left out: this device has no " +
       commandInfo(canonical).extension);
  return false;
}

Status Player::resumeHeld() {
  HeldSubmits* held = device_ ? device_->held.get() : nullptr;
  if (!held || part_) return Status::ok();
  const Event* const current = event_;
  Status status = Status::ok();
  while (status) {
    const auto [next, count] = held->next();
    if (!next) break;
    part_ = {next->issued, count};
    status = findReplayCall(next->call.event().command)->replay(*this, next->call.event());
    part_.reset();
    held->wentOn(next, count);
    event_ = current;
  }
  return status;
}

std::optional<PayloadRecord> Player::takePayload() {
  const auto found = announced_payloads_.find(event_->lane);
  if (found == announced_payloads_.end()) return std::nullopt;
  const PayloadRecord record = found->second;
  announced_payloads_.erase(found);
  return record;
}

HandleMap::Id Player::learn(HandleKind kind, uint64_t captured, uint64_t live, HandleMap::Id parent) {
  if (kind == HandleKind::kVkQueue || kind == HandleKind::kVkPhysicalDevice) {
    // Handed out again and again, never created.
    const HandleMap::Id known = find(kind, captured);
    if (known && handles_.at(known).live == live) return known;
  }
  const HandleMap::Id id = handles_.add(kind, ownerId(), captured, live, parent ? parent : ownerId());
  if (!failed_.empty()) failed_.erase(id);  // numbers are used again
  return id;
}

namespace {

// Commands that hand out an object of a pool name the pool as its parent.
bool isPooled(HandleKind kind) {
  return kind == HandleKind::kVkCommandBuffer || kind == HandleKind::kVkDescriptorSet;
}

}  // namespace

void Player::learnFailed(const HandleValues& captured, VkResult live, HandleMap::Id parent) {
  for (const auto& [kind, value] : captured)
    failed_[learn(kind, value, 0, isPooled(kind) ? parent : HandleMap::kNone)] = {
        std::string(event_->command_name), event_->call_number, live};
}

void Player::learnAll(const HandleValues& captured, const HandleValues& live, HandleMap::Id parent) {
  if (captured.size() != live.size())
    difference(Difference::kHandles, "returned " + std::to_string(live.size()) + " handles; " +
                                         std::to_string(captured.size()) + " at capture");
  for (size_t i = 0; i < captured.size() && i < live.size(); ++i) {
    const HandleKind kind = captured[i].first;
    learn(kind, captured[i].second, live[i].second, isPooled(kind) ? parent : HandleMap::kNone);
  }
}

Instance& Player::addInstance(uint64_t captured, VkInstance live) {
  const HandleMap::Id id =
      handles_.add(HandleKind::kVkInstance, HandleMap::kNone, captured, valueOf(live), HandleMap::kNone);
  Instance& instance = instances_.emplace_back();
  instance.id = id;
  instance.live = live;
  loadInstance(instance.dispatch, vkGetInstanceProcAddr, live);
  uint32_t count = 0;
  if (instance.dispatch.EnumeratePhysicalDevices(live, &count, nullptr) == VK_SUCCESS) {
    instance.gpus.resize(count);
    (void)instance.dispatch.EnumeratePhysicalDevices(live, &count, instance.gpus.data());
    instance.gpus.resize(count);
  }
  instance_by_id_[id] = &instance;
  return instance;
}

Device& Player::addDevice(uint64_t captured, VkDevice live, uint64_t captured_gpu, VkPhysicalDevice gpu) {
  Device& device = devices_.emplace_back();
  device.id = handles_.add(HandleKind::kVkDevice, instance_->id, captured, valueOf(live), instance_->id);
  device.instance = instance_;
  device.live = live;
  device.gpu = gpu;
  device.captured_gpu = captured_gpu;
  device.seen_gpu = &instance_->seen[captured_gpu];
  device.dispatch = instance_->dispatch;
  const auto gdpa = reinterpret_cast<PFN_vkGetDeviceProcAddr>(
      vkGetInstanceProcAddr(instance_->live, "vkGetDeviceProcAddr"));
  loadDevice(device.dispatch, gdpa, live);
  instance_->dispatch.GetPhysicalDeviceProperties(gpu, &device.properties);
  device.api_version = std::min(instance_->api_version, device.properties.apiVersion);
  preferExtensions(device.dispatch, device.api_version);
  report_.device = device.properties.deviceName;
  instance_->dispatch.GetPhysicalDeviceMemoryProperties(gpu, &device.memory);
  device_by_id_[device.id] = &device;
  return device;
}

void Player::removeDevice(Device* device) {
  noteAddresses(*device);
  handles_.drop(device->id);
  device_by_id_.erase(device->id);
  devices_.remove_if([&](const Device& d) { return &d == device; });
  device_ = nullptr;
}

std::vector<Device*> Player::devicesOf(const Instance* instance) {
  std::vector<Device*> found;
  for (Device& device : devices_)
    if (device.instance == instance) found.push_back(&device);
  return found;
}

void Player::removeInstance(Instance* instance) {
  handles_.drop(instance->id);
  instance_by_id_.erase(instance->id);
  instances_.remove_if([&](const Instance& i) { return &i == instance; });
  instance_ = nullptr;
}

Result<VkPhysicalDevice> Player::chooseGpu(size_t index) {
  std::vector<std::string> names;
  for (VkPhysicalDevice gpu : instance_->gpus) {
    VkPhysicalDeviceProperties properties{};
    instance_->dispatch.GetPhysicalDeviceProperties(gpu, &properties);
    names.emplace_back(properties.deviceName);
  }
  const auto known = preflight_.gpuNames().find(index);
  const std::string& described = known == preflight_.gpuNames().end() ? described_name_ : known->second;
  const Result<size_t> chosen = reprise::chooseGpu(names, {options_.gpu, described, index});
  if (!chosen) return error(chosen.status().code(), chosen.status().message());
  if (index >= names.size() && options_.gpu.empty() && names[chosen.value()] != described)
    note("captured device " + std::to_string(index) + " is played on " + names[chosen.value()]);
  return instance_->gpus[chosen.value()];
}

bool Player::sameGpu() {
  const uint64_t captured = currentGpu();
  if (captured == 0 || !instance_) return false;
  CapturedGpu& seen = device_ ? *device_->seen_gpu : instance_->seen[captured];
  if (!seen.properties) seen.properties = described_device_;
  if (!seen.properties) return false;
  if (!seen.same) {
    const auto gpu = live<VkPhysicalDevice>(captured);
    if (!gpu) return false;
    VkPhysicalDeviceProperties now{};
    instance_->dispatch.GetPhysicalDeviceProperties(gpu, &now);
    const VkPhysicalDeviceProperties& then = *seen.properties;
    seen.same = now.vendorID == then.vendorID && now.deviceID == then.deviceID &&
                now.driverVersion == then.driverVersion &&
                std::strncmp(now.deviceName, then.deviceName, sizeof now.deviceName) == 0;
  }
  return *seen.same;
}

void Player::describeDevice(std::string_view json) {
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  if (!parsed.is_object()) return;
  if (const auto name = parsed.find("deviceName"); name != parsed.end() && name->is_string())
    described_name_ = name->get<std::string>();
  const auto number = [&](const char* key) {
    const auto found = parsed.find(key);
    return found != parsed.end() && found->is_number_unsigned() ? found->get<uint32_t>() : 0u;
  };
  described_device_.emplace();
  described_device_->vendorID = number("vendorID");
  described_device_->deviceID = number("deviceID");
  described_device_->driverVersion = number("driverVersion");
  std::strncpy(described_device_->deviceName, described_name_.c_str(), VK_MAX_PHYSICAL_DEVICE_NAME_SIZE - 1);
  described_families_ = familiesIn(parsed);
  const auto types = parsed.find("memoryTypes");
  if (types == parsed.end() || !types->is_array() || types->size() > VK_MAX_MEMORY_TYPES) return;
  VkPhysicalDeviceMemoryProperties memory{};
  for (const auto& type : *types) {
    if (!type.is_array() || type.size() < 2 || !type[0].is_number_unsigned() || !type[1].is_number_unsigned())
      return;
    memory.memoryTypes[memory.memoryTypeCount++] = {type[0].get<uint32_t>(), type[1].get<uint32_t>()};
  }
  described_memory_ = memory;
}

bool Player::resultsAgree(VkResult captured, VkResult live) {
  if (captured == live) return true;
  if (captured == VK_ERROR_DEVICE_LOST) return live >= 0;  // settled at the end: failure not reproduced
  // What a physical device says of itself is its own affair on another one.
  if (gpu_ && !sameGpu()) return captured >= 0 && live >= 0;
  // Nor is how much of its own data a driver has for a buffer of the capture's size.
  const bool incomplete = captured == VK_INCOMPLETE || live == VK_INCOMPLETE;
  if (incomplete && captured >= 0 && live >= 0 && event_ &&
      !isDeterministic(commandInfo(event_->command).canonical))
    return true;
  difference(Difference::kResult,
             std::string("returned ") + resultName(live) + "; " + resultName(captured) + " at capture");
  return captured >= 0 && live >= 0;
}

bool Player::createdAlike(VkResult captured, VkResult live) {
  const bool lost = live == VK_ERROR_DEVICE_LOST || live == VK_ERROR_OUT_OF_HOST_MEMORY ||
                    live == VK_ERROR_OUT_OF_DEVICE_MEMORY;
  if (captured < 0 || live >= 0 || lost || sameGpu()) return resultsAgree(captured, live);
  // Programs ask about objects that they never use: only a use ends the replay (failed(), refuse()).
  note("left out, unless the trace uses it: what " + std::string(event_->command_name) + " (call " +
       std::to_string(event_->call_number) + ") made is not possible on this device: " + resultName(live));
  return false;
}

void Player::noticeLoss(VkResult captured, VkResult live) {
  if (captured == VK_ERROR_DEVICE_LOST) failure_expected_ = true;
  if (live == VK_ERROR_DEVICE_LOST) failure_seen_ = true;
}

void Player::compareBytes(const std::vector<std::byte>& captured, const std::vector<std::byte>& live) {
  if (captured == live) return;
  const size_t common = std::min(captured.size(), live.size());
  const size_t at =
      size_t(std::mismatch(captured.begin(), captured.begin() + std::ptrdiff_t(common), live.begin()).first -
             captured.begin());
  difference(Difference::kAnswer, "answers differently than at capture, from byte " + std::to_string(at) +
                                      " of " + std::to_string(captured.size()) + " on");
}

Status Player::error(Code code, const std::string& text) const {
  if (event_ == nullptr) return Status(code, text);
  const std::string name =
      event_->kind == Event::kMemory ? "a memory change" : std::string(event_->command_name);
  return Status(code, "call " + std::to_string(event_->call_number) + " (" + name + ", frame " +
                          std::to_string(event_->frame) + "): " + text);
}

Status Player::unknownHandle(HandleKind kind, uint64_t captured) const {
  const std::string name = handleText(kind, captured);
  if (const auto failed = failed_.find(find(kind, captured)); failed != failed_.end())
    return error(Code::kCannotRun,
                 "needs " + name + ", which could not be made here: " + failed->second.command + " (call " +
                     std::to_string(failed->second.call) + ") returned " + resultName(failed->second.result));
  return error(Code::kUnreadable, name + " is not alive at this point of the trace");
}

Status Player::refuse(Command command, Status unknown) {
  if (onlyNames(command)) return Status::ok();
  const bool only_asks = std::string_view(commandInfo(command).name).starts_with("vkGet");
  // What an object would have been like, that could not be made here, nothing depends on.
  if (commandInfo(command).destroys == HandleKind::kNone &&
      !(only_asks && unknown.code() == Code::kCannotRun))
    return unknown;
  if (only_asks && !sameGpu())
    note("not issued: " + unknown.message());
  else
    difference(Difference::kNotIssued, "not issued: " + unknown.message());
  return Status::ok();
}

void Player::validationMessage(const char* text) {
  std::lock_guard lock(messages_mutex_);
  messages_.emplace_back(text);
  has_messages_.store(true, std::memory_order_release);
}

void Player::reportValidationMessages() {
  std::vector<std::string> taken;
  {
    std::lock_guard lock(messages_mutex_);
    taken.swap(messages_);
    has_messages_.store(false, std::memory_order_relaxed);
  }
  for (std::string& text : taken) difference(Difference::kValidation, "validation: " + std::move(text));
}

Status Player::waitedInVain() {
  difference(Difference::kWait, "still waiting after " + std::to_string(kWaitLimitNs / 1'000'000'000) +
                                    " s for what the capture saw done");
  if (++waits_in_vain_ < 3) return Status::ok();
  return error(Code::kDiffers, "gave up after three waits in vain");
}

bool Player::waitIdle(Device& device) {
  const VkFenceCreateInfo info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, nullptr, 0};
  for (const auto& [queue, family] : device.families) {
    VkFence fence = VK_NULL_HANDLE;
    if (device.dispatch.CreateFence(device.live, &info, nullptr, &fence) != VK_SUCCESS) return false;
    VkResult result = submitEmpty(device, queue, {}, {}, fence);
    if (result == VK_SUCCESS)
      result = device.dispatch.WaitForFences(device.live, 1, &fence, VK_TRUE, kWaitLimitNs);
    if (result == VK_ERROR_DEVICE_LOST) failure_seen_ = true;
    if (result == VK_TIMEOUT) return false;  // the fence is in use: it stays
    device.dispatch.DestroyFence(device.live, fence, nullptr);
    if (result != VK_SUCCESS) return result == VK_ERROR_DEVICE_LOST;
  }
  device.rewrites.allOver(device);
  return true;
}

void Player::noteAddresses(const Device& device) {
  for (const std::string& text : OpaqueAddresses::summary(device.opaque)) note(text);
  if (const std::string text = device.numbers.addresses.summary(); !text.empty()) note(text);
}

void Player::finish() {
  event_ = nullptr;
  bool idle = true;
  for (Device& device : devices_) {
    noteAddresses(device);
    if (device.held && device.held->any())
      note("submits at the end of the trace were not issued: what they wait for is never signalled");
    idle = waitIdle(device) && idle;
    if (idle) window_.deviceGone(&device);
    if (idle) contents_.deviceGone(&device);
  }
  if (!idle) contents_.abandon();
  if (!idle) note("work was still pending at the end of the trace");
  for (Instance& instance : instances_)
    if (idle) window_.instanceGone(&instance);
  takeValidationMessages();
  report_.failure_not_reproduced = failure_expected_ && !failure_seen_;
  if (handles_.duplicates())
    note(std::to_string(handles_.duplicates()) + " objects had the handle value of another live one");
}

namespace {

const char* nameOf(const EnumInfo& info, uint64_t value, const char* otherwise) {
  const auto found = std::find_if(info.values.begin(), info.values.end(),
                                  [&](const EnumName& name) { return name.value == value; });
  return found == info.values.end() ? otherwise : found->name;
}

}  // namespace

std::string handleText(HandleKind kind, uint64_t value) {
  char text[32];
  std::snprintf(text, sizeof text, " 0x%llx", static_cast<unsigned long long>(value));
  return handleKindName(kind) + std::string(text);
}

const char* resultName(VkResult result) {
  return nameOf(kVkResultNames, uint64_t(int64_t(result)), "an unknown VkResult");
}

const char* formatName(VkFormat format) {
  return nameOf(kVkFormatNames, uint64_t(format), "an unknown VkFormat");
}

}  // namespace reprise

#include "replay/use_survey.h"

#include <cstring>

#include "replay/chains.h"
#include "replay/rules.h"
#include "replay/session.h"

namespace reprise {
namespace {

// The replay makes the call, and a driver sees its arguments.
bool reachesDriver(Command canonical) {
  return issueRule(canonical) == Issue::kYes && !hasOwn(providersOf(canonical));
}

bool isQueryOfGpu(Command canonical) {
  return commandInfo(canonical).dispatch == HandleKind::kVkPhysicalDevice;
}

// The highest version of SPIR-V that comes with a version of Vulkan.
uint32_t spirvVersion(uint32_t api_version) {
  if (api_version >= VK_API_VERSION_1_3) return 0x10600;
  if (api_version >= VK_API_VERSION_1_2) return 0x10500;
  return api_version >= VK_API_VERSION_1_1 ? 0x10300 : 0x10000;
}

// The alternatives of one capability, or extension, which stand together.
template <class F>
std::span<const SpirvAlternative> alternatives(F&& is) {
  const auto all = spirvAlternatives();
  const auto first = std::find_if(all.begin(), all.end(), is);
  return {first, std::find_if_not(first, all.end(), is)};
}

template <class T, class F>
void eachStage(const T* stages, uint32_t count, F&& f) {
  for (uint32_t i = 0; stages && i < count; ++i)
    if (const auto* module = findInChain<const VkShaderModuleCreateInfo>(
            stages[i].pNext, VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO))
      f(*module);
}

// f(VkShaderModuleCreateInfo) for the code that a call brings.
template <class F>
void eachModule(Command command, const void* packet, F&& f) {
  if (command == Command::vkCreateShaderModule) {
    const auto& call = *static_cast<const CreateShaderModuleCall*>(packet);
    if (call.pCreateInfo) f(*call.pCreateInfo);
  } else if (command == Command::vkCreateGraphicsPipelines) {
    const auto& call = *static_cast<const CreateGraphicsPipelinesCall*>(packet);
    for (uint32_t i = 0; call.pCreateInfos && i < call.createInfoCount; ++i)
      eachStage(call.pCreateInfos[i].pStages, call.pCreateInfos[i].stageCount, f);
  } else if (command == Command::vkCreateComputePipelines) {
    const auto& call = *static_cast<const CreateComputePipelinesCall*>(packet);
    for (uint32_t i = 0; call.pCreateInfos && i < call.createInfoCount; ++i)
      eachStage(&call.pCreateInfos[i].stage, 1, f);
  } else if (command == Command::vkCreateRayTracingPipelinesKHR) {
    const auto& call = *static_cast<const CreateRayTracingPipelinesKHRCall*>(packet);
    for (uint32_t i = 0; call.pCreateInfos && i < call.createInfoCount; ++i)
      eachStage(call.pCreateInfos[i].pStages, call.pCreateInfos[i].stageCount, f);
  }
}

size_t placeOf(const JudgedDevice& device, const Lack* lack) { return size_t(lack - device.lacks.data()); }

}  // namespace

UseSurvey::UseSurvey(std::vector<JudgedDevice>& devices) : devices_(devices), looked_at_(kCommandCount, 0) {
  for (size_t i = 0; i < devices_.size(); ++i) {
    addCommands(i);
    addStructs(i);
    addFeatures(i);
    addLimits(i);
  }
  setKinds();
}

void UseSurvey::addReason(Command command, Reason reason) {
  const Command canonical = commandInfo(command).canonical;
  if (canonical == Command::kUnknown || !reachesDriver(canonical)) return;
  looked_at_[size_t(canonical)] |= kLooked;
  reasons_[canonical].push_back(reason);
}

void UseSurvey::addCommands(size_t index) {
  JudgedDevice& device = devices_[index];
  for (size_t i = 1; i < kCommandCount; ++i) {
    const Command command = Command(i);
    // Queries of an extension that a GPU has not are left out by the replay.
    if (commandInfo(command).canonical != command || isQueryOfGpu(command)) continue;
    const std::string_view providers = providersOf(command);
    if (device.offersAny(providers)) continue;
    if (Lack* lack = device.lackOf(providers)) addReason(command, {index, placeOf(device, lack), nullptr});
  }
}

void UseSurvey::addStructs(size_t index) {
  JudgedDevice& device = devices_[index];
  for (const StructProviders& one : structProviders()) {
    if (device.offersAny(one.providers)) continue;
    Lack* lack = device.lackOf(one.providers);
    if (!lack) continue;
    const bool hint = !reasonToLeaveOut(one.type).empty();
    structs_[one.type].push_back({index, hint ? SIZE_MAX : placeOf(device, lack)});
  }
}

// That one of an extension's commands is called is the use of its only feature.
bool UseSurvey::addByExtension(size_t index, size_t lack) {
  const std::string_view feature = devices_[index].lacks[lack].name;
  bool found = false;
  for (const FeatureStruct& one : featureStructs()) {
    if (one.features.size() != 1 || one.features[0].name != feature) continue;
    for (size_t i = 1; i < kCommandCount; ++i) {
      const Command command = Command(i);
      if (commandInfo(command).canonical != command || isQueryOfGpu(command)) continue;
      const bool of_extension = anyProvider(providersOf(command), [&](std::string_view provider) {
        return versionNamed(provider) == 0 &&
               anyProvider(one.providers, [&](std::string_view other) { return other == provider; });
      });
      if (!of_extension) continue;
      addReason(command, {index, lack, nullptr});
      found = true;
    }
  }
  return found;
}

void UseSurvey::addFeatures(size_t index) {
  std::vector<Lack>& lacks = devices_[index].lacks;
  for (size_t i = 0; i < lacks.size(); ++i) {
    Lack& lack = lacks[i];
    if (lack.kind != Lack::kFeature || devices_[index].offersFeature(lack.name)) continue;
    for (const FeatureRule& rule : featureRules()) {
      if (rule.feature != lack.name) continue;
      addReason(rule.command, {index, i, &rule});
      lack.can_be_told = true;
    }
    if (const Command command = commandOfFeature(lack.name); command != Command::kUnknown) {
      addReason(command, {index, i, nullptr});
      lack.can_be_told = true;
    }
    if (!lack.can_be_told) lack.can_be_told = addByExtension(index, i);
    const auto all = spirvAlternatives();
    lack.can_be_told |= std::any_of(all.begin(), all.end(), [&](const SpirvAlternative& one) {
      return one.is_feature && one.enable == lack.name;
    });
  }
}

void UseSurvey::addLimits(size_t index) {
  std::map<std::string, uint64_t, std::less<>> stricter;
  for (const Lack& lack : devices_[index].lacks)
    if (lack.kind == Lack::kLimit) stricter[lack.name] = devices_[index].offer.limits.at(lack.name);
  if (stricter.empty()) return;
  limits_.emplace(index, LimitSurvey(std::move(stricter)));
  for (size_t i = 1; i < kCommandCount; ++i)
    if (LimitSurvey::looksAt(Command(i))) looked_at_[i] |= kLimits;
}

void UseSurvey::setKinds() {
  for (const Command command : {Command::vkCreateShaderModule, Command::vkCreateGraphicsPipelines,
                                Command::vkCreateComputePipelines, Command::vkCreateRayTracingPipelinesKHR})
    looked_at_[size_t(command)] |= kShaders;
  if (devices_.size() > 1)
    for (const Command command : {Command::vkCreateDevice, Command::vkGetDeviceQueue,
                                  Command::vkGetDeviceQueue2, Command::vkAllocateCommandBuffers})
      looked_at_[size_t(command)] |= kHandles;
  if (structs_.empty()) return;
  for (size_t i = 1; i < kCommandCount; ++i) {
    const Command command = Command(i);
    const bool makes_device = command == Command::vkCreateInstance || command == Command::vkCreateDevice;
    if (reachesDriver(command) && !isQueryOfGpu(command) && !makes_device) looked_at_[i] |= kNodes;
  }
}

// Structs of extensions have numbers from 1000000000 on: where no such word is, there is none of them.
bool UseSurvey::mayHoldNode(std::span<const std::byte> inputs) const {
  constexpr uint32_t kFirst = 1'000'000'000, kCount = 1'000'000;
  for (size_t i = 0; i + sizeof(uint32_t) <= inputs.size(); ++i) {
    uint32_t word;
    std::memcpy(&word, inputs.data() + i, sizeof word);
    if (word - kFirst < kCount && structs_.contains(VkStructureType(word))) return true;
  }
  return false;
}

void UseSurvey::see(const Event& event) {
  if (event.kind != Event::kCall) return;
  const Command canonical = commandInfo(event.command).canonical;
  const uint8_t kinds = looked_at_[size_t(canonical)];
  const bool nodes = (kinds & kNodes) && mayHoldNode(event.inputs);
  if (!(kinds & (kLooked | kShaders | kHandles | kLimits)) && !nodes) return;
  const ReplayCall* row = findReplayCall(canonical);
  if (!row) return;
  nodes_.clear();
  const auto keep = [](void* self, VkStructureType type) {
    auto& survey = *static_cast<UseSurvey*>(self);
    if (survey.structs_.contains(type)) survey.nodes_.push_back(type);
    return true;
  };
  const NodeFilter filter{keep, this};
  arena_.reset();
  CapturedCall call;
  if (!row->read(event, arena_, &filter, call) || !call.had_effect)
    return;  // the replay says what cannot be read
  if (kinds & kHandles) learnHandles(canonical, call.packet);
  const size_t device = deviceOf(call.packet);
  if (kinds & kLooked)
    for (const Reason& reason : reasons_[canonical])
      if (reason.device == device &&
          (!reason.rule || reason.rule->uses(call.packet, devices_[device].offer.formats)))
        use(devices_[device].lacks[reason.lack], event.command_name, event);
  if (kinds & kLimits) seeLimits(device, canonical, call.packet, event);
  if (nodes) seeNodes(device, event);
  if (kinds & kShaders) seeShaders(device, canonical, call.packet, event);
}

void UseSurvey::learnHandles(Command canonical, const void* packet) {
  if (canonical == Command::vkCreateDevice) {
    const auto& call = *static_cast<const CreateDeviceCall*>(packet);
    if (call.pDevice) device_of_[valueOf(*call.pDevice)] = std::min(created_++, devices_.size() - 1);
  } else if (canonical == Command::vkGetDeviceQueue) {
    const auto& call = *static_cast<const GetDeviceQueueCall*>(packet);
    if (call.pQueue) device_of_[valueOf(*call.pQueue)] = deviceOf(packet);
  } else if (canonical == Command::vkGetDeviceQueue2) {
    const auto& call = *static_cast<const GetDeviceQueue2Call*>(packet);
    if (call.pQueue) device_of_[valueOf(*call.pQueue)] = deviceOf(packet);
  } else if (canonical == Command::vkAllocateCommandBuffers) {
    const auto& call = *static_cast<const AllocateCommandBuffersCall*>(packet);
    for (uint32_t i = 0;
         call.pAllocateInfo && call.pCommandBuffers && i < call.pAllocateInfo->commandBufferCount; ++i)
      device_of_[valueOf(call.pCommandBuffers[i])] = deviceOf(packet);
  }
}

size_t UseSurvey::deviceOf(const void* packet) const {
  uint64_t first = 0;
  std::memcpy(&first, packet, sizeof first);  // every packet here starts with its dispatchable handle
  const auto found = device_of_.find(first);
  return found == device_of_.end() ? 0 : found->second;
}

void UseSurvey::seeLimits(size_t index, Command canonical, const void* packet, const Event& event) {
  const auto limits = limits_.find(index);
  if (limits == limits_.end()) return;
  for (const std::string_view broken : limits->second.see(canonical, packet))
    for (Lack& lack : devices_[index].lacks)
      if (lack.kind == Lack::kLimit && lack.name == broken) use(lack, event.command_name, event);
}

void UseSurvey::seeNodes(size_t index, const Event& event) {
  for (const VkStructureType type : nodes_)
    for (const LackingStruct& one : structs_[type]) {
      if (one.device != index) continue;
      JudgedDevice& device = devices_[index];
      if (one.lack != SIZE_MAX)
        use(device.lacks[one.lack], std::string(structName(type)) + " in " + std::string(event.command_name),
            event);
      else
        ++device.left_out[type].calls;
    }
}

void UseSurvey::seeShaders(size_t device, Command canonical, const void* packet, const Event& event) {
  eachModule(canonical, packet, [&](const VkShaderModuleCreateInfo& info) {
    seeModule(device, readSpirv(info.pCode, info.codeSize), event);
  });
}

void UseSurvey::seeModule(size_t index, const SpirvNeeds& needs, const Event& event) {
  JudgedDevice& device = devices_[index];
  const uint32_t then = spirvVersion(device.described.api_version),
                 now = spirvVersion(device.offer.api_version);
  if (needs.version > now && needs.version <= then && !device.offers("VK_KHR_spirv_1_4"))
    for (Lack& lack : device.lacks)
      if (lack.kind == Lack::kVersion && needs.version <= spirvVersion(versionNamed(lack.name))) {
        use(lack, "SPIR-V 1." + std::to_string(needs.version >> 8 & 0xff), event);
        break;
      }
  for (const uint32_t capability : needs.capabilities)
    seeAlternatives(index, alternatives([&](const SpirvAlternative& one) {
                      return one.capability == capability && capability != UINT32_MAX;
                    }),
                    event);
  for (const std::string& extension : needs.extensions)
    seeAlternatives(index, alternatives([&](const SpirvAlternative& one) {
                      return one.capability == UINT32_MAX && one.name == extension;
                    }),
                    event);
}

void UseSurvey::seeAlternatives(size_t index, std::span<const SpirvAlternative> of, const Event& event) {
  JudgedDevice& device = devices_[index];
  Lack* lack = nullptr;
  for (const SpirvAlternative& one : of) {
    // A property is the device's own; whether it has it is not asked.
    if (one.enable.empty()) return;
    if (one.is_feature ? device.offersFeature(one.enable) : device.offers(one.enable)) return;
    if (!lack) lack = one.is_feature ? device.lackOfFeature(one.enable) : device.lackOf(one.enable);
  }
  if (!lack) return;
  const bool is_capability = of.front().capability != UINT32_MAX;
  use(*lack, (is_capability ? "SPIR-V capability " : "SPIR-V extension ") + std::string(of.front().name),
      event);
}

void UseSurvey::use(Lack& lack, std::string_view what, const Event& event) {
  const auto [entry, is_new] = lack.uses.try_emplace(std::string(what));
  if (is_new) entry->second.first = event.call_number;
  ++entry->second.calls;
}

}  // namespace reprise

#include "replay/use_survey.h"

#include <cstring>

#include "replay/chains.h"
#include "replay/rules.h"
#include "replay/session.h"
#include "replay/shader_code.h"
#include "replay/used_values.h"

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

size_t placeOf(const JudgedDevice& device, const Lack* lack) { return size_t(lack - device.lacks.data()); }

}  // namespace

UseSurvey::UseSurvey(std::vector<JudgedDevice>& devices)
    : devices_(devices), looked_at_(kCommandCount, 0), needs_(kCommandCount), reasons_(kCommandCount) {
  judges_nothing_ = std::any_of(devices_.begin(), devices_.end(),
                                [](const JudgedDevice& one) { return one.offer.is_nothing; });
  for (size_t i = 0; i < kCommandCount; ++i)
    needs_[i] = !judgesNothing() || (reachesDriver(Command(i)) && !isQueryOfGpu(Command(i)));
  for (size_t i = 0; i < devices_.size(); ++i) {
    addCommands(i);
    addStructs(i);
    if (judgesNothing()) addValues(i);
    addFeatures(i);
    addLimits(i);
    if (judgesNothing()) setToldExtensions(i);
  }
  setKinds();
}

void UseSurvey::addReason(Command command, Reason reason) {
  const Command canonical = commandInfo(command).canonical;
  if (canonical == Command::kUnknown || (!judgesNothing() && !reachesDriver(canonical))) return;
  looked_at_[size_t(canonical)] |= reason.rule ? kLooked : kCalled;
  reasons_[size_t(canonical)].push_back(reason);
}

void UseSurvey::addCommands(size_t index) {
  JudgedDevice& device = devices_[index];
  for (size_t i = 1; i < kCommandCount; ++i) {
    const Command command = Command(i);
    if (commandInfo(command).canonical != command) continue;
    // Queries of an extension that a GPU has not are left out by the replay.
    if (!judgesNothing() && isQueryOfGpu(command)) continue;
    const std::string_view providers = providersOf(command);
    if (device.offersAny(providers)) continue;
    Lack* lack = device.lackOf(providers);
    // Who only asks, or is answered by the loader, uses no version.
    if (lack && (lack->kind != Lack::kVersion || isNeed(command)))
      addReason(command, {index, placeOf(device, lack), nullptr});
  }
}

void UseSurvey::addStructs(size_t index) {
  JudgedDevice& device = devices_[index];
  for (const StructProviders& one : structProviders()) {
    if (device.offersAny(one.providers)) continue;
    Lack* lack = device.lackOf(one.providers);
    if (!lack) continue;
    const bool hint = !judgesNothing() && !reasonToLeaveOut(one.type).empty();
    structs_[one.type].push_back({index, hint ? SIZE_MAX : placeOf(device, lack)});
  }
}

void UseSurvey::addValues(size_t index) {
  JudgedDevice& device = devices_[index];
  for (const ValueProviders& one : valueProviders()) {
    Lack* lack = device.lackOf(one.providers);
    if (!lack || (one.of->flags && one.value == 0)) continue;
    LackingValues& values = values_[one.of];
    values.mask |= one.value;
    values.list.push_back({index, placeOf(device, lack), &one});
  }
}

// Extensions that could not be used without a trace of it: by a command, a struct, a value or a shader.
void UseSurvey::setToldExtensions(size_t index) {
  JudgedDevice& device = devices_[index];
  const auto mark = [&](size_t lack) {
    if (device.lacks[lack].kind == Lack::kExtension) device.lacks[lack].can_be_told = true;
  };
  for (Lack& lack : device.lacks)
    if (lack.kind == Lack::kExtension) lack.can_be_told = false;
  for (const std::vector<Reason>& reasons : reasons_)
    for (const Reason& reason : reasons)
      if (reason.device == index) mark(reason.lack);
  for (const auto& [type, structs] : structs_)
    for (const LackingStruct& one : structs)
      if (one.device == index && !featureStruct(type)) mark(one.lack);
  for (const auto& [of, values] : values_)
    for (const LackingValue& one : values.list)
      if (one.device == index) mark(one.lack);
  for (const SpirvAlternative& one : spirvAlternatives())
    if (const Lack* lack = one.is_feature || one.enable.empty() ? nullptr : device.lackOf(one.enable))
      mark(placeOf(device, lack));
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
  if (stricter.empty() && !judgesNothing()) return;
  limits_.emplace(index, LimitSurvey(std::move(stricter)));
  for (size_t i = 1; i < kCommandCount; ++i)
    if (LimitSurvey::looksAt(Command(i))) looked_at_[i] |= kLimits;
}

void UseSurvey::setKinds() {
  for (size_t i = 1; i < kCommandCount; ++i)
    if (bringsShaders(Command(i))) looked_at_[i] |= kShaders;
  if (devices_.size() > 1 || judgesNothing())
    for (const Command command : {Command::vkCreateDevice, Command::vkGetDeviceQueue,
                                  Command::vkGetDeviceQueue2, Command::vkAllocateCommandBuffers})
      looked_at_[size_t(command)] |= kHandles;
  for (size_t i = 1; i < kCommandCount; ++i) {
    const Command command = Command(i);
    if (commandInfo(command).canonical != command || isQueryOfGpu(command)) continue;
    const Holdings holds = holdingsOf(command);
    const bool makes_device = command == Command::vkCreateInstance || command == Command::vkCreateDevice;
    const bool counts = judgesNothing() || (reachesDriver(command) && !makes_device);
    if (!structs_.empty() && holds.chains && counts) looked_at_[i] |= kNodes;
    if (!values_.empty() && holds.values) looked_at_[i] |= kValues;
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

bool UseSurvey::wants(const Event& event) {
  kinds_ = 0;
  if (event.kind != Event::kCall) return false;
  const CommandInfo& command = commandInfo(event.command);
  const uint8_t kinds = looked_at_[size_t(command.canonical)];
  if (kinds == 0) return false;
  if (kinds == kCalled && command.is_cmd) {  // has a device and no result: nothing else is to be known of it
    uint64_t first = 0;
    std::memcpy(&first, event.inputs.data(), std::min(sizeof first, event.inputs.size()));
    seeCalled(deviceOf(first), command.canonical, event);
    return false;
  }
  if (!(kinds & ~kNodes) && !mayHoldNode(event.inputs)) return false;
  kinds_ = kinds;
  return true;
}

const NodeFilter* UseSurvey::filter() {
  nodes_.clear();
  filter_ = {[](void* self, VkStructureType type) {
               auto& survey = *static_cast<UseSurvey*>(self);
               if (survey.structs_.contains(type)) survey.nodes_.push_back(type);
               return true;
             },
             this};
  return &filter_;
}

void UseSurvey::see(const Event& event) {
  if (!wants(event)) return;
  const ReplayCall* row = findReplayCall(event.command);
  if (!row) return;
  arena_.reset();
  CapturedCall call;
  if (row->read(event, arena_, filter(), call)) see(event, call);  // the replay says what cannot be read
}

// What asks an instance or a physical device is every device's, of a machine that has nothing.
template <class F>
void UseSurvey::eachDevice(Command canonical, const void* packet, F&& f) {
  if (judgesNothing() && canonical == Command::vkCreateDevice)
    return f(created_ > 0 ? std::min(created_, devices_.size()) - 1 : 0);
  if (judgesNothing() && !commandInfo(canonical).device_level) {
    for (size_t device = 0; device < devices_.size(); ++device) f(device);
    return;
  }
  uint64_t first = 0;
  std::memcpy(&first, packet, sizeof first);  // every packet here starts with its dispatchable handle
  f(deviceOf(first));
}

void UseSurvey::see(const Event& event, const CapturedCall& call) {
  if (!call.had_effect || kinds_ == 0) return;
  const Command canonical = commandInfo(event.command).canonical;
  if (kinds_ & kHandles) learnHandles(canonical, call.packet);
  found_values_.clear();
  if (kinds_ & kValues)
    forEachValue(
        canonical, const_cast<void*>(call.packet),
        [](void* self, const EnumInfo& of, uint64_t value) {
          auto& survey = *static_cast<UseSurvey*>(self);
          const auto found = survey.values_.find(&of);
          if (found != survey.values_.end() && (!of.flags || (value & found->second.mask)))
            survey.found_values_.emplace_back(&found->second, value);
        },
        this);
  eachDevice(canonical, call.packet, [&](size_t device) {
    if (kinds_ & kCalled) seeCalled(device, canonical, event);
    if (kinds_ & kLooked)
      for (const Reason& reason : reasons_[size_t(canonical)])
        if (reason.device == device && reason.rule &&
            reason.rule->uses(call.packet, devices_[device].offer.formats))
          use(devices_[device].lacks[reason.lack], event.command_name, event, isNeed(canonical));
    if (kinds_ & kLimits) seeLimits(device, canonical, call.packet, event);
    if (kinds_ & kNodes) seeNodes(device, canonical, event);
    if (!found_values_.empty()) seeValues(device, canonical, event);
    if (kinds_ & kShaders) seeShaders(device, canonical, call.packet, event);
  });
}

void UseSurvey::seeCalled(size_t device, Command canonical, const Event& event) {
  for (const Reason& reason : reasons_[size_t(canonical)])
    if (reason.device == device && !reason.rule)
      useAgain(devices_[device].lacks[reason.lack], 0, event, isNeed(canonical),
               [&] { return std::string(event.command_name); });
}

void UseSurvey::seeValues(size_t index, Command canonical, const Event& event) {
  constexpr uint64_t kIsValue = uint64_t{1} << 32;
  for (const auto& [values, value] : found_values_)
    for (const LackingValue& one : values->list) {
      const ValueProviders& known = *one.value;
      const bool is = known.of->flags ? (value & known.value) == known.value : value == known.value;
      if (one.device != index || !is) continue;
      useAgain(devices_[index].lacks[one.lack], kIsValue | uint64_t(&known - valueProviders().data()), event,
               isNeed(canonical),
               [&] { return std::string(known.name) + " in " + std::string(event.command_name); });
    }
}

void UseSurvey::learnHandles(Command canonical, const void* packet) {
  if (canonical == Command::vkCreateDevice) {
    const auto& call = *static_cast<const CreateDeviceCall*>(packet);
    if (call.pDevice) device_of_[valueOf(*call.pDevice)] = std::min(created_++, devices_.size() - 1);
  } else if (canonical == Command::vkGetDeviceQueue) {
    const auto& call = *static_cast<const GetDeviceQueueCall*>(packet);
    if (call.pQueue) device_of_[valueOf(*call.pQueue)] = deviceOf(valueOf(call.device));
  } else if (canonical == Command::vkGetDeviceQueue2) {
    const auto& call = *static_cast<const GetDeviceQueue2Call*>(packet);
    if (call.pQueue) device_of_[valueOf(*call.pQueue)] = deviceOf(valueOf(call.device));
  } else if (canonical == Command::vkAllocateCommandBuffers) {
    const auto& call = *static_cast<const AllocateCommandBuffersCall*>(packet);
    for (uint32_t i = 0;
         call.pAllocateInfo && call.pCommandBuffers && i < call.pAllocateInfo->commandBufferCount; ++i)
      device_of_[valueOf(call.pCommandBuffers[i])] = deviceOf(valueOf(call.device));
  }
}

size_t UseSurvey::deviceOf(uint64_t first) const {
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

void UseSurvey::seeNodes(size_t index, Command canonical, const Event& event) {
  constexpr uint64_t kIsStruct = uint64_t{1} << 33;
  for (const VkStructureType type : nodes_)
    for (const LackingStruct& one : structs_[type]) {
      if (one.device != index) continue;
      JudgedDevice& device = devices_[index];
      if (one.lack == SIZE_MAX) {
        ++device.left_out[type].calls;
        continue;
      }
      if (canonical == Command::vkCreateDevice && featureStruct(type)) continue;  // enables, and uses nothing
      const bool is_need = isNeed(canonical) && (!judgesNothing() || reasonToLeaveOut(type).empty()) &&
                           canonical != Command::vkCreateInstance;
      useAgain(device.lacks[one.lack], kIsStruct | uint32_t(type), event, is_need,
               [&] { return std::string(structName(type)) + " in " + std::string(event.command_name); });
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
  Lack* spirv_1_4 = judgesNothing() && needs.version == 0x10400 ? device.lackOf("VK_KHR_spirv_1_4") : nullptr;
  if (spirv_1_4)
    use(*spirv_1_4, "SPIR-V 1.4", event);
  else if (needs.version > now && needs.version <= then && !device.offers("VK_KHR_spirv_1_4"))
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

void UseSurvey::use(Lack& lack, std::string_view what, const Event& event, bool is_need) {
  const auto [entry, is_new] = lack.uses.try_emplace(std::string(what));
  if (is_new) entry->second = {0, event.call_number, is_need};
  ++entry->second.calls;
}

// A program does the same thing over and over: its text is made once.
template <class Text>
void UseSurvey::useAgain(Lack& lack, uint64_t thing, const Event& event, bool is_need, Text&& text) {
  Use*& known = known_uses_[{&lack, thing, event.command}];
  if (known) {
    ++known->calls;
    return;
  }
  const std::string what = text();
  use(lack, what, event, is_need);
  known = &lack.uses.find(what)->second;
}

std::map<std::string, uint64_t, std::less<>> UseSurvey::neededLimits(size_t device) const {
  const auto limits = limits_.find(device);
  return limits == limits_.end() ? std::map<std::string, uint64_t, std::less<>>() : limits->second.needed();
}

}  // namespace reprise

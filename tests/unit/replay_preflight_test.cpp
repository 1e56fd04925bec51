// What a described trace needs of a described machine, and what a shader says that it needs. No driver is
// asked.
#include <gtest/gtest.h>

#include "format/encoder.h"
#include "replay/gpu_choice.h"
#include "replay/needs.h"
#include "replay/spirv.h"
#include "replay/use_survey.h"

namespace reprise {
namespace {

constexpr const char* kApplication = R"({"apiVersion":"1.1.0","extensions":["VK_KHR_surface"]})";

TraceSummary summaryOf(const char* device, const char* application = kApplication) {
  TraceSummary summary;
  summary.metadata = {{kMetadataApplication, application}, {kMetadataDevice, device}};
  return summary;
}

DescribedDevice deviceOf(const char* json) { return describedDevices(summaryOf(json)).at(0); }

Offer offerOf(uint32_t version, Names extensions, std::map<std::string, Names> features = {}) {
  return {"Mock", version, std::move(extensions), std::move(features), {}};
}

// Shows calls to a survey as a reader would.
class Shown {
 public:
  explicit Shown(std::vector<JudgedDevice>& devices) : survey_(devices) {}
  template <class C>
  Shown& call(const C& call, bool returned = true) {
    std::vector<std::byte> inputs, outputs;
    encodeInputs(call, inputs);
    encodeOutputs(call, outputs);
    Event event;
    event.command = C::kId;
    event.command_name = commandInfo(C::kId).name;
    event.call_number = number_++;
    event.inputs = inputs;
    event.has_outputs = returned && C::kHasOutputs;
    if (event.has_outputs) event.outputs = outputs;
    survey_.see(event);
    return *this;
  }

 private:
  UseSurvey survey_;
  uint64_t number_ = 10;
};

std::vector<JudgedDevice> judgedOne(const char* device, Offer offer) {
  std::vector<JudgedDevice> devices;
  devices.push_back(judged(deviceOf(device), std::move(offer)));
  return devices;
}

TEST(Preflight, AMachineThatHasAllLacksNothing) {
  const auto devices = judgedOne(
      R"({"apiVersion":"1.3.2","shownApiVersion":"1.3.2","enabledExtensions":["VK_EXT_multi_draw"],
          "enabledFeatures":{"VkPhysicalDeviceFeatures":["wideLines"]}})",
      offerOf(VK_API_VERSION_1_1, {"VK_EXT_multi_draw"}, {{"VkPhysicalDeviceFeatures", {"wideLines"}}}));
  EXPECT_TRUE(devices[0].lacks.empty());
  EXPECT_EQ(missingText(devices), "");
}

TEST(Preflight, MetadataThatIsNoObjectIsNoDevice) {
  EXPECT_TRUE(describedDevices(summaryOf("[1,2")).empty());
  EXPECT_TRUE(describedDevices(summaryOf("7")).empty());
  const DescribedDevice device = deviceOf(R"({"enabledExtensions":7,"enabledFeatures":{"X":[1,"a"],"Y":3}})");
  EXPECT_TRUE(device.extensions.empty());
  EXPECT_EQ(device.features.at("X"), Names{"a"});
  EXPECT_EQ(device.api_version, VK_API_VERSION_1_0);
}

TEST(Preflight, AVersionBeyondAllMakesNoLongList) {
  const auto devices =
      describedDevices(summaryOf(R"({"shownApiVersion":"127.1023.0"})", R"({"apiVersion":"127.1023.0"})"));
  EXPECT_LE(devices.at(0).api_version, registryVersion());
}

TEST(Preflight, WhatTheReplayDoesItselfIsNeverLacking) {
  const auto devices = judgedOne(
      R"({"enabledExtensions":["VK_KHR_swapchain","VK_KHR_external_memory_win32","VK_NV_external_memory","VK_EXT_debug_marker"]})",
      offerOf(VK_API_VERSION_1_0, {}));
  EXPECT_TRUE(devices[0].lacks.empty());
}

TEST(Preflight, WhatBecamePartOfTheVersionIsNotLacking) {
  const auto devices = judgedOne(R"({"shownApiVersion":"1.1.0","enabledExtensions":["VK_KHR_maintenance1"]})",
                                 offerOf(VK_API_VERSION_1_1, {}));
  EXPECT_TRUE(devices[0].lacks.empty());
}

TEST(Preflight, AnExtensionWhoseCommandIsCalledIsMissing) {
  auto devices = judgedOne(R"({"enabledExtensions":["VK_EXT_multi_draw","VK_EXT_shader_stencil_export"]})",
                           offerOf(VK_API_VERSION_1_1, {}));
  Shown(devices).call(CmdDrawMultiEXTCall{}).call(CmdDrawMultiEXTCall{}).call(CmdDrawCall{});
  EXPECT_EQ(missingText(devices),
            "Mock lacks what the trace uses; no call was played:\n"
            "  VK_EXT_multi_draw: vkCmdDrawMultiEXT (2 calls, from call 10 on)");
}

TEST(Preflight, AnExtensionThatNothingUsesIsLeftOut) {
  auto devices =
      judgedOne(R"({"enabledExtensions":["VK_EXT_shader_stencil_export"]})", offerOf(VK_API_VERSION_1_1, {}));
  Shown(devices).call(CmdDrawCall{});
  EXPECT_EQ(missingText(devices), "");
  const std::vector<std::string> wanted = {
      "device extension VK_EXT_shader_stencil_export left out: not available here, and the trace does not "
      "use it"};
  EXPECT_EQ(leftOutTexts(devices), wanted);
}

TEST(Preflight, ACallThatFailedAtCaptureIsNoUse) {
  auto devices =
      judgedOne(R"({"enabledExtensions":["VK_EXT_private_data"]})", offerOf(VK_API_VERSION_1_1, {}));
  CreatePrivateDataSlotCall call;
  call.result = VK_ERROR_OUT_OF_HOST_MEMORY;
  Shown(devices).call(call);
  EXPECT_EQ(missingText(devices), "");
}

TEST(Preflight, AFeatureIsMissingWhereARuleSeesIt) {
  constexpr const char* kDevice =
      R"({"enabledFeatures":{"VkPhysicalDeviceFeatures":["samplerAnisotropy","robustBufferAccess"]}})";
  VkSamplerCreateInfo info{VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO};
  CreateSamplerCall call;
  call.pCreateInfo = &info;
  auto plain = judgedOne(kDevice, offerOf(VK_API_VERSION_1_1, {}));
  Shown(plain).call(call);
  EXPECT_EQ(missingText(plain), "");
  EXPECT_EQ(leftOutTexts(plain).size(), 2u);
  info.anisotropyEnable = VK_TRUE;
  auto used = judgedOne(kDevice, offerOf(VK_API_VERSION_1_1, {}));
  Shown(used).call(call);
  EXPECT_EQ(missingText(used),
            "Mock lacks what the trace uses; no call was played:\n"
            "  feature samplerAnisotropy (VkPhysicalDeviceFeatures): vkCreateSampler (call 10)");
}

TEST(Preflight, NullDescriptors) {
  auto devices = judgedOne(
      R"({"enabledExtensions":["VK_EXT_robustness2"],
          "enabledFeatures":{"VkPhysicalDeviceRobustness2FeaturesEXT":["nullDescriptor"]}})",
      offerOf(VK_API_VERSION_1_1, {}));
  const VkDescriptorBufferInfo buffer{VK_NULL_HANDLE, 0, VK_WHOLE_SIZE};
  VkWriteDescriptorSet write{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET};
  write.descriptorCount = 1;
  write.descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
  write.pBufferInfo = &buffer;
  UpdateDescriptorSetsCall call;
  call.descriptorWriteCount = 1;
  call.pDescriptorWrites = &write;
  Shown(devices).call(call);
  EXPECT_NE(
      missingText(devices).find("VK_EXT_robustness2: nullDescriptor by vkUpdateDescriptorSets (call 10)"),
      std::string::npos)
      << missingText(devices);
}

TEST(Preflight, AStructOfALackingExtensionIsUseUnlessItIsAHint) {
  auto devices = judgedOne(R"({"enabledExtensions":["VK_EXT_memory_priority","VK_EXT_custom_border_color"]})",
                           offerOf(VK_API_VERSION_1_1, {}));
  VkMemoryPriorityAllocateInfoEXT priority{VK_STRUCTURE_TYPE_MEMORY_PRIORITY_ALLOCATE_INFO_EXT};
  VkMemoryAllocateInfo memory{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &priority};
  AllocateMemoryCall allocate;
  allocate.pAllocateInfo = &memory;
  VkSamplerCustomBorderColorCreateInfoEXT color{
      VK_STRUCTURE_TYPE_SAMPLER_CUSTOM_BORDER_COLOR_CREATE_INFO_EXT};
  VkSamplerCreateInfo sampler{VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO, &color};
  CreateSamplerCall create;
  create.pCreateInfo = &sampler;
  Shown(devices).call(allocate).call(create);
  EXPECT_EQ(missingText(devices),
            "Mock lacks what the trace uses; no call was played:\n  VK_EXT_custom_border_color: "
            "VkSamplerCustomBorderColorCreateInfoEXT in vkCreateSampler (call 11)");
  EXPECT_TRUE(devices[0].left_out.contains(VK_STRUCTURE_TYPE_MEMORY_PRIORITY_ALLOCATE_INFO_EXT));
}

CreateShaderModuleCall shaderCall(VkShaderModuleCreateInfo& info, const std::vector<uint32_t>& words) {
  info = {VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, nullptr, 0, words.size() * 4, words.data()};
  CreateShaderModuleCall call;
  call.pCreateInfo = &info;
  return call;
}

constexpr uint32_t kMagic = 0x07230203, kCapability = 2u << 16 | 17, kExtension = 10;

TEST(Preflight, AShadersCapabilityNeedsItsFeature) {
  auto devices = judgedOne(
      R"({"enabledFeatures":{"VkPhysicalDeviceFeatures":["geometryShader","shaderInt16","shaderInt64"]}})",
      offerOf(VK_API_VERSION_1_1, {}, {{"VkPhysicalDeviceFeatures", {"shaderInt16"}}}));
  VkShaderModuleCreateInfo info;
  Shown(devices).call(
      shaderCall(info, {kMagic, 0x10000, 0, 9, 0, kCapability, 1, kCapability, 2, kCapability, 22}));
  EXPECT_EQ(missingText(devices),
            "Mock lacks what the trace uses; no call was played:\n"
            "  feature geometryShader (VkPhysicalDeviceFeatures): SPIR-V capability Geometry (call 10)");
  ASSERT_EQ(leftOutTexts(devices).size(), 2u);
}

TEST(Preflight, OneAlternativeIsEnough) {
  // ShaderLayer and its kin: DrawParameters comes with a feature or with an extension.
  auto devices = judgedOne(
      R"({"shownApiVersion":"1.1.0","enabledExtensions":["VK_KHR_shader_draw_parameters"],
          "enabledFeatures":{"VkPhysicalDeviceShaderDrawParametersFeatures":["shaderDrawParameters"]}})",
      offerOf(VK_API_VERSION_1_1, {"VK_KHR_shader_draw_parameters"}));
  ASSERT_EQ(devices[0].lacks.size(), 1u);
  VkShaderModuleCreateInfo info;
  Shown(devices).call(shaderCall(info, {kMagic, 0x10300, 0, 9, 0, kCapability, 4427}));
  EXPECT_EQ(missingText(devices), "");
}

TEST(Preflight, ACommandOfAVersionThatIsNotHere) {
  const auto summary = summaryOf(R"({"shownApiVersion":"1.3.0"})", R"({"apiVersion":"1.3.0"})");
  std::vector<JudgedDevice> devices;
  devices.push_back(judged(describedDevices(summary).at(0), offerOf(VK_API_VERSION_1_1, {})));
  Shown(devices).call(CmdBeginRenderingCall{}).call(CmdDrawCall{});
  EXPECT_NE(missingText(devices).find("Vulkan 1.3: vkCmdBeginRendering (call 10)"), std::string::npos)
      << missingText(devices);
}

TEST(Preflight, EachDeviceHasItsVerdict) {
  const DescribedDevice device = deviceOf(R"({"enabledExtensions":["VK_EXT_multi_draw"]})");
  std::vector<JudgedDevice> devices;
  for (int i = 0; i < 2; ++i) devices.push_back(judged(device, offerOf(VK_API_VERSION_1_1, {})));
  CreateDeviceCall create;
  VkDevice made[2] = {VkDevice(0x10), VkDevice(0x20)};
  Shown shown(devices);
  for (VkDevice& one : made) {
    create.pDevice = &one;
    shown.call(create);
  }
  AllocateCommandBuffersCall allocate;
  VkCommandBufferAllocateInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
  info.commandBufferCount = 1;
  VkCommandBuffer commands = VkCommandBuffer(0x30);
  allocate.device = made[1];
  allocate.pAllocateInfo = &info;
  allocate.pCommandBuffers = &commands;
  CmdDrawMultiEXTCall draw;
  draw.commandBuffer = commands;
  shown.call(allocate).call(draw);
  EXPECT_TRUE(devices[0].lacks[0].uses.empty());
  EXPECT_NE(missingText(devices).find("device 1 of the trace uses"), std::string::npos)
      << missingText(devices);
}

TEST(Preflight, CapabilitiesAndExtensionsOfAModule) {
  std::vector<uint32_t> words = {kMagic,      0x10500, 0,           9,    0,
                                 kCapability, 2,       kCapability, 4427, 3u << 16 | kExtension};
  words.insert(words.end(), {0x00425653, 0xffffffff});  // "SVB", and a word behind its end
  words.insert(words.end(), {3u << 16 | 14, 0, 1, kCapability, 3});
  const SpirvNeeds needs = readSpirv(words.data(), words.size() * 4);
  EXPECT_EQ(needs.version, 0x10500u);
  EXPECT_EQ(needs.capabilities, (std::vector<uint32_t>{2, 4427}));
  EXPECT_EQ(needs.extensions, std::vector<std::string>{"SVB"});
}

TEST(Preflight, ModulesThatEndTooSoonOrLie) {
  const std::vector<uint32_t> words = {kMagic,    0x10000, 0, 9, 0, kCapability, 2, 0xffff0000 | kExtension,
                                       0x41414141};
  for (size_t bytes = 0; bytes <= words.size() * 4; ++bytes) {
    const SpirvNeeds needs = readSpirv(words.data(), bytes);
    EXPECT_EQ(needs.capabilities.size(), bytes >= 28 ? 1u : 0u) << bytes;
    EXPECT_TRUE(needs.extensions.empty());
  }
  const std::vector<uint32_t> empty_instruction = {kMagic, 0x10000, 0, 9, 0, kCapability, 1, 17, 2};
  EXPECT_EQ(readSpirv(empty_instruction.data(), empty_instruction.size() * 4).capabilities.size(), 1u);
  const std::vector<uint32_t> no_end = {kMagic, 0x10000, 0, 9, 0, 2u << 16 | kExtension, 0x41414141};
  EXPECT_EQ(readSpirv(no_end.data(), no_end.size() * 4).extensions, std::vector<std::string>{"AAAA"});
  const std::vector<uint32_t> other = {0x03022307, 0x10000, 0, 9, 0, kCapability, 1};
  EXPECT_EQ(readSpirv(other.data(), other.size() * 4).version, 0u);
  EXPECT_EQ(readSpirv(nullptr, 100).version, 0u);
}

TEST(Preflight, TheGpuIsChosenByOptionNamePlace) {
  const std::vector<std::string> names = {"llvmpipe", "SwiftShader", "SwiftShader"};
  EXPECT_EQ(chooseGpu(names, {"2", "llvmpipe", 0}).value(), 2u);
  EXPECT_EQ(chooseGpu(names, {"swift", "llvmpipe", 0}).value(), 1u);
  EXPECT_EQ(chooseGpu(names, {"", "SwiftShader", 0}).value(), 1u);
  EXPECT_EQ(chooseGpu(names, {"", "SwiftShader", 2}).value(), 2u);
  EXPECT_EQ(chooseGpu(names, {"", "H200", 1}).value(), 1u);
  EXPECT_EQ(chooseGpu(names, {"", "H200", 7}).value(), 0u);
  EXPECT_EQ(chooseGpu(names, {"9", "", 0}).status().code(), Code::kCannotRun);
  EXPECT_EQ(chooseGpu({}, {}).status().code(), Code::kCannotRun);
}

// Offsets of 16 and 64 bytes for the second of two dynamic buffers, bound where 64 is asked for.
TEST(Preflight, ALimitThatACallBreaksIsToldAndPlayed) {
  Offer offer = offerOf(VK_API_VERSION_1_1, {});
  offer.limits = {{"minUniformBufferOffsetAlignment", 64},
                  {"minStorageBufferOffsetAlignment", 16},
                  {"maxPushConstantsSize", 128}};
  auto devices =
      judgedOne(R"({"limits":{"minUniformBufferOffsetAlignment":16,"minStorageBufferOffsetAlignment":16,
                                         "maxPushConstantsSize":256,"maxBoundDescriptorSets":4}})",
                std::move(offer));
  ASSERT_EQ(devices[0].lacks.size(), 2u);
  const VkDescriptorSetLayoutBinding bindings[2] = {{7, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC, 1},
                                                    {3, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER_DYNAMIC, 1}};
  const VkDescriptorSetLayoutCreateInfo set_info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, nullptr,
                                                 0, 2, bindings};
  auto set_layout = reinterpret_cast<VkDescriptorSetLayout>(uintptr_t{5});
  CreateDescriptorSetLayoutCall create_set;
  create_set.pCreateInfo = &set_info;
  create_set.pSetLayout = &set_layout;
  const VkPushConstantRange range{VK_SHADER_STAGE_COMPUTE_BIT, 120, 16};
  const VkPipelineLayoutCreateInfo info{
      VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, nullptr, 0, 1, &set_layout, 1, &range};
  auto layout = reinterpret_cast<VkPipelineLayout>(uintptr_t{6});
  CreatePipelineLayoutCall create;
  create.pCreateInfo = &info;
  create.pPipelineLayout = &layout;
  const VkDescriptorSet set = reinterpret_cast<VkDescriptorSet>(uintptr_t{7});
  const uint32_t kept[2] = {16, 64}, broken[2] = {64, 16};
  CmdBindDescriptorSetsCall bind;
  bind.layout = layout;
  bind.descriptorSetCount = 1;
  bind.pDescriptorSets = &set;
  bind.dynamicOffsetCount = 2;
  bind.pDynamicOffsets = kept;
  CmdBindDescriptorSetsCall wrong = bind;
  wrong.pDynamicOffsets = broken;
  Shown(devices).call(create_set).call(create).call(bind).call(wrong).call(wrong);
  EXPECT_EQ(missingText(devices), "");
  EXPECT_TRUE(leftOutTexts(devices).empty());
  const std::vector<std::string> wanted = {
      "minUniformBufferOffsetAlignment of 16 (64 here): vkCmdBindDescriptorSets (2 calls, from call 13 on)",
      "maxPushConstantsSize of 256 (128 here): vkCreatePipelineLayout (call 11)"};
  EXPECT_EQ(brokenLimits(devices), wanted);
}

}  // namespace
}  // namespace reprise

// What one reading of a trace finds out, on traces written by hand: what is used and not only enabled,
// objects, memory, frames, handle types, and how it is printed.
#include <gtest/gtest.h>

#include <filesystem>

#include "format/encoder.h"
#include "tests/support/trace_builder.h"
#include "tools/survey/info_output.h"
#include "tools/survey/trace_survey.h"
#include "tools/survey/uses.h"

namespace reprise {
namespace {

template <class T>
T handle(uint64_t value) {
  return (T)value;
}

class SurveyTest : public testing::Test {
 public:
  ~SurveyTest() override { std::filesystem::remove(path_); }

  template <class C>
  SurveyTest& call(const C& call, uint32_t lane = 1) {
    std::vector<std::byte> inputs, outputs;
    encodeInputs(call, inputs);
    encodeOutputs(call, outputs);
    if (commandInfo(C::kId).is_cmd)
      trace_.command(lane, uint16_t(C::kId), inputs);
    else
      trace_.call(lane, uint16_t(C::kId), inputs, outputs);
    return *this;
  }

 protected:
  void instance(uint32_t version = VK_API_VERSION_1_3) {
    VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
    application.apiVersion = version;
    VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    info.pApplicationInfo = &application;
    const char* const names[] = {"VK_KHR_surface", "VK_EXT_debug_utils"};
    info.enabledExtensionCount = 2;
    info.ppEnabledExtensionNames = names;
    CreateInstanceCall create;
    create.pCreateInfo = &info;
    auto made = handle<VkInstance>(0x10);
    create.pInstance = &made;
    call(create);
  }

  void device(uint64_t value, std::vector<const char*> extensions = {}, const void* next = nullptr) {
    VkDeviceCreateInfo info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO};
    info.pNext = next;
    info.enabledExtensionCount = uint32_t(extensions.size());
    info.ppEnabledExtensionNames = extensions.data();
    CreateDeviceCall create;
    create.physicalDevice = handle<VkPhysicalDevice>(0x20);
    create.pCreateInfo = &info;
    auto made = handle<VkDevice>(value);
    create.pDevice = &made;
    call(create);
  }

  // Metadata of an instance of Vulkan 1.3 and of its devices.
  void describe(std::initializer_list<const char*> devices) {
    trace_.metadata(1, kMetadataApplication,
                    R"({"apiVersion":"1.3.0","extensions":["VK_KHR_surface","VK_EXT_debug_utils"]})");
    for (const char* json : devices) trace_.metadata(1, kMetadataDevice, json);
  }

  VkDeviceMemory allocate(uint64_t value, uint32_t type, VkDeviceSize size, const void* next = nullptr) {
    const VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, next, size, type};
    AllocateMemoryCall allocate;
    allocate.device = device_;
    allocate.pAllocateInfo = &info;
    auto made = handle<VkDeviceMemory>(value);
    allocate.pMemory = &made;
    call(allocate);
    return made;
  }

  VkBuffer createBuffer(uint64_t value, VkBufferUsageFlags usage, VkDevice device) {
    VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
    info.size = 64;
    info.usage = usage;
    CreateBufferCall create;
    create.device = device;
    create.pCreateInfo = &info;
    auto made = handle<VkBuffer>(value);
    create.pBuffer = &made;
    call(create);
    return made;
  }

  TraceFindings survey() {
    EXPECT_TRUE(trace_.finish());
    auto reader = TraceReader::open(path_);
    EXPECT_TRUE(reader) << reader.status().message();
    summary_ = (*reader)->summary();
    auto findings = surveyTrace(**reader);
    EXPECT_TRUE(findings) << findings.status().message();
    return std::move(*findings);
  }

  static const UsedThing& thing(const std::vector<UsedThing>& things, std::string_view name) {
    for (const UsedThing& one : things)
      if (one.name == name) return one;
    static const UsedThing none{"none of that name", "", UsedThing::kUntold, false, {}};
    ADD_FAILURE() << "no thing " << name;
    return none;
  }

  const VkDevice device_ = handle<VkDevice>(0x30);
  const std::string path_ = testing::TempDir() + "reprise_survey_" +
                            testing::UnitTest::GetInstance()->current_test_info()->name() + ".vkr";
  TraceBuilder trace_{path_};
  TraceSummary summary_;
};

TEST_F(SurveyTest, AnEmptyTraceHoldsNothing) {
  const TraceFindings found = survey();
  EXPECT_TRUE(found.used.empty());
  EXPECT_TRUE(found.objects.empty());
  EXPECT_EQ(found.frames.count, 0u);
  EXPECT_FALSE(surveyText(summary_, found).empty());
  EXPECT_TRUE(surveyJson(found)["devices"].empty());
}

TEST_F(SurveyTest, UsedIsWhatACallShows) {
  describe({R"({"deviceName":"A","shownApiVersion":"1.3.0","enabledExtensions":["VK_EXT_multi_draw",
      "VK_EXT_transform_feedback","VK_EXT_private_data","VK_EXT_scalar_block_layout","VK_KHR_swapchain",
      "VK_NOBODY_knows"],"enabledFeatures":{"VkPhysicalDeviceFeatures":["samplerAnisotropy","robustBufferAccess"],
      "VkPhysicalDeviceScalarBlockLayoutFeatures":["scalarBlockLayout"]}})"});
  VkPhysicalDevicePrivateDataFeatures enabled{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PRIVATE_DATA_FEATURES};
  instance();
  device(0x30, {"VK_EXT_multi_draw"}, &enabled);
  call(CmdDrawMultiEXTCall{}).call(CmdDrawMultiEXTCall{}).call(CmdDrawCall{});
  createBuffer(0x100, VK_BUFFER_USAGE_TRANSFORM_FEEDBACK_BUFFER_BIT_EXT, device_);
  VkImageMemoryBarrier barrier{VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER};
  barrier.newLayout = VK_IMAGE_LAYOUT_PRESENT_SRC_KHR;
  CmdPipelineBarrierCall barriers;
  barriers.imageMemoryBarrierCount = 1;
  barriers.pImageMemoryBarriers = &barrier;
  call(barriers);
  VkSamplerCreateInfo sampler{VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO};
  sampler.anisotropyEnable = VK_TRUE;
  CreateSamplerCall create;
  create.device = device_;
  create.pCreateInfo = &sampler;
  call(create);
  const UsedOfTrace uses = usesOf(survey());
  ASSERT_EQ(uses.devices.size(), 1u);
  const auto& extensions = uses.devices[0].extensions;
  const UsedThing& draws = thing(extensions, "VK_EXT_multi_draw");
  EXPECT_EQ(draws.state, UsedThing::kUsed);
  EXPECT_TRUE(draws.needed);
  EXPECT_EQ(draws.uses.at("vkCmdDrawMultiEXT").calls, 2u);
  EXPECT_EQ(draws.uses.at("vkCmdDrawMultiEXT").first, 2u);
  EXPECT_EQ(thing(extensions, "VK_EXT_transform_feedback")
                .uses.at("VK_BUFFER_USAGE_TRANSFORM_FEEDBACK_BUFFER_BIT_EXT in vkCreateBuffer")
                .calls,
            1u);
  EXPECT_EQ(thing(extensions, "VK_EXT_private_data").state, UsedThing::kUnused);
  EXPECT_EQ(thing(extensions, "VK_EXT_scalar_block_layout").state, UsedThing::kUntold);
  EXPECT_EQ(thing(extensions, "VK_NOBODY_knows").state, UsedThing::kUntold);
  const UsedThing& swapchain = thing(extensions, "VK_KHR_swapchain");
  EXPECT_EQ(swapchain.uses.at("VK_IMAGE_LAYOUT_PRESENT_SRC_KHR in vkCmdPipelineBarrier").calls, 1u);
  EXPECT_FALSE(swapchain.needed) << "a replay presents by itself";
  const auto& features = uses.devices[0].features;
  EXPECT_TRUE(thing(features, "samplerAnisotropy").needed);
  EXPECT_EQ(thing(features, "robustBufferAccess").state, UsedThing::kUntold);
  EXPECT_EQ(thing(uses.instance_extensions, "VK_KHR_surface").state, UsedThing::kUnused);
}

TEST_F(SurveyTest, AVersionIsNeededForWhatItBrought) {
  describe({R"({"shownApiVersion":"1.3.0"})"});
  instance();
  device(0x30);
  call(GetPhysicalDeviceFeatures2Call{}).call(CmdDrawIndirectCountCall{});
  const UsedOfTrace uses = usesOf(survey());
  const UsedOfDevice& of = uses.devices.at(0);
  EXPECT_EQ(of.needed_version, VK_API_VERSION_1_2);
  EXPECT_EQ(thing(of.versions, "Vulkan 1.1").state, UsedThing::kUnused) << "who asks uses nothing";
  EXPECT_EQ(thing(of.versions, "Vulkan 1.2").uses.at("vkCmdDrawIndirectCount").calls, 1u);
  EXPECT_FALSE(thing(of.versions, "Vulkan 1.3").needed);
}

TEST_F(SurveyTest, EachDeviceHasItsOwnUses) {
  constexpr const char* kDevice =
      R"({"shownApiVersion":"1.3.0","enabledExtensions":["VK_EXT_transform_feedback"]})";
  describe({kDevice, kDevice});
  instance();
  device(0x30);
  device(0x40);
  createBuffer(0x100, VK_BUFFER_USAGE_TRANSFORM_FEEDBACK_BUFFER_BIT_EXT, handle<VkDevice>(0x40));
  const UsedOfTrace uses = usesOf(survey());
  ASSERT_EQ(uses.devices.size(), 2u);
  EXPECT_EQ(thing(uses.devices[0].extensions, "VK_EXT_transform_feedback").state, UsedThing::kUnused);
  EXPECT_EQ(thing(uses.devices[1].extensions, "VK_EXT_transform_feedback").state, UsedThing::kUsed);
}

TEST_F(SurveyTest, WithoutMetadataCallsSayWhatWasEnabled) {
  VkPhysicalDeviceMultiDrawFeaturesEXT enabled{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MULTI_DRAW_FEATURES_EXT};
  enabled.multiDraw = VK_TRUE;
  instance();
  device(0x30, {"VK_EXT_multi_draw"}, &enabled);
  call(CmdDrawMultiEXTCall{});
  const TraceFindings found = survey();
  EXPECT_TRUE(found.from_calls);
  const UsedOfTrace uses = usesOf(found);
  ASSERT_EQ(uses.devices.size(), 1u);
  EXPECT_EQ(thing(uses.devices[0].extensions, "VK_EXT_multi_draw").state, UsedThing::kUsed);
  EXPECT_EQ(thing(uses.devices[0].features, "multiDraw").state, UsedThing::kUsed);
  EXPECT_EQ(found.objects.size(), 2u) << "an instance and a device: all calls were seen";
}

TEST_F(SurveyTest, AnInstanceWithoutADevice) {
  describe({});
  instance();
  DestroySurfaceKHRCall destroy;
  destroy.instance = handle<VkInstance>(0x10);
  call(destroy);
  const UsedOfTrace uses = usesOf(survey());
  EXPECT_TRUE(uses.devices.empty());
  EXPECT_EQ(thing(uses.instance_extensions, "VK_KHR_surface").state, UsedThing::kUsed);
  EXPECT_EQ(thing(uses.instance_extensions, "VK_EXT_debug_utils").state, UsedThing::kUnused);
}

TEST_F(SurveyTest, ObjectsAtTheirPeakAndThoseThatAreLeft) {
  instance();
  device(0x30);
  for (uint64_t i = 0; i < 3; ++i) createBuffer(0x100 + i, 0, device_);
  DestroyBufferCall destroy;
  destroy.device = device_;
  destroy.buffer = handle<VkBuffer>(0x100);
  call(destroy);
  createBuffer(0x100, 0, device_);
  const TraceFindings found = survey();
  for (const ObjectCount& one : found.objects)
    if (one.kind == HandleKind::kVkBuffer) {
      EXPECT_EQ(one.made, 4u);
      EXPECT_EQ(one.peak, 3u);
      EXPECT_EQ(one.left, 3u);
    }
}

TEST_F(SurveyTest, MemoryAtItsPeak) {
  describe({R"({"memoryTypes":[[1,0],[6,1],[14,1]],"memoryHeaps":[[1000000,1],[2000000,0]]})"});
  instance();
  device(0x30);
  const VkDeviceMemory first = allocate(0x100, 1, 1000);
  MapMemoryCall map;
  map.device = device_;
  map.memory = first;
  map.offset = 100;
  map.size = VK_WHOLE_SIZE;
  call(map);
  allocate(0x200, 2, 500);
  FreeMemoryCall free;
  free.device = device_;
  free.memory = first;
  call(free);
  allocate(0x300, 1, 700);
  const TraceFindings found = survey();
  const MemoryUse& type = found.memory_types.at({0, 1});
  EXPECT_EQ(type.allocations, 2u);
  EXPECT_EQ(type.peak, 1000u);
  EXPECT_EQ(type.mapped_peak, 900u);
  EXPECT_EQ(found.memory_types.at({0, 2}).peak, 500u);
  const MemoryUse& heap = found.heaps.at({0, 1});
  EXPECT_EQ(heap.allocations, 3u);
  EXPECT_EQ(heap.peak, 1500u);
  EXPECT_EQ(heap.mapped_peak, 900u);
  EXPECT_EQ(found.heaps.count({0, 0}), 0u);
}

TEST_F(SurveyTest, HandleTypesAndWhereTheirPayloadsComeFrom) {
  instance();
  device(0x30);
  VkExportMemoryAllocateInfo exports{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, nullptr,
                                     VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT};
  allocate(0x100, 0, 64, &exports);
  VkImportMemoryFdInfoKHR imports{VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR, nullptr,
                                  VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT, 7};
  trace_.payload(1, {3, 7});
  allocate(0x200, 0, 64, &imports);
  trace_.payload(1, {0, 8});
  allocate(0x300, 0, 64, &imports);
  const TraceFindings found = survey();
  std::map<int, uint64_t> roles;
  for (const ExternalUse& one : found.external) {
    EXPECT_EQ(one.object, "VkDeviceMemory");
    EXPECT_EQ(one.type, "opaque_fd");
    roles[one.role] += one.count;
  }
  const std::map<int, uint64_t> wanted = {
      {ExternalUse::kNamed, 1}, {ExternalUse::kImported, 1}, {ExternalUse::kImportedFromOutside, 1}};
  EXPECT_EQ(roles, wanted);
}

TEST_F(SurveyTest, FramesHolesAndWhatCannotBeRead) {
  instance();
  device(0x30);
  for (int frame = 0; frame < 3; ++frame) {
    for (int i = 0; i < frame; ++i) call(QueueSubmitCall{});
    call(QueuePresentKHRCall{});
  }
  trace_.hole(1, HoleCause::kUnknownStruct, 7, "a struct");
  trace_.hole(1, HoleCause::kUnknownStruct, 7, "a struct");
  const std::byte rest[] = {std::byte{1}};
  trace_.call(1, uint16_t(Command::vkCreateBuffer), rest, rest);
  const TraceFindings found = survey();
  EXPECT_EQ(found.frames.count, 3u);
  EXPECT_EQ(found.frames.calls.min, 2u);
  EXPECT_EQ(found.frames.calls.max, 3u);
  EXPECT_EQ(found.frames.submits.median, 1u);
  EXPECT_EQ(found.frames.submits.max, 2u);
  ASSERT_EQ(found.holes.size(), 1u);
  EXPECT_EQ(found.holes[0].count, 2u);
  EXPECT_EQ(found.unreadable, 1u);
  EXPECT_EQ(found.first_unreadable, 8u);
}

TEST_F(SurveyTest, LimitsThatADeviceMustHave) {
  describe({R"({"limits":{"maxPushConstantsSize":256}})"});
  instance();
  device(0x30);
  const VkPushConstantRange range{VK_SHADER_STAGE_VERTEX_BIT, 16, 84};
  VkPipelineLayoutCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
  info.pushConstantRangeCount = 1;
  info.pPushConstantRanges = &range;
  CreatePipelineLayoutCall layout;
  layout.device = device_;
  layout.pCreateInfo = &info;
  auto made = handle<VkPipelineLayout>(0x500);
  layout.pPipelineLayout = &made;
  call(layout);
  for (const VkDeviceSize offset : {0, 512, 192}) {
    VkBufferViewCreateInfo view{VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO};
    view.format = VK_FORMAT_R8_UNORM;
    view.offset = offset;
    CreateBufferViewCall create;
    create.device = device_;
    create.pCreateInfo = &view;
    call(create);
  }
  const TraceFindings found = survey();
  ASSERT_EQ(found.limits.size(), 1u);
  EXPECT_EQ(found.limits[0].at("maxPushConstantsSize"), 100u);
  EXPECT_EQ(found.limits[0].at("minTexelBufferOffsetAlignment"), 64u);
  EXPECT_EQ(found.formats.at(VK_FORMAT_R8_UNORM).buffer_views, 3u);
  EXPECT_EQ(surveyJson(found)["devices"][0]["limits"]["maxPushConstantsSize"]["captured"], 256);
}

TEST_F(SurveyTest, TextOfATraceDrivesNoTerminal) {
  describe(
      {"{\"deviceName\":\"\\u001b[31m\",\"enabledExtensions\":[\"\\u001b]0;x\\u0007\"],"
       "\"enabledFeatures\":{\"\\u001b[2J\":[\"\\u001b[2J\"]}}"});
  instance();
  device(0x30);
  trace_.hole(1, HoleCause::kUnknownStruct, 7, "\x1b[31mred");
  const TraceFindings found = survey();
  for (const std::string& text : {infoText("f.vkr", summary_), surveyText(summary_, found)})
    for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= ' ' && c < 0x7f)) << int(c) << " in " << text;
  EXPECT_TRUE(Json::accept(jsonText(surveyJson(found))));
}

TEST(InfoOutput, LongListsAreBrokenBetweenWords) {
  std::string words;
  for (int i = 0; i < 40; ++i) words += "VK_EXT_extension ";
  const std::string text = labelled("label", words);
  size_t begin = 0;
  for (size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    EXPECT_LE(end - begin, 100u);
    begin = end + 1;
  }
  EXPECT_EQ(bytesText(1536), "1.5 KiB");
  EXPECT_EQ(bytesText(0), "0 bytes");
}

}  // namespace
}  // namespace reprise

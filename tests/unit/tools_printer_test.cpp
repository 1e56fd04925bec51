// What people read: golden text, and the same packets as JSON.
#include "tools/print/printer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <iterator>
#include <nlohmann/json.hpp>

#include "format/arguments.h"

namespace reprise {
namespace {

template <class T>
T handle(uint64_t value) {
  return reinterpret_cast<T>(value);
}

template <class Packet>
std::string text(Packet call, bool returned = true) {
  Tree tree(Tree::Format::kText);
  Printer printer(tree, 8);
  printer.startCall(returned);
  visit(printer, call);
  std::string out;
  writeText(tree, commandInfo(Packet::kId).name, tree.result(), out);
  return out;
}

template <class Packet>
nlohmann::json json(Packet call, bool returned = true) {
  Tree tree(Tree::Format::kJson);
  Printer printer(tree, 8);
  printer.startCall(returned);
  visit(printer, call);
  std::string out;
  writeJson(tree, out);
  return nlohmann::json::parse(out);
}

// A D3D11 texture that is shared the NVIDIA way.
struct ImageExample {
  VkFormat formats[2] = {VK_FORMAT_B8G8R8A8_UNORM, VK_FORMAT_B8G8R8A8_SRGB};
  VkImageFormatListCreateInfo list{VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO, nullptr, 2, formats};
  VkExternalMemoryImageCreateInfoNV external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV, &list,
                                             VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_IMAGE_BIT_NV};
  VkImageCreateInfo info{};
  VkImage image = handle<VkImage>(0x20);
  CreateImageCall call;

  ImageExample() {
    info.sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO;
    info.pNext = &external;
    info.imageType = VK_IMAGE_TYPE_2D;
    info.format = VK_FORMAT_B8G8R8A8_UNORM;
    info.extent = {1280, 800, 1};
    info.mipLevels = info.arrayLayers = 1;
    info.samples = VK_SAMPLE_COUNT_1_BIT;
    info.usage = VK_IMAGE_USAGE_TRANSFER_DST_BIT | VK_IMAGE_USAGE_SAMPLED_BIT | 0x40000000;
    info.pQueueFamilyIndices = handle<const uint32_t*>(0xdead);
    call.device = handle<VkDevice>(0x10);
    call.pCreateInfo = &info;
    call.pImage = &image;
  }
};

TEST(Printer, ImageWithAChain) {
  EXPECT_EQ(text(ImageExample().call),
            R"(vkCreateImage(...) = VK_SUCCESS
    device = VkDevice 0x10
    pCreateInfo = VkImageCreateInfo
        pNext[0] = VkExternalMemoryImageCreateInfoNV {handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_IMAGE_BIT_NV}
        pNext[1] = VkImageFormatListCreateInfo
            viewFormatCount = 2
            pViewFormats = [2] {VK_FORMAT_B8G8R8A8_UNORM, VK_FORMAT_B8G8R8A8_SRGB}
        flags = 0
        imageType = VK_IMAGE_TYPE_2D
        format = VK_FORMAT_B8G8R8A8_UNORM
        extent = {width = 1280, height = 800, depth = 1}
        mipLevels = 1
        arrayLayers = 1
        samples = VK_SAMPLE_COUNT_1_BIT
        tiling = VK_IMAGE_TILING_OPTIMAL
        usage = VK_IMAGE_USAGE_TRANSFER_DST_BIT | VK_IMAGE_USAGE_SAMPLED_BIT | 0x40000000
        sharingMode = VK_SHARING_MODE_EXCLUSIVE
        queueFamilyIndexCount = 0
        pQueueFamilyIndices = (ignored)
        initialLayout = VK_IMAGE_LAYOUT_UNDEFINED
    pAllocator = NULL
    pImage = VkImage 0x20
)");
}

TEST(Printer, ImageAsJson) {
  const auto args = json(ImageExample().call);
  const auto& info = args["pCreateInfo"];
  EXPECT_EQ(args["device"], "0x10");
  EXPECT_EQ(args["pAllocator"], nullptr);
  EXPECT_EQ(args["pImage"], "0x20");
  EXPECT_EQ(info["sType"], "VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO");
  ASSERT_EQ(info["pNext"].size(), 2u);
  EXPECT_EQ(info["pNext"][0]["sType"], "VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV");
  EXPECT_EQ(info["pNext"][1]["pViewFormats"][1], "VK_FORMAT_B8G8R8A8_SRGB");
  EXPECT_EQ(info["extent"]["width"], 1280);
  EXPECT_EQ(info["usage"], "VK_IMAGE_USAGE_TRANSFER_DST_BIT | VK_IMAGE_USAGE_SAMPLED_BIT | 0x40000000");
  EXPECT_EQ(info["pQueueFamilyIndices"]["note"], "ignored");
}

TEST(Printer, FailedCallHasNoOutputs) {
  ImageExample example;
  example.call.result = VK_ERROR_OUT_OF_DEVICE_MEMORY;
  const std::string out = text(example.call);
  EXPECT_TRUE(out.starts_with("vkCreateImage(...) = VK_ERROR_OUT_OF_DEVICE_MEMORY\n")) << out;
  EXPECT_TRUE(out.ends_with("    pImage = (not written)\n")) << out;
  EXPECT_EQ(json(example.call)["pImage"]["note"], "not written");
}

TEST(Printer, CallThatNeverReturnedHasNoResult) {
  const std::string out = text(ImageExample().call, false);
  EXPECT_TRUE(out.starts_with("vkCreateImage(...)\n")) << out;
  EXPECT_TRUE(out.ends_with("    pImage = (not written)\n")) << out;
}

TEST(Printer, UnwrittenOutputShowsItsChain) {
  VkPhysicalDeviceIDProperties id{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ID_PROPERTIES, nullptr, {}, {}, {}, 0, 0};
  VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &id, {}};
  GetPhysicalDeviceProperties2Call call;
  call.physicalDevice = handle<VkPhysicalDevice>(1);
  call.pProperties = &properties;
  EXPECT_EQ(
      text(call, false),
      "vkGetPhysicalDeviceProperties2(...)\n"
      "    physicalDevice = VkPhysicalDevice 0x1\n"
      "    pProperties = VkPhysicalDeviceProperties2 {pNext[0] = VkPhysicalDeviceIDProperties {not written}, "
      "not written}\n");
  EXPECT_EQ(json(call, false)["pProperties"]["pNext"][0]["note"], "not written");
}

TEST(Printer, SubmitWithArrays) {
  const VkSemaphore waits[] = {handle<VkSemaphore>(0x31), handle<VkSemaphore>(0x32)};
  const VkPipelineStageFlags stages[] = {VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT, 0};
  const VkCommandBuffer buffers[] = {handle<VkCommandBuffer>(0x41)};
  VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO, nullptr, 2, waits, stages, 1, buffers, 0, nullptr};
  QueueSubmitCall call;
  call.queue = handle<VkQueue>(0x30);
  call.submitCount = 1;
  call.pSubmits = &submit;
  call.result = VK_ERROR_DEVICE_LOST;
  EXPECT_EQ(text(call), R"(vkQueueSubmit(...) = VK_ERROR_DEVICE_LOST
    queue = VkQueue 0x30
    submitCount = 1
    pSubmits = VkSubmitInfo[1]
        [0]
            pNext = NULL
            waitSemaphoreCount = 2
            pWaitSemaphores = [2] {VkSemaphore 0x31, VkSemaphore 0x32}
            pWaitDstStageMask = [2] {VK_PIPELINE_STAGE_COLOR_ATTACHMENT_OUTPUT_BIT, VK_PIPELINE_STAGE_NONE}
            commandBufferCount = 1
            pCommandBuffers = [1] {VkCommandBuffer 0x41}
            signalSemaphoreCount = 0
            pSignalSemaphores = NULL
    fence = VK_NULL_HANDLE
)");
}

TEST(Printer, ClearValuesAsFloatAndHex) {
  VkClearValue clear{};
  clear.color = {{0.2f, 0, 0, 1}};
  VkRenderPassBeginInfo begin{};
  begin.sType = VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO;
  begin.renderArea.extent = {500, 500};
  begin.clearValueCount = 1;
  begin.pClearValues = &clear;
  CmdBeginRenderPassCall call;
  call.commandBuffer = handle<VkCommandBuffer>(0x41);
  call.pRenderPassBegin = &begin;
  call.contents = VkSubpassContents(77);
  EXPECT_EQ(text(call), R"(vkCmdBeginRenderPass(...)
    commandBuffer = VkCommandBuffer 0x41
    pRenderPassBegin = VkRenderPassBeginInfo
        pNext = NULL
        renderPass = VK_NULL_HANDLE
        framebuffer = VK_NULL_HANDLE
        renderArea = {offset = {x = 0, y = 0}, extent = {width = 500, height = 500}}
        clearValueCount = 1
        pClearValues = VkClearValue[1]
            [0] = {color = {float32 = [4] {0.2, 0, 0, 1}, uint32 = [4] {0x3e4ccccd, 0x0, 0x0, 0x3f800000}}}
    contents = 77
)");
}

TEST(Printer, StringsAndVersions) {
  VkApplicationInfo application{
      VK_STRUCTURE_TYPE_APPLICATION_INFO, nullptr, "a \"cube\"\n", 1, "", 0, VK_API_VERSION_1_2};
  const char* layers[] = {"VK_LAYER_a", nullptr};
  VkInstanceCreateInfo info{
      VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, nullptr, 0, &application, 2, layers, 0, nullptr};
  VkInstance instance = handle<VkInstance>(5);
  CreateInstanceCall call;
  call.pCreateInfo = &info;
  call.pInstance = &instance;
  EXPECT_EQ(text(call), R"(vkCreateInstance(...) = VK_SUCCESS
    pCreateInfo = VkInstanceCreateInfo
        pNext = NULL
        flags = 0
        pApplicationInfo = VkApplicationInfo
            pNext = NULL
            pApplicationName = "a \"cube\"\n"
            applicationVersion = 1
            pEngineName = ""
            engineVersion = 0
            apiVersion = 1.2.0
        enabledLayerCount = 2
        ppEnabledLayerNames = [2] {"VK_LAYER_a", NULL}
        enabledExtensionCount = 0
        ppEnabledExtensionNames = NULL
    pAllocator = NULL
    pInstance = VkInstance 0x5
)");
  EXPECT_EQ(json(call)["pCreateInfo"]["pApplicationInfo"]["apiVersion"], VK_API_VERSION_1_2);
}

TEST(Printer, Win32StructOnAnyHost) {
  const uint16_t name[] = {'t', 0xe4, 0xd83d, 0xde00, 0xd800, 0};  // a pair, then half a pair
  VkImportMemoryWin32HandleInfoKHR import{};
  import.sType = VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_KHR;
  import.handleType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_KMT_BIT;
  import.handle = handle<HANDLE>(0x1234);
  import.name = name;
  VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &import, 4096, 3};
  AllocateMemoryCall call;
  call.pAllocateInfo = &info;
  const auto node = json(call)["pAllocateInfo"]["pNext"][0];
  EXPECT_EQ(node["sType"], "VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_KHR");
  EXPECT_EQ(node["handleType"], "VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_KMT_BIT");
  EXPECT_EQ(node["handle"], "0x1234");
  EXPECT_EQ(node["name"], "t\u00e4\U0001F600\uFFFD");
}

TEST(Printer, HoleInAChain) {
  HoleNode unrecorded{kHoleNodeType, nullptr, VkStructureType(1000999000), 0};
  HoleNode unknown{kHoleNodeType, &unrecorded, VkStructureType(1000999001), 24};
  VkFenceCreateInfo info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, &unknown, 0};
  CreateFenceCall call;
  call.pCreateInfo = &info;
  EXPECT_NE(text(call).find(
                "pNext[0] = unreadable struct {sType = 1000999001, why = this build does not know it}\n"
                "        pNext[1] = unreadable struct {sType = 1000999000, why = it was not recorded}\n"),
            std::string::npos)
      << text(call);
  EXPECT_EQ(json(call)["pCreateInfo"]["pNext"][1]["sType"], 1000999000);
}

TEST(Printer, SentinelsHaveNames) {
  VkImageMemoryBarrier barrier{};
  barrier.sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER;
  barrier.srcQueueFamilyIndex = VK_QUEUE_FAMILY_EXTERNAL;
  barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  barrier.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, VK_REMAINING_MIP_LEVELS, 0, 1};
  CmdPipelineBarrierCall call;
  call.imageMemoryBarrierCount = 1;
  call.pImageMemoryBarriers = &barrier;
  const std::string out = text(call);
  EXPECT_NE(out.find("srcQueueFamilyIndex = VK_QUEUE_FAMILY_EXTERNAL\n"), std::string::npos) << out;
  EXPECT_NE(out.find("dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED\n"), std::string::npos) << out;
  EXPECT_NE(out.find("levelCount = VK_REMAINING_MIP_LEVELS"), std::string::npos) << out;
  EXPECT_EQ(json(call)["pImageMemoryBarriers"][0]["dstQueueFamilyIndex"], VK_QUEUE_FAMILY_IGNORED);
}

TEST(Printer, MasksAndBits) {
  const char constants[12] = {1, 2};
  CmdPushConstantsCall push;
  push.stageFlags = VK_SHADER_STAGE_ALL_GRAPHICS;
  push.size = sizeof(constants);
  push.pValues = constants;
  const std::string out = text(push);
  EXPECT_NE(out.find("stageFlags = VK_SHADER_STAGE_ALL_GRAPHICS\n"), std::string::npos) << out;
  EXPECT_NE(out.find("pValues = 12 bytes: 01 02 00 00 00 00 00 00 ...\n"), std::string::npos) << out;
  CmdWriteTimestamp2Call stamp;
  stamp.stage = VK_PIPELINE_STAGE_2_COPY_BIT | (VkPipelineStageFlags2{1} << 63);
  EXPECT_NE(text(stamp).find("stage = VK_PIPELINE_STAGE_2_COPY_BIT | 0x8000000000000000"), std::string::npos);
}

TEST(Printer, ManyNumbersAreAPayload) {
  std::vector<uint32_t> code(64, 0x07230203);
  VkShaderModuleCreateInfo info{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO};
  CreateShaderModuleCall call;
  call.pCreateInfo = &info;
  info.codeSize = code.size() * sizeof(uint32_t);
  info.pCode = code.data();
  EXPECT_EQ(json(call)["pCreateInfo"]["pCode"].size(), 64u);
  EXPECT_EQ(json(call)["pCreateInfo"]["pCode"][0], 0x07230203);
  code.push_back(1);
  info.codeSize = code.size() * sizeof(uint32_t);
  info.pCode = code.data();
  const auto cut = json(call)["pCreateInfo"]["pCode"];
  EXPECT_EQ(cut, nlohmann::json::parse(R"({"size":260,"hex":"0302230703022307","cut":true})"));
  EXPECT_NE(text(call).find("pCode = 260 bytes: 03 02 23 07 03 02 23 07 ..."), std::string::npos)
      << text(call);
}

TEST(Printer, ManyAddressesAreAList) {
  const std::vector<VkDeviceAddress> addresses(65, 0x1000);
  CmdBuildAccelerationStructuresIndirectKHRCall call;
  call.infoCount = uint32_t(addresses.size());
  call.pIndirectDeviceAddresses = addresses.data();
  const auto list = json(call)["pIndirectDeviceAddresses"];
  ASSERT_EQ(list.size(), 65u);
  EXPECT_EQ(list[64], "0x1000");
}

TEST(Printer, EnumerationCount) {
  uint32_t count = 2;
  VkPhysicalDevice devices[] = {handle<VkPhysicalDevice>(1), handle<VkPhysicalDevice>(2)};
  EnumeratePhysicalDevicesCall call;
  call.pPhysicalDeviceCount = &count;
  call.pPhysicalDevices = devices;
  call.result = VK_INCOMPLETE;
  const auto args = json(call);
  EXPECT_EQ(args["pPhysicalDeviceCount"], 2);
  EXPECT_EQ(args["pPhysicalDevices"], (nlohmann::json{"0x1", "0x2"}));
  EXPECT_NE(text(call).find(") = VK_INCOMPLETE\n"), std::string::npos);
}

// An empty packet of every command: nothing in the printer takes a pointer for granted.
TEST(Printer, EveryCommandWithNullArguments) {
  size_t printed = 0;
  for (size_t id = 1; id < kCommandCount; ++id) {
    printed += withPacket(Command(id), [](auto& packet) {
      EXPECT_FALSE(text(packet).empty());
      EXPECT_TRUE(json(packet, false).is_object());
    });
  }
  EXPECT_EQ(printed, kCommandCount - 1);
}

}  // namespace
}  // namespace reprise

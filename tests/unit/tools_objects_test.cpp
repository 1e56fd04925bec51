// Objects: numbers by type in the order of their making, reuse of values, and what ends with a parent.
#include <gtest/gtest.h>

#include "format/encoder.h"
#include "tools/objects.h"

namespace reprise {
namespace {

template <class T>
T handle(uint64_t value) {
  return (T)value;
}

class ObjectsTest : public testing::Test {
 protected:
  // Shows a call that returned. The mentions are valid until the next one.
  template <class Packet>
  std::span<const Mention> see(Packet& packet) {
    inputs_.clear();
    outputs_.clear();
    encodeInputs(packet, inputs_);
    if (Packet::kHasOutputs) encodeOutputs(packet, outputs_);
    Event event;
    event.command = Packet::kId;
    event.inputs = inputs_;
    event.outputs = outputs_;
    event.has_outputs = Packet::kHasOutputs;
    return objects_.see(event);
  }

  void SetUp() override {
    CreateInstanceCall instance;
    VkInstance made_instance = handle<VkInstance>(0x10);
    instance.pInstance = &made_instance;
    see(instance);
    EnumeratePhysicalDevicesCall gpus;
    gpus.instance = made_instance;
    uint32_t count = 1;
    VkPhysicalDevice gpu = handle<VkPhysicalDevice>(0x20);
    gpus.pPhysicalDeviceCount = &count;
    gpus.pPhysicalDevices = &gpu;
    see(gpus);
    CreateDeviceCall device;
    device.physicalDevice = gpu;
    device.pDevice = &device_;
    see(device);
  }

  ObjectName makeImage(uint64_t value) {
    CreateImageCall call;
    call.device = device_;
    VkImage image = handle<VkImage>(value);
    call.pImage = &image;
    return see(call).back().object;
  }

  std::span<const Mention> destroyImage(uint64_t value) {
    DestroyImageCall call;
    call.device = device_;
    call.image = handle<VkImage>(value);
    return see(call);
  }

  Objects objects_;
  VkDevice device_ = handle<VkDevice>(0x30);

 private:
  std::vector<std::byte> inputs_, outputs_;
};

TEST_F(ObjectsTest, ValuesAreUsedAgain) {
  EXPECT_EQ(textOf(makeImage(0x100)), "VkImage:1");
  EXPECT_EQ(textOf(makeImage(0x200)), "VkImage:2");
  const std::span<const Mention> end = destroyImage(0x100);
  ASSERT_EQ(end.size(), 2u);
  EXPECT_EQ(textOf(end[1].object), "VkImage:1");
  EXPECT_EQ(end[1].role, Mention::kEnded);
  EXPECT_EQ(textOf(makeImage(0x100)), "VkImage:3");
  EXPECT_EQ(objects_.alive(HandleKind::kVkImage), 2u);
  EXPECT_EQ(objects_.peak(HandleKind::kVkImage), 2u);
  EXPECT_EQ(objects_.made(HandleKind::kVkImage), 3u);
  EXPECT_EQ(destroyImage(0x300)[1].object.number, 0u);  // never made
}

TEST_F(ObjectsTest, WhatIsHandedOutIsOneObject) {
  for (int time = 0; time < 2; ++time) {
    GetDeviceQueueCall call;
    call.device = device_;
    VkQueue queue = handle<VkQueue>(0x40);
    call.pQueue = &queue;
    const Mention mention = see(call).back();
    EXPECT_EQ(textOf(mention.object), "VkQueue:1");
    EXPECT_EQ(mention.role, time == 0 ? Mention::kMade : Mention::kUsed);
  }
}

TEST_F(ObjectsTest, ADeviceTakesItsObjectsAlong) {
  makeImage(0x100);
  CreateCommandPoolCall pool;
  pool.device = device_;
  VkCommandPool made_pool = handle<VkCommandPool>(0x100);
  pool.pCommandPool = &made_pool;
  see(pool);
  AllocateCommandBuffersCall buffers;
  VkCommandBufferAllocateInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
  info.commandPool = made_pool;
  info.commandBufferCount = 2;
  VkCommandBuffer made_buffers[] = {handle<VkCommandBuffer>(0x500), handle<VkCommandBuffer>(0x600)};
  buffers.device = device_;
  buffers.pAllocateInfo = &info;
  buffers.pCommandBuffers = made_buffers;
  EXPECT_EQ(textOf(see(buffers).back().object), "VkCommandBuffer:2");
  DestroyCommandPoolCall end;
  end.device = device_;
  end.commandPool = made_pool;
  EXPECT_EQ(see(end).size(), 4u);  // device, pool, two buffers
  EXPECT_EQ(objects_.alive(HandleKind::kVkCommandBuffer), 0u);
  DestroyDeviceCall last;
  last.device = device_;
  see(last);
  EXPECT_EQ(objects_.alive(HandleKind::kVkImage), 0u);
  EXPECT_EQ(objects_.alive(HandleKind::kVkDevice), 0u);
}

// A call that ends very many objects, one of them twice, which is an error that a trace may hold.
TEST_F(ObjectsTest, ManyEndInOneCall) {
  constexpr uint32_t kCount = 100'000;
  std::vector<VkCommandBuffer> made;
  for (uint64_t i = 0; i < kCount; ++i) made.push_back(handle<VkCommandBuffer>(0x10000 + i));
  AllocateCommandBuffersCall allocate;
  VkCommandBufferAllocateInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
  info.commandBufferCount = kCount;
  allocate.device = device_;
  allocate.pAllocateInfo = &info;
  allocate.pCommandBuffers = made.data();
  see(allocate);
  EXPECT_EQ(objects_.alive(HandleKind::kVkCommandBuffer), kCount);
  made[1] = made[0];
  FreeCommandBuffersCall end;
  end.device = device_;
  end.commandBufferCount = kCount;
  end.pCommandBuffers = made.data();
  EXPECT_EQ(see(end).back().role, Mention::kEnded);
  EXPECT_EQ(objects_.alive(HandleKind::kVkCommandBuffer), 1u);
}

TEST_F(ObjectsTest, DebugNames) {
  const ObjectName image = makeImage(0x100);
  SetDebugUtilsObjectNameEXTCall call;
  VkDebugUtilsObjectNameInfoEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT};
  info.objectType = VK_OBJECT_TYPE_IMAGE;
  info.objectHandle = 0x100;
  info.pObjectName = "shadow map";
  call.device = device_;
  call.pNameInfo = &info;
  see(call);
  EXPECT_EQ(objects_.debugName(image), "shadow map");
  destroyImage(0x100);
  EXPECT_EQ(objects_.debugName(image), "shadow map");  // until the next event
  EXPECT_EQ(objects_.debugName(makeImage(0x100)), "");
}

TEST_F(ObjectsTest, Names) {
  ObjectName name;
  EXPECT_TRUE(parseObjectName("VkImage:12", name));
  EXPECT_EQ(textOf(name), "VkImage:12");
  for (const char* wrong : {"VkImage", "VkImage:", "VkImage:0", "VkImage:1x", "Image:1", ":1", ""})
    EXPECT_FALSE(parseObjectName(wrong, name)) << wrong;
}

}  // namespace
}  // namespace reprise

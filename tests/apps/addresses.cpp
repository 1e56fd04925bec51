// Memory that shaders reach by address.
//
// addresses CASE [FILE]: push: the address is a push constant; stored: the program writes it into a storage
// buffer; block: into a uniform buffer; list: nodes hold the next one's; copied: the GPU copies it to where
// it is used; updated: vkCmdUpdateBuffer writes it there; hidden: it is pushed in halves, each with other
// bits mixed in; own: the same, and the program asks for an address that it had before. The result is always
// reached by address.
#include "kernel.h"

#include "address.comp.h"

namespace {

using app::Kernel;
using app::Scene;

enum From : uint32_t { kPush, kStored, kBlock, kList, kHidden };

constexpr uint32_t kMask[2] = {0x5a5a1234, 0x0f0ff0f0};  // address.comp

struct Push {
  VkDeviceAddress result, source, list;
  uint32_t at;
  uint32_t from;
  uint32_t hidden[2];
};

struct Node {
  VkDeviceAddress next, words;
};

struct Addressed {
  Kernel kernel;
  app::Buffer source, stored, block, nodes;
  Push push{};
};

VkDeviceAddress addressOf(Scene& scene, VkBuffer buffer) {
  const VkBufferDeviceAddressInfo info{VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, nullptr, buffer};
  const VkDeviceAddress address = vkGetBufferDeviceAddress(scene.gpu.device, &info);
  REQUIRE(address != 0);
  return address;
}

void put(const app::Buffer& buffer, size_t at, VkDeviceAddress address) {
  std::memcpy(buffer.data + at, &address, sizeof address);
}

// `replayable`: nothing but the very same addresses will do, where it is played. `own`: the program asks for
// them itself, as tools do.
Addressed create(Scene& scene, bool replayable = false, bool own = false) {
  app::Features features(scene.gpu);
  NEED(features.v12.bufferDeviceAddress);
  if (replayable) NEED(features.v12.bufferDeviceAddressCaptureReplay);
  features.v12.bufferDeviceAddressCaptureReplay &= own;
  scene.open(features);
  Addressed a;
  // What lies before the source: another allocation, so that no replay has the same addresses by chance.
  scene.words(1 << 14, 1, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT, true);
  a.source = scene.words(app::kKernelWords, 2, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT, true);
  a.stored = scene.words(64, 3, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  a.block = scene.words(64, 4, VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT);
  a.nodes = scene.words(64, 5, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT, true);
  const app::Bindings bindings =
      app::bindingsOf({VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER});
  app::createLayouts(scene, a.kernel, bindings, sizeof(Push));
  a.kernel.pipeline = app::createComputePipeline(scene, a.kernel.layout, kAddressComp);
  a.kernel.set = app::allocateSet(scene, app::createPool(scene, bindings), a.kernel.set_layout);
  app::writeBuffer(scene, a.kernel.set, 0, a.stored.handle);
  app::writeBuffer(scene, a.kernel.set, 1, a.block.handle, VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER);
  a.push.result = addressOf(scene, scene.result.handle);
  return a;
}

template <class Before>
void run(Scene& scene, Addressed& a, From from, const Before& before) {
  const VkDeviceSize at = scene.space(app::kKernelWords * 4);
  a.push.at = static_cast<uint32_t>(at / 4);
  a.push.from = from;
  scene.once([&](VkCommandBuffer commands) {
    before(commands);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, a.kernel.pipeline);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, a.kernel.layout, 0, 1, &a.kernel.set, 0,
                            nullptr);
    vkCmdPushConstants(commands, a.kernel.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof a.push, &a.push);
    vkCmdDispatch(commands, 1, 1, 1);
  });
  for (uint32_t i = 0; i < app::kKernelWords; ++i)
    REQUIRE(scene.found(at)[i] == reinterpret_cast<uint32_t*>(a.source.data)[i] + i);
}
void run(Scene& scene, Addressed& a, From from) {
  run(scene, a, from, [](VkCommandBuffer) {});
}

void push(Scene& scene) {
  Addressed a = create(scene);
  a.push.source = addressOf(scene, a.source.handle);
  run(scene, a, kPush);
}

void stored(Scene& scene) {
  Addressed a = create(scene);
  put(a.stored, 0, addressOf(scene, a.source.handle));
  run(scene, a, kStored);
}

void block(Scene& scene) {
  Addressed a = create(scene);
  put(a.block, 16, addressOf(scene, a.source.handle));
  run(scene, a, kBlock);
}

void list(Scene& scene) {
  Addressed a = create(scene);
  a.push.list = addressOf(scene, a.nodes.handle);
  for (uint32_t i = 0; i < 3; ++i) {
    put(a.nodes, i * sizeof(Node), a.push.list + (i + 1) % 3 * sizeof(Node));
    put(a.nodes, i * sizeof(Node) + 8, i == 2 ? addressOf(scene, a.source.handle) : 0);
  }
  run(scene, a, kList);
}

void copied(Scene& scene) {
  Addressed a = create(scene);
  put(a.nodes, 8, addressOf(scene, a.source.handle));
  run(scene, a, kStored, [&](VkCommandBuffer commands) {
    const VkBufferCopy region{8, 0, 8};
    vkCmdCopyBuffer(commands, a.nodes.handle, a.stored.handle, 1, &region);
    app::order(commands);
  });
}

// In halves, with other bits mixed in: no replay can tell that it is one.
void runHidden(Scene& scene, Addressed& a) {
  const VkDeviceAddress address = addressOf(scene, a.source.handle);
  for (uint32_t half = 0; half < 2; ++half)
    a.push.hidden[half] = static_cast<uint32_t>(address >> 32 * half) ^ kMask[half];
  run(scene, a, kHidden);
}

void hidden(Scene& scene) {
  Addressed a = create(scene, true);
  runHidden(scene, a);
}

// A buffer and its memory with opaque addresses, 0: any.
struct Opaque {
  uint64_t buffer = 0, memory = 0;
};
app::Buffer createAt(Scene& scene, const Opaque& at) {
  app::Buffer made;
  made.size = app::kKernelWords * 4;
  const VkBufferOpaqueCaptureAddressCreateInfo place{
      VK_STRUCTURE_TYPE_BUFFER_OPAQUE_CAPTURE_ADDRESS_CREATE_INFO, nullptr, at.buffer};
  const VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, &place,
                                VK_BUFFER_CREATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT, made.size,
                                VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT};
  CHECK(vkCreateBuffer(scene.gpu.device, &info, nullptr, &made.handle));
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(scene.gpu.device, made.handle, &needs);
  const VkMemoryOpaqueCaptureAddressAllocateInfo memory_place{
      VK_STRUCTURE_TYPE_MEMORY_OPAQUE_CAPTURE_ADDRESS_ALLOCATE_INFO, nullptr, at.memory};
  const VkMemoryAllocateFlagsInfo flags{
      VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO, &memory_place,
      VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT | VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT};
  const VkMemoryAllocateInfo allocation{
      VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &flags, needs.size,
      memoryType(scene.gpu, needs.memoryTypeBits,
                 VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT)};
  CHECK(vkAllocateMemory(scene.gpu.device, &allocation, nullptr, &made.memory));
  CHECK(vkBindBufferMemory(scene.gpu.device, made.handle, made.memory, 0));
  void* data = nullptr;
  CHECK(vkMapMemory(scene.gpu.device, made.memory, 0, VK_WHOLE_SIZE, 0, &data));
  made.data = static_cast<std::byte*>(data);
  for (uint32_t i = 0; i < app::kKernelWords; ++i) reinterpret_cast<uint32_t*>(made.data)[i] = 7 * i + 1;
  return made;
}

// The program is a replayer itself: a buffer is made again where it was.
void own(Scene& scene) {
  Addressed a = create(scene, true, true);
  app::Buffer first = createAt(scene, {});
  const VkDeviceAddress address = addressOf(scene, first.handle);
  const VkBufferDeviceAddressInfo buffer{VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, nullptr, first.handle};
  const VkDeviceMemoryOpaqueCaptureAddressInfo memory{
      VK_STRUCTURE_TYPE_DEVICE_MEMORY_OPAQUE_CAPTURE_ADDRESS_INFO, nullptr, first.memory};
  const Opaque at{vkGetBufferOpaqueCaptureAddress(scene.gpu.device, &buffer),
                  vkGetDeviceMemoryOpaqueCaptureAddress(scene.gpu.device, &memory)};
  app::destroyBuffer(scene.gpu, first);
  a.source = createAt(scene, at);
  REQUIRE(addressOf(scene, a.source.handle) == address);
  scene.atEnd([&scene, again = a.source]() mutable { app::destroyBuffer(scene.gpu, again); });
  runHidden(scene, a);
}

void updated(Scene& scene) {
  Addressed a = create(scene);
  const VkDeviceAddress address = addressOf(scene, a.source.handle);
  run(scene, a, kStored, [&](VkCommandBuffer commands) {
    vkCmdUpdateBuffer(commands, a.stored.handle, 0, sizeof address, &address);
    app::order(commands);
  });
}

const app::Case kCases[] = {{"push", push},     {"stored", stored},   {"block", block},   {"list", list},
                            {"copied", copied}, {"updated", updated}, {"hidden", hidden}, {"own", own}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("addresses", kCases, argc, argv); }

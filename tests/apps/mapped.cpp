// Ways of writing to mapped memory that a tracer may miss.
//
// mapped CASE [FILE]: each case fills the source in its way, the GPU copies it to the result, which the
// program checks and writes to FILE. CASE@host: the result is what the source holds, for drivers without a
// GPU behind them.
#include <sys/mman.h>
#include <unistd.h>
#include <csetjmp>
#include <csignal>

#include "app.h"

namespace {

constexpr VkDeviceSize kBytes = 64 * 1024;

struct Scene {
  app::Gpu gpu;
  VkBuffer buffer = VK_NULL_HANDLE;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  VkDeviceSize size = 0;  // of the memory
  bool coherent = true;
  app::Buffer result;
  bool host = false;
  std::byte* data = nullptr;  // of the last mapping
  std::byte wanted[kBytes] = {};
};

std::byte valueOf(uint32_t seed, VkDeviceSize at) {
  return std::byte((at * 167 + seed * 31 + (at >> 8)) & 0xff);
}

std::byte* map(Scene& scene, VkDeviceSize offset, VkDeviceSize size) {
  void* data = nullptr;
  CHECK(vkMapMemory(scene.gpu.device, scene.memory, offset, size, 0, &data));
  return scene.data = static_cast<std::byte*>(data);
}
void unmap(Scene& scene) { vkUnmapMemory(scene.gpu.device, scene.memory); }

// Writes [begin, end) of the memory, whose byte `begin` lies at `to`.
void fill(Scene& scene, std::byte* to, VkDeviceSize begin, VkDeviceSize end, uint32_t seed) {
  for (VkDeviceSize at = begin; at < end; ++at) to[at - begin] = scene.wanted[at] = valueOf(seed, at);
}

void flush(Scene& scene, VkDeviceSize offset, VkDeviceSize size) {
  const VkMappedMemoryRange range{VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE, nullptr, scene.memory, offset, size};
  CHECK(vkFlushMappedMemoryRanges(scene.gpu.device, 1, &range));
}

void copyAndWait(Scene& scene) {
  const app::Gpu& gpu = scene.gpu;
  const VkCommandBuffer commands = app::allocateCommands(gpu, gpu.pool);
  const VkFence fence = app::createFence(gpu);
  app::begin(commands);
  const VkBufferCopy region{0, 0, kBytes};
  vkCmdCopyBuffer(commands, scene.buffer, scene.result.handle, 1, &region);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
  app::submit(gpu, commands, fence);
  app::waitAndReset(gpu, fence);
  vkDestroyFence(gpu.device, fence, nullptr);
}

void createSource(Scene& scene, VkMemoryPropertyFlags avoided) {
  const app::Gpu& gpu = scene.gpu;
  const VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                nullptr,
                                0,
                                kBytes,
                                VK_BUFFER_USAGE_TRANSFER_SRC_BIT,
                                VK_SHARING_MODE_EXCLUSIVE,
                                0,
                                nullptr};
  CHECK(vkCreateBuffer(gpu.device, &info, nullptr, &scene.buffer));
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(gpu.device, scene.buffer, &needs);
  VkPhysicalDeviceMemoryProperties types{};
  vkGetPhysicalDeviceMemoryProperties(gpu.physical, &types);
  uint32_t chosen = app::memoryType(gpu, needs.memoryTypeBits, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT);
  for (uint32_t i = types.memoryTypeCount; i-- > 0;) {
    const VkMemoryPropertyFlags flags = types.memoryTypes[i].propertyFlags;
    if ((needs.memoryTypeBits >> i & 1) && (flags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT) &&
        !(flags & avoided))
      chosen = i;
  }
  scene.coherent = types.memoryTypes[chosen].propertyFlags & VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  scene.size = needs.size;
  const VkMemoryAllocateInfo allocation{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, needs.size, chosen};
  CHECK(vkAllocateMemory(gpu.device, &allocation, nullptr, &scene.memory));
  CHECK(vkBindBufferMemory(gpu.device, scene.buffer, scene.memory, 0));
}

void destroySource(Scene& scene) {
  vkDestroyBuffer(scene.gpu.device, scene.buffer, nullptr);
  vkFreeMemory(scene.gpu.device, scene.memory, nullptr);
}

// ---- the cases; those for `host` never unmap: a driver without a GPU may give other memory at each mapping

void whole(Scene& scene) {
  std::byte* data = map(scene, 0, VK_WHOLE_SIZE);
  fill(scene, data, 0, kBytes, 1);
  copyAndWait(scene);
  fill(scene, data + 5000, 5000, 5003, 2);  // three bytes, then the last one
  fill(scene, data + kBytes - 1, kBytes - 1, kBytes, 3);
  copyAndWait(scene);
}

// A part that starts and ends within pages, then another, and a third that overlaps both.
void part(Scene& scene) {
  fill(scene, map(scene, 0, VK_WHOLE_SIZE), 0, kBytes, 1);
  unmap(scene);
  fill(scene, map(scene, 4096 + 256, 1000), 4096 + 256, 4096 + 1256, 2);
  unmap(scene);
  copyAndWait(scene);
  std::byte* data = map(scene, 8192 + 64, 20000);
  fill(scene, data, 8192 + 64, 8192 + 20064, 3);
  copyAndWait(scene);
}

// What was written just before an unmap counts, and the next mapping may lie elsewhere.
void remap(Scene& scene) {
  fill(scene, map(scene, 0, VK_WHOLE_SIZE), 0, kBytes, 50);
  unmap(scene);
  for (uint32_t round = 0; round < 20; ++round) {
    const VkDeviceSize begin = round * 3000 % 40000 / 256 * 256;
    fill(scene, map(scene, begin, kBytes - begin), begin, begin + 5000, round);
    unmap(scene);
    if (round % 3 == 0) copyAndWait(scene);
  }
  copyAndWait(scene);
}

// Memory that is freed while it is mapped; what comes after it may have its handle and its address.
void freed(Scene& scene) {
  for (uint32_t round = 0; round < 5; ++round) {
    std::byte* data = map(scene, 0, VK_WHOLE_SIZE);
    std::memset(scene.wanted, 0, kBytes);
    std::memset(data, 0, kBytes);
    fill(scene, data + round * 1000, round * 1000, round * 1000 + 30000, round);
    copyAndWait(scene);
    if (round == 4) return;
    fill(scene, data, 0, 100, 99);  // nobody will see this
    destroySource(scene);
    createSource(scene, 0);
  }
}

// Small allocations, which a driver may put beside each other in one page.
void neighbours(Scene& scene) {
  constexpr uint32_t kCount = 8, kSmall = 300;
  VkDeviceMemory small[kCount];
  std::byte* data[kCount];
  const uint32_t type = app::memoryType(
      scene.gpu, ~0u, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
  for (uint32_t i = 0; i < kCount; ++i) {
    const VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, kSmall, type};
    CHECK(vkAllocateMemory(scene.gpu.device, &info, nullptr, &small[i]));
    void* at = nullptr;
    CHECK(vkMapMemory(scene.gpu.device, small[i], 0, VK_WHOLE_SIZE, 0, &at));
    data[i] = static_cast<std::byte*>(at);
  }
  std::byte* own = map(scene, 0, VK_WHOLE_SIZE);
  for (uint32_t round = 0; round < 4; ++round) {
    for (uint32_t i = round % 2; i < kCount; i += 2)
      for (uint32_t at = 0; at < kSmall; ++at) data[i][at] = valueOf(round * kCount + i, at);
    copyAndWait(scene);
    for (uint32_t i = 0; i < kCount; ++i) std::memcpy(own + i * kSmall, data[i], kSmall);
  }
  for (uint32_t i = 0; i < kCount; ++i) {
    const uint32_t round = i % 2 ? 3 : 2;
    for (uint32_t at = 0; at < kSmall; ++at) scene.wanted[i * kSmall + at] = valueOf(round * kCount + i, at);
  }
  std::memset(own + kCount * kSmall, 0, kBytes - kCount * kSmall);
  copyAndWait(scene);
  for (VkDeviceMemory memory : small) vkFreeMemory(scene.gpu.device, memory, nullptr);
}

// Writes, flushes a part and later another; never the whole.
void flushed(Scene& scene) {
  destroySource(scene);
  createSource(scene, VK_MEMORY_PROPERTY_HOST_COHERENT_BIT);
  std::printf("coherent=%d\n", scene.coherent);
  std::byte* data = map(scene, 0, VK_WHOLE_SIZE);
  fill(scene, data, 0, kBytes, 1);
  flush(scene, 0, VK_WHOLE_SIZE);
  copyAndWait(scene);
  for (uint32_t round = 0; round < 5; ++round) {
    fill(scene, data + 1024 + round * 10240, 1024 + round * 10240, 1024 + round * 10240 + 2048, round + 2);
    flush(scene, 1024 + round * 10240, 2048);
    copyAndWait(scene);
  }
  const VkMappedMemoryRange range{VK_STRUCTURE_TYPE_MAPPED_MEMORY_RANGE, nullptr, scene.memory, 0,
                                  VK_WHOLE_SIZE};
  CHECK(vkInvalidateMappedMemoryRanges(scene.gpu.device, 1, &range));
  REQUIRE(std::memcmp(data, scene.wanted, kBytes) == 0);
}

// The kernel writes into mapped memory for the program.
void systemCall(Scene& scene) {
  std::byte* data = map(scene, 0, VK_WHOLE_SIZE);
  fill(scene, data, 0, kBytes, 1);
  copyAndWait(scene);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::byte bytes[3000];
  for (size_t i = 0; i < sizeof bytes; ++i) bytes[i] = scene.wanted[10000 + i] = valueOf(7, i);
  REQUIRE(write(ends[1], bytes, sizeof bytes) == ssize_t(sizeof bytes));
  REQUIRE(read(ends[0], data + 10000, sizeof bytes) == ssize_t(sizeof bytes));
  close(ends[0]);
  close(ends[1]);
  copyAndWait(scene);
}

// A program that handles SIGSEGV itself, as Mono and crash reporters do: its handler stays and is called.
sigjmp_buf after_fault;
int faults = 0;
void onFault(int) {
  ++faults;
  siglongjmp(after_fault, 1);
}
void faultOnce(volatile char* page) {
  if (sigsetjmp(after_fault, 1) == 0) *page = 1;
}
void signalHandler(Scene& scene) {
  struct sigaction action {};
  action.sa_handler = onFault;
  REQUIRE(sigaction(SIGSEGV, &action, nullptr) == 0);
  auto* page = static_cast<char*>(mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  REQUIRE(page != MAP_FAILED);
  std::byte* data = map(scene, 0, VK_WHOLE_SIZE);
  for (int round = 0; round < 3; ++round) {
    fill(scene, data, 0, kBytes, uint32_t(round));
    faultOnce(page);
    copyAndWait(scene);
    faultOnce(page);
  }
  REQUIRE(faults == 6);
  struct sigaction found {};
  REQUIRE(sigaction(SIGSEGV, nullptr, &found) == 0 && found.sa_handler == onFault);
}

struct Case {
  const char* name;
  void (*run)(Scene& scene);
};
constexpr Case kCases[] = {{"whole", whole},
                           {"part", part},
                           {"remap", remap},
                           {"freed", freed},
                           {"flushed", flushed},
                           {"neighbours", neighbours},
                           {"system-call", systemCall},
                           {"signal", signalHandler}};

}  // namespace

int main(int argc, char** argv) {
  static Scene scene;
  std::string_view wanted = argc > 1 ? argv[1] : "";
  scene.host = wanted.ends_with("@host");
  wanted = wanted.substr(0, wanted.find('@'));
  scene.gpu = app::createGpu("mapped");
  scene.result = app::createBuffer(scene.gpu, kBytes, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  createSource(scene, 0);
  bool known = false;
  for (const Case& c : kCases) {
    if (wanted != c.name) continue;
    known = true;
    c.run(scene);
  }
  REQUIRE(known);
  if (scene.host) {
    app::Buffer source{scene.buffer, scene.memory, kBytes, scene.data};
    REQUIRE(std::memcmp(source.data, scene.wanted, kBytes) == 0);
    app::report("output", source, argc > 2 ? argv[2] : nullptr);
  } else {
    REQUIRE(std::memcmp(scene.result.data, scene.wanted, kBytes) == 0);
    app::report("output", scene.result, argc > 2 ? argv[2] : nullptr);
  }
  destroySource(scene);
  app::destroyBuffer(scene.gpu, scene.result);
  app::destroyGpu(scene.gpu);
  std::printf("ok mapped %s\n", argv[1]);
}

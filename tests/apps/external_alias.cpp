// Memory shared inside one program: written through one object, read back through another.
//
// external_alias [PREFIX]: an image (optimal and linear tiling, in a dedicated allocation and not) and a
// buffer are exported as opaque descriptors and imported again by the same device, by another device of the
// same GPU and by another instance. A pattern is written through the first and read back through the second;
// each gives a line `result NAME ..`, and the file PREFIX.NAME. Semaphores and fences are passed on likewise,
// where the driver can, and order the two. What a driver says it cannot share is left out, with a line
// `without NAME`. external_alias many ROUNDS: exports and imports so often, and reads back the last: no
// descriptor may be left.
#include <fcntl.h>
#include <unistd.h>

#include "external.h"

namespace {

constexpr VkExternalMemoryHandleTypeFlagBits kOpaque = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
constexpr VkFormat kFormat = VK_FORMAT_R8G8B8A8_UNORM;
constexpr VkImageUsageFlags kUsage = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
constexpr uint32_t kSide = 64;
constexpr VkDeviceSize kBytes = VkDeviceSize{kSide} * kSide * 4;

app::Gpu openGpu(VkInstance instance) {
  return app::createGpuWith(
      instance, {"VK_KHR_external_memory_fd", "VK_KHR_external_semaphore_fd", "VK_KHR_external_fence_fd"});
}
VkInstance openInstance() { return app::createInstanceWith("external_alias", {}); }

struct Sharing {
  VkImageTiling tiling;
  bool dedicated;
};

// One end of shared memory: an image or a buffer, and its allocation.
struct End {
  VkImage image = VK_NULL_HANDLE;
  VkBuffer buffer = VK_NULL_HANDLE;
  VkDeviceMemory memory = VK_NULL_HANDLE;
  VkMemoryAllocateInfo allocated{};
};

VkExternalMemoryFeatureFlags imageFeatures(const app::Gpu& gpu, VkImageTiling tiling) {
  const VkPhysicalDeviceExternalImageFormatInfo external{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO, nullptr, kOpaque};
  const VkPhysicalDeviceImageFormatInfo2 info{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
                                              &external,
                                              kFormat,
                                              VK_IMAGE_TYPE_2D,
                                              tiling,
                                              kUsage,
                                              0};
  VkExternalImageFormatProperties found{VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES};
  VkImageFormatProperties2 format{VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2, &found};
  if (vkGetPhysicalDeviceImageFormatProperties2(gpu.physical, &info, &format) != VK_SUCCESS) return 0;
  return found.externalMemoryProperties.externalMemoryFeatures;
}

VkExternalMemoryFeatureFlags bufferFeatures(const app::Gpu& gpu) {
  const VkPhysicalDeviceExternalBufferInfo info{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO, nullptr, 0,
      VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT, kOpaque};
  VkExternalBufferProperties found{VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES};
  vkGetPhysicalDeviceExternalBufferProperties(gpu.physical, &info, &found);
  return found.externalMemoryProperties.externalMemoryFeatures;
}

bool shareable(VkExternalMemoryFeatureFlags features, bool dedicated) {
  constexpr VkExternalMemoryFeatureFlags kBoth =
      VK_EXTERNAL_MEMORY_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_MEMORY_FEATURE_IMPORTABLE_BIT;
  return (features & kBoth) == kBoth &&
         (dedicated || !(features & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT));
}

VkImage createImage(const app::Gpu& gpu, VkImageTiling tiling) {
  const VkExternalMemoryImageCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, nullptr,
                                                 kOpaque};
  const VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                               &external,
                               0,
                               VK_IMAGE_TYPE_2D,
                               kFormat,
                               {kSide, kSide, 1},
                               1,
                               1,
                               VK_SAMPLE_COUNT_1_BIT,
                               tiling,
                               kUsage,
                               VK_SHARING_MODE_EXCLUSIVE,
                               0,
                               nullptr,
                               VK_IMAGE_LAYOUT_UNDEFINED};
  VkImage image = VK_NULL_HANDLE;
  CHECK(vkCreateImage(gpu.device, &info, nullptr, &image));
  return image;
}

VkBuffer createSharedBuffer(const app::Gpu& gpu) {
  const VkExternalMemoryBufferCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
                                                  nullptr, kOpaque};
  const VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                &external,
                                0,
                                kBytes,
                                VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                                VK_SHARING_MODE_EXCLUSIVE,
                                0,
                                nullptr};
  VkBuffer buffer = VK_NULL_HANDLE;
  CHECK(vkCreateBuffer(gpu.device, &info, nullptr, &buffer));
  return buffer;
}

// `like`: the exporting end, whose size and memory type an import must have. Null: this is that end.
template <class Allocation>
void allocate(const app::Gpu& gpu, End& end, bool dedicated, Allocation chain, const End* like) {
  VkMemoryRequirements needs{};
  if (end.image) vkGetImageMemoryRequirements(gpu.device, end.image, &needs);
  if (end.buffer) vkGetBufferMemoryRequirements(gpu.device, end.buffer, &needs);
  const VkMemoryDedicatedAllocateInfo only{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr,
                                           end.image, end.buffer};
  if (dedicated) chain.pNext = &only;
  end.allocated = {VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &chain, needs.size,
                   app::lowestBit(needs.memoryTypeBits)};
  if (like) {
    end.allocated.allocationSize = like->allocated.allocationSize;
    end.allocated.memoryTypeIndex = like->allocated.memoryTypeIndex;
  }
  CHECK(vkAllocateMemory(gpu.device, &end.allocated, nullptr, &end.memory));
  end.allocated.pNext = nullptr;
  if (end.image) CHECK(vkBindImageMemory(gpu.device, end.image, end.memory, 0));
  if (end.buffer) CHECK(vkBindBufferMemory(gpu.device, end.buffer, end.memory, 0));
}

void allocateExporting(const app::Gpu& gpu, End& end, bool dedicated) {
  allocate(gpu, end, dedicated,
           VkExportMemoryAllocateInfo{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, nullptr, kOpaque},
           nullptr);
}

int exportMemory(const app::Gpu& gpu, const End& end) {
  const VkMemoryGetFdInfoKHR info{VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR, nullptr, end.memory, kOpaque};
  int fd = -1;
  CHECK(COMMAND(gpu, vkGetMemoryFdKHR)(gpu.device, &info, &fd));
  return fd;
}

void allocateImporting(const app::Gpu& gpu, End& end, bool dedicated, const End& like, int fd) {
  allocate(gpu, end, dedicated,
           VkImportMemoryFdInfoKHR{VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR, nullptr, kOpaque, fd}, &like);
}

void destroy(const app::Gpu& gpu, const End& end) {
  vkDestroyImage(gpu.device, end.image, nullptr);
  vkDestroyBuffer(gpu.device, end.buffer, nullptr);
  vkFreeMemory(gpu.device, end.memory, nullptr);
}

void fillPattern(const app::Buffer& buffer, uint32_t seed) {
  for (VkDeviceSize i = 0; i < buffer.size; ++i)
    buffer.data[i] = std::byte((i * (7 + seed) + i / 251) & 0xff);
}

// Hands the image over to (`release`) or takes it from the other end; GENERAL on both sides keeps the bytes.
void moveImage(VkCommandBuffer commands, const app::Gpu& gpu, VkImage image, bool release) {
  VkImageMemoryBarrier barrier{VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER};
  barrier.srcAccessMask = release ? VK_ACCESS_TRANSFER_WRITE_BIT : 0;
  barrier.dstAccessMask = release ? 0 : VK_ACCESS_TRANSFER_READ_BIT;
  barrier.oldLayout = barrier.newLayout = VK_IMAGE_LAYOUT_GENERAL;
  barrier.srcQueueFamilyIndex = release ? gpu.family : VK_QUEUE_FAMILY_EXTERNAL;
  barrier.dstQueueFamilyIndex = release ? VK_QUEUE_FAMILY_EXTERNAL : gpu.family;
  barrier.image = image;
  barrier.subresourceRange = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0,
                       nullptr, 0, nullptr, 1, &barrier);
}

void moveBuffer(VkCommandBuffer commands, const app::Gpu& gpu, VkBuffer buffer, bool release) {
  VkBufferMemoryBarrier barrier{VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER};
  barrier.srcAccessMask = release ? VK_ACCESS_TRANSFER_WRITE_BIT : 0;
  barrier.dstAccessMask = release ? 0 : VK_ACCESS_TRANSFER_READ_BIT;
  barrier.srcQueueFamilyIndex = release ? gpu.family : VK_QUEUE_FAMILY_EXTERNAL;
  barrier.dstQueueFamilyIndex = release ? VK_QUEUE_FAMILY_EXTERNAL : gpu.family;
  barrier.buffer = buffer;
  barrier.size = VK_WHOLE_SIZE;
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0,
                       nullptr, 1, &barrier, 0, nullptr);
}

// The image is cleared and a quarter of it overwritten: a mere clear would hide a wrong order of texels.
void writeThrough(VkCommandBuffer commands, const app::Gpu& gpu, const End& end, const app::Buffer& pattern) {
  if (end.buffer) {
    const VkBufferCopy whole{0, 0, kBytes};
    vkCmdCopyBuffer(commands, pattern.handle, end.buffer, 1, &whole);
    return moveBuffer(commands, gpu, end.buffer, true);
  }
  const VkImageSubresourceRange range{VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};
  VkImageMemoryBarrier barrier{VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER};
  barrier.dstAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
  barrier.newLayout = VK_IMAGE_LAYOUT_GENERAL;
  barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  barrier.image = end.image;
  barrier.subresourceRange = range;
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0,
                       nullptr, 0, nullptr, 1, &barrier);
  const VkClearColorValue color{{0.2f, 0.4f, 0.6f, 0.8f}};
  vkCmdClearColorImage(commands, end.image, VK_IMAGE_LAYOUT_GENERAL, &color, 1, &range);
  barrier.srcAccessMask = VK_ACCESS_TRANSFER_WRITE_BIT;
  barrier.oldLayout = VK_IMAGE_LAYOUT_GENERAL;
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 0,
                       nullptr, 0, nullptr, 1, &barrier);
  const VkBufferImageCopy quarter{
      0, 0, 0, {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1}, {8, 16, 0}, {kSide / 2, kSide / 2, 1}};
  vkCmdCopyBufferToImage(commands, pattern.handle, end.image, VK_IMAGE_LAYOUT_GENERAL, 1, &quarter);
  moveImage(commands, gpu, end.image, true);
}

void readThrough(VkCommandBuffer commands, const app::Gpu& gpu, const End& end, const app::Buffer& output) {
  if (end.buffer) {
    moveBuffer(commands, gpu, end.buffer, false);
    const VkBufferCopy whole{0, 0, kBytes};
    vkCmdCopyBuffer(commands, end.buffer, output.handle, 1, &whole);
  } else {
    moveImage(commands, gpu, end.image, false);
    const VkBufferImageCopy whole{
        0, 0, 0, {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1}, {0, 0, 0}, {kSide, kSide, 1}};
    vkCmdCopyImageToBuffer(commands, end.image, VK_IMAGE_LAYOUT_GENERAL, output.handle, 1, &whole);
  }
  app::makeVisibleToHost(commands);
}

// Two semaphores of one payload, one on each side; null where none crosses over.
struct Crossing {
  VkSemaphore signalled = VK_NULL_HANDLE, waited = VK_NULL_HANDLE;
};

void submitWith(const app::Gpu& gpu, VkCommandBuffer commands, VkSemaphore wait, VkSemaphore signal,
                VkFence fence) {
  const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
  const VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO, nullptr,   wait != VK_NULL_HANDLE,   &wait,  &stage,
                          commands != VK_NULL_HANDLE,    &commands, signal != VK_NULL_HANDLE, &signal};
  CHECK(vkQueueSubmit(gpu.queue, 1, &info, fence));
}

// Writes through `a` of one device, reads through `b` of the other, which may be the same one.
app::Buffer crossOver(const app::Gpu& from, const End& a, const app::Gpu& to, const End& b, uint32_t seed,
                      const Crossing& crossing) {
  app::Buffer pattern = app::createBuffer(from, kBytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  const app::Buffer output = app::createBuffer(to, kBytes, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  fillPattern(pattern, seed);
  const VkCommandBuffer writing = app::allocateCommands(from, from.pool);
  app::begin(writing);
  writeThrough(writing, from, a, pattern);
  CHECK(vkEndCommandBuffer(writing));
  submitWith(from, writing, VK_NULL_HANDLE, crossing.signalled, VK_NULL_HANDLE);
  if (!crossing.waited) CHECK(vkQueueWaitIdle(from.queue));
  const VkCommandBuffer reading = app::allocateCommands(to, to.pool);
  app::begin(reading);
  readThrough(reading, to, b, output);
  CHECK(vkEndCommandBuffer(reading));
  const VkFence fence = app::createFence(to);
  submitWith(to, reading, crossing.waited, VK_NULL_HANDLE, fence);
  app::waitAndReset(to, fence);
  vkDestroyFence(to.device, fence, nullptr);
  CHECK(vkQueueWaitIdle(from.queue));
  app::destroyBuffer(from, pattern);
  return output;
}

// Results are kept to the end: a driver may give a freed allocation's handle to the next one.
struct Output {
  const app::Gpu* gpu;
  app::Buffer buffer;
};
struct Program {
  std::string prefix;
  std::vector<Output> outputs;
  uint32_t seed = 0;

  void add(const std::string& name, const app::Gpu& gpu, const app::Buffer& buffer) {
    const std::string path = prefix + "." + name;
    app::report(name.c_str(), buffer, prefix.empty() ? nullptr : path.c_str());
    REQUIRE(
        std::any_of(buffer.data, buffer.data + buffer.size, [](std::byte b) { return b != std::byte{}; }));
    outputs.push_back({&gpu, buffer});
  }
};

void shareImages(Program& program, const app::Gpu& from, const app::Gpu& to, const char* where,
                 const Crossing& crossing = {}) {
  constexpr Sharing kAll[] = {{VK_IMAGE_TILING_OPTIMAL, true},
                              {VK_IMAGE_TILING_OPTIMAL, false},
                              {VK_IMAGE_TILING_LINEAR, true},
                              {VK_IMAGE_TILING_LINEAR, false}};
  for (const auto& [tiling, dedicated] : kAll) {
    if (crossing.waited && (tiling != VK_IMAGE_TILING_OPTIMAL || !dedicated)) continue;
    const std::string name = std::string(tiling == VK_IMAGE_TILING_OPTIMAL ? "optimal" : "linear") +
                             (dedicated ? "-dedicated-" : "-") + where;
    if (!shareable(imageFeatures(from, tiling), dedicated)) {
      std::printf("without %s\n", name.c_str());
      continue;
    }
    End a, b;
    a.image = createImage(from, tiling);
    b.image = createImage(to, tiling);
    allocateExporting(from, a, dedicated);
    allocateImporting(to, b, dedicated, a, exportMemory(from, a));
    program.add(name, to, crossOver(from, a, to, b, ++program.seed, crossing));
    destroy(to, b);
    destroy(from, a);
  }
}

void shareBuffers(Program& program, const app::Gpu& from, const app::Gpu& to, const char* where) {
  const VkExternalMemoryFeatureFlags features = bufferFeatures(from);
  const bool dedicated = features & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT;
  if (!shareable(features, dedicated)) return void(std::printf("without buffer-%s\n", where));
  End a, b;
  a.buffer = createSharedBuffer(from);
  b.buffer = createSharedBuffer(to);
  allocateExporting(from, a, dedicated);
  allocateImporting(to, b, dedicated, a, exportMemory(from, a));
  program.add(std::string("buffer-") + where, to, crossOver(from, a, to, b, ++program.seed, {}));
  destroy(to, b);
  destroy(from, a);
}

bool semaphoresCross(const app::Gpu& gpu, VkExternalSemaphoreHandleTypeFlagBits type) {
  if (app::deviceExtensions(gpu.physical, {"VK_KHR_external_semaphore_fd"}).empty()) return false;
  const VkPhysicalDeviceExternalSemaphoreInfo info{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO,
                                                   nullptr, type};
  VkExternalSemaphoreProperties found{VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES};
  vkGetPhysicalDeviceExternalSemaphoreProperties(gpu.physical, &info, &found);
  return found.externalSemaphoreFeatures ==
         (VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT);
}

VkSemaphore createSemaphore(const app::Gpu& gpu, VkExternalSemaphoreHandleTypeFlags types) {
  const VkExportSemaphoreCreateInfo exporting{VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO, nullptr, types};
  const VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, types ? &exporting : nullptr, 0};
  VkSemaphore semaphore = VK_NULL_HANDLE;
  CHECK(vkCreateSemaphore(gpu.device, &info, nullptr, &semaphore));
  return semaphore;
}

int exportSemaphore(const app::Gpu& gpu, VkSemaphore semaphore, VkExternalSemaphoreHandleTypeFlagBits type) {
  const VkSemaphoreGetFdInfoKHR info{VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR, nullptr, semaphore, type};
  int fd = -1;
  CHECK(COMMAND(gpu, vkGetSemaphoreFdKHR)(gpu.device, &info, &fd));
  return fd;
}

void importSemaphore(const app::Gpu& gpu, VkSemaphore semaphore, VkExternalSemaphoreHandleTypeFlagBits type,
                     int fd) {
  const bool once = type == VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT;
  const VkImportSemaphoreFdInfoKHR info{VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR,
                                        nullptr,
                                        semaphore,
                                        once ? VkSemaphoreImportFlags{VK_SEMAPHORE_IMPORT_TEMPORARY_BIT} : 0,
                                        type,
                                        fd};
  CHECK(COMMAND(gpu, vkImportSemaphoreFdKHR)(gpu.device, &info));
}

// The opaque payload is shared before it is signalled, and orders the two submits of crossOver().
void shareSemaphore(Program& program, const app::Gpu& from, const app::Gpu& to, const char* where) {
  constexpr auto kType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT;
  const std::string name = std::string("semaphore-") + where;
  if (!semaphoresCross(from, kType)) return void(std::printf("without %s\n", name.c_str()));
  const Crossing crossing{createSemaphore(from, kType), createSemaphore(to, 0)};
  importSemaphore(to, crossing.waited, kType, exportSemaphore(from, crossing.signalled, kType));
  shareImages(program, from, to, name.c_str(), crossing);
  vkDestroySemaphore(to.device, crossing.waited, nullptr);
  vkDestroySemaphore(from.device, crossing.signalled, nullptr);
}

// A sync descriptor exists from the signal operation on: signalled, passed on, waited for.
void passSyncSemaphore(const app::Gpu& from, const app::Gpu& to) {
  constexpr auto kType = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_SYNC_FD_BIT;
  if (!semaphoresCross(from, kType)) return void(std::printf("without sync-semaphore\n"));
  const VkSemaphore signalled = createSemaphore(from, kType), waited = createSemaphore(to, 0);
  submitWith(from, VK_NULL_HANDLE, VK_NULL_HANDLE, signalled, VK_NULL_HANDLE);
  importSemaphore(to, waited, kType, exportSemaphore(from, signalled, kType));
  const VkFence fence = app::createFence(to);
  submitWith(to, VK_NULL_HANDLE, waited, VK_NULL_HANDLE, fence);
  app::waitAndReset(to, fence);
  CHECK(vkQueueWaitIdle(from.queue));
  vkDestroyFence(to.device, fence, nullptr);
  vkDestroySemaphore(to.device, waited, nullptr);
  vkDestroySemaphore(from.device, signalled, nullptr);
}

// The other end's fence is waited for: only the payload that crossed can signal it.
void passFence(const app::Gpu& from, const app::Gpu& to, VkExternalFenceHandleTypeFlagBits type) {
  const bool once = type == VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT;
  const VkPhysicalDeviceExternalFenceInfo query{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_FENCE_INFO,
                                                nullptr, type};
  VkExternalFenceProperties found{VK_STRUCTURE_TYPE_EXTERNAL_FENCE_PROPERTIES};
  vkGetPhysicalDeviceExternalFenceProperties(from.physical, &query, &found);
  if (app::deviceExtensions(from.physical, {"VK_KHR_external_fence_fd"}).empty() ||
      found.externalFenceFeatures !=
          (VK_EXTERNAL_FENCE_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_FENCE_FEATURE_IMPORTABLE_BIT)) {
    return void(std::printf("without %s-fence\n", once ? "sync" : "opaque"));
  }
  const VkExportFenceCreateInfo exporting{VK_STRUCTURE_TYPE_EXPORT_FENCE_CREATE_INFO, nullptr,
                                          static_cast<VkExternalFenceHandleTypeFlags>(type)};
  const VkFenceCreateInfo info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, &exporting, 0};
  VkFence fence = VK_NULL_HANDLE;
  CHECK(vkCreateFence(from.device, &info, nullptr, &fence));
  const VkFence other = app::createFence(to);
  CHECK(vkQueueSubmit(from.queue, 0, nullptr, fence));
  const VkFenceGetFdInfoKHR get{VK_STRUCTURE_TYPE_FENCE_GET_FD_INFO_KHR, nullptr, fence, type};
  int fd = -1;
  CHECK(COMMAND(from, vkGetFenceFdKHR)(from.device, &get, &fd));
  const VkImportFenceFdInfoKHR import{VK_STRUCTURE_TYPE_IMPORT_FENCE_FD_INFO_KHR,
                                      nullptr,
                                      other,
                                      once ? VkFenceImportFlags{VK_FENCE_IMPORT_TEMPORARY_BIT} : 0,
                                      type,
                                      fd};
  CHECK(COMMAND(to, vkImportFenceFdKHR)(to.device, &import));
  CHECK(vkWaitForFences(to.device, 1, &other, VK_TRUE, UINT64_MAX));
  CHECK(vkQueueWaitIdle(from.queue));
  vkDestroyFence(to.device, other, nullptr);
  vkDestroyFence(from.device, fence, nullptr);
}

int openDescriptors() {
  int count = 0;
  for (int fd = 0; fd < 4096; ++fd) count += fcntl(fd, F_GETFD) != -1;
  return count;
}

void shareOften(Program& program, const app::Gpu& gpu, int rounds) {
  const bool dedicated = bufferFeatures(gpu) & VK_EXTERNAL_MEMORY_FEATURE_DEDICATED_ONLY_BIT;
  REQUIRE(shareable(bufferFeatures(gpu), dedicated));
  const int before = openDescriptors();
  for (int round = 1; round <= rounds; ++round) {
    End a, b;
    a.buffer = createSharedBuffer(gpu);
    b.buffer = createSharedBuffer(gpu);
    allocateExporting(gpu, a, dedicated);
    close(exportMemory(gpu, a));  // an export that nobody imports leaves a descriptor to the program
    allocateImporting(gpu, b, dedicated, a, exportMemory(gpu, a));
    if (round == rounds) program.add("last", gpu, crossOver(gpu, a, gpu, b, 1, {}));
    destroy(gpu, b);
    destroy(gpu, a);
  }
  REQUIRE(openDescriptors() <= before + 1);
}

}  // namespace

int main(int argc, char** argv) {
  Program program;
  app::Gpu gpu = openGpu(openInstance());
  app::Gpu same_gpu = openGpu(gpu.instance), other_instance = openGpu(openInstance());
  if (argc == 3 && std::string_view(argv[1]) == "many") {
    shareOften(program, gpu, std::atoi(argv[2]));
  } else {
    if (argc > 1) program.prefix = argv[1];
    const std::pair<const app::Gpu&, const char*> ends[] = {
        {gpu, "device"}, {same_gpu, "other-device"}, {other_instance, "other-instance"}};
    for (const auto& [to, where] : ends) {
      shareImages(program, gpu, to, where);
      shareBuffers(program, gpu, to, where);
      shareSemaphore(program, gpu, to, where);
      passSyncSemaphore(gpu, to);
      passFence(gpu, to, VK_EXTERNAL_FENCE_HANDLE_TYPE_OPAQUE_FD_BIT);
      passFence(gpu, to, VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT);
    }
  }
  for (Output& output : program.outputs) app::destroyBuffer(*output.gpu, output.buffer);
  app::destroyGpu(other_instance);
  vkDestroyCommandPool(same_gpu.device, same_gpu.pool, nullptr);
  vkDestroyDevice(same_gpu.device, nullptr);
  app::destroyGpu(gpu);
  std::printf("ok external_alias\n");
}

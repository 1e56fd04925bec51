// An image and a buffer shared by two processes: one writes them anew in each frame, the other, which is the
// one to be captured, acquires them and copies what it finds into mapped memory.
//
//     producer_consumer [FILE]             FILE gets what the consumer read; the producer waits for its queue
//     producer_consumer semaphore [FILE]   the same, ordered by a shared semaphore where the driver has such
//     producer_consumer dup                one process: exported, duplicated and foreign descriptors are
//     imported producer_consumer producer FD        the other process; started by the program before it uses
//     Vulkan, without
//                                          the layers of the environment
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "external.h"

namespace {

constexpr uint32_t kWidth = 64, kHeight = 48, kMips = 2, kLayers = 2, kFrames = 3;
constexpr VkFormat kFormat = VK_FORMAT_R8G8B8A8_UNORM;
constexpr VkDeviceSize kMipBytes[kMips] = {kWidth * kHeight * 4, kWidth* kHeight};  // of one layer
constexpr VkDeviceSize kImageBytes = kLayers * (kMipBytes[0] + kMipBytes[1]);
constexpr VkDeviceSize kBufferBytes = 5000;  // no multiple of a page
constexpr VkDeviceSize kFrameBytes = kImageBytes + 5120;
constexpr VkImageLayout kShared = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL;
constexpr auto kHandle = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
constexpr auto kSemaphoreHandle = VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_FD_BIT;
constexpr VkImageSubresourceRange kWhole{VK_IMAGE_ASPECT_COLOR_BIT, 0, kMips, 0, kLayers};

struct Shared {
  VkImage image = VK_NULL_HANDLE;
  VkDeviceMemory image_memory = VK_NULL_HANDLE;
  VkBuffer buffer = VK_NULL_HANDLE;
  VkDeviceMemory buffer_memory = VK_NULL_HANDLE;
  VkSemaphore semaphore = VK_NULL_HANDLE;
};

// What goes over the socket beside the descriptors: image, buffer, and perhaps semaphore.
struct Parcel {
  VkDeviceSize image_bytes, buffer_bytes;
  uint32_t image_type, buffer_type;
  int descriptors;
};

// ---- The socket

void send(int socket, const Parcel& parcel, const int* descriptors) {
  iovec data{const_cast<Parcel*>(&parcel), sizeof parcel};
  alignas(cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(parcel.descriptors * sizeof(int));
  cmsghdr* head = CMSG_FIRSTHDR(&message);
  head->cmsg_level = SOL_SOCKET;
  head->cmsg_type = SCM_RIGHTS;
  head->cmsg_len = CMSG_LEN(parcel.descriptors * sizeof(int));
  std::memcpy(CMSG_DATA(head), descriptors, parcel.descriptors * sizeof(int));
  REQUIRE(sendmsg(socket, &message, 0) == sizeof parcel);
}

Parcel receive(int socket, int* descriptors) {
  Parcel parcel{};
  iovec data{&parcel, sizeof parcel};
  alignas(cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  REQUIRE(recvmsg(socket, &message, 0) == sizeof parcel);
  std::memcpy(descriptors, CMSG_DATA(CMSG_FIRSTHDR(&message)), parcel.descriptors * sizeof(int));
  return parcel;
}

void say(int socket, char word) { REQUIRE(write(socket, &word, 1) == 1); }

// 0: the other side is gone.
char hear(int socket) {
  char word = 0;
  return read(socket, &word, 1) == 1 ? word : 0;
}

// ---- Objects of both sides

app::Gpu createGpu(const char* name) {
  return app::createGpuWith(app::createInstanceWith(name, {}), {VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME,
                                                                VK_KHR_EXTERNAL_SEMAPHORE_FD_EXTENSION_NAME});
}

bool sharesSemaphores(const app::Gpu& gpu) {
  const VkPhysicalDeviceExternalSemaphoreInfo info{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO,
                                                   nullptr, kSemaphoreHandle};
  VkExternalSemaphoreProperties properties{VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES};
  vkGetPhysicalDeviceExternalSemaphoreProperties(gpu.physical, &info, &properties);
  constexpr VkFlags kBoth =
      VK_EXTERNAL_SEMAPHORE_FEATURE_EXPORTABLE_BIT | VK_EXTERNAL_SEMAPHORE_FEATURE_IMPORTABLE_BIT;
  return (properties.externalSemaphoreFeatures & kBoth) == kBoth && COMMAND(gpu, vkGetSemaphoreFdKHR);
}

void createShared(const app::Gpu& gpu, Shared& shared) {
  const VkExternalMemoryImageCreateInfo image_node{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
                                                   nullptr, kHandle};
  VkImageCreateInfo image{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO, &image_node};
  image.imageType = VK_IMAGE_TYPE_2D;
  image.format = kFormat;
  image.extent = {kWidth, kHeight, 1};
  image.mipLevels = kMips;
  image.arrayLayers = kLayers;
  image.samples = VK_SAMPLE_COUNT_1_BIT;
  image.usage =
      VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT | VK_IMAGE_USAGE_SAMPLED_BIT;
  CHECK(vkCreateImage(gpu.device, &image, nullptr, &shared.image));
  const VkExternalMemoryBufferCreateInfo buffer_node{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
                                                     nullptr, kHandle};
  VkBufferCreateInfo buffer{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, &buffer_node};
  buffer.size = kBufferBytes;
  buffer.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  CHECK(vkCreateBuffer(gpu.device, &buffer, nullptr, &shared.buffer));
}

void destroyShared(const app::Gpu& gpu, Shared& shared) {
  vkDestroySemaphore(gpu.device, shared.semaphore, nullptr);
  vkDestroyImage(gpu.device, shared.image, nullptr);
  vkDestroyBuffer(gpu.device, shared.buffer, nullptr);
  vkFreeMemory(gpu.device, shared.image_memory, nullptr);
  vkFreeMemory(gpu.device, shared.buffer_memory, nullptr);
  shared = {};
}

VkDeviceMemory allocateMemory(const app::Gpu& gpu, VkDeviceSize bytes, uint32_t type, const void* chain) {
  const VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, chain, bytes, type};
  VkDeviceMemory memory = VK_NULL_HANDLE;
  CHECK(vkAllocateMemory(gpu.device, &info, nullptr, &memory));
  return memory;
}

// The image's memory is its own, on both sides: drivers may demand that.
VkDeviceMemory exportable(const app::Gpu& gpu, VkDeviceSize bytes, uint32_t type, VkImage image) {
  const VkMemoryDedicatedAllocateInfo dedicated{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr,
                                                image, VK_NULL_HANDLE};
  const VkExportMemoryAllocateInfo node{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO,
                                        image ? &dedicated : nullptr, kHandle};
  return allocateMemory(gpu, bytes, type, &node);
}

VkDeviceMemory import(const app::Gpu& gpu, int fd, VkDeviceSize bytes, uint32_t type, VkImage image) {
  const VkMemoryDedicatedAllocateInfo dedicated{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr,
                                                image, VK_NULL_HANDLE};
  const VkImportMemoryFdInfoKHR node{VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR,
                                     image ? &dedicated : nullptr, kHandle, fd};
  return allocateMemory(gpu, bytes, type, &node);
}

int descriptorOf(const app::Gpu& gpu, VkDeviceMemory memory) {
  const VkMemoryGetFdInfoKHR info{VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR, nullptr, memory, kHandle};
  int fd = -1;
  CHECK(COMMAND(gpu, vkGetMemoryFdKHR)(gpu.device, &info, &fd));
  return fd;
}

// ---- Commands of both sides

// Moves both objects between this queue family and outside.
void transfer(VkCommandBuffer commands, const Shared& shared, uint32_t from, uint32_t to,
              VkImageLayout old_layout, VkImageLayout new_layout) {
  const VkImageMemoryBarrier image{VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
                                   nullptr,
                                   VK_ACCESS_TRANSFER_WRITE_BIT,
                                   VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                                   old_layout,
                                   new_layout,
                                   from,
                                   to,
                                   shared.image,
                                   kWhole};
  const VkBufferMemoryBarrier buffer{VK_STRUCTURE_TYPE_BUFFER_MEMORY_BARRIER,
                                     nullptr,
                                     VK_ACCESS_TRANSFER_WRITE_BIT,
                                     VK_ACCESS_TRANSFER_READ_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                                     from,
                                     to,
                                     shared.buffer,
                                     0,
                                     VK_WHOLE_SIZE};
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0,
                       nullptr, 1, &buffer, 1, &image);
}

std::vector<VkBufferImageCopy> regions(VkDeviceSize at) {
  std::vector<VkBufferImageCopy> found;
  for (uint32_t mip = 0; mip < kMips; ++mip) {
    found.push_back(
        {at, 0, 0, {VK_IMAGE_ASPECT_COLOR_BIT, mip, 0, kLayers}, {}, {kWidth >> mip, kHeight >> mip, 1}});
    at += kMipBytes[mip] * kLayers;
  }
  return found;
}

// ---- The producer

void produce(const app::Gpu& gpu, const Shared& shared, app::Buffer& source, VkCommandBuffer commands,
             bool signal, uint32_t frame) {
  for (VkDeviceSize i = 0; i < source.size; ++i)
    source.data[i] = static_cast<std::byte>((i * 31 + i / 251 + frame * 77) & 0xff);
  app::begin(commands);
  const uint32_t outside = frame == 0 ? VK_QUEUE_FAMILY_IGNORED : VK_QUEUE_FAMILY_EXTERNAL;
  const uint32_t here = frame == 0 ? VK_QUEUE_FAMILY_IGNORED : gpu.family;
  transfer(commands, shared, outside, here, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
  const auto copies = regions(0);
  vkCmdCopyBufferToImage(commands, source.handle, shared.image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, kMips,
                         copies.data());
  const VkBufferCopy copy{kImageBytes, 0, kBufferBytes};
  vkCmdCopyBuffer(commands, source.handle, shared.buffer, 1, &copy);
  transfer(commands, shared, gpu.family, VK_QUEUE_FAMILY_EXTERNAL, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
           kShared);
  CHECK(vkEndCommandBuffer(commands));
  VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO};
  info.commandBufferCount = 1;
  info.pCommandBuffers = &commands;
  info.signalSemaphoreCount = signal ? 1 : 0;
  info.pSignalSemaphores = &shared.semaphore;
  CHECK(vkQueueSubmit(gpu.queue, 1, &info, VK_NULL_HANDLE));
  if (!signal) CHECK(vkQueueWaitIdle(gpu.queue));
}

int producer(int socket) {
  app::Gpu gpu = createGpu("producer");
  Shared shared;
  createShared(gpu, shared);
  VkMemoryRequirements image_needs{}, buffer_needs{};
  vkGetImageMemoryRequirements(gpu.device, shared.image, &image_needs);
  vkGetBufferMemoryRequirements(gpu.device, shared.buffer, &buffer_needs);
  Parcel parcel{image_needs.size, buffer_needs.size,
                app::memoryType(gpu, image_needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT),
                app::memoryType(gpu, buffer_needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT), 2};
  shared.image_memory = exportable(gpu, parcel.image_bytes, parcel.image_type, shared.image);
  shared.buffer_memory = exportable(gpu, parcel.buffer_bytes, parcel.buffer_type, VK_NULL_HANDLE);
  CHECK(vkBindImageMemory(gpu.device, shared.image, shared.image_memory, 0));
  CHECK(vkBindBufferMemory(gpu.device, shared.buffer, shared.buffer_memory, 0));
  int descriptors[3] = {descriptorOf(gpu, shared.image_memory), descriptorOf(gpu, shared.buffer_memory), -1};
  if (sharesSemaphores(gpu)) {
    const VkExportSemaphoreCreateInfo node{VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO, nullptr,
                                           kSemaphoreHandle};
    const VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, &node, 0};
    CHECK(vkCreateSemaphore(gpu.device, &info, nullptr, &shared.semaphore));
    const VkSemaphoreGetFdInfoKHR get{VK_STRUCTURE_TYPE_SEMAPHORE_GET_FD_INFO_KHR, nullptr, shared.semaphore,
                                      kSemaphoreHandle};
    CHECK(COMMAND(gpu, vkGetSemaphoreFdKHR)(gpu.device, &get, &descriptors[2]));
    parcel.descriptors = 3;
  }
  send(socket, parcel, descriptors);
  for (int i = 0; i < parcel.descriptors; ++i) close(descriptors[i]);
  app::Buffer source = app::createBuffer(gpu, kImageBytes + kBufferBytes, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  const VkCommandBuffer commands = app::allocateCommands(gpu, gpu.pool);
  uint32_t frame = 0;
  while (const char word = hear(socket)) {
    CHECK(vkQueueWaitIdle(gpu.queue));
    produce(gpu, shared, source, commands, word == 's', frame++);
    say(socket, 'd');
  }
  CHECK(vkQueueWaitIdle(gpu.queue));
  app::destroyBuffer(gpu, source);
  destroyShared(gpu, shared);
  app::destroyGpu(gpu);
  return 0;
}

// Not yet with Vulkan: what is captured is this process, not that one.
int startProducer(pid_t& child) {
  int sockets[2];
  REQUIRE(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, sockets) == 0);
  child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(sockets[0]);
    for (const char* name : {"VK_INSTANCE_LAYERS", "VK_LOADER_LAYERS_ENABLE"}) unsetenv(name);
    execl("/proc/self/exe", "producer_consumer", "producer", std::to_string(sockets[1]).c_str(), nullptr);
    _exit(127);
  }
  close(sockets[1]);
  return sockets[0];
}

void endProducer(int socket, pid_t child) {
  close(socket);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// ---- The consumer

void importShared(const app::Gpu& gpu, Shared& shared, const Parcel& parcel, const int* descriptors) {
  createShared(gpu, shared);
  shared.image_memory = import(gpu, descriptors[0], parcel.image_bytes, parcel.image_type, shared.image);
  shared.buffer_memory = import(gpu, descriptors[1], parcel.buffer_bytes, parcel.buffer_type, VK_NULL_HANDLE);
  CHECK(vkBindImageMemory(gpu.device, shared.image, shared.image_memory, 0));
  CHECK(vkBindBufferMemory(gpu.device, shared.buffer, shared.buffer_memory, 0));
  if (parcel.descriptors < 3) return;
  const VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, nullptr, 0};
  CHECK(vkCreateSemaphore(gpu.device, &info, nullptr, &shared.semaphore));
  const VkImportSemaphoreFdInfoKHR node{VK_STRUCTURE_TYPE_IMPORT_SEMAPHORE_FD_INFO_KHR,
                                        nullptr,
                                        shared.semaphore,
                                        0,
                                        kSemaphoreHandle,
                                        descriptors[2]};
  CHECK(COMMAND(gpu, vkImportSemaphoreFdKHR)(gpu.device, &node));
}

void consume(const app::Gpu& gpu, const Shared& shared, app::Buffer& output, VkCommandBuffer commands,
             bool wait, uint32_t frame) {
  app::begin(commands);
  transfer(commands, shared, VK_QUEUE_FAMILY_EXTERNAL, gpu.family, kShared,
           VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
  const auto copies = regions(frame * kFrameBytes);
  vkCmdCopyImageToBuffer(commands, shared.image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, output.handle, kMips,
                         copies.data());
  const VkBufferCopy copy{0, frame * kFrameBytes + kImageBytes, kBufferBytes};
  vkCmdCopyBuffer(commands, shared.buffer, output.handle, 1, &copy);
  transfer(commands, shared, gpu.family, VK_QUEUE_FAMILY_EXTERNAL, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
           kShared);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
  const VkPipelineStageFlags stage = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;
  VkSubmitInfo info{VK_STRUCTURE_TYPE_SUBMIT_INFO};
  info.waitSemaphoreCount = wait ? 1 : 0;
  info.pWaitSemaphores = &shared.semaphore;
  info.pWaitDstStageMask = &stage;
  info.commandBufferCount = 1;
  info.pCommandBuffers = &commands;
  CHECK(vkQueueSubmit(gpu.queue, 1, &info, VK_NULL_HANDLE));
  CHECK(vkQueueWaitIdle(gpu.queue));
}

int consumer(bool semaphore, const char* path) {
  pid_t child = 0;
  const int socket = startProducer(child);
  app::Gpu gpu = createGpu("producer_consumer");
  int descriptors[3];
  const Parcel parcel = receive(socket, descriptors);
  semaphore = semaphore && parcel.descriptors == 3;
  Shared shared;
  importShared(gpu, shared, parcel, descriptors);
  app::Buffer output = app::createBuffer(gpu, kFrameBytes * kFrames, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  std::memset(output.data, 0, output.size);
  const VkCommandBuffer commands = app::allocateCommands(gpu, gpu.pool);
  for (uint32_t frame = 0; frame < kFrames; ++frame) {
    say(socket, semaphore ? 's' : 'f');
    REQUIRE(hear(socket) == 'd');
    consume(gpu, shared, output, commands, semaphore, frame);
  }
  app::report("output", output, path);
  app::destroyBuffer(gpu, output);
  destroyShared(gpu, shared);
  app::destroyGpu(gpu);
  endProducer(socket, child);
  std::printf("ok producer_consumer %s\n", semaphore ? "ordered by a semaphore" : "ordered by waiting");
  return 0;
}

// ---- Descriptors

int duplicates() {
  pid_t child = 0;
  const int socket = startProducer(child);
  app::Gpu gpu = createGpu("producer_consumer");
  Shared shared;
  createShared(gpu, shared);
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(gpu.device, shared.buffer, &needs);
  const uint32_t type = app::memoryType(gpu, needs.memoryTypeBits, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT);
  const VkDeviceMemory own = exportable(gpu, needs.size, type, VK_NULL_HANDLE);
  const int first = descriptorOf(gpu, own);
  const int copy = dup(first);
  const VkDeviceMemory again = import(gpu, copy, needs.size, type, VK_NULL_HANDLE);
  const int second = descriptorOf(gpu, own), third = descriptorOf(gpu, again);
  close(third);
  close(second);
  close(first);
  int descriptors[3];
  const Parcel parcel = receive(socket, descriptors);
  // The lowest free number goes to the first descriptor that arrives: one that stood for our own memory.
  REQUIRE(descriptors[0] == first);
  const VkDeviceMemory foreign =
      import(gpu, descriptors[1], parcel.buffer_bytes, parcel.buffer_type, VK_NULL_HANDLE);
  const VkDeviceMemory foreign_image =
      import(gpu, descriptors[0], parcel.image_bytes, parcel.image_type, shared.image);
  if (parcel.descriptors == 3) close(descriptors[2]);
  for (VkDeviceMemory memory : {own, again, foreign, foreign_image})
    vkFreeMemory(gpu.device, memory, nullptr);
  destroyShared(gpu, shared);
  app::destroyGpu(gpu);
  endProducer(socket, child);
  std::printf("ok producer_consumer dup\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view mode = argc > 1 ? argv[1] : "";
  if (mode == "producer" && argc > 2) return producer(std::atoi(argv[2]));
  if (mode == "dup") return duplicates();
  if (mode == "semaphore") return consumer(true, argc > 2 ? argv[2] : nullptr);
  return consumer(false, argc > 1 ? argv[1] : nullptr);
}

// VK_LAYER_REPRISE_TEST_judge: reads back every presented image and writes its hash.
//
// One line a present and swapchain to $REPRISE_JUDGE_OUT: `frame width height format xxh64`. A headless
// replay has no vkQueuePresentKHR; there the label "reprise present frame=.. image=.. .." names the image.
// Without the variable the layer only watches. Where $REPRISE_JUDGE_PICTURES names a folder, the texels of
// every $REPRISE_JUDGE_EVERY-th frame go there, too. One mutex over everything that it does at a present.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "chain.h"

namespace {

struct Swapchain {
  VkFormat format;
  VkExtent2D extent;
  std::vector<VkImage> images;
};
struct Picture {
  VkImage image;
  VkFormat format;
  VkExtent2D extent;
  VkImageLayout layout;
};

std::mutex judge_mutex;
std::map<VkSwapchainKHR, Swapchain> swapchains;
std::map<VkQueue, uint32_t> queue_families;
bool presents_seen = false;
uint64_t frame_count = 0;

uint32_t texelSize(VkFormat format) {
  switch (format) {
    case VK_FORMAT_R5G6B5_UNORM_PACK16:
    case VK_FORMAT_B5G6R5_UNORM_PACK16:
      return 2;
    case VK_FORMAT_R16G16B16A16_SFLOAT:
    case VK_FORMAT_R16G16B16A16_UNORM:
      return 8;
    default:
      return 4;  // every other format that a surface offers
  }
}

// The folder for this frame's pictures; null where it is not to be kept.
const char* folderFor(uint64_t frame) {
  static const char* folder = std::getenv("REPRISE_JUDGE_PICTURES");
  static const char* every = std::getenv("REPRISE_JUDGE_EVERY");
  static const uint64_t step = every ? std::strtoull(every, nullptr, 10) : 1;
  return step != 0 && frame % step == 0 ? folder : nullptr;
}

// Named so that only pictures of one size and format have one name.
void keep(const char* folder, uint64_t frame, size_t index, const Picture& picture, const void* texels) {
  char path[4096];
  std::snprintf(path, sizeof path, "%s/%06" PRIu64 "-%zu-%ux%u-%d.raw", folder, frame, index,
                picture.extent.width, picture.extent.height, picture.format);
  if (std::FILE* file = std::fopen(path, "wb")) {
    std::fwrite(texels, texelSize(picture.format), size_t{picture.extent.width} * picture.extent.height,
                file);
    std::fclose(file);
  }
}

// One pool, command buffer, fence and staging buffer for one read-back: slow, and nothing to keep in step.
class ReadBack {
 public:
  ReadBack(const chain::Device& device, VkQueue queue) : device_(device), queue_(queue) {
    const VkCommandPoolCreateInfo pool_info{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, nullptr, 0,
                                            queue_families[queue]};
    check(NEXT(device_, vkCreateCommandPool)(device_.handle, &pool_info, nullptr, &pool_));
    const VkCommandBufferAllocateInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, nullptr, pool_,
                                           VK_COMMAND_BUFFER_LEVEL_PRIMARY, 1};
    check(NEXT(device_, vkAllocateCommandBuffers)(device_.handle, &info, &commands_));
    // Made below the loader: lower layers look the device up by this word.
    *reinterpret_cast<void**>(commands_) = chain::key(device_.handle);
    const VkFenceCreateInfo fence_info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, nullptr, 0};
    check(NEXT(device_, vkCreateFence)(device_.handle, &fence_info, nullptr, &fence_));
  }

  ~ReadBack() {
    NEXT(device_, vkDestroyFence)(device_.handle, fence_, nullptr);
    NEXT(device_, vkDestroyCommandPool)(device_.handle, pool_, nullptr);
    NEXT(device_, vkDestroyBuffer)(device_.handle, buffer_, nullptr);
    NEXT(device_, vkFreeMemory)(device_.handle, memory_, nullptr);
  }
  ReadBack(const ReadBack&) = delete;
  ReadBack& operator=(const ReadBack&) = delete;

  // Waits for `semaphores` and signals them again, so that the present behind it finds what it expects. None
  // where the device is lost.
  std::vector<uint64_t> hashes(uint64_t frame, const std::vector<Picture>& pictures, uint32_t semaphore_count,
                               const VkSemaphore* semaphores) {
    std::vector<VkDeviceSize> offsets;
    VkDeviceSize total = 0;
    for (const Picture& picture : pictures) {
      offsets.push_back(total);
      total += (bytesOf(picture) + 255) & ~VkDeviceSize{255};
    }
    createBuffer(total);
    record(pictures, offsets);
    const std::vector<VkPipelineStageFlags> stages(semaphore_count, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
    const VkSubmitInfo submit{VK_STRUCTURE_TYPE_SUBMIT_INFO,
                              nullptr,
                              semaphore_count,
                              semaphores,
                              stages.data(),
                              1,
                              &commands_,
                              semaphore_count,
                              semaphores};
    VkResult done = NEXT(device_, vkQueueSubmit)(queue_, 1, &submit, fence_);
    if (done == VK_SUCCESS)
      done = NEXT(device_, vkWaitForFences)(device_.handle, 1, &fence_, VK_TRUE, UINT64_MAX);
    if (done == VK_ERROR_DEVICE_LOST) return {};  // whoever lost it is told by calls of its own
    check(done);
    void* data = nullptr;
    check(NEXT(device_, vkMapMemory)(device_.handle, memory_, 0, VK_WHOLE_SIZE, 0, &data));
    std::vector<uint64_t> found;
    for (size_t i = 0; i < pictures.size(); ++i) {
      const std::byte* texels = static_cast<std::byte*>(data) + offsets[i];
      found.push_back(XXH64(texels, bytesOf(pictures[i]), 0));
      if (const char* folder = folderFor(frame)) keep(folder, frame, i, pictures[i], texels);
    }
    return found;
  }

 private:
  static void check(VkResult result) {
    if (result == VK_SUCCESS) return;
    std::fprintf(stderr, "judge layer: a call of its own failed with VkResult %d\n", result);
    std::abort();
  }

  static VkDeviceSize bytesOf(const Picture& picture) {
    return VkDeviceSize{picture.extent.width} * picture.extent.height * texelSize(picture.format);
  }

  void createBuffer(VkDeviceSize size) {
    const VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                  nullptr,
                                  0,
                                  size,
                                  VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                                  VK_SHARING_MODE_EXCLUSIVE,
                                  0,
                                  nullptr};
    check(NEXT(device_, vkCreateBuffer)(device_.handle, &info, nullptr, &buffer_));
    VkMemoryRequirements needs{};
    NEXT(device_, vkGetBufferMemoryRequirements)(device_.handle, buffer_, &needs);
    VkPhysicalDeviceMemoryProperties types{};
    device_.instance.memory_properties(device_.gpu, &types);
    const VkMemoryPropertyFlags wanted =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    uint32_t type = 0;
    while (!(needs.memoryTypeBits >> type & 1) || (types.memoryTypes[type].propertyFlags & wanted) != wanted)
      ++type;
    const VkMemoryAllocateInfo memory_info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, needs.size, type};
    check(NEXT(device_, vkAllocateMemory)(device_.handle, &memory_info, nullptr, &memory_));
    check(NEXT(device_, vkBindBufferMemory)(device_.handle, buffer_, memory_, 0));
  }

  void moveLayout(const Picture& picture, VkImageLayout from, VkImageLayout to) {
    const VkAccessFlags all = VK_ACCESS_MEMORY_READ_BIT | VK_ACCESS_MEMORY_WRITE_BIT;
    const VkImageMemoryBarrier barrier{VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER,
                                       nullptr,
                                       all,
                                       all,
                                       from,
                                       to,
                                       VK_QUEUE_FAMILY_IGNORED,
                                       VK_QUEUE_FAMILY_IGNORED,
                                       picture.image,
                                       {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};
    NEXT(device_, vkCmdPipelineBarrier)
    (commands_, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT, 0, 0, nullptr, 0,
     nullptr, 1, &barrier);
  }

  void record(const std::vector<Picture>& pictures, const std::vector<VkDeviceSize>& offsets) {
    const VkCommandBufferBeginInfo begin{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, nullptr,
                                         VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT, nullptr};
    check(NEXT(device_, vkBeginCommandBuffer)(commands_, &begin));
    for (size_t i = 0; i < pictures.size(); ++i) {
      const Picture& picture = pictures[i];
      moveLayout(picture, picture.layout, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
      const VkBufferImageCopy region{offsets[i], 0,
                                     0,          {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1},
                                     {0, 0, 0},  {picture.extent.width, picture.extent.height, 1}};
      NEXT(device_, vkCmdCopyImageToBuffer)
      (commands_, picture.image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, buffer_, 1, &region);
      moveLayout(picture, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, picture.layout);
    }
    const VkMemoryBarrier to_host{VK_STRUCTURE_TYPE_MEMORY_BARRIER, nullptr, VK_ACCESS_TRANSFER_WRITE_BIT,
                                  VK_ACCESS_HOST_READ_BIT};
    NEXT(device_, vkCmdPipelineBarrier)
    (commands_, VK_PIPELINE_STAGE_TRANSFER_BIT, VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &to_host, 0, nullptr, 0,
     nullptr);
    check(NEXT(device_, vkEndCommandBuffer)(commands_));
  }

  chain::Device device_;
  VkQueue queue_;
  VkCommandPool pool_ = VK_NULL_HANDLE;
  VkCommandBuffer commands_ = VK_NULL_HANDLE;
  VkFence fence_ = VK_NULL_HANDLE;
  VkBuffer buffer_ = VK_NULL_HANDLE;
  VkDeviceMemory memory_ = VK_NULL_HANDLE;
};

void judge(VkQueue queue, uint64_t frame, const std::vector<Picture>& pictures, uint32_t semaphore_count,
           const VkSemaphore* semaphores) {
  static std::FILE* out =
      std::getenv("REPRISE_JUDGE_OUT") ? std::fopen(std::getenv("REPRISE_JUDGE_OUT"), "a") : nullptr;
  if (!out) return;
  ReadBack read_back(chain::deviceOf(queue), queue);
  const auto hashes = read_back.hashes(frame, pictures, semaphore_count, semaphores);
  for (size_t i = 0; i < hashes.size(); ++i) {
    std::fprintf(out, "%" PRIu64 " %u %u %d %016" PRIx64 "\n", frame, pictures[i].extent.width,
                 pictures[i].extent.height, pictures[i].format, hashes[i]);
  }
  std::fflush(out);
}

VKAPI_ATTR VkResult VKAPI_CALL createSwapchain(VkDevice device, const VkSwapchainCreateInfoKHR* info,
                                               const VkAllocationCallbacks* allocator,
                                               VkSwapchainKHR* swapchain) {
  const chain::Device mine = chain::deviceOf(device);
  VkSwapchainCreateInfoKHR wider = *info;
  wider.imageUsage |= VK_IMAGE_USAGE_TRANSFER_SRC_BIT;
  const VkResult result = NEXT(mine, vkCreateSwapchainKHR)(device, &wider, allocator, swapchain);
  if (result != VK_SUCCESS) return result;
  uint32_t count = 0;
  NEXT(mine, vkGetSwapchainImagesKHR)(device, *swapchain, &count, nullptr);
  Swapchain made{info->imageFormat, info->imageExtent, std::vector<VkImage>(count)};
  NEXT(mine, vkGetSwapchainImagesKHR)(device, *swapchain, &count, made.images.data());
  std::lock_guard lock(judge_mutex);
  swapchains[*swapchain] = std::move(made);
  return result;
}

VKAPI_ATTR void VKAPI_CALL getDeviceQueue(VkDevice device, uint32_t family, uint32_t index, VkQueue* queue) {
  NEXT(chain::deviceOf(device), vkGetDeviceQueue)(device, family, index, queue);
  std::lock_guard lock(judge_mutex);
  queue_families[*queue] = family;
}

VKAPI_ATTR void VKAPI_CALL getDeviceQueue2(VkDevice device, const VkDeviceQueueInfo2* info, VkQueue* queue) {
  NEXT(chain::deviceOf(device), vkGetDeviceQueue2)(device, info, queue);
  std::lock_guard lock(judge_mutex);
  queue_families[*queue] = info->queueFamilyIndex;
}

VKAPI_ATTR VkResult VKAPI_CALL queuePresent(VkQueue queue, const VkPresentInfoKHR* info) {
  {
    std::lock_guard lock(judge_mutex);
    presents_seen = true;
    std::vector<Picture> pictures;
    for (uint32_t i = 0; i < info->swapchainCount; ++i) {
      const Swapchain& swapchain = swapchains.at(info->pSwapchains[i]);
      pictures.push_back({swapchain.images.at(info->pImageIndices[i]), swapchain.format, swapchain.extent,
                          VK_IMAGE_LAYOUT_PRESENT_SRC_KHR});
    }
    judge(queue, frame_count++, pictures, info->waitSemaphoreCount, info->pWaitSemaphores);
  }
  return NEXT(chain::deviceOf(queue), vkQueuePresentKHR)(queue, info);
}

VKAPI_ATTR void VKAPI_CALL insertLabel(VkQueue queue, const VkDebugUtilsLabelEXT* label) {
  unsigned frame = 0, width = 0, height = 0, format = 0, layout = 0;
  unsigned long long image = 0;
  const int fields = std::sscanf(
      label->pLabelName, "reprise present frame=%u image=0x%llx width=%u height=%u format=%u layout=%u",
      &frame, &image, &width, &height, &format, &layout);
  if (fields == 6) {
    std::lock_guard lock(judge_mutex);
    // A replay with a real swapchain may label its presents too; those were read where they happened.
    if (!presents_seen) {
      judge(queue, frame,
            {{reinterpret_cast<VkImage>(image),
              static_cast<VkFormat>(format),
              {width, height},
              static_cast<VkImageLayout>(layout)}},
            0, nullptr);
    }
  }
  const auto down = NEXT(chain::deviceOf(queue), vkQueueInsertDebugUtilsLabelEXT);
  if (down) down(queue, label);
}

}  // namespace

namespace chain {

PFN_vkVoidFunction hook(std::string_view name) {
  if (name == "vkCreateSwapchainKHR") return reinterpret_cast<PFN_vkVoidFunction>(createSwapchain);
  if (name == "vkGetDeviceQueue") return reinterpret_cast<PFN_vkVoidFunction>(getDeviceQueue);
  if (name == "vkGetDeviceQueue2") return reinterpret_cast<PFN_vkVoidFunction>(getDeviceQueue2);
  if (name == "vkQueuePresentKHR") return reinterpret_cast<PFN_vkVoidFunction>(queuePresent);
  if (name == "vkQueueInsertDebugUtilsLabelEXT") return reinterpret_cast<PFN_vkVoidFunction>(insertLabel);
  return nullptr;
}

}  // namespace chain

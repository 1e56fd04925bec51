// VK_NV_external_memory and its core successor with every Win32 and D3D type, on the Khronos mock driver.
//
// external_nv: an image for each of the four NV types and each pair of them, backed by an exporting
// allocation and, once a type, by an imported one; then the same in core's words, for images and buffers, and
// exportable semaphores and fences. Nothing is drawn: the driver draws nothing. Handles are the driver's own
// where it can export, else invented, as if they came from another process.
#include "external.h"

namespace {

constexpr VkFormat kFormats[2] = {VK_FORMAT_R8G8B8A8_UNORM, VK_FORMAT_R8G8B8A8_SRGB};
constexpr VkImageUsageFlags kUsage = VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
constexpr uint32_t kNvTypes = 4;  // bits 0x1 to 0x8

VkImage createImage(const app::Gpu& gpu, const void* chain) {
  const VkImageFormatListCreateInfo formats{VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO, chain, 2,
                                            kFormats};
  const VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                               &formats,
                               VK_IMAGE_CREATE_MUTABLE_FORMAT_BIT,
                               VK_IMAGE_TYPE_2D,
                               kFormats[0],
                               {64, 64, 1},
                               1,
                               1,
                               VK_SAMPLE_COUNT_1_BIT,
                               VK_IMAGE_TILING_OPTIMAL,
                               kUsage,
                               VK_SHARING_MODE_EXCLUSIVE,
                               0,
                               nullptr,
                               VK_IMAGE_LAYOUT_UNDEFINED};
  VkImage image = VK_NULL_HANDLE;
  CHECK(vkCreateImage(gpu.device, &info, nullptr, &image));
  return image;
}

VkDeviceMemory allocateFor(const app::Gpu& gpu, const VkMemoryRequirements& needs, const void* chain) {
  const VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, chain, needs.size,
                                  app::lowestBit(needs.memoryTypeBits)};
  VkDeviceMemory memory = VK_NULL_HANDLE;
  CHECK(vkAllocateMemory(gpu.device, &info, nullptr, &memory));
  return memory;
}

// An image and memory of its own, allocated with a chain that names the image as the only user.
struct Shared {
  VkImage image;
  VkDeviceMemory memory;
};
template <class Allocation>
Shared createShared(const app::Gpu& gpu, const void* image_chain, Allocation allocation) {
  Shared made{createImage(gpu, image_chain), VK_NULL_HANDLE};
  VkMemoryRequirements needs{};
  vkGetImageMemoryRequirements(gpu.device, made.image, &needs);
  const VkMemoryDedicatedAllocateInfo dedicated{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr,
                                                made.image, VK_NULL_HANDLE};
  allocation.pNext = &dedicated;
  made.memory = allocateFor(gpu, needs, &allocation);
  CHECK(vkBindImageMemory(gpu.device, made.image, made.memory, 0));
  return made;
}
void destroy(const app::Gpu& gpu, const Shared& shared) {
  vkDestroyImage(gpu.device, shared.image, nullptr);
  vkFreeMemory(gpu.device, shared.memory, nullptr);
}

HANDLE invented(uint64_t number) { return reinterpret_cast<HANDLE>(0x5000 + 16 * number); }

void shareNv(const app::Gpu& gpu, VkExternalMemoryHandleTypeFlagsNV types) {
  const VkExternalMemoryImageCreateInfoNV external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV,
                                                   nullptr, types};
  const Shared exported = createShared(
      gpu, &external,
      VkExportMemoryAllocateInfoNV{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO_NV, nullptr, types});
  if ((types & (types - 1)) == 0) {
    HANDLE handle = invented(types);
    if (const auto get = COMMAND(gpu, vkGetMemoryWin32HandleNV)) {
      CHECK(get(gpu.device, exported.memory, types, &handle));
    }
    const Shared imported =
        createShared(gpu, &external,
                     VkImportMemoryWin32HandleInfoNV{VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_NV,
                                                     nullptr, types, handle});
    destroy(gpu, imported);
  }
  destroy(gpu, exported);
}

// As NV's own extension says that an image has its memory to itself.
void shareDedicatedNv(const app::Gpu& gpu) {
  if (app::deviceExtensions(gpu.physical, {"VK_NV_dedicated_allocation"}).empty()) return;
  const VkDedicatedAllocationImageCreateInfoNV alone{
      VK_STRUCTURE_TYPE_DEDICATED_ALLOCATION_IMAGE_CREATE_INFO_NV, nullptr, VK_TRUE};
  const VkExternalMemoryImageCreateInfoNV external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV,
                                                   &alone,
                                                   VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT_NV};
  const VkImage image = createImage(gpu, &external);
  VkMemoryRequirements needs{};
  vkGetImageMemoryRequirements(gpu.device, image, &needs);
  const VkDedicatedAllocationMemoryAllocateInfoNV dedicated{
      VK_STRUCTURE_TYPE_DEDICATED_ALLOCATION_MEMORY_ALLOCATE_INFO_NV, nullptr, image, VK_NULL_HANDLE};
  const VkExportMemoryAllocateInfoNV exporting{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO_NV, &dedicated,
                                               VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT_NV};
  const VkDeviceMemory memory = allocateFor(gpu, needs, &exporting);
  CHECK(vkBindImageMemory(gpu.device, image, memory, 0));
  destroy(gpu, {image, memory});
}

void shareCore(const app::Gpu& gpu, VkExternalMemoryHandleTypeFlags types) {
  const VkExternalMemoryImageCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, nullptr,
                                                 types};
  const Shared exported =
      createShared(gpu, &external,
                   VkExportMemoryAllocateInfo{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, nullptr, types});
  destroy(gpu, exported);
}

void shareBuffer(const app::Gpu& gpu, VkExternalMemoryHandleTypeFlags types) {
  const VkExternalMemoryBufferCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
                                                  nullptr, types};
  const VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
                                &external,
                                0,
                                4096,
                                VK_BUFFER_USAGE_TRANSFER_DST_BIT,
                                VK_SHARING_MODE_EXCLUSIVE,
                                0,
                                nullptr};
  VkBuffer buffer = VK_NULL_HANDLE;
  CHECK(vkCreateBuffer(gpu.device, &info, nullptr, &buffer));
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(gpu.device, buffer, &needs);
  const VkExportMemoryAllocateInfo exporting{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, nullptr, types};
  const VkDeviceMemory memory = allocateFor(gpu, needs, &exporting);
  CHECK(vkBindBufferMemory(gpu.device, buffer, memory, 0));
  vkDestroyBuffer(gpu.device, buffer, nullptr);
  vkFreeMemory(gpu.device, memory, nullptr);
}

void exportable(const app::Gpu& gpu) {
  const VkExportSemaphoreCreateInfo semaphore_export{VK_STRUCTURE_TYPE_EXPORT_SEMAPHORE_CREATE_INFO, nullptr,
                                                     VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_WIN32_BIT};
  const VkSemaphoreCreateInfo semaphore_info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, &semaphore_export, 0};
  VkSemaphore semaphore = VK_NULL_HANDLE;
  CHECK(vkCreateSemaphore(gpu.device, &semaphore_info, nullptr, &semaphore));
  const VkExportFenceCreateInfo fence_export{VK_STRUCTURE_TYPE_EXPORT_FENCE_CREATE_INFO, nullptr,
                                             VK_EXTERNAL_FENCE_HANDLE_TYPE_OPAQUE_WIN32_BIT};
  const VkFenceCreateInfo fence_info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, &fence_export, 0};
  VkFence fence = VK_NULL_HANDLE;
  CHECK(vkCreateFence(gpu.device, &fence_info, nullptr, &fence));
  vkDestroyFence(gpu.device, fence, nullptr);
  vkDestroySemaphore(gpu.device, semaphore, nullptr);
}

void queryNv(const app::Gpu& gpu) {
  const auto query = reinterpret_cast<PFN_vkGetPhysicalDeviceExternalImageFormatPropertiesNV>(
      vkGetInstanceProcAddr(gpu.instance, "vkGetPhysicalDeviceExternalImageFormatPropertiesNV"));
  if (!query) return;
  for (const VkFormat format : {kFormats[0], VK_FORMAT_B8G8R8A8_UNORM, VK_FORMAT_D32_SFLOAT}) {
    for (uint32_t bit = 0; bit < kNvTypes; ++bit) {
      VkExternalImageFormatPropertiesNV found{};
      const VkResult result = query(gpu.physical, format, VK_IMAGE_TYPE_2D, VK_IMAGE_TILING_OPTIMAL,
                                    VK_IMAGE_USAGE_SAMPLED_BIT, 0, 1u << bit, &found);
      std::printf("nv format=%d type=0x%x result=%d features=0x%x compatible=0x%x\n", format, 1u << bit,
                  result, found.externalMemoryFeatures, found.compatibleHandleTypes);
    }
  }
}

void queryCore(const app::Gpu& gpu, VkExternalMemoryHandleTypeFlagBits type) {
  const VkPhysicalDeviceExternalImageFormatInfo external{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_IMAGE_FORMAT_INFO, nullptr, type};
  const VkPhysicalDeviceImageFormatInfo2 info{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_IMAGE_FORMAT_INFO_2,
                                              &external,
                                              kFormats[0],
                                              VK_IMAGE_TYPE_2D,
                                              VK_IMAGE_TILING_OPTIMAL,
                                              kUsage,
                                              0};
  VkExternalImageFormatProperties image{VK_STRUCTURE_TYPE_EXTERNAL_IMAGE_FORMAT_PROPERTIES};
  VkImageFormatProperties2 format{VK_STRUCTURE_TYPE_IMAGE_FORMAT_PROPERTIES_2, &image};
  const VkResult result = vkGetPhysicalDeviceImageFormatProperties2(gpu.physical, &info, &format);
  const VkPhysicalDeviceExternalBufferInfo buffer_info{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_BUFFER_INFO,
                                                       nullptr, 0, VK_BUFFER_USAGE_TRANSFER_DST_BIT, type};
  VkExternalBufferProperties buffer{VK_STRUCTURE_TYPE_EXTERNAL_BUFFER_PROPERTIES};
  vkGetPhysicalDeviceExternalBufferProperties(gpu.physical, &buffer_info, &buffer);
  std::printf("core type=0x%x result=%d image=0x%x compatible=0x%x buffer=0x%x\n", type, result,
              image.externalMemoryProperties.externalMemoryFeatures,
              image.externalMemoryProperties.compatibleHandleTypes,
              buffer.externalMemoryProperties.externalMemoryFeatures);
}

void querySync(const app::Gpu& gpu) {
  const VkPhysicalDeviceExternalSemaphoreInfo semaphore_info{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_SEMAPHORE_INFO, nullptr,
      VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_OPAQUE_WIN32_BIT};
  VkExternalSemaphoreProperties semaphore{VK_STRUCTURE_TYPE_EXTERNAL_SEMAPHORE_PROPERTIES};
  vkGetPhysicalDeviceExternalSemaphoreProperties(gpu.physical, &semaphore_info, &semaphore);
  const VkPhysicalDeviceExternalFenceInfo fence_info{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_EXTERNAL_FENCE_INFO,
                                                     nullptr, VK_EXTERNAL_FENCE_HANDLE_TYPE_OPAQUE_WIN32_BIT};
  VkExternalFenceProperties fence{VK_STRUCTURE_TYPE_EXTERNAL_FENCE_PROPERTIES};
  vkGetPhysicalDeviceExternalFenceProperties(gpu.physical, &fence_info, &fence);
  std::printf("sync semaphore=0x%x fence=0x%x\n", semaphore.externalSemaphoreFeatures,
              fence.externalFenceFeatures);
}

}  // namespace

int main() {
  const VkInstance instance = app::createInstanceWith("external_nv", {"VK_NV_external_memory_capabilities"});
  app::Gpu gpu = app::createGpuWith(
      instance, {"VK_NV_external_memory", "VK_NV_external_memory_win32", "VK_NV_dedicated_allocation",
                 "VK_KHR_external_memory_win32", "VK_KHR_win32_keyed_mutex",
                 "VK_KHR_external_semaphore_win32", "VK_KHR_external_fence_win32"});
  constexpr VkExternalMemoryHandleTypeFlags kCore[] = {
      VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT, VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_BIT,
      VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D12_HEAP_BIT, VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D12_RESOURCE_BIT};
  queryNv(gpu);
  for (const auto type : kCore) queryCore(gpu, static_cast<VkExternalMemoryHandleTypeFlagBits>(type));
  querySync(gpu);
  for (uint32_t types = 1; types < 1u << kNvTypes; ++types) {
    const uint32_t rest = types & (types - 1);
    if ((rest & (rest - 1)) == 0) shareNv(gpu, types);  // one bit or two
  }
  shareDedicatedNv(gpu);
  for (const auto types : kCore) shareCore(gpu, types);
  shareBuffer(gpu, VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT);
  exportable(gpu);
  app::destroyGpu(gpu);
  std::printf("ok external_nv\n");
}

// Linux on another driver: dma-buf images whose layout DRM format modifiers describe, chosen from a list by
// the exporter and said explicitly, with its plane layout, by the importer.
#include "tests/foreign/hand_made.h"
#include "tests/foreign/traces.h"

namespace foreign {

void writeDrm(const std::string& dir) {
  constexpr auto kType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT;
  constexpr uint64_t kLinear = 0, kTiled = 0x0100000000000002;
  HandMade trace(dir, "drm", {},
                 {"VK_KHR_external_memory_fd", "VK_EXT_external_memory_dma_buf", "VK_KHR_image_format_list",
                  "VK_EXT_image_drm_format_modifier"});
  const VkExternalMemoryImageCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, nullptr,
                                                 kType};
  const uint64_t modifiers[] = {kTiled, kLinear};
  const VkImageDrmFormatModifierListCreateInfoEXT list{
      VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT, &external, 2, modifiers};
  const VkSubresourceLayout plane{0, 0, kSide * 4, 0, 0};
  const VkImageDrmFormatModifierExplicitCreateInfoEXT chosen{
      VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT, &external, kLinear, 1, &plane};
  HandMade::End a, b;
  VkImageCreateInfo info = trace.imageInfo(&list);
  info.tiling = VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT;
  a.image = trace.createImage(info);
  VkImageDrmFormatModifierPropertiesEXT properties{VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_PROPERTIES_EXT,
                                                   nullptr, kLinear};
  trace.call(GetImageDrmFormatModifierPropertiesEXTCall{trace.device(), a.image, &properties, VK_SUCCESS});
  const VkMemoryDedicatedAllocateInfo only_a{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr,
                                             a.image, VK_NULL_HANDLE};
  const VkExportMemoryAllocateInfo exporting{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, &only_a, kType};
  a.memory = trace.allocate(&exporting, kAllocationBytes, kDeviceMemory);
  trace.bind(a.image, a.memory);
  const VkMemoryGetFdInfoKHR get{VK_STRUCTURE_TYPE_MEMORY_GET_FD_INFO_KHR, nullptr, a.memory, kType};
  int fd = 57;
  trace.call(GetMemoryFdKHRCall{trace.device(), &get, &fd, VK_SUCCESS});
  VkMemoryFdPropertiesKHR fd_properties{VK_STRUCTURE_TYPE_MEMORY_FD_PROPERTIES_KHR, nullptr, 1};
  trace.call(GetMemoryFdPropertiesKHRCall{trace.device(), kType, fd, &fd_properties, VK_SUCCESS});

  info.pNext = &chosen;
  b.image = trace.createImage(info);
  const VkMemoryDedicatedAllocateInfo only_b{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr,
                                             b.image, VK_NULL_HANDLE};
  const VkImportMemoryFdInfoKHR importing{VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR, &only_b, kType, fd};
  b.memory = trace.allocate(&importing, kAllocationBytes, kDeviceMemory);
  trace.bind(b.image, b.memory);
  trace.crossOver("image", a, b);
}

}  // namespace foreign

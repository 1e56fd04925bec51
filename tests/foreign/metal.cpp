// macOS: Metal objects exported from an image, memory and a semaphore, and the texture imported by another
// image.
#include "tests/foreign/hand_made.h"
#include "tests/foreign/traces.h"

namespace foreign {

void writeMetal(const std::string& dir) {
  HandMade trace(dir, "metal", {}, {"VK_EXT_metal_objects"});
  VkExportMetalObjectCreateInfoEXT texture_exported{VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECT_CREATE_INFO_EXT,
                                                    nullptr,
                                                    VK_EXPORT_METAL_OBJECT_TYPE_METAL_TEXTURE_BIT_EXT};
  VkExportMetalObjectCreateInfoEXT buffer_exported{VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECT_CREATE_INFO_EXT,
                                                   nullptr, VK_EXPORT_METAL_OBJECT_TYPE_METAL_BUFFER_BIT_EXT};
  VkExportMetalObjectCreateInfoEXT event_exported{VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECT_CREATE_INFO_EXT,
                                                  nullptr,
                                                  VK_EXPORT_METAL_OBJECT_TYPE_METAL_SHARED_EVENT_BIT_EXT};
  HandMade::End a, b;
  a.image = trace.createImage(trace.imageInfo(&texture_exported));
  a.memory = trace.allocate(&buffer_exported, kAllocationBytes, kDeviceMemory);
  trace.bind(a.image, a.memory);
  const VkSemaphoreCreateInfo semaphore_info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, &event_exported, 0};
  auto semaphore = trace.handle<VkSemaphore>();
  trace.call(CreateSemaphoreCall{trace.device(), &semaphore_info, nullptr, &semaphore, VK_SUCCESS});

  VkExportMetalTextureInfoEXT texture{VK_STRUCTURE_TYPE_EXPORT_METAL_TEXTURE_INFO_EXT,
                                      nullptr,
                                      a.image,
                                      VK_NULL_HANDLE,
                                      VK_NULL_HANDLE,
                                      VK_IMAGE_ASPECT_PLANE_0_BIT,
                                      MTLTexture_id(0x8100)};
  VkExportMetalBufferInfoEXT buffer{VK_STRUCTURE_TYPE_EXPORT_METAL_BUFFER_INFO_EXT, &texture, a.memory,
                                    MTLBuffer_id(0x8200)};
  VkExportMetalDeviceInfoEXT device{VK_STRUCTURE_TYPE_EXPORT_METAL_DEVICE_INFO_EXT, &buffer,
                                    MTLDevice_id(0x8300)};
  VkExportMetalObjectsInfoEXT objects{VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECTS_INFO_EXT, &device};
  trace.call(ExportMetalObjectsEXTCall{trace.device(), &objects});

  const VkImportMetalTextureInfoEXT importing{VK_STRUCTURE_TYPE_IMPORT_METAL_TEXTURE_INFO_EXT, nullptr,
                                              VK_IMAGE_ASPECT_PLANE_0_BIT, texture.mtlTexture};
  b.image = trace.createImage(trace.imageInfo(&importing));
  b.memory = trace.allocate(nullptr, kAllocationBytes, kDeviceMemory);
  trace.bind(b.image, b.memory);
  trace.crossOver("image", a, b);
  trace.call(DestroySemaphoreCall{trace.device(), semaphore, nullptr});
}

}  // namespace foreign

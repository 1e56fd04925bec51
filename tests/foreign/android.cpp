// Android: a hardware buffer exported and imported, and one in a format that has no VkFormat.
#include "tests/foreign/hand_made.h"
#include "tests/foreign/traces.h"

namespace foreign {
namespace {

constexpr const char* kExtension = "VK_ANDROID_external_memory_android_hardware_buffer";
constexpr auto kType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_ANDROID_HARDWARE_BUFFER_BIT_ANDROID;
constexpr uint64_t kExternalFormat = 0x23;  // YCbCr of two planes, the vendor's own

void writeBuffers(const std::string& dir) {
  HandMade trace(dir, "android", {}, {kExtension, "VK_EXT_queue_family_foreign"});
  VkExternalMemoryImageCreateInfo image{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, nullptr, kType};
  VkExportMemoryAllocateInfo exporting{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, nullptr, kType};
  VkImportAndroidHardwareBufferInfoANDROID importing{
      VK_STRUCTURE_TYPE_IMPORT_ANDROID_HARDWARE_BUFFER_INFO_ANDROID, nullptr, nullptr};
  trace.shareImage(
      "image",
      {node(image), node(exporting), node(importing), [&](VkDeviceMemory memory) {
         const VkMemoryGetAndroidHardwareBufferInfoANDROID info{
             VK_STRUCTURE_TYPE_MEMORY_GET_ANDROID_HARDWARE_BUFFER_INFO_ANDROID, nullptr, memory};
         auto* buffer = trace.handle<AHardwareBuffer*>();
         trace.call(GetMemoryAndroidHardwareBufferANDROIDCall{trace.device(), &info, &buffer, VK_SUCCESS});
         VkAndroidHardwareBufferPropertiesANDROID found{
             VK_STRUCTURE_TYPE_ANDROID_HARDWARE_BUFFER_PROPERTIES_ANDROID, nullptr, kAllocationBytes, 1};
         trace.call(
             GetAndroidHardwareBufferPropertiesANDROIDCall{trace.device(), buffer, &found, VK_SUCCESS});
         importing.buffer = buffer;
       }});
}

// A camera's picture: only a YCbCr conversion with the same external format can read it.
void writeFormat(const std::string& dir) {
  VkPhysicalDeviceSamplerYcbcrConversionFeatures ycbcr{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SAMPLER_YCBCR_CONVERSION_FEATURES, nullptr, VK_TRUE};
  HandMade trace(dir, "android_format", {}, {kExtension}, &ycbcr);
  auto* camera = trace.handle<AHardwareBuffer*>();
  VkAndroidHardwareBufferFormatPropertiesANDROID format{
      VK_STRUCTURE_TYPE_ANDROID_HARDWARE_BUFFER_FORMAT_PROPERTIES_ANDROID, nullptr, VK_FORMAT_UNDEFINED,
      kExternalFormat, VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT | VK_FORMAT_FEATURE_MIDPOINT_CHROMA_SAMPLES_BIT};
  VkAndroidHardwareBufferPropertiesANDROID found{VK_STRUCTURE_TYPE_ANDROID_HARDWARE_BUFFER_PROPERTIES_ANDROID,
                                                 &format, kAllocationBytes, 1};
  trace.call(GetAndroidHardwareBufferPropertiesANDROIDCall{trace.device(), camera, &found, VK_SUCCESS});
  VkExternalFormatANDROID external_format{VK_STRUCTURE_TYPE_EXTERNAL_FORMAT_ANDROID, nullptr,
                                          kExternalFormat};
  VkExternalMemoryImageCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
                                           &external_format, kType};
  VkImageCreateInfo info = trace.imageInfo(&external);
  info.format = VK_FORMAT_UNDEFINED;
  info.usage = VK_IMAGE_USAGE_SAMPLED_BIT;
  const VkImage image = trace.createImage(info);
  const VkMemoryDedicatedAllocateInfo only{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr, image,
                                           VK_NULL_HANDLE};
  const VkImportAndroidHardwareBufferInfoANDROID importing{
      VK_STRUCTURE_TYPE_IMPORT_ANDROID_HARDWARE_BUFFER_INFO_ANDROID, &only, camera};
  const VkDeviceMemory memory = trace.allocate(&importing, kAllocationBytes, kDeviceMemory);
  trace.bind(image, memory);
  const VkSamplerYcbcrConversionCreateInfo conversion_info{
      VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_CREATE_INFO,
      &external_format,
      VK_FORMAT_UNDEFINED,
      VK_SAMPLER_YCBCR_MODEL_CONVERSION_YCBCR_709,
      VK_SAMPLER_YCBCR_RANGE_ITU_NARROW,
      {},
      VK_CHROMA_LOCATION_MIDPOINT,
      VK_CHROMA_LOCATION_MIDPOINT,
      VK_FILTER_NEAREST,
      VK_FALSE};
  auto conversion = trace.handle<VkSamplerYcbcrConversion>();
  trace.call(
      CreateSamplerYcbcrConversionCall{trace.device(), &conversion_info, nullptr, &conversion, VK_SUCCESS});
  const VkSamplerYcbcrConversionInfo by{VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_INFO, nullptr, conversion};
  VkSamplerCreateInfo sampler_info{VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO, &by};
  sampler_info.addressModeU = sampler_info.addressModeV = sampler_info.addressModeW =
      VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE;
  auto sampler = trace.handle<VkSampler>();
  trace.call(CreateSamplerCall{trace.device(), &sampler_info, nullptr, &sampler, VK_SUCCESS});
  const VkImageViewCreateInfo view_info{
      VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO, &by, 0, image, VK_IMAGE_VIEW_TYPE_2D, VK_FORMAT_UNDEFINED, {},
      {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1}};
  auto view = trace.handle<VkImageView>();
  trace.call(CreateImageViewCall{trace.device(), &view_info, nullptr, &view, VK_SUCCESS});
  trace.call(DestroyImageViewCall{trace.device(), view, nullptr});
  trace.call(DestroySamplerCall{trace.device(), sampler, nullptr});
  trace.call(DestroySamplerYcbcrConversionCall{trace.device(), conversion, nullptr});
  trace.destroy(image, memory);
}

}  // namespace

void writeAndroid(const std::string& dir) {
  writeBuffers(dir);
  writeFormat(dir);
}

}  // namespace foreign

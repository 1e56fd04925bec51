// A create info with its whole chain as one line of JSON: every member by value, what pointers name included.
//
// Written by hand from the specification, not generated: a judge of Reprise must not share its mistakes. A
// struct that is not listed here is `{"sType": N}` alone. Handles are told apart only as null or not, since
// their values differ from run to run. Reads what the specification says is there, as a driver would.
#pragma once

#include <cinttypes>
#include <cstdio>
#include <string>

#include "support/platform_types.h"

namespace chain_text {

class Text {
 public:
  std::string take() { return std::move(text_); }

  template <class Info>
  void chain(const Info* info) {
    text_ += '[';
    for (auto* node = reinterpret_cast<const VkBaseInStructure*>(info); node; node = node->pNext) {
      if (text_.back() != '[') text_ += ", ";
      text_ += "{\"sType\": " + std::to_string(node->sType);
      members(node);
      text_ += '}';
    }
    text_ += ']';
  }

 private:
  void key(const char* name) { text_ += std::string(", \"") + name + "\": "; }
  template <class Number>
  void number(const char* name, Number value) {
    key(name);
    text_ += std::to_string(static_cast<uint64_t>(value));
  }
  template <class Handle>
  void handle(const char* name, Handle value) {
    number(name, (uint64_t)value != 0);
  }
  void pointer(const char* name, const void* value) { number(name, reinterpret_cast<uintptr_t>(value)); }
  template <class Number>
  void numbers(const char* name, const Number* values, uint32_t count) {
    key(name);
    if (!values) return void(text_ += "null");
    text_ += '[';
    for (uint32_t i = 0; i < count; ++i)
      text_ += (i ? ", " : "") + std::to_string(static_cast<uint64_t>(values[i]));
    text_ += ']';
  }
  // 16-bit text, as its numbers.
  void wide(const char* name, LPCWSTR text) {
    uint32_t length = 0;
    while (text && text[length]) ++length;
    numbers(name, text, length);
  }

  void members(const VkBaseInStructure* node);

  void put(const VkImageCreateInfo& s) {
    number("flags", s.flags);
    number("imageType", s.imageType);
    number("format", s.format);
    const uint32_t extent[] = {s.extent.width, s.extent.height, s.extent.depth};
    numbers("extent", extent, 3);
    number("mipLevels", s.mipLevels);
    number("arrayLayers", s.arrayLayers);
    number("samples", s.samples);
    number("tiling", s.tiling);
    number("usage", s.usage);
    number("sharingMode", s.sharingMode);
    if (s.sharingMode == VK_SHARING_MODE_CONCURRENT)
      numbers("pQueueFamilyIndices", s.pQueueFamilyIndices, s.queueFamilyIndexCount);
    number("initialLayout", s.initialLayout);
  }
  void put(const VkBufferCreateInfo& s) {
    number("flags", s.flags);
    number("size", s.size);
    number("usage", s.usage);
    number("sharingMode", s.sharingMode);
    if (s.sharingMode == VK_SHARING_MODE_CONCURRENT)
      numbers("pQueueFamilyIndices", s.pQueueFamilyIndices, s.queueFamilyIndexCount);
  }
  void put(const VkMemoryAllocateInfo& s) {
    number("allocationSize", s.allocationSize);
    number("memoryTypeIndex", s.memoryTypeIndex);
  }

  // The 17 that extend VkImageCreateInfo in registry 1.3.239.
  void put(const VkDedicatedAllocationImageCreateInfoNV& s) {
    number("dedicatedAllocation", s.dedicatedAllocation);
  }
  void put(const VkExternalMemoryImageCreateInfoNV& s) { number("handleTypes", s.handleTypes); }
  void put(const VkExternalMemoryImageCreateInfo& s) { number("handleTypes", s.handleTypes); }
  void put(const VkImageSwapchainCreateInfoKHR& s) { handle("swapchain", s.swapchain); }
  void put(const VkImageFormatListCreateInfo& s) {
    numbers("pViewFormats", s.pViewFormats, s.viewFormatCount);
  }
  void put(const VkExternalFormatANDROID& s) { number("externalFormat", s.externalFormat); }
  void put(const VkImageDrmFormatModifierListCreateInfoEXT& s) {
    numbers("pDrmFormatModifiers", s.pDrmFormatModifiers, s.drmFormatModifierCount);
  }
  void put(const VkImageDrmFormatModifierExplicitCreateInfoEXT& s) {
    number("drmFormatModifier", s.drmFormatModifier);
    static_assert(sizeof(VkSubresourceLayout) == 5 * sizeof(VkDeviceSize));
    numbers("pPlaneLayouts", reinterpret_cast<const VkDeviceSize*>(s.pPlaneLayouts),
            5 * s.drmFormatModifierPlaneCount);
  }
  void put(const VkImageStencilUsageCreateInfo& s) { number("stencilUsage", s.stencilUsage); }
  void put(const VkVideoProfileListInfoKHR& s) {
    key("pProfiles");
    text_ += '[';
    for (uint32_t i = 0; i < s.profileCount; ++i) {
      if (i) text_ += ", ";
      chain(s.pProfiles + i);
    }
    text_ += ']';
  }
  void put(const VkVideoProfileInfoKHR& s) {
    number("videoCodecOperation", s.videoCodecOperation);
    number("chromaSubsampling", s.chromaSubsampling);
    number("lumaBitDepth", s.lumaBitDepth);
    number("chromaBitDepth", s.chromaBitDepth);
  }
  void put(const VkOpaqueCaptureDescriptorDataCreateInfoEXT& s) {
    pointer("opaqueCaptureDescriptorData", s.opaqueCaptureDescriptorData);
  }
  void put(const BufferCollectionImageCreateInfoFuchsia& s) {
    handle("collection", s.collection);
    number("index", s.index);
  }
  void put(const VkImageCompressionControlEXT& s) {
    number("flags", s.flags);
    numbers("pFixedRateFlags", s.pFixedRateFlags, s.compressionControlPlaneCount);
  }
  void put(const VkExportMetalObjectCreateInfoEXT& s) { number("exportObjectType", s.exportObjectType); }
  void put(const VkImportMetalTextureInfoEXT& s) {
    number("plane", s.plane);
    pointer("mtlTexture", s.mtlTexture);
  }
  void put(const VkImportMetalIOSurfaceInfoEXT& s) { pointer("ioSurface", s.ioSurface); }
  void put(const VkOpticalFlowImageFormatInfoNV& s) { number("usage", s.usage); }

  // Of buffers and memory, those of external memory.
  void put(const VkExternalMemoryBufferCreateInfo& s) { number("handleTypes", s.handleTypes); }
  void put(const VkExportMemoryAllocateInfo& s) { number("handleTypes", s.handleTypes); }
  void put(const VkExportMemoryAllocateInfoNV& s) { number("handleTypes", s.handleTypes); }
  void put(const VkImportMemoryFdInfoKHR& s) { number("handleType", s.handleType); }
  void put(const VkImportMemoryWin32HandleInfoKHR& s) {
    number("handleType", s.handleType);
    handle("handle", s.handle);
    wide("name", s.name);
  }
  void put(const VkImportMemoryWin32HandleInfoNV& s) { number("handleType", s.handleType); }
  void put(const VkImportMemoryHostPointerInfoEXT& s) { number("handleType", s.handleType); }
  void put(const VkMemoryDedicatedAllocateInfo& s) {
    handle("image", s.image);
    handle("buffer", s.buffer);
  }
  void put(const VkDedicatedAllocationMemoryAllocateInfoNV& s) {
    handle("image", s.image);
    handle("buffer", s.buffer);
  }
  void put(const VkMemoryAllocateFlagsInfo& s) {
    number("flags", s.flags);
    number("deviceMask", s.deviceMask);
  }

  std::string text_;
};

inline void Text::members(const VkBaseInStructure* node) {
  switch (node->sType) {
#define STRUCT(type, Struct)     \
  case VK_STRUCTURE_TYPE_##type: \
    return put(*reinterpret_cast<const Struct*>(node));
    STRUCT(IMAGE_CREATE_INFO, VkImageCreateInfo)
    STRUCT(BUFFER_CREATE_INFO, VkBufferCreateInfo)
    STRUCT(MEMORY_ALLOCATE_INFO, VkMemoryAllocateInfo)
    STRUCT(DEDICATED_ALLOCATION_IMAGE_CREATE_INFO_NV, VkDedicatedAllocationImageCreateInfoNV)
    STRUCT(EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV, VkExternalMemoryImageCreateInfoNV)
    STRUCT(EXTERNAL_MEMORY_IMAGE_CREATE_INFO, VkExternalMemoryImageCreateInfo)
    STRUCT(IMAGE_SWAPCHAIN_CREATE_INFO_KHR, VkImageSwapchainCreateInfoKHR)
    STRUCT(IMAGE_FORMAT_LIST_CREATE_INFO, VkImageFormatListCreateInfo)
    STRUCT(EXTERNAL_FORMAT_ANDROID, VkExternalFormatANDROID)
    STRUCT(IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT, VkImageDrmFormatModifierListCreateInfoEXT)
    STRUCT(IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT, VkImageDrmFormatModifierExplicitCreateInfoEXT)
    STRUCT(IMAGE_STENCIL_USAGE_CREATE_INFO, VkImageStencilUsageCreateInfo)
    STRUCT(VIDEO_PROFILE_LIST_INFO_KHR, VkVideoProfileListInfoKHR)
    STRUCT(VIDEO_PROFILE_INFO_KHR, VkVideoProfileInfoKHR)
    STRUCT(OPAQUE_CAPTURE_DESCRIPTOR_DATA_CREATE_INFO_EXT, VkOpaqueCaptureDescriptorDataCreateInfoEXT)
    STRUCT(BUFFER_COLLECTION_IMAGE_CREATE_INFO_FUCHSIA, BufferCollectionImageCreateInfoFuchsia)
    STRUCT(IMAGE_COMPRESSION_CONTROL_EXT, VkImageCompressionControlEXT)
    STRUCT(EXPORT_METAL_OBJECT_CREATE_INFO_EXT, VkExportMetalObjectCreateInfoEXT)
    STRUCT(IMPORT_METAL_TEXTURE_INFO_EXT, VkImportMetalTextureInfoEXT)
    STRUCT(IMPORT_METAL_IO_SURFACE_INFO_EXT, VkImportMetalIOSurfaceInfoEXT)
    STRUCT(OPTICAL_FLOW_IMAGE_FORMAT_INFO_NV, VkOpticalFlowImageFormatInfoNV)
    STRUCT(EXTERNAL_MEMORY_BUFFER_CREATE_INFO, VkExternalMemoryBufferCreateInfo)
    STRUCT(EXPORT_MEMORY_ALLOCATE_INFO, VkExportMemoryAllocateInfo)
    STRUCT(EXPORT_MEMORY_ALLOCATE_INFO_NV, VkExportMemoryAllocateInfoNV)
    STRUCT(IMPORT_MEMORY_FD_INFO_KHR, VkImportMemoryFdInfoKHR)
    STRUCT(IMPORT_MEMORY_WIN32_HANDLE_INFO_KHR, VkImportMemoryWin32HandleInfoKHR)
    STRUCT(IMPORT_MEMORY_WIN32_HANDLE_INFO_NV, VkImportMemoryWin32HandleInfoNV)
    STRUCT(IMPORT_MEMORY_HOST_POINTER_INFO_EXT, VkImportMemoryHostPointerInfoEXT)
    STRUCT(MEMORY_DEDICATED_ALLOCATE_INFO, VkMemoryDedicatedAllocateInfo)
    STRUCT(DEDICATED_ALLOCATION_MEMORY_ALLOCATE_INFO_NV, VkDedicatedAllocationMemoryAllocateInfoNV)
    STRUCT(MEMORY_ALLOCATE_FLAGS_INFO, VkMemoryAllocateFlagsInfo)
#undef STRUCT
    default:
      return;
  }
}

}  // namespace chain_text

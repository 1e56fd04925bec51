// Windows: opaque handles by value and by name, the NV form, and what Direct3D 11 and 12 share.
#include "tests/foreign/hand_made.h"
#include "tests/foreign/traces.h"

namespace foreign {
namespace {

const uint16_t kName[] = {'L', 'o', 'c', 'a', 'l', '\\', 'r', 'e', 'p', 'r', 'i', 's', 'e', 0};

// Core structs of one handle type, and the vkGetMemoryWin32HandleKHR between export and import.
struct CoreSharing {
  HandMade& trace;
  VkExternalMemoryHandleTypeFlagBits type;
  bool by_name = false;

  VkExternalMemoryImageCreateInfo image{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, nullptr,
                                        VkExternalMemoryHandleTypeFlags(type)};
  VkExternalMemoryBufferCreateInfo buffer{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO, nullptr,
                                          VkExternalMemoryHandleTypeFlags(type)};
  VkExportMemoryWin32HandleInfoKHR named{VK_STRUCTURE_TYPE_EXPORT_MEMORY_WIN32_HANDLE_INFO_KHR, nullptr,
                                         nullptr, 0x80000000, kName};
  VkExportMemoryAllocateInfo exporting{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, nullptr,
                                       VkExternalMemoryHandleTypeFlags(type)};
  VkImportMemoryWin32HandleInfoKHR importing{VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_KHR, nullptr,
                                             type, nullptr, nullptr};

  HandMade::Nodes nodes(VkBaseInStructure* resource) {
    if (by_name) exporting.pNext = &named;
    return {resource, node(exporting), node(importing), [this](VkDeviceMemory memory) {
              const VkMemoryGetWin32HandleInfoKHR info{VK_STRUCTURE_TYPE_MEMORY_GET_WIN32_HANDLE_INFO_KHR,
                                                       nullptr, memory, type};
              HANDLE made = trace.handle<HANDLE>();
              trace.call(GetMemoryWin32HandleKHRCall{trace.device(), &info, &made, VK_SUCCESS});
              importing.handle = by_name ? nullptr : made;
              importing.name = by_name ? kName : nullptr;
            }};
  }
};

void writeOpaque(const std::string& dir) {
  HandMade trace(dir, "win32", {}, {"VK_KHR_external_memory_win32"});
  for (const bool by_name : {false, true}) {
    const std::string how = by_name ? "-by-name" : "-by-handle";
    CoreSharing of_image{trace, VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT, by_name};
    trace.shareImage("image" + how, of_image.nodes(node(of_image.image)));
    CoreSharing of_buffer{trace, VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT, by_name};
    trace.shareBuffer("buffer" + how, of_buffer.nodes(node(of_buffer.buffer)));
  }
  CoreSharing kmt{trace, VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT};
  trace.shareImage("image-kmt", kmt.nodes(node(kmt.image)));
}

void writeNv(const std::string& dir) {
  HandMade trace(dir, "win32_nv", {"VK_NV_external_memory_capabilities"},
                 {"VK_NV_external_memory", "VK_NV_external_memory_win32"});
  for (const auto type : {VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT_NV,
                          VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT_NV,
                          VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_IMAGE_BIT_NV,
                          VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_IMAGE_KMT_BIT_NV}) {
    VkExternalMemoryImageCreateInfoNV image{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV, nullptr,
                                            VkExternalMemoryHandleTypeFlagsNV(type)};
    VkExportMemoryWin32HandleInfoNV access{VK_STRUCTURE_TYPE_EXPORT_MEMORY_WIN32_HANDLE_INFO_NV, nullptr,
                                           nullptr, 0x80000000};
    VkExportMemoryAllocateInfoNV exporting{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO_NV, &access,
                                           VkExternalMemoryHandleTypeFlagsNV(type)};
    VkImportMemoryWin32HandleInfoNV importing{VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_NV, nullptr,
                                              VkExternalMemoryHandleTypeFlagsNV(type), nullptr};
    trace.shareImage(
        "image-nv-" + std::to_string(type),
        {node(image), node(exporting), node(importing), [&](VkDeviceMemory memory) {
           HANDLE made = trace.handle<HANDLE>();
           trace.call(GetMemoryWin32HandleNVCall{trace.device(), memory,
                                                 VkExternalMemoryHandleTypeFlagsNV(type), &made, VK_SUCCESS});
           importing.handle = made;
         }});
  }
}

void writeD3d(const std::string& dir) {
  HandMade trace(dir, "d3d", {}, {"VK_KHR_external_memory_win32"});
  const std::pair<const char*, VkExternalMemoryHandleTypeFlagBits> types[] = {
      {"d3d11", VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_BIT},
      {"d3d11-kmt", VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_KMT_BIT},
      {"d3d12-heap", VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D12_HEAP_BIT},
      {"d3d12-resource", VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D12_RESOURCE_BIT}};
  for (const auto& [name, type] : types) {
    CoreSharing sharing{trace, type};
    trace.shareImage(name, sharing.nodes(node(sharing.image)));
  }
}

}  // namespace

void writeWin32(const std::string& dir) {
  writeOpaque(dir);
  writeNv(dir);
  writeD3d(dir);
}

}  // namespace foreign

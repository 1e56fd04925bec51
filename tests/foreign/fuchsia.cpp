// Fuchsia: Zircon memory objects exported and imported, and a buffer collection of the system's allocator.
#include "tests/foreign/hand_made.h"
#include "tests/foreign/traces.h"

namespace foreign {
namespace {

constexpr auto kType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_ZIRCON_VMO_BIT_FUCHSIA;

void writeZircon(const std::string& dir) {
  HandMade trace(dir, "zircon", {}, {"VK_FUCHSIA_external_memory"});
  VkExternalMemoryImageCreateInfo image{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO, nullptr, kType};
  VkExternalMemoryBufferCreateInfo buffer{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO, nullptr,
                                          kType};
  VkExportMemoryAllocateInfo exporting{VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO, nullptr, kType};
  VkImportMemoryZirconHandleInfoFUCHSIA importing{VK_STRUCTURE_TYPE_IMPORT_MEMORY_ZIRCON_HANDLE_INFO_FUCHSIA,
                                                  nullptr, kType, 0};
  zx_handle_t last = 0x2000;
  const auto exported = [&](VkDeviceMemory memory) {
    const VkMemoryGetZirconHandleInfoFUCHSIA info{VK_STRUCTURE_TYPE_MEMORY_GET_ZIRCON_HANDLE_INFO_FUCHSIA,
                                                  nullptr, memory, kType};
    zx_handle_t made = ++last;
    trace.call(GetMemoryZirconHandleFUCHSIACall{trace.device(), &info, &made, VK_SUCCESS});
    importing.handle = made;
  };
  trace.shareImage("image", {node(image), node(exporting), node(importing), exported});
  trace.shareBuffer("buffer", {node(buffer), node(exporting), node(importing), exported});
}

void writeCollection(const std::string& dir) {
  HandMade trace(dir, "fuchsia_collection", {},
                 {"VK_FUCHSIA_external_memory", "VK_FUCHSIA_buffer_collection"});
  const VkBufferCollectionCreateInfoFUCHSIA info{VK_STRUCTURE_TYPE_BUFFER_COLLECTION_CREATE_INFO_FUCHSIA,
                                                 nullptr, 0x3000};
  auto collection = trace.handle<VkBufferCollectionFUCHSIA>();
  trace.call(CreateBufferCollectionFUCHSIACall{trace.device(), &info, nullptr, &collection, VK_SUCCESS});
  const VkSysmemColorSpaceFUCHSIA space{VK_STRUCTURE_TYPE_SYSMEM_COLOR_SPACE_FUCHSIA, nullptr, 1};
  const VkImageFormatConstraintsInfoFUCHSIA format{VK_STRUCTURE_TYPE_IMAGE_FORMAT_CONSTRAINTS_INFO_FUCHSIA,
                                                   nullptr,
                                                   trace.imageInfo(nullptr),
                                                   VK_FORMAT_FEATURE_TRANSFER_SRC_BIT,
                                                   0,
                                                   0,
                                                   1,
                                                   &space};
  const VkImageConstraintsInfoFUCHSIA constraints{
      VK_STRUCTURE_TYPE_IMAGE_CONSTRAINTS_INFO_FUCHSIA,
      nullptr,
      1,
      &format,
      {VK_STRUCTURE_TYPE_BUFFER_COLLECTION_CONSTRAINTS_INFO_FUCHSIA, nullptr, 1, 2, 0, 0, 0},
      0};
  trace.call(
      SetBufferCollectionImageConstraintsFUCHSIACall{trace.device(), collection, &constraints, VK_SUCCESS});
  VkBufferCollectionPropertiesFUCHSIA found{VK_STRUCTURE_TYPE_BUFFER_COLLECTION_PROPERTIES_FUCHSIA};
  found.memoryTypeBits = 1;
  found.bufferCount = 2;
  found.sysmemColorSpaceIndex.sType = VK_STRUCTURE_TYPE_SYSMEM_COLOR_SPACE_FUCHSIA;
  trace.call(GetBufferCollectionPropertiesFUCHSIACall{trace.device(), collection, &found, VK_SUCCESS});
  // Both images are of the collection's first buffer: they share it.
  const VkBufferCollectionImageCreateInfoFUCHSIA of_collection{
      VK_STRUCTURE_TYPE_BUFFER_COLLECTION_IMAGE_CREATE_INFO_FUCHSIA, nullptr, collection, 0};
  const VkExternalMemoryImageCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO,
                                                 &of_collection, kType};
  HandMade::End ends[2];
  for (HandMade::End& end : ends) {
    end.image = trace.createImage(trace.imageInfo(&external));
    const VkMemoryDedicatedAllocateInfo only{VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO, nullptr,
                                             end.image, VK_NULL_HANDLE};
    const VkImportMemoryBufferCollectionFUCHSIA importing{
        VK_STRUCTURE_TYPE_IMPORT_MEMORY_BUFFER_COLLECTION_FUCHSIA, &only, collection, 0};
    end.memory = trace.allocate(&importing, kAllocationBytes, kDeviceMemory);
    trace.bind(end.image, end.memory);
  }
  trace.crossOver("image", ends[0], ends[1]);
  trace.call(DestroyBufferCollectionFUCHSIACall{trace.device(), collection, nullptr});
}

}  // namespace

void writeFuchsia(const std::string& dir) {
  writeZircon(dir);
  writeCollection(dir);
}

}  // namespace foreign

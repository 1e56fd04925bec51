// Which create infos may be turned into imported host memory.
#include <gtest/gtest.h>

#include "capture/import_rules.h"

namespace reprise {
namespace {

template <class T>
AllocationChain chainWith(T node, VkStructureType type) {
  VkMemoryPriorityAllocateInfoEXT priority{VK_STRUCTURE_TYPE_MEMORY_PRIORITY_ALLOCATE_INFO_EXT, &node, 0.5f};
  node.sType = type;
  VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &priority, 4096, 0};
  return readChain(info);
}

template <class H>
H someHandle() {
  if constexpr (std::is_pointer_v<H>) {
    return reinterpret_cast<H>(uintptr_t{16});
  } else {
    return H{16};
  }
}

TEST(MemoryImportRules, NothingInTheChainIsPlain) {
  VkMemoryAllocateInfo info{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, nullptr, 4096, 0};
  EXPECT_TRUE(readChain(info).plain);
  EXPECT_FALSE(readChain(info).foreign);
}

TEST(MemoryImportRules, DeviceAddressesArePlainMasksAreNot) {
  constexpr VkStructureType kType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO;
  VkMemoryAllocateFlagsInfo flags{};
  flags.flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT;
  EXPECT_TRUE(chainWith(flags, kType).plain);
  flags.flags |= VK_MEMORY_ALLOCATE_DEVICE_MASK_BIT;
  EXPECT_FALSE(chainWith(flags, kType).plain);
  flags.flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT;
  EXPECT_TRUE(chainWith(flags, kType).plain);  // VUID-VkMemoryAllocateInfo-pNext-03332: but for an address
  VkMemoryOpaqueCaptureAddressAllocateInfo address{};
  EXPECT_TRUE(chainWith(address, VK_STRUCTURE_TYPE_MEMORY_OPAQUE_CAPTURE_ADDRESS_ALLOCATE_INFO).plain);
  address.opaqueCaptureAddress = 1;
  EXPECT_FALSE(chainWith(address, VK_STRUCTURE_TYPE_MEMORY_OPAQUE_CAPTURE_ADDRESS_ALLOCATE_INFO).plain);
}

TEST(MemoryImportRules, DedicatedAndExportedAreOursAlone) {
  VkMemoryDedicatedAllocateInfo dedicated{};
  EXPECT_TRUE(chainWith(dedicated, VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO).plain);
  dedicated.buffer = someHandle<VkBuffer>();
  AllocationChain chain = chainWith(dedicated, VK_STRUCTURE_TYPE_MEMORY_DEDICATED_ALLOCATE_INFO);
  EXPECT_FALSE(chain.plain);
  EXPECT_FALSE(chain.foreign);
  VkExportMemoryAllocateInfo exported{};
  exported.handleTypes = VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
  chain = chainWith(exported, VK_STRUCTURE_TYPE_EXPORT_MEMORY_ALLOCATE_INFO);
  EXPECT_FALSE(chain.plain);
  EXPECT_FALSE(chain.foreign);
}

TEST(MemoryImportRules, ImportedContentsAreForeign) {
  int page;
  VkImportMemoryHostPointerInfoEXT host{};
  host.pHostPointer = &page;
  AllocationChain chain = chainWith(host, VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT);
  EXPECT_FALSE(chain.plain);
  EXPECT_TRUE(chain.foreign);
  EXPECT_EQ(chain.host_pointer, &page);
  VkImportMemoryFdInfoKHR fd{};
  chain = chainWith(fd, VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR);
  EXPECT_FALSE(chain.plain);
  EXPECT_TRUE(chain.foreign);
  EXPECT_EQ(chain.host_pointer, nullptr);
}

TEST(MemoryImportRules, Buffers) {
  VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
  info.usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_VERTEX_BUFFER_BIT |
               VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT;
  EXPECT_TRUE(mayAddExternalNode(info));
  EXPECT_FALSE(deviceMayWrite(info));
  info.usage |= VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;
  EXPECT_TRUE(deviceMayWrite(info));
  info.usage = VK_BUFFER_USAGE_TRANSFER_DST_BIT;
  EXPECT_TRUE(deviceMayWrite(info));
  info.flags = VK_BUFFER_CREATE_PROTECTED_BIT;
  EXPECT_FALSE(mayAddExternalNode(info));
  info.flags = VK_BUFFER_CREATE_DEVICE_ADDRESS_CAPTURE_REPLAY_BIT;
  EXPECT_TRUE(mayAddExternalNode(info));
  info.flags = 0;
  VkExternalMemoryBufferCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO};
  info.pNext = &external;
  EXPECT_FALSE(mayAddExternalNode(info)) << "the program's own node stands";
}

}  // namespace
}  // namespace reprise

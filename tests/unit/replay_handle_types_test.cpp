// Handle types by name, the NV form's other values, and the rules of --remap.
#include <gtest/gtest.h>

#include "replay/handle_types.h"
#include "replay/payloads.h"

namespace reprise {
namespace {

constexpr ExternalObject kMemory = ExternalObject::kMemory;

TEST(HandleTypes, NvBitsHaveOtherValuesThanCoreBits) {
  EXPECT_EQ(coreFromNv(VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT_NV),
            HandleTypeBits(VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT));
  EXPECT_EQ(coreFromNv(VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT_NV),
            HandleTypeBits(VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT));
  EXPECT_EQ(coreFromNv(VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_IMAGE_BIT_NV),
            HandleTypeBits(VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_BIT));
  EXPECT_EQ(coreFromNv(VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_IMAGE_KMT_BIT_NV),
            HandleTypeBits(VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_KMT_BIT));
  for (uint32_t nv = 0; nv < 16; ++nv) EXPECT_EQ(nvFromCore(coreFromNv(nv)), nv);
  EXPECT_EQ(nvFromCore(VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT), 0u);
}

TEST(HandleTypes, NamesAreTheRegistrysWithoutPrefix) {
  EXPECT_EQ(handleTypeName(kMemory, VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT), "opaque_win32_kmt");
  EXPECT_EQ(handleTypeName(kMemory, VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT), "dma_buf_ext");
  EXPECT_EQ(handleTypeName(ExternalObject::kFence, VK_EXTERNAL_FENCE_HANDLE_TYPE_SYNC_FD_BIT), "sync_fd");
  EXPECT_EQ(handleTypeName(ExternalObject::kSemaphore, VK_EXTERNAL_SEMAPHORE_HANDLE_TYPE_D3D12_FENCE_BIT),
            "d3d12_fence");
  EXPECT_EQ(handleTypeName(kMemory, 0x40000000), "0x40000000");
  EXPECT_EQ(handleTypeNames(kMemory, 0), "none");
  EXPECT_EQ(handleTypeNames(kMemory, VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT |
                                         VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D12_HEAP_BIT),
            "opaque_fd|d3d12_heap");
}

TEST(HandleTypes, EveryTypeOfAnotherSystemHasAWayToADescriptor) {
  for (const HandleTypeBit from :
       {VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT, VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_KMT_BIT,
        VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_BIT,
        VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_KMT_BIT, VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D12_HEAP_BIT,
        VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D12_RESOURCE_BIT, VK_EXTERNAL_MEMORY_HANDLE_TYPE_DMA_BUF_BIT_EXT,
        VK_EXTERNAL_MEMORY_HANDLE_TYPE_ANDROID_HARDWARE_BUFFER_BIT_ANDROID,
        VK_EXTERNAL_MEMORY_HANDLE_TYPE_ZIRCON_VMO_BIT_FUCHSIA}) {
    bool found = false;
    for (const Preference& way : preferences(kMemory, from)) {
      found |= way.to == VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT;
      EXPECT_NE(way.to, from);
      EXPECT_STRNE(way.reason, "");
    }
    EXPECT_TRUE(found) << handleTypeName(kMemory, from);
  }
  EXPECT_TRUE(preferences(kMemory, VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT).empty());
}

TEST(RemapRules, AreReadInOrder) {
  auto rules = parseRemapRules("opaque_win32=opaque_fd,d3d11_texture=drop");
  ASSERT_TRUE(rules) << rules.status().message();
  EXPECT_FALSE(rules->strict);
  EXPECT_EQ(rules->forced.at(VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_WIN32_BIT),
            HandleTypeBit(VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT));
  EXPECT_EQ(rules->forced.at(VK_EXTERNAL_MEMORY_HANDLE_TYPE_D3D11_TEXTURE_BIT), 0u);
  EXPECT_TRUE(parseRemapRules("strict")->strict);
  EXPECT_TRUE(parseRemapRules("auto")->forced.empty());
}

TEST(RemapRules, ABadOneNamesTheTypes) {
  for (const char* text :
       {"opaque_w32=opaque_fd", "opaque_win32=", "opaque_win32", "=drop", "opaque_fd=nothing", "yes"}) {
    const auto rules = parseRemapRules(text);
    ASSERT_FALSE(rules) << text;
    EXPECT_EQ(rules.status().code(), Code::kUsage);
    EXPECT_NE(rules.status().message().find("d3d11_texture_kmt"), std::string::npos);
    EXPECT_NE(rules.status().message().find("zircon_vmo_fuchsia"), std::string::npos);
  }
}

struct Thing {};

TEST(PayloadTable, PairsByNumberWhereTheTraceHasOne) {
  PayloadTable<Thing> table;
  const auto first = table.exported(PayloadRecord{1, 0}, 7, nullptr);
  const auto second = table.exported(PayloadRecord{2, 0}, 7, nullptr);  // the descriptor's number again
  EXPECT_NE(first, second);
  EXPECT_EQ(table.imported(PayloadRecord{1, 9}, 9, true), first);  // by a duplicate of the descriptor
  EXPECT_EQ(table.imported(PayloadRecord{1, 9}, 9, true), first);
  EXPECT_EQ(table.imported(PayloadRecord{0, 7}, 7, true), nullptr);  // the same number, from outside
}

TEST(PayloadTable, PairsByHandleWhereItHasNone) {
  PayloadTable<Thing> table;
  const auto first = table.exported(std::nullopt, 0x44, nullptr);
  EXPECT_EQ(table.exported(std::nullopt, 0x48, first), first);  // the same object under another handle
  EXPECT_EQ(table.imported(std::nullopt, 0x44, false), first);
  EXPECT_EQ(table.imported(std::nullopt, 0x44, false), first);  // a HANDLE stays open
  EXPECT_EQ(table.imported(std::nullopt, 0x48, true), first);
  EXPECT_EQ(table.imported(std::nullopt, 0x48, true), nullptr);  // a descriptor was consumed
}

TEST(KeptDescriptors, AreBoundedByWhatTheProcessMayHave) {
  KeptDescriptors kept;
  std::vector<std::shared_ptr<Descriptor>> all;
  for (int i = 0; i < 300; ++i) {
    all.push_back(std::make_shared<Descriptor>(dup(0)));
    kept.keep(all.back());
  }
  const auto open = std::count_if(all.begin(), all.end(), [](const auto& one) { return bool(*one); });
  EXPECT_GT(open, 0);
  EXPECT_LE(open, 256);
  EXPECT_TRUE(bool(*all.back()));
  EXPECT_FALSE(bool(*all.front()));
}

}  // namespace
}  // namespace reprise

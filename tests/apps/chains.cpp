// Images with random chains, on the Khronos mock driver, which accepts anything.
//
// chains SEED COUNT: image i has seed SEED + i: all 17 structs that may extend VkImageCreateInfo and structs
// that nobody knows, in any order and number, members at random within what C allows. What the driver was
// given is judged by the chainlog layer. Types of external memory are real ones, so that a replay can ask for
// them.
#include <deque>
#include <memory>
#include <random>

#include "external.h"

namespace {

constexpr uint32_t kUnknownTypes = 3;
constexpr int kFirstUnknownType = 1999900000;

class RandomChain {
 public:
  explicit RandomChain(uint64_t seed) : random_(seed) {}

  VkImageCreateInfo image() {
    addNodes();
    VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO, first_};
    info.flags = some({0, VK_IMAGE_CREATE_MUTABLE_FORMAT_BIT, VK_IMAGE_CREATE_CUBE_COMPATIBLE_BIT});
    info.imageType = VK_IMAGE_TYPE_2D;
    info.format = format();
    info.extent = {1 + below(256), 1 + below(256), 1};
    info.samples = VK_SAMPLE_COUNT_1_BIT;
    info.tiling = modifiers_ ? VK_IMAGE_TILING_DRM_FORMAT_MODIFIER_EXT
                             : static_cast<VkImageTiling>(below(2));  // optimal, linear
    // The driver limits all but optimal tiling to one level and layer.
    const bool optimal = info.tiling == VK_IMAGE_TILING_OPTIMAL;
    info.mipLevels = optimal ? 1 + below(3) : 1;
    info.arrayLayers = optimal ? 1 + below(6) : 1;
    if (below(4) == 0) info.initialLayout = VK_IMAGE_LAYOUT_PREINITIALIZED;
    info.usage = VK_IMAGE_USAGE_SAMPLED_BIT | below(64);
    info.sharingMode = static_cast<VkSharingMode>(below(2));
    info.queueFamilyIndexCount = 2;
    info.pQueueFamilyIndices = array<uint32_t>(2, 2);
    return info;
  }

 private:
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }
  uint32_t some(std::initializer_list<uint32_t> values) { return values.begin()[below(values.size())]; }
  VkFormat format() { return static_cast<VkFormat>(VK_FORMAT_R8_UNORM + below(100)); }

  std::byte* bytes(size_t size) { return kept_.emplace_back(std::make_unique<std::byte[]>(size + 16)).get(); }
  template <class T>
  T* array(size_t count, uint32_t limit = UINT32_MAX) {
    T* made = reinterpret_cast<T*>(bytes(count * sizeof(T)));
    for (size_t i = 0; i < count; ++i) made[i] = static_cast<T>(below(limit));
    return made;
  }

  // Zero but for its sType, at the chain's front.
  template <class Struct>
  Struct& node(VkStructureType type) {
    auto* made = new (bytes(sizeof(Struct))) Struct{};
    made->sType = type;
    made->pNext = first_;
    first_ = made;
    return *made;
  }

  void addNodes() {
    constexpr uint32_t kKinds = 17 + kUnknownTypes;
    std::vector<uint32_t> kinds(kKinds);
    for (uint32_t i = 0; i < kKinds; ++i) kinds[i] = i;
    for (uint32_t i = kKinds - 1; i > 0; --i) std::swap(kinds[i], kinds[below(i + 1)]);
    kinds.resize(below(kKinds + 1));
    for (const uint32_t kind : kinds) {
      add(kind);
      // Twice the same is against the rules, and happens. Not with what a replay rewrites.
      if (kind >= 10 && below(16) == 0) add(kind);
    }
  }

  void add(uint32_t kind);
  void addProfiles();

  std::mt19937_64 random_;
  std::deque<std::unique_ptr<std::byte[]>> kept_;
  void* first_ = nullptr;
  bool modifiers_ = false;
};

void RandomChain::addProfiles() {
  auto& list = node<VkVideoProfileListInfoKHR>(VK_STRUCTURE_TYPE_VIDEO_PROFILE_LIST_INFO_KHR);
  list.profileCount = below(3);
  auto* profiles = reinterpret_cast<VkVideoProfileInfoKHR*>(bytes(3 * sizeof(VkVideoProfileInfoKHR)));
  for (uint32_t i = 0; i < list.profileCount; ++i) {
    profiles[i] = {VK_STRUCTURE_TYPE_VIDEO_PROFILE_INFO_KHR};
    profiles[i].videoCodecOperation = static_cast<VkVideoCodecOperationFlagBitsKHR>(1u << below(20));
    profiles[i].chromaSubsampling = 1u << below(4);
    profiles[i].lumaBitDepth = 1u << below(5);
    profiles[i].chromaBitDepth = 1u << below(5);
  }
  list.pProfiles = profiles;
}

void RandomChain::add(uint32_t kind) {
  switch (kind) {
    case 0:
      node<VkExternalMemoryImageCreateInfoNV>(VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO_NV)
          .handleTypes = below(16);
      return;
    case 1:
      node<VkExternalMemoryImageCreateInfo>(VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO).handleTypes =
          below(1u << 13);
      return;
    case 2:
      node<VkExternalFormatANDROID>(VK_STRUCTURE_TYPE_EXTERNAL_FORMAT_ANDROID).externalFormat = random_();
      return;
    case 3: {
      if (modifiers_) return;  // the list and the explicit one exclude each other
      modifiers_ = true;
      auto& list = node<VkImageDrmFormatModifierListCreateInfoEXT>(
          VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_LIST_CREATE_INFO_EXT);
      list.drmFormatModifierCount = 1 + below(4);
      list.pDrmFormatModifiers = array<uint64_t>(list.drmFormatModifierCount);
      return;
    }
    case 4: {
      if (modifiers_) return;
      modifiers_ = true;
      auto& one = node<VkImageDrmFormatModifierExplicitCreateInfoEXT>(
          VK_STRUCTURE_TYPE_IMAGE_DRM_FORMAT_MODIFIER_EXPLICIT_CREATE_INFO_EXT);
      one.drmFormatModifier = random_();
      one.drmFormatModifierPlaneCount = 1 + below(3);
      one.pPlaneLayouts = reinterpret_cast<const VkSubresourceLayout*>(array<VkDeviceSize>(15));
      return;
    }
    case 5:
      node<BufferCollectionImageCreateInfoFuchsia>(
          VK_STRUCTURE_TYPE_BUFFER_COLLECTION_IMAGE_CREATE_INFO_FUCHSIA)
          .index = below(1000);
      return;
    case 6:
      node<VkExportMetalObjectCreateInfoEXT>(VK_STRUCTURE_TYPE_EXPORT_METAL_OBJECT_CREATE_INFO_EXT)
          .exportObjectType = static_cast<VkExportMetalObjectTypeFlagBitsEXT>(1u << below(6));
      return;
    case 7: {
      auto& texture = node<VkImportMetalTextureInfoEXT>(VK_STRUCTURE_TYPE_IMPORT_METAL_TEXTURE_INFO_EXT);
      texture.plane = VK_IMAGE_ASPECT_PLANE_0_BIT;
      texture.mtlTexture = reinterpret_cast<MTLTexture_id>(random_());
      return;
    }
    case 8:
      node<VkImportMetalIOSurfaceInfoEXT>(VK_STRUCTURE_TYPE_IMPORT_METAL_IO_SURFACE_INFO_EXT).ioSurface =
          reinterpret_cast<IOSurfaceRef>(random_());
      return;
    case 9:
      node<VkDedicatedAllocationImageCreateInfoNV>(
          VK_STRUCTURE_TYPE_DEDICATED_ALLOCATION_IMAGE_CREATE_INFO_NV)
          .dedicatedAllocation = below(2);
      return;
    case 10:
      node<VkImageSwapchainCreateInfoKHR>(VK_STRUCTURE_TYPE_IMAGE_SWAPCHAIN_CREATE_INFO_KHR);
      return;
    case 11: {
      auto& list = node<VkImageFormatListCreateInfo>(VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO);
      list.viewFormatCount = below(5);
      list.pViewFormats = array<VkFormat>(5, 180);
      return;
    }
    case 12:
      node<VkImageStencilUsageCreateInfo>(VK_STRUCTURE_TYPE_IMAGE_STENCIL_USAGE_CREATE_INFO).stencilUsage =
          below(256);
      return;
    case 13:
      return addProfiles();
    case 14:
      node<VkOpaqueCaptureDescriptorDataCreateInfoEXT>(
          VK_STRUCTURE_TYPE_OPAQUE_CAPTURE_DESCRIPTOR_DATA_CREATE_INFO_EXT);
      return;
    case 15: {
      auto& control = node<VkImageCompressionControlEXT>(VK_STRUCTURE_TYPE_IMAGE_COMPRESSION_CONTROL_EXT);
      control.flags = some({0, 1, 2, 4});
      control.compressionControlPlaneCount = below(4);
      control.pFixedRateFlags = array<VkImageCompressionFixedRateFlagsEXT>(4, 1u << 24);
      return;
    }
    case 16:
      node<VkOpticalFlowImageFormatInfoNV>(VK_STRUCTURE_TYPE_OPTICAL_FLOW_IMAGE_FORMAT_INFO_NV).usage =
          below(32);
      return;
    default: {
      struct Unknown {
        VkStructureType sType;
        void* pNext;
        uint64_t words[6];
      };
      node<Unknown>(static_cast<VkStructureType>(kFirstUnknownType + kind)).words[0] = random_();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  REQUIRE(argc == 3);
  const uint64_t seed = std::strtoull(argv[1], nullptr, 10), count = std::strtoull(argv[2], nullptr, 10);
  app::Gpu gpu = app::createGpuWith(app::createInstanceWith("chains", {"VK_NV_external_memory_capabilities"}),
                                    {"VK_NV_external_memory", "VK_EXT_image_drm_format_modifier"});
  for (uint64_t i = 0; i < count; ++i) {
    RandomChain chain(seed + i);
    const VkImageCreateInfo info = chain.image();
    VkImage image = VK_NULL_HANDLE;
    CHECK(vkCreateImage(gpu.device, &info, nullptr, &image));
    vkDestroyImage(gpu.device, image, nullptr);
  }
  app::destroyGpu(gpu);
  std::printf("ok chains\n");
}

// Images as shaders see them.
//
// views CASE [FILE]
#include "drawing.h"

#include "sample.comp.h"
#include "views.comp.h"

namespace {

using app::Kernel;
using app::Scene;

constexpr VkImageLayout kRead = VK_IMAGE_LAYOUT_SHADER_READ_ONLY_OPTIMAL;
constexpr VkDescriptorType kSampled = VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER;

VkSampler createSampler(Scene& scene, VkFilter filter, const void* next = nullptr) {
  VkSamplerCreateInfo info{VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO, next, 0, filter, filter};
  info.addressModeU = info.addressModeV = info.addressModeW = VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE;
  info.maxLod = 4;
  return scene.make(vkCreateSampler, vkDestroySampler, info);
}

// All levels of an image from `source`, one after the other; then in `layout`.
VkImage upload(Scene& scene, VkImageCreateInfo info, const app::Buffer& source, VkImageLayout layout) {
  info.usage |= VK_IMAGE_USAGE_TRANSFER_DST_BIT;
  const VkImage image = app::makeImage(scene, info);
  scene.once([&](VkCommandBuffer commands) {
    app::changeLayout(commands, image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    for (uint32_t level = 0; level < info.mipLevels; ++level) {
      const VkBufferImageCopy region{
          level * 64,
          0,
          0,
          {VK_IMAGE_ASPECT_COLOR_BIT, level, 0, info.arrayLayers},
          {0, 0, 0},
          {std::max(1u, info.extent.width >> level), std::max(1u, info.extent.height >> level),
           std::max(1u, info.extent.depth >> level)}};
      vkCmdCopyBufferToImage(commands, source.handle, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 1,
                             &region);
    }
    app::changeLayout(commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, layout);
  });
  return image;
}

void writeImage(Scene& scene, VkDescriptorSet set, uint32_t binding, VkDescriptorType type,
                const VkDescriptorImageInfo& image) {
  const VkWriteDescriptorSet write = app::writeOf(set, binding, type, nullptr, &image);
  vkUpdateDescriptorSets(scene.gpu.device, 1, &write, 0, nullptr);
}

// A view with other channels and format, one for stores, one of a buffer.
void bindOthers(Scene& scene, VkDescriptorSet set, VkImage cubes, VkSampler sampler,
                const app::Buffer& texels) {
  const VkImageViewUsageCreateInfo usage{VK_STRUCTURE_TYPE_IMAGE_VIEW_USAGE_CREATE_INFO, nullptr,
                                         VK_IMAGE_USAGE_SAMPLED_BIT};
  const VkImageView swizzled = scene.make(
      vkCreateImageView, vkDestroyImageView,
      {VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
       &usage,
       0,
       cubes,
       VK_IMAGE_VIEW_TYPE_2D,
       VK_FORMAT_R8G8B8A8_SRGB,
       {VK_COMPONENT_SWIZZLE_B, VK_COMPONENT_SWIZZLE_ONE, VK_COMPONENT_SWIZZLE_R, VK_COMPONENT_SWIZZLE_ZERO},
       {VK_IMAGE_ASPECT_COLOR_BIT, 1, 1, 3, 1}});
  writeImage(scene, set, 6, kSampled, {sampler, swizzled, VK_IMAGE_LAYOUT_GENERAL});
  const VkImageView stored = app::makeView(scene, cubes, VK_IMAGE_VIEW_TYPE_2D_ARRAY, VK_FORMAT_R32_UINT,
                                           {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 9, 3});
  writeImage(scene, set, 7, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE,
             {VK_NULL_HANDLE, stored, VK_IMAGE_LAYOUT_GENERAL});
  const VkBufferView texel_view = scene.make(vkCreateBufferView, vkDestroyBufferView,
                                             {VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO, nullptr, 0,
                                              texels.handle, VK_FORMAT_R32_UINT, 0, VK_WHOLE_SIZE});
  VkWriteDescriptorSet write = app::writeOf(set, 8, VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, nullptr);
  write.pTexelBufferView = &texel_view;
  vkUpdateDescriptorSets(scene.gpu.device, 1, &write, 0, nullptr);
}

// Views of every type on three images.
void kinds(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.core.features.imageCubeArray);
  scene.open(features);
  const app::Buffer source = scene.words(16 * 1024, 1, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  VkImageCreateInfo info = app::imageInfo(app::kCanvasFormat, {16, 16, 1},
                                          VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_STORAGE_BIT);
  info.flags = VK_IMAGE_CREATE_CUBE_COMPATIBLE_BIT | VK_IMAGE_CREATE_MUTABLE_FORMAT_BIT;
  info.arrayLayers = 12;
  info.mipLevels = 2;
  const VkImage cubes = upload(scene, info, source, VK_IMAGE_LAYOUT_GENERAL);
  info = app::imageInfo(app::kCanvasFormat, {16, 8, 8}, VK_IMAGE_USAGE_SAMPLED_BIT);
  info.imageType = VK_IMAGE_TYPE_3D;
  const VkImage volume = upload(scene, info, source, kRead);
  info.extent = {32, 1, 1};
  info.imageType = VK_IMAGE_TYPE_1D;
  const VkImage line = upload(scene, info, source, kRead);
  const app::Bindings bindings =
      app::bindingsOf({VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, kSampled, kSampled, kSampled, kSampled, kSampled,
                       kSampled, VK_DESCRIPTOR_TYPE_STORAGE_IMAGE, VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER});
  Kernel kernel;
  app::createLayouts(scene, kernel, bindings, sizeof(app::KernelPush));
  kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kViewsComp);
  kernel.set = app::allocateSet(scene, app::createPool(scene, bindings), kernel.set_layout);
  const VkSampler sampler = createSampler(scene, VK_FILTER_LINEAR);
  const auto part = [](uint32_t layer, uint32_t layers) {
    return VkImageSubresourceRange{VK_IMAGE_ASPECT_COLOR_BIT, 0, VK_REMAINING_MIP_LEVELS, layer, layers};
  };
  const auto view = [&](uint32_t binding, VkImage image, VkImageViewType type, VkImageSubresourceRange range,
                        VkImageLayout layout) {
    writeImage(scene, kernel.set, binding, kSampled,
               {sampler, app::makeView(scene, image, type, app::kCanvasFormat, range), layout});
  };
  app::writeBuffer(scene, kernel.set, 0, scene.result.handle);
  view(1, line, VK_IMAGE_VIEW_TYPE_1D, app::whole(), kRead);
  view(2, cubes, VK_IMAGE_VIEW_TYPE_2D_ARRAY, app::whole(), VK_IMAGE_LAYOUT_GENERAL);
  view(3, cubes, VK_IMAGE_VIEW_TYPE_CUBE, part(6, 6), VK_IMAGE_LAYOUT_GENERAL);
  view(4, cubes, VK_IMAGE_VIEW_TYPE_CUBE_ARRAY, app::whole(), VK_IMAGE_LAYOUT_GENERAL);
  view(5, volume, VK_IMAGE_VIEW_TYPE_3D, app::whole(), kRead);
  const app::Buffer texels = scene.words(64, 9, VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT);
  bindOthers(scene, kernel.set, cubes, sampler, texels);
  const VkDeviceSize at = scene.space(0);
  for (uint32_t round = 0; round < 2; ++round) {
    scene.once([&](VkCommandBuffer commands) {
      app::dispatch(scene, kernel, commands, round);
      scene.space(7 * app::kKernelWords * 4);
    });
  }
  for (uint32_t i = 0; i < 64; ++i) {  // what the first round stored is there in the second
    REQUIRE(scene.found(at)[i * 8 + 6] + i == scene.found(at + 2048)[i * 8 + 6]);
    REQUIRE(scene.found(at)[i * 8 + 7] == reinterpret_cast<uint32_t*>(texels.data)[i]);
  }
}

// An image of 8 by 8 texels, sampled into the result.
void sample(Scene& scene, VkImageView view, VkSampler sampler, const VkSampler* immutable) {
  app::Bindings bindings = app::bindingsOf({VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, kSampled});
  bindings[1].pImmutableSamplers = immutable;
  Kernel kernel;
  app::createLayouts(scene, kernel, bindings, sizeof(app::KernelPush));
  kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kSampleComp);
  if (immutable) bindings[1].descriptorCount = 3;  // an image of planes may need a descriptor for each
  kernel.set = app::allocateSet(scene, app::createPool(scene, bindings), kernel.set_layout);
  app::writeBuffer(scene, kernel.set, 0, scene.result.handle);
  writeImage(scene, kernel.set, 1, kSampled, {sampler, view, kRead});
  scene.once([&](VkCommandBuffer commands) { app::dispatch(scene, kernel, commands, 0); });
}

void compressed(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.core.features.textureCompressionBC);
  scene.open(features);
  const app::Buffer source = scene.words(64, 3, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  const VkSampler sampler = createSampler(scene, VK_FILTER_NEAREST);
  for (const VkFormat format :
       {VK_FORMAT_BC1_RGBA_UNORM_BLOCK, VK_FORMAT_BC3_UNORM_BLOCK, VK_FORMAT_BC4_UNORM_BLOCK,
        VK_FORMAT_BC5_UNORM_BLOCK, VK_FORMAT_BC7_UNORM_BLOCK}) {
    VkImageCreateInfo info = app::imageInfo(format, {8, 8, 1}, VK_IMAGE_USAGE_SAMPLED_BIT);
    info.mipLevels = 4;
    const VkImage image = upload(scene, info, source, kRead);
    sample(scene, app::makeView(scene, image, VK_IMAGE_VIEW_TYPE_2D, format, app::whole()), sampler, nullptr);
  }
}

// Two planes, half as many texels in the second; converted where it is sampled.
void ycbcr(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v11.samplerYcbcrConversion);
  scene.open(features);
  constexpr VkFormat kFormat = VK_FORMAT_G8_B8R8_2PLANE_420_UNORM;
  const app::Buffer source = scene.words(64, 4, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  const VkImage image = app::makeImage(
      scene,
      app::imageInfo(kFormat, {8, 8, 1}, VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT));
  scene.once([&](VkCommandBuffer commands) {
    app::changeLayout(commands, image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    const VkBufferImageCopy planes[2] = {{0, 0, 0, {VK_IMAGE_ASPECT_PLANE_0_BIT, 0, 0, 1}, {}, {8, 8, 1}},
                                         {64, 0, 0, {VK_IMAGE_ASPECT_PLANE_1_BIT, 0, 0, 1}, {}, {4, 4, 1}}};
    vkCmdCopyBufferToImage(commands, source.handle, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, 2, planes);
    app::changeLayout(commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, kRead);
  });
  VkSamplerYcbcrConversionCreateInfo conversion{VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_CREATE_INFO};
  conversion.format = kFormat;
  conversion.ycbcrModel = VK_SAMPLER_YCBCR_MODEL_CONVERSION_YCBCR_709;
  const VkSamplerYcbcrConversionInfo info{
      VK_STRUCTURE_TYPE_SAMPLER_YCBCR_CONVERSION_INFO, nullptr,
      scene.make(vkCreateSamplerYcbcrConversion, vkDestroySamplerYcbcrConversion, conversion)};
  const VkSampler sampler = createSampler(scene, VK_FILTER_NEAREST, &info);
  sample(scene, app::makeView(scene, image, VK_IMAGE_VIEW_TYPE_2D, kFormat, app::whole(), &info),
         VK_NULL_HANDLE, &sampler);
}

const app::Case kCases[] = {{"kinds", kinds}, {"compressed", compressed}, {"ycbcr", ycbcr}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("views", kCases, argc, argv); }

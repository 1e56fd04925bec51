// Commands that copy, clear, blit and resolve, in both of their forms.
//
// transfers CASE [FILE]; CASE2 is CASE by the forms of VK_KHR_copy_commands2.
#include "drawing.h"

namespace {

using app::Scene;

constexpr VkImageLayout kFrom = VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL,
                        kTo = VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL;
constexpr VkImageUsageFlags kTransfer = VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT;
constexpr VkImageSubresourceLayers kColor{VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};

// What is the same in both forms of a region: the second form has a head.
VkBufferCopy2 two(const VkBufferCopy& r) {
  return {VK_STRUCTURE_TYPE_BUFFER_COPY_2, nullptr, r.srcOffset, r.dstOffset, r.size};
}
VkBufferImageCopy2 two(const VkBufferImageCopy& r) {
  return {VK_STRUCTURE_TYPE_BUFFER_IMAGE_COPY_2,
          nullptr,
          r.bufferOffset,
          r.bufferRowLength,
          r.bufferImageHeight,
          r.imageSubresource,
          r.imageOffset,
          r.imageExtent};
}
VkImageCopy2 two(const VkImageCopy& r) {
  return {VK_STRUCTURE_TYPE_IMAGE_COPY_2,
          nullptr,
          r.srcSubresource,
          r.srcOffset,
          r.dstSubresource,
          r.dstOffset,
          r.extent};
}
VkImageResolve2 two(const VkImageResolve& r) {
  return {VK_STRUCTURE_TYPE_IMAGE_RESOLVE_2,
          nullptr,
          r.srcSubresource,
          r.srcOffset,
          r.dstSubresource,
          r.dstOffset,
          r.extent};
}
VkImageBlit2 two(const VkImageBlit& r) {
  return {VK_STRUCTURE_TYPE_IMAGE_BLIT_2,     nullptr,          r.srcSubresource,
          {r.srcOffsets[0], r.srcOffsets[1]}, r.dstSubresource, {r.dstOffsets[0], r.dstOffsets[1]}};
}

template <bool kTwo>
void copy(VkCommandBuffer commands, VkBuffer from, VkBuffer to, const VkBufferCopy& region) {
  if constexpr (!kTwo) return vkCmdCopyBuffer(commands, from, to, 1, &region);
  const VkBufferCopy2 region2 = two(region);
  const VkCopyBufferInfo2 info{VK_STRUCTURE_TYPE_COPY_BUFFER_INFO_2, nullptr, from, to, 1, &region2};
  vkCmdCopyBuffer2(commands, &info);
}
template <bool kTwo>
void copy(VkCommandBuffer commands, VkBuffer from, VkImage to, const VkBufferImageCopy& region) {
  if constexpr (!kTwo) return vkCmdCopyBufferToImage(commands, from, to, kTo, 1, &region);
  const VkBufferImageCopy2 region2 = two(region);
  const VkCopyBufferToImageInfo2 info{
      VK_STRUCTURE_TYPE_COPY_BUFFER_TO_IMAGE_INFO_2, nullptr, from, to, kTo, 1, &region2};
  vkCmdCopyBufferToImage2(commands, &info);
}
template <bool kTwo>
void copy(VkCommandBuffer commands, VkImage from, VkBuffer to, const VkBufferImageCopy& region) {
  if constexpr (!kTwo) return vkCmdCopyImageToBuffer(commands, from, kFrom, to, 1, &region);
  const VkBufferImageCopy2 region2 = two(region);
  const VkCopyImageToBufferInfo2 info{
      VK_STRUCTURE_TYPE_COPY_IMAGE_TO_BUFFER_INFO_2, nullptr, from, kFrom, to, 1, &region2};
  vkCmdCopyImageToBuffer2(commands, &info);
}
template <bool kTwo>
void copy(VkCommandBuffer commands, VkImage from, VkImage to, const VkImageCopy& region) {
  if constexpr (!kTwo) return vkCmdCopyImage(commands, from, kFrom, to, kTo, 1, &region);
  const VkImageCopy2 region2 = two(region);
  const VkCopyImageInfo2 info{
      VK_STRUCTURE_TYPE_COPY_IMAGE_INFO_2, nullptr, from, kFrom, to, kTo, 1, &region2};
  vkCmdCopyImage2(commands, &info);
}
template <bool kTwo>
void blit(VkCommandBuffer commands, VkImage from, VkImageLayout layout, VkImage to, const VkImageBlit& region,
          VkFilter filter) {
  if constexpr (!kTwo) return vkCmdBlitImage(commands, from, layout, to, kTo, 1, &region, filter);
  const VkImageBlit2 region2 = two(region);
  const VkBlitImageInfo2 info{
      VK_STRUCTURE_TYPE_BLIT_IMAGE_INFO_2, nullptr, from, layout, to, kTo, 1, &region2, filter};
  vkCmdBlitImage2(commands, &info);
}
template <bool kTwo>
void resolve(VkCommandBuffer commands, VkImage from, VkImage to, const VkImageResolve& region) {
  if constexpr (!kTwo) return vkCmdResolveImage(commands, from, kFrom, to, kTo, 1, &region);
  const VkImageResolve2 region2 = two(region);
  const VkResolveImageInfo2 info{
      VK_STRUCTURE_TYPE_RESOLVE_IMAGE_INFO_2, nullptr, from, kFrom, to, kTo, 1, &region2};
  vkCmdResolveImage2(commands, &info);
}

// From a new layout to one that is read.
void written(VkCommandBuffer commands, VkImage image, VkImageAspectFlags aspect = VK_IMAGE_ASPECT_COLOR_BIT) {
  app::changeLayout(commands, image, kTo, kFrom, aspect);
}
void toBeWritten(VkCommandBuffer commands, VkImage image,
                 VkImageAspectFlags aspect = VK_IMAGE_ASPECT_COLOR_BIT) {
  app::changeLayout(commands, image, VK_IMAGE_LAYOUT_UNDEFINED, kTo, aspect);
}

template <bool kTwo>
void buffers(Scene& scene) {
  scene.open();
  const app::Buffer source = scene.words(1024, 1, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  const VkDeviceSize at = scene.space(3 * 4096);
  const std::vector<uint32_t> update(1000, 0x600d);
  scene.once([&](VkCommandBuffer commands) {
    copy<kTwo>(commands, source.handle, scene.result.handle, {5, at + 3, 1001});
    copy<kTwo>(commands, source.handle, scene.result.handle, {0, at + 4096, 4096});
    vkCmdUpdateBuffer(commands, scene.result.handle, at + 8192, update.size() * 4, update.data());
    vkCmdFillBuffer(commands, scene.result.handle, at + 8192 + 4000, 96, 0xf111);
  });
  REQUIRE(std::memcmp(source.data + 5, scene.result.data + at + 3, 1001) == 0);
  REQUIRE(*scene.found(at + 8192 + 4000) == 0xf111);
}

// Into an image with padded rows, a part of it to an image of another format, and back.
template <bool kTwo>
void images(Scene& scene) {
  scene.open();
  const app::Buffer source = scene.words(48 * 40, 2, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  const VkImage first = app::makeImage(scene, app::imageInfo(app::kCanvasFormat, {40, 32, 1}, kTransfer));
  const VkImage second = app::makeImage(scene, app::imageInfo(VK_FORMAT_R32_UINT, {32, 32, 1}, kTransfer));
  const VkDeviceSize at = scene.space(4096);
  scene.once([&](VkCommandBuffer commands) {
    toBeWritten(commands, first);
    toBeWritten(commands, second);
    copy<kTwo>(commands, source.handle, first, {0, 48, 40, kColor, {0, 0, 0}, {40, 32, 1}});
    written(commands, first);
    copy<kTwo>(commands, first, second, {kColor, {8, 0, 0}, kColor, {0, 0, 0}, {32, 32, 1}});
    written(commands, second);
    copy<kTwo>(commands, second, scene.result.handle, {at, 0, 0, kColor, {0, 0, 0}, {32, 32, 1}});
  });
  REQUIRE(scene.found(at)[33] == reinterpret_cast<uint32_t*>(source.data)[48 + 9]);
}

// Every level from the one before, with a filter; then the last ones into layers of an array, mirrored.
template <bool kTwo>
void blits(Scene& scene) {
  scene.open();
  const app::Buffer source = scene.words(64 * 64, 3, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  VkImageCreateInfo info = app::imageInfo(app::kCanvasFormat, {64, 64, 1}, kTransfer);
  info.mipLevels = 7;
  const VkImage image = app::makeImage(scene, info);
  info.mipLevels = 1;
  info.arrayLayers = 2;
  info.extent = {16, 16, 1};
  const VkImage layers = app::makeImage(scene, info);
  scene.once([&](VkCommandBuffer commands) {
    app::changeLayout(commands, image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_GENERAL);
    toBeWritten(commands, layers);
    const VkBufferImageCopy region{0, 0, 0, kColor, {0, 0, 0}, {64, 64, 1}};
    vkCmdCopyBufferToImage(commands, source.handle, image, VK_IMAGE_LAYOUT_GENERAL, 1, &region);
    for (uint32_t level = 1; level < 7; ++level) {
      app::order(commands);
      const VkImageBlit half{{VK_IMAGE_ASPECT_COLOR_BIT, level - 1, 0, 1},
                             {{0, 0, 0}, {128 >> level, 128 >> level, 1}},
                             {VK_IMAGE_ASPECT_COLOR_BIT, level, 0, 1},
                             {{0, 0, 0}, {64 >> level, 64 >> level, 1}}};
      vkCmdBlitImage(commands, image, VK_IMAGE_LAYOUT_GENERAL, image, VK_IMAGE_LAYOUT_GENERAL, 1, &half,
                     VK_FILTER_LINEAR);
    }
    app::order(commands);
    for (uint32_t layer = 0; layer < 2; ++layer)
      blit<kTwo>(commands, image, VK_IMAGE_LAYOUT_GENERAL, layers,
                 {{VK_IMAGE_ASPECT_COLOR_BIT, layer + 1, 0, 1},
                  {{layer ? 16 : 0, 0, 0}, {layer ? 0 : 32, layer ? 16 : 32, 1}},
                  {VK_IMAGE_ASPECT_COLOR_BIT, 0, layer, 1},
                  {{0, 0, 0}, {16, 16, 1}}},
                 layer ? VK_FILTER_NEAREST : VK_FILTER_LINEAR);
    written(commands, layers);
    app::changeLayout(commands, image, VK_IMAGE_LAYOUT_GENERAL, kFrom);
    for (uint32_t level = 0; level < 7; ++level)
      app::readBack(scene, commands, image, {64u >> level, 64u >> level, 1}, 64 * 64 * 4 >> 2 * level,
                    {VK_IMAGE_ASPECT_COLOR_BIT, level, 0, 1});
    for (uint32_t layer = 0; layer < 2; ++layer)
      app::readBack(scene, commands, layers, {16, 16, 1}, 1024, {VK_IMAGE_ASPECT_COLOR_BIT, 0, layer, 1});
  });
}

// Drawn with four samples; resolved by a command.
template <bool kTwo>
void resolves(Scene& scene) {
  scene.open();
  const app::Canvas canvas = app::createCanvas(scene);
  VkImageCreateInfo info = app::imageInfo(
      app::kCanvasFormat, {64, 64, 1}, VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
  info.samples = VK_SAMPLE_COUNT_4_BIT;
  const VkImage image = app::makeImage(scene, info);
  const VkImageView view = app::makeView(scene, image, VK_IMAGE_VIEW_TYPE_2D, info.format, app::whole());
  const VkImage target = app::makeImage(scene, app::imageInfo(app::kCanvasFormat, {64, 64, 1}, kTransfer));
  app::Pipeline states(scene, canvas.layout, VK_NULL_HANDLE);
  const VkPipelineRenderingCreateInfo rendering{VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO, nullptr, 0,
                                                1, &app::kCanvasFormat};
  states.info.pNext = &rendering;
  states.samples.rasterizationSamples = info.samples;
  const VkPipeline pipeline = states.create();
  VkRenderingAttachmentInfo color{VK_STRUCTURE_TYPE_RENDERING_ATTACHMENT_INFO};
  color.imageView = view;
  color.imageLayout = VK_IMAGE_LAYOUT_COLOR_ATTACHMENT_OPTIMAL;
  color.loadOp = VK_ATTACHMENT_LOAD_OP_CLEAR;
  color.storeOp = VK_ATTACHMENT_STORE_OP_STORE;
  color.clearValue = {{{0.25f, 0.25f, 0.25f, 1}}};
  VkRenderingInfo pass{VK_STRUCTURE_TYPE_RENDERING_INFO};
  pass.renderArea = {{0, 0}, app::kCanvas};
  pass.layerCount = pass.colorAttachmentCount = 1;
  pass.pColorAttachments = &color;
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) {
    app::changeLayout(commands, image, VK_IMAGE_LAYOUT_UNDEFINED, color.imageLayout);
    vkCmdBeginRendering(commands, &pass);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline);
    vkCmdDraw(commands, 3, 64, 0, 0);
    vkCmdEndRendering(commands);
    app::changeLayout(commands, image, color.imageLayout, kFrom);
    toBeWritten(commands, target);
    resolve<kTwo>(commands, image, target, {kColor, {0, 0, 0}, kColor, {0, 0, 0}, {64, 64, 1}});
    written(commands, target);
    at = app::readBack(scene, commands, target, {64, 64, 1}, app::kCanvasBytes);
  });
  REQUIRE(app::drawnCells(scene, at).all());
}

// Images by format, whole and in part, and attachments within a pass.
void clears(Scene& scene) {
  scene.open();
  const app::Canvas canvas = app::createCanvas(scene);
  VkImageCreateInfo info = app::imageInfo(VK_FORMAT_R32_SINT, {16, 16, 1}, kTransfer);
  info.mipLevels = 3;
  info.arrayLayers = 2;
  const VkImage numbers = app::makeImage(scene, info);
  const VkImage depth = app::makeImage(scene, app::imageInfo(VK_FORMAT_D32_SFLOAT, {16, 16, 1}, kTransfer));
  const VkDeviceSize at = scene.space(0);
  scene.once([&](VkCommandBuffer commands) {
    toBeWritten(commands, numbers);
    toBeWritten(commands, depth, VK_IMAGE_ASPECT_DEPTH_BIT);
    VkClearColorValue value{};
    value.int32[0] = -5;
    const VkImageSubresourceRange all = app::whole(), part{VK_IMAGE_ASPECT_COLOR_BIT, 1, 1, 1, 1};
    vkCmdClearColorImage(commands, numbers, kTo, &value, 1, &all);
    value.int32[0] = 123456789;
    app::order(commands);
    vkCmdClearColorImage(commands, numbers, kTo, &value, 1, &part);
    const VkClearDepthStencilValue deep{0.625f, 0};
    const VkImageSubresourceRange depths = app::whole(VK_IMAGE_ASPECT_DEPTH_BIT);
    vkCmdClearDepthStencilImage(commands, depth, kTo, &deep, 1, &depths);
    written(commands, numbers);
    written(commands, depth, VK_IMAGE_ASPECT_DEPTH_BIT);
    for (uint32_t level = 0; level < 3; ++level)
      for (uint32_t layer = 0; layer < 2; ++layer)
        app::readBack(scene, commands, numbers, {16u >> level, 16u >> level, 1}, 1024 >> 2 * level,
                      {VK_IMAGE_ASPECT_COLOR_BIT, level, layer, 1});
    app::readBack(scene, commands, depth, {16, 16, 1}, 1024, {VK_IMAGE_ASPECT_DEPTH_BIT, 0, 0, 1});
  });
  REQUIRE(scene.found(at)[0] == uint32_t(-5));
  const VkDeviceSize picture = app::paint(scene, canvas, [&](VkCommandBuffer commands) {
    const VkClearAttachment attachment{VK_IMAGE_ASPECT_COLOR_BIT, 0, {{{1, 0, 0.5f, 1}}}};
    const VkClearRect parts[2] = {{{{0, 0}, {8, 8}}, 0, 1}, {{{24, 40}, {16, 8}}, 0, 1}};
    vkCmdClearAttachments(commands, 1, &attachment, 2, parts);
  });
  REQUIRE(app::drawnCells(scene, picture) == (1ull | 3ull << 43));
}

// Both aspects of an image, each from and to a buffer of its own.
void depthStencil(Scene& scene) {
  scene.open();
  constexpr VkFormat kFormat = VK_FORMAT_D32_SFLOAT_S8_UINT;
  constexpr VkImageAspectFlags kBoth = VK_IMAGE_ASPECT_DEPTH_BIT | VK_IMAGE_ASPECT_STENCIL_BIT;
  const app::Buffer source = scene.words(32 * 32, 4, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  for (uint32_t i = 0; i < 32 * 32; ++i) reinterpret_cast<float*>(source.data)[i] = float(i) / 1024;
  const VkImage image = app::makeImage(
      scene, app::imageInfo(kFormat, {32, 32, 1}, kTransfer | VK_IMAGE_USAGE_DEPTH_STENCIL_ATTACHMENT_BIT));
  const VkDeviceSize at = scene.space(0);
  scene.once([&](VkCommandBuffer commands) {
    toBeWritten(commands, image, kBoth);
    for (const VkImageAspectFlags aspect : {VK_IMAGE_ASPECT_DEPTH_BIT, VK_IMAGE_ASPECT_STENCIL_BIT}) {
      const VkBufferImageCopy region{0, 0, 0, {aspect, 0, 0, 1}, {0, 0, 0}, {32, 32, 1}};
      vkCmdCopyBufferToImage(commands, source.handle, image, kTo, 1, &region);
    }
    written(commands, image, kBoth);
    app::readBack(scene, commands, image, {32, 32, 1}, 4096, {VK_IMAGE_ASPECT_DEPTH_BIT, 0, 0, 1});
    app::readBack(scene, commands, image, {32, 32, 1}, 1024, {VK_IMAGE_ASPECT_STENCIL_BIT, 0, 0, 1});
  });
  REQUIRE(std::memcmp(source.data, scene.result.data + at, 4096) == 0);
  REQUIRE(std::memcmp(source.data, scene.result.data + at + 4096, 1024) == 0);
}

const app::Case kCases[] = {
    {"buffers", buffers<false>},    {"buffers2", buffers<true>},   {"images", images<false>},
    {"images2", images<true>},      {"blits", blits<false>},       {"blits2", blits<true>},
    {"resolves", resolves<false>},  {"resolves2", resolves<true>}, {"clears", clears},
    {"depth-stencil", depthStencil}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("transfers", kCases, argc, argv); }

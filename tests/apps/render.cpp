// Headless rendering: a triangle into an image, the image into mapped memory.
//
// render [FILE]: FILE gets the pixels as the program read them. The image's create info has a chain of two
// structs, whose addresses are printed (`chain vkCreateImage sType@address ...`): the chaincheck layer tells
// whether the driver was given the same ones.
#include "app.h"
#include "triangle.h"

namespace {

constexpr VkFormat kFormat = VK_FORMAT_R8G8B8A8_UNORM;
constexpr VkExtent2D kExtent{256, 256};

constexpr app::Vertex kTriangle[3] = {
    {{0.0f, -0.9f}, {1, 0, 0}}, {{0.9f, 0.8f}, {0, 1, 0}}, {{-0.9f, 0.8f}, {0, 0, 1}}};

app::Image createTarget(const app::Gpu& gpu) {
  const VkFormat formats[2] = {kFormat, VK_FORMAT_R8G8B8A8_SRGB};
  const VkImageFormatListCreateInfo list{VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO, nullptr, 2,
                                         formats};
  const VkImageStencilUsageCreateInfo stencil{VK_STRUCTURE_TYPE_IMAGE_STENCIL_USAGE_CREATE_INFO, &list,
                                              VK_IMAGE_USAGE_TRANSFER_SRC_BIT};
  const VkImageCreateInfo info{VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
                               &stencil,
                               VK_IMAGE_CREATE_MUTABLE_FORMAT_BIT,
                               VK_IMAGE_TYPE_2D,
                               kFormat,
                               {kExtent.width, kExtent.height, 1},
                               1,
                               1,
                               VK_SAMPLE_COUNT_1_BIT,
                               VK_IMAGE_TILING_OPTIMAL,
                               VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT,
                               VK_SHARING_MODE_EXCLUSIVE,
                               0,
                               nullptr,
                               VK_IMAGE_LAYOUT_UNDEFINED};
  std::printf("chain vkCreateImage");
  for (auto* node = reinterpret_cast<const VkBaseInStructure*>(&info); node; node = node->pNext) {
    std::printf(" %d@0x%" PRIxPTR, node->sType, reinterpret_cast<uintptr_t>(node));
  }
  std::printf("\n");
  return app::createImage(gpu, info);
}

void record(VkCommandBuffer commands, VkRenderPass render_pass, VkFramebuffer framebuffer,
            VkPipeline pipeline, const app::Buffer& vertices, const app::Image& target,
            const app::Buffer& pixels) {
  app::begin(commands);
  VkClearValue clear{};
  clear.color = {{0.25f, 0.25f, 0.25f, 1}};
  const VkRenderPassBeginInfo pass{VK_STRUCTURE_TYPE_RENDER_PASS_BEGIN_INFO,
                                   nullptr,
                                   render_pass,
                                   framebuffer,
                                   {{0, 0}, kExtent},
                                   1,
                                   &clear};
  vkCmdBeginRenderPass(commands, &pass, VK_SUBPASS_CONTENTS_INLINE);
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline);
  const VkDeviceSize offset = 0;
  vkCmdBindVertexBuffers(commands, 0, 1, &vertices.handle, &offset);
  vkCmdDraw(commands, 3, 1, 0, 0);
  vkCmdEndRenderPass(commands);
  const VkBufferImageCopy region{
      0, 0, 0, {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1}, {0, 0, 0}, {kExtent.width, kExtent.height, 1}};
  vkCmdCopyImageToBuffer(commands, target.handle, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, pixels.handle, 1,
                         &region);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
}

}  // namespace

int main(int argc, char** argv) {
  app::Gpu gpu = app::createGpu("render");
  app::Image target = createTarget(gpu);
  app::Buffer pixels = app::createBuffer(gpu, VkDeviceSize{kExtent.width} * kExtent.height * 4,
                                         VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  app::Buffer vertices = app::createBuffer(gpu, sizeof(kTriangle), VK_BUFFER_USAGE_VERTEX_BUFFER_BIT);
  std::memcpy(vertices.data, kTriangle, sizeof(kTriangle));
  const VkRenderPass render_pass = app::createRenderPass(gpu, kFormat);
  const VkPipelineLayoutCreateInfo layout_info{VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO};
  VkPipelineLayout layout = VK_NULL_HANDLE;
  CHECK(vkCreatePipelineLayout(gpu.device, &layout_info, nullptr, &layout));
  const VkPipeline pipeline = app::createPipeline(gpu, render_pass, layout, kExtent);
  const VkFramebufferCreateInfo framebuffer_info{VK_STRUCTURE_TYPE_FRAMEBUFFER_CREATE_INFO,
                                                 nullptr,
                                                 0,
                                                 render_pass,
                                                 1,
                                                 &target.view,
                                                 kExtent.width,
                                                 kExtent.height,
                                                 1};
  VkFramebuffer framebuffer = VK_NULL_HANDLE;
  CHECK(vkCreateFramebuffer(gpu.device, &framebuffer_info, nullptr, &framebuffer));
  const VkCommandBuffer commands = app::allocateCommands(gpu, gpu.pool);
  const VkFence fence = app::createFence(gpu);
  record(commands, render_pass, framebuffer, pipeline, vertices, target, pixels);
  app::submit(gpu, commands, fence);
  app::waitAndReset(gpu, fence);
  const auto* texels = reinterpret_cast<const uint32_t*>(pixels.data);
  REQUIRE(texels[0] == 0xff404040 && texels[128 * 256 + 128] != 0xff404040);
  app::report("output", pixels, argc > 1 ? argv[1] : nullptr);
  vkDestroyFence(gpu.device, fence, nullptr);
  vkDestroyFramebuffer(gpu.device, framebuffer, nullptr);
  vkDestroyPipeline(gpu.device, pipeline, nullptr);
  vkDestroyPipelineLayout(gpu.device, layout, nullptr);
  vkDestroyRenderPass(gpu.device, render_pass, nullptr);
  app::destroyBuffer(gpu, vertices);
  app::destroyBuffer(gpu, pixels);
  app::destroyImage(gpu, target);
  app::destroyGpu(gpu);
  std::printf("ok render\n");
}

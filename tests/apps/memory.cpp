// Memory that is had, bound or seen in other ways than one allocation a buffer.
//
// memory CASE [FILE]
#include <unistd.h>

#include "drawing.h"

namespace {

using app::Scene;

constexpr VkBufferUsageFlags kTransfer = VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT;

VkBuffer createBuffer(Scene& scene, VkDeviceSize size, const void* next = nullptr,
                      VkBufferCreateFlags flags = 0) {
  return scene.make(vkCreateBuffer, vkDestroyBuffer,
                    {VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, next, flags, size, kTransfer});
}
VkMemoryRequirements needsOf(Scene& scene, VkBuffer buffer) {
  VkMemoryRequirements needs{};
  vkGetBufferMemoryRequirements(scene.gpu.device, buffer, &needs);
  return needs;
}

void copyToResult(Scene& scene, VkBuffer from, VkDeviceSize bytes) {
  scene.once([&](VkCommandBuffer commands) {
    const VkBufferCopy region{0, scene.space(bytes), bytes};
    vkCmdCopyBuffer(commands, from, scene.result.handle, 1, &region);
  });
}

// The program's own pages become memory: it writes to them before and after, and reads what the GPU wrote.
void hostImport(Scene& scene) {
  scene.open({VK_KHR_EXTERNAL_MEMORY_EXTENSION_NAME, VK_EXT_EXTERNAL_MEMORY_HOST_EXTENSION_NAME});
  constexpr VkDeviceSize kBytes = 16384;
  constexpr auto kType = VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT;
  auto* pages = static_cast<uint32_t*>(std::aligned_alloc(65536, 65536));
  for (uint32_t i = 0; i < kBytes / 4; ++i) pages[i] = i * 7;
  VkMemoryHostPointerPropertiesEXT properties{VK_STRUCTURE_TYPE_MEMORY_HOST_POINTER_PROPERTIES_EXT};
  CHECK(COMMAND(scene.gpu, vkGetMemoryHostPointerPropertiesEXT)(scene.gpu.device, kType, pages, &properties));
  const VkExternalMemoryBufferCreateInfo external{VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_BUFFER_CREATE_INFO,
                                                  nullptr, kType};
  const VkBuffer buffer = createBuffer(scene, kBytes, &external);
  const VkImportMemoryHostPointerInfoEXT import{VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT,
                                                nullptr, kType, pages};
  const VkMemoryAllocateInfo allocation{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &import, 65536,
                                        app::lowestBit(properties.memoryTypeBits)};
  VkDeviceMemory memory = VK_NULL_HANDLE;
  CHECK(vkAllocateMemory(scene.gpu.device, &allocation, nullptr, &memory));
  CHECK(vkBindBufferMemory(scene.gpu.device, buffer, memory, 0));
  copyToResult(scene, buffer, kBytes);
  for (uint32_t round = 0; round < 2; ++round) {
    for (uint32_t i = 100; i < 200; ++i) pages[i] += i + round;
    scene.once(
        [&](VkCommandBuffer commands) { vkCmdFillBuffer(commands, buffer, 8192, 4096, 0xa0 + round); });
    REQUIRE(pages[2048] == 0xa0 + round && pages[3071] == 0xa0 + round);
    for (uint32_t i = 0; i < 50; ++i) pages[i] = pages[2048 + i] * i;
    copyToResult(scene, buffer, kBytes);
  }
  scene.atEnd([=, &scene] {
    vkFreeMemory(scene.gpu.device, memory, nullptr);
    std::free(pages);
  });
}

// Two buffers on the same bytes, a third on a part of them; mapped and not.
void aliased(Scene& scene) {
  scene.open();
  constexpr VkDeviceSize kBytes = 8192;
  for (const VkMemoryPropertyFlags kind :
       {VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT}) {
    VkBuffer buffers[3];
    for (VkBuffer& buffer : buffers) buffer = createBuffer(scene, kBytes);
    VkMemoryRequirements needs = needsOf(scene, buffers[0]);
    needs.size += 4096;
    const VkDeviceMemory memory = scene.own(app::allocate(scene.gpu, needs, kind), vkFreeMemory);
    for (uint32_t i = 0; i < 3; ++i)
      CHECK(vkBindBufferMemory(scene.gpu.device, buffers[i], memory, i == 2 ? 4096 : 0));
    void* data = nullptr;
    if (kind & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT)
      CHECK(vkMapMemory(scene.gpu.device, memory, 0, VK_WHOLE_SIZE, 0, &data));
    const VkDeviceSize at = scene.space(kBytes);
    for (uint32_t round = 0; round < 2; ++round) {
      scene.once([&](VkCommandBuffer commands) {
        vkCmdFillBuffer(commands, buffers[0], 0, kBytes, 1 + round);
        app::order(commands);
        vkCmdFillBuffer(commands, buffers[2], 0, 2048, 3 + round);
        app::order(commands);
        const VkBufferCopy region{0, at, kBytes};
        vkCmdCopyBuffer(commands, buffers[1], scene.result.handle, 1, &region);
      });
      REQUIRE(scene.found(at)[0] == 1 + round && scene.found(at)[1024] == 3 + round);
      if (!data) continue;
      std::memset(static_cast<std::byte*>(data) + 4096, 0x5a, 64);
      copyToResult(scene, buffers[2], 128);
    }
  }
}

// Buffers and images side by side in one allocation, bound in one call; some of them of a kind that needs its
// own.
void shared(Scene& scene) {
  scene.open();
  VkDeviceSize end = 0;
  uint32_t types = ~0u;
  VkBindBufferMemoryInfo buffers[3];
  VkBindImageMemoryInfo images[2];
  const auto place = [&](const VkMemoryRequirements& needs) {
    const VkDeviceSize begin = (end + needs.alignment - 1) / needs.alignment * needs.alignment;
    end = begin + needs.size;
    types &= needs.memoryTypeBits;
    return begin;
  };
  for (auto& info : buffers) {
    const VkBuffer buffer = createBuffer(scene, 1000);
    info = {VK_STRUCTURE_TYPE_BIND_BUFFER_MEMORY_INFO, nullptr, buffer, VK_NULL_HANDLE,
            place(needsOf(scene, buffer))};
  }
  for (auto& info : images) {
    const VkImage image =
        scene.make(vkCreateImage, vkDestroyImage,
                   app::imageInfo(app::kCanvasFormat, {16, 16, 1},
                                  VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT));
    VkMemoryRequirements needs{};
    vkGetImageMemoryRequirements(scene.gpu.device, image, &needs);
    info = {VK_STRUCTURE_TYPE_BIND_IMAGE_MEMORY_INFO, nullptr, image, VK_NULL_HANDLE, place(needs)};
  }
  const VkDeviceMemory memory =
      scene.own(app::allocate(scene.gpu, {end, 1, types}, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT), vkFreeMemory);
  for (auto& info : buffers) info.memory = memory;
  for (auto& info : images) info.memory = memory;
  CHECK(vkBindBufferMemory2(scene.gpu.device, 3, buffers));
  CHECK(vkBindImageMemory2(scene.gpu.device, 2, images));
  scene.once([&](VkCommandBuffer commands) {
    for (uint32_t i = 0; i < 3; ++i) vkCmdFillBuffer(commands, buffers[i].buffer, 0, 1000, 0x100 + i);
    for (uint32_t i = 0; i < 2; ++i) {
      app::changeLayout(commands, images[i].image, VK_IMAGE_LAYOUT_UNDEFINED,
                        VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
      const VkClearColorValue color{{0.5f, float(i), 0, 1}};
      const VkImageSubresourceRange all = app::whole();
      vkCmdClearColorImage(commands, images[i].image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &color, 1, &all);
      app::changeLayout(commands, images[i].image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                        VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
      app::readBack(scene, commands, images[i].image, {16, 16, 1}, 1024);
    }
  });
  for (const auto& info : buffers) copyToResult(scene, info.buffer, 1000);
}

// Texels that the program writes into an image itself, row by row as the driver says they lie.
void linear(Scene& scene) {
  scene.open();
  constexpr VkExtent3D kExtent{37, 20, 1};
  VkImageCreateInfo info = app::imageInfo(app::kCanvasFormat, kExtent, VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
  info.tiling = VK_IMAGE_TILING_LINEAR;
  info.initialLayout = VK_IMAGE_LAYOUT_PREINITIALIZED;
  const VkImage image = scene.make(vkCreateImage, vkDestroyImage, info);
  VkMemoryRequirements needs{};
  vkGetImageMemoryRequirements(scene.gpu.device, image, &needs);
  const VkDeviceMemory memory =
      scene.own(app::allocate(scene.gpu, needs,
                              VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT),
                vkFreeMemory);
  CHECK(vkBindImageMemory(scene.gpu.device, image, memory, 0));
  void* data = nullptr;
  CHECK(vkMapMemory(scene.gpu.device, memory, 0, VK_WHOLE_SIZE, 0, &data));
  const VkImageSubresource all{VK_IMAGE_ASPECT_COLOR_BIT, 0, 0};
  VkSubresourceLayout layout{};
  vkGetImageSubresourceLayout(scene.gpu.device, image, &all, &layout);
  std::printf("row pitch %d\n", int(layout.rowPitch));
  for (uint32_t round = 0; round < 2; ++round) {
    for (uint32_t y = round * 5; y < kExtent.height; ++y) {
      auto* row = static_cast<std::byte*>(data) + layout.offset + y * layout.rowPitch;
      for (uint32_t x = 0; x < kExtent.width; ++x) {
        const uint32_t texel = (x + y * 64 + round * 4096) * 2654435761u;
        std::memcpy(row + x * 4, &texel, 4);
      }
    }
    scene.once([&](VkCommandBuffer commands) {
      app::changeLayout(commands, image, round ? VK_IMAGE_LAYOUT_GENERAL : VK_IMAGE_LAYOUT_PREINITIALIZED,
                        VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
      app::readBack(scene, commands, image, kExtent, kExtent.width * kExtent.height * 4);
      app::changeLayout(commands, image, VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, VK_IMAGE_LAYOUT_GENERAL);
    });
  }
  REQUIRE(scene.found(0)[37] == 64 * 2654435761u);
}

VkImage createLinear(Scene& scene, VkFormat format, VkExtent3D extent, VkSubresourceLayout& layout) {
  VkImageCreateInfo info = app::imageInfo(format, extent, VK_IMAGE_USAGE_TRANSFER_SRC_BIT);
  info.tiling = VK_IMAGE_TILING_LINEAR;
  info.initialLayout = VK_IMAGE_LAYOUT_PREINITIALIZED;
  const VkImage image = scene.make(vkCreateImage, vkDestroyImage, info);
  const VkImageSubresource all{VK_IMAGE_ASPECT_COLOR_BIT, 0, 0};
  vkGetImageSubresourceLayout(scene.gpu.device, image, &all, &layout);
  return image;
}

// Two images between two buffers in one allocation; one of them is written before it is bound. Then a few
// texels in the middle of a row, and both buffers, anew.
void linearShared(Scene& scene) {
  scene.open();
  constexpr VkDeviceSize kApart = 65536;  // more than any of them takes on any driver
  constexpr VkExtent3D kExtents[2] = {{37, 20, 1}, {21, 9, 1}};
  constexpr VkFormat kFormats[2] = {app::kCanvasFormat, VK_FORMAT_R8_UNORM};
  constexpr uint32_t kTexelBytes[2] = {4, 1};
  VkImage images[2];
  VkSubresourceLayout layouts[2];
  uint32_t types = ~0u;
  for (uint32_t i = 0; i < 2; ++i) {
    images[i] = createLinear(scene, kFormats[i], kExtents[i], layouts[i]);
    VkMemoryRequirements needs{};
    vkGetImageMemoryRequirements(scene.gpu.device, images[i], &needs);
    REQUIRE(needs.size <= kApart);
    types &= needs.memoryTypeBits;
  }
  VkBuffer buffers[2];
  for (VkBuffer& buffer : buffers) {
    buffer = createBuffer(scene, 4096);
    types &= needsOf(scene, buffer).memoryTypeBits;
  }
  const VkDeviceMemory memory =
      scene.own(app::allocate(scene.gpu, {4 * kApart, 1, types},
                              VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT),
                vkFreeMemory);
  const auto write = [&](VkDeviceSize at, uint32_t bytes, uint32_t seed) {
    void* data = nullptr;
    CHECK(vkMapMemory(scene.gpu.device, memory, 0, VK_WHOLE_SIZE, 0, &data));
    for (uint32_t i = 0; i < bytes; ++i)
      static_cast<unsigned char*>(data)[at + i] = static_cast<unsigned char>(i * 7 + seed * 31 + 1);
    vkUnmapMemory(scene.gpu.device, memory);
  };
  const auto writeRows = [&](uint32_t i) {
    for (uint32_t y = 0; y < kExtents[i].height; ++y)
      write((1 + i) * kApart + layouts[i].offset + y * layouts[i].rowPitch,
            kExtents[i].width * kTexelBytes[i], y + i);
  };
  const auto readAll = [&](bool first) {
    scene.once([&](VkCommandBuffer commands) {
      for (uint32_t i = 0; i < 2; ++i) {
        app::changeLayout(commands, images[i],
                          first ? VK_IMAGE_LAYOUT_PREINITIALIZED : VK_IMAGE_LAYOUT_GENERAL,
                          VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
        app::readBack(scene, commands, images[i], kExtents[i],
                      kExtents[i].width * kExtents[i].height * kTexelBytes[i]);
        app::changeLayout(commands, images[i], VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL, VK_IMAGE_LAYOUT_GENERAL);
      }
    });
    for (const VkBuffer buffer : buffers) copyToResult(scene, buffer, 4096);
  };
  writeRows(0);
  CHECK(vkBindImageMemory(scene.gpu.device, images[0], memory, kApart));
  CHECK(vkBindImageMemory(scene.gpu.device, images[1], memory, 2 * kApart));
  writeRows(1);
  for (uint32_t i = 0; i < 2; ++i) {
    CHECK(vkBindBufferMemory(scene.gpu.device, buffers[i], memory, i * 3 * kApart));
    write(i * 3 * kApart, 4096, 40 + i);
  }
  readAll(true);
  write(kApart + layouts[0].offset + 7 * layouts[0].rowPitch + 5 * 4, 9 * 4, 90);
  write(100, 200, 91);
  write(3 * kApart + 100, 200, 92);
  readAll(false);
}

// Pages of a buffer in two allocations, bound, moved and taken away.
void sparseBuffer(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.core.features.sparseBinding);
  NEED(features.core.features.sparseResidencyBuffer);
  scene.open(features);
  const VkBuffer buffer = createBuffer(
      scene, 8 * 65536, nullptr, VK_BUFFER_CREATE_SPARSE_BINDING_BIT | VK_BUFFER_CREATE_SPARSE_RESIDENCY_BIT);
  VkMemoryRequirements needs = needsOf(scene, buffer);
  const VkDeviceSize page = needs.alignment;
  needs.size = 2 * page;
  VkDeviceMemory memory[2];
  for (VkDeviceMemory& one : memory)
    one = scene.own(app::allocate(scene.gpu, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT), vkFreeMemory);
  for (uint32_t round = 0; round < 2; ++round) {
    const VkSparseMemoryBind binds[3] = {{0, page, memory[round], 0, 0},
                                         {2 * page, page, memory[1 - round], page, 0},
                                         {page, page, round ? memory[0] : VK_NULL_HANDLE, page, 0}};
    const VkSparseBufferMemoryBindInfo bind{buffer, 3, binds};
    const VkBindSparseInfo info{VK_STRUCTURE_TYPE_BIND_SPARSE_INFO, nullptr, 0, nullptr, 1, &bind};
    const VkFence fence = app::createFence(scene.gpu);
    CHECK(vkQueueBindSparse(scene.gpu.queue, 1, &info, fence));
    app::waitAndReset(scene.gpu, fence);
    vkDestroyFence(scene.gpu.device, fence, nullptr);
    scene.once([&](VkCommandBuffer commands) {
      for (const VkSparseMemoryBind& one : binds)
        if (one.memory) vkCmdFillBuffer(commands, buffer, one.resourceOffset, 256, 0x5000 + round);
      app::order(commands);
      for (const VkSparseMemoryBind& one : binds) {
        const VkBufferCopy region{one.resourceOffset, scene.space(256), 256};
        if (one.memory) vkCmdCopyBuffer(commands, buffer, scene.result.handle, 1, &region);
      }
    });
  }
}

// All of an image in opaque pieces.
void sparseImage(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.core.features.sparseBinding);
  scene.open(features);
  VkImageCreateInfo info = app::imageInfo(app::kCanvasFormat, {64, 64, 1},
                                          VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT);
  info.flags = VK_IMAGE_CREATE_SPARSE_BINDING_BIT;
  const VkImage image = scene.make(vkCreateImage, vkDestroyImage, info);
  VkMemoryRequirements needs{};
  vkGetImageMemoryRequirements(scene.gpu.device, image, &needs);
  const VkDeviceMemory memory =
      scene.own(app::allocate(scene.gpu, needs, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT), vkFreeMemory);
  const VkSparseMemoryBind piece{0, needs.size, memory, 0, 0};
  const VkSparseImageOpaqueMemoryBindInfo opaque{image, 1, &piece};
  const VkBindSparseInfo bind{
      VK_STRUCTURE_TYPE_BIND_SPARSE_INFO, nullptr, 0, nullptr, 0, nullptr, 1, &opaque};
  CHECK(vkQueueBindSparse(scene.gpu.queue, 1, &bind, VK_NULL_HANDLE));
  CHECK(vkQueueWaitIdle(scene.gpu.queue));
  scene.once([&](VkCommandBuffer commands) {
    app::changeLayout(commands, image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
    const VkClearColorValue color{{0.5f, 0.25f, 0, 1}};
    const VkImageSubresourceRange all = app::whole();
    vkCmdClearColorImage(commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &color, 1, &all);
    app::changeLayout(commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                      VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
    app::readBack(scene, commands, image, {64, 64, 1}, app::kCanvasBytes);
  });
}

// Images of odd sizes and buffers behind one another in one allocation, each as big as this driver wants it.
// All are filled before any is read.
void packed(Scene& scene) {
  scene.open();
  struct Kind {
    VkFormat format;
    VkExtent3D extent;
    uint32_t levels;
    VkDeviceSize bytes;  // of the first level
  };
  constexpr Kind kKinds[] = {{VK_FORMAT_R8_UNORM, {37, 23, 1}, 1, 37 * 23},
                             {VK_FORMAT_R8G8B8A8_UNORM, {65, 33, 1}, 7, 65 * 33 * 4},
                             {VK_FORMAT_R16G16B16A16_SFLOAT, {5, 5, 1}, 3, 200},
                             {VK_FORMAT_R8G8_UNORM, {100, 1, 1}, 1, 200}};
  constexpr uint32_t kRounds = 3;
  constexpr VkDeviceSize kBytes = 1000;  // of a buffer
  std::vector<VkImage> images;
  std::vector<VkBuffer> buffers;
  std::vector<VkDeviceSize> image_at, buffer_at;
  VkMemoryRequirements all{0, 1, ~0u};
  const auto put = [&](const VkMemoryRequirements& needs, std::vector<VkDeviceSize>& at) {
    at.push_back((all.size + needs.alignment - 1) / needs.alignment * needs.alignment);
    all = {at.back() + needs.size, std::max(all.alignment, needs.alignment),
           all.memoryTypeBits & needs.memoryTypeBits};
  };
  for (uint32_t round = 0; round < kRounds; ++round) {
    for (const Kind& kind : kKinds) {
      VkImageCreateInfo info = app::imageInfo(
          kind.format, kind.extent, VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT);
      info.mipLevels = kind.levels;
      images.push_back(scene.make(vkCreateImage, vkDestroyImage, info));
      VkMemoryRequirements needs{};
      vkGetImageMemoryRequirements(scene.gpu.device, images.back(), &needs);
      put(needs, image_at);
    }
    for (size_t i = 0; i < std::size(kKinds); ++i) {
      buffers.push_back(createBuffer(scene, kBytes));
      put(needsOf(scene, buffers.back()), buffer_at);
    }
  }
  const VkDeviceMemory memory =
      scene.own(app::allocate(scene.gpu, all, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT), vkFreeMemory);
  for (size_t i = 0; i < images.size(); ++i) {
    CHECK(vkBindImageMemory(scene.gpu.device, images[i], memory, image_at[i]));
    CHECK(vkBindBufferMemory(scene.gpu.device, buffers[i], memory, buffer_at[i]));
  }
  scene.once([&](VkCommandBuffer commands) {
    const VkImageSubresourceRange range = app::whole();
    for (size_t i = 0; i < images.size(); ++i) {
      const float shade = float(i + 1) / 16;
      const VkClearColorValue color{{shade, 1 - shade, shade, 1}};
      app::changeLayout(commands, images[i], VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
      vkCmdClearColorImage(commands, images[i], VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &color, 1, &range);
      app::changeLayout(commands, images[i], VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                        VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
      vkCmdFillBuffer(commands, buffers[i], 0, kBytes, 0x01010101 * static_cast<uint32_t>(i + 1));
    }
    app::order(commands);
    for (size_t i = 0; i < images.size(); ++i) {
      const Kind& kind = kKinds[i % std::size(kKinds)];
      app::readBack(scene, commands, images[i], kind.extent, kind.bytes);
      const VkBufferCopy region{0, scene.space(kBytes), kBytes};
      vkCmdCopyBuffer(commands, buffers[i], scene.result.handle, 1, &region);
      REQUIRE(region.dstOffset < app::kResultBytes);
    }
  });
}

// Parts of one mapped allocation that serve an image, later a buffer, later an image again. On another device
// the image may have to lie elsewhere, and the buffer must not follow it.
void reused(Scene& scene) {
  scene.open();
  constexpr VkDeviceSize kBytes = 256;
  const VkImageCreateInfo info = app::imageInfo(
      app::kCanvasFormat, {32, 32, 1}, VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT);
  VkDeviceMemory memory = VK_NULL_HANDLE;
  std::byte* data = nullptr;
  for (uint32_t round = 0; round < 3; ++round) {
    VkImage image = VK_NULL_HANDLE;
    CHECK(vkCreateImage(scene.gpu.device, &info, nullptr, &image));
    VkBuffer buffer = VK_NULL_HANDLE;
    const VkBufferCreateInfo buffer_info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, nullptr, 0, kBytes,
                                         VK_BUFFER_USAGE_TRANSFER_SRC_BIT};
    CHECK(vkCreateBuffer(scene.gpu.device, &buffer_info, nullptr, &buffer));
    if (!memory) {
      VkMemoryRequirements needs{};
      vkGetImageMemoryRequirements(scene.gpu.device, image, &needs);
      needs.memoryTypeBits &= needsOf(scene, buffer).memoryTypeBits;
      constexpr VkMemoryPropertyFlags kSeen =
          VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
      VkPhysicalDeviceMemoryProperties types{};
      vkGetPhysicalDeviceMemoryProperties(scene.gpu.physical, &types);
      bool image_can_be_seen = false;
      for (uint32_t i = 0; i < types.memoryTypeCount; ++i)
        image_can_be_seen |=
            (needs.memoryTypeBits >> i & 1) && (types.memoryTypes[i].propertyFlags & kSeen) == kSeen;
      NEED(image_can_be_seen);
      needs.size += 65536;  // room behind it
      memory = scene.own(app::allocate(scene.gpu, needs, kSeen), vkFreeMemory);
      void* mapped = nullptr;
      CHECK(vkMapMemory(scene.gpu.device, memory, 0, VK_WHOLE_SIZE, 0, &mapped));
      data = static_cast<std::byte*>(mapped);
    }
    CHECK(vkBindImageMemory(scene.gpu.device, image, memory, 0));
    scene.once([&](VkCommandBuffer commands) {
      app::changeLayout(commands, image, VK_IMAGE_LAYOUT_UNDEFINED, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL);
      const VkClearColorValue color{{float(round & 1), 1, float(round >> 1), 1}};
      const VkImageSubresourceRange all = app::whole();
      vkCmdClearColorImage(commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL, &color, 1, &all);
      app::changeLayout(commands, image, VK_IMAGE_LAYOUT_TRANSFER_DST_OPTIMAL,
                        VK_IMAGE_LAYOUT_TRANSFER_SRC_OPTIMAL);
      app::readBack(scene, commands, image, {32, 32, 1}, 32 * 32 * 4);
    });
    vkDestroyImage(scene.gpu.device, image, nullptr);
    CHECK(vkBindBufferMemory(scene.gpu.device, buffer, memory, 0));
    std::memset(data, int(0x30 + round), kBytes);
    copyToResult(scene, buffer, kBytes);
    vkDestroyBuffer(scene.gpu.device, buffer, nullptr);
  }
}

const app::Case kCases[] = {{"host-import", hostImport},
                            {"packed", packed},
                            {"reused", reused},
                            {"aliased", aliased},
                            {"shared", shared},
                            {"linear", linear},
                            {"linear-shared", linearShared},
                            {"sparse-buffer", sparseBuffer},
                            {"sparse-image", sparseImage}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("memory", kCases, argc, argv); }

// Ways of giving a shader its resources.
//
// descriptors CASE [FILE]
#include "kernel.h"

#include "arrays.comp.h"
#include "block.comp.h"
#include "empty.comp.h"

namespace {

using app::Kernel;
using app::Scene;

constexpr VkDescriptorType kStorage = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
constexpr VkBufferUsageFlags kStorageUsage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT;

app::Buffer source(Scene& scene, uint32_t seed) {
  return scene.words(app::kKernelWords, seed, kStorageUsage);
}

// The descriptors of kernel.comp as a template reads them from the program's memory.
struct TemplateData {
  uint64_t before;  // what a template skips
  VkDescriptorBufferInfo buffers[2];
};
VkDescriptorUpdateTemplate createTemplate(Scene& scene, const Kernel& kernel,
                                          VkDescriptorUpdateTemplateType type) {
  VkDescriptorUpdateTemplateEntry entries[2];
  for (uint32_t i = 0; i < 2; ++i)
    entries[i] = {i, 0, 1, kStorage, offsetof(TemplateData, buffers) + i * sizeof(VkDescriptorBufferInfo), 0};
  return scene.make(vkCreateDescriptorUpdateTemplate, vkDestroyDescriptorUpdateTemplate,
                    {VK_STRUCTURE_TYPE_DESCRIPTOR_UPDATE_TEMPLATE_CREATE_INFO, nullptr, 0, 2, entries, type,
                     kernel.set_layout, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.layout, 0});
}
TemplateData dataOf(Scene& scene, const app::Buffer& from) {
  return {~0ull, {{from.handle, 0, VK_WHOLE_SIZE}, {scene.result.handle, 0, VK_WHOLE_SIZE}}};
}

Kernel createPushed(Scene& scene) {
  scene.open({VK_KHR_PUSH_DESCRIPTOR_EXTENSION_NAME});
  Kernel kernel;
  app::createLayouts(scene, kernel, app::twoBuffers(), sizeof(app::KernelPush),
                     VK_DESCRIPTOR_SET_LAYOUT_CREATE_PUSH_DESCRIPTOR_BIT_KHR);
  kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kKernelComp);
  return kernel;
}

// Two rounds in one recording, each with a source of its own.
template <class Push>
void pushTwice(Scene& scene, const Kernel& kernel, const Push& push) {
  const app::Buffer sources[2] = {source(scene, 1), source(scene, 2)};
  VkDeviceSize at[2];
  scene.once([&](VkCommandBuffer commands) {
    for (uint32_t i = 0; i < 2; ++i) {
      push(commands, sources[i]);
      at[i] = app::dispatch(scene, kernel, commands, i);
    }
  });
  for (uint32_t i = 0; i < 2; ++i) app::requireKernel(scene, at[i], sources[i], i);
}

void push(Scene& scene) {
  const Kernel kernel = createPushed(scene);
  const auto push = COMMAND(scene.gpu, vkCmdPushDescriptorSetKHR);
  pushTwice(scene, kernel, [&](VkCommandBuffer commands, const app::Buffer& from) {
    const TemplateData data = dataOf(scene, from);
    VkWriteDescriptorSet write = app::writeOf(VK_NULL_HANDLE, 0, kStorage, data.buffers);
    write.descriptorCount = 2;  // goes on with the next binding
    push(commands, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.layout, 0, 1, &write);
  });
}

void pushTemplate(Scene& scene) {
  const Kernel kernel = createPushed(scene);
  const auto push = COMMAND(scene.gpu, vkCmdPushDescriptorSetWithTemplateKHR);
  const auto update = createTemplate(scene, kernel, VK_DESCRIPTOR_UPDATE_TEMPLATE_TYPE_PUSH_DESCRIPTORS_KHR);
  pushTwice(scene, kernel, [&](VkCommandBuffer commands, const app::Buffer& from) {
    const TemplateData data = dataOf(scene, from);
    push(commands, update, kernel.layout, 0, &data);
  });
}

void updateTemplate(Scene& scene) {
  scene.open();
  const app::Buffer from = source(scene, 3);
  Kernel kernel;
  app::createLayouts(scene, kernel, app::twoBuffers(), sizeof(app::KernelPush));
  kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kKernelComp);
  kernel.set = app::allocateSet(scene, app::createPool(scene, app::twoBuffers()), kernel.set_layout);
  const auto update = createTemplate(scene, kernel, VK_DESCRIPTOR_UPDATE_TEMPLATE_TYPE_DESCRIPTOR_SET);
  const TemplateData data = dataOf(scene, from);
  vkUpdateDescriptorSetWithTemplate(scene.gpu.device, kernel.set, update, &data);
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) { at = app::dispatch(scene, kernel, commands, 1); });
  app::requireKernel(scene, at, from, 1);
}

// Of eight descriptors, seven allocated, four bound; two of them written after they were bound to commands.
void indexing(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v12.descriptorBindingVariableDescriptorCount);
  NEED(features.v12.descriptorBindingStorageBufferUpdateAfterBind);
  NEED(features.v12.descriptorBindingPartiallyBound);
  NEED(features.v12.shaderStorageBufferArrayNonUniformIndexing);
  scene.open(features);
  app::Bindings bindings = app::twoBuffers();
  bindings[1].descriptorCount = 8;
  const VkDescriptorBindingFlags flags[2] = {0, VK_DESCRIPTOR_BINDING_UPDATE_AFTER_BIND_BIT |
                                                    VK_DESCRIPTOR_BINDING_PARTIALLY_BOUND_BIT |
                                                    VK_DESCRIPTOR_BINDING_VARIABLE_DESCRIPTOR_COUNT_BIT};
  const VkDescriptorSetLayoutBindingFlagsCreateInfo binding_flags{
      VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_BINDING_FLAGS_CREATE_INFO, nullptr, 2, flags};
  Kernel kernel;
  app::createLayouts(scene, kernel, bindings, sizeof(app::KernelPush),
                     VK_DESCRIPTOR_SET_LAYOUT_CREATE_UPDATE_AFTER_BIND_POOL_BIT, &binding_flags);
  kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kArraysComp);
  const uint32_t count = 7;
  const VkDescriptorSetVariableDescriptorCountAllocateInfo counts{
      VK_STRUCTURE_TYPE_DESCRIPTOR_SET_VARIABLE_DESCRIPTOR_COUNT_ALLOCATE_INFO, nullptr, 1, &count};
  kernel.pool = app::createPool(scene, bindings, 1, VK_DESCRIPTOR_POOL_CREATE_UPDATE_AFTER_BIND_BIT);
  kernel.set = app::allocateSet(scene, kernel.pool, kernel.set_layout, &counts);
  const app::Buffer sources[4] = {source(scene, 1), source(scene, 2), source(scene, 3), source(scene, 4)};
  const auto bind = [&](uint32_t element) {
    const VkDescriptorBufferInfo info{sources[element / 2].handle, 0, VK_WHOLE_SIZE};
    VkWriteDescriptorSet write = app::writeOf(kernel.set, 1, kStorage, &info);
    write.dstArrayElement = element;
    vkUpdateDescriptorSets(scene.gpu.device, 1, &write, 0, nullptr);
  };
  app::writeBuffer(scene, kernel.set, 0, scene.result.handle);
  bind(0);
  bind(2);
  const VkCommandBuffer commands = scene.commands();
  app::begin(commands);
  const VkDeviceSize at = app::dispatch(scene, kernel, commands, 8);
  app::makeVisibleToHost(commands);
  CHECK(vkEndCommandBuffer(commands));
  bind(4);
  bind(6);
  const VkFence fence = app::createFence(scene.gpu);
  app::submit(scene.gpu, commands, fence);
  app::waitAndReset(scene.gpu, fence);
  vkDestroyFence(scene.gpu.device, fence, nullptr);
  for (uint32_t i = 0; i < app::kKernelWords; ++i)
    REQUIRE(scene.found(at)[i] == reinterpret_cast<uint32_t*>(sources[i % 4].data)[i] + i);
}

void requireBlock(Scene& scene, VkDeviceSize at, const uint32_t* block, uint32_t round) {
  for (uint32_t i = 0; i < app::kKernelWords; ++i)
    REQUIRE(scene.found(at)[i] == block[i / 16 * 4 + i % 4] * (i + 1) + round);
}

// The block's first half is written as a descriptor is, its second half copied from another set.
void inlineBlock(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v13.inlineUniformBlock);
  scene.open(features);
  app::Bindings bindings =
      app::bindingsOf({VK_DESCRIPTOR_TYPE_INLINE_UNIFORM_BLOCK, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER});
  bindings[0].descriptorCount = 64;  // bytes
  Kernel kernel;
  app::createLayouts(scene, kernel, bindings, sizeof(app::KernelPush));
  kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kBlockComp);
  const VkDescriptorPoolInlineUniformBlockCreateInfo blocks{
      VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_INLINE_UNIFORM_BLOCK_CREATE_INFO, nullptr, 2};
  kernel.pool = app::createPool(scene, bindings, 2, 0, &blocks);
  const VkDescriptorSet origin = app::allocateSet(scene, kernel.pool, kernel.set_layout);
  kernel.set = app::allocateSet(scene, kernel.pool, kernel.set_layout);
  uint32_t values[16];
  for (uint32_t i = 0; i < 16; ++i) values[i] = 1000 * i + 17;
  const auto write = [&](VkDescriptorSet set, uint32_t offset) {
    const VkWriteDescriptorSetInlineUniformBlock data{
        VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET_INLINE_UNIFORM_BLOCK, nullptr, 32, values + offset / 4};
    const VkWriteDescriptorSet one{VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET,  &data,  set, 0, offset, 32,
                                   VK_DESCRIPTOR_TYPE_INLINE_UNIFORM_BLOCK, nullptr};
    vkUpdateDescriptorSets(scene.gpu.device, 1, &one, 0, nullptr);
  };
  write(kernel.set, 0);
  write(origin, 32);
  const VkCopyDescriptorSet copy{
      VK_STRUCTURE_TYPE_COPY_DESCRIPTOR_SET, nullptr, origin, 0, 32, kernel.set, 0, 32, 32};
  vkUpdateDescriptorSets(scene.gpu.device, 0, nullptr, 1, &copy);
  app::writeBuffer(scene, kernel.set, 1, scene.result.handle);
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) { at = app::dispatch(scene, kernel, commands, 6); });
  requireBlock(scene, at, values, 6);
}

// A template with bytes of a block, and buffers that lie apart from each other in the program's memory.
void templateInline(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v13.inlineUniformBlock);
  scene.open(features);
  app::Bindings bindings =
      app::bindingsOf({VK_DESCRIPTOR_TYPE_INLINE_UNIFORM_BLOCK, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER});
  bindings[0].descriptorCount = 64;
  bindings.push_back({5, kStorage, 3, VK_SHADER_STAGE_COMPUTE_BIT});
  Kernel kernel;
  app::createLayouts(scene, kernel, bindings, sizeof(app::KernelPush));
  kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kBlockComp);
  const VkDescriptorPoolInlineUniformBlockCreateInfo blocks{
      VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_INLINE_UNIFORM_BLOCK_CREATE_INFO, nullptr, 1};
  kernel.set = app::allocateSet(scene, app::createPool(scene, bindings, 1, 0, &blocks), kernel.set_layout);
  struct Spread {
    VkDescriptorBufferInfo buffer;
    uint64_t own;
  };
  struct Data {
    Spread apart[3];
    uint32_t values[16];
    VkDescriptorBufferInfo result;
  } data{};
  for (uint32_t i = 0; i < 3; ++i) data.apart[i] = {{scene.result.handle, 256 * i, 256}, ~0ull};
  for (uint32_t i = 0; i < 16; ++i) data.values[i] = 77 * i + 5;
  data.result = {scene.result.handle, 0, VK_WHOLE_SIZE};
  const VkDescriptorUpdateTemplateEntry entries[3] = {
      {5, 0, 3, kStorage, offsetof(Data, apart), sizeof(Spread)},
      {0, 0, 64, VK_DESCRIPTOR_TYPE_INLINE_UNIFORM_BLOCK, offsetof(Data, values), 0},
      {1, 0, 1, kStorage, offsetof(Data, result), 0}};
  const auto update =
      scene.make(vkCreateDescriptorUpdateTemplate, vkDestroyDescriptorUpdateTemplate,
                 {VK_STRUCTURE_TYPE_DESCRIPTOR_UPDATE_TEMPLATE_CREATE_INFO, nullptr, 0, 3, entries,
                  VK_DESCRIPTOR_UPDATE_TEMPLATE_TYPE_DESCRIPTOR_SET, kernel.set_layout});
  vkUpdateDescriptorSetWithTemplate(scene.gpu.device, kernel.set, update, &data);
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) { at = app::dispatch(scene, kernel, commands, 6); });
  requireBlock(scene, at, data.values, 6);
}

// The same block in a uniform buffer at changing offsets.
void dynamicOffsets(Scene& scene) {
  scene.open();
  Kernel kernel;
  const app::Bindings bindings =
      app::bindingsOf({VK_DESCRIPTOR_TYPE_UNIFORM_BUFFER_DYNAMIC, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER_DYNAMIC});
  app::createLayouts(scene, kernel, bindings, sizeof(app::KernelPush));
  kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kBlockComp);
  kernel.set = app::allocateSet(scene, app::createPool(scene, bindings), kernel.set_layout);
  const app::Buffer blocks = scene.words(256, 9, VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT);
  app::writeBuffer(scene, kernel.set, 0, blocks.handle, bindings[0].descriptorType, 64);
  app::writeBuffer(scene, kernel.set, 1, scene.result.handle, bindings[1].descriptorType, 4096);
  const VkDeviceSize at = scene.space(2 * 4096);
  scene.once([&](VkCommandBuffer commands) {
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.pipeline);
    for (uint32_t i = 0; i < 2; ++i) {
      const uint32_t offsets[2] = {512 * i, static_cast<uint32_t>(at) + 4096 * i};
      const app::KernelPush push{64, i};
      vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, kernel.layout, 0, 1, &kernel.set, 2,
                              offsets);
      vkCmdPushConstants(commands, kernel.layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, sizeof push, &push);
      vkCmdDispatch(commands, 1, 1, 1);
    }
  });
  for (uint32_t i = 0; i < 2; ++i)
    requireBlock(scene, at + 4096 * i + 256, reinterpret_cast<uint32_t*>(blocks.data) + 128 * i, i);
}

void null(Scene& scene) {
  VkPhysicalDeviceRobustness2FeaturesEXT robustness{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ROBUSTNESS_2_FEATURES_EXT};
  const app::Features features(scene.gpu, &robustness);
  NEED(robustness.nullDescriptor);
  scene.open(features, {VK_EXT_ROBUSTNESS_2_EXTENSION_NAME});
  Kernel kernel;
  const app::Bindings bindings =
      app::bindingsOf({kStorage, kStorage, VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER,
                       VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER});
  app::createLayouts(scene, kernel, bindings, sizeof(app::KernelPush));
  kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kEmptyComp);
  kernel.set = app::allocateSet(scene, app::createPool(scene, bindings), kernel.set_layout);
  const VkSampler sampler =
      scene.make(vkCreateSampler, vkDestroySampler, {VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO});
  const VkDescriptorImageInfo no_image{sampler, VK_NULL_HANDLE, VK_IMAGE_LAYOUT_UNDEFINED};
  const VkBufferView no_texels = VK_NULL_HANDLE;
  VkWriteDescriptorSet writes[2] = {
      app::writeOf(kernel.set, 2, bindings[2].descriptorType, nullptr, &no_image),
      app::writeOf(kernel.set, 3, bindings[3].descriptorType, nullptr)};
  writes[1].pTexelBufferView = &no_texels;
  app::writeBuffer(scene, kernel.set, 0, VK_NULL_HANDLE);
  app::writeBuffer(scene, kernel.set, 1, scene.result.handle);
  vkUpdateDescriptorSets(scene.gpu.device, 2, writes, 0, nullptr);
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) { at = app::dispatch(scene, kernel, commands, 40); });
  for (uint32_t i = 0; i < app::kKernelWords; ++i) REQUIRE(scene.found(at)[i] == i + 40);
}

// Sets that are freed, and those of a pool that is reset, come again under values that were used before.
void poolReset(Scene& scene) {
  scene.open();
  Kernel kernel;
  app::createLayouts(scene, kernel, app::twoBuffers(), sizeof(app::KernelPush));
  kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kKernelComp);
  kernel.pool =
      app::createPool(scene, app::twoBuffers(), 3, VK_DESCRIPTOR_POOL_CREATE_FREE_DESCRIPTOR_SET_BIT);
  const app::Buffer sources[3] = {source(scene, 1), source(scene, 2), source(scene, 3)};
  for (uint32_t round = 0; round < 4; ++round) {
    VkDescriptorSet sets[3];
    for (uint32_t i = 0; i < 3; ++i) {
      sets[i] = app::allocateSet(scene, kernel.pool, kernel.set_layout);
      app::writeBuffer(scene, sets[i], 0, sources[(i + round) % 3].handle);
      app::writeBuffer(scene, sets[i], 1, scene.result.handle);
    }
    VkDeviceSize at[3];
    scene.once([&](VkCommandBuffer commands) {
      for (uint32_t i = 0; i < 3; ++i) {
        kernel.set = sets[i];
        at[i] = app::dispatch(scene, kernel, commands, round);
      }
    });
    for (uint32_t i = 0; i < 3; ++i) app::requireKernel(scene, at[i], sources[(i + round) % 3], round);
    if (round % 2)
      CHECK(vkFreeDescriptorSets(scene.gpu.device, kernel.pool, 3, sets));
    else
      CHECK(vkResetDescriptorPool(scene.gpu.device, kernel.pool, 0));
  }
}

const app::Case kCases[] = {{"push", push},
                            {"push-template", pushTemplate},
                            {"template", updateTemplate},
                            {"indexing", indexing},
                            {"inline", inlineBlock},
                            {"template-inline", templateInline},
                            {"offsets", dynamicOffsets},
                            {"null", null},
                            {"pool-reset", poolReset}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("descriptors", kCases, argc, argv); }

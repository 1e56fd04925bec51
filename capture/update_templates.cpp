#include "capture/update_templates.h"

#include <cstdlib>
#include <memory>
#include <new>

#include "capture/handle_table.h"
#include "format/custom.h"
#include "format/record.h"

namespace reprise::capture {
namespace {

constinit HandleTable<UpdateTemplate> update_templates;

template <class H>
uint64_t bits(H handle) {
  return uint64_t(handle);
}

bool isInlineBlock(VkDescriptorType type) { return type == VK_DESCRIPTOR_TYPE_INLINE_UNIFORM_BLOCK; }
bool isAccelerationStructure(VkDescriptorType type) {
  return type == VK_DESCRIPTOR_TYPE_ACCELERATION_STRUCTURE_KHR ||
         type == VK_DESCRIPTOR_TYPE_ACCELERATION_STRUCTURE_NV;
}

// Bytes of one element in the program's data.
size_t elementSize(VkDescriptorType type) {
  if (hasImageInfo(type)) return sizeof(VkDescriptorImageInfo);
  if (hasBufferInfo(type)) return sizeof(VkDescriptorBufferInfo);
  if (hasTexelBuffer(type)) return sizeof(VkBufferView);
  if (isInlineBlock(type)) return 1;
  if (isAccelerationStructure(type)) return sizeof(VkAccelerationStructureKHR);
  return 0;  // a type that this build does not know
}

union WriteNode {
  VkWriteDescriptorSetInlineUniformBlock block;
  VkWriteDescriptorSetAccelerationStructureKHR structures;
  VkWriteDescriptorSetAccelerationStructureNV structures_nv;
};

size_t spaceOf(const VkDescriptorUpdateTemplateEntry& entry) {
  return sizeof(VkWriteDescriptorSet) + sizeof(WriteNode) +
         padded(entry.descriptorCount * elementSize(entry.descriptorType));
}

}  // namespace

void rememberUpdateTemplate(const CreateDescriptorUpdateTemplateCall& call) {
  const VkDescriptorUpdateTemplateCreateInfo& info = *call.pCreateInfo;
  try {
    auto remembered = std::make_unique<UpdateTemplate>();
    const auto* entries = info.pDescriptorUpdateEntries;
    remembered->entries.assign(entries, entries + info.descriptorUpdateEntryCount);
    remembered->bind_point = info.pipelineBindPoint;
    if (update_templates.insert(bits(*call.pDescriptorUpdateTemplate), bits(call.device), remembered.get()))
      remembered.release();
  } catch (const std::bad_alloc&) {
    // Updates with it leave a hole in the trace.
  }
}

void forgetUpdateTemplate(VkDevice device, VkDescriptorUpdateTemplate handle) {
  if (handle != VK_NULL_HANDLE) delete update_templates.erase(bits(handle), bits(device));
}

void forgetUpdateTemplates(VkDevice device) {
  update_templates.eraseAll(bits(device), [](UpdateTemplate* t) { delete t; });
}

const UpdateTemplate* findUpdateTemplate(VkDevice device, VkDescriptorUpdateTemplate handle) {
  return update_templates.find(bits(handle), bits(device));
}

TemplateWrites::TemplateWrites(const UpdateTemplate& update_template, VkDescriptorSet set, const void* data) {
  size_t space = 0;
  for (const auto& entry : update_template.entries) space += spaceOf(entry);
  memory_ = space <= sizeof small_ ? small_ : static_cast<std::byte*>(std::malloc(space));
  if (memory_ == nullptr) return;
  std::byte* free_space = memory_ + update_template.entries.size() * sizeof(VkWriteDescriptorSet);
  for (const auto& entry : update_template.entries) {
    auto* write = new (memory_ + count_++ * sizeof(VkWriteDescriptorSet)) VkWriteDescriptorSet{};
    write->sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
    write->dstSet = set;
    fill(*write, entry, static_cast<const std::byte*>(data), free_space);
  }
}

TemplateWrites::~TemplateWrites() {
  if (memory_ != small_) std::free(memory_);
}

void TemplateWrites::fill(VkWriteDescriptorSet& write, const VkDescriptorUpdateTemplateEntry& entry,
                          const std::byte* data, std::byte*& free_space) {
  const VkDescriptorType type = entry.descriptorType;
  const uint32_t count = entry.descriptorCount;
  write.dstBinding = entry.dstBinding;
  write.dstArrayElement = entry.dstArrayElement;
  write.descriptorCount = count;
  write.descriptorType = type;

  auto* node = new (free_space) WriteNode{};
  std::byte* elements = free_space + sizeof(WriteNode);
  const size_t size = elementSize(type);
  const size_t stride = isInlineBlock(type) ? size : entry.stride;
  if (stride == size) {
    if (count) std::memcpy(elements, data + entry.offset, count * size);
  } else {
    for (uint32_t i = 0; i < count; ++i)
      std::memcpy(elements + i * size, data + entry.offset + i * stride, size);
  }
  free_space = elements + padded(count * size);

  if (hasImageInfo(type)) {
    write.pImageInfo = reinterpret_cast<VkDescriptorImageInfo*>(elements);
  } else if (hasBufferInfo(type)) {
    write.pBufferInfo = reinterpret_cast<VkDescriptorBufferInfo*>(elements);
  } else if (hasTexelBuffer(type)) {
    write.pTexelBufferView = reinterpret_cast<VkBufferView*>(elements);
  } else if (isInlineBlock(type)) {
    node->block = {VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET_INLINE_UNIFORM_BLOCK, nullptr, count, elements};
    write.pNext = node;
  } else if (type == VK_DESCRIPTOR_TYPE_ACCELERATION_STRUCTURE_KHR) {
    node->structures = {VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET_ACCELERATION_STRUCTURE_KHR, nullptr, count,
                        reinterpret_cast<VkAccelerationStructureKHR*>(elements)};
    write.pNext = node;
  } else if (type == VK_DESCRIPTOR_TYPE_ACCELERATION_STRUCTURE_NV) {
    node->structures_nv = {VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET_ACCELERATION_STRUCTURE_NV, nullptr, count,
                           reinterpret_cast<VkAccelerationStructureNV*>(elements)};
    write.pNext = node;
  }
}

}  // namespace reprise::capture

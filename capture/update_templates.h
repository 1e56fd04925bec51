// Descriptor update templates, recorded decoded: as the descriptor writes that they stand for.
//
// The layer remembers each live template's entries. Finding one is lock-free, any thread. The entries of a
// template are read from the program's data one by one, since what lies between them may be unmapped. Rests
// on: Vulkan specification, "Descriptor Update Templates".
#pragma once

#include <cstddef>
#include <vector>

#include "format/vk.h"

namespace reprise::capture {

#if defined(VK_VERSION_1_4)
using PushCall = CmdPushDescriptorSetCall;
using PushWithTemplateCall = CmdPushDescriptorSetWithTemplateCall;
using Push2Call = CmdPushDescriptorSet2Call;
using PushWithTemplate2Call = CmdPushDescriptorSetWithTemplate2Call;
#else
using PushCall = CmdPushDescriptorSetKHRCall;
using PushWithTemplateCall = CmdPushDescriptorSetWithTemplateKHRCall;
#if defined(VK_KHR_maintenance6)
using Push2Call = CmdPushDescriptorSet2KHRCall;
using PushWithTemplate2Call = CmdPushDescriptorSetWithTemplate2KHRCall;
#endif
#endif

struct UpdateTemplate {
  std::vector<VkDescriptorUpdateTemplateEntry> entries;
  VkPipelineBindPoint bind_point;  // of a push template
};

void rememberUpdateTemplate(const CreateDescriptorUpdateTemplateCall& call);
void forgetUpdateTemplate(VkDevice device, VkDescriptorUpdateTemplate handle);
void forgetUpdateTemplates(VkDevice device);
// Null if it was not created through this layer, or there was no memory to remember it.
const UpdateTemplate* findUpdateTemplate(VkDevice device, VkDescriptorUpdateTemplate handle);

// The writes of one update. Lives as long as the call is recorded; the data is copied.
class TemplateWrites {
 public:
  TemplateWrites(const UpdateTemplate& update_template, VkDescriptorSet set, const void* data);
  ~TemplateWrites();
  TemplateWrites(const TemplateWrites&) = delete;
  TemplateWrites& operator=(const TemplateWrites&) = delete;

  bool complete() const { return memory_ != nullptr; }  // false if there was no memory
  const VkWriteDescriptorSet* data() const { return reinterpret_cast<const VkWriteDescriptorSet*>(memory_); }
  uint32_t count() const { return count_; }

 private:
  void fill(VkWriteDescriptorSet& write, const VkDescriptorUpdateTemplateEntry& entry, const std::byte* data,
            std::byte*& free_space);

  alignas(8) std::byte small_[2048];
  std::byte* memory_ = nullptr;
  uint32_t count_ = 0;
};

}  // namespace reprise::capture

// VK_LAYER_REPRISE_TEST_floor: passes storm's calls on and copies their arguments. What no layer can
// undercut.
//
// With $REPRISE_FLOOR_PRESENTS it keeps the number of presents in that file, eight bytes, for programs that
// do not say how fast they are and end by a signal.
//
// The copies go round and round in a buffer of the thread's own that stays in its cache; nobody reads them.
// The next layer's functions are found by comparing the handle's dispatch pointer with the last one. It
// follows one device at a time, which is what storm has.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>

#include "chain.h"

namespace {

constexpr size_t kRing = 256 * 1024;
constexpr size_t kLargest = 4096;  // of one call's copy

#define FOR_EACH_FUNCTION(X)                                                                                 \
  X(QueuePresentKHR)                                                                                         \
  X(BeginCommandBuffer) X(CmdBeginRenderPass) X(CmdBindDescriptorSets) X(CmdBindIndexBuffer)                 \
      X(CmdBindPipeline) X(CmdBindVertexBuffers) X(CmdDrawIndexed) X(CmdEndRenderPass) X(CmdPipelineBarrier) \
          X(CmdPushConstants) X(CmdSetScissor) X(CmdSetViewport) X(CreateImage) X(DestroyImage)              \
              X(EndCommandBuffer) X(QueueSubmit) X(ResetFences) X(UpdateDescriptorSets)                      \
                  X(UpdateDescriptorSetWithTemplate) X(WaitForFences) X(WaitSemaphores)

struct Next {
  void* key = nullptr;
#define DECLARE(name) PFN_vk##name name = nullptr;
  FOR_EACH_FUNCTION(DECLARE)
#undef DECLARE
};

Next next;

[[gnu::noinline]] void find(const chain::Device& device, void* key) {
#define LOAD(name) next.name = NEXT(device, vk##name);
  FOR_EACH_FUNCTION(LOAD)
#undef LOAD
  next.key = key;
}

template <class Handle>
inline const Next& nextOf(Handle handle) {
  void* key = chain::key(handle);
  if (next.key != key) [[unlikely]]
    find(chain::deviceOf(handle), key);
  return next;
}

// One call's copy.
class Copy {
 public:
  template <class... Values>
  explicit Copy(uint32_t command, const Values&... values) {
    if (ring.bytes == nullptr) [[unlikely]]
      ring.bytes = new char[kRing];
    if (ring.used > kRing - kLargest) [[unlikely]]
      ring.used = 0;
    cursor_ = ring.bytes + ring.used;
    put(uint64_t(command));
    (put(values), ...);
  }
  ~Copy() { ring.used = size_t(cursor_ - ring.bytes); }
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;

  template <class T>
  void put(const T& value) {
    std::memcpy(cursor_, &value, sizeof value);
    cursor_ += sizeof value;
  }
  template <class T>
  void array(const T* values, size_t count) {
    std::memcpy(cursor_, values, count * sizeof(T));
    cursor_ += count * sizeof(T);
  }
  void bytes(const void* data, size_t size) { array(static_cast<const char*>(data), size); }

 private:
  struct Ring {  // lives as long as the process
    char* bytes;
    size_t used;
  };
  static inline thread_local Ring ring __attribute__((tls_model("initial-exec")));
  char* cursor_;
};

VKAPI_ATTR VkResult VKAPI_CALL BeginCommandBuffer(VkCommandBuffer commands,
                                                  const VkCommandBufferBeginInfo* info) {
  Copy(1, commands, *info);
  return nextOf(commands).BeginCommandBuffer(commands, info);
}
VKAPI_ATTR VkResult VKAPI_CALL EndCommandBuffer(VkCommandBuffer commands) {
  Copy(2, commands);
  return nextOf(commands).EndCommandBuffer(commands);
}
VKAPI_ATTR void VKAPI_CALL CmdBeginRenderPass(VkCommandBuffer commands, const VkRenderPassBeginInfo* info,
                                              VkSubpassContents contents) {
  {
    Copy copy(3, commands, contents, *info);
    copy.array(info->pClearValues, info->clearValueCount);
  }
  nextOf(commands).CmdBeginRenderPass(commands, info, contents);
}
VKAPI_ATTR void VKAPI_CALL CmdEndRenderPass(VkCommandBuffer commands) {
  Copy(4, commands);
  nextOf(commands).CmdEndRenderPass(commands);
}
VKAPI_ATTR void VKAPI_CALL CmdBindPipeline(VkCommandBuffer commands, VkPipelineBindPoint point,
                                           VkPipeline pipeline) {
  Copy(5, commands, point, pipeline);
  nextOf(commands).CmdBindPipeline(commands, point, pipeline);
}
VKAPI_ATTR void VKAPI_CALL CmdSetViewport(VkCommandBuffer commands, uint32_t first, uint32_t count,
                                          const VkViewport* viewports) {
  Copy(6, commands, first, count).array(viewports, count);
  nextOf(commands).CmdSetViewport(commands, first, count, viewports);
}
VKAPI_ATTR void VKAPI_CALL CmdSetScissor(VkCommandBuffer commands, uint32_t first, uint32_t count,
                                         const VkRect2D* scissors) {
  Copy(7, commands, first, count).array(scissors, count);
  nextOf(commands).CmdSetScissor(commands, first, count, scissors);
}
VKAPI_ATTR void VKAPI_CALL CmdPushConstants(VkCommandBuffer commands, VkPipelineLayout layout,
                                            VkShaderStageFlags stages, uint32_t offset, uint32_t size,
                                            const void* values) {
  Copy(8, commands, layout, stages, offset, size).bytes(values, size);
  nextOf(commands).CmdPushConstants(commands, layout, stages, offset, size, values);
}
VKAPI_ATTR void VKAPI_CALL CmdBindVertexBuffers(VkCommandBuffer commands, uint32_t first, uint32_t count,
                                                const VkBuffer* buffers, const VkDeviceSize* offsets) {
  {
    Copy copy(9, commands, first, count);
    copy.array(buffers, count);
    copy.array(offsets, count);
  }
  nextOf(commands).CmdBindVertexBuffers(commands, first, count, buffers, offsets);
}
VKAPI_ATTR void VKAPI_CALL CmdBindIndexBuffer(VkCommandBuffer commands, VkBuffer buffer, VkDeviceSize offset,
                                              VkIndexType type) {
  Copy(10, commands, buffer, offset, type);
  nextOf(commands).CmdBindIndexBuffer(commands, buffer, offset, type);
}
VKAPI_ATTR void VKAPI_CALL CmdBindDescriptorSets(VkCommandBuffer commands, VkPipelineBindPoint point,
                                                 VkPipelineLayout layout, uint32_t first, uint32_t count,
                                                 const VkDescriptorSet* sets, uint32_t offset_count,
                                                 const uint32_t* offsets) {
  {
    Copy copy(11, commands, point, layout, first, count, offset_count);
    copy.array(sets, count);
    copy.array(offsets, offset_count);
  }
  nextOf(commands).CmdBindDescriptorSets(commands, point, layout, first, count, sets, offset_count, offsets);
}
VKAPI_ATTR void VKAPI_CALL CmdDrawIndexed(VkCommandBuffer commands, uint32_t indices, uint32_t instances,
                                          uint32_t first_index, int32_t vertex_offset,
                                          uint32_t first_instance) {
  Copy(12, commands, indices, instances, first_index, vertex_offset, first_instance);
  nextOf(commands).CmdDrawIndexed(commands, indices, instances, first_index, vertex_offset, first_instance);
}
VKAPI_ATTR void VKAPI_CALL CmdPipelineBarrier(VkCommandBuffer commands, VkPipelineStageFlags from,
                                              VkPipelineStageFlags to, VkDependencyFlags flags,
                                              uint32_t memory_count, const VkMemoryBarrier* memory,
                                              uint32_t buffer_count, const VkBufferMemoryBarrier* buffers,
                                              uint32_t image_count, const VkImageMemoryBarrier* images) {
  {
    Copy copy(13, commands, from, to, flags, memory_count, buffer_count, image_count);
    copy.array(memory, memory_count);
    copy.array(buffers, buffer_count);
    copy.array(images, image_count);
  }
  nextOf(commands).CmdPipelineBarrier(commands, from, to, flags, memory_count, memory, buffer_count, buffers,
                                      image_count, images);
}
VKAPI_ATTR VkResult VKAPI_CALL CreateImage(VkDevice device, const VkImageCreateInfo* info,
                                           const VkAllocationCallbacks* allocator, VkImage* image) {
  const VkResult result = nextOf(device).CreateImage(device, info, allocator, image);
  Copy copy(14, device, *info, *image);
  for (auto* node = static_cast<const VkBaseInStructure*>(info->pNext); node; node = node->pNext) {
    if (node->sType == VK_STRUCTURE_TYPE_EXTERNAL_MEMORY_IMAGE_CREATE_INFO) {
      copy.put(*reinterpret_cast<const VkExternalMemoryImageCreateInfo*>(node));
    } else if (node->sType == VK_STRUCTURE_TYPE_IMAGE_FORMAT_LIST_CREATE_INFO) {
      const auto& list = *reinterpret_cast<const VkImageFormatListCreateInfo*>(node);
      copy.put(list);
      copy.array(list.pViewFormats, list.viewFormatCount);
    }
  }
  return result;
}
VKAPI_ATTR void VKAPI_CALL DestroyImage(VkDevice device, VkImage image,
                                        const VkAllocationCallbacks* allocator) {
  Copy(15, device, image);
  nextOf(device).DestroyImage(device, image, allocator);
}
VKAPI_ATTR VkResult VKAPI_CALL QueueSubmit(VkQueue queue, uint32_t count, const VkSubmitInfo* submits,
                                           VkFence fence) {
  Copy(16, queue, count, fence).array(submits, count);
  return nextOf(queue).QueueSubmit(queue, count, submits, fence);
}
VKAPI_ATTR VkResult VKAPI_CALL WaitForFences(VkDevice device, uint32_t count, const VkFence* fences,
                                             VkBool32 all, uint64_t timeout) {
  Copy(17, device, count, all, timeout).array(fences, count);
  return nextOf(device).WaitForFences(device, count, fences, all, timeout);
}
VKAPI_ATTR VkResult VKAPI_CALL ResetFences(VkDevice device, uint32_t count, const VkFence* fences) {
  Copy(18, device, count).array(fences, count);
  return nextOf(device).ResetFences(device, count, fences);
}
VKAPI_ATTR VkResult VKAPI_CALL WaitSemaphores(VkDevice device, const VkSemaphoreWaitInfo* info,
                                              uint64_t timeout) {
  Copy(19, device, *info, timeout).array(info->pValues, info->semaphoreCount);
  return nextOf(device).WaitSemaphores(device, info, timeout);
}
VKAPI_ATTR void VKAPI_CALL UpdateDescriptorSets(VkDevice device, uint32_t write_count,
                                                const VkWriteDescriptorSet* writes, uint32_t copy_count,
                                                const VkCopyDescriptorSet* copies) {
  {
    Copy copy(20, device, write_count, copy_count);
    for (uint32_t i = 0; i < write_count; ++i) {
      copy.put(writes[i]);
      if (writes[i].pBufferInfo) copy.array(writes[i].pBufferInfo, writes[i].descriptorCount);
    }
    copy.array(copies, copy_count);
  }
  nextOf(device).UpdateDescriptorSets(device, write_count, writes, copy_count, copies);
}
VKAPI_ATTR void VKAPI_CALL UpdateDescriptorSetWithTemplate(VkDevice device, VkDescriptorSet set,
                                                           VkDescriptorUpdateTemplate update,
                                                           const void* data) {
  Copy(21, device, set, update).bytes(data, 4 * sizeof(VkDescriptorBufferInfo));  // storm's template
  nextOf(device).UpdateDescriptorSetWithTemplate(device, set, update, data);
}

VKAPI_ATTR VkResult VKAPI_CALL QueuePresentKHR(VkQueue queue, const VkPresentInfoKHR* info) {
  static const int file = [] {
    const char* path = std::getenv("REPRISE_FLOOR_PRESENTS");
    return path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
  }();
  static std::atomic<uint64_t> presents{0};
  const uint64_t count = ++presents;
  if (file >= 0) (void)!pwrite(file, &count, sizeof count, 0);
  return nextOf(queue).QueuePresentKHR(queue, info);
}

}  // namespace

PFN_vkVoidFunction chain::hook(std::string_view name) {
#define ANSWER(function) \
  if (name == "vk" #function) return reinterpret_cast<PFN_vkVoidFunction>(function);
  FOR_EACH_FUNCTION(ANSWER)
#undef ANSWER
  return nullptr;
}

// VK_LAYER_REPRISE_TEST_mutate: a driver with a fault. Alters one draw or dispatch; without the variables,
// none.
//
// $REPRISE_MUTATE is "draw" (vkCmdDraw gets $REPRISE_MUTATE_COUNT vertices), "dispatch" (vkCmdDispatch gets
// that many groups in x) or "blend" (vkCreateGraphicsPipelines makes pipelines that write no blue).
// $REPRISE_MUTATE_CALL: the n-th of them, from 1 on; 0, or unset: every one. $REPRISE_MUTATE_FRAME: only of
// those recorded in that frame, as presents and the labels of a headless replay tell it. $REPRISE_MUTATE_ONCE
// names a file: the first process to alter something makes it, and the others alter nothing. Any thread.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <vector>

#include "chain.h"

namespace {

long variable(const char* name, long otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atol(text) : otherwise;
}

bool mutates(std::string_view what) {
  const char* text = std::getenv("REPRISE_MUTATE");
  return text && what == text;
}

std::atomic<long> frame{0};

// Whether this process is the one with the fault.
bool isFaulty() {
  static const bool faulty = [] {
    const char* once = std::getenv("REPRISE_MUTATE_ONCE");
    if (!once) return true;
    const int file = open(once, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file >= 0) close(file);
    return file >= 0;
  }();
  return faulty;
}

bool isTheCall() {
  static std::atomic<long> calls{0};
  static const long call = variable("REPRISE_MUTATE_CALL", 0), only = variable("REPRISE_MUTATE_FRAME", -1);
  const long number = ++calls;
  return (call == 0 || number == call) && (only < 0 || frame == only) && isFaulty();
}

uint32_t count() { return static_cast<uint32_t>(variable("REPRISE_MUTATE_COUNT", 0)); }

VKAPI_ATTR void VKAPI_CALL cmdDraw(VkCommandBuffer commands, uint32_t vertices, uint32_t instances,
                                   uint32_t first_vertex, uint32_t first_instance) {
  if (isTheCall()) vertices = count();
  NEXT(chain::deviceOf(commands), vkCmdDraw)(commands, vertices, instances, first_vertex, first_instance);
}

VKAPI_ATTR void VKAPI_CALL cmdDispatch(VkCommandBuffer commands, uint32_t x, uint32_t y, uint32_t z) {
  if (isTheCall()) x = count();
  NEXT(chain::deviceOf(commands), vkCmdDispatch)(commands, x, y, z);
}

VKAPI_ATTR VkResult VKAPI_CALL createPipelines(VkDevice device, VkPipelineCache cache, uint32_t number,
                                               const VkGraphicsPipelineCreateInfo* infos,
                                               const VkAllocationCallbacks* allocator,
                                               VkPipeline* pipelines) {
  std::vector<VkGraphicsPipelineCreateInfo> altered(infos, infos + number);
  std::vector<VkPipelineColorBlendStateCreateInfo> blends(number);
  std::vector<std::vector<VkPipelineColorBlendAttachmentState>> attachments(number);
  for (uint32_t i = 0; i < number; ++i) {
    if (!isTheCall() || !altered[i].pColorBlendState) continue;
    blends[i] = *altered[i].pColorBlendState;
    attachments[i].assign(blends[i].pAttachments, blends[i].pAttachments + blends[i].attachmentCount);
    for (auto& attachment : attachments[i]) attachment.colorWriteMask &= ~VK_COLOR_COMPONENT_B_BIT;
    blends[i].pAttachments = attachments[i].data();
    altered[i].pColorBlendState = &blends[i];
  }
  return NEXT(chain::deviceOf(device), vkCreateGraphicsPipelines)(device, cache, number, altered.data(),
                                                                  allocator, pipelines);
}

VKAPI_ATTR VkResult VKAPI_CALL queuePresent(VkQueue queue, const VkPresentInfoKHR* info) {
  ++frame;
  return NEXT(chain::deviceOf(queue), vkQueuePresentKHR)(queue, info);
}

VKAPI_ATTR void VKAPI_CALL insertLabel(VkQueue queue, const VkDebugUtilsLabelEXT* label) {
  if (std::string_view(label->pLabelName).starts_with("reprise present ")) ++frame;
  const auto down = NEXT(chain::deviceOf(queue), vkQueueInsertDebugUtilsLabelEXT);
  if (down) down(queue, label);
}

}  // namespace

namespace chain {

PFN_vkVoidFunction hook(std::string_view name) {
  if (name == "vkCmdDraw" && mutates("draw")) return reinterpret_cast<PFN_vkVoidFunction>(cmdDraw);
  if (name == "vkCmdDispatch" && mutates("dispatch"))
    return reinterpret_cast<PFN_vkVoidFunction>(cmdDispatch);
  if (name == "vkCreateGraphicsPipelines" && mutates("blend"))
    return reinterpret_cast<PFN_vkVoidFunction>(createPipelines);
  if (name == "vkQueuePresentKHR") return reinterpret_cast<PFN_vkVoidFunction>(queuePresent);
  if (name == "vkQueueInsertDebugUtilsLabelEXT") return reinterpret_cast<PFN_vkVoidFunction>(insertLabel);
  return nullptr;
}

}  // namespace chain

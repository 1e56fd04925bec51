// Timeline semaphores of a test program: made, submitted with, waited for and signalled.
#pragma once

#include "scene.h"

namespace app {

inline constexpr VkPipelineStageFlags kAll = VK_PIPELINE_STAGE_ALL_COMMANDS_BIT;

inline VkSemaphore createTimeline(Scene& scene) {
  const VkSemaphoreTypeCreateInfo type{VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO, nullptr,
                                       VK_SEMAPHORE_TYPE_TIMELINE, 0};
  return scene.make(vkCreateSemaphore, vkDestroySemaphore,
                    {VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, &type, 0});
}

inline void submitTimed(VkQueue queue, VkCommandBuffer commands, VkSemaphore semaphore, uint64_t wait,
                        uint64_t signal) {
  const VkTimelineSemaphoreSubmitInfo values{
      VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO, nullptr, wait ? 1u : 0u, &wait, 1, &signal};
  const VkSubmitInfo info{
      VK_STRUCTURE_TYPE_SUBMIT_INFO, &values, wait ? 1u : 0u, &semaphore, &kAll, 1, &commands, 1, &semaphore};
  CHECK(vkQueueSubmit(queue, 1, &info, VK_NULL_HANDLE));
}

inline void waitFor(Scene& scene, VkSemaphore semaphore, uint64_t value) {
  const VkSemaphoreWaitInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO, nullptr, 0, 1, &semaphore, &value};
  CHECK(vkWaitSemaphores(scene.gpu.device, &info, UINT64_MAX));
}
inline void signal(Scene& scene, VkSemaphore semaphore, uint64_t value) {
  const VkSemaphoreSignalInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_SIGNAL_INFO, nullptr, semaphore, value};
  CHECK(vkSignalSemaphore(scene.gpu.device, &info));
}

}  // namespace app

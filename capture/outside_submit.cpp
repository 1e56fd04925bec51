#include "capture/outside_submit.h"

#include <new>

#include "capture/lanes.h"
#include "capture/layer.h"
#include "capture/outside_copy.h"

namespace reprise::capture::outside {
namespace {

// A timeline semaphore may be waited for before anything will signal it; to capture then would be to hang.
constexpr uint64_t kPatienceNs = 2'000'000'000;

std::vector<VkCommandBuffer> commandsOf(const VkSubmitInfo& info) {
  return {info.pCommandBuffers, info.pCommandBuffers + info.commandBufferCount};
}

std::vector<VkCommandBuffer> commandsOf(const VkSubmitInfo2& info) {
  std::vector<VkCommandBuffer> commands;
  for (const auto& each : std::span(info.pCommandBufferInfos, info.commandBufferInfoCount))
    commands.push_back(each.commandBuffer);
  return commands;
}

struct OwnedWaits {
  std::vector<VkSemaphore> semaphores;
  std::vector<uint64_t> values;
};

template <class Node>
const Node* nodeOf(const void* chain, VkStructureType type) {
  for (auto* node = static_cast<const VkBaseInStructure*>(chain); node; node = node->pNext)
    if (node->sType == type) return reinterpret_cast<const Node*>(node);
  return nullptr;
}

OwnedWaits waitsOf(const VkSubmitInfo& info) {
  OwnedWaits waits{{info.pWaitSemaphores, info.pWaitSemaphores + info.waitSemaphoreCount}, {}};
  const auto* timeline =
      nodeOf<VkTimelineSemaphoreSubmitInfo>(info.pNext, VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO);
  if (timeline && timeline->waitSemaphoreValueCount == info.waitSemaphoreCount &&
      timeline->pWaitSemaphoreValues)
    waits.values.assign(timeline->pWaitSemaphoreValues,
                        timeline->pWaitSemaphoreValues + info.waitSemaphoreCount);
  return waits;
}

OwnedWaits waitsOf(const VkSubmitInfo2& info) {
  OwnedWaits waits;
  for (const auto& each : std::span(info.pWaitSemaphoreInfos, info.waitSemaphoreInfoCount)) {
    waits.semaphores.push_back(each.semaphore);
    waits.values.push_back(each.value);
  }
  return waits;
}

// False: a timeline semaphore does not get there.
bool timelinesAreReached(const NextLayer& next, OwnedWaits& waits) {
  std::vector<VkSemaphore> timelines;
  std::vector<uint64_t> values;
  for (size_t i = 0; i < waits.values.size(); ++i) {
    if (!isTimeline(next.device, waits.semaphores[i])) continue;
    timelines.push_back(waits.semaphores[i]);
    values.push_back(waits.values[i]);
  }
  if (timelines.empty()) {
    waits.values.clear();
    return true;
  }
  VkSemaphoreWaitInfo info{};
  info.sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO;
  info.semaphoreCount = uint32_t(timelines.size());
  info.pSemaphores = timelines.data();
  info.pValues = values.data();
  return next.dispatch.WaitSemaphores &&
         next.dispatch.WaitSemaphores(next.device, &info, kPatienceNs) == VK_SUCCESS;
}

// What counts the batch's waits in its chain, beside timeline values, which are ignored without a timeline
// wait. The chain is copied up to the last such node; behind a node of unknown size it stays as it is.
template <class Node>
void clearCount(Node& node) {
  if (node.sType == VK_STRUCTURE_TYPE_DEVICE_GROUP_SUBMIT_INFO)
    reinterpret_cast<VkDeviceGroupSubmitInfo&>(node).waitSemaphoreCount = 0;
  if (node.sType == VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO)
    reinterpret_cast<VkTimelineSemaphoreSubmitInfo&>(node).waitSemaphoreValueCount = 0;
  if (node.sType == VK_STRUCTURE_TYPE_D3D12_FENCE_SUBMIT_INFO_KHR)
    reinterpret_cast<VkD3D12FenceSubmitInfoKHR&>(node).waitSemaphoreValuesCount = 0;
}

void withoutWaits(VkSubmitInfo& info, std::vector<std::vector<std::byte>>& nodes) {
  info.waitSemaphoreCount = 0;
  const void** link = &info.pNext;
  for (auto* node = static_cast<const VkBaseInStructure*>(info.pNext); node; node = node->pNext) {
    const size_t size = structSize(node->sType);
    if (size == 0) return;
    const auto* bytes = reinterpret_cast<const std::byte*>(node);
    auto& copy = nodes.emplace_back(bytes, bytes + size);
    auto& changed = *reinterpret_cast<VkBaseOutStructure*>(copy.data());
    clearCount(changed);
    *link = &changed;
    link = const_cast<const void**>(reinterpret_cast<void**>(&changed.pNext));
  }
}

void withoutWaits(VkSubmitInfo2& info, std::vector<std::vector<std::byte>>&) {
  info.waitSemaphoreInfoCount = 0;
}

}  // namespace

template <class C, class Info>
Submit<C, Info>::Submit(const C& call, Command called) {
  if (currentLane() == nullptr) return;
  try {
    for (uint32_t i = 0; i < call.submitCount && result_ == VK_SUCCESS; ++i) take(call, called, i);
  } catch (const std::bad_alloc&) {
  }
}

template <class C, class Info>
void Submit<C, Info>::take(const C& call, Command called, uint32_t batch) {
  const NextLayer& next = *nextOf(call.queue);
  const auto acquires = acquiresOf(next.device, commandsOf(call.pSubmits[batch]));
  if (acquires.empty()) return;
  OwnedWaits waits = waitsOf(call.pSubmits[batch]);
  if (infos_.empty()) infos_.assign(call.pSubmits, call.pSubmits + call.submitCount);
  // What this batch waits for may be signalled by those before it.
  prepend(call, called, batch);
  if (result_ != VK_SUCCESS) return;
  if (!timelinesAreReached(next, waits)) {
    for (const Acquire& acquire : acquires)
      missing(acquire.object, "a timeline semaphore that guards it was not signalled within 2 seconds");
    return;
  }
  if (copyOutside(next, call.queue, familyOf(call.queue), acquires, {waits.semaphores, waits.values}))
    withoutWaits(infos_[batch], nodes_);
}

// The batches up to `end` that the driver does not have yet.
template <class C, class Info>
void Submit<C, Info>::prepend(const C& call, Command called, uint32_t end) {
  if (end == done_) return;
  C part = call;
  part.submitCount = end - done_;
  part.pSubmits = infos_.data() + done_;
  part.fence = VK_NULL_HANDLE;
  invoke(dispatchOf(call), part, called);
  result_ = part.result;
  if (result_ == VK_SUCCESS) done_ = end;
}

template <class C, class Info>
void Submit<C, Info>::call(C& call, Command called) {
  call.result = result_;
  if (result_ != VK_SUCCESS) return;
  C rest = call;
  if (!infos_.empty()) {
    rest.submitCount = call.submitCount - done_;
    rest.pSubmits = infos_.data() + done_;
  }
  invoke(dispatchOf(call), rest, called);
  call.result = rest.result;
}

template class Submit<QueueSubmitCall, VkSubmitInfo>;
template class Submit<QueueSubmit2Call, VkSubmitInfo2>;

}  // namespace reprise::capture::outside

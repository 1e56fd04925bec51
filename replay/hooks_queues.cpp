// What queues and their families decide: submits, and the barriers between families.
#include <tuple>
#include <utility>
#include <vector>

#include "replay/chains.h"
#include "replay/hooks.h"
#include "replay/issue.h"

namespace reprise {
namespace {

// A submit has been played, if it had an effect at capture.
template <class C>
void submitted(Player& player, const C& call, const C& captured) {
  if (!player.event().has_outputs || !hadNoEffect(captured.result))
    player.device()->rewrites.submitted(*player.device(), call);
}

const VkTimelineSemaphoreSubmitInfo* timelineValues(const void* next) {
  return findInChain<VkTimelineSemaphoreSubmitInfo>(next, VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO);
}

std::vector<SemaphoreValue> semaphoreValues(const VkSemaphore* semaphores, uint32_t count,
                                            const uint64_t* values, uint32_t value_count) {
  std::vector<SemaphoreValue> list;
  for (uint32_t i = 0; semaphores && i < count; ++i)
    list.push_back({valueOf(semaphores[i]), values && i < value_count ? values[i] : 0});
  return list;
}

std::vector<SemaphoreValue> semaphoreValues(const VkSemaphoreSubmitInfo* infos, uint32_t count) {
  std::vector<SemaphoreValue> list;
  for (uint32_t i = 0; infos && i < count; ++i) list.push_back({valueOf(infos[i].semaphore), infos[i].value});
  return list;
}

// What a batch of any kind waits for and signals; handles are captured.
template <class Batch>
SubmitBatch submitBatch(const Batch& batch) {
  if constexpr (requires { batch.pWaitSemaphoreInfos; }) {
    return {semaphoreValues(batch.pWaitSemaphoreInfos, batch.waitSemaphoreInfoCount),
            semaphoreValues(batch.pSignalSemaphoreInfos, batch.signalSemaphoreInfoCount)};
  } else {
    const VkTimelineSemaphoreSubmitInfo none{};
    const VkTimelineSemaphoreSubmitInfo* values = timelineValues(batch.pNext);
    if (!values) values = &none;
    return {semaphoreValues(batch.pWaitSemaphores, batch.waitSemaphoreCount, values->pWaitSemaphoreValues,
                            values->waitSemaphoreValueCount),
            semaphoreValues(batch.pSignalSemaphores, batch.signalSemaphoreCount,
                            values->pSignalSemaphoreValues, values->signalSemaphoreValueCount)};
  }
}

// Batches [first, first + count) of a call; those after them get its fence.
template <class C, class Batch>
void keepBatches(C& call, uint32_t& batch_count, const Batch*& batches, size_t first, size_t count) {
  if (first + count < batch_count) call.fence = VK_NULL_HANDLE;
  if (batches) batches += first;
  batch_count = static_cast<uint32_t>(count);
}

// Issues, where queues of the program's share one, what may be issued, and holds back the rest. `members`
// names the call's count and array of batches.
template <class C, class Members>
Status submitInTurn(Player& player, C& call, C& captured, const Members& members) {
  HeldSubmits* held = player.device() ? player.device()->held.get() : nullptr;
  if (!held || (player.event().has_outputs && hadNoEffect(captured.result)))
    return issue(player, call, captured);
  std::vector<SubmitBatch> batches;
  auto [count, list] = members(call);
  for (uint32_t i = 0; list && i < count; ++i) batches.push_back(submitBatch(list[i]));
  const uint64_t queue = valueOf(captured.queue);
  Player::Part part;
  if (player.part())
    part = *player.part();
  else if (!held->waits(queue))
    part.count = held->ready(batches);
  const std::vector<SubmitBatch> issued(
      batches.begin() + static_cast<std::ptrdiff_t>(part.first),
      batches.begin() + static_cast<std::ptrdiff_t>(part.first + part.count));
  const bool whole = part.first + part.count == batches.size() && (player.part() || !held->waits(queue));
  if (!whole && !player.part()) held->hold(player.event(), queue, std::move(batches), part.count);
  if (!whole && part.count == 0) return Status::ok();
  keepBatches(call, count, list, part.first, part.count);
  Status status = issue(player, call, captured);
  if (status) held->issued(issued);
  return status ? player.resumeHeld() : status;
}

// Ownership transfers from and to queue families that this device does not have: FOREIGN becomes EXTERNAL,
// and where there is no external memory at all, no transfer.
template <class Barrier>
void adaptFamilies(Player& player, const Barrier* barriers, uint32_t count) {
  const Device& device = *player.device();
  const bool foreign = device.extensions.contains(VK_EXT_QUEUE_FAMILY_FOREIGN_EXTENSION_NAME);
  const bool external = device.api_version >= VK_API_VERSION_1_1 ||
                        device.extensions.contains(VK_KHR_EXTERNAL_MEMORY_EXTENSION_NAME);
  for (uint32_t i = 0; barriers && i < count && device.lacks_external_family; ++i) {
    auto& barrier = const_cast<Barrier&>(barriers[i]);
    for (uint32_t* family : {&barrier.srcQueueFamilyIndex, &barrier.dstQueueFamilyIndex})
      if (*family == VK_QUEUE_FAMILY_FOREIGN_EXT && !foreign) *family = VK_QUEUE_FAMILY_EXTERNAL;
    if (!external && (barrier.srcQueueFamilyIndex == VK_QUEUE_FAMILY_EXTERNAL ||
                      barrier.dstQueueFamilyIndex == VK_QUEUE_FAMILY_EXTERNAL))
      barrier.srcQueueFamilyIndex = barrier.dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED;
  }
}

// Two families are one here: the releasing half has done the layout transition, the acquiring half is to keep
// what it did.
template <class Barrier>
void adaptTransfers(const Device& device, uint32_t captured_family, const Barrier* barriers, uint32_t count) {
  for (uint32_t i = 0; barriers && i < count; ++i) {
    auto& barrier = const_cast<Barrier&>(barriers[i]);
    if (barrier.dstQueueFamilyIndex == captured_family &&
        device.numbers.families.merged(barrier.srcQueueFamilyIndex, barrier.dstQueueFamilyIndex))
      barrier.oldLayout = barrier.newLayout;
  }
}

// Whether barriers need a look; the family of a command buffer is that of its pool.
bool adaptsBarriers(const Player& player) {
  const Device* device = player.device();
  return device && (device->lacks_external_family || device->numbers.families.anyMerged());
}

uint32_t capturedFamily(Player& player, VkCommandBuffer captured) {
  const HandleMap::Id id = player.find(HandleKind::kVkCommandBuffer, valueOf(captured));
  const auto found = player.device()->pool_families.find(player.handles().at(id).parent);
  return found == player.device()->pool_families.end() ? VK_QUEUE_FAMILY_IGNORED : found->second;
}

// Barriers of a call, or of one VkDependencyInfo of it.
template <class Barriers>
void adaptBarriers(Player& player, VkCommandBuffer captured, const Barriers& barriers) {
  adaptFamilies(player, barriers.pBufferMemoryBarriers, barriers.bufferMemoryBarrierCount);
  adaptFamilies(player, barriers.pImageMemoryBarriers, barriers.imageMemoryBarrierCount);
  if (player.device()->numbers.families.anyMerged())
    adaptTransfers(*player.device(), capturedFamily(player, captured), barriers.pImageMemoryBarriers,
                   barriers.imageMemoryBarrierCount);
}

template <class C>
Status issueBarriers(Player& player, C& call, C& captured) {
  if (adaptsBarriers(player)) adaptBarriers(player, captured.commandBuffer, call);
  return issue(player, call, captured);
}

template <class C>
Status issueDependencies(Player& player, C& call, C& captured, const VkDependencyInfo* infos,
                         uint32_t count) {
  const bool adapts = adaptsBarriers(player);
  for (uint32_t i = 0; infos && i < count && adapts; ++i)
    adaptBarriers(player, captured.commandBuffer, infos[i]);
  return issue(player, call, captured);
}

// A wait for a semaphore that may come from outside the trace.
void satisfy(Player& player, VkQueue queue, SemaphoreValue wait) {
  if (player.part()) return;  // it has been looked at when the call came along
  player.sync().satisfy(queue, wait.semaphore, wait.value);
  if (player.device()->held) player.device()->held->signalled(wait);
}

// A wait of a submit for each of its semaphores, where some come from outside the trace.
void satisfy(Player& player, VkQueue captured_queue, const VkSemaphore* semaphores, uint32_t count,
             const VkTimelineSemaphoreSubmitInfo* values) {
  const auto queue = player.live<VkQueue>(valueOf(captured_queue));
  for (uint32_t i = 0; semaphores && i < count; ++i) {
    const bool has_value = values && values->pWaitSemaphoreValues && i < values->waitSemaphoreValueCount;
    satisfy(player, queue, {valueOf(semaphores[i]), has_value ? values->pWaitSemaphoreValues[i] : 0});
  }
}

}  // namespace

Status hook(Player& player, CmdPipelineBarrierCall& call, CmdPipelineBarrierCall& captured) {
  return issueBarriers(player, call, captured);
}

Status hook(Player& player, CmdPipelineBarrier2Call& call, CmdPipelineBarrier2Call& captured) {
  return issueDependencies(player, call, captured, call.pDependencyInfo, 1);
}

Status hook(Player& player, CmdSetEvent2Call& call, CmdSetEvent2Call& captured) {
  return issueDependencies(player, call, captured, call.pDependencyInfo, 1);
}

Status hook(Player& player, CmdWaitEventsCall& call, CmdWaitEventsCall& captured) {
  return issueBarriers(player, call, captured);
}

Status hook(Player& player, CmdWaitEvents2Call& call, CmdWaitEvents2Call& captured) {
  return issueDependencies(player, call, captured, call.pDependencyInfos, call.eventCount);
}

Status hook(Player& player, CreateCommandPoolCall& call, CreateCommandPoolCall& captured) {
  const uint32_t family = call.pCreateInfo ? call.pCreateInfo->queueFamilyIndex : VK_QUEUE_FAMILY_IGNORED;
  Status status = issue(player, call, captured);
  if (status && captured.pCommandPool && player.device())
    player.device()->pool_families[player.find(HandleKind::kVkCommandPool, valueOf(*captured.pCommandPool))] =
        family;
  return status;
}

Status hook(Player& player, QueueBindSparseCall& call, QueueBindSparseCall& captured) {
  return submitInTurn(player, call, captured, [](auto& c) { return std::tie(c.bindInfoCount, c.pBindInfo); });
}

Status hook(Player& player, QueuePresentKHRCall& call, QueuePresentKHRCall& captured) {
  player.noticeLoss(captured.result, VK_SUCCESS);
  if (!call.pPresentInfo) return Status::ok();
  if (player.sync().waitsForOutside())
    satisfy(player, call.queue, call.pPresentInfo->pWaitSemaphores, call.pPresentInfo->waitSemaphoreCount,
            nullptr);
  if (HeldSubmits* held = player.device() ? player.device()->held.get() : nullptr; held && !player.part()) {
    const SubmitBatch batch{semaphoreValues(call.pPresentInfo->pWaitSemaphores,
                                            call.pPresentInfo->waitSemaphoreCount, nullptr, 0),
                            {}};
    const uint64_t queue = valueOf(call.queue);
    if (held->waits(queue) || held->ready({&batch, 1}) == 0) {
      held->hold(player.event(), queue, {batch}, 0);
      return Status::ok();
    }
  }
  Status status = mapInputs(player, call);
  if (!status) return status;
  return player.window().present(call.queue, *call.pPresentInfo);
}

Status hook(Player& player, QueueSubmitCall& call, QueueSubmitCall& captured) {
  if (player.sync().waitsForOutside()) {
    for (uint32_t i = 0; call.pSubmits && i < call.submitCount; ++i) {
      const VkSubmitInfo& batch = call.pSubmits[i];
      satisfy(player, call.queue, batch.pWaitSemaphores, batch.waitSemaphoreCount,
              timelineValues(batch.pNext));
    }
  }
  Status status =
      submitInTurn(player, call, captured, [](auto& c) { return std::tie(c.submitCount, c.pSubmits); });
  if (status) submitted(player, call, captured);
  return status;
}

Status hook(Player& player, QueueSubmit2Call& call, QueueSubmit2Call& captured) {
  if (player.sync().waitsForOutside()) {
    const auto queue = player.live<VkQueue>(valueOf(call.queue));
    for (uint32_t i = 0; call.pSubmits && i < call.submitCount; ++i) {
      const VkSubmitInfo2& batch = call.pSubmits[i];
      for (uint32_t k = 0; batch.pWaitSemaphoreInfos && k < batch.waitSemaphoreInfoCount; ++k)
        satisfy(player, queue,
                {valueOf(batch.pWaitSemaphoreInfos[k].semaphore), batch.pWaitSemaphoreInfos[k].value});
    }
  }
  Status status =
      submitInTurn(player, call, captured, [](auto& c) { return std::tie(c.submitCount, c.pSubmits); });
  if (status) submitted(player, call, captured);
  return status;
}

}  // namespace reprise

#include "replay/rewrites.h"

#include <algorithm>
#include <utility>

#include "replay/chains.h"
#include "replay/gpu_job.h"
#include "replay/memory.h"
#include "replay/session.h"

namespace reprise {

void UploadedRanges::sort() {
  std::ranges::sort(ranges_, [](const Range& a, const Range& b) {
    return a.memory != b.memory ? valueOf(a.memory) < valueOf(b.memory) : a.begin < b.begin;
  });
  size_t kept = 0;
  for (const Range& range : ranges_) {
    if (kept && ranges_[kept - 1].memory == range.memory && ranges_[kept - 1].end >= range.begin)
      ranges_[kept - 1].end = std::max(ranges_[kept - 1].end, range.end);
    else
      ranges_[kept++] = range;
  }
  ranges_.resize(kept);
  sorted_ = true;
}

bool UploadedRanges::overlap(VkDeviceMemory memory, VkDeviceSize begin, VkDeviceSize end) {
  if (!sorted_) sort();
  // The first that ends behind `begin`.
  const auto found = std::ranges::partition_point(ranges_, [&](const Range& range) {
    return range.memory != memory ? valueOf(range.memory) < valueOf(memory) : range.end <= begin;
  });
  return found != ranges_.end() && found->memory == memory && found->begin < end;
}

void Rewrites::submitted(const Device& device, const QueueSubmitCall& call) {
  Submit submit{call.queue, call.fence};
  // The last batch is over after all others.
  if (call.submitCount && call.pSubmits) {
    const VkSubmitInfo& last = call.pSubmits[call.submitCount - 1];
    const auto* values = findInChain<VkTimelineSemaphoreSubmitInfo>(
        last.pNext, VK_STRUCTURE_TYPE_TIMELINE_SEMAPHORE_SUBMIT_INFO);
    const bool given = values && values->pSignalSemaphoreValues && last.pSignalSemaphores;
    for (uint32_t i = 0; given && i < last.signalSemaphoreCount && i < values->signalSemaphoreValueCount;
         ++i) {
      if (!device.syncs.timelines.contains(valueOf(last.pSignalSemaphores[i]))) continue;
      submit.timeline = last.pSignalSemaphores[i];
      submit.value = values->pSignalSemaphoreValues[i];
    }
  }
  if (call.result == VK_SUCCESS) add(device, std::move(submit));
}

void Rewrites::submitted(const Device& device, const QueueSubmit2Call& call) {
  Submit submit{call.queue, call.fence};
  if (call.submitCount && call.pSubmits) {
    const VkSubmitInfo2& last = call.pSubmits[call.submitCount - 1];
    for (uint32_t i = 0; last.pSignalSemaphoreInfos && i < last.signalSemaphoreInfoCount; ++i) {
      const VkSemaphoreSubmitInfo& signal = last.pSignalSemaphoreInfos[i];
      if (!device.syncs.timelines.contains(valueOf(signal.semaphore))) continue;
      submit.timeline = signal.semaphore;
      submit.value = signal.value;
    }
  }
  if (call.result == VK_SUCCESS) add(device, std::move(submit));
}

void Rewrites::add(const Device& device, Submit submit) {
  if (off_ || (uploads_.size() == 0 && submits_.empty())) return;
  submit.counted = uploads_.size();
  ranges_ += submit.counted;
  submit.uploads = std::exchange(uploads_, std::exchange(spare_, {}));
  submits_.push_back(std::move(submit));
  while (submits_.size() > kMostSubmits || ranges_ > kMostRanges) drop();
  if (submits_.size() < ask_at_) return;
  ask(device);
  ask_at_ = submits_.size() + kAskStep;
}

void Rewrites::over(VkFence fence) {
  for (size_t i = 0; fence && i < submits_.size(); ++i)
    if (submits_[i].fence == fence && !submits_[i].over) setOver(i);
  dropOver();
}

void Rewrites::over(VkSemaphore semaphore) {
  for (size_t i = 0; semaphore && i < submits_.size(); ++i)
    if (submits_[i].timeline == semaphore && !submits_[i].over) setOver(i);
  dropOver();
}

void Rewrites::allOver(const Device& device) {
  while (!submits_.empty()) drop();
  for (const VkFence fence : fences_) device.dispatch.DestroyFence(device.live, fence, nullptr);
  fences_.clear();
}

void Rewrites::setOver(size_t index) {
  const VkQueue queue = submits_[index].queue;
  for (size_t i = 0; i <= index; ++i)
    if (submits_[i].queue == queue) submits_[i].over = true;
}

void Rewrites::dropOver() {
  while (!submits_.empty() && submits_.front().over) drop();
}

void Rewrites::drop() {
  ranges_ -= submits_.front().counted;
  spare_ = std::move(submits_.front().uploads);
  spare_.clear();
  submits_.pop_front();
}

// The driver's answer for each that can be asked for; the newest first, because it settles the older ones.
void Rewrites::ask(const Device& device) {
  const Dispatch& d = device.dispatch;
  for (size_t i = submits_.size(); i-- > 0;) {
    const Submit& submit = submits_[i];
    if (submit.over) continue;
    uint64_t value = 0;
    const bool signalled = (submit.fence && d.GetFenceStatus(device.live, submit.fence) == VK_SUCCESS) ||
                           (submit.timeline && d.GetSemaphoreCounterValue &&
                            d.GetSemaphoreCounterValue(device.live, submit.timeline, &value) == VK_SUCCESS &&
                            value >= submit.value);
    if (signalled) setOver(i);
  }
  dropOver();
}

bool Rewrites::inDoubt(VkDeviceMemory memory, VkDeviceSize begin, VkDeviceSize end) {
  return std::ranges::any_of(
      submits_, [&](Submit& submit) { return !submit.over && submit.uploads.overlap(memory, begin, end); });
}

Rewrites::Outcome Rewrites::wait(Device& device) {
  std::vector<VkQueue> queues;
  for (const Submit& submit : submits_)
    if (!submit.over && std::ranges::find(queues, submit.queue) == queues.end())
      queues.push_back(submit.queue);
  const Dispatch& d = device.dispatch;
  const VkFenceCreateInfo info{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO, nullptr, 0};
  for (const VkQueue queue : queues) {
    VkFence fence = VK_NULL_HANDLE;
    VkResult result = d.CreateFence(device.live, &info, nullptr, &fence);
    if (result == VK_SUCCESS) result = submitEmpty(device, queue, {}, {}, fence);
    if (result == VK_SUCCESS) result = d.WaitForFences(device.live, 1, &fence, VK_TRUE, kLimitNs);
    if (result == VK_TIMEOUT) {
      fences_.push_back(fence);
    } else if (fence) {
      d.DestroyFence(device.live, fence, nullptr);
    }
    if (result != VK_SUCCESS) {  // whatever else it may be, the program's own calls will tell
      off_ = true;
      submits_.clear();
      return Outcome::kGaveUp;
    }
  }
  while (!submits_.empty()) drop();
  return Outcome::kWaited;
}

Rewrites::Outcome Rewrites::settle(Device& device, VkDeviceMemory memory, VkDeviceSize begin,
                                   VkDeviceSize end) {
  if (!inDoubt(memory, begin, end)) return Outcome::kFree;
  ask(device);
  return inDoubt(memory, begin, end) ? wait(device) : Outcome::kFree;
}

void Memory::beforeUpload(Device& device, LiveMemory& live, VkDeviceSize begin, VkDeviceSize end) {
  switch (device.rewrites.before(device, live.memory, begin, end)) {
    case Rewrites::Outcome::kFree:
      return;
    case Rewrites::Outcome::kWaited:
      return player_.note(
          "the program writes to mapped memory again without having waited for the GPU: the replay waits for "
          "it");
    case Rewrites::Outcome::kGaveUp:
      return player_.note(
          "the GPU's work did not end before the program wrote again to mapped memory that it may read: the "
          "replay goes "
          "on without waiting");
  }
}

}  // namespace reprise

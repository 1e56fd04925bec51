// Mapped memory that the program writes again while the GPU may still be reading what was there.
//
// A program may know without any call that the GPU is done: it polls memory that the GPU writes. Its trace
// then has the next write, but nothing for which the replay waits. So bytes that are uploaded again, while
// the first submit since their last upload is not known to be over, wait for all that was submitted. Who
// waits by fence, timeline semaphore or idling, ring buffers included, has done so by then and is not slowed.
// Work that does not end within kLimitNs waits for something that the program does later: then the rule is
// off, for this device. One Rewrites a device, one thread. Handles are live ones; sizes and offsets in bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "format/vk.h"

namespace reprise {

struct Device;

// Byte ranges of memories that were uploaded. Adding one is cheap, above all in the order of addresses; where
// they are in another, the first question sorts them.
class UploadedRanges {
 public:
  // Ranges less than this apart, added one after the other, become one: a program that changes a word in
  // every vertex makes thousands.
  static constexpr VkDeviceSize kGap = 64;

  void add(VkDeviceMemory memory, VkDeviceSize begin, VkDeviceSize end) {
    if (!ranges_.empty()) {
      Range& last = ranges_.back();
      if (last.memory != memory) {
        sorted_ = sorted_ && (uint64_t)last.memory < (uint64_t)memory;
      } else if (begin < last.end) {
        sorted_ = false;
      } else if (begin - last.end < kGap) {
        last.end = end;
        return;
      }
    }
    ranges_.push_back({memory, begin, end});
  }
  bool overlap(VkDeviceMemory memory, VkDeviceSize begin, VkDeviceSize end);
  void clear() { ranges_.clear(), sorted_ = true; }
  size_t size() const { return ranges_.size(); }

 private:
  struct Range {
    VkDeviceMemory memory = VK_NULL_HANDLE;
    VkDeviceSize begin = 0, end = 0;
  };
  void sort();

  std::vector<Range> ranges_;
  bool sorted_ = true;  // and apart from each other
};

class Rewrites {
 public:
  enum class Outcome { kFree, kWaited, kGaveUp };

  void submitted(const Device& device, const QueueSubmitCall& call);
  void submitted(const Device& device, const QueueSubmit2Call& call);
  // A fence was reset or destroyed, a semaphore destroyed: what signals it is over.
  void over(VkFence fence);
  void over(VkSemaphore semaphore);
  void allOver(const Device& device);  // its queues are idle

  // Bytes [begin, end) of a memory are about to be uploaded; waits where it must.
  Outcome before(Device& device, VkDeviceMemory memory, VkDeviceSize begin, VkDeviceSize end) {
    if (off_ || begin >= end) return Outcome::kFree;
    const Outcome outcome = submits_.empty() ? Outcome::kFree : settle(device, memory, begin, end);
    if (uploads_.size() >= kMostRanges) uploads_.clear();
    uploads_.add(memory, begin, end);
    return outcome;
  }

  static constexpr uint64_t kLimitNs = 3'000'000'000;

 private:
  struct Submit {
    VkQueue queue = VK_NULL_HANDLE;
    // What it signals that can be asked for.
    VkFence fence = VK_NULL_HANDLE;
    VkSemaphore timeline = VK_NULL_HANDLE;
    uint64_t value = 0;
    bool over = false;       // known to be
    UploadedRanges uploads;  // since the submit before it
    size_t counted = 0;      // of them, before they were sorted
  };

  void add(const Device& device, Submit submit);
  void setOver(size_t index);  // and all before it on its queue
  void dropOver();
  void drop();  // the oldest
  void ask(const Device& device);
  bool inDoubt(VkDeviceMemory memory, VkDeviceSize begin, VkDeviceSize end);
  Outcome settle(Device& device, VkDeviceMemory memory, VkDeviceSize begin, VkDeviceSize end);
  Outcome wait(Device& device);

  // Those that are not over, or behind such; none before the first that had uploads.
  std::deque<Submit> submits_;
  UploadedRanges uploads_;    // since the last submit
  UploadedRanges spare_;      // an empty one, for its memory
  size_t ranges_ = 0;         // in submits_
  size_t ask_at_ = kAskStep;  // when there are so many submits
  bool off_ = false;
  std::vector<VkFence> fences_;  // of waits in vain: in use until the queues are idle

  static constexpr size_t kAskStep = 64;
  // Beyond these, old submits are taken to be over, and uploads are forgotten.
  static constexpr size_t kMostSubmits = 4096, kMostRanges = 1 << 20;
};

}  // namespace reprise

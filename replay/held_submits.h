// Submits that must not be issued yet, where several of the program's queues are one here.
//
// With timeline semaphores a program may submit what waits before what signals, if the two go to different
// queues. On one queue the first would keep the second from ever running. So a batch whose wait has no signal
// in sight is held back with all that follows it on its captured queue, and is issued once the signal has
// been. Until then the capture, too, saw nothing of it: it was not running. One a device, one thread; handles
// are captured ones. Rests on: Vulkan specification, "Semaphores", "Queue Submission".
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <set>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "format/vk.h"
#include "replay/kept_call.h"

namespace reprise {

struct SemaphoreValue {
  uint64_t semaphore = 0;
  uint64_t value = 0;  // of a timeline
};
struct SubmitBatch {
  std::vector<SemaphoreValue> waits, signals;
};

class HeldSubmits {
 public:
  void createdTimeline(uint64_t semaphore, uint64_t value) { reached_[semaphore] = value; }
  void destroyed(uint64_t semaphore) { reached_.erase(semaphore); }
  // A signal operation has been issued, by a submit or by the host.
  void signalled(SemaphoreValue signal);
  void issued(std::span<const SubmitBatch> batches);

  // How many of these batches, from the first on, need not be held back.
  size_t ready(std::span<const SubmitBatch> batches) const { return ready(batches, held_.end()); }
  bool waits(uint64_t queue) const;  // it has others that are held back

  struct Held {
    Held(const Event& event, uint64_t of, std::vector<SubmitBatch> all, size_t already)
        : call(event), queue(of), batches(std::move(all)), issued(already) {}
    KeptCall call;
    uint64_t queue;
    std::vector<SubmitBatch> batches;
    size_t issued;  // of them
  };
  // Keeps a call whose first batches were issued.
  void hold(const Event& event, uint64_t queue, std::vector<SubmitBatch> batches, size_t issued);
  // The next that can go on, and how many batches of it; null if there is none.
  std::pair<const Held*, size_t> next() const;
  void wentOn(const Held* held, size_t batches);
  bool any() const { return !held_.empty(); }

 private:
  using List = std::list<std::unique_ptr<Held>>;  // in the order of the trace
  struct State {
    std::unordered_map<uint64_t, uint64_t> reached;  // by timeline: the value that issued signals lead to
    std::set<uint64_t> unsignalled;                  // binary semaphores whose signal is held back
    bool mayGo(const SubmitBatch& batch) const;
    void pass(const SubmitBatch& batch);
  };
  State before(List::const_iterator until) const;
  size_t ready(std::span<const SubmitBatch> batches, List::const_iterator until) const;

  std::unordered_map<uint64_t, uint64_t> reached_;
  List held_;
};

}  // namespace reprise

// State of this process that a forked child must not inherit: its locks may be held by threads that the child
// lacks, and what it describes belongs to the parent.
//
// get() makes the state at first use, in each process anew. Any thread. Nothing is ever freed: the old one
// stays reachable. One getpid() a call: for what is rare.
#pragma once

#include <unistd.h>

#include <atomic>

namespace reprise::capture {

template <class T>
class ProcessState {
 public:
  constexpr ProcessState() = default;

  T& get() {
    const pid_t self = getpid();
    Node* node = newest_.load(std::memory_order_acquire);
    while (node == nullptr || node->pid != self) {
      auto* fresh = new Node{{}, self, node};
      if (newest_.compare_exchange_strong(node, fresh, std::memory_order_acq_rel)) return fresh->state;
      delete fresh;
    }
    return node->state;
  }

 private:
  struct Node {
    T state;
    pid_t pid;
    Node* parent;
  };
  std::atomic<Node*> newest_{nullptr};
};

}  // namespace reprise::capture

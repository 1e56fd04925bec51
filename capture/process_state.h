// State of this process that a forked child must not inherit: its locks may be held by threads that the child
// lacks, and what it describes belongs to the parent.
//
// get() makes the state at first use, in each process anew: the pointer to it lies on a page that fork wipes,
// so that no call has to ask who it is. Any thread. Nothing is ever freed: the old one stays reachable. T's
// object is static. get() may throw std::bad_alloc; peek() makes nothing, and is null until get() was called.
#pragma once

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <new>

namespace reprise::capture {

template <class T>
class ProcessState {
 public:
  constexpr ProcessState() = default;

  T* peek() {
    const std::atomic<T*>* page = page_.load(std::memory_order_acquire);
    return page ? page->load(std::memory_order_acquire) : nullptr;
  }

  T& get() {
    std::atomic<T*>* page = page_.load(std::memory_order_acquire);
    if (page == nullptr) [[unlikely]]
      page = makePage();
    T* state = page->load(std::memory_order_acquire);
    if (state != nullptr) [[likely]]
      return *state;
    auto* fresh = new T{};
    if (!page->compare_exchange_strong(state, fresh, std::memory_order_acq_rel)) {
      delete fresh;
      return *state;
    }
    kept_.store(fresh, std::memory_order_relaxed);
    return *fresh;
  }

 private:
  std::atomic<T*>* makePage() {
    std::atomic<T*>* fresh = &plain_;
    const auto size = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at != MAP_FAILED && madvise(at, size, MADV_WIPEONFORK) == 0) {
      fresh = new (at) std::atomic<T*>(nullptr);
    } else {  // before Linux 4.14
      static ProcessState* self;
      self = this;
      pthread_atfork(nullptr, nullptr, [] { self->plain_.store(nullptr, std::memory_order_relaxed); });
    }
    std::atomic<T*>* expected = nullptr;
    return page_.compare_exchange_strong(expected, fresh, std::memory_order_acq_rel) ? fresh : expected;
  }

  std::atomic<std::atomic<T*>*> page_{nullptr};
  std::atomic<T*> plain_{nullptr};
  std::atomic<T*> kept_{nullptr};  // for leak checkers, which do not look into that page
};

}  // namespace reprise::capture

// A sink that keeps what a MemoryTracker hands on, as a test can look at it.
//
// One per process: the sink is plain functions. Cleared by each Recorded.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "capture/memory_tracker.h"

namespace reprise {

struct Recorded {
  struct Change {
    uint64_t order;
    uint16_t flags;
    MemoryChange at;
    std::vector<std::byte> bytes;
  };
  struct Hole {
    HoleCause cause;
    uint64_t subject;
    std::string text;
  };

  Recorded();
  ~Recorded();

  MemorySink sink() const;
  // What a replay would have in this memory after all changes so far.
  std::vector<std::byte> contents(uint64_t memory, size_t bytes) const;
  size_t bytes() const;  // of all changes together

  std::vector<Change> changes;
  std::vector<Hole> holes;
  bool on = true;
};

uint64_t drawTicket();

}  // namespace reprise

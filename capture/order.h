// The order rule: which calls draw a ticket, and where a call stands among those of other threads.
//
// Every call but vkCmd* draws a ticket. A vkCmd* only notes the last ticket drawn, unless another lane wrote
// its command buffer last. Merged order: ticketed (ticket, 0), noted (value, 1), then the lane and the place
// in it. It puts a call behind everything that the program made sure had happened before it, but for one case
// that no replay can tell: commands of different threads into different command buffers, with no ticket drawn
// between them. Any thread, no lock.
#pragma once

#include <array>
#include <atomic>
#include <compare>
#include <cstddef>
#include <cstdint>

namespace reprise::capture {

// A call's place in the merged order, but for the position within its lane.
struct OrderKey {
  uint64_t value;
  uint8_t noted;
  uint32_t lane;
  auto operator<=>(const OrderKey&) const = default;
};
constexpr OrderKey orderKey(bool ticketed, uint64_t value, uint32_t lane) { return {value, !ticketed, lane}; }

// Which lane wrote a command buffer last. Direct-mapped: buffers that share an entry cost a ticket, nothing
// else.
//
// An entry holds buffer and lane in one word, so that 'the same lane' can be read off only when no other lane
// has written this very buffer since: the program hands a command buffer from thread to thread in some order,
// and each thread's stores for it follow that order. Relaxed accesses are enough, because only entries of one
// buffer count.
class CommandBufferLanes {
 public:
  // Remembers `lane`; false if the call must draw a ticket.
  [[gnu::always_inline]] bool sameLane(uint64_t command_buffer, uint32_t lane) {
    const uint64_t entry = entryOf(command_buffer, lane);
    std::atomic<uint64_t>& last = slotOf(command_buffer);
    if (last.load(std::memory_order_relaxed) == entry && entry != 0) [[likely]]
      return true;
    last.store(entry, std::memory_order_relaxed);
    return false;
  }
  // A call with a ticket of its own wrote the buffer.
  void ticketed(uint64_t command_buffer, uint32_t lane) {
    slotOf(command_buffer).store(entryOf(command_buffer, lane), std::memory_order_relaxed);
  }

 private:
  static constexpr int kSlotBits = 12;
  static constexpr int kLaneBits = 20;

  // 0, which never counts as the same, where the two do not fit one word.
  static uint64_t entryOf(uint64_t command_buffer, uint32_t lane) {
    constexpr uint64_t kTooLarge = ~((uint64_t{1} << 47) - 1) | 7;
    if ((command_buffer & kTooLarge) || (lane >> kLaneBits)) [[unlikely]]
      return 0;
    return command_buffer >> 3 << kLaneBits | lane;
  }
  std::atomic<uint64_t>& slotOf(uint64_t command_buffer) {
    return slots_[(command_buffer >> 3) * 0x9e3779b97f4a7c15u >> (64 - kSlotBits)];
  }

  std::array<std::atomic<uint64_t>, size_t{1} << kSlotBits> slots_{};
};

}  // namespace reprise::capture

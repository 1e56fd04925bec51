#include "tests/unit/memory_recorded.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace reprise {
namespace {

std::atomic<uint64_t> g_tickets{0};
Recorded* g_recorded = nullptr;

void addChange(const LaneRecord& record, const MemoryChange& change, std::span<const std::byte> bytes) {
  g_recorded->changes.push_back({record.order, record.flags, change, {bytes.begin(), bytes.end()}});
}

void addHole(uint64_t, HoleCause cause, uint64_t subject, std::string_view text) {
  g_recorded->holes.push_back({cause, subject, std::string(text)});
}

}  // namespace

uint64_t drawTicket() { return 1 + g_tickets.fetch_add(1); }

Recorded::Recorded() { g_recorded = this; }
Recorded::~Recorded() { g_recorded = nullptr; }

MemorySink Recorded::sink() const {
  return {[] { return g_recorded->on; }, drawTicket, addChange, addHole};
}

std::vector<std::byte> Recorded::contents(uint64_t memory, size_t size) const {
  std::vector<std::byte> all(size);
  for (const Change& change : changes) {
    if (change.at.memory != memory) continue;
    const size_t end = std::min(size, change.at.offset + change.bytes.size());
    if (change.at.offset < end)
      std::memcpy(all.data() + change.at.offset, change.bytes.data(), end - change.at.offset);
  }
  return all;
}

size_t Recorded::bytes() const {
  size_t sum = 0;
  for (const Change& change : changes) sum += change.bytes.size();
  return sum;
}

}  // namespace reprise

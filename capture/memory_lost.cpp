// When the kernel's write watch fails: a sandbox, or a program that closes what is not its own.
#include <algorithm>
#include <cstdio>
#include <string>

#include "capture/memory_tracker.h"

namespace reprise {

void MemoryTracker::hole(HoleCause cause, uint64_t subject, std::string_view text) {
  std::fprintf(stderr, "reprise: mapped memory: %.*s\n", static_cast<int>(text.size()), text.data());
  if (sink_.ready()) sink_.hole(ticket(), cause, subject, text);
}

bool MemoryTracker::watchAgain() {
  if (!watch_.open() || !watch_.cover(views_.begin(), views_.size())) return false;
  for (auto& [address, allocation] : by_address_)
    if (!watch_.watch(address, allocation->views->bytes)) return false;
  return true;
}

// Which pages were written is not known any more: all that is mapped is handed on as it stands now.
void MemoryTracker::watchLost(const Status& status) {
  recording_ = sink_.ready();
  watching_ = watchAgain();
  const bool some_mapped = std::any_of(by_address_.begin(), by_address_.end(), [](const auto& entry) {
    return !entry.second->beside && entry.second->mapped.begin < entry.second->mapped.end;
  });
  if (some_mapped || !watching_)
    hole(HoleCause::kScanFailed, 0,
         "the write watch was lost (" + status.message() + "); all mapped memory is recorded once more" +
             (watching_ ? "" : " and compared from here on"));
  for (auto& [address, allocation] : by_address_) {
    const Range mapped = allocation->mapped;
    allocation->watched = watching_;
    if (allocation->beside) {  // compared with its baseline, it has lost nothing
      compare(*allocation);
      if (!watching_ && allocation->driver) compared_.push_back(allocation);
      continue;
    }
    if (mapped.begin < mapped.end)
      emit(*allocation, allocation->base + mapped.begin, mapped.begin, mapped.end, kMixed);
    if (watching_) continue;
    allocation->zeroed = false;
    if (mapped.begin < mapped.end) startComparing(*allocation, allocation->base, mapped);
  }
}

}  // namespace reprise

#include "replay/held_submits.h"

#include <algorithm>

namespace reprise {

void HeldSubmits::signalled(SemaphoreValue signal) {
  if (const auto found = reached_.find(signal.semaphore); found != reached_.end())
    found->second = std::max(found->second, signal.value);
}

void HeldSubmits::issued(std::span<const SubmitBatch> batches) {
  for (const SubmitBatch& batch : batches)
    for (const SemaphoreValue& signal : batch.signals) signalled(signal);
}

bool HeldSubmits::State::mayGo(const SubmitBatch& batch) const {
  return std::all_of(batch.waits.begin(), batch.waits.end(), [&](const SemaphoreValue& wait) {
    const auto timeline = reached.find(wait.semaphore);
    return timeline == reached.end() ? !unsignalled.contains(wait.semaphore) : timeline->second >= wait.value;
  });
}

void HeldSubmits::State::pass(const SubmitBatch& batch) {
  for (const SemaphoreValue& signal : batch.signals) {
    if (const auto timeline = reached.find(signal.semaphore); timeline != reached.end())
      timeline->second = std::max(timeline->second, signal.value);
    else
      unsignalled.erase(signal.semaphore);
  }
}

// As one finds it who comes after the held calls up to `until`.
HeldSubmits::State HeldSubmits::before(List::const_iterator until) const {
  State state{reached_, {}};
  for (auto at = held_.begin(); at != until; ++at) {
    for (const SubmitBatch& batch : std::span((*at)->batches).subspan((*at)->issued)) {
      for (const SemaphoreValue& wait : batch.waits) state.unsignalled.erase(wait.semaphore);
      for (const SemaphoreValue& signal : batch.signals)
        if (!reached_.contains(signal.semaphore)) state.unsignalled.insert(signal.semaphore);
    }
  }
  return state;
}

size_t HeldSubmits::ready(std::span<const SubmitBatch> batches, List::const_iterator until) const {
  State state = before(until);
  size_t count = 0;
  while (count < batches.size() && state.mayGo(batches[count])) state.pass(batches[count++]);
  return count;
}

bool HeldSubmits::waits(uint64_t queue) const {
  return std::any_of(held_.begin(), held_.end(), [&](const auto& held) { return held->queue == queue; });
}

void HeldSubmits::hold(const Event& event, uint64_t queue, std::vector<SubmitBatch> batches, size_t issued) {
  held_.push_back(std::make_unique<Held>(event, queue, std::move(batches), issued));
}

std::pair<const HeldSubmits::Held*, size_t> HeldSubmits::next() const {
  std::set<uint64_t> passed;  // queues whose first held call stays
  for (auto at = held_.begin(); at != held_.end(); ++at) {
    const Held& held = **at;
    if (!passed.insert(held.queue).second) continue;
    const std::span rest = std::span(held.batches).subspan(held.issued);
    const size_t count = ready(rest, at);
    if (count != 0 || rest.empty()) return {&held, count};
  }
  return {nullptr, 0};
}

void HeldSubmits::wentOn(const Held* held, size_t batches) {
  const auto at =
      std::find_if(held_.begin(), held_.end(), [&](const auto& one) { return one.get() == held; });
  if (at == held_.end()) return;
  (*at)->issued += batches;
  if ((*at)->issued == (*at)->batches.size()) held_.erase(at);
}

}  // namespace reprise

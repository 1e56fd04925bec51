// A replay that asks this machine and plays nothing: what would become of the trace here.
//
// Of the calls, those that make instances and devices, and get their queues, are issued as a replay issues
// them; for images, buffers, allocations, semaphores and fences only the questions are asked that a replay
// asks before it makes them, and its decisions are reported in its words. What would end the replay is the
// Status. What only shows when work is done (memory that is not to be had, a result that differs) is not
// found. Handles of what is not made are the captured ones. One a Player, one thread.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "format/status.h"
#include "replay/session.h"

namespace reprise {

class Rehearsal {
 public:
  explicit Rehearsal(Player& player);

  Status call(const Event& event);

  // Public for the table in rehearsal.cpp: each is a call that returned, with a device.
  Status ask(AllocateMemoryCall& call);
  Status ask(CreateBufferCall& call);
  Status ask(CreateFenceCall& call);
  Status ask(CreateImageCall& call);
  Status ask(CreateSamplerYcbcrConversionCall& call);
  Status ask(CreateSemaphoreCall& call);
  Status ask(CreateSwapchainKHRCall& call);
  Status ask(DestroyBufferCall& call);
  Status ask(DestroyImageCall& call);

 private:
  enum class Part : uint8_t { kNone, kIssued, kAsked };

  Status askFor(const Event& event, const ReplayCall& row);
  Status checkCommand(const Event& event, Command canonical);
  Status askImage(VkImageCreateInfo& info);
  Status askMemoryType(const VkMemoryAllocateInfo& info);
  void reportImport(const CapturedImport& import, uint64_t memory);

  Player& player_;
  std::vector<Part> parts_;  // by canonical Command
  std::vector<bool> checked_;
  std::set<std::string> asked_;  // images, by all that the question is about
};

}  // namespace reprise

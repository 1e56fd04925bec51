// What the calls of a trace make, hold and share: objects, memory, external handle types, swapchains,
// formats, shaders, queues. One part of a trace survey (trace_survey.h).
//
// see() takes the calls that looksAt() names, decoded, in merged order from the first on; other calls need
// not be decoded. Lists are kept bounded. Writes into the findings, which outlive it; finish() adds what is
// known only at the end. One thread's.
#pragma once

#include <map>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "replay/external_memory.h"
#include "tools/objects.h"
#include "tools/survey/trace_survey.h"

namespace reprise {

class SurveyFacts {
 public:
  explicit SurveyFacts(TraceFindings& findings) : findings_(findings) {}

  static bool looksAt(Command canonical);  // decoded calls
  // Any event; `packet` is null where the call was not decoded.
  void see(const Event& event, Command canonical, const void* packet);
  void submitted(uint64_t queue);
  void announce(uint32_t lane, const PayloadRecord& payload) { payloads_[lane] = payload; }
  void finish();

  // Of one command each; public for the table in facts.cpp.
  void note(const AllocateMemoryCall& call);
  void note(const CreateBufferCall& call);
  void note(const CreateBufferViewCall& call);
  void note(const CreateFenceCall& call);
  void note(const CreateImageCall& call);
  void note(const CreateSemaphoreCall& call);
  void note(const CreateSwapchainKHRCall& call);
  void note(const CreateSharedSwapchainsKHRCall& call);
  void note(const GetDeviceQueueCall& call);
  void note(const GetDeviceQueue2Call& call);
  void note(const GetMemoryAndroidHardwareBufferANDROIDCall& call);
  void note(const GetMemoryWin32HandleNVCall& call);
  void note(const GetSwapchainImagesKHRCall& call);
  void note(const MapMemoryCall& call);
  void note(const UnmapMemoryCall& call);
  void map(uint64_t memory, uint64_t offset, uint64_t size);
  void unmap(uint64_t memory);
  void shared(HandleKind kind, const char* structure, HandleTypeBits types, ExternalUse::Role role);
  void exported(HandleKind kind, const char* structure, HandleTypeBits type, uint64_t handle);
  void imported(HandleKind kind, const char* structure, HandleTypeBits type, uint64_t handle);
  void pipelines(uint64_t ShaderFindings::*kind, const VkPipeline* made, uint32_t count);

 private:
  struct Allocation {
    size_t device = 0;
    uint32_t type = 0;
    uint64_t size = 0, mapped = 0;
  };
  struct Now {
    uint64_t bytes = 0, mapped = 0;
  };
  using Place = std::pair<size_t, uint32_t>;  // device, and index of a memory type, heap or queue family

  static bool makesOrEnds(Command canonical);
  template <class T>
  size_t deviceOf(T device) const;
  template <class F>
  void forEachPlaceOf(const Allocation& allocation, F&& f);
  void count(const Allocation& allocation, bool more);
  void countMapped(const Allocation& allocation, bool more);
  void queueMade(size_t device, uint32_t family, uint32_t index, const VkQueue* queue);
  void swapchain(const VkSwapchainCreateInfoKHR& info, const VkSwapchainKHR* made);
  template <class Map, class Key>
  typename Map::mapped_type* rowOf(Map& map, const Key& key);

  TraceFindings& findings_;
  Objects objects_;
  const Event* event_ = nullptr;
  std::unordered_map<uint64_t, Allocation> allocations_;  // by the number of a VkDeviceMemory that is alive
  std::map<Place, Now> types_now_, heaps_now_;
  struct Queue {
    Place family;
    uint32_t index = 0;
  };
  std::unordered_map<uint64_t, Queue> queues_;       // by handle
  std::unordered_map<uint64_t, size_t> swapchains_;  // alive, by number: place in the findings
  std::map<std::tuple<uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t, uint32_t>, size_t>
      swapchain_rows_;
  std::map<std::tuple<std::string, std::string, std::string, int>, ExternalUse> external_;
  std::unordered_map<uint32_t, PayloadRecord> payloads_;  // by lane
  std::unordered_set<uint64_t> exported_handles_;         // where the trace has no payload numbers
};

}  // namespace reprise

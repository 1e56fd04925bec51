// External semaphores and fences: their handle types on the target, exports and imports within the trace, and
// what stands for signals that came from outside of it.
//
// An import whose payload the trace exported is made again, through a descriptor of the live object. A
// payload from outside is signalled by nobody here: before the program waits for such a semaphore, the replay
// signals it (binary: an empty submit; timeline: vkSignalSemaphore); such a fence is signalled when it is
// imported. One a Player, one thread. Captured handle types are translated to the target's; each decision is
// reported. Rests on: Vulkan specification, "Importing Semaphore Payloads", "Importing Fence Payloads".
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "format/status.h"
#include "format/vk.h"
#include "replay/handle_types.h"
#include "replay/payloads.h"

namespace reprise {

class Player;
struct Device;

struct SyncPayload {
  Device* device = nullptr;  // of `source`
  uint64_t source = 0;       // the live object, while there is one
  HandleTypeBit type = 0;    // on the target
  std::shared_ptr<Descriptor> kept;
  bool copied = false;  // a sync file: `kept` is all of it, and none means signalled
  int64_t handles_out = 0;
};

struct OutsideSemaphore {
  bool timeline = false;
  bool temporary = false;  // until the next wait
};

// A device's live semaphores and fences with payloads that are known elsewhere.
struct ExternalSyncs {
  std::unordered_map<uint64_t, std::shared_ptr<SyncPayload>> semaphores, fences;  // by live handle
  std::unordered_map<uint64_t, OutsideSemaphore> outside;
  std::unordered_map<uint64_t, bool> timelines;  // live semaphores that were made with an export struct
};

class ExternalSync {
 public:
  explicit ExternalSync(Player& player) : player_(player) {}

  // Rewrites the export struct of a create info's chain.
  void adapt(ExternalObject object, const void*& next, uint64_t captured);

  // vkGetSemaphoreFdKHR, vkImportSemaphoreFdKHR and their kin: objects and types as captured.
  struct Handle {
    ExternalObject object;
    const char* structure;
    uint64_t captured;       // VkSemaphore or VkFence
    HandleTypeBit type;      // as captured
    uint64_t value;          // descriptor, HANDLE or zircon handle
    bool temporary = false;  // of an import
    bool consumed = true;    // an import takes the handle from the program
  };
  Status exported(const Handle& handle);
  Status imported(const Handle& handle);
  void destroying(ExternalObject object, uint64_t live);
  void deviceGone(Device& device);  // before it is destroyed: with what the program left alive

  // Before a wait of the program's: nothing happens for semaphores whose signals are in the trace.
  void satisfy(VkQueue queue, uint64_t captured_semaphore, uint64_t value);
  bool waitsForOutside() const;

 private:
  struct Choice {
    HandleTypeBit type = 0;
    std::string reason, answers;
  };
  Choice choose(ExternalObject object, HandleTypeBit captured, bool timeline) const;
  std::string ask(ExternalObject object, HandleTypeBit type, bool timeline, bool& yes) const;
  void report(const Handle& handle, HandleTypeBit to, bool dropped, std::string reason, std::string target);
  Descriptor exportLive(ExternalObject object, const SyncPayload& payload);
  VkResult importLive(ExternalObject object, uint64_t live, HandleTypeBit type, bool temporary,
                      Descriptor descriptor);
  void retire(ExternalObject object, uint64_t live, const SyncPayload* next);
  void comesFromOutside(const Handle& handle, uint64_t live);

  Player& player_;
  PayloadTable<SyncPayload> payloads_;
  KeptDescriptors kept_;
};

}  // namespace reprise

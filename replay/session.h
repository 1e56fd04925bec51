// What a replayed call sees: the handle map, the live instances and devices, and where differences go.
//
// One Player a replay, used by one thread (validation messages may come from others; they are queued).
// Captured values are uint64_t; live handles have their Vulkan types.
#pragma once

#include <array>
#include <atomic>
#include <cstdio>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "format/arena.h"
#include "format/handles.h"
#include "format/host_copy.h"
#include "format/reader.h"
#include "format/vk.h"
#include "replay/contents.h"
#include "replay/descriptor_pools.h"
#include "replay/external_memory.h"
#include "replay/external_sync.h"
#include "replay/held_submits.h"
#include "replay/linear_images.h"
#include "replay/live_numbers.h"
#include "replay/memory.h"
#include "replay/opaque_addresses.h"
#include "replay/player.h"
#include "replay/preflight.h"
#include "replay/rewrites.h"
#include "replay/rules.h"
#include "replay/screenshots.h"
#include "replay/window.h"

namespace reprise {

// The 64-bit value of a handle, dispatchable or not, and back.
template <class T>
uint64_t valueOf(T handle) {
  return (uint64_t)handle;
}
template <class T>
T handleOf(uint64_t value) {
  return (T)value;
}

// What the trace tells of a physical device; the rest is known only if the program asked.
struct CapturedGpu {
  std::optional<VkPhysicalDeviceProperties> properties;
  std::optional<VkPhysicalDeviceMemoryProperties> memory;
  std::vector<QueueFamily> families;  // empty: unknown
  std::optional<bool> same;           // as the live one; worked out when first asked for
  LiveNumbers numbers;                // of calls about the physical device: queue families only
};

// One object in a list of handles: its kind and value.
using HandleValues = std::vector<std::pair<HandleKind, uint64_t>>;

struct Instance {
  HandleMap::Id id = HandleMap::kNone;
  VkInstance live = VK_NULL_HANDLE;
  uint32_t api_version = VK_API_VERSION_1_0;  // that the program asked for
  Dispatch dispatch;
  std::vector<VkPhysicalDevice> gpus;                                          // what this machine has
  std::unordered_map<uint64_t, CapturedGpu> seen;                              // by captured VkPhysicalDevice
  std::unordered_map<VkPhysicalDevice, std::set<std::string>> gpu_extensions;  // once they were asked for
  bool has_debug_utils = false;
  bool has_xcb_surface = false;
  VkDebugUtilsMessengerEXT messenger = VK_NULL_HANDLE;
};

struct Device {
  HandleMap::Id id = HandleMap::kNone;
  Instance* instance = nullptr;
  VkDevice live = VK_NULL_HANDLE;
  VkPhysicalDevice gpu = VK_NULL_HANDLE;
  uint64_t captured_gpu = 0;
  CapturedGpu* seen_gpu = nullptr;  // the instance's entry of captured_gpu
  Dispatch dispatch;
  VkPhysicalDeviceProperties properties{};
  VkPhysicalDeviceMemoryProperties memory{};
  uint32_t api_version = VK_API_VERSION_1_0;  // of instance and device together
  std::set<std::string> extensions, captured_extensions;
  bool lacks_external_family = false;  // VK_QUEUE_FAMILY_EXTERNAL, or _FOREIGN_EXT which the program uses
  ExternalObjects external;
  ExternalSyncs syncs;
  DescriptorPools pools;
  LinearImages linear;
  Rewrites rewrites;
  LiveNumbers numbers;
  OpaqueDevice opaque;
  QueuePlan queues;
  std::unique_ptr<HeldSubmits> held;                          // if queues of the program's share one
  std::unordered_map<HandleMap::Id, uint32_t> pool_families;  // captured, by VkCommandPool
  VkQueue first_queue = VK_NULL_HANDLE;  // for work of ours before the program presented anywhere
  uint32_t first_family = 0;
  std::unordered_map<VkQueue, uint32_t> families;
  // Images that host copies may name.
  struct HostImageHere {
    HostImage captured;
    VkFormat format;
  };
  std::unordered_map<VkImage, HostImageHere> host_images;
  // What the capture's device wanted for a live buffer or image, if the program asked and this is another
  // one.
  std::map<std::pair<HandleKind, uint64_t>, VkDeviceSize> captured_sizes;
  VkDeviceSize capturedSize(HandleKind kind, uint64_t live) const {
    const auto found = captured_sizes.find({kind, live});
    return found == captured_sizes.end() ? 0 : found->second;
  }
};

class Player {
 public:
  // `used`: every command of the trace, so that an error can name all that this machine lacks. `preflight`
  // outlives the player.
  Player(const ReplayOptions& options, ReplayReport& report, const Preflight& preflight,
         std::vector<Command> used);
  ~Player();
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  const ReplayOptions& options() const { return options_; }
  const Preflight& preflight() const { return preflight_; }
  Arena& arena() { return arena_; }
  HandleMap& handles() { return handles_; }
  Memory& memory() { return memory_; }
  ExternalMemory& external() { return external_; }
  ExternalSync& sync() { return sync_; }
  Contents& contents() { return contents_; }
  OpaqueAddresses& opaque() { return opaque_; }
  Window& window() { return window_; }
  Screenshots& screenshots() { return screenshots_; }
  const Event& event() const { return *event_; }

  // -- the current call
  // The event that errors and differences are about from here on.
  void stepTo(const Event& event) { event_ = &event; }
  // Finds instance and device from the first parameter; an error names a handle that is not alive.
  Status begin(const Event& event, HandleKind dispatch, uint64_t first) {
    event_ = &event;
    if (first == begun_.first && dispatch == begun_.dispatch &&
        begun_.version == handles_.dispatchableVersion()) {
      instance_ = begun_.instance;
      device_ = begun_.device;
      gpu_ = begun_.gpu;
      return Status::ok();
    }
    return beginAnew(dispatch, first);
  }
  // The live handle of the call's first parameter, without another look-up; 0 for any other handle.
  uint64_t liveFirst(HandleKind kind, uint64_t captured) const {
    return kind == begun_.dispatch && captured == begun_.first ? begun_.live : 0;
  }
  // What remember() was told of this handle since any object came or went; 0 if nothing. A frame names the
  // same few objects over and over.
  uint64_t recent(HandleKind kind, uint64_t captured) const {
    const Recent& entry = recent_[recentPlace(kind, captured)];
    const bool holds = entry.captured == captured && entry.kind == kind && entry.device == device_ &&
                       entry.version == handles_.version();
    return holds ? entry.live : 0;
  }
  void remember(HandleKind kind, uint64_t captured, uint64_t live) {
    recent_[recentPlace(kind, captured)] = {captured, live, handles_.version(), device_, kind};
  }
  Instance* instance() const { return instance_; }
  Device* device() const { return device_; }
  HandleMap::Id ownerId() const {
    return device_ ? device_->id : instance_ ? instance_->id : HandleMap::kNone;
  }
  const Dispatch& dispatch() const {
    return device_ ? device_->dispatch : instance_ ? instance_->dispatch : global_;
  }
  const Dispatch& global() const { return global_; }
  // Whether the driver has this command; missing() says so in a Status.
  static bool has(const Dispatch& dispatch, Command command);
  bool usesAddresses() const { return uses_addresses_; }  // the trace asks for device addresses
  Status missing(Command command) const;
  // Whether the physical device of this call has the command's extension: a loader ends the process if it has
  // not.
  bool offered(Command canonical) { return gpu_ == 0 || offeredBy(canonical); }

  // Plays held calls of the current device that can go on. The current call should have nothing left to do.
  Status resumeHeld();
  // The batches of a held call that are to be issued now.
  struct Part {
    size_t first = 0, count = 0;
  };
  const std::optional<Part>& part() const { return part_; }

  // -- external payloads
  // What the trace says of the next exporting or importing call of a lane, and its taking by that call.
  void announcePayload(uint32_t lane, const PayloadRecord& record) { announced_payloads_[lane] = record; }
  std::optional<PayloadRecord> takePayload();

  // The object that a captured handle of the current call means; kNone if it is not alive.
  HandleMap::Id find(HandleKind kind, uint64_t captured) const {
    if (kDispatchableKinds[size_t(kind)]) return handles_.find(kind, HandleMap::kNone, captured);
    HandleMap::Id id = device_ ? handles_.find(kind, device_->id, captured) : HandleMap::kNone;
    if (id == HandleMap::kNone && instance_) id = handles_.find(kind, instance_->id, captured);
    return id;
  }
  template <class T>
  T live(uint64_t captured) const {
    const HandleMap::Id id = captured ? find(kHandleKind<T>, captured) : HandleMap::kNone;
    return id ? handleOf<T>(handles_.at(id).live) : T(VK_NULL_HANDLE);
  }
  // What the walk over the current call's handles is to do with its numbers, null if they mean the same here.
  DeviceNumbers* numbers() {
    LiveNumbers* of = device_ ? &device_->numbers : gpu_ ? &instance_->seen[gpu_].numbers : nullptr;
    return of && of->differ() ? of : nullptr;
  }
  // Pairs up what the capture returned with what this call did, in order.
  void learnAll(const HandleValues& captured, const HandleValues& live, HandleMap::Id parent);
  // The current call, which made these at capture, failed here: who names one of them is told so.
  void learnFailed(const HandleValues& captured, VkResult live, HandleMap::Id parent);
  bool failed(HandleMap::Id id) const { return failed_.contains(id); }
  // Records one object that the current call returned; `parent` kNone: its owner.
  HandleMap::Id learn(HandleKind kind, uint64_t captured, uint64_t live,
                      HandleMap::Id parent = HandleMap::kNone);

  // -- instances and devices
  Instance& addInstance(uint64_t captured, VkInstance live);
  Device& addDevice(uint64_t captured, VkDevice live, uint64_t captured_gpu, VkPhysicalDevice gpu);
  void removeInstance(Instance* instance);
  void removeDevice(Device* device);
  std::vector<Device*> devicesOf(const Instance* instance);
  const std::list<Device>& devices() const { return devices_; }
  CapturedGpu& capturedGpu(uint64_t captured) { return instance_->seen[captured]; }
  // The live device that stands for the `index`-th captured one.
  Result<VkPhysicalDevice> chooseGpu(size_t index);
  // Whether queries should answer as they did at capture: the very same device and driver.
  bool sameGpu();
  uint64_t currentGpu() const { return device_ ? device_->captured_gpu : gpu_; }
  // From the trace's metadata, where the program did not ask itself: the last device's identity and memory
  // types.
  void describeDevice(std::string_view json);
  const std::vector<QueueFamily>& describedFamilies() const { return described_families_; }
  const std::optional<VkPhysicalDeviceMemoryProperties>& describedMemory() const { return described_memory_; }

  // -- comparison with the capture
  // True if both succeeded, so that outputs can be paired; anything else may be a difference.
  bool resultsAgree(VkResult captured, VkResult live);
  // The same for a call that makes objects: what another device cannot make is missed only by who uses it.
  bool createdAlike(VkResult captured, VkResult live);
  void noticeLoss(VkResult captured, VkResult live);
  bool comparesOutputs(Command command) { return isDeterministic(command) && sameGpu(); }
  void compareBytes(const std::vector<std::byte>& captured, const std::vector<std::byte>& live);

  // -- what goes into the report
  void difference(Difference::Kind kind, std::string text);
  uint64_t differences() const { return report_.difference_count; }
  // The object that the differences since the `since`-th are about.
  void differAbout(uint64_t since, HandleKind kind, uint64_t captured);
  // Of a swapchain or memory: its captured handle, and its number in the trace.
  void wrotePicture(const std::string& name, uint64_t captured, uint64_t number, uint32_t image_index);
  void wroteMemory(const std::string& name, uint64_t captured, uint64_t number, uint64_t offset);
  void note(const std::string& text);
  // Enters what became of an object. The number is that of its fate, for changedAlike().
  size_t changed(ObjectChange change);
  // One more object of a fate; false if it is to get an entry of its own, from changed().
  bool changedAlike(size_t fate);
  Status error(Code code, const std::string& text) const;  // "call 12 (vkFoo, frame 3): " + text
  Status unknownHandle(HandleKind kind, uint64_t captured) const;
  // A handle was not alive: fatal, but for a call that only names it, or destroys it (a difference).
  Status refuse(Command command, Status unknown);
  void failureSeen() { failure_seen_ = true; }                                // this run lost its device
  bool lostItsDevice() const { return failure_seen_ && !failure_expected_; }  // and the capture did not
  void validationMessage(const char* text);                                   // from any thread
  void takeValidationMessages() {
    if (has_messages_.load(std::memory_order_acquire)) reportValidationMessages();
  }
  // Waits for all of a device's queues, but no longer than kWaitLimitNs: a killed program may have left work
  // that waits for a signal which never came. False: they are still busy.
  bool waitIdle(Device& device);
  // Called once at the end: waits for the devices, settles failure_not_reproduced.
  void finish();
  // A wait that the capture saw succeed did not within kWaitLimitNs; the replay ends after a few of those.
  Status waitedInVain();

  std::unordered_map<HandleMap::Id, VkQueryType> query_types;  // by VkQueryPool
  std::set<HandleMap::Id> set_events;                          // of which the program knows it
  HandleValues captured_returns, live_returns;                 // settle()'s lists, kept for their memory

  static constexpr uint64_t kWaitLimitNs = 10'000'000'000;

 private:
  struct Recent {
    uint64_t captured = 0, live = 0, version = 0;
    const Device* device = nullptr;
    HandleKind kind = HandleKind::kNone;
  };
  static constexpr size_t kRecent = 256;
  static size_t recentPlace(HandleKind kind, uint64_t captured) {
    return ((captured * 0x9e3779b97f4a7c15ull >> 40) ^ static_cast<size_t>(kind)) % kRecent;
  }
  std::array<Recent, kRecent> recent_{};
  // What begin() found last, and for which state of the handle map.
  struct Begun {
    HandleKind dispatch = HandleKind::kNone;
    uint64_t first = 0;
    uint64_t version = UINT64_MAX;
    Instance* instance = nullptr;
    Device* device = nullptr;
    uint64_t gpu = 0;
    uint64_t live = 0;  // the first parameter's live handle
  };
  // Entries in the report of objects that differ in nothing but their handle.
  struct Fate {
    size_t listed = 0;
    size_t last = 0;  // in report_.changes
  };

  // An object of the capture that could not be made here: in the handle map it is 0.
  struct FailedCreation {
    std::string command;
    uint64_t call = 0;
    VkResult result = VK_SUCCESS;
  };

  Status beginAnew(HandleKind dispatch, uint64_t first);
  void noteAddresses(const Device& device);
  bool offeredBy(Command canonical);
  void reportValidationMessages();

  ReplayOptions options_;
  ReplayReport& report_;
  const Preflight& preflight_;
  std::vector<Command> used_;
  bool uses_addresses_ = false;
  Arena arena_;
  HandleMap handles_;
  std::list<Instance> instances_;  // these two outlive what has objects of theirs
  std::list<Device> devices_;
  ExternalMemory external_;
  ExternalSync sync_;
  Contents contents_;
  Memory memory_;
  OpaqueAddresses opaque_;
  Window window_;
  Screenshots screenshots_;
  Dispatch global_;
  std::unordered_map<HandleMap::Id, Instance*> instance_by_id_;
  std::optional<VkPhysicalDeviceMemoryProperties> described_memory_;
  std::string described_name_;
  std::vector<QueueFamily> described_families_;
  std::optional<VkPhysicalDeviceProperties> described_device_;  // ids, driver version and name
  std::unordered_map<HandleMap::Id, Device*> device_by_id_;
  std::unordered_map<HandleMap::Id, FailedCreation> failed_;
  std::set<std::string> noted_;
  std::unordered_map<uint32_t, PayloadRecord> announced_payloads_;  // by lane
  const Event* event_ = nullptr;
  Instance* instance_ = nullptr;
  Device* device_ = nullptr;
  uint64_t gpu_ = 0;  // captured VkPhysicalDevice of the current call
  Begun begun_;
  std::optional<Part> part_;
  std::vector<Fate> fates_;
  std::unordered_map<std::string, size_t> fate_numbers_;  // by what the entries have in common
  bool failure_expected_ = false, failure_seen_ = false;
  int waits_in_vain_ = 0;
  std::mutex messages_mutex_;
  std::vector<std::string> messages_;
  std::atomic<bool> has_messages_{false};
};

// A call as the capture saw it.
struct CapturedCall {
  const void* packet = nullptr;  // inputs, and outputs where it returned
  bool had_effect = true;        // or would have, had it returned
};

// One row of the table of all calls (hooks.cpp).
struct ReplayCall {
  Command command;
  Status (*replay)(Player&, const Event&);
  // Decodes it into the arena without playing it; false if it cannot be read.
  bool (*read)(const Event&, Arena&, const NodeFilter*, CapturedCall&);
};
// The row of a command or of its alias; null if there is none.
const ReplayCall* findReplayCall(Command command);

// "VkImage 0x1234"
std::string handleText(HandleKind kind, uint64_t value);
const char* resultName(VkResult result);
const char* formatName(VkFormat format);

}  // namespace reprise

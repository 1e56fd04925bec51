#include "capture/payloads.h"

#include <fcntl.h>
#include <linux/kcmp.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <tuple>
#include <vector>

#include "capture/lanes.h"
#include "capture/process_state.h"

namespace reprise::capture::payloads {
namespace {

constexpr size_t kMaxHandles = 4096;  // programs that export without end: the oldest are forgotten
constexpr size_t kMaxWitnesses = 64;  // of a program's limit on descriptors, 1024 as a rule
constexpr int kWitnessesFrom = 512;   // where a program's own do not come to lie

#ifndef DMA_BUF_MAGIC
#define DMA_BUF_MAGIC 0x444d4142
#endif

// What a descriptor shows of itself.
struct Look {
  dev_t device, special;
  ino_t inode;
  bool own_inode;  // no other payload has this inode
  bool operator==(const Look& other) const {
    return device == other.device && special == other.special && inode == other.inode;
  }
};

std::optional<Look> lookAt(int fd) {
  struct stat status;
  struct statfs system = {};
  if (fstat(fd, &status) != 0) return std::nullopt;
  const bool dma_buf = fstatfs(fd, &system) == 0 && system.f_type == DMA_BUF_MAGIC;
  const bool anonymous = system.f_type == ANON_INODE_FS_MAGIC;  // one inode for all
  return Look{status.st_dev, status.st_rdev, status.st_ino,
              dma_buf || (S_ISREG(status.st_mode) && !anonymous)};
}

using Object = std::tuple<VkDevice, VkObjectType, uint64_t>;

struct Handle {
  HandleForm form;
  uint64_t value;
  std::optional<Look> look;  // of descriptors
  uint64_t payload;
  Object owner;        // what was exported
  bool taken = false;  // a driver took the descriptor: the number is no longer this payload's
  // Our own descriptor of the file, for the kernel to compare with; -1: none. Not where the inode says it
  // all.
  int witness = -1;
};

struct State {
  std::mutex mutex;
  uint64_t last = 0;
  std::map<Object, uint64_t> objects;
  std::vector<Handle> handles;  // oldest first
};

constinit ProcessState<State> process_state;
std::atomic<bool> any{false};  // nothing was ever exported or imported: nothing to forget

// -1: the kernel does not say.
int compareFiles(int a, int b) {
  const auto self = getpid();
  const long order = syscall(SYS_kcmp, self, self, KCMP_FILE, a, b);
  return order < 0 ? -1 : order != 0;
}

bool standsFor(const Handle& known, int fd, const Look& look) {
  if (!known.look || !(*known.look == look)) return false;
  if (known.look->own_inode) return true;
  // Programs close what is not theirs: a witness that looks different is none.
  const auto seen = known.witness >= 0 ? lookAt(known.witness) : std::nullopt;
  if (seen && *seen == look) {
    if (const int order = compareFiles(known.witness, fd); order >= 0) return order == 0;
  }
  const int number = static_cast<int>(known.value);
  return number == fd ? !known.taken : compareFiles(number, fd) == 0;
}

void dismissWitness(Handle& known) {
  if (known.witness < 0) return;
  const auto seen = lookAt(known.witness);
  if (seen && *seen == *known.look) close(known.witness);
  known.witness = -1;
}

// The payload lives on in descriptors only. A witness would keep it alive: the number has to do, if it is
// still good.
void ownerGone(State& state, const auto& is_gone) {
  std::erase_if(state.handles, [&](Handle& known) {
    if (known.witness < 0 || !is_gone(known.owner)) return false;
    const bool closed = compareFiles(static_cast<int>(known.value), known.witness) != 0;
    dismissWitness(known);
    return closed;
  });
}

uint64_t find(const State& state, HandleForm form, uint64_t handle) {
  std::optional<Look> look;
  if (form == HandleForm::kDescriptor && !(look = lookAt(static_cast<int>(handle)))) return 0;
  for (auto known = state.handles.rbegin(); known != state.handles.rend(); ++known) {
    if (known->form != form) continue;
    if (look ? standsFor(*known, static_cast<int>(handle), *look) : known->value == handle)
      return known->payload;
  }
  return 0;
}

void write(uint64_t payload, uint64_t handle) {
  Lane* lane = currentLane();
  if (lane == nullptr) return;
  const PayloadRecord record{payload, handle};
  laneWrite(lane, {0, kRecordPayload, 0, notedTicket()}, std::as_bytes(std::span(&record, 1)));
}

template <class Node>
const Node& as(const VkBaseInStructure& node) {
  return reinterpret_cast<const Node&>(node);
}

template <class T>
Import value(T handle) {
  return {true, false, HandleForm::kValue, uint64_t(handle)};
}

}  // namespace

uint64_t exporting(VkDevice device, VkObjectType type, uint64_t object, bool copies) {
  any = true;
  State& state = process_state.get();
  uint64_t payload = 0;
  {
    const std::lock_guard lock(state.mutex);
    uint64_t kept = 0;
    uint64_t& number = copies ? kept : state.objects[{device, type, object}];
    if (number == 0) number = ++state.last;
    payload = number;
  }
  write(payload, 0);
  return payload;
}

void exported(uint64_t payload, HandleForm form, uint64_t handle, VkDevice device, VkObjectType type,
              uint64_t object) {
  Handle known{form, handle, std::nullopt, payload, {device, type, object}};
  if (form == HandleForm::kDescriptor && !(known.look = lookAt(static_cast<int>(handle)))) return;
  if (known.look && !known.look->own_inode)
    known.witness = fcntl(static_cast<int>(handle), F_DUPFD_CLOEXEC, kWitnessesFrom);
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  // The number was given out again: what it stood for is closed. An inode of its own says so without it.
  std::erase_if(state.handles, [&](Handle& old) {
    if (old.form != form || old.value != handle || old.witness >= 0) return false;
    return !(old.look && old.look->own_inode && old.payload != payload);
  });
  if (state.handles.size() >= kMaxHandles) {
    dismissWitness(state.handles.front());
    state.handles.erase(state.handles.begin());
  }
  state.handles.push_back(known);
  const auto has = [](const Handle& h) { return h.witness >= 0; };
  if (static_cast<size_t>(std::ranges::count_if(state.handles, has)) > kMaxWitnesses)
    dismissWitness(*std::ranges::find_if(state.handles, has));
}

uint64_t importing(HandleForm form, uint64_t handle) {
  any = true;
  State& state = process_state.get();
  uint64_t payload = 0;
  {
    const std::lock_guard lock(state.mutex);
    payload = find(state, form, handle);
  }
  write(payload, handle);
  return payload;
}

void imported(uint64_t payload, HandleForm form, uint64_t handle, VkDevice device, VkObjectType type,
              uint64_t object, bool takes) {
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  if (takes && payload != 0) state.objects[{device, type, object}] = payload;
  if (takes && payload == 0) state.objects.erase({device, type, object});
  if (form != HandleForm::kDescriptor) return;
  for (Handle& known : state.handles) {
    if (known.form == form && known.value == handle) known.taken = true;
  }
}

Import importOf(const VkMemoryAllocateInfo& info) {
  for (auto* node = static_cast<const VkBaseInStructure*>(info.pNext); node; node = node->pNext) {
    switch (node->sType) {
      case VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR: {
        const auto& import = as<VkImportMemoryFdInfoKHR>(*node);
        if (import.handleType == 0) break;  // no import, says the specification
        return {true, false, HandleForm::kDescriptor, uint64_t(int64_t{import.fd})};
      }
      case VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_KHR: {
        const auto& import = as<VkImportMemoryWin32HandleInfoKHR>(*node);
        if (import.handleType == 0) break;
        return value(import.handle);
      }
      case VK_STRUCTURE_TYPE_IMPORT_MEMORY_WIN32_HANDLE_INFO_NV: {
        const auto& import = as<VkImportMemoryWin32HandleInfoNV>(*node);
        if (import.handleType == 0) break;
        return value(import.handle);
      }
      case VK_STRUCTURE_TYPE_IMPORT_MEMORY_ZIRCON_HANDLE_INFO_FUCHSIA:
        return value(as<VkImportMemoryZirconHandleInfoFUCHSIA>(*node).handle);
      case VK_STRUCTURE_TYPE_IMPORT_ANDROID_HARDWARE_BUFFER_INFO_ANDROID:
        return value(as<VkImportAndroidHardwareBufferInfoANDROID>(*node).buffer);
      case VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT: {
        const auto& import = as<VkImportMemoryHostPointerInfoEXT>(*node);
        if (import.handleType == 0) break;
        return {true, true, HandleForm::kValue, uint64_t(import.pHostPointer)};
      }
      default:
        break;
    }
  }
  return {};
}

uint64_t importing(const Import& import) {
  if (!import.host_pointer) return importing(import.form, import.handle);
  write(0, import.handle);
  return 0;
}

void objectGone(VkDevice device, VkObjectType type, uint64_t object) {
  if (!any.load(std::memory_order_relaxed)) return;
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  state.objects.erase({device, type, object});
  ownerGone(state, [&](const Object& owner) { return owner == Object{device, type, object}; });
}

void deviceGone(VkDevice device) {
  if (!any.load(std::memory_order_relaxed)) return;
  State& state = process_state.get();
  const std::lock_guard lock(state.mutex);
  std::erase_if(state.objects, [&](const auto& entry) { return std::get<0>(entry.first) == device; });
  ownerGone(state, [&](const Object& owner) { return std::get<0>(owner) == device; });
}

}  // namespace reprise::capture::payloads

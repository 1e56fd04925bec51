// What the program wrote into mapped memory, found at each scan and handed on as memory changes.
//
// An allocation is watched (two views, the kernel tells which pages were written), beside (the program writes
// to pages of ours, watched, too, and the driver's mapping follows them), compared (the driver's mapping
// against a copy), or trusted (the program flushes what it writes; nothing else is looked for). Where the
// device may write too, a watched page is compared with what it held when the program last could have seen
// the device's writes, so that only the program's bytes are handed on. One mutex: whoever returns from scan()
// knows that every byte the program wrote before is handed on, under a ticket drawn before scan() returned.
// Any thread. Offsets and sizes in bytes from the allocation's start.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "capture/shadow.h"
#include "capture/two_views.h"
#include "capture/write_watch.h"
#include "format/record.h"

namespace reprise {

// Where changes go. Called with the tracker's mutex held.
struct MemorySink {
  bool (*ready)();  // false: recording is off, nothing is looked for
  uint64_t (*ticket)();
  void (*change)(const LaneRecord& record, const MemoryChange& change, std::span<const std::byte> bytes);
  void (*hole)(uint64_t ticket, HoleCause cause, uint64_t subject, std::string_view text);
};

struct MemoryKey {
  uint64_t device;
  uint64_t memory;
  bool operator==(const MemoryKey&) const = default;
};

class MemoryTracker {
 public:
  // Tries the kernel's write watch on two views of its own; compares everything where that does not work.
  explicit MemoryTracker(const MemorySink& sink);
  // From here on, before any allocation: flushes are trusted, scans find nothing.
  void trustFlushes();

  bool watches();

  // Watched views, for an allocation about to be made. Nothing: not on this machine, or out of memory.
  std::optional<TwoViews> makeViews(size_t bytes, size_t alignment);
  void dropViews(const TwoViews& views);  // once the driver has let go of them

  // The allocation exists from here on.
  void addWatched(const MemoryKey& key, size_t bytes, const TwoViews& views);
  // The program gets views.program, whatever the driver maps; the driver's memory, all zeros now, is written
  // when what the program wrote may be used, and looked at when what the device wrote becomes visible.
  // `cached`: reading it there is cheap. False, and nothing added: no memory for the baseline.
  bool addBeside(const MemoryKey& key, size_t bytes, const TwoViews& views, bool cached);
  // `zeroed`: the contents are known to be zeros at the first mapping.
  void addCompared(const MemoryKey& key, size_t bytes, bool zeroed);
  // It is about to be freed: nothing is recorded of it any more. The views to drop after the driver's free.
  std::optional<TwoViews> remove(const MemoryKey& key);
  std::vector<TwoViews> removeAll(uint64_t device);

  // The driver mapped [offset, offset + bytes) at `at`; the result is what the program shall get.
  std::byte* mapped(const MemoryKey& key, std::byte* at, size_t offset, size_t bytes);
  void unmapped(const MemoryKey& key);  // after a scan, before the driver unmaps
  // Memory that the program may write at any time without mapping it.
  void exposed(const MemoryKey& key, std::byte* at);

  // Of watched or beside memory: the device may write here from now on, until it is freed. Records nothing.
  void deviceMayWrite(const MemoryKey& key, size_t offset, size_t bytes);
  // The program is about to see what the device wrote: it is not the program's.
  void deviceWritesVisible();
  // Likewise for a range of memory that is not coherent, which the program has invalidated.
  void invalidated(const MemoryKey& key, size_t offset, size_t bytes);

  // The program has flushed this range: where flushes are trusted, it is handed on as it stands.
  void flushed(const MemoryKey& key, size_t offset, size_t bytes);

  void scan();             // before the device may read what the program wrote
  void scanUnsubmitted();  // likewise, but nothing is given to the device

 private:
  static constexpr size_t kRefreshChunk = size_t{256} << 10;

  struct Range {
    size_t begin;
    size_t end;
  };
  struct Allocation {
    MemoryKey key;
    uint64_t generation = 0;
    size_t bytes = 0;
    std::optional<TwoViews> views;
    bool watched = false;
    bool zeroed = false;         // compared: as allocated, and not mapped since
    bool always_mapped = false;  // compared: see exposed()
    std::byte* base = nullptr;   // address of offset 0; null when compared and not mapped
    Range mapped{};              // empty when not
    bool beside = false;
    bool cached = false;          // beside: see addBeside()
    bool said_uncached = false;   // beside: see refreshBeside()
    std::byte* driver = nullptr;  // beside: address of offset 0 in the driver's mapping; null when not mapped
    Shadow shadow;  // compared: last contents. Watched, beside: contents without the program's new writes
    std::vector<Range> device;  // whole pages, sorted, apart: where the device may write
    size_t device_bytes = 0;
    uint64_t submits_before = 0;  // compared: its allocation. Watched: `device` ceasing to be empty
  };
  struct HashOfKey {
    size_t operator()(const MemoryKey& key) const { return key.device * 31 ^ key.memory; }
  };

  bool selfTest();
  bool oneRunTaken(const std::byte* begin, size_t bytes);
  Allocation* find(const MemoryKey& key);
  Allocation& add(const MemoryKey& key, size_t bytes);
  std::optional<TwoViews> forget(Allocation& allocation);

  bool recording();
  void scanAll();
  bool scanWatched(std::byte* begin, std::byte* end);
  void takeRun(std::byte* begin, std::byte* end);
  void takePages(Allocation& allocation, size_t begin, size_t end);
  void takeSharedPage(Allocation& allocation, size_t begin, size_t end);
  void compare(Allocation& allocation);
  void comparePage(Allocation& allocation, size_t begin, size_t end);
  std::byte* mappedBeside(Allocation& allocation, std::byte* driver, Range range);
  void takeBeside(Allocation& allocation, size_t begin, size_t end);
  void takeBesidePage(Allocation& allocation, size_t begin, size_t end, bool shared);
  void refreshBeside(Allocation& allocation);
  void mergeBeside(Allocation& allocation, Range range);
  void mergeBesidePage(Allocation& allocation, size_t begin, size_t end);
  void refreshShadow(Allocation& allocation, Range range);
  void refreshChunk(Allocation& allocation, size_t begin, size_t end);
  void startComparing(Allocation& allocation, std::byte* base, Range range);
  void stopComparing(Allocation& allocation);
  void watchLost(const Status& status);
  bool watchAgain();
  void hole(HoleCause cause, uint64_t subject, std::string_view text);
  void emit(const Allocation& allocation, const std::byte* bytes, size_t begin, size_t end, uint16_t flags);
  void emitDifferences(const Allocation& allocation, const std::byte* now, const std::byte* before,
                       size_t begin, size_t end, uint16_t flags);
  uint64_t ticket();

  const MemorySink sink_;
  std::mutex mutex_;
  ViewRange views_;
  WriteWatch watch_;
  bool watching_ = false;
  bool trusting_ = false;
  std::unordered_map<MemoryKey, std::unique_ptr<Allocation>, HashOfKey> allocations_;
  std::map<std::byte*, Allocation*> by_address_;  // those with views, by the start of the program's view
  std::vector<Allocation*> compared_;             // mapped ones
  std::vector<Allocation*> shared_;               // watched or beside ones that the device may write
  std::vector<Allocation*> beside_;
  std::unique_ptr<std::byte[]> staging_;
  uint64_t generations_ = 0;
  uint64_t submits_ = 0;
  bool recording_ = false;    // during a call: see MemorySink::ready
  bool device_busy_ = false;  // submitted since the program last waited
  size_t refresh_left_ = 0;   // bytes that may be copied at this wait
  uint64_t ticket_ = 0;       // of the scan under way, 0 until something was found
};

}  // namespace reprise

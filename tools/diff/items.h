// What a comparison keeps of every call: a hash and the objects it names, lane by lane, in a temporary file.
//
// A million calls are 64 MB there and almost nothing in memory: a lane is a chain of blocks, of which only
// the last lies in memory until finish(), which maps the file. release() lets go of pages that are not needed
// soon; they are read again where they are. The file is in $TMPDIR, or /var/tmp, and has no name, so nothing
// is left of it. Owns the file and the mapping. One thread's at a time. Errors: that the file cannot be made
// or written, by append() and finish().
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "format/status.h"

namespace reprise {

// An unnamed file that grows and is then mapped.
class ScratchFile {
 public:
  ScratchFile() = default;
  ~ScratchFile();
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;

  Status append(std::span<const std::byte> bytes);
  Status map();
  const std::byte* data() const { return data_; }
  uint64_t size() const { return size_; }
  void release(uint64_t offset, size_t size) const;  // page-aligned

 private:
  Status open();

  int fd_ = -1;
  uint64_t size_ = 0;
  std::string folder_;
  std::byte* data_ = nullptr;
};

// One thing to compare: a call, or another event.
struct DiffItem {
  static constexpr size_t kInline = 4;

  uint64_t hash = 0;      // of all that counts but which objects its handles mean
  uint64_t position = 0;  // among all events of its trace
  uint32_t frame = 0;
  uint32_t command = 0;  // DiffSide::commands(): calls of one command may be variants of each other
  uint32_t handle_count = 0;
  uint32_t unfinished = 0;         // 1: a call that never returned
  uint64_t handles[kInline] = {};  // more than kInline: the first is their place among all of ItemStore
};
static_assert(sizeof(DiffItem) == 64);

class ItemStore {
 public:
  static constexpr size_t kBlockItems = 256;  // 16 KiB

  class Lane {
   public:
    uint64_t size() const { return size_; }

   private:
    friend class ItemStore;
    std::vector<uint32_t> blocks_;  // numbers of blocks in the file
    std::vector<DiffItem> tail_;
    uint64_t size_ = 0;
  };

  Status append(Lane& lane, DiffItem item, std::span<const uint64_t> handles);
  Status finishLane(Lane& lane);  // before finish()
  Status finish();

  // After finish().
  const DiffItem& at(const Lane& lane, uint64_t index) const {
    const uint64_t block = lane.blocks_[index / kBlockItems];
    return reinterpret_cast<const DiffItem*>(items_.data())[block * kBlockItems + index % kBlockItems];
  }
  std::span<const uint64_t> handles(const DiffItem& item) const {
    if (item.handle_count <= DiffItem::kInline) return {item.handles, item.handle_count};
    return {reinterpret_cast<const uint64_t*>(handles_.data()) + item.handles[0], item.handle_count};
  }
  // Items of `lane` before `index` are not needed soon.
  void release(const Lane& lane, uint64_t index) const;

 private:
  Status writeBlock(Lane& lane);

  ScratchFile items_, handles_;
  uint32_t blocks_ = 0;
};

}  // namespace reprise

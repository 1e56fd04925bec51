// Device addresses: what the captured device called a buffer, and what this one does.
//
// A program has an address only from the call that asks for it, so each is learnt here before it is used. In
// members that the API types as VkDeviceAddress it is replaced exactly. Bytes that shaders get to see have no
// types: each word of 64 bits that lies in a captured range is taken for an address, at multiples of 4 bytes
// in push constants and their like, of 8 in memory. Not found are addresses that a program keeps in another
// form (split, shifted, compressed) or writes in halves; what the GPU itself copies or computes from live
// addresses needs nothing. One a device, one thread. Sizes and offsets in bytes. Rests on: Vulkan
// specification, vkGetBufferDeviceAddress, vkGetAccelerationStructureDeviceAddressKHR; "Physical Storage
// Buffer Access".
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "format/vk.h"

namespace reprise {

class Addresses {
 public:
  // Words of a memory that hold live addresses in place of captured ones, by offset.
  struct Word {
    uint64_t captured = 0, live = 0;
  };
  using Words = std::map<VkDeviceSize, Word>;
  using Object = std::pair<HandleKind, uint64_t>;  // a live buffer or acceleration structure

  void created(Object object, VkDeviceSize size) { sizes_[object] = size; }
  void destroyed(Object object);
  void learn(Object object, VkDeviceAddress captured, VkDeviceAddress live);

  // Whether any address differs here. On the captured GPU all may be as they were: nothing has to be looked
  // for.
  bool any() const { return differing_ != 0; }
  // The live address in place of a captured one; itself where it is no object's.
  VkDeviceAddress liveOf(VkDeviceAddress captured) const;

  void replace(VkDeviceAddress& member);
  void replaceIn(std::span<std::byte> shader_data);
  // Writes the program's `bytes` to `memory` at `begin`. What a change has of a word only in part is
  // completed from `words`, or from the memory.
  void write(Words& words, std::span<std::byte> memory, VkDeviceSize begin, std::span<const std::byte> bytes);

  // One sentence of what was done, empty if nothing was.
  std::string summary() const;

 private:
  struct Range {
    VkDeviceAddress end = 0;
    VkDeviceAddress live = 0;
  };
  using Ranges =
      std::multimap<VkDeviceAddress, Range>;  // by captured begin; of equal ones the newest is last

  static constexpr VkDeviceSize kWord = sizeof(uint64_t);

  bool maybe(uint64_t word) const { return word - lowest_ <= highest_ - lowest_; }
  void forget(Ranges::iterator range);
  static bool anyIn(const Words& words, VkDeviceSize begin, VkDeviceSize end);
  bool anyMaybe(std::span<const std::byte> bytes) const;
  void writeWord(Words& words, std::byte* memory, VkDeviceSize at, uint64_t captured);
  void writePart(Words& words, std::byte* memory, VkDeviceSize begin, std::span<const std::byte> bytes);

  std::map<Object, VkDeviceSize> sizes_;
  std::map<Object, Ranges::iterator> of_object_;
  Ranges ranges_;
  VkDeviceAddress lowest_ = UINT64_MAX, highest_ = UINT64_MAX;  // that were ever captured
  VkDeviceSize longest_ = 0;
  size_t differing_ = 0;  // of the ranges
  uint64_t learnt_ = 0, members_ = 0, data_words_ = 0, memory_words_ = 0;
};

}  // namespace reprise

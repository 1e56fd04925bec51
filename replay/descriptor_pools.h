// Descriptor pools that a driver of another GPU finds full where the captured one had room.
//
// Some drivers do not count: a program may take more sets, or other descriptors, than its pool was made for,
// and only a stricter driver notices. There the set comes from another pool of the same kind, which belongs
// to the captured one: it is reset and destroyed with it, and its sets are freed into it. One DescriptorPools
// a device, one thread; handles are live ones. On the captured GPU itself nothing is kept and nothing helped:
// a pool that is full there is a difference.
#pragma once

#include <cstddef>
#include <span>
#include <unordered_map>
#include <vector>

#include "format/reader.h"
#include "format/vk.h"

namespace reprise {

class DescriptorPools {
 public:
  // `event`: the vkCreateDescriptorPool that made it.
  void created(VkDescriptorPool pool, const Event& event);
  void created(VkDescriptorSetLayout layout, const VkDescriptorSetLayoutCreateInfo& info);
  void destroyed(VkDescriptorSetLayout layout) { layouts_.erase(layout); }

  // After the driver found the pool full: tries again elsewhere. True if that gave the call its sets.
  bool allocate(const Dispatch& d, AllocateDescriptorSetsCall& call);
  // Frees each set into the pool that it is from.
  void free(const Dispatch& d, FreeDescriptorSetsCall& call);
  void reset(const Dispatch& d, VkDevice device, VkDescriptorPool pool);
  void destroy(const Dispatch& d, VkDevice device, VkDescriptorPool pool);  // about to be, by the program

 private:
  struct Pool {
    // The recorded call: its chain is decoded anew for each further pool.
    std::vector<std::byte> inputs;
    std::vector<std::vector<std::byte>> bulks;
    std::vector<VkDescriptorPool> more;
  };
  // What a set takes out of its pool.
  struct Needs {
    std::vector<VkDescriptorPoolSize> sizes;
    uint32_t inline_blocks = 0;
    VkDescriptorPoolSize variable{};  // the binding of variable size; not in `sizes`
  };

  Needs needsOf(const VkDescriptorSetAllocateInfo& info) const;
  VkDescriptorPool create(const Dispatch& d, VkDevice device, const Pool& pool, const Needs& needs,
                          uint32_t sets);
  void forgetSets(const std::vector<VkDescriptorPool>& of);

  std::unordered_map<VkDescriptorPool, Pool> pools_;
  std::unordered_map<VkDescriptorSetLayout, Needs> layouts_;
  std::unordered_map<VkDescriptorSet, VkDescriptorPool> elsewhere_;  // sets of further pools
};

}  // namespace reprise

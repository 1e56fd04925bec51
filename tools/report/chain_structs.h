// Which structs stand in the pNext chains of a call.
//
// Decodes a call's arguments again, for the commands that can have a chain at all. Owns the memory that they
// lie in. One thread's. Errors: arguments that cannot be decoded name what was readable.
#pragma once

#include <vector>

#include "format/arena.h"
#include "format/reader.h"
#include "format/vk.h"

namespace reprise {

class ChainStructs {
 public:
  ChainStructs();

  // Each type once, in the order of appearance. Valid until the next call.
  const std::vector<VkStructureType>& of(const Event& call);

 private:
  std::vector<bool> may_have_;  // by Command
  Arena arena_;
  std::vector<VkStructureType> structs_;
};

}  // namespace reprise

// The objects of a trace and their lives, in a table of bounded size.
//
// A row each, in the order of their making; of each type the first `most_of_kind`, of all together `most`:
// those beyond are counted only. Debug names and the structs of pNext chains have tables of their own. The
// order of the calls is the caller's: made() before what else is said of an object. One thread's. No errors:
// what is said of an object without a row is dropped.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tools/objects.h"

namespace reprise {

// A call, as far as an object's life needs it.
struct CallPlace {
  uint64_t call = 0;
  uint32_t frame = 0;
  uint32_t lane = 0;
  uint32_t command = 0;  // the user's index
};

struct ObjectRow {
  HandleKind kind = HandleKind::kNone;
  bool external = false;  // its making names external memory, or another handle type
  bool ended = false;
  uint32_t number = 0;
  CallPlace made, end;
  uint32_t made_text = 0;   // of the call that made it; 0: none is kept
  uint32_t bound_text = 0;  // of the call that bound it to its memory
  uint32_t memory = 0;      // row + 1 of that memory
  uint32_t name = 0;        // place in names() + 1
};

// A struct that stood in a pNext chain.
struct ChainedStruct {
  uint64_t calls = 0;
  CallPlace first;
  uint64_t objects = 0;        // made by these calls
  std::vector<uint32_t> rows;  // of these, the first kMostRows that have one
  static constexpr size_t kMostRows = 4096;
};

class ObjectRows {
 public:
  struct Limits {
    size_t most = 1'000'000;
    size_t most_of_kind = 200'000;
    size_t most_name_bytes = 16 << 20;
  };
  static constexpr size_t kNameBytes = 256;  // of one name; longer ones are cut

  explicit ObjectRows(Limits limits) : limits_(limits) {}

  // The new row, or null where there is no room. Valid until the next call.
  ObjectRow* make(const ObjectName& object, const CallPlace& place);
  void end(const ObjectName& object, const CallPlace& place);
  void name(const ObjectName& object, std::string_view name);
  void bind(const ObjectName& object, const ObjectName& memory, uint32_t text);
  // A call that made `made` has these structs in its chains.
  void chain(const std::vector<VkStructureType>& structs, const CallPlace& place,
             const std::vector<ObjectName>& made);

  const std::vector<ObjectRow>& rows() const { return rows_; }
  const std::vector<std::string>& names() const { return names_; }
  const std::unordered_map<VkStructureType, ChainedStruct>& structs() const { return structs_; }
  uint64_t made(HandleKind kind) const { return made_[size_t(kind)]; }
  uint64_t namesLeft() const { return names_left_; }

 private:
  ObjectRow* find(const ObjectName& object);
  uint32_t rowOf(const ObjectName& object) const;  // row + 1, 0 if it has none

  Limits limits_;
  std::vector<ObjectRow> rows_;
  std::array<std::vector<uint32_t>, kHandleKindCount> by_number_;  // row + 1, by number - 1
  std::array<uint64_t, kHandleKindCount> made_{};
  std::vector<std::string> names_;
  std::unordered_map<std::string, uint32_t> name_places_;  // place + 1
  size_t name_bytes_ = 0;
  uint64_t names_left_ = 0;
  std::unordered_map<VkStructureType, ChainedStruct> structs_;
};

}  // namespace reprise

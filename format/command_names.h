// How the file's readers and writers turn a registry command id into its name and back.
//
// Files carry names, not registry ids, so a trace outlives the registry that it was made with. The default is
// the registry this build was generated from; tests pass tables of their own. Values; no thread rule.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace reprise {

struct CommandNames {
  const char* (*name_of)(uint16_t registry_id);      // nullptr: no such command
  uint16_t (*id_of)(std::string_view command_name);  // 0: this build lacks it
  // Commands of which some calls say that a frame ends, and whether this call does: frame_ends.h. nullptr:
  // none.
  bool (*may_end_frame)(uint16_t registry_id) = nullptr;
  bool (*ends_frame)(uint16_t registry_id, std::span<const std::byte> inputs) = nullptr;
};

CommandNames registryCommandNames();

}  // namespace reprise

#include "format/command_names.h"

#include "format/vk.h"

namespace reprise {

CommandNames registryCommandNames() {
  return {
      [](uint16_t id) -> const char* {
        if (id == 0 || id >= kCommandCount) return nullptr;
        return commandInfo(static_cast<Command>(id)).name;
      },
      [](std::string_view name) { return static_cast<uint16_t>(findCommand(name)); },
  };
}

}  // namespace reprise

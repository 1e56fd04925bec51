#include "format/command_names.h"

#include "format/frame_marks.h"
#include "format/vk.h"

namespace reprise {

CommandNames registryCommandNames() {
  return {
      [](uint16_t id) -> const char* {
        if (id == 0 || id >= kCommandCount) return nullptr;
        return commandInfo(static_cast<Command>(id)).name;
      },
      [](std::string_view name) { return static_cast<uint16_t>(findCommand(name)); },
      [](uint16_t id) { return mayMarkFrameEnd(static_cast<Command>(id)); },
      [](uint16_t id, std::span<const std::byte> inputs) {
        return marksFrameEnd(static_cast<Command>(id), inputs);
      },
  };
}

}  // namespace reprise

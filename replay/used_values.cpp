#include "replay/used_values.h"

namespace reprise {

void forEachValue(Command canonical, void* packet, ValueVisitor::Function function, void* self) {
  ValueVisitor visitor(function, self);
  switch (canonical) {
#define REPRISE_PACKET(name, Packet)               \
  case Command::name:                              \
    visit(visitor, *static_cast<Packet*>(packet)); \
    break;
#include "gen/packets.inc"
#undef REPRISE_PACKET
    default:
      break;
  }
}

}  // namespace reprise

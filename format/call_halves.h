// Every call's halves, compiled once: whoever decodes calls of any command, or shows their handles, includes
// this, and the compiler need not do it again in each such source (in slices: format/CMakeLists.txt).
#pragma once

#include "format/decoder.h"
#include "format/handles_visitor.h"

// `kind` is `extern template` or, in the one source that has it, `template`.
#define REPRISE_CALL_HALVES(kind, Packet)                                                           \
  kind bool decodeInputs(std::span<const std::byte>, Bulks, Arena&, Packet&, std::string*, Holes,   \
                         const NodeFilter*);                                                        \
  kind bool decodeOutputs(std::span<const std::byte>, Bulks, Arena&, Packet&, std::string*, Holes); \
  kind void showHandles(Packet&, CallHalf, HandleVisitor::Function, void*, DeviceNumbers*);

namespace reprise {
#define REPRISE_PACKET(name, Packet) REPRISE_CALL_HALVES(extern template, Packet)
#include "gen/packets.inc"
#undef REPRISE_PACKET
}  // namespace reprise

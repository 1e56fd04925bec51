// SPIR-V without what only its author needs: sources, file names, options of the compiler; names on request.
//
// Rests on: SPIR-V specification, sections "Physical Layout" and "Debug Instructions". The ids of OpString
// stay, so what refers to them does. The code that a driver compiles does not change. Hostile input: what is
// no whole module is not touched. Pure but for the pseudonyms.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tools/text/pseudonyms.h"

namespace reprise {

// nullopt: it is no SPIR-V of this host's byte order, or nothing is to be taken out of it.
std::optional<std::vector<std::byte>> scrubSpirv(std::span<const std::byte> code, bool names,
                                                 Pseudonyms& pseudonyms);

}  // namespace reprise

// What a SPIR-V module says that it needs: its version, capabilities and extensions, from its first
// instructions.
//
// The words are a stranger's: every length is checked against what remains. Pure function; any thread.
// Rests on: SPIR-V unified1, "Physical Layout of a SPIR-V Module and Instruction", "Logical Layout of a
// Module".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace reprise {

struct SpirvNeeds {
  uint32_t version = 0;  // 0x00010500: SPIR-V 1.5; 0: this is no SPIR-V
  std::vector<uint32_t> capabilities;
  std::vector<std::string> extensions;
};

// `bytes` as in VkShaderModuleCreateInfo::codeSize.
SpirvNeeds readSpirv(const uint32_t* words, size_t bytes);

}  // namespace reprise

#include "replay/spirv.h"

#include <cstring>

namespace reprise {
namespace {

constexpr uint32_t kMagic = 0x07230203;
constexpr size_t kHeaderWords = 5;
constexpr uint32_t kOpExtension = 10, kOpCapability = 17;

// A string of the module, which may lack its end.
std::string text(const uint32_t* words, size_t count) {
  const char* begin = reinterpret_cast<const char*>(words);
  return std::string(begin, strnlen(begin, count * sizeof *words));
}

}  // namespace

SpirvNeeds readSpirv(const uint32_t* words, size_t bytes) {
  SpirvNeeds needs;
  const size_t count = words ? bytes / sizeof *words : 0;
  if (count < kHeaderWords || words[0] != kMagic) return needs;
  needs.version = words[1];
  // Capabilities come first, extensions right behind them.
  for (size_t at = kHeaderWords; at < count;) {
    const uint32_t operation = words[at] & 0xffff;
    const size_t length = words[at] >> 16;
    if (length < 2 || length > count - at) break;
    if (operation == kOpCapability)
      needs.capabilities.push_back(words[at + 1]);
    else if (operation == kOpExtension)
      needs.extensions.push_back(text(words + at + 1, length - 1));
    else
      break;
    at += length;
  }
  return needs;
}

}  // namespace reprise

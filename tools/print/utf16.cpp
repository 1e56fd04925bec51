#include "tools/print/utf16.h"

namespace reprise {

void appendUtf8(std::string& out, uint32_t point) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) return put(point);
  if (point < 0x800) {
    put(0xc0 | point >> 6);
  } else if (point < 0x10000) {
    put(0xe0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3f));
  } else {
    put(0xf0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3f));
    put(0x80 | (point >> 6 & 0x3f));
  }
  put(0x80 | (point & 0x3f));
}

std::optional<std::string> utf8From(std::span<const uint16_t> units) {
  std::string out;
  for (size_t i = 0; i < units.size(); ++i) {
    uint32_t point = units[i];
    if (point >= 0xd800 && point < 0xe000) {
      const bool pair =
          point < 0xdc00 && i + 1 < units.size() && units[i + 1] >= 0xdc00 && units[i + 1] < 0xe000;
      if (!pair) return std::nullopt;
      point = 0x10000 + ((point - 0xd800) << 10) + (units[++i] - 0xdc00u);
    }
    appendUtf8(out, point);
  }
  return out;
}

std::vector<uint16_t> utf16From(std::string_view utf8) {
  std::vector<uint16_t> units;
  for (size_t i = 0; i < utf8.size();) {
    const auto first = static_cast<unsigned char>(utf8[i]);
    const size_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t point = size == 1 ? first : first & (0xffu >> (size + 1));
    for (size_t k = 1; k < size && i + k < utf8.size(); ++k)
      point = point << 6 | (static_cast<unsigned char>(utf8[i + k]) & 0x3f);
    i += size;
    if (point < 0x10000) {
      units.push_back(static_cast<uint16_t>(point));
      continue;
    }
    point -= 0x10000;
    units.push_back(static_cast<uint16_t>(0xd800 + (point >> 10)));
    units.push_back(static_cast<uint16_t>(0xdc00 + (point & 0x3ff)));
  }
  return units;
}

}  // namespace reprise

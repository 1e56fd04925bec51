#include "tools/print/hex_dump.h"

namespace reprise {
namespace {

constexpr char kDigits[] = "0123456789abcdef";
constexpr size_t kOffsetDigits = 8;  // at least

void appendOffset(uint64_t offset, std::string& out) {
  size_t digits = kOffsetDigits;
  while (digits < 16 && offset >> (4 * digits) != 0) ++digits;
  while (digits-- > 0) out += kDigits[offset >> (4 * digits) & 15];
}

}  // namespace

void appendHexByte(unsigned char byte, std::string& out) {
  out += kDigits[byte >> 4];
  out += kDigits[byte & 15];
}

void appendHexDigits(std::string_view bytes, std::string& out) {
  for (const char byte : bytes) appendHexByte(static_cast<unsigned char>(byte), out);
}

void appendHexLines(std::string_view bytes, uint64_t offset, size_t indent, std::string& out) {
  while (!bytes.empty()) {
    const std::string_view line = bytes.substr(0, kHexLineBytes);
    out.append(indent, ' ');
    appendOffset(offset, out);
    out += "  ";
    for (size_t i = 0; i < kHexLineBytes; ++i) {
      if (i < line.size()) {
        appendHexByte(static_cast<unsigned char>(line[i]), out);
        out += ' ';
      } else {
        out += "   ";
      }
      if (i == kHexLineBytes / 2 - 1) out += ' ';
    }
    out += " |";
    for (const char byte : line) out += byte >= 0x20 && byte < 0x7f ? byte : '.';
    out += "|\n";
    offset += line.size();
    bytes.remove_prefix(line.size());
  }
}

}  // namespace reprise

// Bytes as lines of hex: offset, sixteen bytes, the same as ASCII.
//
// Pure functions; any thread. What is no printable ASCII is a dot, so that no byte reaches the terminal as it
// is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace reprise {

inline constexpr size_t kHexLineBytes = 16;

// `offset` is that of the first byte; `indent` spaces stand before each line.
void appendHexLines(std::string_view bytes, uint64_t offset, size_t indent, std::string& out);

void appendHexByte(unsigned char byte, std::string& out);        // two digits
void appendHexDigits(std::string_view bytes, std::string& out);  // two a byte, nothing between

}  // namespace reprise

// UTF-16 of a Win32 string as UTF-8 and back. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace reprise {

void appendUtf8(std::string& out, uint32_t point);
std::optional<std::string> utf8From(std::span<const uint16_t> units);  // nullopt: half a pair stands alone
std::vector<uint16_t> utf16From(std::string_view utf8);                // of well-formed text

}  // namespace reprise

// Every setting of the layer, in one table.
//
// A setting comes from the environment variable REPRISE_<NAME>, upper case. Values are text owned by the
// environment; an unknown word of a choice counts as the default. Any thread.
#pragma once

#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace reprise::capture {

enum class OptionType : uint8_t {
  kText,
  kNumber,
  kChoice,  // one of the words of `choices`
};

enum class Option : uint8_t { kAddresses, kArenaMib, kMemory, kOutput, kUnknownExtensions, kWriter };

struct OptionInfo {
  const char* name;
  OptionType type;
  const char* fallback;
  const char* choices;  // separated by '|', null unless kChoice
  const char* help;
};

// In the order of Option.
inline constexpr OptionInfo kOptions[] = {
    {"addresses", OptionType::kChoice, "opaque", "opaque|translate",
     "device addresses and shader group handles: opaque makes objects so that a replay on the same GPU and "
     "driver can have the very same ones, where the driver offers that; translate leaves objects as the program "
     "asked for them"},
    {"arena_mib", OptionType::kNumber, "256", nullptr,
     "shared memory between the program and the writer, in MiB"},
    {"memory", OptionType::kChoice, "auto", "auto|beside|compare|assisted|off",
     "how changes of mapped memory are found: auto watches pages that it shares with the driver, or else (beside) "
     "pages of its own which the driver's follow at submits and waits, compare copies and compares, assisted records "
     "what the program flushes and nothing else, off records none"},
    {"output", OptionType::kText, "", nullptr,
     "file to write when the program runs without `reprise capture`"},
    {"unknown_extensions", OptionType::kChoice, "hide", "hide|pass",
     "extensions and versions newer than this build's registry: hidden from the program, or passed on "
     "unrecorded"},
    {"writer", OptionType::kText, "", nullptr,
     "program to start as the writer instead of the `reprise` beside the layer"},
};

// "REPRISE_ARENA_MIB" into `out`.
inline void optionVariable(const OptionInfo& info, char (&out)[64]) {
  size_t n = static_cast<size_t>(std::snprintf(out, sizeof out, "REPRISE_%s", info.name));
  for (size_t i = 0; i < n && i < sizeof out; ++i) out[i] = static_cast<char>(std::toupper(out[i]));
}

inline bool isChoice(const char* choices, std::string_view word) {
  for (std::string_view rest = choices; !rest.empty();) {
    const size_t end = rest.find('|');
    if (rest.substr(0, end) == word) return true;
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  }
  return false;
}

// The value in force: the environment's, or the default where that is missing, empty, no choice, or
// where the program runs with more rights than its user.
inline const char* optionText(Option option) {
  const OptionInfo& info = kOptions[static_cast<size_t>(option)];
  char variable[64];
  optionVariable(info, variable);
  const char* value = secure_getenv(variable);
  if (value == nullptr || *value == 0) return info.fallback;
  if (info.type == OptionType::kChoice && !isChoice(info.choices, value)) return info.fallback;
  return value;
}

inline bool optionIs(Option option, std::string_view word) { return optionText(option) == word; }

inline uint64_t optionNumber(Option option) { return std::strtoull(optionText(option), nullptr, 10); }

}  // namespace reprise::capture

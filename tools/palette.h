// The colours of text on a terminal, as the escape sequences that start them.
//
// A palette is a table of literals; in kPlain all are empty, so that whoever writes text need not ask.
// Constant data: any thread. Only the 16 colours that every terminal lets its owner choose; nothing is said
// by colour alone.
#pragma once

#include <string_view>

namespace reprise {

struct Palette {
  std::string_view frame, command, result, failure, warning, type, name, handle, number, string, remark,
      reset;
};

inline constexpr Palette kPlain{};
inline constexpr Palette kColours{
    .frame = "\x1b[1;34m",
    .command = "\x1b[1m",
    .result = "\x1b[32m",
    .failure = "\x1b[1;31m",
    .warning = "\x1b[1;31m",
    .type = "\x1b[36m",
    .name = "\x1b[33m",
    .handle = "\x1b[35m",
    .number = "",
    .string = "\x1b[32m",
    .remark = "\x1b[2m",
    .reset = "\x1b[0m",
};

}  // namespace reprise

"""Turns a text file into a C++ header: embed.py FILE NAME HEADER. See embed.cmake."""

import pathlib
import sys

PIECE = 4096  # bytes a literal: compilers bound one literal's length


def main():
    source, name, header = sys.argv[1:]
    data = pathlib.Path(source).read_bytes()
    pieces = [data[at:at + PIECE] for at in range(0, len(data), PIECE)]
    literals = "\n".join('"' + "".join(f"\\{byte:03o}" for byte in piece) + '"' for piece in pieces)
    pathlib.Path(header).write_text(
        f"// The text of {pathlib.Path(source).name}.\n#pragma once\n#include <string_view>\nnamespace reprise {{\n"
        f"inline constexpr char {name}Text[] =\n{literals};\n"
        f"inline constexpr std::string_view {name}({name}Text, sizeof({name}Text) - 1);\n}}  // namespace reprise\n")


if __name__ == "__main__":
    main()

// foreign_traces DIR: traces of programs that no driver of this machine could run, written by hand.
#include <cstdio>
#include <filesystem>

#include "tests/foreign/traces.h"

int main(int argc, char** argv) {
  if (argc != 2 || !std::filesystem::is_directory(argv[1])) {
    std::fprintf(stderr, "usage: foreign_traces DIR\n");
    return 2;
  }
  foreign::writeWin32(argv[1]);
  foreign::writeAndroid(argv[1]);
  foreign::writeFuchsia(argv[1]);
  foreign::writeMetal(argv[1]);
  foreign::writeDrm(argv[1]);
}

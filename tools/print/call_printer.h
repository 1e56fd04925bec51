// From a call in a trace to its tree: decodes the arguments of whatever command it is and prints them.
//
// Owns the memory that a decoded call lies in. One thread's.
#pragma once

#include <string>

#include "format/arena.h"
#include "format/reader.h"
#include "tools/print/printer.h"

namespace reprise {

class CallPrinter {
 public:
  CallPrinter(Tree::Format format, size_t bytes_shown, bool hex_dumps = false)
      : tree_(format, hex_dumps), printer_(tree_, bytes_shown) {}
  void nameObjects(const Objects* objects) { printer_.nameObjects(objects); }

  // The call's arguments and, where the driver returned, its result. Valid until the next call of print().
  // Where they cannot be read, the tree holds what was readable and error() says why.
  const Tree& print(const Event& call);
  const std::string& error() const { return error_; }

 private:
  template <class Packet>
  void printPacket(const Event& call, Packet& packet);

  Arena arena_;
  Tree tree_;
  Printer printer_;
  std::string error_;
};

}  // namespace reprise

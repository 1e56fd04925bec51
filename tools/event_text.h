// One event of a trace as the lines that `reprise dump` prints.
//
// Keeps the frame of the last event, to say where a new one starts. One thread's.
#pragma once

#include <string>

#include "format/reader.h"
#include "tools/call_printer.h"

namespace reprise {

class EventPrinter {
 public:
  EventPrinter(Tree::Format format, size_t bytes_shown)
      : json_(format == Tree::Format::kJson), calls_(format, bytes_shown) {}

  // Appends whole lines.
  void append(const Event& event, std::string& out);

 private:
  void callText(const Event& event, std::string& out);
  void callJson(const Event& event, std::string& out);
  void otherText(const Event& event, std::string& out);
  void otherJson(const Event& event, std::string& out);

  bool json_;
  CallPrinter calls_;
  bool first_ = true;
  uint32_t frame_ = 0;
};

}  // namespace reprise

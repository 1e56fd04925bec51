// A call of the trace that is played later than it comes along. It owns its bytes.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "format/reader.h"

namespace reprise {

class KeptCall {
 public:
  explicit KeptCall(const Event& from)
      : event_(from),
        name_(from.command_name),
        inputs_(from.inputs.begin(), from.inputs.end()),
        outputs_(from.outputs.begin(), from.outputs.end()),
        input_bulks_(from.input_bulks),
        output_bulks_(from.output_bulks) {
    event_.command_name = name_;
    event_.inputs = inputs_;
    event_.outputs = outputs_;
    event_.input_bulks = input_bulks_.spans;
    event_.output_bulks = output_bulks_.spans;
  }
  KeptCall(const KeptCall&) = delete;
  KeptCall& operator=(const KeptCall&) = delete;

  const Event& event() const { return event_; }
  const std::string& name() const { return name_; }

 private:
  struct Bulks {
    explicit Bulks(std::span<const std::span<const std::byte>> from) {
      for (const auto& bulk : from) bytes.emplace_back(bulk.begin(), bulk.end());
      for (const auto& bulk : bytes) spans.emplace_back(bulk);
    }
    std::vector<std::vector<std::byte>> bytes;
    std::vector<std::span<const std::byte>> spans;
  };

  Event event_;
  std::string name_;
  std::vector<std::byte> inputs_, outputs_;
  Bulks input_bulks_, output_bulks_;
};

}  // namespace reprise

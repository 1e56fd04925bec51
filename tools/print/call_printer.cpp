#include "tools/print/call_printer.h"

#include "format/call_halves.h"

namespace reprise {

template <class Packet>
void CallPrinter::printPacket(const Event& call, Packet& packet) {
  if (!decodeInputs(call.inputs, call.input_bulks, arena_, packet, &error_)) return;
  bool returned = call.has_outputs;
  if (returned) {
    const Packet inputs = packet;
    returned = decodeOutputs(call.outputs, call.output_bulks, arena_, packet, &error_);
    if (!returned) packet = inputs;
  }
  printer_.startCall(returned);
  visit(printer_, packet);
}

const Tree& CallPrinter::print(const Event& call) {
  arena_.reset();
  tree_.clear();
  error_.clear();
  if (call.command == Command::kUnknown) {
    error_ = "this build does not know the command";
    return tree_;
  }
  const bool known = withPacket(call.command, [&](auto& packet) { printPacket(call, packet); });
  if (!known) error_ = "this build does not know the command";
  return tree_;
}

}  // namespace reprise

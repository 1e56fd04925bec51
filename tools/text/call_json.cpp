#include "tools/text/call_json.h"

#include "format/call_halves.h"
#include "tools/text/member_visitor.h"

namespace reprise {
namespace {

template <class Packet>
inline constexpr bool kReturns = requires(Packet& packet) {
  packet.result;
};

template <class Packet>
bool print(const CallBytes& bytes, Packet& packet, Arena& arena, JsonWriter& writer, std::string& error) {
  if (!decodeInputs(bytes.inputs, bytes.input_bulks, arena, packet, &error)) return false;
  writer.open("args");
  InputMembers inputs(writer);
  visit(inputs, packet);
  writer.close();
  if (!bytes.has_outputs) return true;
  if (!decodeOutputs(bytes.outputs, bytes.output_bulks, arena, packet, &error)) return false;
  if constexpr (!kReturns<Packet>) writer.open("out");  // else the result comes first
  OutputMembers outputs(writer);
  visit(outputs, packet);
  writer.close();
  return true;
}

template <class Packet>
bool read(Packet& packet, const JsonValue& args, bool has_outputs, const JsonValue& result,
          const JsonValue& out, JsonReader& reader, EncodedCall& encoded) {
  const char* name = commandInfo(Packet::kId).name;
  reader.start(args, name, "args");
  InputMembers inputs(reader);
  visit(inputs, packet);
  reader.finish();
  if (!reader.ok() || !encoded.inputs.encode<InputEncoder>(packet)) return false;
  if (!has_outputs) return true;
  reader.start(out, name, "out");
  reader.setResult(result);
  OutputMembers outputs(reader);
  visit(outputs, packet);
  reader.finish();
  return reader.ok() && encoded.outputs.encode<OutputEncoder>(packet);
}

}  // namespace

bool callToJson(Command command, const CallBytes& bytes, Arena& arena, JsonWriter& writer,
                std::string& error) {
  bool good = false;
  const bool known =
      withPacket(command, [&](auto& packet) { good = print(bytes, packet, arena, writer, error); });
  if (!known) error = "this build does not know the command";
  return good;
}

bool jsonToCall(Command command, const JsonValue& args, bool has_outputs, const JsonValue& result,
                const JsonValue& out, JsonReader& reader, EncodedCall& encoded) {
  encoded.inputs.clear();
  encoded.outputs.clear();
  bool good = false;
  withPacket(command,
             [&](auto& packet) { good = read(packet, args, has_outputs, result, out, reader, encoded); });
  return good;
}

}  // namespace reprise

// A call's bytes as JSON and back: whichever command it is.
//
// callToJson() decodes and prints, jsonToCall() fills a packet and encodes it. Visits every packet, so it is
// one source, compiled for size. Pure but for what they are given; one thread's.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "format/arena.h"
#include "format/encoder.h"
#include "tools/text/json_reader.h"
#include "tools/text/json_writer.h"

namespace reprise {

struct CallBytes {
  std::span<const std::byte> inputs, outputs;
  std::span<const std::span<const std::byte>> input_bulks, output_bulks;
  bool has_outputs = false;
};

// The bytes of a half, and the ranges that belong in bulk, in order.
class EncodedHalf {
 public:
  void clear() { size_ = 0, bulks_.clear(); }
  std::span<const std::byte> bytes() const { return {buffer_.data(), size_}; }
  const std::vector<std::span<const std::byte>>& bulks() const { return bulks_; }

  template <class E, class C>
  bool encode(C& call) {
    clear();
    E encoder(buffer_, EncoderSink{this, &EncodedHalf::keepBulk, nullptr});
    visit(encoder, call);
    size_ = encoder.size();
    return !encoder.overflowed();
  }

 private:
  static void keepBulk(void* self, const void* data, size_t size) {
    static_cast<EncodedHalf*>(self)->bulks_.emplace_back(static_cast<const std::byte*>(data), size);
  }

  GrowingBuffer buffer_;
  size_t size_ = 0;
  std::vector<std::span<const std::byte>> bulks_;
};

struct EncodedCall {
  EncodedHalf inputs, outputs;
};

// Appends the members "args" and, of a call that returned, "result" and "out". False: the bytes cannot be
// decoded, by `error`; what was appended is then to be dropped.
bool callToJson(Command command, const CallBytes& bytes, Arena& arena, JsonWriter& writer,
                std::string& error);

// `has_outputs`: the call returned, so there is a `result` (if it has one) and an `out` (missing: nothing in
// it). False: reader.error() says why not. Bulk ranges lie in the arena of the reader.
bool jsonToCall(Command command, const JsonValue& args, bool has_outputs, const JsonValue& result,
                const JsonValue& out, JsonReader& reader, EncodedCall& encoded);

}  // namespace reprise

// Writes `.vkr` files by hand, without a driver: lanes of calls given as command and bytes, memory changes,
// bulk, and, by RawTrace, files that no writer would make.
//
// TraceBuilder makes lane records as the layer would and passes them to a TraceWriter. Tickets are taken from
// a counter of its own. For tests: a failure to write is in finish(). One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "format/record.h"
#include "format/trace_format.h"
#include "format/writer.h"

namespace reprise {

using Bytes = std::vector<std::byte>;

Bytes bytesOf(std::string_view text);
inline Bytes owned(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }
Bytes readFile(const std::string& path);
void writeFile(const std::string& path, std::span<const std::byte> bytes);

// A lane's records as the layer writes them.
class LaneBytes {
 public:
  LaneBytes& record(uint16_t command, uint16_t flags, uint64_t order, std::span<const std::byte> payload);
  // As record(), in pieces of at most `piece_bytes` where the payload is larger than that.
  LaneBytes& pieces(uint16_t command, uint16_t flags, uint64_t order, std::span<const std::byte> payload,
                    size_t piece_bytes = kMaxRecordPayload);
  LaneBytes& raw(std::span<const std::byte> bytes);
  std::span<const std::byte> bytes() const { return bytes_; }
  void clear() { bytes_.clear(); }

 private:
  Bytes bytes_;
};

class TraceBuilder {
 public:
  // Options default to one compression thread: the same calls make the same file.
  explicit TraceBuilder(const std::string& path, TraceHeaderInfo info = fixedInfo(),
                        WriterOptions options = fixedOptions());

  static TraceHeaderInfo fixedInfo();
  static WriterOptions fixedOptions();

  uint64_t ticket() { return ++ticket_; }
  uint64_t noted() const { return ticket_; }

  // A call with outputs that takes its ticket before (true) or after (false) the driver.
  TraceBuilder& call(uint32_t lane, uint16_t command, std::span<const std::byte> inputs,
                     std::span<const std::byte> outputs, bool ticket_before = false);
  TraceBuilder& command(uint32_t lane, uint16_t command, std::span<const std::byte> inputs);  // vkCmd*: noted
  TraceBuilder& bulk(uint32_t lane, std::span<const std::byte> bytes);  // of the lane's next call
  TraceBuilder& memory(const MemoryChange& change, std::span<const std::byte> bytes,
                       uint16_t extra_flags = 0);
  // Contents from outside, ticketed, and the payload of the lane's next exporting or importing call.
  TraceBuilder& contents(uint32_t lane, const ContentsRecord& contents, std::span<const std::byte> bytes);
  TraceBuilder& payload(uint32_t lane, const PayloadRecord& payload);
  TraceBuilder& opaque(uint32_t lane, const OpaqueRecord& opaque, std::span<const std::byte> values);
  TraceBuilder& hole(uint32_t lane, HoleCause cause, uint64_t subject, std::string_view text);
  TraceBuilder& metadata(uint32_t lane, MetadataKind kind, std::string_view json);
  // Announced only. The call stays open.
  TraceBuilder& announce(uint32_t lane, uint16_t command, std::span<const std::byte> inputs, bool ticketed);
  TraceBuilder& complete(uint32_t lane, uint16_t command, std::span<const std::byte> outputs, bool ticketed);

  TraceWriter& writer() { return *writer_; }
  static constexpr uint32_t kMemoryLane = 1000;

  Status finish();

 private:
  void append(uint32_t lane, uint16_t command, uint16_t flags, uint64_t order,
              std::span<const std::byte> payload);

  std::unique_ptr<TraceWriter> writer_;
  Status status_;
  uint64_t ticket_ = 0;
};

// A `.vkr` file from parts, valid or not: the caller decides what each block says of itself.
class RawTrace {
 public:
  RawTrace();
  RawTrace& block(BlockHeader header, std::span<const std::byte> raw);  // sizes and checksum are filled in
  // As given: sizes and checksum too. The payload is what lies in the file.
  RawTrace& lyingBlock(const BlockHeader& header, std::span<const std::byte> stored);
  RawTrace& bytes(std::span<const std::byte> bytes);
  RawTrace& command(uint16_t id, std::string_view name);  // a names block
  const Bytes& get() const { return file_; }

 private:
  Bytes file_;
};

Bytes compressed(std::span<const std::byte> raw);

}  // namespace reprise

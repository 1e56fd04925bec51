#include "capture/recorder.h"

#include <array>
#include <cstdarg>
#include <cstdio>

namespace reprise::capture {

constinit CommandBufferLanes command_buffer_lanes;

namespace {

// True the first time for an sType; false beyond as many as anybody wants to read about.
bool isNews(VkStructureType type) {
  static constinit std::array<std::atomic<uint32_t>, 64> seen{};
  const uint32_t mark = uint32_t(type) + 1;  // 0 is an empty place
  for (auto& place : seen) {
    uint32_t there = place.load(std::memory_order_relaxed);
    if (there == 0 && place.compare_exchange_strong(there, mark, std::memory_order_relaxed)) return true;
    if (there == mark) return false;
  }
  return false;
}

// What an encoder meets on the slow path that needs a record of its own in front of the call's.
struct Aside {
  Lane* lane;
  Command called;
};

void writeBulk(void* self, const void* data, size_t size) {
  const auto& aside = *static_cast<Aside*>(self);
  laneWrite(aside.lane, {0, kRecordBulk, 0, notedTicket()}, {static_cast<const std::byte*>(data), size});
}

void writeUnknownStruct(void* self, VkStructureType type) {
  const auto& aside = *static_cast<Aside*>(self);
  const char* name = commandInfo(aside.called).name;
  char text[160];
  std::snprintf(text, sizeof text,
                "%s: a struct of sType %u, which this build does not know, is not recorded", name,
                unsigned(type));
  recordHole(HoleCause::kUnknownStruct, uint64_t(type), text);
  if (isNews(type)) warn("%s (said once for this sType)", text);
}

template <class E, class Encode>
bool writeHalf(Lane* lane, const detail::Heading& heading, Encode encode, void* call) {
  Aside aside{lane, Command(heading.command)};
  GrowingBuffer buffer;
  E encoder(buffer, EncoderSink{&aside, writeBulk, writeUnknownStruct});
  if (heading.flags & kTimed) {
    const uint64_t now = detail::coarseTime();
    encoder.put(now);
  }
  encode(encoder, call);
  if (encoder.overflowed()) {
    warn("no memory to record %s: it is missing from the trace", commandInfo(aside.called).name);
    recordHole(HoleCause::kUnknownCommand, heading.command, "no memory to record a call");
    return false;
  }
  const uint64_t order = heading.drawsTicket() ? nextTicket() : notedTicket();
  laneWrite(lane, {0, heading.command, heading.flags, order}, encoder.bytes());
  return true;
}

// Encoder::put is for its kin.
template <class E>
class Timestamped : public E {
 public:
  using E::E;
  using E::put;
};

}  // namespace

void warn(const char* format, ...) {
  char line[512];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(line, sizeof line, format, arguments);
  va_end(arguments);
  std::fprintf(stderr, "reprise: %s\n", line);
}

void recordHole(HoleCause cause, uint64_t subject, std::string_view text) {
  Lane* lane = currentLane();
  if (lane == nullptr) return;
  std::byte payload[sizeof(HoleRecord) + 256];
  const HoleRecord hole{cause, 0, subject};
  const size_t length = std::min(text.size(), sizeof payload - sizeof hole);
  std::memcpy(payload, &hole, sizeof hole);
  std::memcpy(payload + sizeof hole, text.data(), length);
  laneWrite(lane, {0, kRecordHole, 0, notedTicket()}, {payload, sizeof hole + length});
}

void recordMetadata(MetadataKind kind, std::string_view json) {
  Lane* lane = currentLane();
  GrowingBuffer buffer;
  const uint32_t word = kind;
  if (lane == nullptr || !buffer.grow(sizeof word + json.size())) return;
  std::memcpy(buffer.data(), &word, sizeof word);
  std::memcpy(buffer.data() + sizeof word, json.data(), json.size());
  laneWrite(lane, {0, kRecordMetadata, 0, notedTicket()}, {buffer.data(), sizeof word + json.size()});
}

namespace detail {

bool writeSlowly(Lane* lane, const Heading& heading, EncodeInputs encode, void* call) {
  return writeHalf<Timestamped<InputEncoder>>(lane, heading, encode, call);
}

bool writeSlowly(Lane* lane, const Heading& heading, EncodeOutputs encode, void* call) {
  return writeHalf<Timestamped<OutputEncoder>>(lane, heading, encode, call);
}

}  // namespace detail

}  // namespace reprise::capture

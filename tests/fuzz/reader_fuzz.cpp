// libFuzzer entry point for the reader: no input may crash it, hang it, or make it allocate without bound.
//
// The first byte chooses: the rest is a whole file, or (since checksums would stop most mutations at the
// door) a list of blocks whose sizes and checksums are made right: u8 kind, u8 lane, u8 first order, u8 first
// number, u16 payload bytes, payload.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "format/reader.h"
#include "tests/support/trace_builder.h"

namespace {

using namespace reprise;

ReadOptions options(bool beyond_watermark) {
  ReadOptions options;
  options.beyond_watermark = beyond_watermark;
  options.names = {[](uint16_t) -> const char* { return nullptr; },
                   [](std::string_view) { return uint16_t{0}; }};
  return options;
}

Bytes blocksFrom(std::span<const std::byte> data) {
  RawTrace trace;
  trace.command(1, "vkQueuePresentKHR").command(2, "vkQueueSubmit");
  ByteReader reader(data);
  while (reader.remaining() > 0) {
    BlockHeader header;
    header.kind = static_cast<BlockKind>(reader.get<uint8_t>() % 12);
    header.lane = reader.get<uint8_t>() % 5;
    header.first_order = reader.get<uint8_t>();
    header.first_number = reader.get<uint8_t>();
    auto size = reader.get<uint16_t>();
    if (!reader.ok()) break;
    trace.block(header, reader.take(std::min<size_t>(size, reader.remaining())));
  }
  return trace.get();
}

void readTwice(const std::string& path, bool beyond_watermark) {
  auto reader = TraceReader::open(path, options(beyond_watermark));
  if (!reader) {
    if (reader.status().message().empty()) std::abort();
    return;
  }
  Event event;
  size_t sum = 0;
  for (int pass = 0; pass < 2; ++pass) {
    for (int events = 0; events < 100000; ++events) {
      auto more = (*reader)->next(event);
      if (!more || !*more) break;
      for (auto span : {event.inputs, event.outputs, event.bytes}) {
        if (!span.empty()) sum += static_cast<size_t>(span.front()) + static_cast<size_t>(span.back());
      }
      for (auto bulk : event.input_bulks) sum += bulk.size();
    }
    (void)(*reader)->seekFrame(static_cast<uint32_t>((*reader)->summary().frames / 2));
  }
  if (sum == SIZE_MAX) std::abort();  // so that the reads above are not left out
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const int fd = memfd_create("reader_fuzz", MFD_CLOEXEC);
  if (size == 0 || fd < 0) return 0;
  std::span<const std::byte> input(reinterpret_cast<const std::byte*>(data), size);
  Bytes file = data[0] & 1 ? blocksFrom(input.subspan(1)) : owned(input.subspan(1));
  if (ftruncate(fd, 0) != 0 || pwrite(fd, file.data(), file.size(), 0) != static_cast<ssize_t>(file.size()))
    return 0;
  readTwice("/proc/self/fd/" + std::to_string(fd), (data[0] & 2) != 0);
  return 0;
}

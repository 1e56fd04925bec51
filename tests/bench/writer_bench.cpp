// What the writer's process spends on a record, its steps apart: taking out of the arena, transforming,
// compressing.
//
// Lanes hold what `storm record` or `storm image` makes; times are CPU times of the threads that do the work,
// so that a busy machine changes them little. The program's side is played by this one: it only marks buffers
// as full again.
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "format/record.h"
#include "format/vk.h"
#include "format/writer.h"
#include "tools/writer/arena_drain.h"

namespace reprise {
namespace {

constexpr size_t kArenaBytes = size_t{64} << 20;
constexpr uint16_t kBoth = kAnnounce | kComplete;

double cpuSeconds(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return double(t.tv_sec) + double(t.tv_nsec) * 1e-9;
}
double threadSeconds() { return cpuSeconds(CLOCK_THREAD_CPUTIME_ID); }

// A lane's bytes, made record by record.
class LaneBytes {
 public:
  void put(Command command, uint16_t flags, uint64_t order, std::initializer_list<uint64_t> words) {
    const LaneRecord record{uint32_t(words.size() * 8), uint16_t(command), flags, order};
    const auto* head = reinterpret_cast<const std::byte*>(&record);
    bytes_.insert(bytes_.end(), head, head + sizeof record);
    const auto* body = reinterpret_cast<const std::byte*>(words.begin());
    bytes_.insert(bytes_.end(), body, body + record.size);
    ++records_;
  }
  // One draw's six commands, as tests/bench/storm_record.cpp makes them.
  void draw(uint64_t n) {
    const uint64_t buffer = 0x55d0c0de1000, layout = 0x55d0c0de2000, heap = 0x55d0c0de3000;
    put(Command::vkCmdSetViewport, kBoth, 77,
        {buffer, uint64_t{1} << 32, 1, 0, 64 | (16 + n % 48) << 32, 0x3f800000});
    put(Command::vkCmdPushConstants, kBoth, 77, {buffer, layout, 1, 16, 16, n % 512 << 21, n % 64});
    put(Command::vkCmdBindVertexBuffers, kBoth, 77, {buffer, uint64_t{1} << 32, heap, 1, n % 256 * 240});
    put(Command::vkCmdBindIndexBuffer, kBoth, 77, {buffer, heap, n % 16 * 72, 0});
    put(Command::vkCmdBindDescriptorSets, kBoth, 77,
        {buffer, 0, layout, uint64_t{1} << 32, heap + n % 8 * 64, uint64_t{1} << 32 | n % 1024 * 256});
    put(Command::vkCmdDrawIndexed, kBoth, 77, {buffer, uint64_t{1} << 32 | 36, 0, 0});
  }
  // A ticketed pair of calls with outputs.
  void image(uint64_t n) {
    put(Command::vkCreateImage, kAnnounce | kTimed, n,
        {n * 1000, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
    put(Command::vkCreateImage, kComplete | kTicketed, 2 * n, {0, 0x1000 + n});
    put(Command::vkDestroyImage, kBoth | kTicketed | kTimed, 2 * n + 1, {n * 1000, 1, 0x1000 + n, 0});
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }
  uint64_t records() const { return records_; }

 private:
  std::vector<std::byte> bytes_;
  uint64_t records_ = 0;
};

LaneBytes fill(bool images, size_t capacity) {
  LaneBytes lane;
  for (uint64_t n = 0; lane.bytes().size() + 512 < capacity; ++n) images ? lane.image(n) : lane.draw(n);
  return lane;
}

// One buffer after the other of one lane, in an arena that this process has to itself.
class Filled {
 public:
  explicit Filled(const LaneBytes& lane) : size_(uint32_t(lane.bytes().size())) {
    void* base = mmap(nullptr, kArenaBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) std::abort();
    view_ = {static_cast<std::byte*>(base), arenaLayout(kArenaBytes)};
    view_.header().lanes_used.store(1);
    view_.lane(0).id.store(1);
    view_.lane(0).state.store(kLaneLive);
    for (uint32_t i = 0; i < pool().count; ++i)
      std::memcpy(view_.base + pool().offset + i * pool().capacity, lane.bytes().data(), size_);
  }
  void refill() {
    for (uint32_t i = 0; i < pool().count; ++i) {
      BufferHeader& buffer = view_.buffer(pool().first + i);
      buffer.committed.store(size_);
      buffer.lane.store(0);
      buffer.lane_id.store(1);
      buffer.sequence.store(sequence_++);
      buffer.state.store(kBufferFull);
    }
    for (uint32_t word = 0; word < (pool().count + 63) / 64; ++word)
      view_.bitmapWord(pool().first_word + word).store(0);
    const uint32_t rest = pool().count % 64;
    if (rest) view_.bitmapWord(pool().first_word + pool().count / 64).store(~uint64_t{0} << rest);
    for (uint32_t other : {kSmallPool, kMediumPool, kOverflowPool})
      for (uint32_t w = 0; w < (view_.layout.pools[other].count + 63) / 64; ++w)
        view_.bitmapWord(view_.layout.pools[other].first_word + w).store(~uint64_t{0});
  }
  ArenaView view() const { return view_; }
  uint32_t buffers() const { return pool().count; }

 private:
  const BufferPool& pool() const { return view_.layout.pools[kLargePool]; }
  ArenaView view_;
  uint32_t size_;
  uint32_t sequence_ = 0;
};

void take(const LaneBytes& lane, uint32_t rounds) {
  Filled arena(lane);
  ArenaDrain drain(arena.view());
  const LaneSink sink{[](const LaneInfo&) {}, [](uint32_t, const std::string&) {},
                      [](uint32_t, std::span<const std::byte>) {}, [](uint32_t) {}};
  double seconds = 0;
  for (uint32_t round = 0; round < rounds; ++round) {
    arena.refill();
    const double start = threadSeconds();
    drain.take(false, sink);
    seconds += threadSeconds() - start;
  }
  if (drain.counts().records != lane.records() * arena.buffers() * rounds) std::abort();
  std::printf("take      %6.2f ns a record\n", seconds * 1e9 / double(drain.counts().records));
}

void write(const LaneBytes& lane, uint64_t records, const std::string& path, const WriterOptions& options) {
  auto created = TraceWriter::create(path, {}, options);
  if (!created) std::abort();
  TraceWriter& writer = **created;
  writer.openLane({1, 1, "bench"});
  const double all_before = cpuSeconds(CLOCK_PROCESS_CPUTIME_ID), before = threadSeconds();
  uint64_t done = 0;
  for (; done < records; done += lane.records()) writer.append(1, lane.bytes());
  const double serial = threadSeconds() - before;
  if (!writer.finish().isOk()) std::abort();
  const double all = cpuSeconds(CLOCK_PROCESS_CPUTIME_ID) - all_before;
  std::printf("transform %6.2f ns a record\n", serial * 1e9 / double(done));
  std::printf("compress  %6.2f ns a record\n", (all - serial) * 1e9 / double(done));
  std::printf("file      %6.3f bytes a call\n",
              double(writer.counts().file_bytes) / double(writer.counts().calls));
}

}  // namespace
}  // namespace reprise

int main(int argc, char** argv) {
  CLI::App app("Prints what the writer spends on a record of a lane.");
  uint32_t rounds = 8;
  uint64_t records = 10'000'000;
  bool images = false;
  std::string path = "/tmp/reprise_writer_bench.vkr";
  reprise::WriterOptions options;
  app.add_option("--rounds", rounds, "times that the arena is emptied");
  app.add_option("--records", records, "records to write");
  app.add_flag("--images", images, "calls with tickets, times and outputs instead of commands");
  app.add_option("--level", options.level, "zstd level");
  app.add_option("--block", options.block_bytes, "bytes of a raw block");
  app.add_option("-o,--output", path, "trace file");
  CLI11_PARSE(app, argc, argv);
  if (rounds) reprise::take(reprise::fill(images, 256 << 10), rounds);
  if (records) reprise::write(reprise::fill(images, 16 << 20), records, path, options);
  return 0;
}

// A writer for tests of the lanes: takes arenas over a socket as `reprise capture` does, and keeps every
// record.
//
// Traced processes are forked children (a process attaches once in its life): inChild() runs one. One thread
// uses a TestWriter, but for run() and stop(), which move the taking to a thread of its own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "format/lane.h"
#include "format/record.h"
#include "tools/writer/arena_drain.h"

namespace reprise {

// A record of a test program: who wrote it, its number there, and bytes that follow from both.
struct TestStamp {
  uint32_t thread;
  uint32_t number;
};
void fillTestPayload(std::span<std::byte> payload, TestStamp stamp);

// Reads whole records (pieces put together) of one lane; remembers tickets and stamps.
class TestLane {
 public:
  void append(std::span<const std::byte> records, std::vector<uint64_t>& tickets);
  bool intact() const { return intact_; }
  const std::map<uint32_t, uint32_t>& counts() const {
    return counts_;
  }  // by thread: stamps 0, 1, 2 ... seen
  uint64_t payloadBytes() const { return bytes_; }

 private:
  void whole(const LaneRecord& record, std::span<const std::byte> payload, std::vector<uint64_t>& tickets);

  bool intact_ = true;
  std::map<uint32_t, uint32_t> counts_;
  LaneRecord first_{};
  uint64_t total_ = 0;  // of the record in pieces; 0: none is open
  std::vector<std::byte> pieces_;
  uint64_t bytes_ = 0;
};

// One process's arena.
class TestArena {
 public:
  explicit TestArena(int socket);
  ~TestArena();
  TestArena(const TestArena&) = delete;
  TestArena& operator=(const TestArena&) = delete;

  bool take(bool all) { return drain_->take(all, sink()); }
  // False if a record with a ticket up to the watermark that this states is missing.
  bool takeAll();
  void hangUp();
  // The program is this process: read through its mapping, so that a race detector sees both sides.
  void shareMapping(std::byte* base);

  ArenaView view() const { return view_; }
  ArenaDrain& drain() { return *drain_; }
  std::map<uint32_t, TestLane> lanes;
  std::map<uint32_t, LaneInfo> infos;
  std::set<uint32_t> closed;
  std::vector<uint64_t> tickets;
  uint64_t watermark = 0;

  bool intact() const;
  uint32_t count(uint32_t thread) const;  // records of one thread, over all lanes

 private:
  LaneSink sink();

  int socket_;
  int shm_id_ = -1;
  std::byte* own_mapping_ = nullptr;
  ArenaView view_;
  std::unique_ptr<ArenaDrain> drain_;
};

class TestWriter {
 public:
  explicit TestWriter(size_t arena_mib);  // sets REPRISE_SOCKET and REPRISE_ARENA_MIB
  ~TestWriter();
  TestWriter(const TestWriter&) = delete;
  TestWriter& operator=(const TestWriter&) = delete;

  std::unique_ptr<TestArena> accept();  // waits
  int acceptSocket();
  void closeListener();

 private:
  int listener_;
};

// Attaches this process and takes from its arena, on a thread, until stop(), which takes the rest.
class TestTaker {
 public:
  explicit TestTaker(TestWriter& writer);
  ~TestTaker() { stop(); }
  TestArena& stop();
  bool watermarksHeld() const { return held_; }

 private:
  std::unique_ptr<TestArena> arena_;
  std::atomic<bool> stop_{false};
  bool held_ = true;
  std::thread thread_;
};

// Runs `body` in a forked child; the wait status of its exit (0 if it returned and no expectation failed).
int inChild(const std::function<void()>& body);
int startChild(const std::function<void()>& body);  // its process id
int awaitChild(int pid);

}  // namespace reprise

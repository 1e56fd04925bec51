#include "tests/unit/lanes_writer.h"

#include <gtest/gtest.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "capture/lanes.h"

namespace reprise {

void fillTestPayload(std::span<std::byte> payload, TestStamp stamp) {
  uint64_t state = stamp.thread * uint64_t{0x9e3779b97f4a7c15} + stamp.number;
  for (size_t at = 0; at < payload.size(); at += sizeof state) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    memcpy(payload.data() + at, &state, std::min(sizeof state, payload.size() - at));
  }
  if (payload.size() >= sizeof stamp) memcpy(payload.data(), &stamp, sizeof stamp);
}

void TestLane::append(std::span<const std::byte> records, std::vector<uint64_t>& tickets) {
  while (!records.empty()) {
    LaneRecord record;
    memcpy(&record, records.data(), sizeof record);
    const auto payload = records.subspan(sizeof record, record.size);
    records = records.subspan(sizeof record + padded(record.size));
    bytes_ += record.size;
    if (record.command == kRecordPiece) {
      intact_ &= total_ > pieces_.size();
      pieces_.insert(pieces_.end(), payload.begin(), payload.end());
    } else if (record.flags & kFirstPiece) {
      first_ = record;
      memcpy(&total_, payload.data(), sizeof total_);
      pieces_.assign(payload.begin() + sizeof total_, payload.end());
    } else {
      intact_ &= total_ == 0;
      whole(record, payload, tickets);
    }
    if (total_ != 0 && pieces_.size() >= total_) {
      intact_ &= pieces_.size() == total_;
      whole(first_, pieces_, tickets);
      total_ = 0;
    }
  }
}

void TestLane::whole(const LaneRecord& record, std::span<const std::byte> payload,
                     std::vector<uint64_t>& tickets) {
  if (record.flags & kTicketed) tickets.push_back(record.order);
  if (payload.size() < sizeof(TestStamp)) return;
  TestStamp stamp;
  memcpy(&stamp, payload.data(), sizeof stamp);
  std::vector<std::byte> expected(payload.size());
  fillTestPayload(expected, stamp);
  intact_ &= std::equal(payload.begin(), payload.end(), expected.begin());
  intact_ &= counts_[stamp.thread]++ == stamp.number;
}

TestArena::TestArena(int socket) : socket_(socket) {
  AttachRequest request{};
  iovec bytes{&request, sizeof request};
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  recvmsg(socket_, &message, MSG_CMSG_CLOEXEC);
  int fds[2] = {-1, -1};
  if (cmsghdr* head = CMSG_FIRSTHDR(&message)) memcpy(fds, CMSG_DATA(head), head->cmsg_len - CMSG_LEN(0));
  shm_id_ = request.shm_id;
  void* base = shm_id_ >= 0 ? shmat(shm_id_, nullptr, 0)
                            : mmap(nullptr, request.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fds[0], 0);
  for (int fd : fds)
    if (fd >= 0) close(fd);
  own_mapping_ = static_cast<std::byte*>(base);
  view_ = {own_mapping_, arenaLayout(request.bytes)};
  drain_ = std::make_unique<ArenaDrain>(view_);
  const AttachReply reply{kArenaMagic, 1, 0};
  EXPECT_EQ(send(socket_, &reply, sizeof reply, MSG_NOSIGNAL), static_cast<ssize_t>(sizeof reply));
}

TestArena::~TestArena() {
  hangUp();
  if (shm_id_ >= 0) {
    shmdt(own_mapping_);
  } else {
    munmap(own_mapping_, view_.layout.bytes);
  }
}

void TestArena::hangUp() {
  if (socket_ >= 0) close(socket_);
  socket_ = -1;
}

void TestArena::shareMapping(std::byte* base) {
  view_.base = base;
  drain_ = std::make_unique<ArenaDrain>(view_);
}

LaneSink TestArena::sink() {
  return {[this](const LaneInfo& info) { EXPECT_TRUE(infos.emplace(info.id, info).second); },
          [](uint32_t, const std::string&) {},
          [this](uint32_t lane, std::span<const std::byte> records) { lanes[lane].append(records, tickets); },
          [this](uint32_t lane) { EXPECT_TRUE(closed.insert(lane).second); }};
}

bool TestArena::takeAll() {
  watermark = drain_->takeAll(sink());
  std::sort(tickets.begin(), tickets.end());
  // Tickets are 1, 2, 3 ...: the first `watermark` of them must be there, each once.
  return watermark <= tickets.size() && (watermark == 0 || tickets[watermark - 1] == watermark);
}

bool TestArena::intact() const {
  return std::all_of(lanes.begin(), lanes.end(), [](const auto& lane) { return lane.second.intact(); });
}

uint32_t TestArena::count(uint32_t thread) const {
  uint32_t sum = 0;
  for (const auto& [id, lane] : lanes)
    if (auto found = lane.counts().find(thread); found != lane.counts().end()) sum += found->second;
  return sum;
}

TestWriter::TestWriter(size_t arena_mib) {
  static std::atomic<int> number{0};
  const std::string name = "reprise-test-" + std::to_string(getpid()) + "-" + std::to_string(number++);
  setenv("REPRISE_SOCKET", name.c_str(), 1);
  setenv("REPRISE_ARENA_MIB", std::to_string(arena_mib).c_str(), 1);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path + 1, name.data(), name.size());
  listener_ = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(listen(listener_, 16), 0);
}

TestWriter::~TestWriter() { closeListener(); }

void TestWriter::closeListener() {
  if (listener_ >= 0) close(listener_);
  listener_ = -1;
}

int TestWriter::acceptSocket() { return accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); }

std::unique_ptr<TestArena> TestWriter::accept() { return std::make_unique<TestArena>(acceptSocket()); }

TestTaker::TestTaker(TestWriter& writer) {
  std::thread accepting([&] { arena_ = writer.accept(); });
  EXPECT_TRUE(attach());
  accepting.join();
  arena_->shareMapping(reinterpret_cast<std::byte*>(currentLane()->tickets) - offsetof(ArenaHeader, tickets));
  thread_ = std::thread([this] {
    while (!stop_.load()) {
      for (int i = 0; i < 20 && !stop_.load(); ++i)
        if (!arena_->take(false)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      held_ &= arena_->takeAll();
    }
    held_ &= arena_->takeAll();
  });
}

TestArena& TestTaker::stop() {
  stop_.store(true);
  if (thread_.joinable()) thread_.join();
  return *arena_;
}

int startChild(const std::function<void()>& body) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  body();
  fflush(nullptr);
  _exit(testing::Test::HasFailure() ? 1 : 0);
}

int awaitChild(int pid) {
  int status = -1;
  waitpid(pid, &status, 0);
  return status;
}

int inChild(const std::function<void()>& body) { return awaitChild(startChild(body)); }

}  // namespace reprise

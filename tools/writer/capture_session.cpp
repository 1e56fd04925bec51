#include "tools/writer/capture_session.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "format/record.h"
#include "tools/writer/describe_process.h"

namespace reprise {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kTakeAllEvery = std::chrono::seconds(1);
constexpr long kSleepNs = 10'000'000;
constexpr size_t kUndecidedBytes = size_t{4} << 20;  // that may wait for a device to appear
constexpr size_t kBacklogExtra = size_t{8} << 20;    // that may be held however full the arena is
constexpr uint64_t kMostRemembered = uint64_t{64} << 20;
constexpr uint32_t kOwnLane = 0;  // for holes: ArenaDrain numbers lanes from 1

struct Request {
  AttachRequest words{};
  int fds[2] = {-1, -1};
};

bool receiveRequest(int socket, Request& request) {
  timeval patience{5, 0};
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  iovec bytes{&request.words, sizeof request.words};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof request.fds)];
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t size = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  if (size < 0) return false;
  for (cmsghdr* head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
    if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
    const size_t count = std::min<size_t>((head->cmsg_len - CMSG_LEN(0)) / sizeof(int), 2);
    memcpy(request.fds, CMSG_DATA(head), count * sizeof(int));
  }
  return size == static_cast<ssize_t>(sizeof request.words) && request.words.magic == kArenaMagic;
}

// A memfd that cannot shrink under us: reading beyond its end would be a SIGBUS.
void* mapMemfd(int fd, size_t bytes) {
  struct stat info {};
  if (fd < 0 || fstat(fd, &info) != 0 || static_cast<size_t>(info.st_size) != bytes) return MAP_FAILED;
  const int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 || !(seals & F_SEAL_SHRINK)) return MAP_FAILED;
  return mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

void* mapSysV(int id, size_t bytes) {
  shmid_ds info{};
  if (shmctl(id, IPC_STAT, &info) != 0 || info.shm_segsz < bytes) return MAP_FAILED;
  return shmat(id, nullptr, 0);
}

void* mapArena(const Request& request) {
  const size_t bytes = request.words.bytes;
  if (bytes < kArenaMinBytes || bytes > kArenaMaxBytes || bytes % 4096 != 0) return MAP_FAILED;
  if (request.words.shm_id >= 0) return mapSysV(request.words.shm_id, bytes);
  return mapMemfd(request.fds[0], bytes);
}

// Remembered contents have their share of the arena's size, but never so much that the program could wait for
// it.
WriterOptions writerOptions(size_t arena_bytes) {
  WriterOptions options;
  options.reducer_bytes = std::min<uint64_t>(kMostRemembered, arena_bytes / 4);
  return options;
}

void wakeAll(std::atomic<uint32_t>& word) {
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAKE, INT32_MAX, nullptr, nullptr, 0);
}

std::string readableSize(uint64_t bytes) {
  char text[32];
  if (bytes < 1000) {
    snprintf(text, sizeof text, "%d B", static_cast<int>(bytes));
  } else if (bytes < 1'000'000) {
    snprintf(text, sizeof text, "%.1f kB", static_cast<double>(bytes) / 1e3);
  } else if (bytes < 1'000'000'000) {
    snprintf(text, sizeof text, "%.1f MB", static_cast<double>(bytes) / 1e6);
  } else {
    snprintf(text, sizeof text, "%.2f GB", static_cast<double>(bytes) / 1e9);
  }
  return text;
}

std::string counted(uint64_t n, const char* noun) {
  std::string digits = std::to_string(n);
  for (size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits + " " + noun + (n == 1 ? "" : "s");
}

}  // namespace

Result<std::unique_ptr<CaptureSession>> CaptureSession::accept(int socket, OutputFiles& files) {
  Request request;
  ucred peer{};
  socklen_t size = sizeof peer;
  const bool known = getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
  const bool valid = receiveRequest(socket, request) && known && (peer.uid == getuid() || peer.uid == 0);
  void* base = valid ? mapArena(request) : MAP_FAILED;
  const bool sysv = request.words.shm_id >= 0;
  int pidfd = -1;
  if (request.words.has_pidfd) std::swap(pidfd, request.fds[sysv ? 0 : 1]);
  for (int fd : request.fds)
    if (fd >= 0) close(fd);
  if (base == MAP_FAILED) {
    if (pidfd >= 0) close(pidfd);
    close(socket);
    return Status(Code::kCannotRun, "a process asked to be recorded, but sent no memory that can be used");
  }
  if (pidfd < 0) pidfd = static_cast<int>(syscall(SYS_pidfd_open, peer.pid, 0));
  madvise(base, request.words.bytes, MADV_DONTFORK);  // where this is a thread of the program
  const ArenaView arena{static_cast<std::byte*>(base), arenaLayout(request.words.bytes)};
  std::unique_ptr<CaptureSession> session(
      new CaptureSession(socket, pidfd, peer.pid, arena, sysv, request.words.in_process != 0, files));
  const AttachReply reply{kArenaMagic, 1, 0};
  if (send(socket, &reply, sizeof reply, MSG_NOSIGNAL) != static_cast<ssize_t>(sizeof reply))
    return Status(Code::kCannotRun, "a process asked to be recorded, but did not wait for the answer");
  return session;
}

CaptureSession::CaptureSession(int socket, int pidfd, int pid, ArenaView arena, bool sysv, bool in_process,
                               OutputFiles& files)
    : socket_(socket),
      pidfd_(pidfd),
      pid_(pid),
      arena_(arena),
      sysv_(sysv),
      in_process_(in_process),
      files_(files),
      file_(describeProcess(pid), writerOptions(arena.layout.bytes)),
      drain_(arena),
      mapped_bytes_(arena.layout.bytes) {}

CaptureSession::~CaptureSession() { letGo(); }

void CaptureSession::letGo() {
  std::lock_guard lock(let_go_mutex_);
  if (let_go_) return;
  let_go_ = true;
  if (sysv_) {
    shmdt(arena_.base);
  } else {
    munmap(arena_.base, mapped_bytes_);
  }
  if (pidfd_ >= 0) close(pidfd_);
  if (!in_process_) close(socket_);  // the program may have closed it, and the number may be another's now
}

// Nothing will come through them any more: their memory goes back to the system while the file is still being
// written.
void CaptureSession::dropBuffers() {
  if (sysv_) return;
  mapped_bytes_ = arena_.layout.pools[0].offset;
  munmap(arena_.base + mapped_bytes_, arena_.layout.bytes - mapped_bytes_);
}

// Not by the socket, where there is a pidfd: programs close all their descriptors and go on.
bool CaptureSession::processEnded() const {
  if (stop_.load()) return true;
  if (in_process_) return arena_.header().closing.load(std::memory_order_acquire) != 0;
  pollfd p{pidfd_ >= 0 ? pidfd_ : socket_, static_cast<short>(pidfd_ >= 0 ? POLLIN : 0), 0};
  return poll(&p, 1, 0) == 1;
}

// Buffers that the program has mapped and what is held here share the arena's size, whichever holds a burst.
size_t CaptureSession::backlogLimit() const {
  const size_t bytes = arena_.layout.bytes;
  const size_t populated = arena_.header().populated_bytes.load(std::memory_order_relaxed);
  const size_t taken = std::min(populated, bytes) + file_held_.load(std::memory_order_relaxed);
  return kBacklogExtra + bytes - std::min(taken, bytes);
}

// The program may be waiting for what was given up.
void CaptureSession::reportHeld() {
  const size_t resident = resident_.load(std::memory_order_relaxed);
  const size_t held =
      resident - std::min(resident, kBacklogExtra) + file_held_.load(std::memory_order_relaxed);
  ArenaHeader& header = arena_.header();
  if (header.held_bytes.exchange(held, std::memory_order_relaxed) <= held) return;
  header.space_signal.fetch_add(1);
  if (header.space_waiters.load() != 0) wakeAll(header.space_signal);
}

void CaptureSession::decidePath(Backlog& backlog) {
  if (decided_) return;
  const bool device =
      drain_.counts().device || arena_.header().device_created.load(std::memory_order_relaxed);
  if (!device && drain_.counts().bytes <= kUndecidedBytes) return;
  decided_ = true;
  backlog.then([this, device] { decideFile(device); });
}

void CaptureSession::decideFile(bool device) {
  claim_ = files_.claim(pid_, device, [this](const std::string& path) { file_.decide(path); });
}

void CaptureSession::sleep() {
  std::atomic<uint32_t>& word = arena_.header().writer_sleeping;
  word.store(1, std::memory_order_seq_cst);
  const timespec timeout{0, kSleepNs};
  syscall(SYS_futex, reinterpret_cast<uint32_t*>(&word), FUTEX_WAIT, 1, &timeout, nullptr, 0);
  word.store(0, std::memory_order_relaxed);
}

void CaptureSession::wake() {
  std::lock_guard lock(let_go_mutex_);
  if (let_go_) return;
  std::atomic<uint32_t>& word = arena_.header().writer_sleeping;
  if (word.exchange(0, std::memory_order_acq_rel) == 1) wakeAll(word);
}

void CaptureSession::run() {
  Backlog::Hooks hooks;
  hooks.limit = [this] { return backlogLimit(); };
  hooks.resident = [this](size_t resident) {
    resident_.store(resident, std::memory_order_relaxed);
    reportHeld();
  };
  hooks.idle = [this] {
    file_.tick();
    file_held_.store(file_.heldBytes(), std::memory_order_relaxed);
    reportHeld();
  };
  Backlog backlog(file_.sink(), arena_.layout.bytes + kBacklogExtra, std::move(hooks));
  const LaneSink sink = backlog.sink();
  auto last_all = Clock::now();
  uint64_t stated = 0;
  for (bool ended = false; !ended;) {
    ended = processEnded();  // before the taking: what follows then finds all there will ever be
    const auto now = Clock::now();
    const bool hinted = arena_.header().flush_hint.exchange(0, std::memory_order_relaxed) != 0;
    bool any = false;
    if (ended || hinted || now - last_all >= kTakeAllEvery) {
      last_all = now;
      const uint64_t before = drain_.counts().bytes;
      const uint64_t ticket = drain_.takeAll(sink);
      any = drain_.counts().bytes != before;
      if (ticket > stated) backlog.then([this, ticket] { file_.watermark(ticket); });
      stated = std::max(stated, ticket);
    } else {
      any = drain_.take(false, sink);
    }
    arena_.header().writer_progress.fetch_add(1, std::memory_order_relaxed);
    decidePath(backlog);
    if (!any && !ended) sleep();
  }
  dropBuffers();
  backlog.finish();
  if (arena_.header().abandoned.load() == 0)
    for (uint32_t lane : drain_.lanesInsideCall()) file_.markUnfinished(lane);
  writeLosses();
}

void CaptureSession::writeHole(uint64_t subject, const std::string& text) {
  const HoleRecord hole{HoleCause::kStalledWriter, 0, subject};
  const LaneRecord record{static_cast<uint32_t>(sizeof hole + text.size()), kRecordHole, 0,
                          arena_.header().tickets.load(std::memory_order_relaxed)};
  std::vector<std::byte> bytes(sizeof record + padded(record.size));
  memcpy(bytes.data(), &record, sizeof record);
  memcpy(bytes.data() + sizeof record, &hole, sizeof hole);
  memcpy(bytes.data() + sizeof record + sizeof hole, text.data(), text.size());
  file_.sink().append(kOwnLane, bytes);
}

void CaptureSession::writeLosses() {
  const ArenaHeader& header = arena_.header();
  const uint64_t damaged = drain_.counts().damaged + drain_.unreachableBuffers();
  const uint64_t lost = header.lost_calls.load(std::memory_order_relaxed);
  const bool abandoned = header.abandoned.load(std::memory_order_relaxed) != 0;
  if (damaged == 0 && lost == 0 && !abandoned) return;
  file_.sink().open({kOwnLane, 0, "reprise"});
  if (abandoned) writeHole(0, "the writer stalled or was short of memory: nothing was recorded after this");
  if (lost > 0)
    writeHole(lost, std::to_string(lost) + " calls were made while every lane was taken by another thread");
  if (damaged > 0)
    writeHole(damaged, "the program overwrote " + counted(damaged, "buffer") + " of the trace");
}

Status CaptureSession::conclude() {
  Status status;
  if (decided_ || sawCalls()) {
    if (!decided_) decideFile(false);
    decided_ = true;
    status = file_.finish();
  }
  if (let_go_) return status;
  arena_.header().writer_done.store(1, std::memory_order_release);
  wakeAll(arena_.header().writer_done);
  return status;
}

std::string CaptureSession::summary() const {
  const TraceCounts counts = file_.counts();
  // A frame that is no picture is of no interest here.
  const bool presents = counts.frame_end == FrameEnd::kPresent;
  return readableSize(counts.file_bytes) + ", " +
         (presents ? counted(counts.frames, "frame") : counted(counts.submits, "submit")) + ", " +
         counted(counts.calls, "call") + ", " + counted(counts.holes, "hole");
}

}  // namespace reprise

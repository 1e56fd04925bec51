#include "capture/attach.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <initializer_list>

#include "capture/spawn.h"

namespace reprise {
namespace {

constexpr int kHandshakeMs = 10'000;

struct Arena {
  ArenaView view;
  int fd = -1;
  int shm_id = -1;
};

size_t arenaBytes() {
  const char* text = secure_getenv("REPRISE_ARENA_MIB");
  const long mib = text ? strtol(text, nullptr, 10) : 0;
  if (mib <= 0) return kArenaDefaultBytes;
  return std::clamp(static_cast<size_t>(std::min(mib, 1L << 20)) << 20, kArenaMinBytes, kArenaMaxBytes);
}

bool fileSizeLimited(size_t bytes) {
  rlimit limit{};
  return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur < bytes;
}

void* mapMemfd(Arena& arena, size_t bytes) {
  constexpr unsigned kNoExecSeal = 8;  // MFD_NOEXEC_SEAL, Linux 6.3; some systems demand it
  arena.fd = memfd_create("reprise-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING | kNoExecSeal);
  if (arena.fd < 0) arena.fd = memfd_create("reprise-arena", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (arena.fd < 0 || ftruncate(arena.fd, static_cast<off_t>(bytes)) != 0) return MAP_FAILED;
  if (fcntl(arena.fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) != 0) return MAP_FAILED;
  return mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, arena.fd, 0);
}

// RLIMIT_FSIZE counts for memfds too, and kills by SIGXFSZ; it does not count for SysV segments. Removed at
// once: it lives until both sides have let go of it.
void* mapSysV(Arena& arena, size_t bytes) {
  arena.shm_id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
  if (arena.shm_id < 0) return MAP_FAILED;
  void* base = shmat(arena.shm_id, nullptr, 0);
  shmctl(arena.shm_id, IPC_RMID, nullptr);
  return base;
}

void dropArena(Arena& arena) {
  if (arena.view.base) {
    if (arena.shm_id >= 0) {
      shmdt(arena.view.base);
    } else {
      munmap(arena.view.base, arena.view.layout.bytes);
    }
  }
  if (arena.fd >= 0) close(arena.fd);
  arena = {};
}

bool makeArena(Arena& arena, size_t bytes) {
  void* base = fileSizeLimited(bytes) ? mapSysV(arena, bytes) : mapMemfd(arena, bytes);
  if (base == MAP_FAILED) {
    dropArena(arena);
    return bytes / 2 >= kArenaMinBytes && makeArena(arena, bytes / 2);  // RLIMIT_AS
  }
  madvise(base, bytes, MADV_DONTFORK);
  madvise(base, bytes, MADV_DONTDUMP);
  arena.view = {static_cast<std::byte*>(base), arenaLayout(bytes)};
  arena.view.header().magic = kArenaMagic;
  arena.view.header().bytes = bytes;
  for (const BufferPool& pool : arena.view.layout.pools) {
    for (uint32_t i = 0; i < pool.count; ++i) {
      std::atomic<uint64_t>& word = arena.view.bitmapWord(pool.first_word + i / 64);
      word.store(word.load(std::memory_order_relaxed) | uint64_t{1} << (i % 64), std::memory_order_relaxed);
    }
  }
  return true;
}

// Programs expect small descriptor numbers for themselves.
int moveHigh(int fd) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const int base = limit.rlim_cur > 1000 ? 900 : static_cast<int>(limit.rlim_cur / 8 * 7);
  const int high = fcntl(fd, F_DUPFD_CLOEXEC, base);
  if (high < 0) return fd;
  close(fd);
  return high;
}

bool sendRequest(int socket, const Arena& arena, bool in_process) {
  AttachRequest request{kArenaMagic, arena.view.layout.bytes, arena.shm_id, 0, in_process ? 1u : 0u, 0};
  int fds[2];
  size_t count = 0;
  if (arena.fd >= 0) fds[count++] = arena.fd;
  const int pidfd = static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0));
  if (pidfd >= 0) {
    fds[count++] = pidfd;
    request.has_pidfd = 1;
  }
  iovec bytes{&request, sizeof request};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof fds)] = {};
  msghdr message{};
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  if (count > 0) {
    message.msg_control = control;
    message.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(head), fds, count * sizeof(int));
  }
  ssize_t sent;
  do sent = sendmsg(socket, &message, MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (pidfd >= 0) close(pidfd);
  return sent == static_cast<ssize_t>(sizeof request);
}

bool awaitReply(int socket) {
  pollfd p{socket, POLLIN, 0};
  int ready;
  do ready = poll(&p, 1, kHandshakeMs);
  while (ready < 0 && errno == EINTR);
  AttachReply reply{};
  const ssize_t size = ready == 1 ? recv(socket, &reply, sizeof reply, MSG_DONTWAIT) : -1;
  return size == static_cast<ssize_t>(sizeof reply) && reply.magic == kArenaMagic && reply.accepted == 1;
}

// Takes `socket`: closed where it leads nowhere.
bool handShake(WriterLink& link, Arena& arena, int socket, bool in_process) {
  if (!sendRequest(socket, arena, in_process) || !awaitReply(socket)) {
    close(socket);
    return false;
  }
  link.arena = arena.view;
  link.in_process = in_process;
  if (arena.fd >= 0) close(arena.fd);
  arena = {};
  link.socket = moveHigh(socket);
  struct stat info {};
  fstat(link.socket, &info);
  link.socket_inode = info.st_ino;
  return true;
}

bool connectTo(WriterLink& link, Arena& arena, const char* name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const size_t length = strlen(name);
  if (length + 1 > sizeof address.sun_path) return false;
  memcpy(address.sun_path + 1, name, length);
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    close(fd);
    return false;
  }
  return handShake(link, arena, fd, false);
}

// The file that `relatives` (from the folder of this library) names first.
bool findBeside(char* path, size_t size, std::initializer_list<const char*> relatives, int access_mode) {
  Dl_info info{};
  if (!dladdr(reinterpret_cast<void*>(&linkWriter), &info) || !info.dli_fname) return false;
  char* self = realpath(info.dli_fname, nullptr);
  if (!self) return false;
  bool found = false;
  if (char* slash = strrchr(self, '/')) {
    *slash = 0;
    for (const char* relative : relatives) {
      const int length = snprintf(path, size, "%s/%s", self, relative);
      if (length > 0 && static_cast<size_t>(length) < size && access(path, access_mode) == 0) {
        found = true;
        break;
      }
    }
  }
  free(self);
  return found;
}

bool outputPath(char* path, size_t size, bool forked) {
  const char* wish = secure_getenv("REPRISE_OUTPUT");
  char folder[PATH_MAX] = "";
  if (!wish || wish[0] != '/') {
    if (!getcwd(folder, sizeof folder)) folder[0] = 0;
    if (folder[0] != '/') strcpy(folder, "/tmp");
    strncat(folder, "/", sizeof folder - strlen(folder) - 1);
  }
  char suffix[32] = "";
  if (forked) snprintf(suffix, sizeof suffix, ".%d", static_cast<int>(getpid()));
  const int length = snprintf(path, size, "%s%s%s%s", folder, wish ? wish : program_invocation_short_name,
                              wish ? "" : ".vkr", suffix);
  return length > 0 && static_cast<size_t>(length) < size;
}

// An orphan of ours would become this process's own child again, and its wait() would see it.
bool adoptsOrphans() {
  int subreaper = 0;
  prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
  return subreaper != 0 || getpid() == 1;
}

bool startProcess(WriterLink& link, Arena& arena, const char* output) {
  char writer[PATH_MAX];
  const char* wish = secure_getenv("REPRISE_WRITER");
  if (wish) {
    snprintf(writer, sizeof writer, "%s", wish);
  } else if (!findBeside(writer, sizeof writer, {"../bin/reprise", "../../bin/reprise", "../tools/reprise"},
                         X_OK)) {
    return false;
  }
  int ends[2];
  if (adoptsOrphans() || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return false;
  const bool started = spawnWriter(writer, output, ends[1]);
  close(ends[1]);
  if (started) return handShake(link, arena, ends[0], false);
  close(ends[0]);
  return false;
}

struct ThreadStart {
  int (*run)(int, const char*);
  int socket;
  char output[PATH_MAX];
};

void* writerThread(void* pointer) {
  auto* start = static_cast<ThreadStart*>(pointer);
  start->run(start->socket, start->output);
  free(start);
  return nullptr;
}

bool startThread(WriterLink& link, Arena& arena, const char* output) {
  char path[PATH_MAX];
  if (!findBeside(path, sizeof path, {"libreprise_writer.so", "../tools/libreprise_writer.so"}, R_OK))
    return false;
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  void* run = library ? dlsym(library, "reprise_writer_run") : nullptr;
  auto* start = static_cast<ThreadStart*>(calloc(1, sizeof(ThreadStart)));
  int ends[2];
  if (!run || !start || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    free(start);
    return false;
  }
  start->run = reinterpret_cast<int (*)(int, const char*)>(run);
  start->socket = moveHigh(ends[1]);
  snprintf(start->output, sizeof start->output, "%s", output);
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  pthread_t thread;
  const bool started = pthread_create(&thread, nullptr, writerThread, start) == 0;
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  if (!started) {
    close(start->socket);
    close(ends[0]);
    free(start);
    return false;
  }
  pthread_detach(thread);
  return handShake(link, arena, ends[0], true);
}

}  // namespace

bool isSocket(int socket, ino_t inode) {
  struct stat info {};
  return socket >= 0 && fstat(socket, &info) == 0 && S_ISSOCK(info.st_mode) && info.st_ino == inode;
}

void closeInherited(int socket, ino_t inode) {
  if (isSocket(socket, inode)) close(socket);
}

void say(const char* format, ...) {
  char text[1024] = "reprise: ";
  const size_t prefix = strlen(text);
  va_list arguments;
  va_start(arguments, format);
  const int length = vsnprintf(text + prefix, sizeof text - prefix - 1, format, arguments);
  va_end(arguments);
  if (length < 0) return;
  size_t end = std::min(prefix + static_cast<size_t>(length), sizeof text - 2);
  text[end++] = '\n';
  const ssize_t written = write(STDERR_FILENO, text, end);
  static_cast<void>(written);
}

bool linkWriter(WriterLink& link, bool forked) {
  const int saved_errno = errno;
  link = {};
  Arena arena;
  if (!makeArena(arena, arenaBytes())) {
    say("no shared memory to be had (%s); the program runs unrecorded", strerror(errno));
    errno = saved_errno;
    return false;
  }
  bool linked = false;
  if (const char* name = secure_getenv("REPRISE_SOCKET")) {
    linked = connectTo(link, arena, name);
    if (!linked) say("`reprise capture` does not answer; this process (%d) runs unrecorded", getpid());
  } else {
    char output[PATH_MAX];
    linked = outputPath(output, sizeof output, forked) &&
             (startProcess(link, arena, output) || startThread(link, arena, output));
    if (!linked) {
      say("cannot start the process that writes the trace (the `reprise` program is looked for beside the "
          "layer "
          "and in REPRISE_WRITER); the program runs unrecorded");
    }
  }
  dropArena(arena);
  errno = saved_errno;
  return linked;
}

}  // namespace reprise

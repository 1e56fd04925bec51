#include "capture/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>

namespace reprise {
namespace {

constexpr size_t kStackBytes = 64 * 1024;
constexpr int kWriterSocket = 3;

struct Spawn {
  const char* path;
  char* const* arguments;
  char* const* environment;
  int socket;
  std::byte* inner_stack_end;
  volatile bool failed;
};

// Runs in the new process, in our memory (CLONE_VM) while our thread waits: system calls only.
int runWriter(void* pointer) {
  auto* spawn = static_cast<Spawn*>(pointer);
  setsid();
  // Not by sigaction(), whose wrappers keep books in the memory that we share.
  const unsigned long kernel_default[4] = {};
  for (int number = 1; number < NSIG; ++number) syscall(SYS_rt_sigaction, number, kernel_default, nullptr, 8);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (spawn->socket == kWriterSocket) {
    fcntl(kWriterSocket, F_SETFD, 0);
  } else {
    dup2(spawn->socket, kWriterSocket);
  }
  const int null = open("/dev/null", O_RDWR);
  if (null >= 0) {
    dup2(null, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
  }
  syscall(SYS_close_range, kWriterSocket + 1, ~0U, 0);
  execve(spawn->path, spawn->arguments, spawn->environment);
  spawn->failed = true;
  _exit(127);
}

// exec gives a process the exit signal SIGCHLD, whatever it was cloned with, so it takes one more process in
// between, which ends at once and leaves the writer an orphan.
int runBetween(void* pointer) {
  auto* spawn = static_cast<Spawn*>(pointer);
  if (clone(runWriter, spawn->inner_stack_end, CLONE_VM | CLONE_VFORK, spawn) < 0) spawn->failed = true;
  _exit(0);
}

bool startsWith(const char* text, const char* prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

// The environment without what would make the writer a traced program, or load foreign code into it.
void copyEnvironment(char** to) {
  for (char** entry = environ; *entry; ++entry) {
    const bool dropped = startsWith(*entry, "LD_") || startsWith(*entry, "VK_") ||
                         startsWith(*entry, "REPRISE_SOCKET=") || startsWith(*entry, "MALLOC_");
    if (!dropped) *to++ = *entry;
  }
  *to = nullptr;
}

}  // namespace

bool spawnWriter(const char* writer, const char* output, int socket) {
  size_t entries = 1;
  for (char** entry = environ; entry && *entry; ++entry) ++entries;
  const size_t bytes = 2 * kStackBytes + entries * sizeof(char*);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return false;
  auto* base = static_cast<std::byte*>(memory);
  auto** environment = reinterpret_cast<char**>(base + 2 * kStackBytes);
  if (environ) copyEnvironment(environment);
  const char* arguments[] = {writer, "capture", "--attach-fd", "3", "-o", output, nullptr};
  Spawn spawn{writer, const_cast<char* const*>(arguments), environment, socket, base + 2 * kStackBytes,
              false};
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);  // a handler of the program must not run in the new process
  const pid_t between = clone(runBetween, base + kStackBytes, CLONE_VM | CLONE_VFORK, &spawn);
  if (between > 0) {
    int status = 0;
    while (waitpid(between, &status, __WCLONE) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
  munmap(memory, bytes);
  return between > 0 && !spawn.failed;
}

}  // namespace reprise

#include "tools/check/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

namespace reprise {
namespace {

using Clock = std::chrono::steady_clock;

sigset_t endingSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
  return set;
}

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::vector<std::string> environmentWith(const std::map<std::string, std::string>& more) {
  std::vector<std::string> list;
  for (char** entry = environ; *entry; ++entry) {
    const std::string text = *entry;
    if (!more.contains(text.substr(0, text.find('=')))) list.push_back(text);
  }
  for (const auto& [name, value] : more) list.push_back(name + "=" + value);
  return list;
}

std::vector<char*> pointersTo(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// All that the child needs, made before fork(): between fork and exec only what is safe in a program with
// threads.
struct Prepared {
  explicit Prepared(const ChildCommand& command)
      : words(command.words), environment(environmentWith(command.env)), folder(command.folder) {}
  std::vector<std::string> words, environment;
  std::string folder;
  std::vector<char*> argv = pointersTo(words), envp = pointersTo(environment);
};

[[noreturn]] void becomeChild(const Prepared& prepared, int output, int failure, const sigset_t& mask,
                              pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it died before that
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  const int null = open("/dev/null", O_RDONLY);
  const bool ready = null >= 0 && dup2(null, 0) >= 0 && dup2(output, 1) >= 0 && dup2(output, 2) >= 0 &&
                     (prepared.folder.empty() || chdir(prepared.folder.c_str()) == 0);
  if (ready) execvpe(prepared.argv[0], prepared.argv.data(), prepared.envp.data());
  const int error = errno;
  (void)!write(failure, &error, sizeof error);
  _exit(127);
}

// Appends what there is; false at the end.
bool drain(int fd, ChildEnd& end) {
  char piece[16 << 10];
  const ssize_t size = read(fd, piece, sizeof piece);
  if (size < 0) return errno == EINTR || errno == EAGAIN;
  end.output.append(piece, size_t(size));
  if (end.output.size() > 2 * kKeptOutput) {
    end.output.erase(0, end.output.size() - kKeptOutput);
    end.cut = true;
  }
  return size > 0;
}

int millisecondsUntil(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

// Until the process ends, its time is over, or this program is to end.
ChildEnd::How waitFor(int process, int output, int signals, Clock::time_point deadline, ChildEnd& end) {
  pollfd waits[] = {{process, POLLIN, 0}, {output, POLLIN, 0}, {signals, POLLIN, 0}};
  while (true) {
    if (poll(waits, 3, millisecondsUntil(deadline)) < 0 && errno != EINTR) return ChildEnd::kInterrupted;
    if (waits[2].revents) return ChildEnd::kInterrupted;
    if (waits[1].revents && !drain(output, end)) waits[1].fd = -1;
    if (waits[0].revents) return ChildEnd::kExited;
    if (Clock::now() >= deadline) return ChildEnd::kTimedOut;
  }
}

void reap(pid_t pid, ChildEnd& end) {
  // While it is not waited for its number is its own: the whole group can be ended.
  kill(-pid, SIGKILL);
  kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (end.how != ChildEnd::kExited) return;
  if (WIFSIGNALED(status)) end.how = ChildEnd::kSignalled;
  end.code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

ChildEnd notStarted(const std::string& what, int error) {
  ChildEnd end;
  end.failure = what + ": " + std::strerror(error);
  return end;
}

void keepTail(ChildEnd& end) {
  if (end.output.size() <= kKeptOutput) return;
  end.output.erase(0, end.output.size() - kKeptOutput);
  end.cut = true;
}

}  // namespace

Watch::Watch() {
  const sigset_t set = endingSignals();
  sigprocmask(SIG_BLOCK, &set, &before_);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
}

Watch::~Watch() {
  close(signals_);
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int Watch::interrupted() const {
  sigset_t pending;
  sigpending(&pending);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    if (sigismember(&pending, signal) == 1) return signal;
  return 0;
}

ChildEnd Watch::run(const ChildCommand& command) const {
  ChildEnd end;
  if (interrupted()) {
    end.how = ChildEnd::kInterrupted;
    return end;
  }
  const Prepared prepared(command);
  int output[2], failure[2];
  if (pipe2(output, O_CLOEXEC) != 0) return notStarted("no pipe", errno);
  Descriptor output_read(output[0]), output_write(output[1]);
  if (pipe2(failure, O_CLOEXEC) != 0) return notStarted("no pipe", errno);
  Descriptor failure_read(failure[0]), failure_write(failure[1]);
  const Clock::time_point start = Clock::now();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return notStarted("no process", errno);
  if (pid == 0) becomeChild(prepared, output_write.get(), failure_write.get(), before_, parent);
  setpgid(pid, pid);  // here, too: whichever comes first
  output_write.close();
  failure_write.close();
  int error = 0;
  if (read(failure_read.get(), &error, sizeof error) == sizeof error) {
    reap(pid, end);
    return notStarted("cannot run " + command.words.front(), error);
  }
  fcntl(output_read.get(), F_SETFL, O_NONBLOCK);
  const Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  const auto limit =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(command.time_limit));
  end.how = process.get() < 0 ? ChildEnd::kInterrupted
                              : waitFor(process.get(), output_read.get(), signals_, start + limit, end);
  reap(pid, end);
  // What is left in the pipe; no more, for somebody outside of the group may still write.
  for (int piece = 0; piece < 64 && drain(output_read.get(), end); ++piece) {
  }
  keepTail(end);
  end.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return end;
}

std::string signalName(int signal) {
  const char* name = sigabbrev_np(signal);
  return name ? "SIG" + std::string(name) : "signal " + std::to_string(signal);
}

std::string shellQuoted(const std::string& word) {
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace reprise

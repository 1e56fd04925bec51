#include "tools/child.h"

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
#include <filesystem>
#include <string_view>

namespace reprise {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kEnding[] = {SIGINT, SIGTERM, SIGHUP};

sigset_t endingSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kEnding) {
    struct sigaction action {};
    const bool ignored = sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
    if (!ignored) sigaddset(&set, signal);
  }
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
  void set(int fd) { fd_ = fd; }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct Pipe {
  Pipe() {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    read.set(ends[0]);
    write.set(ends[1]);
  }
  explicit operator bool() const { return read.get() >= 0; }
  Descriptor read, write;
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

[[noreturn]] void becomeChild(const Prepared& prepared, int out, int output, int failure,
                              const sigset_t& mask, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // it died before that
  sigprocmask(SIG_SETMASK, &mask, nullptr);
  const int null = open("/dev/null", O_RDONLY);
  const bool ready = null >= 0 && dup2(null, 0) >= 0 && dup2(out, 1) >= 0 && dup2(output, 2) >= 0 &&
                     (prepared.folder.empty() || chdir(prepared.folder.c_str()) == 0);
  if (ready) execvpe(prepared.argv[0], prepared.argv.data(), prepared.envp.data());
  const int error = errno;
  (void)!write(failure, &error, sizeof error);
  _exit(127);
}

// Appends what there is; false at the end.
bool append(int fd, std::string& text) {
  char piece[16 << 10];
  const ssize_t size = read(fd, piece, sizeof piece);
  if (size < 0) return errno == EINTR || errno == EAGAIN;
  text.append(piece, size_t(size));
  return size > 0;
}

// What a child writes: its two streams together, of which the end is kept, or stdout apart.
class Streams {
 public:
  Streams(int output, int out, size_t most_out, ChildEnd& end)
      : output_(output), out_(out), most_out_(most_out), end_(end) {
    for (const int fd : {output, out})
      if (fd >= 0) fcntl(fd, F_SETFL, O_NONBLOCK);
  }
  int output() const { return output_; }  // below 0: it is at its end
  int out() const { return out_; }

  void read() {
    if (output_ >= 0 && !append(output_, end_.output)) output_ = -1;
    if (out_ >= 0 && !append(out_, end_.out)) out_ = -1;
    if (end_.output.size() > 2 * kKeptOutput) keepTail();
    if (end_.out.size() <= most_out_) return;
    end_.out.resize(most_out_);
    end_.out_cut = true;
  }
  // What is left in the pipes; no more, for somebody outside of the group may still write.
  void readRest() {
    for (int piece = 0; piece < 64 && (output_ >= 0 || out_ >= 0); ++piece) read();
    keepTail();
  }

 private:
  void keepTail() {
    if (end_.output.size() <= kKeptOutput) return;
    end_.output.erase(0, end_.output.size() - kKeptOutput);
    end_.cut = true;
  }

  int output_, out_;
  const size_t most_out_;
  ChildEnd& end_;
};

int millisecondsUntil(Clock::time_point deadline) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left, 0, 60'000));
}

// Until the process ends, its time is over, or this program is to end.
ChildEnd::How waitFor(int process, Streams& streams, int signals, Clock::time_point deadline) {
  while (true) {
    pollfd waits[] = {{process, POLLIN, 0},
                      {signals, POLLIN, 0},
                      {streams.output(), POLLIN, 0},
                      {streams.out(), POLLIN, 0}};
    if (poll(waits, std::size(waits), millisecondsUntil(deadline)) < 0 && errno != EINTR)
      return ChildEnd::kInterrupted;
    if (waits[1].revents) return ChildEnd::kInterrupted;
    if (waits[2].revents || waits[3].revents) streams.read();
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

}  // namespace

Watch::Watch() : ending_(endingSignals()) {
  sigprocmask(SIG_BLOCK, &ending_, &before_);
  signals_ = signalfd(-1, &ending_, SFD_CLOEXEC);
}

Watch::~Watch() {
  close(signals_);
  sigprocmask(SIG_SETMASK, &before_, nullptr);
}

int Watch::interrupted() const {
  sigset_t pending;
  sigpending(&pending);
  for (const int signal : kEnding)
    if (sigismember(&ending_, signal) == 1 && sigismember(&pending, signal) == 1) return signal;
  return 0;
}

ChildEnd Watch::run(const ChildCommand& command) const {
  ChildEnd end;
  if (interrupted()) {
    end.how = ChildEnd::kInterrupted;
    return end;
  }
  const Prepared prepared(command);
  Pipe output, out, failure;
  if (!output || !out || !failure) return notStarted("no pipe", errno);
  const bool apart = command.most_out > 0;
  const Clock::time_point start = Clock::now();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return notStarted("no process", errno);
  if (pid == 0)
    becomeChild(prepared, apart ? out.write.get() : output.write.get(), output.write.get(),
                failure.write.get(), before_, parent);
  setpgid(pid, pid);  // here, too: whichever comes first
  for (Pipe* pipe : {&output, &out, &failure}) pipe->write.close();
  int error = 0;
  if (read(failure.read.get(), &error, sizeof error) == sizeof error) {
    reap(pid, end);
    return notStarted("cannot run " + command.words.front(), error);
  }
  Streams streams(output.read.get(), apart ? out.read.get() : -1, command.most_out, end);
  const Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  const auto limit =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(command.time_limit));
  end.how =
      process.get() < 0 ? ChildEnd::kInterrupted : waitFor(process.get(), streams, signals_, start + limit);
  reap(pid, end);
  streams.readRest();
  end.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  return end;
}

std::string lastWords(const std::string& output) {
  constexpr std::string_view kPrefix = "reprise: ";
  const size_t end = output.find_last_not_of(" \t\r\n");
  if (end == std::string::npos) return "";
  size_t begin = output.rfind("\n" + std::string(kPrefix), end);
  begin = begin != std::string::npos ? begin + 1 : output.starts_with(kPrefix) ? 0 : std::string::npos;
  if (begin != std::string::npos)
    return output.substr(begin + kPrefix.size(), end - begin - kPrefix.size() + 1);
  const size_t newline = output.find_last_of('\n', end);
  begin = newline == std::string::npos ? 0 : newline + 1;
  return output.substr(begin, end - begin + 1);
}

std::string thisProgram() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).string();
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

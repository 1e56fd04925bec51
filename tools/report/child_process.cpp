#include "tools/report/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

extern char** environ;

namespace reprise {
namespace {

using Clock = std::chrono::steady_clock;

class Pipe {
 public:
  Pipe() {
    if (pipe2(ends_, O_CLOEXEC) != 0) ends_[0] = ends_[1] = -1;
  }
  ~Pipe() {
    closeRead();
    closeWrite();
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool ok() const { return ends_[0] >= 0; }
  int read() const { return ends_[0]; }
  int write() const { return ends_[1]; }
  void closeRead() { shut(ends_[0]); }
  void closeWrite() { shut(ends_[1]); }

 private:
  static void shut(int& end) {
    if (end >= 0) close(end);
    end = -1;
  }
  int ends_[2];
};

Status cannotRun(int error) {
  return {Code::kCannotRun, std::string("cannot start a process: ") + std::strerror(error)};
}

// 0, or an errno.
int start(std::vector<std::string> words, const Pipe& out, const Pipe& err, pid_t& child) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, out.write(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.write(), STDERR_FILENO);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  posix_spawnattr_setpgroup(&attributes, 0);
  const int error = posix_spawn(&child, "/proc/self/exe", &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

// False at the end of the stream.
bool take(int descriptor, std::string& text) {
  char buffer[16384];
  const ssize_t count = read(descriptor, buffer, sizeof buffer);
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  text.append(buffer, size_t(count));
  return count > 0;
}

// Reads both streams until they end or the time is over.
void collect(Pipe& out, Pipe& err, Clock::time_point deadline, size_t most_out, ChildResult& result) {
  while (out.ok() || err.ok()) {
    pollfd fds[] = {{out.read(), POLLIN, 0}, {err.read(), POLLIN, 0}};
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) {
      result.timed_out = true;
      return;
    }
    if (poll(fds, 2, int(std::min<long>(left, 1000))) <= 0) continue;
    if (fds[0].revents && !take(out.read(), result.out)) out.closeRead();
    if (fds[1].revents && !take(err.read(), result.err)) err.closeRead();
    if (result.out.size() > most_out) {
      result.out.resize(most_out);
      result.out_cut = true;
    }
    if (result.err.size() > ChildResult::kErrorBytes)
      result.err.erase(0, result.err.size() - ChildResult::kErrorBytes);
  }
}

}  // namespace

Result<ChildResult> runReprise(const std::vector<std::string>& arguments, uint32_t seconds, size_t most_out) {
  Pipe out, err;
  if (!out.ok() || !err.ok()) return cannotRun(errno);
  std::vector<std::string> words{"reprise"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  pid_t child = 0;
  if (const int error = start(std::move(words), out, err, child); error != 0) return cannotRun(error);
  out.closeWrite();
  err.closeWrite();
  ChildResult result;
  collect(out, err, Clock::now() + std::chrono::seconds(seconds), most_out, result);
  if (result.timed_out) kill(-child, SIGKILL);
  int state = 0;
  while (waitpid(child, &state, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(state)) result.exit_status = WEXITSTATUS(state);
  if (WIFSIGNALED(state)) result.signal = WTERMSIG(state);
  return result;
}

}  // namespace reprise

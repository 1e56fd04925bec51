#include "tools/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "tools/capture_environment.h"
#include "tools/log.h"
#include "tools/writer/capture_session.h"
#include "tools/writer/serve_process.h"

namespace reprise {
namespace {

constexpr int kForwarded[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// Listens in the abstract name space: nothing on disk, gone with the process.
int listenAt(const std::string& name) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path + 1, name.data(), name.size());
  const int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 || listen(fd, 128) != 0)
    return -1;
  return fd;
}

std::string socketName() {
  std::random_device random;
  char text[64];
  snprintf(text, sizeof text, "reprise-%d-%08x%08x", static_cast<int>(getpid()), random(), random());
  return text;
}

struct Recording {
  pid_t pid = 0;
  std::unique_ptr<CaptureSession> session;  // set by the thread; others look at it once `done`
  std::atomic<CaptureSession*> running{nullptr};
  std::atomic<bool> done{false};
  bool settled = false;  // the thread is joined: the rest of this is the main thread's
  Status status;
  std::thread thread;
};

class Wrapper {
 public:
  Wrapper(int listener, int signals, pid_t program, OutputFiles& files)
      : listener_(listener),
        signals_(signals),
        event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
        program_(program),
        files_(files) {}
  ~Wrapper() { close(event_); }
  Wrapper(const Wrapper&) = delete;
  Wrapper& operator=(const Wrapper&) = delete;

  // Until the program and every recorded process have ended; the program's wait status.
  int serve();
  void report();

 private:
  void acceptAll();
  void start(int socket, pid_t pid);
  void settle();
  void handleSignals();
  bool allSettled() const;

  const int listener_;
  const int signals_;
  const int event_;
  const pid_t program_;
  OutputFiles& files_;
  bool program_ended_ = false;
  int wait_status_ = 0;
  bool any_calls_ = false;
  std::vector<std::pair<OutputFiles::Claim, std::string>> written_;  // and its summary
  std::vector<std::unique_ptr<Recording>> recordings_;
};

// Not `done`, which a recording may become after settle() has looked at it.
bool Wrapper::allSettled() const {
  return std::all_of(recordings_.begin(), recordings_.end(),
                     [](const std::unique_ptr<Recording>& recording) { return recording->settled; });
}

int Wrapper::serve() {
  for (;;) {
    pollfd waits[] = {{listener_, POLLIN, 0}, {signals_, POLLIN, 0}, {event_, POLLIN, 0}};
    if (poll(waits, 3, -1) < 0 && errno != EINTR) break;
    eventfd_t count;
    eventfd_read(event_, &count);
    handleSignals();
    acceptAll();
    settle();
    if (program_ended_ && allSettled()) break;
  }
  for (const auto& recording : recordings_) {
    // Nobody created a device: the first that did anything at all gets the file.
    recording->status = recording->session->conclude();
    written_.emplace_back(recording->session->file(), recording->session->summary());
    if (!recording->status) REPRISE_LOG(error, "{}", recording->status.message());
  }
  return wait_status_;
}

void Wrapper::acceptAll() {
  for (;;) {
    const int socket = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;
    ucred peer{};
    socklen_t size = sizeof peer;
    getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    // A process asks twice only if it has become another program by exec: its old memory is gone.
    for (const auto& recording : recordings_) {
      if (recording->pid != peer.pid || recording->done.load()) continue;
      while (!recording->running.load() && !recording->done.load()) std::this_thread::yield();
      if (CaptureSession* session = recording->running.load()) session->requestStop();
      recording->thread.join();
    }
    start(socket, peer.pid);
  }
}

void Wrapper::start(int socket, pid_t pid) {
  Recording& recording = *recordings_.emplace_back(std::make_unique<Recording>());
  recording.pid = pid;
  recording.thread = std::thread([this, &recording, socket] {
    Result<std::unique_ptr<CaptureSession>> session = CaptureSession::accept(socket, files_);
    recording.status = session.status();
    if (session) {
      recording.session = std::move(*session);
      recording.running.store(recording.session.get());
      recording.session->run();
      recording.session->letGo();
      if (recording.session->hasFile()) recording.status = recording.session->conclude();
    }
    recording.done.store(true);
    eventfd_write(event_, 1);
  });
}

// Forgets recordings that are over, but for those that may yet get the file.
void Wrapper::settle() {
  std::erase_if(recordings_, [this](const std::unique_ptr<Recording>& recording) {
    if (!recording->done.load()) return false;
    if (recording->thread.joinable()) recording->thread.join();
    recording->settled = true;
    const CaptureSession* session = recording->session.get();
    any_calls_ |= session && session->sawCalls();
    if (session && !session->hasFile() && session->sawCalls()) return false;
    if (session && session->hasFile()) written_.emplace_back(session->file(), session->summary());
    if (!recording->status) REPRISE_LOG(error, "{}", recording->status.message());
    return true;
  });
}

void Wrapper::handleSignals() {
  signalfd_siginfo info;
  while (read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    if (info.ssi_signo == SIGCHLD) {
      program_ended_ |= waitpid(program_, &wait_status_, WNOHANG) == program_;
      for (const auto& recording : recordings_)
        if (CaptureSession* session = recording->running.load()) session->wake();
    } else if (info.ssi_code != SI_KERNEL && !program_ended_) {
      kill(program_, static_cast<int>(info.ssi_signo));  // the terminal's own go to the program by themselves
    }
  }
}

void Wrapper::report() {
  for (const auto& [file, summary] : written_) spdlog::info("{}: {}", files_.path(file), summary);
  if (!any_calls_) spdlog::warn("the program made no Vulkan call; no file was written");
}

int fail(const Status& status) {
  REPRISE_LOG(error, "{}", status.message());
  return status.exitCode();
}

// Before the program starts, so that no signal is lost; `before` is what the program shall have.
int takeSignals(SignalState& before) {
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &before.pipe);
  sigaction(SIGXFSZ, &ignore, &before.file_size);
  sigset_t set;
  sigemptyset(&set);
  for (int number : kForwarded) sigaddset(&set, number);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, &before.mask);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int runProgram(const CaptureOptions& options) {
  if (options.command.empty()) return fail({Code::kUsage, "there is no program to run"});
  const std::string output = options.output.empty()
                                 ? std::filesystem::path(options.command[0]).filename().string() + ".vkr"
                                 : options.output;
  Result<std::string> layer = findLayer(options.layer_dir);
  if (!layer) return fail(layer.status());
  if (Status status = checkOutput(output); !status) return fail(status);
  const std::string name = socketName();
  const int listener = listenAt(name);
  if (listener < 0)
    return fail({Code::kCannotRun, std::string("no socket to listen on: ") + strerror(errno)});
  Variables variables = layerEnvironment(*layer, name);
  if (options.arena_bytes != kArenaDefaultBytes)
    variables.emplace_back("REPRISE_ARENA_MIB", std::to_string(options.arena_bytes >> 20));
  if (!options.memory.empty()) variables.emplace_back("REPRISE_MEMORY", options.memory);
  if (!options.addresses.empty()) variables.emplace_back("REPRISE_ADDRESSES", options.addresses);
  SignalState before;
  const int signals = takeSignals(before);
  Result<pid_t> program = startProgram(options.command, variables, before);
  if (!program) return fail(program.status());
  OutputFiles files(output, false, *program);
  Wrapper wrapper(listener, signals, *program, files);
  const int status = wrapper.serve();
  wrapper.report();
  close(signals);
  close(listener);
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

int captureMain(const CaptureOptions& options) {
  if (options.attach_fd < 0) return runProgram(options);
  // Started by the layer: ends when the traced process does, whatever else is sent.
  for (int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGXFSZ}) signal(number, SIG_IGN);
  return serveProcess(options.attach_fd, options.output);
}

}  // namespace reprise

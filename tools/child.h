// A command in a process group of its own, under a watchdog: it ends, crashes, or is ended, and so is all
// that it started and left in its group.
//
// run() blocks its thread; many threads may run children at once. What they write to stdout and stderr is
// kept from the end, kKeptOutput bytes of it, or stdout apart, from its beginning. Watch blocks SIGINT,
// SIGTERM and SIGHUP, but those that are ignored already, as nohup(1) does, for as long as it lives: make it
// before any thread; once one of them is there every run() ends its child at once, and every later one starts
// none. When the Watch is gone the signal has its usual effect. Linux only (pidfd, signalfd). No errors but
// `failure`, where no process could be made.
#pragma once

#include <csignal>
#include <map>
#include <string>
#include <vector>

namespace reprise {

inline constexpr size_t kKeptOutput = 64 << 10;

struct ChildCommand {
  std::vector<std::string> words;
  std::map<std::string, std::string> env;  // on top of this process's
  std::string folder;                      // to run in; "": this one
  double time_limit = 0;                   // seconds
  size_t most_out = 0;                     // above 0: stdout apart, and no more of it than that
};

struct ChildEnd {
  enum How { kExited, kSignalled, kTimedOut, kInterrupted, kNotStarted };
  How how = kNotStarted;
  int code = 0;  // exit status, or signal
  double seconds = 0;
  std::string output;  // the end of what it wrote
  bool cut = false;    // and there was more
  std::string out;     // with most_out: the beginning of stdout, of which `output` has nothing
  bool out_cut = false;
  std::string failure;  // of kNotStarted
  bool ended(int status) const { return how == kExited && code == status; }
};

class Watch {
 public:
  Watch();
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  ChildEnd run(const ChildCommand& command) const;
  int interrupted() const;  // the signal, 0 while there is none

 private:
  sigset_t ending_{};  // that end this program
  int signals_ = -1;   // readable once there is one; never read, so that every thread sees it
  sigset_t before_{};
};

// What an output says last: from our own last message on, since drivers talk, too; else its last line.
std::string lastWords(const std::string& output);
// The program that this process runs.
std::string thisProgram();
// "SIGSEGV"
std::string signalName(int signal);
// A word of a shell's command line, whatever is in it.
std::string shellQuoted(const std::string& word);

}  // namespace reprise

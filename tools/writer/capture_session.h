// One traced process being recorded: its arena, emptied into its file until the process has ended.
//
// A thread of its own calls accept() and run(), which empties the arena into a Backlog, whose thread fills
// the file. run() returns when the process is dead (or, for a writer in a thread of the program, when the
// program says so) and all that it committed was taken. conclude() then completes the file. requestStop() and
// wake() may come from any thread. The session owns mapping and descriptors; the OutputFiles outlives it.
//
// Memory: what the program has mapped of the arena, what waits in the Backlog and the contents of mapped
// memory that are remembered share the arena's size. Beside it there is kBacklogExtra, BlockSink::kMaxBuffers
// and what zstd needs.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "format/status.h"
#include "tools/writer/arena_drain.h"
#include "tools/writer/backlog.h"
#include "tools/writer/late_file.h"
#include "tools/writer/output_files.h"

namespace reprise {

class CaptureSession {
 public:
  // Takes the socket of a process that asks to be recorded, and answers it.
  static Result<std::unique_ptr<CaptureSession>> accept(int socket, OutputFiles& files);
  ~CaptureSession();
  CaptureSession(const CaptureSession&) = delete;
  CaptureSession& operator=(const CaptureSession&) = delete;

  void run();
  void requestStop() { stop_.store(true); }  // the process is another program now
  void wake();                               // the process may have ended: look now; from any thread

  // After run(). A file only where there is a call to put in it.
  Status conclude();
  // After run(): gives memory and descriptors back; conclude() may still come. The destructor does it, too.
  void letGo();

  int pid() const { return pid_; }
  bool sawCalls() const { return drain_.counts().calls > 0; }
  bool hasFile() const { return decided_; }
  OutputFiles::Claim file() const { return claim_; }  // after conclude(); its path may yet change
  std::string summary() const;  // after conclude(): "27.4 kB, 300 frames, 41,118 calls, 0 holes"

 private:
  CaptureSession(int socket, int pidfd, int pid, ArenaView arena, bool sysv, bool in_process,
                 OutputFiles& files);

  bool processEnded() const;
  size_t backlogLimit() const;
  void reportHeld();
  void dropBuffers();
  void decidePath(Backlog& backlog);
  void decideFile(bool device);
  void spaceAgain();
  void sleep();
  void writeHole(uint64_t subject, const std::string& text);
  void writeLosses();

  const int socket_;
  const int pidfd_;
  const int pid_;
  const ArenaView arena_;
  const bool sysv_;
  const bool in_process_;
  OutputFiles& files_;
  LateFile file_;
  ArenaDrain drain_;
  bool decided_ = false;
  OutputFiles::Claim claim_ = 0;  // once `decided_` and after run()
  std::atomic<bool> stop_{false};
  std::atomic<size_t> resident_{0};  // of the Backlog
  std::atomic<size_t> file_held_{0};
  size_t mapped_bytes_;  // of the arena, from its start
  std::mutex let_go_mutex_;
  bool let_go_ = false;
};

}  // namespace reprise

// A whole recording, from a process's lanes to its file: which file, what is in it, and how it ended.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "capture/lanes.h"
#include "format/vk.h"
#include "tests/unit/lanes_writer.h"
#include "tools/writer/capture_session.h"

namespace reprise {
namespace {

class LanesSession : public testing::Test {
 protected:
  LanesSession() {
    char name[] = "/tmp/reprise-session-XXXXXX";
    folder_ = mkdtemp(name);
  }
  ~LanesSession() override { std::filesystem::remove_all(folder_); }

  // Records what a child does; the status of completing its file.
  Status record(OutputFiles& files, const std::function<void()>& body) {
    TestWriter writer(2);
    pid_ = startChild([&] {
      ASSERT_TRUE(attach());
      body();
    });
    Result<std::unique_ptr<CaptureSession>> session = CaptureSession::accept(writer.acceptSocket(), files);
    if (!session) return session.status();
    session_ = std::move(*session);
    session_->run();
    awaitChild(pid_);
    return session_->conclude();
  }

  std::string path() const { return folder_ + "/f.vkr"; }

  // The path that a process with a device gets, and what it writes there.
  static std::string claim(OutputFiles& files, int pid, const std::string& text = "") {
    return files.path(files.claim(pid, true, [&](const std::string& path) { std::ofstream(path) << text; }));
  }
  static std::string textOf(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::string folder_;
  int pid_ = 0;
  std::unique_ptr<CaptureSession> session_;
};

void draw(uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    const std::byte arguments[24] = {};
    laneWrite(currentLane(),
              {0, static_cast<uint16_t>(Command::vkCmdDraw), kAnnounce | kComplete, notedTicket()},
              arguments);
    laneReturned(currentLane());
  }
}

TEST_F(LanesSession, TheFirstWithADeviceGetsTheFile) {
  OutputFiles files(path(), false);
  EXPECT_TRUE(
      record(files, [] { draw(3); }).isOk());    // no device: may only have the file because nobody else...
  EXPECT_TRUE(std::filesystem::exists(path()));  // ...had it when it was concluded
  EXPECT_TRUE(record(files, [] {
                laneDeviceCreated();
                draw(100'000);
              }).isOk());
  const std::string own = path() + "." + std::to_string(pid_);
  EXPECT_TRUE(std::filesystem::exists(own));
  EXPECT_EQ(files.path(session_->file()), own);
  EXPECT_NE(session_->summary().find(" 100,000 calls, 0 holes"), std::string::npos) << session_->summary();
}

TEST_F(LanesSession, NoCallNoFile) {
  OutputFiles files(path(), false);
  EXPECT_TRUE(record(files, [] {}).isOk());
  EXPECT_FALSE(session_->sawCalls());
  EXPECT_FALSE(session_->hasFile());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(LanesSession, AKilledProcessHasItsFileToo) {
  OutputFiles files(path(), false);
  EXPECT_TRUE(record(files, [] {
                laneDeviceCreated();
                draw(1000);
                raise(SIGKILL);
              }).isOk());
  EXPECT_NE(session_->summary().find(" 1,000 calls, 0 holes"), std::string::npos) << session_->summary();
}

TEST_F(LanesSession, AFileThatCannotBeWrittenHoldsNobodyUp) {
  OutputFiles files(folder_ + "/missing/f.vkr", false);
  const Status status = record(files, [] {
    laneDeviceCreated();
    draw(200'000);
  });
  EXPECT_EQ(status.code(), Code::kUnreadable) << status.message();
}

TEST_F(LanesSession, WhoeverAsksWithoutAnArenaIsRefused) {
  OutputFiles files(path(), false);
  int ends[2];
  for (const AttachRequest& request :
       {AttachRequest{}, AttachRequest{kArenaMagic, kArenaMinBytes, -1, 0, 0, 0},
        AttachRequest{kArenaMagic, 5, -1, 1, 0, 0},
        AttachRequest{kArenaMagic, UINT64_MAX, 1 << 30, 1, 1, 0}}) {
    ASSERT_EQ(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    ASSERT_EQ(send(ends[0], &request, sizeof request, 0), static_cast<ssize_t>(sizeof request));
    EXPECT_FALSE(CaptureSession::accept(ends[1], files).isOk());
    close(ends[0]);
  }
}

TEST_F(LanesSession, WritersOfOneProgramDoNotTakeEachOthersFile) {
  OutputFiles first(path(), true);
  OutputFiles second(path(), true);
  EXPECT_EQ(claim(first, 11), path());
  EXPECT_EQ(claim(second, 12), path() + ".12");
  EXPECT_EQ(claim(second, 12), path() + ".12.2");
}

TEST_F(LanesSession, TheProgramItselfGetsTheFileThatItsHelperHad) {
  constexpr int kProgram = 11, kHelper = 12;
  OutputFiles files(path(), false, kProgram);
  const OutputFiles::Claim helper =
      files.claim(kHelper, true, [](const std::string& path) { std::ofstream(path) << "helper"; });
  EXPECT_EQ(files.path(helper), path());
  const OutputFiles::Claim deviceless = files.claim(kProgram, false, [](const std::string&) {});
  EXPECT_EQ(files.path(deviceless), path() + ".11");
  EXPECT_EQ(claim(files, kProgram, "program"), path());
  EXPECT_EQ(files.path(helper), path() + ".12");
  EXPECT_EQ(textOf(path()), "program");
  EXPECT_EQ(textOf(path() + ".12"), "helper");
  EXPECT_EQ(claim(files, kProgram), path() + ".11.2") << "what it becomes by exec takes nothing from it";
}

}  // namespace
}  // namespace reprise

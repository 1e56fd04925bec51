// Children under a watchdog: how they end, what they say, and that nothing of them is left.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "tools/child.h"

namespace reprise {
namespace {

ChildCommand shell(const std::string& script, double limit = 60) {
  return {{"/bin/sh", "-c", script}, {}, "", limit};
}

TEST(Child, ItsStatusAndItsOutput) {
  const Watch watch;
  const ChildEnd end = watch.run(shell("echo out; echo err >&2; exit 3"));
  EXPECT_TRUE(end.ended(3));
  EXPECT_EQ(end.output, "out\nerr\n");
  EXPECT_FALSE(end.cut);
}

TEST(Child, ACrashIsASignal) {
  const Watch watch;
  const ChildEnd end = watch.run(shell("kill -SEGV $$"));
  EXPECT_EQ(end.how, ChildEnd::kSignalled);
  EXPECT_EQ(signalName(end.code), "SIGSEGV");
}

TEST(Child, EnvironmentAndFolder) {
  const Watch watch;
  ChildCommand command = shell("echo $NAME; pwd");
  command.env["NAME"] = "a b";
  command.folder = "/usr";
  EXPECT_EQ(watch.run(command).output, "a b\n/usr\n");
}

TEST(Child, OnlyTheEndOfItsOutputIsKept) {
  const Watch watch;
  const ChildEnd end = watch.run(shell("head -c 1000000 /dev/zero | tr '\\0' x; echo end"));
  EXPECT_TRUE(end.ended(0));
  EXPECT_TRUE(end.cut);
  EXPECT_EQ(end.output.size(), kKeptOutput);
  EXPECT_TRUE(end.output.ends_with("xend\n"));
}

bool isAlive(pid_t pid) { return std::filesystem::exists("/proc/" + std::to_string(pid) + "/exe"); }

TEST(Child, AHangEndsWithAllThatItStarted) {
  const Watch watch;
  const ChildEnd end = watch.run(shell("sleep 1000 & echo $!; wait", 0.5));
  EXPECT_EQ(end.how, ChildEnd::kTimedOut);
  const pid_t grandchild = std::stoi(end.output);
  for (int i = 0; i < 1000 && isAlive(grandchild); ++i) usleep(10'000);
  EXPECT_FALSE(isAlive(grandchild));
}

TEST(Child, WhatAFinishedOneLeavesBehindIsEnded) {
  const Watch watch;
  const ChildEnd end = watch.run(shell("sleep 1000 & echo $!"));
  EXPECT_TRUE(end.ended(0));
  const pid_t grandchild = std::stoi(end.output);
  for (int i = 0; i < 1000 && isAlive(grandchild); ++i) usleep(10'000);
  EXPECT_FALSE(isAlive(grandchild));
}

TEST(Child, NoSuchProgram) {
  const Watch watch;
  const ChildEnd end = watch.run({{"/nonexistent/program"}, {}, "", 1});
  EXPECT_EQ(end.how, ChildEnd::kNotStarted);
  EXPECT_NE(end.failure.find("/nonexistent/program"), std::string::npos);
}

TEST(Child, ASignalEndsAllOfThem) {
  const Watch watch;
  EXPECT_EQ(watch.interrupted(), 0);
  const ChildEnd end = watch.run(shell("kill -TERM $PPID; sleep 1000"));
  EXPECT_EQ(end.how, ChildEnd::kInterrupted);
  EXPECT_EQ(watch.interrupted(), SIGTERM);
  EXPECT_EQ(watch.run(shell("true")).how, ChildEnd::kInterrupted);
  // Taken here, or it would end this program with `watch`.
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  int taken = 0;
  ASSERT_EQ(sigwait(&set, &taken), 0);
}

TEST(Child, QuotingForAShell) {
  const Watch watch;
  const std::string odd = "a'b $(exit 9) \"c\" \\ ;";
  EXPECT_EQ(watch.run(shell("printf %s " + shellQuoted(odd))).output, odd);
}

TEST(Child, StdoutApartIsKeptFromItsBeginning) {
  const Watch watch;
  ChildCommand command = shell("echo begin; head -c 1000000 /dev/zero | tr '\\0' x; echo err >&2");
  command.most_out = 100;
  const ChildEnd end = watch.run(command);
  EXPECT_TRUE(end.ended(0));
  EXPECT_EQ(end.out, "begin\n" + std::string(94, 'x'));
  EXPECT_TRUE(end.out_cut);
  EXPECT_EQ(end.output, "err\n");
  command.words.back() = "echo all";
  const ChildEnd other = watch.run(command);
  EXPECT_EQ(other.out, "all\n");
  EXPECT_FALSE(other.out_cut);
}

TEST(Child, AnIgnoredSignalStaysIgnored) {
  struct sigaction ignore {
  }, before{};
  ignore.sa_handler = SIG_IGN;
  ASSERT_EQ(sigaction(SIGHUP, &ignore, &before), 0);
  {
    const Watch watch;
    const ChildEnd end = watch.run(shell("kill -HUP $PPID; kill -HUP $$; echo on"));
    EXPECT_TRUE(end.ended(0));
    EXPECT_EQ(end.output, "on\n");
    EXPECT_EQ(watch.interrupted(), 0);
  }
  sigaction(SIGHUP, &before, nullptr);
}

TEST(Child, LastWords) {
  EXPECT_EQ(lastWords(""), "");
  EXPECT_EQ(lastWords(" \n"), "");
  EXPECT_EQ(lastWords("one\ntwo\n\n"), "two");
  EXPECT_EQ(lastWords("reprise: it failed\n"), "it failed");
  EXPECT_EQ(lastWords("reprise: a\ndriver\nreprise: b\nof two lines\n"), "b\nof two lines");
}

}  // namespace
}  // namespace reprise

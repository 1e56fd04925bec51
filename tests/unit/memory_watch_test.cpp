// The kernel's write watch and the two views, without Vulkan.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <vector>

#include "capture/two_views.h"
#include "capture/write_watch.h"

namespace reprise {
namespace {

constexpr size_t kPage = 4096;

class MemoryWatch : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_GE(range_.size(), size_t{64} << 20);
    Status status = watch_.open();
    ASSERT_TRUE(status.isOk()) << status.message();
    ASSERT_TRUE(watch_.cover(range_.begin(), range_.size()));
  }

  TwoViews make(size_t bytes, size_t alignment = kPage) {
    std::optional<TwoViews> views = range_.create(bytes, alignment);
    EXPECT_TRUE(views.has_value());
    EXPECT_TRUE(watch_.watch(views->program, views->bytes));
    return *views;
  }

  // The offsets of written pages from the start of `views`, over the whole range.
  std::vector<size_t> written(const TwoViews& views) {
    std::vector<size_t> pages;
    WriteWatch::Run runs[3];
    for (std::byte* at = range_.begin(); at < range_.usedEnd();) {
      Result<WriteWatch::Found> found = watch_.take(at, range_.usedEnd(), runs);
      EXPECT_TRUE(found.isOk()) << found.status().message();
      if (!found) break;
      for (size_t i = 0; i < found->runs; ++i)
        for (std::byte* page = runs[i].begin; page < runs[i].end; page += kPage)
          pages.push_back(static_cast<size_t>(page - views.program));
      at = found->scanned;
    }
    return pages;
  }

  using Pages = std::vector<size_t>;
  ViewRange range_{size_t{1} << 36};
  WriteWatch watch_;
};

TEST_F(MemoryWatch, ViewsAreCoherentBothWays) {
  TwoViews views = make(3 * kPage);
  views.program[5000] = std::byte{7};
  EXPECT_EQ(views.driver[5000], std::byte{7});
  views.driver[9000] = std::byte{8};
  EXPECT_EQ(views.program[9000], std::byte{8});
}

TEST_F(MemoryWatch, OnlyWritesThroughTheProgramsViewAreSeen) {
  TwoViews views = make(64 * kPage);
  EXPECT_EQ(written(views), Pages{});
  std::memset(views.driver, 1, views.bytes);
  EXPECT_EQ(written(views), Pages{});
  for (size_t at = 0; at < views.bytes; at += kPage) EXPECT_EQ(views.program[at], std::byte{1});
  EXPECT_EQ(written(views), Pages{}) << "reading is not writing";
  views.program[3 * kPage + 17] = std::byte{2};
  views.program[9 * kPage] = std::byte{3};
  std::memset(views.driver, 4, views.bytes);
  EXPECT_EQ(written(views), (Pages{3 * kPage, 9 * kPage}));
  EXPECT_EQ(written(views), Pages{});
  views.program[3 * kPage] = std::byte{5};
  EXPECT_EQ(written(views), Pages{3 * kPage}) << "a page is watched again after it was taken";
}

TEST_F(MemoryWatch, MoreRunsThanFitAreTakenInSeveralCalls) {
  TwoViews views = make(64 * kPage);
  Pages expected;
  for (size_t at = 0; at < views.bytes; at += 2 * kPage) {
    views.program[at] = std::byte{1};
    expected.push_back(at);
  }
  EXPECT_EQ(written(views), expected);
  EXPECT_EQ(written(views), Pages{});
}

TEST_F(MemoryWatch, SystemCallsThatWriteAreSeen) {
  TwoViews views = make(32 * kPage);
  int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(zero, 0);
  ASSERT_EQ(read(zero, views.program + 2 * kPage + 100, kPage), static_cast<ssize_t>(kPage));
  iovec part{views.program + 20 * kPage, 1};
  ASSERT_EQ(readv(zero, &part, 1), 1);
  close(zero);
  EXPECT_EQ(written(views), (Pages{2 * kPage, 3 * kPage, 20 * kPage}));
}

TEST_F(MemoryWatch, PlacesAreUsedAgainAndStartClean) {
  TwoViews first = make(16 * kPage);
  TwoViews second = make(16 * kPage);
  std::memset(first.program, 1, first.bytes);
  range_.destroy(first);
  ASSERT_TRUE(watch_.cover(first.program, first.bytes));
  written(second);
  TwoViews third = make(8 * kPage);
  EXPECT_EQ(third.program, first.program) << "first fit keeps the range short";
  EXPECT_EQ(third.program[0], std::byte{0});
  EXPECT_EQ(written(third), Pages{});
  range_.destroy(third);
  range_.destroy(second);
  EXPECT_EQ(range_.usedEnd(), range_.begin());
}

TEST_F(MemoryWatch, AlignmentHoldsForBothViews) {
  make(kPage);
  TwoViews views = make(3 * kPage, 65536);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(views.driver) % 65536, 0u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(views.program) % 65536, 0u);
}

TEST_F(MemoryWatch, ARangeThatIsNotWatchedIsAnErrorNotSilence) {
  TwoViews views = make(kPage);
  range_.destroy(views);  // and not covered again
  make(2 * kPage);
  std::optional<TwoViews> unwatched = range_.create(kPage, kPage);
  ASSERT_TRUE(unwatched.has_value());
  WriteWatch::Run runs[4];
  EXPECT_FALSE(watch_.take(range_.begin(), range_.usedEnd(), runs).isOk());
}

TEST_F(MemoryWatch, DescriptorsAreHighAndCloseOnExec) {
  int found = 0;
  for (int fd = 3; fd < 1 << 16; ++fd) {
    char target[256] = {};
    char name[64];
    std::snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    if (readlink(name, target, sizeof target - 1) < 0) continue;
    if (!std::strstr(target, "userfaultfd") && !std::strstr(target, "pagemap")) continue;
    ++found;
    EXPECT_GT(fd, 100) << target;
    EXPECT_TRUE(fcntl(fd, F_GETFD) & FD_CLOEXEC) << target;
  }
  EXPECT_EQ(found, 2);
}

TEST_F(MemoryWatch, AForkedChildHasNoViews) {
  TwoViews views = make(4 * kPage);
  pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    // An address that is not mapped makes write(2) fail with EFAULT.
    int sink = open("/dev/zero", O_RDWR);
    int pipes[2];
    bool gone = sink >= 0 && pipe(pipes) == 0 && write(pipes[1], views.program, 1) < 0 &&
                write(pipes[1], views.driver, 1) < 0;
    _exit(gone ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  views.program[kPage] = std::byte{1};
  EXPECT_EQ(written(views), Pages{kPage}) << "the parent's watch goes on";
}

}  // namespace
}  // namespace reprise

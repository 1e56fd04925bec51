// Where a sandbox forbids the kernel's write watch, and what fork leaves to a child.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <vector>

#include "tests/unit/memory_recorded.h"

namespace reprise {
namespace {

constexpr size_t kPage = 4096;
constexpr MemoryKey kKey{1, 100};

// From here on this process cannot set up a userfaultfd, however it came by one.
bool forbidUserfault() {
  constexpr auto kRequest = static_cast<uint32_t>(UFFDIO_API);
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kRequest, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog filter{sizeof program / sizeof program[0], program};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

// The number of the check that failed, 0 for none.
template <class F>
int inChild(F checks) {
  const pid_t child = fork();
  if (child == 0) _exit(checks());
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

int comparesInstead() {
  Recorded recorded;
  MemoryTracker tracker(recorded.sink());
  if (tracker.watches()) return 2;
  if (tracker.makeViews(kPage, kPage)) return 3;
  std::vector<std::byte> driver(2 * kPage);
  tracker.addCompared(kKey, driver.size(), true);
  tracker.mapped(kKey, driver.data(), 0, driver.size());
  driver[kPage + 1] = std::byte{1};
  tracker.scan();
  return recorded.changes.size() == 1 && recorded.changes[0].at.offset == kPage ? 0 : 4;
}

TEST(MemorySandbox, WithoutUserfaultMemoryIsCompared) {
  EXPECT_EQ(inChild([] { return forbidUserfault() ? comparesInstead() : 1; }), 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // they need the addresses themselves
TEST(MemorySandbox, WithFewAddressesTheRangeIsSmaller) {
  EXPECT_EQ(inChild([] {
              const rlimit limit{rlim_t{8} << 30, rlim_t{8} << 30};
              if (setrlimit(RLIMIT_AS, &limit) != 0) return 1;
              Recorded recorded;
              MemoryTracker tracker(recorded.sink());
              if (!tracker.watches()) return 2;
              std::optional<TwoViews> views = tracker.makeViews(kPage, kPage);
              if (!views) return 3;
              if (tracker.makeViews(size_t{16} << 30, kPage)) return 4;
              tracker.addWatched(kKey, kPage, *views);
              tracker.mapped(kKey, views->driver, 0, kPage);
              views->program[1] = std::byte{1};
              tracker.scan();
              return recorded.bytes() == kPage ? 0 : 5;
            }),
            0);
}
#endif

TEST(MemorySandbox, AChildCanTrackMemoryOfItsOwn) {
  Recorded parents;
  MemoryTracker tracker(parents.sink());
  std::optional<TwoViews> views = tracker.makeViews(kPage, kPage);
  ASSERT_TRUE(views.has_value());
  tracker.addWatched(kKey, kPage, *views);
  tracker.mapped(kKey, views->driver, 0, kPage);
  EXPECT_EQ(inChild([] {
              Recorded recorded;
              MemoryTracker own(recorded.sink());
              if (!own.watches()) return 1;
              std::optional<TwoViews> made = own.makeViews(kPage, kPage);
              if (!made) return 2;
              own.addWatched(kKey, kPage, *made);
              own.mapped(kKey, made->driver, 0, kPage);
              made->program[1] = std::byte{1};
              own.scan();
              return recorded.bytes() == kPage ? 0 : 3;
            }),
            0);
  views->program[0] = std::byte{1};
  tracker.scan();
  EXPECT_EQ(parents.bytes(), kPage);
  EXPECT_TRUE(parents.holes.empty());
}

}  // namespace
}  // namespace reprise

#include "capture/write_watch.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

namespace reprise {
namespace {

// The kernel's interface, for headers older than Linux 6.7.
constexpr uint64_t kFeatureWpHugetlbfsShmem = uint64_t{1} << 12;
constexpr uint64_t kFeatureWpUnpopulated = uint64_t{1} << 13;
constexpr uint64_t kFeatureWpAsync = uint64_t{1} << 15;
constexpr int kUserModeOnly = 1;

constexpr uint64_t kPageIsWritten = uint64_t{1} << 1;
constexpr uint64_t kScanWpMatching = uint64_t{1} << 0;
constexpr uint64_t kScanCheckWpAsync = uint64_t{1} << 1;

struct PageRegion {
  uint64_t start;
  uint64_t end;
  uint64_t categories;
};

struct ScanArguments {
  uint64_t size;
  uint64_t flags;
  uint64_t start;
  uint64_t end;
  uint64_t walk_end;
  uint64_t vec;
  uint64_t vec_len;
  uint64_t max_pages;
  uint64_t category_inverted;
  uint64_t category_mask;
  uint64_t category_anyof_mask;
  uint64_t return_mask;
};

constexpr unsigned long kPagemapScan = _IOWR('f', 16, ScanArguments);
constexpr unsigned long kNewUserfault = _IO(0xAA, 0x00);

constexpr size_t kRegionsPerCall = 256;

Status failure(const char* what) {
  return Status(Code::kCannotRun, std::string(what) + ": " + std::strerror(errno));
}

// Well above the numbers that programs get, and below the limit with room for the recorder's own.
int highNumber() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < 128) return 3;
  return static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 1 << 16) - 64);
}

}  // namespace

WriteWatch::Descriptor WriteWatch::keep(int number) {
  int high = fcntl(number, F_DUPFD_CLOEXEC, highNumber());
  if (high >= 0) {
    ::close(number);
    number = high;
  }
  struct stat info {};
  if (fstat(number, &info) != 0) return {};
  return {number, info.st_dev, info.st_ino};
}

bool WriteWatch::ours(const Descriptor& descriptor) {
  struct stat info {};
  return descriptor.number >= 0 && fstat(descriptor.number, &info) == 0 && info.st_dev == descriptor.device &&
         info.st_ino == descriptor.inode;
}

void WriteWatch::release(Descriptor& descriptor) {
  if (ours(descriptor)) ::close(descriptor.number);
  descriptor = {};
}

Status WriteWatch::open() {
  close();
  if (Status status = openUserfault(); !status) return status;
  return openPagemap();
}

void WriteWatch::close() {
  release(userfault_);
  release(pagemap_);
}

Status WriteWatch::openUserfault() {
  int number = static_cast<int>(syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | kUserModeOnly));
  if (number < 0) {
    int device = ::open("/dev/userfaultfd", O_RDWR | O_CLOEXEC);
    if (device < 0) return failure("userfaultfd");
    number = ioctl(device, kNewUserfault, O_CLOEXEC | O_NONBLOCK | kUserModeOnly);
    ::close(device);
    if (number < 0) return failure("/dev/userfaultfd");
  }
  userfault_ = keep(number);
  uffdio_api api{};
  api.api = UFFD_API;
  api.features = kFeatureWpAsync | kFeatureWpHugetlbfsShmem | kFeatureWpUnpopulated;
  if (ioctl(userfault_.number, UFFDIO_API, &api) != 0) {
    Status status = failure("userfaultfd without asynchronous write protection (Linux 6.7)");
    release(userfault_);
    return status;
  }
  return {};
}

Status WriteWatch::openPagemap() {
  int number = ::open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
  if (number < 0) return failure("/proc/self/pagemap");
  pagemap_ = keep(number);
  return {};
}

Status WriteWatch::cover(std::byte* begin, size_t bytes) {
  if (!ours(userfault_)) return Status(Code::kCannotRun, "the program closed the userfaultfd");
  uffdio_register range{};
  range.range = {reinterpret_cast<uint64_t>(begin), bytes};
  range.mode = UFFDIO_REGISTER_MODE_WP;
  if (ioctl(userfault_.number, UFFDIO_REGISTER, &range) != 0) return failure("UFFDIO_REGISTER");
  return {};
}

Status WriteWatch::watch(std::byte* begin, size_t bytes) {
  if (Status status = cover(begin, bytes); !status) return status;
  uffdio_writeprotect protect{};
  protect.range = {reinterpret_cast<uint64_t>(begin), bytes};
  protect.mode = UFFDIO_WRITEPROTECT_MODE_WP;
  if (ioctl(userfault_.number, UFFDIO_WRITEPROTECT, &protect) != 0) return failure("UFFDIO_WRITEPROTECT");
  return {};
}

Result<WriteWatch::Found> WriteWatch::take(std::byte* begin, std::byte* end, std::span<Run> out) {
  if (!ours(pagemap_)) {
    pagemap_ = {};
    if (Status status = openPagemap(); !status) return status;
  }
  PageRegion regions[kRegionsPerCall];
  ScanArguments scan{};
  scan.size = sizeof scan;
  scan.flags = kScanWpMatching | kScanCheckWpAsync;
  scan.start = reinterpret_cast<uint64_t>(begin);
  scan.end = reinterpret_cast<uint64_t>(end);
  scan.vec = reinterpret_cast<uint64_t>(regions);
  scan.vec_len = std::min(kRegionsPerCall, out.size());
  scan.category_mask = kPageIsWritten;
  scan.return_mask = kPageIsWritten;
  long count;
  do {
    count = ioctl(pagemap_.number, kPagemapScan, &scan);
  } while (count < 0 && errno == EINTR);
  if (count < 0) return failure("PAGEMAP_SCAN");
  for (long i = 0; i < count; ++i) {
    out[i] = {reinterpret_cast<std::byte*>(regions[i].start), reinterpret_cast<std::byte*>(regions[i].end)};
  }
  return Found{static_cast<size_t>(count), reinterpret_cast<std::byte*>(scan.walk_end)};
}

}  // namespace reprise

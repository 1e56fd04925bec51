// Which pages of a range the program wrote since the last look, from the kernel: userfaultfd's asynchronous
// write protection and the PAGEMAP_SCAN ioctl (Linux 6.7). No signal handler, no thread, and system calls
// that write into the range count as writes.
//
// Only writes through the watched addresses are seen, not those through another view of the same pages.
// Owns two descriptors: close-on-exec, numbered high, checked before use, since programs call closefrom(3).
// One thread at a time calls a WriteWatch; the program may write meanwhile. Addresses are page-aligned.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "format/status.h"

namespace reprise {

class WriteWatch {
 public:
  struct Run {
    std::byte* begin;
    std::byte* end;
  };

  WriteWatch() = default;
  ~WriteWatch() { close(); }
  WriteWatch(const WriteWatch&) = delete;
  WriteWatch& operator=(const WriteWatch&) = delete;

  // kCannotRun if the kernel or a sandbox does not allow it. Opening again drops every earlier watch.
  Status open();
  void close();

  // Every page of the range counts as not written from here on.
  Status watch(std::byte* begin, size_t bytes);
  // Lets take() walk over a range that is reserved without access. Says nothing about written pages.
  Status cover(std::byte* begin, size_t bytes);

  struct Found {
    size_t runs = 0;               // of `out`
    std::byte* scanned = nullptr;  // everything below is done; below `end` only when `out` was full
  };
  // Takes written pages out of [begin, end), in address order: they count as not written afterwards. Bytes
  // that the program writes after that are found next time, so the caller copies the pages after the call.
  // Fails, having possibly lost writes, if any part of the range is not (or no longer) watched.
  Result<Found> take(std::byte* begin, std::byte* end, std::span<Run> out);

 private:
  struct Descriptor {
    int number = -1;
    dev_t device = 0;
    ino_t inode = 0;
  };
  static Descriptor keep(int number);
  static bool ours(const Descriptor& descriptor);
  static void release(Descriptor& descriptor);
  Status openUserfault();
  Status openPagemap();

  Descriptor userfault_;
  Descriptor pagemap_;
};

}  // namespace reprise

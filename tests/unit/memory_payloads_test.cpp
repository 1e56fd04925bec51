// What a handle stands for, with descriptors of both sorts: a payload with an inode of its own (memfd), and
// one that shares its inode with all others (eventfd stands for NVIDIA's devices and sync files).
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>

#include "capture/payloads.h"

namespace reprise::capture::payloads {
namespace {

const auto kDevice = reinterpret_cast<VkDevice>(uintptr_t{0x10});
constexpr VkObjectType kMemory = VK_OBJECT_TYPE_DEVICE_MEMORY;

size_t openDescriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<size_t>(std::distance(begin(all), end(all)));
}

uint64_t give(uint64_t object, int fd, bool copies = false) {
  const uint64_t payload = exporting(kDevice, kMemory, object, copies);
  exported(payload, HandleForm::kDescriptor, uint64_t(int64_t{fd}), kDevice, kMemory, object);
  return payload;
}

uint64_t take(int fd) { return importing(HandleForm::kDescriptor, uint64_t(int64_t{fd})); }

class Payloads : public ::testing::TestWithParam<bool> {
 protected:
  int make() const { return GetParam() ? memfd_create("payload", MFD_CLOEXEC) : eventfd(0, EFD_CLOEXEC); }
  ~Payloads() override { deviceGone(kDevice); }
};

TEST_P(Payloads, DuplicatesAreOne) {
  const int fd = make(), copy = dup(fd), other = make();
  const uint64_t payload = give(1, fd);
  EXPECT_NE(payload, 0u);
  EXPECT_EQ(take(fd), payload);
  EXPECT_EQ(take(copy), payload);
  EXPECT_EQ(take(other), 0u);
  close(fd);
  EXPECT_EQ(take(copy), payload) << "the exported number is closed";
  close(copy);
  close(other);
}

TEST_P(Payloads, AReusedNumberIsAnother) {
  const int fd = make();
  give(1, fd);
  close(fd);
  const int stranger = make();
  ASSERT_EQ(stranger, fd);
  EXPECT_EQ(take(stranger), 0u);
  close(stranger);
}

TEST_P(Payloads, NothingIsKeptOpenBeyondTheObject) {
  const size_t before = openDescriptors();
  const int fd = make();
  const uint64_t payload = give(1, fd);
  objectGone(kDevice, kMemory, 1);
  EXPECT_EQ(take(fd), payload) << "the payload lives on in its descriptor";
  close(fd);
  for (uint64_t object = 2; object < 200; ++object) {
    const int each = make();
    give(object, each);
    close(each);
  }
  EXPECT_LE(openDescriptors(), before + 64);
  deviceGone(kDevice);
  EXPECT_EQ(openDescriptors(), before);
}

TEST_P(Payloads, ObjectsKeepTheirNumberAndCopiesDoNot) {
  const int first = make(), second = make();
  const uint64_t payload = give(1, first);
  EXPECT_EQ(give(1, second), payload);
  EXPECT_NE(give(2, second), payload);
  EXPECT_NE(give(1, first, true), give(1, first, true));
  imported(payload, HandleForm::kDescriptor, uint64_t(int64_t{second}), kDevice, kMemory, 7, true);
  EXPECT_EQ(exporting(kDevice, kMemory, 7, false), payload) << "an import has the payload that it imported";
  imported(0, HandleForm::kDescriptor, 0, kDevice, kMemory, 8, true);
  EXPECT_NE(exporting(kDevice, kMemory, 8, false), 0u);
  close(first);
  close(second);
}

TEST_P(Payloads, AChildCountsAnew) {
  const int fd = make();
  give(1, fd);
  give(2, fd);
  const pid_t child = fork();
  if (child == 0) _exit(take(fd) == 0 && exporting(kDevice, kMemory, 2, false) == 1 ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  close(fd);
}

INSTANTIATE_TEST_SUITE_P(Descriptors, Payloads, ::testing::Bool());

TEST(PayloadValues, HandlesAreKnownByValue) {
  const uint64_t payload = exporting(kDevice, kMemory, 1, false);
  exported(payload, HandleForm::kValue, 0x1234, kDevice, kMemory, 1);
  EXPECT_EQ(importing(HandleForm::kValue, 0x1234), payload);
  EXPECT_EQ(importing(HandleForm::kValue, 0x1235), 0u);
  EXPECT_EQ(importing(HandleForm::kDescriptor, uint64_t(int64_t{-1})), 0u);
  deviceGone(kDevice);
}

TEST(PayloadImports, ChainsSayWhatIsImported) {
  VkMemoryAllocateInfo info{};
  EXPECT_FALSE(importOf(info).any);
  VkImportMemoryFdInfoKHR fd{VK_STRUCTURE_TYPE_IMPORT_MEMORY_FD_INFO_KHR, nullptr,
                             VK_EXTERNAL_MEMORY_HANDLE_TYPE_OPAQUE_FD_BIT, 5};
  VkMemoryPriorityAllocateInfoEXT front{VK_STRUCTURE_TYPE_MEMORY_PRIORITY_ALLOCATE_INFO_EXT, &fd, 1};
  info.pNext = &front;
  EXPECT_TRUE(importOf(info).any);
  EXPECT_EQ(importOf(info).handle, 5u);
  fd.handleType = {};
  EXPECT_FALSE(importOf(info).any) << "a handle type of 0 imports nothing";
  VkImportMemoryHostPointerInfoEXT host{VK_STRUCTURE_TYPE_IMPORT_MEMORY_HOST_POINTER_INFO_EXT, nullptr,
                                        VK_EXTERNAL_MEMORY_HANDLE_TYPE_HOST_ALLOCATION_BIT_EXT, &info};
  info.pNext = &host;
  EXPECT_TRUE(importOf(info).host_pointer);
}

}  // namespace
}  // namespace reprise::capture::payloads

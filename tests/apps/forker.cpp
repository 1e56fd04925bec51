// What programs do to their own process while a layer records them.
//
// forker fork       a child is forked while a device lives and uses Vulkan itself; the parent goes on
// forker helper     a child uses Vulkan and ends before the parent does anything
// forker wait       waits for any child: finds its own, and no stranger
// forker closefrom  closes every descriptor above stderr, then goes on
// forker exec       replaces itself by `forker plain` in the midst of it
// forker fsize      works under RLIMIT_FSIZE of 64 KiB
// forker plain      just works
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "app.h"

namespace {

void work(const app::Gpu& gpu, uint32_t rounds) {
  app::Buffer source = app::createBuffer(gpu, 64 * 1024, VK_BUFFER_USAGE_TRANSFER_SRC_BIT);
  app::Buffer copy = app::createBuffer(gpu, 64 * 1024, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  const VkCommandBuffer commands = app::allocateCommands(gpu, gpu.pool);
  const VkFence fence = app::createFence(gpu);
  for (uint32_t round = 0; round < rounds; ++round) {
    auto* words = reinterpret_cast<uint32_t*>(source.data);
    for (uint32_t i = 0; i < source.size / 4; ++i) words[i] = round * 65537 + i;
    app::begin(commands);
    const VkBufferCopy region{0, 0, source.size};
    vkCmdCopyBuffer(commands, source.handle, copy.handle, 1, &region);
    app::makeVisibleToHost(commands);
    CHECK(vkEndCommandBuffer(commands));
    app::submit(gpu, commands, fence);
    app::waitAndReset(gpu, fence);
    REQUIRE(std::memcmp(source.data, copy.data, source.size) == 0);
  }
  vkDestroyFence(gpu.device, fence, nullptr);
  app::destroyBuffer(gpu, copy);
  app::destroyBuffer(gpu, source);
}

void plain(const char* name) {
  app::Gpu gpu = app::createGpu(name);
  work(gpu, 20);
  app::destroyGpu(gpu);
}

// Forks a child that does `job`, or nothing, and returns its process id.
pid_t forkChild(void (*job)(const char*)) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child) return child;
  if (job) job("forked child");
  _exit(job ? 42 : 7);
}

void runFork() {
  app::Gpu gpu = app::createGpu("forking parent");
  work(gpu, 10);
  const pid_t child = forkChild(plain);
  work(gpu, 10);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 42);
  work(gpu, 10);
  app::destroyGpu(gpu);
}

void runHelper() {
  const pid_t child = forkChild(plain);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 42);
  app::Gpu gpu = app::createGpu("parent with a helper");
  work(gpu, 30);
  app::destroyGpu(gpu);
}

void runWait() {
  app::Gpu gpu = app::createGpu("waiting parent");
  work(gpu, 10);
  const pid_t child = forkChild(nullptr);
  int status = 0;
  REQUIRE(wait(&status) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);
  work(gpu, 10);
  REQUIRE(wait(&status) == -1 && errno == ECHILD);
  app::destroyGpu(gpu);
  REQUIRE(wait(&status) == -1 && errno == ECHILD);
}

void runClosefrom() {
  app::Gpu gpu = app::createGpu("closefrom");
  work(gpu, 10);
  closefrom(3);
  work(gpu, 10);
  app::destroyGpu(gpu);
}

[[noreturn]] void runExec(const char* self) {
  app::Gpu gpu = app::createGpu("before exec");
  work(gpu, 10);
  execl("/proc/self/exe", self, "plain", nullptr);
  app::fail("execl", errno);
}

void runFsize() {
  const rlimit limit{64 * 1024, 64 * 1024};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  plain("fsize");
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "plain";
  if (what == "fork") {
    runFork();
  } else if (what == "helper") {
    runHelper();
  } else if (what == "wait") {
    runWait();
  } else if (what == "closefrom") {
    runClosefrom();
  } else if (what == "exec") {
    runExec(argv[0]);
  } else if (what == "fsize") {
    runFsize();
  } else if (what == "plain") {
    plain("plain");
  } else {
    app::fail("unknown variant", 0);
  }
  std::printf("ok forker\n");
}

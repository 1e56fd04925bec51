// VK_LAYER_REPRISE_TEST_crash: a driver that dies. Raises SIGSEGV inside the n-th call of one command, or,
// where $REPRISE_CRASH_HOW is "hang", never returns from it, with a child process that sleeps as long; where
// it is "exit", ends the process with status 1, as if it had been its own wish.
//
// $REPRISE_CRASH_COMMAND names the command (one of those in hook()), $REPRISE_CRASH_CALL is n, from 1
// (default 1). Stands below the capture layer, where a driver's own fault would happen. Any thread.
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "chain.h"

namespace {

const char* crashCommand() {
  const char* command = std::getenv("REPRISE_CRASH_COMMAND");
  return command ? command : "";
}

void maybeCrash() {
  static std::atomic<long> calls{0};
  static const char* call = std::getenv("REPRISE_CRASH_CALL");
  static const long fatal = call ? std::atol(call) : 1;
  if (++calls != fatal) return;
  const char* how = std::getenv("REPRISE_CRASH_HOW");
  if (how && std::strcmp(how, "exit") == 0) _exit(1);
  if (!how || std::strcmp(how, "hang") != 0) {
    std::raise(SIGSEGV);
    return;
  }
  if (fork() == 0) execlp("sleep", "sleep", "1000", nullptr);
  while (true) pause();
}

// A hook with the command's own signature. Only one command is hooked in a run, so its name needs no
// template parameter.
template <class Function>
struct Hook;
template <class Result, class Handle, class... Rest>
struct Hook<Result(VKAPI_PTR*)(Handle, Rest...)> {
  static VKAPI_ATTR Result VKAPI_CALL call(Handle handle, Rest... rest) {
    maybeCrash();
    using Function = Result(VKAPI_PTR*)(Handle, Rest...);
    return chain::next<Function>(chain::deviceOf(handle), crashCommand())(handle, rest...);
  }
};

}  // namespace

namespace chain {

PFN_vkVoidFunction hook(std::string_view name) {
  if (name != crashCommand()) return nullptr;
#define CRASHABLE(command) \
  if (name == #command) return reinterpret_cast<PFN_vkVoidFunction>(Hook<PFN_##command>::call)
  CRASHABLE(vkAllocateMemory);
  CRASHABLE(vkBindBufferMemory);
  CRASHABLE(vkCmdBindPipeline);
  CRASHABLE(vkCmdDispatch);
  CRASHABLE(vkCmdDraw);
  CRASHABLE(vkCreateBuffer);
  CRASHABLE(vkCreateComputePipelines);
  CRASHABLE(vkCreateGraphicsPipelines);
  CRASHABLE(vkCreateImage);
  CRASHABLE(vkCreateShaderModule);
  CRASHABLE(vkDestroyImage);
  CRASHABLE(vkQueuePresentKHR);
  CRASHABLE(vkQueueSubmit);
  CRASHABLE(vkWaitForFences);
#undef CRASHABLE
  return nullptr;
}

}  // namespace chain

// A submit that acquires objects from outside: their contents are captured first, the driver gets the rest.
//
// Construct before the program's call is announced: batches are submitted up to the last one whose contents
// were captured, in their order, the semaphores that a capture waited for are taken out of its batch. call()
// then makes what is left; the trace has the program's submit as it was. Only while active(). One thread's,
// for one submit.
#pragma once

#include <vector>

#include "capture/outside_contents.h"

namespace reprise::capture::outside {

template <class C, class Info>
class Submit {
 public:
  Submit(const C& call, Command called);
  void call(C& call, Command called);  // sets call.result

 private:
  void take(const C& call, Command called, uint32_t batch);
  void prepend(const C& call, Command called, uint32_t end);

  VkResult result_ = VK_SUCCESS;
  uint32_t done_ = 0;                          // batches that the driver has
  std::vector<Info> infos_;                    // empty: the program's own
  std::vector<std::vector<std::byte>> nodes_;  // changed copies of what hangs on infos_
};

extern template class Submit<QueueSubmitCall, VkSubmitInfo>;
extern template class Submit<QueueSubmit2Call, VkSubmitInfo2>;
using Submit1 = Submit<QueueSubmitCall, VkSubmitInfo>;
using Submit2 = Submit<QueueSubmit2Call, VkSubmitInfo2>;

}  // namespace reprise::capture::outside

#include <algorithm>

#include "storm.h"

namespace {

constexpr size_t kPage = 4096;
constexpr size_t kGrain = 64;

}  // namespace

// The first submit is left out of the times: it is the one that finds all memory new.
void storm::map(const Options& options) {
  app::Gpu gpu = app::createGpu("storm map");
  const size_t share = size_t{options.mib} * (1 << 20) / options.mappings / kPage * kPage;
  REQUIRE(share >= kPage);
  std::vector<app::Buffer> buffers;
  for (uint32_t i = 0; i < options.mappings; ++i)
    buffers.push_back(app::createBuffer(gpu, share, VK_BUFFER_USAGE_TRANSFER_SRC_BIT));
  for (const app::Buffer& buffer : buffers) std::memset(buffer.data, 1, buffer.size);
  FIND(gpu, QueueSubmit);
  FIND(gpu, WaitForFences);
  FIND(gpu, ResetFences);
  const VkFence fence = app::createFence(gpu);
  const VkSubmitInfo nothing{VK_STRUCTURE_TYPE_SUBMIT_INFO};
  Random random(1);
  uint64_t changed = 0;
  std::vector<double> times;
  for (uint32_t submit = 0; submit <= options.submits; ++submit) {
    const auto start = Clock::now();
    for (uint32_t i = 0; i < (submit ? options.dirty : 0); ++i) {
      const uint64_t where = random.next();
      const app::Buffer& buffer = buffers[where % buffers.size()];
      const size_t page = (where >> 20) % (share / kPage) * kPage;
      const size_t within = (where >> 52) % ((kPage - options.bytes) / kGrain + 1) * kGrain;
      for (uint32_t at = 0; at + 8 <= options.bytes; at += 8) {
        const uint64_t value = random.next();
        std::memcpy(buffer.data + page + within + at, &value, sizeof value);
      }
      changed += options.bytes / 8 * 8;
    }
    CHECK(QueueSubmit(gpu.queue, 1, &nothing, fence));
    CHECK(WaitForFences(gpu.device, 1, &fence, VK_TRUE, UINT64_MAX));
    CHECK(ResetFences(gpu.device, 1, &fence));
    if (submit) times.push_back(secondsSince(start) * 1e6);
  }
  std::sort(times.begin(), times.end());
  double sum = 0;
  for (double time : times) sum += time;
  std::printf(
      "storm map mib=%u mappings=%u dirty=%u submits=%u us_per_submit=%.2f us_median=%.2f "
      "changed_bytes=%" PRIu64 "\n",
      options.mib, options.mappings, options.dirty, options.submits, sum / double(times.size()),
      times[times.size() / 2], changed);
  vkDestroyFence(gpu.device, fence, nullptr);
  for (app::Buffer& buffer : buffers) app::destroyBuffer(gpu, buffer);
  app::destroyGpu(gpu);
}

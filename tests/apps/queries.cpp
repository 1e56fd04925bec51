// Queries: what the GPU counts, and the ways in which a program gets it.
//
// queries CASE [FILE]
#include "drawing.h"

namespace {

using app::Canvas;
using app::Scene;

constexpr VkQueryResultFlags kWait64 = VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT;

VkQueryPool createPool(Scene& scene, VkQueryType type, uint32_t count,
                       VkQueryPipelineStatisticFlags statistics = 0) {
  return scene.make(vkCreateQueryPool, vkDestroyQueryPool,
                    {VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO, nullptr, 0, type, count, statistics});
}

// Four queries, each of as many cells as its number; `begin` may reset.
template <class Begin>
void drawQueries(Scene& scene, const Canvas& canvas, VkPipeline pipeline, VkQueryPool pool,
                 VkQueryControlFlags flags, const Begin& begin) {
  scene.once([&](VkCommandBuffer commands) {
    begin(commands);
    app::beginPass(canvas, commands);
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, pipeline);
    for (uint32_t i = 0; i < 4; ++i) {
      vkCmdBeginQuery(commands, pool, i, flags);
      if (i) vkCmdDraw(commands, 3, i, 0, i * 8);
      vkCmdEndQuery(commands, pool, i);
    }
    vkCmdEndRenderPass(commands);
    app::readCanvas(scene, canvas, commands);
  });
}

// Samples that passed, read by the program in two forms and copied by the GPU in two others.
void occlusion(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.core.features.occlusionQueryPrecise);
  scene.open(features);
  const Canvas canvas = app::createCanvas(scene);
  const VkPipeline pipeline = app::Pipeline(scene, canvas.layout, canvas.pass).create();
  const VkQueryPool pool = createPool(scene, VK_QUERY_TYPE_OCCLUSION, 4);
  drawQueries(scene, canvas, pipeline, pool, VK_QUERY_CONTROL_PRECISE_BIT,
              [&](VkCommandBuffer commands) { vkCmdResetQueryPool(commands, pool, 0, 4); });
  uint64_t counts[4][2] = {};
  uint32_t short_counts[4] = {};
  const VkDevice device = scene.gpu.device;
  CHECK(vkGetQueryPoolResults(device, pool, 0, 4, sizeof counts, counts, sizeof counts[0],
                              kWait64 | VK_QUERY_RESULT_WITH_AVAILABILITY_BIT));
  CHECK(vkGetQueryPoolResults(device, pool, 0, 4, sizeof short_counts, short_counts, 4, 0));
  for (uint32_t i = 0; i < 4; ++i)
    REQUIRE(counts[i][1] && counts[i][0] == i * counts[1][0] && counts[i][0] == short_counts[i]);
  const VkDeviceSize at = scene.space(256);
  scene.once([&](VkCommandBuffer commands) {
    vkCmdCopyQueryPoolResults(commands, pool, 0, 4, scene.result.handle, at, 24,
                              kWait64 | VK_QUERY_RESULT_WITH_AVAILABILITY_BIT);
    vkCmdCopyQueryPoolResults(commands, pool, 1, 3, scene.result.handle, at + 128, 4,
                              VK_QUERY_RESULT_WAIT_BIT);
  });
  REQUIRE(scene.found(at)[18] == counts[3][0] && scene.found(at)[32] == counts[1][0]);
}

void statistics(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.core.features.pipelineStatisticsQuery);
  scene.open(features);
  const Canvas canvas = app::createCanvas(scene);
  const VkPipeline pipeline = app::Pipeline(scene, canvas.layout, canvas.pass).create();
  const VkQueryPool pool = createPool(scene, VK_QUERY_TYPE_PIPELINE_STATISTICS, 4,
                                      VK_QUERY_PIPELINE_STATISTIC_INPUT_ASSEMBLY_VERTICES_BIT |
                                          VK_QUERY_PIPELINE_STATISTIC_CLIPPING_PRIMITIVES_BIT);
  drawQueries(scene, canvas, pipeline, pool, 0,
              [&](VkCommandBuffer commands) { vkCmdResetQueryPool(commands, pool, 0, 4); });
  uint64_t counts[4][2] = {};
  CHECK(
      vkGetQueryPoolResults(scene.gpu.device, pool, 0, 4, sizeof counts, counts, sizeof counts[0], kWait64));
  for (uint32_t i = 0; i < 4; ++i) REQUIRE(counts[i][0] == i * 3 && counts[i][1] == i);
  const VkDeviceSize at = scene.space(64);
  scene.once([&](VkCommandBuffer commands) {
    vkCmdCopyQueryPoolResults(commands, pool, 0, 4, scene.result.handle, at, 16, kWait64);
  });
}

// Times differ from run to run: no result of theirs may count as a difference.
void timestamps(Scene& scene) {
  scene.open();
  const VkQueryPool pool = createPool(scene, VK_QUERY_TYPE_TIMESTAMP, 2);
  const app::Buffer copies = scene.words(4, 0, VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  const VkDeviceSize at = scene.space(4096);
  scene.once([&](VkCommandBuffer commands) {
    vkCmdResetQueryPool(commands, pool, 0, 2);
    vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_TOP_OF_PIPE_BIT, pool, 0);
    vkCmdFillBuffer(commands, scene.result.handle, at, 4096, 0x71e71e71);
    vkCmdWriteTimestamp(commands, VK_PIPELINE_STAGE_BOTTOM_OF_PIPE_BIT, pool, 1);
    vkCmdCopyQueryPoolResults(commands, pool, 0, 2, copies.handle, 0, 8, kWait64);
  });
  uint64_t times[2] = {}, copied[2] = {};
  CHECK(vkGetQueryPoolResults(scene.gpu.device, pool, 0, 2, sizeof times, times, 8, kWait64));
  std::memcpy(copied, copies.data, sizeof copied);
  REQUIRE(times[0] <= times[1] && std::memcmp(times, copied, sizeof times) == 0);
}

// A pool that the program resets, asked before and after each round.
void hostReset(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v12.hostQueryReset);
  scene.open(features);
  const Canvas canvas = app::createCanvas(scene);
  const VkPipeline pipeline = app::Pipeline(scene, canvas.layout, canvas.pass).create();
  const VkQueryPool pool = createPool(scene, VK_QUERY_TYPE_OCCLUSION, 4);
  for (uint32_t round = 0; round < 3; ++round) {
    vkResetQueryPool(scene.gpu.device, pool, 0, 4);
    uint64_t counts[4] = {9, 9, 9, 9};
    REQUIRE(vkGetQueryPoolResults(scene.gpu.device, pool, 0, 4, sizeof counts, counts, 8,
                                  VK_QUERY_RESULT_64_BIT) == VK_NOT_READY);
    drawQueries(scene, canvas, pipeline, pool, 0, [](VkCommandBuffer) {});
    CHECK(vkGetQueryPoolResults(scene.gpu.device, pool, 0, 4, sizeof counts, counts, 8,
                                VK_QUERY_RESULT_64_BIT));
    REQUIRE(counts[0] == 0 && counts[1] && counts[2] && counts[3]);
  }
}

const app::Case kCases[] = {{"occlusion", occlusion},
                            {"statistics", statistics},
                            {"timestamps", timestamps},
                            {"host-reset", hostReset}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("queries", kCases, argc, argv); }

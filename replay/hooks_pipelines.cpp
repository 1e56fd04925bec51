// Pipelines, descriptors and queries.
#include <cstring>
#include <string>

#include "replay/hooks.h"
#include "replay/issue.h"
#include "replay/waits.h"

namespace reprise {
namespace {

// What the program puts into memory itself, in a form that only the driver knows, must be the same here.
// The counts of a query pool, at capture and here: the first that differs, and how many do.
void compareCounts(Player& player, const GetQueryPoolResultsCall& live,
                   const GetQueryPoolResultsCall& captured) {
  const size_t width = live.flags & VK_QUERY_RESULT_64_BIT ? 8 : 4;
  const auto* here = static_cast<const std::byte*>(live.pData);
  const auto* there = static_cast<const std::byte*>(captured.pData);
  const auto valueAt = [width](const std::byte* bytes, size_t at) {
    uint64_t value = 0;
    std::memcpy(&value, bytes + at, width);
    return std::to_string(value);
  };
  size_t first = 0, count = 0;
  for (size_t at = 0; at + width <= live.dataSize; at += width)
    if (std::memcmp(here + at, there + at, width) != 0 && count++ == 0) first = at;
  if (count == 0) return;
  const size_t stride = live.queryCount > 1 && live.stride >= width ? live.stride : live.dataSize;
  player.difference(Difference::kQuery,
                    "query " + std::to_string(live.firstQuery + first / stride) + " counted " +
                        valueAt(here, first) + "; " + valueAt(there, first) + " at capture" +
                        (count == 1 ? "" : "; " + std::to_string(count) + " counts differ in all"));
}

Status sameBytes(Player& player, const void* captured, const void* live, size_t size, const char* what) {
  if (!player.event().has_outputs || !captured || !live || std::memcmp(captured, live, size) == 0)
    return Status::ok();
  return player.error(Code::kCannotRun,
                      std::string(what) +
                          " has other bytes on this device, and the program has written the "
                          "captured ones to memory; replay it on the device and driver of the "
                          "capture");
}

}  // namespace

Status hook(Player& player, AllocateDescriptorSetsCall& call, AllocateDescriptorSetsCall& captured) {
  return issueBy(player, call, captured, [&] {
    invoke(player.dispatch(), call);
    if (call.result < 0 && captured.result == VK_SUCCESS &&
        player.device()->pools.allocate(player.dispatch(), call))
      player.note(
          "a descriptor pool is full here that had room at capture: further sets come from a pool of the "
          "replay's own");
  });
}

Status hook(Player& player, CreateDescriptorPoolCall& call, CreateDescriptorPoolCall& captured) {
  Status status = issue(player, call, captured);
  if (status && madeElsewhere(player, call, captured))
    player.device()->pools.created(*call.pDescriptorPool, player.event());
  return status;
}

Status hook(Player& player, CreateDescriptorSetLayoutCall& call, CreateDescriptorSetLayoutCall& captured) {
  Status status = issue(player, call, captured);
  if (status && call.pSetLayout && call.pCreateInfo && madeElsewhere(player, call, captured))
    player.device()->pools.created(*call.pSetLayout, *call.pCreateInfo);
  return status;
}

Status hook(Player& player, CreatePipelineCacheCall& call, CreatePipelineCacheCall& captured) {
  // A cache starts with its length, version, vendor, device and 16 bytes of UUID.
  constexpr size_t kHeader = 16 + VK_UUID_SIZE;
  if (call.pCreateInfo && call.pCreateInfo->pInitialData) {
    auto& info = const_cast<VkPipelineCacheCreateInfo&>(*call.pCreateInfo);
    const auto* data = static_cast<const unsigned char*>(info.pInitialData);
    const VkPhysicalDeviceProperties& here = player.device()->properties;
    if (info.initialDataSize < kHeader || std::memcmp(data + 8, &here.vendorID, 4) != 0 ||
        std::memcmp(data + 12, &here.deviceID, 4) != 0 ||
        std::memcmp(data + 16, here.pipelineCacheUUID, VK_UUID_SIZE) != 0) {
      player.note("pipeline cache contents left out: they are another device's");
      info.initialDataSize = 0;
      info.pInitialData = nullptr;
    }
  }
  return issue(player, call, captured);
}

Status hook(Player& player, CreateQueryPoolCall& call, CreateQueryPoolCall& captured) {
  Status status = issue(player, call, captured);
  if (status && call.pCreateInfo && captured.pQueryPool)
    player.query_types[player.find(HandleKind::kVkQueryPool, valueOf(*captured.pQueryPool))] =
        call.pCreateInfo->queryType;
  return status;
}

Status hook(Player& player, CreateRayTracingPipelinesKHRCall& call,
            CreateRayTracingPipelinesKHRCall& captured) {
  return issueBy(player, call, captured, [&] {
    call.deferredOperation =
        VK_NULL_HANDLE;  // the trace says nothing of when a deferred one would have ended
    player.opaque().createPipelines(call, captured);
    if (call.result == VK_SUCCESS && captured.deferredOperation && captured.result > 0)
      call.result = captured.result;
  });
}

Status hook(Player& player, DestroyDescriptorPoolCall& call, DestroyDescriptorPoolCall& captured) {
  player.device()->pools.destroy(player.dispatch(), player.device()->live,
                                 player.live<VkDescriptorPool>(valueOf(captured.descriptorPool)));
  return issue(player, call, captured);
}

Status hook(Player& player, DestroyDescriptorSetLayoutCall& call, DestroyDescriptorSetLayoutCall& captured) {
  player.device()->pools.destroyed(player.live<VkDescriptorSetLayout>(valueOf(captured.descriptorSetLayout)));
  return issue(player, call, captured);
}

Status hook(Player& player, FreeDescriptorSetsCall& call, FreeDescriptorSetsCall& captured) {
  return issueBy(player, call, captured, [&] { player.device()->pools.free(player.dispatch(), call); });
}

Status hook(Player& player, GetDescriptorEXTCall& call, GetDescriptorEXTCall& captured) {
  Status status = issue(player, call, captured);
  return status ? sameBytes(player, captured.pDescriptor, call.pDescriptor, call.dataSize, "a descriptor")
                : status;
}

Status hook(Player& player, GetQueryPoolResultsCall& call, GetQueryPoolResultsCall& captured) {
  const auto type =
      player.query_types.find(player.find(HandleKind::kVkQueryPool, valueOf(captured.queryPool)));
  const bool counts = type != player.query_types.end() && (type->second == VK_QUERY_TYPE_OCCLUSION ||
                                                           type->second == VK_QUERY_TYPE_PIPELINE_STATISTICS);
  Status status = repeatUntilAsCaptured(player, call, captured);
  if (!status || !counts || !call.pData || !captured.pData || captured.result != VK_SUCCESS ||
      call.result != VK_SUCCESS || (call.flags & VK_QUERY_RESULT_PARTIAL_BIT) || !player.sameGpu())
    return status;
  compareCounts(player, call, captured);
  return status;
}

Status hook(Player& player, GetRayTracingShaderGroupHandlesKHRCall& call,
            GetRayTracingShaderGroupHandlesKHRCall& captured) {
  Status status = issue(player, call, captured);
  if (!status || captured.result != VK_SUCCESS) return status;
  return sameBytes(player, captured.pData, call.pData, call.dataSize, "a shader group's handle");
}

Status hook(Player& player, ResetDescriptorPoolCall& call, ResetDescriptorPoolCall& captured) {
  const HandleMap::Id pool = player.find(HandleKind::kVkDescriptorPool, valueOf(captured.descriptorPool));
  Status status = issue(player, call, captured);
  if (status && pool) player.handles().dropChildren(pool);
  if (status && pool && player.device())
    player.device()->pools.reset(player.dispatch(), player.device()->live, call.descriptorPool);
  return status;
}

}  // namespace reprise

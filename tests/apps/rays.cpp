// Acceleration structures and ray-tracing pipelines.
//
// rays CASE [FILE]: traced: the shader binding table lies in mapped memory; copied: the GPU copies it to
// where it is used; deferred: the pipeline is made by a deferred operation.
#include "kernel.h"

#include "rays.rchit.h"
#include "rays.rgen.h"
#include "rays.rmiss.h"

namespace {

using app::Scene;

constexpr uint32_t kSide = 32;
constexpr VkShaderStageFlags kStages = VK_SHADER_STAGE_RAYGEN_BIT_KHR | VK_SHADER_STAGE_CLOSEST_HIT_BIT_KHR;

struct Push {
  VkDeviceAddress result;
  uint32_t at;
};

VkDeviceAddress addressOf(Scene& scene, VkBuffer buffer) {
  const VkBufferDeviceAddressInfo info{VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO, nullptr, buffer};
  return vkGetBufferDeviceAddress(scene.gpu.device, &info);
}

app::Buffer bytes(Scene& scene, VkDeviceSize size, VkBufferUsageFlags usage) {
  const app::Buffer buffer = scene.words(static_cast<uint32_t>((size + 3) / 4), 0, usage, true);
  std::memset(buffer.data, 0, buffer.size);
  return buffer;
}

struct Built {
  VkAccelerationStructureKHR handle = VK_NULL_HANDLE;
  VkDeviceAddress address = 0;
};

// An acceleration structure of one geometry, built on the device.
Built build(Scene& scene, VkAccelerationStructureTypeKHR type,
            const VkAccelerationStructureGeometryKHR& geometry, uint32_t primitives) {
  const VkDevice device = scene.gpu.device;
  VkAccelerationStructureBuildGeometryInfoKHR info{
      VK_STRUCTURE_TYPE_ACCELERATION_STRUCTURE_BUILD_GEOMETRY_INFO_KHR};
  info.type = type;
  info.mode = VK_BUILD_ACCELERATION_STRUCTURE_MODE_BUILD_KHR;
  info.geometryCount = 1;
  info.pGeometries = &geometry;
  VkAccelerationStructureBuildSizesInfoKHR sizes{
      VK_STRUCTURE_TYPE_ACCELERATION_STRUCTURE_BUILD_SIZES_INFO_KHR};
  COMMAND(scene.gpu, vkGetAccelerationStructureBuildSizesKHR)
  (device, VK_ACCELERATION_STRUCTURE_BUILD_TYPE_DEVICE_KHR, &info, &primitives, &sizes);
  const app::Buffer storage =
      bytes(scene, sizes.accelerationStructureSize, VK_BUFFER_USAGE_ACCELERATION_STRUCTURE_STORAGE_BIT_KHR);
  const app::Buffer scratch = bytes(scene, sizes.buildScratchSize, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  VkAccelerationStructureCreateInfoKHR create{VK_STRUCTURE_TYPE_ACCELERATION_STRUCTURE_CREATE_INFO_KHR};
  create.buffer = storage.handle;
  create.size = sizes.accelerationStructureSize;
  create.type = type;
  Built built;
  CHECK(COMMAND(scene.gpu, vkCreateAccelerationStructureKHR)(device, &create, nullptr, &built.handle));
  scene.own(built.handle, COMMAND(scene.gpu, vkDestroyAccelerationStructureKHR));
  info.dstAccelerationStructure = built.handle;
  info.scratchData.deviceAddress = addressOf(scene, scratch.handle);
  const VkAccelerationStructureBuildRangeInfoKHR range{primitives};
  const VkAccelerationStructureBuildRangeInfoKHR* ranges = &range;
  const auto record = COMMAND(scene.gpu, vkCmdBuildAccelerationStructuresKHR);
  scene.once([&](VkCommandBuffer commands) { record(commands, 1, &info, &ranges); });
  const VkAccelerationStructureDeviceAddressInfoKHR of{
      VK_STRUCTURE_TYPE_ACCELERATION_STRUCTURE_DEVICE_ADDRESS_INFO_KHR, nullptr, built.handle};
  built.address = COMMAND(scene.gpu, vkGetAccelerationStructureDeviceAddressKHR)(device, &of);
  return built;
}

VkAccelerationStructureGeometryKHR geometry(VkGeometryTypeKHR type) {
  VkAccelerationStructureGeometryKHR one{VK_STRUCTURE_TYPE_ACCELERATION_STRUCTURE_GEOMETRY_KHR};
  one.geometryType = type;
  one.flags = VK_GEOMETRY_OPAQUE_BIT_KHR;
  return one;
}

constexpr auto kInput = VK_BUFFER_USAGE_ACCELERATION_STRUCTURE_BUILD_INPUT_READ_ONLY_BIT_KHR;

Built buildTriangle(Scene& scene) {
  constexpr float kCorners[9] = {-0.9f, -0.9f, 0, 0.9f, -0.9f, 0, -0.9f, 0.9f, 0};
  const app::Buffer corners = bytes(scene, sizeof kCorners, kInput);
  std::memcpy(corners.data, kCorners, sizeof kCorners);
  VkAccelerationStructureGeometryKHR triangle = geometry(VK_GEOMETRY_TYPE_TRIANGLES_KHR);
  triangle.geometry.triangles = {VK_STRUCTURE_TYPE_ACCELERATION_STRUCTURE_GEOMETRY_TRIANGLES_DATA_KHR};
  triangle.geometry.triangles.vertexFormat = VK_FORMAT_R32G32B32_SFLOAT;
  triangle.geometry.triangles.vertexData.deviceAddress = addressOf(scene, corners.handle);
  triangle.geometry.triangles.vertexStride = 12;
  triangle.geometry.triangles.maxVertex = 2;
  triangle.geometry.triangles.indexType = VK_INDEX_TYPE_NONE_KHR;
  return build(scene, VK_ACCELERATION_STRUCTURE_TYPE_BOTTOM_LEVEL_KHR, triangle, 1);
}

// The triangle twice, side by side; each uses its own record of the table.
Built buildInstances(Scene& scene, VkDeviceAddress triangle) {
  const app::Buffer list = bytes(scene, 2 * sizeof(VkAccelerationStructureInstanceKHR), kInput);
  for (uint32_t i = 0; i < 2; ++i) {
    VkAccelerationStructureInstanceKHR one{};
    for (uint32_t axis = 0; axis < 3; ++axis) one.transform.matrix[axis][axis] = 1;
    one.transform.matrix[0][3] = i == 0 ? -1.0f : 1.0f;
    one.instanceCustomIndex = 3 + i;
    one.mask = 0xff;
    one.instanceShaderBindingTableRecordOffset = i;
    one.accelerationStructureReference = triangle;
    std::memcpy(list.data + i * sizeof one, &one, sizeof one);
  }
  VkAccelerationStructureGeometryKHR instances = geometry(VK_GEOMETRY_TYPE_INSTANCES_KHR);
  instances.geometry.instances = {VK_STRUCTURE_TYPE_ACCELERATION_STRUCTURE_GEOMETRY_INSTANCES_DATA_KHR};
  instances.geometry.instances.data.deviceAddress = addressOf(scene, list.handle);
  return build(scene, VK_ACCELERATION_STRUCTURE_TYPE_TOP_LEVEL_KHR, instances, 2);
}

// Ends a deferred operation, whoever does its work.
void join(Scene& scene, VkDeferredOperationKHR operation) {
  const auto work = COMMAND(scene.gpu, vkDeferredOperationJoinKHR);
  VkResult result = VK_NOT_READY;
  while (result != VK_SUCCESS) {
    result = work(scene.gpu.device, operation);
    REQUIRE(result >= 0);
  }
  CHECK(COMMAND(scene.gpu, vkGetDeferredOperationResultKHR)(scene.gpu.device, operation));
}

VkPipeline createPipeline(Scene& scene, VkPipelineLayout layout, bool deferred) {
  const auto stage = [&](VkShaderStageFlagBits kind, const auto& code) {
    return VkPipelineShaderStageCreateInfo{
        VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO,
        nullptr,
        0,
        kind,
        scene.own(app::createShader(scene.gpu, code), vkDestroyShaderModule),
        "main"};
  };
  const VkPipelineShaderStageCreateInfo stages[3] = {stage(VK_SHADER_STAGE_RAYGEN_BIT_KHR, kRaysRgen),
                                                     stage(VK_SHADER_STAGE_MISS_BIT_KHR, kRaysRmiss),
                                                     stage(VK_SHADER_STAGE_CLOSEST_HIT_BIT_KHR, kRaysRchit)};
  constexpr uint32_t kNone = VK_SHADER_UNUSED_KHR;
  constexpr auto kGroup = VK_STRUCTURE_TYPE_RAY_TRACING_SHADER_GROUP_CREATE_INFO_KHR;
  constexpr auto kGeneral = VK_RAY_TRACING_SHADER_GROUP_TYPE_GENERAL_KHR;
  const VkRayTracingShaderGroupCreateInfoKHR groups[3] = {
      {kGroup, nullptr, kGeneral, 0, kNone, kNone, kNone},
      {kGroup, nullptr, kGeneral, 1, kNone, kNone, kNone},
      {kGroup, nullptr, VK_RAY_TRACING_SHADER_GROUP_TYPE_TRIANGLES_HIT_GROUP_KHR, kNone, 2, kNone, kNone}};
  VkRayTracingPipelineCreateInfoKHR info{VK_STRUCTURE_TYPE_RAY_TRACING_PIPELINE_CREATE_INFO_KHR};
  info.stageCount = info.groupCount = 3;
  info.pStages = stages;
  info.pGroups = groups;
  info.maxPipelineRayRecursionDepth = 1;
  info.layout = layout;
  const VkDevice device = scene.gpu.device;
  VkDeferredOperationKHR operation = VK_NULL_HANDLE;
  if (deferred) CHECK(COMMAND(scene.gpu, vkCreateDeferredOperationKHR)(device, nullptr, &operation));
  VkPipeline pipeline = VK_NULL_HANDLE;
  const VkResult made = COMMAND(scene.gpu, vkCreateRayTracingPipelinesKHR)(device, operation, VK_NULL_HANDLE,
                                                                           1, &info, nullptr, &pipeline);
  REQUIRE(made == VK_SUCCESS || made == VK_OPERATION_DEFERRED_KHR || made == VK_OPERATION_NOT_DEFERRED_KHR);
  if (made == VK_OPERATION_DEFERRED_KHR) join(scene, operation);
  if (deferred) COMMAND(scene.gpu, vkDestroyDeferredOperationKHR)(device, operation, nullptr);
  REQUIRE(pipeline != VK_NULL_HANDLE);
  return scene.own(pipeline, vkDestroyPipeline);
}

VkDeviceSize aligned(VkDeviceSize size, VkDeviceSize to) { return (size + to - 1) / to * to; }

// Where the groups' records lie.
struct Table {
  app::Buffer buffer;
  VkStridedDeviceAddressRegionKHR rays{}, misses{}, hits{}, none{};
};

Table createTable(Scene& scene, VkPipeline pipeline, const VkDeviceAddress (&shades)[2]) {
  VkPhysicalDeviceRayTracingPipelinePropertiesKHR limits{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_RAY_TRACING_PIPELINE_PROPERTIES_KHR};
  VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &limits};
  vkGetPhysicalDeviceProperties2(scene.gpu.physical, &properties);
  const uint32_t size = limits.shaderGroupHandleSize;
  std::vector<std::byte> handles(3 * size);
  CHECK(COMMAND(scene.gpu, vkGetRayTracingShaderGroupHandlesKHR)(scene.gpu.device, pipeline, 0, 3,
                                                                 handles.size(), handles.data()));
  const VkDeviceSize step = aligned(size, limits.shaderGroupBaseAlignment);
  const VkDeviceSize record = aligned(size + sizeof(VkDeviceAddress), limits.shaderGroupHandleAlignment);
  Table table;
  table.buffer = bytes(scene, 2 * step + 2 * record,
                       VK_BUFFER_USAGE_SHADER_BINDING_TABLE_BIT_KHR | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                           VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  for (uint32_t group = 0; group < 2; ++group)
    std::memcpy(table.buffer.data + group * step, handles.data() + group * size, size);
  for (uint32_t hit = 0; hit < 2; ++hit) {
    std::byte* to = table.buffer.data + 2 * step + hit * record;
    std::memcpy(to, handles.data() + 2 * size, size);
    std::memcpy(to + size, &shades[hit], sizeof shades[hit]);
  }
  table.rays = {0, step, step};
  table.misses = {step, step, step};
  table.hits = {2 * step, record, 2 * record};
  return table;
}

void placeAt(Table& table, VkDeviceAddress address) {
  for (VkStridedDeviceAddressRegionKHR* region : {&table.rays, &table.misses, &table.hits})
    region->deviceAddress += address;
}

void rays(Scene& scene, bool copied, bool deferred) {
  VkPhysicalDeviceAccelerationStructureFeaturesKHR structures{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_ACCELERATION_STRUCTURE_FEATURES_KHR};
  VkPhysicalDeviceRayTracingPipelineFeaturesKHR pipelines{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_RAY_TRACING_PIPELINE_FEATURES_KHR, &structures};
  const app::Features features(scene.gpu, &pipelines);
  NEED(features.v12.bufferDeviceAddress && pipelines.rayTracingPipeline && structures.accelerationStructure);
  scene.open(features,
             {VK_KHR_DEFERRED_HOST_OPERATIONS_EXTENSION_NAME, VK_KHR_ACCELERATION_STRUCTURE_EXTENSION_NAME,
              VK_KHR_RAY_TRACING_PIPELINE_EXTENSION_NAME});
  // Another allocation before all others, so that no replay has the same addresses by chance.
  scene.words(1 << 14, 1, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT, true);
  const app::Buffer shades[2] = {scene.words(64, 2, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT, true),
                                 scene.words(64, 3, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT, true)};
  const Built triangle = buildTriangle(scene);
  const Built instances = buildInstances(scene, triangle.address);

  const VkDescriptorSetLayoutBinding binding{0, VK_DESCRIPTOR_TYPE_ACCELERATION_STRUCTURE_KHR, 1, kStages};
  const VkDescriptorSetLayout set_layout =
      scene.make(vkCreateDescriptorSetLayout, vkDestroyDescriptorSetLayout,
                 {VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, nullptr, 0, 1, &binding});
  const VkPushConstantRange range{VK_SHADER_STAGE_RAYGEN_BIT_KHR, 0, sizeof(Push)};
  const VkPipelineLayout layout =
      scene.make(vkCreatePipelineLayout, vkDestroyPipelineLayout,
                 {VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, nullptr, 0, 1, &set_layout, 1, &range});
  const VkDescriptorSet set = app::allocateSet(scene, app::createPool(scene, {binding}), set_layout);
  const VkWriteDescriptorSetAccelerationStructureKHR structure{
      VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET_ACCELERATION_STRUCTURE_KHR, nullptr, 1, &instances.handle};
  VkWriteDescriptorSet write = app::writeOf(set, 0, binding.descriptorType, nullptr);
  write.pNext = &structure;
  vkUpdateDescriptorSets(scene.gpu.device, 1, &write, 0, nullptr);

  const VkPipeline pipeline = createPipeline(scene, layout, deferred);
  Table table =
      createTable(scene, pipeline, {addressOf(scene, shades[0].handle), addressOf(scene, shades[1].handle)});
  app::Buffer used = table.buffer;
  if (copied)
    used = bytes(scene, table.buffer.size,
                 VK_BUFFER_USAGE_SHADER_BINDING_TABLE_BIT_KHR | VK_BUFFER_USAGE_TRANSFER_DST_BIT);
  placeAt(table, addressOf(scene, used.handle));
  const Push push{addressOf(scene, scene.result.handle),
                  static_cast<uint32_t>(scene.space(kSide * kSide * 4) / 4)};
  const auto trace = COMMAND(scene.gpu, vkCmdTraceRaysKHR);
  scene.once([&](VkCommandBuffer commands) {
    if (copied) {
      const VkBufferCopy region{0, 0, table.buffer.size};
      vkCmdCopyBuffer(commands, table.buffer.handle, used.handle, 1, &region);
      app::order(commands);
    }
    vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_RAY_TRACING_KHR, pipeline);
    vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_RAY_TRACING_KHR, layout, 0, 1, &set, 0, nullptr);
    vkCmdPushConstants(commands, layout, VK_SHADER_STAGE_RAYGEN_BIT_KHR, 0, sizeof push, &push);
    trace(commands, &table.rays, &table.misses, &table.hits, &table.none, kSide, kSide, 1);
  });
  const uint32_t* found = scene.found(push.at * 4);
  const auto shade = [&](uint32_t hit) {
    return reinterpret_cast<const uint32_t*>(shades[hit].data)[3 + hit];
  };
  uint32_t seen[3]{};
  for (uint32_t i = 0; i < kSide * kSide; ++i)
    for (uint32_t kind = 0; kind < 3; ++kind) seen[kind] += found[i] == (kind == 0 ? 1 : shade(kind - 1));
  std::printf("missed=%u hits=%u,%u\n", seen[0], seen[1], seen[2]);
  REQUIRE(!scene.seen ||
          (seen[0] + seen[1] + seen[2] == kSide * kSide && seen[1] > 20 && seen[1] == seen[2]));
}

const app::Case kCases[] = {{"traced", [](Scene& scene) { rays(scene, false, false); }},
                            {"copied", [](Scene& scene) { rays(scene, true, false); }},
                            {"deferred", [](Scene& scene) { rays(scene, false, true); }}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("rays", kCases, argc, argv); }

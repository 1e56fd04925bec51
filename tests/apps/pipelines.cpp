// Ways of making pipelines.
//
// pipelines CASE [FILE]
#include "drawing.h"

namespace {

using app::Canvas;
using app::Kernel;
using app::Scene;

void constants(Scene& scene) {
  scene.open();
  const app::Buffer source = scene.words(app::kKernelWords, 1, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  Kernel kernel = app::createKernel(scene, source);
  for (const app::KernelConstants& each : {app::KernelConstants{5, 1, 64}, {1000003, 0xffffffff, 16}, {}}) {
    kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kKernelComp, each);
    VkDeviceSize at = 0;
    scene.once([&](VkCommandBuffer commands) {
      at = app::dispatch(scene, kernel, commands, each.factor, each.local_size);
    });
    app::requireKernel(scene, at, source, each.factor, each);
  }
}

// What a cache holds is saved, and given to a new one, with which the next pipelines are made.
void cache(Scene& scene) {
  scene.open();
  const app::Buffer source = scene.words(app::kKernelWords, 2, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  Kernel kernel = app::createKernel(scene, source);
  std::vector<std::byte> saved;
  VkPipelineCache caches[3];
  for (uint32_t round = 0; round < 3; ++round) {
    caches[round] =
        scene.make(vkCreatePipelineCache, vkDestroyPipelineCache,
                   {VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO, nullptr, 0, saved.size(), saved.data()});
    if (round == 2) CHECK(vkMergePipelineCaches(scene.gpu.device, caches[2], 2, caches));
    const app::KernelConstants each{round + 2, round};
    kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kKernelComp, each, caches[round]);
    VkDeviceSize at = 0;
    scene.once([&](VkCommandBuffer commands) { at = app::dispatch(scene, kernel, commands, round); });
    app::requireKernel(scene, at, source, round, each);
    size_t size = 0;
    CHECK(vkGetPipelineCacheData(scene.gpu.device, caches[round], &size, nullptr));
    saved.resize(size);
    CHECK(vkGetPipelineCacheData(scene.gpu.device, caches[round], &size, saved.data()));
    std::byte head[16];  // too small: VK_INCOMPLETE
    size = sizeof head;
    if (saved.size() > sizeof head)
      REQUIRE(vkGetPipelineCacheData(scene.gpu.device, caches[round], &size, head) == VK_INCOMPLETE);
  }
}

// A base, one that names its handle, and two of one call, the second of which names the first by its index.
void derivatives(Scene& scene) {
  scene.open();
  const app::Buffer source = scene.words(app::kKernelWords, 3, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  Kernel kernel = app::createKernel(scene, source);
  const VkPipeline base = app::createComputePipeline(
      scene, kernel.layout, kKernelComp, {}, VK_NULL_HANDLE,
      [](VkComputePipelineCreateInfo& info) { info.flags = VK_PIPELINE_CREATE_ALLOW_DERIVATIVES_BIT; });
  VkPipeline pair[2] = {};
  const VkPipeline derived = app::createComputePipeline(
      scene, kernel.layout, kKernelComp, {11, 12}, VK_NULL_HANDLE, [&](VkComputePipelineCreateInfo& info) {
        info.flags = VK_PIPELINE_CREATE_DERIVATIVE_BIT;
        info.basePipelineHandle = base;
        VkComputePipelineCreateInfo both[2] = {info, info};
        both[0].flags = VK_PIPELINE_CREATE_ALLOW_DERIVATIVES_BIT;
        both[0].basePipelineHandle = both[1].basePipelineHandle = VK_NULL_HANDLE;
        both[1].basePipelineIndex = 0;
        CHECK(vkCreateComputePipelines(scene.gpu.device, VK_NULL_HANDLE, 2, both, nullptr, pair));
      });
  for (VkPipeline pipeline :
       {base, derived, scene.own(pair[0], vkDestroyPipeline), scene.own(pair[1], vkDestroyPipeline)}) {
    kernel.pipeline = pipeline;
    VkDeviceSize at = 0;
    scene.once([&](VkCommandBuffer commands) { at = app::dispatch(scene, kernel, commands, 1); });
    app::requireKernel(scene, at, source, 1,
                       pipeline == base ? app::KernelConstants{} : app::KernelConstants{11, 12});
  }
}

// Two of three pipelines are refused, as they would have to be compiled; the call succeeds in part.
void compileRequired(Scene& scene) {
  const app::Features features(scene.gpu);
  NEED(features.v13.pipelineCreationCacheControl);
  scene.open(features);
  const app::Buffer source = scene.words(app::kKernelWords, 4, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  Kernel kernel = app::createKernel(scene, source);
  VkPipelineCreationFeedback whole{}, stage{};
  const VkPipelineCreationFeedbackCreateInfo feedback{
      VK_STRUCTURE_TYPE_PIPELINE_CREATION_FEEDBACK_CREATE_INFO, nullptr, &whole, 1, &stage};
  VkPipeline made[3] = {};
  app::createComputePipeline(
      scene, kernel.layout, kKernelComp, {21, 22}, VK_NULL_HANDLE, [&](VkComputePipelineCreateInfo& info) {
        info.pNext = &feedback;
        VkComputePipelineCreateInfo infos[3] = {info, info, info};
        infos[0].flags = infos[2].flags = VK_PIPELINE_CREATE_FAIL_ON_PIPELINE_COMPILE_REQUIRED_BIT;
        const VkResult result =
            vkCreateComputePipelines(scene.gpu.device, VK_NULL_HANDLE, 3, infos, nullptr, made);
        REQUIRE(result == VK_PIPELINE_COMPILE_REQUIRED || result == VK_SUCCESS);
        std::printf("made %d %d %d\n", made[0] != nullptr, made[1] != nullptr, made[2] != nullptr);
      });
  for (VkPipeline pipeline : made) {
    if (!pipeline) continue;
    kernel.pipeline = scene.own(pipeline, vkDestroyPipeline);
    VkDeviceSize at = 0;
    scene.once([&](VkCommandBuffer commands) { at = app::dispatch(scene, kernel, commands, 1); });
    app::requireKernel(scene, at, source, 1, {21, 22});
  }
}

// The four parts of a pipeline, each a library of its own, linked with and without optimisation.
void libraries(Scene& scene) {
  VkPhysicalDeviceGraphicsPipelineLibraryFeaturesEXT library{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_GRAPHICS_PIPELINE_LIBRARY_FEATURES_EXT};
  const app::Features features(scene.gpu, &library);
  NEED(library.graphicsPipelineLibrary);
  scene.open(features,
             {VK_KHR_PIPELINE_LIBRARY_EXTENSION_NAME, VK_EXT_GRAPHICS_PIPELINE_LIBRARY_EXTENSION_NAME});
  const Canvas canvas = app::createCanvas(scene);
  constexpr VkGraphicsPipelineLibraryFlagsEXT kParts[4] = {
      VK_GRAPHICS_PIPELINE_LIBRARY_VERTEX_INPUT_INTERFACE_BIT_EXT,
      VK_GRAPHICS_PIPELINE_LIBRARY_PRE_RASTERIZATION_SHADERS_BIT_EXT,
      VK_GRAPHICS_PIPELINE_LIBRARY_FRAGMENT_SHADER_BIT_EXT,
      VK_GRAPHICS_PIPELINE_LIBRARY_FRAGMENT_OUTPUT_INTERFACE_BIT_EXT};
  VkPipeline parts[4];
  for (uint32_t i = 0; i < 4; ++i) {
    app::Pipeline states(scene, canvas.layout, canvas.pass);
    const VkGraphicsPipelineLibraryCreateInfoEXT part{
        VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_LIBRARY_CREATE_INFO_EXT, nullptr, kParts[i]};
    states.info.pNext = &part;
    states.info.flags =
        VK_PIPELINE_CREATE_LIBRARY_BIT_KHR | VK_PIPELINE_CREATE_RETAIN_LINK_TIME_OPTIMIZATION_INFO_BIT_EXT;
    const VkPipelineShaderStageCreateInfo stages[2] = {states.stages[0], states.stages[1]};
    states.stages.clear();
    if (i == 1) states.stages = {stages[0]};
    if (i == 2) states.stages = {stages[1]};
    if (i != 0) states.info.pVertexInputState = nullptr, states.info.pInputAssemblyState = nullptr;
    if (i != 1) states.info.pViewportState = nullptr, states.info.pRasterizationState = nullptr;
    if (i != 2) states.info.pDepthStencilState = nullptr;
    if (i < 2) states.info.pMultisampleState = nullptr;
    if (i != 3) states.info.pColorBlendState = nullptr;
    if (i == 0) states.info.renderPass = VK_NULL_HANDLE, states.info.layout = VK_NULL_HANDLE;
    if (i == 3) states.info.layout = VK_NULL_HANDLE;
    parts[i] = states.create();
  }
  for (const VkPipelineCreateFlags flags : {0, int(VK_PIPELINE_CREATE_LINK_TIME_OPTIMIZATION_BIT_EXT)}) {
    const VkPipelineLibraryCreateInfoKHR libraries{VK_STRUCTURE_TYPE_PIPELINE_LIBRARY_CREATE_INFO_KHR,
                                                   nullptr, 4, parts};
    VkGraphicsPipelineCreateInfo info{VK_STRUCTURE_TYPE_GRAPHICS_PIPELINE_CREATE_INFO, &libraries, flags};
    info.layout = canvas.layout;
    info.basePipelineIndex = -1;
    VkPipeline linked = VK_NULL_HANDLE;
    CHECK(vkCreateGraphicsPipelines(scene.gpu.device, VK_NULL_HANDLE, 1, &info, nullptr, &linked));
    scene.own(linked, vkDestroyPipeline);
    const VkDeviceSize at = app::paint(scene, canvas, [&](VkCommandBuffer commands) {
      vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_GRAPHICS, linked);
      vkCmdDraw(commands, 3, 5, 0, 3);
    });
    REQUIRE(app::drawnCells(scene, at) == 0xf8u);
  }
}

// Shaders without modules: the stage's chain holds their code.
void codeInChain(Scene& scene) {
  VkPhysicalDeviceGraphicsPipelineLibraryFeaturesEXT library{
      VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_GRAPHICS_PIPELINE_LIBRARY_FEATURES_EXT};
  const app::Features features(scene.gpu, &library);
  NEED(library.graphicsPipelineLibrary);
  scene.open(features,
             {VK_KHR_PIPELINE_LIBRARY_EXTENSION_NAME, VK_EXT_GRAPHICS_PIPELINE_LIBRARY_EXTENSION_NAME});
  const app::Buffer source = scene.words(app::kKernelWords, 5, VK_BUFFER_USAGE_STORAGE_BUFFER_BIT);
  Kernel kernel = app::createKernel(scene, source);
  const VkShaderModuleCreateInfo code{VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, nullptr, 0,
                                      sizeof kKernelComp, kKernelComp};
  kernel.pipeline = app::createComputePipeline(scene, kernel.layout, kKernelComp, {31, 32}, VK_NULL_HANDLE,
                                               [&](VkComputePipelineCreateInfo& info) {
                                                 info.stage.module = VK_NULL_HANDLE;
                                                 info.stage.pNext = &code;
                                               });
  VkDeviceSize at = 0;
  scene.once([&](VkCommandBuffer commands) { at = app::dispatch(scene, kernel, commands, 1); });
  app::requireKernel(scene, at, source, 1, {31, 32});
}

const app::Case kCases[] = {{"constants", constants},     {"cache", cache},
                            {"derivatives", derivatives}, {"compile-required", compileRequired},
                            {"libraries", libraries},     {"code-in-chain", codeInChain}};

}  // namespace

int main(int argc, char** argv) { return app::runCase("pipelines", kCases, argc, argv); }

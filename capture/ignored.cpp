#include "capture/ignored.h"

#include <algorithm>
#include <memory>

#include "capture/handle_table.h"
#include "format/custom.h"

namespace reprise::capture {
namespace {

struct Subpass {
  bool colour;
  bool depth_stencil;
};
using Subpasses = std::vector<Subpass>;

constinit HandleTable<Subpasses> render_passes;
constinit HandleTable<char> secondaries;
char secondary;  // all entries of the table above point here: only their presence counts

template <class Info>
Subpasses subpassesOf(const Info& info) {
  Subpasses found;
  for (const auto& s : std::span(info.pSubpasses, info.subpassCount)) {
    const auto used = [](const auto& reference) { return reference.attachment != VK_ATTACHMENT_UNUSED; };
    const std::span colours(s.pColorAttachments, s.pColorAttachments ? s.colorAttachmentCount : 0);
    found.push_back({std::any_of(colours.begin(), colours.end(), used),
                     s.pDepthStencilAttachment != nullptr && used(*s.pDepthStencilAttachment)});
  }
  return found;
}

template <class C>
void remember(const C& call) {
  if (call.result != VK_SUCCESS) return;
  auto subpasses = std::make_unique<Subpasses>(subpassesOf(*call.pCreateInfo));
  if (render_passes.insert(uint64_t(*call.pRenderPass), uint64_t(call.device), subpasses.get())) subpasses.release();
}

// What dynamic rendering says in place of a subpass.
Subpass dynamicAttachments(const VkGraphicsPipelineCreateInfo& info) {
  for (auto* node = static_cast<const VkBaseInStructure*>(info.pNext); node; node = node->pNext) {
    if (node->sType != VK_STRUCTURE_TYPE_PIPELINE_RENDERING_CREATE_INFO) continue;
    const auto& rendering = *reinterpret_cast<const VkPipelineRenderingCreateInfo*>(node);
    return {rendering.colorAttachmentCount != 0, rendering.depthAttachmentFormat != VK_FORMAT_UNDEFINED ||
                                                     rendering.stencilAttachmentFormat != VK_FORMAT_UNDEFINED};
  }
  return {false, false};
}

Subpass attachmentsOf(VkDevice device, const VkGraphicsPipelineCreateInfo& info) {
  constexpr VkGraphicsPipelineLibraryFlagsEXT kWhole = 0xf;
  // A part of a pipeline may have its formats from another part.
  if (info.renderPass == VK_NULL_HANDLE)
    return pipelineParts(info) == kWhole ? dynamicAttachments(info) : Subpass{true, true};
  const Subpasses* known = render_passes.find(uint64_t(info.renderPass), uint64_t(device));
  return known && info.subpass < known->size() ? (*known)[info.subpass] : Subpass{true, true};
}

}  // namespace

void rememberCommandBuffers(const AllocateCommandBuffersCall& call) {
  if (call.result != VK_SUCCESS) return;
  for (const VkCommandBuffer buffer : std::span(call.pCommandBuffers, call.pAllocateInfo->commandBufferCount)) {
    // Drivers hand out values again, also after a pool took its buffers along: each allocation says anew.
    const bool known = isSecondary(buffer);
    const bool is = call.pAllocateInfo->level == VK_COMMAND_BUFFER_LEVEL_SECONDARY;
    if (known && !is) secondaries.erase(uint64_t(buffer));
    if (is && !known) secondaries.insert(uint64_t(buffer), 0, &secondary);
  }
}

bool isSecondary(VkCommandBuffer command_buffer) { return secondaries.find(uint64_t(command_buffer)) != nullptr; }

void rememberRenderPass(const CreateRenderPassCall& call) { remember(call); }
void rememberRenderPass(const CreateRenderPass2Call& call) { remember(call); }
void forgetRenderPass(VkDevice device, VkRenderPass render_pass) {
  if (render_pass != VK_NULL_HANDLE) delete render_passes.erase(uint64_t(render_pass), uint64_t(device));
}

std::vector<VkGraphicsPipelineCreateInfo> withoutIgnored(const CreateGraphicsPipelinesCall& call) {
  std::vector<VkGraphicsPipelineCreateInfo> infos(call.pCreateInfos, call.pCreateInfos + call.createInfoCount);
  for (auto& info : infos) {
    const Subpass attachments = attachmentsOf(call.device, info);
    if (!attachments.depth_stencil) info.pDepthStencilState = nullptr;
    if (!attachments.colour) info.pColorBlendState = nullptr;
  }
  return infos;
}

}  // namespace reprise::capture

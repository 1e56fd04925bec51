// Pointers that the specification ignores, where only another object tells: they may dangle, so what is recorded leaves
// them out. What a struct itself tells is in format/custom.h. The driver gets the program's structs untouched.
//
// Any thread; look-ups take no lock. Without memory to remember an object its members count as used.
// Rests on: Vulkan specification, VkCommandBufferBeginInfo (pInheritanceInfo), VkGraphicsPipelineCreateInfo
// (pDepthStencilState, pColorBlendState).
#pragma once

#include <vector>

#include "format/vk.h"

namespace reprise::capture {

// pInheritanceInfo is read for secondary command buffers only.
void rememberCommandBuffers(const AllocateCommandBuffersCall& call);
bool isSecondary(VkCommandBuffer command_buffer);

// Depth/stencil and colour blend state are read only for subpasses with such attachments.
void rememberRenderPass(const CreateRenderPassCall& call);
void rememberRenderPass(const CreateRenderPass2Call& call);
void forgetRenderPass(VkDevice device, VkRenderPass render_pass);

// The create infos of the call, with null where a pointer is ignored.
std::vector<VkGraphicsPipelineCreateInfo> withoutIgnored(const CreateGraphicsPipelinesCall& call);

}  // namespace reprise::capture

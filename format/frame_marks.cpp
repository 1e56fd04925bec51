#include "format/frame_marks.h"

#include <algorithm>
#include <string_view>

#include "format/decoder.h"

namespace reprise {
namespace {

// What OpenXR runtimes and their layers write; the end of it says by whom the frame was made.
constexpr std::string_view kLabel = "vr-marker,frame_end";

bool isLabel(const char* name) { return name && std::string_view(name).starts_with(kLabel); }

#ifdef VK_EXT_frame_boundary
bool isFrameEnd(const void* next) {
  for (auto* node = static_cast<const VkBaseInStructure*>(next); node; node = node->pNext)
    if (node->sType == VK_STRUCTURE_TYPE_FRAME_BOUNDARY_EXT &&
        (reinterpret_cast<const VkFrameBoundaryEXT*>(node)->flags & VK_FRAME_BOUNDARY_FRAME_END_BIT_EXT))
      return true;
  return false;
}

// Nearly no submit has one: before decoding a call, look for the node's number.
bool mayHoldBoundary(std::span<const std::byte> inputs) {
  const auto type = VK_STRUCTURE_TYPE_FRAME_BOUNDARY_EXT;
  const auto* bytes = reinterpret_cast<const std::byte*>(&type);
  return std::search(inputs.begin(), inputs.end(), bytes, bytes + sizeof type) != inputs.end();
}
#else
bool isFrameEnd(const void*) { return false; }
bool mayHoldBoundary(std::span<const std::byte>) { return false; }
#endif

template <class Batch>
bool anyFrameEnd(const Batch* batches, uint32_t count) {
  return batches &&
         std::any_of(batches, batches + count, [](const Batch& one) { return isFrameEnd(one.pNext); });
}

bool says(const QueueSubmitCall& call) { return anyFrameEnd(call.pSubmits, call.submitCount); }
bool says(const QueueSubmit2Call& call) { return anyFrameEnd(call.pSubmits, call.submitCount); }
bool says(const QueueBindSparseCall& call) { return anyFrameEnd(call.pBindInfo, call.bindInfoCount); }
template <class C>
requires requires(C& c) { c.pLabelInfo; }
bool says(const C& call) { return call.pLabelInfo && isLabel(call.pLabelInfo->pLabelName); }
template <class C>
requires requires(C& c) { c.pMarkerInfo; }
bool says(const C& call) { return call.pMarkerInfo && isLabel(call.pMarkerInfo->pMarkerName); }

// Engines label every pass.
bool mayHoldLabel(std::span<const std::byte> inputs) {
  const std::string_view text(reinterpret_cast<const char*>(inputs.data()), inputs.size());
  return text.find(kLabel) != std::string_view::npos;
}

template <class C>
bool decodedSays(std::span<const std::byte> inputs) {
  Arena arena;
  C call{};
  return decodeInputs(inputs, {}, arena, call, nullptr, Holes::kLeaveOut) && says(call);
}

template <class C>
bool labelSays(std::span<const std::byte> inputs) {
  return mayHoldLabel(inputs) && decodedSays<C>(inputs);
}

template <class C>
bool submitSays(std::span<const std::byte> inputs) {
  return mayHoldBoundary(inputs) && decodedSays<C>(inputs);
}

struct Row {
  Command command;
  bool (*says)(std::span<const std::byte> inputs);
};
constexpr Row kRows[] = {
    {Command::vkQueueSubmit, submitSays<QueueSubmitCall>},
    {Command::vkQueueSubmit2, submitSays<QueueSubmit2Call>},
    {Command::vkQueueBindSparse, submitSays<QueueBindSparseCall>},
    {Command::vkQueueBeginDebugUtilsLabelEXT, labelSays<QueueBeginDebugUtilsLabelEXTCall>},
    {Command::vkQueueInsertDebugUtilsLabelEXT, labelSays<QueueInsertDebugUtilsLabelEXTCall>},
    {Command::vkCmdBeginDebugUtilsLabelEXT, labelSays<CmdBeginDebugUtilsLabelEXTCall>},
    {Command::vkCmdInsertDebugUtilsLabelEXT, labelSays<CmdInsertDebugUtilsLabelEXTCall>},
    {Command::vkCmdDebugMarkerBeginEXT, labelSays<CmdDebugMarkerBeginEXTCall>},
    {Command::vkCmdDebugMarkerInsertEXT, labelSays<CmdDebugMarkerInsertEXTCall>},
};

const Row* rowOf(Command command) {
  const Command canonical = commandInfo(command).canonical;
  const auto row = std::find_if(std::begin(kRows), std::end(kRows),
                                [&](const Row& one) { return one.command == canonical; });
  return row == std::end(kRows) ? nullptr : row;
}

}  // namespace

bool mayMarkFrameEnd(Command command) { return rowOf(command) != nullptr; }

bool marksFrameEnd(Command command, std::span<const std::byte> inputs) {
  const Row* row = rowOf(command);
  return row && row->says(inputs);
}

}  // namespace reprise

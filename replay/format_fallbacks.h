// Depth and stencil formats that a device need not have, and what is used in their place.
//
// A program asks which of them a device has; a trace has taken its choice. Every device has D16, one of
// X8_D24 and D32, and one of D24_S8 and D32_S8 as attachments. The substitute has the aspects that the
// program's format has, and no less precision if it can be; depth in buffer copies is packed otherwise. Pure;
// any thread. Rests on: Vulkan specification, "Required Format Support".
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "format/vk.h"

namespace reprise {

class FormatFallbacks {
 public:
  FormatFallbacks() = default;
  // `has`: whether the device takes a format as depth/stencil attachment of optimal tiling.
  explicit FormatFallbacks(const std::function<bool(VkFormat)>& has);

  bool any() const { return !rows_.empty(); }
  VkFormat liveOf(VkFormat captured) const {
    for (const auto& [from, to] : rows_)
      if (from == captured) return to;
    return captured;
  }

 private:
  std::vector<std::pair<VkFormat, VkFormat>> rows_;
};

}  // namespace reprise

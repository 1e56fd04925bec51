#include "replay/format_fallbacks.h"

#include <array>

namespace reprise {
namespace {

struct Row {
  VkFormat format;
  std::array<VkFormat, 2> instead;  // in order of preference
};
constexpr Row kRows[] = {
    {VK_FORMAT_X8_D24_UNORM_PACK32, {VK_FORMAT_D32_SFLOAT, VK_FORMAT_D16_UNORM}},
    {VK_FORMAT_D32_SFLOAT, {VK_FORMAT_X8_D24_UNORM_PACK32, VK_FORMAT_D16_UNORM}},
    {VK_FORMAT_S8_UINT, {VK_FORMAT_D24_UNORM_S8_UINT, VK_FORMAT_D32_SFLOAT_S8_UINT}},
    {VK_FORMAT_D16_UNORM_S8_UINT, {VK_FORMAT_D24_UNORM_S8_UINT, VK_FORMAT_D32_SFLOAT_S8_UINT}},
    {VK_FORMAT_D24_UNORM_S8_UINT, {VK_FORMAT_D32_SFLOAT_S8_UINT, VK_FORMAT_UNDEFINED}},
    {VK_FORMAT_D32_SFLOAT_S8_UINT, {VK_FORMAT_D24_UNORM_S8_UINT, VK_FORMAT_UNDEFINED}},
};

}  // namespace

FormatFallbacks::FormatFallbacks(const std::function<bool(VkFormat)>& has) {
  for (const Row& row : kRows) {
    if (has(row.format)) continue;
    for (const VkFormat instead : row.instead) {
      if (instead == VK_FORMAT_UNDEFINED || !has(instead)) continue;
      rows_.emplace_back(row.format, instead);
      break;
    }
  }
}

}  // namespace reprise

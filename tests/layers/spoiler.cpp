// VK_LAYER_REPRISE_TEST_spoiler: what the host copies out of an image is not what is in it.
//
// One bit of the first byte of every such copy: a replay that compares its outputs notices.
#include "chain.h"

#if defined(VK_EXT_host_image_copy)
namespace {

VKAPI_ATTR VkResult VKAPI_CALL copyImageToMemory(VkDevice device, const VkCopyImageToMemoryInfoEXT* info) {
  const VkResult result = NEXT(chain::deviceOf(device), vkCopyImageToMemoryEXT)(device, info);
  *static_cast<unsigned char*>(info->pRegions[0].pHostPointer) ^= 1;
  return result;
}

}  // namespace
#endif

namespace chain {

PFN_vkVoidFunction hook([[maybe_unused]] std::string_view name) {
#if defined(VK_EXT_host_image_copy)
  if (name == "vkCopyImageToMemoryEXT") return reinterpret_cast<PFN_vkVoidFunction>(copyImageToMemory);
#endif
  return nullptr;
}

}  // namespace chain

// Debug names that would do harm where somebody shows them without care: markup, control characters, writing
// direction. Nothing is drawn; whoever makes a page or a text of the trace must show them as text.
#include "app.h"

namespace {

constexpr const char* kNames[] = {
    "shadow map",
    "<script>document.title='owned';window.owned=1</script>",
    "<img src=x onerror=\"window.owned=1\">",
    "</script></style></textarea><h1>owned</h1>",
    "escape \x1b[31mred\x1b[0m and bell \x07",
    ("right to left \xe2\x80\xae"
     "gnp.exe"),
    "no UTF-8 \xff\xfe\x80",
    "",
};

VkInstance createNamingInstance() {
  const char* extension = "VK_EXT_debug_utils";
  const VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO,
                                      nullptr,
                                      "</script><script>window.owned=1//",
                                      1,
                                      "<b>engine</b>",
                                      1,
                                      VK_API_VERSION_1_2};
  const VkInstanceCreateInfo info{
      VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, nullptr, 0, &application, 0, nullptr, 1, &extension};
  VkInstance instance = VK_NULL_HANDLE;
  CHECK(vkCreateInstance(&info, nullptr, &instance));
  return instance;
}

}  // namespace

int main() {
  app::Gpu gpu = app::createGpu("named", nullptr, createNamingInstance());
  const auto name = reinterpret_cast<PFN_vkSetDebugUtilsObjectNameEXT>(
      vkGetDeviceProcAddr(gpu.device, "vkSetDebugUtilsObjectNameEXT"));
  REQUIRE(name);
  std::vector<app::Buffer> buffers;
  for (const char* text : kNames) {
    buffers.push_back(app::createBuffer(gpu, 256, VK_BUFFER_USAGE_TRANSFER_SRC_BIT));
    const VkDebugUtilsObjectNameInfoEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT, nullptr,
                                             VK_OBJECT_TYPE_BUFFER,
                                             reinterpret_cast<uint64_t>(buffers.back().handle), text};
    CHECK(name(gpu.device, &info));
  }
  for (app::Buffer& buffer : buffers) app::destroyBuffer(gpu, buffer);
  app::destroyGpu(gpu);
  std::printf("ok named\n");
}

// Vulkan's structs of other platforms, for test programs and layers: whose own headers this machine lacks.
//
// Win32, Android and Metal come from Vulkan's headers over types of the same sizes; Fuchsia's header insists
// on its system's, so the one struct that images have is written out. Nothing that a pointer here names is
// opened.
#pragma once

#include <vulkan/vulkan_core.h>

using HANDLE = void*;
using HINSTANCE = void*;
using HMONITOR = void*;
using HWND = void*;
using DWORD = uint32_t;
using LPCWSTR = const uint16_t*;
struct SECURITY_ATTRIBUTES {
  DWORD length;
  void* descriptor;
  int inherit;
};
#include <vulkan/vulkan_android.h>
#include <vulkan/vulkan_metal.h>
#include <vulkan/vulkan_win32.h>

struct BufferCollectionImageCreateInfoFuchsia {
  VkStructureType sType;
  const void* pNext;
  uint64_t collection;  // VkBufferCollectionFUCHSIA
  uint32_t index;
};

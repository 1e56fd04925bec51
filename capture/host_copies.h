// Host image copies: the bytes that they read from the program's memory, or write there.
//
// How many these are follows from the image's format, so the images that host copies may name (by their
// usage) are remembered; nothing else is, and a registry without VK_EXT_host_image_copy has none of it. A
// copy by VK_HOST_IMAGE_COPY_MEMCPY_BIT hands over bytes that only this driver can read: what it put into the
// image is read back as texels, for replays on others. What cannot be recorded is a hole. One function a
// call, as hooks.cpp's hook(), which takes them from here. Any thread.
#pragma once

#include "format/host_copy.h"

namespace reprise::capture::host_copies {

#if defined(REPRISE_HOST_COPIES)
void created(const CreateImageCall& call);        // after the driver's call
void destroying(VkDevice device, VkImage image);  // before it
void deviceGone(VkDevice device);

void hook(CopyByHostCall& call, Command called);
void hook(CopyFromHostCall& call, Command called);
void hook(CopyToHostCall& call, Command called);
void hook(CreateSwapchainKHRCall& call, Command called);
void hook(DestroySwapchainKHRCall& call, Command called);
void hook(GetSwapchainImagesKHRCall& call, Command called);
#else
inline void created(const CreateImageCall&) {}
inline void destroying(VkDevice, VkImage) {}
inline void deviceGone(VkDevice) {}
#endif

}  // namespace reprise::capture::host_copies

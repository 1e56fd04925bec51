// The programs of tests/foreign: each writes its traces into a folder.
#pragma once

#include <string>

namespace foreign {

void writeWin32(const std::string& dir);    // win32.vkr, win32_nv.vkr, d3d.vkr
void writeAndroid(const std::string& dir);  // android.vkr, android_format.vkr
void writeFuchsia(const std::string& dir);  // zircon.vkr, fuchsia_collection.vkr
void writeMetal(const std::string& dir);    // metal.vkr
void writeDrm(const std::string& dir);      // drm.vkr

}  // namespace foreign

// The writer for one process, where the layer and not `reprise capture` has started it.
//
// Returns when the process has ended and its file is complete (or it made no Vulkan call). Says on stderr
// only what went wrong. One thread.
#pragma once

#include <string>

namespace reprise {

int serveProcess(int socket, const std::string& output);

}  // namespace reprise

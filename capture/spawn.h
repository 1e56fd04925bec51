// Starts the writer's process so that the traced program does not notice.
//
// Nothing throws. Any thread, one at a time.
#pragma once

namespace reprise {

// Runs `writer capture --attach-fd 3 -o output` with `socket` as its descriptor 3 and no other of ours. False
// if that is impossible (no such program, no process to be had, a sandbox). It is nobody's child: the
// program's wait() never sees it.
bool spawnWriter(const char* writer, const char* output, int socket);

}  // namespace reprise

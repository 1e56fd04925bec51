// libreprise_writer.so: the writer as a thread of the traced program, for sandboxes that forbid a new
// process.
//
// The layer loads it only there, and finds this one function; everything else in it is hidden.
#include "tools/writer/serve_process.h"

extern "C" __attribute__((visibility("default"))) int reprise_writer_run(int socket, const char* output) {
  try {
    return reprise::serveProcess(socket, output);
  } catch (...) {  // out of memory: the layer sees a writer that stalls
    return 1;
  }
}

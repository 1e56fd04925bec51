#include "tools/writer/serve_process.h"

#include <cstdio>

#include "tools/writer/capture_session.h"

namespace reprise {

int serveProcess(int socket, const std::string& output) {
  OutputFiles files(output, true);
  Result<std::unique_ptr<CaptureSession>> session = CaptureSession::accept(socket, files);
  Status status = session.status();
  if (session) {
    (*session)->run();
    status = (*session)->conclude();
  }
  if (!status) fprintf(stderr, "reprise: %s\n", status.message().c_str());
  return status.exitCode();
}

}  // namespace reprise

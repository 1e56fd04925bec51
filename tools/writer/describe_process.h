// What a trace's header says of the process that was recorded and of the machine it ran on.
//
// Any thread. What cannot be found out stays empty.
#pragma once

#include "format/writer.h"

namespace reprise {

TraceHeaderInfo describeProcess(int pid);

}  // namespace reprise

// All traces of a run: several at once, told in the order of the manifest.
//
// runTraces() starts `jobs` threads and returns when the last one is done. What is said of a trace goes to
// stdout as soon as all before it have been told, so that two runs read alike; on a terminal a line on stderr
// shows what is under way. Text that comes from traces and drivers is escaped. No errors: see TraceCheck.
#pragma once

#include <string>
#include <vector>

#include "tools/check/trace_check.h"

namespace reprise {

std::vector<TraceResult> runTraces(const TraceCheck& check, const std::vector<const ManifestTrace*>& traces,
                                   unsigned jobs);
// What a terminal may be shown: control characters as \xNN.
std::string printable(const std::string& text);
// "12 traces: 10 as expected, 1 regression, 1 not run"
std::string totalsText(const std::vector<TraceResult>& results);

}  // namespace reprise

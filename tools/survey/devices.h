// The devices of a trace as a survey judges them: from its metadata, or where it has none from its calls.
//
// Free functions, the caller's thread. Metadata is a stranger's: what has another form than ours is left out.
// Errors: kUnreadable of the file.
#pragma once

#include "format/reader.h"
#include "format/status.h"
#include "tools/survey/trace_survey.h"

namespace reprise {

// Fills `devices`, `used` (judged as if a machine had nothing, without uses) and `from_calls`. The reader
// stands at its beginning before and after.
Status describeDevices(TraceReader& reader, TraceFindings& findings);

}  // namespace reprise
